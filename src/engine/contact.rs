//! Where a message reaches a customer.
//!
//! In: a channel. Out: her address for it, in its normal form, or why there is none. **Invariant:** what is returned could be handed to
//! a provider. Knows nothing of consent and suppression.

use super::Skip;
use super::row::Customer;
use crate::plan::Plan;
use crate::schema::{ChannelId, ChannelKind};
use crate::value::{Type, Value};

/// The address; empty for channels that reach `customer.id`.
pub fn address<'c>(plan: &Plan, customer: &'c Customer, channel: ChannelId) -> Result<&'c str, Skip> {
    let Some(channel) = plan.schema.channels.get(channel.index()) else { return Err(Skip::NoContact) };
    let Some(field) = channel.contact else { return Ok("") };
    // What is typed as an address was brought into its normal form when it came in.
    let is_normal =
        channel.kind == ChannelKind::Email && plan.schema.customer.get(field.index()).is_some_and(|field| field.ty == Type::Email);
    match customer.attribute(field) {
        Value::Text(text) if is_normal && !text.is_empty() => Ok(text),
        Value::Text(text) if text.trim().is_empty() => Err(Skip::NoContact),
        Value::Text(text) if has_valid_form(channel.kind, text) => Ok(text),
        Value::Missing => Err(Skip::NoContact),
        _ => Err(Skip::InvalidContact),
    }
}

/// A field that is plain text can hold anything.
fn has_valid_form(kind: ChannelKind, text: &str) -> bool {
    match kind {
        ChannelKind::Email => {
            let seen = look(text.as_bytes());
            let (ats, at) = seen.ats;
            let blank = if seen.is_ascii { seen.has_blank } else { text.contains(char::is_whitespace) };
            let host = text.as_bytes().get(at + 1..).unwrap_or_default();
            let dots = host.contains(&b'.') && host.first() != Some(&b'.') && host.last() != Some(&b'.');
            ats == 1 && at > 0 && dots && !blank
        }
        ChannelKind::Sms | ChannelKind::Whatsapp => {
            let digits = text.chars().filter(char::is_ascii_digit).count();
            digits >= 6 && text.chars().all(|c| c.is_ascii_digit() || "+-() ".contains(c))
        }
        _ => !text.chars().any(char::is_control),
    }
}

/// What an address is made of.
struct Look {
    /// How many `@`, and where the first is.
    ats: (u32, usize),
    has_blank: bool,
    is_ascii: bool,
}

/// Eight bytes at a time: it is asked several times for every message.
fn look(bytes: &[u8]) -> Look {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = ONES << 7;
    let (mut ats, mut at, mut blank, mut foreign) = (0, 0, 0, 0);
    for (number, part) in bytes.chunks(8).enumerate() {
        let mut word = [b'a'; 8];
        word[..part.len()].copy_from_slice(part);
        let word = u64::from_le_bytes(word);
        let other = word ^ (ONES * u64::from(b'@'));
        // The high bit of every byte that is 0 in `other`; then of every byte up to the blank.
        let found = !(((other & !HIGH) + !HIGH) | other | !HIGH);
        if found != 0 {
            if ats == 0 {
                at = number * 8 + (found.trailing_zeros() / 8) as usize;
            }
            ats += found.count_ones();
        }
        blank |= !((word & !HIGH) + ONES * (0x80 - 0x21)) & HIGH;
        foreign |= word & HIGH;
    }
    Look { ats: (ats, at), has_blank: blank != 0, is_ascii: foreign == 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_mail_has_one_at_and_a_domain_with_a_dot() {
        for good in ["nok@example.com", "a@b.c", "long.name+tag@a-rather-long-domain.example.co.th", "ก@ตัวอย่าง.ไทย"]
        {
            assert!(has_valid_form(ChannelKind::Email, good), "{good}");
        }
        for bad in [
            "",
            "@",
            "nok",
            "nok@example",
            "@example.com",
            "nok@example.com.",
            "nok@.com",
            "a@b@c.com",
            "nok k@example.com",
            "nok@exam ple.com",
            "nok@example.com ",
            "nok\u{7f}@@x.y",
            "a\tb@c.de",
            "1234567@89012345@67.de",
            "ก\u{a0}ข@ตัวอย่าง.ไทย",
        ] {
            assert!(!has_valid_form(ChannelKind::Email, bad), "{bad}");
        }
    }

    #[test]
    fn eight_at_a_time_sees_what_one_at_a_time_sees() {
        let mut random = 0x9e37_79b9_7f4a_7c15_u64;
        for length in 0..600 {
            let text: Vec<u8> = (0..length % 40)
                .map(|_| {
                    random ^= random << 13;
                    random ^= random >> 7;
                    random ^= random << 17;
                    b"a@. \x00\x1f!A?~\x7f\x80\xc0\xffz"[(random >> 20) as usize % 15]
                })
                .collect();
            let seen = look(&text);
            assert_eq!(seen.ats.0 as usize, text.iter().filter(|byte| **byte == b'@').count());
            assert_eq!(seen.ats.1, text.iter().position(|byte| *byte == b'@').unwrap_or(0));
            assert_eq!(seen.is_ascii, text.is_ascii());
            if seen.is_ascii {
                assert_eq!(seen.has_blank, text.iter().any(|byte| *byte <= b' '), "{text:?}");
            }
        }
    }
}
