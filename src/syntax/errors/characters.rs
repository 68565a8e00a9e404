//! Characters that have no place in a file: control characters, what nobody sees, and letters that look like others.

use super::Spelling;
use crate::diagnostic::Fix;
use crate::source::Span;
use crate::syntax::findings::{BadCharacter, HiddenCharacter, MixedScripts, Words};
use crate::syntax::tree::Kind;

impl Spelling<'_> {
    pub(super) fn characters(&mut self) {
        if self.text.is_ascii() && !self.text.bytes().any(|byte| byte < 0x20 && byte != b'\n' && byte != b'\t' || byte == 0x7F) {
            return;
        }
        let bytes = self.text.as_bytes();
        for (at, character) in self.text.char_indices() {
            if self.on_bad_line(at) {
                // One of them on a line is enough: who sees it sees the others.
                continue;
            }
            let lone_return = character == '\r' && bytes.get(at + 1) != Some(&b'\n');
            if lone_return || character.is_control() && !matches!(character, '\n' | '\r' | '\t') {
                self.control(at, character);
            } else if turns_around(character) {
                self.hidden(at, character, "turns the order of the letters around, so that the text reads differently from what it is");
            }
        }
        self.outside_of_texts();
    }

    /// Names and punctuation have no use for blanks and marks that cannot be seen; texts and comments may hold them.
    fn outside_of_texts(&mut self) {
        let tree = self.tree;
        for id in tree.tokens() {
            let kind = tree.kind(id);
            if matches!(
                kind,
                Kind::Text
                    | Kind::LongText
                    | Kind::OpenText
                    | Kind::OpenLongText
                    | Kind::ForeignText
                    | Kind::Comment
                    | Kind::Doc
                    | Kind::Bom
            ) {
                continue;
            }
            let written = self.written(id);
            if written.is_ascii() {
                continue;
            }
            let start = tree.span(id).start as usize;
            let hidden = written.char_indices().find(|(_, character)| invisible(*character));
            if let Some((at, character)) = hidden.filter(|(at, _)| !self.on_bad_line(start + at)) {
                self.hidden(start + at, character, "cannot be seen and is no blank");
            }
            if kind == Kind::Name {
                self.mixed(start, written);
            }
        }
    }

    fn control(&mut self, at: usize, character: char) {
        let span = Span::new(at as u32, at as u32 + character.len_utf8() as u32);
        let (message, fix) = match character {
            '\r' => ("a line ends with a carriage return alone".to_owned(), Fix::replace("end the line as others do", self.at(span), "\n")),
            _ => (
                format!("the control character U+{:04X} is no text", u32::from(character)),
                Fix::replace("take it away", self.at(span), ""),
            ),
        };
        self.found.push(BadCharacter::from(Words {
            message,
            place: self.at(span),
            label: "here".to_owned(),
            help: "take it away; most editors show such characters when asked to".to_owned(),
            fixes: vec![fix],
        }));
        self.forget_line(at);
    }

    fn hidden(&mut self, at: usize, character: char, why: &str) {
        let span = Span::new(at as u32, at as u32 + character.len_utf8() as u32);
        let blank = matches!(character, '\u{A0}' | '\u{1680}' | '\u{2000}'..='\u{200A}' | '\u{202F}' | '\u{205F}' | '\u{3000}');
        let (title, instead) = if blank { ("make it a plain blank", " ") } else { ("take it away", "") };
        self.found.push(HiddenCharacter::from(Words {
            message: format!("the character U+{:04X} {why}", u32::from(character)),
            place: self.at(span),
            label: "here, though nothing is to be seen".to_owned(),
            help: format!("{title}; if a text really needs it, write `\\u{{{:04X}}}`", u32::from(character)),
            fixes: vec![Fix::replace(title, self.at(span), instead)],
        }));
        self.forget_line(at);
    }

    /// Latin letters beside Cyrillic or Greek ones in one name: two of them look the same.
    fn mixed(&mut self, start: usize, name: &str) {
        let latin = name.chars().any(|letter| script(letter) == Some("Latin"));
        let other = name.char_indices().find(|(_, letter)| matches!(script(*letter), Some("Cyrillic" | "Greek")));
        let (true, Some((at, letter))) = (latin, other) else { return };
        let at = (start + at) as u32;
        let script = script(letter).unwrap_or("");
        self.found.push(MixedScripts::from(Words {
            message: format!("the name `{name}` has letters that look alike: `{letter}` is {script}"),
            place: self.at(Span::new(at, at + letter.len_utf8() as u32)),
            label: format!("{script}, beside Latin letters"),
            help: format!("type `{name}` again with one keyboard, or write it in one script"),
            fixes: Vec::new(),
        }));
    }

    /// What else is wrong on this line follows from the character.
    fn forget_line(&mut self, at: usize) {
        let start = self.text[..at].rfind('\n').map_or(0, |newline| newline + 1);
        let end = self.text[at..].find('\n').map_or(self.text.len(), |newline| at + newline);
        let line = Span::new(start as u32, end as u32);
        let at = self.bad_lines.partition_point(|other| other.start < line.start);
        self.bad_lines.insert(at, line);
    }

    /// Whether the line of an offset has a character that cannot be read.
    pub(super) fn on_bad_line(&self, at: usize) -> bool {
        let behind = self.bad_lines.partition_point(|line| line.start as usize <= at);
        behind > 0 && at <= self.bad_lines[behind - 1].end as usize
    }
}

/// Controls of the direction of writing.
fn turns_around(character: char) -> bool {
    matches!(character, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// Not to be seen, or a blank that is none: outside of texts nobody wants it.
fn invisible(character: char) -> bool {
    matches!(
        character,
        '\u{A0}' | '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}' | '\u{1160}' | '\u{1680}' | '\u{17B4}' | '\u{17B5}' | '\u{180B}'..='\u{180F}' | '\u{2000}'..='\u{200F}'
            | '\u{2028}' | '\u{2029}' | '\u{202F}' | '\u{205F}'..='\u{2065}' | '\u{206A}'..='\u{206F}' | '\u{3000}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}'
            | '\u{FFA0}' | '\u{FFF0}'..='\u{FFF8}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}'
    )
}

fn script(letter: char) -> Option<&'static str> {
    match letter {
        'a'..='z' | 'A'..='Z' | '\u{C0}'..='\u{24F}' => Some("Latin"),
        '\u{370}'..='\u{3FF}' => Some("Greek"),
        '\u{400}'..='\u{52F}' => Some("Cyrillic"),
        _ => None,
    }
}
