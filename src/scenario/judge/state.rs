//! Expectations about a state, judged where their line stands.

use super::{Instead, nobody, runs, whereabouts};
use crate::condition::Expr;
use crate::engine::evaluate::Context;
use crate::scenario::drive::{Seen, Story};
use crate::scenario::timeline::{value_words, zone};
use crate::value::Value;

pub(super) fn condition(story: &Story, key: Option<&Value>, condition: &Expr) -> Result<(), Instead> {
    let run = about(story, key);
    let hers = story.zone();
    let mut context = Context::new(story.stage.plan, &story.row, story.now, hers).reading(story.catalogs());
    if let Some(seen) = run {
        context = context.in_run(&seen.run);
    }
    if context.truth(condition) {
        return Ok(());
    }
    let mut parts: Vec<String> = Vec::new();
    condition.walk(&mut |part| {
        let (name, ty) = match part {
            Expr::Customer(field) => match story.stage.plan.schema.customer.get(field.index()) {
                Some(field) => (format!("customer.{}", field.name), Some(&field.ty)),
                None => return,
            },
            Expr::Entry(at) => {
                let journey = run.and_then(|seen| story.stage.plan.journeys.get(seen.journey.index()));
                match journey.and_then(|journey| journey.entry_fields.get(usize::from(*at))) {
                    Some(field) => (format!("entry.{}", field.name), Some(&field.ty)),
                    None => return,
                }
            }
            _ => return,
        };
        let said = format!("`{name}` was {}", value_words(&context.value(part), ty, zone(story)));
        if !parts.contains(&said) {
            parts.push(said);
        }
    });
    Err(Instead::of(if parts.is_empty() { "that did not hold there".to_owned() } else { parts.join(", ") }))
}

pub(super) fn waiting_at(story: &Story, key: Option<&Value>, text: &str) -> Result<(), Instead> {
    let at = |seen: &Seen| {
        let journey = story.stage.plan.journeys.get(seen.journey.index())?;
        Some(journey.steps.get(seen.run.step.index())?.label.as_str())
    };
    let wanted = super::one_line(text);
    let mut alive = runs(story, key).filter(|(_, seen)| seen.ended.is_none());
    if alive.any(|(_, seen)| at(seen).is_some_and(|label| super::one_line(label).contains(&wanted))) {
        return Ok(());
    }
    Err(Instead::of(match (about(story, key), nobody(story)) {
        (Some(seen), _) => whereabouts(story, seen),
        (None, Some(why)) => why,
        (None, None) => "there was no such run".to_owned(),
    }))
}

/// The run that an expectation is about: of the scenario's own journey, alive rather than over, and the latest.
fn about<'s>(story: &'s Story<'_>, key: Option<&'s Value>) -> Option<&'s Seen> {
    let own = story.stage.scenario.journey;
    runs(story, key).map(|(_, seen)| seen).max_by_key(|seen| (seen.journey == own, seen.ended.is_none(), seen.begin))
}
