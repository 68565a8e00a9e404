//! What happened, as triggers, goals and histories name it.
//!
//! In: targets (`order_completed`, `clicked reminder by email`, `subscribed to news`). Out: [`What`], and what its `where` may ask.
//! **Invariant:** the position says the kind of every name; the only name that can be two kinds is that of a message event (a message, or
//! a named send, which is nearer).

use super::expr::Typer;
use super::names::{self, Kind};
use super::problem::problems;
use super::scope::{Binding, Subject};
use crate::ast::{self, MessageRef, Name, TargetKind};
use crate::condition::{Expr, Happening, Since, What, WhichMessage};
use crate::diagnostic::{Code, Fix, suggest};
use crate::schema::MessageVerb;
use crate::source::Place;
use crate::value::{Type, Value};

problems! {
    /// `on clicked remindr`
    UnknownMessage { name: String, help: String, fix: Vec<Fix> } = Code::new("E0115", "unknown-message");
        "there is no message `{name}`", "neither a message nor a send with this name", "{help}";

    /// `page is clicked` where page is no send.
    NotASend { name: String, help: String, fix: Vec<Fix> } = Code::new("E0233", "not-a-send");
        "`{name}` is no message that was sent", "only a send that was given a name can be asked like this", "{help}";

    /// `page is delivered`
    NoSuchState { state: String } = Code::new("E0234", "cannot-be-asked");
        "whether a message is {state} cannot be asked like this", "not one of the states of a send",
        "a send can be sent, received, seen, opened, clicked, replied or bounced";

    /// `since customer.plan`
    NotAMoment { is: String } = Code::new("E0217", "not-a-date-or-moment");
        "a date or a moment is needed here", "this is {is}", "write for example `2026-01-01`, or name a value of the type date or datetime";

    /// `since entry` where there is no run.
    NoRunHere {} = Code::new("E0216", "since-which-entry");
        "there is no entry to count from here", "nobody has entered a journey at this place", "write a date, for example `since 2026-01-01`, or a time: `in the last 30 days`";
}

