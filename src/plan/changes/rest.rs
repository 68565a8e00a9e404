//! Messages, segments, declarations and the policy.
//!
//! **Invariant:** every table of a plan that people write is looked at.

use super::alike::Side;
use super::header::{cap, quiet};
use super::{Change, Changed};
use crate::plan::outline::percent;
use crate::plan::table::role_word;
use crate::plan::{Line, Message, Plan, Score, Segment, Variant};
use crate::schema::SegmentRole;
use crate::value::Text;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// One thing with a name, comparable, and what is said of it where it differs.
struct Thing<T> {
    kind: &'static str,
    name: Text,
    part: Option<T>,
}

fn compare<T: PartialEq>(before: &[Thing<T>], now: &[Thing<T>], details: impl Fn(&T, &T) -> Vec<String>, all: &mut Vec<Changed>) {
    let same = |one: &Thing<T>, other: &Thing<T>| one.kind == other.kind && one.name == other.name;
    let mut say = |thing: &Thing<T>, change, details| {
        all.push(Changed { kind: thing.kind.to_owned(), name: thing.name.to_string(), change, details });
    };
    for thing in now {
        match before.iter().find(|old| same(old, thing)) {
            None => say(thing, Change::Added, Vec::new()),
            Some(old) if old.part != thing.part => {
                let details = old.part.as_ref().zip(thing.part.as_ref()).map_or_else(Vec::new, |(old, new)| details(old, new));
                say(thing, Change::Changed, details);
            }
            Some(_) => {}
        }
    }
    for thing in before.iter().filter(|old| !now.iter().any(|new| same(old, new))) {
        say(thing, Change::Removed, Vec::new());
    }
}

pub(super) fn messages(before: Side<'_>, now: Side<'_>) -> Vec<Changed> {
    let things = |side: Side<'_>| -> Vec<Thing<Message>> {
        let messages = side.plan.messages.iter();
        messages
            .map(|message| {
                let part = side.alike(message).map(|message| Message { line: Line::default(), ..message });
                Thing { kind: "message", name: message.name.clone(), part }
            })
            .collect()
    };
    let channel = |variant: &Variant| {
        // Under common numbers: found by what either side says of its own.
        let find = |side: Side<'_>| {
            let found = side.plan.schema.channels.iter().enumerate().find(|(at, _)| {
                let id = crate::schema::ChannelId(*at as u16);
                side.alike(&id) == Some(variant.channel)
            });
            found.map(|(_, channel)| channel.name.to_string())
        };
        find(now).or_else(|| find(before)).unwrap_or_default()
    };
    let mut all = Vec::new();
    compare(&things(before), &things(now), |old, new| contents(old, new, &channel), &mut all);
    all
}

/// Which parts of a message say something else.
fn contents(old: &Message, new: &Message, channel: &impl Fn(&Variant) -> String) -> Vec<String> {
    let mut said = Vec::new();
    let called = |variant: &Variant| match &variant.language {
        Some(language) => format!("{} in {language}", channel(variant)),
        None => channel(variant),
    };
    let same = |one: &Variant, other: &Variant| one.channel == other.channel && one.language == other.language;
    for variant in &new.variants {
        let Some(was) = old.variants.iter().find(|was| same(was, variant)) else {
            said.push(format!("{} is new", called(variant)));
            continue;
        };
        let names = was.parts.iter().chain(&variant.parts).map(|(name, _)| name);
        let part = |variant: &Variant, name: &Text| variant.parts.iter().find(|(known, _)| known == name).map(|(_, part)| part.clone());
        let mut changed: Vec<String> =
            names.filter(|name| part(was, name) != part(variant, name)).map(std::string::ToString::to_string).collect();
        changed.sort();
        changed.dedup();
        if !changed.is_empty() {
            said.push(format!("{} of the {}", changed.join(", "), called(variant)));
        }
    }
    for was in old.variants.iter().filter(|was| !new.variants.iter().any(|variant| same(was, variant))) {
        said.push(format!("{} is gone", called(was)));
    }
    let mut differs = |text: &str, differs: bool| {
        if differs {
            said.push(text.to_owned());
        }
    };
    differs("its topic", old.topic != new.topic);
    differs("what it is given", old.params != new.params);
    differs("`skip when`", old.skip_when != new.skip_when);
    differs("`when in doubt`", old.when_in_doubt != new.when_in_doubt);
    said
}

