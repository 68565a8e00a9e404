//! The two threads at the heart: one decides, one makes durable.
//!
//! In: requests from everywhere. Out: answers and parcels, after the batch that decided them is on disk. **Invariant:** the core is touched by its
//! own thread only; what a batch promises is told by the log thread, and only when the log says that it is durable; a store that cannot
//! be written ends the process, so that nothing is promised that might be lost.

use super::clock::Clock;
use super::core::{After, recovery};
use super::core::{Batch, Core, Request, busy};
use super::keeper::Keeper;
use super::{Busy, Taken};
use crate::calendar::Instant;
use crate::plan::Plan;
use crate::shard::Number;
use crate::shard::commit::{Parcel, ParcelKey};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, RwLock};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// Requests that wait for the core; more are told to come again.
const REQUESTS_MAX: usize = 4_096;
/// Requests in one batch.
const REQUESTS_PER_BATCH: usize = 1_024;
/// Customers with something due that are handled before ordinary requests have a turn again.
const DUE_PER_BATCH: usize = 2_000;
/// Customers that follow to another plan between two batches.
const FOLLOW_PER_BATCH: usize = 1_000;
/// Customers that a change of an item reaches between two batches.
const WORK_PER_BATCH: usize = 1_000;
/// Bytes of log after which the next shard is written to a snapshot: a whole round for every half gigabyte.
const SNAPSHOT_EVERY: u64 = 2 << 20;
/// Bytes that are made durable with one sync.
const SYNC_BYTES_MAX: usize = 8 << 20;

/// What is to leave the house, or must not any more.
#[derive(Debug)]
pub enum Errand {
    Dispatch(Number, Parcel),
    Withdraw(Number, ParcelKey),
    /// What comes from now on has this plan's numbers.
    Activate(Arc<Plan>),
}

enum ToLog {
    Batch(Batch),
    Snapshot { shard: u16, as_of: u64, entries: Vec<(Vec<u8>, Vec<u8>)> },
}

/// How to reach the core, from any thread.
#[derive(Clone)]
pub struct Handle {
    requests: SyncSender<Request>,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    plan: RwLock<Arc<Plan>>,
    clock: Arc<dyn Clock>,
    /// The disk is nearly full: events are not taken.
    out_of_room: AtomicBool,
    stopping: AtomicBool,
    durable: AtomicU64,
}

/// A reply, and where it arrives. Who asked may be gone by then: that is nobody's mistake.
pub fn answer<T: Send + 'static>() -> (super::core::Reply<T>, oneshot::Receiver<T>) {
    let (answer, answered) = oneshot::channel();
    let reply = move |value| {
        let _gone = answer.send(value).is_err();
    };
    (Box::new(reply), answered)
}

/// The running threads.
pub struct Runner {
    core: JoinHandle<Option<String>>,
    log: JoinHandle<Result<(), String>>,
    shared: Arc<Shared>,
}

impl Handle {
    pub fn now(&self) -> Instant {
        self.shared.clock.now()
    }

    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.shared.clock
    }

    /// The active plan.
    pub fn plan(&self) -> Arc<Plan> {
        match self.shared.plan.read() {
            Ok(plan) => Arc::clone(&plan),
            Err(poisoned) => Arc::clone(&poisoned.into_inner()),
        }
    }

    /// Number of the last durable batch.
    pub fn durable(&self) -> u64 {
        self.shared.durable.load(Ordering::Acquire)
    }

    /// Whether events are refused for lack of room on the disk.
    pub fn is_out_of_room(&self) -> bool {
        self.shared.out_of_room.load(Ordering::Acquire)
    }

    /// Hands a request over, or says that too much waits already.
    pub fn send(&self, request: Request) -> Result<(), Busy> {
        if self.shared.stopping.load(Ordering::Acquire) {
            return Err(Busy { retry_after: Duration::from_secs(5), out_of_room: true });
        }
        self.requests.try_send(request).map_err(|error| match error {
            TrySendError::Full(_) => busy(),
            TrySendError::Disconnected(_) => Busy { retry_after: Duration::from_secs(5), out_of_room: true },
        })
    }

    /// As [`Handle::send`], and gives the request back where too much waits; `None` where the daemon stops.
    pub fn offer(&self, request: Request) -> Result<(), Option<Request>> {
        if self.shared.stopping.load(Ordering::Acquire) {
            return Err(None);
        }
        self.requests.try_send(request).map_err(|error| match error {
            TrySendError::Full(request) => Some(request),
            TrySendError::Disconnected(_) => None,
        })
    }

    /// As [`Handle::send`], and waits while too much is going on: for outcomes, which must not be lost. `false` where the daemon stops.
    pub async fn send_patiently(&self, request: Request) -> bool {
        let mut request = Some(request);
        while let Some(one) = request.take() {
            match self.offer(one) {
                Ok(()) => return true,
                Err(back) => request = back,
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        false
    }

    /// Looks at the core, or changes it: what it gives back comes after everything it wrote is durable.
    pub async fn ask<T: Send + 'static>(&self, question: impl FnOnce(&mut Core, Instant) -> T + Send + 'static) -> Result<T, Busy> {
        let (reply, answered) = answer();
        self.send(Request::Ask(Box::new(move |core, now| {
            let value = question(core, now);
            core.reply(reply, value);
        })))?;
        answered.await.map_err(|_| busy())
    }

    /// As [`Handle::take`], for items that were bound under a plan which may not be active any more when they are taken.
    pub async fn take_under(&self, plan: &Plan, items: Vec<super::core::Item>) -> Result<Vec<Taken>, Busy> {
        if self.is_out_of_room() {
            return Err(Busy { retry_after: Duration::from_secs(30), out_of_room: true });
        }
        let (reply, answered) = answer();
        self.send(Request::Take { items, reply }.under(plan))?;
        answered.await.map_err(|_| busy())
    }

    /// Items of one request; the answers come when they are durable.
    pub async fn take(&self, items: Vec<super::core::Item>) -> Result<Vec<Taken>, Busy> {
        if self.is_out_of_room() {
            return Err(Busy { retry_after: Duration::from_secs(30), out_of_room: true });
        }
        let (reply, answered) = answer();
        self.send(Request::Take { items, reply })?;
        answered.await.map_err(|_| busy())
    }
}

