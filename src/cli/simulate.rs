//! `onward simulate`: runs a project over an event log.

use super::Exit;
use super::output::Output;
use crate::calendar::Zone;
use crate::diagnostic::suggest;
use crate::plan::Plan;
use crate::project::Project;
use crate::simulate::compare::Comparison;
use crate::simulate::run::{self, Outcome, Progress, Request};
use crate::simulate::sizes::{self, Sizes};
use crate::simulate::{text, timeline};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  onward simulate journeys/grocery                              over the logs that its onward.toml names\n  \
                        onward simulate shop --events orders.csv                      over another file\n  \
                        onward simulate shop --from 2026-01-01 --to 2026-04-01        a part of it; what came before is history\n  \
                        onward simulate shop --customer 1042                          one customer's story, with every reason\n  \
                        onward simulate shop --compare ../shop-old                    two versions side by side"
)]
pub(super) struct Arguments {
    /// A project's folder
    #[arg(default_value = ".")]
    path: PathBuf,
    /// A log to read instead of those in onward.toml: CSV or JSON Lines, also .gz and .zst; may be given several times
    #[arg(long, value_name = "FILE")]
    events: Vec<PathBuf>,
    /// Begin of the period: a date or a moment; earlier events are history
    #[arg(long, value_name = "DATE")]
    from: Option<String>,
    /// End of the period: a date (its first instant) or a moment; the last event where nothing is said
    #[arg(long, value_name = "DATE")]
    to: Option<String>,
    /// Report only this journey
    #[arg(long, value_name = "NAME")]
    journey: Option<String>,
    /// The whole story of one customer, with the reason for each decision
    #[arg(long, value_name = "ID", conflicts_with_all = ["journey", "compare"])]
    customer: Option<String>,
    /// Another version of the project, over the same logs
    #[arg(long, value_name = "PROJECT")]
    compare: Option<PathBuf>,
    /// The report for programs
    #[arg(long)]
    json: bool,
    /// Threads; as many as the machine has where nothing is said
    #[arg(long, value_name = "N", hide = true)]
    threads: Option<u32>,
    /// Events that are held at a time
    #[arg(long, value_name = "N", hide = true)]
    chunk: Option<usize>,
}

pub(super) fn run(arguments: &Arguments, output: &Output) -> Exit {
    match try_run(arguments, output) {
        Ok(()) => Exit::Fine,
        Err(exit) => exit,
    }
}

fn try_run(arguments: &Arguments, output: &Output) -> Result<(), Exit> {
    let begun = Instant::now();
    let this = one(arguments, &arguments.path, output)?;
    if let Some(path) = &arguments.compare {
        let other = one(arguments, path, output)?;
        let comparison = Comparison::new(&this.report, &other.report);
        let shown = if arguments.json { to_json(&comparison, output)? } else { comparison.render() };
        output.print(&shown);
        return Ok(());
    }
    if let Some(customer) = &arguments.customer {
        let Some(story) = &this.story else {
            return Err(output.fail(Exit::Usage, &format!("no log and no file of customers names `{customer}`")));
        };
        let zone = this.report.period.as_ref().map_or("UTC", |period| &period.zone);
        let shown = if arguments.json { to_json(story, output)? } else { timeline::render(customer, zone, story) };
        output.print(&shown);
        return Ok(());
    }
    if arguments.json {
        output.print(&to_json(&this.report, output)?);
        return Ok(());
    }
    if arguments.journey.is_none() && arguments.from.is_none() && arguments.to.is_none() && arguments.path.is_dir() {
        leave_sizes(&arguments.path, &this.report);
    }
    let mut shown = text::render(&this.report);
    shown.push_str(&speed(&this, begun.elapsed()));
    output.print(&shown);
    Ok(())
}

