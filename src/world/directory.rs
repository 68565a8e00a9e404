//! Who is who: identifiers and addresses, each with the customer that it belongs to.
//!
//! In: identifiers and addresses. Out: numbers of customers. **Invariant:** an identifier belongs to one customer at most; only digests are
//! kept (the first 128 bits of SHA-256: two of 10 billion meet with a chance below 10^-18), so that a directory tells nothing to who reads
//! memory. Derived from what customers' entries and the log hold, never stored by itself. Knows no rows.

use crate::calendar::Instant;
use sha2::{Digest as _, Sha256};
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

/// What an identifier or an address is known by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub u128);

impl Digest {
    /// `kind` keeps apart what has the same letters: an id of a customer and one of a browser.
    pub fn of(kind: u8, text: &str) -> Digest {
        let mut hash = Sha256::new();
        hash.update([kind]);
        hash.update(text.as_bytes());
        let bytes = hash.finalize();
        let mut first = [0; 16];
        first.copy_from_slice(&bytes[..16]);
        Digest(u128::from_be_bytes(first))
    }
}

/// A digest is random already.
#[derive(Debug, Clone, Copy, Default)]
pub struct Already(u64);

impl Hasher for Already {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u128(&mut self, number: u128) {
        self.0 = number as u64;
    }
}

type Random = BuildHasherDefault<Already>;

/// Identifiers of customers, and addresses that nothing goes to.
#[derive(Debug, Clone, Default)]
pub struct Directory {
    customers: HashMap<u128, u64, Random>,
    suppressed: HashSet<u128, Random>,
    /// Identifiers of who was erased, each until when it makes nobody anew.
    erased: HashMap<u128, Instant, Random>,
}

impl Directory {
    pub fn find(&self, identifier: Digest) -> Option<u64> {
        self.customers.get(&identifier.0).copied()
    }

    /// From now on it is hers; whose it was before.
    pub fn attach(&mut self, identifier: Digest, customer: u64) -> Option<u64> {
        self.customers.insert(identifier.0, customer)
    }

    pub fn detach(&mut self, identifier: Digest) {
        self.customers.remove(&identifier.0);
    }

    /// An address on channels of one kind. `true` if that is news.
    pub fn suppress(&mut self, address: Digest, suppressed: bool) -> bool {
        if suppressed { self.suppressed.insert(address.0) } else { self.suppressed.remove(&address.0) }
    }

    pub fn is_suppressed(&self, address: Digest) -> bool {
        !self.suppressed.is_empty() && self.suppressed.contains(&address.0)
    }

    /// Every suppressed address, ascending.
    pub fn suppressed(&self) -> Vec<Digest> {
        let mut all: Vec<Digest> = self.suppressed.iter().copied().map(Digest).collect();
        all.sort_unstable();
        all
    }

    /// Until then nothing that comes under this identifier makes somebody anew.
    pub fn erase(&mut self, identifier: Digest, until: Instant) {
        self.erased.insert(identifier.0, until);
    }

    /// Whether who was known by it was erased not long ago. What is over is forgotten.
    pub fn is_erased(&mut self, identifier: Digest, now: Instant) -> bool {
        if self.erased.is_empty() {
            return false;
        }
        match self.erased.get(&identifier.0) {
            Some(until) if now < *until => true,
            Some(_) => {
                self.erased.remove(&identifier.0);
                false
            }
            None => false,
        }
    }

    /// Every identifier that makes nobody anew, ascending, with its end.
    pub fn erased(&self) -> Vec<(Digest, Instant)> {
        let mut all: Vec<(Digest, Instant)> = self.erased.iter().map(|(digest, until)| (Digest(*digest), *until)).collect();
        all.sort_unstable();
        all
    }

    pub fn len(&self) -> usize {
        self.customers.len()
    }

    pub fn is_empty(&self) -> bool {
        self.customers.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::{Digest, Directory};
    use crate::calendar::Instant;

    #[test]
    fn an_identifier_belongs_to_one_customer() {
        let mut directory = Directory::default();
        let (user, visitor) = (Digest::of(0, "nok"), Digest::of(1, "nok"));
        assert_ne!(user, visitor);
        assert_eq!(directory.attach(user, 7), None);
        assert_eq!(directory.attach(visitor, 8), None);
        assert_eq!(directory.find(user), Some(7));
        assert_eq!(directory.attach(visitor, 7), Some(8), "it says whose it was");
        directory.detach(user);
        assert_eq!((directory.find(user), directory.find(visitor)), (None, Some(7)));
    }

    #[test]
    fn who_was_erased_is_nobody_until_the_end_of_it() {
        let mut directory = Directory::default();
        let user = Digest::of(0, "nok");
        assert!(!directory.is_erased(user, Instant(5)));
        directory.erase(user, Instant(10));
        assert!(directory.is_erased(user, Instant(9)));
        assert_eq!(directory.erased(), [(user, Instant(10))]);
        assert!(!directory.is_erased(user, Instant(10)));
        assert_eq!(directory.erased(), []);
    }

    #[test]
    fn suppression_is_of_the_address() {
        let mut directory = Directory::default();
        let address = Digest::of(10, "nok@example.com");
        assert!(!directory.is_suppressed(address));
        assert!(directory.suppress(address, true));
        assert!(!directory.suppress(address, true), "that is no news");
        assert!(directory.is_suppressed(address));
        assert!(directory.suppress(address, false));
        assert!(!directory.is_suppressed(address));
    }
}
