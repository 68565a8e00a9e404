//! Every combination of paths, one after the other.
//!
//! In: the splits of a story's journeys, and what the scenario pins. Out: for each round a path for every split that is met.
//! **Invariant:** a split that is met in no round costs none: a round notes what it asked, and the next one changes the last answer that
//! can still change. The order is that of the source.

use super::cast::Cast;
use crate::check::checked::{Scenario, SceneKind};
use crate::plan::{Plan, StepKind};
use crate::schema::JourneyId;
use crate::value::Text;
use std::cell::RefCell;
use std::collections::BTreeMap;

/// The policy's hold-out, as the engine asks for it and as `choosing` writes it.
const HOLD_OUT: &str = "hold out";

pub(super) struct Variants {
    splits: BTreeMap<Text, Split>,
    /// By name of the journey.
    held_out: BTreeMap<Text, bool>,
    policy_held_out: bool,
    /// Splits in the order in which this round met them, with the path it took.
    met: RefCell<Vec<(Text, usize)>>,
}

struct Split {
    label: String,
    paths: Vec<Text>,
    /// Positions that can be taken: the pinned one, or all with a share.
    open: Vec<u16>,
    pinned: bool,
}

impl Variants {
    pub(super) fn new(plan: &Plan, cast: &Cast, scenario: &Scenario) -> Variants {
        let mut chosen = Vec::new();
        pins(&scenario.lines, &mut chosen);
        let hold_out = chosen.contains(&HOLD_OUT);
        let journey = |id: JourneyId| plan.journeys.get(id.index());
        let mut splits = BTreeMap::new();
        for journey in cast.journeys().filter_map(journey) {
            for step in &journey.steps {
                let StepKind::Split { identity, paths, .. } = &step.kind else { continue };
                let pinned = paths.iter().position(|path| chosen.contains(&path.name.as_str()));
                let open = match pinned {
                    Some(at) => vec![at as u16],
                    None => (0..paths.len() as u16).filter(|at| paths[usize::from(*at)].share > 0).collect(),
                };
                let paths = paths.iter().map(|path| path.name.clone()).collect();
                splits.insert(identity.clone(), Split { label: step.label.clone(), paths, open, pinned: pinned.is_some() });
            }
        }
        let held_out = plan.journeys.iter().enumerate().map(|(at, journey)| {
            let held = hold_out && cast.has(JourneyId(at as u16));
            (journey.name.clone(), held)
        });
        Variants { splits, held_out: held_out.collect(), policy_held_out: hold_out, met: RefCell::default() }
    }

    /// The engine asks which way a draw goes.
    pub(super) fn draw(&self, identity: &str) -> Option<u16> {
        if let Some(split) = self.splits.get(identity) {
            let mut met = self.met.borrow_mut();
            let choice = match met.iter().find(|(known, _)| known == identity) {
                Some((_, choice)) => *choice,
                None => {
                    met.push((identity.into(), 0));
                    0
                }
            };
            return split.open.get(choice).copied();
        }
        if identity == HOLD_OUT {
            return Some(u16::from(self.policy_held_out));
        }
        self.held_out.get(identity).map(|held| u16::from(*held))
    }

    /// Goes on to the next combination; `false` after the last.
    pub(super) fn next(&mut self) -> bool {
        let met = self.met.get_mut();
        while let Some((identity, choice)) = met.pop() {
            let open = self.splits.get(&identity).map_or(0, |split| split.open.len());
            if choice + 1 < open {
                // What was met before keeps its answer; what comes behind it is asked afresh.
                met.push((identity, choice + 1));
                return true;
            }
        }
        false
    }

    /// What this round took without being told: the split and its path.
    pub(super) fn choices(&self) -> Vec<(String, String)> {
        let met = self.met.borrow();
        let choices = met.iter().filter_map(|(identity, choice)| {
            let split = self.splits.get(identity).filter(|split| !split.pinned)?;
            let path = split.paths.get(usize::from(*split.open.get(*choice)?))?;
            Some((split.label.clone(), path.to_string()))
        });
        choices.collect()
    }
}

fn pins<'a>(lines: &'a [crate::check::checked::Scene], chosen: &mut Vec<&'a str>) {
    for line in lines {
        match &line.kind {
            SceneKind::Choosing(path) => chosen.push(path),
            SceneKind::InTheRunOf { lines, .. } => pins(lines, chosen),
            _ => {}
        }
    }
}
