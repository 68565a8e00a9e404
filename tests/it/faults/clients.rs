//! Senders of items: they repeat what nobody acknowledged, and now and then what was.

use super::draw::Draw;
use super::project::CUSTOMER_TOPIC;
use onward::calendar::Instant;
use onward::daemon::arrival::{Arrival, Identifier, IdentifierKind, What};
use onward::shard::Number;
use serde_json::Map;

/// One item, from its making to its acknowledgement.
#[derive(Debug, Clone)]
pub struct Posted {
    pub arrival: Arrival,
    /// Who it is about, whatever name she goes by.
    pub uid: String,
    /// When it was given to the core first, in steps of the world.
    pub issued: u64,
    pub acknowledged: Option<u64>,
    /// Given to this life of the core, and not answered yet.
    pub asked: bool,
    /// Who is there no more once this is acknowledged.
    pub forgets: Option<Number>,
}

impl Posted {
    /// Whether it is certain whose row it changes: somebody nameless may be still apart.
    pub fn is_certain(&self) -> bool {
        self.arrival.who[0].kind == IdentifierKind::User
    }

    pub fn leaves(&self) -> bool {
        matches!(self.arrival.what, What::Consent { subscribed: false, .. } | What::Suppress { suppressed: true, .. })
    }

    pub fn erases(&self) -> bool {
        matches!(self.arrival.what, What::Erase)
    }
}

/// Somebody new says her address and agrees.
pub fn welcome(number: u64, customer: u64, now: Instant) -> [Arrival; 2] {
    let mut attributes = Map::new();
    attributes.insert("email".to_owned(), format!("c{customer}@example.com").into());
    let who = || vec![user(customer)];
    [
        arrival(number, who(), now, What::Attributes(attributes)),
        arrival(number + 1, who(), now, What::Consent { topic: CUSTOMER_TOPIC.to_owned(), subscribed: true }),
    ]
}

fn user(customer: u64) -> Identifier {
    Identifier { kind: IdentifierKind::User, value: format!("c{customer}") }
}

pub fn arrival(number: u64, who: Vec<Identifier>, at: Instant, what: What) -> Arrival {
    Arrival { who, source: "shop".to_owned(), id: Some(format!("m{number}")), at: Some(at), what }
}

/// What anybody may send next.
pub fn draw(draw: &mut Draw, number: u64, customers: u64, now: Instant) -> Arrival {
    let customer = draw.below(customers);
    let anonymous = || Identifier { kind: IdentifierKind::Anonymous, value: format!("a{customer}") };
    let mut who = vec![user(customer)];
    // Somebody is first nameless, and then says who she is.
    match draw.below(20) {
        0 => who = vec![anonymous()],
        1 => who.push(anonymous()),
        _ => {}
    }
    // A tenth comes late.
    let late = if draw.percent(10) { draw.below(36 * 3_600_000) as i64 } else { 0 };
    let mut at = now.plus_ms(-late);
    let what = match draw.below(100) {
        0..45 => event("bought", "order", draw.below(6)),
        45..70 => event("viewed", "sku", draw.below(6)),
        70..78 => event("cancelled", "order", draw.below(6)),
        78..84 => {
            let mut attributes = Map::new();
            attributes.insert("points".to_owned(), draw.below(50).into());
            What::Attributes(attributes)
        }
        84..94 => {
            at = now;
            What::Consent { topic: CUSTOMER_TOPIC.to_owned(), subscribed: draw.percent(55) }
        }
        94..98 => {
            at = now;
            What::Suppress { channel: Some("email".to_owned()), suppressed: draw.percent(50) }
        }
        98 => event("nonsense", "order", 1),
        _ => {
            at = now;
            What::Erase
        }
    };
    arrival(number, who, at, what)
}

fn event(name: &str, field: &str, value: u64) -> What {
    let mut properties = Map::new();
    properties.insert(field.to_owned(), format!("x{value}").into());
    What::Event { name: name.to_owned(), properties }
}

/// Who it is, whatever name she goes by: `c3` for the customer `c3` and the nameless `a3`.
pub fn person(name: &str) -> String {
    format!("c{}", name.trim_start_matches(|letter: char| !letter.is_ascii_digit()))
}
