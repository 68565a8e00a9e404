//! The flow of journeys beyond one straight way: lists, stages, scores, what is collected, who else is told. Every construct is played
//! as a story; what a story cannot say is asked of the plan or of the row.

mod lists;
mod many;
mod others;
mod scores;
mod stages;
mod starts;
mod ways;

use onward::Project;
use onward::diagnostic::Severity;
use onward::scenario::{self, Report};

/// What all stories share.
pub const SHOP: &str = r#"
customer {
  email    email?
  phone    phone?
  points   number = 0
}
event ordered { order_id text, total money EUR }
event viewed { sku text }
event paid { order_id text }
topic news "News" opt in
topic letters "Letters" double opt in
topic orders "Orders" transactional "the customer ordered"
team sales "Sales"
policy { timezone "Europe/Berlin" }
message hello about news {
  email { subject "Hello", text "Nice to see you" }
  sms "Hello"
}
message letter about letters { email { subject "Letter", text "A letter" } }
message receipt(total money EUR) about orders { email { subject "Receipt", text "{{ total | money }}" } }
message call_her(name text) about orders { task { title "Call {{ name }}", note "please" } }
"#;

/// The findings of a project, errors as codes.
pub fn errors(journeys: &str) -> Vec<String> {
    let text = format!("{SHOP}{journeys}");
    let (_, found) = onward::check_project(Project::from_texts([("shop.journey", text.as_str())]));
    let found = found.into_sorted();
    found.iter().filter(|one| one.severity() == Severity::Error).map(|one| format!("{} {}", one.code.number, one.message())).collect()
}

pub fn play(journeys: &str) -> (Report, onward::Compiled) {
    let text = format!("{SHOP}{journeys}");
    let (compiled, found) = onward::check_project(Project::from_texts([("shop.journey", text.as_str())]));
    assert!(!found.has_errors(), "{:#?}", found.into_sorted());
    (scenario::run(&compiled.checked, compiled.sources(), None), compiled)
}

/// Every scenario comes true.
pub fn holds(journeys: &str) {
    let (report, compiled) = play(journeys);
    assert!(!report.scenarios.is_empty());
    assert_eq!(report.failed(), 0, "{}", scenario::text(&report, compiled.sources(), false));
}

/// No scenario comes true: what was said instead.
pub fn fails(journeys: &str) -> String {
    let (report, compiled) = play(journeys);
    assert_eq!(report.failed(), report.scenarios.len());
    scenario::text(&report, compiled.sources(), false)
}
