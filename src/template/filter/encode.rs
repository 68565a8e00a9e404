//! Filters for HTML, addresses and base64.
//!
//! In: a value as text. Out: a new text. **Invariant:** its bytes are charged before it is made; the work is linear, also where a tag or
//! comment never ends.

use super::{Budget, Failure, Filter, Outcome, Workshop, fail};
use crate::template::data::Value;
use crate::template::escape;

pub(super) fn apply(filter: &Filter, value: &Value, workshop: &Workshop) -> Outcome {
    if value.is_nil() && matches!(filter, Filter::UrlDecode | Filter::Base64Decode | Filter::Base64UrlDecode) {
        return Ok(Value::Nil);
    }
    // One character becomes at most six.
    let bytes = value.text_bytes();
    workshop.budget.bytes(bytes)?;
    let text = value.to_text();
    let charge = |factor: usize| workshop.budget.bytes(text.len().saturating_mul(factor));
    let html = |text: String| if workshop.html { Value::Html(text.into()) } else { Value::Text(text.into()) };
    Ok(match filter {
        Filter::EscapeOnce => {
            workshop.budget.bytes(escape::html_bytes(&text))?;
            html(escape::html_once(&text))
        }
        Filter::NewlineToBr => {
            charge(6)?;
            let is_html = matches!(value, Value::Html(_));
            let text = if workshop.html && !is_html { escape::html(&text) } else { text.into_owned() };
            html(text.replace("\r\n", "\n").replace('\n', "<br />\n"))
        }
        Filter::StripHtml => Value::text(&strip_html(&text)),
        Filter::UrlDecode => {
            let bytes = decoded(&text);
            match String::from_utf8(bytes) {
                Ok(text) => Value::text(&text),
                Err(_) => return fail("invalid byte sequence in UTF-8"),
            }
        }
        Filter::Base64Encode => base64(&text, STANDARD, workshop)?,
        Filter::Base64UrlEncode => base64(&text, URL_SAFE, workshop)?,
        Filter::Base64Decode => unbase64(&text, STANDARD, "base64_decode")?,
        _ => unbase64(&text, URL_SAFE, "base64_url_safe_decode")?,
    })
}

/// The filters whose text is written where it is wanted.
pub(super) fn write(filter: &Filter, text: &str, budget: &Budget, out: &mut String) -> Result<(), Failure> {
    if *filter == Filter::UrlEncode {
        budget.bytes(text.len().saturating_mul(3))?;
        escape::push_form(text, out);
    } else {
        budget.bytes(escape::html_bytes(text))?;
        escape::push_html(text, out);
    }
    Ok(())
}

/// `+` and `%41` become what they mean; a `%` that is none stays.
fn decoded(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let digit = |at: usize| bytes.get(at).and_then(|byte| (*byte as char).to_digit(16));
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        match (bytes[at], digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                out.push((high * 16 + low) as u8);
                at += 2;
            }
            (b'+', ..) => out.push(b' '),
            (byte, ..) => out.push(byte),
        }
        at += 1;
    }
    out
}

/// Takes out scripts, styles and comments with what is in them, then tags.
fn strip_html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    // An end that was not found once is not looked for again.
    let mut ends = [("<script", "</script>", true), ("<!--", "-->", true), ("<style", "</style>", true)];
    while let Some(open) = rest.find('<') {
        out.push_str(&rest[..open]);
        rest = &rest[open..];
        let block = ends.iter_mut().find(|(begin, _, there)| *there && rest.starts_with(begin));
        let length = block.and_then(|(begin, end, there)| {
            let found = rest[begin.len()..].find(*end).map(|at| begin.len() + at + end.len());
            *there = found.is_some();
            found
        });
        match length {
            Some(length) => rest = &rest[length..],
            None => {
                out.push('<');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    let mut plain = String::with_capacity(out.len());
    let mut rest = out.as_str();
    while let Some(open) = rest.find('<') {
        let Some(close) = rest[open..].find('>') else { break };
        plain.push_str(&rest[..open]);
        rest = &rest[open + close + 1..];
    }
    plain + rest
}

const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL_SAFE: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

fn base64(text: &str, alphabet: &[u8; 64], workshop: &Workshop) -> Outcome {
    workshop.budget.bytes(text.len() / 3 * 4 + 4)?;
    let mut out = String::with_capacity(text.len() / 3 * 4 + 4);
    for part in text.as_bytes().chunks(3) {
        let byte = |at: usize| u32::from(part.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for at in 0..4 {
            if at <= part.len() {
                out.push(alphabet[(bits >> (18 - 6 * at) & 63) as usize] as char);
            } else {
                out.push('=');
            }
        }
    }
    Ok(Value::Text(out.into()))
}

fn unbase64(text: &str, alphabet: &[u8; 64], name: &str) -> Outcome {
    let invalid = || fail(format!("invalid base64 provided to {name}"));
    let digits = text.trim_end_matches('=');
    let padded = text.len() - digits.len();
    let padding_fits =
        if alphabet == STANDARD { text.len().is_multiple_of(4) && padded < 3 } else { padded == 0 || text.len().is_multiple_of(4) };
    if !padding_fits || digits.len() % 4 == 1 {
        return invalid();
    }
    let mut out = Vec::with_capacity(digits.len());
    for part in digits.as_bytes().chunks(4) {
        let mut bits = 0u32;
        for byte in part {
            let Some(digit) = alphabet.iter().position(|known| known == byte) else { return invalid() };
            bits = bits << 6 | digit as u32;
        }
        bits <<= 6 * (4 - part.len());
        out.extend_from_slice(&bits.to_be_bytes()[1..part.len()]);
    }
    // What is no text is shown with signs of replacement.
    Ok(Value::text(&String::from_utf8_lossy(&out)))
}
