//! `## allow CODE: why`: findings that somebody has looked at and accepts.
//!
//! In: the doc comments of a project, and its findings. Out: the findings that are left. **Invariant:** only warnings can be accepted, only
//! inside what the line stands above, and a line that accepts nothing is itself a finding.

use super::problem::problems;
use crate::ast::{self, Allow, Block, Branch, Content, DeclKind, Docs, JourneyItem, Step, StepKind};
use crate::diagnostic::{Code, Diagnostics, Fix, Severity, explain};
use crate::source::Place;
use crate::value::Text;
use std::cell::Cell;
use std::collections::HashMap;

problems! {
    /// `## allow W0232: …` above something without that finding.
    AllowsNothing { code: String, fix: Option<Fix> } = Code::new("W0170", "allows-nothing");
        "there is no finding {code} to allow here", "what stands below this line is fine", "take this line out";

    /// `## allow E0101: …`, `## allow W9999: …`
    CannotAllow { code: String, why: &'static str, fix: Option<Fix> } = Code::new("W0171", "cannot-be-allowed");
        "{code} cannot be allowed", "{why}", "take this line out, and mend what it is about";
}

struct Accepted<'a> {
    allow: &'a Allow,
    range: Place,
    used: Cell<bool>,
}

/// Takes out what is accepted, and adds what is wrong with the lines that accept.
pub(super) fn apply(files: &[ast::File], found: &mut Diagnostics) {
    // Not everything is looked at where there is an error: what is not found then may be there all the same.
    let whole = !found.has_errors();
    let mut collector = Collector { accepted: Vec::new() };
    files.iter().flat_map(|file| &file.decls).for_each(|decl| collector.decl(decl));
    if collector.accepted.is_empty() {
        return;
    }
    let mut by_code: HashMap<&Text, Vec<&Accepted>> = HashMap::new();
    for accepted in &collector.accepted {
        by_code.entry(&accepted.allow.code).or_default().push(accepted);
    }
    found.retain(|finding| {
        if finding.severity() != Severity::Warning {
            return true;
        }
        let code = Text::new(finding.code.number);
        let Some(lines) = by_code.get(&code) else { return true };
        let mut keep = true;
        for line in lines.iter().filter(|line| covers(line.range, finding.place)) {
            line.used.set(true);
            keep = false;
        }
        keep
    });
    for accepted in &collector.accepted {
        judge(accepted, whole, found);
    }
}

fn judge(accepted: &Accepted, whole: bool, found: &mut Diagnostics) {
    let (place, code) = (accepted.allow.place, accepted.allow.code.to_string());
    let fix = Some(Fix::replace("take this line out", place, ""));
    if code.starts_with('E') {
        found.push(CannotAllow { place, code, why: "this is an error, and only warnings can be accepted", fix });
    } else if explain::page(&code).is_none() {
        found.push(CannotAllow { place, code, why: "there is no such finding", fix });
    } else if !accepted.used.get() && whole {
        found.push(AllowsNothing { place, code, fix });
    }
}

fn covers(range: Place, place: Place) -> bool {
    range.file == place.file && range.span.start <= place.span.start && place.span.end <= range.span.end
}

struct Collector<'a> {
    accepted: Vec<Accepted<'a>>,
}

impl<'a> Collector<'a> {
    fn docs(&mut self, docs: &'a Docs, range: Place) {
        self.accepted.extend(docs.allow.iter().map(|allow| Accepted { allow, range, used: Cell::new(false) }));
    }

    fn decl(&mut self, decl: &'a ast::Decl) {
        self.docs(&decl.docs, decl.place);
        match &decl.kind {
            DeclKind::Customer { fields } | DeclKind::Event { fields, .. } | DeclKind::Catalog { fields, .. } => {
                fields.iter().for_each(|field| self.docs(&field.docs, field.place));
            }
            DeclKind::Message(message) => self.contents(message),
            DeclKind::Journey(journey) => {
                for item in &journey.items {
                    match item {
                        JourneyItem::Clause(clause) => self.docs(&clause.docs, clause.place),
                        JourneyItem::Step(step) => self.step(step),
                        JourneyItem::Message(message) => {
                            self.docs(&message.docs, message.place);
                            self.contents(message);
                        }
                    }
                }
            }
            _ => {}
        }
    }

    fn contents(&mut self, message: &'a ast::Message) {
        for content in &message.contents {
            if let Content::Channel(content) = content {
                self.docs(&content.docs, content.place);
            }
        }
    }

    fn block(&mut self, block: &'a Block) {
        block.iter().for_each(|step| self.step(step));
    }

    fn branches(&mut self, branches: &'a [Branch]) {
        for branch in branches {
            self.docs(&branch.docs, branch.place);
            self.block(&branch.block);
        }
    }

    fn step(&mut self, step: &'a Step) {
        self.docs(&step.docs, step.place);
        match &step.kind {
            StepKind::WaitUntil(wait) => {
                wait.branches.iter().for_each(|branches| self.branches(branches));
                wait.skip.iter().for_each(|skip| self.block(&skip.block));
            }
            StepKind::WaitUpToShort { otherwise: Some(otherwise), .. } => self.step(otherwise),
            StepKind::WaitUpTo { branches, .. } | StepKind::WaitFull { branches, .. } => self.branches(branches),
            StepKind::If { arms, otherwise } => {
                arms.iter().for_each(|(_, block)| self.block(block));
                otherwise.iter().for_each(|block| self.block(block));
            }
            StepKind::Split { paths, .. } => {
                for path in paths {
                    self.docs(&path.docs, path.place);
                    self.block(&path.block);
                }
            }
            StepKind::Draw(draw) => self.block(&draw.otherwise),
            StepKind::Call(call) => self.block(&call.otherwise),
            StepKind::Experiment(experiment) => {
                for arm in &experiment.arms {
                    self.docs(&arm.docs, arm.place);
                    self.block(&arm.block);
                }
            }
            StepKind::Repeat { block, .. } | StepKind::ForEach { block, .. } | StepKind::Broken { block: Some(block) } => self.block(block),
            _ => {}
        }
    }
}
