//! The pools of a story: the codes that are given, or made-up ones.
//!
//! In: what is given, and draws in order. Out: a code, or none. **Invariant:** no code is given twice; a pool of which nothing is said
//! never runs out, and gives `spring-1`, `spring-2` and so on.

use super::script::Script;
use crate::check::checked::SceneKind;
use crate::engine::Answer;
use crate::plan::Plan;
use crate::schema::PoolId;
use crate::value::Text;
use std::collections::{BTreeMap, VecDeque};

/// Most draws of one story; more are not answered, so that a journey that draws for ever comes to its time limits.
const DRAWS_MAX: u32 = 1_000;

pub(super) struct Pools {
    /// What is left of those that are given.
    given: BTreeMap<PoolId, VecDeque<Text>>,
    /// How many codes were made up.
    made_up: BTreeMap<PoolId, u32>,
    draws: u32,
}

impl Pools {
    pub(super) fn of(script: &Script) -> Pools {
        let mut given: BTreeMap<PoolId, VecDeque<Text>> = BTreeMap::new();
        for line in &script.given {
            if let SceneKind::GivenCode { pool, code } = &line.kind {
                given.entry(*pool).or_default().extend(code.clone());
            }
        }
        Pools { given, made_up: BTreeMap::new(), draws: 0 }
    }

    pub(super) fn draw(&mut self, plan: &Plan, pool: PoolId) -> Option<Answer> {
        if self.draws >= DRAWS_MAX {
            return None;
        }
        self.draws += 1;
        if let Some(left) = self.given.get_mut(&pool) {
            return Some(left.pop_front().map_or(Answer::NoneLeft, Answer::Code));
        }
        let name = &plan.schema.pools.get(pool.index())?.name;
        let count = self.made_up.entry(pool).or_default();
        *count += 1;
        Some(Answer::Code(Text::new(format!("{name}-{count}"))))
    }
}
