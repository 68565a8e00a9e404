//! Setting somebody aside whose input cannot be handled, so that everybody else goes on.
//!
//! In: a failure, or a panic, of one customer's machine. Out: she is set aside, with what failed and what comes for her meanwhile; back again when a
//! person says so. **Invariant:** a failure changes nothing of hers and nothing of anybody else; what was acknowledged is kept and handled in its order
//! later, or stands on the dead-letter list; nothing of hers leaves the house while she is set aside.
//!
//! The machine is a function: the same input fails the same way again, so she is set aside at the first failure and not after some.

use super::others::Dead;
use super::{After, Core};
use crate::calendar::Instant;
use crate::daemon::told::json::said;
use crate::engine::{Input, InputKind, World as _};
use crate::shard::commit::Parcel;
use crate::shard::{Bench, Damaged, Number};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Fails on purpose where it says so: for tests of what a failure leads to.
pub type Trip = fn(Number, &InputKind) -> bool;

/// What a person sees of somebody who is set aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetAside {
    pub number: Number,
    pub since: Instant,
    pub reason: String,
    pub waiting: usize,
}

impl Core {
    /// Fails where it is told to, by tests.
    pub fn trip_at(&mut self, trip: Trip) {
        self.trip = Some(trip);
    }

    /// Who is set aside, by number.
    pub fn set_asides(&self) -> impl Iterator<Item = SetAside> + '_ {
        self.shards.iter().flat_map(|shard| shard.asides()).map(|(number, aside)| SetAside {
            number,
            since: aside.since.unwrap_or(Instant::FIRST),
            reason: aside.reason.clone(),
            waiting: aside.waiting.len(),
        })
    }

    pub fn is_aside(&self, number: Number) -> bool {
        self.shard(number).is_some_and(|shard| shard.is_aside(number))
    }

    /// One input in her machine. Where that fails, nothing of hers or of the batch has changed, and she is set aside with the input; `false` then.
    pub(super) fn handle_safely(&mut self, number: Number, input: Input) -> bool {
        let before = self.writer.len();
        let (world, attention, trip) = (&self.world, self.attention, self.trip);
        let (shard, bench, writer) = (&mut self.shards[number.shard()], &mut self.bench, &mut self.writer);
        let keeps = keeps(&input.kind);
        let handled = catch_unwind(AssertUnwindSafe(|| {
            assert!(!trip.is_some_and(|trip| trip(number, &input.kind)), "it was told to fail");
            shard.handle(world, attention, number, input, bench, writer)
        }));
        let reason = match handled {
            Ok(Ok(())) => return true,
            Ok(Err(Damaged { fault, .. })) => fault,
            Err(panic) => words(panic.as_ref()),
        };
        self.writer.truncate(before);
        self.bench = Bench::default();
        tracing::error!(customer = number.0, "a customer is set aside: {reason}");
        let now = self.now;
        self.shards[number.shard()].set_aside(number, now, &reason, &mut self.writer);
        self.counts.set_aside += 1;
        if keeps {
            self.wait(number);
        }
        self.wakes[number.shard()] = self.shards[number.shard()].wake();
        false
    }

    /// What comes for somebody who is set aside. What is only due comes again by itself; what would leave now has to be offered again.
    pub(super) fn keep_waiting(&mut self, number: Number, input: &InputKind) {
        if keeps(input) {
            self.wait(number);
        }
    }

    /// The input that is handled now, which is encoded already.
    fn wait(&mut self, number: Number) {
        let plan = self.world.active().id;
        if !self.shards[number.shard()].wait(number, plan, self.scratch.as_bytes(), &mut self.writer) {
            self.counts.lost_aside += 1;
        }
    }

    /// She goes on: what waited is handled in its order, without the first if that is what fails. `None` if she is not set aside; else how many inputs were
    /// handled, and whether she is set aside again.
    pub fn bring_back(&mut self, number: Number, now: Instant, without_first: bool) -> Option<(usize, bool)> {
        let aside = self.shards.get_mut(number.shard())?.bring_back(number, &mut self.writer)?;
        self.wakes[number.shard()] = self.shards[number.shard()].wake();
        let active = self.world.active().id;
        let mut handled = 0;
        for (plan, bytes) in aside.waiting.into_iter().skip(usize::from(without_first)) {
            match crate::record::from_bytes::<Input>(&bytes) {
                Ok(input) if plan == active => {
                    self.is_told = true;
                    self.input(number, Input { now, ..input });
                    handled += usize::from(!self.is_aside(number));
                }
                // Its numbers are those of another version of the project: what it says is kept where a person sees it.
                Ok(input) => {
                    let item = match self.world.loaded(plan) {
                        Some(loaded) => said(loaded.original(), &input).to_string(),
                        None => format!("{:?}", input.kind),
                    };
                    let why = "it came under an earlier version of the project while she was set aside: send it again";
                    self.bury(Dead::new(now, "set aside", format!("customer {}: {item}", number.0), why.to_owned()));
                }
                Err(fault) => {
                    self.bury(Dead::new(
                        now,
                        "set aside",
                        format!("an input of customer {}", number.0),
                        format!("it cannot be read any more: {fault}"),
                    ));
                }
            }
        }
        let is_again = self.is_aside(number);
        if !is_again {
            // What was refused a worker meanwhile is offered again.
            let under_way: Vec<Parcel> = self.shards[number.shard()].parcels_of(number).map(|(_, parcel)| parcel.clone()).collect();
            self.after.extend(under_way.into_iter().map(|parcel| After::Dispatch(number, parcel)));
        }
        Some((handled, is_again))
    }

    /// The same, because an operator says so.
    pub fn bring_back_for(&mut self, now: Instant, who: &str, number: Number, without_first: bool) -> Option<(usize, bool)> {
        let brought = self.bring_back(number, now, without_first)?;
        self.note(now, who, &format!("release {}{}", number.0, if without_first { " without the first" } else { "" }));
        Some(brought)
    }
}

fn keeps(input: &InputKind) -> bool {
    !matches!(input, InputKind::Touch | InputKind::Ready { .. })
}

fn words(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned()).or_else(|| panic.downcast_ref::<String>().cloned());
    format!("it panicked: {}", text.unwrap_or_else(|| "without a word".to_owned()))
}
