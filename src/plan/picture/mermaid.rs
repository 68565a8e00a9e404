//! A journey as a Mermaid flow chart.

use super::{Look, look};
use crate::plan::outline::is_plumbing;
use crate::plan::table::entry_words;
use crate::plan::{Journey, Plan, StepKind, outline::percent};
use crate::schema::StepIx;
use std::collections::BTreeMap;
use std::fmt::Write;

/// What is said of a step in a picture of what changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mark {
    Added,
    Removed,
    Changed,
}

/// Steps of a journey that are marked, by their identity.
pub type Marks = BTreeMap<String, Mark>;

/// Every journey of the plan (or only one), one flow chart each.
pub fn mermaid(plan: &Plan, only: Option<&str>) -> String {
    chart(plan, only, &Marks::new())
}

/// One journey with some of its steps marked: by a word, for who sees no colours, and by a thick line.
pub fn marked(plan: &Plan, journey: &str, marks: &Marks) -> String {
    chart(plan, Some(journey), marks)
}

fn chart(plan: &Plan, only: Option<&str>, marks: &Marks) -> String {
    let mut text = String::from("flowchart TD\n");
    for (number, journey) in plan.journeys.iter().enumerate().filter(|(_, journey)| only.is_none_or(|name| journey.name == name)) {
        let title = journey.title.as_deref().unwrap_or(&journey.name);
        let _ = writeln!(text, "  subgraph j{number}[\"{}\"]", escape(title));
        draw(plan, number, journey, marks, &mut text);
        text.push_str("  end\n");
    }
    text.push_str("  classDef wait fill:#fff4d6,stroke:#b7791f\n  classDef question fill:#e6efff,stroke:#3b6fb6\n");
    text.push_str("  classDef message fill:#dcf5e4,stroke:#2f855a\n  classDef change fill:#f2f2f2,stroke:#777\n  classDef done fill:#fbe3e4,stroke:#b03a48\n");
    if !marks.is_empty() {
        text.push_str("  classDef added stroke:#1a7f37,stroke-width:4px\n  classDef changed stroke:#9a6700,stroke-width:4px\n");
        text.push_str("  classDef removed stroke:#cf222e,stroke-width:4px,stroke-dasharray:6 4\n");
    }
    text
}

fn draw(plan: &Plan, number: usize, journey: &Journey, marks: &Marks, text: &mut String) {
    let name = |at: StepIx| format!("j{number}s{}", at.0);
    // Steps that only steer are left out: an arrow to one goes to where it leads.
    let target = |mut at: StepIx| {
        for _ in 0..journey.steps.len() {
            match journey.steps.get(at.index()) {
                Some(step) if matches!(step.kind, StepKind::ResetCounter { .. } | StepKind::Jump) => at = step.next,
                _ => break,
            }
        }
        at
    };
    for (at, entry) in journey.entries.iter().enumerate() {
        let _ = writeln!(text, "    j{number}e{at}([\"{}\"]) --> {}", escape(&entry_words(plan, &entry.kind)), name(target(StepIx(0))));
    }
    for (at, step) in journey.steps.iter().enumerate() {
        let at = StepIx(at as u16);
        if matches!(step.kind, StepKind::ResetCounter { .. } | StepKind::Jump) {
            continue;
        }
        let mark = marks.get(step.id.as_str()).map(|mark| match mark {
            Mark::Added => ("new", "added"),
            Mark::Removed => ("removed", "removed"),
            Mark::Changed => ("changed", "changed"),
        });
        let label = escape(if is_plumbing(step) { "end" } else { &step.label });
        let label = mark.map_or_else(|| label.clone(), |(word, _)| format!("{word}: {label}"));
        let class = match look(step) {
            Look::Wait => "wait",
            Look::Question => "question",
            Look::Message => "message",
            Look::Change => "change",
            Look::End => "done",
        };
        let _ = match look(step) {
            Look::Question => writeln!(text, "    {}{{\"{label}\"}}:::{class}", name(at)),
            Look::End => writeln!(text, "    {}([\"{label}\"]):::{class}", name(at)),
            _ => writeln!(text, "    {}[\"{label}\"]:::{class}", name(at)),
        };
        if let Some((_, class)) = mark {
            let _ = writeln!(text, "    class {} {class}", name(at));
        }
        let mut arrow = |label: &str, to: StepIx| {
            let label = if label.is_empty() { String::new() } else { format!("|\"{}\"|", escape(label)) };
            let _ = writeln!(text, "    {} -->{label} {}", name(at), name(target(to)));
        };
        match &step.kind {
            StepKind::Exit { .. } => {}
            StepKind::Branch { arms, otherwise } => {
                for (number, (_, to)) in arms.iter().enumerate() {
                    arrow(&if number == 0 { "yes".to_owned() } else { format!("else if {number}") }, *to);
                }
                arrow(if arms.len() > 1 { "otherwise" } else { "no" }, *otherwise);
            }
            StepKind::Split { paths, .. } => {
                for path in paths {
                    arrow(&format!("{} {}", path.name, percent(path.share)), path.to);
                }
            }
            StepKind::Await { arms, otherwise, .. } => {
                for arm in arms {
                    arrow(&arm.label, arm.to);
                }
                arrow("otherwise", *otherwise);
            }
            StepKind::Call { otherwise, .. } => {
                arrow("answered", step.next);
                arrow("otherwise", *otherwise);
            }
            StepKind::Draw { otherwise, .. } => {
                arrow("a code", step.next);
                arrow("otherwise", *otherwise);
            }
            StepKind::Wait { skip_to, .. } if *skip_to != step.next => {
                arrow("", step.next);
                arrow("skipped", *skip_to);
            }
            StepKind::Repeat { body, .. } => {
                arrow("again", *body);
                arrow("done", step.next);
            }
            _ => arrow("", step.next),
        }
    }
}

/// Mermaid reads quotes and a few others as its own.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;").replace('>', "&gt;").replace('#', "&#35;")
}
