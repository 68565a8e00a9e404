//! What the checker says about journeys, messages and scenarios, as a person meets it.

use onward::Project;
use onward::diagnostic::{Diagnostic, Severity};
use std::fs;
use std::path::Path;

/// What most of these files begin with.
const SHOP: &str = r#"customer {
  email      email?
  phone      phone?
  birthday   date?
  plan       one of "free", "pro" = "free"
  points     number = 0
  interests  list of text = []
}
event order_completed { order_id text, total money THB }
event refund_requested { order_id text }
topic news "News" opt out
topic orders "Your order" transactional "the customer asked for it"
team sales "Sales"
message hello about news {
  email {
    subject "Hello"
    text "Good to have you."
  }
}
message thanks(total money THB) about news {
  email {
    subject "Thank you"
    text "We have your order of {{ total | money }}."
  }
  sms "Thank you!"
}
message receipt(order_id text) about orders {
  email {
    subject "Order {{ order_id }}"
    text "We have it."
  }
}
"#;

fn findings(text: &str) -> Vec<Diagnostic> {
    onward::check_project(Project::from_texts([("shop.journey", text)])).1.into_sorted()
}

/// `CODE message`, one a finding. That these short files do not use all of [`SHOP`] is left out.
fn told(text: &str) -> Vec<String> {
    findings(text).iter().filter(|one| one.code.slug != "never-used").map(|one| format!("{} {}", one.code.number, one.message())).collect()
}

/// What is told about a journey with these lines.
fn journey(lines: &str) -> Vec<String> {
    told(&format!("{SHOP}journey example {{\n{lines}\n}}\n"))
}

/// The same behind the usual header.
fn steps(lines: &str) -> Vec<String> {
    journey(&format!("enter on order_completed\nenter again never\n{lines}"))
}

#[test]
fn what_newcomers_get_wrong_is_told_once_and_in_their_words() {
    let cases: [(Vec<String>, &str); 14] = [
        (journey("enter on order_completed\nwait 1 day"), "E0301 `example` does not say whether a customer may enter it again"),
        (steps("send thanks by email"), "E0410 `thanks` needs a value for `total`"),
        (steps("send thanks(total: entry.total)"), "E0415 it is not said by which channel `thanks` is sent"),
        (steps("send hello by sms"), "E0414 `hello` has no content for sms"),
        (steps("send receipt(entry)"), "E0418 `receipt` is transactional, and a customer is in `example` at most once"),
        (steps("wait up to 1 day {\non order_completed {\nexit\n}\n}"), "E0365 this wait does not say what happens when time is up"),
        (
            steps("split {\npath \"a\" 33% { }\npath \"b\" 33% { }\npath \"c\" 33% { }\n}"),
            "E0380 the paths of this split make 99%, not 100%",
        ),
        (steps("wait until customer.birthday at 09:00 or exit if past"), "E0361 `customer.birthday` may be missing"),
        (steps("add 10 to customer.points"), "E0387 `customer.points` is no list"),
        (steps("exit \"done\"\nwait 1 day"), "E0350 nothing ever reaches this step"),
        (
            journey("enter on order_completed\none run per order_id\nwait up to 1 day for refund_requested otherwise exit"),
            "E0333 `refund_requested` does not say which run it is for",
        ),
        (steps("wait 1 day\ngoal order_completed within 7 days of entry"), "E0302 this line belongs above the steps of the journey"),
        (steps("at most 2 messages in 7 days then skip\nwait 1 day"), "E0340 a cap in a journey counts the messages of this journey"),
        (steps("send hello ignoring quiet hours"), "E0417 `hello` may not ignore quiet hours"),
    ];
    for (got, wanted) in cases {
        assert_eq!(got, [wanted]);
    }
}

#[test]
fn a_project_that_uses_every_step_has_nothing_to_say() {
    let text = format!(
        "{SHOP}{}",
        r#"route shout email and sms
segment buyers { has order_completed }
journey example "Everything" {
  enter on order_completed where total >= 500 THB
  one run per order_id
  while running update entry
  accept late
  goal order_completed within 7 days of entry for any order_id where total >= 500 THB then exit
  exit on refund_requested for the same order_id
  exit when customer.plan is "pro"
  only while in segment buyers
  hold out 10%
  runs from 2026-01-01 to 2026-12-31
  priority high
  quiet hours 20:00 to 09:00 then wait
  at most 2 messages in 7 days from this journey then wait up to 1 day
  at most 500 entries in 1 day then wait
  when edited finish as started

  wait 2 days, until 10:00
  send thanks(entry) by shout as page or exit if not sent
  send receipt(order_id: entry.order_id) ignoring quiet hours
  let gift be 500 if entry.total >= 1000 THB, otherwise 100
  increase customer.points by gift
  add "tv" to customer.interests
  if customer.birthday is set as birthday {
    wait until 3 days before birthday at 10:00 or skip if past {
      send hello
    }
  } else if page is not clicked by email {
    clear customer.birthday
  }
  wait up to 2 days {
    on refund_requested for the same order_id as refund {
      emit refund_requested { order_id: refund.order_id }
    }
    on clicked page {
      wait 3 hours
    }
    when customer.points > 1000 { }
    otherwise { }
  }
  repeat up to 3 times {
    send hello without waiting
    wait up to 7 days for clicked hello otherwise exit "silent"
    if customer.points > 10 {
      break
    }
  }
  split by entry.order_id {
    path "a" 33.33% { }
    path "b" 66.67% {
      start journey second(reason: "b")
    }
  }
  unsubscribe from everything
}
journey second(reason text) {
  enter when requested
  enter on order_completed as order
  enter again 7 days after the end
  let why be entry.reason or exit if missing
  if order.order_id is why {
    subscribe to news
  }
}
scenario "a story" for example {
  given customer { email: "nok@example.com", phone: "+66812345678" }
  choosing "b"
  at 2026-03-01 10:00 order_completed { order_id: "o1", total: 900 THB }
  after 1 day refund_requested { order_id: "o2" }
  expect waiting at "wait 2 days"
  in the run of order_id "o1" {
    expect message thanks by sms after 2 days containing "Thank"
    expect entry.total is 900 THB
    expect exit "silent"
  }
}
"#
    );
    assert_eq!(told(&text), Vec::<String>::new());
}

