//! A plan whose histories are read back before it becomes active.
//!
//! In: the plan that is to be applied; events of before, slice by slice, from who reads archive and log. Out: rows with these histories; the plan
//! active, once all was read. **Invariant:** the slice and how far it comes are one batch, so that after a crash each event counts once; what
//! happens meanwhile counts as it happens ([`Building`]); until it is active nothing is decided by it; the text of the plan is in the
//! log, so that it goes on after a restart and without whoever asked for it.

use super::deploy::Progress;
use super::recovery::Unreadable;
use super::{Core, others};
use crate::calendar::Instant;
use crate::engine::World as _;
use crate::engine::backfill::{Before, Building};
use crate::engine::versions::Decision;
use crate::plan::{Plan, encode};
use crate::record::{Decode, DecodeError, Encode, Fault, Reader, Writer, to_bytes};
use crate::shard::entry::Entry;
use crate::shard::{Damaged, Number};
use std::sync::Arc;

/// How far archive and log were read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, PartialOrd, Ord)]
pub struct Cursor {
    /// All batches up to this one.
    pub through: u64,
    /// In the file of the archive that ends with that batch: up to this customer, and this place in the log.
    pub part: Option<(u64, u64, u64)>,
}

/// A plan on its way.
#[derive(Debug, Clone)]
pub struct Build {
    pub plan: Arc<Plan>,
    text: String,
    decisions: Vec<Decision>,
    /// What it was compared with.
    over: String,
    who: String,
    /// When it began; no two begin at the same time.
    pub begun: Instant,
    pub cursor: Cursor,
    /// Events that were read back.
    pub events: u64,
    /// All is read back.
    pub is_done: bool,
    /// From when on what it asks for is complete, where that is later than it asks.
    pub complete_from: Option<Instant>,
}

/// Whether something is to be read back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begun {
    /// It goes on by itself, until the plan is active.
    Yes,
    /// Everything was kept already: the plan can be active at once.
    NotNeeded,
    NotYet(&'static str),
    /// What was compared is not what runs any more.
    Changed,
    /// Another plan is on its way.
    Another,
}

impl Core {
    /// The plan that is on its way.
    pub fn build(&self) -> Option<&Build> {
        self.works.build.as_ref()
    }

    /// Begins to read back what a plan asks for and was not kept.
    ///
    /// # Errors
    /// If the plan cannot be put beside the one that is active.
    pub fn begin_build(
        &mut self,
        plan: &Arc<Plan>,
        decisions: &[Decision],
        over: &str,
        who: &str,
        now: Instant,
    ) -> Result<Begun, Unreadable> {
        let now = self.advance(now);
        if self.world.plan().hash != over {
            return Ok(Begun::Changed);
        }
        if let Some(build) = &self.works.build {
            return Ok(if build.plan.hash == plan.hash { Begun::Yes } else { Begun::Another });
        }
        let wrong = |error: serde_json::Error| Unreadable::Plan(error.to_string());
        if self.following.is_some() {
            return Ok(Begun::NotYet("customers still follow to the version before"));
        }
        if Building::new(plan, self.world.active(), now).map_err(wrong)?.is_none() {
            return Ok(Begun::NotNeeded);
        }
        let build = Build {
            plan: Arc::clone(plan),
            text: encode::to_json(plan).map_err(wrong)?,
            decisions: decisions.to_vec(),
            over: over.to_owned(),
            who: who.to_owned(),
            begun: now,
            cursor: Cursor::default(),
            events: 0,
            is_done: false,
            complete_from: None,
        };
        self.write_other(others::BUILD_BEGUN, &to_bytes(&build));
        self.note(now, who, &format!("read back what plan {} asks for", plan.hash));
        self.set_build(Some(build))?;
        Ok(Begun::Yes)
    }

    pub(super) fn set_build(&mut self, build: Option<Build>) -> Result<(), Unreadable> {
        let building = match &build {
            Some(build) => {
                Building::new(&build.plan, self.world.active(), build.begun).map_err(|error| Unreadable::Plan(error.to_string()))?
            }
            None => None,
        };
        self.world.set_building(building);
        self.works.build = build;
        Ok(())
    }

    /// What is read back, for who reads.
    pub fn building(&self) -> Option<Arc<Building>> {
        self.world.building_now().cloned()
    }

    /// The next events, and how far they come. `false` where nothing is read back any more, or something else.
    pub fn fill(&mut self, begun: Instant, slice: &[(Number, Vec<Before>)], cursor: Cursor) -> bool {
        let Some(building) = self.building() else { return false };
        if self.works.build.as_ref().is_none_or(|build| build.begun != begun || build.is_done || cursor < build.cursor) {
            return false;
        }
        let mut count = 0;
        for (number, events) in slice {
            let number = self.home(*number);
            count += events.len() as u64;
            if let Err(damaged) = self.fill_one(&building, number, events) {
                self.damaged = Some(damaged);
                return false;
            }
        }
        let mut out = Writer::default();
        cursor.encode(&mut out);
        out.varint(count);
        self.write_other(others::BUILD_AT, out.as_bytes());
        self.come_to(cursor, count);
        true
    }

