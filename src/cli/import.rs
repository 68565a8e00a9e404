//! `onward import customers|events FILE`: what was known before, and what happened.

use super::Exit;
use super::output::{Output, complain};
use crate::daemon::clock::{Clock as _, WallClock};
use crate::daemon::import::{self, Effects, ImportError, Looked};
use crate::daemon::keeper::Keeper;
use crate::daemon::serve::{CannotServe, Folders, open_store};
use crate::daemon::settings::Settings;
use crate::diagnostic::Diagnostics;
use crate::engine::Limits;
use crate::ingest::Config;
use crate::ingest::import::{ImportFile, Line};
use crate::ingest::refusal::{Refusal, says_both};
use crate::ingest::rows::quoted;
use crate::plan::Plan;
use crate::project::Project;
use crate::source::{Place, SourceFile, Span};
use std::collections::BTreeMap;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Rows that cannot be used and are shown on the terminal; all of them stand in the file beside.
const SHOWN: u64 = 10;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  onward import customers people.csv --project shop      who they are: fields and consent\n  \
                  onward import events orders.csv --project shop         what they did, as history: nothing starts\n  \
                  onward import events today.csv --project shop --start-journeys\n\n\
                  No daemon may run on the store meanwhile. Interrupted, run it again: it goes on where it was.\n\
                  How columns are read stands in onward.toml ([[customers]] and [[log]]), see docs/data.md.")]
pub(super) struct Arguments {
    /// What the rows are
    #[arg(value_enum)]
    what: What,
    /// A CSV or JSON Lines file, plain, gzip or zstd
    file: PathBuf,
    /// A project's folder
    #[arg(long, default_value = ".", value_name = "FOLDER")]
    project: PathBuf,
    /// Let journeys begin by it, as if it happened now; without this it is history
    #[arg(long)]
    start_journeys: bool,
    /// Do not ask before anything is taken
    #[arg(long)]
    yes: bool,
    /// The folder of the store, instead of what onward.toml says
    #[arg(long, value_name = "FOLDER")]
    store: Option<PathBuf>,
    /// Where rows that cannot be used are written; FILE.rejected.csv where none is said
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum What {
    /// One row per customer
    Customers,
    /// One row per event
    Events,
}

/// Everything that is opened again for each reading of the file.
struct Job<'a> {
    arguments: &'a Arguments,
    output: &'a Output,
    project: Project,
    plan: Arc<Plan>,
    config: Config,
    limits: Limits,
    folders: Folders,
    place: Place,
    now: crate::calendar::Instant,
}

pub(super) fn run(arguments: &Arguments, output: &Output) -> Exit {
    match try_run(arguments, output) {
        Ok(()) => Exit::Fine,
        Err(exit) => exit,
    }
}

fn try_run(arguments: &Arguments, output: &Output) -> Result<(), Exit> {
    let job = Job::new(arguments, output)?;
    let (mut keeper, mut core) = job.open_store()?;
    let looked = import::look(job.open_file()?, &core);
    job.tell_what_it_is(&looked);
    if looked.left() == 0 {
        output.print("everything in it was imported before; nothing is left to do\n");
        return keeper.close().map_err(|error| job.fail(&error.to_string()));
    }
    if arguments.start_journeys {
        // The forecast does it all on this core and throws it away; the import begins with the store as it is.
        let foreseen = import::forecast(job.open_file()?, &looked, core, false, job.now).map_err(|error| job.fail(&error.to_string()))?;
        output.print(&format!("it would start:\n{}", started(&foreseen)));
        keeper.close().map_err(|error| job.fail(&error.to_string()))?;
        job.ask("start them?")?;
        (keeper, core) = job.open_store()?;
    } else {
        output.print("it is taken as history: it starts nothing (--start-journeys would)\n");
        job.ask("import it?")?;
    }
    let mut rejects = Rejects::new(job.rejects());
    let mut told = 0;
    let mut go_on = |rows: u64| {
        if rows >= told + 100_000 {
            told = rows;
            complain(&format!("{} taken", many(rows, "row is", "rows are")));
        }
        true
    };
    let done = import::import(
        job.open_file()?,
        &looked,
        &mut core,
        &mut keeper,
        !arguments.start_journeys,
        job.now,
        &mut |line, refusal| rejects.add(line, refusal),
        &mut go_on,
    );
    let done = done.map_err(|error| job.stopped(&error))?;
    job.close(keeper, &core)?;
    output.print(&finished(&done, arguments.start_journeys));
    rejects.close(output)
}

