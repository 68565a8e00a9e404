//! Expectations about how a run ends, or that none begins.

use super::{Instead, between, nobody, runs, whereabouts};
use crate::calendar::{Span, civil};
use crate::check::checked::ExpectExit;
use crate::engine::{Ending, RecordKind};
use crate::scenario::drive::{Ended, Seen, Story};
use crate::scenario::reasons;
use crate::scenario::timeline::{exit_reason, moment, zone};
use crate::value::{Value, show};
use std::collections::BTreeSet;

/// The reason of a run whose last step was done.
const FINISHED: &str = "finished";

pub(super) fn exit(story: &Story, key: Option<&Value>, cause: Option<&ExpectExit>, after: Option<Span>) -> Result<(), Instead> {
    let own = story.stage.scenario.journey;
    let found: Vec<&Seen> = runs(story, key).map(|(_, seen)| seen).filter(|seen| seen.journey == own).collect();
    let ended = || found.iter().filter_map(|seen| Some((*seen, seen.ended.as_ref()?)));
    let fits = |seen: &Seen, ended: &Ended| {
        let in_time = after.is_none_or(|after| ended.at == civil::add(seen.begin, after, story.zone()));
        in_time && cause.is_none_or(|cause| caused(story, seen, ended, cause))
    };
    if ended().any(|(seen, ended)| fits(seen, ended)) {
        return Ok(());
    }
    let Some(last) = found.last() else {
        let why = match (key, nobody(story)) {
            (_, Some(why)) => why,
            (Some(key), None) => format!("no run has the key {}", show::display(key, zone(story))),
            (None, None) => "no run of this journey began".to_owned(),
        };
        return Err(Instead::of(why));
    };
    // Of several runs, speak about one that ended as expected but at another time.
    let late = ended().find(|(seen, ended)| cause.is_none_or(|cause| caused(story, seen, ended, cause)));
    let hint = late
        .filter(|_| after.is_some())
        .map(|(seen, ended)| format!("did you mean `after {}`?", show::duration(between(story, seen.begin, ended.at))));
    let about = late.map_or(*last, |(seen, _)| seen);
    Err(Instead::of(whereabouts(story, about)).hint(hint))
}

fn caused(story: &Story, seen: &Seen, ended: &Ended, cause: &ExpectExit) -> bool {
    let Some(journey) = story.stage.plan.journeys.get(seen.journey.index()) else { return false };
    match (cause, &ended.how) {
        (ExpectExit::On(what), Ending::ExitOn(at)) => {
            journey.exit_on.get(usize::from(*at)).is_some_and(|exit| exit.trigger.targets.iter().any(|(target, _)| target == what))
        }
        (ExpectExit::On(what), Ending::Goal(at)) => journey.goals.get(usize::from(*at)).is_some_and(|goal| goal.what == *what),
        (ExpectExit::When, Ending::ExitWhen(_) | Ending::OnlyWhile(_)) => true,
        (ExpectExit::Reason(reason), Ending::ExitStep) => exit_reason(story, Some(seen.journey), ended.step) == Some(reason),
        (ExpectExit::Reason(reason), Ending::Completed) => reason == FINISHED,
        _ => false,
    }
}

pub(super) fn not_entered(story: &Story, because: Option<&str>) -> Result<(), Instead> {
    let own = story.stage.scenario.journey;
    let entered = story.runs.values().find(|seen| seen.journey == own);
    let Some(because) = because else {
        return match entered {
            None => Ok(()),
            Some(seen) => Err(Instead::of(format!("the customer entered at {}", moment(seen.begin, zone(story))))),
        };
    };
    let found: BTreeSet<&str> = story
        .records
        .iter()
        .filter(|record| record.journey == Some(own))
        .filter_map(|record| match record.kind {
            RecordKind::NotEntered(why) => Some(reasons::not_entered(why)),
            _ => None,
        })
        .collect();
    if found.contains(because) {
        return Ok(());
    }
    if let Some(reason) = found.first() {
        let hint = Some(format!("did you mean `because {reason}`?"));
        return Err(Instead::of(format!("no run began because `{}`", found.into_iter().collect::<Vec<_>>().join("`, `"))).hint(hint));
    }
    Err(Instead::of(match entered {
        Some(seen) => format!("the customer entered at {}, and nobody was turned away", moment(seen.begin, zone(story))),
        None => "nothing happened that begins this journey".to_owned(),
    }))
}
