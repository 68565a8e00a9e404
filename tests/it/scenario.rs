//! Scenarios: what they mean, and what they say when something else happened.

use onward::project::Project;
use onward::scenario::{self, Report};
use std::path::Path;

const SHOP: &str = r#"
customer {
  email    email?
  phone    phone?
  points   number = 0
}
event ordered { order_id text, total money EUR }
event viewed { sku text }
event paid { order_id text }
topic news "News" opt in
policy { timezone "Europe/Berlin" }
message hello about news {
  email { subject "Hello", text "Nice to see you" }
  sms "Hello"
}
message reminder(total money EUR) about news { email { subject "Your cart", text "{{ total | money }} are waiting" } }
message coupon about news { email { subject "A coupon", text "Ten percent" } }
"#;

fn play(journeys: &str) -> Report {
    play_some(journeys, None)
}

fn play_some(journeys: &str, filter: Option<&str>) -> Report {
    let text = format!("{SHOP}{journeys}");
    let (compiled, found) = onward::check_project(Project::from_texts([("shop.journey", text.as_str())]));
    assert!(!found.has_errors(), "{:#?}", found.into_sorted());
    scenario::run(&compiled.checked, compiled.sources(), filter)
}

fn shown(journeys: &str) -> String {
    let text = format!("{SHOP}{journeys}");
    let (compiled, found) = onward::check_project(Project::from_texts([("shop.journey", text.as_str())]));
    assert!(!found.has_errors(), "{:#?}", found.into_sorted());
    scenario::text(&scenario::run(&compiled.checked, compiled.sources(), None), compiled.sources(), false)
}

/// What did not come true: `expected → happened`, one line each.
fn failures(report: &Report) -> Vec<String> {
    let failed = report.scenarios.iter().filter_map(|played| played.failed.as_ref());
    failed.flat_map(|failed| failed.failures.iter().map(|one| format!("{} → {}", one.expected, one.happened))).collect()
}

fn holds(journeys: &str) {
    let report = play(journeys);
    assert!(!report.scenarios.is_empty());
    assert_eq!(failures(&report), Vec::<String>::new());
}

const WELCOME: &str = r#"
journey welcome {
  enter on ordered where total >= 10 EUR
  enter again never
  exit on paid
  wait 1 hour
  send reminder(total: entry.total) by email as first
  wait up to 2 days {
    on clicked first { exit "looked" }
    otherwise { send coupon by email }
  }
}
"#;

#[test]
fn moments_and_counts_are_exact() {
    holds(&format!(
        r#"{WELCOME}
scenario "all of it" for welcome {{
  given customer {{ email: "a@example.com" }}
  given subscribed to news
  at 2026-03-02 10:00 ordered {{ order_id: "1", total: 20 EUR }}
  expect message reminder by email after 1 hour containing "€20"
  expect message reminder at 2026-03-02 11:00
  expect message coupon within 49 hours
  expect message coupon after 2 days 1 hour
  expect 2 messages
  expect exit "finished" after 2 days 1 hour
}}"#
    ));
    let late = play(&format!(
        r#"{WELCOME}
scenario "a minute off" for welcome {{
  given customer {{ email: "a@example.com" }}
  given subscribed to news
  at 2026-03-02 10:00 ordered {{ order_id: "1", total: 20 EUR }}
  expect message reminder after 59 minutes
  expect message coupon within 2 days
  expect 3 messages
  expect no message coupon
}}"#
    ));
    let said = failures(&late);
    assert_eq!(said.len(), 4, "{said:#?}");
    assert_eq!(
        said[0],
        "expect message reminder after 59 minutes → `reminder` was sent by email at 2026-03-02 11:00, 1 hour after the entry"
    );
    let hints: Vec<_> = late.scenarios[0].failed.iter().flat_map(|failed| &failed.failures).map(|one| one.hint.as_deref()).collect();
    assert_eq!(hints[0], Some("did you mean `after 1 hour`?"));
}

#[test]
fn a_failure_says_what_happened_and_why() {
    insta::assert_snapshot!(shown(&format!(
        r#"{WELCOME}
scenario "ไม่ได้สมัครรับข่าว" for welcome {{
  given customer {{ email: "a@example.com" }}
  at 2026-03-02 10:00 ordered {{ order_id: "1", total: 20 EUR }}
  after 2 hours viewed {{ sku: "S1" }}
  expect message reminder by email
  expect exit "looked"
}}
scenario "too little to enter" for welcome {{
  given customer {{ email: "a@example.com" }}
  given subscribed to news
  at 2026-03-02 10:00 ordered {{ order_id: "1", total: 5 EUR }}
  expect 1 message
}}
scenario "clicks" for welcome {{
  given customer {{ email: "a@example.com" }}
  given subscribed to news
  at 2026-03-02 10:00 ordered {{ order_id: "1", total: 20 EUR }}
  after 2 hours clicked reminder
  expect message coupon
}}"#
    )));
}

