//! A catalogue: English templates, and each again in another language.
//!
//! In: files of lines `"english" = "other"` (TOML), where both sides are templates as the sources write them: `{name}` is a place that is
//! filled in, `{{` a brace. Out: a rendered English text, in the other language. A text is matched with the templates as a whole; of
//! several that fit, the one counts that leaves the least English, and then the one with the most letters of its own. What was filled in is translated in turn where it is a text of
//! ours (`a number`), and stays as it is inside backticks and quotes. **Invariant:** matching ends after [`STEPS_MAX`] steps, whatever
//! the text is. Knows no codes and no places.

mod pattern;

pub use pattern::Pattern;

use std::collections::BTreeMap;
use std::sync::OnceLock;

/// Most steps that are taken to match one template with one text; beyond them it does not fit.
pub const STEPS_MAX: usize = 20_000;

/// Texts inside texts inside texts: our own have three levels.
const DEPTH_MAX: usize = 6;

/// A text and the same in the other language, as written in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub english: String,
    pub other: String,
}

/// All texts in one language.
pub struct Catalog {
    entries: Vec<(Pattern, Pattern)>,
    /// Texts without places, which most are.
    exact: BTreeMap<String, String>,
    or: &'static str,
    and: &'static str,
}

/// The Thai texts.
pub fn thai() -> &'static Catalog {
    static THAI: OnceLock<Catalog> = OnceLock::new();
    THAI.get_or_init(|| Catalog::new(THAI_FILES.iter().flat_map(|(_, text)| entries(text)), "หรือ", "และ"))
}

/// The files of the Thai texts: name and content.
pub static THAI_FILES: &[(&str, &str)] = &[
    ("check.toml", include_str!("th/check.toml")),
    ("content.toml", include_str!("th/content.toml")),
    ("flow.toml", include_str!("th/flow.toml")),
    ("scenario.toml", include_str!("th/scenario.toml")),
    ("syntax.toml", include_str!("th/syntax.toml")),
    ("project.toml", include_str!("th/project.toml")),
    ("words.toml", include_str!("th/words.toml")),
    ("reports.toml", include_str!("th/reports.toml")),
];

/// The lines of a file; a line that is none is left out (a test reads the same files as TOML and compares).
pub fn entries(text: &str) -> Vec<Entry> {
    text.lines()
        .filter_map(|line| {
            let (english, rest) = quoted(line)?;
            let (other, _) = quoted(rest.trim_start().strip_prefix('=')?.trim_start())?;
            Some(Entry { english, other })
        })
        .collect()
}

/// A basic string of TOML at the beginning, and what follows it.
fn quoted(text: &str) -> Option<(String, &str)> {
    let inner = text.strip_prefix('"')?;
    let mut out = String::new();
    let mut letters = inner.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Some((out, &inner[at + 1..])),
            '\\' => out.push(match letters.next()?.1 {
                'n' => '\n',
                't' => '\t',
                other => other,
            }),
            other => out.push(other),
        }
    }
    None
}

impl Catalog {
    pub fn new(entries: impl IntoIterator<Item = Entry>, or: &'static str, and: &'static str) -> Catalog {
        let mut catalog = Catalog { entries: Vec::new(), exact: BTreeMap::new(), or, and };
        for entry in entries {
            let (english, other) = (Pattern::new(&entry.english), Pattern::new(&entry.other));
            match english.whole() {
                Some(text) => {
                    catalog.exact.insert(text, other.fill(&mut |_| String::new()));
                }
                None => catalog.entries.push((english, other)),
            }
        }
        catalog
    }

    /// The text in the other language, or as it is.
    pub fn text(&self, english: &str) -> String {
        self.known(english).unwrap_or_else(|| english.to_owned())
    }

    /// The text in the other language.
    pub fn known(&self, english: &str) -> Option<String> {
        self.find(english, 0).map(|found| found.text)
    }

    fn find(&self, english: &str, depth: usize) -> Option<Found> {
        if depth > DEPTH_MAX || english.is_empty() {
            return None;
        }
        if let Some(other) = self.exact.get(english) {
            return Some(Found { text: other.clone(), left: 0 });
        }
        let mut best: Option<(Found, usize)> = None;
        for (pattern, other) in &self.entries {
            let Some(filled) = pattern.matches(english) else { continue };
            let mut left = 0;
            let text = other.fill(&mut |name| self.filled(pattern, name, &filled, depth, &mut left));
            let own = pattern.own_letters();
            if best.as_ref().is_none_or(|(before, letters)| (left, *letters) < (before.left, own)) {
                best = Some((Found { text, left }, own));
            }
        }
        best.map(|(found, _)| found).or_else(|| self.trimmed(english, depth)).or_else(|| self.parts(english, depth))
    }

