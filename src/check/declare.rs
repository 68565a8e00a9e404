//! The customer, events, topics and teams: fields with their types, wire names and defaults.
//!
//! In: declarations. Out: the [`Schema`](crate::schema::Schema). **Invariant:** names within one declaration and wire names within the
//! project are unique; of two alike the first counts and both places are reported. Defaults come after constants, which they may use.

use super::expr::Typer;
use super::names::{self, Kind, choose_from};
use super::problem::problems;
use super::project::Project;
use super::recorder::{Offer, Symbol};
use super::scope::Scope;
use crate::ast::{self, DeclKind, TypeRef, TypeRefKind};
use crate::diagnostic::{Code, Diagnostics, Fix};
use crate::schema::{Event, Field, FieldId, List, Named, SegmentId, Team, Topic, TopicKind};
use crate::source::{Place, Span};
use crate::value::json::to_json;
use crate::value::{Outside, Record, Text, Type, Value};
use std::collections::HashMap;
use std::sync::Arc;

problems! {
    /// A second `customer { … }`.
    CustomerTwice { other: Option<(Place, &'static str)> } = Code::new("E0116", "customer-twice");
        "the customer is described twice", "one description holds for the whole project", "move these fields into the other one";

    /// Two fields with one name.
    FieldTwice { name: String, other: Option<(Place, &'static str)> } = Code::new("E0117", "field-twice");
        "`{name}` is declared twice here", "which of the two is meant where it is used?", "give one of them another name, or take it out";

    /// Two names that mean the same outside.
    WireTwice { wire: String, other: Option<(Place, &'static str)> } = Code::new("E0118", "outside-name-twice");
        "\"{wire}\" outside means two things here", "what arrives under this name could be either", "give one of them another name in quotes";

    /// `id text` in the customer.
    IdIsThere { fix: Option<Fix> } = Code::new("E0119", "id-is-there-already");
        "`id` need not be declared", "`customer.id` is always there", "take this line out";

    /// `email emial`
    UnknownType { name: String, help: String, fix: Vec<Fix> } = Code::new("E0241", "unknown-type");
        "there is no type `{name}`", "not a type, an event or a catalog", "{help}";

    /// `one of "a", "a"`
    ChoiceTwice { text: String } = Code::new("E0243", "choice-twice");
        "\"{text}\" is listed twice", "once is enough", "take one of the two out";

    /// `city text? = "Bangkok"`
    DefaultAndOptional { name: String } = Code::new("W0245", "never-missing-with-a-default");
        "`{name}` never is missing: it has a value to begin with", "the `?` says that it may be missing",
        "take the `?` out, so that nobody has to ask for it, or take the value out";

    /// `topic orders transactional` without a reason.
    ReasonMissing {} = Code::new("E0122", "transactional-why");
        "it is not said why `transactional` is allowed here", "such messages need no consent", "add the reason, for example `transactional \"order status that the customer asked for\"`";
}

/// Types that are one word.
pub(super) const TYPES: [(&str, Type); 14] = [
    ("text", Type::Text),
    ("number", Type::Number),
    ("boolean", Type::Boolean),
    ("date", Type::Date),
    ("time", Type::Time),
    ("datetime", Type::DateTime),
    ("duration", Type::Duration),
    ("email", Type::Email),
    ("phone", Type::Phone),
    ("url", Type::Url),
    ("country", Type::Country),
    ("language", Type::Language),
    ("timezone", Type::Timezone),
    ("customer", Type::Customer),
];

/// Declares everything that has fields. Defaults are missing until [`defaults`].
pub(super) fn declare(project: &mut Project, files: &[ast::File], found: &mut Diagnostics) {
    let mut customer: Option<Place> = None;
    let mut wires: HashMap<Text, Place> = HashMap::new();
    let mut stages: Option<Place> = None;
    let mut surveys = Vec::new();
    for decl in files.iter().flat_map(|file| &file.decls) {
        match &decl.kind {
            DeclKind::Customer { fields } => {
                if let Some(first) = customer {
                    found.push(CustomerTwice { place: decl.keyword, other: Some((first, "the first description")) });
                    continue;
                }
                customer = Some(decl.keyword);
                let fields = self::fields(project, fields, true, found);
                project.fields = fields.iter().enumerate().map(|(at, field)| (field.name.clone(), at as u16)).collect();
                project.schema.timezone = first_of(&fields, &Type::Timezone);
                project.schema.language = first_of(&fields, &Type::Language);
                project.schema.customer = fields;
            }
            DeclKind::Event { name: Some(name), wire, fields } => {
                let fields = self::fields(project, fields, false, found);
                if project.names.own(Kind::Event, name).is_none() {
                    continue;
                }
                let wire_place = wire.as_ref().map_or(name.place, |wire| wire.place);
                let wire = wire.as_ref().map_or_else(|| name.text.clone(), |wire| Text::new(&wire.text));
                unique_wire(&mut wires, &wire, wire_place, found);
                project.schema.events.push(Event { name: name.text.clone(), wire, fields });
            }
            DeclKind::Catalog { name: Some(name), title, key, fields } => {
                super::catalog::declare(project, name, title.as_ref(), key.as_ref(), fields, found);
            }
            DeclKind::Topic { name: Some(name), title, kind, .. } if project.names.own(Kind::Topic, name).is_some() => {
                let kind = match kind {
                    Some(ast::TopicKind::DoubleOptIn) => TopicKind::DoubleOptIn,
                    Some(ast::TopicKind::OptOut) => TopicKind::OptOut,
                    Some(ast::TopicKind::OnRequest) => TopicKind::OnRequest,
                    Some(ast::TopicKind::Transactional(Some(why))) if !why.text.trim().is_empty() => {
                        TopicKind::Transactional(why.text.clone())
                    }
                    Some(ast::TopicKind::Transactional(why)) => {
                        // Without a text the syntax has reported it.
                        if let Some(why) = why {
                            found.push(ReasonMissing { place: why.place });
                        }
                        TopicKind::Transactional(String::new())
                    }
                    Some(ast::TopicKind::OptIn) | None => TopicKind::OptIn,
                };
                let title = title.as_ref().map(|title| title.text.clone());
                project.schema.topics.push(Topic { name: name.text.clone(), title, kind });
            }
            DeclKind::Team { name: Some(name), title } if project.names.own(Kind::Team, name).is_some() => {
                let title = title.as_ref().map(|title| title.text.clone());
                project.schema.teams.push(Team { name: name.text.clone(), title });
            }
            DeclKind::List { name: Some(name), title } if project.names.own(Kind::List, name).is_some() => {
                let title = title.as_ref().map(|title| title.text.clone());
                project.schema.lists.push(List { name: name.text.clone(), title, segment: SegmentId::default() });
            }
            DeclKind::Audience { name: Some(name), title } if project.names.own(Kind::Audience, name).is_some() => {
                let title = title.as_ref().map(|title| title.text.clone());
                project.schema.audiences.push(Named { name: name.text.clone(), title });
            }
            DeclKind::Codes { name: Some(name), title } if project.names.own(Kind::Codes, name).is_some() => {
                let title = title.as_ref().map(|title| title.text.clone());
                project.schema.pools.push(Named { name: name.text.clone(), title });
            }
            DeclKind::Score { name: Some(name), title, .. } if project.names.own(Kind::Score, name).is_some() => {
                let title = title.as_ref().map(|title| title.text.clone());
                project.schema.scores.push(Named { name: name.text.clone(), title });
            }
            DeclKind::Stages { stages: written } => super::stages::declare(project, &mut stages, decl.keyword, written, found),
            DeclKind::Survey { name: Some(name), title, questions } => {
                super::survey::declare(project, &mut surveys, name, title.as_ref(), questions, found);
            }
            _ => {}
        }
    }
    super::survey::finish(project, surveys);
}

fn first_of(fields: &[Field], ty: &Type) -> Option<FieldId> {
    fields.iter().position(|field| field.ty.required() == ty).map(|at| FieldId(at as u16))
}

fn unique_wire(wires: &mut HashMap<Text, Place>, wire: &Text, place: Place, found: &mut Diagnostics) {
    match wires.get(wire) {
        Some(first) => found.push(WireTwice { place, wire: wire.to_string(), other: Some((*first, "the other one")) }),
        None => {
            wires.insert(wire.clone(), place);
        }
    }
}

pub(super) fn fields(project: &Project, written: &[ast::Field], customer: bool, found: &mut Diagnostics) -> Vec<Field> {
    let mut seen: HashMap<&str, Place> = HashMap::new();
    let mut wires: HashMap<Text, Place> = HashMap::new();
    let mut fields = Vec::with_capacity(written.len());
    for (at, field) in written.iter().enumerate() {
        if customer && field.name.text == "id" {
            // With what parts it from the next one; a last one keeps its comma, and is left to the author.
            let next = written.get(at + 1).filter(|next| next.docs.text.is_none() && next.docs.allow.is_empty());
            let fix = next.map(|next| {
                let gap = Span::new(field.place.span.start, next.place.span.start);
                Fix::replace("take it out", Place { span: gap, ..field.place }, "")
            });
            found.push(IdIsThere { place: field.name.place, fix });
            continue;
        }
        if let Some(first) = seen.insert(&field.name.text, field.name.place) {
            found.push(FieldTwice { place: field.name.place, name: field.name.text.to_string(), other: Some((first, "the first one")) });
            continue;
        }
        let wire_place = field.wire.as_ref().map_or(field.name.place, |wire| wire.place);
        let wire = field.wire.as_ref().map_or_else(|| field.name.text.clone(), |wire| Text::new(&wire.text));
        unique_wire(&mut wires, &wire, wire_place, found);
        let ty = field.ty.as_ref().map_or(Type::Error, |ty| type_of(project, ty, found));
        let ty = super::catalog::kept(ty, field.ty.as_ref(), &field.name, found);
        if let (true, Some(_)) = (ty.is_optional(), &field.default)
            && let Some(ty) = &field.ty
        {
            found.push(DefaultAndOptional { place: ty.place, name: field.name.text.to_string() });
        }
        fields.push(Field { name: field.name.text.clone(), wire, ty, default: Value::Missing });
    }
    fields
}

/// The values that fields begin with; events and the customer are declared, and constants known.
pub(super) fn defaults(project: &mut Project, files: &[ast::File], found: &mut Diagnostics) {
    let mut customer = true;
    for decl in files.iter().flat_map(|file| &file.decls) {
        match &decl.kind {
            DeclKind::Customer { fields } if std::mem::take(&mut customer) => {
                let known = complete(project, &project.schema.customer, fields, found);
                project.schema.customer = known;
            }
            DeclKind::Event { name: Some(name), fields, .. } => {
                let Some(id) = project.names.own(Kind::Event, name) else { continue };
                let Some(event) = project.schema.events.get(usize::from(id)) else { continue };
                let known = complete(project, &event.fields, fields, found);
                project.schema.events[usize::from(id)].fields = known;
            }
            DeclKind::Catalog { name: Some(name), fields, .. } => {
                let Some(id) = project.names.own(Kind::Catalog, name) else { continue };
                let Some(catalog) = project.schema.catalogs.get(usize::from(id)) else { continue };
                let known = complete(project, &catalog.fields, fields, found);
                project.schema.catalogs[usize::from(id)].fields = known;
            }
            _ => {}
        }
    }
}

/// Fields with what they, and the fields in them, begin with.
fn complete(project: &Project, declared: &[Field], written: &[ast::Field], found: &mut Diagnostics) -> Vec<Field> {
    let mut declared = declared.to_vec();
    for field in &mut declared {
        let written = written.iter().find(|one| one.name.text == field.name).and_then(|one| one.ty.as_ref());
        if let Some(written) = written {
            field.ty = with_defaults(project, &field.ty, written, found);
        }
    }
    for (at, value) in values(project, &declared, written, found) {
        declared[at].default = value;
    }
    declared
}

pub(super) fn values(project: &Project, declared: &[Field], written: &[ast::Field], found: &mut Diagnostics) -> Vec<(usize, Value)> {
    let mut values = Vec::new();
    for field in written {
        let Some(default) = &field.default else { continue };
        let Some(at) = declared.iter().position(|known| known.name == field.name.text) else { continue };
        let mut scope = Scope::default();
        let mut typer = Typer { project, scope: &mut scope, found };
        if let Some(value) = typer.constant_of(default, &declared[at].ty) {
            values.push((at, value));
        }
    }
    values
}

/// What a written type means; `Error` where it is reported.
pub(crate) fn type_of(project: &Project, written: &TypeRef, found: &mut Diagnostics) -> Type {
    let ty = match &written.kind {
        TypeRefKind::Named(name) => named(project, name, found),
        TypeRefKind::Money(Some(currency)) => Type::Money(currency.value),
        TypeRefKind::OneOf(texts) => one_of(texts, found),
        TypeRefKind::List(Some(element)) => match type_of(project, element, found) {
            Type::Error => Type::Error,
            element => Type::List(Arc::new(element)),
        },
        // Reported by the syntax.
        TypeRefKind::Money(None) | TypeRefKind::List(None) => Type::Error,
        TypeRefKind::Record(written) => {
            let mut fields = self::fields(project, written, false, found);
            if project.constants_are_known {
                for (at, value) in values(project, &fields, written, found) {
                    fields[at].default = value;
                }
            }
            record(fields)
        }
    };
    if written.optional { ty.optional() } else { ty }
}

/// Fields in a field. (A type knows what they begin with as it is written outside.)
fn record(fields: Vec<Field>) -> Type {
    let one = |field: Field| {
        let wire = (field.wire != field.name).then_some(field.wire);
        let default = (!field.default.is_missing()).then(|| Text::new(to_json(&field.default, &field.ty).to_string()));
        (field.name, field.ty, Outside { wire, default })
    };
    Type::Record(Record::new(fields.into_iter().map(one).collect()))
}

/// A type that was declared before constants were known, with the values that fields in it begin with.
fn with_defaults(project: &Project, ty: &Type, written: &TypeRef, found: &mut Diagnostics) -> Type {
    match (ty, &written.kind) {
        (Type::Optional(inner), _) => with_defaults(project, inner, written, found).optional(),
        (Type::List(inner), TypeRefKind::List(Some(element))) => Type::List(Arc::new(with_defaults(project, inner, element, found))),
        (Type::Record(known), TypeRefKind::Record(fields)) => {
            let mut declared = Vec::with_capacity(known.len());
            for (at, (name, ty)) in known.iter().enumerate() {
                let written = fields.iter().find(|field| field.name.text == *name).and_then(|field| field.ty.as_ref());
                let ty = written.map_or_else(|| ty.clone(), |written| with_defaults(project, ty, written, found));
                declared.push(Field { name: name.clone(), wire: Text::new(known.wire(at)), ty, default: Value::Missing });
            }
            for (at, value) in values(project, &declared, fields, found) {
                declared[at].default = value;
            }
            record(declared)
        }
        _ => ty.clone(),
    }
}

fn named(project: &Project, name: &ast::Name, found: &mut Diagnostics) -> Type {
    project.recorder().offer(name.place, || {
        let mut offers: Vec<Offer> =
            TYPES.iter().map(|(word, ty)| Offer::new(word, Symbol::Word("type", Text::new(word)), Some(ty.clone()))).collect();
        offers.extend(project.offers_of(Kind::Event));
        offers.extend(project.offers_of(Kind::Catalog));
        offers
    });
    if let Some((_, ty)) = TYPES.iter().find(|(word, _)| *word == name.text && !name.quoted) {
        return ty.clone();
    }
    if project.names.get(Kind::Event, &name.text).is_some() {
        project.names.mark(Kind::Event, &name.text);
        project.recorder().note(name.place, || Symbol::Declared(Kind::Event, name.text.clone()), None);
        return Type::Event(name.text.clone());
    }
    if project.names.get(Kind::Catalog, &name.text).is_some() {
        project.names.mark(Kind::Catalog, &name.text);
        project.recorder().note(name.place, || Symbol::Declared(Kind::Catalog, name.text.clone()), None);
        return Type::Catalog(name.text.clone());
    }
    let foreign = match name.text.to_lowercase().as_str() {
        "string" | "str" | "varchar" | "char" => Some("text"),
        "int" | "integer" | "float" | "double" | "decimal" => Some("number"),
        "bool" => Some("boolean"),
        "timestamp" | "moment" | "instant" => Some("datetime"),
        "link" | "uri" => Some("url"),
        "mail" => Some("email"),
        "currency" | "price" => Some("money THB"),
        "locale" => Some("language"),
        "enum" => Some("one of \"a\", \"b\""),
        "array" | "list" => Some("list of text"),
        _ => None,
    };
    let (help, near) = match foreign {
        Some(own) => (format!("write `{own}`"), vec![own.to_owned()]),
        None => {
            let mut legal: Vec<&str> = TYPES.iter().map(|(word, _)| *word).collect();
            legal.extend(project.names.of_kind(Kind::Event));
            legal.extend(project.names.of_kind(Kind::Catalog));
            choose_from(
                &name.text,
                legal,
                "types are text, number, boolean, money THB, date, time, datetime, duration, email, phone, url, country, language, timezone, one of \"…\", list of …",
            )
        }
    };
    let fix = names::changes(&near, name.place);
    found.push(UnknownType { place: name.place, name: name.text.to_string(), help, fix });
    Type::Error
}

fn one_of(texts: &[ast::TextLit], found: &mut Diagnostics) -> Type {
    if texts.is_empty() {
        return Type::Error;
    }
    let mut choices: Vec<Text> = Vec::with_capacity(texts.len());
    for text in texts {
        if choices.iter().any(|known| known == text.text.as_str()) {
            found.push(ChoiceTwice { place: text.place, text: text.text.clone() });
        } else {
            choices.push(Text::new(&text.text));
        }
    }
    Type::OneOf(choices.into())
}

/// Parameters of a message or a journey, in order; of two with one name the first counts.
pub(crate) fn params(project: &Project, written: &[ast::Param], found: &mut Diagnostics) -> Vec<(Text, Type)> {
    let mut params: Vec<(Text, Type)> = Vec::with_capacity(written.len());
    let mut places: Vec<Place> = Vec::with_capacity(written.len());
    for param in written {
        let ty = param.ty.as_ref().map_or(Type::Error, |ty| type_of(project, ty, found));
        if let Some(at) = params.iter().position(|(name, _)| *name == param.name.text) {
            found.push(FieldTwice {
                place: param.name.place,
                name: param.name.text.to_string(),
                other: Some((places[at], "the first one")),
            });
            continue;
        }
        if names::ROOTS.contains(&param.name.text.as_str()) || names::GIVEN.contains(&param.name.text.as_str()) {
            found.push(super::scope::BindsTaken { place: param.name.place, name: param.name.text.to_string(), fix: None });
        }
        params.push((param.name.text.clone(), ty));
        places.push(param.name.place);
    }
    params
}
