//! JSON from strangers: cut into pieces without building anything, then each piece read strictly.
//!
//! In: text. Out: the raw text of the members of an object or of the elements of a list, so that one bad element spoils no other; or a value.
//! **Invariant:** what is read says one thing only: no key twice, no NUL, no half of a surrogate pair, nothing deeper than [`DEPTH_MAX`],
//! nothing behind the end; numbers keep the digits that were sent. No input overflows the stack, and the time is linear.

use serde_json::{Map, Number, Value};

/// Lists and objects nest at most so deep.
pub const DEPTH_MAX: usize = 32;
/// A number has at most so many characters.
pub const NUMBER_CHARS_MAX: usize = 100;

/// Why a text is not read. For the sender: what is wrong, and at which byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// From 0, in the text that was given.
    pub at: usize,
    pub what: String,
    /// It may well be JSON, but has more items than are taken.
    pub too_many: bool,
}

impl std::fmt::Display for Wrong {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} (byte {})", self.what, self.at)
    }
}

fn wrong<T>(at: usize, what: impl Into<String>) -> Result<T, Wrong> {
    Err(Wrong { at, what: what.into(), too_many: false })
}

/// The whole text as a value.
pub fn parse(text: &str) -> Result<Value, Wrong> {
    let mut reader = Reader { text, at: 0 };
    reader.spaces();
    let value = reader.value(0)?;
    reader.end()?;
    Ok(value)
}

/// The whole text as an object.
pub fn parse_object(text: &str) -> Result<Map<String, Value>, Wrong> {
    match parse(text)? {
        Value::Object(object) => Ok(object),
        _ => wrong(0, "an object `{ … }` is expected"),
    }
}

/// Whether the first thing of the text opens a list.
pub fn is_list(text: &str) -> bool {
    text.trim_ascii_start().starts_with('[')
}

/// The members of an object, values as raw text; what the values hold is not looked at.
pub fn members(text: &str) -> Result<Vec<(String, &str)>, Wrong> {
    let mut reader = Reader { text, at: 0 };
    let mut found: Vec<(String, &str)> = Vec::new();
    reader.spaces();
    if reader.peek() != Some(b'{') {
        return wrong(reader.at, "an object `{ … }` is expected");
    }
    reader.at += 1;
    reader.spaces();
    if reader.peek() == Some(b'}') {
        reader.at += 1;
        return reader.end().map(|()| found);
    }
    loop {
        reader.spaces();
        let key_at = reader.at;
        let key = reader.key()?;
        if found.iter().any(|(known, _)| *known == key) {
            return wrong(key_at, format!("`{}` stands here twice", short(&key)));
        }
        if found.len() >= MEMBERS_MAX {
            return wrong(key_at, format!("more than {MEMBERS_MAX} members"));
        }
        let value = reader.skip()?;
        found.push((key, value));
        match reader.next_or_end(b'}')? {
            true => {}
            false => return reader.end().map(|()| found),
        }
    }
}

/// Members that an object around a batch may have.
const MEMBERS_MAX: usize = 100;

/// The elements of a list as raw text. More than `max` are refused.
pub fn elements(text: &str, max: usize) -> Result<Vec<&str>, Wrong> {
    let mut reader = Reader { text, at: 0 };
    let mut found = Vec::new();
    reader.spaces();
    if reader.peek() != Some(b'[') {
        return wrong(reader.at, "a list `[ … ]` is expected");
    }
    reader.at += 1;
    reader.spaces();
    if reader.peek() == Some(b']') {
        reader.at += 1;
        return reader.end().map(|()| found);
    }
    loop {
        if found.len() == max {
            return Err(Wrong { at: reader.at, what: format!("more than {max} items"), too_many: true });
        }
        found.push(reader.skip()?);
        match reader.next_or_end(b']')? {
            true => {}
            false => return reader.end().map(|()| found),
        }
    }
}

