//! `onward serve`: the daemon.

use super::Exit;
use super::output::Output;
use crate::daemon::clock::{Clock, FastClock, WallClock};
use crate::daemon::sample::{self, Sample};
use crate::daemon::serve::{CannotServe, Running, Served, start};
use crate::daemon::settings::Settings;
use crate::daemon::stock;
use crate::diagnostic::Diagnostics;
use crate::engine::Limits;
use crate::ingest::Config;
use crate::project::Project;
use crate::source::Sources;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  onward serve shop                       on this machine only, port 8080; every message is caught in the sandbox\n  \
                  onward serve shop --sample              with the project's own log as if it happened now, an hour a second\n  \
                  onward serve shop --listen 127.0.0.1:9000\n\n\
                  Messages reach customers only where onward.toml configures a channel and says `live = true` under [serve]."
)]
pub(super) struct Arguments {
    /// A project's folder
    #[arg(default_value = ".")]
    path: PathBuf,
    /// Where to listen, instead of what onward.toml says
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<std::net::SocketAddr>,
    /// The folder of the store, instead of what onward.toml says
    #[arg(long, value_name = "FOLDER")]
    store: Option<PathBuf>,
    /// Begin a store in a folder that is there and empty
    #[arg(long)]
    init: bool,
    /// Play the project's log as if it happened now; nothing leaves the sandbox
    #[arg(long)]
    sample: bool,
    /// How many times as fast a sample runs as the clock
    #[arg(long, value_name = "TIMES", default_value_t = 3_600, requires = "sample", value_parser = clap::value_parser!(u32).range(1..=86_400))]
    speed: u32,
    /// Messages of the log are JSON, one line each
    #[arg(long)]
    json_logs: bool,
}

pub(super) fn run(arguments: &Arguments, output: &Output) -> Exit {
    match try_run(arguments, output) {
        Ok(()) => Exit::Fine,
        Err(exit) => exit,
    }
}

fn try_run(arguments: &Arguments, output: &Output) -> Result<(), Exit> {
    let ready = output.compile(&arguments.path)?;
    let folder = ready.project.root.clone().unwrap_or_else(|| arguments.path.clone());
    let (config, mut settings) = settings(&ready.project, &ready.plan.schema, output)?;
    if let Some(listen) = arguments.listen {
        settings.listen = listen;
    }
    if let Some(store) = &arguments.store {
        settings.store = store.display().to_string();
    }
    log_to_standard_error(arguments.json_logs);
    let plan = Arc::new(ready.plan);
    let mut clock: Arc<dyn Clock> = Arc::new(WallClock);
    let mut sample = None;
    if arguments.sample {
        let (read, found) = sample::read(&config, &plan, &folder);
        let read = match (read, output.findings_aside(found, &ready.project.sources)) {
            (Some(read), Exit::Fine) if !read.is_empty() => read,
            (_, Exit::Fine) => {
                return Err(output.fail(Exit::Usage, "there is nothing to play: name a log with events in onward.toml, under `[[log]]`"));
            }
            (_, exit) => return Err(exit),
        };
        settings.live = false;
        settings.store = sample_store();
        clock = Arc::new(FastClock::new(read.begin(), arguments.speed));
        sample = Some(read);
    }
    let limits = Limits {
        event_age_ms_max: config.limits.event_age_ms_max,
        late_ms_max: config.limits.late_ms_max,
        salt: config.limits.salt.clone(),
    };
    let name = config.name.as_ref().map_or_else(|| folder_name(&folder), |name| name.text.clone());
    let mut found = Diagnostics::default();
    let goods = stock::read(&config, &plan, &folder, config.zone.unwrap_or(plan.policy.zone), &mut found);
    match output.findings_aside(found, &ready.project.sources) {
        Exit::Fine => {}
        exit => return Err(exit),
    }
    let served = Served { plan, name, limits, settings, folder, clock, goods };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| output.fail(Exit::InputOutput, &format!("the daemon's threads cannot be started: {error}")))?;
    runtime.block_on(serve(served, arguments, sample, &ready.project.sources, output))
}

async fn serve(served: Served, arguments: &Arguments, sample: Option<Sample>, sources: &Sources, output: &Output) -> Result<(), Exit> {
    let init = arguments.init || sample.is_some();
    let running = start(served, init).await.map_err(|error| refuse(error, sources, output))?;
    let address = running.address;
    // Before anybody knows that it runs: who stops it at once gets the orderly end, too.
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())
        .map_err(|error| output.fail(Exit::InputOutput, &format!("the daemon cannot listen for SIGTERM: {error}")))?;
    output.print(&format!(
        "onward serves on http://{address}\n  messages      http://{address}/sandbox\n  send events   POST http://{address}/v1/batch (Segment), /v1/events (JSON)\nCtrl-C ends it.\n"
    ));
    if let Some(sample) = sample {
        let doors = running.doors.clone();
        tokio::spawn(async move { sample.play(&doors).await });
    }
    until_told(&running, &mut terminate).await;
    let failed = running.has_failed();
    match running.stop().await {
        Ok(()) if !failed => Ok(()),
        Ok(()) => Err(output.fail(Exit::InputOutput, "the daemon ended by itself; the log says why")),
        Err(why) => {
            Err(output.fail(Exit::InputOutput, &format!("{why}; nothing that was acknowledged is lost, and nothing more was taken")))
        }
    }
}

/// Until Ctrl-C, SIGTERM, or a part of the daemon that ends by itself.
async fn until_told(running: &Running, terminate: &mut tokio::signal::unix::Signal) {
    let mut look = tokio::time::interval(Duration::from_millis(200));
    loop {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => return,
            _ = terminate.recv() => return,
            _ = look.tick() => {
                if running.has_failed() {
                    return;
                }
            }
        }
    }
}

fn refuse(error: CannotServe, sources: &Sources, output: &Output) -> Exit {
    if let CannotServe::Settings(found) = error {
        return output.findings_aside(found, sources);
    }
    let help = match &error {
        CannotServe::Open(open) => format!("\nhelp: {}", open.help()),
        CannotServe::Store(store) => format!("\nhelp: {}", store.help()),
        _ => String::new(),
    };
    output.fail(Exit::InputOutput, &format!("{error}{help}"))
}

fn settings(project: &Project, schema: &crate::schema::Schema, output: &Output) -> Result<(Config, Settings), Exit> {
    let Some((id, source)) = project.manifest.and_then(|id| project.sources.get(id).map(|source| (id, source))) else {
        return Ok((Config::default(), Settings::default()));
    };
    let mut found = Diagnostics::default();
    let (config, wrong) = Config::read(source, id);
    found.extend(wrong);
    let (settings, wrong) = Settings::read(source, id, schema);
    found.extend(wrong);
    match output.findings_aside(found, &project.sources) {
        Exit::Fine => Ok((config, settings)),
        exit => Err(exit),
    }
}

fn folder_name(folder: &Path) -> String {
    folder.file_name().map_or_else(|| "project".to_owned(), |name| name.to_string_lossy().into_owned())
}

/// A sample never touches the real store, and leaves nothing in the project.
fn sample_store() -> String {
    std::env::temp_dir().join(format!("onward-sample-{}", std::process::id())).display().to_string()
}

fn log_to_standard_error(json: bool) {
    let filter = tracing_subscriber::EnvFilter::try_from_env("ONWARD_LOG").unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false);
    // A second one in one process (tests) keeps the first.
    let _kept = if json { builder.json().try_init() } else { builder.try_init() }.is_err();
}