impl Typer<'_, '_, '_> {
    /// What a target means. `None` where it is reported.
    pub(crate) fn what(&mut self, target: &ast::Target) -> Option<What> {
        match &target.kind {
            TargetKind::Event(name) => self.event_or_help(name).map(|event| What::Happened(Happening::Event(event))),
            TargetKind::SubscribedTo(topic) => {
                self.project.topic(topic.as_ref()?, self.found).map(|topic| What::Happened(Happening::SubscribedTo(topic)))
            }
            TargetKind::UnsubscribedFrom(topic) => {
                self.project.topic(topic.as_ref()?, self.found).map(|topic| What::Happened(Happening::UnsubscribedFrom(topic)))
            }
            TargetKind::Answered(survey) => {
                self.project.survey(survey.as_ref()?, self.found).map(|event| What::Happened(Happening::Event(event)))
            }
            TargetKind::Message { verb, message, by } => {
                let which = self.which_message(message);
                let by = match by {
                    Some(name) => Some(self.project.channel(name, self.found)?),
                    None => None,
                };
                Some(What::Message { verb: *verb, which: which?, by })
            }
            TargetKind::Missing => None,
        }
    }

    fn event_or_help(&mut self, name: &Name) -> Option<crate::schema::EventId> {
        self.project.event(name, self.found)
    }

    fn which_message(&mut self, message: &MessageRef) -> Option<WhichMessage> {
        match message {
            MessageRef::Any { about: None } => Some(WhichMessage::Any),
            MessageRef::Any { about: Some(topic) } => self.project.topic(topic, self.found).map(WhichMessage::About),
            MessageRef::Missing => None,
            MessageRef::Named(name) => {
                self.offer_messages(name);
                if let Some((send, _)) = self.scope.send(&name.text) {
                    self.note_head(name, false, None);
                    return Some(WhichMessage::Send(send));
                }
                // A send whose message is not known has this name: that is reported.
                if matches!(self.scope.binding(&name.text), Some(Binding::Local(_, Type::Error))) {
                    return None;
                }
                if self.project.names.get(Kind::Message, &name.text).is_some() {
                    return self.project.message(name, self.found).map(WhichMessage::Message);
                }
                self.unknown_message(name);
                None
            }
        }
    }

    fn unknown_message(&mut self, name: &Name) {
        let mut legal = self.project.names.of_kind(Kind::Message);
        legal.extend(self.scope.sends());
        let (help, near) = names::choose_from(&name.text, legal, "name a declared message, or a send above by its `as` name");
        let fix = names::changes(&near, name.place);
        self.found.push(UnknownMessage { place: name.place, name: name.text.to_string(), help, fix });
    }

    /// What stands bare in the `where` of this.
    pub(crate) fn subject_of(&self, what: What) -> Subject {
        match what {
            What::Happened(Happening::Event(event)) => Subject::Event(event),
            What::Happened(Happening::SubscribedTo(_) | Happening::UnsubscribedFrom(_)) => Subject::Bare("a change of consent"),
            What::Message { .. } => Subject::Bare("what happens to a message"),
        }
    }

    /// `since entry`, `since 2026-01-01`. `None` where it is reported.
    pub(crate) fn since(&mut self, since: &ast::Since) -> Option<Since> {
        match since {
            ast::Since::Moment(moment) => Some(Since::Moment(Box::new(self.written_moment(moment)))),
            ast::Since::Path(path) => {
                if let [root] = path.parts.as_slice()
                    && root.text == "entry"
                {
                    if !self.scope.runs {
                        self.found.push(NoRunHere { place: path.place });
                        return None;
                    }
                    return Some(Since::Entry);
                }
                self.moment(path).map(|moment| Since::Moment(Box::new(moment)))
            }
        }
    }

    /// A path to a date or a moment. `entry` alone is when it was entered.
    pub(super) fn moment(&mut self, path: &ast::PathRef) -> Option<Expr> {
        if let [root] = path.parts.as_slice()
            && root.text == "entry"
        {
            if !self.scope.runs {
                self.found.push(NoRunHere { place: path.place });
                return None;
            }
            return Some(Expr::EntryAt);
        }
        let (value, ty) = self.path(path)?;
        match ty.required() {
            Type::Date | Type::DateTime => Some(value),
            other => {
                self.not_a_moment(path.place, other);
                None
            }
        }
    }

    fn not_a_moment(&mut self, place: Place, ty: &Type) {
        self.found.push(NotAMoment { place, is: super::expr::a(ty) });
    }

    /// A date is the begin of that day for the customer; a date with a time is a moment in the project's zone.
    pub(super) fn written_moment(&self, moment: &ast::MomentLit) -> Expr {
        if moment.date_only {
            Expr::Const(Value::Date(moment.value.date()))
        } else {
            Expr::Const(Value::Instant(self.project.zone.instant(moment.value)))
        }
    }

    /// `page is complained`: a word that is no state, behind a send. `true` where it is reported.
    pub(super) fn asks_send(&mut self, left: &ast::Expr, right: &ast::Expr) -> bool {
        let ast::ExprKind::Name(name) = &left.kind else { return false };
        if self.scope.send(&name.text).is_none() {
            return false;
        }
        self.found.push(NoSuchState { place: right.place, state: self.text(right.place) });
        true
    }

    /// `page is not clicked by push`
    pub(super) fn state(&mut self, send: &ast::Expr, negated: bool, verb: MessageVerb, by: Option<&Name>) -> (Expr, Type) {
        let fallback = (Expr::Const(Value::Boolean(false)), Type::Boolean);
        let by = match by {
            Some(name) => match self.project.channel(name, self.found) {
                Some(channel) => Some(channel),
                None => return fallback,
            },
            None => None,
        };
        let ast::ExprKind::Name(name) = &send.kind else {
            let (_, ty) = self.infer(send);
            if ty != Type::Error {
                let help = format!("give the send a name, `send … as page`, and ask `page is {}`", short(verb));
                let text = self.text(send.place);
                self.found.push(NotASend { place: send.place, name: text, help, fix: Vec::new() });
            }
            return fallback;
        };
        self.offer_heads(name);
        if self.scope.send(&name.text).is_some() {
            self.note_head(name, false, None);
        }
        let Some((id, _)) = self.scope.send(&name.text) else {
            let near = suggest::nearest(&name.text, self.scope.sends());
            let fix = names::changes(&near, name.place);
            let help = if !near.is_empty() {
                names::did_you_mean(&near)
            } else if self.project.names.get(Kind::Message, &name.text).is_some() {
                format!("give the send a name, `send {0} as page`, and ask `page is {1}`; or ask `has {1} {0}`", name.text, short(verb))
            } else {
                format!("give the send a name, `send … as {}`, before this step", name.text)
            };
            self.found.push(NotASend { place: name.place, name: name.text.to_string(), help, fix });
            return fallback;
        };
        if matches!(verb, MessageVerb::Delivered | MessageVerb::Complained) {
            self.found.push(NoSuchState { place: send.place, state: short(verb).to_owned() });
            return fallback;
        }
        let state = Expr::SendState { send: id, verb, by };
        (if negated { Expr::Not(Box::new(state)) } else { state }, Type::Boolean)
    }
}

fn short(verb: MessageVerb) -> &'static str {
    match verb {
        MessageVerb::RepliedTo => "replied",
        other => other.words(),
    }
}
