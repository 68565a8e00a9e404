//! Addresses of the web in plain text.
//!
//! In: text. Out: where `http://…` and `https://…` stand in it. **Invariant:** the places do not overlap and stand at the borders of characters;
//! a full stop or a bracket behind an address belongs to the sentence.

use std::ops::Range;

/// Where addresses stand, in their order.
pub fn addresses(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(colon) = text[at..].find("://").map(|colon| at + colon) {
        let next = colon + "://".len();
        let scheme = ["https", "http"].iter().find_map(|scheme| {
            let start = colon.checked_sub(scheme.len())?;
            let written = text.get(start..colon)?;
            (start >= at && written.eq_ignore_ascii_case(scheme)).then_some(start)
        });
        at = next;
        let Some(start) = scheme else { continue };
        // `xhttp://` is some other scheme.
        if text[..start].chars().next_back().is_some_and(|before| before.is_ascii_alphanumeric() || matches!(before, '+' | '-' | '.')) {
            continue;
        }
        let end = text[next..].find(ends).map_or(text.len(), |end| next + end);
        let address = sentence_cut(&text[start..end]);
        if address.len() > next - start {
            found.push(start..start + address.len());
            at = start + address.len();
        }
    }
    found
}

/// What no address goes on behind.
fn ends(letter: char) -> bool {
    letter.is_whitespace()
        || letter.is_control()
        || matches!(letter, '<' | '>' | '"' | '“' | '”' | '«' | '»' | '`' | '{' | '}' | '|' | '\\' | '^')
}

/// Without the marks that end a sentence, and without a bracket that was opened before the address.
fn sentence_cut(mut address: &str) -> &str {
    while let Some(last) = address.chars().next_back() {
        let open = match last {
            ')' => '(',
            ']' => '[',
            '.' | ',' | ';' | ':' | '!' | '?' | '\'' | '…' | '。' => '\0',
            _ => return address,
        };
        if open != '\0' && address.matches(open).count() >= address.matches(last).count() {
            return address;
        }
        address = &address[..address.len() - last.len_utf8()];
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_found_as_people_write_them() {
        for (text, expected) in [
            ("see https://shop.example/a.", vec!["https://shop.example/a"]),
            ("(https://shop.example/a_(b)) x", vec!["https://shop.example/a_(b)"]),
            ("HTTP://A.example, http://b.example/?x=1&y=2!", vec!["HTTP://A.example", "http://b.example/?x=1&y=2"]),
            ("ดู https://ร้าน.example/สินค้า ได้เลย", vec!["https://ร้าน.example/สินค้า"]),
            ("<https://a.example>", vec!["https://a.example"]),
            ("xhttps://a.example ftp://b https:// mailto:a@b ://", vec![]),
            ("https://a.examplehttps://b.example", vec!["https://a.examplehttps://b.example"]),
        ] {
            let found: Vec<&str> = addresses(text).into_iter().map(|place| &text[place]).collect();
            assert_eq!(found, expected, "{text}");
        }
    }
}