#[test]
fn a_state_is_judged_where_its_line_stands() {
    holds(
        r#"
journey steps {
  enter on ordered
  enter again never
  increase customer.points by 1
  wait 1 hour
  increase customer.points by 1
  wait up to 1 day for viewed otherwise exit "nothing seen"
}
scenario "line by line" for steps {
  expect customer.points is 0
  at 2026-03-02 10:00 ordered { order_id: "1", total: 20 EUR }
  expect customer.points is 1
  expect waiting at "wait 1 hour"
  expect entry.total is 20 EUR
  after 1 hour customer { phone: "+491711234567" }
  expect customer.points is 2
  expect waiting at "for viewed"
  after 1 hour viewed { sku: "S1" }
  expect has viewed
  expect exit "finished" after 2 hours
}"#,
    );
    holds(&format!(
        r#"{WELCOME}
scenario "after a message" for welcome {{
  given customer {{ email: "a@example.com" }}
  given subscribed to news
  at 2026-03-02 10:00 ordered {{ order_id: "1", total: 20 EUR }}
  expect waiting at "wait 1 hour"
  expect message reminder at 2026-03-02 11:00
  expect waiting at "wait up to 2 days"
  expect message coupon at 2026-03-04 11:00
  expect has received coupon
}}
scenario "a message that comes behind the next line" for welcome {{
  given customer {{ email: "a@example.com" }}
  given subscribed to news
  at 2026-03-02 10:00 ordered {{ order_id: "1", total: 20 EUR }}
  expect message reminder at 2026-03-02 11:00
  expect waiting at "wait 1 hour"
  after 30 minutes viewed {{ sku: "S" }}
}}"#
    ));
}

const SPLIT: &str = r#"
journey test_offers {
  enter on ordered
  enter again never
  split {
    path "coupon" 50% { send coupon by email }
    path "nothing" 50% { wait 1 day }
  }
  split {
    path "left" 50% { }
    path "right" 50% { }
  }
}
"#;

#[test]
fn every_path_is_tried_unless_one_is_named() {
    let report = play(&format!(
        r#"{SPLIT}
scenario "each" for test_offers {{
  given customer {{ email: "a@example.com" }}
  given subscribed to news
  at 2026-03-02 10:00 ordered {{ order_id: "1", total: 20 EUR }}
  expect exit "finished"
}}
scenario "one" for test_offers {{
  given customer {{ email: "a@example.com" }}
  given subscribed to news
  choosing "coupon"
  at 2026-03-02 10:00 ordered {{ order_id: "1", total: 20 EUR }}
  expect message coupon
}}
scenario "not in all" for test_offers {{
  given customer {{ email: "a@example.com" }}
  given subscribed to news
  choosing "right"
  at 2026-03-02 10:00 ordered {{ order_id: "1", total: 20 EUR }}
  expect message coupon
}}"#
    ));
    let variants: Vec<usize> = report.scenarios.iter().map(|played| played.variants).collect();
    assert_eq!(variants, [4, 2, 2]);
    assert_eq!(failures(&report), ["expect message coupon → `coupon` was not sent: no run came to a step that sends it"]);
    let failed = report.scenarios[2].failed.as_ref().unwrap();
    assert_eq!(failed.choices, [("split".to_owned(), "nothing".to_owned())]);
}

#[test]
fn nobody_is_held_out_unless_it_is_chosen() {
    holds(
        r#"
journey held {
  enter on ordered
  enter again never
  hold out 90%
  send hello by email
}
scenario "as usual" for held {
  given customer { email: "a@example.com" }
  given subscribed to news
  at 2026-03-02 10:00 ordered { order_id: "1", total: 20 EUR }
  expect message hello
}
scenario "held out" for held {
  given customer { email: "a@example.com" }
  given subscribed to news
  choosing "hold out"
  at 2026-03-02 10:00 ordered { order_id: "1", total: 20 EUR }
  expect no message hello because held_out
  expect no messages
  expect exit "finished"
}"#,
    );
}

