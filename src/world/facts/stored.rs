//! Counters and facts as bytes, and under another plan's numbers.
//!
//! In: counters, facts. Out: bytes, and back. **Invariant:** what was counted and decided before a restart, or under an older version of the
//! project, goes on counting for the experiment with the same identity; what belongs to no experiment any more is left out.

use super::{ArmCount, Change, Counters, ExperimentCount, Facts};
use crate::calendar::Instant;
use crate::engine::Weights;
use crate::plan::Plan;
use crate::record::{Decode, DecodeError, Encode, Reader, Writer};
use crate::value::Text;
use crate::world::chance::Arm;
use std::collections::BTreeMap;

impl Encode for Arm {
    fn encode(&self, out: &mut Writer) {
        out.varint(self.complete);
        out.varint(self.measured);
    }
}

impl Decode for Arm {
    fn decode(from: &mut Reader<'_>) -> Result<Arm, DecodeError> {
        Ok(Arm { complete: from.varint()?, measured: from.varint()? })
    }
}

impl Encode for ArmCount {
    fn encode(&self, out: &mut Writer) {
        self.over.encode(out);
        let open: Vec<(i64, Arm)> = self.open.iter().map(|(tick, arm)| (*tick, *arm)).collect();
        open.encode(out);
    }
}

impl Decode for ArmCount {
    fn decode(from: &mut Reader<'_>) -> Result<ArmCount, DecodeError> {
        Ok(ArmCount { over: Arm::decode(from)?, open: Vec::<(i64, Arm)>::decode(from)?.into_iter().collect() })
    }
}

impl Encode for Counters {
    fn encode(&self, out: &mut Writer) {
        out.zigzag(self.closed);
        out.boolean(self.changed);
        let all: Vec<_> = self.experiments.iter().collect();
        out.slice(&all, |out, ((journey, experiment), arms)| {
            journey.encode(out);
            experiment.encode(out);
            out.slice(arms, |out, [first, later]| {
                first.encode(out);
                later.encode(out);
            });
        });
    }
}

impl Decode for Counters {
    fn decode(from: &mut Reader<'_>) -> Result<Counters, DecodeError> {
        let (closed, changed) = (from.zigzag()?, from.boolean()?);
        let all = from.list(|from| {
            let key = (u16::decode(from)?, u16::decode(from)?);
            let arms: ExperimentCount = from.list(|from| Ok([ArmCount::decode(from)?, ArmCount::decode(from)?]))?;
            Ok((key, arms))
        })?;
        Ok(Counters { experiments: all.into_iter().collect(), closed, changed })
    }
}

impl Encode for Change {
    fn encode(&self, out: &mut Writer) {
        self.from.encode(out);
        self.weights.number.encode(out);
        self.weights.shares.encode(out);
        self.winner.encode(out);
    }
}

impl Decode for Change {
    fn decode(from: &mut Reader<'_>) -> Result<Change, DecodeError> {
        let at = Instant::decode(from)?;
        let weights = Weights { number: u32::decode(from)?, shares: Vec::decode(from)? };
        Ok(Change { from: at, weights, winner: Option::decode(from)? })
    }
}

impl Encode for Facts {
    fn encode(&self, out: &mut Writer) {
        out.varint(self.number);
        let all: Vec<_> = self.experiments.iter().filter(|(_, changes)| !changes.is_empty()).collect();
        out.slice(&all, |out, (identity, changes)| {
            identity.encode(out);
            changes.encode(out);
        });
    }
}

impl Decode for Facts {
    fn decode(from: &mut Reader<'_>) -> Result<Facts, DecodeError> {
        let number = from.varint()?;
        let all = from.list(|from| Ok((Text::decode(from)?, Vec::decode(from)?)))?;
        Ok(Facts { experiments: all.into_iter().collect(), number })
    }
}

impl Facts {
    /// What was decided elsewhere.
    pub fn learn(&mut self, identity: Text, change: Change) {
        self.experiments.entry(identity).or_default().push(change);
        self.number += 1;
    }

    /// Every experiment about which something was decided, with the number of its changes.
    pub fn lengths(&self) -> BTreeMap<Text, usize> {
        self.experiments.iter().map(|(identity, changes)| (identity.clone(), changes.len())).collect()
    }

    /// What was decided since there were so many changes of each.
    pub fn since(&self, lengths: &BTreeMap<Text, usize>) -> Vec<(Text, Change)> {
        let newer = |(identity, changes): (&Text, &Vec<Change>)| {
            let known = lengths.get(identity).copied().unwrap_or(0);
            changes.iter().skip(known).map(|change| (identity.clone(), change.clone())).collect::<Vec<_>>()
        };
        self.experiments.iter().flat_map(newer).collect()
    }
}

impl Counters {
    /// The same under another plan's numbers.
    pub fn renumber(&mut self, before: &Plan, now: &Plan) {
        let identity = |journey: u16, experiment: u16| {
            let journey = before.journeys.get(usize::from(journey))?;
            journey.experiments.get(usize::from(experiment)).map(|experiment| experiment.identity.clone())
        };
        let mut places = BTreeMap::new();
        for (journey, one) in now.journeys.iter().enumerate() {
            for (experiment, one) in one.experiments.iter().enumerate() {
                places.insert(one.identity.clone(), (journey as u16, experiment as u16));
            }
        }
        let all = std::mem::take(&mut self.experiments);
        for ((journey, experiment), arms) in all {
            if let Some(place) = identity(journey, experiment).and_then(|identity| places.get(&identity).copied()) {
                self.experiments.insert(place, arms);
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::record::{from_bytes, to_bytes};

    #[test]
    fn counters_and_facts_come_back() {
        let arm = |complete, measured| Arm { complete, measured };
        let open = [(-3, arm(4, 0)), (2_951_000, arm(1, 1))].into_iter().collect();
        let arms = vec![[ArmCount { over: arm(7, 3), open }, ArmCount::default()], Default::default()];
        let counters = Counters { experiments: [((2, 1), arms)].into_iter().collect(), closed: -12, changed: true };
        assert_eq!(from_bytes::<Counters>(&to_bytes(&counters)).unwrap(), counters);
        let mut facts = Facts::default();
        let change = |number, winner| Change { from: Instant(600_000), weights: Weights { number, shares: vec![10_000, 0] }, winner };
        facts.learn("ก/ข".into(), change(1, None));
        let lengths = facts.lengths();
        facts.learn("ก/ข".into(), change(2, Some(0)));
        assert_eq!(from_bytes::<Facts>(&to_bytes(&facts)).unwrap(), facts);
        assert_eq!(facts.since(&lengths), [("ก/ข".into(), change(2, Some(0)))]);
        assert!(from_bytes::<Facts>(&to_bytes(&facts)[..9]).is_err());
    }
}
