//! A whole simulation of a project: its settings, its customers, its logs, one call.
//!
//! In: a compiled project, what the command line asks. Out: an [`Outcome`] and findings. **Invariant:** with an error there is no
//! outcome; findings about a log that was damaged or partly refused are notes of the report, not errors.

use super::customer::Responses;
use super::driver::{Options, Simulation, Stream};
use super::report::Report;
use super::timeline::{Line, Timeline};
use crate::calendar::Zone;
use crate::diagnostic::Diagnostics;
use crate::engine::Limits;
use crate::ingest::catalogs::Stock;
use crate::ingest::config::{Config, Log};
use crate::ingest::customers::Population;
use crate::ingest::mapping::Item;
use crate::ingest::merge::{FileReport, LogFile, Merge, Origin, judge, origin_of};
use crate::ingest::problem::MissingSetting;
use crate::plan::Plan;
use crate::project::Project;
use crate::schema::JourneyId;
use crate::source::{FileId, Place, SourceFile, Span};
use crate::value::moment::{self, TimeFormat};
use crate::value::parse::ParseError;
use crate::world::SmallWorld;
use crate::world::catalogs::Catalogs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What the command line asks.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// Instead of the logs of `onward.toml`.
    pub events: Vec<PathBuf>,
    pub from: Option<String>,
    pub to: Option<String>,
    pub journey: Option<JourneyId>,
    pub customer: Option<String>,
    pub threads: u32,
    /// Events per chunk; 0 for as many as usual.
    pub chunk: usize,
    /// Keep also properties that the plan never looks at.
    pub whole_events: bool,
    /// Says that nobody wants the result any more: reading ends, and there is no outcome.
    pub stop: Stop,
}

/// A sign that may be given from another thread.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    pub fn stop(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    pub fn is_stopped(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// A log that ends where nobody wants to know what comes of it.
struct Until<'m, 'a> {
    merge: &'m mut Merge<'a>,
    stop: &'m Stop,
}

impl Stream for Until<'_, '_> {
    fn next(&mut self) -> Option<&mut Item> {
        if self.stop.is_stopped() { None } else { self.merge.next() }
    }
}

#[derive(Debug)]
pub struct Outcome {
    pub report: Report,
    /// Rows read from all logs.
    pub rows: u64,
    /// The story of the customer who was asked for; `None` where nobody was, or nobody is known by that name.
    pub story: Option<Vec<Line>>,
}

/// How far the reading is: bytes read and bytes in all.
pub struct Progress {
    pub events: u64,
    pub bytes: u64,
    pub bytes_all: u64,
}