/// A name, cut to what a person can read.
pub fn short(text: &str) -> String {
    let mut cut: String = text.chars().take(60).map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    if text.chars().nth(60).is_some() {
        cut.push('…');
    }
    cut
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn spaces(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn end(&mut self) -> Result<(), Wrong> {
        self.spaces();
        if self.at == self.text.len() { Ok(()) } else { wrong(self.at, "something stands behind the end") }
    }

    /// A key and its colon.
    fn key(&mut self) -> Result<String, Wrong> {
        if self.peek() != Some(b'"') {
            return wrong(self.at, "a name in quotes is expected");
        }
        let key = self.string()?;
        self.spaces();
        if self.peek() != Some(b':') {
            return wrong(self.at, "`:` is expected");
        }
        self.at += 1;
        Ok(key)
    }

    /// Behind a value: `true` behind a comma, `false` behind the close.
    fn next_or_end(&mut self, close: u8) -> Result<bool, Wrong> {
        self.spaces();
        match self.peek() {
            Some(b',') => {
                self.at += 1;
                Ok(true)
            }
            Some(byte) if byte == close => {
                self.at += 1;
                Ok(false)
            }
            _ => wrong(self.at, format!("`,` or `{}` is expected", close as char)),
        }
    }

    /// The raw text of a value, by its brackets and quotes only.
    fn skip(&mut self) -> Result<&'a str, Wrong> {
        self.spaces();
        let bytes = self.text.as_bytes();
        let start = self.at;
        let mut depth = 0_usize;
        loop {
            match bytes.get(self.at) {
                None => return wrong(self.at, "it ends too early"),
                Some(b'"') => self.skip_string()?,
                Some(b'{' | b'[') => {
                    depth += 1;
                    self.at += 1;
                }
                Some(b'}' | b']' | b',') if depth == 0 => break,
                Some(b'}' | b']') => {
                    depth -= 1;
                    self.at += 1;
                    if depth == 0 {
                        break;
                    }
                }
                Some(_) => self.at += 1,
            }
        }
        let raw = self.text[start..self.at].trim_ascii_end();
        if raw.is_empty() { wrong(start, "a value is expected") } else { Ok(raw) }
    }

    fn skip_string(&mut self) -> Result<(), Wrong> {
        let bytes = self.text.as_bytes();
        let start = self.at;
        self.at += 1;
        loop {
            match bytes.get(self.at) {
                None => return wrong(start, "a text is not closed"),
                Some(b'"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'\\') => self.at += 2,
                Some(_) => self.at += 1,
            }
        }
    }

    fn value(&mut self, depth: usize) -> Result<Value, Wrong> {
        match self.peek() {
            Some(b'{' | b'[') if depth == DEPTH_MAX => wrong(self.at, format!("lists and objects nest more than {DEPTH_MAX} deep")),
            Some(b'{') => self.object(depth),
            Some(b'[') => self.list(depth),
            Some(b'"') => self.string().map(Value::String),
            Some(b't') => self.word("true", Value::Bool(true)),
            Some(b'f') => self.word("false", Value::Bool(false)),
            Some(b'n') => self.word("null", Value::Null),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(_) => wrong(self.at, "this is not JSON"),
            None => wrong(self.at, "it ends too early"),
        }
    }

    fn word(&mut self, word: &str, value: Value) -> Result<Value, Wrong> {
        if !self.text[self.at..].starts_with(word) {
            return wrong(self.at, "this is not JSON");
        }
        self.at += word.len();
        Ok(value)
    }

    fn object(&mut self, depth: usize) -> Result<Value, Wrong> {
        let mut object = Map::new();
        self.at += 1;
        self.spaces();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Value::Object(object));
        }
        loop {
            self.spaces();
            let key_at = self.at;
            let key = self.key()?;
            self.spaces();
            let value = self.value(depth + 1)?;
            if object.contains_key(&key) {
                return wrong(key_at, format!("`{}` stands here twice", short(&key)));
            }
            object.insert(key, value);
            if !self.next_or_end(b'}')? {
                return Ok(Value::Object(object));
            }
        }
    }

    fn list(&mut self, depth: usize) -> Result<Value, Wrong> {
        let mut list = Vec::new();
        self.at += 1;
        self.spaces();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Value::Array(list));
        }
        loop {
            self.spaces();
            list.push(self.value(depth + 1)?);
            if !self.next_or_end(b']')? {
                return Ok(Value::Array(list));
            }
        }
    }

    fn digits(&mut self) -> Result<usize, Wrong> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == start { wrong(self.at, "a digit is expected") } else { Ok(self.at - start) }
    }

    fn number(&mut self) -> Result<Value, Wrong> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        let first = self.peek();
        let whole = self.digits()?;
        if first == Some(b'0') && whole > 1 {
            return wrong(start, "a number does not begin with 0");
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        if self.at - start > NUMBER_CHARS_MAX {
            return wrong(start, format!("a number has more than {NUMBER_CHARS_MAX} characters"));
        }
        match self.text[start..self.at].parse::<Number>() {
            Ok(number) => Ok(Value::Number(number)),
            Err(_) => wrong(start, "this is not a number"),
        }
    }

    fn string(&mut self) -> Result<String, Wrong> {
        let bytes = self.text.as_bytes();
        let open = self.at;
        self.at += 1;
        let mut read = String::new();
        let mut from = self.at;
        loop {
            match bytes.get(self.at) {
                None => return wrong(open, "a text is not closed"),
                Some(b'"') => {
                    read.push_str(&self.text[from..self.at]);
                    self.at += 1;
                    return Ok(read);
                }
                Some(b'\\') => {
                    read.push_str(&self.text[from..self.at]);
                    read.push(self.escape()?);
                    from = self.at;
                }
                Some(0..=0x1f) => return wrong(self.at, "a control character stands in a text"),
                Some(_) => self.at += 1,
            }
        }
    }

    /// Reads behind the backslash.
    fn escape(&mut self) -> Result<char, Wrong> {
        let start = self.at;
        let letter = match self.text.as_bytes().get(self.at + 1) {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode(start),
            _ => return wrong(start, "no such escape"),
        };
        self.at += 2;
        Ok(letter)
    }

    fn unicode(&mut self, start: usize) -> Result<char, Wrong> {
        let unit = self.hex(start)?;
        let code = match unit {
            0 => return wrong(start, "the character NUL cannot be kept"),
            0xd800..=0xdbff => {
                let low = if self.text[self.at..].starts_with("\\u") { self.hex(self.at)? } else { 0 };
                if !(0xdc00..=0xdfff).contains(&low) {
                    return wrong(start, "half of a character (a surrogate without its other half)");
                }
                0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00)
            }
            other => other,
        };
        char::from_u32(code).map_or_else(|| wrong(start, "half of a character (a surrogate without its other half)"), Ok)
    }

    /// `\uXXXX` at that place; goes behind it.
    fn hex(&mut self, start: usize) -> Result<u32, Wrong> {
        let digits = self.text.as_bytes().get(start + 2..start + 6).unwrap_or_default();
        let mut unit = 0;
        for digit in digits {
            let Some(value) = (*digit as char).to_digit(16) else { return wrong(start, "no such escape") };
            unit = unit * 16 + value;
        }
        if digits.len() < 4 {
            return wrong(start, "no such escape");
        }
        self.at = start + 6;
        Ok(unit)
    }
}

#[cfg(test)]
mod tests;
