//! What is known of a project while it is watched; pure.
//!
//! In: the project after a save, then the simulation of it. Out: [`Report`] for the terminal, [`Session::published`] for the page.
//! **Invariant:** a broken project changes nothing of the last good state but its findings; a simulation of an older save is dropped;
//! a scenario that failed is played again at each save that compiles.

use super::show;
use super::touched::{self, Key, Map};
use crate::calendar::Instant;
use crate::check::Checked;
use crate::diagnostic::{Diagnostic, Diagnostics, Severity, render};
use crate::ingest::Config;
use crate::pipeline::Compiled;
use crate::plan::Plan;
use crate::preview::{self, sample::Who};
use crate::project::Project;
use crate::scenario;
use crate::simulate;
use crate::source::Sources;
use serde_json::Value as Json;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;

/// Findings that the page shows; the terminal and `onward check` show all.
pub const FINDINGS_MAX: usize = 200;
/// Contents of messages that the page shows.
pub const CONTENTS_MAX: usize = 2_000;
/// Bytes of pictures and mails that are kept for the page.
pub const BLOBS_BYTES_MAX: usize = 64 * 1024 * 1024;

/// What the page loads beside its state, by the hash of the content: an address whose content never changes.
pub type Blobs = BTreeMap<String, Blob>;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Blob {
    /// A picture as SVG.
    Picture(String),
    /// A mail as HTML that nobody of us wrote.
    Html(String),
}

#[derive(Default)]
pub struct Session {
    /// Saves so far.
    pub generation: u64,
    /// Raised whenever what is published changes.
    pub revision: u64,
    name: String,
    trouble: Option<String>,
    findings: Json,
    counts: (usize, usize),
    changed: Vec<String>,
    took_ms: u64,
    is_broken: bool,
    good: Option<Good>,
    simulation: Simulation,
}

/// The last state without an error.
struct Good {
    map: Map,
    journeys: Json,
    messages: Json,
    blobs: Blobs,
    played: Vec<(Key, show::Outcome)>,
}

#[derive(Default)]
struct Simulation {
    /// Of which save; 0 for none.
    generation: u64,
    running: bool,
    why_not: Option<String>,
    took_ms: u64,
    before: Option<simulate::Report>,
    now: Option<simulate::Report>,
}

/// A save.
pub struct Save {
    /// Or why it cannot be read.
    pub project: Result<Project, String>,
    /// Files that changed, as people know them; empty at the start.
    pub changed: Vec<String>,
    /// For samples.
    pub now: Instant,
}

/// What came of a save, for the terminal.
#[derive(Debug, Default)]
pub struct Report {
    pub changed: Vec<String>,
    /// Why the project cannot be read.
    pub trouble: Option<String>,
    /// One line each, as in `check --format short`.
    pub findings: Vec<String>,
    pub errors: usize,
    pub warnings: usize,
    pub files: usize,
    /// Scenarios that were played, with why.
    pub played: Vec<(Key, String)>,
    pub scenarios: usize,
    /// The report of those that failed, as `onward test` writes it.
    pub failed: Vec<(String, String)>,
    /// A newer save came while scenarios were played.
    pub stopped: bool,
}

/// What may be simulated.
pub struct Ready {
    pub generation: u64,
    pub project: Project,
    pub plan: Plan,
}

impl Session {
    /// Takes a save in: checks it, plays what it touches. `stop` says that a newer save is waiting. Gives what is to be simulated.
    pub fn saved(&mut self, save: Save, stop: &dyn Fn() -> bool) -> (Report, Option<Ready>) {
        self.generation += 1;
        self.revision += 1;
        self.changed.clone_from(&save.changed);
        let mut report = Report { changed: save.changed, ..Report::default() };
        let project = match save.project {
            Ok(project) => project,
            Err(why) => {
                self.is_broken = true;
                report.trouble = Some(why.clone());
                self.trouble = Some(why);
                return (report, None);
            }
        };
        self.trouble = None;
        report.files = project.journeys.len();
        let map = Map::of(&project);
        let (compiled, mut found) = crate::check_project(project);
        self.read_settings(&compiled, &mut found);
        let found = found.into_sorted();
        self.note(&found, compiled.sources(), &mut report);
        self.is_broken = report.errors > 0;
        let (false, Compiled { project, checked, plan: Some(plan) }) = (self.is_broken, compiled) else { return (report, None) };
        self.play(map, &checked, &project.sources, stop, &mut report);
        self.show(&plan, save.now);
        self.simulation.running = true;
        (report, Some(Ready { generation: self.generation, project, plan }))
    }

