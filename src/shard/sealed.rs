//! How a batch lies in the log: what is personal is sealed, piece by piece.
//!
//! In: a plain batch. Out: the same batch in pieces, each with whose it is; and back. **Invariant:** what is written is of version 2, what is read may be of
//! version 1 (plain, as batches are in memory, and as they were in logs before there was sealing); the order of changes stays. It knows no key: who
//! seals and opens gets a piece and gives bytes.
//!
//! ```text
//! version 2 · at · world · pieces: kind 1 [· number] · bytes
//! kind 1 plain changes · 2 of a customer (number) · 3 of nobody · 4 a dead letter (number)
//! ```

use super::Number;
use super::commit::{Batch, Change, VERSION};
use crate::record::{DecodeError, Fault, Reader, Writer};

/// The version of sealed batches.
pub const SEALED: u8 = 2;
const PLAIN: u8 = 1;
const CUSTOMER: u8 = 2;
const HOUSE: u8 = 3;
const LETTER: u8 = 4;

/// Whose bytes these are, and so which key they are sealed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// Says nothing about anybody: that somebody is gone, that something is settled.
    Plain,
    Customer(Number),
    /// The deployment's: plans, pauses, digests of addresses.
    House,
    /// A dead letter, by its number.
    Letter(u64),
}

/// Changes that stand one after another in a batch and are of one owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece<'p> {
    pub whose: Whose,
    pub bytes: &'p [u8],
}

/// Which of the changes that are nobody's are dead letters, by their number.
pub type IsLetter = fn(kind: u8, bytes: &[u8]) -> Option<u64>;

/// Pieces of a plain batch; who is gone is told beside.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Divided<'p> {
    /// The head, as it is written.
    pub head: &'p [u8],
    pub pieces: Vec<Piece<'p>>,
    pub gone: Vec<Number>,
}

/// Divides a plain batch.
pub fn divide(plain: &[u8], is_letter: IsLetter) -> Result<Divided<'_>, DecodeError> {
    let mut batch = Batch::read(plain)?;
    let mut place = plain.len() - batch.remaining();
    let mut divided = Divided { head: &plain[..place], ..Divided::default() };
    // Where the piece that is being made begins.
    let mut begin = place;
    while let Some(change) = batch.read_next()? {
        let end = plain.len() - batch.remaining();
        let last = divided.pieces.last().map(|piece: &Piece<'_>| piece.whose);
        let whose = match &change {
            Change::Entry { number, .. }
            | Change::Row { number, .. }
            | Change::Parcel { number, .. }
            | Change::Input { number, .. }
            | Change::Aside { number, .. }
            | Change::Waiting { number, .. }
            | Change::Back { number }
            | Change::Records { number, .. } => Whose::Customer(*number),
            Change::Settled { number, .. } | Change::Closed { number } => match last {
                Some(Whose::Customer(one)) if one == *number => Whose::Customer(one),
                _ => Whose::Plain,
            },
            Change::Gone { number } => {
                divided.gone.push(*number);
                Whose::Plain
            }
            Change::Other { kind, bytes } => is_letter(*kind, bytes).map_or(Whose::House, Whose::Letter),
        };
        match divided.pieces.last_mut() {
            Some(piece) if piece.whose == whose && !matches!(whose, Whose::Letter(_)) => piece.bytes = &plain[begin..end],
            _ => {
                begin = place;
                divided.pieces.push(Piece { whose, bytes: &plain[begin..end] });
            }
        }
        place = end;
    }
    Ok(divided)
}

/// Begins a sealed batch with the head of a plain one.
pub fn begin(head: &[u8]) -> Writer {
    let mut out = Writer::default();
    out.byte(SEALED);
    out.raw(head.get(1..).unwrap_or_default());
    out
}

/// Adds a piece; its bytes are sealed already.
pub fn push(out: &mut Writer, whose: Whose, bytes: &[u8]) {
    match whose {
        Whose::Plain => out.byte(PLAIN),
        Whose::Customer(number) => {
            out.byte(CUSTOMER);
            out.varint(number.0);
        }
        Whose::House => out.byte(HOUSE),
        Whose::Letter(number) => {
            out.byte(LETTER);
            out.varint(number);
        }
    }
    out.bytes(bytes);
}

/// Whether a batch of the log is sealed.
pub fn is_sealed(bytes: &[u8]) -> bool {
    bytes.first() == Some(&SEALED)
}

