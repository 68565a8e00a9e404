//! A plan as text for a person: one line a step, nested as written.

use super::outline::{Item, outline, percent};
use super::{Again, EntryKind, Journey, Plan, RunKey, StepKind};
use crate::schema::{SegmentId, SegmentRole, StepIx};
use std::fmt::Write;
use unicode_width::UnicodeWidthStr;

/// Width of the column with the steps, in terminal cells, before the place.
const LABEL_CELLS: usize = 72;

/// Every journey of the plan, or only one.
pub fn table(plan: &Plan, only: Option<&str>) -> String {
    let mut text = String::new();
    for journey in plan.journeys.iter().filter(|journey| only.is_none_or(|name| journey.name == name)) {
        journey_table(plan, journey, &mut text);
    }
    text
}

fn journey_table(plan: &Plan, journey: &Journey, text: &mut String) {
    let title = journey.title.as_ref().map(|title| format!(" \"{title}\"")).unwrap_or_default();
    let _ = writeln!(text, "journey {}{title}    {}    {}", journey.name, plan.locate(journey.line), short(&journey.hash));
    for entry in &journey.entries {
        line(text, &format!("  enters   {}", entry_words(plan, &entry.kind)), &plan.locate(entry.line));
    }
    let again = match (journey.key, journey.again) {
        (RunKey::Value(at), again) => {
            let key = journey.entry_fields.get(usize::from(at)).map_or("?", |field| field.name.as_str());
            format!("one run per {key}, again {}", again_words(again))
        }
        (RunKey::PerEvent, _) => "one run per event".to_owned(),
        (RunKey::PerRequest, _) => "one run per request".to_owned(),
        (RunKey::Customer, again) => again_words(again),
    };
    let _ = writeln!(text, "  again    {again}");
    if journey.hold_out > 0 {
        let _ = writeln!(text, "  held out {}", percent(journey.hold_out));
    }
    items(plan, journey, &outline(journey), 1, &mut 0, text);
    text.push('\n');
}

fn items(plan: &Plan, journey: &Journey, list: &[Item], depth: usize, number: &mut usize, text: &mut String) {
    for item in list {
        match item {
            Item::Step(at) => step(plan, journey, *at, depth, number, text),
            Item::Fork { step: at, ways } => {
                step(plan, journey, *at, depth, number, text);
                for way in ways {
                    let _ = writeln!(text, "       {}▸ {}", "  ".repeat(depth), way.label);
                    items(plan, journey, &way.items, depth + 2, number, text);
                }
            }
            Item::Loop { step: at, body } => {
                step(plan, journey, *at, depth, number, text);
                items(plan, journey, body, depth + 1, number, text);
            }
        }
    }
}

fn step(plan: &Plan, journey: &Journey, at: StepIx, depth: usize, number: &mut usize, text: &mut String) {
    let Some(step) = journey.steps.get(at.index()) else { return };
    *number += 1;
    let label = if let StepKind::Jump = step.kind { "break" } else { &step.label };
    line(text, &format!("  {number:>3}  {}{label}", "  ".repeat(depth)), &plan.locate(step.line));
}

/// A line with its place at the right, aligned by what a terminal shows.
fn line(text: &mut String, left: &str, place: &str) {
    let pad = LABEL_CELLS.saturating_sub(left.width());
    let _ = writeln!(text, "{left}{}  {place}", " ".repeat(pad));
}

fn short(hash: &str) -> &str {
    hash.get(..8).unwrap_or(hash)
}

pub(super) fn again_words(again: Again) -> String {
    match again {
        Again::Never => "never".to_owned(),
        Again::Always => "always".to_owned(),
        Again::AfterEntry { ms } => format!("{} after entry", length(ms)),
        Again::AfterEnd { ms } => format!("{} after the end", length(ms)),
    }
}

/// An exact length in the largest unit that fits.
pub fn length(ms: i64) -> String {
    for (unit, size) in [("day", crate::calendar::DAY_MS), ("hour", crate::calendar::HOUR_MS), ("minute", crate::calendar::MINUTE_MS)] {
        if ms >= size && ms % size == 0 {
            let count = ms / size;
            return format!("{count} {unit}{}", if count == 1 { "" } else { "s" });
        }
    }
    format!("{} seconds", ms / crate::calendar::SECOND_MS)
}

/// What a segment is called before its name.
pub fn role_word(role: SegmentRole) -> &'static str {
    match role {
        SegmentRole::Written => "segment",
        SegmentRole::List(_) => "list",
        SegmentRole::StageTest(_) | SegmentRole::Stage(_) => "stage",
    }
}

fn is_stage(plan: &Plan, id: SegmentId) -> bool {
    plan.segments.get(id.index()).is_some_and(|segment| matches!(segment.role, SegmentRole::Stage(_)))
}

/// How a journey is entered, in the language's own words.
pub fn entry_words(plan: &Plan, kind: &EntryKind) -> String {
    use crate::condition::{Happening, What, WhichMessage};
    let segment = |id: crate::schema::SegmentId| {
        plan.segments.get(id.index()).map_or_else(|| "?".to_owned(), |segment| format!("{} {}", role_word(segment.role), segment.name))
    };
    let topic = |id: crate::schema::TopicId| plan.schema.topics.get(id.index()).map_or("?", |topic| topic.name.as_str());
    match kind {
        EntryKind::On(What::Happened(Happening::Event(id))) => {
            format!("on {}", plan.schema.events.get(id.index()).map_or("?", |event| event.name.as_str()))
        }
        EntryKind::On(What::Happened(Happening::SubscribedTo(id))) => format!("on subscribed to {}", topic(*id)),
        EntryKind::On(What::Happened(Happening::UnsubscribedFrom(id))) => format!("on unsubscribed from {}", topic(*id)),
        EntryKind::On(What::Message { verb, which, .. }) => {
            let which = match which {
                WhichMessage::Message(id) => plan.messages.get(id.index()).map_or("?", |message| message.name.as_str()).to_owned(),
                WhichMessage::About(id) => format!("any message about {}", topic(*id)),
                WhichMessage::Any | WhichMessage::Send(_) => "any message".to_owned(),
            };
            format!("on {} {which}", verb.words())
        }
        EntryKind::Moment(moment) => format!("on {}", moment.format("%Y-%m-%d %H:%M")),
        EntryKind::Joins { segment: id, .. } if is_stage(plan, *id) => format!("when reaches {}", segment(*id)),
        EntryKind::Joins { segment: id, .. } => format!("when joins {}", segment(*id)),
        EntryKind::Leaves { segment: id, .. } => format!("when leaves {}", segment(*id)),
        EntryKind::Every(_) => "by the calendar".to_owned(),
        EntryKind::Around { yearly, field, .. } => {
            let field = plan.schema.customer.get(field.index()).map_or("?", |field| field.name.as_str());
            format!("{}around customer.{field}", if *yearly { "yearly " } else { "" })
        }
        EntryKind::Requested => "when requested".to_owned(),
        EntryKind::Changes { catalog, field, .. } => {
            let catalog = plan.schema.catalogs.get(catalog.index());
            let field = catalog.and_then(|catalog| catalog.fields.get(usize::from(*field)));
            let name = |name: Option<&crate::value::Text>| name.map_or("?", |name| name.as_str()).to_owned();
            format!("when {}.{} changes", name(catalog.map(|catalog| &catalog.name)), name(field.map(|field| &field.name)))
        }
    }
}
