//! `handle`: one input of one customer, from its arrival to the next instant at which anything is due.
//!
//! In: an [`Input`]. Out: the row changed, and the [`Output`]. **Invariant:** total; everything due before the input comes first, in due
//! order, each as of its own instant (or of the real one, where more than a minute was lost); then the input. What is due at exactly the
//! input's instant comes with the next input or [`Touch`](InputKind::Touch), so that every input of an instant comes before its deadlines.

use super::agenda::next_due;
use super::entries::{Cause, stable_hash};
use super::row::{ConsentState, Customer, KnownId, SeenWhat, Standing};
use super::turn::{Event, Turn, Wave};
use super::{Attention, DEDUPE_DAYS, Input, InputKind, LATENESS_MS, Output, RecordKind, World};
use crate::calendar::{DAY_MS, Instant};
use crate::condition::Happening;
use crate::value::Value;

/// Ids of inputs that a row remembers, whatever their age.
pub(super) const IDS_MAX: usize = 4_096;
/// Moments at one and the same instant before the engine stops looking: no plan needs that many.
const MOMENTS_MAX: u32 = 100_000;

/// Handles one input. The row and the output are used again: the output is not cleared, so that a driver may collect.
pub fn handle(world: &dyn World, attention: Attention, row: &mut Customer, input: Input, out: &mut Output) {
    let now = input.now.max(row.clock);
    let mut turn = Turn::new(world, attention, row, out);
    let touch = matches!(input.kind, InputKind::Touch);
    if turn.row.wake < now || (touch && turn.row.wake == now) {
        turn.advance(now, touch);
    }
    let follows = turn.row.world != world.number() && turn.has_what_follows_the_world();
    if !touch || follows {
        turn.now = now;
        turn.on_time = now;
        turn.in_moment = false;
        turn.steps = 0;
        turn.chain = 0;
    }
    if follows {
        turn.follow_world();
    }
    if touch && follows {
        turn.settle();
    }
    if !touch {
        if !turn.has_no_room(&input.kind) && (input.id == 0 || turn.is_new(&input)) {
            turn.take(input.kind);
        }
        turn.settle();
    }
    turn.finish(now);
}

