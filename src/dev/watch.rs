//! Tells when something in a folder may have changed.
//!
//! In: a folder. Out: a call for every change of a file in it, however it came; too many calls do no harm, for who is told looks for
//! herself whether a text differs. **Invariant:** where the system does not tell about changes (a network drive, too many watches), somebody
//! looks every second. Knows no project.

#![allow(clippy::disallowed_methods, reason = "watching a folder is what this module is for")]

use super::work::Bell;
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use std::path::{Component, Path};
use std::time::Duration;

/// Between two looks where the system does not tell.
const LOOK_MS: u64 = 1_000;

/// Watches as long as it lives.
pub struct Watch {
    /// `None`: somebody looks every second.
    watcher: Option<RecommendedWatcher>,
}

impl Watch {
    /// `poll`: without asking the system.
    pub fn new(folder: &Path, bell: Bell, poll: bool) -> Watch {
        let watcher = if poll { None } else { told(folder, bell.clone()).ok() };
        if watcher.is_none() {
            std::thread::spawn(move || {
                while bell.ring() {
                    std::thread::sleep(Duration::from_millis(LOOK_MS));
                }
            });
        }
        Watch { watcher }
    }

    /// Whether the system tells.
    pub fn is_told(&self) -> bool {
        self.watcher.is_some()
    }
}

fn told(folder: &Path, bell: Bell) -> Result<RecommendedWatcher, notify::Error> {
    let root = folder.to_owned();
    let heard = move |event: Result<notify::Event, notify::Error>| {
        let matters = match &event {
            // Reading is no change; we read ourselves.
            Ok(event) if matches!(event.kind, EventKind::Access(_)) => false,
            Ok(event) => event.paths.is_empty() || event.paths.iter().any(|path| matters(&root, path)),
            // Perhaps something was missed.
            Err(_) => true,
        };
        if matters {
            bell.ring();
        }
    };
    let mut watcher = notify::recommended_watcher(heard)?;
    watcher.watch(folder, RecursiveMode::Recursive)?;
    Ok(watcher)
}

/// What lies in hidden folders, and what a build leaves behind, is no part of a project.
fn matters(root: &Path, path: &Path) -> bool {
    let inside = path.strip_prefix(root).unwrap_or(path);
    let hidden =
        |part: Component<'_>| matches!(part, Component::Normal(name) if name.to_string_lossy().starts_with('.') || name == "target");
    !inside.components().any(hidden)
}
