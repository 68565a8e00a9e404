//! At which hours everybody answers: what `wait until best time` asks where a customer's own answers say nothing.
//!
//! In: answers of single customers, each partition's own count ([`Answers`]), summed up at whole ticks. Out: [`BestHours`], by local hour,
//! for each set of channels that the plan asks about. **Invariant:** addition only, so it does not matter who counted; what a tick knows is
//! what came before it. Days are those of UTC: answers count for the day on which they came and the 89 after it.

use crate::calendar::{DAY_MS, Instant};
use crate::engine::answers::{Hours, asked_hours};
use crate::plan::Plan;
use crate::record::{Decode, DecodeError, Encode, Reader, Writer};
use crate::schema::{ChannelId, Schema};
use std::collections::BTreeMap;

/// How many days an answer counts.
const DAYS: i64 = 90;

/// What one partition counted: by day and channel, answers by local hour.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answers {
    days: BTreeMap<i64, BTreeMap<u16, Hours>>,
    changed: bool,
}

/// By set of channels, empty for all of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BestHours {
    sets: Vec<(Vec<ChannelId>, Hours)>,
    day: i64,
}

/// Whether a plan asks for everybody's hours, so that customers are not independent.
pub fn are_in(plan: &Plan) -> bool {
    !asked_hours(plan).is_empty()
}

impl Answers {
    /// Somebody answered by that channel, at that local hour of hers (0 to 23).
    pub fn add(&mut self, channel: ChannelId, at: Instant, hour: u32) {
        let day = at.0.div_euclid(DAY_MS);
        if let Some(count) = self.days.entry(day).or_default().entry(channel.0).or_default().get_mut(hour as usize) {
            *count += 1;
            self.changed = true;
        }
    }

    /// Channels have other numbers now; what came by one that is gone is forgotten.
    pub fn renumber(&mut self, before: &Schema, now: &Schema) {
        for channels in self.days.values_mut() {
            let known = std::mem::take(channels);
            *channels =
                known.into_iter().filter_map(|(channel, hours)| Some((number_now(ChannelId(channel), before, now)?.0, hours))).collect();
        }
        self.changed = true;
    }
}

/// The number that a channel has under another schema.
fn number_now(channel: ChannelId, before: &Schema, now: &Schema) -> Option<ChannelId> {
    let name = &before.channels.get(channel.index())?.name;
    now.channels.iter().position(|other| other.name == *name).map(|at| ChannelId(at as u16))
}

impl BestHours {
    /// Time came to this instant: what holds from now on for these sets of channels. Whether anything had to be counted again.
    pub fn count(&mut self, asked: &[Vec<ChannelId>], partitions: &mut [&mut Answers], now: Instant) -> bool {
        let day = now.0.div_euclid(DAY_MS);
        let mut changed = self.day != day;
        for answers in partitions.iter_mut() {
            changed |= std::mem::take(&mut answers.changed);
            answers.days = answers.days.split_off(&(day - DAYS + 1));
        }
        if !changed {
            return false;
        }
        self.day = day;
        self.sets = asked.iter().map(|set| (set.clone(), [0; 24])).collect();
        for (channel, counts) in partitions.iter().flat_map(|answers| answers.days.values()).flatten() {
            for (_, hours) in self.sets.iter_mut().filter(|(set, _)| set.is_empty() || set.contains(&ChannelId(*channel))) {
                hours.iter_mut().zip(counts).for_each(|(sum, count)| *sum = sum.saturating_add(*count));
            }
        }
        true
    }

    /// Channels have other numbers now. What another version asks for is counted at the next tick.
    pub fn renumber(&mut self, before: &Schema, now: &Schema) {
        let sets = std::mem::take(&mut self.sets);
        let renumbered = |set: Vec<ChannelId>| set.into_iter().map(|channel| number_now(channel, before, now)).collect::<Option<Vec<_>>>();
        self.sets = sets.into_iter().filter_map(|(set, hours)| Some((renumbered(set)?, hours))).collect();
    }

    pub fn of(&self, channels: &[ChannelId]) -> Option<&Hours> {
        self.sets.iter().find(|(set, _)| set == channels).map(|(_, hours)| hours)
    }
}

impl Encode for Answers {
    fn encode(&self, out: &mut Writer) {
        out.boolean(self.changed);
        let days: Vec<_> = self.days.iter().collect();
        out.slice(&days, |out, (day, channels)| {
            out.zigzag(**day);
            let channels: Vec<_> = channels.iter().collect();
            out.slice(&channels, |out, (channel, hours)| {
                channel.encode(out);
                write_hours(hours, out);
            });
        });
    }
}

impl Decode for Answers {
    fn decode(from: &mut Reader<'_>) -> Result<Answers, DecodeError> {
        let changed = from.boolean()?;
        let days = from.list(|from| {
            let day = from.zigzag()?;
            let channels = from.list(|from| Ok((u16::decode(from)?, read_hours(from)?)))?;
            Ok((day, channels.into_iter().collect()))
        })?;
        Ok(Answers { days: days.into_iter().collect(), changed })
    }
}

impl Encode for BestHours {
    fn encode(&self, out: &mut Writer) {
        out.zigzag(self.day);
        out.slice(&self.sets, |out, (set, hours)| {
            out.slice(set, |out, channel| channel.0.encode(out));
            write_hours(hours, out);
        });
    }
}

impl Decode for BestHours {
    fn decode(from: &mut Reader<'_>) -> Result<BestHours, DecodeError> {
        let day = from.zigzag()?;
        let sets = from.list(|from| Ok((from.list(|from| Ok(ChannelId(u16::decode(from)?)))?, read_hours(from)?)))?;
        Ok(BestHours { sets, day })
    }
}

fn write_hours(hours: &Hours, out: &mut Writer) {
    hours.iter().for_each(|count| out.varint(u64::from(*count)));
}

fn read_hours(from: &mut Reader<'_>) -> Result<Hours, DecodeError> {
    let mut hours: Hours = [0; 24];
    for count in &mut hours {
        *count = from.narrow()?;
    }
    Ok(hours)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{Answers, BestHours};
    use crate::calendar::{DAY_MS, Instant};
    use crate::record::{from_bytes, to_bytes};
    use crate::schema::ChannelId;

    #[test]
    fn what_was_counted_is_the_same_after_it_was_stored() {
        let mut answers = Answers::default();
        answers.add(ChannelId(2), Instant(5 * DAY_MS), 7);
        answers.add(ChannelId(0), Instant(6 * DAY_MS), 23);
        answers.add(ChannelId(0), Instant(6 * DAY_MS), 24);
        let mut hours = BestHours::default();
        let asked = [vec![], vec![ChannelId(2)]];
        assert!(hours.count(&asked, &mut [&mut answers], Instant(6 * DAY_MS + 1)));
        assert!(!hours.count(&asked, &mut [&mut answers], Instant(6 * DAY_MS + 2)), "nothing came since");
        assert_eq!((hours.of(&[]).unwrap()[7], hours.of(&[]).unwrap()[23], hours.of(&[ChannelId(2)]).unwrap()[23]), (1, 1, 0));
        assert_eq!(from_bytes::<Answers>(&to_bytes(&answers)).unwrap(), answers);
        assert_eq!(from_bytes::<BestHours>(&to_bytes(&hours)).unwrap(), hours);
        assert!(hours.count(&asked, &mut [&mut answers], Instant(95 * DAY_MS)), "an answer counts for 90 days");
        assert_eq!((hours.of(&[]).unwrap()[7], hours.of(&[]).unwrap()[23]), (0, 1));
    }
}