/// Runs the project. `folder` is where files are looked for.
pub fn run(
    project: &mut Project,
    plan: Plan,
    folder: &Path,
    request: &Request,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> (Option<Outcome>, Diagnostics) {
    let mut found = Diagnostics::default();
    let config = settings(project, &mut found);
    let zone = config.zone.unwrap_or(plan.policy.zone);
    let population = Population::read(&config, &plan.schema, folder, zone, &mut found);
    let stock = Stock::read(&config.catalogs, &plan.schema, folder, zone, &mut found);
    let files = open_logs(project, &config, &plan, folder, zone, request, &mut found);
    let responses = responses(&config, &plan, &mut found);
    let period = (moment_of(request.from.as_deref(), zone), moment_of(request.to.as_deref(), zone));
    if found.has_errors() {
        return (None, found);
    }
    let options = Options {
        threads: request.threads.max(1),
        chunk: if request.chunk == 0 { super::driver::CHUNK } else { request.chunk },
        from: period.0.ok().flatten().or(config.simulate.from),
        to: period.1.ok().flatten().or(config.simulate.to),
        responses,
    };
    let name = config.name.as_ref().map_or_else(|| folder_name(folder), |name| name.text.clone());
    let limits = Limits {
        event_age_ms_max: config.limits.event_age_ms_max,
        late_ms_max: config.limits.late_ms_max,
        salt: config.limits.salt.clone(),
    };
    let mut world = SmallWorld::new(plan, limits);
    world.stock(catalogs_of(&stock));
    let schema = world.plan().schema.clone();
    let meters: Vec<_> = files.iter().map(|file| (file.meter.clone(), file.size)).collect();
    let bytes_all = meters.iter().map(|(_, size)| size).sum();
    let mut told = move |events| {
        let bytes = meters.iter().map(|(meter, _)| meter.load(std::sync::atomic::Ordering::Relaxed)).sum();
        progress(Progress { events, bytes, bytes_all });
    };
    let mut merge = Merge::new(&schema, files);
    let assumed = super::hooks::notes(world.plan(), &options.responses.hooks);
    let simulation = Simulation::new(&world, &population, options);
    let simulation = if request.whole_events { simulation.keep_everything() } else { simulation };
    let mut stream = Until { merge: &mut merge, stop: &request.stop };
    let (done, story) = match &request.customer {
        None => (simulation.run(&mut stream, &mut told), None),
        Some(uid) => {
            let timeline = Timeline::new(world.plan());
            let (done, known) = simulation.run_one(uid, &mut stream, Box::new(timeline.clone()));
            (done, known.then(|| timeline.lines()))
        }
    };
    if request.stop.is_stopped() {
        return (None, found);
    }
    let logs = merge.into_reports();
    judge(&logs, &mut found);
    judge(&population.reports, &mut found);
    judge(&stock.reports, &mut found);
    let rows = logs.iter().map(|log| log.rows).sum();
    let reports: Vec<FileReport> =
        logs.into_iter().chain(population.reports.iter().cloned()).chain(stock.reports.iter().cloned()).collect();
    let mut report = Report::new(&name, world.plan(), &done, &reports, request.journey);
    report.notes.extend(assumed);
    if population.named_twice > 0 {
        let rows = match population.named_twice {
            1 => "1 row of customers names".to_owned(),
            count => format!("{count} rows of customers name"),
        };
        report.notes.push(format!("{rows} somebody a second time; the later row holds"));
    }
    let outcome = (!found.has_errors()).then_some(Outcome { report, rows, story });
    (outcome, found)
}

/// What the files say, as the engine asks for it.
fn catalogs_of(stock: &Stock) -> Catalogs {
    let mut catalogs = Catalogs::default();
    for version in &stock.versions {
        // They come by time, and each is whole: nothing can misfit.
        let _ = match &version.fields {
            Some(fields) => catalogs.put(version.catalog, &version.key, version.at, Arc::clone(fields)),
            None => catalogs.remove(version.catalog, &version.key, version.at),
        };
    }
    catalogs
}

/// A moment from the command line.
pub fn moment_of(text: Option<&str>, zone: Zone) -> Result<Option<crate::calendar::Instant>, ParseError> {
    text.map(|text| moment::read(text, &TimeFormat::Rfc3339, zone)).transpose()
}

fn folder_name(folder: &Path) -> String {
    folder.file_name().map_or_else(|| "project".to_owned(), |name| name.to_string_lossy().into_owned())
}

fn settings(project: &Project, found: &mut Diagnostics) -> Config {
    let Some((id, source)) = project.manifest.and_then(|id| project.sources.get(id).map(|source| (id, source))) else {
        return Config::default();
    };
    let (config, wrong) = Config::read(source, id);
    found.extend(wrong);
    config
}

fn responses(config: &Config, plan: &Plan, found: &mut Diagnostics) -> Responses {
    let everybody = config.simulate.responses.iter().find(|response| response.channel.is_none());
    let mut shares = vec![everybody.map_or((0, 0), |response| (response.opened, response.clicked)); plan.schema.channels.len()];
    for response in &config.simulate.responses {
        let Some(channel) = &response.channel else { continue };
        match plan.schema.channel(&channel.text) {
            Some(id) => shares[id.index()] = (response.opened, response.clicked),
            None => {
                let names = plan.schema.channels.iter().map(|channel| channel.name.as_str());
                let nearest = crate::diagnostic::suggest::best(&channel.text, names);
                let help = nearest
                    .as_ref()
                    .map_or_else(|| "no message has content for this channel".to_owned(), |name| format!("did you mean `{name}`?"));
                found.push(crate::ingest::problem::UnknownInLog {
                    kind: "channel".to_owned(),
                    written: channel.text.clone(),
                    place: channel.place,
                    help,
                    nearest,
                });
            }
        }
    }
    let hooks = crate::ingest::hooks::Settings::bind(&config.simulate.hooks, &plan.schema, found);
    Responses { seed: config.simulate.seed, shares, hooks, as_recorded: false }
}

fn open_logs(
    project: &mut Project,
    config: &Config,
    plan: &Plan,
    folder: &Path,
    zone: Zone,
    request: &Request,
    found: &mut Diagnostics,
) -> Vec<LogFile> {
    let schema = &plan.schema;
    let mut files = Vec::new();
    if request.events.is_empty() {
        for log in &config.logs {
            files.extend(LogFile::open(&folder.join(&log.file.text), origin_of(log), Some(&log.shape), schema, zone, found));
        }
        if config.logs.is_empty() && !found.has_errors() {
            let place = Place { file: project.manifest.unwrap_or(FileId(0)), span: Span::default() };
            found.push(MissingSetting {
                block: "this project".to_owned(),
                what: "which log to read".to_owned(),
                place,
                help: "add a `[[log]]` to `onward.toml`, or name a file: `onward simulate PROJECT --events orders.csv`".to_owned(),
            });
        }
        return files;
    }
    for path in &request.events {
        let name = path.display().to_string();
        let file = project.sources.add(SourceFile::new(name.as_str(), ""));
        let place = Place { file, span: Span::default() };
        files.extend(open_named(path, name, place, config, schema, zone, found));
    }
    files
}

/// A file of the command line: mapped by the `[[log]]` of the same file name, else by what its columns are called, else by the only `[[log]]`.
fn open_named(
    path: &Path,
    name: String,
    place: Place,
    config: &Config,
    schema: &crate::schema::Schema,
    zone: Zone,
    found: &mut Diagnostics,
) -> Option<LogFile> {
    let same_name = |log: &&Log| Path::new(&log.file.text).file_name() == path.file_name();
    let open = |log: Option<&Log>, found: &mut Diagnostics| {
        let origin = Origin { name: name.clone(), place, separator: log.and_then(|log| log.separator) };
        LogFile::open(path, origin, log.map(|log| &log.shape), schema, zone, found)
    };
    if let Some(log) = config.logs.iter().find(same_name) {
        return open(Some(log), found);
    }
    let mut unclear = Diagnostics::default();
    let guessed = open(None, &mut unclear);
    match (guessed, config.logs.as_slice()) {
        (Some(file), _) => Some(file),
        (None, [only]) => open(Some(only), found),
        (None, _) => {
            found.extend(unclear);
            None
        }
    }
}
