//! Keys that do not belong into a file that is shared.
//!
//! In: source texts. Out: findings. **Invariant:** one pass over the text; looks for what providers mark as secret, never guesses.

use super::problem::problems;
use crate::diagnostic::{Code, Diagnostics};
use crate::source::{Sources, Span};

problems! {
    /// `sk_live_…`
    SecretInFile { what: &'static str } = Code::new("E0150", "secret-in-a-file");
        "this looks like a secret key of {what}", "everybody who can read the project could use it", "take it out and have it replaced; keys belong to the environment that the daemon runs in";
}

/// How a key begins, how many characters at least follow, and whose it is.
const KEYS: [(&str, usize, &str); 8] = [
    ("sk_live_", 10, "Stripe"),
    ("rk_live_", 10, "Stripe"),
    ("whsec_", 16, "Stripe"),
    ("AKIA", 16, "Amazon Web Services"),
    ("ghp_", 30, "GitHub"),
    ("xoxb-", 20, "Slack"),
    ("SG.", 40, "SendGrid"),
    ("-----BEGIN PRIVATE KEY-----", 0, "a server"),
];

pub(super) fn check(sources: &Sources, found: &mut Diagnostics) {
    for (file, source) in sources.iter() {
        for (start, least, what) in KEYS {
            for (at, _) in source.text.match_indices(start) {
                let is_begin = source.text[..at].chars().next_back().is_none_or(|before| !before.is_alphanumeric() && before != '_');
                let rest = &source.text[at + start.len()..];
                let length = rest.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')).count();
                if is_begin && length >= least {
                    let place = Span::new(at as u32, (at + start.len() + length) as u32).at(file);
                    found.push(SecretInFile { place, what });
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_found_and_words_are_not() {
        let count = |text: &str| {
            let mut found = Diagnostics::default();
            check(&Sources::of("a.journey", text).0, &mut found);
            found.len()
        };
        // Put together here, so that nobody's scanner takes this file for one with a key.
        assert_eq!(count(&format!("let key be \"{}{}\"", "sk_live_", "4eC39HqLyjWDarjtT1")), 1);
        assert_eq!(count(&format!("\"{}{}\"", "AKIA", "IOSFODNN7EXAMPLE")), 1);
        assert_eq!(count("AKIA_is_short sk_live_ whsec_x MSG.something"), 0);
    }
}
