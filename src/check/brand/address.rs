//! How people are addressed: formally or as a friend, language by language.
//!
//! In: the form that a brand has chosen, and what is written. Out: where another form of the same language stands. **Invariant:** only
//! words that address the reader and nobody else are looked for; where a word is also a part of others, as `คุณ` in `ขอบคุณ`, those are
//! left alone. A language without such forms, as English, has nothing to choose.

use super::names::{Folded, key};
use std::ops::Range;

/// One way to address people in one language.
pub(super) struct Form {
    /// As the brand says it.
    pub(super) word: &'static str,
    /// The language's code and its English name.
    pub(super) language: &'static str,
    pub(super) name: &'static str,
    /// Words of the other forms.
    others: &'static [&'static str],
    /// Words with one of `others` in them that address nobody.
    besides: &'static [&'static str],
    /// Capitals tell the words apart: German `Sie` (you) and `sie` (they).
    by_capitals: bool,
}

const THAI_BESIDES: &[&str] = &[
    "ขอบคุณ",
    "ขอบพระคุณ",
    "พระคุณ",
    "บุญคุณ",
    "คุณภาพ",
    "คุณค่า",
    "คุณสมบัติ",
    "คุณลักษณะ",
    "คุณธรรม",
    "คุณประโยชน์",
    "คุณวุฒิ",
    "คุณูปการ",
    "สรรพคุณ",
    "มีคุณต่อ",
    "คุณแม่",
    "คุณพ่อ",
    "คุณครู",
    "คุณหมอ",
    "พี่น้อง",
    "ท่านอน",
];
const GERMAN_SIE: &[&str] = &["Sie", "Ihnen", "Ihr", "Ihre", "Ihrem", "Ihren", "Ihrer", "Ihres"];
const GERMAN_DU: &[&str] = &[
    "du", "dich", "dir", "dein", "deine", "deinem", "deinen", "deiner", "deines", "Du", "Dich", "Dir", "Dein", "Deine", "Deinem", "Deinen",
    "Deiner", "Deines",
];

const fn form(word: &'static str, language: &'static str, name: &'static str, others: &'static [&'static str]) -> Form {
    Form { word, language, name, others, besides: &[], by_capitals: false }
}

const FORMS: [Form; 17] = [
    Form { besides: THAI_BESIDES, ..form("คุณ", "th", "Thai", &["ท่าน", "เธอ", "พี่"]) },
    Form { besides: THAI_BESIDES, ..form("ท่าน", "th", "Thai", &["คุณ", "เธอ", "พี่"]) },
    Form { besides: THAI_BESIDES, ..form("เธอ", "th", "Thai", &["คุณ", "ท่าน", "พี่"]) },
    Form { besides: THAI_BESIDES, ..form("พี่", "th", "Thai", &["คุณ", "ท่าน", "เธอ"]) },
    Form { by_capitals: true, ..form("Sie", "de", "German", GERMAN_DU) },
    Form { by_capitals: true, ..form("du", "de", "German", GERMAN_SIE) },
    form("vous", "fr", "French", &["tu", "toi", "ton", "tes"]),
    form("tu", "fr", "French", &["vous", "votre", "vos"]),
    form("usted", "es", "Spanish", &["tú", "ti", "contigo", "tu", "tus"]),
    form("tú", "es", "Spanish", &["usted", "ustedes"]),
    form("Lei", "it", "Italian", &["tu", "te", "tuo", "tua", "tuoi", "tue"]),
    form("Anda", "id", "Indonesian", &["kamu", "kalian"]),
    form("kamu", "id", "Indonesian", &["anda"]),
    form("quý khách", "vi", "Vietnamese", &["bạn"]),
    form("bạn", "vi", "Vietnamese", &["quý khách"]),
    form("вы", "ru", "Russian", &["ты", "тебя", "тебе", "твой", "твоя", "твоё", "твои"]),
    form("ты", "ru", "Russian", &["вы", "вас", "вам", "ваш", "ваша", "ваше", "ваши"]),
];

/// The form that is said by this word, which may be written with other capitals.
pub(super) fn find(word: &str) -> Option<&'static Form> {
    FORMS.iter().find(|form| key(form.word) == key(word))
}

/// All of them, for a help.
pub(super) fn known() -> String {
    FORMS.iter().map(|form| format!("`{}`", form.word)).collect::<Vec<_>>().join(", ")
}

impl Form {
    /// Where people are addressed in another way.
    pub(super) fn others_in(&self, text: &str) -> Vec<Range<usize>> {
        let folded = Folded::of(text);
        let besides: Vec<Range<usize>> = self.besides.iter().flat_map(|word| folded.all(&key(word))).collect();
        let mut found: Vec<Range<usize>> = Vec::new();
        for word in self.others {
            for at in folded.all(&key(word)) {
                let is_other = besides.iter().any(|beside| beside.start <= at.start && at.end <= beside.end);
                if !is_other
                    && !is_part_of_a_syllable(text, &at)
                    && (!self.by_capitals || text[at.clone()] == **word)
                    && !found.contains(&at)
                {
                    found.push(at);
                }
            }
        }
        found.sort_by_key(|at| at.start);
        found
    }
}

/// `ท่าน` in `เท่านั้น`: a vowel stands before the letters that it belongs to, and others, and marks, stand behind them.
fn is_part_of_a_syllable(text: &str, at: &Range<usize>) -> bool {
    let leads = text[..at.start].chars().next_back().is_some_and(|letter| matches!(letter as u32, 0xe40..=0xe44));
    let ends = text[at.end..].chars().next().is_some_and(|letter| matches!(letter as u32, 0xe30..=0xe3a | 0xe45 | 0xe47..=0xe4e));
    leads || ends
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn others<'a>(form: &str, text: &'a str) -> Vec<&'a str> {
        find(form).unwrap().others_in(text).into_iter().map(|at| &text[at]).collect()
    }

    #[test]
    fn another_form_is_found_and_words_that_contain_one_are_not() {
        assert_eq!(others("คุณ", "เรียนท่านสมาชิก ขอบคุณคุณลูกค้า"), ["ท่าน"]);
        assert_eq!(others("คุณ", "ห้าวันนี้เท่านั้น เท่านี้ ท่านั่ง ท่านอน พี่น้อง ท่าน"), ["ท่าน"]);
        assert_eq!(others("ท่าน", "ขอบคุณค่ะ คุณภาพดี เพื่อคุณ"), ["คุณ"]);
        assert_eq!(others("Sie", "Hast du es gesehen? Dein Korb wartet, sie auch."), ["du", "Dein"]);
        assert_eq!(others("du", "Sehen Sie, wie sie ihr helfen? Ihr Korb"), ["Sie", "Ihr"]);
        assert_eq!(others("vous", "Votre ton, tu sais, une tuile"), ["ton", "tu"]);
        assert_eq!(others("quý khách", "Chào Bạn, quý khách"), ["Bạn"]);
        assert!(find("thou").is_none());
    }
}
