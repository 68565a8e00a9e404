//! The sandbox: catches every message of every kind instead of sending it, and keeps it to be looked at.
//!
//! In: envelopes. Out: `Accepted` at once, and through [`Tray`] what was caught, the newest first. **Invariant:** nothing leaves the machine
//! from here. The newest [`KEPT_MAX`] messages are kept, in JSON lines under its folder, also over a restart; what a power cut tears off the
//! end is skipped when it is opened again. Knows no customer.
#![allow(clippy::disallowed_methods, reason = "the files of its folder are what the sandbox is")]

mod pages;

use crate::calendar::Instant;
use crate::channel::clock::Clock;
use crate::channel::{Adapter, Envelope, Gate, Task, Verdict};
use crate::schema::ChannelKind;
use pages::Pages;
use serde::{Deserialize, Serialize};
use std::collections::{HashSet, VecDeque};
use std::fmt;
use std::io;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Messages that are kept: the newest.
pub const KEPT_MAX: usize = 10_000;
/// Most entries that one look returns.
pub const LOOK_MAX: usize = 500;
/// Characters of a [`Note`]'s title.
const TITLE_CHARS_MAX: usize = 120;
/// Nothing was sent, so the same message may be handed over for as long as anybody wants.
const REMEMBERS: Duration = Duration::from_secs(10 * 365 * 24 * 3600);

/// A message that was caught.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caught {
    /// Counts up from 1 and over restarts.
    pub number: u64,
    pub at: Instant,
    /// The adapter that would have sent it, where the guard of a deployment that is not live kept it back: `smtp`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instead_of: Option<String>,
    pub envelope: Envelope,
}

/// What a list shows of a caught message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    pub number: u64,
    pub at: Instant,
    pub id: String,
    pub channel: String,
    pub kind: ChannelKind,
    pub address: String,
    pub language: String,
    pub message: String,
    pub journey: String,
    /// The begin of the first part that says something: the subject, the title, the text.
    pub title: String,
    pub instead_of: Option<String>,
}

/// What to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Look {
    /// Only this channel, by its name in the project.
    pub channel: Option<String>,
    /// Only this contact; upper and lower case are the same.
    pub address: Option<String>,
    /// Only what was caught before the message of this number: the last one of the page before.
    pub before: Option<u64>,
    /// At most so many, and at most [`LOOK_MAX`].
    pub count: usize,
}

/// Looks into the sandbox.
pub trait Tray: Send + Sync + fmt::Debug {
    /// The newest first.
    fn list(&self, look: &Look) -> Vec<Note>;
    /// How many are kept in all.
    fn kept(&self) -> usize;
    /// One message by its envelope's id, whole. `Ok(None)`: not (or no longer) there.
    fn get(&self, id: &str) -> io::Result<Option<Caught>>;
}

pub struct Sandbox {
    clock: Clock,
    inside: Mutex<Inside>,
}

struct Inside {
    pages: Pages,
    /// The oldest first, as the files have them.
    notes: VecDeque<(Note, pages::Place)>,
    known: HashSet<String>,
    next: u64,
}

impl Sandbox {
    /// Opens or creates the folder, and reads what it holds.
    pub fn open(folder: &Path, clock: Clock) -> io::Result<Sandbox> {
        let mut inside = Inside { pages: Pages::open(folder)?, notes: VecDeque::new(), known: HashSet::new(), next: 1 };
        let mut found = Vec::new();
        inside.pages.read_all(&mut |place, caught| found.push((note(&caught), place)))?;
        for (note, place) in found {
            inside.next = inside.next.max(note.number + 1);
            inside.remember(note, place)?;
        }
        Ok(Sandbox { clock, inside: Mutex::new(inside) })
    }

