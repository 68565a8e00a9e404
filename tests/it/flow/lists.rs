//! Lists, audiences, confirmed topics, suppressed addresses.

use super::{errors, fails, holds};

#[test]
fn a_list_lets_in_who_joins_and_knows_who_is_on_it() {
    holds(
        r#"
list vip "Very important"
segment loyal { in list vip and customer.points > 5 }
journey mark { enter on ordered where total > 100 EUR
  enter again always
  add to list vip
}
journey unmark { enter on viewed where sku is "bad"
  enter again always
  remove from list vip
}
journey welcome { enter when joins list vip
  enter again always
  if in list vip { increase customer.points by 10 }
  wait 1 day
  exit "a day"
}
journey goodbye { enter when leaves list vip
  enter again always
  exit "gone"
}
journey loyals { enter when joins segment loyal
  enter again never
  only while in list vip
  wait 3 days
  exit "stayed"
}
scenario "by a step" for mark {
  at 2026-03-02 10:00 ordered { order_id: "1", total: 200 EUR }
  expect exit "finished"
  expect in list vip
}
scenario "from outside, and told once" for welcome {
  at 2026-03-02 10:00 joins list vip
  after 1 hour joins list vip
  expect customer.points is 10
  expect exit "a day" after 1 day
}
scenario "leaves" for goodbye {
  at 2026-03-02 10:00 joins list vip
  after 1 hour viewed { sku: "bad" }
  expect exit "gone"
  expect not in list vip
}
scenario "who was never on it does not leave" for goodbye {
  at 2026-03-02 10:00 leaves list vip
  expect not entered
}
scenario "a segment asks for it, and `only while` hears of it" for loyals {
  at 2026-03-02 10:00 joins list vip
  after 2 days leaves list vip
  expect exit when after 2 days
}
"#,
    );
}

#[test]
fn an_unknown_list_is_reported_once_with_the_nearest() {
    let found =
        errors("list vip \"V\"\njourney j { enter when joins list vipp\n enter again never\n add to list vipp\n if in list vip { exit } }");
    assert_eq!(found, ["E0101 there is no list `vipp`", "E0101 there is no list `vipp`"]);
    assert_eq!(
        errors("journey j { enter on viewed\n enter again never\n add to audience likes\n}"),
        ["E0101 there is no audience `likes`"]
    );
}

#[test]
fn an_audience_is_told_unless_she_is_held_out() {
    let journey = r#"
audience fans "Fans"
journey j { enter on ordered
  enter again never
  HOLD
  add to audience fans
  wait 1 day
  remove from audience fans
}
scenario "s" for j {
  CHOOSE
  at 2026-03-02 10:00 ordered { order_id: "1", total: 200 EUR }
  expect exit "never"
}
"#;
    let told = |hold: &str, choose: &str| {
        let text = journey.replace("HOLD", hold).replace("CHOOSE", choose).replace("expect exit \"never\"", "expect 1 message");
        fails(&text)
    };
    let said = told("", "");
    assert!(said.contains("adds her to audience fans") && said.contains("removes her from audience fans"), "{said}");
    assert!(!said.contains("held back"), "{said}");
    let held = told("hold out 10%", "choosing \"hold out\"");
    assert!(held.contains("adds her to audience fans, held back"), "{held}");
}

#[test]
fn a_double_opt_in_is_pending_until_it_is_confirmed() {
    holds(
        r#"
journey sign_up { enter on viewed where sku is "form"
  enter again always
  subscribe to letters
  send letter by email
}
journey confirmed { enter on viewed where sku is "link"
  enter again always
  confirm letters
}
journey welcome { enter on subscribed to letters
  enter again never
  send letter by email
}
scenario "pending is not subscribed" for sign_up {
  given customer { email: "a@example.com" }
  at 2026-03-02 10:00 viewed { sku: "form" }
  expect no message letter because no_consent
  expect not subscribed to letters
}
scenario "confirmed is, and it happens then" for welcome {
  given customer { email: "a@example.com" }
  at 2026-03-02 10:00 viewed { sku: "form" }
  after 1 hour viewed { sku: "link" }
  expect message letter by email at 2026-03-02 11:00
  expect subscribed to letters
}
scenario "nobody is subscribed who did not ask" for confirmed {
  at 2026-03-02 10:00 viewed { sku: "link" }
  expect not subscribed to letters
}
"#,
    );
    assert_eq!(errors("journey j { enter on viewed\n enter again never\n confirm news\n}"), ["E0862 nobody has to confirm `news`"]);
}

#[test]
fn a_suppressed_address_gets_nothing() {
    holds(
        r#"
journey j { enter on viewed
  enter again never
  suppress email "asked on the phone"
  send hello by email and sms
}
scenario "the other address is fine" for j {
  given customer { email: "a@example.com", phone: "+66812345678" }
  given subscribed to news
  at 2026-03-02 10:00 viewed { sku: "1" }
  expect no message hello by email because suppressed
  expect message hello by sms
  expect not reachable by email
}
"#,
    );
    assert_eq!(
        errors("journey j { enter on viewed\n enter again never\n suppress web \"no\"\n}"),
        ["E0863 `web` has no address that could be suppressed"]
    );
}
