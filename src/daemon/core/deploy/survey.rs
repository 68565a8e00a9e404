//! Who stands where, and what another plan would change for them.
//!
//! In: the core, a plan, decisions. Out: figures by journey, step and segment. **Invariant:** nothing is changed: each row is copied, follows
//! in the copy as it would follow for real, and is looked at before and after; it is done in slices, so that a daemon at work goes on
//! between them, and each customer is seen as she is when her slice comes.

use super::comparison::{Comparison, JourneyPeople, NAMES_MAX, Removed, SegmentPeople, StepPeople};
use super::retyped::{Retyped, retyped};
use crate::calendar::Instant;
use crate::condition::{Expr, Happening};
use crate::daemon::core::Core;
use crate::daemon::core::world::Versions;
use crate::daemon::core::world::trial::Trial;
use crate::engine::row::{Customer, RunState};
use crate::engine::versions::{Decision, Fate, TYPE_OF, migrate};
use crate::engine::{Attention, Output, PlanId};
use crate::plan::changes::{Change, Changes, changes};
use crate::plan::table::role_word;
use crate::plan::{Plan, Segment};
use crate::schema::SegmentRole;
use crate::shard::{Damaged, Number, Ways as _};
use crate::simulate::report::local;
use crate::value::Text;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A look at everybody, on its way.
#[derive(Debug)]
pub struct Survey {
    before: Arc<Plan>,
    now: Arc<Plan>,
    versions: Versions,
    decisions: Vec<Decision>,
    next: Number,
    customers: u64,
    journeys: BTreeMap<Text, BTreeMap<Text, Stand>>,
    segments: BTreeMap<(&'static str, Text), Flow>,
    /// Who goes on under an older version and reads what has another type now: by journey and what it is.
    retyped: BTreeMap<(Text, Retyped), u64>,
    /// The same by version and journey, looked up once.
    read: BTreeMap<(PlanId, Text), Vec<Retyped>>,
    out: Output,
}

/// People at one step.
#[derive(Debug, Default)]
struct Stand {
    label: String,
    people: u64,
    stay: u64,
    go_on: u64,
    exit: u64,
    retimed: Option<(Instant, Instant)>,
    names: Vec<String>,
}

#[derive(Debug, Default)]
struct Flow {
    members: u64,
    joins: u64,
    leaves: u64,
    joining: Vec<String>,
    leaving: Vec<String>,
}

/// A run before anything happens to it.
struct Standing {
    number: u32,
    plan: Option<PlanId>,
    journey: Text,
    step: Text,
    label: String,
    due: Instant,
}

impl Core {
    /// Begins to look at what would change.
    ///
    /// # Errors
    /// If the plan cannot be put beside those that are there.
    pub fn begin_survey(&self, plan: &Arc<Plan>, decisions: Vec<Decision>) -> Result<Survey, serde_json::Error> {
        let mut versions = self.world.versions_with(Arc::clone(plan))?;
        versions.decide(&decisions);
        Ok(Survey {
            before: Arc::clone(self.world.plan()),
            now: Arc::clone(plan),
            versions,
            decisions,
            next: Number(0),
            customers: 0,
            journeys: BTreeMap::new(),
            segments: BTreeMap::new(),
            retyped: BTreeMap::new(),
            read: BTreeMap::new(),
            out: Output::default(),
        })
    }

    /// Looks at the next customers; `true` while some are left.
    ///
    /// # Errors
    /// Somebody's entry cannot be read.
    pub fn survey(&self, survey: &mut Survey, now: Instant, max: usize) -> Result<bool, Damaged> {
        if self.world.plan().hash == survey.now.hash || self.world.plan().hash != survey.before.hash {
            // Nothing would change, or another plan became active meanwhile.
            return Ok(false);
        }
        for _ in 0..max {
            let Some(shard) = self.shards.get(survey.next.shard()) else { return Ok(false) };
            if survey.next.slot() >= shard.places() {
                survey.next = Number::new(survey.next.shard() as u16 + 1, 0);
                continue;
            }
            if let Some(row) = shard.row(survey.next)? {
                survey.customers += 1;
                self.look_at(survey, row, now);
            }
            survey.next = Number(survey.next.0 + 1);
        }
        Ok(true)
    }

