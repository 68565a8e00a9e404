//! `onward store`: look at a store, copy it, make one of a copy.
//!
//! In: folders. Out: what is in them, in sentences or as JSON. **Invariant:** nothing is written over anything: a store comes into an
//! empty folder only. It does not know what a batch or a key means; who wants to read that asks the daemon.

mod export;

use super::Exit;
use super::output::Output;
use crate::diagnostic::render::Format;
use crate::store::backup::{self, List, Source};
use crate::store::check::{Report, check};
use crate::store::{Disk, RealFiles, Store, StoreError, identify};
use clap::Subcommand;
use serde_json::json;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  onward store check data                              read every byte, change none\n  \
                  onward store backup data backups/monday --keys-to keys-copy\n  onward store restore backups/monday data2 --keys-from keys-copy\n  \
                  onward store export data tables                  for DuckDB, SQLite, a spreadsheet\n\n\
                  A restored store starts on hold: it takes in, and sends nothing until it is released.")]
pub(super) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Read every byte of a store, or of a backup, and say what is wrong
    Check {
        /// The folder of the store or of the backup
        folder: PathBuf,
        /// The folder that holds `keys/`, where that is another one
        #[arg(long, value_name = "FOLDER")]
        keys: Option<PathBuf>,
    },
    /// Copy a store that no daemon works with; the keys of customers are not in the copy
    Backup {
        folder: PathBuf,
        /// An empty or new folder
        to: PathBuf,
        /// The folder that holds `keys/`, where that is another one
        #[arg(long, value_name = "FOLDER")]
        keys: Option<PathBuf>,
        /// Copy the keys, too: into a folder of their own, in the place of the copy before
        #[arg(long, value_name = "FOLDER")]
        keys_to: Option<PathBuf>,
    },
    /// Make a store of a backup, in an empty or new folder
    Restore {
        backup: PathBuf,
        to: PathBuf,
        /// Copy the keys from this folder; without it, use the folder of keys that is there
        #[arg(long, value_name = "FOLDER")]
        keys_from: Option<PathBuf>,
    },
    /// Write what a store that no daemon works with holds as an SQLite database and as CSV
    Export {
        folder: PathBuf,
        /// An empty or new folder
        to: PathBuf,
        /// The folder that holds `keys/`, where that is another one
        #[arg(long, value_name = "FOLDER")]
        keys: Option<PathBuf>,
    },
    /// Remove what interrupted writes left behind
    Compact { folder: PathBuf },
}

fn disk(folder: &Path) -> Disk {
    Arc::new(RealFiles::new(folder))
}

pub(super) fn run(arguments: &Arguments, output: &Output) -> Exit {
    let done = match &arguments.what {
        What::Check { folder, keys } => return look(folder, keys.as_deref().unwrap_or(folder), output),
        What::Export { folder, to, keys } => return export::run(folder, keys.as_deref().unwrap_or(folder), to, output),
        What::Backup { folder, to, keys, keys_to } => {
            let keys = keys_to.as_ref().map(|to| (keys.as_deref().unwrap_or(folder), to.as_path()));
            back_up(folder, to, keys, output)
        }
        What::Restore { backup, to, keys_from } => restore(backup, to, keys_from.as_deref(), output),
        What::Compact { folder } => compact(folder, output),
    };
    done.map_or_else(|error| refused(&error, output), |()| Exit::Fine)
}

fn refused(error: &StoreError, output: &Output) -> Exit {
    output.fail(Exit::InputOutput, &format!("{error}\n  help: {}", error.help()))
}

fn look(folder: &Path, keys: &Path, output: &Output) -> Exit {
    let files = disk(folder);
    // A backup is known by its list.
    if folder.join(backup::LIST).exists() {
        return match backup::check(&files) {
            Ok((list, wrong)) => tell(&told_backup(&list), &json_backup(&list), &wrong, output),
            Err(error) => refused(&error, output),
        };
    }
    match check(&files, Some(&disk(keys))) {
        Ok(report) => tell(&told(&report), &json_report(&report), &report.wrong, output),
        Err(error) => refused(&error, output),
    }
}

fn tell(text: &str, json: &serde_json::Value, wrong: &[StoreError], output: &Output) -> Exit {
    if output.format() == Format::Json {
        let wrong: Vec<_> = wrong.iter().map(|error| json!({ "error": error.to_string(), "help": error.help() })).collect();
        output.print(&format!("{}\n", json!({ "found": json, "wrong": wrong })));
    } else {
        let mut text = text.to_owned();
        if wrong.is_empty() {
            text.push_str("nothing is wrong\n");
        }
        for error in wrong {
            let _ = writeln!(text, "error: {error}\n  help: {}", error.help());
        }
        output.print(&text);
    }
    if wrong.is_empty() { Exit::Fine } else { Exit::Findings }
}

