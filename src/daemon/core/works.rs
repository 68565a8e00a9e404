//! What the deployment itself has to do and to remember, beside its customers: works, facts, codes that were given.
//!
//! In: changes of items. Out: inputs of those whom they concern, in slices between other inputs. **Invariant:** a work has one cursor, which is
//! written in the batch of what was done up to it, so that after a crash everybody is reached once; who has another input while a work is
//! open is reached before it, so the result does not depend on the pace; what is here and the customers' rows are changed by the same
//! batches. An older store has nothing of it, and that is what it means.

use super::watchers::Watchers;
use super::{Core, others};
use crate::calendar::Instant;
use crate::engine::{Input, InputKind};
use crate::record::{Decode as _, DecodeError, Encode as _, Reader, Writer};
use crate::schema::CatalogId;
use crate::shard::Number;
use crate::value::Text;
use crate::world::catalogs::Catalogs;
use crate::world::facts::{Counters, Facts};
use crate::world::hours::{Answers, BestHours};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

/// The version of its bytes in a snapshot.
const VERSION: u8 = 3;
/// The first version that knows who entered journeys that limit their entries.
const DOORS_SINCE: u8 = 2;
/// The first version that knows when everybody answers, and which plan is on its way.
const HOURS_SINCE: u8 = 3;

/// Works that are open, and how far they are.
#[derive(Debug)]
pub struct Works {
    /// The last tick that was looked at.
    pub(super) ticked: i64,
    /// First come, first done.
    pub(super) open: VecDeque<Work>,
    /// Number of the next one.
    pub(super) next: u64,
    /// Who was reached before her turn, by the number of the work.
    early: BTreeSet<(u64, Number)>,
    /// What files said last of items, by catalog and key.
    pub(super) said: BTreeMap<(Text, Text), u64>,
    pub(super) watchers: Watchers,
    /// Files that were imported, and how far.
    pub(super) imports: Vec<super::imports::Imported>,
    /// A plan whose histories are read back.
    pub(super) build: Option<super::backfill::Build>,
    /// Somebody is being reached.
    reaching: bool,
}

/// A change of an item that everybody concerned is told of.
#[derive(Debug, Clone, PartialEq)]
pub struct Work {
    pub number: u64,
    pub catalog: CatalogId,
    pub key: Text,
    /// When it changed.
    pub at: Instant,
    /// Not only those to whom the key matters.
    pub everyone: bool,
    /// Whose turn comes next.
    pub next: Number,
}

impl Default for Works {
    fn default() -> Works {
        Works {
            ticked: i64::MIN,
            open: VecDeque::new(),
            next: 1,
            early: BTreeSet::new(),
            said: BTreeMap::new(),
            watchers: Watchers::default(),
            imports: Vec::new(),
            build: None,
            reaching: false,
        }
    }
}

impl Core {
    /// Works that are open.
    pub fn open_works(&self) -> usize {
        self.works.open.len()
    }

    /// Whether there is something to do before anybody asks.
    pub(super) fn works_wait(&self) -> bool {
        self.works.open.front().is_some_and(|work| work.at <= self.now)
    }

    /// The next customers whom open works concern, at most so many. How many it were.
    pub fn work(&mut self, now: Instant, max: usize) -> usize {
        let now = self.advance(now);
        if self.following.is_some() {
            // Rows that are still to follow may not show yet what matters to them.
            return 0;
        }
        let mut done = 0;
        while done < max && self.under_way < super::UNDER_WAY_MAX && !self.is_full() && self.damaged.is_none() {
            let Some(work) = self.works.open.front().filter(|work| work.at <= now).cloned() else { break };
            let mut next = Some(work.next);
            while done < max && !self.is_full() && self.damaged.is_none() {
                next = next.and_then(|from| self.next_concerned(&work, from));
                let Some(number) = next else { break };
                if !self.works.early.remove(&(work.number, number)) {
                    self.reach(number, &work);
                }
                done += 1;
                next = Some(Number(number.0 + 1));
            }
            let is_over = next.is_none();
            let work = Work { next: next.unwrap_or(work.next), ..work };
            self.write_work(&work, is_over);
            self.note_work(work, is_over);
        }
        done
    }

