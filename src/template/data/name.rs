//! Names of fields, so that two are compared at once.
//!
//! In: a text. Out: a [`Name`]. **Invariant:** two names are equal exactly if their texts are.

use std::sync::Arc;

/// Bytes that stand in the key; the last one is the length.
const IN_KEY: usize = 15;

/// A name, and its beginning as a number: a path in a template is followed by comparing two numbers, whereas a comparison of texts is a
/// call for every field on the way.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(from = "Arc<str>", into = "Arc<str>")]
pub struct Name {
    key: u128,
    text: Arc<str>,
}

impl Name {
    pub fn new(text: impl Into<Arc<str>>) -> Name {
        let text = text.into();
        Name { key: key_of(&text), text }
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub fn to_shared(&self) -> Arc<str> {
        Arc::clone(&self.text)
    }

    pub(super) fn is(&self, other: &Name) -> bool {
        self.key == other.key && (self.text.len() <= IN_KEY || self.text == other.text)
    }

    pub(super) fn is_text(&self, key: u128, text: &str) -> bool {
        self.key == key && (text.len() <= IN_KEY || *self.text == *text)
    }
}

/// The first bytes of a text and, as far as a byte says it, its length.
pub(super) fn key_of(text: &str) -> u128 {
    let mut bytes = [0; IN_KEY + 1];
    let begin = &text.as_bytes()[..text.len().min(IN_KEY)];
    bytes[..begin.len()].copy_from_slice(begin);
    bytes[IN_KEY] = text.len().min(usize::from(u8::MAX)) as u8;
    u128::from_le_bytes(bytes)
}

impl std::ops::Deref for Name {
    type Target = str;

    fn deref(&self) -> &str {
        &self.text
    }
}

impl From<Arc<str>> for Name {
    fn from(text: Arc<str>) -> Name {
        Name::new(text)
    }
}

impl From<Name> for Arc<str> {
    fn from(name: Name) -> Arc<str> {
        name.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_equal_exactly_if_their_texts_are() {
        let long = "a".repeat(300);
        let texts = [
            "",
            "a",
            "\0",
            "a\0",
            "ชื่อ",
            "ชื่อเล่น",
            "fifteen_letters",
            "fifteen_letterz",
            "sixteen_letters_",
            "sixteen_letters-",
            &long,
            &long[1..],
        ];
        for (at, a) in texts.iter().enumerate() {
            for (other, b) in texts.iter().enumerate() {
                assert_eq!(Name::new(*a).is(&Name::new(*b)), at == other, "{a:?} {b:?}");
                assert_eq!(Name::new(*a).is_text(key_of(b), b), at == other, "{a:?} {b:?}");
            }
        }
    }
}
