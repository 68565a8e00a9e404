//! Escaping: what a value may be where it stands.
//!
//! In: the text of a template as it comes out, and values between. Out: values as text of HTML, of an attribute, of an address, of one line.
//! **Invariant:** a value can end no tag, no attribute and no line, and can begin no script; what the template's author wrote is untouched.

use std::borrow::Cow;
use std::fmt::Write as _;

/// What a part of a message is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Medium {
    /// As it is.
    #[default]
    Plain,
    /// A header, such as a subject: one line, without signs that cannot be seen.
    Line,
    Html,
}

/// Where in HTML the text has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Place {
    #[default]
    Text,
    /// `<!-- … -->`
    Comment,
    /// Between `<a` and `>`, outside of values.
    Tag,
    /// Behind `=`, before the value.
    Before,
    /// In the value of an attribute, and by what it ends; nothing for one without quotes.
    Value(Option<u8>),
    /// Inside `<script>` or `<style>`.
    Code,
}

/// Follows HTML as it comes out. What it is unsure of is taken for the stricter place.
#[derive(Debug, Clone, Default)]
pub struct Html {
    place: Place,
    /// The name of the tag, then of the attribute, small; cut at 16.
    word: String,
    is_code: bool,
    is_address: bool,
    is_style: bool,
    /// What of the value has been written so far, cut at 32: an address is judged by its beginning.
    value: String,
    /// The last bytes of plain text, to see where comments and code end.
    tail: String,
}

const WORD_MAX: usize = 16;
const VALUE_MAX: usize = 32;
const ADDRESSES: [&str; 8] = ["href", "src", "action", "background", "formaction", "poster", "cite", "xlink:href"];
/// Schemes that a value may begin an address with.
const SCHEMES: [&str; 7] = ["http", "https", "mailto", "tel", "sms", "cid", "line"];

impl Html {
    /// The author's text goes on.
    pub fn literal(&mut self, text: &str) {
        let mut rest = text;
        while let Some(c) = self.skip(&mut rest) {
            self.step(c);
        }
    }

    /// The next character that may matter where the text has come to; what cannot matter is passed over at once.
    fn skip(&self, rest: &mut &str) -> Option<char> {
        let matters = match self.place {
            // A tag, a comment and the end of code begin with it; without it in sight nothing else counts.
            Place::Text | Place::Code if !self.tail.starts_with('<') => Some('<'),
            Place::Comment if !self.tail.ends_with('-') => Some('-'),
            Place::Value(Some(quote)) if self.value.len() >= VALUE_MAX => Some(quote as char),
            _ => None,
        };
        if let Some(matters) = matters {
            *rest = &rest[rest.find(matters)?..];
        }
        let c = rest.chars().next()?;
        *rest = &rest[c.len_utf8()..];
        Some(c)
    }

    fn step(&mut self, c: char) {
        match self.place {
            Place::Text | Place::Comment | Place::Code => self.text(c),
            Place::Tag => match c {
                '>' => self.close(),
                '=' => {
                    self.is_address = ADDRESSES.contains(&self.word.as_str());
                    self.is_style = self.word == "style" || self.word.starts_with("on");
                    self.place = Place::Before;
                    self.value.clear();
                }
                c if c.is_whitespace() || c == '/' => self.word.clear(),
                c if self.word.len() < WORD_MAX => self.word.extend(c.to_lowercase()),
                _ => {}
            },
            Place::Before => match c {
                '"' | '\'' => self.place = Place::Value(Some(c as u8)),
                '>' => self.close(),
                c if c.is_whitespace() => {}
                c => {
                    self.place = Place::Value(None);
                    self.value.push(c);
                }
            },
            Place::Value(quote) => match (quote, c) {
                (Some(quote), c) if c as u32 == u32::from(quote) => self.end_value(),
                (None, '>') => self.close(),
                (None, c) if c.is_whitespace() => self.end_value(),
                (_, c) if self.value.len() < VALUE_MAX => self.value.push(c),
                _ => {}
            },
        }
    }

    fn end_value(&mut self) {
        self.place = Place::Tag;
        self.word.clear();
    }

    fn close(&mut self) {
        self.place = if self.is_code { Place::Code } else { Place::Text };
        self.tail.clear();
    }

