//! Why the store refuses: the place, what was found there, and what to do about it.
//!
//! In: what the parts of the store ran into. Out: one error for all of them. **Invariant:** no variant stands for "something else was done
//! instead"; whoever gets one knows that nothing was guessed. It does not know what the bytes mean.

use std::io;

/// A refusal of the store. Its text says what is wrong, [`StoreError::help`] what to do next.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("there is no store in `{folder}`")]
    NoStore { folder: String },
    #[error("`{folder}` is not empty: it holds `{found}`")]
    NotEmpty { folder: String, found: String },
    #[error("another process works with the store: it holds `{place}`")]
    Taken { place: String },
    #[error("another owner has taken the store over: `{place}` names epoch {found}, ours is {ours}")]
    Overtaken { place: String, found: u64, ours: u64 },
    #[error("`{place}` is damaged at byte {offset}: {found}")]
    Damaged { place: String, offset: u64, found: String },
    #[error("`{place}` is missing: {found}")]
    Missing { place: String, found: String },
    #[error("`{place}` does not belong here: {found}")]
    Foreign { place: String, found: String },
    #[error("`{place}` is of format {version}, newer than {known}, the newest that this version reads")]
    Newer { place: String, version: u32, known: u32 },
    #[error("the log ends too early: the last whole batch is {last}, at byte {offset} of `{place}`, but batch {mark} was durable")]
    EndsBeforeMark { place: String, offset: u64, last: u64, mark: u64 },
    #[error("{what} has {length} bytes; at most {limit} are possible")]
    TooLarge { what: &'static str, length: u64, limit: u64 },
    #[error("{what} are out of order in `{place}`")]
    Unordered { what: &'static str, place: String },
    #[error("the disk is full: {doing} `{place}` is not possible")]
    Full { doing: &'static str, place: String },
    #[error("{doing} `{place}` failed: {source}")]
    Io { doing: &'static str, place: String, source: io::Error },
    #[error("an earlier write failed: nothing more is taken")]
    Poisoned,
    #[error("batch {number} is no longer in the log, which begins with {first}")]
    Cut { number: u64, first: u64 },
    #[error("the key of customer {number} is destroyed")]
    KeyDestroyed { number: u64 },
    #[error("there is no key for customer {number}")]
    NoKey { number: u64 },
    #[error("sealed bytes do not open: {found}")]
    NotOpened { found: &'static str },
}

impl StoreError {
    /// What to do, as one sentence for an operator.
    pub fn help(&self) -> &'static str {
        match self {
            StoreError::NoStore { .. } => {
                "mount the volume that holds it or correct the path; for a new store, create it (`--init`) in an empty folder"
            }
            StoreError::NotEmpty { .. } => "choose an empty folder; a store is never created over something else",
            StoreError::Taken { .. } => "stop the other process, or ask it; two never write one store",
            StoreError::Overtaken { .. } => "this process must end: the other one owns the store now",
            StoreError::Damaged { .. } | StoreError::EndsBeforeMark { .. } | StoreError::Missing { .. } => {
                "copy the folder as it is, run `onward store check`, and restore the last backup; nothing was changed"
            }
            StoreError::Foreign { .. } => "put back the file that belongs here, or restore the last backup; nothing was changed",
            StoreError::Newer { .. } => "run the version that wrote it, or a later one; nothing was changed",
            StoreError::TooLarge { .. } => "divide it",
            StoreError::Unordered { .. } => "write keys in ascending order, each once",
            StoreError::Full { .. } => "make room on the disk; what was acknowledged is safe",
            StoreError::Io { .. } => "look at the disk and at the rights of the folder; what was acknowledged is safe",
            StoreError::Poisoned => "end the process and start it again: recovery tells what is on the disk",
            StoreError::Cut { .. } => "begin with the snapshots: they hold what came before",
            StoreError::KeyDestroyed { .. } => "nothing: the customer was erased",
            StoreError::NoKey { .. } => "restore the folder of keys that belongs to this store",
            StoreError::NotOpened { .. } => "run `onward store check`; the bytes or their key are not the ones that were written",
        }
    }

    /// Whether the process that got it must not go on writing.
    pub fn ends_process(&self) -> bool {
        !matches!(
            self,
            StoreError::Full { .. }
                | StoreError::TooLarge { .. }
                | StoreError::Unordered { .. }
                | StoreError::Cut { .. }
                | StoreError::KeyDestroyed { .. }
                | StoreError::NoKey { .. }
                | StoreError::NotOpened { .. }
        )
    }

    /// An error of the file system while `doing` something with a file.
    pub fn io(doing: &'static str, place: String, source: io::Error) -> StoreError {
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => StoreError::Full { doing, place },
            _ => StoreError::Io { doing, place, source },
        }
    }
}
