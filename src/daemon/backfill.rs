//! Reads back what a plan asks for and was not kept, while the daemon works.
//!
//! In: archive and log, the plan that is on its way. Out: events for the core, slice by slice; the plan active. **Invariant:** at most one slice is
//! held in memory; it goes on from what the core says is done, whoever stopped it; an event that was not taken then (a repetition) is not
//! taken now. It decides nothing.
//!
//! What journeys emitted is in the record without its properties, so it is counted without them.

use super::core::Core;
use super::core::backfill::{Begun, Cursor};
use super::core::deploy::Progress;
use super::keeper::{BATCH_SHIFT, Found, Happened, Keeper, PLANS, Past, What};
use super::runner::{Handle, answer};
use crate::calendar::Instant;
use crate::condition::Happening;
use crate::engine::backfill::{Before, Building};
use crate::engine::{InputKind, RecordKind};
use crate::plan::{Plan, encode};
use crate::schema::{self, EventId};
use crate::shard::Number;
use crate::value::Value;
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// Events, and customers, of one slice.
pub const EVENTS_PER_SLICE: usize = 2_000;
const CUSTOMERS_PER_SLICE: usize = 500;

/// Events of customers, and how far they come.
pub type Slice = Vec<(Number, Vec<Before>)>;

/// What is to be read back, and from where on.
#[derive(Debug, Clone)]
pub struct Order {
    pub building: Arc<Building>,
    pub begun: Instant,
    pub cursor: Cursor,
}

impl Order {
    /// What the core waits for; `None` where nothing is to be read.
    pub fn of(core: &Core) -> Option<Order> {
        let build = core.build().filter(|build| !build.is_done)?;
        Some(Order { building: core.building()?, begun: build.begun, cursor: build.cursor })
    }
}

/// A version of the project, with where its events stand in the plan that is on its way.
struct Version {
    /// From this place in the log on.
    since: u64,
    plan: Plan,
    events: HashMap<u16, Option<Target>>,
}

/// Where an event of before stands now.
#[derive(Clone)]
struct Target {
    what: Happening,
    /// By position now: the position then, or what stands there otherwise.
    fields: Arc<[Result<usize, Value>]>,
}

/// Reads everything behind the cursor. `open` opens what lies there, `give` takes the next slice and says whether to go on. When from on nothing is missing;
/// `None` where it was stopped.
///
/// # Errors
/// In words: what cannot be read.
pub fn read_back(
    order: &Order,
    open: &mut dyn FnMut() -> Result<Past, String>,
    give: &mut dyn FnMut(Slice, Cursor) -> bool,
) -> Result<Option<Instant>, String> {
    read_back_in(order, EVENTS_PER_SLICE, open, give)
}

/// The same in slices of about so many events.
///
/// # Errors
/// As [`read_back`].
pub fn read_back_in(
    order: &Order,
    events: usize,
    open: &mut dyn FnMut() -> Result<Past, String>,
    give: &mut dyn FnMut(Slice, Cursor) -> bool,
) -> Result<Option<Instant>, String> {
    let told = |error: crate::store::StoreError| error.to_string();
    let known = open()?.read(&[PLANS]).map_err(told)?;
    let mut until = None;
    let (mut versions, mut began) = (Vec::new(), None);
    for (_, one) in known {
        match one.what {
            What::Build(begun) if begun == order.begun => until = Some(one.order),
            What::Plan(text) => {
                began = began.or(Some((one.order >> BATCH_SHIFT, one.at)));
                let plan = encode::from_json(&text).map_err(|error| error.to_string())?;
                versions.push(Version { since: one.order, plan, events: HashMap::new() });
            }
            _ => {}
        }
    }
    let until = until.ok_or("where it began is not in the log")?;
    let mut reader = Reader { order, versions, most: events, slice: Vec::new(), events: 0, pending: None };
    let mut goes_on = true;
    open()?
        .go_on(order.cursor, until, |found| {
            goes_on = reader.take(found, give);
            Ok::<bool, crate::store::StoreError>(goes_on)
        })
        .map_err(told)?;
    if !goes_on {
        return Ok(None);
    }
    let past = open()?;
    let begin = began.map_or(1, |(batch, _)| batch);
    let from = past.whole_from(begin);
    match began.filter(|(batch, _)| *batch == from) {
        Some((_, at)) => Ok(Some(at)),
        None => Ok(Some(past.earliest_from(from).map_err(told)?.unwrap_or(order.begun))),
    }
}

