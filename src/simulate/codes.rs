//! Codes of a simulation, which are made up.
//!
//! In: who draws, from which pool, and the number of the draw. Out: a code. **Invariant:** it depends on nothing else, so it is the same
//! for any number of threads; two draws have the same code as seldom as two of 18 quintillion are alike. No pool runs out.

use crate::engine::{Answer, CodeDraw, InputKind};
use crate::plan::Plan;
use crate::value::Text;

/// Draws that are answered at one instant; more would be a journey that draws for ever.
pub(super) const DRAWS_MAX: usize = 1_000;

/// The answer to a draw.
pub(super) fn answer(plan: &Plan, uid: &str, draw: CodeDraw) -> InputKind {
    let pool = plan.schema.pools.get(draw.pool.index()).map_or("", |pool| pool.name.as_str());
    let hash = super::customer::hash(&[u64::from(draw.call)], &[uid, pool]);
    InputKind::Answer { call: draw.call, answer: Answer::Code(Text::new(format!("{pool}-{hash:016X}"))) }
}
