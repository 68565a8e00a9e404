//! Work that takes longer than an answer may: checks and scenarios, to be run on another thread.
//!
//! In: what is needed, by value. Out: an [`Outcome`] for [`super::Server::done`]. **Invariant:** touches no state of the server; a check
//! that a later one has made useless may be left out.

use super::desk::Results;
use super::snapshot::{self, Root, Snapshot};
use crate::ast;
use crate::project::Unsaved;
use lsp_server::{Message, RequestId, Response};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether somebody still waits.
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    pub fn now(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

#[derive(Debug)]
pub(super) enum Work {
    Check { unsaved: Unsaved, before: Option<Arc<Snapshot>> },
    Command { id: RequestId, cancel: Cancel, snapshot: Arc<Snapshot>, command: super::commands::Command },
}

/// Something to be done elsewhere.
#[derive(Debug)]
pub struct Job {
    pub(super) root: Root,
    pub(super) revision: u64,
    pub(super) work: Work,
}

/// What a job came to.
#[derive(Debug)]
pub enum Outcome {
    #[doc(hidden)]
    Checked { snapshot: Arc<SnapshotOf>, files: Vec<ast::File> },
    #[doc(hidden)]
    Ran { id: RequestId, root: RootOf, answer: Response, results: Results, messages: Vec<Message> },
}

pub type SnapshotOf = Snapshot;
pub type RootOf = Root;

impl Job {
    pub(super) fn check(root: Root, unsaved: Unsaved, revision: u64, before: Option<Arc<Snapshot>>) -> Job {
        Job { root, revision, work: Work::Check { unsaved, before } }
    }

    /// Whether it is a check, which a later one of the same project replaces.
    pub fn is_check(&self) -> bool {
        matches!(self.work, Work::Check { .. })
    }

    /// Whether another check makes this one useless.
    pub fn is_replaced_by(&self, other: &Job) -> bool {
        self.is_check() && other.is_check() && self.root == other.root && self.revision < other.revision
    }

    /// Does it. A mistake of ours gives no outcome for a check, and an error for a command.
    pub fn run(self) -> Option<Outcome> {
        let Job { root, revision, work } = self;
        match work {
            Work::Check { unsaved, before } => {
                let checked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                    snapshot::check(&root, &unsaved, revision, before.as_deref())
                }));
                let (snapshot, files) = checked.ok()?;
                Some(Outcome::Checked { snapshot: Arc::new(snapshot), files })
            }
            Work::Command { id, cancel, snapshot, command } => Some(super::commands::run(id, root, &cancel, &snapshot, command)),
        }
    }
}
