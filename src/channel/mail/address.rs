//! Addresses of mails: what we are willing to write to, and names before them.
//!
//! In: texts. Out: an address in the form that every mail server takes. **Invariant:** of an address that is returned nothing can be read as
//! anything but an address: no spaces, quotes, brackets, line ends; its domain is in ASCII.

use lettre::message::Mailbox;

/// RFC 5321, 4.5.3.1.
pub const LOCAL_BYTES_MAX: usize = 64;
const DOMAIN_BYTES_MAX: usize = 255;
/// Characters of a name before an address.
const NAME_CHARS_MAX: usize = 120;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    pub local: String,
    /// Lower case; letters outside ASCII as `xn--…`.
    pub domain: String,
}

impl Address {
    /// `nok@example.org`. What only looks like one (`a@localhost`, `"a b"@x.example`, `a@[127.0.0.1]`, `-f@x.example`) is refused.
    pub fn parse(text: &str) -> Result<Address, &'static str> {
        let (local, domain) = text.trim().rsplit_once('@').ok_or("it has no @")?;
        if !local.is_ascii() && !local.contains(char::is_whitespace) {
            return Err("letters outside ASCII before the @ are not supported");
        }
        let lettered = |c: u8| c.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&c);
        let dots = local.starts_with('.') || local.ends_with('.') || local.contains("..");
        if local.is_empty() || local.len() > LOCAL_BYTES_MAX || local.starts_with('-') || dots || !local.bytes().all(lettered) {
            return Err("what stands before the @ is no name of a mailbox");
        }
        let domain = idna::domain_to_ascii_strict(domain).map_err(|_| "what stands after the @ is no domain")?;
        let label = |label: &str| !label.is_empty() && label.len() <= 63 && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        let numeric = domain.rsplit('.').next().is_some_and(|last| last.bytes().all(|b| b.is_ascii_digit()));
        if domain.len() > DOMAIN_BYTES_MAX || !domain.contains('.') || numeric || !domain.split('.').all(label) {
            return Err("what stands after the @ is no domain");
        }
        Ok(Address { local: local.to_owned(), domain })
    }

    /// `Shop <hello@shop.example>`, or only the address.
    pub fn parse_named(text: &str) -> Result<(Option<String>, Address), &'static str> {
        let text = text.trim();
        let Some(inner) = text.strip_suffix('>') else { return Ok((None, Address::parse(text)?)) };
        let (name, address) = inner.rsplit_once('<').ok_or("its < is missing")?;
        let name = one_line(name);
        // Quotes around all of it are the header's; those inside belong to the name.
        let bare = name.strip_prefix('"').and_then(|name| name.strip_suffix('"')).unwrap_or(&name);
        let name: String = bare.chars().take(NAME_CHARS_MAX).collect();
        let name = name.trim().to_owned();
        Ok((Some(name).filter(|name| !name.is_empty()), Address::parse(address)?))
    }

    pub fn mailbox(&self, name: Option<String>) -> Result<Mailbox, &'static str> {
        let address = lettre::Address::new(&self.local, &self.domain).map_err(|_| "it is no address")?;
        Ok(Mailbox::new(name, address))
    }
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}@{}", self.local, self.domain)
    }
}

/// For headers: line ends and control characters are spaces, characters that turn the direction of writing or are not seen are gone.
pub fn one_line(text: &str) -> String {
    let visible = text.chars().filter(|c| !turns(*c)).map(|c| if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') { ' ' } else { c });
    let line = visible.collect::<String>().split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    // What looks like an encoded word (RFC 2047) would be read as what it encodes.
    line.replace("=?", "= ?")
}

/// Bidirectional controls, zero-width spaces, byte order marks. Joiners (U+200C, U+200D) stay: Indic scripts and emoji need them.
fn turns(c: char) -> bool {
    matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{FEFF}' | '\u{00AD}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_surely_an_address_passes() {
        for (text, is) in [
            ("nok@example.org", "nok@example.org"),
            (" Nok.B+x@Example.ORG ", "Nok.B+x@example.org"),
            ("nok@ตัวอย่าง.ไทย", "nok@xn--72c1a1bt4awk9o.xn--o3cw4h"),
        ] {
            assert_eq!(Address::parse(text).map(|address| address.to_string()).as_deref(), Ok(is), "{text}");
        }
        let long = format!("{}@example.org", "a".repeat(65));
        for text in [
            "",
            "a",
            "@b.example",
            "a@",
            "a@localhost",
            "\"a b\"@x.example",
            "a@[127.0.0.1]",
            "a@127.0.0.1",
            "-froot@x.example",
            "a..b@x.example",
            ".a@x.example",
            "a@x..example",
            "a b@x.example",
            "a@x.example\r\nRCPT TO:<c@d.example>",
            "a@x.example>",
            "a\0@x.example",
            "a@-x.example",
            "นก@x.example",
            "a,b@x.example",
            &long,
        ] {
            assert!(Address::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_name_cannot_break_out_of_its_line() {
        let (name, address) = Address::parse_named("ร้าน\r\nBcc: x@y.example\u{202E} <hello@shop.example>").unwrap();
        assert_eq!((name.as_deref(), address.to_string().as_str()), (Some("ร้าน Bcc: x@y.example"), "hello@shop.example"));
        assert_eq!(Address::parse_named("\"Shop\" <a@b.example>").unwrap().0.as_deref(), Some("Shop"));
        assert_eq!(Address::parse_named("a@b.example").unwrap().0, None);
        assert!(Address::parse_named("Shop a@b.example>").is_err());
    }
}
