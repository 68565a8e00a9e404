//! Whether the clock on the wall is to be believed.
//!
//! In: what the wall clock says, and a clock that only counts (also while the machine sleeps). Out: the time to work with, and whether there is doubt. **Invariant:** the
//! time that is told never goes back and never leaps: where the two clocks disagree, time goes on as the counting one says, and nothing is sent,
//! until the wall clock comes back, stays steady for ten minutes, or a person believes it. Reads no clock itself.

use crate::calendar::{DAY_MS, Instant, MINUTE_MS};

/// By so much the wall clock may move against the counting one between two looks, ms.
pub const DRIFT_MS: i64 = MINUTE_MS;
/// By so much it may be behind the store when the daemon starts, ms.
pub const BEHIND_AT_START_MS: i64 = 5 * MINUTE_MS;
/// For so long it has to be steady to be believed again, ms.
pub const STEADY_MS: i64 = 10 * MINUTE_MS;
/// A step forward that is longer is believed by a person only, ms: every wait in the store might be over at once.
pub const ALONE_MS: i64 = 31 * DAY_MS;

/// Why nothing is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Doubt {
    /// How far the wall clock is from the time that is told, ms; negative: behind.
    pub step_ms: i64,
    /// Whether it ends by itself.
    pub ends_alone: bool,
}

#[derive(Debug, Clone, Copy)]
struct Leap {
    /// Wall minus count as it was seen last, ms.
    seen: i64,
    /// The count since which it is steady, ms.
    since: i64,
}

/// Watches the wall clock.
#[derive(Debug, Clone)]
pub struct ClockGuard {
    /// Wall minus count that is believed, ms.
    believed: i64,
    told: Instant,
    leap: Option<Leap>,
    /// A person has seen that the wall is behind this.
    forgiven: Instant,
    /// What the wall said last.
    wall: Instant,
}

impl ClockGuard {
    /// `stored`: the latest time that the store knows, [`Instant::FIRST`] for a new one.
    pub fn new(stored: Instant, wall: Instant, count: i64) -> ClockGuard {
        let ahead = wall.0.saturating_sub(stored.0);
        let strange = stored != Instant::FIRST && !(-BEHIND_AT_START_MS..=ALONE_MS).contains(&ahead);
        let believed = if strange { stored.0 } else { wall.0 } - count;
        let leap = strange.then_some(Leap { seen: wall.0 - count, since: count });
        ClockGuard { believed, told: stored, leap, forgiven: Instant::FIRST, wall }
    }

    /// The time to work with.
    pub fn observe(&mut self, wall: Instant, count: i64) -> Instant {
        let offset = wall.0.saturating_sub(count);
        let is_near = |other: i64| offset.abs_diff(other) <= DRIFT_MS as u64;
        self.wall = wall;
        if is_near(self.believed) {
            // It never leapt, or came back. A clock that is slewed is followed.
            (self.believed, self.leap) = (offset, None);
        } else {
            match &mut self.leap {
                Some(leap) if is_near(leap.seen) => {
                    let is_steady = count.saturating_sub(leap.since) >= STEADY_MS;
                    if is_steady && offset.saturating_sub(self.believed) <= ALONE_MS {
                        (self.believed, self.leap) = (offset, None);
                    }
                }
                leap => *leap = Some(Leap { seen: offset, since: count }),
            }
        }
        self.told = self.told.max(Instant(count.saturating_add(self.believed)));
        self.told
    }

    /// Why nothing may be sent now, if so.
    pub fn doubt(&self) -> Option<Doubt> {
        let step_ms = self.wall.0.saturating_sub(self.told.0);
        let is_behind = step_ms < -DRIFT_MS && self.told > self.forgiven;
        (self.leap.is_some() || is_behind).then_some(Doubt { step_ms, ends_alone: step_ms <= ALONE_MS })
    }

    /// A person says that the wall clock is right.
    pub fn believe(&mut self) {
        if let Some(leap) = self.leap.take() {
            self.believed = leap.seen;
        }
        self.forgiven = self.told;
    }
}

#[cfg(test)]
mod tests {
    use super::{ALONE_MS, ClockGuard, DRIFT_MS, STEADY_MS};
    use crate::calendar::{DAY_MS, HOUR_MS, Instant, MINUTE_MS};

    const BEGIN: i64 = 1_772_359_200_000;
    const YEAR_MS: i64 = 365 * DAY_MS;

    fn guard() -> ClockGuard {
        ClockGuard::new(Instant(BEGIN), Instant(BEGIN), 0)
    }

    /// Looks every 30 seconds from one count to another, the wall so far off; the last time told.
    fn watch(guard: &mut ClockGuard, from: i64, until: i64, off: i64) -> Instant {
        let mut told = Instant::FIRST;
        for count in (from..=until).step_by(30_000) {
            let now = guard.observe(Instant(BEGIN + count + off), count);
            assert!(now >= told, "time never goes back");
            told = now;
        }
        told
    }

