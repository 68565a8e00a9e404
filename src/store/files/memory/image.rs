//! What a disk may hold after power was lost.
//!
//! In: a disk with durable and pending changes. Out: another disk. **Invariant:** durable changes are all there; pending ones as asked,
//! each sector of a write and each entry of a folder for itself. The same seed gives the same image.

use super::{Change, Entries, Folder, MemFiles, Node, Pending, State, Trouble, draw, write_into};
use std::collections::{BTreeMap, BTreeSet};

/// Which of the changes that were not synced reached the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Image {
    Nothing,
    Everything,
    /// Those that were made first; the one in the middle in half.
    FirstHalf,
    /// Any of them, in pieces of `sector` bytes (512 or 4096), drawn from a seed.
    Random {
        seed: u64,
        sector: usize,
    },
}

/// What of one change is kept.
enum Kept {
    All,
    None,
    /// The first so many bytes.
    Head(usize),
    /// Some of its sectors.
    Sectors,
}

impl MemFiles {
    /// The disk as a loss of power at this moment could leave it; nothing is locked, nothing goes wrong any more.
    pub fn after_crash(&self, image: Image) -> MemFiles {
        let state = self.state();
        let mut nodes: Vec<Vec<u8>> = state.nodes.iter().map(|node| node.synced.clone()).collect();
        let mut folders: BTreeMap<String, Entries> =
            state.folders.iter().map(|(name, folder)| (name.clone(), folder.synced.clone())).collect();
        let mut seed = if let Image::Random { seed, .. } = image { seed } else { 0 };
        let half = state.pending.len() / 2;
        for (at, change) in state.pending.iter().enumerate() {
            let kept = match image {
                Image::Nothing => Kept::None,
                Image::Everything => Kept::All,
                Image::FirstHalf if at < half => Kept::All,
                Image::FirstHalf if at == half => Kept::Head(half_of(change)),
                Image::FirstHalf => Kept::None,
                Image::Random { .. } => Kept::Sectors,
            };
            let sector = if let Image::Random { sector, .. } = image { sector } else { 512 };
            keep(change, &kept, sector, &mut seed, &mut nodes, &mut folders);
        }
        let mut next = State {
            nodes: nodes.into_iter().map(|bytes| Node { live: bytes.clone(), synced: bytes }).collect(),
            folders: folders.into_iter().map(|(name, all)| (name, Folder { live: all.clone(), synced: all })).collect(),
            pending: Vec::new(),
            locked: BTreeSet::new(),
            calls: 0,
            trouble: Trouble::None,
            trace: Vec::new(),
            seed: state.seed,
            machine: state.machine,
            inodes: state.inodes,
        };
        next.drop_lost_folders();
        MemFiles::of(next)
    }
}

/// Half of a write, up to where a sector ends: a device writes sectors whole.
fn half_of(change: &Pending) -> usize {
    let Pending::Write { bytes, offset, .. } = change else { return 0 };
    let end = (*offset as usize + bytes.len() / 2) / 512 * 512;
    end.saturating_sub(*offset as usize).min(bytes.len())
}

fn keep(change: &Pending, kept: &Kept, sector: usize, seed: &mut u64, nodes: &mut [Vec<u8>], folders: &mut BTreeMap<String, Entries>) {
    match (change, kept) {
        (_, Kept::None) => {}
        (Pending::Write { node, offset, bytes }, Kept::All) => write_into(&mut nodes[*node], *offset as usize, bytes),
        (Pending::Write { node, offset, bytes }, Kept::Head(length)) => {
            write_into(&mut nodes[*node], *offset as usize, &bytes[..*length]);
        }
        (Pending::Write { node, offset, bytes }, Kept::Sectors) => {
            let (mut from, start) = (0, *offset as usize);
            while from < bytes.len() {
                // Sectors lie where the device has them, not where the write begins.
                let to = (from + sector - (start + from) % sector).min(bytes.len());
                if draw(seed) & 1 == 1 {
                    write_into(&mut nodes[*node], start + from, &bytes[from..to]);
                }
                from = to;
            }
        }
        (Pending::Entry { folder, change }, kept) => {
            let all = match kept {
                Kept::All => true,
                Kept::Sectors => draw(seed) & 1 == 1,
                Kept::Head(_) | Kept::None => false,
            };
            if all {
                entry(change, folders.entry(folder.clone()).or_default());
            }
        }
    }
}

fn entry(change: &Change, entries: &mut Entries) {
    change.apply(entries);
}

impl State {
    /// A folder whose entry was lost is lost with all that it holds.
    fn drop_lost_folders(&mut self) {
        let reached = |folders: &BTreeMap<String, Folder>, name: &str| {
            name.is_empty() || {
                let (above, last) = name.rsplit_once('/').unwrap_or(("", name));
                folders.get(above).is_some_and(|above| above.live.contains_key(&format!("{last}/")))
            }
        };
        let lost: Vec<String> = self.folders.keys().filter(|name| !reached(&self.folders, name)).cloned().collect();
        for name in lost {
            self.folders.remove(&name);
        }
    }
}
