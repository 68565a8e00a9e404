//! What is proven, and above all what is not: a finding that is wrong costs more trust than ten that are right win.

use onward::{Project, check_project};

const SHOP: &str = r#"
customer {
  email email?
  first_name text?
  plan one of "free", "pro" = "free"
  points number = 0
  birthday date?
}
event order_completed { order_id text, total money THB, coupon text? }
event plan_changed { plan one of "free", "pro", "team" }
topic news "News" opt out
message hello about news {
  email {
    subject "Hello"
    text "Good to have you."
  }
}
"#;

/// Each finding as `CODE underlined`.
fn findings(text: &str) -> Vec<String> {
    let (compiled, found) = check_project(Project::from_texts([("a.journey", text)]));
    let sources = compiled.sources();
    found.into_sorted().iter().map(|found| format!("{} {}", found.code.number, sources.text(found.place))).collect()
}

fn journey(steps: &str) -> String {
    entered("enter on order_completed", steps)
}

fn entered(header: &str, steps: &str) -> String {
    format!("{SHOP}journey example {{\n  {header}\n  enter again never\n  {steps}\n}}\n")
}

fn silent(header: &str, steps: &str) {
    let text = entered(header, steps);
    assert_eq!(findings(&text), Vec::<String>::new(), "{text}");
}

#[test]
fn the_entry_its_branches_and_the_steps_decide_what_comes_later() {
    let cases: &[(&str, &str, &str)] = &[
        ("enter on order_completed where total >= 500 THB", "if entry.total < 500 THB { send hello }", "W0900 entry.total < 500 THB"),
        ("enter on order_completed where coupon is set", "if entry.coupon is missing { send hello }", "W0900 entry.coupon is missing"),
        (
            "enter on plan_changed where plan in [\"pro\", \"team\"]",
            "if entry.plan is \"free\" { send hello }",
            "W0900 entry.plan is \"free\"",
        ),
        (
            "enter on order_completed",
            "if entry.total > 5 THB { wait 1 day\n if entry.total > 4 THB { send hello } }",
            "W0901 entry.total > 4 THB",
        ),
        (
            "enter on order_completed",
            "set customer.plan to \"pro\"\n if customer.plan is \"free\" { send hello }",
            "W0900 customer.plan is \"free\"",
        ),
        (
            "enter on order_completed",
            "wait up to 1 day { on order_completed where total > 900 THB as next { if next.total < 100 THB { send hello } }\n otherwise { } }",
            "W0900 next.total < 100 THB",
        ),
        (
            "enter on order_completed",
            "if entry.total > 5 THB { exit }\n if entry.total > 10 THB { send hello }",
            "W0900 entry.total > 10 THB",
        ),
        (
            "enter on order_completed\n  only while customer.plan is \"pro\"",
            "wait 1 day\n if customer.plan is \"free\" { send hello }",
            "W0900 customer.plan is \"free\"",
        ),
        (
            "enter on order_completed where customer.plan is \"pro\"\n  only while customer.plan is \"free\"",
            "wait 1 day\n send hello",
            "W0900 customer.plan is \"free\"",
        ),
        ("enter on order_completed", "if count of order_completed < 0 { send hello }", "W0900 count of order_completed < 0"),
        (
            "enter on order_completed",
            "if has order_completed where (total > 9 THB and total < 3 THB) { send hello }",
            "W0900 total < 3 THB",
        ),
    ];
    for (header, steps, expected) in cases {
        assert_eq!(findings(&entered(header, steps)), [*expected], "{header}\n{steps}");
    }
}

#[test]
fn what_may_change_in_between_is_not_assumed() {
    for steps in [
        "if customer.plan is \"pro\" { wait 1 day\n if customer.plan is \"free\" { send hello } }",
        "if customer.plan is \"pro\" { send hello\n if customer.plan is \"free\" { exit } }",
        "if has no order_completed since entry { wait 1 hour\n if has order_completed since entry { send hello } }",
        "if not subscribed to news { subscribe to news\n if subscribed to news { send hello } }",
        "set customer.plan to \"pro\"\n wait 1 day\n if customer.plan is \"free\" { send hello }",
        "if customer.points > 5 { decrease customer.points by 5\n if customer.points <= 5 { send hello } }",
        "repeat up to 3 times { if customer.plan is \"pro\" { break }\n wait 1 day }\n if customer.plan is \"pro\" { send hello }",
        "repeat up to 3 times { let n be customer.points\n if n > 5 { break }\n wait 1 day }\n send hello",
        "if customer.points > 5 { emit plan_changed { plan: \"pro\" }\n if customer.points < 3 { send hello } }",
        "wait up to 1 day until customer.plan is \"pro\", otherwise exit\n wait 1 day\n if customer.plan is \"free\" { send hello }",
    ] {
        silent("enter on order_completed", steps);
    }
    silent(
        "enter on order_completed where total >= 500 THB\n  while running update entry",
        "wait 1 day\n if entry.total < 600 THB { send hello }",
    );
}