    fn look_at(&self, survey: &mut Survey, mut row: Customer, now: Instant) {
        if let Some((way, since)) = row.plan.and_then(|plan| self.world.way_from(plan)) {
            survey.out.clear();
            let since = since.max(row.clock);
            migrate(&self.world, Attention::default(), &mut row, way, since, &mut survey.out);
        }
        let runs: Vec<Standing> = self.standing(&row);
        let members: Vec<bool> = row.segments.iter().map(|standing| standing.member).collect();
        let trial = Trial { world: &self.world, versions: &survey.versions, at: now };
        let Some((way, at)) = row.plan.and_then(|plan| trial.way_from(plan)) else { return };
        let at = at.max(row.clock);
        survey.out.clear();
        migrate(&trial, Attention::default(), &mut row, way, at, &mut survey.out);
        for run in runs {
            self.note_types(survey, &run, &row);
            survey.note_run(run, &row);
        }
        survey.note_segments(&members, &row);
    }

    /// What a run reads that has another type now, where it does not move to the new version.
    fn note_types(&self, survey: &mut Survey, was: &Standing, row: &Customer) {
        let after = row.runs.iter().find(|run| run.number == was.number);
        let newest = survey.versions.active().id;
        let decided = |one: &&Decision| one.journey == was.journey && one.step.starts_with(TYPE_OF);
        let goes_on = match after {
            Some(run) => row.plans.get(usize::from(run.plan)) != Some(&newest),
            None => survey.decisions.iter().find(decided).is_some(),
        };
        let Some((id, loaded)) = was.plan.and_then(|id| Some((id, self.world.loaded(id)?))).filter(|_| goes_on) else { return };
        let now = &survey.now;
        let read = survey.read.entry((id, was.journey.clone())).or_insert_with(|| {
            let own = loaded.original();
            own.journeys.iter().find(|journey| journey.name == was.journey).map_or_else(Vec::new, |journey| retyped(own, journey, now))
        });
        for one in read {
            *survey.retyped.entry((was.journey.clone(), one.clone())).or_default() += 1;
        }
    }

    fn standing(&self, row: &Customer) -> Vec<Standing> {
        let live = row.runs.iter().filter(|run| !matches!(run.state, RunState::Done | RunState::Ended));
        live.filter_map(|run| {
            let plan = row.plans.get(usize::from(run.plan)).copied();
            let loaded = plan.and_then(|id| self.world.loaded(id))?;
            let journey = loaded.plan.journeys.get(run.journey.index())?;
            let step = journey.steps.get(run.step.index())?;
            Some(Standing {
                number: run.number,
                plan,
                journey: journey.name.clone(),
                step: step.id.clone(),
                label: step.label.clone(),
                due: run.due,
            })
        })
        .collect()
    }

    /// The plan and the decisions of a survey are still about what is active.
    pub fn is_current(&self, survey: &Survey) -> bool {
        self.world.plan().hash == survey.before.hash
    }
}

impl Survey {
    fn note_run(&mut self, was: Standing, row: &Customer) {
        let moves = |fate: &Fate| matches!(fate, Fate::Move(_));
        let decided = self.decisions.iter().find(|one| one.journey == was.journey && one.step == was.step).map(|one| &one.fate);
        let place = self.journeys.entry(was.journey).or_default().entry(was.step).or_default();
        place.label = was.label;
        place.people += 1;
        note_name(&mut place.names, row);
        let run = row.runs.iter().find(|run| run.number == was.number);
        match run {
            None if decided.is_some_and(moves) => place.go_on += 1,
            None => place.exit += 1,
            Some(run) => {
                let plan = row.plans.get(usize::from(run.plan)).copied();
                let newest = self.versions.active().id;
                if plan == Some(newest) && was.plan != Some(newest) {
                    place.go_on += 1;
                    if run.due != was.due && run.due != Instant::NEVER {
                        let (first, last) = place.retimed.unwrap_or((run.due, run.due));
                        place.retimed = Some((first.min(run.due), last.max(run.due)));
                    }
                } else {
                    place.stay += 1;
                }
            }
        }
    }

