//! What every mail has to show that is not about an order: how to unsubscribe, who has sent it and from where, the footer of the brand.
//!
//! In: checked messages and as written. Out: findings only, one for each content and each thing it lacks. **Invariant:** something is there
//! only where everybody sees it, in every body of the mail: a program that shows no HTML shows the `text`. Asked is in projects that have a
//! brand or an `onward.toml`, or where one text shows `unsubscribe_url`: a first sketch need not have it. Knows no recipient.

use super::{Brand, Entry};
use crate::ast::{self, Content, DeclKind, JourneyItem};
use crate::check::checked::{Checked, Variant};
use crate::check::problem::problems;
use crate::check::project::Project;
use crate::condition::Expr;
use crate::diagnostic::{Code, Diagnostics};
use crate::schema::ChannelKind;
use crate::source::Place;
use crate::template::surely::{Shown, surely};
use crate::template::{Template, links};
use crate::value::{Text, Value};
use std::collections::HashMap;

problems! {
    /// A marketing mail without `{{ unsubscribe_url }}`.
    NoWayOut { bodies: String, example: String } = Code::new("W0444", "mail-without-unsubscribe");
        "{bodies} of this mail shows no way to unsubscribe", "who wants no more of these can only report it as spam", "{example}";

    /// A marketing mail without the postal address of the brand.
    NoPostalAddress { bodies: String, other: Option<(Place, &'static str)> } = Code::new("W0445", "mail-without-postal-address");
        "{bodies} of this mail does not say the postal address", "whoever advertises by mail has to say where they are", "show it with `{{{{ postal_address }}}}`, in a block that all mails show";

    /// Marketing mails, and a brand without a postal address.
    NoAddressAtAll {} = Code::new("W0445", "mail-without-postal-address");
        "no mail of this project says the postal address of its sender", "whoever advertises by mail has to say where they are",
        "say it once, `brand {{ postal address \"1 Sukhumvit Road, Bangkok 10110\" }}`, and show it with `{{{{ postal_address }}}}`";

    /// A marketing mail without the footer of the brand.
    NoFooter { bodies: String, footers: String, example: String, other: Option<(Place, &'static str)> } = Code::new("W0446", "mail-without-footer");
        "{bodies} of this mail does not end with the footer {footers}", "every mail of the brand shows it", "write `{example}` at its end";
}

/// The project file: a project that has one is meant to send.
const MANIFEST: &str = "onward.toml";
const BODIES: [&str; 3] = ["text", "html", "mjml"];

/// Looks at every mail that needs consent.
pub(in crate::check) fn check(project: &Project, brand: &Brand, files: &[ast::File], checked: &Checked, found: &mut Diagnostics) {
    let mails = mails(project, files, checked);
    let is_asked = brand.place.is_some()
        || project.sources.iter().any(|(_, file)| &*file.name == MANIFEST)
        || checked
            .messages
            .iter()
            .flat_map(|message| &message.variants)
            .flat_map(|variant| &variant.parts)
            .any(|(_, part)| shows_link(part));
    if !is_asked {
        return;
    }
    if brand.postal.is_none()
        && let Some((content, _)) = mails.first()
    {
        found.push(NoAddressAtAll { place: content.channel.place });
    }
    for (content, variant) in mails {
        Mail { project, brand, content, variant }.check(found);
    }
}

fn shows_link(template: &Template) -> bool {
    template.values().any(is_link)
}

fn is_link(value: &Expr) -> bool {
    matches!(value, Expr::Const(Value::Text(text)) if text == links::UNSUBSCRIBE)
}

/// The contents for mail of messages that need consent, in source order.
fn mails<'a>(project: &Project, files: &'a [ast::File], checked: &'a Checked) -> Vec<(&'a ast::ChannelContent, &'a Variant)> {
    let needs_consent = |topic: usize| project.schema.topics.get(topic).is_some_and(|topic| !topic.is_transactional());
    let variants = checked.messages.iter().filter(|message| needs_consent(message.topic.index())).flat_map(|message| &message.variants);
    let by_place: HashMap<Place, &Variant> = variants
        .filter(|variant| project.channel_kind(variant.channel) == Some(ChannelKind::Email))
        .map(|variant| (variant.place, variant))
        .collect();
    let mut messages: Vec<&ast::Message> = Vec::new();
    for decl in files.iter().flat_map(|file| &file.decls) {
        match &decl.kind {
            DeclKind::Message(message) => messages.push(message),
            DeclKind::Journey(journey) => messages.extend(journey.items.iter().filter_map(|item| match item {
                JourneyItem::Message(message) => Some(message),
                _ => None,
            })),
            _ => {}
        }
    }
    let contents = messages.into_iter().flat_map(|message| &message.contents).filter_map(|content| match content {
        Content::Channel(content) => Some(&**content),
        _ => None,
    });
    contents.filter_map(|content| Some((content, *by_place.get(&content.place)?))).collect()
}

struct Mail<'a, 'p> {
    project: &'a Project<'p>,
    brand: &'a Brand,
    content: &'a ast::ChannelContent,
    variant: &'a Variant,
}

impl Mail<'_, '_> {
    fn check(&self, found: &mut Diagnostics) {
        let bodies: Vec<&(Text, Template)> = self.variant.parts.iter().filter(|(name, _)| BODIES.contains(&name.as_str())).collect();
        let place = self.content.channel.place;
        let without: Vec<&(Text, Template)> = bodies.iter().copied().filter(|body| !self.has_footer(body)).collect();
        if let (Some((form, _)), Some(first)) = (without.first(), self.brand.footers.first()) {
            let footers = self.footers(form);
            let names = footers.iter().map(|footer| format!("`{}`", footer.text)).collect::<Vec<_>>().join(" or ");
            let name = footers.first().map_or(first.text.as_str(), |footer| &footer.text);
            let example = format!("{{% render '{name}' %}}");
            found.push(NoFooter { place, bodies: listed(&without), footers: names, example, other: Some((first.place, "said here")) });
        }
        let lacks = |shown: &dyn Fn(&(Text, Template)) -> bool, by: &dyn Fn(&str) -> bool| {
            // With its footer it would have it.
            let would = |body: &(Text, Template)| !self.has_footer(body) && self.footers(&body.0).iter().all(|footer| by(&footer.text));
            bodies.iter().copied().filter(|body| !shown(body) && !would(body)).collect::<Vec<_>>()
        };
        let says = |name: &str, word: &str| self.project.blocks.get(name).is_some_and(|block| block.text.text.contains(word));
        let without = lacks(&|(_, body)| surely(body, &|shown| matches!(shown, Shown::Value(value) if is_link(value))), &|name| {
            says(name, "unsubscribe_url")
        });
        if let Some((form, _)) = without.first() {
            let example = if form == "text" {
                "write for example `Unsubscribe: {{ unsubscribe_url }}` at its end"
            } else {
                "write for example `<a href=\"{{ unsubscribe_url }}\">Unsubscribe</a>` at its end"
            };
            found.push(NoWayOut { place, bodies: listed(&without), example: example.to_owned() });
        }
        let Some(postal) = &self.brand.postal else { return };
        let without = lacks(&|(_, body)| surely(body, &|shown| is_postal(shown, postal)), &|name| {
            says(name, "postal_address") || says(name, &postal.text)
        });
        if !without.is_empty() {
            found.push(NoPostalAddress { place, bodies: listed(&without), other: Some((postal.place, "this address")) });
        }
    }

    /// The footers that fit a body: those of its form, or all where none is of it.
    fn footers(&self, form: &str) -> Vec<&Entry> {
        let of_form = |footer: &&Entry| self.project.blocks.get(footer.key.as_str()).is_some_and(|block| block.form == form);
        let fitting: Vec<&Entry> = self.brand.footers.iter().filter(of_form).collect();
        if fitting.is_empty() { self.brand.footers.iter().collect() } else { fitting }
    }

    fn has_footer(&self, (form, body): &(Text, Template)) -> bool {
        let footers = self.footers(form);
        footers.is_empty() || surely(body, &|shown| matches!(shown, Shown::Block(name) if footers.iter().any(|footer| footer.key == name)))
    }
}

fn is_postal(shown: Shown, postal: &Entry) -> bool {
    match shown {
        Shown::Value(Expr::Const(Value::Text(text))) => *text == postal.text.as_str(),
        Shown::Text(text) => text.split_whitespace().collect::<Vec<_>>().join(" ").contains(&postal.key),
        _ => false,
    }
}

/// `the text and the html`
fn listed(bodies: &[&(Text, Template)]) -> String {
    bodies.iter().map(|(name, _)| format!("the `{name}`")).collect::<Vec<_>>().join(" and ")
}
