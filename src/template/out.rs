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

    /// A whole number, without a text on the way where no place in HTML must be judged.
    fn whole(&mut self, whole: i64) {
        if self.medium == Medium::Html {
            let mut digits = String::with_capacity(INTEGER_BYTES_MAX);
            push_whole(whole, &mut digits);
            self.html.value(&digits, false, &mut self.text);
        } else {
            push_whole(whole, &mut self.text);
        }
    }

    /// A text that is a value; `is_html`: it is escaped already.
    pub fn shown(&mut self, text: &str, is_html: bool) -> Result<(), Spent> {
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

fn push_whole(whole: i64, out: &mut String) {
    if whole < 0 {
        out.push('-');
    }
    push_digits(whole.unsigned_abs(), out);
}

/// Three digits after three: deeper than seven times goes no number.
fn push_digits(whole: u64, out: &mut String) {
    let is_first = whole < 1000;
    if !is_first {
        push_digits(whole / 1000, out);
    }
    let last = (whole % 1000) as u16;
    for (unit, digit) in [(100, last / 100), (10, last / 10 % 10), (1, last % 10)] {
        if !is_first || last >= unit || unit == 1 {
            out.push(char::from(b'0' + digit as u8));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_are_written_as_rust_writes_them() {
        for whole in [0, 7, 10, 99, 100, 999, 1000, 1001, 1_000_000, 120_034, -1, -1000, i64::MAX, i64::MIN] {
            let mut text = String::new();
            push_whole(whole, &mut text);
            assert_eq!(text, whole.to_string());
        }
    }
}
