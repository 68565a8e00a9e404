//! Channels, the customer's field that each reaches, and routes.
//!
//! In: `channel … reaches …`, `route …`, and which channels have content. Out: `Schema::channels` and [`Route`]s. **Invariant:** every
//! channel that some message has content for knows what it reaches. All channels have the same numbers in every project.

use super::checked::{How, Route};
use super::names::{self, CHANNELS, Kind};
use super::problem::{after, problems};
use super::project::Project;
use crate::ast::{self, Content, DeclKind};
use crate::diagnostic::{Code, Diagnostics, Fix};
use crate::schema::{Channel, ChannelId, ChannelKind, FieldId};
use crate::source::Place;
use crate::value::{Text, Type};
use std::collections::BTreeMap;

problems! {
    /// Content for a channel that reaches nobody.
    NoContact { channel: String, help: String } = Code::new("E0130", "no-contact-field");
        "{channel} reaches nobody", "the customer has no field for it", "{help}";

    /// Two fields that could be meant.
    WhichContact { channel: String, fields: String, help: String } = Code::new("E0131", "which-contact-field");
        "it is not said where {channel} goes", "it could be {fields}", "{help}";

    /// `channel sms reaches customer.email`
    ContactType { channel: String, needs: String, is: String } = Code::new("E0132", "contact-does-not-fit");
        "{channel} cannot go there", "it needs {needs}, and this is {is}", "name a field of the customer with the type that fits";

    /// `channel sms reaches entry.phone`
    NotOfCustomer {} = Code::new("E0133", "contact-of-whom");
        "a channel reaches a field of the customer", "this is none", "write for example `channel sms reaches customer.phone`";

    /// Two lines for one channel.
    ReachesTwice { channel: String, other: Option<(Place, &'static str)> } = Code::new("E0134", "reaches-twice");
        "it is said twice what {channel} reaches", "only one can hold", "take one of the two lines out";

    /// `route x first reachable of email, email`
    RouteTwice { channel: String, fix: Option<Fix> } = Code::new("E0135", "channel-twice-in-route");
        "{channel} is named twice in this route", "once is enough", "take one of the two out";
}

/// Fills the channels and routes of a project whose customer is declared.
pub(super) fn declare(project: &mut Project, files: &[ast::File], found: &mut Diagnostics) {
    project.schema.channels = CHANNELS
        .iter()
        .map(|(name, kind)| Channel { name: Text::const_new(name), kind: *kind, contact: None, payload: Vec::new() })
        .collect();
    custom(project, files, found);
    let said = said(project, files, found);
    let used = used(files);
    for (at, (name, kind)) in CHANNELS.iter().enumerate() {
        let contact = match said.get(&(at as u16)) {
            Some((_, contact)) => *contact,
            None => match used.get(name) {
                Some(place) => guessed(project, name, *kind, *place, found),
                None => None,
            },
        };
        project.schema.channels[at].contact = contact;
    }
    project.routes = routes(project, files, found);
}

/// Channels that the project declares, behind those that are always there.
fn custom(project: &mut Project, files: &[ast::File], found: &mut Diagnostics) {
    for decl in files.iter().flat_map(|file| &file.decls) {
        let DeclKind::CustomChannel { name: Some(name), reaches, fields, .. } = &decl.kind else { continue };
        let mut payload = super::declare::fields(project, fields, false, found);
        for (at, value) in super::declare::values(project, &payload, fields, found) {
            payload[at].default = value;
        }
        if project.names.own(Kind::Channel, name).is_none() {
            continue;
        }
        project.schema.channels.push(Channel { name: name.text.clone(), kind: ChannelKind::Custom, contact: None, payload });
        let id = ChannelId(project.schema.channels.len() as u16 - 1);
        let contact = reaches.as_ref().filter(|path| !is_customer_id(path)).and_then(|path| reached(project, id, path, found));
        project.schema.channels[id.index()].contact = contact;
    }
}

/// `customer.id`, which everybody has.
fn is_customer_id(path: &ast::PathRef) -> bool {
    matches!(path.parts.as_slice(), [root, field] if root.text == "customer" && field.text == "id")
}

/// What `channel … reaches …` says; `None` for one with a mistake.
fn said(project: &Project, files: &[ast::File], found: &mut Diagnostics) -> BTreeMap<u16, (Place, Option<FieldId>)> {
    let mut said: BTreeMap<u16, (Place, Option<FieldId>)> = BTreeMap::new();
    for decl in files.iter().flat_map(|file| &file.decls) {
        let DeclKind::Channel { name: Some(name), reaches } = &decl.kind else { continue };
        let Some(channel) = project.channel(name, found) else { continue };
        if let Some((first, _)) = said.get(&channel.0) {
            let other = Some((*first, "the first one"));
            found.push(ReachesTwice { place: name.place, channel: name.text.to_string(), other });
            continue;
        }
        let contact = reaches.as_ref().and_then(|path| reached(project, channel, path, found));
        said.insert(channel.0, (name.place, contact));
    }
    said
}

fn reached(project: &Project, channel: ChannelId, path: &ast::PathRef, found: &mut Diagnostics) -> Option<FieldId> {
    let [root, field] = path.parts.as_slice() else {
        found.push(NotOfCustomer { place: path.place });
        return None;
    };
    if root.text != "customer" {
        found.push(NotOfCustomer { place: path.place });
        return None;
    }
    let mut scope = super::scope::Scope::of_customer();
    let (id, ty) = super::expr::Typer { project, scope: &mut scope, found }.customer_field(path)?;
    let (name, kind) = (project.channel_name(channel), project.channel_kind(channel).unwrap_or(ChannelKind::Custom));
    let fits = match kind {
        ChannelKind::Email => matches!(ty.required(), Type::Email | Type::Error),
        ChannelKind::Sms | ChannelKind::Whatsapp => matches!(ty.required(), Type::Phone | Type::Error),
        _ => ty.is_textual() || matches!(ty.required(), Type::Error | Type::Record(_)),
    };
    if !fits {
        let needs = match kind {
            ChannelKind::Email => "an e-mail address",
            ChannelKind::Sms | ChannelKind::Whatsapp => "a phone number",
            _ => "a text",
        };
        found.push(ContactType { place: field.place, channel: name.to_owned(), needs: needs.to_owned(), is: super::expr::a(&ty) });
        return None;
    }
    Some(id)
}

/// Every channel that has content, with the first place.
fn used(files: &[ast::File]) -> BTreeMap<&str, Place> {
    let mut used = BTreeMap::new();
    let message = |message: &'_ ast::Message| -> Vec<(String, Place)> {
        message
            .contents
            .iter()
            .filter_map(|content| match content {
                Content::Channel(content) => Some((content.channel.text.to_string(), content.channel.place)),
                _ => None,
            })
            .collect()
    };
    for decl in files.iter().flat_map(|file| &file.decls) {
        let mut contents = Vec::new();
        match &decl.kind {
            DeclKind::Message(found) => contents = message(found),
            DeclKind::Journey(journey) => {
                for item in &journey.items {
                    if let ast::JourneyItem::Message(found) = item {
                        contents.extend(message(found));
                    }
                }
            }
            _ => {}
        }
        for (name, place) in contents {
            if let Some(at) = names::channel(&name) {
                used.entry(CHANNELS[usize::from(at)].0).or_insert(place);
            }
        }
    }
    used
}

/// The one field that fits, where nothing is said.
fn guessed(project: &Project, channel: &str, kind: ChannelKind, place: Place, found: &mut Diagnostics) -> Option<FieldId> {
    let (ty, name) = match kind {
        ChannelKind::Email => (Some(Type::Email), "email"),
        ChannelKind::Sms | ChannelKind::Whatsapp => (Some(Type::Phone), "phone"),
        ChannelKind::Push => (None, "push_token"),
        ChannelKind::Line => (None, "line_id"),
        ChannelKind::Print => (None, "address"),
        ChannelKind::Web | ChannelKind::Inbox | ChannelKind::Webhook | ChannelKind::Task | ChannelKind::Custom => return None,
    };
    let fits = |field: &crate::schema::Field| match &ty {
        Some(ty) => field.ty.required() == ty,
        None => field.name == name,
    };
    let candidates: Vec<usize> = project.schema.customer.iter().enumerate().filter(|(_, field)| fits(field)).map(|(at, _)| at).collect();
    let written = ty.as_ref().map_or_else(|| "text".to_owned(), Type::to_string);
    match candidates.as_slice() {
        [one] => Some(FieldId(*one as u16)),
        [] => {
            let help =
                format!("add `{name} {written}?` to `customer {{ … }}`, or say what it reaches: `channel {channel} reaches customer.…`");
            found.push(NoContact { place, channel: channel.to_owned(), help });
            None
        }
        several => {
            let fields: Vec<String> = several.iter().map(|at| format!("customer.{}", project.schema.customer[*at].name)).collect();
            let help = format!("say it in a line of its own: `channel {channel} reaches {}`", fields[0]);
            let fields = names::listed(&fields).replace(", ", " or ");
            found.push(WhichContact { place, channel: channel.to_owned(), fields, help });
            None
        }
    }
}

fn routes(project: &Project, files: &[ast::File], found: &mut Diagnostics) -> Vec<Route> {
    let mut routes = Vec::new();
    for decl in files.iter().flat_map(|file| &file.decls) {
        let DeclKind::Route { name: Some(name), how } = &decl.kind else { continue };
        let how = how.as_ref().and_then(|how| route(project, how, found));
        if project.names.own(Kind::Route, name).is_some() {
            routes.push(Route { name: name.text.clone(), how: how.unwrap_or(How::Each(Vec::new())), place: decl.place });
        }
    }
    routes
}

fn route(project: &Project, how: &ast::How, found: &mut Diagnostics) -> Option<How> {
    let channels = |names: &[ast::Name], found: &mut Diagnostics| {
        let mut channels: Vec<ChannelId> = Vec::with_capacity(names.len());
        for (at, name) in names.iter().enumerate() {
            let Some(channel) = project.channel(name, found) else { continue };
            if channels.contains(&channel) {
                let fix = names.get(at.wrapping_sub(1)).map(|before| {
                    let from = after(before.place);
                    Fix::replace("take it out", from.to(name.place), "")
                });
                found.push(RouteTwice { place: name.place, channel: name.text.to_string(), fix });
            } else {
                channels.push(channel);
            }
        }
        channels
    };
    match how {
        ast::How::Channels(names) => Some(How::Each(channels(names, found))),
        ast::How::FirstReachable(names) => Some(How::FirstReachable(channels(names, found))),
        ast::How::Preferred => Some(How::Preferred(Vec::new())),
        ast::How::ThoseOf { channels: names, path } => {
            let channels = channels(names, found);
            let field = super::route::channels_field(project, path.as_ref()?, found);
            Some(How::ThoseOf { channels, field: field? })
        }
    }
}
