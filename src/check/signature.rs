//! What others must know of messages and journeys before these are checked: parameters, channels, whether they can be started.
//!
//! In: declarations. Out: [`Signatures`], by number. **Invariant:** reports what is wrong with parameters, and nothing else: everything
//! else is reported where the declaration itself is checked.

use super::declare::params;
use super::project::Project;
use crate::ast;
use crate::ast::{ClauseKind, ContentBody, JourneyItem};
use crate::diagnostic::Diagnostics;
use crate::schema::{ChannelId, JourneyId, TopicId};
use crate::value::{Text, Type};

#[derive(Debug, Clone, Default)]
pub(crate) struct MessageSig {
    pub(crate) name: Text,
    pub(crate) params: Vec<(Text, Type)>,
    pub(crate) topic: Option<TopicId>,
    /// Channels that it has content for, in source order, each once.
    pub(crate) channels: Vec<ChannelId>,
    /// Every content names a channel that is known: then what is not in `channels` is not there.
    pub(crate) whole: bool,
    /// Declared in this journey, and sent by no other.
    pub(crate) inside: Option<JourneyId>,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct JourneySig {
    pub(crate) name: Text,
    pub(crate) params: Vec<(Text, Type)>,
    /// It says `enter when requested`.
    pub(crate) requested: bool,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Signatures {
    pub(crate) messages: Vec<MessageSig>,
    pub(crate) journeys: Vec<JourneySig>,
}

/// Reads the signatures of all messages and journeys.
pub(super) fn collect(project: &Project, found: &mut Diagnostics) -> Signatures {
    Signatures {
        messages: project.names.messages.iter().map(|decl| message(project, decl.message, decl.inside, found)).collect(),
        journeys: project.names.journeys.iter().map(|journey| self::journey(project, journey, found)).collect(),
    }
}

fn message(project: &Project, message: &ast::Message, inside: Option<u16>, found: &mut Diagnostics) -> MessageSig {
    let mut channels: Vec<ChannelId> = Vec::new();
    let mut whole = true;
    for content in &message.contents {
        let ast::Content::Channel(content) = content else { continue };
        match project.channel_id(&content.channel.text) {
            Some(channel) if !channels.contains(&channel) => channels.push(channel),
            Some(_) => {}
            None => whole = false,
        }
        whole &= !matches!(content.body, ContentBody::Missing);
    }
    MessageSig {
        name: message.name.as_ref().map(|name| name.text.clone()).unwrap_or_default(),
        params: params(project, &message.params, found),
        topic: message.about.as_ref().and_then(|about| project.topic(about, found)),
        // Without any content the message itself is reported.
        whole: whole && !channels.is_empty(),
        channels,
        inside: inside.map(JourneyId),
    }
}

fn journey(project: &Project, journey: &ast::Journey, found: &mut Diagnostics) -> JourneySig {
    let requested = journey.items.iter().any(|item| match item {
        JourneyItem::Clause(clause) => {
            matches!(&clause.kind, ClauseKind::Enter(ast::Enter { entry: Some(ast::Entry::WhenRequested), .. }))
        }
        _ => false,
    });
    let name = journey.name.as_ref().map(|name| name.text.clone()).unwrap_or_default();
    let mut params = params(project, &journey.params, found);
    for (param, (_, ty)) in journey.params.iter().zip(&mut params) {
        *ty = super::catalog::kept(std::mem::replace(ty, Type::Error), param.ty.as_ref(), &param.name, found);
    }
    JourneySig { name, params, requested }
}