impl Runner {
    /// Starts both threads. What is to leave the house comes out of the receiver, once it is durable.
    pub fn start(core: Core, keeper: Keeper, clock: Arc<dyn Clock>) -> (Runner, Handle, mpsc::UnboundedReceiver<Errand>) {
        let (requests, inbox) = sync_channel(REQUESTS_MAX);
        let (to_log, from_core) = sync_channel(4);
        let (errands, out) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared {
            plan: RwLock::new(Arc::clone(core.world.plan())),
            clock,
            out_of_room: AtomicBool::new(false),
            stopping: AtomicBool::new(false),
            durable: AtomicU64::new(keeper.last()),
        });
        let number = keeper.last();
        let thinking = {
            let shared = Arc::clone(&shared);
            std::thread::spawn(move || think(core, number, &inbox, &to_log, &shared))
        };
        let writing = {
            let shared = Arc::clone(&shared);
            std::thread::spawn(move || write(keeper, &from_core, &errands, &shared))
        };
        let handle = Handle { requests, shared: Arc::clone(&shared) };
        (Runner { core: thinking, log: writing, shared }, handle, out)
    }

    /// No new requests; what was taken is made durable, and the store is left so that it opens fast.
    pub fn stop(self) -> Result<(), String> {
        self.shared.stopping.store(true, Ordering::Release);
        let thought = self.core.join().map_err(|_| "the core's thread panicked".to_owned())?;
        let written = self.log.join().map_err(|_| "the log's thread panicked".to_owned())?;
        match (thought, written) {
            (Some(damage), _) => Err(damage),
            (None, written) => written,
        }
    }

    /// Whether one of the threads has ended by itself: the process must end.
    pub fn has_failed(&self) -> bool {
        self.core.is_finished() || self.log.is_finished()
    }
}

