//! Steps that reach beyond their run: `send`, `emit`, `start journey`.
//!
//! In: such a step as written. Out: the checked step, its arguments by position. **Invariant:** a message is sent only by channels that it
//! has content for, a journey is started only if it can be, and every argument has the parameter's type. Does not render anything.

use super::checked::{How, Recipient, Send, SendInfo, StepKind};
use super::journey::Cx;
use super::names::Kind;
use super::problem::{after, problems};
use super::recorder::Symbol;
use super::sends_arguments::arguments;
use super::signature::MessageSig;
use crate::ast;
use crate::diagnostic::{Code, Fix};
use crate::schema::{ChannelId, ChannelKind, MessageId, RouteId, SendId};
use crate::source::Place;
use crate::value::{Text, Type};

problems! {
    /// A message without content for the channel that it is sent by.
    NoContentFor { message: String, channel: String, has: String, fix: Vec<Fix> } = Code::new("E0414", "no-content-for-channel");
        "`{message}` has no content for {channel}", "{has}", "add a line such as `{channel} \"…\"` to the message, or send it by another channel";

    /// A message for several channels, sent without `by`.
    ChannelUnsaid { message: String, channels: String, fix: Vec<Fix> } = Code::new("E0415", "which-channel");
        "it is not said by which channel `{message}` is sent", "it has content for {channels}", "end the line with `by …`, or with the name of a route";

    /// The same channel twice.
    ChannelTwice { channel: String } = Code::new("E0416", "channel-twice");
        "{channel} is named twice", "one message is enough", "take one of the two out";

    /// `ignoring quiet hours` on a marketing message.
    QuietHoursIgnored { message: String, topic: String, fix: Option<Fix> } = Code::new("E0417", "quiet-hours-hold");
        "`{message}` may not ignore quiet hours", "`{topic}` is not a transactional topic", "take `ignoring quiet hours` out";

    /// A transactional send in a journey without a key.
    TransactionalUnkeyed { message: String, name: String, fix: Option<Fix> } = Code::new("E0418", "second-request-is-lost");
        "`{message}` is transactional, and a customer is in `{name}` at most once",
        "a second order, while the first is still under way, would get no message",
        "write `one run per event`, or `one run per order_id`, in the header of the journey";

    /// A message for a team without task content, or the other way round.
    NotForTeams { message: String } = Code::new("E0419", "not-for-teams");
        "`{message}` has nothing to say to a team", "a team is reached by `task`", "add content to the message: `task {{ title \"…\" }}`";

    /// Task content sent to a customer.
    NotForCustomers { message: String, fix: Option<Fix> } = Code::new("E0420", "not-for-customers");
        "`{message}` is a task, which no customer can get", "it goes to a team of ours", "end the line with `to team …`";

    /// `to team sales by email`
    TeamByChannel {} = Code::new("E0421", "teams-have-no-channel");
        "a team is not sent to by a channel of the customer", "a task goes to the team itself", "take `by …` out";

    /// A message that is declared in another journey.
    OfAnotherJourney { message: String, owner: String } = Code::new("E0422", "message-of-another-journey");
        "`{message}` belongs to the journey `{owner}`", "it is declared there, so only that journey sends it", "move the message out of the journey, beside it";

    /// `start journey x` where x cannot be started.
    NotRequestable { name: String } = Code::new("E0393", "cannot-be-started");
        "`{name}` cannot be started from here", "it has no line `enter when requested`", "add that line to the header of `{name}`";
}

// ---------------------------------------------------------------- send

