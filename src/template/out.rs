//! Where a rendering writes to.
//!
//! In: the author's texts and values. Out: one text. **Invariant:** what comes out is charged before it is written; values are escaped for
//! the place where they land; in a header nothing begins another line.

use super::budget::Spent;
use super::data::Value;
use super::escape::{self, Html, Medium};

/// Digits of the longest whole number, and its sign.
const INTEGER_BYTES_MAX: usize = 20;

#[derive(Debug)]
pub struct Out {
    pub text: String,
    medium: Medium,
    html: Html,
    bytes_max: usize,
}

impl Out {
    pub fn new(medium: Medium, bytes_max: usize) -> Out {
        Out::with_room(medium, bytes_max, 0)
    }

    /// With room for so many bytes, of which many more may come.
    pub fn with_room(medium: Medium, bytes_max: usize, room: usize) -> Out {
        Out { text: String::with_capacity(room.min(bytes_max)), medium, html: Html::default(), bytes_max }
    }

    pub fn medium(&self) -> Medium {
        self.medium
    }

    /// The text of a capture: of the same medium, but a header's is made into a line only where it is shown.
    pub fn inner(&self, bytes_max: usize) -> Out {
        Out::new(if self.medium == Medium::Line { Medium::Plain } else { self.medium }, bytes_max)
    }

    fn charge(&self, bytes: usize) -> Result<(), Spent> {
        if self.text.len().saturating_add(bytes) > self.bytes_max { Err(Spent::OutputBytes(self.bytes_max)) } else { Ok(()) }
    }

    /// What the author wrote.
    pub fn literal(&mut self, text: &str) -> Result<(), Spent> {
        self.charge(text.len())?;
        match self.medium {
            Medium::Plain => self.text.push_str(text),
            Medium::Line => escape::push_line(text, &mut self.text),
            Medium::Html => {
                self.html.literal(text);
                self.text.push_str(text);
            }
        }
        Ok(())
    }

    /// A value.
    pub fn value(&mut self, value: &Value) -> Result<(), Spent> {
        match value {
            Value::Text(text) => self.shown(text, false),
            Value::Html(text) => self.shown(text, true),
            Value::Nil => Ok(()),
            Value::Integer(whole) => {
                self.charge(INTEGER_BYTES_MAX)?;
                self.whole(*whole);
                Ok(())
            }
            other => {
                self.charge(other.text_bytes().min(self.bytes_max))?;
                self.shown(&other.to_text(), false)
            }
        }
    }

    /// A whole number, without a text on the way.
    fn whole(&mut self, whole: i64) {
        let mut digits = [0u8; INTEGER_BYTES_MAX];
        let mut at = digits.len();
        let mut rest = whole.unsigned_abs();
        loop {
            at -= 1;
            digits[at] = b'0' + (rest % 10) as u8;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        if whole < 0 {
            at -= 1;
            digits[at] = b'-';
        }
        let text = std::str::from_utf8(&digits[at..]).unwrap_or_default();
        if self.medium == Medium::Html {
            self.html.value(text, false, &mut self.text);
        } else {
            self.text.push_str(text);
        }
    }

    fn shown(&mut self, text: &str, is_html: bool) -> Result<(), Spent> {
        match self.medium {
            Medium::Plain => {
                self.charge(text.len())?;
                self.text.push_str(text);
            }
            Medium::Line => {
                self.charge(text.len())?;
                escape::push_line(text, &mut self.text);
            }
            Medium::Html => {
                self.charge(escape::html_bytes(text))?;
                self.html.value(text, is_html, &mut self.text);
                // An address may have grown threefold beyond what was charged.
                self.charge(0)?;
            }
        }
        Ok(())
    }
}