struct Reader<'o> {
    order: &'o Order,
    versions: Vec<Version>,
    /// Events of one slice.
    most: usize,
    slice: Slice,
    events: usize,
    /// An event whose message id may turn out to have been known already.
    pending: Option<(Number, Before)>,
}

impl Reader<'_> {
    fn take(&mut self, found: Found, give: &mut dyn FnMut(Slice, Cursor) -> bool) -> bool {
        let Found { number, happened, cursor, may_be_noted, is_end } = found;
        if !happened.is_empty() {
            if self.pending.as_ref().is_some_and(|(whose, _)| *whose != number) {
                self.push_pending();
            }
            happened.into_iter().for_each(|one| self.one(number, one));
            // Whether it counts is said by what comes next; the cursor stays before it until then.
            if self.pending.is_some() {
                return true;
            }
        } else {
            self.push_pending();
        }
        let is_small = self.events < self.most && self.slice.len() < CUSTOMERS_PER_SLICE;
        if !may_be_noted || (is_small && !is_end) {
            return true;
        }
        self.events = 0;
        give(std::mem::take(&mut self.slice), cursor)
    }

    fn push_pending(&mut self) {
        if let Some((number, event)) = self.pending.take() {
            self.push(number, event);
        }
    }

    fn push(&mut self, number: Number, event: Before) {
        self.events += 1;
        match self.slice.last_mut() {
            Some((last, events)) if *last == number => events.push(event),
            _ => self.slice.push((number, vec![event])),
        }
    }

    fn one(&mut self, number: Number, one: Happened) {
        let Some(at) =
            self.versions.iter().rposition(|version| version.since <= one.order).or(Some(0).filter(|_| !self.versions.is_empty()))
        else {
            return;
        };
        match one.what {
            What::Input(input) => {
                self.push_pending();
                let now = input.now;
                let (event, own, fields) = match input.kind {
                    InputKind::Event { event, at, fields } | InputKind::Past(crate::engine::Past::Event { event, at, fields }) => {
                        (event, at, fields)
                    }
                    _ => return,
                };
                let Some(target) = self.versions[at].target(event, &self.order.building) else { return };
                let value = |place: &Result<usize, Value>| match place {
                    Ok(at) => fields.get(*at).cloned().unwrap_or_default(),
                    Err(otherwise) => otherwise.clone(),
                };
                let event = Before { what: target.what, at: own.min(now), fields: target.fields.iter().map(value).collect() };
                if input.id == 0 {
                    self.push(number, event);
                } else {
                    self.pending = Some((number, event));
                }
            }
            What::Records(records) => {
                if records.iter().any(|record| matches!(record.kind, RecordKind::Duplicate | RecordKind::Conflict)) {
                    self.pending = None;
                }
                self.push_pending();
                for record in &records {
                    let version = &mut self.versions[at];
                    let building = &self.order.building;
                    let (what, fields) = match record.kind {
                        RecordKind::Subscribed(topic) => {
                            (version.topic(topic).and_then(|topic| building.asks_topic(topic, true)), Arc::default())
                        }
                        RecordKind::Unsubscribed(topic) => {
                            (version.topic(topic).and_then(|topic| building.asks_topic(topic, false)), Arc::default())
                        }
                        RecordKind::Emitted(event) => match version.target(event, building) {
                            Some(target) => (Some(target.what), target.fields.iter().map(|_| Value::Missing).collect()),
                            None => continue,
                        },
                        _ => continue,
                    };
                    if let Some(what) = what {
                        self.push(number, Before { what, at: record.at, fields });
                    }
                }
            }
            _ => self.push_pending(),
        }
    }
}

impl Version {
    fn target(&mut self, event: EventId, building: &Building) -> Option<Target> {
        let plan = &self.plan;
        let found = self.events.entry(event.0).or_insert_with(|| {
            let then: &schema::Event = plan.schema.events.get(event.index())?;
            let events = &building.plan().schema.events;
            let at = events.iter().position(|now| now.name == then.name)?;
            let what = building.asks(EventId(at as u16))?;
            let place = |field: &schema::Field| {
                let then = then.fields.iter().position(|other| other.name == field.name && other.ty == field.ty);
                then.ok_or_else(|| field.default.clone())
            };
            Some(Target { what, fields: events[at].fields.iter().map(place).collect() })
        });
        found.clone()
    }

    /// The name of a topic.
    fn topic(&self, topic: schema::TopicId) -> Option<&str> {
        self.plan.schema.topics.get(topic.index()).map(|topic| topic.name.as_str())
    }
}