    fn note_segments(&mut self, members: &[bool], row: &Customer) {
        let seen = |segment: &&Segment| !matches!(segment.role, SegmentRole::StageTest(_));
        let was = |name: &(&'static str, Text)| {
            let found = self.before.segments.iter().zip(members).find(|(segment, _)| key(segment) == *name);
            found.is_some_and(|(_, member)| *member)
        };
        let now = self.versions.active();
        for (at, segment) in now.plan.segments.iter().enumerate().filter(|(_, segment)| seen(segment)) {
            let name = key(segment);
            let (before, after) = (was(&name), row.segments.get(at).is_some_and(|standing| standing.member));
            if !before && !after {
                continue;
            }
            let flow = self.segments.entry(name).or_default();
            flow.members += u64::from(after);
            match (before, after) {
                (false, true) => {
                    flow.joins += 1;
                    note_name(&mut flow.joining, row);
                }
                (true, false) => {
                    flow.leaves += 1;
                    note_name(&mut flow.leaving, row);
                }
                _ => {}
            }
        }
        for (segment, _) in self.before.segments.iter().zip(members).filter(|(segment, member)| seen(segment) && **member) {
            let name = key(segment);
            if !now.plan.segments.iter().any(|known| key(known) == name) {
                let flow = self.segments.entry(name).or_default();
                flow.leaves += 1;
                note_name(&mut flow.leaving, row);
            }
        }
    }

    pub fn decisions(&self) -> &[Decision] {
        &self.decisions
    }

    /// What was found.
    pub fn comparison(self) -> Comparison {
        let changes = changes(&self.before, &self.now);
        let zone = self.now.policy.zone;
        let when = |at: Instant| local(zone, at, "%Y-%m-%d %H:%M");
        let mut journeys = Vec::new();
        let mut untouched = 0;
        for (name, steps) in &self.journeys {
            let people = steps.values().map(|stand| stand.people).sum::<u64>();
            if !changes.journeys.iter().any(|changed| changed.name == *name) {
                untouched += people;
                continue;
            }
            let steps = steps.iter().map(|(step, stand)| StepPeople {
                step: step.to_string(),
                label: stand.label.clone(),
                people: stand.people,
                stay: stand.stay,
                go_on: stand.go_on,
                exit: stand.exit,
                retimed: stand.retimed.map(|(first, last)| (when(first), when(last))),
                names: stand.names.clone(),
            });
            journeys.push(JourneyPeople { name: name.to_string(), people, steps: steps.collect() });
        }
        let removed = self.removed().into_iter().chain(self.types()).collect();
        let segments = self.flows(&changes);
        Comparison {
            before: self.before.hash.to_string(),
            now: self.now.hash.to_string(),
            customers: self.customers,
            untouched,
            begins: begins(&self.before, &self.versions),
            journeys,
            removed,
            segments,
            changes,
        }
    }

    fn flows(&self, changes: &Changes) -> Vec<SegmentPeople> {
        let flows = self.segments.iter();
        let mut all: Vec<SegmentPeople> = flows
            .filter(|(_, flow)| flow.joins + flow.leaves > 0)
            .map(|((kind, name), flow)| SegmentPeople {
                kind: (*kind).to_owned(),
                name: name.to_string(),
                members: flow.members,
                joins: flow.joins,
                leaves: flow.leaves,
                joining: flow.joining.clone(),
                leaving: flow.leaving.clone(),
            })
            .collect();
        // Nobody joins or leaves: that is worth saying where it was edited.
        for changed in changes.segments.iter().filter(|changed| changed.change != Change::Removed) {
            if all.iter().any(|known| known.kind == changed.kind && known.name == changed.name) {
                continue;
            }
            let members = self.segments.iter().find(|((kind, name), _)| *kind == changed.kind && *name == changed.name);
            let members = members.map_or(0, |(_, flow)| flow.members);
            all.push(SegmentPeople { kind: changed.kind.clone(), name: changed.name.clone(), members, ..SegmentPeople::default() });
        }
        all
    }

