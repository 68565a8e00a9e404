//! The reader's language.
//!
//! In: an English text of ours, as it was rendered. Out: the same in another language, where there is one. English is the language of the
//! sources; a catalogue says each of their texts again ([`catalog`]). **Invariant:** what users wrote (in backticks or quotes) is never
//! translated, and a text that the catalogue does not know stays English as a whole. Reads no environment: the caller says the locale.

pub mod catalog;
pub mod report;
#[cfg(feature = "cli")]
pub mod wrap;

/// A language that texts are shown in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Locale {
    #[default]
    English,
    Thai,
}

impl Locale {
    /// Every one, by the name that `--locale` takes.
    pub const NAMES: [&'static str; 2] = ["en", "th"];

    /// The language of a tag such as `th`, `th-TH` or `th_TH.UTF-8`; `None` where there are no texts for it.
    pub fn of_tag(tag: &str) -> Option<Locale> {
        let language = tag.split(['-', '_', '.', '@']).next().unwrap_or_default();
        if language.eq_ignore_ascii_case("th") {
            Some(Locale::Thai)
        } else if language.eq_ignore_ascii_case("en") || ["C", "POSIX"].contains(&language) {
            Some(Locale::English)
        } else {
            None
        }
    }

    /// The language of the first setting that says anything, as the environment's settings stand one above the other.
    pub fn of_settings(settings: impl IntoIterator<Item = Option<String>>) -> Locale {
        let first = settings.into_iter().flatten().find(|setting| !setting.is_empty());
        first.and_then(|setting| Locale::of_tag(&setting)).unwrap_or_default()
    }

    /// `en`, `th`
    pub fn name(self) -> &'static str {
        match self {
            Locale::English => "en",
            Locale::Thai => "th",
        }
    }

    /// A text of ours in this language; as it is where the catalogue does not know it.
    pub fn text(self, english: &str) -> String {
        match self {
            Locale::English => english.to_owned(),
            Locale::Thai => catalog::thai().text(english),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_setting_that_says_anything_decides() {
        let of = |settings: &[&str]| Locale::of_settings(settings.iter().map(|one| Some((*one).to_owned())));
        assert_eq!(of(&["", "th_TH.UTF-8", "en_US.UTF-8"]), Locale::Thai);
        assert_eq!(of(&["en", "th"]), Locale::English);
        assert_eq!(of(&["C.UTF-8", "th"]), Locale::English);
        assert_eq!(of(&["de_DE", "th"]), Locale::English);
        assert_eq!(Locale::of_tag("th-TH-u-ca-buddhist"), Some(Locale::Thai));
        assert_eq!(Locale::of_tag("thx"), None);
        assert_eq!(Locale::of_settings([None]), Locale::English);
    }
}
