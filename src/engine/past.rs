//! What happened before anybody asked the deployment to act on it: imported history.
//!
//! In: an event, attributes or a consent. Out: the row as if it had been known all the time. **Invariant:** nothing is entered, restarted, moved
//! or ended by it, no goal is reached, and nobody is told that somebody joined or left; what follows later, by time or by other inputs,
//! follows from it as from all that is known.

use super::InputKind;
use super::row::{ConsentState, Standing};
use super::turn::{Turn, Wave};
use crate::calendar::Instant;
use crate::condition::Happening;
use crate::schema::{EventId, FieldId, TopicId};
use crate::value::Value;
use std::sync::Arc;

/// What can be history. As the inputs of the same names.
#[derive(Debug, Clone, PartialEq)]
pub enum Past {
    Event { event: EventId, at: Instant, fields: Arc<[Value]> },
    Attributes { at: Instant, changes: Vec<(FieldId, Value)> },
    Consent { at: Instant, topic: TopicId, subscribed: bool },
}

impl Past {
    /// An input as history; `None` for what can be none.
    pub fn of(kind: InputKind) -> Option<Past> {
        match kind {
            InputKind::Event { event, at, fields } => Some(Past::Event { event, at, fields }),
            InputKind::Attributes { at, changes } => Some(Past::Attributes { at, changes }),
            InputKind::Consent { at, topic, subscribed } => Some(Past::Consent { at, topic, subscribed }),
            _ => None,
        }
    }

    /// The same as something that happens.
    pub fn into_input(self) -> InputKind {
        match self {
            Past::Event { event, at, fields } => InputKind::Event { event, at, fields },
            Past::Attributes { at, changes } => InputKind::Attributes { at, changes },
            Past::Consent { at, topic, subscribed } => InputKind::Consent { at, topic, subscribed },
        }
    }
}

impl Turn<'_> {
    /// `new`: she was not known before; she has been greeted.
    pub(super) fn take_past(&mut self, past: Past, new: bool) {
        let loaded = self.loaded;
        self.row.turn += 1;
        // Judged for the row's sake; the news of it go nowhere.
        let mut unheard = Wave::default();
        match past {
            Past::Event { event, at, fields } => {
                let what = Happening::Event(event);
                self.keep_history(what, at.min(self.now), &fields);
                if let Some(listeners) = loaded.index.listeners(what) {
                    self.refresh_segments(&listeners.segments, &mut unheard.flips);
                }
            }
            Past::Attributes { at, changes } => {
                for (field, value) in changes {
                    if self.write_attribute(field, value, at.min(self.now)) {
                        self.follow_field(field, &mut unheard);
                    }
                }
            }
            Past::Consent { at, topic, subscribed } => {
                let state = if subscribed { ConsentState::Subscribed } else { ConsentState::Unsubscribed };
                drop(self.set_consent(topic, state, at.min(self.now)));
            }
        }
        if new {
            self.row.segments.clear();
            self.row.segments.resize(loaded.plan.segments.len(), Standing { member: false, until: Instant::FIRST });
            self.refresh_all_segments(&mut unheard.flips);
            if !loaded.index.dates.is_empty() {
                self.schedule_all(self.now.plus_ms(-1));
            }
        }
    }
}
