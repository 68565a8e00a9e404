//! The audit log: who did what to the deployment, each entry chained to the one before.
//!
//! In: actions of operators. Out: entries. **Invariant:** an entry's hash covers the one before it, so nothing can be taken out or changed without
//! every later hash being wrong. Names keys, never customers by anything but their number.

use crate::calendar::Instant;
use crate::record::{Decode, DecodeError, Encode, Reader, Writer};
use sha2::{Digest as _, Sha256};

/// The end of the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Audit {
    pub number: u64,
    pub hash: [u8; 32],
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub number: u64,
    pub at: Instant,
    /// The name of a key, or `command line`.
    pub who: String,
    /// `pause everything`, `read profile 12`.
    pub what: String,
    pub hash: [u8; 32],
}

impl Audit {
    /// The next entry; the chain ends with it from now on.
    pub fn enter(&mut self, at: Instant, who: &str, what: &str) -> Entry {
        let number = self.number + 1;
        let hash = chained(&self.hash, number, at, who, what);
        *self = Audit { number, hash };
        Entry { number, at, who: who.to_owned(), what: what.to_owned(), hash }
    }

    /// Follows the chain by an entry that is read; `false` where it does not belong here.
    pub fn follow(&mut self, entry: &Entry) -> bool {
        let fits = entry.number == self.number + 1 && chained(&self.hash, entry.number, entry.at, &entry.who, &entry.what) == entry.hash;
        *self = Audit { number: entry.number, hash: entry.hash };
        fits
    }
}

fn chained(before: &[u8; 32], number: u64, at: Instant, who: &str, what: &str) -> [u8; 32] {
    let mut out = Writer::default();
    out.raw(before);
    out.varint(number);
    out.instant(at);
    out.text(who);
    out.text(what);
    Sha256::digest(out.as_bytes()).into()
}

impl Encode for Entry {
    fn encode(&self, out: &mut Writer) {
        out.varint(self.number);
        out.instant(self.at);
        out.text(&self.who);
        out.text(&self.what);
        out.raw(&self.hash);
    }
}

impl Decode for Entry {
    fn decode(from: &mut Reader<'_>) -> Result<Entry, DecodeError> {
        let (number, at) = (from.varint()?, from.instant()?);
        let (who, what) = (from.text()?.to_owned(), from.text()?.to_owned());
        let mut hash = [0; 32];
        hash.copy_from_slice(from.raw(32)?);
        Ok(Entry { number, at, who, what, hash })
    }
}

#[cfg(test)]
mod tests {
    use super::Audit;
    use crate::calendar::Instant;

    #[test]
    fn nothing_can_be_changed_or_taken_out() {
        let mut audit = Audit::default();
        let entries: Vec<_> = ["pause everything", "resume everything", "erase 12"]
            .into_iter()
            .enumerate()
            .map(|(at, what)| audit.enter(Instant(at as i64), "ops", what))
            .collect();
        let holds = |entries: &[super::Entry]| {
            let mut audit = Audit::default();
            entries.iter().all(|entry| audit.follow(entry))
        };
        assert!(holds(&entries));
        assert!(!holds(&entries[1..]));
        assert!(!holds(&[entries[0].clone(), entries[2].clone()]));
        let mut changed = entries.clone();
        changed[1].what = "nothing".to_owned();
        assert!(!holds(&changed));
        let bytes = crate::record::to_bytes(&entries[2]);
        assert_eq!(crate::record::from_bytes::<super::Entry>(&bytes).as_ref(), Ok(&entries[2]));
    }
}
