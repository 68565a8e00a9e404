//! Who enters a journey, and who does not and why.
//!
//! In: an event, a flip, a date or a request that an entry names. Out: a run that begins, one that is restarted or updated, or a record of
//! why not. **Invariant:** `where` is judged once, with the event as its subject; one input enters a journey at most once; the checks come
//! in this order: condition, period, age, key, a run that is live, `enter again`, known exits, guards, caps.

use super::arms::names;
use super::evaluate::{Subject, Values};
use super::gate::Answer;
use super::index::EntryRef;
use super::row::{Run, RunState, SeenWhat};
use super::turn::{Event, Turn, Wave};
use super::{Ending, NotEntered, RUNS_MAX, RecordKind};
use crate::calendar::Instant;
use crate::plan::{Again, EntryKind, Journey, RunKey};
use crate::schema::{JourneyId, WhileRunning};
use crate::value::Value;
use chrono::NaiveDate;

/// What may begin a run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cause<'c> {
    /// Own time: the run's begin.
    pub(super) at: Instant,
    pub(super) event: Option<&'c Event>,
    /// Of a request, by position of the journey's parameters.
    pub(super) args: &'c [Value],
    pub(super) date: Option<NaiveDate>,
    /// The key of the item that changed.
    pub(super) item: Option<&'c Value>,
    /// The run that starts it is held out.
    pub(super) held_out: bool,
    /// The entry's condition was asked already, and holds.
    pub(super) meant: bool,
}

impl Cause<'_> {
    pub(super) fn at(at: Instant) -> Cause<'static> {
        Cause { at, event: None, args: &[], date: None, item: None, held_out: false, meant: false }
    }
}

/// Whether a live run of the same key is to be touched.
#[derive(PartialEq, Eq, Clone, Copy)]
enum Phase {
    /// 6: only what restarts or updates a live run.
    Running,
    /// 8: everything else.
    Entering,
}