    /// What people read who go on under an older version, and has another type now.
    fn types(&self) -> Vec<Removed> {
        let told = self.retyped.iter().map(|((journey, read), people)| {
            let step = format!("{TYPE_OF}{}", read.what);
            let place = self.before.journeys.iter().find(|known| known.name == *journey);
            let decided = self.decisions.iter().find(|one| one.journey == *journey && one.step == step);
            Removed {
                journey: journey.to_string(),
                label: format!("{} is {} now, it was {}", read.what, read.is, read.was),
                step,
                place: place.map_or_else(String::new, |journey| self.before.locate(journey.line)),
                people: *people,
                decided: decided.map(|one| if one.fate == Fate::Exit { "exit" } else { "stay" }.to_owned()),
            }
        });
        told.collect()
    }

    /// Steps that this edit removes, with people on them.
    fn removed(&self) -> Vec<Removed> {
        let mut all = Vec::new();
        for (name, steps) in &self.journeys {
            let Some(old) = self.before.journeys.iter().find(|journey| journey.name == *name) else { continue };
            let new = self.now.journeys.iter().find(|journey| journey.name == *name);
            for (step, stand) in steps {
                let Some(was) = old.steps.iter().find(|known| known.id == *step) else { continue };
                if new.is_some_and(|new| new.steps.iter().any(|known| known.id == *step)) {
                    continue;
                }
                let decided = self.decisions.iter().find(|one| one.journey == *name && one.step == *step);
                all.push(Removed {
                    journey: name.to_string(),
                    step: step.to_string(),
                    label: was.label.clone(),
                    place: self.before.locate(was.line),
                    people: stand.people,
                    decided: decided.map(|one| match &one.fate {
                        Fate::Stay => "stay".to_owned(),
                        Fate::Exit => "exit".to_owned(),
                        Fate::Move(to) => format!("move:{to}"),
                    }),
                });
            }
        }
        all
    }
}

fn key(segment: &Segment) -> (&'static str, Text) {
    (role_word(segment.role), segment.name.clone())
}

fn note_name(names: &mut Vec<String>, row: &Customer) {
    let uid = row.uid.as_str();
    if names.len() < NAMES_MAX && names.last().is_none_or(|last| last != uid) {
        names.push(uid.to_owned());
    }
}

/// What the new plan looks back at and the one before did not keep.
fn begins(before: &Plan, versions: &Versions) -> Vec<String> {
    let plan = &versions.active().plan;
    let Some(way) = u128::from_str_radix(&before.hash, 16).ok().and_then(|id| versions.way(PlanId(id))) else { return Vec::new() };
    let name = |of: Happening| match of {
        Happening::Event(id) => plan.schema.events.get(id.index()).map(|event| event.name.to_string()),
        Happening::SubscribedTo(id) | Happening::UnsubscribedFrom(id) => {
            plan.schema.topics.get(id.index()).map(|topic| format!("changes of consent to {}", topic.name))
        }
    };
    let mut all = Vec::new();
    for at in way.begins() {
        let Some(of) = plan.trackers.get(at).and_then(|tracker| name(tracker.of)) else { continue };
        let asks = |condition: &Expr| {
            let mut found = false;
            condition.walk(&mut |part| found |= matches!(part, Expr::History(history) if history.tracker.index() == at));
            found
        };
        let segments = plan.segments.iter().filter(|segment| asks(&segment.condition));
        let asking: Vec<String> = segments.map(|segment| format!("{} {}", role_word(segment.role), segment.name)).collect();
        let by = if asking.is_empty() { String::new() } else { format!(", asked by {}", asking.join(", ")) };
        all.push(format!("{of}{by}"));
    }
    all
}
