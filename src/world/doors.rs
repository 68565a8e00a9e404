//! Doors: how many more a journey takes in that limits its entries (`at most 500 entries in 1 day then wait`).
//!
//! In: the places that were taken, in the order of time. Out: whether there is one, or from when on. **Invariant:** no time of the length of
//! a cap holds more entries than it allows; who waits is let in in the order of coming, and nobody passes her; a place is kept for who waits,
//! and is not given away if she does not come. A rolling time `D` is `(now - D, now]`, so exactly `D` later there is a place again; a
//! calendar day is the project's.

use crate::calendar::{Instant, Zone};
use crate::engine::Room;
use crate::plan::{CapWindow, EntryCap, Plan};
use crate::record::{Decode as _, DecodeError, Encode as _, Reader, Writer};
use crate::schema::{JourneyId, WaitOrSkip};
use chrono::{Days, NaiveTime};
use std::collections::VecDeque;

/// Of all journeys of a plan.
#[derive(Debug, Clone, Default)]
pub struct Doors {
    /// By journey; none where entries are not limited.
    journeys: Vec<Option<Door>>,
    zone: Zone,
}

#[derive(Debug, Clone)]
struct Door {
    caps: Vec<EntryCap>,
    /// When those entered, or will, who count for some cap; ascending.
    taken: VecDeque<Instant>,
    /// The highest of the counts: older ones are not asked for.
    most: usize,
}

/// Whether some journey of a plan limits its entries.
pub fn are_in(plan: &Plan) -> bool {
    plan.journeys.iter().any(|journey| !journey.entry_caps.is_empty())
}

impl Doors {
    pub fn new(plan: &Plan) -> Doors {
        let door = |caps: &Vec<EntryCap>| {
            let most = caps.iter().map(|cap| cap.count as usize).max()?;
            Some(Door { caps: caps.clone(), taken: VecDeque::new(), most })
        };
        Doors { journeys: plan.journeys.iter().map(|journey| door(&journey.entry_caps)).collect(), zone: plan.policy.zone }
    }

    /// What one hears who comes now, when `more` took a place that is not noted yet.
    pub fn room(&self, journey: JourneyId, now: Instant, more: usize) -> Room {
        let Some(Some(door)) = self.journeys.get(journey.index()) else { return Room::Free };
        let free = |cap: &EntryCap| {
            // The one of whom there must be nothing left in the window.
            let count = (cap.count as usize).max(1);
            match (door.taken.len() + more).checked_sub(count).map(|at| door.taken.get(at).copied().unwrap_or(now)) {
                Some(last) => self.free_after(cap, last),
                None => Instant::FIRST,
            }
        };
        let from = |then: WaitOrSkip| door.caps.iter().filter(|cap| cap.then == then).map(free).max().unwrap_or(Instant::FIRST);
        // What was promised to others comes first.
        let from_wait = from(WaitOrSkip::Wait).max(now);
        if from(WaitOrSkip::Skip) > from_wait {
            Room::Full
        } else if from_wait > now {
            Room::From(from_wait)
        } else {
            Room::Free
        }
    }

    /// The same under another plan's numbers, by the names of journeys. Where a cap is new, counting begins now; where it was raised, with the entries
    /// that the one before asked for.
    pub fn renumber(&mut self, before: &Plan, now: &Plan) {
        let known = std::mem::replace(self, Doors::new(now));
        for (door, journey) in known.journeys.into_iter().zip(&before.journeys) {
            let place = now.journeys.iter().position(|one| one.name == journey.name);
            if let (Some(door), Some(place)) = (door, place) {
                door.taken.into_iter().for_each(|at| self.take(JourneyId(place as u16), at));
            }
        }
    }

    /// Somebody took a place for that instant.
    pub fn take(&mut self, journey: JourneyId, at: Instant) {
        let Some(Some(door)) = self.journeys.get_mut(journey.index()) else { return };
        let place = door.taken.partition_point(|taken| *taken <= at);
        door.taken.insert(place, at);
        while door.taken.len() > door.most {
            door.taken.pop_front();
        }
    }

    /// For a snapshot: the places that were taken, by journey.
    pub fn write(&self, out: &mut Writer) {
        let taken: Vec<Vec<Instant>> =
            self.journeys.iter().map(|door| door.as_ref().map_or_else(Vec::new, |door| door.taken.iter().copied().collect())).collect();
        taken.encode(out);
    }

    /// Back from a snapshot, under the same plan.
    pub fn read(&mut self, from: &mut Reader<'_>) -> Result<(), DecodeError> {
        for (journey, taken) in Vec::<Vec<Instant>>::decode(from)?.into_iter().enumerate() {
            taken.into_iter().for_each(|at| self.take(JourneyId(journey as u16), at));
        }
        Ok(())
    }

    /// From when on an entry does not count any more.
    fn free_after(&self, cap: &EntryCap, entry: Instant) -> Instant {
        match cap.window {
            CapWindow::Rolling { ms } => entry.plus_ms(ms),
            CapWindow::CalendarDay => {
                let next = self.zone.local(entry).date().checked_add_days(Days::new(1));
                next.map_or(Instant::NEVER, |next| self.zone.instant(next.and_time(NaiveTime::MIN)))
            }
        }
    }
}