impl Turn<'_> {
    /// 6: restarts and updates. `false` if no entry of any journey listens at all.
    pub(super) fn restart_and_update(&mut self, wave: &Wave) -> bool {
        self.each_entry(wave, Phase::Running)
    }

    /// 8: entries.
    pub(super) fn enter(&mut self, wave: &Wave) {
        self.each_entry(wave, Phase::Entering);
    }

    fn each_entry(&mut self, wave: &Wave, phase: Phase) -> bool {
        let index = &self.loaded.index;
        let mut any = false;
        if let Some(event) = &wave.event {
            let cause = Cause { event: Some(event), ..Cause::at(event.at) };
            match event.what {
                SeenWhat::Happened(what) => {
                    if let Some(listeners) = index.listeners(what) {
                        any |= !listeners.entries.is_empty();
                        let entries = if phase == Phase::Running { &listeners.restarts } else { &listeners.entries };
                        for (entry, gate) in entries {
                            // Why somebody does not enter is only said of a condition where everything is.
                            let answer = gate.ask(&event.fields, &self.row.history);
                            if answer != Answer::Out || self.attention.detail {
                                self.consider(*entry, Cause { meant: answer == Answer::In, ..cause }, phase);
                            }
                        }
                    }
                }
                SeenWhat::Message { .. } => {
                    any |= !index.message_entries.is_empty();
                    for entry in &index.message_entries {
                        self.consider(*entry, cause, phase);
                    }
                }
            }
        }
        for (segment, joined) in &wave.flips {
            for (named, joins, entry) in &index.segment_entries {
                if named == segment && joins == joined {
                    any = true;
                    self.consider(*entry, Cause::at(self.now), phase);
                }
            }
        }
        any
    }

    /// `enter when requested`, `start journey`: both phases at once, for only this journey is concerned.
    pub(super) fn request(&mut self, journey: JourneyId, cause: Cause<'_>) {
        let Some(declared) = self.loaded.plan.journeys.get(journey.index()) else { return };
        let entry = declared.entries.iter().position(|entry| matches!(entry.kind, EntryKind::Requested)).unwrap_or(0) as u16;
        let at = EntryRef { journey, entry };
        self.consider(at, cause, Phase::Running);
        self.consider(at, cause, Phase::Entering);
    }

    /// A date entry's occurrence.
    pub(super) fn occur(&mut self, at: EntryRef, cause: Cause<'_>) {
        self.consider(at, cause, Phase::Running);
        self.consider(at, cause, Phase::Entering);
    }

    /// A plan became active: who is in a segment already enters where `including those already in` asks for it.
    pub(super) fn enter_those_already_in(&mut self) {
        let loaded = self.loaded;
        self.row.turn += 1;
        self.out.scratch.entered.clear();
        for (segment, joins, at) in &loaded.index.segment_entries {
            let journey = loaded.plan.journeys.get(at.journey.index());
            let kind = journey.and_then(|journey| journey.entries.get(usize::from(at.entry))).map(|entry| &entry.kind);
            let asked = matches!(kind, Some(EntryKind::Joins { including: true, .. } | EntryKind::Leaves { including: true, .. }));
            if asked && self.row.standing(*segment).is_some_and(|standing| standing.member == *joins) {
                self.consider(*at, Cause::at(self.now), Phase::Entering);
            }
        }
    }

    fn consider(&mut self, at: EntryRef, cause: Cause<'_>, phase: Phase) {
        let loaded = self.loaded;
        let Some(journey) = loaded.plan.journeys.get(at.journey.index()) else { return };
        if phase == Phase::Running && journey.while_running == WhileRunning::Ignore {
            return;
        }
        if self.out.scratch.entered.contains(&at.journey) {
            return;
        }
        let key = match key_of(journey, at.entry, cause) {
            // With `one run per event` nothing else is asked of what runs.
            Key::Own => None,
            Key::Is(key) => Some(key),
            Key::Missing => {
                if phase == Phase::Entering && self.is_meant(journey, at.entry, cause) {
                    self.refuse(at.journey, NotEntered::NoKey);
                }
                return;
            }
        };
        let live = key.and_then(|key| self.row.runs.iter().position(|run| run.journey == at.journey && run.key == key));
        if phase == Phase::Running && live.is_none() {
            return;
        }
        if !self.is_meant(journey, at.entry, cause) {
            if self.attention.detail && phase == Phase::Entering && self.names_entry(journey, at.entry, cause) {
                self.refuse(at.journey, NotEntered::Condition);
            }
            return;
        }
        if let Err(why) = self.may_enter(at, journey, cause, key, live.is_some()) {
            if phase == Phase::Entering || why != NotEntered::AlreadyRunning {
                self.out.scratch.entered.push(at.journey);
                self.refuse(at.journey, why);
            }
            return;
        }
        if let (Some(live), WhileRunning::UpdateEntry) = (live, journey.while_running) {
            self.update_entry(live, at, journey, cause);
            return;
        }
        let mut run = self.out.scratch.spare.pop().unwrap_or_default();
        run.renew(at.journey, cause.at);
        run.entry_number = at.entry;
        run.entry_date = cause.date;
        run.key = key.unwrap_or(0);
        run.entry.extend(entry_values(journey, at.entry, cause));
        let room = self.let_in(journey, &run).and_then(|until| Ok((until, self.room_for(at.journey, journey, live)?)));
        let door = match room {
            Ok((until, door)) => {
                run.guarded_until = until;
                door
            }
            Err(why) => {
                self.out.scratch.spare.push(run);
                self.out.scratch.entered.push(at.journey);
                self.refuse(at.journey, why);
                return;
            }
        };
        self.out.scratch.entered.push(at.journey);
        if let Some(live) = live {
            let old = self.row.runs[live].number;
            self.end(old, Ending::Restarted);
        }
        run.held_out = cause.held_out || self.journey_holds_out(at.journey) || self.policy_holds_out();
        if let Some(until) = door {
            (run.state, run.due) = (RunState::AtTheDoor, until);
            self.wait_at_the_door(run, journey, live.is_some());
            return;
        }
        let number = self.row.next_run;
        if live.is_some() {
            let step = run.step;
            self.record_run(at.journey, number, step, RecordKind::Restarted);
        }
        self.begin(run, journey);
    }

    /// The entry names this event, and its `where` holds.
    fn is_meant(&self, journey: &Journey, entry: u16, cause: Cause<'_>) -> bool {
        if cause.meant {
            return true;
        }
        let Some(declared) = journey.entries.get(usize::from(entry)) else { return false };
        if !self.names_entry(journey, entry, cause) {
            return false;
        }
        match (cause.event, &declared.condition) {
            (_, None) => true,
            (Some(event), condition) => self.holds_for(&self.loaded.plan, condition.as_ref(), event, None),
            (None, Some(condition)) => {
                let subject = cause.item.map(|item| Subject { values: Values::Item(item), outer: None });
                self.context(&self.loaded.plan).holds(condition, subject.as_ref())
            }
        }
    }

    fn names_entry(&self, journey: &Journey, entry: u16, cause: Cause<'_>) -> bool {
        match (cause.event, journey.entries.get(usize::from(entry)).map(|entry| &entry.kind)) {
            (Some(event), Some(EntryKind::On(what))) => names(*what, event, None),
            _ => true,
        }
    }

    /// What can be said without the entry's values.
    fn may_enter(&self, at: EntryRef, journey: &Journey, cause: Cause<'_>, key: Option<u64>, live: bool) -> Result<(), NotEntered> {
        if let Some(index) = self.loaded.index.journeys.get(at.journey.index())
            && (cause.at < index.from || self.now >= index.to)
        {
            return Err(NotEntered::OutsidePeriod);
        }
        // A date that was missed by an outage is late through no fault of hers.
        let late = cause.date.is_none() && self.now.since_ms(cause.at) > self.limits.event_age_ms_max;
        if late && !journey.accept_late {
            return Err(NotEntered::TooLate);
        }
        // What is paused takes nobody in; what those have who are in it may still change.
        if self.world.paused(&journey.name, None) && !(live && journey.while_running != WhileRunning::Restart) {
            return Err(NotEntered::Paused);
        }
        if live {
            return match journey.while_running {
                WhileRunning::Ignore => Err(NotEntered::AlreadyRunning),
                WhileRunning::Restart | WhileRunning::UpdateEntry => Ok(()),
            };
        }
        let Some(key) = key else { return Ok(()) };
        let Some(last) = self.row.entered.iter().find(|entered| entered.journey == at.journey && entered.key == key) else {
            return Ok(());
        };
        match journey.again {
            Again::Always => Ok(()),
            Again::Never => Err(NotEntered::EnteredBefore),
            Again::AfterEntry { ms } if cause.at.since_ms(last.begin) < ms => Err(NotEntered::TooSoon),
            Again::AfterEnd { ms } if cause.at.since_ms(last.end) < ms => Err(NotEntered::TooSoon),
            Again::AfterEntry { .. } | Again::AfterEnd { .. } => Ok(()),
        }
    }

    /// What the entry's values are needed for; until when the guards hold by themselves.
    fn let_in(&self, journey: &Journey, run: &Run) -> Result<Instant, NotEntered> {
        let plan = &self.loaded.plan;
        if run.begin < self.now && self.is_over_already(plan, journey, run) {
            return Err(NotEntered::AlreadyOver);
        }
        let (ending, until) = self.guards(plan, journey, run);
        if ending.is_some() {
            return Err(NotEntered::NotForHer);
        }
        if self.row.runs.len() >= RUNS_MAX {
            return Err(NotEntered::TooManyRuns);
        }
        Ok(until)
    }

    fn update_entry(&mut self, live: usize, at: EntryRef, journey: &Journey, cause: Cause<'_>) {
        self.out.scratch.entered.push(at.journey);
        let values = entry_values(journey, at.entry, cause).collect();
        let turn = self.row.turn;
        let run = &mut self.row.runs[live];
        run.entry = values;
        run.turn = turn;
        let (number, step) = (run.number, run.step);
        self.record_run(at.journey, number, step, RecordKind::EntryUpdated);
        self.judge_guards(number);
        self.retime(number);
        self.ask_arms(number);
    }

    fn refuse(&mut self, journey: JourneyId, why: NotEntered) {
        self.record_journey(journey, RecordKind::NotEntered(why));
    }
}

