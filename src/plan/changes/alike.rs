//! Parts of two plans under numbers that mean the same in both.
//!
//! In: parts of either plan. Out: the same parts, comparable. **Invariant:** what has the same name has the same number on both sides, and
//! nothing else has; a history is named by what it takes in, not by how long it is kept; a journey's own sends and bindings are named,
//! and where the flow goes on is left out.

use crate::plan::renumber::{renumber, renumber_all};
use crate::plan::{ArmKind, Depends, Journey, Line, Plan, StepKind};
use crate::schema::StepIx;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::cell::RefCell;
use std::collections::BTreeMap;

/// Numbers that both sides share, given out as names come.
#[derive(Debug, Default)]
pub(super) struct Names(RefCell<BTreeMap<&'static str, BTreeMap<String, u16>>>);

impl Names {
    fn number(&self, kind: &'static str, name: String) -> u16 {
        let mut all = self.0.borrow_mut();
        let known = all.entry(kind).or_default();
        let next = known.len() as u16;
        *known.entry(name).or_insert(next)
    }
}

/// One of the two plans.
#[derive(Debug, Clone, Copy)]
pub(super) struct Side<'p> {
    pub(super) plan: &'p Plan,
    pub(super) names: &'p Names,
}

impl<'p> Side<'p> {
    fn name(self, kind: &'static str, id: u16) -> Option<String> {
        let (plan, schema, at) = (self.plan, &self.plan.schema, usize::from(id));
        let name = match kind {
            "FieldId" => schema.customer.get(at)?.name.to_string(),
            "EventId" => schema.events.get(at)?.name.to_string(),
            "TopicId" => schema.topics.get(at)?.name.to_string(),
            "ChannelId" => schema.channels.get(at)?.name.to_string(),
            "TeamId" => schema.teams.get(at)?.name.to_string(),
            "ListId" => schema.lists.get(at)?.name.to_string(),
            "AudienceId" => schema.audiences.get(at)?.name.to_string(),
            "StageId" => schema.stages.get(at)?.name.to_string(),
            "HookId" => schema.hooks.get(at)?.name.to_string(),
            "PoolId" => schema.pools.get(at)?.name.to_string(),
            "ScoreId" => schema.scores.get(at)?.name.to_string(),
            "CatalogId" => schema.catalogs.get(at)?.name.to_string(),
            "SegmentId" => segment_name(plan, at)?,
            "RouteId" => plan.routes.get(at)?.name.to_string(),
            "MessageId" => plan.messages.get(at)?.name.to_string(),
            "JourneyId" => plan.journeys.get(at)?.name.to_string(),
            "TrackerId" => {
                let tracker = plan.trackers.get(at)?;
                serde_json::to_string(&self.alike(&(tracker.of, tracker.condition.clone()))?).ok()?
            }
            _ => return None,
        };
        Some(name)
    }

    fn number(self, kind: &'static str, id: u16) -> u16 {
        self.name(kind, id).map_or(u16::MAX, |name| self.names.number(kind, name))
    }

    /// `None` only for what no plan contains.
    pub(super) fn alike<T: Serialize + DeserializeOwned>(self, part: &T) -> Option<T> {
        renumber(part, &|kind, id| self.number(kind, id)).ok()
    }

    /// A part of a journey, with what is the journey's own by name.
    pub(super) fn of_journey<T: Serialize + DeserializeOwned>(self, journey: &Journey, part: &T) -> Option<T> {
        renumber_all(part, &|kind, id| match kind {
            "StepIx" => 0,
            "LocalId" => self.names.number(kind, local_name(journey, usize::from(id))),
            "SendId" => {
                let step = journey.sends.get(usize::from(id)).and_then(|send| journey.steps.get(send.step.index()));
                self.names.number(kind, step.map_or_else(String::new, |step| step.id.to_string()))
            }
            _ => self.number(kind, id),
        })
        .ok()
    }

    /// What a step does, without where the flow goes on.
    pub(super) fn kind(self, journey: &Journey, kind: &StepKind) -> Option<StepKind> {
        let mut kind = self.of_journey(journey, kind)?;
        if let StepKind::Await { arms, .. } = &mut kind {
            for arm in arms {
                (arm.line, arm.to) = (Line::default(), StepIx(0));
                arm.label.clear();
                // What it depends on follows from what it asks.
                if let ArmKind::When { depends, .. } = &mut arm.kind {
                    *depends = Depends::default();
                }
            }
        }
        // Its place among the journey's experiments.
        if let StepKind::Split { experiment, .. } = &mut kind {
            *experiment = None;
        }
        Some(kind)
    }
}

/// Lists and stages have segments of their own names.
fn segment_name(plan: &Plan, at: usize) -> Option<String> {
    let segment = plan.segments.get(at)?;
    Some(format!("{} {}", role(segment.role), segment.name))
}

/// What tells segments of one name apart.
fn role(role: crate::schema::SegmentRole) -> &'static str {
    use crate::schema::SegmentRole::{List, Stage, StageTest, Written};
    match role {
        Written => "segment",
        List(_) => "list",
        StageTest(_) => "test of stage",
        Stage(_) => "stage",
    }
}

/// Bindings may share a name: the second one alike is another.
fn local_name(journey: &Journey, at: usize) -> String {
    let Some((name, _)) = journey.locals.get(at) else { return String::new() };
    let before = journey.locals.iter().take(at).filter(|(known, _)| known == name).count();
    format!("{name}#{before}")
}