    fn text(&mut self, c: char) {
        if self.tail.len() > 12 {
            let keep = self.tail.char_indices().rev().nth(8).map_or(0, |(at, _)| at);
            self.tail.drain(..keep);
        }
        // `<` ends the sight of what was before it.
        if c == '<' {
            self.tail.clear();
        }
        self.tail.extend(c.to_lowercase());
        match self.place {
            Place::Comment if self.tail.ends_with("-->") => self.close(),
            Place::Code if self.tail.ends_with("</script") || self.tail.ends_with("</style") => {
                self.is_code = false;
                self.place = Place::Tag;
                self.word.clear();
            }
            Place::Text if self.tail.ends_with("<!--") => {
                self.is_code = false;
                self.place = Place::Comment;
            }
            Place::Text if self.tail.starts_with('<') => {
                let name = &self.tail[1..];
                if name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/') {
                    match c {
                        '>' => {
                            self.is_code = matches!(name.trim_end_matches('>'), "script" | "style");
                            self.close();
                        }
                        c if c.is_whitespace() => {
                            self.is_code = matches!(name.trim_end(), "script" | "style");
                            self.place = Place::Tag;
                            self.word.clear();
                        }
                        '/' if name.len() > 1 => self.place = Place::Tag,
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }

    /// Whether a value would stand where nothing can make it safe: in code, in a comment, in a tag's name, in a style.
    pub fn is_unsafe(&self) -> bool {
        match self.place {
            Place::Comment | Place::Code | Place::Tag => true,
            Place::Before | Place::Value(_) => self.is_style,
            Place::Text => self.tail.starts_with('<') && self.tail[1..].starts_with(|c: char| c.is_ascii_alphabetic() || c == '/'),
        }
    }

    /// Writes a value where the text has come to. `is_html`: it is escaped already.
    pub fn value(&mut self, text: &str, is_html: bool, out: &mut String) {
        if self.is_unsafe() {
            // Only letters, digits and what stands in names and measures can do no harm here.
            out.extend(text.chars().filter(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '#' | '%' | ' ' | ',')));
            return;
        }
        match self.place {
            Place::Text => {
                if is_html {
                    out.push_str(text)
                } else {
                    push_html(&visible(text), out)
                }
                self.tail.clear();
            }
            Place::Before | Place::Value(None) => {
                // Without quotes a blank would begin another attribute.
                let from = out.len();
                let kept: String =
                    text.chars().filter(|c| !c.is_whitespace() && !matches!(c, '=' | '`' | '>' | '<' | '"' | '\'')).collect();
                self.attribute(&kept, is_html, out);
                if out.len() > from {
                    self.place = Place::Value(None);
                }
            }
            _ => self.attribute(text, is_html, out),
        }
    }

    fn attribute(&mut self, text: &str, is_html: bool, out: &mut String) {
        let text = &*visible(text);
        if !self.is_address {
            if is_html {
                push_quotes(text, out)
            } else {
                push_html(text, out)
            }
            return;
        }
        let begins = self.value.trim().is_empty();
        if begins {
            if has_bad_scheme(text) {
                out.push_str("#blocked");
                self.value.push('#');
                return;
            }
            // The whole address is the value: only what would break the attribute is changed.
            push_html(&address(text, false), out);
        } else {
            push_html(&address(text, true), out);
        }
        if self.value.len() < VALUE_MAX {
            self.value.extend(text.chars().take(VALUE_MAX));
        }
    }
}

/// `javascript:` and its like, however it is written.
pub fn has_bad_scheme(address: &str) -> bool {
    let clean: String = address.chars().filter(|c| !c.is_whitespace() && !c.is_control() && !is_invisible(*c)).take(VALUE_MAX).collect();
    let Some(end) = clean.find([':', '/', '?', '#']) else { return clean.contains('&') && clean.contains(';') };
    // Two slashes or backslashes at the beginning lead to another host.
    if clean.starts_with("//") || clean.starts_with('\\') || clean.starts_with("/\\") {
        return true;
    }
    clean[end..].starts_with(':') && !SCHEMES.contains(&clean[..end].to_lowercase().as_str())
}

/// A value in an address: its own signs stay if it is the whole address, and are encoded if it is a part of one.
fn address(text: &str, part: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut bytes = [0; 4];
    for c in text.chars() {
        let stays = c.is_ascii_alphanumeric()
            || matches!(c, '-' | '_' | '.' | '~')
            || (!part
                && matches!(c, ':' | '/' | '?' | '#' | '@' | '!' | '$' | '&' | '(' | ')' | '*' | '+' | ',' | ';' | '=' | '%' | '[' | ']'));
        if stays {
            out.push(c);
        } else {
            c.encode_utf8(&mut bytes).bytes().for_each(|byte| _ = write!(out, "%{byte:02X}"));
        }
    }
    out
}

/// Escapes for HTML.
pub fn push_html(text: &str, out: &mut String) {
    let mut from = 0;
    for (at, byte) in text.bytes().enumerate() {
        let escaped = match byte {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            b'"' => "&quot;",
            b'\'' => "&#39;",
            _ => continue,
        };
        out.push_str(&text[from..at]);
        out.push_str(escaped);
        from = at + 1;
    }
    out.push_str(&text[from..]);
}

/// HTML inside of an attribute: only what would end it is escaped.
fn push_quotes(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            c => out.push(c),
        }
    }
}