/// What another plan asks for, before it becomes active and before anybody works.
///
/// # Errors
/// In words: what cannot be read or written.
pub fn at_once(core: &mut Core, keeper: &mut Keeper, plan: &Arc<Plan>, now: Instant) -> Result<(), String> {
    let over = core.world.plan().hash.to_string();
    if core.build().is_some_and(|build| build.plan.hash != plan.hash) {
        core.stop_build(now, "start");
    }
    if core.begin_build(plan, &[], &over, "start", now).map_err(|error| error.to_string())? != Begun::Yes {
        return save(core, keeper);
    }
    save(core, keeper)?;
    let Some(order) = Order::of(core) else { return Ok(()) };
    tracing::info!("what the files ask for is read back from the archive");
    let (both, mut failed) = (RefCell::new((core, keeper)), None);
    let mut open = || both.borrow().1.past().map_err(|error| error.to_string());
    let mut give = |slice: Slice, cursor| {
        let (core, keeper) = &mut *both.borrow_mut();
        let filled = core.fill(order.begun, &slice, cursor);
        let saved = save(core, keeper);
        let goes_on = filled && saved.is_ok();
        failed = saved.err();
        goes_on
    };
    let read = read_back(&order, &mut open, &mut give)?;
    let (core, keeper) = both.into_inner();
    match failed {
        Some(why) => return Err(why),
        None => read.into_iter().for_each(|complete_from| core.built(order.begun, complete_from)),
    }
    save(core, keeper)
}

fn save(core: &mut Core, keeper: &mut Keeper) -> Result<(), String> {
    if let Some(batch) = core.take_batch()
        && !batch.bytes.is_empty()
    {
        keeper.append(&[&batch.bytes]).map_err(|error| error.to_string())?;
    }
    core.damaged.as_ref().map_or(Ok(()), |damaged| Err(damaged.to_string()))
}

/// Between two tries while something has to be done before.
const PAUSE: Duration = Duration::from_millis(50);

/// Reads back what the core waits for, and makes the plan active. Ends when there is nothing (more) to do.
pub async fn drive(handle: Handle) {
    loop {
        let Some(order) = patiently(&handle, |core, _| Order::of(core)).await else { return };
        if let Some(order) = order {
            tracing::info!(plan = %order.building.plan().hash, "what it asks for is read back from the archive");
            let runtime = tokio::runtime::Handle::current();
            let reading = handle.clone();
            let read = tokio::task::spawn_blocking(move || read_for(&order, &reading, &runtime)).await;
            match read {
                Ok(Ok(true)) => {}
                Ok(Ok(false)) => return,
                Ok(Err(why)) => return tracing::error!(why, "what a plan asks for cannot be read back: it does not become active"),
                Err(error) => return tracing::error!(%error, "what a plan asks for cannot be read back: it does not become active"),
            }
        }
        let finished = patiently(&handle, |core, now| core.finish_build(now)).await;
        match finished {
            Some(Ok(Some(Progress::Active))) => {
                return tracing::info!("everything is read back: another version of the project is active now");
            }
            Some(Ok(Some(Progress::NotYet(_)))) => tokio::time::sleep(PAUSE).await,
            Some(Err(error)) => return tracing::error!(%error, "a plan cannot become active"),
            Some(Ok(Some(Progress::Changed) | None)) | None => return,
        }
    }
}

/// On a thread that may wait. `false` where it was stopped.
fn read_for(order: &Order, handle: &Handle, runtime: &tokio::runtime::Handle) -> Result<bool, String> {
    let mut open = || {
        let (reply, opened) = answer();
        let asked = runtime.block_on(patiently(handle, move |core, _| core.past(reply)));
        asked.ok_or("the daemon stops")?;
        runtime.block_on(opened).map_err(|_| "the daemon stops".to_owned())?
    };
    let begun = order.begun;
    let mut give = |slice: Slice, cursor| {
        let filled = runtime.block_on(patiently(handle, move |core, _| core.fill(begun, &slice, cursor)));
        filled.unwrap_or(false)
    };
    let Some(complete_from) = read_back(order, &mut open, &mut give)? else { return Ok(false) };
    Ok(runtime.block_on(patiently(handle, move |core, _| core.built(begun, complete_from))).is_some())
}

/// Asks the core, however much it has to do; `None` where the daemon stops.
async fn patiently<T: Send + 'static>(handle: &Handle, question: impl FnOnce(&mut Core, Instant) -> T + Send + 'static) -> Option<T> {
    let (reply, answered) = answer();
    let asked = Box::new(move |core: &mut Core, now| {
        let value = question(core, now);
        core.reply(reply, value);
    });
    if !handle.send_patiently(super::core::Request::Ask(asked)).await {
        return None;
    }
    answered.await.ok()
}
