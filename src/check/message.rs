//! Messages: what they are about, what they need, what they say.
//!
//! In: message declarations, also those inside journeys. Out: checked [`Message`]s in the order of their signatures. **Invariant:** every
//! message is about a topic. Does not know who sends it.

use super::checked::Message;
use super::content;
use super::expr::Typer;
use super::problem::{after, problems};
use super::project::{Project, not_yet};
use super::scope::Scope;
use super::signature::MessageSig;
use crate::ast;
use crate::diagnostic::{Code, Diagnostics, Fix};
use crate::schema::{ChannelId, TopicId};
use crate::source::Place;
use crate::template::Template;

problems! {
    /// `message hello { … }`
    TopicMissing { message: String, fix: Vec<Fix> } = Code::new("E0430", "topic-missing");
        "it is not said what `{message}` is about", "whoever did not agree to the topic must not get it",
        "name a topic: `message {message} about news {{ … }}`";
}

/// One message while it is checked.
pub(super) struct Cx<'a, 'p> {
    pub(super) project: &'a Project<'p>,
    pub(super) found: &'a mut Diagnostics,
    scope: Scope<'a>,
}

impl<'a, 'p> Cx<'a, 'p> {
    fn typer<'t>(&'t mut self) -> Typer<'t, 'p, 'a> {
        Typer { project: self.project, scope: &mut self.scope, found: self.found }
    }

    pub(super) fn channel(&mut self, name: &ast::Name) -> Option<ChannelId> {
        self.project.channel(name, self.found)
    }

    pub(super) fn not_yet(&mut self, what: &str, place: Place) {
        not_yet(what, place, self.found);
    }

    pub(super) fn template(&mut self, text: &ast::TextLit) -> Template {
        self.typer().template(text)
    }

    /// A value where a text could stand: shown as it is.
    pub(super) fn value_as_template(&mut self, written: &ast::Expr) -> Option<Template> {
        self.typer().value_as_template(written)
    }
}

/// Checks one message.
pub(super) fn check(project: &Project, message: &ast::Message, signature: &MessageSig, found: &mut Diagnostics) -> Message {
    let mut cx = Cx { project, found, scope: Scope::of_template(&signature.params) };
    let cx = &mut cx;
    let topic = match (&message.about, &message.name) {
        (Some(_), _) => signature.topic,
        (None, Some(name)) => {
            let topics = &cx.project.schema.topics;
            let end = message.params.last().map_or(after(name.place), |_| after(name.place));
            let offer =
                |topic: &crate::schema::Topic| Fix::replace(format!("add `about {}`", topic.name), end, format!(" about {}", topic.name));
            let fix = if message.params.is_empty() { topics.iter().take(3).map(offer).collect() } else { Vec::new() };
            cx.found.push(TopicMissing { place: name.place, message: name.text.to_string(), fix });
            None
        }
        (None, None) => None,
    };
    let variants = content::check(cx, message);
    let when_in_doubt = message.contents.iter().find_map(|content| match content {
        ast::Content::WhenInDoubt(what, _) => *what,
        _ => None,
    });
    Message {
        name: signature.name.clone(),
        docs: message.docs.text.clone(),
        params: signature.params.clone(),
        topic: topic.unwrap_or(TopicId::default()),
        variants,
        when_in_doubt,
        journey: signature.inside,
        place: message.place,
    }
}