    /// Keeps a message; the same one is kept once.
    pub fn catch(&self, envelope: &Envelope, instead_of: Option<&str>) -> io::Result<()> {
        // A thread that panicked while it held the lock left at worst a line without a note, which the next opening finds.
        let mut inside = self.inside.lock().unwrap_or_else(PoisonError::into_inner);
        if inside.known.contains(&envelope.id) {
            return Ok(());
        }
        let at = self.clock.now();
        let caught = Caught { number: inside.next, at, instead_of: instead_of.map(str::to_owned), envelope: envelope.clone() };
        let place = inside.pages.append(&caught)?;
        inside.next += 1;
        inside.remember(note(&caught), place)
    }
}

impl Inside {
    fn remember(&mut self, note: Note, place: pages::Place) -> io::Result<()> {
        self.known.insert(note.id.clone());
        self.notes.push_back((note, place));
        while self.notes.len() > KEPT_MAX
            && let Some((old, _)) = self.notes.pop_front()
        {
            self.known.remove(&old.id);
        }
        match self.notes.front() {
            Some((_, oldest)) => self.pages.drop_before(oldest),
            None => Ok(()),
        }
    }
}

fn note(caught: &Caught) -> Note {
    let envelope = &caught.envelope;
    let says = |name: &str| Some(envelope.part(name).trim()).filter(|text| !text.is_empty());
    let first = || envelope.parts.iter().map(|(_, text)| text.trim()).find(|text| !text.is_empty());
    let title = says("subject").or_else(|| says("title")).or_else(|| says("text")).or_else(first).unwrap_or_default();
    Note {
        number: caught.number,
        at: caught.at,
        id: envelope.id.clone(),
        channel: envelope.channel.clone(),
        kind: envelope.kind,
        address: envelope.address.clone(),
        language: envelope.language.clone(),
        message: envelope.message.clone(),
        journey: envelope.journey.clone(),
        title: title.chars().take(TITLE_CHARS_MAX).collect(),
        instead_of: caught.instead_of.clone(),
    }
}

impl Tray for Sandbox {
    fn list(&self, look: &Look) -> Vec<Note> {
        let inside = self.inside.lock().unwrap_or_else(PoisonError::into_inner);
        let address = look.address.as_ref().map(|address| address.to_lowercase());
        let wanted = |note: &&Note| {
            look.channel.as_ref().is_none_or(|channel| *channel == note.channel)
                && address.as_ref().is_none_or(|address| *address == note.address.to_lowercase())
                && look.before.is_none_or(|before| note.number < before)
        };
        inside.notes.iter().rev().map(|(note, _)| note).filter(wanted).take(look.count.min(LOOK_MAX)).cloned().collect()
    }

    fn kept(&self) -> usize {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner).notes.len()
    }

    fn get(&self, id: &str) -> io::Result<Option<Caught>> {
        let inside = self.inside.lock().unwrap_or_else(PoisonError::into_inner);
        if !inside.known.contains(id) {
            return Ok(None);
        }
        let place = inside.notes.iter().rev().find(|(note, _)| note.id == id).map(|(_, place)| place);
        place.map(|place| inside.pages.read(place)).transpose()
    }
}

impl Adapter for Sandbox {
    fn name(&self) -> &'static str {
        "sandbox"
    }

    /// With a key nobody asks the gate: a message that is caught twice is one message.
    fn remembers(&self) -> Option<Duration> {
        Some(REMEMBERS)
    }

    fn hand_over<'a>(&'a self, envelope: &'a Envelope, _gate: &'a dyn Gate) -> Task<'a, Verdict> {
        Box::pin(async move { verdict(self.catch(envelope, None)) })
    }
}

/// What the core is told about a message that was caught, or could not be.
pub(super) fn verdict(caught: io::Result<()>) -> Verdict {
    match caught {
        Ok(()) => Verdict::Accepted { provider_id: None },
        Err(error) => Verdict::NotSent { reason: format!("the sandbox cannot write into its folder: {error}"), retry_after: None },
    }
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sandbox").field("kept", &self.kept()).finish()
    }
}
