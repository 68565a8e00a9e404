//! Everything that is recorded about one person, for herself or for who is responsible.
//!
//! In: an identifier. Out: JSON: her profile, and everything that came in about her, was decided and was sent, in order and by name. **Invariant:** an export
//! needs the right to change, is in the audit log before it is answered, and comes a few times a minute only: who has got hold of a key does
//! not copy everybody.

use super::customer::{self, Past};
use super::{Answer, Refused, fine};
use crate::calendar::Instant;
use crate::daemon::keys::Caller;
use crate::daemon::runner::Handle;
use crate::daemon::told::json::{happened, moment};
use axum::extract::{Extension, Path, State};
use axum::http::StatusCode;
use serde_json::{Value as Json, json};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

/// Exports in a minute.
pub const EXPORTS_PER_MINUTE: usize = 20;
/// Things that happened in one export, the newest.
pub const HAPPENED_MAX: usize = 100_000;

/// When exports were made not long ago.
#[derive(Debug, Clone, Default)]
pub(super) struct Pace(Arc<Mutex<VecDeque<Instant>>>);

impl Pace {
    fn may(&self, now: Instant) -> bool {
        let mut made = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        made.retain(|at| now.since_ms(*at) < crate::calendar::MINUTE_MS && *at <= now);
        let may = made.len() < EXPORTS_PER_MINUTE;
        if may {
            made.push_back(now);
        }
        may
    }
}

pub(super) async fn export(
    State(handle): State<Handle>,
    Extension(caller): Extension<Caller>,
    Extension(pace): Extension<Pace>,
    Path(id): Path<String>,
) -> Answer {
    let now = handle.now();
    if !pace.may(now) {
        let why = format!("{EXPORTS_PER_MINUTE} exports were made in the last minute; go on in a minute");
        return Err(Refused(StatusCode::TOO_MANY_REQUESTS, why));
    }
    let Past { profile, told, zone, .. } = customer::past(&handle, caller, &id, "export").await?;
    let left_off = told.len().saturating_sub(HAPPENED_MAX);
    let happened: Vec<Json> = told.iter().skip(left_off).map(happened).collect();
    fine(&json!({ "customer": profile, "exported": moment(now), "zone": zone.to_string(), "happened": happened, "left_off": left_off }))
}

#[cfg(test)]
mod tests {
    use super::{EXPORTS_PER_MINUTE, Pace};
    use crate::calendar::Instant;

    #[test]
    fn so_many_in_a_minute_and_then_again() {
        let pace = Pace::default();
        assert!((0..EXPORTS_PER_MINUTE).all(|at| pace.may(Instant(at as i64))));
        assert!(!pace.may(Instant(59_999)));
        assert!(pace.may(Instant(60_000)), "the first one is a minute ago");
        assert!(!pace.may(Instant(60_000)));
    }
}
