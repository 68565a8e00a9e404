//! Scores: points that grow with what a customer does, and fade with time.
//!
//! In: `score NAME { … }`. Out: [`Score`]s by number. **Invariant:** a score can be told from every field of the customer by its name; its
//! conditions see the event and the customer, no run.

use super::amount;
use super::checked::{Score, ScoreRule};
use super::expr::Typer;
use super::names::Kind;
use super::problem::problems;
use super::project::Project;
use super::scope::Scope;
use crate::ast::{self, DeclKind, ScoreRuleKind};
use crate::diagnostic::{Code, Diagnostics, Edit, Fix};
use crate::source::Place;
use crate::value::Decimal;

problems! {
    /// A score with the name of a field.
    ScoreAndField { name: String } = Code::new("E0864", "score-or-field");
        "`customer.{name}` would be a field and a score", "the customer has a field with this name", "give the score another name, for example `{name}_score`";

    /// `start` or `halve every` twice.
    ScoreSaidTwice { what: &'static str, other: Option<(Place, &'static str)>, fix: Option<Fix> } = Code::new("E0865", "score-rule-twice");
        "`{what}` is said twice in this score", "only one can hold", "take one of the two lines out";

    /// `on order_completed for the same order_id add 1`
    ScoreKnowsNoRun { what: &'static str } = Code::new("E0866", "score-knows-no-run");
        "a score has no run, so `{what}` means nothing in it", "every such event of the customer counts", "take it out, or ask by `where …`";
}

pub(super) fn check(project: &Project, files: &[ast::File], found: &mut Diagnostics) -> Vec<Score> {
    let decls = files.iter().flat_map(|file| &file.decls);
    decls
        .filter_map(|decl| match &decl.kind {
            DeclKind::Score { name: Some(name), title, rules } => {
                project.names.own(Kind::Score, name)?;
                if project.fields.contains_key(&name.text) || name.text == "id" {
                    found.push(ScoreAndField { place: name.place, name: name.text.to_string() });
                }
                let mut score = Score {
                    name: name.text.clone(),
                    title: title.as_ref().map(|title| title.text.clone()),
                    start: Decimal::ZERO,
                    rules: Vec::new(),
                    halve_ms: None,
                    place: decl.place,
                };
                self::rules(project, rules, &mut score, found);
                Some(score)
            }
            _ => None,
        })
        .collect()
}

fn rules(project: &Project, written: &[ast::ScoreRule], score: &mut Score, found: &mut Diagnostics) {
    let (mut start, mut halve): (Option<Place>, Option<Place>) = (None, None);
    let twice = |first: &mut Option<Place>, place: Place, what: &'static str, found: &mut Diagnostics| {
        if let Some(first) = *first {
            let fix = Some(Fix { title: "take this line out".to_owned(), edits: vec![Edit { place, text: String::new() }] });
            found.push(ScoreSaidTwice { place, what, other: Some((first, "said here first")), fix });
        }
        first.get_or_insert(place);
    };
    for rule in written {
        match &rule.kind {
            ScoreRuleKind::Start(points) => {
                twice(&mut start, rule.place, "start", found);
                score.start = points.as_ref().map_or(Decimal::ZERO, |points| points.value);
            }
            ScoreRuleKind::HalveEvery(every) => {
                twice(&mut halve, rule.place, "halve every", found);
                score.halve_ms = every.as_ref().and_then(|every| amount::exact(every, "the time in which a score halves", found));
            }
            ScoreRuleKind::On { trigger: Some(trigger), subtract, points } => {
                let points = points.as_ref().map_or(Decimal::ZERO, |points| points.value);
                let points = if *subtract { -points } else { points };
                score.rules.extend(targets(project, trigger, points, found));
            }
            ScoreRuleKind::On { trigger: None, .. } => {}
        }
    }
}

/// One rule for each target: a condition has its own positions for each event.
fn targets(project: &Project, trigger: &ast::Trigger, points: Decimal, found: &mut Diagnostics) -> Vec<ScoreRule> {
    if let Some(since) = &trigger.since {
        let place = match since {
            ast::Since::Moment(moment) => moment.place,
            ast::Since::Path(path) => path.place,
        };
        found.push(ScoreKnowsNoRun { place, what: "since" });
    }
    let mut rules = Vec::new();
    for (target, key) in &trigger.targets {
        if let Some(key) = key {
            found.push(ScoreKnowsNoRun { place: key.place, what: if key.same { "for the same" } else { "for any" } });
        }
        let mut scope = Scope::of_customer();
        let mut typer = Typer { project, scope: &mut scope, found };
        let what = typer.what(target);
        let condition = trigger.condition.as_ref().map(|condition| typer.condition_over(what, condition));
        rules.extend(what.map(|what| ScoreRule { what, condition, points }));
    }
    rules
}
