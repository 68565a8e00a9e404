//! The syntax of templates: text with `{{ path | filter: argument }}` in it.
//!
//! In: the text of a literal, escapes resolved. Out: pieces with byte ranges in that text, and what is wrong with it. **Invariant:** total
//! and linear: whatever is written comes out as pieces, never a failure; ranges lie on character boundaries. Knows no names and no types.

use crate::value::Decimal;
use std::ops::Range;
use unicode_normalization::UnicodeNormalization;

/// A part of a text: where it begins and ends.
pub type At = Range<usize>;

#[derive(Debug, Clone, PartialEq)]
pub struct Name {
    /// In NFC.
    pub text: String,
    pub at: At,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Piece {
    Text(At),
    Value(Value),
}

/// `customer.first_name | default: 'you' | upcase`
#[derive(Debug, Clone, PartialEq)]
pub struct Value {
    /// Braces included.
    pub at: At,
    /// Never empty.
    pub path: Vec<Name>,
    pub filters: Vec<Filter>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Filter {
    pub name: Name,
    pub args: Vec<(Arg, At)>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Arg {
    Text(String),
    Number(Decimal),
    /// Anything else.
    Other,
}

/// What is wrong, with its place in the text.
#[derive(Debug, Clone, PartialEq)]
pub enum Wrong {
    /// `{{` without `}}`.
    Open(At),
    /// `{{ }}`
    Empty(At),
    /// `{% if x %}`: a tag and its first word.
    Tag(At, String),
    /// The spelling of another product, and the one here if it can be said.
    Foreign { at: At, product: &'static str, here: Option<String> },
    /// Something that no value and no filter can be.
    Unexpected(At),
}

/// Cuts a text into pieces.
pub fn parse(text: &str) -> (Vec<Piece>, Vec<Wrong>) {
    let mut parser = Parser { text, pieces: Vec::new(), wrong: Vec::new(), plain: 0 };
    let mut at = 0;
    while let Some(next) = text[at..].find(['{', '%', '*', '$', '<']) {
        at += next;
        at = parser.special(at);
    }
    parser.flush(text.len(), text.len());
    (parser.pieces, parser.wrong)
}

struct Parser<'a> {
    text: &'a str,
    pieces: Vec<Piece>,
    wrong: Vec<Wrong>,
    /// From where on plain text is not yet a piece.
    plain: usize,
}

impl Parser<'_> {
    /// Ends the plain text at `until`; the next begins at `from`.
    fn flush(&mut self, until: usize, from: usize) {
        if self.plain < until {
            self.pieces.push(Piece::Text(self.plain..until));
        }
        self.plain = from;
    }

    /// Looks at a character that may begin something; gives where to go on.
    fn special(&mut self, at: usize) -> usize {
        let rest = &self.text[at..];
        if rest.starts_with("{{") {
            return self.braces(at);
        }
        if rest.starts_with("{%") {
            let end = rest.find("%}").map_or(self.text.len(), |end| at + end + 2);
            let inside = rest[2..end - at].trim_end_matches("%}").trim_start_matches('-').trim();
            let word: String = inside.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            self.wrong.push(Wrong::Tag(at..end, word));
            self.flush(at, end);
            return end;
        }
        if let Some((length, product, name)) = foreign(rest) {
            let here = name.map(|name| format!("{{{{ {} }}}}", own_name(&name)));
            self.wrong.push(Wrong::Foreign { at: at..at + length, product, here });
            self.flush(at, at + length);
            return at + length;
        }
        at + 1
    }

    fn braces(&mut self, at: usize) -> usize {
        let Some(close) = closing(&self.text[at + 2..]) else {
            let line = self.text[at..].find('\n').map_or(self.text.len(), |end| at + end);
            self.wrong.push(Wrong::Open(at..line));
            self.flush(at, line);
            return line;
        };
        let inner = at + 2..at + 2 + close;
        let mut end = inner.end + 2;
        // `{{{ x }}}` of Handlebars, `{{${x}}}` of Braze.
        while self.text[end..].starts_with('}') && (self.text[inner.clone()].starts_with('{') || self.text[inner.clone()].starts_with("${"))
        {
            end += 1;
        }
        let whole = at..end;
        self.flush(at, end);
        if let Some(wrong) = foreign_braces(self.text[inner.clone()].trim(), whole.clone()) {
            self.wrong.push(wrong);
            return end;
        }
        match (Cursor { text: self.text, at: inner.start, end: inner.end }).value(whole) {
            Ok(value) => self.pieces.push(Piece::Value(value)),
            Err(wrong) => self.wrong.push(wrong),
        }
        end
    }
}

/// Where `}}` is, outside quotes; a quote that does not end is a character.
fn closing(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'}' if bytes.get(at + 1) == Some(&b'}') => return Some(at),
            b'\n' => return None,
            quote @ (b'\'' | b'"') => {
                let line = text[at + 1..].find('\n').map_or(text.len(), |end| at + 1 + end);
                match text[at + 1..line].bytes().position(|byte| byte == quote) {
                    Some(end) => at += end + 2,
                    None => at += 1,
                }
            }
            _ => at += 1,
        }
    }
    None
}