impl<'a> Job<'a> {
    fn new(arguments: &'a Arguments, output: &'a Output) -> Result<Job<'a>, Exit> {
        let mut ready = output.compile(&arguments.project)?;
        let folder = ready.project.root.clone().unwrap_or_else(|| arguments.project.clone());
        let (config, mut settings) = settings(&ready.project, &ready.plan, output)?;
        if let Some(store) = &arguments.store {
            settings.store = store.display().to_string();
        }
        let name = arguments.file.display().to_string();
        let place = Place { file: ready.project.sources.add(SourceFile::new(name.as_str(), "")), span: Span::default() };
        let limits = Limits {
            event_age_ms_max: config.limits.event_age_ms_max,
            late_ms_max: config.limits.late_ms_max,
            salt: config.limits.salt.clone(),
        };
        let folders = Folders { root: folder.join(&settings.store) };
        let (project, plan) = (ready.project, Arc::new(ready.plan));
        Ok(Job { arguments, output, project, plan, config, limits, folders, place, now: WallClock.now() })
    }

    fn fail(&self, why: &str) -> Exit {
        self.output.fail(Exit::InputOutput, why)
    }

    /// The store as it is, under the project's plan.
    fn open_store(&self) -> Result<(Keeper, crate::daemon::core::Core), Exit> {
        let (mut keeper, mut core) = open_store(&self.folders, true, &self.plan, self.limits.clone()).map_err(|error| {
            let help = match &error {
                CannotServe::Open(open) => open.help(),
                CannotServe::Store(store) => store.help().to_owned(),
                _ => String::new(),
            };
            self.fail(&format!("{error}\nhelp: {help} (an import needs the store for itself: stop the daemon, import, start it again)"))
        })?;
        if core.world.plan().hash != self.plan.hash {
            return Err(self.fail(
                "the store runs another version of this project\nhelp: start the daemon once with these files, so that they are what runs, and import then",
            ));
        }
        // A store that begins here says so durably before anything else.
        if let Some(batch) = core.take_batch()
            && !batch.bytes.is_empty()
        {
            keeper.append(&[&batch.bytes]).map_err(|error| self.fail(&error.to_string()))?;
        }
        Ok((keeper, core))
    }

    fn open_file(&self) -> Result<ImportFile<'_>, Exit> {
        let mut found = Diagnostics::default();
        let zone = self.config.zone.unwrap_or(self.plan.policy.zone);
        let (path, schema) = (&self.arguments.file, &self.plan.schema);
        let file = match self.arguments.what {
            What::Events => ImportFile::events(path, self.place, &self.config, schema, zone, &mut found),
            What::Customers => ImportFile::customers(path, self.place, &self.config, schema, (zone, self.now), &mut found),
        };
        match (file, self.output.findings_aside(found, &self.project.sources)) {
            (Some(file), Exit::Fine) => Ok(file),
            (None, Exit::Fine) => Err(self.fail("the file cannot be read")),
            (_, exit) => Err(exit),
        }
    }

    fn tell_what_it_is(&self, looked: &Looked) {
        let mut text = format!("{}: {}", self.arguments.file.display(), many(looked.rows, "row", "rows"));
        match looked.known {
            0 => {}
            1 => text.push_str(", the first of them imported before"),
            known => text.push_str(&format!(", the first {known} of them imported before")),
        }
        text.push('\n');
        for (reason, count, examples) in looked.refusals.iter() {
            text.push_str(&format!("  {count} cannot be used: {}\n", reason.title()));
            for one in examples {
                let column = if one.column.is_empty() { String::new() } else { format!(", `{}`", one.column) };
                text.push_str(&format!("    line {}{column}: {}\n", one.line, wrong(&one.found, &one.expected)));
            }
        }
        if let Some((line, why)) = &looked.broken {
            text.push_str(&format!("  it could not be read on behind line {line}: {why}\n"));
        }
        self.output.print(&text);
    }

    /// A yes of somebody, or `--yes`.
    fn ask(&self, question: &str) -> Result<(), Exit> {
        if self.arguments.yes {
            return Ok(());
        }
        if !std::io::IsTerminal::is_terminal(&std::io::stdin()) {
            return Err(self.output.fail(Exit::Usage, "nothing was taken: nobody is there to say yes; say `--yes`"));
        }
        complain(&format!("{question} [y/N]"));
        let mut answer = String::new();
        let read = std::io::stdin().read_line(&mut answer);
        if read.is_ok() && matches!(answer.trim().to_lowercase().as_str(), "y" | "yes") {
            return Ok(());
        }
        Err(self.output.fail(Exit::Usage, "nothing was taken"))
    }

    fn rejects(&self) -> PathBuf {
        self.arguments.rejects.clone().unwrap_or_else(|| {
            let mut name = self.arguments.file.as_os_str().to_owned();
            name.push(".rejected.csv");
            PathBuf::from(name)
        })
    }

    fn stopped(&self, error: &ImportError) -> Exit {
        self.fail(&format!("{error}\nhelp: what was taken until then is durable; run the same command again, and it goes on behind it"))
    }

    /// A snapshot of everything, so that the daemon starts fast; then the store is free.
    fn close(&self, mut keeper: Keeper, core: &crate::daemon::core::Core) -> Result<(), Exit> {
        let as_of = keeper.last();
        for shard in 0..=crate::daemon::core::recovery::OTHERS {
            keeper.snapshot(shard, as_of, core.snapshot(shard)).map_err(|error| self.fail(&error.to_string()))?;
        }
        keeper.close().map_err(|error| self.fail(&error.to_string()))
    }
}

