//! `onward dev`: watches a project while it is written.

use super::Exit;
use super::output::Output;
use crate::daemon::http::ListenError;
use crate::dev::page::{self, Board};
use crate::dev::text::Paint;
use crate::dev::watch::Watch;
use crate::dev::work::{Setup, Worker};
use std::path::{Path, PathBuf};

/// Threads of a simulation, at most: it runs beside the editor.
const THREADS_MAX: usize = 4;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  onward dev shop --open        a page in the browser that follows every save\n  \
                  onward dev shop --fmt         lay files out when they are saved\n  \
                  onward dev shop --once        check, test and simulate once, without a page\n\n\
                  The page is served to this machine only. Ctrl-C ends it.")]
pub(super) struct Arguments {
    /// A project's folder, or one journey file
    #[arg(default_value = ".")]
    path: PathBuf,
    /// The port of the page; 0 takes one that is free
    #[arg(long, value_name = "N", default_value_t = 8_090)]
    port: u16,
    /// Show the page in a browser
    #[arg(long)]
    open: bool,
    /// Lay files out when they are saved
    #[arg(long)]
    fmt: bool,
    /// Look once and end, without a page
    #[arg(long, conflicts_with_all = ["port", "open"])]
    once: bool,
    /// Look every second instead of being told by the system: for network drives
    #[arg(long)]
    poll: bool,
}

pub(super) fn run(arguments: &Arguments, output: &Output) -> Exit {
    match try_run(arguments, output) {
        Ok(exit) => exit,
        Err(exit) => exit,
    }
}

fn try_run(arguments: &Arguments, output: &Output) -> Result<Exit, Exit> {
    if !arguments.path.exists() {
        return Err(output.fail(Exit::InputOutput, &format!("cannot read `{}`: there is no such file or folder", arguments.path.display())));
    }
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let setup = Setup { path: arguments.path.clone(), threads: cores.clamp(1, THREADS_MAX) as u32, fmt: arguments.fmt };
    let board = Board::default();
    let worker = Worker::new(setup, board.clone(), Paint(output.color()));
    let mut print = |text: &str| output.print(text);
    if arguments.once {
        return Ok(if worker.once(&mut print) { Exit::Fine } else { Exit::Findings });
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| output.fail(Exit::InputOutput, &format!("threads cannot be started: {error}")))?;
    let bound = runtime.block_on(page::bind(arguments.port)).map_err(|error| refuse(&error, arguments.port, output))?;
    let address = bound.address();
    runtime.spawn(bound.serve(page::router(board, address.port()), std::future::pending()));
    let bell = worker.bell();
    runtime.spawn(async move {
        // Without a way to hear of it, the system ends us itself.
        if tokio::signal::ctrl_c().await.is_ok() {
            bell.stop();
        }
    });
    let watch = Watch::new(folder_of(&arguments.path), worker.bell(), arguments.poll);
    let how = if watch.is_told() { "" } else { " (looking every second)" };
    output.print(&format!("onward dev watches {}{how}\n  page      http://{address}\nCtrl-C ends it.\n", arguments.path.display()));
    if arguments.open
        && let Err(why) = open(&format!("http://{address}"))
    {
        // The page is there nevertheless.
        super::output::complain(&format!("the browser cannot be started: {why}; open http://{address} yourself"));
    }
    worker.run(&mut print);
    runtime.shutdown_background();
    Ok(Exit::Fine)
}

fn refuse(error: &ListenError, port: u16, output: &Output) -> Exit {
    match error {
        ListenError::Io(_, io) if io.kind() == std::io::ErrorKind::AddrInUse => {
            let text = format!(
                "port {port} is taken, perhaps by another `onward dev`\nhelp: take a free one with `--port 0`, or name one: `--port {}`",
                port.wrapping_add(1).max(1_024)
            );
            output.fail(Exit::InputOutput, &text)
        }
        other => output.fail(Exit::InputOutput, &other.to_string()),
    }
}

/// What is watched: the folder, also of a project that is one file.
fn folder_of(path: &Path) -> &Path {
    if path.is_dir() {
        return path;
    }
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Shows an address with what the system has for it.
#[allow(clippy::disallowed_methods, reason = "starting a browser is what `--open` asks for")]
fn open(address: &str) -> Result<(), std::io::Error> {
    let program = if cfg!(target_os = "macos") {
        "open"
    } else if cfg!(windows) {
        "explorer"
    } else {
        "xdg-open"
    };
    std::process::Command::new(program)
        .arg(address)
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .map(drop)
}