impl Turn<'_> {
    /// Everything due before `now`, and then it is `now`.
    pub(super) fn catch_up(&mut self, now: Instant) {
        if self.row.wake < now {
            self.advance(now, false);
        }
        (self.now, self.on_time, self.in_moment, self.steps, self.chain) = (now, now, false, 0, 0);
    }

    /// Everything due before `until`, or at it too.
    fn advance(&mut self, until: Instant, inclusive: bool) {
        let lost = self.world.loses_time();
        for _ in 0..MOMENTS_MAX {
            let due = self.row.wake;
            if due > until || (due == until && !inclusive) || due == Instant::NEVER {
                return;
            }
            let due = due.max(self.row.clock);
            self.on_time = due;
            self.now = if lost && until.since_ms(due) > LATENESS_MS { until } else { due };
            self.row.clock = self.now;
            self.in_moment = true;
            self.steps = 0;
            self.chain = 0;
            self.moment();
            self.settle();
            self.row.wake = next_due(self.row, &self.loaded.index);
        }
        self.record(RecordKind::LimitMet("moments"));
    }

    /// What is due at one instant.
    fn moment(&mut self) {
        self.row.turn += 1;
        let mut wave = Wave { moment: true, ..Wave::default() };
        let due = self.on_time;
        self.refresh_due_segments(due, &mut wave.flips);
        self.react(&wave);
    }

    pub(super) fn finish(self, now: Instant) {
        let known = self.row.known_since != Instant::NEVER;
        if known {
            self.row.clock = now;
        }
        self.row.world = self.world.number();
        self.row.plan = Some(self.loaded.id);
        if !self.in_moment {
            // After moments it is known already.
            self.row.wake = next_due(self.row, &self.loaded.index);
        }
        self.out.wake = self.row.wake;
    }

    /// Whether an input's id was not handled before; notes it.
    fn is_new(&mut self, input: &Input) -> bool {
        let (id, body) = ((input.id ^ (input.id >> 64)) as u64, body_of(&input.kind));
        let today = (self.now.0.div_euclid(DAY_MS)).max(0) as u32;
        // A day counts as over only when all of it is: 30 days at least.
        let stale = |known: &KnownId| i64::from(today) - i64::from(known.day) > DEDUPE_DAYS + 1;
        if let Some(known) = self.row.ids.iter().find(|known| known.id == id && !stale(known)) {
            let kind = if known.body == body { RecordKind::Duplicate } else { RecordKind::Conflict };
            self.record(kind);
            return false;
        }
        if self.row.ids.first().is_some_and(stale) {
            self.row.ids.retain(|known| !stale(known));
        }
        if self.row.ids.len() >= IDS_MAX {
            self.row.ids.remove(0);
        }
        self.row.ids.push(KnownId { id, body, day: today });
        true
    }

    fn take(&mut self, kind: InputKind) {
        let new = self.row.known_since == Instant::NEVER;
        if new {
            // Nothing was ever sent to somebody who is not known.
            match kind {
                InputKind::Touch
                | InputKind::Outcome { .. }
                | InputKind::Report { .. }
                | InputKind::Answer { .. }
                | InputKind::Erase
                | InputKind::ItemChanged { .. } => {
                    return;
                }
                InputKind::Ready { send, attempt, doubtful } => {
                    self.take_ready(send, attempt, doubtful);
                    return;
                }
                _ => {}
            }
            self.greet();
        }
        let mut wave = match kind {
            InputKind::Event { event, at, fields } => {
                let at = at.min(self.now);
                if at < self.row.clock && self.attention.detail {
                    self.record(RecordKind::Late);
                }
                let what = SeenWhat::Happened(Happening::Event(event));
                Wave { event: Some(Event { what, at, fields }), ..Wave::default() }
            }
            InputKind::Attributes { at, changes } => self.take_attributes(at.min(self.now), changes),
            InputKind::Consent { at, topic, subscribed } => {
                let state = if subscribed { ConsentState::Subscribed } else { ConsentState::Unsubscribed };
                self.set_consent(topic, state, at.min(self.now)).unwrap_or_default()
            }
            InputKind::Suppress { channel, suppressed } => self.set_suppression(channel, suppressed).unwrap_or_default(),
            InputKind::Told(told) => {
                if new {
                    self.meet(Wave::default());
                }
                self.row.turn += 1;
                self.take_told(*told);
                return;
            }
            InputKind::List { list, on } => self.set_list(list, on).unwrap_or_default(),
            InputKind::Requested { journey, at, args } => {
                if new {
                    self.meet(Wave::default());
                }
                self.row.turn += 1;
                self.out.scratch.entered.clear();
                self.request(journey, Cause { args: &args, ..Cause::at(at.min(self.now)) });
                return;
            }
            InputKind::Touch => return,
            InputKind::Outcome { send, result } => {
                self.take_outcome(send, result);
                return;
            }
            InputKind::Ready { send, attempt, doubtful } => {
                self.take_ready(send, attempt, doubtful);
                return;
            }
            InputKind::Erase => {
                self.erase();
                return;
            }
            InputKind::Past(past) => {
                self.take_past(past, new);
                return;
            }
            InputKind::ItemChanged { catalog, key, at } => {
                self.take_change(catalog, &key, at.min(self.now));
                return;
            }
            InputKind::Answer { call, answer } => {
                self.take_answer(call, answer);
                return;
            }
            InputKind::Report { send, verb, at, by_machine, hard } => {
                self.take_report(send, verb, at.min(self.now), by_machine, hard);
                return;
            }
        };
        if new {
            self.meet(wave);
            return;
        }
        wave.flips.sort_by_key(|(_, joined)| *joined);
        self.take_in(wave);
    }

    /// Somebody new: she has the defaults, and is in no segment until her first input was looked at.
    pub(super) fn greet(&mut self) {
        let loaded = self.loaded;
        self.row.known_since = self.now;
        self.row.clock = self.row.clock.max(self.now);
        let fields = &loaded.plan.schema.customer;
        if self.row.attributes.len() < fields.len() {
            self.row.attributes.resize(fields.len(), Value::Missing);
            self.row.attribute_times.resize(fields.len(), Instant::FIRST);
        }
        for (at, field) in fields.iter().enumerate() {
            if self.row.attributes[at].is_missing() && self.row.attribute_times[at] == Instant::FIRST {
                self.row.attributes[at] = field.default.clone();
            }
        }
        self.row.zone = super::consent::read_zone(self);
        self.zone = super::zone_of(&loaded.plan, self.row);
    }

    /// The first input: every segment that she is in after it is one that she joins.
    fn meet(&mut self, mut wave: Wave) {
        let loaded = self.loaded;
        wave.flips.clear();
        self.row.turn += 1;
        if let Some(Event { what: SeenWhat::Happened(what), at, fields }) = &wave.event {
            self.keep_history(*what, *at, fields);
        }
        self.row.segments.clear();
        self.row.segments.resize(loaded.plan.segments.len(), Standing { member: false, until: Instant::FIRST });
        self.refresh_all_segments(&mut wave.flips);
        if !loaded.index.dates.is_empty() {
            // What is at this very instant comes after the input, so it is still to come.
            self.schedule_all(self.now.plus_ms(-1));
        }
        self.react(&wave);
    }

    fn take_attributes(&mut self, at: Instant, changes: Vec<(crate::schema::FieldId, Value)>) -> Wave {
        let mut wave = Wave::default();
        let mut changed = Vec::new();
        for (field, value) in changes {
            if self.write_attribute(field, value, at) {
                changed.push(field);
            }
        }
        for field in changed {
            self.follow_field(field, &mut wave);
        }
        wave
    }
}