    fn fill_one(&mut self, building: &Building, number: Number, events: &[Before]) -> Result<(), Damaged> {
        let Some(shard) = self.shards.get_mut(number.shard()) else { return Ok(()) };
        let Some(mut row) = shard.row(number)? else { return Ok(()) };
        if !building.fill(&mut row, events) {
            return Ok(());
        }
        let (known, wake, row) = (shard.entry(number).unwrap_or_default().to_vec(), row.wake, to_bytes(&row));
        let damaged = |error: DecodeError| Damaged { number, fault: error.to_string() };
        let entry = Entry { row: &row, ..Entry::read(&known).map_err(damaged)? };
        shard.replace(number, entry, wake, &mut self.writer);
        Ok(())
    }

    fn come_to(&mut self, cursor: Cursor, events: u64) {
        if let Some(build) = &mut self.works.build {
            build.cursor = cursor;
            build.events += events;
        }
    }

    /// Everything was read. `complete_from`: from when on archive and log have everything.
    pub fn built(&mut self, begun: Instant, complete_from: Instant) {
        let reach = self.building().and_then(|building| building.reach_ms());
        let lacks = reach.is_none_or(|reach| complete_from > self.now.plus_ms(-reach));
        let complete_from = lacks.then_some(complete_from);
        if self.works.build.as_ref().is_some_and(|build| build.begun == begun && !build.is_done) {
            self.write_other(others::BUILD_DONE, &to_bytes(&complete_from));
            self.set_built(complete_from);
        }
    }

    fn set_built(&mut self, complete_from: Option<Instant>) {
        if let Some(build) = &mut self.works.build {
            (build.is_done, build.complete_from) = (true, complete_from);
        }
    }

    /// Makes the plan active whose histories are read back. `None` where there is none.
    ///
    /// # Errors
    /// If its text cannot be read.
    pub fn finish_build(&mut self, now: Instant) -> Result<Option<Progress>, Unreadable> {
        let Some(build) = self.works.build.clone().filter(|build| build.is_done) else { return Ok(None) };
        self.try_deploy(&build.plan, &build.decisions, &build.over, &build.who, now).map(Some)
    }

    /// The plan that is on its way does not become active. Whether there was one.
    pub fn stop_build(&mut self, now: Instant, who: &str) -> bool {
        let Some(build) = self.works.build.take() else { return false };
        self.world.set_building(None);
        self.write_other(others::BUILD_STOPPED, &[]);
        self.note(now, who, &format!("stop plan {}", build.plan.hash));
        true
    }

    pub(super) fn build_again(&mut self, kind: u8, bytes: &[u8]) -> Result<(), Unreadable> {
        let wrong = |fault| Unreadable::Bytes { what: "a plan on its way", fault };
        let mut from = Reader::new(bytes);
        match kind {
            others::BUILD_BEGUN => self.set_build(Some(Build::decode(&mut from).map_err(wrong)?)),
            others::BUILD_AT => {
                let cursor = Cursor::decode(&mut from).map_err(wrong)?;
                self.come_to(cursor, from.varint().map_err(wrong)?);
                Ok(())
            }
            others::BUILD_DONE => {
                self.set_built(Option::decode(&mut from).map_err(wrong)?);
                Ok(())
            }
            _ => self.set_build(None),
        }
    }
}

/// When a plan began to be read back, from what the log says of it.
pub fn begun_of(bytes: &[u8]) -> Result<Instant, DecodeError> {
    Instant::decode(&mut Reader::new(bytes))
}

impl Encode for Cursor {
    fn encode(&self, out: &mut Writer) {
        out.varint(self.through);
        out.boolean(self.part.is_some());
        if let Some((last, number, order)) = self.part {
            out.varint(last);
            out.varint(number);
            out.varint(order);
        }
    }
}

impl Decode for Cursor {
    fn decode(from: &mut Reader<'_>) -> Result<Cursor, DecodeError> {
        let through = from.varint()?;
        let part = if from.boolean()? { Some((from.varint()?, from.varint()?, from.varint()?)) } else { None };
        Ok(Cursor { through, part })
    }
}

impl Encode for Build {
    fn encode(&self, out: &mut Writer) {
        self.begun.encode(out);
        out.text(&self.text);
        self.decisions.encode(out);
        out.text(&self.over);
        out.text(&self.who);
        self.cursor.encode(out);
        out.varint(self.events);
        out.boolean(self.is_done);
        self.complete_from.encode(out);
    }
}

impl Decode for Build {
    fn decode(from: &mut Reader<'_>) -> Result<Build, DecodeError> {
        let begun = Instant::decode(from)?;
        let text = from.text()?.to_owned();
        let plan = Arc::new(encode::from_json(&text).map_err(|_| from.fault(Fault::Kind(others::BUILD_BEGUN)))?);
        Ok(Build {
            plan,
            text,
            decisions: Vec::decode(from)?,
            over: from.text()?.to_owned(),
            who: from.text()?.to_owned(),
            begun,
            cursor: Cursor::decode(from)?,
            events: from.varint()?,
            is_done: from.boolean()?,
            complete_from: Option::decode(from)?,
        })
    }
}