fn think(mut core: Core, mut number: u64, inbox: &Receiver<Request>, to_log: &SyncSender<ToLog>, shared: &Shared) -> Option<String> {
    let mut since_snapshot = 0;
    let mut next_shard = 0;
    loop {
        let stopping = shared.stopping.load(Ordering::Acquire);
        let wait = if stopping { Duration::ZERO } else { patience(&core, shared) };
        match inbox.recv_timeout(wait) {
            Ok(request) => {
                watch_clock(&mut core, shared);
                core.request(shared.clock.now(), request);
                for _ in 1..REQUESTS_PER_BATCH {
                    if core.is_full() {
                        break;
                    }
                    let Ok(request) = inbox.try_recv() else { break };
                    core.request(shared.clock.now(), request);
                }
            }
            Err(RecvTimeoutError::Timeout) if stopping => break,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
        if !stopping {
            watch_clock(&mut core, shared);
            core.due(shared.clock.now(), DUE_PER_BATCH);
            core.follow(shared.clock.now(), FOLLOW_PER_BATCH);
            core.work(shared.clock.now(), WORK_PER_BATCH);
        }
        if let Some(damaged) = &core.damaged {
            return Some(damaged.to_string());
        }
        let Some(batch) = core.take_batch() else { continue };
        number += u64::from(!batch.bytes.is_empty());
        since_snapshot += batch.bytes.len() as u64;
        if to_log.send(ToLog::Batch(batch)).is_err() {
            return None;
        }
        if since_snapshot >= SNAPSHOT_EVERY {
            since_snapshot = 0;
            let entries = core.snapshot(next_shard);
            if to_log.send(ToLog::Snapshot { shard: next_shard, as_of: number, entries }).is_err() {
                return None;
            }
            next_shard = (next_shard + 1) % (recovery::OTHERS + 1);
        }
    }
    for shard in 0..=recovery::OTHERS {
        if to_log.send(ToLog::Snapshot { shard, as_of: number, entries: core.snapshot(shard) }).is_err() {
            break;
        }
    }
    None
}

/// While the wall clock is not believed, nothing is sent.
fn watch_clock(core: &mut Core, shared: &Shared) {
    let _told = shared.clock.now();
    let doubt = shared.clock.doubt();
    if core.world.is_clock_doubted() == doubt.is_some() {
        return;
    }
    core.world.set_clock_doubt(doubt.is_some());
    match doubt {
        Some(doubt) => tracing::error!(step_ms = doubt.step_ms, ends_alone = doubt.ends_alone, "the clock leapt: nothing is sent"),
        None => tracing::warn!("the clock is believed again: messages leave"),
    }
}

/// How long nothing needs to be done if nobody asks.
fn patience(core: &Core, shared: &Shared) -> Duration {
    let ms = core.wake().since_ms(shared.clock.now());
    if ms <= 0 {
        // What is due waits for room; outcomes make some.
        return if core.under_way() >= super::core::UNDER_WAY_MAX { Duration::from_millis(2) } else { Duration::ZERO };
    }
    shared.clock.real(ms).min(Duration::from_millis(500))
}

fn write(mut keeper: Keeper, from_core: &Receiver<ToLog>, errands: &mpsc::UnboundedSender<Errand>, shared: &Shared) -> Result<(), String> {
    let mut waiting = Vec::new();
    loop {
        match from_core.recv_timeout(Duration::from_millis(100)) {
            Ok(first) => waiting.push(first),
            Err(RecvTimeoutError::Timeout) => {
                keeper.note_mark().map_err(|error| error.to_string())?;
                shared.out_of_room.store(keeper.is_out_of_room(), Ordering::Release);
                continue;
            }
            Err(RecvTimeoutError::Disconnected) => break,
        }
        let mut bytes = 0;
        while bytes < SYNC_BYTES_MAX {
            let Ok(more) = from_core.try_recv() else { break };
            if let ToLog::Batch(batch) = &more {
                bytes += batch.bytes.len();
            }
            waiting.push(more);
        }
        let mut batches = Vec::new();
        for what in waiting.drain(..) {
            match what {
                ToLog::Batch(batch) => batches.push(batch),
                ToLog::Snapshot { shard, as_of, entries } => {
                    settle(&mut keeper, &mut batches, errands, shared)?;
                    keeper.snapshot(shard, as_of, entries).map_err(|error| error.to_string())?;
                }
            }
        }
        settle(&mut keeper, &mut batches, errands, shared)?;
        shared.out_of_room.store(keeper.is_out_of_room(), Ordering::Release);
    }
    keeper.close().map_err(|error| error.to_string())
}

/// Makes batches durable, and then tells everybody.
fn settle(keeper: &mut Keeper, batches: &mut Vec<Batch>, errands: &mpsc::UnboundedSender<Errand>, shared: &Shared) -> Result<(), String> {
    if batches.is_empty() {
        return Ok(());
    }
    let payloads: Vec<&[u8]> = batches.iter().map(|batch| batch.bytes.as_slice()).filter(|bytes| !bytes.is_empty()).collect();
    if !payloads.is_empty() {
        let number = keeper.append(&payloads).map_err(|error| error.to_string())?;
        shared.durable.store(number, Ordering::Release);
    }
    for batch in batches.drain(..) {
        let mut activated = batch.activated;
        for (at, after) in batch.after.into_iter().enumerate() {
            if let Some((_, plan)) = activated.take_if(|(from, _)| *from <= at) {
                activate(plan, errands, shared);
            }
            match after {
                After::Reply(reply) => reply(),
                // The dispatcher is gone only when the daemon stops: it finds the parcels when it starts again.
                After::Dispatch(number, parcel) => drop(errands.send(Errand::Dispatch(number, parcel))),
                After::Withdraw(number, key) => drop(errands.send(Errand::Withdraw(number, key))),
                After::Release(reply) => {
                    keeper.release().map_err(|error| error.to_string())?;
                    reply(());
                }
                After::Past(reply) => reply(keeper.past().map_err(|error| error.to_string())),
            }
        }
        if let Some((_, plan)) = activated {
            activate(plan, errands, shared);
        }
    }
    Ok(())
}

/// What is bound, and what is dispatched, has this plan's numbers from now on.
fn activate(plan: Arc<Plan>, errands: &mpsc::UnboundedSender<Errand>, shared: &Shared) {
    match shared.plan.write() {
        Ok(mut active) => *active = Arc::clone(&plan),
        Err(poisoned) => *poisoned.into_inner() = Arc::clone(&plan),
    }
    // The dispatcher is gone only when the daemon stops.
    drop(errands.send(Errand::Activate(plan)));
}