/// The key that a run would have.
enum Key {
    Is(u64),
    Missing,
    /// Every event or request has its own.
    Own,
}

fn key_of(journey: &Journey, entry: u16, cause: Cause<'_>) -> Key {
    match journey.key {
        RunKey::Customer => Key::Is(0),
        RunKey::PerEvent | RunKey::PerRequest => Key::Own,
        RunKey::Value(position) => match entry_value(journey, usize::from(position), entry, cause) {
            None | Some(Value::Missing) => Key::Missing,
            Some(value) => Key::Is(key_hash(value)),
        },
    }
}

/// What a run keeps of its key.
pub(super) fn key_hash(value: &Value) -> u64 {
    stable_hash(value).max(1)
}

fn entry_value<'v>(journey: &Journey, position: usize, entry: u16, cause: Cause<'v>) -> Option<&'v Value> {
    if let Some(value) = cause.args.get(position) {
        return Some(value);
    }
    let from = journey.entry_fields.get(position)?.from.get(usize::from(entry)).copied().flatten()?;
    if cause.item.is_some() {
        // All that such an entry brings is the item, under one name or the other.
        return cause.item;
    }
    cause.event?.fields.get(usize::from(from))
}

fn entry_values(journey: &Journey, entry: u16, cause: Cause<'_>) -> impl Iterator<Item = Value> {
    (0..journey.entry_fields.len()).map(move |at| entry_value(journey, at, entry, cause).cloned().unwrap_or_default())
}

