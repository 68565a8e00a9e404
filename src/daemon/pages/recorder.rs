//! Records what nobody should have to wait for: clicks, opens, that a message made somebody leave.
//!
//! In: reports. Out: the same, to the desk. **Invariant:** a report that is taken is handed over again until the desk has it durably; the one who
//! clicked waits at most [`PATIENCE`]. A report is lost only where the process is killed while the desk is slower than that, or where more than
//! [`WAITING_MAX`] reports wait: then it is counted, and the person gets to her page all the same.

use crate::channel::Report;
use crate::daemon::Desk;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// How long somebody waits for the record of her click.
pub const PATIENCE: Duration = Duration::from_millis(300);
/// Reports that may be under way.
pub const WAITING_MAX: usize = 10_000;
/// Between two attempts.
const PAUSE_MAX: Duration = Duration::from_secs(30);

#[derive(Clone)]
pub struct Recorder {
    desk: Arc<dyn Desk>,
    room: Arc<Semaphore>,
}

impl Recorder {
    pub fn new(desk: Arc<dyn Desk>) -> Recorder {
        Recorder { desk, room: Arc::new(Semaphore::new(WAITING_MAX)) }
    }

    /// Returns when the report is durable, or when [`PATIENCE`] is over. Within a tokio runtime.
    pub async fn note(&self, report: Report) {
        let Ok(place) = self.room.clone().try_acquire_owned() else {
            tracing::warn!("a click or an open is not recorded: too many wait to be");
            return;
        };
        let desk = self.desk.clone();
        let writing = tokio::spawn(async move {
            let _place = place;
            while let Err(busy) = desk.report(vec![report.clone()]).await {
                tokio::time::sleep(busy.retry_after.clamp(Duration::from_millis(20), PAUSE_MAX)).await;
            }
        });
        if tokio::time::timeout(PATIENCE, writing).await.is_err() {
            tracing::info!("a click or an open is recorded later than the page was answered");
        }
    }

    /// How many are not durable yet.
    pub fn waiting(&self) -> usize {
        WAITING_MAX - self.room.available_permits()
    }

    /// For the end of the process: waits until all are durable, at most so long. Says how many are not.
    pub async fn drain(&self, limit: Duration) -> usize {
        let all = u32::try_from(WAITING_MAX).unwrap_or(u32::MAX);
        match tokio::time::timeout(limit, self.room.acquire_many(all)).await {
            Ok(_) => 0,
            Err(_) => self.waiting(),
        }
    }
}
