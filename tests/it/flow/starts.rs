//! Journeys with parameters, tasks for a team, runs that move to a new version.

use super::{errors, holds};
use onward::plan::encode;

#[test]
fn parameters_come_through_entry_from_a_request_and_from_a_step() {
    holds(
        r#"
journey welcome(name text, total money EUR?) "Welcome" {
  enter when requested
  one run per request
  send call_her(name: entry.name) to team sales
  if entry.total is set as total { send receipt(total: total) by email }
}
journey starter { enter on ordered
  enter again never
  start journey welcome(name: "Nok", total: entry.total)
}
scenario "requested" for welcome {
  at 2026-03-01 10:00 requested { name: "Noi" }
  expect message call_her by task containing "Call Noi"
  expect no message receipt
}
scenario "started by a step" for starter {
  given customer { email: "a@example.com" }
  at 2026-03-01 10:00 ordered { order_id: "1", total: 20 EUR }
  expect message call_her by task containing "Call Nok"
  expect message receipt by email containing "20"
}
"#,
    );
    let wrong = "journey a(n number) { enter when requested\n enter again never\n if entry.n > 1 { exit } }\njourney b { enter on viewed\n enter again never\n start journey a(n: \"x\")\n}";
    assert_eq!(errors(wrong), ["E0201 this is a text, and a number is needed"]);
}

#[test]
fn a_journey_may_go_on_in_its_new_version() {
    let text = |clause: &str| format!("{}journey j {{ enter on viewed\n enter again never\n {clause}\n wait 1 day\n}}", super::SHOP);
    let plan = |clause: &str| {
        let text = text(clause);
        let (compiled, found) = onward::check_project(onward::Project::from_texts([("a.journey", text.as_str())]));
        assert!(!found.has_errors(), "{:#?}", found.into_sorted());
        compiled.plan.unwrap()
    };
    let (stays, moves) = (plan("when edited finish as started"), plan("when edited continue in the new version"));
    assert!(!stays.journeys[0].continues && moves.journeys[0].continues);
    assert_ne!(stays.hash, moves.hash);
    let back = encode::from_json(&encode::to_json(&moves).unwrap()).unwrap();
    assert_eq!(back, moves);
}
