//! A project's own log, played as if it happened now.
//!
//! In: the logs of `onward.toml`, as a simulation reads them. Out: the same inputs, each given to the core when its time comes on the daemon's clock.
//! **Invariant:** times are those of the log, for the clock of a sample begins where the log does: what is decided is what a simulation of
//! the log decides.

use super::core::Request;
use super::desk::Doors;
use super::runner::answer;
use crate::calendar::{HOUR_MS, Instant};
use crate::diagnostic::Diagnostics;
use crate::engine::InputKind;
use crate::ingest::Config;
use crate::ingest::mapping::{Item, ItemKind};
use crate::ingest::merge::{LogFile, Merge, origin_of};
use crate::plan::Plan;
use std::path::Path;

/// Events of a sample; more belong into a simulation.
pub const EVENTS_MAX: usize = 1_000_000;

/// What is played.
#[derive(Debug, Default)]
pub struct Sample {
    items: Vec<Item>,
    /// Topics that everybody of the log has agreed to.
    consent: Vec<crate::schema::TopicId>,
}

/// Reads the logs of a project.
pub fn read(config: &Config, plan: &Plan, folder: &Path) -> (Option<Sample>, Diagnostics) {
    let mut found = Diagnostics::default();
    let zone = config.zone.unwrap_or(plan.policy.zone);
    let files: Vec<LogFile> = config
        .logs
        .iter()
        .filter_map(|log| LogFile::open(&folder.join(&log.file.text), origin_of(log), Some(&log.shape), &plan.schema, zone, &mut found))
        .collect();
    if found.has_errors() {
        return (None, found);
    }
    let mut merge = Merge::new(&plan.schema, files);
    let mut items = Vec::new();
    while let Some(item) = merge.next() {
        items.push(item.clone());
        if items.len() == EVENTS_MAX {
            break;
        }
    }
    let consent = config.consent.iter().filter_map(|topic| plan.schema.topic(&topic.text)).collect();
    (Some(Sample { items, consent }), found)
}

impl Sample {
    /// When the clock begins: shortly before the first event.
    pub fn begin(&self) -> Instant {
        self.items.first().map_or(Instant::FIRST, |item| item.at.plus_ms(-HOUR_MS / 4))
    }

    pub fn len(&self) -> usize {
        self.items.len()
    }

    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Gives every item to the core when its time has come.
    pub async fn play(self, doors: &Doors) {
        let count = self.items.len();
        let read_for = doors.handle.plan().hash.clone();
        for item in self.items {
            loop {
                let ahead = item.at.since_ms(doors.handle.now());
                if ahead <= 0 {
                    break;
                }
                tokio::time::sleep(doors.handle.clock().real(ahead)).await;
            }
            let kind = match item.kind {
                ItemKind::Event(event) => InputKind::Event { event, at: item.at, fields: item.values.into() },
                ItemKind::Attributes => InputKind::Attributes { at: item.at, changes: item.fields.into_iter().zip(item.values).collect() },
            };
            let (reply, answered) = answer();
            let (customer, consent, id) = (item.customer, self.consent.clone(), item.id);
            let read_for = read_for.clone();
            let ask = Box::new(move |core: &mut super::core::Core, now| {
                // What was read has the numbers of the plan that it was read for.
                let is_fit = core.world.plan().hash == read_for;
                if is_fit {
                    core.take_of_log(&customer, &consent, id, kind, now);
                }
                core.reply(reply, is_fit);
            });
            if !doors.handle.send_patiently(Request::Ask(ask)).await {
                return;
            }
            match answered.await {
                Ok(true) => {}
                Ok(false) => {
                    tracing::warn!("an edit became active: the sample ends here; start again to play it for the files as they are now");
                    return;
                }
                Err(_) => return,
            }
        }
        tracing::info!(events = count, "the sample is played to its end; what is due goes on");
    }
}
