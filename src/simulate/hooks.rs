//! Hooks of a simulation, which are not asked: they answer as the project's samples say.
//!
//! In: a call, whose it is, the samples. Out: an answer, or nothing where there is no sample, and then the call takes its `otherwise` when its
//! time is over; what the report says of it. **Invariant:** whether a call fails is drawn from its identity, so it is the same for any number of threads.

use super::customer::hash;
use crate::engine::{Answer, HookCall, InputKind};
use crate::ingest::hooks::Sample;
use crate::plan::{Journey, Plan, StepKind};
use crate::schema::HookId;
use std::sync::Arc;

/// The answer to a call.
pub(super) fn answer(samples: &[Option<Sample>], seed: u64, uid: &str, call: &HookCall) -> Option<InputKind> {
    let sample = samples.get(call.hook.index())?.as_ref()?;
    let drawn = hash(&[seed, u64::from(call.call), u64::from(call.hook.0)], &[uid, "hook"]) % 10_000;
    let answer = if drawn < u64::from(sample.fails) { Answer::Failed } else { Answer::Fields(Arc::clone(&sample.fields)) };
    Some(InputKind::Answer { call: call.call, answer })
}

/// What was assumed of the hooks that journeys call.
pub(super) fn notes(plan: &Plan, samples: &[Option<Sample>]) -> Vec<String> {
    let called = |journey: &Journey| {
        let mut hooks: Vec<HookId> = Vec::new();
        for step in &journey.steps {
            if let StepKind::Call { hook, .. } = &step.kind
                && !hooks.contains(hook)
            {
                hooks.push(*hook);
            }
        }
        hooks
    };
    let note = |journey: &Journey, id: HookId| {
        let name = plan.schema.hooks.get(id.index()).map_or("?", |hook| hook.name.as_str());
        match samples.get(id.index()).and_then(Option::as_ref) {
            None => format!(
                "{}: hooks are not asked in a simulation, so each call of `{name}` takes `otherwise` when its time is over; `[simulate.hooks.{name}]` \
                 may say what it answers",
                journey.name
            ),
            Some(sample) if sample.fails == 0 => {
                format!("{}: each call of `{name}` was answered at once as `[simulate.hooks.{name}]` says", journey.name)
            }
            Some(sample) => format!(
                "{}: each call of `{name}` was answered at once as `[simulate.hooks.{name}]` says, but for {}% that failed",
                journey.name,
                f64::from(sample.fails) / 100.0
            ),
        }
    };
    plan.journeys.iter().flat_map(|journey| called(journey).into_iter().map(move |hook| note(journey, hook))).collect()
}
