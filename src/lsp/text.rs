//! Positions as editors count them, and offsets as we do.
//!
//! In: a text, and a line with a column in UTF-16 code units or bytes. Out: byte offsets on character boundaries, and back. **Invariant:**
//! the way from an offset to a position and back gives the offset, whatever the script; a position that is not in the text is the nearest
//! one before it. Lines end at `\n`, `\r\n` or `\r`, as the protocol has it. Knows no language.

use crate::source::Span;
use lsp_types::{Position, PositionEncodingKind, Range};
use std::sync::Arc;

/// What a column counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Encoding {
    Utf8,
    #[default]
    Utf16,
}

impl Encoding {
    pub fn kind(self) -> PositionEncodingKind {
        match self {
            Encoding::Utf8 => PositionEncodingKind::UTF8,
            Encoding::Utf16 => PositionEncodingKind::UTF16,
        }
    }

    pub fn width(self, text: &str) -> u32 {
        match self {
            Encoding::Utf8 => text.len() as u32,
            Encoding::Utf16 => text.encode_utf16().count() as u32,
        }
    }
}

/// A text with its lines.
#[derive(Debug, Clone)]
pub struct Lines {
    text: Arc<str>,
    /// Where each line starts.
    starts: Arc<[u32]>,
}

impl Lines {
    pub fn new(text: impl Into<Arc<str>>) -> Lines {
        let text: Arc<str> = text.into();
        let bytes = text.as_bytes();
        let mut starts = vec![0];
        for (at, byte) in bytes.iter().enumerate() {
            let ends = *byte == b'\n' || *byte == b'\r' && bytes.get(at + 1) != Some(&b'\n');
            if ends {
                starts.push(at as u32 + 1);
            }
        }
        Lines { text, starts: starts.into() }
    }

    pub fn text(&self) -> &Arc<str> {
        &self.text
    }

    fn line(&self, line: usize) -> &str {
        let Some(start) = self.starts.get(line) else { return "" };
        let end = self.starts.get(line + 1).map_or(self.text.len(), |next| *next as usize);
        self.text.get(*start as usize..end).unwrap_or("").trim_end_matches(['\n', '\r'])
    }

    pub fn count(&self) -> usize {
        self.starts.len()
    }

    /// The number of the line that holds an offset.
    pub fn line_of(&self, offset: u32) -> usize {
        self.starts.partition_point(|start| *start <= offset).saturating_sub(1)
    }

    /// Where a line starts; the end of the text behind the last one.
    pub fn start(&self, line: usize) -> u32 {
        self.starts.get(line).copied().unwrap_or(self.text.len() as u32)
    }

    /// The offset of a position; the nearest one before it where it is not in the text.
    pub fn offset(&self, position: Position, encoding: Encoding) -> u32 {
        let line = position.line as usize;
        if line >= self.starts.len() {
            return self.text.len() as u32;
        }
        let (start, content) = (self.starts[line], self.line(line));
        let mut left = position.character;
        for (at, c) in content.char_indices() {
            let width = match encoding {
                Encoding::Utf8 => c.len_utf8() as u32,
                Encoding::Utf16 => c.len_utf16() as u32,
            };
            if left < width {
                return start + at as u32;
            }
            left -= width;
        }
        start + content.len() as u32
    }

    /// The position of an offset; of the character that it lies in.
    pub fn position(&self, offset: u32, encoding: Encoding) -> Position {
        let mut at = (offset as usize).min(self.text.len());
        while !self.text.is_char_boundary(at) {
            at -= 1;
        }
        let line = self.line_of(at as u32);
        let before = self.text.get(self.starts[line] as usize..at).unwrap_or("");
        Position::new(line as u32, encoding.width(before))
    }

    pub fn range(&self, span: Span, encoding: Encoding) -> Range {
        Range::new(self.position(span.start, encoding), self.position(span.end, encoding))
    }

    /// A span; its ends in order.
    pub fn span(&self, range: Range, encoding: Encoding) -> Span {
        let (a, b) = (self.offset(range.start, encoding), self.offset(range.end, encoding));
        Span::new(a.min(b), a.max(b))
    }
}

/// How offsets of an older text lie in a newer one: what both begin and end with is common, the rest has changed.
#[derive(Debug, Clone, Copy)]
pub struct Shift {
    prefix: u32,
    old_suffix: u32,
    new_suffix: u32,
}

impl Shift {
    pub fn between(old: &str, new: &str) -> Shift {
        if std::ptr::eq(old, new) || old == new {
            let end = old.len() as u32;
            return Shift { prefix: end, old_suffix: end, new_suffix: end };
        }
        let mut prefix = old.bytes().zip(new.bytes()).take_while(|(a, b)| a == b).count();
        while !old.is_char_boundary(prefix) || !new.is_char_boundary(prefix) {
            prefix -= 1;
        }
        let most = old.len().min(new.len()) - prefix;
        let mut suffix = old.bytes().rev().zip(new.bytes().rev()).take(most).take_while(|(a, b)| a == b).count();
        while !old.is_char_boundary(old.len() - suffix) || !new.is_char_boundary(new.len() - suffix) {
            suffix -= 1;
        }
        Shift { prefix: prefix as u32, old_suffix: (old.len() - suffix) as u32, new_suffix: (new.len() - suffix) as u32 }
    }

    /// Nothing has changed.
    pub fn is_none(&self) -> bool {
        self.old_suffix == self.new_suffix && self.prefix >= self.old_suffix
    }

    /// What has changed, in the old text and in the new one.
    pub fn changed(&self) -> (Span, Span) {
        (Span::new(self.prefix, self.old_suffix.max(self.prefix)), Span::new(self.prefix, self.new_suffix.max(self.prefix)))
    }

    /// `None` inside of what has changed.
    pub fn to_old(&self, offset: u32) -> Option<u32> {
        if offset <= self.prefix {
            Some(offset)
        } else if offset >= self.new_suffix {
            Some(offset - self.new_suffix + self.old_suffix)
        } else {
            None
        }
    }

    /// `None` inside of what has changed.
    pub fn to_new(&self, offset: u32) -> Option<u32> {
        if offset <= self.prefix {
            Some(offset)
        } else if offset >= self.old_suffix {
            Some(offset - self.old_suffix + self.new_suffix)
        } else {
            None
        }
    }

    pub fn span_to_new(&self, span: Span) -> Option<Span> {
        let (start, end) = (self.to_new(span.start)?, self.to_new(span.end)?);
        (start <= end && (span.end <= self.prefix || span.start >= self.old_suffix || span.end >= self.old_suffix))
            .then(|| Span::new(start, end))
    }

    /// The same place in the old text, or the edge of what has changed.
    pub fn near_old(&self, offset: u32, end: bool) -> u32 {
        self.to_old(offset).unwrap_or(if end { self.old_suffix } else { self.prefix })
    }
}
