//! Ways to a customer that depend on her: the channel that she prefers, those that she listed, her best time.
//!
//! In: `by preferred channel`, `by those of … in …`, blocks with `wait until best time`. Out: channels, a field of the customer. **Invariant:** the
//! list that names channels is one of the customer's own.

use super::checked::{Block, How, Recipient, StepKind};
use super::expr::Typer;
use super::header_entry::dotted;
use super::problem::problems;
use super::project::Project;
use super::scope::Scope;
use crate::ast;
use crate::condition::Until;
use crate::diagnostic::{Code, Diagnostics};
use crate::schema::{ChannelId, FieldId};
use crate::value::Type;

problems! {
    /// `by those of email, sms in customer.plan`
    NotHerChannels { path: String } = Code::new("E0872", "not-her-channels");
        "`{path}` does not say by which channels she wants to be reached", "a list of texts of the customer is needed here",
        "declare one, `channels list of one of \"email\", \"sms\" = []`, and write `in customer.channels`";
}

/// The customer's list of names of channels.
pub(super) fn channels_field(project: &Project, path: &ast::PathRef, found: &mut Diagnostics) -> Option<FieldId> {
    let mut scope = Scope::of_customer();
    let not = || NotHerChannels { place: path.place, path: dotted(path) };
    if path.parts.len() != 2 || path.parts[0].text != "customer" || path.parts[1].text == "id" {
        found.push(not());
        return None;
    }
    let (field, ty) = Typer { project, scope: &mut scope, found }.customer_field(path)?;
    match ty.required() {
        Type::List(element) if element.is_textual() => Some(field),
        Type::Error => None,
        _ => {
            found.push(not());
            None
        }
    }
}

/// Her best time is that of the channel by which the next message goes: the waits of a block are told.
pub(super) fn best_times(block: &mut Block) {
    let mut next: Vec<ChannelId> = Vec::new();
    for step in block.iter_mut().rev() {
        match &mut step.kind {
            StepKind::Send(send) => {
                next = match &send.to {
                    Recipient::Customer { how, .. } => how.channels().to_vec(),
                    _ => Vec::new(),
                };
            }
            StepKind::Wait(wait) => {
                if let Until::BestTime { channels, .. } = &mut wait.until {
                    channels.clone_from(&next);
                }
            }
            _ => {}
        }
    }
}

/// A route says `preferred channel` for whatever message goes by it.
pub(super) fn filled(how: How, has: &[ChannelId]) -> How {
    match how {
        How::Preferred(channels) if channels.is_empty() => How::Preferred(has.to_vec()),
        other => other,
    }
}
