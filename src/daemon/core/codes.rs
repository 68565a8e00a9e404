//! Pools of codes: each is given once.
//!
//! In: codes from files, draws. Out: the next code of a pool. **Invariant:** a code that was ever in a pool is never taken into it again, whether
//! it was given or not, so the same file can be read at every start; a code is given in the batch that holds the answer it was given as.

use super::{Core, others};
use crate::record::{Decode as _, DecodeError, Encode as _, Reader, Writer};
use crate::world::directory::Digest;
use std::collections::{BTreeMap, HashSet, VecDeque};

/// Codes that a pool can have had.
pub const CODES_MAX: usize = 2_000_000;
/// Codes that one change of the log adds.
const CODES_PER_CHANGE: usize = 10_000;
/// Namespace of digests of codes.
const CODE: u8 = 201;

/// All pools.
#[derive(Debug, Default)]
pub struct Codes {
    pools: BTreeMap<String, Pool>,
}

#[derive(Debug, Default)]
struct Pool {
    left: VecDeque<String>,
    /// Digests of those that were given, in that order.
    given: Vec<u128>,
    /// Digests of all of them. Only asked, never listed.
    known: HashSet<u128>,
}

/// How a pool stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PoolState {
    pub pool: String,
    pub left: usize,
    pub given: usize,
}

impl Codes {
    /// The next code of a pool.
    pub fn give(&mut self, pool: &str) -> Option<String> {
        let pool = self.pools.get_mut(pool)?;
        let code = pool.left.pop_front()?;
        pool.given.push(Digest::of(CODE, &code).0);
        Some(code)
    }

    /// Codes that the pool has not had yet, in their order.
    pub fn add(&mut self, pool: &str, codes: impl IntoIterator<Item = String>) {
        let pool = self.pools.entry(pool.to_owned()).or_default();
        for code in codes {
            if pool.known.insert(Digest::of(CODE, &code).0) {
                pool.left.push_back(code);
            }
        }
    }

    /// Those of them that the pool has not had yet, each once, as many as it may have.
    fn new_ones(&self, pool: &str, codes: impl IntoIterator<Item = String>) -> Vec<String> {
        let known = self.pools.get(pool).map(|pool| &pool.known);
        let room = CODES_MAX.saturating_sub(known.map_or(0, HashSet::len));
        let mut seen = HashSet::new();
        let is_new = |code: &String| {
            let digest = Digest::of(CODE, code).0;
            known.is_none_or(|known| !known.contains(&digest)) && seen.insert(digest)
        };
        codes.into_iter().filter(is_new).take(room).collect()
    }

    /// Pools with what is left in them.
    pub fn left(&self) -> impl Iterator<Item = (&str, &VecDeque<String>)> {
        self.pools.iter().map(|(pool, codes)| (pool.as_str(), &codes.left))
    }

    pub fn states(&self) -> Vec<PoolState> {
        let state = |(name, pool): (&String, &Pool)| PoolState { pool: name.clone(), left: pool.left.len(), given: pool.given.len() };
        self.pools.iter().map(state).collect()
    }

    pub(super) fn given_to(&self, out: &mut Writer) {
        let all: Vec<_> = self.pools.iter().filter(|(_, pool)| !pool.given.is_empty()).collect();
        out.slice(&all, |out, (name, pool)| {
            out.text(name);
            out.slice(&pool.given, |out, digest| out.raw(&digest.to_be_bytes()));
        });
    }

    pub(super) fn given_from(&mut self, from: &mut Reader<'_>) -> Result<(), DecodeError> {
        let all = from.list(|from| {
            let name = String::decode(from)?;
            let given = from.list(|from| {
                let mut bytes = [0; 16];
                bytes.copy_from_slice(from.raw(16)?);
                Ok(u128::from_be_bytes(bytes))
            })?;
            Ok((name, given))
        })?;
        for (name, given) in all {
            let pool = self.pools.entry(name).or_default();
            pool.known.extend(given.iter().copied());
            pool.given = given;
        }
        Ok(())
    }
}

impl Core {
    /// Puts codes into a pool that it has not had yet. How many these are.
    pub fn add_codes(&mut self, pool: &str, codes: impl IntoIterator<Item = String>) -> usize {
        let new = self.others.codes.new_ones(pool, codes);
        let count = new.len();
        for part in new.chunks(CODES_PER_CHANGE) {
            let mut out = Writer::default();
            out.text(pool);
            part.encode(&mut out);
            self.write_other(others::CODES_ADDED, out.as_bytes());
        }
        self.others.codes.add(pool, new);
        count
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_code_that_was_ever_there_is_no_new_one() {
        let mut codes = Codes::default();
        let texts = |all: &[&str]| all.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>();
        codes.add("spring", texts(&["A", "B", "A"]));
        assert_eq!(codes.give("spring").as_deref(), Some("A"));
        assert_eq!(codes.new_ones("spring", texts(&["A", "B", "C", "C"])), ["C"]);
        assert_eq!(codes.new_ones("summer", texts(&["A"])), ["A"], "another pool has its own");
        let mut out = Writer::default();
        codes.given_to(&mut out);
        let mut again = Codes::default();
        // As a snapshot has it: what is left, then what was given.
        again.add("spring", texts(&["B"]));
        again.given_from(&mut Reader::new(out.as_bytes())).unwrap();
        assert_eq!(again.states(), codes.states());
        assert_eq!(again.new_ones("spring", texts(&["A", "B"])), [""; 0]);
        assert_eq!(again.give("spring").as_deref(), Some("B"));
        assert_eq!(again.give("spring"), None);
    }
}
