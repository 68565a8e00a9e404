//! A journey that does far more than was foreseen pauses itself.
//!
//! In: records of everybody, what the project expects, the time. Out: journeys that are to be paused, each with its reason. **Invariant:** it counts
//! what was decided and decides nothing for a customer; a journey that a person has let go on is not paused again for the same reason on the
//! same day; what was counted since the last save (a minute at most) is lost with the process, and then the guard strikes later, never earlier.
//!
//! The forecast of a journey is what `onward.toml` says under `[serve.forecast]`, else the busiest of the last days on which anybody entered it, once
//! there were [`DAYS_MIN`] of them: a journey that begins once a month is foreseen from its own months.

use crate::calendar::{Instant, Zone};
use crate::engine::{Decision, Record, RecordKind};
use crate::plan::Plan;
use crate::record::{Decode, DecodeError, Encode, Reader, Writer};
use std::collections::BTreeMap;

/// More than so many times the forecast pauses a journey.
pub const TIMES: u64 = 2;
/// Days on which somebody entered before they are a forecast.
pub const DAYS_MIN: usize = 3;
/// Days that are remembered.
pub const DAYS_MAX: usize = 30;
/// Nothing is foreseen below: a few more than a few are no flood.
pub const ENTRIES_MIN: u64 = 50;
/// Of a hundred messages that were settled within [`WINDOW_MINUTES`], more than so many in doubt or refused pause a journey.
pub const BAD_PERCENT: u64 = 1;
pub const WINDOW_MINUTES: i64 = 5;
/// So many must have been settled before their share means anything.
pub const SETTLED_MIN: u64 = 100;
/// Between two saves of what was counted, ms.
pub const SAVE_MS: i64 = 60_000;

/// What is counted of one journey.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Watch {
    /// The local day of `today`.
    day: i64,
    today: u64,
    /// Entries of days before on which there were any, oldest first.
    days: Vec<u64>,
    /// The day on which a person let it go on.
    excused: i64,
    /// Minutes with messages that were settled, and how many of those badly.
    minutes: Vec<(i64, u64, u64)>,
    /// Why it is paused, while it is.
    why: Option<String>,
}

/// What is counted of all journeys.
#[derive(Debug, Default)]
pub struct Forecast {
    /// By name: versions come and go.
    watches: BTreeMap<String, Watch>,
    /// What the project expects a day.
    expected: BTreeMap<String, u64>,
    /// Begin of the day after, so that most records ask no calendar.
    midnight: Option<Instant>,
    day: i64,
    changed: bool,
    saved: Option<Instant>,
    /// As it was saved last: what a snapshot holds is what the log says.
    kept: Vec<u8>,
}

/// To be paused, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Strike {
    pub journey: String,
    pub why: String,
}

impl Forecast {
    /// What the project expects a day, by journey.
    pub fn expect(&mut self, expected: BTreeMap<String, u64>) {
        self.expected = expected;
    }

    /// Counts what was decided for one customer.
    pub fn count(&mut self, plan: &Plan, now: Instant, records: &[Record]) -> Vec<Strike> {
        let mut strikes = Vec::new();
        for record in records {
            let bad = match &record.kind {
                RecordKind::Entered { held_out: false, .. } => None,
                RecordKind::Message { decision: Decision::Sent, .. } => Some(false),
                RecordKind::Message { decision: Decision::Unknown | Decision::Failed, .. } => Some(true),
                _ => continue,
            };
            let Some(journey) = record.journey.and_then(|id| plan.journeys.get(id.index())) else { continue };
            let day = self.day_of(now, plan.policy.zone);
            let expected = self.expected.get(journey.name.as_str()).copied();
            let watch = match self.watches.get_mut(journey.name.as_str()) {
                Some(watch) => watch,
                None => self.watches.entry(journey.name.to_string()).or_insert_with(|| Watch { excused: i64::MIN, ..Watch::default() }),
            };
            watch.turn_to(day);
            self.changed = true;
            let why = match bad {
                None => watch.entered(expected),
                Some(bad) => watch.settled(now, bad),
            };
            if let Some(why) = why.filter(|_| watch.why.is_none() && watch.excused != day) {
                watch.why = Some(why.clone());
                strikes.push(Strike { journey: journey.name.to_string(), why });
            }
        }
        strikes
    }

    fn day_of(&mut self, now: Instant, zone: Zone) -> i64 {
        if self.midnight.is_none_or(|midnight| now >= midnight) {
            let date = zone.local(now).date();
            self.day = i64::from(chrono::Datelike::num_days_from_ce(&date));
            let next = date.succ_opt().and_then(|next| next.and_hms_opt(0, 0, 0));
            self.midnight = next.map(|next| zone.instant(next));
        }
        self.day
    }