pub(super) fn send(cx: &mut Cx, send: &ast::Send, place: Place) -> Option<StepKind> {
    let message = send.message.as_ref().and_then(|name| cx.project.message(name, cx.found).map(|id| (name, id)));
    let Some((name, id)) = message else {
        // The name failed: its values are still looked at, and its own name is known.
        for value in send.args.iter().filter_map(|arg| arg.value.as_ref()) {
            cx.infer(value);
        }
        if let Some(bind) = &send.bind {
            cx.bind(bind, Type::Error);
        }
        return None;
    };
    let signatures = cx.signatures;
    let signature = &signatures.messages[id.index()];
    own_message(cx, name, signature);
    let args = arguments(cx, Kind::Message, name, &signature.params, &send.args, send.args_place);
    let to = recipient(cx, send, name, id);
    rules(cx, send, name, id, &to);
    let other = super::others::other(cx, send);
    let number = SendId(cx.journey.sends.len() as u16);
    let bound = send.bind.as_ref().map(|bind| bind.text.clone());
    cx.journey.sends.push(SendInfo { name: bound, message: id, place });
    if let Some(bind) = &send.bind {
        cx.bind_send(bind, number, id);
    }
    Some(StepKind::Send(Send {
        id: number,
        message: id,
        args: args?,
        to: to?,
        other: other?,
        without_waiting: send.without_waiting.is_some(),
        ignoring_quiet_hours: send.ignoring_quiet_hours.is_some(),
        or_exit_if_not_sent: send.or_exit_if_not_sent,
    }))
}

/// A message that is declared in a journey belongs to it.
fn own_message(cx: &mut Cx, name: &ast::Name, message: &MessageSig) {
    if let Some(inside) = message.inside
        && let Some(owner) = cx.signatures.journeys.get(inside.index())
        && owner.name != cx.journey.name
    {
        let (message, owner) = (name.text.to_string(), owner.name.to_string());
        cx.found.push(OfAnotherJourney { place: name.place, message, owner });
    }
}

/// What topics allow.
fn rules(cx: &mut Cx, send: &ast::Send, name: &ast::Name, id: MessageId, to: &Option<Recipient>) {
    let Some(topic) = cx.signatures.messages[id.index()].topic else { return };
    let topic = &cx.project.schema.topics[topic.index()];
    let message = name.text.to_string();
    if let Some(ignoring) = send.ignoring_quiet_hours
        && !topic.is_transactional()
    {
        let fix = Some(Fix::replace("take it out", ignoring, ""));
        cx.found.push(QuietHoursIgnored { place: ignoring, message: message.clone(), topic: topic.name.to_string(), fix });
    }
    let to_customer = !matches!(to, Some(Recipient::Team(_)));
    if topic.is_transactional() && to_customer && !cx.keyed {
        let journey = cx.journey.name.to_string();
        let fix = cx.header_end.map(|end| Fix::replace("add `one run per event`", end, "\n  one run per event"));
        cx.found.push(TransactionalUnkeyed { place: name.place, message, name: journey, fix });
    }
}

fn recipient(cx: &mut Cx, send: &ast::Send, name: &ast::Name, id: MessageId) -> Option<Recipient> {
    match &send.to {
        Some(ast::SendTo::Team(team)) => to_team(cx, team.as_ref()?, send, name, id),
        Some(ast::SendTo::Customer(_)) | None => to_customer(cx, send, name, id),
    }
}

fn to_team(cx: &mut Cx, team: &ast::Name, send: &ast::Send, name: &ast::Name, id: MessageId) -> Option<Recipient> {
    let team = cx.project.team(team, cx.found);
    let is_task = |channel: &ChannelId| cx.project.channel_kind(*channel) == Some(ChannelKind::Task);
    let has_task = cx.signatures.messages[id.index()].channels.iter().any(is_task);
    let known = cx.signatures.messages[id.index()].whole;
    if known && !has_task {
        cx.found.push(NotForTeams { place: name.place, message: name.text.to_string() });
        return None;
    }
    if let Some(by) = &send.by {
        let by_task = matches!(&by.value, ast::How::Channels(names) if names.iter().all(|name| name.text == "task"));
        if !by_task {
            cx.found.push(TeamByChannel { place: by.place });
            return None;
        }
    }
    team.map(Recipient::Team)
}

