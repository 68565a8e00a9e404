//! `for each` and `collect`: one by one, and all together.

use super::{SHOP, errors, holds};

const MANY: &str = r#"
event basket { skus list of text, owner text }
event commented { post text, who text, pause duration? }
message one(sku text, n number) about orders { email { subject "{{ sku }}", text "{{ n }}" } }
"#;

#[test]
fn for_each_walks_a_copy_of_the_list_up_to_its_limit() {
    holds(&format!(
        r#"{MANY}
journey j {{ enter on basket
  one run per event
  for each sku in entry.skus up to 3 {{
    if sku is "skip" {{ break }}
    increase customer.points by 1
    send one(sku: sku, n: customer.points) by email
  }}
  for each other in entry.skus up to 10 {{
    wait 1 day
    increase customer.points by 100
  }}
  exit "done"
}}
scenario "three of four" for j {{
  given customer {{ email: "a@example.com" }}
  at 2026-03-02 10:00 basket {{ skus: ["a", "b", "c", "d"], owner: "x" }}
  expect 3 messages
  expect message one containing "a"
  expect message one containing "c"
  expect exit "done" after 4 days
}}
scenario "none of none" for j {{
  given customer {{ email: "a@example.com" }}
  at 2026-03-02 10:00 basket {{ skus: [], owner: "x" }}
  expect no messages
  expect exit "done" after 0 minutes
}}
scenario "break leaves it" for j {{
  given customer {{ email: "a@example.com" }}
  at 2026-03-02 10:00 basket {{ skus: ["a", "skip", "c"], owner: "x" }}
  expect 1 message
  expect customer.points is 1
}}
"#
    ));
    let wrong = |line: &str| errors(&format!("{MANY}journey j {{ enter on basket\n enter again never\n {line}\n}}"));
    assert_eq!(wrong("for each x in entry.owner up to 5 { exit }"), ["E0867 there is nothing to walk through here"]);
    assert_eq!(wrong("for each x in entry.skus up to 5 { }\n if x is \"a\" { exit }"), ["E0103 `x` means nothing here"]);
    assert_eq!(wrong("for each x in entry.skus up to 1001 { }").len(), 1);
}

#[test]
fn collect_takes_what_comes_and_what_it_takes_begins_nothing() {
    holds(&format!(
        r#"{MANY}
journey digest {{ enter on commented where who is not "me"
  one run per event
  collect commented for the same post where who is not "me" for 10 minutes with the first as comments
  let first be first of comments or exit if missing
  let newest be last of comments or exit if missing
  send one(sku: newest.who, n: count of comments) by email
}}
scenario "three in one letter" for digest {{
  given customer {{ email: "a@example.com" }}
  at 2026-03-02 10:00 commented {{ post: "p", who: "nok" }}
  after 1 minute commented {{ post: "p", who: "me" }}
  after 1 minute commented {{ post: "p", who: "noi" }}
  after 8 minutes commented {{ post: "p", who: "lek" }}
  expect 1 message
  expect message one by email after 10 minutes containing "lek"
  expect message one containing "3"
}}
scenario "another post has a letter of its own, and so has what comes later" for digest {{
  given customer {{ email: "a@example.com" }}
  at 2026-03-02 10:00 commented {{ post: "p", who: "nok" }}
  after 1 minute commented {{ post: "q", who: "noi" }}
  after 11 minutes commented {{ post: "p", who: "lek" }}
  expect 3 messages
  expect message one at 2026-03-02 10:10 containing "nok"
  expect message one at 2026-03-02 10:11 containing "noi"
  expect message one at 2026-03-02 10:22 containing "lek"
}}
"#
    ));
}

#[test]
fn a_collect_without_the_first_may_last_as_long_as_a_value_says() {
    holds(&format!(
        r#"{MANY}
journey digest {{ enter on commented
  enter again always
  while running restart
  collect commented for entry.pause up to 1 hour without the first as others
  if count of others is 0 {{ exit "alone" }}
  exit "not alone"
}}
scenario "as written" for digest {{
  at 2026-03-02 10:00 commented {{ post: "p", who: "nok", pause: 5 minutes }}
  expect exit "alone" after 5 minutes
}}
scenario "at most that long" for digest {{
  at 2026-03-02 10:00 commented {{ post: "p", who: "nok", pause: 5 hours }}
  expect exit "alone" after 1 hour
}}
scenario "missing is the most; what is taken restarts nothing" for digest {{
  at 2026-03-02 10:00 commented {{ post: "p", who: "nok" }}
  after 30 minutes commented {{ post: "p", who: "noi", pause: 1 minute }}
  expect exit "not alone" after 1 hour
}}
"#
    ));
}

#[test]
fn more_than_a_hundred_are_counted_and_not_kept() {
    let events = "  after 1 second commented { post: \"p\", who: \"x\" }\n".repeat(150);
    holds(&format!(
        r#"{MANY}
journey digest {{ enter on commented
  one run per event
  collect commented for any post for 1 hour with the first as all
  if count of all is 151 {{ increase customer.points by 1 }}
  for each one in all up to 1000 {{ increase customer.points by 100 }}
}}
scenario "all" for digest {{
  at 2026-03-02 10:00 commented {{ post: "p", who: "nok" }}
{events}  at 2026-03-02 12:00 paid {{ order_id: "1" }}
  expect customer.points is 10001
}}
"#
    ));
}

#[test]
fn mistakes_around_collect_are_told() {
    let wrong = |header: &str, line: &str| errors(&format!("{MANY}journey j {{ {header}\n {line}\n}}"));
    let entered = "enter on commented\n enter on viewed\n enter again never";
    assert_eq!(
        wrong(entered, "collect commented for 1 hour with the first as all"),
        ["E0869 not every run of this journey begins with `commented`"]
    );
    let plain = "enter on commented\n enter again never";
    assert_eq!(wrong(plain, "collect commented since entry for 1 hour without the first as all"), ["E0868 `collect` counts from here on"]);
    assert_eq!(
        wrong(plain, "collect commented for entry.post up to 1 hour without the first as all"),
        ["E0870 this is a text, and a length of time is needed"]
    );
    assert_eq!(wrong(plain, "collect commented or viewed for 1 hour without the first as all").len(), 1);
    let keyed = format!(
        "{SHOP}{MANY}journey j {{ enter on commented\n one run per post\n collect commented for the same post for 1 hour without the first as all\n wait 1 day\n}}"
    );
    let (_, found) = onward::check_project(onward::Project::from_texts([("a.journey", keyed.as_str())]));
    assert!(found.into_sorted().iter().any(|one| one.code.number == "W0871"));
}
