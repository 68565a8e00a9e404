//! `onward plan --against` and `onward apply`: an edit, compared with what runs, and made active.
//!
//! In: a project that checks, where its daemon or its store is. Out: what would change, in sentences or as JSON; or that it is active. **Invariant:**
//! nothing is made active that was not shown and agreed to; what is told is what the daemon said.

mod compare;

use super::Exit;
use super::ask::call::Daemon;
use super::ask::{Trouble, building};
use super::output::{Output, complain};
use crate::daemon::core::deploy::comparison::Comparison;
use crate::diagnostic::render::Format;
use crate::plan::Plan;
use serde_json::json;
use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

/// Where to look for what runs, and what becomes of who stands at a step that is gone.
#[derive(Debug, clap::Args)]
pub(super) struct Against {
    /// What these files would change: asked of a daemon that runs (its address), or read from a store (its folder)
    #[arg(long, value_name = "URL|STORE")]
    pub(super) against: Option<String>,
    /// What becomes of who stands at a step that is gone: stay, exit, move:STEP, or for one step JOURNEY/STEP=exit
    #[arg(long, value_name = "DECISION", requires = "against")]
    removed_steps: Vec<String>,
    /// A file that holds the key of the daemon; otherwise the environment variable ONWARD_KEY does
    #[arg(long, value_name = "FILE", requires = "against")]
    key_file: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  onward apply shop                                     shows what changes, asks, and makes it active\n  \
                        onward apply shop --yes                               for scripts\n  \
                        onward apply shop --removed-steps exit                who stands at a removed step leaves the journey\n  \
                        onward apply shop --removed-steps 'welcome/wait=move:send hello'\n\n\
                        Going back is applying the files as they were. Files that do not check are not applied."
)]
pub(super) struct Arguments {
    /// A project's folder, or one journey file
    #[arg(default_value = ".")]
    path: PathBuf,
    /// Where the daemon listens; otherwise the environment variable ONWARD_URL says it, or the project's onward.toml
    #[arg(long, visible_alias = "against", value_name = "URL")]
    url: Option<String>,
    /// What becomes of who stands at a step that is gone: stay, exit, move:STEP, or for one step JOURNEY/STEP=exit
    #[arg(long, value_name = "DECISION")]
    removed_steps: Vec<String>,
    /// A file that holds a key of the kind `admin`; otherwise the environment variable ONWARD_KEY does
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

/// `onward apply`.
pub(super) fn run(arguments: &Arguments, output: &Output) -> Exit {
    try_run(arguments, output).unwrap_or_else(|exit| exit)
}

fn try_run(arguments: &Arguments, output: &Output) -> Result<Exit, Exit> {
    if arguments.url.as_ref().is_some_and(|url| !url.contains("://")) {
        let why = "an edit is applied to a daemon that runs: say its address, for example `--url http://127.0.0.1:8080`; a store that lies still \
                   takes the files when `onward serve` starts";
        return Err(output.fail(Exit::Usage, why));
    }
    let ready = output.compile(&arguments.path)?;
    let daemon = Daemon::at(arguments.url.clone(), arguments.key_file.clone(), ready.project.root.clone().unwrap_or_default());
    let comparison = compare::with_daemon(&daemon, &ready.plan, &arguments.removed_steps, output)?;
    let in_json = output.format() == Format::Json;
    if comparison.is_same() || comparison.undecided().next().is_some() {
        let same = comparison.is_same();
        if in_json {
            output.print(&format!("{}\n", json!({ "applied": false, "comparison": comparison })));
        } else {
            output.print(&comparison.text());
        }
        return if same {
            stop(&daemon, &ready.plan, &comparison, output)
        } else {
            Err(output.fail(Exit::Findings, "nothing was applied: say what becomes of who stands at the removed steps"))
        };
    }
    if !in_json {
        output.print(&comparison.text());
    }
    if !arguments.yes && !agreed(output)? {
        return Err(output.fail(Exit::Usage, "nothing was applied"));
    }
    let mut body = compare::body(&ready.plan, &arguments.removed_steps, output)?;
    body["over"] = comparison.before.clone().into();
    let answer = daemon.call("POST", "plan/apply", Some(&body)).map_err(|Trouble(exit, why)| output.fail(exit, &why))?;
    if in_json {
        output.print(&format!("{answer}\n"));
        return Ok(Exit::Fine);
    }
    if answer["building"] == true {
        return wait(&daemon, &ready.plan.hash, output);
    }
    let applied = answer["applied"] == true;
    let held = if answer["on_hold"] == true { "the store is on hold: nothing is sent until `onward release`\n" } else { "" };
    let said =
        if applied { "applied: it is active, and durable\n" } else { "nothing was to be done: somebody has just applied the same\n" };
    output.print(&format!("\n{said}{held}"));
    Ok(Exit::Fine)
}

/// Who applies what runs does not want what is on its way.
fn stop(daemon: &Daemon, plan: &Plan, comparison: &Comparison, output: &Output) -> Result<Exit, Exit> {
    let trouble = |Trouble(exit, why)| output.fail(exit, &why);
    if daemon.call("GET", "status", None).map_err(trouble)?["building"].is_null() {
        return Ok(Exit::Fine);
    }
    let mut body = compare::body(plan, &[], output)?;
    body["over"] = comparison.before.clone().into();
    if daemon.call("POST", "plan/apply", Some(&body)).map_err(trouble)?["stopped"] == true {
        complain("stopped: the version that was on its way does not become active");
    }
    Ok(Exit::Fine)
}

/// Between two looks at how far it is.
const PAUSE: std::time::Duration = std::time::Duration::from_millis(300);

/// Until what the plan asks for is read back and it is active. Who leaves does not stop it.
fn wait(daemon: &Daemon, plan: &str, output: &Output) -> Result<Exit, Exit> {
    output.print("\nwhat it asks for and was not kept is read back from the archive; it becomes active by itself then (`onward status` says how far it is)\n");
    let (mut told, mut complete_from) = (String::new(), None);
    loop {
        let status = daemon.call("GET", "status", None).map_err(|Trouble(exit, why)| output.fail(exit, &why))?;
        let from = status["building"]["complete_from"].as_str().map(str::to_owned);
        complete_from = from.or(complete_from);
        if status["plan"] == *plan {
            let held = if status["on_hold"] == true { "the store is on hold: nothing is sent until `onward release`\n" } else { "" };
            let lacks = complete_from.map_or_else(String::new, |from| {
                format!("what happened before {from} is not in the archive: what looks back further is complete from then on\n")
            });
            output.print(&format!("applied: it is active, and durable\n{lacks}{held}"));
            return Ok(Exit::Fine);
        }
        if status["building"]["plan"] != *plan {
            return Err(output.fail(Exit::Findings, "nothing was applied: somebody stopped it, or applied another version"));
        }
        if let Some(line) = building(&status["building"], &status["durable_batch"]).filter(|line| *line != told) {
            complain(&format!("  {line}"));
            told = line;
        }
        std::thread::sleep(PAUSE);
    }
}

/// Whether somebody says yes.
fn agreed(output: &Output) -> Result<bool, Exit> {
    let input = std::io::stdin();
    if !input.is_terminal() {
        return Err(output.fail(Exit::Usage, "nothing was applied: nobody is there to agree; say `--yes` where you mean it"));
    }
    let mut asking = std::io::stderr().lock();
    let asked = write!(asking, "\nApply this? [y/N] ").and_then(|()| asking.flush());
    let mut said = String::new();
    let heard = asked.and_then(|()| input.lock().read_line(&mut said));
    heard.map_err(|error| output.fail(Exit::InputOutput, &format!("the answer cannot be read: {error}")))?;
    Ok(matches!(said.trim().to_lowercase().as_str(), "y" | "yes"))
}

/// `onward plan --against`.
pub(super) fn plan_against(arguments: &Against, against: &str, plan: Plan, output: &Output) -> Exit {
    let wishes = &arguments.removed_steps;
    let compared = if against.contains("://") {
        let daemon = Daemon::at(Some(against.to_owned()), arguments.key_file.clone(), PathBuf::new());
        compare::with_daemon(&daemon, &plan, wishes, output)
    } else {
        compare::with_store(Path::new(against), plan, wishes, output)
    };
    match compared {
        Ok(comparison) => {
            tell(&comparison, output);
            Exit::Fine
        }
        Err(exit) => exit,
    }
}

fn tell(comparison: &Comparison, output: &Output) {
    if output.format() == Format::Json {
        output.print(&format!("{}\n", json!({ "comparison": comparison })));
    } else {
        output.print(&comparison.text());
    }
}
