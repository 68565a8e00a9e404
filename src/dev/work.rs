//! The loop: waits until something changes, has it looked at, tells the page and the terminal.
//!
//! In: [`Message`]s of the watcher and of simulations. Out: lines for the terminal, states for the [`Board`]. **Invariant:** saves that come
//! while something is under way are looked at together; a change that changes no text does nothing; at most one simulation runs, and one
//! that nobody wants any more is stopped first.

#![allow(clippy::disallowed_methods, reason = "reading files, clocks and threads is what this module is for")]

use super::page::Board;
use super::session::{Ready, Report, Save, Session};
use super::text::{self, Paint};
use crate::calendar;
use crate::diagnostic::Severity;
use crate::ingest::Config;
use crate::project::{self, Project};
use crate::simulate;
use crate::simulate::run::{Request, Stop};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A save is over when nothing changed for so long; editors write a file in several steps.
pub const QUIET_MS: u64 = 60;
/// After so long of changes without a pause it is looked at nevertheless.
pub const STORM_MS: u64 = 1_000;

/// What the loop hears.
#[derive(Debug)]
pub enum Message {
    Changed,
    Simulated { generation: u64, outcome: Box<Result<simulate::Report, String>>, ms: u64 },
    Stop,
}

/// Tells the loop that something may have changed.
#[derive(Debug, Clone)]
pub struct Bell {
    sender: Sender<Message>,
    rung: Arc<AtomicU64>,
}

impl Bell {
    /// Whether anybody hears it.
    pub fn ring(&self) -> bool {
        self.rung.fetch_add(1, Ordering::Relaxed);
        self.sender.send(Message::Changed).is_ok()
    }

    /// Ends the loop.
    pub fn stop(&self) {
        // Who is gone has ended.
        let _gone = self.sender.send(Message::Stop).is_err();
    }
}

/// What the command line says.
#[derive(Debug, Clone)]
pub struct Setup {
    pub path: PathBuf,
    pub threads: u32,
    /// Lay files out when they are saved.
    pub fmt: bool,
}

/// A file's size and time, where it can be asked.
type Stamp = Option<(u64, Option<SystemTime>)>;

/// The files as they were looked at last.
#[derive(Debug, Default, PartialEq)]
struct Seen {
    texts: BTreeMap<String, Arc<str>>,
    /// Of logs and tables, which are not read to see whether they changed.
    data: BTreeMap<String, Stamp>,
    trouble: Option<String>,
}

pub struct Worker {
    setup: Setup,
    pub session: Session,
    seen: Option<Seen>,
    /// Some scenarios of the last save were not played.
    is_unfinished: bool,
    running: Option<Stop>,
    next: Option<Ready>,
    board: Board,
    bell: Bell,
    receiver: Receiver<Message>,
    paint: Paint,
}

impl Worker {
    pub fn new(setup: Setup, board: Board, paint: Paint) -> Worker {
        let (sender, receiver) = channel();
        let bell = Bell { sender, rung: Arc::default() };
        let session = Session::default();
        Worker { setup, session, seen: None, is_unfinished: false, running: None, next: None, board, bell, receiver, paint }
    }

    pub fn bell(&self) -> Bell {
        self.bell.clone()
    }

    /// Looks once, waits for the simulation, and says whether all is well.
    pub fn once(mut self, print: &mut dyn FnMut(&str)) -> bool {
        let well = self.look(print).is_some_and(|report| report.trouble.is_none() && report.errors == 0 && report.failed.is_empty());
        while self.running.is_some() {
            let Ok(message) = self.receiver.recv() else { break };
            self.take(message, print);
        }
        well
    }

    /// Until somebody says stop.
    pub fn run(mut self, print: &mut dyn FnMut(&str)) {
        self.look(print);
        while let Ok(message) = self.receiver.recv() {
            let changed = matches!(message, Message::Changed);
            if !self.take(message, print) {
                break;
            }
            if changed {
                if !self.settle(print) {
                    break;
                }
                self.look(print);
            }
        }
        if let Some(running) = &self.running {
            running.stop();
        }
    }

