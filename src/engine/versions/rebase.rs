//! An older plan under the numbers of the active one.
//!
//! In: two plans. Out: the older one with other numbers, and which number became which. **Invariant:** as in [`super`]. What a number means is
//! its name; of a segment what it asks, of a tracker what it keeps.

use crate::condition::{Expr, Happening};
use crate::plan::renumber::renumber;
use crate::plan::{ArmKind, Depends, Journey, Line, Plan, Segment, StepKind, Tracker};
use crate::value::Text;
use std::collections::BTreeMap;

/// By kind of id: for each number of the older plan the new one.
#[derive(Debug, Clone, Default, PartialEq)]
pub(in crate::engine) struct Maps(BTreeMap<&'static str, Vec<u16>>);

impl Maps {
    /// The new number; `u16::MAX`, which means nothing, for one that the plan does not have.
    pub(in crate::engine) fn get(&self, kind: &'static str, id: u16) -> u16 {
        self.0.get(kind).and_then(|ids| ids.get(usize::from(id))).copied().unwrap_or(u16::MAX)
    }

    /// The old number that became `id`.
    pub(in crate::engine) fn before(&self, kind: &'static str, id: u16) -> Option<u16> {
        self.0.get(kind)?.iter().position(|new| *new == id).map(|at| at as u16)
    }

    fn add(&mut self, kind: &'static str, own: Vec<String>, base: &[String]) {
        let mut next = base.len();
        let number = |name: String| match base.iter().position(|known| *known == name) {
            Some(at) => at as u16,
            None => {
                next += 1;
                (next - 1) as u16
            }
        };
        self.0.insert(kind, own.into_iter().map(number).collect());
    }
}

pub(super) struct Rebased {
    pub(super) plan: Plan,
    pub(super) maps: Maps,
    /// By journey of the rebased plan.
    pub(super) same: Vec<bool>,
}

/// The names of everything that a row or a run may hold a number of.
pub(super) fn names(plan: &Plan) -> [(&'static str, Vec<String>); 15] {
    let schema = &plan.schema;
    fn of<T>(things: &[T], name: impl Fn(&T) -> &Text) -> Vec<String> {
        things.iter().map(|thing| name(thing).to_string()).collect()
    }
    // The fields of an item are read by their position.
    let catalogs = schema
        .catalogs
        .iter()
        .map(|catalog| catalog.fields.iter().fold(catalog.name.to_string(), |all, field| format!("{all}\n{}", field.name)));
    [
        ("FieldId", of(&schema.customer, |field| &field.name)),
        ("EventId", of(&schema.events, |event| &event.name)),
        ("TopicId", of(&schema.topics, |topic| &topic.name)),
        ("ChannelId", of(&schema.channels, |channel| &channel.name)),
        ("TeamId", of(&schema.teams, |team| &team.name)),
        ("ListId", of(&schema.lists, |list| &list.name)),
        ("AudienceId", of(&schema.audiences, |audience| &audience.name)),
        ("StageId", of(&schema.stages, |stage| &stage.name)),
        ("HookId", of(&schema.hooks, |hook| &hook.name)),
        ("PoolId", of(&schema.pools, |pool| &pool.name)),
        ("ScoreId", of(&schema.scores, |score| &score.name)),
        ("CatalogId", catalogs.collect()),
        ("RouteId", of(&plan.routes, |route| &route.name)),
        ("MessageId", of(&plan.messages, |message| &message.name)),
        ("JourneyId", of(&plan.journeys, |journey| &journey.name)),
    ]
}

/// `own` under the numbers of `base`.
pub(super) fn rebase(own: &Plan, base: &Plan) -> Result<Rebased, serde_json::Error> {
    let mut maps = Maps::default();
    for ((kind, own), (_, base)) in names(own).into_iter().zip(names(base)) {
        maps.add(kind, own, &base);
    }
    add_trackers(&mut maps, own, base)?;
    add_segments(&mut maps, own, base)?;
    let plan = renumber(own, &|kind, id| maps.get(kind, id))?;
    let plan = arranged(plan, own, base, &maps);
    let same = plan.journeys.iter().enumerate().map(|(at, journey)| is_same(journey, base.journeys.get(at), &plan, base)).collect();
    Ok(Rebased { plan, maps, same })
}

fn add_trackers(maps: &mut Maps, own: &Plan, base: &Plan) -> Result<(), serde_json::Error> {
    let mut next = base.trackers.len();
    let mut numbers = Vec::with_capacity(own.trackers.len());
    for tracker in &own.trackers {
        let moved = renumber(tracker, &|kind, id| maps.get(kind, id))?;
        let shared =
            is_laid_out_alike(tracker.of, moved.of, own, base).then(|| base.trackers.iter().position(|known| keeps_all(known, &moved)));
        numbers.push(shared.flatten().unwrap_or_else(|| {
            next += 1;
            next - 1
        }) as u16);
    }
    maps.0.insert("TrackerId", numbers);
    Ok(())
}

/// Whether the properties of an event stand where they stood.
fn is_laid_out_alike(of: Happening, moved: Happening, own: &Plan, base: &Plan) -> bool {
    let (Happening::Event(of), Happening::Event(moved)) = (of, moved) else { return true };
    let (Some(own), Some(base)) = (own.schema.events.get(of.index()), base.schema.events.get(moved.index())) else { return false };
    own.fields.len() <= base.fields.len() && own.fields.iter().zip(&base.fields).all(|(own, now)| own.name == now.name)
}

/// Whether a tracker of the active plan answers everything that the other one does, in the same places.
fn keeps_all(known: &Tracker, other: &Tracker) -> bool {
    known.of == other.of
        && known.condition == other.condition
        && known.totals == other.totals
        && known.keeps == other.keeps
        && known.window_ms >= other.window_ms
        && (known.since_entry || !other.since_entry)
}

fn add_segments(maps: &mut Maps, own: &Plan, base: &Plan) -> Result<(), serde_json::Error> {
    let mut next = base.segments.len();
    for segment in &own.segments {
        let moved: Segment = renumber(segment, &|kind, id| maps.get(kind, id))?;
        let shared = base
            .segments
            .iter()
            .position(|known| known.name == moved.name && known.role == moved.role && known.condition == moved.condition);
        let number = shared.unwrap_or_else(|| {
            next += 1;
            next - 1
        });
        maps.0.entry("SegmentId").or_default().push(number as u16);
    }
    Ok(())
}

/// The tables in the order of the new numbers.
fn arranged(mut plan: Plan, own: &Plan, base: &Plan, maps: &Maps) -> Plan {
    fn table<T: Clone>(base: &[T], own: &mut Vec<T>, kind: &'static str, maps: &Maps, keep_own: bool) {
        let mut all = base.to_vec();
        for (at, thing) in std::mem::take(own).into_iter().enumerate() {
            let number = usize::from(maps.get(kind, at as u16));
            match all.get_mut(number) {
                Some(place) if keep_own => *place = thing,
                Some(_) => {}
                // New numbers come one after the other.
                None => all.push(thing),
            }
        }
        *own = all;
    }
    for (at, tracker) in plan.trackers.iter_mut().enumerate() {
        if usize::from(maps.get("TrackerId", at as u16)) >= base.trackers.len() {
            tracker.hash = own_history(own, at);
        }
    }
    let (schema, newest) = (&mut plan.schema, &base.schema);
    table(&newest.customer, &mut schema.customer, "FieldId", maps, false);
    table(&newest.events, &mut schema.events, "EventId", maps, true);
    table(&newest.topics, &mut schema.topics, "TopicId", maps, false);
    table(&newest.channels, &mut schema.channels, "ChannelId", maps, false);
    table(&newest.teams, &mut schema.teams, "TeamId", maps, false);
    table(&newest.lists, &mut schema.lists, "ListId", maps, false);
    table(&newest.audiences, &mut schema.audiences, "AudienceId", maps, false);
    table(&newest.stages, &mut schema.stages, "StageId", maps, false);
    table(&newest.hooks, &mut schema.hooks, "HookId", maps, true);
    table(&newest.pools, &mut schema.pools, "PoolId", maps, false);
    table(&newest.scores, &mut schema.scores, "ScoreId", maps, false);
    table(&newest.catalogs, &mut schema.catalogs, "CatalogId", maps, false);
    (schema.timezone, schema.language) = (newest.timezone, newest.language);
    table(&base.scores, &mut plan.scores, "ScoreId", maps, false);
    table(&base.routes, &mut plan.routes, "RouteId", maps, true);
    table(&base.messages, &mut plan.messages, "MessageId", maps, true);
    table(&base.journeys, &mut plan.journeys, "JourneyId", maps, true);
    table(&base.trackers, &mut plan.trackers, "TrackerId", maps, false);
    table(&base.segments, &mut plan.segments, "SegmentId", maps, false);
    plan.policy = base.policy.clone();
    widen_all(&mut plan, base.segments.len());
    plan
}

/// A segment that only this plan has is in no row: who asks it listens to everything that it depends on.
fn widen_all(plan: &mut Plan, shared: usize) {
    for at in shared..plan.segments.len() {
        let (before, rest) = plan.segments.split_at_mut(at);
        if let Some(segment) = rest.first_mut() {
            widen(&mut segment.depends, before, shared);
        }
    }
    for journey in &mut plan.journeys {
        for guard in journey.exit_when.iter_mut().chain(&mut journey.only_while) {
            widen(&mut guard.depends, &plan.segments, shared);
        }
        for step in &mut journey.steps {
            let StepKind::Await { arms, .. } = &mut step.kind else { continue };
            for arm in arms {
                if let ArmKind::When { depends, .. } = &mut arm.kind {
                    widen(depends, &plan.segments, shared);
                }
            }
        }
    }
}

fn widen(depends: &mut Depends, segments: &[Segment], shared: usize) {
    let own: Vec<&Segment> = depends.segments.iter().filter(|id| id.index() >= shared).filter_map(|id| segments.get(id.index())).collect();
    for segment in own {
        let more = &segment.depends;
        depends.happenings.extend(&more.happenings);
        depends.fields.extend(&more.fields);
        depends.topics.extend(&more.topics);
        depends.segments.extend(&more.segments);
        depends.journeys.extend(&more.journeys);
        depends.messages |= more.messages;
        depends.time |= more.time;
    }
}

/// Under what name a row keeps the history that only an older plan asks for.
pub(super) fn own_history(plan: &Plan, tracker: usize) -> Text {
    Text::from(format!("{}#{tracker}", plan.hash))
}

/// Whether a run may go on in the newest plan without noticing: the journey is the same, and the messages that it sends.
fn is_same(journey: &Journey, newest: Option<&Journey>, plan: &Plan, base: &Plan) -> bool {
    let Some(newest) = newest else { return false };
    let alike = |journey: &Journey| {
        let mut journey = journey.clone();
        crate::plan::encode::forget_places(&mut journey);
        journey
    };
    alike(journey) == alike(newest)
        && journey.sends.iter().all(|send| {
            let message = |plan: &Plan| {
                let mut message = plan.messages.get(send.message.index()).cloned()?;
                message.line = Line::default();
                Some(message)
            };
            message(plan) == message(base)
        })
}

/// A tracker's condition with its event's properties at other positions; `None` where one of them is gone, or the condition is not plain.
pub(super) fn relaid(condition: &Expr, to: &dyn Fn(u16) -> Option<u16>) -> Option<Expr> {
    let mut fine = true;
    let mut condition = condition.clone();
    condition.walk_mut(&mut |part| match part {
        Expr::Subject { depth: 0, field } => match to(*field) {
            Some(at) => *field = at,
            None => fine = false,
        },
        Expr::Subject { .. } | Expr::It { .. } | Expr::ListFn { .. } => fine = false,
        _ => {}
    });
    fine.then_some(condition)
}
