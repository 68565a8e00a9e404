//! The identity of a message outside: what providers get as a key, and what reports come back with.
//!
//! In: a customer's number, the key of a send, the name of its channel. Out: `2f000000a1-3-0-1-5b1e07c2-9c0d11aa52be77f0`. **Invariant:** the same
//! message has the same identity for ever, also when an edit gives its channel another number; it tells nothing about the customer; one that
//! was not made here is not accepted, for its last part is a keyed hash.

use crate::engine::SendKey;
use crate::schema::{Channel, ChannelId, SendId};
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

    /// `channel`: its name.
    pub fn make(&self, number: Number, key: SendKey, channel: &str) -> String {
        let body = format!("{:x}-{}-{}-{}-{:08x}", number.0, key.run, key.send.0, key.visit, digest_of(channel));
        self.signed(&body)
    }

    fn signed(&self, body: &str) -> String {
        let tag = hmac::sign(&self.key, body.as_bytes());
        let tag: String = tag.as_ref()[..8].iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{body}-{tag}")
    }

    /// `None` also where none of these channels is its own: they are those of the plan whose numbers the answer has.
    pub fn read(&self, id: &str, channels: &[Channel]) -> Option<(Number, SendKey)> {
        if id.len() > 96 {
            return None;
        }
        let mut parts = id.split('-');
        let number = u64::from_str_radix(parts.next()?, 16).ok()?;
        let run = parts.next()?.parse().ok()?;
        let send = SendId(parts.next()?.parse().ok()?);
        let visit = parts.next()?.parse().ok()?;
        let channel = u32::from_str_radix(parts.next()?, 16).ok()?;
        let channel = channels.iter().position(|one| digest_of(&one.name) == channel)?;
        let (number, key) = (Number(number), SendKey { run, send, visit, channel: ChannelId(channel as u16) });
        // Longer than it need be compared, and cheap enough: 64 bits cannot be tried out over a network.
        let (made, given) = (self.make(number, key, &channels[channel].name), id);
        (ring::digest::digest(&ring::digest::SHA256, made.as_bytes()).as_ref()
            == ring::digest::digest(&ring::digest::SHA256, given.as_bytes()).as_ref())
        .then_some((number, key))
    }
}

/// Which channel it is, whatever its number.
fn digest_of(channel: &str) -> u32 {
    let digest = ring::digest::digest(&ring::digest::SHA256, channel.as_bytes());
    digest.as_ref().iter().take(4).fold(0, |all, byte| all << 8 | u32::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::MessageIds;
    use crate::engine::SendKey;
    use crate::schema::{Channel, ChannelKind};
    use crate::schema::{ChannelId, SendId};
    use crate::shard::Number;

    fn channels(names: &[&str]) -> Vec<Channel> {
        let channel = |name: &&str| Channel { name: (*name).into(), kind: ChannelKind::Email, contact: None, payload: Vec::new() };
        names.iter().map(channel).collect()
    }

    #[test]
    fn what_was_made_here_is_read_and_nothing_else() {
        let ids = MessageIds::new(&[7; 32]);
        let all = channels(&["sms", "email"]);
        let key = SendKey { run: 3, send: SendId(1), visit: 2, channel: ChannelId(1) };
        let id = ids.make(Number::new(200, 77), key, "email");
        assert!(id.len() <= 64 && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'), "{id}");
        assert_eq!(ids.read(&id, &all), Some((Number::new(200, 77), key)));
        assert_eq!(MessageIds::new(&[8; 32]).read(&id, &all), None);
        for at in 0..id.len() {
            let mut other = id.clone().into_bytes();
            other[at] = if other[at] == b'1' { b'2' } else { b'1' };
            assert_eq!(ids.read(&String::from_utf8_lossy(&other), &all), None);
        }
        assert_eq!(ids.read("", &all), None);
        assert_eq!(ids.read(&"1-".repeat(100), &all), None);
    }

    #[test]
    fn an_edit_that_gives_its_channel_another_number_does_not_change_it() {
        let ids = MessageIds::new(&[7; 32]);
        let key = |channel| SendKey { run: 3, send: SendId(1), visit: 2, channel: ChannelId(channel) };
        let id = ids.make(Number(5), key(0), "email");
        assert_eq!(ids.make(Number(5), key(2), "email"), id);
        assert_eq!(ids.read(&id, &channels(&["line", "sms", "email"])), Some((Number(5), key(2))));
        assert_eq!(ids.read(&id, &channels(&["line", "sms"])), None);
    }
}
