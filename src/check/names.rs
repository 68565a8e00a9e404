//! Every declared name of a project, by kind, with its place.
//!
//! In: files. Out: [`Names`]: numbers for names, and findings about names that are declared twice, differ only by case, or are taken.
//! **Invariant:** a number is the position among the declarations of its kind that count; of two with one name the first counts, and both
//! places are reported. Looking up costs one hash; suggestions are only computed for a finding. Knows no types.

use super::problem::problems;
use super::recorder::{Offer, Recorder, Symbol};
use crate::ast::{self, DeclKind, JourneyItem, Name};
use crate::diagnostic::{Code, Diagnostics, Fix, suggest};
use crate::source::Place;
use crate::value::Text;
use std::cell::Cell;
use std::collections::HashMap;

/// More declarations of one kind than a plan can number.
const DECLARATIONS_MAX: usize = u16::MAX as usize;
/// Up to this many names a message lists them all.
const LISTED_MAX: usize = 5;

problems! {
    /// `enter on cart_updatd`
    Unknown { kind: &'static str, name: String, label: String, help: String, fix: Vec<Fix> } = Code::new("E0101", "unknown-name");
        "there is no {kind} `{name}`", "{label}", "{help}";

    /// The same name twice.
    Twice { kind: &'static str, name: String, other: Option<(Place, &'static str)> } = Code::new("E0110", "declared-twice");
        "the {kind} `{name}` is declared twice", "which of the two is meant where it is used?", "give one of them another name, or take it out";

    /// `promo` and `Promo`
    Twins { kind: &'static str, name: String, first: String, other: Option<(Place, &'static str)> } = Code::new("E0111", "differs-by-case");
        "the {kind} `{name}` differs from `{first}` only in capital letters", "nobody can keep the two apart",
        "give one of them another name, or use `{first}` for both";

    /// `promo` once with a Cyrillic letter.
    LookAlikes { kind: &'static str, name: String, first: String, other: Option<(Place, &'static str)> } = Code::new("W0112", "looks-alike");
        "the {kind} `{name}` looks the same as `{first}`, and is another name", "one has letters that only look like those of the other",
        "type it again on one keyboard layout, or give it another name";

    /// `event clicked { … }`
    Taken { kind: &'static str, name: String, why: &'static str, help: String } = Code::new("E0113", "name-is-taken");
        "the {kind} cannot be called `{name}`", "{why}", "{help}";
}

/// The name spaces. Channels and routes share one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    Event,
    Topic,
    Team,
    Segment,
    Route,
    Const,
    Message,
    Journey,
    List,
    Audience,
    Stage,
    Score,
    Survey,
    Block,
    /// Declared by the project; those that are always there are [`CHANNELS`].
    Channel,
    Hook,
    Catalog,
    Codes,
}

const KINDS: [Kind; 18] = [
    Kind::Event,
    Kind::Topic,
    Kind::Team,
    Kind::Segment,
    Kind::Route,
    Kind::Const,
    Kind::Message,
    Kind::Journey,
    Kind::List,
    Kind::Audience,
    Kind::Stage,
    Kind::Score,
    Kind::Survey,
    Kind::Block,
    Kind::Channel,
    Kind::Hook,
    Kind::Catalog,
    Kind::Codes,
];

impl Kind {
    /// As people call it.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Event => "event",
            Kind::Topic => "topic",
            Kind::Team => "team",
            Kind::Segment => "segment",
            Kind::Route => "route",
            Kind::Const => "constant",
            Kind::Message => "message",
            Kind::Journey => "journey",
            Kind::List => "list",
            Kind::Audience => "audience",
            Kind::Stage => "stage",
            Kind::Score => "score",
            Kind::Survey => "survey",
            Kind::Block => "block",
            Kind::Channel => "channel",
            Kind::Hook => "hook",
            Kind::Codes => "pool of codes",
            Kind::Catalog => "catalog",
        }
    }

    /// A line that would declare it.
    fn example(self, name: &str) -> String {
        match self {
            Kind::Event => format!("event {name} {{ order_id text }}"),
            Kind::Topic => format!("topic {name} opt in"),
            Kind::Team => format!("team {name}"),
            Kind::Segment => format!("segment {name} {{ customer.plan is \"pro\" }}"),
            Kind::Route => format!("route {name} first reachable of email, sms"),
            Kind::Const => format!("let {name} be \"…\""),
            Kind::Message => format!("message {name} about news {{ … }}"),
            Kind::Journey => format!("journey {name} {{ … }}"),
            Kind::List => format!("list {name} \"…\""),
            Kind::Audience => format!("audience {name} \"…\""),
            Kind::Score => format!("score {name} {{ on … add 1 }}"),
            Kind::Stage => format!("stages {{ {name} when … }}"),
            Kind::Survey => format!("survey {name} {{ score \"How likely…?\" from 0 to 10 }}"),
            Kind::Codes => format!("codes {name} \"…\""),
            Kind::Hook => format!("hook {name}(sku text) {{ url \"https://…\" }}"),
            Kind::Block => format!("block {name} {{ text \"…\" }}"),
            Kind::Channel => format!("custom channel {name} reaches customer.id {{ text text }}"),
            Kind::Catalog => format!("catalog {name} by sku {{ name text }}"),
        }
    }
}