#[test]
fn who_is_held_out_walks_the_path_of_who_is_not_but_received_nothing() {
    holds(
        r#"
journey held {
  enter on ordered
  enter again never
  hold out 90%
  send hello by email as first or exit if not sent
  wait 1 day
  if first is not sent { exit "not sent" }
  if has received hello { exit "received" }
  exit "held back"
}
scenario "held out" for held {
  given customer { email: "a@example.com" }
  given subscribed to news
  choosing "hold out"
  at 2026-03-02 10:00 ordered { order_id: "1", total: 20 EUR }
  expect exit "held back" after 1 day
}
scenario "as usual" for held {
  given customer { email: "a@example.com" }
  given subscribed to news
  at 2026-03-02 10:00 ordered { order_id: "1", total: 20 EUR }
  expect exit "received" after 1 day
}"#,
    );
}

#[test]
fn a_provider_refuses_when_the_story_says_so() {
    holds(
        r#"
route any_way first reachable of sms, email
journey tell {
  enter on ordered
  enter again never
  send hello by any_way
}
scenario "sms first" for tell {
  given customer { email: "a@example.com", phone: "+491711234567" }
  given subscribed to news
  at 2026-03-02 10:00 ordered { order_id: "1", total: 20 EUR }
  expect message hello by sms
  expect 1 message
}
scenario "then email" for tell {
  given customer { email: "a@example.com", phone: "+491711234567" }
  given subscribed to news
  at 2026-03-02 09:00 refuse hello by sms
  at 2026-03-02 10:00 ordered { order_id: "1", total: 20 EUR }
  expect message hello by email
  expect no message hello by sms because failed
  expect 1 message
}"#,
    );
}

#[test]
fn reports_are_about_the_last_send_and_machines_take_no_branch() {
    holds(&format!(
        r#"{WELCOME}
scenario "a person" for welcome {{
  given customer {{ email: "a@example.com" }}
  given subscribed to news
  at 2026-03-02 10:00 ordered {{ order_id: "1", total: 20 EUR }}
  after 2 hours clicked reminder
  expect exit "looked" after 2 hours
}}
scenario "a machine" for welcome {{
  given customer {{ email: "a@example.com" }}
  given subscribed to news
  at 2026-03-02 10:00 ordered {{ order_id: "1", total: 20 EUR }}
  after 2 hours clicked reminder by a machine
  expect message coupon
}}
scenario "a dead address" for welcome {{
  given customer {{ email: "a@example.com" }}
  given subscribed to news
  at 2026-03-02 10:00 ordered {{ order_id: "1", total: 20 EUR }}
  after 2 hours hard bounce of reminder
  expect no message coupon because suppressed
}}"#
    ));
    let report = play(&format!(
        r#"{WELCOME}
scenario "nothing to click" for welcome {{
  given customer {{ email: "a@example.com" }}
  given subscribed to news
  at 2026-03-02 10:00 ordered {{ order_id: "1", total: 20 EUR }}
  after 10 minutes clicked reminder
  expect message coupon
}}"#
    ));
    assert_eq!(failures(&report), ["after 10 minutes clicked reminder → `reminder` had not been sent by then"]);
}

#[test]
fn what_is_given_starts_nothing_and_counts() {
    holds(
        r#"
segment regulars { has at least 2 ordered in the last 30 days }
journey thanks {
  enter on ordered
  enter again never
  if in segment regulars { send hello by email } else { send coupon by email }
}
journey joined {
  enter when joins segment regulars
  enter again always
  increase customer.points by 100
  send hello by email
}
scenario "the third order" for thanks {
  given customer { email: "a@example.com" }
  given subscribed to news
  given has 2 ordered 10 days ago { order_id: "0", total: 5 EUR }
  expect in segment regulars
  at 2026-03-02 10:00 ordered { order_id: "1", total: 20 EUR }
  expect message hello after 0 minutes
  expect no message coupon
}
scenario "too long ago" for thanks {
  given customer { email: "a@example.com" }
  given subscribed to news
  given has ordered 30 days ago { order_id: "0", total: 5 EUR }
  at 2026-03-02 10:00 ordered { order_id: "1", total: 20 EUR }
  expect message coupon
}
scenario "was in already" for joined {
  given customer { email: "a@example.com" }
  given subscribed to news
  given has 2 ordered 10 days ago { order_id: "0", total: 5 EUR }
  at 2026-03-02 10:00 viewed { sku: "S" }
  expect not entered
  expect customer.points is 0
}"#,
    );
}

