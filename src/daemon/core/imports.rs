//! Rows of files, as history or as what happens now; and how far each file is.
//!
//! In: what a row says, and the fingerprint of the file up to it. Out: inputs of a customer; a note in the same batch. **Invariant:** a row and the note
//! that it was taken are durable together, so an import that was interrupted goes on behind the last one, and no row counts twice.

use super::{Core, others};
use crate::daemon::arrival::{Identifier, IdentifierKind};
use crate::engine::{Input, InputKind, Past};
use crate::record::{Decode, DecodeError, Encode, Reader, Writer, to_bytes};

/// Files that are remembered; the oldest goes.
pub const IMPORTS_MAX: usize = 10_000;

/// A file, as far as it was imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// Number of the file among all.
    pub number: u64,
    /// Of customers, or of events.
    pub of_events: bool,
    /// So many rows from its begin …
    pub rows: u64,
    /// … and what they say, in short.
    pub fingerprint: u128,
}

impl Encode for Imported {
    fn encode(&self, out: &mut Writer) {
        out.varint(self.number);
        out.boolean(self.of_events);
        out.varint(self.rows);
        out.raw(&self.fingerprint.to_be_bytes());
    }
}

impl Decode for Imported {
    fn decode(from: &mut Reader<'_>) -> Result<Imported, DecodeError> {
        let (number, of_events, rows) = (from.varint()?, from.boolean()?, from.varint()?);
        let mut bytes = [0; 16];
        bytes.copy_from_slice(from.raw(16)?);
        Ok(Imported { number, of_events, rows, fingerprint: u128::from_be_bytes(bytes) })
    }
}

impl Core {
    /// What a row says of a customer. `past`: as history, which starts nothing. `false` for somebody who was erased not long ago.
    pub fn take_row(&mut self, customer: &str, id: u128, inputs: Vec<InputKind>, past: bool) -> bool {
        let who = [Identifier { kind: IdentifierKind::User, value: customer.to_owned() }];
        let now = self.now;
        let Some(number) = self.resolve(&who, now) else { return false };
        for (at, kind) in inputs.into_iter().enumerate() {
            let kind = match past {
                false => kind,
                true => match Past::of(kind) {
                    Some(past) => InputKind::Past(past),
                    None => continue,
                },
            };
            let id = if id == 0 { 0 } else { id.wrapping_add(at as u128).max(1) };
            self.input(number, Input { now, id, kind });
        }
        true
    }

    pub fn imports(&self) -> &[Imported] {
        &self.works.imports
    }

    /// The number of a file that was not imported before.
    pub fn next_import(&self) -> u64 {
        self.works.imports.iter().map(|import| import.number + 1).max().unwrap_or(1)
    }

    /// So far a file is imported now.
    pub fn note_imported(&mut self, import: Imported) {
        self.write_other(others::IMPORTED, &to_bytes(&import));
        self.set_imported(import);
    }

    fn set_imported(&mut self, import: Imported) {
        let imports = &mut self.works.imports;
        imports.retain(|known| known.number != import.number);
        imports.push(import);
        if imports.len() > IMPORTS_MAX {
            imports.remove(0);
        }
    }

    pub(super) fn imported_again(&mut self, from: &mut Reader<'_>) -> Result<(), DecodeError> {
        let import = Imported::decode(from)?;
        self.set_imported(import);
        Ok(())
    }
}
