//! Names of people, as texts show them.
//!
//! In: what a customer said that she is called. Out: the same without addresses, and short. **Invariant:** a name can carry no link: who signs
//! up under the name of an advertisement sends nobody anything by our mails. What is left is still what she wrote, letter by letter.

use std::borrow::Cow;

/// Most characters of a name that a text shows.
pub const NAME_MAX: usize = 64;

/// Ends of addresses that mail programs make into links without a scheme.
const TOP: [&str; 24] = [
    "app", "biz", "br", "cc", "click", "cn", "co", "com", "dev", "de", "edu", "gov", "info", "io", "link", "me", "net", "online", "org",
    "ru", "shop", "site", "top", "xyz",
];

/// Whether a field of the customer holds a name, by what it is called: `name`, `first_name`, `firstName`, `ชื่อ`.
pub fn is_name(field: &str) -> bool {
    let end = field.len().checked_sub(4).and_then(|at| field.get(at..));
    end.is_some_and(|end| end.eq_ignore_ascii_case("name")) || field.starts_with("ชื่อ") || field == "นามสกุล"
}

/// A name without addresses, of at most [`NAME_MAX`] characters.
pub fn name(text: &str) -> Cow<'_, str> {
    // Nearly every name: short, and without a sign that an address has.
    if text.len() <= NAME_MAX && !text.bytes().any(|byte| matches!(byte, b'.' | b':' | b'/' | b'@')) {
        return Cow::Borrowed(text);
    }
    let kept: Vec<&str> = text.split_whitespace().filter(|word| !is_address(word)).collect();
    Cow::Owned(kept.join(" ").chars().take(NAME_MAX).collect())
}

fn is_address(word: &str) -> bool {
    let lower = word.to_lowercase();
    let word = lower.trim_matches(|c: char| !c.is_alphanumeric());
    if word.contains("://") || word.starts_with("www.") || word.contains('@') {
        return true;
    }
    let host = word.split(['/', '?', '#', ':']).next().unwrap_or_default();
    let Some((before, top)) = host.rsplit_once('.') else { return false };
    // A path behind it makes an address of any host.
    !before.is_empty() && (TOP.contains(&top) || (host.len() < word.len() && top.len() > 1 && top.chars().all(char::is_alphabetic)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keep_their_letters_and_lose_addresses() {
        for (said, shown) in [
            ("Nok", "Nok"),
            ("คุณ สมชาย ใจดี", "คุณ สมชาย ใจดี"),
            ("J.R.R. Tolkien", "J.R.R. Tolkien"),
            ("Dr.Smith", "Dr.Smith"),
            ("mary.jane", "mary.jane"),
            ("Win now http://evil.tld", "Win now"),
            ("Win now HTTPS://evil.tld/x?y=1!", "Win now"),
            ("go to www.evil.example now", "go to now"),
            ("(evil.com)", ""),
            ("evil.tld/win", ""),
            ("mail a@evil.tld", "mail"),
            ("Jean-Luc O'Neil: jr.", "Jean-Luc O'Neil: jr."),
        ] {
            assert_eq!(name(said), shown, "{said}");
        }
        assert_eq!(name(&"ก".repeat(65)).chars().count(), NAME_MAX);
        assert_eq!(name(&"ก".repeat(64)), "ก".repeat(64));
        assert_eq!(
            (is_name("first_name"), is_name("Name"), is_name("ชื่อเล่น"), is_name("names"), is_name("nam")),
            (true, true, true, false, false)
        );
    }
}