/// The spellings of other products that stand outside of braces: length, product, name.
fn foreign(rest: &str) -> Option<(usize, &'static str, Option<String>)> {
    let between = |open: &str, close: &str, product: &'static str| {
        let inner = rest.strip_prefix(open)?;
        let end = inner.find(close)?;
        let name = inner[..end].trim();
        let is_name = !name.is_empty() && name.len() <= 80 && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | ':'));
        is_name.then(|| (open.len() + end + close.len(), product, Some(name.to_owned())))
    };
    between("%%", "%%", "Salesforce Marketing Cloud")
        .or_else(|| between("*|", "|*", "Mailchimp"))
        .or_else(|| between("${", "}", "another product"))
        .or_else(|| between("<%=", "%>", "another product"))
}

/// The spellings of other products inside of braces.
fn foreign_braces(inner: &str, at: At) -> Option<Wrong> {
    if let Some(name) = inner.strip_prefix("${") {
        let here = Some(format!("{{{{ {} }}}}", own_name(name.trim_end_matches('}').split(['}', '|']).next().unwrap_or("").trim())));
        return Some(Wrong::Foreign { at, product: "Braze", here });
    }
    if let Some(name) = inner.strip_prefix('{') {
        let here = Some(format!("{{{{ {} }}}}", name.trim_matches('}').trim()));
        return Some(Wrong::Foreign { at, product: "Handlebars", here });
    }
    if inner.starts_with(['#', '/', '^', '>']) || inner == "else" {
        return Some(Wrong::Foreign { at, product: "Handlebars", here: None });
    }
    None
}

/// A name as it is usual here: `FirstName` and `FNAME` become `customer.first_name`.
fn own_name(name: &str) -> String {
    let name = name.rsplit(['.', ':']).next().unwrap_or(name);
    match name.to_lowercase().as_str() {
        "fname" | "firstname" => return "customer.first_name".to_owned(),
        "lname" | "lastname" => return "customer.last_name".to_owned(),
        "emailaddr" | "email_address" | "email" => return "customer.email".to_owned(),
        _ => {}
    }
    let mut own = String::from("customer.");
    let mut before_lower = false;
    for c in name.chars() {
        if c.is_uppercase() && before_lower {
            own.push('_');
        }
        before_lower = c.is_lowercase();
        own.extend(c.to_lowercase());
    }
    own
}

/// Reads what stands between the braces.
struct Cursor<'a> {
    text: &'a str,
    at: usize,
    end: usize,
}

impl Cursor<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..self.end]
    }

    fn blank(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    fn take(&mut self, c: char) -> bool {
        self.blank();
        let found = self.rest().starts_with(c);
        if found {
            self.at += c.len_utf8();
        }
        found
    }

    fn unexpected(&mut self) -> Wrong {
        self.blank();
        let length = self.rest().trim_end().len();
        if length == 0 {
            return Wrong::Unexpected(self.end..self.end + 2.min(self.text.len() - self.end));
        }
        Wrong::Unexpected(self.at..self.at + length)
    }

    fn name(&mut self) -> Result<Name, Wrong> {
        self.blank();
        let rest = self.rest();
        let length = if let Some(quoted) = rest.strip_prefix('`') {
            quoted.find('`').map(|end| end + 2)
        } else {
            let mut length = 0;
            for (at, c) in rest.char_indices() {
                let fits = if at == 0 { c.is_alphabetic() || c == '_' } else { is_name_part(c) };
                if !fits {
                    break;
                }
                length = at + c.len_utf8();
            }
            Some(length).filter(|length| *length > 0)
        };
        let Some(length) = length else { return Err(self.unexpected()) };
        let at = self.at..self.at + length;
        self.at += length;
        Ok(Name { text: self.text[at.clone()].trim_matches('`').nfc().collect(), at })
    }

    fn value(mut self, whole: At) -> Result<Value, Wrong> {
        self.blank();
        if self.rest().trim().is_empty() {
            return Err(Wrong::Empty(whole));
        }
        let mut path = vec![self.name()?];
        while self.take('.') {
            path.push(self.name()?);
        }
        let mut filters = Vec::new();
        while self.take('|') {
            let name = self.name()?;
            let mut args = Vec::new();
            if self.take(':') {
                args.push(self.arg()?);
                while self.take(',') {
                    args.push(self.arg()?);
                }
            }
            filters.push(Filter { name, args });
        }
        self.blank();
        if !self.rest().is_empty() {
            return Err(self.unexpected());
        }
        Ok(Value { at: whole, path, filters })
    }

    fn arg(&mut self) -> Result<(Arg, At), Wrong> {
        self.blank();
        let start = self.at;
        let rest = self.rest();
        if let Some(quote) = rest.chars().next().filter(|c| matches!(c, '\'' | '"')) {
            let Some(end) = rest[1..].find(quote) else { return Err(self.unexpected()) };
            let text = rest[1..=end].to_owned();
            self.at += end + 2;
            return Ok((Arg::Text(text), start..self.at));
        }
        let length = rest.find(['|', ',']).unwrap_or(rest.len());
        let written = rest[..length].trim_end();
        let (arg, length) = (written.parse().map_or(Arg::Other, Arg::Number), written.len());
        if length == 0 {
            return Err(self.unexpected());
        }
        self.at += length;
        Ok((arg, start..self.at))
    }
}