#[test]
fn entry_has_what_every_entry_brings_and_what_may_be_missing() {
    let text = format!(
        "{SHOP}journey example {{\n  enter on order_completed\n  enter on refund_requested\n  enter again never\n  \
         set customer.plan to \"pro\"\n  send thanks(total: entry.total) by sms\n  wait 1 day\n}}\n"
    );
    assert_eq!(told(&text), ["E0202 `entry.total` may be missing, and a value is needed here"]);
}

#[test]
fn one_mistake_gives_one_message_however_often_its_name_is_used() {
    let unknown = steps("let gift be customer.giftt\nincrease customer.points by gift\nif gift > 3 {\nexit\n}");
    assert_eq!(unknown.len(), 1, "{unknown:?}");
    let unknown = steps("send helo as page\nwait up to 1 day for clicked page otherwise exit");
    assert_eq!(unknown.len(), 1, "{unknown:?}");
    let unknown = journey("enter on order_complete where total > 3 THB\nenter again never\nsend thanks(total: entry.total) by sms");
    assert_eq!(unknown.len(), 1, "{unknown:?}");
}

#[test]
fn journeys_that_start_each_other_at_once_are_named_with_their_circle() {
    let text = |wait: &str| {
        format!(
            "journey a {{\n  enter when requested\n  enter again always\n  start journey b\n}}\n\
             journey b {{\n  enter when requested\n  enter again always\n  if customer.id is \"1\" {{\n    start journey c\n  }}\n}}\n\
             journey c {{\n  enter when requested\n  enter again always\n{wait}  start journey a\n}}\n"
        )
    };
    // A condition on the way may end it, so it is pointed out and not refused.
    assert_eq!(told(&text("")), ["W0356 `a` may set itself off again at once, without end: `a` → `b` → `c` → `a`"]);
    let straight = text("").replace("  if customer.id is \"1\" {\n    start journey c\n  }\n", "  start journey c\n");
    assert_eq!(told(&straight), ["E0352 `a` sets itself off again at once, without end: `a` → `b` → `c` → `a`"]);
    assert_eq!(told(&text("  wait 1 minute\n")), Vec::<String>::new());

    let own = "enter on refund_requested\nenter again always\nemit refund_requested { order_id: \"1\" }";
    assert_eq!(journey(own), ["E0352 `example` sets itself off again at once, without end: `example` → `example`"]);
    let own = "enter on refund_requested\nenter again always\nif customer.points < 1000 {\nincrease customer.points by 100\nemit refund_requested { order_id: \"1\" }\n}";
    assert_eq!(journey(own), ["W0356 `example` may set itself off again at once, without end: `example` → `example`"]);
}

#[test]
fn limits_hold_on_both_sides() {
    let branches = |count: usize| {
        let arms: Vec<String> = (0..count).map(|at| format!("if customer.points is {at} {{ }}")).collect();
        steps(&arms.join(" else "))
    };
    assert_eq!(branches(100), Vec::<String>::new());
    assert_eq!(branches(101), ["E0354 this has 101 branches, and 100 are the most"]);
    assert_eq!(steps("wait 10 years"), Vec::<String>::new());
    assert_eq!(steps("wait 10 years 1 day"), ["E0312 a wait of more than 10 years"]);
}

fn corpus() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/check");
    let mut files: Vec<(String, String)> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read_to_string(&path).unwrap())
        })
        .collect();
    files.sort();
    files
}

#[test]
fn every_fix_that_is_offered_mends_what_it_is_offered_for() {
    let mut wrong = Vec::new();
    for (name, text) in corpus() {
        for one in findings(&text) {
            for fix in &one.fixes {
                let mut edits = fix.edits.clone();
                edits.sort_by_key(|edit| std::cmp::Reverse(edit.place.span.start));
                let mut mended = text.clone();
                for edit in &edits {
                    mended.replace_range(edit.place.span.range(), &edit.text);
                }
                let count = |text: &str| findings(text).iter().filter(|other| other.code == one.code).count();
                let syntax = findings(&mended).iter().any(|other| other.code.number.starts_with("E00"));
                if syntax || count(&mended) >= count(&text) {
                    wrong.push(format!("{name}: {} leaves {:?} in\n{mended}", fix.title, findings(&mended)));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_finding_says_what_to_do_next() {
    for (name, text) in corpus() {
        for one in findings(&text) {
            let message = one.message();
            assert!(one.help().is_some_and(|help| !help.is_empty()), "{name}: {message} has no help");
            assert!(!message.ends_with('.'), "{name}: {message}");
            assert!(message.chars().count() <= 130, "{name}: {message}");
        }
    }
}

#[test]
fn a_corpus_file_has_the_finding_that_it_is_named_after_and_no_other_error() {
    for (name, text) in corpus() {
        let code = name.split('-').next().unwrap();
        let found = findings(&text);
        assert!(found.iter().any(|one| one.code.number == code), "{name}: {found:?}");
        let other = found.iter().find(|one| one.severity() == Severity::Error && one.code.number != code);
        assert!(other.is_none(), "{name}: {other:?}");
    }
}
