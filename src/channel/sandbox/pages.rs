//! The sandbox's files: JSON lines in numbered files, the oldest of which go as a whole.
//!
//! In: caught messages. Out: them, by their place. **Invariant:** a file is only appended to and is never written again after a restart, so a
//! line that was torn off stands at the end of a file and hurts no other.

use super::Caught;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Messages in one file, so that the folder holds at most this many more than are kept.
const LINES_MAX: u32 = 1_000;
/// A file ends also when it is this large.
const BYTES_MAX: u64 = 32 << 20;
/// Longest line that is read back; a message is far smaller, for its parts are bounded when they are rendered.
const LINE_BYTES_MAX: u64 = 64 << 20;

/// Where a message stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    file: u64,
    offset: u64,
    bytes: u64,
}

pub(super) struct Pages {
    folder: PathBuf,
    /// Numbers of the files that are there, rising; the last one may be open.
    files: Vec<u64>,
    open: Option<Open>,
}

struct Open {
    number: u64,
    file: File,
    bytes: u64,
    lines: u32,
}

impl Pages {
    pub(super) fn open(folder: &Path) -> io::Result<Pages> {
        fs::create_dir_all(folder)?;
        let mut files: Vec<u64> = Vec::new();
        for entry in fs::read_dir(folder)? {
            files.extend(number_of(&entry?.file_name().to_string_lossy()));
        }
        files.sort_unstable();
        Ok(Pages { folder: folder.to_owned(), files, open: None })
    }

    /// Everything that the files hold, the oldest first. What is not whole is skipped.
    pub(super) fn read_all(&self, take: &mut dyn FnMut(Place, Caught)) -> io::Result<()> {
        for &file in &self.files {
            let mut reader = BufReader::new(File::open(self.path(file))?);
            let mut line = Vec::new();
            let mut offset = 0;
            loop {
                line.clear();
                let bytes = (&mut reader).take(LINE_BYTES_MAX).read_until(b'\n', &mut line)? as u64;
                if bytes == 0 {
                    break;
                }
                if let Ok(caught) = serde_json::from_slice::<Caught>(&line) {
                    take(Place { file, offset, bytes }, caught);
                }
                offset += bytes;
            }
        }
        Ok(())
    }

    pub(super) fn append(&mut self, caught: &Caught) -> io::Result<Place> {
        let mut line = serde_json::to_vec(caught)?;
        line.push(b'\n');
        if self.open.as_ref().is_none_or(|open| open.lines >= LINES_MAX || open.bytes >= BYTES_MAX) {
            let number = self.files.last().map_or(1, |last| last + 1);
            let file = OpenOptions::new().append(true).create_new(true).open(self.path(number))?;
            self.files.push(number);
            self.open = Some(Open { number, file, bytes: 0, lines: 0 });
        }
        let Some(open) = &mut self.open else { return Err(io::Error::other("no file is open")) };
        if let Err(error) = open.file.write_all(&line) {
            // Part of the line may stand there: what comes next goes into a new file.
            self.open = None;
            return Err(error);
        }
        let place = Place { file: open.number, offset: open.bytes, bytes: line.len() as u64 };
        open.bytes += place.bytes;
        open.lines += 1;
        Ok(place)
    }

    pub(super) fn read(&self, place: &Place) -> io::Result<Caught> {
        let mut file = File::open(self.path(place.file))?;
        file.seek(SeekFrom::Start(place.offset))?;
        let mut line = Vec::new();
        file.take(place.bytes).read_to_end(&mut line)?;
        Ok(serde_json::from_slice(&line)?)
    }

    /// Files in which nothing is as new as this go.
    pub(super) fn drop_before(&mut self, oldest: &Place) -> io::Result<()> {
        while let Some(&first) = self.files.first().filter(|&&first| first < oldest.file) {
            fs::remove_file(self.path(first))?;
            self.files.remove(0);
        }
        Ok(())
    }

    fn path(&self, number: u64) -> PathBuf {
        self.folder.join(format!("caught-{number:08}.jsonl"))
    }
}

fn number_of(name: &str) -> Option<u64> {
    name.strip_prefix("caught-")?.strip_suffix(".jsonl")?.parse().ok()
}