/// Channels that need no declaration, in the order of their numbers.
pub(crate) const CHANNELS: [(&str, crate::schema::ChannelKind); 10] = {
    use crate::schema::ChannelKind;
    [
        ("email", ChannelKind::Email),
        ("sms", ChannelKind::Sms),
        ("push", ChannelKind::Push),
        ("line", ChannelKind::Line),
        ("whatsapp", ChannelKind::Whatsapp),
        ("web", ChannelKind::Web),
        ("inbox", ChannelKind::Inbox),
        ("webhook", ChannelKind::Webhook),
        ("print", ChannelKind::Print),
        ("task", ChannelKind::Task),
    ]
};

/// Words that always mean something of their own in a condition.
pub(crate) const ROOTS: [&str; 4] = ["customer", "entry", "now", "today"];
/// What every text of a message may show besides.
pub(crate) const GIVEN: [&str; 3] = ["unsubscribe_url", "view_url", "postal_address"];
/// They lead an event about a message: `on clicked reminder`.
const MESSAGE_EVENTS: [&str; 11] =
    ["customer", "sent", "received", "seen", "opened", "clicked", "bounced", "replied", "delivered", "complained", "answered"];

#[derive(Debug, Clone)]
struct Declared {
    id: u16,
    place: Place,
    used: Cell<bool>,
}

/// A message declaration and the journey that it stands in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MessageDecl<'a> {
    pub(crate) message: &'a ast::Message,
    pub(crate) inside: Option<u16>,
}

