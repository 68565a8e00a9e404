//! Scenarios: stories with an expected end, played by the real engine on virtual time.
//!
//! In: a checked project and its files. Out: for every scenario whether what it expects came true, and if not, what happened instead,
//! moment by moment; and which steps no scenario reaches. **Invariant:** the same files give the same report; nothing leaves, no clock is
//! read; every path of every split is tried unless the scenario names one. Knows no terminal and no file format.
//!
//! What a scenario means, where `docs/language.md` leaves a choice:
//! - All journeys of the project run, as they would; messages and exits are those of the scenario's own journey and of the journeys that it
//!   starts, directly or by an event that it emits.
//! - Nobody is held out unless `choosing "hold out"` is written; then everybody is.
//! - Messages and exits are judged over the whole story; a condition and `waiting at` where their line stands: after everything that
//!   happens at the latest instant that a line above names, also one that names when a message is expected.
//! - Without `starting`, and without a moment named, a story begins at [`START`].

mod cast;
mod cover;
mod drive;
mod given;
mod items;
mod judge;
mod others;
mod pools;
mod reasons;
mod script;
mod show;
mod timeline;
mod variants;

pub use cover::{Coverage, Unreached};
pub use show::text;
pub use timeline::Moment;

use crate::check::Checked;
use crate::engine::Loaded;
use crate::plan::{self, Line, Plan};
use crate::source::{FileId, Place, Sources};
use std::sync::Arc;
use variants::Variants;

/// Where a story begins that names no moment: an ordinary Monday morning.
pub const START: (i32, u32, u32, u32) = (2026, 1, 5, 9);

/// Most combinations of paths that are tried for one scenario; beyond, the report says so.
pub const VARIANTS_MAX: usize = 256;

/// All that came of the scenarios of a project.
#[derive(Debug, Default)]
pub struct Report {
    /// In the order of the files.
    pub scenarios: Vec<Played>,
    pub coverage: Coverage,
}

impl Report {
    pub fn failed(&self) -> usize {
        self.scenarios.iter().filter(|played| played.failed.is_some()).count()
    }
}

/// One scenario, played with every path.
#[derive(Debug)]
pub struct Played {
    pub title: String,
    pub journey: String,
    pub place: Place,
    /// How many combinations of paths were tried.
    pub variants: usize,
    /// There are more than [`VARIANTS_MAX`].
    pub more: bool,
    /// The first combination in which something did not come true.
    pub failed: Option<Failed>,
}

#[derive(Debug)]
pub struct Failed {
    /// Paths that were taken without being pinned: the label of the split, and the path.
    pub choices: Vec<(String, String)>,
    pub failures: Vec<Failure>,
    /// What happened to the customer, in order.
    pub timeline: Vec<Moment>,
}

/// An expectation that did not come true.
#[derive(Debug)]
pub struct Failure {
    /// The line that expects it.
    pub place: Place,
    /// What that line says.
    pub expected: String,
    pub happened: String,
    /// What was perhaps meant.
    pub hint: Option<String>,
}

/// Plays the scenarios whose title or journey contains `filter`; all without one.
pub fn run(project: &Checked, sources: &Sources, filter: Option<&str>) -> Report {
    let name = |scenario: &crate::check::checked::Scenario| {
        project.journeys.get(scenario.journey.index()).map_or_else(String::new, |journey| journey.name.to_string())
    };
    let meets = |at: usize| match (filter, project.scenarios.get(at)) {
        (Some(part), Some(scenario)) => scenario.title.contains(part) || name(scenario).contains(part),
        _ => true,
    };
    let (played, coverage) = play_those(project, sources, &mut |at| meets(at));
    // A part of the scenarios says nothing about what all of them reach.
    let coverage = if filter.is_none() { coverage } else { Coverage::default() };
    Report { scenarios: played.into_iter().map(|(_, played)| played).collect(), coverage }
}

/// Plays the scenarios that `wanted` says yes to, by their position in the project; it is asked just before each, so that it can also say that
/// enough was played.
pub fn run_some(project: &Checked, sources: &Sources, wanted: &mut dyn FnMut(usize) -> bool) -> Vec<(usize, Played)> {
    play_those(project, sources, wanted).0
}

fn play_those(project: &Checked, sources: &Sources, wanted: &mut dyn FnMut(usize) -> bool) -> (Vec<(usize, Played)>, Coverage) {
    let (plan, scenarios) = plan::build::with_scenarios(project, sources);
    let plan = Arc::new(plan);
    let loaded = Loaded::new(Arc::clone(&plan));
    let mut coverage = cover::Reached::new(&plan, sources);
    let mut all = Vec::new();
    for (at, scenario) in scenarios.iter().enumerate() {
        if wanted(at) {
            let stage = Stage { plan: &plan, loaded: &loaded, sources, scenario, cast: cast::Cast::of(&plan, scenario.journey) };
            all.push((at, play(&stage, &mut coverage)));
        }
    }
    (all, coverage.finish())
}

/// What one scenario is played with.
struct Stage<'a> {
    plan: &'a Arc<Plan>,
    loaded: &'a Loaded,
    sources: &'a Sources,
    scenario: &'a crate::check::checked::Scenario,
    cast: cast::Cast,
}

fn play(stage: &Stage, coverage: &mut cover::Reached) -> Played {
    let scenario = stage.scenario;
    let mut variants = Variants::new(stage.plan, &stage.cast, scenario);
    let mut played = Played {
        title: scenario.title.clone(),
        journey: name_of(stage.plan, scenario.journey),
        place: scenario.place,
        variants: 0,
        more: false,
        failed: None,
    };
    loop {
        let mut story = drive::Story::new(stage, &variants);
        let failures = judge::judge(&mut story);
        played.variants += 1;
        coverage.note(&stage.cast, &story.records);
        if !failures.is_empty() {
            let timeline = timeline::of(&story);
            played.failed = Some(Failed { choices: variants.choices(), failures, timeline });
            return played;
        }
        drop(story);
        if !variants.next() {
            return played;
        }
        if played.variants == VARIANTS_MAX {
            played.more = true;
            return played;
        }
    }
}

fn name_of(plan: &Plan, journey: crate::schema::JourneyId) -> String {
    plan.journeys.get(journey.index()).map_or_else(String::new, |journey| journey.name.to_string())
}

/// `file:line`, with the way to the project.
fn locate(sources: &Sources, line: Line) -> String {
    format!("{}:{}", sources.shown_name(FileId(u32::from(line.file))), line.line)
}

/// The line of a place, as [`locate`].
fn locate_place(sources: &Sources, place: Place) -> String {
    let line = sources.get(place.file).map_or(0, |file| file.position(place.span.start).line);
    format!("{}:{line}", sources.shown_name(place.file))
}
