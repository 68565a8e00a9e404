//! Who an arrival is about.
//!
//! In: identifiers as they came. Out: the customer's number; somebody new where nobody is known by any of them. **Invariant:** an identifier
//! belongs to one customer; somebody anonymous that turns out to be somebody known is merged into her; two known ones are never merged by
//! what arrives. Which shard somebody new goes to depends on her first identifier only.

use super::Core;
use crate::calendar::Instant;
use crate::daemon::arrival::{Identifier, IdentifierKind};
use crate::engine::row::Customer;
use crate::record::to_bytes;
use crate::schema::ChannelKind;
use crate::shard::entry::{Entry, IDENTIFIERS_MAX};
use crate::shard::{Number, SHARDS};
use crate::world::directory::Digest;

/// Kinds of identifiers as entries have them. Never change a number: it is stored.
pub fn kind_number(kind: IdentifierKind) -> u8 {
    match kind {
        IdentifierKind::User => 0,
        IdentifierKind::Anonymous => 1,
        IdentifierKind::Email => 2,
    }
}

pub fn digest(kind: u8, value: &str) -> Digest {
    Digest::of(kind, value)
}

/// An address in its normal form: what differs only in case, blanks or punctuation of a phone number is one address.
pub fn address_digest(kind: ChannelKind, address: &str) -> Digest {
    let (number, normal) = match kind {
        ChannelKind::Email => (100, address.trim().to_lowercase()),
        ChannelKind::Sms | ChannelKind::Whatsapp => {
            (if kind == ChannelKind::Sms { 101 } else { 102 }, address.chars().filter(char::is_ascii_digit).collect())
        }
        ChannelKind::Push => (103, address.trim().to_owned()),
        ChannelKind::Line => (104, address.trim().to_owned()),
        ChannelKind::Web => (105, address.trim().to_owned()),
        ChannelKind::Inbox => (106, address.trim().to_owned()),
        ChannelKind::Webhook | ChannelKind::Print | ChannelKind::Task | ChannelKind::Custom => (107, address.trim().to_owned()),
    };
    Digest::of(number, &normal)
}

/// Her uid, where choices by chance and `customer.id` come from.
fn uid_of(first: &Identifier) -> String {
    match first.kind {
        IdentifierKind::User => first.value.clone(),
        IdentifierKind::Anonymous => format!("anonymous:{}", first.value),
        IdentifierKind::Email => format!("email:{}", first.value),
    }
}

impl Core {
    /// Who is known by one of these; nobody is made.
    pub fn find(&self, who: &[Identifier]) -> Option<Number> {
        who.iter().find_map(|one| self.directory.find(digest(kind_number(one.kind), &one.value))).map(Number)
    }

    /// What stands in a field of hers.
    pub(super) fn attribute(&self, number: Number, field: crate::schema::FieldId) -> Option<crate::value::Value> {
        self.shard(number)?.row(number).ok().flatten().map(|row| row.attribute(field).clone())
    }

    /// `customer.id` of somebody.
    pub fn uid_of(&self, number: Number) -> Option<String> {
        self.shard(number)?.row(number).ok().flatten().map(|row| row.uid.to_string())
    }

    pub fn find_user(&self, id: &str) -> Option<Number> {
        self.directory.find(digest(0, id)).map(Number)
    }

    /// Who this is about, made if need be; nobody for who was erased not long ago. Lesser identifiers that were erased make nobody anew, and
    /// do not keep what is said about somebody who is there from her.
    pub(super) fn resolve(&mut self, who: &[Identifier], now: Instant) -> Option<Number> {
        let first = who.first()?;
        let mut known: Vec<(&Identifier, Option<Number>)> = Vec::with_capacity(who.len());
        for one in who {
            let digest = digest(kind_number(one.kind), &one.value);
            match self.directory.is_erased(digest, now) {
                false => known.push((one, self.directory.find(digest).map(Number))),
                true if known.is_empty() => return None,
                true => {}
            }
        }
        let number = match known.first()?.1 {
            Some(number) => number,
            // Somebody who is known by less only: she gets the better identifier, unless she has one of that kind already.
            None => match known.iter().find_map(|(_, known)| *known) {
                Some(other) if first.kind != IdentifierKind::User && !self.has_kind(other, first.kind) => {
                    self.attach_identifier(other, first);
                    other
                }
                _ => self.bear(first),
            },
        };
        for (one, known) in known.into_iter().skip(1) {
            match known {
                None => self.attach_identifier(number, one),
                Some(other) if other == number => {}
                Some(other) => self.unite(number, other, now),
            }
        }
        Some(number)
    }

    /// Whether one of these is of somebody who was erased not long ago.
    pub(super) fn is_of_erased(&mut self, who: &[Identifier], now: Instant) -> bool {
        who.iter().any(|one| self.directory.is_erased(digest(kind_number(one.kind), &one.value), now))
    }

    fn bear(&mut self, first: &Identifier) -> Number {
        let kind = kind_number(first.kind);
        let digest = digest(kind, &first.value);
        let shard = (digest.0 >> 64) as usize % usize::from(SHARDS);
        let row = to_bytes(&Customer::new(uid_of(first)));
        let entry = Entry { identifiers: vec![(kind, first.value.as_str())], row: &row };
        let number = self.shards[shard].bear(entry, &mut self.writer);
        self.directory.attach(digest, number.0);
        self.counts.born += 1;
        number
    }

    pub(super) fn attach_identifier(&mut self, number: Number, identifier: &Identifier) {
        let kind = kind_number(identifier.kind);
        if self.identifiers(number).len() >= IDENTIFIERS_MAX {
            self.counts.refused_identifiers += 1;
            return;
        }
        match self.shards[number.shard()].identify(number, kind, &identifier.value, &mut self.writer) {
            Ok(()) => drop(self.directory.attach(digest(kind, &identifier.value), number.0)),
            Err(damaged) => self.damaged = Some(damaged),
        }
    }

    pub fn identifiers(&self, number: Number) -> Vec<(u8, String)> {
        let Some(bytes) = self.shard(number).and_then(|shard| shard.entry(number)) else { return Vec::new() };
        match Entry::read(bytes) {
            Ok(entry) => entry.identifiers.into_iter().map(|(kind, value)| (kind, value.to_owned())).collect(),
            Err(_) => Vec::new(),
        }
    }

    fn has_kind(&self, number: Number, kind: IdentifierKind) -> bool {
        self.identifiers(number).iter().any(|(one, _)| *one == kind_number(kind))
    }

    /// Two that turn out to be one: somebody anonymous goes into somebody known. Two that are known stay two.
    pub(super) fn unite(&mut self, winner: Number, loser: Number, now: Instant) {
        if self.has_kind(loser, IdentifierKind::User) {
            self.counts.merges_refused += 1;
            return;
        }
        self.merge(winner, loser, now);
    }
}
