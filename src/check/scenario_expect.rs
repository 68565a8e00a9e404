//! What a scenario expects.
//!
//! In: an `expect` line. Out: a checked [`Expect`]. **Invariant:** reasons are of the closed lists of [`crate::schema`], so that an
//! expectation that nobody could ever meet is found here and not in a failing test.

use super::amount;
use super::checked::{Expect, ExpectExit, ExpectWhen};
use super::problem::problems;
use super::scenario::Cx;
use crate::ast;
use crate::condition::What;
use crate::diagnostic::{Code, Fix, suggest};
use crate::schema::{MessageId, NOT_ENTERED, NOT_SENT};
use crate::source::Place;
use crate::value::{Decimal, Text};

problems! {
    /// `because no_consnt`
    ReasonUnknown { reason: String, reasons: String, fix: Option<Fix> } = Code::new("E0520", "no-such-reason");
        "`{reason}` is no reason for this", "the reasons are {reasons}", "write one of them, or leave `because …` out";

    /// `expect 1.5 messages`
    NotANumberOfMessages {} = Code::new("E0521", "number-of-messages");
        "this is no number of messages", "messages are counted in whole numbers", "write for example `expect 2 messages`, or `expect no messages`";

    /// A message that no journey sends.
    NeverSent { message: String } = Code::new("E0522", "never-sent");
        "no journey ever sends `{message}`", "so it can be expected neither to come nor not to come", "name a message that a journey sends";

    /// `expect exit "reson"`
    NeverExits { how: String, journey: String, has: String, fix: Option<Fix> } = Code::new("E0523", "no-such-exit");
        "`{journey}` never exits {how}", "{has}", "name one of its exits, or leave out what comes after `expect exit`";
}

pub(super) fn check(cx: &mut Cx, expect: &ast::Expect) -> Option<Expect> {
    match expect {
        ast::Expect::NoMessages => Some(Expect::NoMessages),
        ast::Expect::Messages(number) => messages(cx, number),
        ast::Expect::NoMessage { message, by, because } => {
            let because = reason(cx, because.as_ref(), NOT_SENT);
            let (message, by) = message_by(cx, message.as_ref(), by.as_ref())?;
            Some(Expect::NoMessage { message, by, because: because? })
        }
        ast::Expect::NotEntered { because } => Some(Expect::NotEntered { because: reason(cx, because.as_ref(), NOT_ENTERED)? }),
        ast::Expect::Message { message, by, when, containing } => {
            let when = match when {
                None => None,
                Some(ast::ExpectWhen::At(moment)) => Some(ExpectWhen::At(moment.value)),
                Some(ast::ExpectWhen::Within(span)) => Some(ExpectWhen::Within(amount::ahead(span, "a time", cx.found)?)),
                // Straight after the entry can be expected, too.
                Some(ast::ExpectWhen::After(span)) => Some(ExpectWhen::After(span.value)),
            };
            let (message, by) = message_by(cx, message.as_ref(), by.as_ref())?;
            let containing = containing.as_ref().map(|text| text.text.clone());
            Some(Expect::Message { message, by, when, containing })
        }
        ast::Expect::Exit { cause, after } => {
            let cause = match cause {
                None => None,
                Some(ast::ExpectExit::On(target)) => {
                    let what = cx.what(target)?;
                    exit_on(cx, what, target.place);
                    Some(ExpectExit::On(what))
                }
                Some(ast::ExpectExit::When) => Some(ExpectExit::When),
                Some(ast::ExpectExit::Reason(text)) => {
                    exit_reason(cx, text);
                    Some(ExpectExit::Reason(text.text.clone()))
                }
            };
            Some(Expect::Exit { cause, after: after.as_ref().map(|after| after.value) })
        }
        ast::Expect::WaitingAt(text) => text.as_ref().map(|text| Expect::WaitingAt(text.text.clone())),
        ast::Expect::Condition(condition) => Some(Expect::Condition(cx.condition(condition))),
    }
}

fn messages(cx: &mut Cx, number: &ast::Spanned<Decimal>) -> Option<Expect> {
    let whole = number.value.normalize();
    match u32::try_from(whole.mantissa()) {
        Ok(count) if whole.scale() == 0 => Some(if count == 0 { Expect::NoMessages } else { Expect::Messages(count) }),
        _ => {
            cx.found.push(NotANumberOfMessages { place: number.place });
            None
        }
    }
}

type By = (MessageId, Option<crate::schema::ChannelId>);

fn message_by(cx: &mut Cx, message: Option<&ast::Name>, by: Option<&ast::Name>) -> Option<By> {
    let name = message?;
    let id = cx.message(name)?;
    if !cx.is_sent(id) {
        cx.found.push(NeverSent { place: name.place, message: name.text.to_string() });
        return None;
    }
    let Some(by) = by else { return Some((id, None)) };
    let channel = cx.channel(by)?;
    super::scenario_happens::has_content(cx, name, id, by, channel)?;
    Some((id, Some(channel)))
}

/// `Some(None)` where no reason is written; `None` where it is no reason.
fn reason(cx: &mut Cx, because: Option<&ast::Name>, legal: &[&'static str]) -> Option<Option<Text>> {
    let Some(because) = because else { return Some(None) };
    if legal.contains(&because.text.as_str()) {
        return Some(Some(because.text.clone()));
    }
    let fix =
        suggest::best(&because.text, legal.iter().copied()).map(|near| Fix::replace(format!("change to `{near}`"), because.place, near));
    let reasons = legal.iter().map(|reason| format!("`{reason}`")).collect::<Vec<_>>().join(", ");
    cx.found.push(ReasonUnknown { place: because.place, reason: because.text.to_string(), reasons, fix });
    None
}

/// The event must be one that ends a run. Reports of messages are not compared: a message may be meant by a send of it.
fn exit_on(cx: &mut Cx, what: What, place: Place) {
    let What::Happened(_) = what else { return };
    if !cx.whole || cx.exits_on(what) {
        return;
    }
    let journey = cx.journey_name();
    let has = "no `exit on`, and no goal that ends with `then exit`, says so".to_owned();
    cx.found.push(NeverExits { place, how: "on this".to_owned(), journey, has, fix: None });
}

fn exit_reason(cx: &mut Cx, text: &ast::TextLit) {
    let reasons = cx.exit_reasons();
    // The end of the steps counts as an exit, too.
    if !cx.whole || text.text == "finished" || reasons.contains(&text.text) {
        return;
    }
    let has = match reasons.as_slice() {
        [] => "none of its `exit` steps has a reason".to_owned(),
        reasons => format!("its exits are {}", reasons.iter().map(|reason| format!("\"{reason}\"")).collect::<Vec<_>>().join(", ")),
    };
    let near = suggest::best(&text.text, reasons.iter().map(String::as_str));
    let fix = near.map(|near| Fix::replace(format!("change to \"{near}\""), text.content, near));
    let journey = cx.journey_name();
    let how = format!("with \"{}\"", text.text);
    cx.found.push(NeverExits { place: text.place, how, journey, has, fix });
}
