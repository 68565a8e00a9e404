//! Stages: the last one that holds, moves by hand, and the news of them.

use super::{errors, holds};

const STAGES: &str = r#"
stages {
  awareness "Knows us" otherwise
  engagement when has viewed in the last 30 days
  purchase when has ordered
  retention when has at least 2 ordered in the last 10 days
}
"#;

#[test]
fn the_last_stage_that_holds_is_hers_and_time_moves_her_on() {
    holds(
        &format!(
            r#"{STAGES}
segment buyers {{ in stage purchase or in stage retention }}
journey engaged {{ enter when reaches stage engagement
  enter again always
  exit "engaged"
}}
journey lost {{ enter when reaches stage awareness
  enter again always
  exit "lost"
}}
journey bought {{ enter when joins segment buyers
  enter again never
  exit when in stage retention
  wait 5 days
  exit "once"
}}
scenario "by what she does" for engaged {{
  at 2026-03-02 10:00 viewed {{ sku: "1" }}
  expect exit "engaged" after 0 minutes
  expect in stage engagement
  expect not in stage awareness
}}
scenario "because time passes, at that very moment" for lost {{
  given has viewed 29 days ago {{ sku: "1" }}
  starting 2026-03-02 10:00
  at 2026-03-04 10:00 paid {{ order_id: "1" }}
  expect exit "lost"
  expect in stage awareness
}}
scenario "a segment may ask for a stage, and a guard too" for bought {{
  at 2026-03-02 10:00 ordered {{ order_id: "1", total: 1 EUR }}
  expect in stage purchase
  after 1 day ordered {{ order_id: "2", total: 1 EUR }}
  expect in stage retention
  expect exit when after 1 day
}}
scenario "falls back by itself" for bought {{
  given has ordered 5 days ago {{ order_id: "0", total: 1 EUR }}
  at 2026-03-02 10:00 ordered {{ order_id: "1", total: 1 EUR }}
  expect in stage retention
  after 5 days 1 minute paid {{ order_id: "1" }}
  expect in stage purchase
}}
"#
        )
        .replace(
            "  given has viewed 29 days ago { sku: \"1\" }\n  starting 2026-03-02 10:00\n",
            "  starting 2026-03-02 10:00\n  given has viewed 29 days ago { sku: \"1\" }\n",
        ),
    );
}

#[test]
fn a_move_holds_until_the_stage_changes_by_itself() {
    holds(&format!(
        r#"{STAGES}
journey move {{ enter on paid
  enter again always
  move to stage retention
  if in stage retention {{ increase customer.points by 1 }}
}}
journey kept {{ enter when reaches stage retention
  enter again always
  increase customer.points by 100
}}
scenario "at once, and as news" for move {{
  at 2026-03-02 10:00 paid {{ order_id: "1" }}
  expect in stage retention
  expect customer.points is 101
}}
scenario "what changes nothing about her stage leaves it" for move {{
  at 2026-03-02 10:00 viewed {{ sku: "1" }}
  after 1 hour paid {{ order_id: "1" }}
  after 1 day viewed {{ sku: "2" }}
  expect in stage retention
}}
scenario "the next change of the conditions ends it" for move {{
  at 2026-03-02 10:00 viewed {{ sku: "1" }}
  after 1 hour paid {{ order_id: "1" }}
  after 1 day ordered {{ order_id: "1", total: 1 EUR }}
  expect in stage purchase
}}
scenario "so does time" for move {{
  at 2026-03-02 10:00 viewed {{ sku: "1" }}
  after 1 hour paid {{ order_id: "1" }}
  expect in stage retention
  at 2026-04-02 12:00 viewed {{ sku: "2" }}
  expect in stage engagement
}}
scenario "moved to where the conditions put her, it is no move" for kept {{
  at 2026-03-02 10:00 ordered {{ order_id: "1", total: 1 EUR }}
  after 1 hour ordered {{ order_id: "2", total: 1 EUR }}
  after 1 hour paid {{ order_id: "1" }}
  expect customer.points is 101
}}
"#
    ));
}

#[test]
fn mistakes_with_stages_are_told() {
    assert_eq!(
        errors("stages { a otherwise\n b otherwise\n c when in segment s }\nsegment s { in stage a }\nstages { d when has viewed }\n"),
        ["E0861 `b` is the second stage `otherwise`", "E0124 who is in `s` depends on who is in `s`", "E0860 stages are declared twice"]
    );
    let unknown =
        "stages { ลูกค้าเก่า when has ordered }\njourney j { enter when reaches stage ลูกค้าเก๋า\n enter again never\n move to stage x\n}";
    assert_eq!(errors(unknown), ["E0101 there is no stage `ลูกค้าเก๋า`", "E0101 there is no stage `x`"]);
}

#[test]
fn what_she_belongs_to_comes_back_from_its_bytes() {
    use onward::engine::row::{Customer, Moved};
    use onward::schema::{ListId, StageId};
    let mut row = Customer::new("nok");
    row.lists = vec![ListId(0), ListId(7)];
    row.moved = Some(Moved { to: StageId(2), over: None });
    let bytes = onward::record::to_bytes(&row);
    assert_eq!(onward::record::from_bytes::<Customer>(&bytes), Ok(row));
    for end in 0..bytes.len() {
        let _ = onward::record::from_bytes::<Customer>(&bytes[..end]);
    }
}
