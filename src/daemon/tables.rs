//! What a store holds, as tables that people look at with their own tools.
//!
//! In: the folder of a store that no process works with. Out: rows, by name, for a [`Sink`]. **Invariant:** nothing in the store is changed; of who was erased
//! nothing comes out; every row says of whom it speaks by her number, so that tables join. How rows are written down is the sink's.

mod past;
mod people;

use super::core::Core;
use super::core::recovery::Unreadable;
use super::keeper::{self, CannotOpen, Shelf};
use super::told::Versions;
use super::told::json::moment;
use crate::calendar::Instant;
use crate::engine::Limits;
use crate::store::{Disk, StoreError};
use serde_json::Value as Json;

/// A value in a row.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    Nothing,
    Whole(i64),
    Text(String),
}

/// A table: its name, and its columns with what each holds.
#[derive(Debug, Clone, Copy)]
pub struct Table {
    pub name: &'static str,
    pub columns: &'static [&'static str],
}

const fn table(name: &'static str, columns: &'static [&'static str]) -> Table {
    Table { name, columns }
}

pub const ABOUT: Table = table("about", &["name", "value"]);
pub const PLANS: Table = table("plans", &["number", "hash", "since_batch", "journeys"]);
pub const CUSTOMERS: Table = table("customers", &["customer", "id", "known_since", "plan"]);
pub const IDENTIFIERS: Table = table("identifiers", &["customer", "kind", "value"]);
pub const ATTRIBUTES: Table = table("attributes", &["customer", "name", "value"]);
pub const CONSENTS: Table = table("consents", &["customer", "topic", "state", "at"]);
pub const SUPPRESSIONS: Table = table("suppressions", &["customer", "channel"]);
pub const SEGMENTS: Table = table("segments", &["customer", "segment"]);
pub const RUNS: Table = table("runs", &["customer", "run", "journey", "live", "held_out", "began", "step", "place", "due", "plan"]);
pub const PENDING: Table = table("pending", &["customer", "run", "message", "channel", "state", "planned", "until"]);
pub const INPUTS: Table = table("inputs", &["customer", "handled", "what", "name", "time", "content"]);
pub const DECISIONS: Table = table("decisions", &["customer", "handled", "local", "journey", "run", "message", "what", "step", "place"]);
pub const MESSAGES: Table = table("messages", &["customer", "handled", "message", "channel", "address", "language", "parts"]);
pub const DEAD_LETTERS: Table = table("dead_letters", &["at", "source", "reason", "item"]);
pub const AUDIT: Table = table("audit", &["number", "at", "who", "what", "hash"]);

/// All of them, in the order in which they are described.
pub const TABLES: [Table; 15] = [
    ABOUT,
    PLANS,
    CUSTOMERS,
    IDENTIFIERS,
    ATTRIBUTES,
    CONSENTS,
    SUPPRESSIONS,
    SEGMENTS,
    RUNS,
    PENDING,
    INPUTS,
    DECISIONS,
    MESSAGES,
    DEAD_LETTERS,
    AUDIT,
];

/// Takes rows.
pub trait Sink {
    /// # Errors
    /// In words, if the row cannot be written.
    fn row(&mut self, table: Table, cells: Vec<Cell>) -> Result<(), String>;
}

/// Why there are no tables, or not all.
#[derive(Debug, thiserror::Error)]
pub enum CannotTell {
    #[error("{0}")]
    Open(#[from] CannotOpen),
    #[error("{0}")]
    Store(#[from] StoreError),
    #[error("{0}")]
    Write(String),
}

impl CannotTell {
    /// What to do.
    pub fn help(&self) -> String {
        match self {
            CannotTell::Open(error) => error.help(),
            CannotTell::Store(error) => error.help().to_owned(),
            CannotTell::Write(_) => "look at the folder that is written to, and at the room on its disk".to_owned(),
        }
    }
}

/// Rows on their way to the sink.
struct Rows<'s>(&'s mut dyn Sink);

impl Rows<'_> {
    fn add<const N: usize>(&mut self, table: Table, cells: [Cell; N]) -> Result<(), CannotTell> {
        self.0.row(table, cells.into()).map_err(CannotTell::Write)
    }
}

/// The store in this folder, to be told of.
pub fn look(files: &Disk, keys: &Disk) -> Result<Shelf, CannotTell> {
    Ok(Shelf::look(files, keys)?)
}

/// Gives everything that a store holds to a sink.
pub fn tell(shelf: &Shelf, sink: &mut dyn Sink) -> Result<(), CannotTell> {
    let mut rows = Rows(sink);
    rows.add(ABOUT, [text("store"), text(&shelf.id().to_string())])?;
    rows.add(ABOUT, [text("batches"), Cell::Whole(shelf.mark() as i64)])?;
    rows.add(ABOUT, [text("written_by"), text(&format!("onward {}", env!("CARGO_PKG_VERSION")))])?;
    // In a store that no daemon ever worked with there is no plan, and nobody.
    let Some(core) = shelf.core(Limits::default())? else { return Ok(()) };
    let changes = shelf.plans()?;
    plans(&core, &changes, &mut rows)?;
    people::tell(&core, &mut rows)?;
    for dead in core.others.dead() {
        rows.add(DEAD_LETTERS, [at(dead.at), text(&dead.source), text(&dead.reason), text(&dead.item)])?;
    }
    let versions = Versions::new(changes, core.world.plan(), core.world.facts().clone()).map_err(CannotOpen::from)?;
    past::tell(shelf, versions, core.world.plan().policy.zone, &mut rows)
}

fn plans(core: &Core, changes: &[(u64, String)], rows: &mut Rows<'_>) -> Result<(), CannotTell> {
    for (number, (order, text_of)) in changes.iter().enumerate() {
        let plan = crate::plan::encode::from_json(text_of).map_err(|why| CannotOpen::from(Unreadable::Plan(why.to_string())))?;
        let journeys: Vec<&str> = plan.journeys.iter().map(|journey| journey.name.as_str()).collect();
        let since = (order >> keeper::BATCH_SHIFT) as i64;
        rows.add(PLANS, [Cell::Whole(number as i64 + 1), text(&plan.hash), Cell::Whole(since), text(&journeys.join(", "))])?;
    }
    rows.add(ABOUT, [text("plan"), text(&core.world.plan().hash)])
}

fn text(text: &str) -> Cell {
    Cell::Text(text.to_owned())
}

fn maybe(text: Option<&str>) -> Cell {
    text.map_or(Cell::Nothing, |text| Cell::Text(text.to_owned()))
}

fn truth(truth: bool) -> Cell {
    Cell::Whole(i64::from(truth))
}

fn at(at: Instant) -> Cell {
    json(&moment(at))
}

/// Text as it is, everything else as JSON.
fn json(value: &Json) -> Cell {
    match value {
        Json::Null => Cell::Nothing,
        Json::String(text) => Cell::Text(text.clone()),
        other => Cell::Text(other.to_string()),
    }
}
