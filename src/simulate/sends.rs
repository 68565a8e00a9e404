//! Accepted messages by channel and quarter of an hour: counted for every message, so by position and not by a look-up.
//!
//! In: a channel, a quarter of an hour since 1970. Out: how many. **Invariant:** addition only. Memory grows with the time that is
//! covered: 32 kB for each six weeks in which something was sent.

use std::collections::BTreeMap;

/// Quarters of an hour that are counted side by side.
const BLOCK: usize = 1 << 12;
/// Blocks by position: 7,000 years.
const BLOCKS_MAX: i64 = 1 << 16;

/// By channel.
#[derive(Debug, Clone, Default)]
pub struct Sends {
    channels: Vec<Series>,
}

#[derive(Debug, Clone, Default)]
struct Series {
    blocks: Vec<Option<Box<[u64]>>>,
    /// Before 1970, and beyond the last block.
    far: BTreeMap<i64, u64>,
}

impl Sends {
    pub fn add(&mut self, channel: u16, quarter: i64, count: u64) {
        let channel = usize::from(channel);
        if self.channels.len() <= channel {
            self.channels.resize_with(channel + 1, Series::default);
        }
        let series = &mut self.channels[channel];
        let block = quarter.div_euclid(BLOCK as i64);
        if !(0..BLOCKS_MAX).contains(&block) {
            *series.far.entry(quarter).or_default() += count;
            return;
        }
        let block = block as usize;
        if series.blocks.len() <= block {
            series.blocks.resize_with(block + 1, || None);
        }
        let counts = series.blocks[block].get_or_insert_with(|| vec![0; BLOCK].into());
        counts[quarter.rem_euclid(BLOCK as i64) as usize] += count;
    }

    pub fn merge(&mut self, other: &Sends) {
        other.each(|channel, quarter, count| self.add(channel, quarter, count));
    }

    /// Every count that is not 0: by channel, then by time.
    pub fn each(&self, mut tell: impl FnMut(u16, i64, u64)) {
        for (channel, series) in self.channels.iter().enumerate() {
            let channel = channel as u16;
            let far = |quarter: &i64| *quarter < 0;
            series.far.iter().filter(|(quarter, _)| far(quarter)).for_each(|(quarter, count)| tell(channel, *quarter, *count));
            for (block, counts) in series.blocks.iter().enumerate() {
                for (at, count) in counts.iter().flat_map(|counts| counts.iter().enumerate()).filter(|(_, count)| **count > 0) {
                    tell(channel, (block * BLOCK + at) as i64, *count);
                }
            }
            series.far.iter().filter(|(quarter, _)| !far(quarter)).for_each(|(quarter, count)| tell(channel, *quarter, *count));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_added_comes_out_in_order_wherever_it_lies() {
        let (mut one, mut other) = (Sends::default(), Sends::default());
        for quarter in [1_650_000, -3, i64::MAX, 0, 1_650_000] {
            one.add(2, quarter, 1);
        }
        other.add(2, 4_095, 5);
        other.add(0, -3, 7);
        one.merge(&other);
        let mut found = Vec::new();
        one.each(|channel, quarter, count| found.push((channel, quarter, count)));
        assert_eq!(found, [(0, -3, 7), (2, -3, 1), (2, 0, 1), (2, 4_095, 5), (2, 1_650_000, 2), (2, i64::MAX, 1)]);
    }
}