#[test]
fn careful_ways_of_writing_are_no_mistakes() {
    for steps in [
        // Every case written out, without an `else`.
        "if customer.plan is \"pro\" { wait 1 day } else if customer.plan is \"free\" { send hello }",
        "let gift be 3 if customer.plan is \"pro\", 2 if customer.plan is \"free\", otherwise 1\n increase customer.points by gift\n send hello",
        // The advice of W0232, taken.
        "if customer.first_name is not \"Nok\" or customer.first_name is missing { send hello }",
        "if customer.first_name is not \"Nok\" and customer.first_name is set { send hello }",
        "if customer.birthday is set as day { if day > 2000-01-01 { send hello } }",
        "if entry.total >= 500 THB and entry.total < 2000 THB { send hello } else if entry.total < 500 THB { wait 1 day }",
        // Two entries: either may be it.
        "if entry.total >= 500 THB { send hello }\n if entry.total < 500 THB { wait 1 day }",
    ] {
        silent("enter on order_completed", steps);
    }
    let two = "enter on order_completed where total > 500 THB\n  enter on order_completed where total < 100 THB";
    silent(two, "if entry.total < 100 THB { send hello }");
}

#[test]
fn a_finding_points_at_what_proves_it() {
    let text = entered("enter on order_completed where total >= 500 THB", "if entry.total < 100 THB { send hello }");
    let (compiled, found) = check_project(Project::from_texts([("a.journey", text.as_str())]));
    let found = found.into_sorted();
    let [one] = found.as_slice() else { panic!("{found:?}") };
    let proof: Vec<&str> = one.elsewhere.iter().map(|(place, _)| compiled.sources().text(*place)).collect();
    assert_eq!(proof, ["total >= 500 THB"]);
}

#[test]
fn every_finding_can_be_allowed_in_place_and_an_allowance_too_many_is_reported() {
    let step = "if entry.total < 100 THB { send hello }";
    let entry = "enter on order_completed where total >= 500 THB";
    assert_eq!(findings(&entered(entry, &format!("## allow W0900: kept for the next season\n  {step}"))), Vec::<String>::new());
    let needless = "## allow W0900: once upon a time\n  if entry.total > 600 THB { send hello }";
    assert_eq!(findings(&entered(entry, needless)), ["W0170 ## allow W0900: once upon a time"]);
}

#[test]
fn the_same_question_twice_is_answered_once() {
    let text = journey("if has order_completed in the last 7 days { exit } else if has order_completed in the last 7 days { send hello }");
    assert_eq!(findings(&text), ["W0902 has order_completed in the last 7 days"]);
    silent(
        "enter on order_completed",
        "if has order_completed in the last 7 days { exit } else if has order_completed in the last 9 days { send hello }",
    );
}

// ---------------------------------------------------------------- steps, times and caps

/// [`SHOP`] with two more messages and a cap.
fn two_messages(rest: &str) -> String {
    let letter = "message letter about news {\n  email {\n    subject \"A letter\"\n    text \"News.\"\n  }\n  sms \"News.\"\n}\n";
    format!("{}{letter}{rest}", SHOP.replace("email email?", "email email?\n  phone phone?"))
}

fn codes(text: &str) -> Vec<String> {
    let mut found = findings(text);
    // That these short files do not use everything is left out.
    found.retain(|one| !one.starts_with("W0160"));
    found
}

fn run(header: &str, steps: &str) -> Vec<String> {
    codes(&two_messages(&format!("journey example {{\n  {header}\n  enter again never\n  {steps}\n}}\n")))
}

const NONE: [&str; 0] = [];

