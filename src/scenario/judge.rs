//! Plays a story to its end and says which of its expectations did not come true.
//!
//! In: a story that has not begun. Out: failures in the order of the source. **Invariant:** a state is judged where its line stands, all
//! else over the whole story; what the story cannot do (a click on what was never sent) is a failure of its line.

mod exits;
mod messages;
mod state;

use super::drive::{Seen, Story};
use super::script::BeatKind;
use super::timeline::{ending_words, moment, one_line, zone};
use super::{Failure, locate};
use crate::calendar::{Instant, Span};
use crate::check::checked::Expect;
use crate::source::Place;
use crate::value::{Value, show};

/// What came instead, and what was perhaps meant.
pub(super) struct Instead {
    pub(super) happened: String,
    pub(super) hint: Option<String>,
}

impl Instead {
    pub(super) fn of(happened: impl Into<String>) -> Instead {
        Instead { happened: happened.into(), hint: None }
    }

    pub(super) fn hint(mut self, hint: Option<String>) -> Instead {
        self.hint = hint;
        self
    }
}

pub(super) fn judge(story: &mut Story) -> Vec<Failure> {
    let mut failures = Vec::new();
    for at in 0..story.script.beats.len() {
        let beat = &story.script.beats[at];
        let (when, place, key) = (beat.at, beat.place, beat.key);
        match beat.kind {
            BeatKind::Happens(happens) => {
                if let Err(why) = story.happen(when, happens, place) {
                    failures.push(failure(story, place, Instead::of(why)));
                }
            }
            BeatKind::Expect(expect @ (Expect::Condition(_) | Expect::WaitingAt(_))) => {
                let inclusive = !story.script.goes_on_at_once(at);
                story.advance(when, inclusive);
                let judged = match expect {
                    Expect::Condition(condition) => state::condition(story, key, condition),
                    Expect::WaitingAt(text) => state::waiting_at(story, key, text),
                    _ => Ok(()),
                };
                failures.extend(judged.err().map(|instead| failure(story, place, instead)));
            }
            BeatKind::Expect(_) => {}
        }
    }
    let last = story.script.last;
    story.play_out(last);
    for beat in &story.script.beats {
        let BeatKind::Expect(expect) = beat.kind else { continue };
        let judged = match expect {
            Expect::NoMessages => messages::count(story, beat.key, 0),
            Expect::Messages(count) => messages::count(story, beat.key, *count as usize),
            Expect::Message { message, by, when, containing } => {
                let wanted = messages::Wanted { message: *message, by: *by, when: when.as_ref(), containing: containing.as_deref() };
                messages::sent(story, beat.key, &wanted)
            }
            Expect::NoMessage { message, by, because } => messages::not_sent(story, beat.key, *message, *by, because.as_deref()),
            Expect::NotEntered { because } => exits::not_entered(story, because.as_deref()),
            Expect::Exit { cause, after } => exits::exit(story, beat.key, cause.as_ref(), *after),
            Expect::Condition(_) | Expect::WaitingAt(_) => Ok(()),
        };
        failures.extend(judged.err().map(|instead| failure(story, beat.place, instead)));
    }
    failures.sort_by_key(|failure| failure.place);
    failures
}

fn failure(story: &Story, place: Place, instead: Instead) -> Failure {
    let expected = one_line(story.stage.sources.text(place));
    Failure { place, expected, happened: instead.happened, hint: instead.hint }
}

/// Runs that an expectation is about: of the scenario's journey with that key, or without one of every journey of the story.
fn runs<'s>(story: &'s Story<'_>, key: Option<&'s Value>) -> impl Iterator<Item = (u32, &'s Seen)> {
    let stage = story.stage;
    let position = stage.plan.journeys.get(stage.scenario.journey.index()).and_then(|journey| match journey.key {
        crate::plan::RunKey::Value(at) => Some(usize::from(at)),
        _ => None,
    });
    story.runs.iter().map(|(number, seen)| (*number, seen)).filter(move |(_, seen)| match key {
        None => stage.cast.has(seen.journey),
        Some(key) => {
            seen.journey == stage.scenario.journey
                && position.and_then(|at| seen.run.entry.get(at)).is_some_and(|value| crate::value::same(value, key))
        }
    })
}

/// Why there is nothing to speak of: nobody entered.
fn nobody(story: &Story) -> Option<String> {
    let own = story.stage.scenario.journey;
    if story.runs.values().any(|seen| story.stage.cast.has(seen.journey)) {
        return None;
    }
    let name = story.stage.plan.journeys.get(own.index()).map_or("?", |journey| journey.name.as_str());
    let why = story.records.iter().rev().find_map(|record| match record.kind {
        crate::engine::RecordKind::NotEntered(why) if record.journey == Some(own) => Some(why),
        _ => None,
    });
    Some(match why {
        Some(why) => format!("the customer never entered `{name}`: {}", super::reasons::not_entered_words(why)),
        None => format!("the customer never entered `{name}`: nothing happened that begins it"),
    })
}

/// Where a run stands, or how it ended.
fn whereabouts(story: &Story, seen: &Seen) -> String {
    if let Some(ended) = &seen.ended {
        let how = ending_words(story, Some(seen.journey), &ended.how, ended.step);
        return format!("the run was over at {}{}: {how}", moment(ended.at, zone(story)), since(story, seen, ended.at));
    }
    let step = story.stage.plan.journeys.get(seen.journey.index()).and_then(|journey| journey.steps.get(seen.run.step.index()));
    match step {
        Some(step) => format!("the run was at `{}` ({})", step.label, locate(story.stage.sources, step.line)),
        None => "the run was going on".to_owned(),
    }
}

/// `, 2 days after the entry`
fn since(story: &Story, seen: &Seen, at: Instant) -> String {
    if at <= seen.begin {
        ", at the entry".to_owned()
    } else {
        format!(", {} after the entry", show::duration(between(story, seen.begin, at)))
    }
}

/// The time between two instants as people would write it: whole days on the calendar, then the rest.
fn between(story: &Story, from: Instant, to: Instant) -> Span {
    let zone = story.zone();
    let days = crate::calendar::civil::days_between(zone.local(from).date(), zone.local(to).date());
    for days in [days, days - 1] {
        let days = i32::try_from(days).unwrap_or(0);
        let reached = crate::calendar::civil::add(from, Span::of_days(days), zone);
        if days > 0 && reached <= to {
            return Span { months: 0, days, ms: to.since_ms(reached) };
        }
    }
    Span::of_ms(to.since_ms(from))
}