    /// What stands in one place of a template. Counts the English words that are left in it.
    fn filled(&self, pattern: &Pattern, name: &str, filled: &[&str], depth: usize, left: &mut usize) -> String {
        let Some((slot, text)) = pattern.slots().zip(filled).find(|(slot, _)| slot.name == name) else { return String::new() };
        if slot.quoted || is_users(text) {
            return (*text).to_owned();
        }
        let found = self.find(text, depth + 1).unwrap_or_else(|| Found::english(text));
        *left += found.left;
        found.text
    }

    /// A text with blanks around it.
    fn trimmed(&self, english: &str, depth: usize) -> Option<Found> {
        let inner = english.trim();
        if inner.len() == english.len() {
            return None;
        }
        let start = english.len() - english.trim_start().len();
        let Found { text, left } = self.find(inner, depth + 1)?;
        Some(Found { text: format!("{}{text}{}", &english[..start], &english[start + inner.len()..]), left })
    }

    /// Several texts in a row: `a number, a text or a date`, `this is so; do that`. Each must be known, or be a user's.
    fn parts(&self, english: &str, depth: usize) -> Option<Found> {
        let chain = |word: &'static str| (word, self.exact.get(word).cloned().unwrap_or_else(|| word.to_owned()));
        let (or, and) = (format!(" {} ", self.or), format!(" {} ", self.and));
        let one = |text: &str| if is_users(text) { Some(Found { text: text.to_owned(), left: 0 }) } else { self.find(text, depth + 1) };
        for (divider, between) in
            [chain(" needs "), chain(" asks "), ("; ", " ".to_owned()), (" or ", or), (" and ", and), (", ", ", ".to_owned())]
        {
            let Some((before, behind)) = divided(english, divider) else { continue };
            if let (Some(before), Some(behind)) = (one(before), one(behind)) {
                return Some(Found { text: format!("{}{between}{}", before.text, behind.text), left: before.left + behind.left });
            }
        }
        None
    }
}

/// A text in the other language, and how many English words are left in it.
struct Found {
    text: String,
    left: usize,
}

impl Found {
    fn english(text: &str) -> Found {
        Found { text: text.to_owned(), left: text.split_whitespace().count() }
    }
}

/// The text before and behind the first divider outside of backticks and quotes.
fn divided<'a>(text: &'a str, divider: &str) -> Option<(&'a str, &'a str)> {
    let at = text.match_indices(divider).map(|(at, _)| at).find(|at| {
        let before = &text[..*at];
        before.matches('`').count().is_multiple_of(2) && before.matches('"').count().is_multiple_of(2)
    })?;
    Some((&text[..at], &text[at + divider.len()..]))
}

/// Nothing but what a user wrote: in backticks or quotes, a figure.
fn is_users(text: &str) -> bool {
    let wrapped = |mark: char| text.len() > 1 && text.starts_with(mark) && text.ends_with(mark) && text.matches(mark).count() == 2;
    wrapped('`') || wrapped('"') || !text.contains(|letter: char| letter.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn catalog() -> Catalog {
        let lines = r#"
"there is no {kind} `{name}`" = "ไม่มี{kind} `{name}`"
"there is no {kind} `{name}` here" = "ที่นี่ไม่มี{kind} `{name}`"
"event" = "เหตุการณ์"
"a number" = "ตัวเลข"
"a text" = "ตัวหนังสือ"
"this is {is}" = "นี่คือ{is}"
"write `if {{ {body} }}`" = "เขียน `if {{ {body} }}`"
"{} of {}" = "{1} มี {0}"
"#;
        Catalog::new(entries(lines), "หรือ", "และ")
    }

    #[test]
    fn words_of_ours_are_translated_and_words_of_users_are_not() {
        let catalog = catalog();
        assert_eq!(catalog.text("there is no event `event`"), "ไม่มีเหตุการณ์ `event`");
        assert_eq!(catalog.text("this is a number, a text or `a number`"), "นี่คือตัวเลข, ตัวหนังสือ หรือ `a number`");
        assert_eq!(catalog.text("write `if { a number }`"), "เขียน `if { a number }`");
        assert_eq!(catalog.text("a number of 3"), "3 มี ตัวเลข");
        assert_eq!(catalog.text("nobody said this"), "nobody said this");
    }

    #[test]
    fn the_template_with_most_of_its_own_letters_counts() {
        assert_eq!(catalog().text("there is no event `a` here"), "ที่นี่ไม่มีเหตุการณ์ `a`");
    }

    #[test]
    fn a_text_of_a_million_letters_is_given_up_on() {
        let long = "a of ".repeat(200_000);
        let started = catalog().text(&long);
        assert!(started.len() >= long.len());
    }
}
