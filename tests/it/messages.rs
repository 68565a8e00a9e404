//! Messages: what they say by channel and language, when they refuse themselves, and what customers answer.

use onward::project::Project;
use onward::scenario;
use onward::source::Sources;

pub const SHOP: &str = r#"
customer {
  email      email?
  phone      phone?
  first_name text?
  plan       one of "free", "pro" = "free"
  language   language = "th"
}
event ordered { order_id text, total money THB }
event viewed { sku text, price money THB }
topic news "News" opt out
topic orders "Orders" transactional "what she asked for"
"#;

/// Each finding as `CODE underlined`.
pub fn findings(text: &str) -> Vec<String> {
    let text = format!("{SHOP}{text}");
    let (compiled, found) = onward::check_project(Project::from_texts([("shop.journey", text.as_str())]));
    let sources: &Sources = compiled.sources();
    found.into_sorted().iter().map(|found| format!("{} {}", found.code.number, sources.text(found.place))).collect()
}

/// What did not come true in the scenarios of a project: `expected → happened`, one line each.
pub fn failures(text: &str) -> Vec<String> {
    let text = format!("{SHOP}{text}");
    let (compiled, found) = onward::check_project(Project::from_texts([("shop.journey", text.as_str())]));
    assert!(!found.has_errors(), "{:#?}", found.into_sorted());
    let report = scenario::run(&compiled.checked, compiled.sources(), None);
    assert!(!report.scenarios.is_empty());
    let failed = report.scenarios.iter().filter_map(|played| played.failed.as_ref());
    failed.flat_map(|failed| failed.failures.iter().map(|one| format!("{} → {}", one.expected, one.happened))).collect()
}

pub fn holds(text: &str) {
    assert_eq!(failures(text), Vec::<String>::new());
}

const REFUSING: &str = r#"
message drop(price money THB) about news {
  skip when price < 50 THB "ราคาถูกเกินไป"
  skip when has ordered in the last 1 day or customer.plan is "pro" "needs no offer"
  sms "{{ price | money }}"
}
journey j {
  enter on viewed
  enter again always
  send drop(price: entry.price) by sms
}
"#;

#[test]
fn a_message_refuses_itself_by_its_arguments_and_by_what_she_did() {
    holds(&format!(
        r#"{REFUSING}
scenario "cheap" for j {{
  given customer {{ phone: "+66812345678" }}
  at 2026-03-01 10:00 viewed {{ sku: "a", price: 49 THB }}
  expect no message drop because refused
  expect exit "finished"
}}
scenario "bought just now" for j {{
  given customer {{ phone: "+66812345678" }}
  given has ordered 23 hours ago {{ order_id: "1", total: 5 THB }}
  at 2026-03-01 10:00 viewed {{ sku: "a", price: 50 THB }}
  expect no message drop because refused
}}
scenario "bought the day before" for j {{
  given customer {{ phone: "+66812345678" }}
  given has ordered 24 hours ago {{ order_id: "1", total: 5 THB }}
  at 2026-03-01 10:00 viewed {{ sku: "a", price: 50 THB }}
  expect message drop by sms containing "50"
}}"#
    ));
    let said = failures(&format!(
        r#"{REFUSING}
scenario "ถูกไป" for j {{
  given customer {{ phone: "+66812345678" }}
  at 2026-03-01 10:00 viewed {{ sku: "a", price: 49 THB }}
  expect message drop
}}"#
    ));
    assert!(said[0].contains("it refused itself: ราคาถูกเกินไป"), "{said:?}");
}

#[test]
fn a_refusal_is_checked_like_every_condition() {
    let message = |line: &str| format!("message drop(price money THB) about news {{\n  {line}\n  sms \"{{{{ price | money }}}}\"\n}}\n");
    let first = |line: &str| findings(&message(line)).into_iter().find(|found| found.starts_with('E')).unwrap_or_default();
    assert_eq!(first("skip when price > 5 USD \"x\""), "E0206 price > 5 USD");
    assert_eq!(first("skip when prise > 5 THB \"x\"").split(' ').nth(1), Some("prise"));
    assert_eq!(first("skip when entry.price > 5 THB \"x\"").split(' ').nth(1), Some("entry"));
    assert_eq!(first("skip when customer.plan \"x\""), "E0203 customer.plan");
    assert_eq!(first("skip when customer.plan is \"pro\" \" \""), "E0423 \" \"");
}
