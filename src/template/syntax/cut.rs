//! Cuts a text into plain text, `{{ … }}` and `{% … %}`.
//!
//! In: a text. Out: its pieces from left to right. **Invariant:** the pieces cover the text, in order; every byte is looked at a constant
//! number of times. Knows nothing of what stands inside.

use crate::template::tree::At;

#[derive(Debug, Clone, PartialEq)]
pub enum Piece {
    Text(At),
    Output(Inside),
    Tag(Inside),
    /// `{{` that does not end: up to where it goes.
    OutputOpen(At),
    TagOpen(At),
}

/// A piece in delimiters.
#[derive(Debug, Clone, PartialEq)]
pub struct Inside {
    pub at: At,
    /// Without delimiters and dashes.
    pub inner: At,
    /// `{{-`: white space before it goes.
    pub trims_before: bool,
    /// `-}}`
    pub trims_after: bool,
}

/// Reads pieces one after the other; the reader of tags may jump ahead, over the text of `raw`.
pub struct Cutter<'a> {
    pub text: &'a str,
    pub at: usize,
}

impl Cutter<'_> {
    /// The next piece, or nothing at the end.
    pub fn cut(&mut self) -> Option<Piece> {
        let start = self.at;
        let rest = &self.text[start..];
        if rest.is_empty() {
            return None;
        }
        if rest.starts_with("{{") {
            return Some(self.output(start));
        }
        if rest.starts_with("{%") {
            return Some(self.tag(start, start));
        }
        let mut end = rest.len();
        let mut from = 0;
        while let Some(brace) = rest[from..].find('{') {
            let at = from + brace;
            if matches!(rest.as_bytes().get(at + 1), Some(b'{' | b'%')) {
                end = at;
                break;
            }
            from = at + 1;
        }
        self.at = start + end;
        Some(Piece::Text(start..self.at))
    }

    fn output(&mut self, start: usize) -> Piece {
        let bytes = self.text.as_bytes();
        let mut at = start + 2;
        while at < bytes.len() {
            match (bytes[at], bytes.get(at + 1)) {
                (b'}', Some(b'}')) => {
                    self.at = at + 2;
                    return Piece::Output(self.inside(start, at));
                }
                (b'}', _) => {
                    self.at = at + 1;
                    return Piece::OutputOpen(start..self.at);
                }
                (b'{', Some(b'%')) => {
                    let end = self.text[at..].find("%}").map_or(bytes.len(), |end| at + end + 2);
                    self.at = end;
                    return Piece::OutputOpen(start..end);
                }
                _ => at += 1,
            }
        }
        self.at = bytes.len();
        Piece::OutputOpen(start..bytes.len())
    }

    fn tag(&mut self, start: usize, from: usize) -> Piece {
        match self.text[from + 2..].find("%}") {
            Some(end) => {
                let end = from + 2 + end;
                self.at = end + 2;
                Piece::Tag(self.inside(start, end))
            }
            None => {
                self.at = self.text.len();
                Piece::TagOpen(start..self.at)
            }
        }
    }

    fn inside(&self, start: usize, end: usize) -> Inside {
        let mut inner = start + 2..end;
        let trims_before = self.text[inner.clone()].starts_with('-');
        if trims_before {
            inner.start += 1;
        }
        let trims_after = self.text[inner.clone()].ends_with('-');
        if trims_after {
            inner.end -= 1;
        }
        // `{{-}}`: the one dash is both.
        Inside { at: start..end + 2, inner, trims_before, trims_after: trims_after || (trims_before && end == start + 3) }
    }

    /// Jumps behind `{% endNAME %}`: gives the text before it and the tag.
    pub fn skip_to(&mut self, end_tag: &str) -> Option<(At, Inside)> {
        let start = self.at;
        let mut from = start;
        while let Some(open) = self.text[from..].find("{%") {
            let open = from + open;
            let rest = self.text[open + 2..].strip_prefix('-').unwrap_or(&self.text[open + 2..]).trim_start();
            if let Some(after) = rest.strip_prefix(end_tag) {
                let close = after.trim_start();
                let dashed = close.strip_prefix('-').unwrap_or(close);
                if dashed.starts_with("%}") {
                    let end = self.text.len() - dashed.len();
                    self.at = end + 2;
                    return Some((start..open, self.inside(open, end)));
                }
            }
            from = open + 2;
        }
        None
    }
}