fn settings(project: &Project, plan: &Plan, output: &Output) -> Result<(Config, Settings), Exit> {
    let Some((id, source)) = project.manifest.and_then(|id| project.sources.get(id).map(|source| (id, source))) else {
        return Ok((Config::default(), Settings::default()));
    };
    let (config, mut found) = Config::read(source, id);
    let (settings, wrong) = Settings::read(source, id, &plan.schema);
    found.extend(wrong);
    match output.findings_aside(found, &project.sources) {
        Exit::Fine => Ok((config, settings)),
        exit => Err(exit),
    }
}

fn started(effects: &Effects) -> String {
    let lines = |what: &str, all: &BTreeMap<String, u64>| -> String {
        all.iter().map(|(name, count)| format!("  {count} × {what} {name}\n")).collect()
    };
    if effects.runs.is_empty() && effects.messages.is_empty() {
        return "  nothing\n".to_owned();
    }
    lines("journey", &effects.runs) + &lines("message", &effects.messages)
}

/// What is wrong with a cell.
fn wrong(found: &str, expected: &str) -> String {
    if says_both(found, expected) { expected.to_owned() } else { format!("`{found}`; expected {expected}") }
}

/// `1 row is`, `2 rows are`
fn many(count: u64, one: &str, more: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { more })
}

fn finished(done: &Effects, starts: bool) -> String {
    let taken = many(done.rows - done.refused, "row is", "rows are");
    let mut text = format!("{taken} taken; {} new\n", many(done.new_customers, "customer is", "customers are"));
    for (count, one, more) in [
        (done.duplicates, "row was known by its id already", "rows were known by their id already"),
        (
            done.of_erased,
            "row is about somebody who was erased less than 30 days ago, and was dropped",
            "rows are about somebody who was erased less than 30 days ago, and were dropped",
        ),
        (done.refused, "row could not be used", "rows could not be used"),
    ] {
        if count > 0 {
            text.push_str(&format!("{}\n", many(count, one, more)));
        }
    }
    if starts {
        text.push_str(&format!("started:\n{}", started(done)));
    }
    text
}

/// Rows that cannot be used, in a file of their own.
struct Rejects {
    path: PathBuf,
    file: Option<BufWriter<std::fs::File>>,
    count: u64,
    failed: Option<std::io::Error>,
}

impl Rejects {
    fn new(path: PathBuf) -> Rejects {
        Rejects { path, file: None, count: 0, failed: None }
    }

    fn add(&mut self, line: &Line, refusal: &Refusal) {
        self.count += 1;
        let cells = [refusal.reason.title(), &refusal.column, &refusal.found, &refusal.expected, &line.text].map(quoted);
        let text = format!("{},{}\n", line.number, cells.join(","));
        if let Err(error) = self.write(&text) {
            self.failed.get_or_insert(error);
        }
        if self.count <= SHOWN {
            complain(&format!("line {}: {}: {}", line.number, refusal.reason.title(), wrong(&refusal.found, &refusal.expected)));
        }
    }

    fn write(&mut self, text: &str) -> std::io::Result<()> {
        if self.file.is_none() {
            let is_new = !self.path.exists();
            let file = std::fs::OpenOptions::new().create(true).append(true).open(&self.path)?;
            let mut file = BufWriter::new(file);
            if is_new {
                file.write_all(b"line,reason,column,found,expected,row\n")?;
            }
            self.file = Some(file);
        }
        self.file.as_mut().map_or(Ok(()), |file| file.write_all(text.as_bytes()))
    }

    fn close(mut self, output: &Output) -> Result<(), Exit> {
        if let Some(file) = &mut self.file
            && let Err(error) = file.flush()
        {
            self.failed.get_or_insert(error);
        }
        match (&self.failed, self.count) {
            (Some(error), _) => Err(output.fail(
                Exit::InputOutput,
                &format!("everything was taken, but the rows that cannot be used could not be written to `{}`: {error}", shown(&self.path)),
            )),
            (None, 0) => Ok(()),
            (None, _) => {
                output.print(&format!("they stand in {}, each with its line and what is wrong\n", shown(&self.path)));
                Ok(())
            }
        }
    }
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}
