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