/// Thai vowel and tone marks are marks, not letters, and stand inside names.
fn is_name_part(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || unicode_normalization::char::is_combining_mark(c) || ('\u{0E30}'..='\u{0E4E}').contains(&c)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(text: &str) -> Vec<String> {
        let (pieces, wrong) = parse(text);
        assert_eq!(wrong, [], "{text}");
        pieces
            .into_iter()
            .map(|piece| match piece {
                Piece::Text(at) => format!("text {:?}", &text[at]),
                Piece::Value(value) => {
                    let path: Vec<&str> = value.path.iter().map(|name| name.text.as_str()).collect();
                    let filters: Vec<String> =
                        value.filters.iter().map(|filter| format!("{}{:?}", filter.name.text, filter.args.len())).collect();
                    format!("{} {}", path.join("."), filters.join(" "))
                }
            })
            .collect()
    }

    #[test]
    fn text_and_values_take_turns() {
        assert_eq!(
            values("a {{ customer.ชื่อเล่น | default: 'คุณ }}' | upcase }}%"),
            ["text \"a \"", "customer.ชื่อเล่น default1 upcase0", "text \"%\""]
        );
        assert_eq!(values("100%% { x } 5 < 6 $3"), ["text \"100%% { x } 5 < 6 $3\""]);
        assert_eq!(values(""), Vec::<String>::new());
    }

    #[test]
    fn foreign_spellings_are_translated() {
        let here = |text: &str| match parse(text).1.as_slice() {
            [Wrong::Foreign { at, here, .. }] => {
                assert_eq!(*at, 2..text.len() - 1, "{text}");
                here.clone()
            }
            other => Some(format!("{other:?}")),
        };
        assert_eq!(here("a {{${first_name}}}!"), Some("{{ customer.first_name }}".to_owned()));
        assert_eq!(here("a %%FirstName%%!"), Some("{{ customer.first_name }}".to_owned()));
        assert_eq!(here("a *|FNAME|*!"), Some("{{ customer.first_name }}".to_owned()));
        assert_eq!(here("a {{#if x}}!"), None);
        assert_eq!(here("a {{{ total }}}!"), Some("{{ total }}".to_owned()));
    }

    #[test]
    fn whatever_is_written_comes_out() {
        let parts = ["{{", "}}", "{%", "%}", "|", ":", "'", "\"", "ก", "้", "x", ".", " ", "\n", "%%", "*|", "|*", "${", "}", "{", "`"];
        let mut seed = 7u64;
        for _ in 0..20_000 {
            let mut text = String::new();
            for _ in 0..12 {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                text.push_str(parts[(seed >> 33) as usize % parts.len()]);
            }
            let (pieces, wrong) = parse(&text);
            for piece in &pieces {
                let at = match piece {
                    Piece::Text(at) => at.clone(),
                    Piece::Value(value) => value.at.clone(),
                };
                assert!(text.get(at).is_some(), "{text:?}");
            }
            for wrong in &wrong {
                let at = match wrong {
                    Wrong::Open(at) | Wrong::Empty(at) | Wrong::Tag(at, _) | Wrong::Unexpected(at) | Wrong::Foreign { at, .. } => {
                        at.clone()
                    }
                };
                assert!(text.get(at).is_some(), "{text:?} {wrong:?}");
            }
        }
    }
}