#[test]
fn each_run_of_a_keyed_journey_is_judged_by_itself() {
    let journey = r#"
journey follow {
  enter on ordered
  one run per order_id
  exit on paid for the same order_id
  wait 1 day
  send reminder(total: entry.total) by email
}
"#;
    let story = |line: &str| {
        format!(
            r#"{journey}
scenario "two" for follow {{
  given customer {{ email: "a@example.com" }}
  given subscribed to news
  at 2026-03-02 10:00 ordered {{ order_id: "a", total: 20 EUR }}
  after 1 hour ordered {{ order_id: "b", total: 30 EUR }}
  after 1 hour paid {{ order_id: "a" }}
  expect 1 message
  in the run of order_id "a" {{
    expect no messages
    expect exit on paid after 2 hours
  }}
  in the run of order_id "b" {{
    {line}
  }}
}}"#
        )
    };
    holds(&story("expect message reminder after 1 day containing \"30\""));
    let wrong = play(&story("expect exit on paid"));
    assert_eq!(failures(&wrong), ["expect exit on paid → the run was over at 2026-03-03 11:00, 1 day after the entry: finished"]);
}

#[test]
fn reasons_for_not_entering_are_told_apart() {
    holds(&format!(
        r#"{WELCOME}
scenario "too small" for welcome {{
  at 2026-03-02 10:00 ordered {{ order_id: "1", total: 5 EUR }}
  expect not entered because condition
  expect not entered
}}
scenario "twice" for welcome {{
  at 2026-03-02 10:00 ordered {{ order_id: "1", total: 50 EUR }}
  after 10 minutes ordered {{ order_id: "2", total: 50 EUR }}
  expect not entered because already_running
}}"#
    ));
    let report = play(&format!(
        r#"{WELCOME}
scenario "entered" for welcome {{
  at 2026-03-02 10:00 ordered {{ order_id: "1", total: 50 EUR }}
  expect not entered
  expect not entered because too_late
}}"#
    ));
    let said = failures(&report);
    assert_eq!(said[0], "expect not entered → the customer entered at 2026-03-02 10:00");
    assert_eq!(said[1], "expect not entered because too_late → the customer entered at 2026-03-02 10:00, and nobody was turned away");
}

#[test]
fn other_journeys_run_but_their_messages_do_not_count() {
    holds(
        r#"
journey own {
  enter on ordered
  enter again never
  send hello by email
  emit viewed { sku: "S" }
}
journey started {
  enter on viewed
  enter again never
  send coupon by email
}
journey beside {
  enter on ordered
  enter again never
  send reminder(total: entry.total) by email
}
scenario "only mine and what I start" for own {
  given customer { email: "a@example.com" }
  given subscribed to news
  at 2026-03-02 10:00 ordered { order_id: "1", total: 20 EUR }
  expect 2 messages
  expect message coupon
  expect no message reminder
}"#,
    );
}

#[test]
fn a_story_goes_on_to_the_last_moment_that_an_expectation_names() {
    holds(
        r#"
journey monday {
  enter every monday at 09:00
  enter again always
  send hello by email
}
scenario "by the calendar" for monday {
  starting 2026-03-03 09:00
  given customer { email: "a@example.com" }
  given subscribed to news
  expect message hello at 2026-03-09 09:00
  expect message hello at 2026-03-16 09:00
  expect 2 messages
}"#,
    );
}

#[test]
fn steps_that_no_scenario_reaches_are_listed() {
    let scenarios = format!(
        r#"{WELCOME}
scenario "clicks" for welcome {{
  given customer {{ email: "a@example.com" }}
  given subscribed to news
  at 2026-03-02 10:00 ordered {{ order_id: "1", total: 20 EUR }}
  after 2 hours clicked reminder
  expect exit "looked"
}}"#
    );
    let coverage = play(&scenarios).coverage;
    let unreached: Vec<&str> = coverage.unreached.iter().map(|step| step.step.as_str()).collect();
    assert_eq!((coverage.steps, unreached), (5, vec!["send coupon by email"]));
    assert!(coverage.unreached[0].place.starts_with("shop.journey:"), "{}", coverage.unreached[0].place);
    // A part of the scenarios says nothing about the rest.
    assert_eq!(play_some(&scenarios, Some("clicks")).coverage.steps, 0);
    assert_eq!(play_some(&scenarios, Some("nothing like it")).scenarios.len(), 0);
}

#[test]
fn the_shipped_projects_hold_and_say_the_same_twice() {
    for project in ["journeys/shop", "journeys/grocery"] {
        let project_of = onward::project::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join(project)).unwrap();
        let (compiled, found) = onward::check_project(project_of);
        assert!(found.is_empty(), "{project}: {:#?}", found.into_sorted());
        let say = || scenario::text(&scenario::run(&compiled.checked, compiled.sources(), None), compiled.sources(), false);
        let first = say();
        assert!(first.contains("all as expected") || first.contains("no scenario to play"), "{project}:\n{first}");
        assert_eq!(first, say());
    }
}

