//! Entries of many customers in one piece of memory.
//!
//! In: entries, one for each place. Out: the same. **Invariant:** what is lost between entries, and what is kept ready behind them, is an
//! eighth each at most: rows grow and shrink with every event, and an allocator that serves sizes from separate pages keeps a page for as
//! long as one row of that size is left. It does not know what the bytes say.

/// Less than this is not worth moving anything.
const LOST_MIN: usize = 16 << 10;

/// Where an entry lies; no bytes: nobody is there.
#[derive(Debug, Clone, Copy, Default)]
pub struct Span {
    at: usize,
    length: u32,
}

impl Span {
    pub fn is_empty(self) -> bool {
        self.length == 0
    }

    fn range(self) -> std::ops::Range<usize> {
        self.at..self.at + self.length as usize
    }
}

#[derive(Debug, Default)]
pub struct Rows {
    bytes: Vec<u8>,
    /// Bytes that belong to nobody any more.
    lost: usize,
}

impl Rows {
    pub fn get(&self, span: Span) -> &[u8] {
        &self.bytes[span.range()]
    }

    /// Another entry takes the place of one: its first `keep` bytes, and these behind them.
    pub fn put(&mut self, old: Span, keep: usize, bytes: &[u8]) -> Span {
        let length = keep + bytes.len();
        if length <= old.length as usize {
            self.bytes[old.at + keep..old.at + length].copy_from_slice(bytes);
            self.lost += old.length as usize - length;
            return Span { at: old.at, length: length as u32 };
        }
        if self.bytes.capacity() - self.bytes.len() < length {
            self.bytes.reserve_exact(length.max(self.bytes.len() / 8));
        }
        let at = self.bytes.len();
        self.bytes.extend_from_within(old.at..old.at + keep);
        self.bytes.extend_from_slice(bytes);
        self.lost += old.length as usize;
        Span { at, length: length as u32 }
    }

    /// Nothing of it can be read here any more.
    pub fn remove(&mut self, old: Span) {
        self.bytes[old.range()].fill(0);
        self.lost += old.length as usize;
    }

    pub fn is_wasteful(&self) -> bool {
        self.lost > LOST_MIN.max(self.bytes.len() / 8)
    }

    /// Moves everything together; each of the spans is told where its entry lies now.
    pub fn tidy<'s>(&mut self, spans: impl Iterator<Item = &'s mut Span>) {
        let live = self.bytes.len() - self.lost;
        let mut moved = Vec::with_capacity(live + live / 16);
        for span in spans {
            let at = moved.len();
            moved.extend_from_slice(&self.bytes[span.range()]);
            span.at = at;
        }
        self.bytes = moved;
        self.lost = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_is_what_was_put_there_last_and_little_is_lost() {
        let (mut rows, mut spans, mut wanted) = (Rows::default(), vec![Span::default(); 200], vec![Vec::new(); 200]);
        let (mut state, mut tidied) = (7u64, 0);
        for round in 0..20_000u64 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let at = (state >> 33) as usize % spans.len();
            let length = (state >> 20) as usize % 700;
            if length == 0 {
                rows.remove(spans[at]);
                (spans[at], wanted[at]) = (Span::default(), Vec::new());
            } else {
                let keep = (state >> 12) as usize % (wanted[at].len() + 1).min(length);
                let bytes: Vec<u8> = (0..length - keep).map(|byte| (byte as u64 + round) as u8).collect();
                spans[at] = rows.put(spans[at], keep, &bytes);
                wanted[at].truncate(keep);
                wanted[at].extend(bytes);
            }
            if rows.is_wasteful() {
                rows.tidy(spans.iter_mut());
                tidied += 1;
            }
            assert_eq!(rows.get(spans[at]), wanted[at]);
            let live: usize = wanted.iter().map(Vec::len).sum();
            assert!(rows.bytes.capacity() <= LOST_MIN + (live + LOST_MIN) * 3 / 2, "{} for {live}", rows.bytes.capacity());
        }
        assert!(tidied > 10);
        assert!(spans.iter().zip(&wanted).all(|(span, wanted)| rows.get(*span) == wanted.as_slice()));
    }
}
