//! How fast messages may leave by one way: so many in so much time.
//!
//! In: a rate, instants. Out: yes, or when to ask again. **Invariant:** pure, on the clock that is given; in any stretch of time at most the
//! burst and what the rate allows for that time; whoever asks again at the instant that was told gets a yes if nobody came between.

use crate::calendar::Instant;
use std::time::Duration;

const NS_IN_MS: i128 = 1_000_000;

/// The generic cell rate algorithm: a token bucket that is one number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pace {
    /// Between two messages, in nanoseconds.
    interval: i128,
    /// How far ahead of it messages may run.
    slack: i128,
    /// When the next one would be due if all came evenly.
    due: i128,
}

impl Pace {
    /// `count` messages in `per`, of which `burst` may go at once. Both counts from 1, `per` at most a day.
    pub fn new(count: u32, per: Duration, burst: u32) -> Result<Pace, &'static str> {
        if count == 0 || burst == 0 {
            return Err("a pace is of one message or more");
        }
        if per.is_zero() || per > Duration::from_secs(24 * 3600) {
            return Err("a pace is for a time of up to a day");
        }
        // Upwards, so that rounding never makes it faster.
        let per = i128::try_from(per.as_nanos()).unwrap_or(i128::MAX);
        let interval = (per + i128::from(count) - 1) / i128::from(count);
        Ok(Pace { interval, slack: interval * i128::from(burst - 1), due: i128::MIN })
    }

    /// Takes one message's turn, or says when to ask again.
    pub fn take(&mut self, now: Instant) -> Result<(), Instant> {
        let now = i128::from(now.0) * NS_IN_MS;
        let due = self.due.max(now);
        let earliest = due - self.slack;
        if earliest > now {
            let ms = (earliest + NS_IN_MS - 1).div_euclid(NS_IN_MS);
            return Err(Instant(i64::try_from(ms).unwrap_or(i64::MAX)));
        }
        self.due = due + self.interval;
        Ok(())
    }

    /// Nothing goes before then: the provider asked for a pause.
    pub fn pause_until(&mut self, then: Instant) {
        self.due = self.due.max(i128::from(then.0) * NS_IN_MS + self.slack);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn never_faster_and_never_needlessly_slower(
            count in 1u32..500, per_ms in 1u64..100_000, burst in 1u32..50, steps in proptest::collection::vec(0i64..2_000, 1..300),
        ) {
            let mut pace = Pace::new(count, Duration::from_millis(per_ms), burst).unwrap();
            let mut now = 1_795_557_600_000;
            let mut taken: Vec<i64> = Vec::new();
            for step in steps {
                now += step;
                match pace.take(Instant(now)) {
                    Ok(()) => taken.push(now),
                    Err(again) => {
                        prop_assert!(again.0 > now);
                        prop_assert!(pace.clone().take(Instant(again.0 - 1)).is_err());
                        prop_assert!(pace.take(again).is_ok());
                        now = again.0;
                        taken.push(now);
                    }
                }
            }
            for from in 0..taken.len() {
                for to in from..taken.len() {
                    let elapsed = (taken[to] - taken[from]) as u128;
                    let allowed = u128::from(burst) + elapsed * u128::from(count) / u128::from(per_ms);
                    prop_assert!(((to - from + 1) as u128) <= allowed, "{} in {elapsed} ms", to - from + 1);
                }
            }
        }
    }

    #[test]
    fn a_pause_holds_back_everything_also_what_was_saved_up() {
        let mut pace = Pace::new(10, Duration::from_secs(1), 10).unwrap();
        pace.pause_until(Instant(60_000));
        assert_eq!(pace.take(Instant(1_000)), Err(Instant(60_000)));
        assert_eq!(pace.take(Instant(60_000)), Ok(()));
        assert_eq!(pace.take(Instant(60_000)), Err(Instant(60_100)));
    }

    #[test]
    fn a_pace_of_nothing_is_none() {
        assert!(Pace::new(0, Duration::from_secs(1), 1).is_err());
        assert!(Pace::new(1, Duration::from_secs(1), 0).is_err());
        assert!(Pace::new(1, Duration::ZERO, 1).is_err());
        assert!(Pace::new(1, Duration::from_secs(86_400), 1).is_ok() && Pace::new(1, Duration::from_secs(86_401), 1).is_err());
    }
}