fn to_customer(cx: &mut Cx, send: &ast::Send, name: &ast::Name, id: MessageId) -> Option<Recipient> {
    let message = &cx.signatures.messages[id.index()];
    let whole = message.whole;
    let (tasks, channels): (Vec<ChannelId>, Vec<ChannelId>) =
        message.channels.iter().partition(|channel| cx.project.channel_kind(**channel) == Some(ChannelKind::Task));
    let Some(by) = &send.by else {
        return match channels.as_slice() {
            [only] => Some(Recipient::Customer { how: How::Each(vec![*only]), route: None }),
            _ if !whole => None,
            [] if !tasks.is_empty() => {
                cx.found.push(NotForCustomers { place: name.place, message: name.text.to_string(), fix: None });
                None
            }
            [] => None,
            several => {
                channel_unsaid(cx, name, several, send.args_place);
                None
            }
        };
    };
    offer_channels(cx, by, &channels);
    let (how, route) = how(cx, by)?;
    let how = super::route::filled(how, &channels);
    if whole {
        let used = match &how {
            How::Preferred(_) => Vec::new(),
            other => other.channels().to_vec(),
        };
        for channel in used.iter().filter(|channel| !channels.contains(channel)) {
            no_content(cx, name, *channel, &channels, by);
        }
    }
    Some(Recipient::Customer { how, route })
}

/// First the channels that the message has content for.
fn offer_channels(cx: &Cx, by: &ast::Spanned<ast::How>, channels: &[ChannelId]) {
    let names = match &by.value {
        ast::How::Channels(names) | ast::How::FirstReachable(names) | ast::How::ThoseOf { channels: names, .. } => names.as_slice(),
        ast::How::Preferred => &[],
    };
    for name in names {
        cx.project.recorder().offer(name.place, || {
            let own = |channel: &ChannelId| cx.project.channel_name(*channel).to_owned();
            let (own, all) = (channels.iter().map(own).collect::<Vec<_>>(), cx.project.offers_of_channels(names.len() == 1));
            let (mut first, rest): (Vec<_>, Vec<_>) = all.into_iter().partition(|offer| own.iter().any(|own| offer.name == own.as_str()));
            first.extend(rest.into_iter().filter(|offer| matches!(offer.symbol, Symbol::Declared(Kind::Route, _))));
            first
        });
    }
}

fn channel_unsaid(cx: &mut Cx, name: &ast::Name, channels: &[ChannelId], args_place: Option<Place>) {
    let names: Vec<String> = channels.iter().map(|channel| cx.project.channel_name(*channel).to_owned()).collect();
    let end = after(args_place.unwrap_or(name.place));
    let add = |text: String| Fix::replace(format!("add `{text}`"), end, format!(" {text}"));
    let mut fix: Vec<Fix> = names.iter().map(|channel| add(format!("by {channel}"))).collect();
    fix.push(add(format!("by {}", names.join(" and "))));
    cx.found.push(ChannelUnsaid { place: name.place, message: name.text.to_string(), channels: names.join(", "), fix });
}

fn no_content(cx: &mut Cx, name: &ast::Name, channel: ChannelId, has: &[ChannelId], by: &ast::Spanned<ast::How>) {
    let names: Vec<String> = has.iter().map(|channel| cx.project.channel_name(*channel).to_owned()).collect();
    let label = if names.is_empty() { "it has none at all".to_owned() } else { format!("it has content for {}", names.join(", ")) };
    let channel = cx.project.channel_name(channel).to_owned();
    // The channel's own word where it is written here, the whole `by …` for a route.
    let written = match &by.value {
        ast::How::Channels(list) | ast::How::FirstReachable(list) => list.iter().find(|name| name.text == channel).map(|name| name.place),
        ast::How::ThoseOf { channels, .. } => channels.iter().find(|name| name.text == channel).map(|name| name.place),
        ast::How::Preferred => None,
    };
    let fix = match written {
        Some(place) => names.iter().map(|other| Fix::replace(format!("change to `{other}`"), place, other.clone())).collect(),
        None => Vec::new(),
    };
    cx.found.push(NoContentFor { place: written.unwrap_or(by.place), message: name.text.to_string(), channel, has: label, fix });
}

