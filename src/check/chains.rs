//! Journeys that set each other off in the same instant, in a circle.
//!
//! In: a checked project. Out: findings only. **Invariant:** only what a run comes to in the instant it begins counts, for a wait lets
//! others live; a circle is an error where nothing can stop it, and a warning where a condition may. What brings a customer where she is
//! already (a topic, a list, a stage) sets off nobody, so such a circle must also undo it. Does not know what a single customer did.

use super::checked::{Again, ArmKind, Checked, EntryKind, Journey, RunKey, Step, StepKind};
use super::flow::{Storm, StormPossible, each_branch, passage, passes_at_once};
use crate::condition::{Happening, What};
use crate::diagnostic::Diagnostics;
use crate::schema::{EventId, JourneyId, ListId, StageId, TopicId, WhileRunning};
use crate::source::Place;
use std::collections::BTreeMap;

/// A step that starts a journey in the instant its own journey begins.
struct Spark {
    from: JourneyId,
    to: JourneyId,
    place: Place,
    /// Something may stop it: the entry that takes it has a `where`, or the step stands in a branch.
    conditional: bool,
    /// What it changes about the customer, where nothing happens if it holds already.
    change: Option<State>,
}

/// Where a customer is: what brings her there sets off nobody when she is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Subscribed(TopicId, bool),
    OnList(ListId, bool),
    Stage(StageId),
}

impl State {
    /// What a step brings about.
    fn of(step: &StepKind) -> Option<State> {
        Some(match step {
            StepKind::Subscribe(topic) | StepKind::Confirm(topic) => State::Subscribed(*topic, true),
            StepKind::Unsubscribe(topic) => State::Subscribed(*topic, false),
            StepKind::OnList { list, add } => State::OnList(*list, *add),
            StepKind::MoveToStage(stage) => State::Stage(*stage),
            _ => return None,
        })
    }

    /// Whether it ends the other, so that the other can come about once more.
    fn ends(self, other: State) -> bool {
        match (self, other) {
            (State::Subscribed(a, yes), State::Subscribed(b, no)) => a == b && yes != no,
            (State::OnList(a, yes), State::OnList(b, no)) => a == b && yes != no,
            (State::Stage(a), State::Stage(b)) => a != b,
            _ => false,
        }
    }

    /// Whether it lets somebody in.
    fn enters(self, project: &Checked, entry: &EntryKind) -> bool {
        let schema = &project.schema;
        match (self, entry) {
            (State::Subscribed(topic, true), EntryKind::On(What::Happened(Happening::SubscribedTo(taken)))) => topic == *taken,
            (State::Subscribed(topic, false), EntryKind::On(What::Happened(Happening::UnsubscribedFrom(taken)))) => topic == *taken,
            (State::OnList(list, true), EntryKind::Joins { segment, .. })
            | (State::OnList(list, false), EntryKind::Leaves { segment, .. }) => {
                schema.lists.get(list.index()).is_some_and(|list| list.segment == *segment)
            }
            (State::Stage(stage), EntryKind::Joins { segment, .. }) => {
                schema.stages.get(stage.index()).is_some_and(|stage| stage.segment == *segment)
            }
            _ => false,
        }
    }
}

/// Reports every circle once.
pub(super) fn check(project: &Checked, found: &mut Diagnostics) {
    let sparks = sparks(project);
    let mut from: BTreeMap<JourneyId, Vec<&Spark>> = BTreeMap::new();
    for spark in &sparks {
        from.entry(spark.from).or_default().push(spark);
    }
    // A circle is told once, at the spark that leads back to its first journey in source order.
    for start in from.keys() {
        let mut seen = vec![*start];
        let mut path: Vec<&Spark> = Vec::new();
        if follow(*start, *start, &from, &mut seen, &mut path) && goes_round(project, &path) {
            tell(project, &path, found);
        }
    }
}

/// Whether what the circle changes about a customer is undone on the way, so that it can be changed once more.
fn goes_round(project: &Checked, path: &[&Spark]) -> bool {
    path.iter().filter_map(|spark| spark.change).all(|change| {
        path.iter().any(|spark| {
            let Some(journey) = project.journeys.get(spark.from.index()) else { return false };
            let mut at_once = Vec::new();
            steps_at_once(&journey.steps, true, &mut at_once);
            at_once.iter().any(|(step, _)| State::of(&step.kind).is_some_and(|state| state.ends(change)))
        })
    })
}

/// Depth first through journeys not before `start`, so that each circle is found from its smallest member only.
fn follow<'a>(
    start: JourneyId,
    at: JourneyId,
    from: &BTreeMap<JourneyId, Vec<&'a Spark>>,
    seen: &mut Vec<JourneyId>,
    path: &mut Vec<&'a Spark>,
) -> bool {
    for spark in from.get(&at).into_iter().flatten() {
        path.push(spark);
        if spark.to == start {
            return true;
        }
        if spark.to > start && !seen.contains(&spark.to) {
            seen.push(spark.to);
            if follow(start, spark.to, from, seen, path) {
                return true;
            }
        }
        path.pop();
    }
    false
}

