//! What a project would change, asked of a daemon that runs or read from a store that lies still.
//!
//! In: a plan, decisions, an address or a folder. Out: the comparison. **Invariant:** a store is only looked at: nothing in its folder is changed.

use super::super::Exit;
use super::super::ask::Trouble;
use super::super::ask::call::Daemon;
use super::super::output::Output;
use crate::calendar::Instant;
use crate::daemon::clock::{Clock as _, WallClock};
use crate::daemon::core::deploy::comparison::Comparison;
use crate::daemon::core::deploy::decide::decide;
use crate::daemon::keeper::Keeper;
use crate::engine::Limits;
use crate::plan::{Plan, encode};
use crate::store::{Disk, MARKER, RealFiles, Untouched};
use serde_json::{Value as Json, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Customers between two looks at how far it is.
const SLICE: usize = 10_000;

/// Compares with what a daemon runs.
pub(in crate::cli) fn with_daemon(daemon: &Daemon, plan: &Plan, wishes: &[String], output: &Output) -> Result<Comparison, Exit> {
    let answer =
        daemon.call("POST", "plan/compare", Some(&body(plan, wishes, output)?)).map_err(|Trouble(exit, why)| output.fail(exit, &why))?;
    read(&answer, output)
}

/// What is sent to a daemon.
pub(super) fn body(plan: &Plan, wishes: &[String], output: &Output) -> Result<Json, Exit> {
    let text = encode::to_json(plan).map_err(|error| output.fail(Exit::Internal, &format!("the plan cannot be written: {error}")))?;
    Ok(json!({ "plan": text, "removed_steps": wishes }))
}

/// The comparison in an answer.
pub(super) fn read(answer: &Json, output: &Output) -> Result<Comparison, Exit> {
    serde_json::from_value(answer["comparison"].clone()).map_err(|error| {
        output.fail(Exit::InputOutput, &format!("the daemon's answer is not understood: {error}; it may be of another version"))
    })
}

/// The folder of the store itself, where the one that holds it was named.
fn store_in(folder: &Path) -> PathBuf {
    let inside = folder.join("store");
    if !folder.join(MARKER).exists() && inside.join(MARKER).exists() { inside } else { folder.to_owned() }
}

/// Compares with a store that no daemon works with.
pub(in crate::cli) fn with_store(folder: &Path, plan: Plan, wishes: &[String], output: &Output) -> Result<Comparison, Exit> {
    let plan = Arc::new(plan);
    let place = store_in(folder);
    let files: Disk = Arc::new(Untouched::new(Arc::new(RealFiles::new(&place))));
    let opened = Keeper::open(files, &plan, Limits::default());
    let (_keeper, core) = opened.map_err(|error| {
        output.fail(
            Exit::InputOutput,
            &format!("{error}\n  help: {}; a daemon that runs is asked by its address: `--against http://127.0.0.1:8080`", error.help()),
        )
    })?;
    let now = WallClock.now();
    compare(&core, &plan, wishes, now).map_err(|(exit, why)| output.fail(exit, &why))
}

fn compare(core: &crate::daemon::core::Core, plan: &Arc<Plan>, wishes: &[String], now: Instant) -> Result<Comparison, (Exit, String)> {
    let decisions = decide(core.world.plan(), plan, wishes).map_err(|why| (Exit::Usage, why))?;
    let mut survey = core.begin_survey(plan, decisions).map_err(|error| (Exit::Internal, error.to_string()))?;
    while core.survey(&mut survey, now, SLICE).map_err(|damaged| (Exit::InputOutput, damaged.to_string()))? {}
    Ok(survey.comparison())
}
