//! Mails read: headers, parts, transfer encodings, as far as is needed to look at our own and to understand bounces.
//!
//! In: the bytes of a mail, from anybody. Out: its [`Part`]s. **Invariant:** total: any bytes give something, within the limits; nothing of what
//! is read is believed here.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Largest mail that is read, bytes.
pub const MAIL_BYTES_MAX: usize = 16 << 20;
const PARTS_MAX: usize = 64;
const DEPTH_MAX: usize = 8;
const HEADERS_MAX: usize = 1_000;

/// A mail, or a part of one, that has no parts itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Part {
    /// Names in lower case, values unfolded, in their order.
    pub headers: Vec<(String, String)>,
    /// Lower case: `text/plain`.
    pub kind: String,
    /// After the transfer encoding.
    pub body: Vec<u8>,
}

impl Part {
    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mail {
    pub headers: Vec<(String, String)>,
    /// The leaves, in their order.
    pub parts: Vec<Part>,
}

impl Mail {
    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }

    pub fn part(&self, kind: &str) -> Option<&Part> {
        self.parts.iter().find(|part| part.kind == kind)
    }
}

fn header<'h>(headers: &'h [(String, String)], name: &str) -> Option<&'h str> {
    headers.iter().find(|(has, _)| has == name).map(|(_, value)| value.as_str())
}

pub fn mail(bytes: &[u8]) -> Mail {
    let bytes = &bytes[..bytes.len().min(MAIL_BYTES_MAX)];
    let (headers, body) = split(bytes);
    let headers = fields(headers);
    let mut parts = Vec::new();
    walk(headers.clone(), body, 0, &mut parts);
    Mail { headers, parts }
}

fn walk(headers: Vec<(String, String)>, body: &[u8], depth: usize, parts: &mut Vec<Part>) {
    if parts.len() >= PARTS_MAX {
        return;
    }
    let written = header(&headers, "content-type").unwrap_or("text/plain").to_owned();
    let kind = written.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if let (true, Some(boundary), true) = (kind.starts_with("multipart/"), parameter(&written, "boundary"), depth < DEPTH_MAX) {
        for piece in pieces(body, &boundary) {
            let (headers, body) = split(piece);
            walk(fields(headers), body, depth + 1, parts);
        }
        return;
    }
    let encoding = header(&headers, "content-transfer-encoding").unwrap_or_default().trim().to_ascii_lowercase();
    let body = match encoding.as_str() {
        "base64" => of_base64(body),
        "quoted-printable" => of_quoted_printable(body),
        _ => body.to_vec(),
    };
    parts.push(Part { headers, kind, body });
}

/// Headers and body, at the first empty line.
pub fn split(bytes: &[u8]) -> (&[u8], &[u8]) {
    let mut from = 0;
    while from < bytes.len() {
        let end = bytes[from..].iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |end| from + end + 1);
        let line = &bytes[from..end];
        if line == b"\n" || line == b"\r\n" {
            return (&bytes[..from], &bytes[end..]);
        }
        from = end;
    }
    (bytes, &[])
}

/// `Name: value` lines, unfolded.
pub fn fields(bytes: &[u8]) -> Vec<(String, String)> {
    let mut fields: Vec<(String, String)> = Vec::new();
    for line in String::from_utf8_lossy(bytes).lines() {
        if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = fields.last_mut() {
                value.push(' ');
                value.push_str(line.trim());
            }
        } else if let Some((name, value)) = line.split_once(':')
            && fields.len() < HEADERS_MAX
        {
            fields.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
    fields
}

/// `boundary` of `multipart/report; boundary="x"`.
pub fn parameter(value: &str, name: &str) -> Option<String> {
    let mut rest = value;
    // A semicolon in quotes would end a parameter early; boundaries and report types have none.
    while let Some(at) = rest.find(';') {
        rest = rest[at + 1..].trim_start();
        let Some((key, after)) = rest.split_once('=') else { continue };
        if key.trim().eq_ignore_ascii_case(name) {
            let after = after.trim_start();
            let found = match after.strip_prefix('"') {
                Some(quoted) => quoted.split('"').next(),
                None => after.split([';', ' ', '\t']).next(),
            };
            return found.map(str::to_owned).filter(|found| !found.is_empty() && found.len() <= 200);
        }
    }
    None
}

fn pieces<'b>(body: &'b [u8], boundary: &str) -> Vec<&'b [u8]> {
    let mark = format!("--{boundary}");
    let mut pieces = Vec::new();
    let mut start = None;
    let mut from = 0;
    while from < body.len() && pieces.len() < PARTS_MAX {
        let end = body[from..].iter().position(|byte| *byte == b'\n').map_or(body.len(), |end| from + end + 1);
        let line = body[from..end].trim_ascii_end();
        if let Some(rest) = line.strip_prefix(mark.as_bytes())
            && (rest.is_empty() || rest == b"--")
        {
            if let Some(start) = start.take() {
                // The line end before a mark belongs to the mark.
                let piece = &body[start..from];
                let piece = piece.strip_suffix(b"\n").unwrap_or(piece);
                pieces.push(piece.strip_suffix(b"\r").unwrap_or(piece));
            }
            if rest == b"--" {
                return pieces;
            }
            start = Some(end);
        }
        from = end;
    }
    // Cut off before its last mark.
    pieces.extend(start.filter(|_| pieces.len() < PARTS_MAX).map(|start| &body[start.min(body.len())..]));
    pieces
}

fn of_base64(body: &[u8]) -> Vec<u8> {
    let mut letters: Vec<u8> = body.iter().copied().filter(|byte| byte.is_ascii_alphanumeric() || b"+/".contains(byte)).collect();
    letters.truncate(letters.len() / 4 * 4 + if letters.len() % 4 > 1 { letters.len() % 4 } else { 0 });
    while !letters.len().is_multiple_of(4) {
        letters.push(b'=');
    }
    STANDARD.decode(letters).unwrap_or_default()
}

fn of_quoted_printable(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len());
    for line in body.split_inclusive(|byte| *byte == b'\n') {
        let (line, end): (&[u8], &[u8]) = match (line.strip_suffix(b"\r\n"), line.strip_suffix(b"\n")) {
            (Some(line), _) => (line, b"\r\n"),
            (None, Some(line)) => (line, b"\n"),
            (None, None) => (line, b""),
        };
        let line = line.trim_ascii_end();
        let (line, end) = line.strip_suffix(b"=").map_or((line, end), |line| (line, &b""[..]));
        let mut at = 0;
        while at < line.len() {
            let hex = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16));
            match (line[at], hex(line.get(at + 1)), hex(line.get(at + 2))) {
                (b'=', Some(high), Some(low)) => {
                    out.push((high * 16 + low) as u8);
                    at += 3;
                }
                (byte, _, _) => {
                    out.push(byte);
                    at += 1;
                }
            }
        }
        out.extend_from_slice(end);
    }
    out
}