pub(super) fn segments(before: Side<'_>, now: Side<'_>) -> Vec<Changed> {
    let things = |side: Side<'_>| -> Vec<Thing<crate::condition::Expr>> {
        let segments = side.plan.segments.iter().filter(|segment| !matches!(segment.role, SegmentRole::StageTest(_)));
        segments.map(|segment| Thing { kind: role_word(segment.role), name: segment.name.clone(), part: asked(side, segment) }).collect()
    };
    let mut all = Vec::new();
    compare(&things(before), &things(now), |_, _| Vec::new(), &mut all);
    all
}

/// What a segment asks; of a stage, what its test asks.
fn asked(side: Side<'_>, segment: &Segment) -> Option<crate::condition::Expr> {
    if let SegmentRole::Stage(stage) = segment.role {
        let test = side.plan.segments.iter().find(|test| test.role == SegmentRole::StageTest(stage));
        if let Some(test) = test {
            return side.alike(&test.condition);
        }
    }
    side.alike(&segment.condition)
}

pub(super) fn declarations(before: Side<'_>, now: Side<'_>) -> Vec<Changed> {
    let mut all = Vec::new();
    table(before, now, "customer field", |plan| &plan.schema.customer, |field| &field.name, &mut all);
    table(before, now, "event", |plan| &plan.schema.events, |event| &event.name, &mut all);
    table(before, now, "topic", |plan| &plan.schema.topics, |topic| &topic.name, &mut all);
    table(before, now, "channel", |plan| &plan.schema.channels, |channel| &channel.name, &mut all);
    table(before, now, "team", |plan| &plan.schema.teams, |team| &team.name, &mut all);
    table(before, now, "survey", |plan| &plan.schema.surveys, |survey| &survey.name, &mut all);
    table(before, now, "audience", |plan| &plan.schema.audiences, |audience| &audience.name, &mut all);
    table(before, now, "hook", |plan| &plan.schema.hooks, |hook| &hook.name, &mut all);
    table(before, now, "codes", |plan| &plan.schema.pools, |pool| &pool.name, &mut all);
    table(before, now, "catalog", |plan| &plan.schema.catalogs, |catalog| &catalog.name, &mut all);
    table(before, now, "route", |plan| &plan.routes, |route| &route.name, &mut all);
    let scores = |side: Side<'_>| -> Vec<Thing<Score>> {
        let scores = side.plan.scores.iter();
        scores
            .map(|score| {
                let part = side.alike(score).map(|score| Score { line: Line::default(), ..score });
                Thing { kind: "score", name: score.name.clone(), part }
            })
            .collect()
    };
    compare(&scores(before), &scores(now), |_, _| Vec::new(), &mut all);
    all
}

fn table<T: Serialize + DeserializeOwned + PartialEq>(
    before: Side<'_>,
    now: Side<'_>,
    kind: &'static str,
    of: impl Fn(&Plan) -> &Vec<T>,
    name: impl Fn(&T) -> &Text,
    all: &mut Vec<Changed>,
) {
    let things = |side: Side<'_>| -> Vec<Thing<T>> {
        of(side.plan).iter().map(|thing| Thing { kind, name: name(thing).clone(), part: side.alike(thing) }).collect()
    };
    compare(&things(before), &things(now), |_, _| Vec::new(), all);
}

pub(super) fn policy(before: Side<'_>, now: Side<'_>) -> Vec<String> {
    let (old, new) = (&before.plan.policy, &now.plan.policy);
    let mut said = Vec::new();
    if old.zone != new.zone {
        said.push(format!("the project's zone was {}, is now {}", old.zone, new.zone));
    }
    let hours = |side: Side<'_>| side.alike(&side.plan.policy.quiet_hours.iter().map(quiet).collect::<Vec<_>>());
    if hours(before) != hours(now) {
        said.push("the policy's quiet hours changed".to_owned());
    }
    let caps = |side: Side<'_>| side.alike(&side.plan.policy.caps.iter().map(cap).collect::<Vec<_>>());
    if caps(before) != caps(now) {
        said.push("the policy's limits on messages changed".to_owned());
    }
    if old.hold_out != new.hold_out {
        said.push(format!("held out of everything were {}, are now {}", percent(old.hold_out), percent(new.hold_out)));
    }
    let fields = |side: Side<'_>| side.alike(&(side.plan.schema.timezone, side.plan.schema.language));
    if fields(before) != fields(now) {
        said.push("which field holds a customer's timezone or language changed".to_owned());
    }
    said
}