    /// The project file is looked at, too, as `check` does.
    fn read_settings(&mut self, compiled: &Compiled, found: &mut Diagnostics) {
        let manifest = compiled.project.manifest.and_then(|id| Some((id, compiled.sources().get(id)?)));
        let Some((id, file)) = manifest else { return };
        let (config, wrong) = Config::read(file, id);
        found.extend(wrong);
        if let Some(name) = config.name {
            self.name = name.text;
        }
    }

    fn note(&mut self, found: &[Diagnostic], sources: &Sources, report: &mut Report) {
        let short = render::render(found, sources, render::Style { format: render::Format::Short, ..render::Style::default() });
        report.findings = short.lines().map(str::to_owned).collect();
        report.errors = found.iter().filter(|one| one.severity() == Severity::Error).count();
        report.warnings = found.len() - report.errors;
        self.counts = (report.errors, report.warnings);
        self.findings = found.iter().take(FINDINGS_MAX).map(|one| show::finding(one, sources)).collect();
    }

    fn play(&mut self, map: Map, checked: &Checked, sources: &Sources, stop: &dyn Fn() -> bool, report: &mut Report) {
        let keys = show::keys(checked);
        let mut why: BTreeMap<Key, String> = match &self.good {
            Some(good) => touched::touched(&good.map, &map),
            None => keys.iter().map(|key| (key.clone(), "the start".to_owned())).collect(),
        };
        let old: BTreeMap<Key, show::Outcome> =
            self.good.as_mut().map(|good| std::mem::take(&mut good.played).into_iter().collect()).unwrap_or_default();
        for key in &keys {
            match old.get(key) {
                // Its lines may have moved, and it is what everybody looks at.
                Some(outcome) if !outcome.passed() => why.entry(key.clone()).or_insert_with(|| "it failed before".to_owned()),
                Some(_) => continue,
                None => why.entry(key.clone()).or_insert_with(|| "not played yet".to_owned()),
            };
        }
        let ran = scenario::run_some(checked, sources, &mut |at| keys.get(at).is_some_and(|key| why.contains_key(key)) && !stop());
        report.stopped = stop();
        report.scenarios = keys.len();
        let mut fresh: BTreeMap<Key, show::Outcome> = BTreeMap::new();
        for (at, played) in &ran {
            let Some(key) = keys.get(*at) else { continue };
            let reason = why.get(key).cloned().unwrap_or_default();
            let outcome = show::Outcome::of(played, sources, reason.clone());
            if !outcome.passed() {
                report.failed.push((played.title.clone(), show::failure_text(played, sources)));
            }
            report.played.push((key.clone(), reason));
            fresh.insert(key.clone(), outcome);
        }
        let place = |at: usize| checked.scenarios.get(at).map(|scenario| show::line_of(scenario.place, sources)).unwrap_or_default();
        let kept = |key: &Key| old.get(key).filter(|outcome| outcome.passed() && !why.contains_key(key)).map(show::Outcome::kept);
        let mut outcome = |at: usize, key: &Key| fresh.remove(key).or_else(|| kept(key)).map(|outcome| outcome.at(place(at)));
        // What could not be played because a newer save came is not known.
        let played = keys.iter().enumerate().filter_map(|(at, key)| Some((key.clone(), outcome(at, key)?))).collect();
        let good = self.good.get_or_insert_with(|| Good {
            map: Map::default(),
            journeys: Json::Null,
            messages: Json::Null,
            blobs: Blobs::new(),
            played: Vec::new(),
        });
        good.map = map;
        good.played = played;
    }

    fn show(&mut self, plan: &Plan, now: Instant) {
        let Some(good) = &mut self.good else { return };
        let mut blobs = Keeper::default();
        good.journeys = plan
            .journeys
            .iter()
            .map(|journey| {
                let picture = preview::picture(plan, &journey.name).and_then(|svg| blobs.keep(Blob::Picture(svg)));
                serde_json::json!({
                    "name": journey.name, "title": journey.title, "place": plan.locate(journey.line), "picture": picture,
                })
            })
            .collect();
        let mut left = CONTENTS_MAX;
        let mut messages = Vec::new();
        for message in &plan.messages {
            let mut contents = Vec::new();
            for (who, customer) in [(Who::Known, "known"), (Who::Sparse, "sparse")] {
                if left < message.variants.len() {
                    break;
                }
                left -= message.variants.len();
                let shown = preview::contents(plan, message, who, now).into_iter().zip(&message.variants);
                contents.extend(
                    shown.map(|(content, variant)| {
                        show::content(plan, content, variant, customer, &mut |html| blobs.keep(Blob::Html(html)))
                    }),
                );
            }
            messages.push(serde_json::json!({ "name": message.name, "place": plan.locate(message.line), "contents": contents }));
        }
        good.messages = messages.into();
        good.blobs = blobs.blobs;
    }