/// A hash of a value that is the same on every machine: FNV-1a over its kind and content.
pub(super) fn stable_hash(value: &Value) -> u64 {
    let mut hash = Fnv(0xcbf2_9ce4_8422_2325);
    hash.value(value);
    hash.0
}

struct Fnv(u64);

impl Fnv {
    fn bytes(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }

    fn value(&mut self, value: &Value) {
        use chrono::Datelike;
        match value {
            Value::Missing => self.bytes(&[0]),
            Value::Boolean(truth) => self.bytes(&[1, u8::from(*truth)]),
            Value::Number(number) => {
                let number = number.normalize();
                self.bytes(&[2]);
                self.bytes(&number.mantissa().to_le_bytes());
                self.bytes(&number.scale().to_le_bytes());
            }
            Value::Text(text) => {
                self.bytes(&[3]);
                self.bytes(text.as_bytes());
                self.bytes(&[0xff]);
            }
            Value::Date(date) => {
                self.bytes(&[4]);
                self.bytes(&date.num_days_from_ce().to_le_bytes());
            }
            Value::Time(time) => {
                self.bytes(&[5]);
                self.bytes(&crate::calendar::time_ms(*time).to_le_bytes());
            }
            Value::Instant(at) => {
                self.bytes(&[6]);
                self.bytes(&at.0.to_le_bytes());
            }
            Value::Duration(span) => {
                self.bytes(&[7]);
                self.bytes(&span.months.to_le_bytes());
                self.bytes(&span.days.to_le_bytes());
                self.bytes(&span.ms.to_le_bytes());
            }
            Value::List(items) | Value::Record(items) => {
                self.bytes(&[if matches!(value, Value::List(_)) { 8 } else { 9 }]);
                self.bytes(&(items.len() as u32).to_le_bytes());
                items.iter().for_each(|item| self.value(item));
            }
        }
    }
}