    fn next_concerned(&self, work: &Work, from: Number) -> Option<Number> {
        if !work.everyone {
            return self.works.watchers.next(&work.key, from);
        }
        let mut number = from;
        loop {
            let shard = self.shards.get(number.shard())?;
            if number.slot() >= shard.places() {
                number = Number::new(number.shard() as u16 + 1, 0);
            } else if shard.entry(number).is_some() {
                return Some(number);
            } else {
                number = Number(number.0 + 1);
            }
        }
    }

    /// She is told, and what of hers is due by it is done.
    fn reach(&mut self, number: Number, work: &Work) {
        let now = self.now;
        self.works.reaching = true;
        let (catalog, key, at) = (work.catalog, work.key.clone(), work.at);
        self.input(number, Input { now, id: 0, kind: InputKind::ItemChanged { catalog, key, at } });
        self.input(number, Input { now, id: 0, kind: InputKind::Touch });
        self.works.reaching = false;
    }

    /// Before another input of hers: what open works have for her.
    pub(super) fn reach_early(&mut self, number: Number) {
        if self.works.reaching {
            return;
        }
        let now = self.now;
        let due: Vec<Work> = self.works.open.iter().filter(|work| work.at <= now && number >= work.next).cloned().collect();
        for work in due {
            if !self.works.early.insert((work.number, number)) {
                continue;
            }
            let mut out = Writer::default();
            out.varint(work.number);
            out.varint(number.0);
            self.write_other(others::WORK_EARLY, out.as_bytes());
            if work.everyone || self.works.watchers.concerns(&work.key, number) {
                self.reach(number, &work);
            }
        }
    }

    /// What matters to somebody whose row was just handled.
    pub(super) fn note_watching(&mut self, number: Number) {
        if self.world.follows_catalogs() {
            self.works.watchers.note(number, self.world.all_loaded(), self.bench.row());
        }
    }

    pub(super) fn write_work(&mut self, work: &Work, is_over: bool) {
        let mut out = Writer::default();
        work.encode(self.world.plan().schema.catalogs.get(work.catalog.index()).map_or("", |declared| declared.name.as_str()), &mut out);
        out.boolean(is_over);
        self.write_other(others::WORK, out.as_bytes());
    }

    fn note_work(&mut self, work: Work, is_over: bool) {
        self.works.early.retain(|(number, who)| *number != work.number || *who >= work.next);
        self.works.next = self.works.next.max(work.number + 1);
        let known = self.works.open.iter().position(|open| open.number == work.number);
        match known {
            Some(at) if is_over => {
                self.works.open.remove(at);
            }
            Some(at) => self.works.open[at] = work,
            None if is_over => {}
            None => self.works.open.push_back(work),
        }
        let first = self.works.open.iter().map(|work| work.number).min().unwrap_or(u64::MAX);
        self.works.early.retain(|(number, _)| *number >= first);
    }

    pub(super) fn work_again(&mut self, from: &mut Reader<'_>) -> Result<(), DecodeError> {
        let plan = Arc::clone(self.world.plan());
        let work = Work::decode(from, &plan)?;
        let is_over = from.boolean()?;
        if let Some(work) = work {
            self.note_work(work, is_over);
        }
        Ok(())
    }

    pub(super) fn early_again(&mut self, from: &mut Reader<'_>) -> Result<(), DecodeError> {
        let (work, number) = (from.varint()?, Number(from.varint()?));
        self.works.early.insert((work, number));
        Ok(())
    }