fn told(report: &Report) -> String {
    let mut text = String::new();
    match report.batches {
        Some((first, last)) => {
            let _ = writeln!(text, "log: batches {first} to {last} in {}, durable up to {}", counted(report.segments, "file"), report.mark);
        }
        None => text.push_str("log: empty\n"),
    }
    let closed = match (report.at_work, report.closed) {
        (true, _) => "a process works with it: what it is writing may look unfinished",
        (false, true) => "closed",
        (false, false) => "not closed: the last process was killed, or power was lost",
    };
    let _ = writeln!(text, "owner: epoch {}, {closed}{}", report.epoch, if report.restored { ", restored and on hold" } else { "" });
    if report.torn > 0 {
        let _ = writeln!(text, "an interrupted write left {} bytes behind the last batch; the next start cuts them", report.torn);
    }
    let entries: u64 = report.snapshots.iter().map(|(_, _, entries)| entries).sum();
    let oldest = report.snapshots.iter().map(|(_, as_of, _)| *as_of).min();
    let oldest = oldest.map_or_else(String::new, |oldest| format!(", the oldest as of batch {oldest}"));
    let _ = writeln!(text, "snapshots: {}, {entries} entries{oldest}", report.snapshots.len());
    let records: u64 = report.archive.iter().map(|(_, records)| records).sum();
    let _ = writeln!(text, "archive: {}, {records} records", counted(report.archive.len(), "file"));
    if let Some((live, destroyed)) = report.keys {
        let _ = writeln!(text, "keys: {live} live, {destroyed} destroyed");
    }
    if !report.leftovers.is_empty() {
        let _ = writeln!(text, "left by interrupted writes: {} (`onward store compact` removes them)", report.leftovers.join(", "));
    }
    text
}

fn counted(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

fn json_report(report: &Report) -> serde_json::Value {
    json!({
        "first": report.batches.map(|(first, _)| first),
        "last": report.batches.map(|(_, last)| last),
        "mark": report.mark,
        "epoch": report.epoch,
        "at_work": report.at_work,
        "closed": report.closed,
        "restored": report.restored,
        "segments": report.segments,
        "torn": report.torn,
        "snapshots": report.snapshots.iter().map(|(part, as_of, entries)| json!({ "part": part, "as_of": as_of, "entries": entries })).collect::<Vec<_>>(),
        "archive": report.archive.iter().map(|(part, records)| json!({ "part": part, "records": records })).collect::<Vec<_>>(),
        "keys": report.keys.map(|(live, destroyed)| json!({ "live": live, "destroyed": destroyed })),
        "leftovers": report.leftovers,
    })
}

fn told_backup(list: &List) -> String {
    let files = counted(list.files.len(), "file");
    format!("backup of store {} up to batch {}: {files}, {} bytes\n", list.store, list.mark(), list.bytes())
}

fn json_backup(list: &List) -> serde_json::Value {
    json!({ "store": list.store.to_string(), "mark": list.mark(), "files": list.files.len(), "bytes": list.bytes() })
}

fn back_up(folder: &Path, to: &Path, keys: Option<(&Path, &Path)>, output: &Output) -> Result<(), StoreError> {
    let files = disk(folder);
    let source = Source::closed(&files)?;
    let list = source.copy(&disk(to))?;
    let mut text = told_backup(&list);
    match keys {
        Some((from, to)) => {
            backup::copy_keys(&disk(from), list.store, &disk(to))?;
            let _ = writeln!(
                text,
                "keys: copied to `{}`; keep only this copy, an older one has the keys of whom was erased since",
                to.display()
            );
        }
        None => text.push_str("keys: not copied; without them nothing personal in the backup can be read (`--keys-to FOLDER`)\n"),
    }
    output.print(&text);
    Ok(())
}

fn restore(from: &Path, to: &Path, keys: Option<&Path>, output: &Output) -> Result<(), StoreError> {
    let target = disk(to);
    if let Some(keys) = keys {
        // Before the store: what stands in its folder is whole then.
        let list = List::read(&disk(from))?;
        backup::copy_keys(&disk(keys), list.store, &target)?;
    }
    let list = backup::restore(&disk(from), &target)?;
    let mut text = told_backup(&list);
    let _ = writeln!(text, "restored into `{}`, on hold: it takes in, and sends nothing until it is released", to.display());
    output.print(&text);
    Ok(())
}

fn compact(folder: &Path, output: &Output) -> Result<(), StoreError> {
    let files = disk(folder);
    identify(&files)?;
    let mut store = Store::open(files)?;
    let (removed, first) = store.compact(&[])?;
    let mut text = String::new();
    for name in &removed {
        let _ = writeln!(text, "removed {name}");
    }
    let _ = writeln!(text, "{} removed; the log begins with batch {first}", counted(removed.len(), "file"));
    store.close()?;
    output.print(&text);
    Ok(())
}
