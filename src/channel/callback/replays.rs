//! Which reports were taken lately.
//!
//! In: reports. Out: those of them that are new. **Invariant:** a report is known only after [`Replays::taken`] said so, which is said after
//! it is durable: what was heard and not written down may come again. Bounded; the oldest are forgotten first.

use crate::channel::Report;
use ring::digest;
use std::collections::{BTreeSet, VecDeque};
use std::sync::{Mutex, PoisonError};

/// Reports that are known: of some minutes, at the greatest pace.
pub const KNOWN_MAX: usize = 262_144;

type Id = [u8; 16];

#[derive(Debug, Default)]
struct Known {
    ids: BTreeSet<Id>,
    order: VecDeque<Id>,
}

#[derive(Debug)]
pub struct Replays {
    known: Mutex<Known>,
    most: usize,
}

impl Default for Replays {
    fn default() -> Replays {
        Replays::of(KNOWN_MAX)
    }
}

fn short(provider: &str, id: &str) -> Id {
    let digest = digest::digest(&digest::SHA256, format!("{provider}\n{id}").as_bytes());
    let mut short = [0; 16];
    short.copy_from_slice(&digest.as_ref()[..16]);
    short
}

impl Replays {
    pub fn of(most: usize) -> Replays {
        Replays { known: Mutex::default(), most }
    }

    /// Without those that were taken before, and without what one request says twice.
    pub fn new_ones(&self, provider: &str, reports: Vec<Report>) -> Vec<Report> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let mut here = BTreeSet::new();
        let is_new = |report: &Report| {
            let Some(id) = &report.id else { return true };
            let id = short(provider, id);
            !known.ids.contains(&id) && here.insert(id)
        };
        reports.into_iter().filter(is_new).collect()
    }

    /// They are durable: the same are not heard again.
    pub fn taken(&self, provider: &str, reports: &[Report]) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        for id in reports.iter().filter_map(|report| report.id.as_ref()) {
            let id = short(provider, id);
            if known.ids.insert(id) {
                known.order.push_back(id);
            }
            while known.order.len() > self.most {
                if let Some(oldest) = known.order.pop_front() {
                    known.ids.remove(&oldest);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channel::{About, Reported};

    fn report(id: &str) -> Report {
        Report { id: Some(id.to_owned()), about: About::Message("m".to_owned()), what: Reported::Delivered, at: None }
    }

    #[test]
    fn a_report_is_known_once_it_was_taken_and_until_it_is_the_oldest() {
        let replays = Replays::of(2);
        let twice = vec![report("a"), report("a"), Report { id: None, ..report("a") }];
        assert_eq!(replays.new_ones("line", twice.clone()).len(), 2);
        // Heard, and not written down: it comes again.
        assert_eq!(replays.new_ones("line", twice.clone()).len(), 2);
        replays.taken("line", &[report("a")]);
        assert_eq!(replays.new_ones("line", twice.clone()).len(), 1);
        assert_eq!(replays.new_ones("twilio", twice.clone()).len(), 2, "another provider's id");
        replays.taken("line", &[report("b"), report("a")]);
        assert!(replays.new_ones("line", vec![report("a"), report("b")]).is_empty());
        replays.taken("line", &[report("c")]);
        assert_eq!(replays.new_ones("line", vec![report("a"), report("b"), report("c")]), [report("a")]);
    }
}