/// Channels, or a route by its name.
fn how(cx: &mut Cx, by: &ast::Spanned<ast::How>) -> Option<(How, Option<RouteId>)> {
    match &by.value {
        ast::How::Channels(names) => {
            if let [name] = names.as_slice()
                && let Some(route) = cx.project.route(name)
            {
                let how = cx.project.routes.get(route.index())?.how.clone();
                return Some((how, Some(route)));
            }
            Some((How::Each(channels(cx, names)?), None))
        }
        ast::How::FirstReachable(names) => Some((How::FirstReachable(channels(cx, names)?), None)),
        ast::How::Preferred => Some((How::Preferred(Vec::new()), None)),
        ast::How::ThoseOf { channels: names, path } => {
            let used = channels(cx, names);
            let field = super::route::channels_field(cx.project, path.as_ref()?, cx.found);
            Some((How::ThoseOf { channels: used?, field: field? }, None))
        }
    }
}

fn channels(cx: &mut Cx, names: &[ast::Name]) -> Option<Vec<ChannelId>> {
    let mut channels: Vec<ChannelId> = Vec::with_capacity(names.len());
    let mut whole = !names.is_empty();
    for name in names {
        match cx.project.channel_or(name, names.len() == 1, cx.found) {
            Some(channel) if channels.contains(&channel) => {
                cx.found.push(ChannelTwice { place: name.place, channel: name.text.to_string() })
            }
            Some(channel) => channels.push(channel),
            None => whole = false,
        }
    }
    whole.then_some(channels)
}

// ---------------------------------------------------------------- emit, start journey

pub(super) fn emit(cx: &mut Cx, name: &ast::Name, fields: Option<&ast::Expr>) -> Option<StepKind> {
    let Some(event) = cx.project.event(name, cx.found) else {
        if let Some(fields) = fields {
            cx.infer(fields);
        }
        return None;
    };
    let written = record(fields)?;
    cx.project.recorder().next_braces(|| cx.project.owner(event));
    let shape = shape(&cx.project.schema.events[event.index()].fields);
    let fields = cx.typer().fields(fields.map_or(name.place, |fields| fields.place), written, &shape);
    Some(StepKind::Emit { event, fields })
}

/// Declared fields with whether each may be left out, for [`super::expr::Typer::fields`].
pub(super) fn shape(fields: &[crate::schema::Field]) -> Vec<(Text, Type, bool)> {
    fields.iter().map(|field| (field.name.clone(), field.ty.clone(), !field.default.is_missing())).collect()
}

/// What stands in braces; nothing where nothing is written. `None` where something else is, which the syntax has reported.
pub(super) fn record(fields: Option<&ast::Expr>) -> Option<&[(ast::Name, Option<ast::Expr>)]> {
    match fields.map(|fields| &fields.kind) {
        None => Some(&[]),
        Some(ast::ExprKind::Record(written)) => Some(written),
        Some(_) => None,
    }
}

pub(super) fn start(cx: &mut Cx, name: &ast::Name, args: &[ast::Arg], args_place: Option<Place>) -> Option<StepKind> {
    let Some(journey) = cx.project.journey(name, cx.found) else {
        for value in args.iter().filter_map(|arg| arg.value.as_ref()) {
            cx.infer(value);
        }
        return None;
    };
    let signatures = cx.signatures;
    let signature = &signatures.journeys[journey.index()];
    if !signature.requested {
        cx.found.push(NotRequestable { place: name.place, name: name.text.to_string() });
    }
    let args = arguments(cx, Kind::Journey, name, &signature.params, args, args_place)?;
    Some(StepKind::Start { journey, args })
}