    /// A person lets it go on.
    pub fn excuse(&mut self, journey: &str, now: Instant, zone: Zone) {
        let day = self.day_of(now, zone);
        if let Some(watch) = self.watches.get_mut(journey) {
            (watch.excused, watch.why) = (day, None);
            watch.minutes.clear();
            self.changed = true;
        }
    }

    /// Journeys that the guard has paused, with the reason.
    pub fn paused(&self) -> impl Iterator<Item = (&str, &str)> {
        self.watches.iter().filter_map(|(name, watch)| Some((name.as_str(), watch.why.as_deref()?)))
    }

    /// What was counted, where it is time to keep it.
    pub fn save(&mut self, now: Instant) -> Option<&[u8]> {
        let due = self.saved.is_none_or(|saved| now.since_ms(saved) >= SAVE_MS);
        if !self.changed || !due {
            return None;
        }
        (self.changed, self.saved) = (false, Some(now));
        let mut out = Writer::default();
        let all: Vec<(&String, &Watch)> = self.watches.iter().collect();
        out.slice(&all, |out, (name, watch)| {
            out.text(name);
            watch.encode(out);
        });
        self.kept = out.into_bytes();
        Some(&self.kept)
    }

    /// At once: what was just decided must not be forgotten.
    pub fn keep(&mut self) {
        self.saved = None;
    }

    /// As it was saved.
    pub fn restore(&mut self, bytes: &[u8]) -> Result<(), DecodeError> {
        if !bytes.is_empty() {
            let mut from = Reader::new(bytes);
            let watches = from.list(|from| Ok((from.text()?.to_owned(), Watch::decode(from)?)))?;
            from.finish()?;
            self.watches = watches.into_iter().collect();
        }
        self.kept = bytes.to_vec();
        Ok(())
    }

    /// As it was saved last; empty where it never was.
    pub fn kept(&self) -> &[u8] {
        &self.kept
    }
}

impl Watch {
    fn turn_to(&mut self, day: i64) {
        if self.day == day {
            return;
        }
        if self.today > 0 {
            if self.days.len() == DAYS_MAX {
                self.days.remove(0);
            }
            self.days.push(self.today);
        }
        (self.day, self.today) = (day, 0);
    }

    fn entered(&mut self, expected: Option<u64>) -> Option<String> {
        self.today += 1;
        let busiest = || (self.days.len() >= DAYS_MIN).then(|| self.days.iter().copied().max().unwrap_or(0).max(ENTRIES_MIN));
        let forecast = expected.or_else(busiest)?;
        (self.today > forecast.saturating_mul(TIMES))
            .then(|| format!("{} entered it today, {forecast} were foreseen for a day", self.today))
    }

    fn settled(&mut self, now: Instant, bad: bool) -> Option<String> {
        let minute = now.0.div_euclid(60_000);
        self.minutes.retain(|(at, _, _)| minute - at < WINDOW_MINUTES);
        match self.minutes.last_mut() {
            Some((at, settled, badly)) if *at == minute => {
                *settled += 1;
                *badly += u64::from(bad);
            }
            _ => self.minutes.push((minute, 1, u64::from(bad))),
        }
        let (settled, badly) = self.minutes.iter().fold((0, 0), |(all, bad), (_, one, badly)| (all + one, bad + badly));
        (settled >= SETTLED_MIN && badly * 100 > settled * BAD_PERCENT)
            .then(|| format!("{badly} of its {settled} messages of the last {WINDOW_MINUTES} minutes were refused or are in doubt"))
    }
}

impl Encode for Watch {
    fn encode(&self, out: &mut Writer) {
        out.zigzag(self.day);
        out.varint(self.today);
        out.slice(&self.days, |out, day| out.varint(*day));
        out.zigzag(self.excused);
        out.boolean(self.why.is_some());
        out.text(self.why.as_deref().unwrap_or_default());
    }
}

impl Decode for Watch {
    fn decode(from: &mut Reader<'_>) -> Result<Watch, DecodeError> {
        let (day, today) = (from.zigzag()?, from.varint()?);
        let days = from.list(Reader::varint)?;
        let excused = from.zigzag()?;
        let is_paused = from.boolean()?;
        let why = from.text()?.to_owned();
        Ok(Watch { day, today, days, excused, minutes: Vec::new(), why: is_paused.then_some(why) })
    }
}