#[test]
fn only_what_the_engine_makes_itself_can_be_ruled_out() {
    let wait = "wait up to 2 days {\n on clicked letter { exit }\n otherwise { } }";
    assert_eq!(run("enter on order_completed", wait), ["W0910 on clicked letter"]);
    assert_eq!(run("enter on order_completed", &format!("send letter by email\n {wait}")), NONE);
    // Another journey sends it, and this one does not.
    let other = "journey other {\n  enter on order_completed\n  enter again never\n  send letter by email\n}\n";
    let listens = format!("journey example {{\n  enter on plan_changed\n  enter again never\n  {wait}\n}}\n");
    assert_eq!(codes(&two_messages(&format!("{other}{listens}"))), NONE);
    // An earlier round of the repeat may have sent it.
    let rounds = format!("repeat up to 3 times {{ {wait}\n send letter by email }}");
    assert_eq!(run("enter on order_completed", &rounds), NONE);
    // Some branch may have.
    let branch = format!("if customer.plan is \"pro\" {{ send letter by email }}\n {wait}");
    assert_eq!(run("enter on order_completed", &branch), NONE);
    let by_sms = "send letter by email\n wait up to 2 days {\n on clicked letter by sms { exit }\n otherwise { } }";
    assert_eq!(run("enter on order_completed", by_sms), ["W0910 on clicked letter by sms"]);
    assert_eq!(
        run("enter on order_completed\n goal clicked letter within 3 days of entry", "wait 1 day"),
        ["W0910 goal clicked letter within 3 days of entry"]
    );
    assert_eq!(run("enter on order_completed", "wait up to 2 days for plan_changed otherwise exit"), NONE);
}

#[test]
fn times_are_the_least_that_anybody_can_need() {
    let period = "enter on order_completed\n runs from 2026-06-01 to 2026-06-30";
    assert_eq!(run(period, "wait 20 days\n wait 15 days"), ["W0911 wait 15 days"]);
    // A branch may be taken at once.
    assert_eq!(run(period, "wait up to 20 days {\n on plan_changed { }\n otherwise { } }\n wait 15 days"), NONE);
    assert_eq!(run(period, "if customer.plan is \"pro\" { wait 20 days }\n wait 15 days"), NONE);
    assert_eq!(run(period, "wait until 2026-09-01 09:00 or exit if past"), ["W0911 wait until 2026-09-01 09:00 or exit if past"]);
    assert_eq!(run("enter on order_completed\n runs from 2026-06-01", "wait 400 days"), NONE);
    let month = "enter on order_completed\n runs from 2026-02-01 to 2026-03-01";
    assert_eq!(run(month, "wait 1 month"), NONE);
    let goal = "enter on order_completed\n goal plan_changed within 7 days of entry";
    assert_eq!(run(goal, "wait 10 days\n send letter by email"), ["W0912 send letter by email"]);
    assert_eq!(run(goal, "wait 7 days\n send letter by email"), NONE);
    assert_eq!(run(goal, "repeat up to 5 times { wait 2 days }\n send letter by email"), ["W0912 send letter by email"]);
    assert_eq!(run(goal, "repeat up to 5 times { wait 2 days\n if customer.plan is \"pro\" { break } }\n send letter by email"), NONE);
    let opened = "enter on order_completed\n goal clicked letter within 1 day of entry";
    assert_eq!(run(opened, "wait 2 days\n send letter by email"), ["W0913 goal clicked letter within 1 day of entry"]);
    assert_eq!(run(opened, "wait 1 day\n send letter by email"), NONE);
}

#[test]
fn nobody_gets_what_consent_or_contact_keeps_back() {
    let send = "send letter by email";
    let entry = "enter on order_completed";
    assert_eq!(run(entry, &format!("if not subscribed to news {{ {send} }}")), ["W0914 send letter by email"]);
    assert_eq!(run(entry, &format!("unsubscribe from news\n {send}")), ["W0914 send letter by email"]);
    assert_eq!(run(entry, &format!("if not reachable by email {{ {send} }}")), ["W0914 send letter by email"]);
    assert_eq!(run(entry, "if customer.email is missing { send letter by first reachable of email, sms }"), NONE);
    assert_eq!(run(entry, &format!("if not subscribed to news {{ wait 1 day\n {send} }}")), NONE);
    assert_eq!(run(entry, &format!("if not subscribed to news {{ subscribe to news\n {send} }}")), NONE);
}