fn tell(project: &Checked, path: &[&Spark], found: &mut Diagnostics) {
    let name = |id: JourneyId| project.journeys.get(id.index()).map_or(String::new(), |journey| journey.name.to_string());
    let (Some(first), Some(last)) = (path.first(), path.last()) else { return };
    let mut cycle = format!("`{}`", name(first.from));
    for spark in path {
        cycle.push_str(&format!(" → `{}`", name(spark.to)));
    }
    let name = name(first.from);
    if path.iter().any(|spark| spark.conditional) {
        found.push(StormPossible { place: last.place, cycle, name });
    } else {
        found.push(Storm { place: last.place, cycle, name });
    }
}

/// Whether a journey lets the same customer in again although she has been in it just now: `Some(true)` only with another key.
fn opens_again(journey: &Journey) -> Option<bool> {
    if journey.again == Again::Always || journey.while_running == WhileRunning::Restart {
        return Some(false);
    }
    match journey.key {
        RunKey::PerEvent | RunKey::PerRequest => Some(false),
        RunKey::Value(_) => Some(true),
        RunKey::Customer => None,
    }
}

fn sparks(project: &Checked) -> Vec<Spark> {
    let mut sparks = Vec::new();
    for (at, journey) in project.journeys.iter().enumerate() {
        let from = JourneyId(at as u16);
        let mut at_once = Vec::new();
        steps_at_once(&journey.steps, true, &mut at_once);
        for (step, sure) in at_once {
            match &step.kind {
                StepKind::Start { journey: to, .. } => {
                    let again = project.journeys.get(to.index()).and_then(opens_again);
                    sparks.extend(again.map(|by_key| Spark {
                        from,
                        to: *to,
                        place: step.head,
                        conditional: by_key || !sure,
                        change: None,
                    }));
                }
                StepKind::Emit { event, .. } => takers(project, *event, |to, conditional| {
                    sparks.push(Spark { from, to, place: step.head, conditional: conditional || !sure, change: None });
                }),
                other => {
                    let Some(state) = State::of(other) else { continue };
                    for (at, journey) in project.journeys.iter().enumerate() {
                        let enters = journey.entries.iter().any(|entry| state.enters(project, &entry.kind));
                        if enters && opens_again(journey).is_some() {
                            // Whether she is there already, nobody knows here.
                            sparks.push(Spark { from, to: JourneyId(at as u16), place: step.head, conditional: true, change: Some(state) });
                        }
                    }
                }
            }
        }
    }
    sparks
}

/// Journeys that an event lets in as often as it comes.
fn takers(project: &Checked, event: EventId, mut take: impl FnMut(JourneyId, bool)) {
    for (at, journey) in project.journeys.iter().enumerate() {
        let Some(by_key) = opens_again(journey) else { continue };
        for entry in &journey.entries {
            if matches!(entry.kind, EntryKind::On(What::Happened(Happening::Event(taken))) if taken == event) {
                take(JourneyId(at as u16), by_key || entry.condition.is_some());
            }
        }
    }
}

/// The steps that a run can come to in the instant it begins, each with whether it surely comes to it. Returns whether it can also come
/// past the block.
fn steps_at_once<'a>(block: &'a [Step], mut sure: bool, out: &mut Vec<(&'a Step, bool)>) -> bool {
    for step in block {
        out.push((step, sure));
        let past = match &step.kind {
            StepKind::Wait(_) | StepKind::Collect(_) | StepKind::Exit { .. } | StepKind::Break => false,
            // A branch on a condition that already holds is taken at once.
            StepKind::Await(wait) => {
                sure = false;
                let mut any = false;
                for arm in wait.arms.iter().filter(|arm| matches!(arm.kind, ArmKind::When(_))) {
                    any |= steps_at_once(&arm.block, false, out);
                }
                any
            }
            StepKind::ForEach { block, .. } => {
                steps_at_once(block, false, out);
                true
            }
            StepKind::Repeat { block, .. } => {
                steps_at_once(block, sure, out);
                passage(block).breaks || passes_at_once(block)
            }
            kind @ (StepKind::If { .. } | StepKind::Split { .. }) => {
                let (mut any, mut all) = (false, true);
                each_branch(kind, &mut |block| {
                    let past = steps_at_once(block, false, out);
                    any |= past;
                    all &= past;
                });
                sure &= all;
                any
            }
            _ => true,
        };
        if !past {
            return false;
        }
    }
    true
}
