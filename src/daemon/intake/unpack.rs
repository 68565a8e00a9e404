//! Bodies that come packed.
//!
//! In: a body as it was sent and what its header says. Out: its text. **Invariant:** nothing larger than [`DECODED_BYTES_MAX`] is ever held:
//! unpacking stops there. What it says about its content type is not asked: clients say something else.

use super::{DECODED_BYTES_MAX, Unreadable};
use flate2::read::MultiGzDecoder;
use std::borrow::Cow;
use std::io::Read;

/// The text of a body. `encoding` is the header `Content-Encoding`; gzip is known by its first bytes as well.
pub fn unpack<'a>(body: &'a [u8], encoding: Option<&str>) -> Result<Cow<'a, str>, Unreadable> {
    let encoding = encoding.map(|encoding| encoding.trim().to_ascii_lowercase());
    let packed = match encoding.as_deref() {
        None | Some("" | "identity") => body.starts_with(&[0x1f, 0x8b]),
        Some("gzip" | "x-gzip") => true,
        Some(_) => return Err(Unreadable::new(415, "this content encoding is not known here; send gzip, or nothing")),
    };
    let not_utf8 = |at: usize| Unreadable::new(400, format!("the body is not UTF-8 (byte {at})"));
    if !packed {
        if body.len() > DECODED_BYTES_MAX {
            return Err(too_large());
        }
        return std::str::from_utf8(body).map(Cow::Borrowed).map_err(|error| not_utf8(error.valid_up_to()));
    }
    let mut plain = Vec::new();
    let mut limited = MultiGzDecoder::new(body).take(DECODED_BYTES_MAX as u64 + 1);
    if limited.read_to_end(&mut plain).is_err() {
        return Err(Unreadable::new(400, "the body is not gzip, or damaged"));
    }
    if plain.len() > DECODED_BYTES_MAX {
        return Err(too_large());
    }
    String::from_utf8(plain).map(Cow::Owned).map_err(|error| not_utf8(error.utf8_error().valid_up_to()))
}

fn too_large() -> Unreadable {
    Unreadable::new(413, format!("the body has more than {DECODED_BYTES_MAX} bytes when it is unpacked"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::io::Write;

    fn gzip(plain: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(plain).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn gzip_is_read_with_and_without_its_header_and_stops_at_the_limit() {
        let packed = gzip("{\"ชื่อ\":1}".as_bytes());
        assert_eq!(unpack(&packed, Some("gzip")).unwrap(), "{\"ชื่อ\":1}");
        assert_eq!(unpack(&packed, None).unwrap(), "{\"ชื่อ\":1}");
        assert_eq!(unpack(b"{}", Some("identity")).unwrap(), "{}");
        assert!(unpack(&gzip(&vec![b' '; DECODED_BYTES_MAX]), Some("gzip")).is_ok());
        assert_eq!(unpack(&gzip(&vec![b' '; DECODED_BYTES_MAX + 1]), Some("gzip")).unwrap_err().status, 413);
        // Many members behind each other are one body, and one limit.
        let bomb = gzip(&vec![0; 1 << 20]).repeat(64);
        assert!(bomb.len() < 128 * 1024);
        assert_eq!(unpack(&bomb, None).unwrap_err().status, 413);
    }

    #[test]
    fn what_is_damaged_doubled_or_unknown_is_refused() {
        let packed = gzip(b"{}");
        assert_eq!(unpack(&packed[..packed.len() - 4], None).unwrap_err().status, 400);
        assert_eq!(unpack(b"{}", Some("gzip")).unwrap_err().status, 400);
        assert_eq!(unpack(&packed, Some("gzip, gzip")).unwrap_err().status, 415);
        assert_eq!(unpack(b"{}", Some("br")).unwrap_err().status, 415);
        assert_eq!(unpack(&[b'"', 0xff, b'"'], None).unwrap_err().status, 400);
        // Packed twice: what comes out is packed, so it is no text.
        assert_eq!(unpack(&gzip(&packed), Some("gzip")).unwrap_err().status, 400);
    }
}