/// Every declaration, by kind; those that count come in the order of their numbers.
#[derive(Debug, Default)]
pub(crate) struct Names<'a> {
    tables: [HashMap<&'a str, Declared>; KINDS.len()],
    /// By their lower-case, look-alike form: to find twins.
    folded: [HashMap<String, (&'a str, Place)>; KINDS.len()],
    counts: [usize; KINDS.len()],
    pub(crate) messages: Vec<MessageDecl<'a>>,
    pub(crate) journeys: Vec<&'a ast::Journey>,
    /// What an editor wants to know of every name.
    pub(crate) recorder: Recorder,
}

impl<'a> Names<'a> {
    /// Collects the names of a project. Segments are numbered by [`Names::number_segments`] later.
    pub(crate) fn collect(files: &'a [ast::File], found: &mut Diagnostics) -> Names<'a> {
        let mut names = Names::default();
        for decl in files.iter().flat_map(|file| &file.decls) {
            names.declare(decl, found);
        }
        names
    }

    fn declare(&mut self, decl: &'a ast::Decl, found: &mut Diagnostics) {
        match &decl.kind {
            DeclKind::Event { name: Some(name), .. } => {
                let taken = MESSAGE_EVENTS.contains(&name.text.as_str()) && !(name.quoted && name.text != "customer");
                if taken {
                    let why = "this word begins a line about messages or customers";
                    let help = format!(
                        "choose another name, for example `{}_event`, and give the old one as its name outside: `event {0}_event \"{0}\" {{ … }}`",
                        name.text
                    );
                    found.push(Taken { place: name.place, kind: "event", name: name.text.to_string(), why, help });
                }
                self.add(Kind::Event, name, found);
            }
            DeclKind::Catalog { name: Some(name), .. } => drop(self.add(Kind::Catalog, name, found)),
            DeclKind::Topic { name: Some(name), .. } => drop(self.add(Kind::Topic, name, found)),
            DeclKind::Team { name: Some(name), .. } => drop(self.add(Kind::Team, name, found)),
            DeclKind::Segment { name: Some(name), .. } => drop(self.add(Kind::Segment, name, found)),
            DeclKind::Route { name: Some(name), .. } => {
                if channel(&name.text).is_some() || self.get(Kind::Channel, &name.text).is_some() {
                    let why = "a channel has this name already";
                    let help = format!("give the route another name, for example `{}_first`", name.text);
                    found.push(Taken { place: name.place, kind: "route", name: name.text.to_string(), why, help });
                }
                self.add(Kind::Route, name, found);
            }
            DeclKind::Block { name: Some(name), .. } => drop(self.add(Kind::Block, name, found)),
            DeclKind::Survey { name: Some(name), .. } => drop(self.add(Kind::Survey, name, found)),
            DeclKind::CustomChannel { name: Some(name), .. } => {
                if channel(&name.text).is_some() || self.get(Kind::Route, &name.text).is_some() {
                    let why = "a channel or a route has this name already";
                    let help = format!("give it another name, for example `my_{}`", name.text);
                    found.push(Taken { place: name.place, kind: "channel", name: name.text.to_string(), why, help });
                }
                self.add(Kind::Channel, name, found);
            }
            DeclKind::Const { name: Some(name), .. } => {
                if ROOTS.contains(&name.text.as_str()) || GIVEN.contains(&name.text.as_str()) {
                    let is_root = ROOTS.contains(&name.text.as_str());
                    let why = if is_root {
                        "this word has a meaning of its own in every condition"
                    } else {
                        "every text of a message can show this, and it is filled in when the message is sent"
                    };
                    let help = format!("choose another name, for example `my_{}`", name.text);
                    found.push(Taken { place: name.place, kind: "constant", name: name.text.to_string(), why, help });
                }
                self.add(Kind::Const, name, found);
            }
            DeclKind::List { name: Some(name), .. } => drop(self.add(Kind::List, name, found)),
            DeclKind::Codes { name: Some(name), .. } => drop(self.add(Kind::Codes, name, found)),
            DeclKind::Score { name: Some(name), .. } => drop(self.add(Kind::Score, name, found)),
            DeclKind::Audience { name: Some(name), .. } => drop(self.add(Kind::Audience, name, found)),
            DeclKind::Stages { stages } => {
                for name in stages.iter().filter_map(|stage| stage.name.as_ref()) {
                    self.add(Kind::Stage, name, found);
                }
            }
            DeclKind::Hook(hook) => {
                if let Some(name) = &hook.name {
                    self.add(Kind::Hook, name, found);
                }
            }
            DeclKind::Message(message) => self.message(message, None, found),
            DeclKind::Journey(journey) => self.journey(journey, found),
            _ => {}
        }
    }

    fn journey(&mut self, journey: &'a ast::Journey, found: &mut Diagnostics) {
        let own = journey.name.as_ref().and_then(|name| self.add(Kind::Journey, name, found));
        if own.is_some() {
            self.journeys.push(journey);
        }
        for item in &journey.items {
            if let JourneyItem::Message(message) = item {
                self.message(message, own, found);
            }
        }
    }

    fn message(&mut self, message: &'a ast::Message, inside: Option<u16>, found: &mut Diagnostics) {
        if let Some(name) = &message.name
            && self.add(Kind::Message, name, found).is_some()
        {
            self.messages.push(MessageDecl { message, inside });
        }
    }

    /// Numbers a declaration; `None` where the name is declared already.
    fn add(&mut self, kind: Kind, name: &'a Name, found: &mut Diagnostics) -> Option<u16> {
        let table = kind as usize;
        if let Some(first) = self.tables[table].get(name.text.as_str()) {
            let other = Some((first.place, "the first one"));
            found.push(Twice { place: name.place, kind: kind.word(), name: name.text.to_string(), other });
            return None;
        }
        let id = self.counts[table];
        if id >= DECLARATIONS_MAX {
            if id == DECLARATIONS_MAX {
                self.counts[table] += 1;
                let (kind, name, place) = (kind.word(), name.text.to_string(), name.place);
                let why = "there are 65,535 of this kind already, the most that a project can have";
                found.push(Taken { place, kind, name, why, help: "divide the project into several".to_owned() });
            }
            return None;
        }
        self.twins(kind, name, found);
        self.counts[table] += 1;
        let declared = Declared { id: id as u16, place: name.place, used: Cell::new(false) };
        self.tables[table].insert(&name.text, declared);
        Some(id as u16)
    }

    fn twins(&mut self, kind: Kind, name: &'a Name, found: &mut Diagnostics) {
        let key = skeleton(&name.text);
        match self.folded[kind as usize].get(&key) {
            Some((first, place)) => {
                let other = Some((*place, "the other one"));
                let (place, first, name, kind) = (name.place, (*first).to_owned(), name.text.to_string(), kind.word());
                if first.to_lowercase() == name.to_lowercase() {
                    found.push(Twins { place, kind, name, first, other });
                } else {
                    found.push(LookAlikes { place, kind, name, first, other });
                }
            }
            None => {
                self.folded[kind as usize].insert(key, (&name.text, name.place));
            }
        }
    }

    /// Gives segments new numbers: `order[i]` is the old number of the one that becomes `i`.
    pub(crate) fn number_segments(&mut self, order: &[u16]) {
        let mut new = vec![0u16; order.len()];
        for (at, old) in order.iter().enumerate() {
            new[usize::from(*old)] = at as u16;
        }
        for declared in self.tables[Kind::Segment as usize].values_mut() {
            declared.id = new.get(usize::from(declared.id)).copied().unwrap_or(declared.id);
        }
    }

    /// The number of a name, silently and without counting as a use.
    pub(crate) fn get(&self, kind: Kind, name: &str) -> Option<u16> {
        self.tables[kind as usize].get(name).map(|declared| declared.id)
    }

    /// The number of this very declaration; `None` for the second one of two with the same name.
    pub(crate) fn own(&self, kind: Kind, name: &Name) -> Option<u16> {
        self.tables[kind as usize].get(name.text.as_str()).filter(|declared| declared.place == name.place).map(|declared| declared.id)
    }

    /// The number of a name that is used; reported, with suggestions, where there is none.
    pub(crate) fn find(&self, kind: Kind, name: &Name, found: &mut Diagnostics) -> Option<u16> {
        self.recorder.offer(name.place, || {
            self.of_kind(kind).into_iter().map(|known| Offer::new(known, Symbol::Declared(kind, Text::new(known)), None)).collect()
        });
        match self.tables[kind as usize].get(name.text.as_str()) {
            Some(declared) => {
                self.recorder.note(name.place, || Symbol::Declared(kind, name.text.clone()), None);
                declared.used.set(true);
                Some(declared.id)
            }
            None => {
                found.push(self.unknown(kind, name));
                None
            }
        }
    }

    /// Counts as a use.
    pub(crate) fn mark(&self, kind: Kind, name: &str) {
        if let Some(declared) = self.tables[kind as usize].get(name) {
            declared.used.set(true);
        }
    }

    /// What nothing has asked for, in the order of the files.
    pub(crate) fn unused(&self, kind: Kind) -> Vec<(&'a str, Place)> {
        let declared = self.tables[kind as usize].iter();
        let mut unused: Vec<(&str, Place)> =
            declared.filter(|(_, declared)| !declared.used.get()).map(|(name, declared)| (*name, declared.place)).collect();
        unused.sort_by_key(|(_, place)| *place);
        unused
    }

    /// The names of a kind, sorted.
    pub(crate) fn of_kind(&self, kind: Kind) -> Vec<&'a str> {
        let mut names: Vec<&str> = self.tables[kind as usize].keys().copied().collect();
        names.sort_unstable();
        names
    }

    fn unknown(&self, kind: Kind, name: &Name) -> Unknown {
        let written = name.text.as_str();
        let names = self.of_kind(kind);
        let near = suggest::nearest(written, names.iter().copied());
        let fix = changes(&near, name.place);
        let other = KINDS.iter().find(|other| **other != kind && self.get(**other, written).is_some());
        let (label, help) = match (near.first(), other) {
            (Some(_), _) => ("not declared in this project".to_owned(), did_you_mean(&near)),
            (None, Some(other)) => (format!("`{written}` is a {}", other.word()), wanted(kind, written, &names)),
            (None, None) => ("not declared in this project".to_owned(), wanted(kind, written, &names)),
        };
        Unknown { place: name.place, kind: kind.word(), name: written.to_owned(), label, help, fix }
    }
}

fn wanted(kind: Kind, name: &str, names: &[&str]) -> String {
    match names {
        [] => format!("declare it: `{}`", kind.example(name)),
        names if names.len() <= LISTED_MAX => format!("declared are {}; or declare it: `{}`", listed(names), kind.example(name)),
        _ => format!("declare it: `{}`", kind.example(name)),
    }
}

/// `did you mean `a` or `b`?`
pub(crate) fn did_you_mean(near: &[String]) -> String {
    let names: Vec<String> = near.iter().map(|name| format!("`{name}`")).collect();
    format!("did you mean {}?", names.join(" or "))
}

/// Fixes that replace a place by each suggestion.
pub(crate) fn changes(near: &[String], place: Place) -> Vec<Fix> {
    near.iter().map(|name| Fix::replace(format!("change to `{name}`"), place, name.clone())).collect()
}

/// `` `a`, `b`, `c` ``
pub(crate) fn listed<T: AsRef<str>>(names: &[T]) -> String {
    names.iter().map(|name| format!("`{}`", name.as_ref())).collect::<Vec<_>>().join(", ")
}

/// Names to choose from: the nearest ones, or all where they are few.
pub(crate) fn choose_from<'n>(written: &str, names: impl IntoIterator<Item = &'n str>, none: &str) -> (String, Vec<String>) {
    let mut names: Vec<&str> = names.into_iter().collect();
    names.sort_unstable();
    names.dedup();
    let near = suggest::nearest(written, names.iter().copied());
    if !near.is_empty() {
        return (did_you_mean(&near), near);
    }
    let help = match names.as_slice() {
        [] => none.to_owned(),
        names if names.len() <= LISTED_MAX => format!("there is {}", listed(names)),
        _ => none.to_owned(),
    };
    (help, near)
}

/// The number of a channel that is always there, by its name.
pub(crate) fn channel(name: &str) -> Option<u16> {
    CHANNELS.iter().position(|(channel, _)| *channel == name).map(|at| at as u16)
}

/// The form in which names that people would take for the same are equal: lower case, Thai vowels typed in two keystrokes as one, Cyrillic
/// and Greek letters that look Latin as Latin.
fn skeleton(name: &str) -> String {
    let lower = name.to_lowercase();
    if lower.is_ascii() {
        return lower;
    }
    let mut out = String::with_capacity(lower.len());
    let chars: Vec<char> = lower.chars().collect();
    let mut at = 0;
    while at < chars.len() {
        let tone = |c: char| ('\u{0E48}'..='\u{0E4B}').contains(&c);
        match chars[at..] {
            // Nikhahit, a tone mark and sara aa look like sara am.
            ['\u{0E4D}', mark, '\u{0E32}', ..] if tone(mark) => {
                out.push(mark);
                out.push('\u{0E33}');
                at += 3;
            }
            [mark, '\u{0E4D}', '\u{0E32}', ..] if tone(mark) => {
                out.push(mark);
                out.push('\u{0E33}');
                at += 3;
            }
            ['\u{0E4D}', '\u{0E32}', ..] => {
                out.push('\u{0E33}');
                at += 2;
            }
            // Two sara e look like sara ae.
            ['\u{0E40}', '\u{0E40}', ..] => {
                out.push('\u{0E41}');
                at += 2;
            }
            [c, ..] => {
                out.push(latin(c));
                at += 1;
            }
            [] => break,
        }
    }
    out
}

fn latin(c: char) -> char {
    match c {
        'а' | 'α' => 'a',
        'с' | 'ϲ' => 'c',
        'ԁ' => 'd',
        'е' => 'e',
        'һ' => 'h',
        'і' | 'ι' => 'i',
        'ј' => 'j',
        'κ' | 'к' => 'k',
        'ӏ' => 'l',
        'ո' => 'n',
        'о' | 'ο' | 'օ' => 'o',
        'р' | 'ρ' => 'p',
        'ԛ' => 'q',
        'ѕ' => 's',
        'υ' | 'ս' => 'u',
        'ν' | 'ѵ' => 'v',
        'ԝ' => 'w',
        'х' | 'χ' => 'x',
        'у' => 'y',
        other => other,
    }
}

/// A name as it must be written: in backticks where it is a reserved word.
pub fn written(name: &str) -> Text {
    const RESERVED: [&str; 13] = ["and", "or", "not", "is", "in", "has", "where", "within", "by", "as", "else", "true", "false"];
    if RESERVED.contains(&name) { Text::from(format!("`{name}`")) } else { Text::new(name) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_look_the_same_fold_together() {
        assert_eq!(skeleton("Promo"), skeleton("prоmo"));
        assert_eq!(skeleton("น้ำ"), skeleton("นํ้า"));
        assert_eq!(skeleton("แม่"), skeleton("เเม่"));
        assert_ne!(skeleton("ม้า"), skeleton("มา"));
    }
}
