//! Names and paths: what a word at the head of an expression is, and what `.field` reads from it.
//!
//! In: names. Out: expressions with types. **Invariant:** exactly the scoping rules of `docs/language.md` ("Names"). A name that is not
//! known is reported with the nearest names that would be legal at its place.

use super::expr::{Typer, a, broken};
use super::names::{self, Kind, ROOTS, choose_from, written as spelt};
use super::problem::problems;
use super::recorder::{Owner, Symbol};
use super::scope::{self, Binding, NoValue, Subject};
use crate::ast::{self, ExprKind, Name, PathRef};
use crate::condition::Expr;
use crate::diagnostic::{Code, Fix};
use crate::schema::{EventId, FieldId, ScoreId};
use crate::source::Place;
use crate::template::links;
use crate::value::{Text, Type, Value};

problems! {
    /// A word that is nothing here.
    UnknownWord { name: String, help: String, fix: Vec<Fix> } = Code::new("E0103", "unknown-word");
        "`{name}` means nothing here", "not known at this place", "{help}";

    /// `customer.emial`, `entry.totl`
    UnknownProperty { of: String, name: String, help: String, fix: Vec<Fix> } = Code::new("E0104", "unknown-property");
        "{of} has no `{name}`", "not one of its properties", "{help}";

    /// `total` outside a `where`.
    BareProperty { name: String, label: &'static str, help: String, fix: Vec<Fix> } = Code::new("E0105", "whose-property");
        "it is not said whose `{name}` this is", "{label}", "{help}";

    /// A bare name that is both a property and something else.
    Ambiguous { name: String, first: String, second: String, help: String, fix: Vec<Fix> } = Code::new("E0106", "could-be-two-things");
        "`{name}` could be two things here", "{first}, or {second}", "{help}";

    /// `entry` where there is no run.
    NoEntryHere { help: &'static str } = Code::new("E0107", "no-entry-here");
        "there is no `entry` here", "nobody has entered a journey at this place", "{help}";

    /// `entry.total` where two entries differ.
    EntryDiffers { name: String, one: String, two: String } = Code::new("E0108", "entry-values-differ");
        "`entry.{name}` is {one} in one entry and {two} in another", "it must be the same in all `enter` lines",
        "declare the property with the same type in both events, or give it another name in one of them";

    /// `let x be customer`, `reminder is 3`
    NotAValue { name: String, what: String, help: String } = Code::new("E0109", "not-a-value");
        "`{name}` alone is no value", "{what}", "{help}";
}

/// What a head is.
enum Head {
    Value(Expr, Type),
    Customer,
    Entry,
    Send,
    /// The event itself, inside its own `where`.
    Event {
        depth: u8,
        event: EventId,
    },
    Broken,
}

impl Typer<'_, '_, '_> {
    /// The value at the end of a path, as steps name it: `customer.trial_ends`, `entry.at`, `view.sku`. `None` where it is reported.
    pub(crate) fn path(&mut self, path: &PathRef) -> Option<(Expr, Type)> {
        let (first, rest) = path.parts.split_first()?;
        let (value, ty) = match rest.split_first() {
            None => self.head_value(first, path.place),
            Some((field, rest)) => {
                let head = self.head(first);
                let mut value = self.field_of_head(head, first, field);
                for field in rest {
                    value = self.field_of_value(value, field);
                }
                value
            }
        };
        (ty != Type::Error).then_some((value, ty))
    }

    /// The customer's field that a path names. `None` where it is none: reported, except that a path with another head or of another
    /// length is the caller's to report.
    pub(crate) fn customer_field(&mut self, path: &PathRef) -> Option<(FieldId, Type)> {
        let [root, field] = path.parts.as_slice() else { return None };
        if root.text != "customer" {
            return None;
        }
        match self.customer_property(field) {
            (Expr::Customer(id), ty) => Some((id, ty)),
            _ => None,
        }
    }

    pub(super) fn head_value(&mut self, name: &Name, place: Place) -> (Expr, Type) {
        let head = self.head(name);
        let not = |what: String, help: &str| NotAValue { place, name: name.text.to_string(), what, help: help.to_owned() };
        match head {
            Head::Value(value, ty) => (value, ty),
            Head::Customer => (Expr::CustomerId, Type::Customer),
            Head::Entry => {
                self.found.push(not("it is all that let the customer in".to_owned(), "name one of its values, for example `entry.at`"));
                broken()
            }
            Head::Send => {
                self.found.push(not(
                    "it is a message that was sent".to_owned(),
                    &format!("ask what became of it, for example `{} is clicked`", name.text),
                ));
                broken()
            }
            Head::Event { .. } => {
                self.found.push(not("it is the event itself".to_owned(), "name one of its properties"));
                broken()
            }
            Head::Broken => broken(),
        }
    }

    pub(super) fn field_value(&mut self, written: &ast::Expr) -> (Expr, Type) {
        let ExprKind::Field(inner, field) = &written.kind else { return broken() };
        match &inner.kind {
            ExprKind::Name(name) => {
                let head = self.head(name);
                self.field_of_head(head, name, field)
            }
            ExprKind::Field(..) => {
                let value = self.field_value(inner);
                self.field_of_value(value, field)
            }
            _ => {
                let value = self.infer(inner);
                self.field_of_value(value, field)
            }
        }
    }

    fn field_of_head(&mut self, head: Head, name: &Name, field: &Name) -> (Expr, Type) {
        match head {
            Head::Customer => self.customer_property(field),
            Head::Entry => self.entry_property(field),
            Head::Value(value, ty) => self.field_of_value((value, ty), field),
            Head::Event { depth, event } => self.event_property(depth, event, field),
            Head::Send => {
                let help = format!("ask what became of it, for example `{} is clicked`", name.text);
                let (place, name) = (name.place.to(field.place), name.text.to_string());
                self.found.push(NotAValue { place, name, what: "it is a message that was sent".to_owned(), help });
                broken()
            }
            Head::Broken => broken(),
        }
    }

    fn customer_property(&mut self, field: &Name) -> (Expr, Type) {
        self.offer_customer(field);
        if field.text == "id" {
            self.project.recorder().note(field.place, || Symbol::Word("value", field.text.clone()), Some(&Type::Text));
            return (Expr::CustomerId, Type::Text);
        }
        let known = self.project.fields.get(field.text.as_str()).copied();
        match known {
            Some(at) => {
                let ty = self.project.schema.customer[usize::from(at)].ty.clone();
                self.project.note_field(field, || Owner::Customer, &ty);
                (Expr::Customer(FieldId(at)), ty)
            }
            None if self.project.names.get(Kind::Score, &field.text).is_some() => {
                let score = self.project.names.get(Kind::Score, &field.text).unwrap_or_default();
                self.project.names.mark(Kind::Score, &field.text);
                self.project.recorder().note(field.place, || Symbol::Declared(Kind::Score, field.text.clone()), Some(&Type::Number));
                (Expr::Score(ScoreId(score)), Type::Number)
            }
            None => {
                let scores = self.project.schema.scores.iter().map(|score| score.name.as_str());
                let fields: Vec<&str> =
                    self.project.schema.customer.iter().map(|field| field.name.as_str()).chain(scores).chain(["id"]).collect();
                let (help, near) = choose_from(
                    &field.text,
                    fields,
                    &format!("declare it in `customer {{ … }}`, for example `{} text?`", spelt(&field.text)),
                );
                let fix = names::changes(&near, field.place);
                self.found.push(UnknownProperty {
                    place: field.place,
                    of: "the customer".to_owned(),
                    name: field.text.to_string(),
                    help,
                    fix,
                });
                broken()
            }
        }
    }

    fn entry_property(&mut self, field: &Name) -> (Expr, Type) {
        self.offer_entry(field);
        let (value, ty) = self.entry_value(field);
        if ty != Type::Error {
            self.note_entry(field, &ty);
        }
        (value, ty)
    }

    fn entry_value(&mut self, field: &Name) -> (Expr, Type) {
        let Some(entry) = self.scope.entry.as_deref_mut() else { return broken() };
        if field.text == "at" {
            return (Expr::EntryAt, Type::DateTime);
        }
        if field.text == "date"
            && let Some(always) = entry.date()
        {
            return (Expr::EntryDate, if always { Type::Date } else { Type::Date.optional() });
        }
        match entry.read(&self.project.schema, &field.text) {
            Ok((at, ty)) => (Expr::Entry(at), ty),
            Err(NoValue::Unknown) => {
                let names = entry.names(&self.project.schema);
                let legal = names.iter().map(String::as_str).chain(["at"]);
                let (help, near) = choose_from(&field.text, legal, "an entry has the properties of its event, and `entry.at`");
                let fix = names::changes(&near, field.place);
                let of = "what lets customers in".to_owned();
                self.found.push(UnknownProperty { place: field.place, of, name: field.text.to_string(), help, fix });
                broken()
            }
            Err(NoValue::Conflict(one, two)) => {
                self.found.push(EntryDiffers { place: field.place, name: field.text.to_string(), one: a(&one), two: a(&two) });
                broken()
            }
        }
    }

    pub(super) fn event_property(&mut self, depth: u8, event: EventId, field: &Name) -> (Expr, Type) {
        self.offer_event(event, field);
        let declared = &self.project.schema.events[event.index()];
        match declared.field(&field.text) {
            Some(at) => {
                let ty = declared.fields[usize::from(at)].ty.clone();
                self.project.note_field(field, || self.project.owner(event), &ty);
                (Expr::Subject { depth, field: at }, ty)
            }
            None => {
                self.unknown_event_property(event, field);
                broken()
            }
        }
    }

    pub(super) fn unknown_event_property(&mut self, event: EventId, field: &Name) {
        let declared = &self.project.schema.events[event.index()];
        let legal = declared.fields.iter().map(|field| field.name.as_str());
        let none = format!("declare it with the event: `event {} {{ {} text }}`", declared.name, spelt(&field.text));
        let (help, near) = choose_from(&field.text, legal, &none);
        let fix = names::changes(&near, field.place);
        let of = format!("the event `{}`", declared.name);
        self.found.push(UnknownProperty { place: field.place, of, name: field.text.to_string(), help, fix });
    }

    fn field_of_value(&mut self, value: (Expr, Type), field: &Name) -> (Expr, Type) {
        let (value, ty) = value;
        self.offer_parts(&ty, field);
        if let Type::Catalog(name) = ty.required() {
            let catalog = name.clone();
            return self.item_property(value, &catalog, ty.is_optional(), field);
        }
        let fields: Vec<(Text, Type)> = match ty.required() {
            Type::Error => return broken(),
            Type::Record(fields) => fields.to_vec(),
            Type::Event(name) => match self.project.event_named(name) {
                Some(event) => {
                    let fields = &self.project.schema.events[event.index()].fields;
                    fields.iter().map(|field| (field.name.clone(), field.ty.clone())).collect()
                }
                None => return broken(),
            },
            _ => Vec::new(),
        };
        match fields.iter().position(|(name, _)| *name == field.text) {
            Some(at) => {
                let of_field = fields[at].1.clone();
                let of_field = if ty.is_optional() { of_field.optional() } else { of_field };
                self.note_part(&ty, field, &of_field);
                (Expr::Field(Box::new(value), at as u16), of_field)
            }
            None => {
                let none = "it has no properties";
                let (help, near) = choose_from(&field.text, fields.iter().map(|(name, _)| name.as_str()), none);
                let fix = names::changes(&near, field.place);
                self.found.push(UnknownProperty { place: field.place, of: a(&ty), name: field.text.to_string(), help, fix });
                broken()
            }
        }
    }

    // ------------------------------------------------------------ heads

    fn head(&mut self, name: &Name) -> Head {
        self.offer_heads(name);
        let property = self.property(name);
        let other = self.other_head(name);
        if let (Some(head), None) | (None, Some((head, _))) = (&property, &other) {
            let ty = match head {
                Head::Value(_, ty) => Some(ty.clone()),
                _ => None,
            };
            self.note_head(name, property.is_some(), ty.as_ref());
        }
        match (property, other) {
            (Some(_), Some((_, other))) => {
                self.ambiguous(name, &other);
                Head::Broken
            }
            (Some(property), None) => property,
            (None, Some((head, _))) => head,
            (None, None) => self.unknown_head(name),
        }
    }

    /// A bare property of the nearest `where`.
    fn property(&mut self, name: &Name) -> Option<Head> {
        match self.scope.subjects.last()? {
            Subject::Event(event) => {
                let declared = &self.project.schema.events[event.index()];
                let at = declared.field(&name.text)?;
                Some(Head::Value(Expr::Subject { depth: 0, field: at }, declared.fields[usize::from(at)].ty.clone()))
            }
            Subject::Element(ty) => match ty.required() {
                Type::Record(fields) => {
                    let at = fields.iter().position(|(field, _)| *field == name.text)?;
                    Some(Head::Value(Expr::Subject { depth: 0, field: at as u16 }, fields[at].1.clone()))
                }
                Type::Catalog(catalog) => {
                    let catalog = catalog.clone();
                    let (value, ty) = self.own_property(Expr::It { depth: 0 }, &catalog, &name.text)?;
                    Some(Head::Value(value, ty))
                }
                _ if name.text == "it" => Some(Head::Value(Expr::It { depth: 0 }, ty.clone())),
                _ => None,
            },
            Subject::Bare(_) | Subject::Unknown => None,
        }
    }

    /// Everything else that a head can be, with words for it.
    fn other_head(&mut self, name: &Name) -> Option<(Head, String)> {
        let text = name.text.as_str();
        if !name.quoted {
            match text {
                "customer" if self.scope.customer => return Some((Head::Customer, "the customer".to_owned())),
                "entry" if self.scope.entry.is_some() => return Some((Head::Entry, "what let the customer in".to_owned())),
                "now" if self.scope.customer => return Some((Head::Value(Expr::Now, Type::DateTime), "this moment".to_owned())),
                "today" if self.scope.customer => return Some((Head::Value(Expr::Today, Type::Date), "this day".to_owned())),
                _ => {}
            }
        }
        if self.project.names.get(Kind::Const, text).is_some() {
            let near = if self.scope.binding(text).is_some() {
                Some("a value named in a step above")
            } else {
                self.scope.param(text).map(|_| "a parameter")
            };
            if let Some(near) = near {
                let (first, second) = (near.to_owned(), "a constant of the project".to_owned());
                let help = "give one of the two another name".to_owned();
                self.found.push(Ambiguous { place: name.place, name: name.text.to_string(), first, second, help, fix: Vec::new() });
                return Some((Head::Broken, near.to_owned()));
            }
        }
        match self.scope.binding(text) {
            Some(Binding::Local(local, ty)) => {
                return Some((Head::Value(Expr::Local(*local), ty.clone()), "a value named in a step above".to_owned()));
            }
            Some(Binding::Send(..)) => return Some((Head::Send, "a message that was sent".to_owned())),
            None => {}
        }
        if let Some((at, ty)) = self.scope.param(text) {
            return Some((Head::Value(Expr::Param(at), ty.clone()), "a parameter".to_owned()));
        }
        if let Some(id) = self.project.names.get(Kind::Const, text) {
            self.project.names.mark(Kind::Const, text);
            let (value, ty) = self.project.constants.get(usize::from(id)).cloned().unwrap_or((Value::Missing, Type::Error));
            return Some((Head::Value(Expr::Const(value), ty), "a constant of the project".to_owned()));
        }
        if self.scope.template && names::GIVEN.contains(&text) {
            return Some((self.given(name), "a page or an address of ours".to_owned()));
        }
        if let Some(depth) = self.own_item(text) {
            let item = (Expr::It { depth }, Type::Catalog(Text::new(text)));
            return Some((Head::Value(item.0, item.1), "the item itself".to_owned()));
        }
        self.own_event(text).map(|head| (head, format!("the event `{text}` itself")))
    }

    /// What every text may show: addresses that are filled in when it is sent, and the postal address of the brand.
    fn given(&mut self, name: &Name) -> Head {
        let address = |text: &str, ty| Head::Value(Expr::Const(Value::text(text)), ty);
        match name.text.as_str() {
            "unsubscribe_url" => address(links::UNSUBSCRIBE, Type::Url),
            "view_url" => address(links::VIEW, Type::Url),
            _ => match &self.project.postal {
                Some(postal) => address(postal, Type::Text),
                None => {
                    let help = "say it once for all texts: `brand { postal address \"1 Sukhumvit Road, Bangkok\" }`".to_owned();
                    self.found.push(UnknownWord { place: name.place, name: name.text.to_string(), help, fix: Vec::new() });
                    Head::Broken
                }
            },
        }
    }

    /// The event's own name inside its `where`; with two of them the outer one.
    fn own_event(&self, name: &str) -> Option<Head> {
        let id = self.project.names.get(Kind::Event, name)?;
        let subjects = &self.scope.subjects;
        let at = subjects.iter().position(|subject| matches!(subject, Subject::Event(event) if event.0 == id))?;
        Some(Head::Event { depth: (subjects.len() - 1 - at) as u8, event: EventId(id) })
    }

    fn ambiguous(&mut self, name: &Name, other: &str) {
        let first = match self.scope.subjects.last() {
            Some(Subject::Event(event)) => format!("the property of `{}`", self.project.schema.events[event.index()].name),
            Some(Subject::Element(Type::Catalog(catalog))) => format!("the field of `{catalog}`"),
            _ => "the field of the list's element".to_owned(),
        };
        let (help, fix) = match self.scope.subjects.last() {
            Some(Subject::Event(event)) => {
                let spelling = format!("{}.{}", self.project.schema.events[event.index()].name, spelt(&name.text));
                let fix = Fix::replace(format!("change to `{spelling}`"), name.place, spelling.clone());
                (
                    format!("write `{spelling}` for the property; to mean the other one, give it another name where it is declared"),
                    vec![fix],
                )
            }
            _ => ("give one of the two another name where it is declared".to_owned(), Vec::new()),
        };
        self.found.push(Ambiguous { place: name.place, name: name.text.to_string(), first, second: other.to_owned(), help, fix });
    }

    /// Whether a name is a value here, so that behind `of` it is no event.
    pub(super) fn is_value(&mut self, text: &str) -> bool {
        let name = Name { text: Text::new(text), place: Place::default(), quoted: false };
        let own = matches!(self.other_head(&name), None | Some((Head::Event { .. }, _)));
        self.property(&name).is_some() || !own
    }

    /// `count of x` where `x` is an event and a value.
    pub(super) fn value_or_event(&mut self, name: &Name) {
        let text = name.text.to_string();
        let (first, second) = (format!("the event `{text}`"), "a value with this name".to_owned());
        let help = "give the value another name where it is declared or bound".to_owned();
        self.found.push(Ambiguous { place: name.place, name: text, first, second, help, fix: Vec::new() });
    }

    fn unknown_head(&mut self, name: &Name) -> Head {
        let text = name.text.as_str();
        if matches!(self.scope.subjects.last(), Some(Subject::Unknown)) {
            return Head::Broken;
        }
        if text == "entry" && self.scope.customer {
            let help = if self.scope.template {
                "give the message a parameter, `message thanks(total money THB)`, and fill it where it is sent: `send thanks(total: entry.total)`"
            } else {
                "ask `customer.…`, or what stands behind `where` directly"
            };
            self.found.push(NoEntryHere { place: name.place, help });
            return Head::Broken;
        }
        if ROOTS.contains(&text) && !name.quoted {
            let help = "a constant is made of written values and other constants only".to_owned();
            self.found.push(UnknownWord { place: name.place, name: text.to_owned(), help, fix: Vec::new() });
            return Head::Broken;
        }
        if !self.bare_property(name) {
            self.unknown_word(name);
        }
        Head::Broken
    }

    /// `total` for `entry.total` or `customer.total`.
    fn bare_property(&mut self, name: &Name) -> bool {
        let text = name.text.as_str();
        let mut spellings = Vec::new();
        if let Some(entry) = self.scope.entry.as_deref_mut()
            && entry.names(&self.project.schema).iter().any(|known| known == text)
        {
            spellings.push(format!("entry.{}", spelt(text)));
        }
        if self.scope.customer && self.project.fields.contains_key(text) {
            spellings.push(format!("customer.{}", spelt(text)));
        }
        for subject in self.scope.subjects.iter().rev().skip(1) {
            if let Subject::Event(event) = subject
                && self.project.schema.events[event.index()].field(text).is_some()
            {
                spellings.push(format!("{}.{}", self.project.schema.events[event.index()].name, spelt(text)));
            }
        }
        if spellings.is_empty() {
            return false;
        }
        let help = format!("write {}", names::listed(&spellings).replace(", ", " or "));
        let fix = names::changes(&spellings, name.place);
        let label = if self.scope.template {
            "what is known of the customer begins with `customer.`"
        } else {
            "a property stands alone only after `where`"
        };
        self.found.push(BareProperty { place: name.place, name: text.to_owned(), label, help, fix });
        true
    }

    fn unknown_word(&mut self, name: &Name) {
        let text = name.text.as_str();
        let mut legal: Vec<String> = scope::heads(self.scope, &self.project.names).into_iter().map(str::to_owned).collect();
        match self.scope.subjects.last() {
            Some(Subject::Event(event)) => {
                legal.extend(self.project.schema.events[event.index()].fields.iter().map(|field| field.name.to_string()));
            }
            Some(Subject::Element(ty)) => match ty.required() {
                Type::Record(fields) => legal.extend(fields.iter().map(|(field, _)| field.to_string())),
                Type::Catalog(catalog) => legal.extend(self.item_properties(catalog)),
                _ => legal.push("it".to_owned()),
            },
            _ => {}
        }
        let near = crate::diagnostic::suggest::nearest(text, legal.iter().map(String::as_str));
        let help = match (near.is_empty(), self.scope.subjects.last()) {
            (false, _) => names::did_you_mean(&near),
            (true, Some(Subject::Event(event))) => {
                let event = &self.project.schema.events[event.index()];
                let fields: Vec<&str> = event.fields.iter().map(|field| field.name.as_str()).collect();
                if fields.is_empty() {
                    format!("the event `{}` has no properties; a text needs quotes: `\"{text}\"`", event.name)
                } else {
                    format!("`{}` has {}; a text needs quotes: `\"{text}\"`", event.name, names::listed(&fields))
                }
            }
            (true, Some(Subject::Bare(what))) => format!("{what} has no properties to ask for; begin with `customer.`"),
            (true, _) if self.project.names.get(Kind::Catalog, text).is_some() => {
                format!("`{text}` is a catalog; name an item of it by its key, for example `{text}(entry.…)`")
            }
            (true, _) if self.project.names.get(Kind::Event, text).is_some() => {
                format!("`{text}` is an event; ask for it by `has {text}` or `count of {text}`")
            }
            (true, _) if self.scope.template => {
                "a text sees the parameters of its message, `customer.…` and the constants of the project".to_owned()
            }
            (true, _) => format!("a text needs quotes: `\"{text}\"`; what is known of the customer begins with `customer.`"),
        };
        let fix = names::changes(&near, name.place);
        self.found.push(UnknownWord { place: name.place, name: text.to_owned(), help, fix });
    }
}
