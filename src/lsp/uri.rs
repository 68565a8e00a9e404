//! Addresses of files, as editors write them, and paths.
//!
//! In: `file:///shop/%E0%B8%81.journey`. Out: a path, and back. **Invariant:** a path that is not UTF-8 has no address; what is no file
//! has no path. Knows no disk.

use lsp_types::Uri;
use std::path::{Path, PathBuf};
use std::str::FromStr as _;

/// The path of a `file:` address.
pub fn path_of(uri: &str) -> Option<PathBuf> {
    let rest = uri.strip_prefix("file://")?;
    // A host before the path is another machine, except `localhost`.
    let path = rest.strip_prefix("localhost").unwrap_or(rest);
    let decoded = decode(path)?;
    let is_drive = |path: &str| path.len() > 2 && path.as_bytes()[0] == b'/' && path.as_bytes()[2] == b':';
    if is_drive(&decoded) {
        return Some(PathBuf::from(&decoded[1..]));
    }
    decoded.starts_with('/').then(|| PathBuf::from(decoded))
}

fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let hex = [rest.next()?, rest.next()?];
            bytes.push(u8::from_str_radix(std::str::from_utf8(&hex).ok()?, 16).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

/// The address of a path.
pub fn uri_of(path: &Path) -> Option<Uri> {
    let text = path.to_str()?.replace('\\', "/");
    let mut uri = String::from("file://");
    if !text.starts_with('/') {
        uri.push('/');
    }
    for byte in text.bytes() {
        let plain = byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte);
        if plain {
            uri.push(byte as char);
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    Uri::from_str(&uri).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        for path in ["/shop/a.journey", "/ร้าน/ตะกร้า สินค้า.journey", "/a%b/c#d?.journey"] {
            let uri = uri_of(Path::new(path)).unwrap();
            assert_eq!(path_of(uri.as_str()), Some(PathBuf::from(path)), "{}", uri.as_str());
        }
        assert_eq!(path_of("untitled:Untitled-1"), None);
        assert_eq!(path_of("file:///c%3A/shop/a.journey"), Some(PathBuf::from("c:/shop/a.journey")));
        assert_eq!(path_of("file:///bad%zz"), None);
    }
}
