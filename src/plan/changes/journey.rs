//! Journeys, step by step.
//!
//! **Invariant:** a step is the same where it has the same identity; every step that people see is named at most once.

use super::alike::Side;
use super::{Change, Changed, JourneyChange, StepChange, StepWhat, header};
use crate::plan::outline::is_plumbing;
use crate::plan::{ArmKind, Journey, Step, StepKind};

pub(super) fn journeys(before: Side<'_>, now: Side<'_>, messages: &[Changed]) -> Vec<JourneyChange> {
    let mut all = Vec::new();
    for journey in &now.plan.journeys {
        let old = before.plan.journeys.iter().find(|old| old.name == journey.name);
        let found = match old {
            None => JourneyChange {
                name: journey.name.to_string(),
                change: Change::Added,
                continues: journey.continues,
                header: Vec::new(),
                steps: seen(journey).map(|step| of(now, step, StepWhat::Added)).collect(),
            },
            Some(old) => JourneyChange {
                name: journey.name.to_string(),
                change: Change::Changed,
                continues: journey.continues,
                header: header::header((before, old), (now, journey)),
                steps: steps((before, old), (now, journey), messages),
            },
        };
        if found.change == Change::Added || !found.header.is_empty() || !found.steps.is_empty() {
            all.push(found);
        }
    }
    for old in before.plan.journeys.iter().filter(|old| now.plan.journey(&old.name).is_none()) {
        let steps = seen(old).map(|step| of(before, step, StepWhat::Removed)).collect();
        all.push(JourneyChange { name: old.name.to_string(), change: Change::Removed, continues: false, header: Vec::new(), steps });
    }
    all
}

fn seen(journey: &Journey) -> impl Iterator<Item = &Step> {
    journey.steps.iter().filter(|step| !is_plumbing(step))
}

fn of(side: Side<'_>, step: &Step, what: StepWhat) -> StepChange {
    StepChange { what, step: step.id.to_string(), label: label(step), was: None, place: side.plan.locate(step.line) }
}

fn label(step: &Step) -> String {
    if let StepKind::Jump = step.kind { "break".to_owned() } else { step.label.clone() }
}

fn steps(before: (Side<'_>, &Journey), now: (Side<'_>, &Journey), messages: &[Changed]) -> Vec<StepChange> {
    let (old, new): (Vec<&Step>, Vec<&Step>) = (seen(before.1).collect(), seen(now.1).collect());
    let place_before = |step: &Step| old.iter().position(|known| known.id == step.id);
    let stays = in_order(&new.iter().filter_map(|step| place_before(step)).collect::<Vec<_>>());
    let mut all = Vec::new();
    let mut gone = old.iter().enumerate().filter(|(_, step)| !new.iter().any(|known| known.id == step.id)).peekable();
    // What is gone is told where it stood: before the first step that stood behind it.
    for step in &new {
        let Some(at) = place_before(step) else {
            all.push(of(now.0, step, StepWhat::Added));
            continue;
        };
        while let Some((_, gone)) = gone.next_if(|(place, _)| *place < at) {
            all.push(of(before.0, gone, StepWhat::Removed));
        }
        let was = old[at];
        let what = differs((before.0, before.1, was), (now.0, now.1, step))
            .or_else(|| (!stays.contains(&at)).then_some(StepWhat::Moved))
            .or_else(|| says_something_else(now.0, step, messages).then_some(StepWhat::Text));
        if let Some(what) = what {
            let was = (label(was) != label(step)).then(|| label(was));
            all.push(StepChange { was, ..of(now.0, step, what) });
        }
    }
    all.extend(gone.map(|(_, step)| of(before.0, step, StepWhat::Removed)));
    all
}

fn differs(before: (Side<'_>, &Journey, &Step), now: (Side<'_>, &Journey, &Step)) -> Option<StepWhat> {
    let (old, new) = (before.0.kind(before.1, &before.2.kind), now.0.kind(now.1, &now.2.kind));
    if old == new {
        return None;
    }
    let (Some(old), Some(new)) = (old, new) else { return Some(StepWhat::Changed) };
    Some(match (&old, &new) {
        (StepKind::Wait { .. }, StepKind::Wait { .. }) => StepWhat::Retimed,
        (StepKind::Collect { trigger, .. }, StepKind::Collect { trigger: now, .. }) if trigger == now => StepWhat::Retimed,
        (StepKind::Await { arms, .. }, StepKind::Await { arms: now, .. }) => {
            let asks = |arms: &[crate::plan::Arm]| arms.iter().map(|arm| arm.kind.clone()).collect::<Vec<ArmKind>>();
            if asks(arms) == asks(now) { StepWhat::Retimed } else { StepWhat::Condition }
        }
        (StepKind::Branch { .. }, StepKind::Branch { .. }) => StepWhat::Condition,
        _ => StepWhat::Changed,
    })
}

fn says_something_else(now: Side<'_>, step: &Step, messages: &[Changed]) -> bool {
    let StepKind::Send(send) = &step.kind else { return false };
    let message = now.plan.messages.get(send.message.index());
    message.is_some_and(|message| messages.iter().any(|changed| changed.name == message.name && changed.change == Change::Changed))
}

/// The longest ascending part: what else there is has moved.
fn in_order(places: &[usize]) -> Vec<usize> {
    // For each place: the length of the longest part that ends there, and what comes before it in that part.
    let mut best: Vec<(usize, Option<usize>)> = Vec::with_capacity(places.len());
    for (at, place) in places.iter().enumerate() {
        let before = (0..at).filter(|other| places[*other] < *place).max_by_key(|other| (best[*other].0, usize::MAX - *other));
        best.push((before.map_or(1, |other| best[other].0 + 1), before));
    }
    let mut at = (0..places.len()).max_by_key(|at| (best[*at].0, usize::MAX - *at));
    let mut part = Vec::new();
    while let Some(one) = at {
        part.push(places[one]);
        at = best[one].1;
    }
    part
}

#[cfg(test)]
mod tests {
    use super::in_order;

    #[test]
    fn what_moved_is_the_least_that_explains_the_order() {
        let mut part = in_order(&[3, 0, 1, 2]);
        part.sort_unstable();
        assert_eq!(part, [0, 1, 2]);
        assert!(in_order(&[]).is_empty());
    }
}
