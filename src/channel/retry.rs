//! When a message that was not sent is tried again.
//!
//! In: whose message, how often it was tried, what the provider asked for. Out: how long to wait. **Invariant:** pure: the same message and
//! attempt wait equally long, different messages differently; never longer than [`WAIT_MAX`], and never shorter than the provider asked for,
//! except for that limit.

use sha2::{Digest, Sha256};
use std::time::Duration;

/// Before the second attempt, at most.
pub const WAIT_FIRST: Duration = Duration::from_secs(15);
/// Between two attempts.
pub const WAIT_MAX: Duration = Duration::from_secs(3600);

/// How long to wait after an attempt (from 1) that did not send the message. Doubles with each; of that between half and all, so that what
/// failed together does not come back together.
pub fn wait(id: &str, attempt: u32, retry_after: Option<Duration>) -> Duration {
    let doublings = attempt.saturating_sub(1).min(16);
    let whole = ms(WAIT_FIRST).saturating_mul(1 << doublings).min(ms(WAIT_MAX));
    let part = share(id, attempt);
    let own = whole / 2 + scaled(whole / 2, part);
    let asked = retry_after.map_or(0, |asked| {
        let asked = ms(asked.min(WAIT_MAX));
        asked + scaled(asked / 10, part)
    });
    Duration::from_millis(own.max(asked).min(ms(WAIT_MAX)))
}

fn ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Of 2^16.
fn share(id: &str, attempt: u32) -> u64 {
    let digest = Sha256::new().chain_update(id.as_bytes()).chain_update(attempt.to_be_bytes()).finalize();
    u64::from(u16::from_be_bytes([digest[0], digest[1]]))
}

fn scaled(of: u64, share: u64) -> u64 {
    (of * share) >> 16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_an_hour_and_spread() {
        let seconds = |attempt| wait("m-1", attempt, None).as_secs_f64();
        for (attempt, from, to) in [(1, 7.5, 15.0), (2, 15.0, 30.0), (5, 120.0, 240.0), (9, 1800.0, 3600.0), (u32::MAX, 1800.0, 3600.0)] {
            assert!((from..=to).contains(&seconds(attempt)), "{attempt}: {}", seconds(attempt));
        }
        assert_eq!(wait("m-1", 3, None), wait("m-1", 3, None));
        let mut waits: Vec<u128> = (0..1_000).map(|at| wait(&format!("m-{at}"), 9, None).as_millis()).collect();
        waits.sort_unstable();
        waits.dedup();
        assert!(waits.len() > 950, "{} of 1000 differ", waits.len());
        // Evenly: a tenth of them in every tenth of the time.
        let tenth = |at: u128| waits.iter().filter(|wait| (**wait - 1_800_000) / 180_001 == at).count();
        assert!((0..10).all(|at| (60..140).contains(&tenth(at))), "{:?}", (0..10).map(tenth).collect::<Vec<_>>());
    }

    #[test]
    fn what_the_provider_asks_for_is_obeyed_up_to_an_hour() {
        for asked in [0, 1, 60, 3_000, 3_599, 3_600, 7_200, u64::MAX] {
            let waited = wait("m-1", 1, Some(Duration::from_secs(asked)));
            assert!(waited >= Duration::from_secs(asked.min(3_600)) && waited <= WAIT_MAX, "{asked}: {waited:?}");
        }
    }
}