    #[test]
    fn a_clock_that_goes_evenly_is_followed_also_when_it_drifts() {
        let mut guard = guard();
        for count in (0..DAY_MS).step_by(30_000) {
            let wall = Instant(BEGIN + count + count / 86_400);
            assert_eq!(guard.observe(wall, count), wall);
            assert!(guard.doubt().is_none());
        }
    }

    #[test]
    fn a_leap_forward_changes_no_time_until_the_clock_is_steady() {
        let mut guard = guard();
        watch(&mut guard, 0, HOUR_MS, 0);
        let told = watch(&mut guard, HOUR_MS, HOUR_MS + STEADY_MS - MINUTE_MS, HOUR_MS);
        assert_eq!(told, Instant(BEGIN + HOUR_MS + STEADY_MS - MINUTE_MS), "time goes on as if nothing had been");
        assert!(guard.doubt().is_some_and(|doubt| doubt.step_ms == HOUR_MS && doubt.ends_alone));
        let told = watch(&mut guard, HOUR_MS + STEADY_MS, HOUR_MS + STEADY_MS, HOUR_MS);
        assert_eq!((told, guard.doubt()), (Instant(BEGIN + 2 * HOUR_MS + STEADY_MS), None));
    }

    #[test]
    fn a_clock_that_comes_back_is_believed_at_once_and_one_that_leaps_again_waits_again() {
        let mut guard = guard();
        watch(&mut guard, 0, MINUTE_MS, 0);
        watch(&mut guard, 2 * MINUTE_MS, 9 * MINUTE_MS, DAY_MS);
        assert!(guard.doubt().is_some());
        assert_eq!(watch(&mut guard, 10 * MINUTE_MS, 10 * MINUTE_MS, 0), Instant(BEGIN + 10 * MINUTE_MS));
        assert!(guard.doubt().is_none());
        watch(&mut guard, 11 * MINUTE_MS, 20 * MINUTE_MS, DAY_MS);
        watch(&mut guard, 21 * MINUTE_MS, 30 * MINUTE_MS, 2 * DAY_MS);
        assert!(guard.doubt().is_some(), "it was never steady for ten minutes");
    }

    #[test]
    fn a_leap_of_a_year_is_believed_by_a_person_only() {
        let mut guard = guard();
        watch(&mut guard, 0, MINUTE_MS, 0);
        let told = watch(&mut guard, 2 * MINUTE_MS, DAY_MS, YEAR_MS);
        assert_eq!(told, Instant(BEGIN + DAY_MS));
        assert!(guard.doubt().is_some_and(|doubt| !doubt.ends_alone));
        guard.believe();
        assert_eq!(watch(&mut guard, DAY_MS, DAY_MS, YEAR_MS), Instant(BEGIN + DAY_MS + YEAR_MS));
        assert!(guard.doubt().is_none());
    }

    #[test]
    fn a_clock_that_goes_back_holds_what_is_sent_until_it_is_there_again() {
        let mut guard = guard();
        watch(&mut guard, 0, HOUR_MS, 0);
        // Steady after ten minutes, but an hour behind: time stands until the wall is where it was.
        let told = watch(&mut guard, HOUR_MS, HOUR_MS + 30 * MINUTE_MS, -HOUR_MS);
        assert!(told.0 - (BEGIN + HOUR_MS) <= STEADY_MS, "{told:?}");
        assert!(guard.doubt().is_some_and(|doubt| doubt.step_ms < 0 && doubt.ends_alone));
        let again = watch(&mut guard, HOUR_MS + 31 * MINUTE_MS, 2 * HOUR_MS + STEADY_MS, -HOUR_MS);
        assert!(guard.doubt().is_none(), "{again:?}");
        // A person may believe it earlier.
        watch(&mut guard, 3 * HOUR_MS, 3 * HOUR_MS + 20 * MINUTE_MS, -3 * HOUR_MS);
        assert!(guard.doubt().is_some());
        guard.believe();
        assert!(guard.doubt().is_none());
    }

    #[test]
    fn at_the_start_the_store_is_the_witness() {
        let fresh = ClockGuard::new(Instant::FIRST, Instant(0), 5);
        assert!(fresh.doubt().is_none(), "a new store has seen nothing");
        for (ahead, strange) in [
            (-5 * MINUTE_MS, false),
            (-6 * MINUTE_MS, true),
            (-BEGIN, true),
            (DAY_MS, false),
            (ALONE_MS, false),
            (ALONE_MS + 1, true),
            (YEAR_MS, true),
        ] {
            let mut guard = ClockGuard::new(Instant(BEGIN), Instant(BEGIN + ahead), 7_000);
            let told = guard.observe(Instant(BEGIN + ahead + DRIFT_MS / 2), 7_000 + DRIFT_MS / 2);
            assert_eq!(guard.leap.is_some(), strange, "{ahead}");
            if strange {
                assert_eq!(told, Instant(BEGIN + DRIFT_MS / 2), "it goes on from what the store knows");
            }
        }
    }
}