/// A short hash of what an input says, to tell a repetition from a conflict.
fn body_of(kind: &InputKind) -> u32 {
    let hash = match kind {
        InputKind::Event { event, at, fields } => {
            fields.iter().fold(u64::from(event.0) ^ at.0 as u64, |hash, value| hash.rotate_left(7) ^ stable_hash(value))
        }
        InputKind::Attributes { at, changes } => {
            changes.iter().fold(at.0 as u64, |hash, (field, value)| hash.rotate_left(7) ^ u64::from(field.0) ^ stable_hash(value))
        }
        InputKind::Consent { at, topic, subscribed } => at.0 as u64 ^ (u64::from(topic.0) << 1) ^ u64::from(*subscribed),
        InputKind::Requested { journey, at, args } => {
            args.iter().fold(u64::from(journey.0) ^ at.0 as u64, |hash, value| hash.rotate_left(7) ^ stable_hash(value))
        }
        InputKind::List { list, on } => (u64::from(list.0) << 1) ^ u64::from(*on),
        InputKind::Suppress { channel, suppressed } => (u64::from(channel.0) << 1) ^ u64::from(*suppressed),
        InputKind::Touch | InputKind::Outcome { .. } | InputKind::Erase | InputKind::ItemChanged { .. } => 0,
        InputKind::Past(past) => return body_of(&past.clone().into_input()),
        InputKind::Ready { attempt, .. } => u64::from(*attempt),
        InputKind::Answer { call, .. } => u64::from(*call),
        InputKind::Told(told) => told.args.iter().fold(u64::from(told.run), |hash, value| hash.rotate_left(7) ^ stable_hash(value)),
        InputKind::Report { verb, at, .. } => at.0 as u64 ^ *verb as u64,
    };
    (hash ^ (hash >> 32)) as u32
}
