//! Runs side by side: the key of a journey, and which run an event belongs to.
//!
//! In: `one run per …`, `for the same …`, `for any …`. Out: [`RunKey`] and [`KeyMatch`]. **Invariant:** in a keyed journey every event of
//! a goal, exit or wait says which run it means; in one without a key none does. Reports about messages know their run themselves.

use super::checked::{EntryKind, RunKey};
use super::journey::Cx;
use super::problem::{after, problems};
use super::recorder::{Owner, Symbol};
use super::scope::NoValue;
use crate::ast;
use crate::condition::{Happening, KeyMatch, What};
use crate::diagnostic::{Code, Fix, suggest};
use crate::source::Place;
use crate::value::Type;

problems! {
    /// `one run per order_id` where some entry has no `order_id`.
    NotInEveryEntry { key: String, fix: Option<Fix> } = Code::new("E0330", "key-not-in-every-entry");
        "not everything that lets customers in has `{key}`", "runs cannot be told apart by it",
        "name a property that every `enter` of this journey has, or write `one run per event`";

    /// A key of a type that has no identity.
    NotAKey { key: String, ty: String } = Code::new("E0331", "not-a-key");
        "runs cannot be told apart by `{key}`", "its type is {ty}", "use a text or a number, such as an order number";

    /// `one run per event` without an event, `one run per request` without `enter when requested`.
    PerNothing { what: &'static str, needs: &'static str } = Code::new("E0332", "one-run-per-what");
        "`one run per {what}` needs {needs} that lets customers in", "this journey has none", "name a property of the entry, or take this line out";

    /// An event in a keyed journey without `for …`.
    KeyUnsaid { event: String, key: String, fix: Vec<Fix> } = Code::new("E0333", "which-run");
        "`{event}` does not say which run it is for", "a customer can be in this journey several times at once",
        "write `{event} for the same {key}` or `{event} for any {key}`";

    /// `for the same …` where a customer is in the journey at most once.
    KeyUnexpected { fix: Option<Fix> } = Code::new("E0334", "no-key-here");
        "a customer is in this journey at most once", "there is nothing to tell apart",
        "take this out, or write `one run per …` in the header";

    /// `clicked reminder for the same order_id`
    KeyOnReport { fix: Option<Fix> } = Code::new("E0335", "message-knows-its-run");
        "what happens to a message belongs to the run that sent it", "no key is needed here", "take this out";

    /// `for the same order_id` where the event, or the entry, has no such property.
    KeyNotShared { key: String, missing: String, fix: Vec<Fix> } = Code::new("E0336", "key-not-shared");
        "`{key}` is not known of {missing}", "a key must be a property of both", "name a property that both have, or write `for any {key}`";

    /// `for the same total` where one is a number and the other a text.
    KeyTypesDiffer { key: String, entry: String, event: String } = Code::new("E0337", "key-types-differ");
        "`{key}` of the entry never equals `{key}` of this event", "one is {entry}, the other {event}", "give both the same type where the events are declared";
}

/// Checks `one run per …`. The key becomes a value of the entry.
pub(super) fn run_key(cx: &mut Cx, place: Place, per: &ast::OneRunPer) -> RunKey {
    let entries = &cx.journey.entries;
    match per {
        ast::OneRunPer::Event => {
            if !entries.iter().any(|entry| matches!(entry.kind, EntryKind::On(_))) {
                cx.found.push(PerNothing { place, what: "event", needs: "an event" });
            }
            RunKey::PerEvent
        }
        ast::OneRunPer::Request => {
            if !entries.iter().any(|entry| matches!(entry.kind, EntryKind::Requested)) {
                cx.found.push(PerNothing { place, what: "request", needs: "`enter when requested`" });
            }
            RunKey::PerRequest
        }
        ast::OneRunPer::Key(name) => match cx.read_entry(name) {
            Ok((at, ty)) => {
                cx.key_name = Some(name.text.clone());
                if !is_identity(&ty) {
                    cx.found.push(NotAKey { place: name.place, key: name.text.to_string(), ty: ty.required().to_string() });
                } else if !cx.values.borrow().is_in_every_entry(at) {
                    cx.found.push(NotInEveryEntry { place: name.place, key: name.text.to_string(), fix: None });
                }
                RunKey::Value(at)
            }
            Err(_) => {
                let names = cx.values.borrow().names(&cx.project.schema);
                let near = suggest::best(&name.text, names.iter().map(String::as_str));
                let fix = near.map(|near| Fix::replace(format!("change to `{near}`"), name.place, near));
                cx.found.push(NotInEveryEntry { place: name.place, key: name.text.to_string(), fix });
                cx.key_name = None;
                RunKey::PerEvent
            }
        },
    }
}

fn is_identity(ty: &Type) -> bool {
    let ty = ty.required();
    ty.is_textual() || matches!(ty, Type::Number | Type::Date | Type::DateTime | Type::Boolean | Type::Error)
}