/// The plain batch of a sealed one. `open` opens a piece and writes what stands for it; it is not asked about plain ones.
pub fn join<E: From<DecodeError>>(bytes: &[u8], mut open: impl FnMut(Piece<'_>, &mut Writer) -> Result<(), E>) -> Result<Vec<u8>, E> {
    let mut from = Reader::new(bytes);
    let version = from.byte()?;
    if version != SEALED {
        return Err(from.fault(Fault::Newer { section: 0, version, known: SEALED }).into());
    }
    let (at, world) = (from.instant()?, from.varint()?);
    let mut out = Writer::default();
    out.byte(VERSION);
    out.instant(at);
    out.varint(world);
    while !from.is_at_end() {
        let whose = match from.byte()? {
            PLAIN => Whose::Plain,
            CUSTOMER => Whose::Customer(Number(from.varint()?)),
            HOUSE => Whose::House,
            LETTER => Whose::Letter(from.varint()?),
            other => return Err(from.fault(Fault::Kind(other)).into()),
        };
        let bytes = from.bytes()?;
        match whose {
            Whose::Plain => out.raw(bytes),
            _ => open(Piece { whose, bytes }, &mut out)?,
        }
    }
    Ok(out.into_bytes())
}

#[cfg(test)]
mod tests {
    use super::{Whose, begin, divide, is_sealed, join, push};
    use crate::calendar::Instant;
    use crate::record::{DecodeError, Writer};
    use crate::shard::Number;
    use crate::shard::commit::{Change, Head, ParcelKey};

    fn batch() -> Vec<u8> {
        let (nok, lek) = (Number::new(3, 7), Number::new(4, 0));
        let mut out = Writer::default();
        Head { at: Instant(77), world: 5 }.write(&mut out);
        Change::Entry { number: nok, bytes: "น้องนก".as_bytes() }.write(&mut out);
        Change::Row { number: nok, delta: b"row" }.write(&mut out);
        Change::Settled { number: nok, key: ParcelKey::Call(3) }.write(&mut out);
        Change::Settled { number: lek, key: ParcelKey::Call(4) }.write(&mut out);
        Change::Other { kind: 3, bytes: b"plan" }.write(&mut out);
        Change::Other { kind: 4, bytes: b"pause" }.write(&mut out);
        Change::Other { kind: 40, bytes: b"letter" }.write(&mut out);
        Change::Other { kind: 40, bytes: b"letter" }.write(&mut out);
        Change::Gone { number: nok }.write(&mut out);
        Change::Records { number: lek, bytes: b"sent" }.write(&mut out);
        out.into_bytes()
    }

    #[test]
    fn a_batch_is_divided_by_owner_and_joined_as_it_was() {
        let plain = batch();
        let divided = divide(&plain, |kind, _| (kind == 40).then_some(12)).unwrap();
        let (nok, lek) = (Number::new(3, 7), Number::new(4, 0));
        let whose: Vec<Whose> = divided.pieces.iter().map(|piece| piece.whose).collect();
        let letter = Whose::Letter(12);
        assert_eq!(
            whose,
            [Whose::Customer(nok), Whose::Plain, Whose::House, letter, letter, Whose::Plain, Whose::Customer(lek)],
            "what was settled for another stands apart, and each letter has its own key"
        );
        assert_eq!(divided.gone, [nok]);
        let mut sealed = begin(divided.head);
        let turned = |bytes: &[u8]| bytes.iter().map(|byte| !byte).collect::<Vec<u8>>();
        for piece in &divided.pieces {
            match piece.whose {
                Whose::Plain => push(&mut sealed, piece.whose, piece.bytes),
                _ => push(&mut sealed, piece.whose, &turned(piece.bytes)),
            }
        }
        let sealed = sealed.into_bytes();
        assert!(is_sealed(&sealed) && !is_sealed(&plain));
        assert!(!sealed.windows("น้อง".len()).any(|part| part == "น้อง".as_bytes()));
        let joined = join::<DecodeError>(&sealed, |piece, out| {
            out.raw(&turned(piece.bytes));
            Ok(())
        });
        assert_eq!(joined.unwrap(), plain);
        for cut in 1..sealed.len() {
            let _never_a_panic = join::<DecodeError>(&sealed[..cut], |_, _| Ok(())).is_ok();
        }
        let mut newer = sealed;
        newer[0] = 3;
        assert!(join::<DecodeError>(&newer, |_, _| Ok(())).is_err());
    }
}
