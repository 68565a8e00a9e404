//! The file drop, for print shops and for audiences: one file per message, in a folder that somebody else empties.
//!
//! In: an envelope. Out: `<id>.json` in the folder. **Invariant:** a file is whole or not there, and durable before it is said to be: written aside,
//! synced, renamed, the folder synced. The same message is the same file, so handing it over again changes nothing that was taken.
#![allow(clippy::disallowed_methods, reason = "writing files is what this adapter does")]

use crate::channel::clock::Clock;
use crate::channel::{Adapter, Envelope, Gate, Task, Verdict};
use serde_json::{Map, Value, json};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The file's name is the key, for as long as the folder is there.
const REMEMBERS: Duration = Duration::from_secs(10 * 365 * 24 * 3600);
/// What is not finished begins with it; whoever empties the folder takes `*.json`.
const UNFINISHED: &str = ".unfinished-";

#[derive(Debug)]
pub struct FileDrop {
    folder: PathBuf,
    clock: Clock,
}

impl FileDrop {
    /// Creates the folder where it is not there.
    pub fn open(folder: &Path, clock: Clock) -> io::Result<FileDrop> {
        fs::create_dir_all(folder)?;
        Ok(FileDrop { folder: folder.to_owned(), clock })
    }

    /// The file's content: what the message is made of, under the names of the project.
    fn content(&self, envelope: &Envelope) -> io::Result<Vec<u8>> {
        let fields: Map<String, Value> = envelope.parts.iter().map(|(name, text)| (name.clone(), Value::from(text.as_str()))).collect();
        let whole = json!({
            "id": envelope.id,
            "at": self.clock.now().0,
            "channel": envelope.channel,
            "address": envelope.address,
            "language": envelope.language,
            "topic": envelope.topic,
            "message": envelope.message,
            "journey": envelope.journey,
            "fields": fields,
        });
        let mut bytes = serde_json::to_vec_pretty(&whole)?;
        bytes.push(b'\n');
        Ok(bytes)
    }
}

/// Whether it is written; not so where it was there already.
fn write(folder: &Path, id: &str, content: &[u8]) -> io::Result<bool> {
    let path = folder.join(format!("{id}.json"));
    if path.exists() {
        return Ok(false);
    }
    // One attempt at a time per message, so the name aside is its own; what a crash left of it is written over.
    let aside = folder.join(format!("{UNFINISHED}{id}"));
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).open(&aside)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&aside, &path)?;
    File::open(folder)?.sync_all()?;
    Ok(true)
}

impl Adapter for FileDrop {
    fn name(&self) -> &'static str {
        "file"
    }

    fn remembers(&self) -> Option<Duration> {
        Some(REMEMBERS)
    }

    fn hand_over<'a>(&'a self, envelope: &'a Envelope, _gate: &'a dyn Gate) -> Task<'a, Verdict> {
        Box::pin(async move {
            let id = envelope.id.clone();
            if id.is_empty() || id.len() > 64 || !id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
                return Verdict::Refused { reason: "the message's id is no name for a file".to_owned(), suppress: false };
            }
            let not_sent = |why: String| Verdict::NotSent { reason: format!("the file cannot be written: {why}"), retry_after: None };
            let content = match self.content(envelope) {
                Ok(content) => content,
                Err(error) => return not_sent(error.to_string()),
            };
            let (folder, name) = (self.folder.clone(), id.clone());
            // Syncing takes as long as the disk likes.
            match tokio::task::spawn_blocking(move || write(&folder, &name, &content)).await {
                Ok(Ok(_)) => Verdict::Accepted { provider_id: Some(format!("{id}.json")) },
                // The kind only: an error's words may hold the path, which is nobody's business in a report.
                Ok(Err(error)) => not_sent(error.kind().to_string()),
                Err(_) => not_sent("the write was broken off".to_owned()),
            }
        })
    }
}
