//! A disk in memory that keeps apart what is durable and what only seems to be.
//!
//! In: the same calls as the real one. Out: the same answers, and on request a failure at the n-th call or the [image](image) that a loss
//! of power would leave. **Invariant:** an image holds everything that was synced, whole; of the rest it holds whatever was asked for. It
//! does not know what is in a file.

mod handle;
pub mod image;

use super::{Files, Handle, Held, Identity, Room};
use handle::{MemHandle, MemLock};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What goes wrong, and when. Calls are counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    None,
    /// Power is lost at this call: neither it nor any later one does anything.
    PowerAt(u64),
    /// This one call fails with an input/output error; a failed sync loses what it should have made durable.
    ErrorAt(u64),
    /// From this call on there is no room to grow.
    FullFrom(u64),
}

/// A disk in memory; clones are the same disk.
#[derive(Clone)]
pub struct MemFiles {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default, Clone)]
pub(super) struct Node {
    pub live: Vec<u8>,
    pub synced: Vec<u8>,
}

/// A folder's entries; `None` is a folder, `Some` the number of a file.
pub(super) type Entries = BTreeMap<String, Option<usize>>;

#[derive(Debug, Default, Clone)]
pub(super) struct Folder {
    pub live: Entries,
    pub synced: Entries,
}

/// One change that is not durable yet.
#[derive(Debug, Clone)]
pub(super) enum Pending {
    Write { node: usize, offset: u64, bytes: Vec<u8> },
    Entry { folder: String, change: Change },
}

#[derive(Debug, Clone)]
pub(super) enum Change {
    Put { name: String, node: Option<usize> },
    Gone { name: String },
    Moved { from: String, to: String, node: usize },
}

pub(super) struct State {
    pub nodes: Vec<Node>,
    pub folders: BTreeMap<String, Folder>,
    pub pending: Vec<Pending>,
    pub locked: BTreeSet<String>,
    pub calls: u64,
    pub trouble: Trouble,
    pub trace: Vec<String>,
    pub seed: u64,
    pub machine: [u8; 16],
    pub inodes: u64,
}

impl Change {
    pub(super) fn apply(&self, entries: &mut Entries) {
        match self {
            Change::Put { name, node } => {
                entries.insert(name.clone(), *node);
            }
            Change::Gone { name } => {
                entries.remove(name);
            }
            Change::Moved { from, to, node } => {
                entries.remove(from);
                entries.insert(to.clone(), Some(*node));
            }
        }
    }
}

pub(super) fn write_into(content: &mut Vec<u8>, offset: usize, bytes: &[u8]) {
    if content.len() < offset + bytes.len() {
        content.resize(offset + bytes.len(), 0);
    }
    content[offset..offset + bytes.len()].copy_from_slice(bytes);
}

/// The next number of a fixed sequence (splitmix64).
pub(super) fn draw(seed: &mut u64) -> u64 {
    *seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *seed;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn missing(name: &str) -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, format!("no `{name}`"))
}

/// Folder and last part of a name.
fn parts(name: &str) -> (&str, &str) {
    name.rsplit_once('/').unwrap_or(("", name))
}

impl Default for MemFiles {
    fn default() -> MemFiles {
        MemFiles::new(1)
    }
}

impl MemFiles {
    /// An empty disk. What is random on it follows from the seed.
    pub fn new(seed: u64) -> MemFiles {
        let state = State {
            nodes: Vec::new(),
            folders: BTreeMap::from([(String::new(), Folder::default())]),
            pending: Vec::new(),
            locked: BTreeSet::new(),
            calls: 0,
            trouble: Trouble::None,
            trace: Vec::new(),
            seed,
            machine: [7; 16],
            inodes: 1000,
        };
        MemFiles { state: Arc::new(Mutex::new(state)) }
    }

    pub(super) fn of(state: State) -> MemFiles {
        MemFiles { state: Arc::new(Mutex::new(state)) }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets what goes wrong, and counts calls from 1 again.
    pub fn plan(&self, trouble: Trouble) {
        let mut state = self.state();
        (state.trouble, state.calls) = (trouble, 0);
        state.trace.clear();
    }

    /// Calls since the start, or since [`MemFiles::plan`].
    pub fn calls(&self) -> u64 {
        self.state().calls
    }

    /// What was called, for the message of a test that fails.
    pub fn trace(&self) -> Vec<String> {
        self.state().trace.clone()
    }

    /// All files as they are seen now.
    pub fn names(&self) -> Vec<String> {
        let state = self.state();
        let path = |folder: &str, name: &str| if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
        let of = |(folder, entries): (&String, &Folder)| -> Vec<String> {
            entries.live.iter().filter(|(_, node)| node.is_some()).map(|(name, _)| path(folder, name)).collect()
        };
        state.folders.iter().flat_map(of).collect()
    }

    /// The bytes of a file, as they are seen now.
    pub fn bytes(&self, name: &str) -> Option<Vec<u8>> {
        let state = self.state();
        state.find(name).ok().map(|node| state.nodes[node].live.clone())
    }

    /// Replaces the bytes of a file, durably: damage from outside. A file that is not there is made.
    pub fn overwrite(&self, name: &str, bytes: Vec<u8>) {
        let mut state = self.state();
        let (folder, file) = parts(name);
        let node = match state.find(name) {
            Ok(node) => node,
            Err(_) => {
                state.nodes.push(Node::default());
                state.nodes.len() - 1
            }
        };
        state.nodes[node] = Node { live: bytes.clone(), synced: bytes };
        let folder = state.folders.entry(folder.to_owned()).or_default();
        folder.live.insert(file.to_owned(), Some(node));
        folder.synced.insert(file.to_owned(), Some(node));
    }

    /// Takes a file away, durably.
    pub fn lose(&self, name: &str) {
        let (folder, file) = parts(name);
        if let Some(folder) = self.state().folders.get_mut(folder) {
            folder.live.remove(file);
            folder.synced.remove(file);
        }
    }

    /// The same files on another machine.
    pub fn move_to_machine(&self, machine: u8) {
        self.state().machine = [machine; 16];
    }

    /// The same files copied: every file has another number.
    pub fn renumber(&self) {
        self.state().inodes += 1000;
    }
}

impl State {
    pub(super) fn find(&self, name: &str) -> io::Result<usize> {
        let (folder, file) = parts(name);
        self.folders.get(folder).and_then(|folder| folder.live.get(file).copied().flatten()).ok_or_else(|| missing(name))
    }