#[test]
fn journeys_compete_only_where_both_surely_send() {
    let policy = |cap: &str| format!("policy {{\n  timezone \"Asia/Bangkok\"\n  {cap}\n}}\n");
    let journeys = |one: &str, two: &str| format!("journey one {{\n  {one}\n}}\njourney two {{\n  {two}\n}}\n");
    let of = |cap: &str, one: &str, two: &str| codes(&two_messages(&format!("{}{}", policy(cap), journeys(one, two))));
    let daily = "at most 1 message in 1 day then skip";
    let enter = "enter on order_completed\n enter again never\n";
    let hello = &format!("{enter} send hello");
    let later = &format!("{enter} wait 1 hour\n send letter by email");
    assert_eq!(of(daily, hello, later), ["W0915 send letter by email"]);
    assert_eq!(of("at most 1 message in 1 day by sms then skip", hello, later), NONE);
    assert_eq!(of("at most 1 message in 1 day then wait", hello, later), NONE);
    assert_eq!(of("at most 2 messages in 1 day then skip", hello, later), NONE);
    assert_eq!(of(daily, hello, &format!("{enter} wait 3 days\n send letter by email")), NONE);
    assert_eq!(of(daily, hello, &format!("{enter} priority high\n wait 1 hour\n send letter by email")), NONE);
    assert_eq!(of(daily, hello, &format!("{enter} if customer.plan is \"pro\" {{ send letter by email }}")), NONE);
    assert_eq!(of(daily, hello, "enter on plan_changed\n enter again never\n send letter by email"), NONE);
    // Nobody is in both.
    let cheap = "enter on order_completed where total < 100 THB\n enter again never\n send hello";
    let dear = "enter on order_completed where total > 500 THB\n enter again never\n send letter by email";
    assert_eq!(of(daily, cheap, dear), NONE);
    let twice = &format!("{enter} send hello\n wait 2 hours\n send letter by email");
    assert_eq!(of(daily, twice, "enter on plan_changed\n enter again never\n wait 1 day"), ["W0916 send letter by email"]);
}

// ---------------------------------------------------------------- texts

fn says(content: &str) -> Vec<String> {
    let shop = SHOP.replace("email email?", "email email?\n  phone phone?\n  language language = \"th\"");
    let text = format!(
        "{shop}message said(name text) about news {{\n{content}\n}}\njourney example {{\n  enter on order_completed\n  enter again never\n  send hello\n  send said(name: entry.order_id)\n}}\n"
    );
    codes(&text).iter().map(|one| one.split(' ').next().unwrap_or_default().to_owned()).collect()
}

#[test]
fn texts_are_judged_by_what_is_written() {
    let thai = "ก".repeat(67 * 3);
    assert_eq!(says(&format!("sms \"{thai}\"")), NONE);
    assert_eq!(says(&format!("sms \"{thai}ก\"")), ["W0930"]);
    assert_eq!(says(&format!("sms \"{thai} {{{{ name }}}}\"")), ["W0930"]);
    // One curly quote too many; in a Thai text it costs nothing.
    assert_eq!(says(&format!("sms \"{}’\"", "a".repeat(100))), ["W0931"]);
    assert_eq!(says(&format!("sms \"{}’\"", "a".repeat(60))), NONE);
    assert_eq!(says("sms \"ก’ข “ค”\""), NONE);
    let wide = |subject: &str| says(&format!("email {{\n subject \"{subject}\"\n text \"x\"\n}}"));
    assert_eq!(wide(&"ท".repeat(70)), NONE);
    assert_eq!(wide(&"ที่".repeat(70)), NONE);
    assert_eq!(wide(&"ท".repeat(71)), ["W0932"]);
    assert_eq!(wide(&"{{ name }}".repeat(20)), NONE);
    let english = |text: &str| says(&format!("sms \"สวัสดี\"\nsms in \"en\" \"{text}\""));
    assert_eq!(english("ยินดีต้อนรับสู่ร้านของเรา"), ["W0934"]);
    assert_eq!(english("Welcome to ร้าน"), NONE);
    assert_eq!(english("ยินดี"), NONE);
    assert_eq!(english("100 % {{ name }}"), NONE);
}

#[test]
fn a_mail_of_more_than_102_kilobytes_is_cut_off() {
    let mail = |bytes: usize| says(&format!("email {{\n subject \"Hello\"\n text \"{}\"\n}}", "x".repeat(bytes)));
    assert_eq!(mail(102 * 1024), NONE);
    assert_eq!(mail(102 * 1024 + 1), ["W0933"]);
}

