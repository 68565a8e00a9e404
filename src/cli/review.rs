//! `onward review`: what an edit changes, for who reviews it.
//!
//! In: revisions of the repository that holds a project, or two folders. Out: a review as text, Markdown or JSON. **Invariant:** nothing is
//! changed anywhere but in a folder of our own.

mod git;
mod side;

use super::Exit;
use super::output::{Document, Output};
use crate::diagnostic::render::Format;
use crate::diagnostic::suggest;
use crate::review::policy::{self, POLICIES, Policy};
use crate::review::{Review, Side, State, markdown, review, text};
use git::{Range, Repository, Scratch};
use side::Version;
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  onward review main..HEAD                             what this branch changes, in the project of this folder\n  \
                        onward review main...HEAD journeys/shop              the same since it left main, of a project in a folder\n  \
                        onward review main                                   what the files as they lie here change\n  \
                        onward review ../shop-old shop                       two folders, without git\n  \
                        onward review main...HEAD --format markdown          as the comment under a pull request\n  \
                        onward review main...HEAD --fail-on removed-steps,more-messages"
)]
pub(super) struct Arguments {
    /// Two revisions (BASE..HEAD), one (compared with the files as they lie here), or the folder with the older version
    #[arg(value_name = "BASE..HEAD|FOLDER")]
    what: String,
    /// The project, a folder or one journey file; or the folder with the newer version
    #[arg(value_name = "PROJECT|FOLDER")]
    path: Option<PathBuf>,
    /// End with 1 where the edit does one of these; several are parted by commas
    #[arg(long, value_name = "POLICY", value_delimiter = ',')]
    fail_on: Vec<String>,
    /// A log to run both versions over, instead of the one that onward.toml names
    #[arg(long, value_name = "FILE")]
    events: Vec<PathBuf>,
    /// Run nothing over the sample log
    #[arg(long, conflicts_with = "events")]
    no_simulation: bool,
    /// The review for programs
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments, output: &Output) -> Exit {
    try_run(arguments, output).unwrap_or_else(|exit| exit)
}

fn try_run(arguments: &Arguments, output: &Output) -> Result<Exit, Exit> {
    let policies = policy::named(arguments.fail_on.iter().map(|name| name.trim())).map_err(|name| unknown_policy(&name, output))?;
    let scratch = Scratch::new().map_err(|why| output.fail(Exit::InputOutput, &why))?;
    let (before, after, project) = versions(arguments, &scratch, output)?;
    let read = |version: &Version| side::load(version).map_err(|why| output.fail(Exit::InputOutput, &why));
    let (mut before, mut after) = (read(&before)?, read(&after)?);
    if before.compiled.is_none() && after.compiled.is_none() {
        return Err(output.fail(Exit::Usage, &format!("neither {} nor {} has a project in `{project}`", before.name, after.name)));
    }
    if let Some(beside) = beside(arguments) {
        side::complete(&before, &beside);
        side::complete(&after, &beside);
    }
    let missing = if arguments.no_simulation { None } else { simulate(&mut before, &mut after, &arguments.events) };
    let review = review(&project, &before, &after, missing);
    tell(&review, &policies, arguments, output)
}