    /// Waits until a save is over; `false` at the end.
    fn settle(&mut self, print: &mut dyn FnMut(&str)) -> bool {
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_millis(STORM_MS) {
            match self.receiver.recv_timeout(Duration::from_millis(QUIET_MS)) {
                Ok(Message::Stop) | Err(RecvTimeoutError::Disconnected) => return false,
                Ok(message) => self.take(message, print),
                Err(RecvTimeoutError::Timeout) => return true,
            };
        }
        true
    }

    /// `false` at the end.
    fn take(&mut self, message: Message, print: &mut dyn FnMut(&str)) -> bool {
        match message {
            Message::Changed => true,
            Message::Stop => false,
            Message::Simulated { generation, outcome, ms } => {
                self.running = None;
                let outcome = *outcome;
                let events = outcome.as_ref().map(|report| report.events).unwrap_or_default();
                let why = outcome.as_ref().err().cloned();
                if self.session.simulated(generation, outcome, ms) {
                    match (why, self.session.comparison()) {
                        (Some(why), _) => print(&format!("  not simulated: {why}\n")),
                        (None, Some(comparison)) => {
                            print(&text::simulated(&comparison, events, ms, self.session.is_compared(), self.paint));
                        }
                        (None, None) => {}
                    }
                    self.publish();
                }
                if let Some(ready) = self.next.take() {
                    self.simulate(ready);
                }
                true
            }
        }
    }

    /// Looks at the files; `None` where nothing changed.
    fn look(&mut self, print: &mut dyn FnMut(&str)) -> Option<Report> {
        let begun = Instant::now();
        let rung = self.bell.rung.load(Ordering::Relaxed);
        let (mut project, mut seen) = read(&self.setup.path);
        if self.seen.as_ref() == Some(&seen) && !self.is_unfinished {
            return None;
        }
        if self.setup.fmt
            && let Ok(loaded) = &project
            && self.lay_out(loaded, print)
        {
            (project, seen) = read(&self.setup.path);
        }
        let changed = self.seen.as_ref().map(|before| difference(before, &seen)).unwrap_or_default();
        self.seen = Some(seen);
        if let Some(running) = &self.running {
            running.stop();
        }
        self.next = None;
        self.session.name_if_none(&folder_name(&self.setup.path));
        let waiting = Arc::clone(&self.bell.rung);
        let stop = || waiting.load(Ordering::Relaxed) != rung;
        let (report, ready) = self.session.saved(Save { project, changed, now: now() }, &stop);
        self.is_unfinished = report.stopped;
        let ms = millis(begun);
        self.session.took(ms);
        print(&text::saved(&report, ms, self.paint));
        match ready {
            Some(ready) if self.running.is_some() => self.next = Some(ready),
            Some(ready) => self.simulate(ready),
            None => self.session.not_simulated(),
        }
        self.publish();
        Some(report)
    }

    /// Lays out what changed; says whether a file was written.
    fn lay_out(&self, project: &Project, print: &mut dyn FnMut(&str)) -> bool {
        let mut written = false;
        for id in &project.journeys {
            let Some(file) = project.sources.get(*id) else { continue };
            let is_old = self.seen.as_ref().and_then(|seen| seen.texts.get(&*file.name)).is_some_and(|text| *text == file.text);
            if is_old {
                continue;
            }
            match super::lay_out(&file.text) {
                Ok(text) if *text == *file.text => {}
                Ok(text) => {
                    let root = project.root.clone().unwrap_or_default();
                    let path = root.join(&*file.name);
                    // Somebody may have written in the meantime: her text is not replaced.
                    let is_same = std::fs::read_to_string(&path).is_ok_and(|text| *text == *file.text);
                    match is_same.then(|| std::fs::write(&path, text)) {
                        Some(Ok(())) => {
                            written = true;
                            print(&format!("  laid out {}\n", project.sources.shown_name(*id)));
                        }
                        Some(Err(error)) => print(&format!("  {} cannot be written: {error}\n", project.sources.shown_name(*id))),
                        None => {}
                    }
                }
                Err(why) => print(&format!("  {} is left as it is: {why}\n", project.sources.shown_name(*id))),
            }
        }
        written
    }