    /// Counts a call; an error if it shall fail.
    fn call(&mut self, what: &str, name: &str, grows: bool) -> io::Result<()> {
        self.calls += 1;
        let calls = self.calls;
        self.trace.push(format!("{calls} {what} {name}"));
        match self.trouble {
            Trouble::PowerAt(at) if calls >= at => Err(io::Error::other("power is lost")),
            Trouble::ErrorAt(at) if calls == at => Err(io::Error::other("injected error")),
            Trouble::FullFrom(at) if grows && calls >= at => Err(io::ErrorKind::StorageFull.into()),
            _ => Ok(()),
        }
    }

    fn change(&mut self, folder: &str, change: Change) -> io::Result<()> {
        let entries = self.folders.get_mut(folder).ok_or_else(|| missing(folder))?;
        change.apply(&mut entries.live);
        self.pending.push(Pending::Entry { folder: folder.to_owned(), change });
        Ok(())
    }

    fn sync_node(&mut self, node: usize, kept: bool) {
        let (nodes, pending) = (&mut self.nodes, &mut self.pending);
        pending.retain(|one| match one {
            Pending::Write { node: of, offset, bytes } if *of == node => {
                if kept {
                    write_into(&mut nodes[node].synced, *offset as usize, bytes);
                }
                false
            }
            _ => true,
        });
    }
}

impl Files for MemFiles {
    fn place(&self, name: &str) -> String {
        format!("memory/{name}")
    }

    fn make_folder(&self, name: &str) -> io::Result<()> {
        let mut state = self.state();
        let exists = state.folders.contains_key(name);
        state.call("make_folder", name, !exists)?;
        if !exists {
            let (above, last) = parts(name);
            let (above, last) = (above.to_owned(), format!("{last}/"));
            state.change(&above, Change::Put { name: last, node: None })?;
            state.folders.insert(name.to_owned(), Folder::default());
        }
        Ok(())
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn Handle>> {
        let mut state = self.state();
        state.call("create", name, true)?;
        if state.find(name).is_ok() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let node = state.nodes.len();
        let (folder, file) = parts(name);
        state.change(folder, Change::Put { name: file.to_owned(), node: Some(node) })?;
        state.nodes.push(Node::default());
        Ok(Box::new(MemHandle { disk: self.clone(), node, name: name.to_owned() }))
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn Handle>> {
        let mut state = self.state();
        state.call("open", name, false)?;
        let node = state.find(name)?;
        Ok(Box::new(MemHandle { disk: self.clone(), node, name: name.to_owned() }))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut state = self.state();
        state.call("rename", from, false)?;
        let node = state.find(from)?;
        let ((folder, from), (_, to)) = (parts(from), parts(to));
        state.change(folder, Change::Moved { from: from.to_owned(), to: to.to_owned(), node })
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let mut state = self.state();
        state.call("remove", name, false)?;
        state.find(name)?;
        let (folder, file) = parts(name);
        state.change(folder, Change::Gone { name: file.to_owned() })
    }

    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        let mut state = self.state();
        state.call("list", folder, false)?;
        Ok(state.folders.get(folder).map(|folder| folder.live.keys().cloned().collect()).unwrap_or_default())
    }

    fn sync_folder(&self, folder: &str) -> io::Result<()> {
        let mut state = self.state();
        state.call("sync_folder", folder, false)?;
        let entries = state.folders.get_mut(folder).ok_or_else(|| missing(folder))?;
        entries.synced = entries.live.clone();
        state.pending.retain(|one| !matches!(one, Pending::Entry { folder: of, .. } if of == folder));
        Ok(())
    }

    fn lock(&self, name: &str) -> io::Result<Option<Box<dyn Held>>> {
        let mut state = self.state();
        state.call("lock", name, false)?;
        state.find(name)?;
        if !state.locked.insert(name.to_owned()) {
            return Ok(None);
        }
        Ok(Some(Box::new(MemLock { disk: self.clone(), name: name.to_owned() })))
    }

    fn identity(&self, name: &str) -> io::Result<Identity> {
        let mut state = self.state();
        state.call("identity", name, false)?;
        let node = state.find(name)?;
        Ok(Identity { machine: state.machine, inode: state.inodes + node as u64 })
    }

    fn random(&self, bytes: &mut [u8]) -> io::Result<()> {
        let mut state = self.state();
        for piece in bytes.chunks_mut(8) {
            let drawn = draw(&mut state.seed).to_le_bytes();
            piece.copy_from_slice(&drawn[..piece.len()]);
        }
        Ok(())
    }

    fn room(&self) -> io::Result<Option<Room>> {
        Ok(None)
    }
}
