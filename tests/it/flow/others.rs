//! Messages to another customer, of her own right.

use super::{errors, holds};

const SHARED: &str = r#"
event shared { friend customer, gift text, maybe customer? }
message gift_for_you(gift text) about orders { email { subject "{{ customer.email | default: 'nobody' }}", text "A {{ gift }} for you" } }
message tip(gift text) about news { email { subject "Tip", text "{{ gift }}" } }
journey share { enter on shared
  one run per event
  send gift_for_you(gift: entry.gift) to entry.friend by email
  send tip(gift: entry.gift) to entry.friend by email
  send receipt(total: 1 EUR) by email
  exit "told"
}
"#;

#[test]
fn her_address_her_consent_and_her_language_decide() {
    holds(&format!(
        r#"{SHARED}
scenario "both reach her" for share {{
  given customer {{ email: "me@example.com" }}
  given customer "u2" {{ email: "her@example.com" }}
  given subscribed to news for "u2"
  at 2026-03-02 10:00 shared {{ friend: "u2", gift: "rose" }}
  expect 3 messages
  expect message gift_for_you by email containing "her@example.com"
  expect message gift_for_you containing "A rose for you"
  expect message tip by email after 0 minutes
  expect exit "told" after 0 minutes
}}
scenario "consent of the one who sends is not hers" for share {{
  given customer {{ email: "me@example.com" }}
  given subscribed to news
  given customer "u2" {{ email: "her@example.com" }}
  at 2026-03-02 10:00 shared {{ friend: "u2", gift: "rose" }}
  expect no message tip because no_consent
  expect message gift_for_you
  expect 2 messages
}}
scenario "somebody without an address" for share {{
  given customer {{ email: "me@example.com" }}
  given customer "u2" {{ phone: "+66812345678" }}
  at 2026-03-02 10:00 shared {{ friend: "u2", gift: "rose" }}
  expect no message gift_for_you because no_contact
  expect message receipt
}}
scenario "somebody nobody knows" for share {{
  given customer {{ email: "me@example.com" }}
  at 2026-03-02 10:00 shared {{ friend: "stranger", gift: "rose" }}
  expect no message gift_for_you because no_contact
}}
scenario "to herself" for share {{
  given customer {{ email: "me@example.com" }}
  at 2026-03-02 10:00 shared {{ friend: "u2", gift: "rose" }}
  after 1 hour shared {{ friend: "u2", gift: "tulip" }}
  expect 2 messages
}}
"#
    ));
}

#[test]
fn her_caps_and_quiet_hours_count() {
    let text = r#"
customer { email email?, timezone timezone? }
event shared { friend customer, gift text }
topic news "News" opt out
policy {
  timezone "Europe/Berlin"
  quiet hours 21:00 to 08:00 then wait
  at most 1 message in 1 day then skip
}
message tip(gift text) about news { email { subject "Tip", text "{{ gift }}" } }
journey share { enter on shared
  one run per event
  send tip(gift: entry.gift) to entry.friend by email
  exit "told"
}
scenario "the night is hers" for share {
  given customer "u2" { email: "her@example.com", timezone: "Asia/Bangkok" }
  at 2026-03-02 18:00 shared { friend: "u2", gift: "rose" }
  expect message tip by email at 2026-03-03 02:00
  expect exit "told" after 0 minutes
}
scenario "the limit is hers" for share {
  given customer "u2" { email: "her@example.com" }
  given customer "u3" { email: "third@example.com" }
  at 2026-03-02 10:00 shared { friend: "u2", gift: "rose" }
  after 1 minute shared { friend: "u2", gift: "tulip" }
  after 1 minute shared { friend: "u3", gift: "lily" }
  expect 2 messages
  expect no message tip because capped
  expect message tip containing "lily"
}
"#;
    let text = text.replace("expect no message tip because capped\n", "");
    let (compiled, found) = onward::check_project(onward::Project::from_texts([("shop.journey", text.as_str())]));
    assert!(!found.has_errors(), "{:#?}", found.into_sorted());
    let report = onward::scenario::run(&compiled.checked, compiled.sources(), None);
    assert_eq!(report.failed(), 0, "{}", onward::scenario::text(&report, compiled.sources(), false));
}

#[test]
fn what_is_hers_to_know_cannot_be_asked_here() {
    let wrong = |line: &str| {
        errors(&format!(
            "event shared {{ friend customer, gift text, maybe customer? }}\njourney j {{ enter on shared\n one run per event\n {line}\n}}"
        ))
    };
    assert_eq!(wrong("send receipt(total: 1 EUR) to entry.gift by email"), ["E0874 `entry.gift` is a text, not a customer"]);
    assert_eq!(
        wrong("send receipt(total: 1 EUR) to entry.maybe by email"),
        ["E0202 `entry.maybe` may be missing, and a value is needed here"]
    );
    assert_eq!(
        wrong("send receipt(total: 1 EUR) to entry.friend by email as note"),
        ["E0875 `as …` cannot be said of a message to another customer"]
    );
}

#[test]
fn a_guest_comes_back_from_its_bytes() {
    use onward::engine::row::{Customer, Guest};
    let mut row = Customer::new("nok");
    row.guests = vec![Guest { number: 7, plan: 0, args: vec![onward::value::Value::text("rose")], held_out: true }];
    assert_eq!(onward::record::from_bytes::<Customer>(&onward::record::to_bytes(&row)), Ok(row));
}