const GAPS: &str = r#"
customer { email email?, nick text? }
event ordered { order_id text, note text? }
topic news "News" opt out
"#;
/// Plays a text that is a whole project.
fn alone(text: &str) -> Report {
    let (compiled, found) = onward::check_project(Project::from_texts([("shop.journey", text)]));
    assert!(!found.has_errors(), "{:#?}", found.into_sorted());
    scenario::run(&compiled.checked, compiled.sources(), None)
}

const HELLO: &str = "message hello about news { email { subject \"Hello\", text \"T\" } }\n";
const AGAIN: &str = "message again(note text) about news { email { subject \"Again\", text \"{{ note }}\" } }\n";

#[test]
fn what_became_of_earlier_messages_can_be_given() {
    let journey = r#"
journey j {
  enter on ordered
  enter again never
  if has clicked hello in the last 7 days { exit "clicked" }
  if has received at least 2 messages in the last 7 days { exit "enough" }
  send hello
}
"#;
    let story = |given: &str, expected: &str| {
        format!(
            "{GAPS}{HELLO}{journey}scenario \"s\" for j {{\n  given customer {{ email: \"a@example.com\" }}\n  {given}\n  at 2026-03-01 10:00 ordered {{ order_id: \"1\" \
             }}\n  expect {expected}\n}}\n"
        )
    };
    for (given, expected) in [
        ("given has clicked hello 3 days ago", "exit \"clicked\""),
        ("given has clicked hello by email 8 days ago", "1 message"),
        ("given has 2 received hello 3 days ago", "exit \"enough\""),
        ("given has received hello 3 days ago", "1 message"),
    ] {
        let text = story(given, expected);
        let report = alone(&text);
        assert!(report.scenarios.iter().all(|played| played.failed.is_none()), "{given}: {:?}", report.scenarios[0].failed);
    }
}

#[test]
fn the_name_behind_a_where_that_ends_with_is_set_is_the_triggers() {
    let report = alone(&format!(
        r#"{GAPS}{AGAIN}
journey j {{
  enter on ordered where note is set as first
  enter again never
  wait up to 2 days {{
    on ordered where order_id is not "x" and note is set as second {{
      let note be second.note or exit if missing
      send again(note: note)
    }}
    otherwise {{ }}
  }}
  wait up to 2 days for ordered where note is set as third otherwise exit "none"
  let last be third.note or exit if missing
  send again(note: last)
}}
scenario "s" for j {{
  given customer {{ email: "a@example.com" }}
  at 2026-03-01 10:00 ordered {{ order_id: "1", note: "one" }}
  after 1 day ordered {{ order_id: "2", note: "two" }}
  after 1 day ordered {{ order_id: "3", note: "three" }}
  expect message again containing "two"
  expect message again containing "three"
}}
"#
    ));
    assert!(report.scenarios[0].failed.is_none(), "{:?}", report.scenarios[0].failed);
}

#[test]
fn a_run_of_another_journey_is_found_by_the_same_key() {
    let text = |key: &str| {
        format!(
            r#"{GAPS}{HELLO}
journey ask {{
  enter on ordered where not in journey care for the same order_id
  one run per order_id
  wait 1 day
  if in journey care for the same {key} {{ exit "cared for" }}
  send hello
}}
journey care {{
  enter on ordered
  one run per order_id
  wait 3 days
}}
scenario "one is cared for and the other is not" for ask {{
  given customer {{ email: "a@example.com" }}
  at 2026-03-01 10:00 ordered {{ order_id: "1" }}
  at 2026-03-02 09:00 ordered {{ order_id: "2" }}
  in the run of order_id "1" {{ expect exit "cared for" }}
  in the run of order_id "2" {{ expect exit "cared for" }}
}}
"#
        )
    };
    let report = alone(&text("order_id"));
    assert!(report.scenarios[0].failed.is_none(), "{:?}", report.scenarios[0].failed);
    // Another run of the journey is not this one.
    let longer = text("order_id").replace("wait 1 day\n", "wait 4 days\n").replace("expect exit \"cared for\"", "expect message hello");
    let longer = longer.replace("  at 2026-03-02 09:00 ordered", "  at 2026-03-04 09:00 ordered");
    let report = alone(&longer);
    assert!(report.scenarios[0].failed.is_none(), "{:?}", report.scenarios[0].failed);
    let (_, found) = onward::check_project(Project::from_texts([("a.journey", text("note").as_str())]));
    let codes: Vec<_> = found.into_sorted().iter().map(|one| one.code.number).collect();
    assert!(codes.contains(&"E0338"), "{codes:?}");
}