/// Which run an event of a goal, exit or wait is for.
pub(super) fn key_match(cx: &mut Cx, what: What, target: Place, key: Option<&ast::ForKey>) -> Option<KeyMatch> {
    let event = match what {
        What::Happened(Happening::Event(event)) if !cx.project.is_answer(event) => event,
        What::Happened(_) | What::Message { .. } => {
            if let Some(key) = key {
                let fix = Some(Fix::replace("take it out", key.place, ""));
                cx.found.push(KeyOnReport { place: key.place, fix });
            }
            let keyed = cx.keyed && matches!(what, What::Happened(_));
            return Some(if keyed { KeyMatch::Any } else { KeyMatch::NotKeyed });
        }
    };
    match (key, cx.keyed) {
        (None, false) => Some(KeyMatch::NotKeyed),
        // An experiment is measured by customer, whatever the run.
        (None, true) if cx.measuring => Some(KeyMatch::Any),
        (None, true) => {
            unsaid(cx, event, target);
            None
        }
        (Some(key), false) => {
            let fix = Some(Fix::replace("take it out", key.place, ""));
            cx.found.push(KeyUnexpected { place: key.place, fix });
            None
        }
        (Some(key), true) => shared(cx, event, key),
    }
}

fn unsaid(cx: &mut Cx, event: crate::schema::EventId, target: Place) {
    let Some(event) = cx.project.schema.events.get(event.index()) else { return };
    let known = cx.key_name.clone();
    // Without a named key, propose a property that both have.
    let shared = event.fields.iter().map(|field| &field.name).find(|name| cx.values.borrow().type_of(&cx.project.schema, name).is_ok());
    let key = known.or_else(|| shared.cloned()).unwrap_or_else(|| "id".into());
    let has = event.field(&key).is_some();
    let add = |text: String| Fix::replace(format!("add `{text}`"), after(target), format!(" {text}"));
    let mut fix = vec![add(format!("for any {key}"))];
    if has {
        fix.insert(0, add(format!("for the same {key}")));
    }
    cx.found.push(KeyUnsaid { place: target, event: event.name.to_string(), key: key.to_string(), fix });
}

fn shared(cx: &mut Cx, event: crate::schema::EventId, key: &ast::ForKey) -> Option<KeyMatch> {
    let name = key.key.as_ref()?;
    let event = cx.project.schema.events.get(event.index())?;
    let property = event.field(&name.text);
    if property.is_some() {
        cx.project.recorder().note(name.place, || Symbol::Field(Owner::Event(event.name.clone()), name.text.clone()), None);
    }
    if !key.same {
        if cx.project.recorder().is_on() {
            // The key is the entry's, too.
            drop(cx.read_entry(name));
        }
        let known = cx.key_name.as_ref() == Some(&name.text) || cx.values.borrow().type_of(&cx.project.schema, &name.text).is_ok();
        if !known {
            not_shared(cx, name, "the entry".to_owned(), name.place);
            return None;
        }
        return Some(KeyMatch::Any);
    }
    let Some(property) = property else {
        not_shared(cx, name, format!("`{}`", event.name), key.place);
        return None;
    };
    let of_event = event.fields[usize::from(property)].ty.required().clone();
    match cx.read_entry(name) {
        Ok((entry, ty)) => {
            let of_entry = ty.required();
            if *of_entry != of_event && *of_entry != Type::Error && of_event != Type::Error {
                let (entry, event) = (of_entry.to_string(), of_event.to_string());
                cx.found.push(KeyTypesDiffer { place: name.place, key: name.text.to_string(), entry, event });
                return None;
            }
            Some(KeyMatch::Same { property, entry })
        }
        Err(NoValue::Unknown | NoValue::Conflict(..)) => {
            not_shared(cx, name, "the entry".to_owned(), key.place);
            None
        }
    }
}

fn not_shared(cx: &mut Cx, key: &ast::Name, missing: String, place: Place) {
    let mut fix = Vec::new();
    if let Some(known) = cx.key_name.as_ref().filter(|known| **known != key.text) {
        fix.push(Fix::replace(format!("change to `{known}`"), key.place, known.to_string()));
    }
    cx.found.push(KeyNotShared { place, key: key.text.to_string(), missing, fix });
}

impl Cx<'_, '_> {
    /// Position and type of `entry.NAME`, which is read from now on.
    fn read_entry(&mut self, name: &ast::Name) -> Result<(u16, Type), NoValue> {
        let recorder = self.project.recorder();
        recorder.offer(name.place, || self.values.borrow().offers(self.project));
        let read = self.values.borrow_mut().read(&self.project.schema, &name.text);
        if recorder.is_on()
            && let Ok((_, ty)) = &read
        {
            for symbol in self.values.borrow().origins(self.project, &name.text) {
                recorder.note(name.place, || symbol, Some(ty));
            }
        }
        read
    }
}
