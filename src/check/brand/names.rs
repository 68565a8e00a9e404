//! Finding words and names however they are spelled.
//!
//! In: a text and what to look for. Out: where it stands in the text. **Invariant:** capitals, blanks and hyphens do not count; a word is
//! found as a whole word, except in scripts that put no blanks between words, as Thai. Knows no rule of the brand.

use std::ops::Range;

/// A text without what does not count, with where each of its bytes comes from.
pub(super) struct Folded<'a> {
    text: &'a str,
    folded: String,
    /// By byte of `folded`: the letter's place in `text`.
    from: Vec<Range<usize>>,
}

fn counts(letter: char) -> bool {
    !(letter.is_whitespace() || matches!(letter, '-' | '‐' | '‑' | '\u{200b}' | '\u{feff}'))
}

/// What to look for.
pub(super) fn key(text: &str) -> String {
    text.chars().filter(|letter| counts(*letter)).flat_map(char::to_lowercase).collect()
}

/// A letter of a script that puts blanks between words.
fn is_spaced(letter: char) -> bool {
    letter.is_alphanumeric()
        && !matches!(letter as u32, 0xe01..=0xe4e | 0xe80..=0xeff | 0x1000..=0x109f | 0x1780..=0x17ff | 0x3040..=0x30ff | 0x3400..=0x9fff)
}

impl<'a> Folded<'a> {
    pub(super) fn of(text: &'a str) -> Folded<'a> {
        let (mut folded, mut from) = (String::with_capacity(text.len()), Vec::with_capacity(text.len()));
        for (at, letter) in text.char_indices().filter(|(_, letter)| counts(*letter)) {
            for small in letter.to_lowercase() {
                folded.push(small);
                from.resize(folded.len(), at..at + letter.len_utf8());
            }
        }
        Folded { text, folded, from }
    }

    /// Every place where it stands.
    pub(super) fn all(&self, key: &str) -> Vec<Range<usize>> {
        self.folded
            .match_indices(key)
            .filter_map(|(at, _)| {
                let (first, last) = (self.from.get(at)?, self.from.get(at + key.len() - 1)?);
                let range = first.start..last.end;
                self.is_whole(&range).then_some(range)
            })
            .collect()
    }

    fn is_whole(&self, range: &Range<usize>) -> bool {
        let inside = &self.text[range.clone()];
        let before = self.text[..range.start].chars().next_back();
        let mut behind = self.text[range.end..].chars();
        let (next, second) = (behind.next(), behind.next());
        let joined = |one: Option<char>, other: Option<char>| one.is_some_and(is_spaced) && other.is_some_and(is_spaced);
        // `@linepay`, `pay@line.example`, `linepay.example` are addresses.
        let address = before.is_some_and(|letter| matches!(letter, '@' | '#' | '_' | '.'))
            || next.is_some_and(|letter| matches!(letter, '@' | '_'))
            || (next == Some('.') && second.is_some_and(char::is_alphanumeric));
        !joined(before, inside.chars().next()) && !joined(inside.chars().next_back(), next) && !address
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found<'a>(text: &'a str, word: &str) -> Vec<&'a str> {
        Folded::of(text).all(&key(word)).into_iter().map(|at| &text[at]).collect()
    }

    #[test]
    fn words_are_found_however_they_are_spelled_and_only_whole() {
        assert_eq!(found("Cheap! Not cheaper, CHEAP.", "cheap"), ["Cheap", "CHEAP"]);
        assert_eq!(found("line pay, LINE-Pay, LinePay, online pay", "LINE Pay"), ["line pay", "LINE-Pay", "LinePay"]);
        assert_eq!(found("จ่ายด้วยline payได้เลย", "LINE Pay"), ["line pay"]);
        assert_eq!(found("ของถูกสุดๆวันนี้", "ถูกสุดๆ"), ["ถูกสุดๆ"]);
        assert_eq!(found("@linepay pay@linepay.example linepay.example", "LINE Pay"), [""; 0]);
        assert_eq!(found("İstanbul cheap", "cheap"), ["cheap"]);
    }
}