/// Leaves the sizes of segments for the editor. A project that cannot be written to is simulated all the same, and its editor shows none.
fn leave_sizes(project: &Path, report: &crate::simulate::report::Report) {
    let folder = project.join(sizes::FOLDER);
    let hidden = folder.join(".gitignore");
    let written = std::fs::create_dir_all(&folder)
        .and_then(|()| if hidden.exists() { Ok(()) } else { std::fs::write(&hidden, "*\n") })
        .and_then(|()| std::fs::write(folder.join(sizes::FILE), Sizes::of(report).to_text()));
    drop(written);
}

fn speed(outcome: &Outcome, elapsed: Duration) -> String {
    let seconds = elapsed.as_secs_f64().max(0.001);
    let per_second = |count: u64| text::number((count as f64 / seconds) as u64);
    format!(
        "\n{} rows in {seconds:.2} s: {} rows and {} events a second; {} bytes per customer\n",
        text::number(outcome.rows),
        per_second(outcome.rows),
        per_second(outcome.report.events),
        text::number(outcome.report.rows.bytes_average),
    )
}

fn to_json(what: &impl serde::Serialize, output: &Output) -> Result<String, Exit> {
    match serde_json::to_string_pretty(what) {
        Ok(text) => Ok(format!("{text}\n")),
        Err(error) => Err(output.fail(Exit::Internal, &format!("the report cannot be written: {error}"))),
    }
}

/// Compiles and simulates one project.
fn one(arguments: &Arguments, path: &Path, output: &Output) -> Result<Outcome, Exit> {
    let ready = output.compile(path)?;
    let (mut project, plan) = (ready.project, ready.plan);
    let request = request(arguments, &plan, output)?;
    let folder = folder_of(&project, path);
    let bar = progress_bar();
    let mut told = |progress: Progress| {
        bar.set_length(progress.bytes_all);
        bar.set_position(progress.bytes);
        bar.set_message(format!("{} events", text::number(progress.events)));
    };
    let (outcome, found) = run::run(&mut project, plan, &folder, &request, &mut told);
    bar.finish_and_clear();
    let unreadable = found.iter().any(|one| one.code.number == "E0607");
    let exit = output.findings_aside(found, &project.sources);
    match (outcome, exit) {
        (Some(outcome), Exit::Fine) => Ok(outcome),
        (_, _) if unreadable => Err(Exit::InputOutput),
        (_, Exit::Fine) => Err(output.fail(Exit::Internal, "nothing was simulated though nothing was found; please report this")),
        (_, exit) => Err(exit),
    }
}

fn folder_of(project: &Project, path: &Path) -> PathBuf {
    project.root.clone().unwrap_or_else(|| path.to_owned())
}

fn request(arguments: &Arguments, plan: &Plan, output: &Output) -> Result<Request, Exit> {
    let journey = match &arguments.journey {
        None => None,
        Some(name) => match plan.journey(name) {
            Some(id) => Some(id),
            None => {
                let names = plan.journeys.iter().map(|journey| journey.name.as_str());
                let hint = suggest::best(name, names).map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
                return Err(output.fail(Exit::Usage, &format!("there is no journey `{name}`{hint}")));
            }
        },
    };
    for (option, written) in [("--from", &arguments.from), ("--to", &arguments.to)] {
        if let Err(error) = run::moment_of(written.as_deref(), Zone::UTC) {
            return Err(output.fail(Exit::Usage, &format!("{option}: {error}")));
        }
    }
    let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get() as u32);
    Ok(Request {
        events: arguments.events.clone(),
        from: arguments.from.clone(),
        to: arguments.to.clone(),
        journey,
        customer: arguments.customer.clone(),
        threads: arguments.threads.unwrap_or(cores).clamp(1, 256),
        chunk: arguments.chunk.unwrap_or(0),
        whole_events: false,
        stop: run::Stop::default(),
    })
}

/// On a terminal, and not in a workflow.
fn progress_bar() -> ProgressBar {
    let watched = std::io::IsTerminal::is_terminal(&std::io::stderr()) && std::env::var_os("CI").is_none();
    let target = if watched { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(Some(0), target);
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {bytes}/{total_bytes}  {msg}  {elapsed}") {
        bar.set_style(style);
    }
    bar
}