    /// Takes the simulation of a save in; says whether it is of the newest.
    pub fn simulated(&mut self, generation: u64, outcome: Result<simulate::Report, String>, took_ms: u64) -> bool {
        if generation != self.generation {
            return false;
        }
        self.revision += 1;
        let simulation = &mut self.simulation;
        simulation.generation = generation;
        simulation.running = false;
        simulation.took_ms = took_ms;
        match outcome {
            Ok(report) => {
                simulation.why_not = None;
                // The same plan over other data is a new beginning as well: what is compared is the last one that differs.
                if let Some(last) = simulation.now.replace(report) {
                    simulation.before = Some(last);
                }
            }
            Err(why) => simulation.why_not = Some(why),
        }
        true
    }

    /// The numbers of the last simulation beside those of the one before.
    pub fn comparison(&self) -> Option<simulate::compare::Comparison> {
        let now = self.simulation.now.as_ref()?;
        Some(simulate::compare::Comparison::new(now, self.simulation.before.as_ref().unwrap_or(now)))
    }

    /// Whether there is a simulation to compare the last one with.
    pub fn is_compared(&self) -> bool {
        self.simulation.before.is_some()
    }

    /// How long the check and the scenarios of the last save took.
    pub fn took(&mut self, ms: u64) {
        self.took_ms = ms;
    }

    /// A simulation that was begun will not come: a newer save stopped it.
    pub fn not_simulated(&mut self) {
        self.simulation.running = false;
    }

    pub fn name_if_none(&mut self, name: &str) {
        if self.name.is_empty() {
            name.clone_into(&mut self.name);
        }
    }

    /// The state for the page.
    pub fn published(&self) -> (Json, Blobs) {
        let good = self.good.as_ref();
        let status = match (&self.trouble, self.is_broken) {
            (Some(_), _) => "unreadable",
            (None, true) => "broken",
            (None, false) => "good",
        };
        let of_good =
            |pick: fn(&Good) -> &Json| good.map(pick).filter(|json| !json.is_null()).cloned().unwrap_or_else(|| Json::Array(Vec::new()));
        let scenarios: Vec<Json> = good.map(|good| good.played.iter().map(|(_, outcome)| outcome.json()).collect()).unwrap_or_default();
        let state = serde_json::json!({
            "version": 1,
            "revision": self.revision,
            "generation": self.generation,
            "project": self.name,
            "status": status,
            "stale": self.is_broken && good.is_some(),
            "trouble": self.trouble,
            "changed": self.changed,
            "took_ms": self.took_ms,
            "errors": self.counts.0,
            "warnings": self.counts.1,
            "findings": if self.findings.is_null() { Json::Array(Vec::new()) } else { self.findings.clone() },
            "journeys": of_good(|good| &good.journeys),
            "messages": of_good(|good| &good.messages),
            "scenarios": scenarios,
            "simulation": self.simulation.json(),
        });
        (state, good.map(|good| good.blobs.clone()).unwrap_or_default())
    }
}

impl Simulation {
    fn json(&self) -> Json {
        let status = match (self.running, &self.why_not, &self.now) {
            (true, _, _) => "running",
            (false, Some(_), _) => "failed",
            (false, None, Some(_)) => "done",
            (false, None, None) => "none",
        };
        let now = self.now.as_ref();
        let numbers = now.map(|now| simulate::compare::Comparison::new(now, self.before.as_ref().unwrap_or(now)).numbers);
        serde_json::json!({
            "status": status,
            "why": self.why_not,
            "took_ms": self.took_ms,
            "compared": self.before.is_some(),
            "events": now.map(|now| now.events),
            "customers": now.map(|now| now.customers),
            "period": now.and_then(|now| now.period.as_ref()),
            "numbers": numbers,
            "notes": now.map(|now| now.notes.clone()),
        })
    }
}

/// Blobs up to the limit.
#[derive(Default)]
struct Keeper {
    blobs: Blobs,
    bytes: usize,
}

impl Keeper {
    /// The hash of the content; `None` where there is no more room.
    fn keep(&mut self, blob: Blob) -> Option<String> {
        let (Blob::Picture(text) | Blob::Html(text)) = &blob;
        if self.bytes + text.len() > BLOBS_BYTES_MAX {
            return None;
        }
        let hash: String = Sha256::digest(text.as_bytes()).iter().take(12).map(|byte| format!("{byte:02x}")).collect();
        self.bytes += text.len();
        self.blobs.insert(hash.clone(), blob);
        Some(hash)
    }
}