/// Bytes of a text once it is escaped.
pub fn html_bytes(text: &str) -> usize {
    text.bytes().map(|byte| if matches!(byte, b'&' | b'<' | b'>' | b'"' | b'\'') { 6 } else { 1 }).sum()
}

/// Liquid's `escape`.
pub fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    push_html(text, &mut out);
    out
}

/// Liquid's `escape_once`: what is escaped already stays.
pub fn html_once(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        match c {
            '&' if is_entity(&text[at + 1..]) => out.push('&'),
            '&' | '<' | '>' | '"' | '\'' => push_html(&text[at..=at], &mut out),
            c => out.push(c),
        }
    }
    out
}

/// `amp;`, `#39;`
fn is_entity(text: &str) -> bool {
    let (name, is_digit) = match text.strip_prefix('#') {
        Some(digits) => (digits, true),
        None => (text, false),
    };
    // The longest entity has 31 letters: looking no further keeps this linear.
    let length = name.bytes().take(32).take_while(|byte| if is_digit { byte.is_ascii_digit() } else { byte.is_ascii_alphabetic() }).count();
    length > 0 && name.as_bytes().get(length) == Some(&b';')
}

/// Liquid's `url_encode`: as forms send it.
pub fn push_form(text: &str, out: &mut String) {
    for byte in text.bytes() {
        match byte {
            b' ' => out.push('+'),
            b'-' | b'_' | b'.' | b'~' => out.push(byte as char),
            byte if byte.is_ascii_alphanumeric() => out.push(byte as char),
            byte => _ = write!(out, "%{byte:02X}"),
        }
    }
}

/// A value without signs that cannot be seen.
fn visible(text: &str) -> Cow<'_, str> {
    // All of them begin with one of two bytes, which no letter of Thai or Latin does.
    if text.bytes().any(|byte| matches!(byte, 0xE2 | 0xEF)) && text.contains(is_invisible) {
        return Cow::Owned(text.chars().filter(|c| !is_invisible(*c)).collect());
    }
    Cow::Borrowed(text)
}

/// Signs that cannot be seen and turn or hide others: marks of direction, blanks of no width. The joiners of emoji and scripts stay.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}

/// A value on a line of its own: line ends become one blank, what cannot be seen goes.
pub fn push_line(text: &str, out: &mut String) {
    let mut blank = false;
    for c in text.chars() {
        let is_end = matches!(c, '\r' | '\n' | '\u{0B}' | '\u{0C}' | '\u{85}' | '\u{2028}' | '\u{2029}');
        if is_end {
            if !blank {
                out.push(' ');
            }
        } else if c == '\t' || (!c.is_control() && !is_invisible(c)) {
            out.push(c);
        }
        blank = is_end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is passed over changes nothing: every place, and whether a value could be made safe there, is as if every character was seen.
    #[test]
    fn what_is_passed_over_would_not_have_mattered() {
        const PARTS: [&str; 20] = [
            "<",
            ">",
            "<!--",
            "-->",
            "-",
            "<a ",
            "<a",
            "href=",
            "style=",
            "\"",
            "'",
            " ",
            "/",
            "</style",
            "<style>",
            "<script ",
            "ก",
            "x",
            "<ยาวมาก",
            "a long text that is longer than what is looked at",
        ];
        let mut random = 0x9e37_79b9_7f4a_7c15_u64;
        for _ in 0..20_000 {
            let (mut fast, mut slow) = (Html::default(), Html::default());
            let mut written = String::new();
            for _ in 0..12 {
                random ^= random << 13;
                random ^= random >> 7;
                random ^= random << 17;
                let part = PARTS[(random >> 20) as usize % PARTS.len()];
                written.push_str(part);
                fast.literal(part);
                part.chars().for_each(|c| slow.step(c));
                let seen = |html: &Html| (html.place, html.is_code, html.is_address, html.is_style, html.is_unsafe());
                assert_eq!(seen(&fast), seen(&slow), "{written}");
                if matches!(fast.place, Place::Value(_)) {
                    assert_eq!(fast.value, slow.value, "{written}");
                }
            }
        }
    }
}
