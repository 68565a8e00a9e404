//! Scores in a plan, and what their conditions hang on.
//!
//! In: checked scores; a plan whose conditions name scores. Out: the plan's scores; every condition that reads one listed under what gives it
//! points. **Invariant:** follows [`Depends`] wherever it stands in a plan.

use super::Builder;
use crate::check::checked;
use crate::condition::What;
use crate::plan::{ArmKind, Depends, Plan, Score, ScoreRule, StepKind};

impl Builder<'_> {
    pub(super) fn score(&mut self, score: &checked::Score) -> Score {
        let rules = score.rules.iter().map(|rule| ScoreRule {
            what: rule.what,
            condition: self.compile_option(rule.condition.as_ref()),
            points: rule.points,
        });
        let rules = rules.collect();
        Score { name: score.name.clone(), start: score.start, rules, halve_ms: score.halve_ms, line: self.line(score.place) }
    }
}

/// Lists what gives points among what can change the truth of a condition that reads a score.
pub(super) fn follow(plan: &mut Plan) {
    if plan.scores.is_empty() {
        return;
    }
    let scores = std::mem::take(&mut plan.scores);
    let follow = |depends: &mut Depends| {
        for score in std::mem::take(&mut depends.scores) {
            for rule in scores.get(score.index()).into_iter().flat_map(|score| &score.rules) {
                match rule.what {
                    What::Happened(what) => depends.happenings.push(what),
                    What::Message { .. } => depends.messages = true,
                }
            }
            depends.scores.push(score);
        }
        super::sort_unique(&mut depends.happenings);
    };
    plan.segments.iter_mut().for_each(|segment| follow(&mut segment.depends));
    for journey in &mut plan.journeys {
        journey.exit_when.iter_mut().chain(&mut journey.only_while).for_each(|guard| follow(&mut guard.depends));
        for step in &mut journey.steps {
            let StepKind::Await { arms, .. } = &mut step.kind else { continue };
            for arm in arms {
                if let ArmKind::When { depends, .. } = &mut arm.kind {
                    follow(depends);
                }
            }
        }
    }
    plan.scores = scores;
}
