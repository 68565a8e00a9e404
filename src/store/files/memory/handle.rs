//! An open file in memory, and a lock.
//!
//! In: the calls of the real ones. Out: the same answers. **Invariant:** a write is pending until its file is synced. It does not know
//! what is in a file.

use super::{MemFiles, Pending, Trouble, write_into};
use crate::store::files::{Handle, Held};
use std::io;

pub(super) struct MemHandle {
    pub disk: MemFiles,
    pub node: usize,
    pub name: String,
}

pub(super) struct MemLock {
    pub disk: MemFiles,
    pub name: String,
}

impl Held for MemLock {}

impl Drop for MemLock {
    fn drop(&mut self) {
        self.disk.state().locked.remove(&self.name);
    }
}

impl Handle for MemHandle {
    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        let mut state = self.disk.state();
        state.call("read", &self.name, false)?;
        let live = &state.nodes[self.node].live;
        let from = (offset as usize).min(live.len());
        let got = into.len().min(live.len() - from);
        into[..got].copy_from_slice(&live[from..from + got]);
        Ok(got)
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.disk.state();
        let grows = offset as usize + bytes.len() > state.nodes[self.node].live.len();
        state.call("write", &self.name, grows)?;
        write_into(&mut state.nodes[self.node].live, offset as usize, bytes);
        state.pending.push(Pending::Write { node: self.node, offset, bytes: bytes.to_vec() });
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        let mut state = self.disk.state();
        let done = state.call("sync", &self.name, false);
        let power = matches!(state.trouble, Trouble::PowerAt(at) if state.calls >= at);
        if !power {
            // After a failed sync the pages count as clean although nobody wrote them: a second sync would succeed and keep nothing.
            state.sync_node(self.node, done.is_ok());
        }
        done
    }

    fn length(&self) -> io::Result<u64> {
        let mut state = self.disk.state();
        state.call("length", &self.name, false)?;
        Ok(state.nodes[self.node].live.len() as u64)
    }

    fn allocate(&self, length: u64) -> io::Result<()> {
        let from = self.length()?;
        if from < length { self.write_at(from, &vec![0; (length - from) as usize]) } else { Ok(()) }
    }
}
