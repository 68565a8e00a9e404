//! Experiments: a split that is measured.
//!
//! In: `experiment … { variant … control … winner when … }`. Out: a [`StepKind::Split`] with its [`Experiment`]. **Invariant:** an
//! experiment has a name of its own in its journey, something to measure, and at least two ways of which one can be better. The shares are
//! checked like those of a split.

use super::amount;
use super::checked::{Experiment, ExperimentRule, StepKind};
use super::journey::Cx;
use super::problem::problems;
use super::steps::{self, Choice};
use super::waits;
use crate::ast::{self, WinnerRule};
use crate::diagnostic::Code;
use crate::source::Place;
use crate::value::Text;

/// Most variants of an experiment, with its control: more cannot be told apart.
pub const ARMS_MAX: usize = 20;
/// Most customers that a rule may ask for in each variant.
const EACH_MAX: u32 = 100_000_000;

problems! {
    /// Two experiments of a journey with one name.
    ExperimentTwice { name: String, other: Option<(Place, &'static str)> } = Code::new("E0830", "experiment-twice");
        "two experiments of this journey are called \"{name}\"", "their customers would be drawn alike, and their numbers mixed",
        "give one of them another name";

    /// One variant alone.
    NothingToCompare { has: String } = Code::new("E0831", "nothing-to-compare");
        "an experiment compares at least two variants", "{has}",
        "add another variant, or a line `control 20%` for customers who get nothing";

    /// `winner when …` twice, or with `adaptive`.
    RuleTwice { why: &'static str, other: Option<(Place, &'static str)> } = Code::new("E0832", "two-rules-for-a-winner");
        "an experiment has one rule for its winner", "{why}", "take one of the two lines out";

    /// `winner when 40% sure`
    NotSure { why: &'static str } = Code::new("E0833", "not-sure-enough");
        "a winner must be at least 80% sure, and cannot be 100% sure", "{why}", "write for example `95% sure`";

    /// `measured by order_completed since entry`
    MeasuresSince {} = Code::new("E0834", "measured-from-the-experiment-on");
        "a measure counts from the moment when a customer comes to the experiment", "what came before says nothing about the variants",
        "take `since …` out";

    /// More variants than can be told apart.
    TooManyArms { count: String } = Code::new("E0835", "too-many-variants");
        "this experiment has {count} variants, and 20 are the most", "nobody has customers enough for so many",
        "leave some out, or try them one after the other";
}

/// Checks an experiment.
pub(super) fn check(cx: &mut Cx, written: &ast::Experiment, place: Place) -> Option<StepKind> {
    const EXPERIMENT: Choice = Choice { all: "variants of this experiment", one: "a variant", whole: "an experiment" };
    let unit = steps::unit(cx, written.by.as_ref(), EXPERIMENT);
    let measure = written.measured_by.as_ref().and_then(|measure| {
        if let Some(since) = &measure.since {
            let place = match since {
                ast::Since::Moment(moment) => moment.place,
                ast::Since::Path(path) => path.place,
            };
            cx.found.push(MeasuresSince { place });
        }
        cx.measuring = true;
        let trigger = waits::trigger(cx, &ast::Trigger { since: None, ..measure.clone() });
        cx.measuring = false;
        trigger
    });
    let within = written.within.as_ref().and_then(|within| amount::ahead(within, "a measure", cx.found));
    let paths = steps::shares(cx, &written.arms, place, EXPERIMENT);
    compare(cx, written, place);
    let rule = rule(cx, &written.rules);
    let name = written.name.as_ref()?;
    let text = Text::new(&name.text);
    if let Some((_, first)) = cx.experiments.iter().find(|(known, _)| *known == text) {
        let other = Some((*first, "the first one"));
        cx.found.push(ExperimentTwice { place: name.place, name: name.text.clone(), other });
    } else {
        cx.experiments.push((text.clone(), name.place));
    }
    let control = written.arms.iter().position(|arm| arm.name.as_ref().is_some_and(|name| written.controls.contains(&name.place)));
    let control = control.map(|at| at as u16);
    let experiment = Experiment { name: text, measure: measure?, within: within?, control, rule: rule? };
    Some(StepKind::Split { unit, paths, experiment: Some(Box::new(experiment)) })
}

fn compare(cx: &mut Cx, written: &ast::Experiment, place: Place) {
    let variants = written.arms.len() - written.controls.len().min(written.arms.len());
    if written.arms.len() > ARMS_MAX {
        cx.found.push(TooManyArms { place, count: written.arms.len().to_string() });
    }
    let has = match (written.arms.len(), variants) {
        (0, _) => "there is none here",
        (1, _) => "there is only one here",
        (_, 0) => "there is nothing beside the control",
        _ => return,
    };
    cx.found.push(NothingToCompare { place, has: has.to_owned() });
}

fn rule(cx: &mut Cx, rules: &[WinnerRule]) -> Option<ExperimentRule> {
    let Some(first) = rules.first() else { return Some(ExperimentRule::Fixed) };
    for second in &rules[1..] {
        let alike = matches!(
            (first, second),
            (WinnerRule::Winner { .. }, WinnerRule::Winner { .. }) | (WinnerRule::Adaptive(_), WinnerRule::Adaptive(_))
        );
        let why = if alike { "it is said a second time" } else { "`adaptive` moves the shares bit by bit, and `winner when` all at once" };
        cx.found.push(RuleTwice { place: second.place(), why, other: Some((first.place(), "the first one")) });
    }
    match first {
        WinnerRule::Adaptive(_) => Some(ExperimentRule::Adaptive),
        WinnerRule::Winner { sure, each, .. } => {
            let each = each.as_ref().and_then(|each| amount::count(each, "the number of customers", EACH_MAX, cx.found));
            let written = sure.as_ref()?;
            let sure = amount::share(written, "a winner", cx.found)?;
            if !(8_000..10_000).contains(&sure) {
                let why = if sure < 8_000 { "that would be little more than a guess" } else { "chance is never ruled out" };
                cx.found.push(NotSure { place: written.place, why });
                return None;
            }
            Some(ExperimentRule::Winner { sure, each: each? })
        }
    }
}
