//! What a store holds, read without working with it.
//!
//! In: the folder of a store that no process works with. Out: everything that a daemon would have in memory, and everything that archive and log say.
//! **Invariant:** nothing is written, no key is made or destroyed.

use super::history::{PLANS, Past, What, last_archived};
use super::{CannotOpen, Happened, Sources, remembered};
use crate::daemon::core::Core;
use crate::daemon::sealing::Seals;
use crate::engine::Limits;
use crate::shard::Number;
use crate::store::{BatchNumber, Disk, Looked, StoreError, StoreId};
use std::sync::Arc;

/// A store that is looked at; no daemon can begin while this lives.
pub struct Shelf {
    looked: Looked,
    seals: Arc<Seals>,
    archived: BatchNumber,
}

impl Shelf {
    /// `keys`: the folder that holds `keys/`.
    ///
    /// # Errors
    /// If there is no store, another process works with it, it is damaged, or its keys are not there.
    pub fn look(files: &Disk, keys: &Disk) -> Result<Shelf, StoreError> {
        let looked = Looked::open(files)?;
        let seals = Arc::new(Seals::new(looked.keyring(keys)?, files.clone()));
        let archived = last_archived(&looked.archive())?;
        Ok(Shelf { looked, seals, archived })
    }

    pub fn id(&self) -> StoreId {
        self.looked.id()
    }

    /// The last batch that is whole.
    pub fn mark(&self) -> BatchNumber {
        self.looked.mark()
    }

    fn past(&self) -> Result<Past, StoreError> {
        let archive = self.looked.archive();
        let parts = archive.parts()?;
        Ok(Past { archive, parts, log: self.looked.read(self.archived + 1), seals: Arc::clone(&self.seals), _pin: None })
    }

    /// Versions of the plan, and where each became active.
    pub fn plans(&self) -> Result<Vec<(u64, String)>, StoreError> {
        let all = self.past()?.read(&[PLANS])?.into_iter();
        Ok(all.filter_map(|(_, one)| if let What::Plan(text) = one.what { Some((one.order, text)) } else { None }).collect())
    }

    /// Everything that happened, of each customer in order.
    pub fn everything<E: From<StoreError>>(&self, each: impl FnMut(Number, Happened) -> Result<(), E>) -> Result<(), E> {
        self.past()?.everything(each)
    }

    /// What a daemon would have in memory; `None` where none ever worked with the store.
    pub fn core(&self, limits: Limits) -> Result<Option<Core>, CannotOpen> {
        let read = |from| Ok(self.looked.read(from));
        let sources = Sources { snapshots: self.looked.snapshots(), seals: &self.seals, first: self.looked.first(), read: &read };
        Ok(remembered(&sources, None, limits)?.map(|remembered| remembered.core))
    }
}
