//! A scenario as a list of beats: what happens or is expected, each with its instant.
//!
//! In: the lines of a scenario. Out: when the story begins, what is given, and its beats in order. **Invariant:** instants never go back;
//! an expectation has the latest instant that is named above it, by what happened or by `expect message … at`. Moments, and steps between lines, are in the project's zone.

use crate::calendar::{Instant, Zone, civil};
use crate::check::checked::{Expect, ExpectWhen, Happens, Scene, SceneKind};
use crate::source::Place;
use crate::value::Value;
use chrono::{NaiveDate, NaiveDateTime};

pub(super) struct Script<'a> {
    pub(super) begin: Instant,
    pub(super) given: Vec<&'a Scene>,
    pub(super) beats: Vec<Beat<'a>>,
    /// The last moment that is named.
    pub(super) last: Instant,
}

pub(super) struct Beat<'a> {
    pub(super) at: Instant,
    /// Of the line above that happened.
    happened: Instant,
    pub(super) place: Place,
    /// The key of the run that it is about, inside `in the run of`.
    pub(super) key: Option<&'a Value>,
    pub(super) kind: BeatKind<'a>,
}

#[derive(Clone, Copy)]
pub(super) enum BeatKind<'a> {
    Happens(&'a Happens),
    Expect(&'a Expect),
}

/// How far a story has come, line by line.
struct Now {
    /// Where `after` counts from.
    happened: Instant,
    named: Instant,
}

impl Now {
    fn happen(&mut self, at: Instant) {
        self.happened = at.max(self.happened);
        self.named = self.happened;
    }
}

impl<'a> Script<'a> {
    pub(super) fn of(lines: &'a [Scene], zone: Zone) -> Script<'a> {
        let begin = zone.instant(first_moment(lines).unwrap_or_else(usual_start));
        let mut script = Script { begin, given: Vec::new(), beats: Vec::new(), last: begin };
        let mut now = Now { happened: begin, named: begin };
        script.add(lines, None, zone, &mut now);
        script.keep_order();
        script
    }

    /// An expectation may name a moment behind something that is still to happen: what stands between is then judged before it.
    fn keep_order(&mut self) {
        let mut next = Instant::NEVER;
        for beat in self.beats.iter_mut().rev() {
            match beat.kind {
                BeatKind::Happens(_) => next = beat.at,
                BeatKind::Expect(_) if beat.at > next => beat.at = beat.happened,
                BeatKind::Expect(_) => {}
            }
        }
    }

    fn add(&mut self, lines: &'a [Scene], key: Option<&'a Value>, zone: Zone, now: &mut Now) {
        for line in lines {
            let happens = match &line.kind {
                SceneKind::Starting(_) | SceneKind::Choosing(_) => continue,
                SceneKind::GivenHas { .. }
                | SceneKind::GivenSubscribed(_)
                | SceneKind::GivenOther { .. }
                | SceneKind::GivenCustomer(_)
                | SceneKind::GivenCode { .. }
                | SceneKind::GivenItem(_) => {
                    self.given.push(line);
                    continue;
                }
                SceneKind::At { moment, happens } => {
                    now.happen(zone.instant(*moment));
                    happens
                }
                SceneKind::After { delay, happens } => {
                    now.happen(civil::add(now.happened, *delay, zone));
                    happens
                }
                SceneKind::InTheRunOf { key, lines } => {
                    self.add(lines, Some(key), zone, now);
                    continue;
                }
                SceneKind::Expect(expect) => {
                    if let Expect::Message { when: Some(ExpectWhen::At(moment)), .. } = expect {
                        now.named = now.named.max(zone.instant(*moment));
                        self.last = self.last.max(now.named);
                    }
                    self.beats.push(Beat { at: now.named, happened: now.happened, place: line.place, key, kind: BeatKind::Expect(expect) });
                    continue;
                }
            };
            self.last = self.last.max(now.happened);
            self.beats.push(Beat { at: now.happened, happened: now.happened, place: line.place, key, kind: BeatKind::Happens(happens) });
        }
    }

    /// Whether something else happens at the instant of a beat behind it.
    pub(super) fn goes_on_at_once(&self, beat: usize) -> bool {
        let Some(at) = self.beats.get(beat).map(|beat| beat.at) else { return false };
        let next = self.beats.iter().skip(beat + 1).find(|beat| matches!(beat.kind, BeatKind::Happens(_)));
        next.is_some_and(|next| next.at == at)
    }
}

/// `starting`, else the first `at`, also inside a block.
fn first_moment(lines: &[Scene]) -> Option<NaiveDateTime> {
    lines.iter().find_map(|line| match &line.kind {
        SceneKind::Starting(moment) | SceneKind::At { moment, .. } => Some(*moment),
        SceneKind::InTheRunOf { lines, .. } => first_moment(lines),
        _ => None,
    })
}

fn usual_start() -> NaiveDateTime {
    let (year, month, day, hour) = super::START;
    NaiveDate::from_ymd_opt(year, month, day).and_then(|date| date.and_hms_opt(hour, 0, 0)).unwrap_or_default()
}