#[test]
fn a_start_that_is_refused_closes_no_circle() {
    let circle = |again: &str| {
        codes(&two_messages(&format!(
            "journey one {{\n  enter when requested\n  enter again always\n  send hello without waiting\n  start journey two\n}}\njourney two {{\n  enter when requested\n  {again}\n  send letter by email without waiting\n  start journey one\n}}\n"
        )))
    };
    assert_eq!(circle("enter again never"), NONE);
    assert_eq!(circle("enter again 30 days after entry"), NONE);
    assert_eq!(circle("enter again always"), ["E0352 start journey one"]);
    assert_eq!(circle("enter again never\n  while running restart"), ["E0352 start journey one"]);
}

#[test]
fn circles_through_lists_and_topics_are_found_where_they_can_go_round() {
    let two = |first: &str, second: &str, one: &str, other: &str| {
        let text = format!(
            "{SHOP}list vip \"VIP\"\njourney a {{\n  {first}\n  enter again always\n  {one}\n  send hello\n}}\njourney b {{\n  {second}\n  enter again always\n  \
             {other}\n  send hello\n}}\n"
        );
        findings(&text).into_iter().filter(|found| found.starts_with("W0356") || found.starts_with("E0352")).collect::<Vec<_>>()
    };
    let (joins, leaves) = ("enter when joins list vip", "enter when leaves list vip");
    assert_eq!(two(joins, leaves, "remove from list vip", "add to list vip"), ["W0356 add to list vip"]);
    // With a wait between, others live; where nothing takes her out again she joins once.
    assert_eq!(two(joins, leaves, "remove from list vip", "wait 1 day\n  add to list vip"), [""; 0]);
    assert_eq!(two(joins, joins, "add to list vip", "add to list vip"), [""; 0]);
    let (on, off) = ("enter on subscribed to news", "enter on unsubscribed from news");
    assert_eq!(two(on, off, "unsubscribe from news", "subscribe to news"), ["W0356 subscribe to news"]);
    assert_eq!(two(on, on, "subscribe to news", "subscribe to news"), [""; 0]);
    // One journey that does both.
    let own = two(on, leaves, "unsubscribe from news\n  subscribe to news", "wait 1 day");
    assert_eq!(own, ["W0356 subscribe to news"]);
}

#[test]
fn circles_through_stages_are_found_where_they_can_go_round() {
    let two = |first: &str, second: &str, one: &str, other: &str| {
        let text = format!(
            "{SHOP}stages {{\n  fresh otherwise\n  loyal when has order_completed\n  lapsed when has at least 5 order_completed\n}}\n\
             journey a {{\n  {first}\n  enter again always\n  {one}\n  send hello\n}}\njourney b {{\n  {second}\n  enter again always\n  {other}\n  send hello\n}}\n"
        );
        findings(&text).into_iter().filter(|found| found.starts_with("W0356") || found.starts_with("E0352")).collect::<Vec<_>>()
    };
    let (loyal, lapsed) = ("enter when reaches stage loyal", "enter when reaches stage lapsed");
    assert_eq!(two(loyal, lapsed, "move to stage lapsed", "move to stage loyal"), ["W0356 move to stage loyal"]);
    // Who is in a stage does not reach it, so one that only goes on is none; a wait lets others live.
    assert_eq!(two(loyal, loyal, "move to stage loyal", "move to stage loyal"), [""; 0]);
    assert_eq!(two(loyal, lapsed, "move to stage lapsed", "wait 1 day\n  move to stage loyal"), [""; 0]);
    // One journey that takes her out and back.
    assert_eq!(two(loyal, lapsed, "move to stage fresh\n  move to stage loyal", "wait 1 day"), ["W0356 move to stage loyal"]);
    // Through a topic and a stage in turn.
    let mixed = two(
        "enter on subscribed to news",
        lapsed,
        "move to stage lapsed\n  move to stage fresh",
        "unsubscribe from news\n  subscribe to news",
    );
    assert_eq!(mixed, ["W0356 subscribe to news"]);
}

#[test]
fn every_branch_on_an_open_is_pointed_out_and_a_limit_is_not() {
    let found = |steps: &str| findings(&journey(steps)).into_iter().map(|found| found[..5].to_owned()).collect::<Vec<_>>();
    assert_eq!(found("send hello as page\n  wait 1 day\n  if page is opened { send hello }"), ["W0370"]);
    assert_eq!(found("send hello\n  wait 1 day\n  if has not opened hello and has order_completed since entry { send hello }"), ["W0370"]);
    assert_eq!(found("send hello\n  wait up to 2 days { on opened hello { exit }\n otherwise { } }\n  send hello"), ["W0370"]);
    assert_eq!(found("send hello\n  wait 1 day\n  if has clicked hello { send hello }"), [""; 0]);
}
