//! What an edit changes, for who reviews it: two versions of a project side by side.
//!
//! In: two [`Side`]s, each a project as far as it could be compiled, with what a simulation over the same log reported. Out: a [`Review`], as
//! text, Markdown or JSON, and what of it a [`policy`] forbids. **Invariant:** the texts say nothing that the review does not hold; what two
//! plans differ in is what `plan::changes` says, as for a deploy; two equal sides give a review without changes. Knows no git and no files.

mod bounds;
mod findings;
mod journeys;
pub mod markdown;
mod messages;
mod plain;
pub mod policy;
mod renames;
mod segments;
pub mod text;
mod volume;

pub use bounds::BoundChange;
pub use findings::Finding;
pub use journeys::{JourneyReview, Renamed, StepReview};
pub use messages::{MessageReview, PartReview};
pub use segments::SegmentReview;
pub use volume::{Volume, VolumeLine};

use crate::diagnostic::{Diagnostic, Severity};
use crate::pipeline::Compiled;
use crate::plan::changes::{Changed, changes};
use crate::simulate::Report;
use serde::Serialize;

/// Raised when a field changes its meaning or goes.
pub const VERSION: u32 = 1;

/// One version of a project.
#[derive(Debug, Default)]
pub struct Side {
    /// As it is called: a revision, a folder.
    pub name: String,
    /// `None` where this version has no project.
    pub compiled: Option<Compiled>,
    /// In order of place.
    pub findings: Vec<Diagnostic>,
    /// Of a simulation over the log that both sides share.
    pub report: Option<Report>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// There is no project in this version.
    Absent,
    /// It does not check.
    Broken,
    Fine,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Head {
    pub name: String,
    pub state: State,
    pub errors: usize,
    pub warnings: usize,
    pub journeys: usize,
}

/// Everything that differs.
#[derive(Debug, Clone, Serialize)]
pub struct Review {
    pub version: u32,
    pub project: String,
    pub before: Head,
    pub after: Head,
    pub journeys: Vec<JourneyReview>,
    pub messages: Vec<MessageReview>,
    pub segments: Vec<SegmentReview>,
    pub declarations: Vec<Changed>,
    /// Of what holds for everybody at once.
    pub policy: Vec<String>,
    pub bounds: Vec<BoundChange>,
    /// `None` where nothing was simulated; then `volume_missing` says why.
    pub volume: Option<Volume>,
    pub volume_missing: Option<String>,
    /// That were not there before.
    pub new_findings: Vec<Finding>,
    pub gone_findings: Vec<Finding>,
}

impl Review {
    /// Whether nothing differs that somebody could notice.
    pub fn is_empty(&self) -> bool {
        self.before.state == self.after.state
            && self.journeys.is_empty()
            && self.messages.is_empty()
            && self.segments.is_empty()
            && self.declarations.is_empty()
            && self.policy.is_empty()
            && self.bounds.is_empty()
            && self.new_findings.is_empty()
            && self.gone_findings.is_empty()
            && self.volume.as_ref().is_none_or(|volume| volume.is_same)
    }
}

/// Reviews the step from one version to the next. `volume_missing`: why nothing was simulated, where nothing was.
pub fn review(project: &str, before: &Side, after: &Side, volume_missing: Option<String>) -> Review {
    let mut review = Review {
        version: VERSION,
        project: project.to_owned(),
        before: head(before),
        after: head(after),
        journeys: Vec::new(),
        messages: Vec::new(),
        segments: Vec::new(),
        declarations: Vec::new(),
        policy: Vec::new(),
        bounds: Vec::new(),
        volume: None,
        volume_missing,
        new_findings: findings::only_in(after, before),
        gone_findings: findings::only_in(before, after),
    };
    let empty = crate::plan::Plan::default();
    let (Some(old), Some(new)) = (plan_of(before, &empty), plan_of(after, &empty)) else { return review };
    let renamed = renames::renamed(old, new);
    let old = &renames::under_new_names(old, &renamed);
    let changes = changes(old, new);
    let pair = journeys::Pair { before: (old, before), after: (new, after), renamed: &renamed };
    review.journeys = journeys::review(&pair, &changes);
    review.messages = messages::review(old, new);
    review.segments = segments::review(&pair, &changes.segments);
    review.declarations = changes.declarations;
    // Where one side is no project, all of it is new or gone, and so is what holds for everybody.
    if review.before.state == State::Fine && review.after.state == State::Fine {
        review.policy = changes.policy;
        review.bounds = bounds::review(before, after, &renamed);
    }
    review.volume = before.report.as_ref().zip(after.report.as_ref()).map(|(old, new)| volume::review(old, new, &renamed));
    review
}

/// The plan of a side; that of nothing where there is no project; `None` where it does not check.
fn plan_of<'a>(side: &'a Side, empty: &'a crate::plan::Plan) -> Option<&'a crate::plan::Plan> {
    match &side.compiled {
        None => Some(empty),
        Some(compiled) => compiled.plan.as_ref(),
    }
}

fn head(side: &Side) -> Head {
    let errors = side.findings.iter().filter(|one| one.severity() == Severity::Error).count();
    let state = match &side.compiled {
        None => State::Absent,
        Some(compiled) if compiled.plan.is_none() => State::Broken,
        Some(_) => State::Fine,
    };
    let plan = side.compiled.as_ref().and_then(|compiled| compiled.plan.as_ref());
    Head {
        name: side.name.clone(),
        state,
        errors,
        warnings: side.findings.len() - errors,
        journeys: plan.map_or(0, |plan| plan.journeys.len()),
    }
}
