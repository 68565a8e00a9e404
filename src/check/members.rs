//! Steps that change what a customer belongs to: lists, audiences, confirmed topics, suppressed addresses.
//!
//! In: such a step as written. Out: the checked step. **Invariant:** only double opt-in topics are confirmed, and only channels of the
//! customer are suppressed.

use super::checked::StepKind;
use super::journey::Cx;
use super::problem::problems;
use crate::ast::{self, MembershipOf};
use crate::diagnostic::{Code, Fix};
use crate::schema::{ChannelKind, TopicKind};

problems! {
    /// `confirm news` where news is no double opt-in topic.
    NothingToConfirm { topic: String, fix: Option<Fix> } = Code::new("E0862", "nothing-to-confirm");
        "nobody has to confirm `{topic}`", "it is not a `double opt in` topic, so `subscribe to` is enough",
        "write `subscribe to {topic}`, or declare the topic as `double opt in`";

    /// `suppress task "…"`
    NotSuppressible { channel: String } = Code::new("E0863", "cannot-be-suppressed");
        "`{channel}` has no address that could be suppressed", "it reaches no address of the customer", "name a channel such as `email` or `sms`";
}

pub(super) fn membership(cx: &mut Cx, of: MembershipOf, add: bool, name: &ast::Name) -> Option<StepKind> {
    match of {
        MembershipOf::List => cx.project.list(name, cx.found).map(|list| StepKind::OnList { list, add }),
        MembershipOf::Audience => cx.project.audience(name, cx.found).map(|audience| StepKind::InAudience { audience, add }),
    }
}

pub(super) fn confirm(cx: &mut Cx, name: &ast::Name) -> Option<StepKind> {
    let topic = super::steps::consent(cx, name, "confirm")?;
    if cx.project.schema.topics.get(topic.index()).is_some_and(|topic| topic.kind != TopicKind::DoubleOptIn) {
        cx.found.push(NothingToConfirm { place: name.place, topic: name.text.to_string(), fix: None });
        return None;
    }
    Some(StepKind::Confirm(topic))
}

pub(super) fn suppress(cx: &mut Cx, name: &ast::Name, reason: &ast::TextLit) -> Option<StepKind> {
    let channel = cx.project.channel(name, cx.found)?;
    let kind = cx.project.channel_kind(channel);
    if matches!(kind, Some(ChannelKind::Web | ChannelKind::Inbox | ChannelKind::Webhook | ChannelKind::Task)) {
        cx.found.push(NotSuppressible { place: name.place, channel: name.text.to_string() });
        return None;
    }
    Some(StepKind::Suppress { channel, reason: reason.text.clone() })
}