fn tell(review: &Review, policies: &[&'static Policy], arguments: &Arguments, output: &Output) -> Result<Exit, Exit> {
    let broken = policy::broken(review, policies);
    let shown = if output.document() == Some(Document::Markdown) {
        markdown::render(review, &broken)
    } else if arguments.json || output.format() == Format::Json {
        let whole = serde_json::to_value(review).map(|mut whole| {
            whole["broken"] = serde_json::json!(broken);
            format!("{whole:#}\n")
        });
        whole.map_err(|error| output.fail(Exit::Internal, &format!("the review cannot be written: {error}")))?
    } else {
        text::render(review, &broken)
    };
    output.print(&shown);
    let fails = !broken.is_empty() || review.after.state == State::Broken;
    Ok(if fails { Exit::Findings } else { Exit::Fine })
}

fn unknown_policy(name: &str, output: &Output) -> Exit {
    let hint =
        suggest::best(name, POLICIES.iter().map(|policy| policy.name)).map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
    let width = POLICIES.iter().map(|policy| policy.name.len()).max().unwrap_or(0);
    let all: String = POLICIES.iter().map(|policy| format!("\n  {:<width$}  {}", policy.name, policy.refuses)).collect();
    output.fail(Exit::Usage, &format!("there is no policy `{name}`{hint}\nwhat `--fail-on` knows:{all}"))
}

/// The two versions, and what the project is called.
fn versions(arguments: &Arguments, scratch: &Scratch, output: &Output) -> Result<(Version, Version, String), Exit> {
    let old = Path::new(&arguments.what);
    // A folder of this name is what is meant, even where a branch has it, too.
    if old.exists()
        && let Some(new) = &arguments.path
        && new.exists()
    {
        let version = |path: &Path| Version { name: path.display().to_string(), path: Some(path.to_owned()), shown_under: None };
        return Ok((version(old), version(new), name_of(new)));
    }
    let wrong = |why: String| output.fail(Exit::Usage, &why);
    let path = arguments.path.clone().unwrap_or_else(|| PathBuf::from("."));
    let repository = Repository::of(&path).map_err(|why| {
        let both = if old.is_dir() { "; a folder is compared with another one: name both" } else { "" };
        wrong(format!("{why}{both}"))
    })?;
    let range = Range::of(&arguments.what);
    let mut before = repository.commit(&range.before).map_err(&wrong)?;
    let after = range.after.as_ref().map(|after| repository.commit(after)).transpose().map_err(&wrong)?;
    if range.from_fork {
        before = repository.fork(&before, after.as_deref().unwrap_or("HEAD")).map_err(&wrong)?;
    }
    let write = |commit: &str, name: &str, folder: &str| -> Result<Version, Exit> {
        let written = repository.write(commit, &scratch.path().join(folder)).map_err(|why| output.fail(Exit::InputOutput, &why))?;
        Ok(Version { name: name.to_owned(), path: written, shown_under: Some(repository.prefix.clone()) })
    };
    let before = write(&before, &range.before, "before")?;
    let after = match (&after, &range.after) {
        (Some(commit), Some(name)) => write(commit, name, "after")?,
        _ => Version {
            name: "the work tree".to_owned(),
            path: path.exists().then(|| path.clone()),
            shown_under: Some(repository.prefix.clone()),
        },
    };
    let project = match repository.prefix.trim_end_matches('/') {
        "" => name_of(&path),
        inside => inside.to_owned(),
    };
    Ok((before, after, project))
}

/// Where files lie that git does not keep.
fn beside(arguments: &Arguments) -> Option<PathBuf> {
    let in_git = !(Path::new(&arguments.what).exists() && arguments.path.as_ref().is_some_and(|path| path.exists()));
    let path = arguments.path.clone().unwrap_or_else(|| PathBuf::from("."));
    let folder = if path.is_file() { path.parent().map(Path::to_owned).unwrap_or_default() } else { path };
    in_git.then_some(folder)
}

fn name_of(path: &Path) -> String {
    let real = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    real.file_name().map_or_else(|| "project".to_owned(), |name| name.to_string_lossy().into_owned())
}

/// Runs both versions over the same log; says why, where that cannot be.
fn simulate(before: &mut Side, after: &mut Side, events: &[PathBuf]) -> Option<String> {
    let has_plan = |side: &Side| side.compiled.as_ref().is_some_and(|compiled| compiled.plan.is_some());
    if !has_plan(before) || !has_plan(after) {
        return None;
    }
    let logs = if events.is_empty() { side::logs(after) } else { events.to_vec() };
    if logs.is_empty() {
        return Some("message volume is not compared: the project names no log in onward.toml (`--events FILE` names one)".to_owned());
    }
    match side::simulate(after, events) {
        Ok(report) => after.report = Some(report),
        Err(why) => return Some(format!("message volume is not compared: {} cannot be run over the sample log: {why}", after.name)),
    }
    match side::simulate(before, &logs) {
        Ok(report) => before.report = Some(report),
        Err(why) => {
            after.report = None;
            return Some(format!("message volume is not compared: {} cannot be run over the sample log: {why}", before.name));
        }
    }
    None
}
