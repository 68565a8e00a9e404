//! The identity of a message outside: what providers get as a key, and what reports come back with.
//!
//! In: a customer's number and the key of a send. Out: `2f000000a1-3-0-1-4-9c0d11aa52be77f0`. **Invariant:** the same message has the same identity
//! for ever; it tells nothing about the customer; one that was not made here is not accepted, for its last part is a keyed hash.

use crate::engine::SendKey;
use crate::schema::{ChannelId, SendId};
use crate::shard::Number;
use ring::hmac;

/// Makes identities, and reads them.
#[derive(Debug, Clone)]
pub struct MessageIds {
    key: hmac::Key,
}

impl MessageIds {
    /// From the secret of the store, which is made with it.
    pub fn new(secret: &[u8; 32]) -> MessageIds {
        MessageIds { key: hmac::Key::new(hmac::HMAC_SHA256, secret) }
    }

    pub fn make(&self, number: Number, key: SendKey) -> String {
        let body = format!("{:x}-{}-{}-{}-{}", number.0, key.run, key.send.0, key.visit, key.channel.0);
        let tag = hmac::sign(&self.key, body.as_bytes());
        let tag: String = tag.as_ref()[..8].iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{body}-{tag}")
    }

    pub fn read(&self, id: &str) -> Option<(Number, SendKey)> {
        if id.len() > 96 {
            return None;
        }
        let mut parts = id.split('-');
        let number = u64::from_str_radix(parts.next()?, 16).ok()?;
        let run = parts.next()?.parse().ok()?;
        let send = SendId(parts.next()?.parse().ok()?);
        let visit = parts.next()?.parse().ok()?;
        let channel = ChannelId(parts.next()?.parse().ok()?);
        let (number, key) = (Number(number), SendKey { run, send, visit, channel });
        // Longer than it need be compared, and cheap enough: 64 bits cannot be tried out over a network.
        let (made, given) = (self.make(number, key), id);
        (ring::digest::digest(&ring::digest::SHA256, made.as_bytes()).as_ref()
            == ring::digest::digest(&ring::digest::SHA256, given.as_bytes()).as_ref())
        .then_some((number, key))
    }
}

#[cfg(test)]
mod tests {
    use super::MessageIds;
    use crate::engine::SendKey;
    use crate::schema::{ChannelId, SendId};
    use crate::shard::Number;

    #[test]
    fn what_was_made_here_is_read_and_nothing_else() {
        let ids = MessageIds::new(&[7; 32]);
        let key = SendKey { run: 3, send: SendId(1), visit: 2, channel: ChannelId(4) };
        let id = ids.make(Number::new(200, 77), key);
        assert!(id.len() <= 64 && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'), "{id}");
        assert_eq!(ids.read(&id), Some((Number::new(200, 77), key)));
        assert_eq!(MessageIds::new(&[8; 32]).read(&id), None);
        for at in 0..id.len() {
            let mut other = id.clone().into_bytes();
            other[at] = if other[at] == b'1' { b'2' } else { b'1' };
            assert_eq!(ids.read(&String::from_utf8_lossy(&other)), None);
        }
        assert_eq!(ids.read(""), None);
        assert_eq!(ids.read(&"1-".repeat(100)), None);
    }
}
