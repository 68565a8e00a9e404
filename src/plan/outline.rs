//! The shape of a journey for people: its steps as nested sequences again, branches beside each other.
//!
//! In: a journey of a plan. Out: [`Item`]s for table and pictures. **Invariant:** every step that the journey has, except those that only
//! steer the flow, appears exactly once; where a branch rejoins is where its sequence ends.

use super::{Journey, Step, StepKind};
use crate::schema::StepIx;

/// One thing in a sequence of steps.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    Step(StepIx),
    /// A step from which the flow goes on in one of several ways, and then rejoins.
    Fork {
        step: StepIx,
        ways: Vec<Way>,
    },
    /// A step whose inside is walked again and again.
    Loop {
        step: StepIx,
        body: Vec<Item>,
    },
}

#[derive(Debug, Clone, PartialEq)]
pub struct Way {
    /// When it is taken: `on clicked reminder`, `50%`, `otherwise`.
    pub label: String,
    pub items: Vec<Item>,
}

/// The steps of a journey as nested sequences.
pub fn outline(journey: &Journey) -> Vec<Item> {
    let end = StepIx(journey.steps.len().saturating_sub(1) as u16);
    Outliner { journey, seen: vec![false; journey.steps.len()] }.sequence(StepIx(0), end)
}

/// What a person calls a step that steers only: nothing.
pub fn is_plumbing(step: &Step) -> bool {
    matches!(step.kind, StepKind::ResetCounter { .. }) || matches!(step.kind, StepKind::Exit { written: false, .. })
}

struct Outliner<'a> {
    journey: &'a Journey,
    seen: Vec<bool>,
}

impl Outliner<'_> {
    /// From a step to where the sequence rejoins what is around it.
    fn sequence(&mut self, from: StepIx, join: StepIx) -> Vec<Item> {
        let mut items = Vec::new();
        let mut at = from;
        while at != join {
            let Some(step) = self.journey.steps.get(at.index()) else { break };
            if std::mem::replace(&mut self.seen[at.index()], true) {
                break;
            }
            let step = step.clone();
            match &step.kind {
                StepKind::ResetCounter { .. } => {}
                StepKind::Exit { written: false, .. } => break,
                StepKind::Exit { .. } => {
                    items.push(Item::Step(at));
                    break;
                }
                StepKind::Jump => {
                    items.push(Item::Step(at));
                    break;
                }
                StepKind::Branch { arms, otherwise } => {
                    let several = arms.len() > 1;
                    let mut ways = Vec::new();
                    for (number, (_, to)) in arms.iter().enumerate() {
                        let label = if number == 0 { "yes".to_owned() } else { format!("else if {number}") };
                        ways.push(self.way(label, *to, step.next));
                    }
                    let label = if several { "otherwise" } else { "no" };
                    ways.push(self.way(label.to_owned(), *otherwise, step.next));
                    items.push(Item::Fork { step: at, ways });
                }
                StepKind::Split { paths, .. } => {
                    let ways = paths
                        .iter()
                        .map(|path| {
                            let label = format!("{} · {}", path.name, percent(path.share));
                            self.way(label, path.to, step.next)
                        })
                        .collect();
                    items.push(Item::Fork { step: at, ways });
                }
                StepKind::Await { arms, otherwise, .. } => {
                    let mut ways: Vec<Way> = arms.iter().map(|arm| self.way(arm.label.clone(), arm.to, step.next)).collect();
                    ways.push(self.way("otherwise".to_owned(), *otherwise, step.next));
                    items.push(Item::Fork { step: at, ways });
                }
                StepKind::Call { otherwise, .. } => {
                    let answered = Way { label: "answered".to_owned(), items: Vec::new() };
                    items.push(Item::Fork { step: at, ways: vec![answered, self.way("otherwise".to_owned(), *otherwise, step.next)] });
                }
                StepKind::Draw { otherwise, .. } => {
                    let drawn = Way { label: "a code".to_owned(), items: Vec::new() };
                    items.push(Item::Fork { step: at, ways: vec![drawn, self.way("otherwise".to_owned(), *otherwise, step.next)] });
                }
                StepKind::Wait { skip_to, .. } if *skip_to != step.next => {
                    let ways =
                        vec![self.way("then".to_owned(), step.next, *skip_to), Way { label: "skipped".to_owned(), items: Vec::new() }];
                    items.push(Item::Fork { step: at, ways });
                    at = *skip_to;
                    continue;
                }
                StepKind::Repeat { body, .. } => {
                    let body = self.sequence(*body, at);
                    items.push(Item::Loop { step: at, body });
                }
                _ => items.push(Item::Step(at)),
            }
            at = step.next;
        }
        items
    }

    fn way(&mut self, label: String, from: StepIx, join: StepIx) -> Way {
        Way { label, items: self.sequence(from, join) }
    }
}

/// A share as people write it: 2,500 is `25%`.
pub fn percent(share: super::BasisPoints) -> String {
    if share.is_multiple_of(100) {
        format!("{}%", share / 100)
    } else {
        let digits = format!("{}.{:02}", share / 100, share % 100);
        format!("{}%", digits.trim_end_matches('0'))
    }
}
