//! Journeys that go on under another name.
//!
//! In: two plans. Out: pairs of an old and a new name. **Invariant:** a pair is one journey that is gone and one that is new, most of whose
//! steps are the same; each is in one pair at most; the same plans give the same pairs.

use super::journeys::Renamed;
use crate::plan::outline::is_plumbing;
use crate::plan::{Journey, Plan};
use std::collections::BTreeSet;

/// Of all steps of both, this share must be the same: three of five, by what they are called.
const ALIKE_MIN: (usize, usize) = (3, 5);

pub(super) fn renamed(old: &Plan, new: &Plan) -> Vec<Renamed> {
    let gone: Vec<&Journey> = old.journeys.iter().filter(|one| new.journey(&one.name).is_none()).collect();
    let come: Vec<&Journey> = new.journeys.iter().filter(|one| old.journey(&one.name).is_none()).collect();
    let mut pairs: Vec<(usize, usize, &Journey, &Journey)> = Vec::new();
    for was in &gone {
        for is in &come {
            let (same, all) = alike(was, is);
            if all > 0 && same * ALIKE_MIN.1 >= all * ALIKE_MIN.0 {
                pairs.push((same, all, was, is));
            }
        }
    }
    // The most alike first: shares by cross-multiplication, then names.
    pairs.sort_by(|a, b| (b.0 * a.1).cmp(&(a.0 * b.1)).then_with(|| (&a.2.name, &a.3.name).cmp(&(&b.2.name, &b.3.name))));
    let mut renamed: Vec<Renamed> = Vec::new();
    for (_, _, was, is) in pairs {
        if !renamed.iter().any(|pair| pair.was == was.name.as_str() || pair.is == is.name.as_str()) {
            renamed.push(Renamed { was: was.name.to_string(), is: is.name.to_string() });
        }
    }
    renamed
}

/// Steps with the same identity and words, and all there are.
fn alike(one: &Journey, other: &Journey) -> (usize, usize) {
    let steps = |journey: &Journey| -> BTreeSet<(String, String)> {
        journey.steps.iter().filter(|step| !is_plumbing(step)).map(|step| (step.id.to_string(), step.label.clone())).collect()
    };
    let (one, other) = (steps(one), steps(other));
    (one.intersection(&other).count(), one.union(&other).count())
}

/// The plan with its renamed journeys under their new names, so that they are compared with what they became.
pub(super) fn under_new_names(plan: &Plan, renamed: &[Renamed]) -> Plan {
    let mut plan = plan.clone();
    for journey in &mut plan.journeys {
        if let Some(pair) = renamed.iter().find(|pair| pair.was == journey.name.as_str()) {
            journey.name = pair.is.as_str().into();
        }
    }
    plan
}