    fn simulate(&mut self, ready: Ready) {
        let stop = Stop::default();
        let request = Request { threads: self.setup.threads, stop: stop.clone(), ..Request::default() };
        let folder = ready.project.root.clone().unwrap_or_else(|| self.setup.path.clone());
        let sender = self.bell.sender.clone();
        let generation = ready.generation;
        self.running = Some(stop);
        std::thread::spawn(move || {
            let begun = Instant::now();
            let Ready { mut project, plan, .. } = ready;
            let work = std::panic::AssertUnwindSafe(|| simulate::run::run(&mut project, plan, &folder, &request, &mut |_| {}));
            let outcome = match std::panic::catch_unwind(work) {
                Ok((Some(outcome), _)) => Ok(outcome.report),
                Ok((None, found)) => {
                    let found = found.into_sorted();
                    let first = found.iter().find(|one| one.severity() == Severity::Error);
                    Err(first.map_or_else(|| "it was stopped".to_owned(), |one| one.message()))
                }
                Err(_) => Err("onward made a mistake; please report it with this project".to_owned()),
            };
            // Who is gone does not want it.
            let _gone = sender.send(Message::Simulated { generation, outcome: Box::new(outcome), ms: millis(begun) }).is_err();
        });
    }

    fn publish(&self) {
        let (state, blobs) = self.session.published();
        self.board.put(self.session.revision, state.to_string(), blobs);
    }
}

fn read(path: &Path) -> (Result<Project, String>, Seen) {
    let mut seen = Seen::default();
    let project = project::load(path).map_err(|error| error.to_string());
    match &project {
        Err(why) => seen.trouble = Some(why.clone()),
        Ok(project) => {
            seen.texts = project.sources.iter().map(|(_, file)| (file.name.to_string(), Arc::clone(&file.text))).collect();
            seen.data = stamps(project, path);
        }
    }
    (project, seen)
}

/// The files that a simulation reads.
fn stamps(project: &Project, path: &Path) -> BTreeMap<String, Stamp> {
    let Some((id, file)) = project.manifest.and_then(|id| Some((id, project.sources.get(id)?))) else { return BTreeMap::new() };
    let config = Config::read(file, id).0;
    let folder = project.root.clone().unwrap_or_else(|| path.to_owned());
    let logs = config.logs.iter().map(|log| &log.file.text);
    let names = logs
        .chain(config.customers.iter().filter_map(|one| one.file.as_ref()).map(|(file, _)| &file.text))
        .chain(config.catalogs.iter().map(|one| &one.file.text));
    let stamp = |name: &String| {
        let found = std::fs::metadata(folder.join(name)).ok();
        (name.clone(), found.map(|found| (found.len(), found.modified().ok())))
    };
    names.map(stamp).collect()
}

/// Names of files that are new, gone or other.
fn difference(before: &Seen, now: &Seen) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for (name, text) in &now.texts {
        match before.texts.get(name) {
            None if before.trouble.is_none() => names.push(format!("{name} (new)")),
            Some(old) if old != text => names.push(name.clone()),
            _ => {}
        }
    }
    if now.trouble.is_none() {
        names.extend(before.texts.keys().filter(|name| !now.texts.contains_key(*name)).map(|name| format!("{name} (gone)")));
    }
    names.extend(now.data.iter().filter(|(name, stamp)| before.data.get(*name) != Some(stamp)).map(|(name, _)| name.clone()));
    names
}

fn millis(begun: Instant) -> u64 {
    u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX)
}

fn now() -> calendar::Instant {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    // Whole days: samples that say the time would differ at every save.
    let days = i64::try_from(since.as_secs() / 86_400).unwrap_or(0);
    calendar::Instant(days * 86_400_000)
}

fn folder_name(path: &Path) -> String {
    let whole = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    whole.file_name().map_or_else(|| "project".to_owned(), |name| name.to_string_lossy().into_owned())
}
