//! Messages: what they are about, what they need, what they say.
//!
//! In: message declarations, also those inside journeys. Out: checked [`Message`]s in the order of their signatures. **Invariant:** every
//! message is about a topic. Does not know who sends it.

use super::checked::{Message, SkipWhen};
use super::content;
use super::expr::Typer;
use super::problem::problems;
use super::project::Project;
use super::scope::Scope;
use super::signature::MessageSig;
use crate::ast;
use crate::diagnostic::{Code, Diagnostics};
use crate::schema::ChannelId;
use crate::template::Template;

/// Most `skip when` of one message.
const SKIP_WHEN_MAX: usize = 16;

problems! {
    /// `skip when customer.plan is "pro" ""`
    ReasonEmpty {} = Code::new("E0423", "skip-without-reason");
        "it is not said why this message would be skipped", "reports and timelines show this reason", "write it in quotes, for example `\"has bought already\"`";

    /// A seventeenth `skip when`.
    SkipsTooMany {} = Code::new("E0424", "too-many-skips");
        "a message has at most 16 `skip when`", "this is the seventeenth", "join some of the conditions with `or`";
}

/// One message while it is checked.
pub(super) struct Cx<'a, 'p> {
    pub(super) project: &'a Project<'p>,
    pub(super) found: &'a mut Diagnostics,
    scope: Scope<'a>,
}

impl<'a, 'p> Cx<'a, 'p> {
    pub(super) fn typer<'t>(&'t mut self) -> Typer<'t, 'p, 'a> {
        Typer { project: self.project, scope: &mut self.scope, found: self.found }
    }

    pub(super) fn channel(&mut self, name: &ast::Name) -> Option<ChannelId> {
        self.project.channel(name, self.found)
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
    let mut scope = Scope::of_template(&signature.params);
    scope.owner = Some((super::names::Kind::Message, signature.name.clone()));
    let mut cx = Cx { project, found, scope };
    let cx = &mut cx;
    let variants = content::check(cx, message);
    let skip_when = skip_when(cx, message);
    let when_in_doubt = message.contents.iter().find_map(|content| match content {
        ast::Content::WhenInDoubt(what, _) => *what,
        _ => None,
    });
    Message {
        name: signature.name.clone(),
        docs: message.docs.text.clone(),
        params: signature.params.clone(),
        // Without a topic there is an error, and this is never planned.
        topic: signature.topic.unwrap_or_default(),
        variants,
        when_in_doubt,
        skip_when,
        journey: signature.inside,
        place: message.place,
    }
}

/// The conditions under which it refuses itself, in source order.
fn skip_when(cx: &mut Cx, message: &ast::Message) -> Vec<SkipWhen> {
    let mut skips = Vec::new();
    for content in &message.contents {
        let ast::Content::SkipWhen { condition, reason, place } = content else { continue };
        if let Some(reason) = reason.as_ref().filter(|reason| reason.text.trim().is_empty()) {
            cx.found.push(ReasonEmpty { place: reason.place });
        }
        let Some(condition) = condition else { continue };
        let condition = cx.typer().condition(condition);
        if skips.len() == SKIP_WHEN_MAX {
            cx.found.push(SkipsTooMany { place: *place });
        }
        let reason = reason.as_ref().map(|reason| reason.text.clone()).unwrap_or_default();
        skips.push(SkipWhen { condition, reason, place: *place });
    }
    skips
}
