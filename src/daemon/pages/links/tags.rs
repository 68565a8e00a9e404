//! The tags of an HTML text, with the places of their attributes, so that a value can be replaced and every other byte stays.
//!
//! In: HTML, however broken. Out: [`Tag`]s in their order. **Invariant:** places are found as the HTML standard's tokenizer finds them; what stands
//! in comments, in scripts, styles and titles is no tag. Knows no link.

use std::ops::Range;

/// Elements whose content is text up to their own end tag.
const RAW: [&str; 8] = ["script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes"];

#[derive(Debug, PartialEq)]
pub struct Tag<'a> {
    /// As it is written: `A`.
    pub name: &'a str,
    /// `</a>`
    pub closes: bool,
    /// From `<` to behind `>`.
    pub place: Range<usize>,
    pub attributes: Vec<Attribute<'a>>,
}

#[derive(Debug, PartialEq)]
pub struct Attribute<'a> {
    pub name: &'a str,
    /// Of the value, without quotes; empty where there is none.
    pub value: Range<usize>,
}

impl Tag<'_> {
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    /// The first attribute of a name is the one that counts.
    pub fn value(&self, name: &str) -> Option<Range<usize>> {
        self.attributes.iter().find(|attribute| attribute.name.eq_ignore_ascii_case(name)).map(|attribute| attribute.value.clone())
    }
}

/// All tags of a text.
pub fn tags(html: &str) -> Tags<'_> {
    Tags { html, at: 0 }
}

#[derive(Debug)]
pub struct Tags<'a> {
    html: &'a str,
    at: usize,
}

impl<'a> Iterator for Tags<'a> {
    type Item = Tag<'a>;

    fn next(&mut self) -> Option<Tag<'a>> {
        loop {
            let from = self.at + find(&self.html[self.at..], "<")?;
            let rest = &self.html.as_bytes()[from + 1..];
            match rest {
                [b'!', b'-', b'-', ..] => self.at = comment(self.html, from + 4),
                [b'!' | b'?', ..] => self.at = behind(self.html, from, ">"),
                [b'/', letter, ..] if letter.is_ascii_alphabetic() => return self.tag(from, from + 2, true),
                // `</>` is nothing, other things behind `</` are comments: both end at the next `>`.
                [b'/', ..] => self.at = behind(self.html, from, ">"),
                [letter, ..] if letter.is_ascii_alphabetic() => {
                    let tag = self.tag(from, from + 1, false)?;
                    if let Some(name) = RAW.iter().find(|name| tag.is(name)) {
                        self.at = raw_end(self.html, self.at, name);
                    } else if tag.is("plaintext") {
                        self.at = self.html.len();
                    }
                    return Some(tag);
                }
                _ => self.at = from + 1,
            }
        }
    }
}

impl<'a> Tags<'a> {
    /// Reads a tag whose name begins at `name`. `None` where the text ends inside it: then it is none.
    fn tag(&mut self, from: usize, name: usize, closes: bool) -> Option<Tag<'a>> {
        let bytes = self.html.as_bytes();
        let until = |from: usize, stops: fn(u8) -> bool| (from..bytes.len()).find(|&at| stops(bytes[at])).unwrap_or(bytes.len());
        let mut at = until(name, |byte| space(byte) || byte == b'/' || byte == b'>');
        let mut tag = Tag { name: &self.html[name..at], closes, place: from..from, attributes: Vec::new() };
        loop {
            at = until(at, |byte| !space(byte) && byte != b'/');
            let Some(&first) = bytes.get(at) else {
                self.at = bytes.len();
                return None;
            };
            if first == b'>' {
                self.at = at + 1;
                tag.place = from..self.at;
                return Some(tag);
            }
            // A `=` where a name should begin is the begin of a name.
            let end = until(at + 1, |byte| space(byte) || matches!(byte, b'/' | b'>' | b'='));
            let name = &self.html[at..end];
            let equals = until(end, |byte| !space(byte));
            let mut value = end..end;
            at = end;
            if bytes.get(equals) == Some(&b'=') {
                at = until(equals + 1, |byte| !space(byte));
                match bytes.get(at) {
                    Some(quote @ (b'"' | b'\'')) => {
                        let quote = *quote;
                        let close = (at + 1..bytes.len()).find(|&at| bytes[at] == quote).unwrap_or(bytes.len());
                        value = at + 1..close;
                        at = (close + 1).min(bytes.len());
                    }
                    Some(b'>') | None => value = at..at,
                    Some(_) => {
                        let close = until(at, |byte| space(byte) || byte == b'>');
                        value = at..close;
                        at = close;
                    }
                }
            }
            tag.attributes.push(Attribute { name, value });
        }
    }
}

fn space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0c)
}

fn find(text: &str, what: &str) -> Option<usize> {
    text.find(what)
}

/// Behind the next `what`, or the end.
fn behind(html: &str, from: usize, what: &str) -> usize {
    find(&html[from..], what).map_or(html.len(), |at| from + at + what.len())
}

/// Behind a comment whose content begins at `from`.
fn comment(html: &str, from: usize) -> usize {
    let rest = &html[from..];
    if rest.starts_with('>') {
        return from + 1;
    }
    if rest.starts_with("->") {
        return from + 2;
    }
    let ends = ["-->", "--!>"].iter().filter_map(|end| rest.find(end).map(|at| at + end.len()));
    ends.min().map_or(html.len(), |at| from + at)
}

/// Where the end tag of a raw element begins, or the end.
fn raw_end(html: &str, from: usize, name: &str) -> usize {
    let bytes = html.as_bytes();
    let mut at = from;
    while let Some(found) = find(&html[at..], "</") {
        let begin = at + found;
        let end = begin + 2 + name.len();
        let named = bytes.get(begin + 2..end).is_some_and(|written| written.eq_ignore_ascii_case(name.as_bytes()));
        if named && bytes.get(end).is_none_or(|&byte| space(byte) || byte == b'/' || byte == b'>') {
            return begin;
        }
        at = begin + 2;
    }
    html.len()
}