    /// Open works under another plan's numbers; of what is no catalog any more nothing is left to do.
    pub(super) fn renumber_works(&mut self, before: &crate::plan::Plan, now: &crate::plan::Plan) {
        let renumbered = |work: Work| {
            let name = &before.schema.catalogs.get(work.catalog.index())?.name;
            Some(Work { catalog: now.schema.catalog(name)?, ..work })
        };
        self.works.open = std::mem::take(&mut self.works.open).into_iter().filter_map(renumbered).collect();
    }

    pub(super) fn works_to_bytes(&self) -> Vec<u8> {
        let mut out = Writer::default();
        out.byte(VERSION);
        self.world.counters.encode(&mut out);
        self.world.facts.encode(&mut out);
        self.others.codes.given_to(&mut out);
        let schema = &self.world.plan().schema;
        self.world.catalogs.write(schema, &mut out);
        let said: Vec<_> = self.works.said.iter().collect();
        out.slice(&said, |out, ((catalog, key), said)| {
            catalog.encode(out);
            key.encode(out);
            out.fixed(**said);
        });
        let open: Vec<&Work> = self.works.open.iter().collect();
        out.slice(&open, |out, work| {
            work.encode(schema.catalogs.get(work.catalog.index()).map_or("", |declared| declared.name.as_str()), out);
        });
        out.varint(self.works.next);
        let early: Vec<_> = self.works.early.iter().collect();
        out.slice(&early, |out, (work, number)| {
            out.varint(*work);
            out.varint(number.0);
        });
        self.works.imports.encode(&mut out);
        self.world.doors.write(&mut out);
        self.world.answers.encode(&mut out);
        self.world.hours.encode(&mut out);
        self.works.build.encode(&mut out);
        out.into_bytes()
    }

    pub(super) fn works_from_bytes(&mut self, bytes: &[u8]) -> Result<(), DecodeError> {
        let mut from = Reader::new(bytes);
        let version = from.byte()?;
        if version == 0 || version > VERSION {
            return Err(from.fault(crate::record::Fault::Newer { section: 0, version, known: VERSION }));
        }
        self.world.counters = Counters::decode(&mut from)?;
        self.world.facts = Facts::decode(&mut from)?;
        self.others.codes.given_from(&mut from)?;
        let plan = Arc::clone(self.world.plan());
        self.world.catalogs = Catalogs::read(&plan.schema, &mut from)?;
        let said = from.list(|from| Ok(((Text::decode(from)?, Text::decode(from)?), from.fixed()?)))?;
        self.works.said = said.into_iter().collect();
        let open = from.list(|from| Work::decode(from, &plan))?;
        self.works.open = open.into_iter().flatten().collect();
        self.works.next = from.varint()?;
        let early = from.list(|from| Ok((from.varint()?, Number(from.varint()?))))?;
        self.works.early = early.into_iter().collect();
        self.works.imports = Vec::decode(&mut from)?;
        if version >= DOORS_SINCE {
            self.world.doors.read(&mut from)?;
        }
        if version >= HOURS_SINCE {
            self.world.answers = Answers::decode(&mut from)?;
            self.world.hours = BestHours::decode(&mut from)?;
            self.works.build = Option::decode(&mut from)?;
        }
        from.finish()
    }
}

impl Work {
    fn encode(&self, catalog: &str, out: &mut Writer) {
        out.varint(self.number);
        out.text(catalog);
        self.key.encode(out);
        self.at.encode(out);
        out.boolean(self.everyone);
        out.varint(self.next.0);
    }

    /// `None` where the plan has no such catalog any more.
    fn decode(from: &mut Reader<'_>, plan: &crate::plan::Plan) -> Result<Option<Work>, DecodeError> {
        let (number, catalog, key) = (from.varint()?, Text::decode(from)?, Text::decode(from)?);
        let (at, everyone, next) = (Instant::decode(from)?, from.boolean()?, Number(from.varint()?));
        Ok(plan.schema.catalog(&catalog).map(|catalog| Work { number, catalog, key, at, everyone, next }))
    }
}
