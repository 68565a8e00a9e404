//! Where a message reaches a customer.
//!
//! In: a channel. Out: her address for it, in its normal form, or why there is none. **Invariant:** what is returned could be handed to
//! a provider. Knows nothing of consent and suppression.

use super::Skip;
use super::row::Customer;
use crate::plan::Plan;
use crate::schema::{ChannelId, ChannelKind};
use crate::value::Value;

/// The address; empty for channels that reach `customer.id`.
pub fn address<'c>(plan: &Plan, customer: &'c Customer, channel: ChannelId) -> Result<&'c str, Skip> {
    let Some(channel) = plan.schema.channels.get(channel.index()) else { return Err(Skip::NoContact) };
    let Some(field) = channel.contact else { return Ok("") };
    match customer.attribute(field) {
        Value::Text(text) if text.trim().is_empty() => Err(Skip::NoContact),
        Value::Text(text) if has_valid_form(channel.kind, text) => Ok(text),
        Value::Missing => Err(Skip::NoContact),
        _ => Err(Skip::InvalidContact),
    }
}

/// Values of a typed field are valid already; a field that is plain text can hold anything.
fn has_valid_form(kind: ChannelKind, text: &str) -> bool {
    match kind {
        ChannelKind::Email => {
            // Asked for every message, so in one pass over the bytes.
            let (mut ats, mut at, mut dot) = (0, 0, 0);
            for (place, byte) in text.bytes().enumerate() {
                match byte {
                    b'@' => (ats, at) = (ats + 1, place),
                    b'.' => dot = place,
                    _ => {}
                }
            }
            let ends = text.as_bytes().last() != Some(&b'.') && text.as_bytes().get(at + 1) != Some(&b'.');
            let blank = if text.is_ascii() { text.bytes().any(|byte| byte <= b' ') } else { text.contains(char::is_whitespace) };
            ats == 1 && at > 0 && dot > at && ends && !blank
        }
        ChannelKind::Sms | ChannelKind::Whatsapp => {
            let digits = text.chars().filter(char::is_ascii_digit).count();
            digits >= 6 && text.chars().all(|c| c.is_ascii_digit() || "+-() ".contains(c))
        }
        _ => !text.chars().any(char::is_control),
    }
}
