//! Expectations about messages.

use super::{Instead, between, nobody, runs, since};
use crate::calendar::civil;
use crate::check::checked::ExpectWhen;
use crate::diagnostic::suggest;
use crate::engine::{Decision, RecordKind};
use crate::scenario::drive::{Sent, Story};
use crate::scenario::reasons;
use crate::scenario::timeline::{message_name, moment, zone};
use crate::schema::{ChannelId, MessageId};
use crate::value::{Value, show};
use std::collections::BTreeSet;

/// Most characters of a text that a failure quotes.
const QUOTED_MAX: usize = 160;

pub(super) struct Wanted<'a> {
    pub message: MessageId,
    pub by: Option<ChannelId>,
    pub when: Option<&'a ExpectWhen>,
    pub containing: Option<&'a str>,
}

type Judged = Result<(), Instead>;

/// Messages of the runs that the expectation is about.
fn messages<'s>(story: &'s Story<'_>, key: Option<&'s Value>) -> Vec<&'s Sent> {
    let numbers: BTreeSet<u32> = runs(story, key).map(|(number, _)| number).collect();
    story.sent.iter().filter(|sent| numbers.contains(&sent.delivery.key.run)).collect()
}

pub(super) fn count(story: &Story, key: Option<&Value>, wanted: usize) -> Judged {
    let sent = messages(story, key);
    if sent.len() == wanted {
        return Ok(());
    }
    Err(Instead::of(match (sent.len(), nobody(story)) {
        (0, Some(why)) => why,
        (0, None) => format!("no message was sent{}", why_none(story, None)),
        (1, _) => format!("1 message was sent: {}", list(story, &sent)),
        (many, _) => format!("{many} messages were sent: {}", list(story, &sent)),
    }))
}

pub(super) fn sent(story: &Story, key: Option<&Value>, wanted: &Wanted) -> Judged {
    let sent = messages(story, key);
    let same: Vec<&Sent> = sent.iter().copied().filter(|sent| sent.delivery.message == wanted.message).collect();
    if same.iter().any(|sent| meets(story, sent, wanted)) {
        return Ok(());
    }
    let name = message_name(story, wanted.message);
    if let Some(nearest) = same.iter().max_by_key(|sent| nearness(story, sent, wanted)) {
        let mut happened = format!("`{name}` was sent {}", how(story, nearest));
        if let Some(text) = wanted.containing.filter(|text| !contains(nearest, text)) {
            happened.push_str(&format!(", but it does not contain \"{text}\"; it says \"{}\"", quoted(nearest)));
        }
        return Err(Instead::of(happened).hint(better(story, nearest, wanted)));
    }
    if let Some(why) = nobody(story) {
        return Err(Instead::of(why).hint(too_short(story)));
    }
    let why = why_none(story, Some(wanted.message));
    let others = if sent.is_empty() { String::new() } else { format!("; sent were {}", list(story, &sent)) };
    let names: Vec<&str> = sent.iter().map(|sent| message_name(story, sent.delivery.message)).collect();
    let near = suggest::best(name, names.iter().copied()).map(|near| format!("did you mean `{near}`?"));
    Err(Instead::of(format!("`{name}` was not sent{why}{others}")).hint(near.or_else(|| too_short(story))))
}

pub(super) fn not_sent(story: &Story, key: Option<&Value>, message: MessageId, by: Option<ChannelId>, because: Option<&str>) -> Judged {
    let found = messages(story, key);
    let found = found.iter().find(|sent| sent.delivery.message == message && by.is_none_or(|by| sent.delivery.channel == by));
    let name = message_name(story, message);
    if let Some(sent) = found {
        return Err(Instead::of(format!("`{name}` was sent {}", how(story, sent))));
    }
    let Some(because) = because else { return Ok(()) };
    let numbers: BTreeSet<u32> = runs(story, key).map(|(number, _)| number).collect();
    let reasons: BTreeSet<&str> = story
        .records
        .iter()
        .filter(|record| numbers.contains(&record.run))
        .filter_map(|record| match &record.kind {
            RecordKind::Message { key, message: of, decision } if *of == message && by.is_none_or(|by| key.channel == by) => {
                reasons::not_sent(decision)
            }
            _ => None,
        })
        .collect();
    if reasons.contains(because) {
        return Ok(());
    }
    if reasons.is_empty() {
        let why = nobody(story).unwrap_or_else(|| "no run came to a step that sends it".to_owned());
        return Err(Instead::of(format!("`{name}` was not sent, but for another reason: {why}")));
    }
    let found: Vec<&str> = reasons.into_iter().collect();
    let hint = found.first().map(|reason| format!("did you mean `because {reason}`?"));
    Err(Instead::of(format!("`{name}` was not sent because `{}`", found.join("`, `"))).hint(hint))
}

fn meets(story: &Story, sent: &Sent, wanted: &Wanted) -> bool {
    wanted.by.is_none_or(|by| by == sent.delivery.channel)
        && in_time(story, sent, wanted)
        && wanted.containing.is_none_or(|text| contains(sent, text))
}

fn in_time(story: &Story, sent: &Sent, wanted: &Wanted) -> bool {
    let begin = story.runs.get(&sent.delivery.key.run).map_or(sent.at, |seen| seen.begin);
    match wanted.when {
        None => true,
        Some(ExpectWhen::At(at)) => zone(story).instant(*at) == sent.at,
        Some(ExpectWhen::Within(span)) => sent.at <= civil::add(begin, *span, story.zone()),
        Some(ExpectWhen::After(span)) => sent.at == civil::add(begin, *span, story.zone()),
    }
}

/// How much of an expectation a message meets, to speak about the one that was most likely meant.
fn nearness(story: &Story, sent: &Sent, wanted: &Wanted) -> u8 {
    u8::from(wanted.by.is_none_or(|by| by == sent.delivery.channel)) * 4
        + u8::from(wanted.containing.is_none_or(|text| contains(sent, text))) * 2
        + u8::from(in_time(story, sent, wanted))
}

fn contains(sent: &Sent, text: &str) -> bool {
    sent.delivery.parts.iter().any(|(_, part)| part.contains(text))
}

/// What a message says, cut where it is long.
fn quoted(sent: &Sent) -> String {
    let all = sent.delivery.parts.iter().map(|(_, part)| part.trim()).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ");
    let all = all.replace(['\n', '\r'], " ");
    if all.chars().count() <= QUOTED_MAX { all } else { all.chars().take(QUOTED_MAX).chain(['…']).collect() }
}

/// What the expectation would have to say.
fn better(story: &Story, sent: &Sent, wanted: &Wanted) -> Option<String> {
    if wanted.by.is_some_and(|by| by != sent.delivery.channel) {
        return Some(format!("did you mean `by {}`?", channel(story, sent.delivery.channel)));
    }
    if in_time(story, sent, wanted) {
        return None;
    }
    let begin = story.runs.get(&sent.delivery.key.run).map_or(sent.at, |seen| seen.begin);
    let after = show::duration(between(story, begin, sent.at));
    Some(match wanted.when {
        Some(ExpectWhen::After(_)) => format!("did you mean `after {after}`?"),
        Some(ExpectWhen::Within(_)) => format!("it would have been in time `within {after}`"),
        _ => format!("did you mean `at {}`?", moment(sent.at, zone(story))),
    })
}

/// A story that names only its begin ends there.
fn too_short(story: &Story) -> Option<String> {
    let script = &story.script;
    let end = moment(script.last, zone(story));
    (script.last == script.begin).then(|| format!("the story ends at {end}, the last moment that it names; name a later one"))
}

/// `; it was skipped at …`: the last decision about a message, or about any.
fn why_none(story: &Story, message: Option<MessageId>) -> String {
    let plan = story.stage.plan;
    let last = story.records.iter().rev().find_map(|record| match &record.kind {
        RecordKind::Message { message: of, decision, .. }
            if message.is_none_or(|wanted| wanted == *of) && record.journey.is_some_and(|journey| story.stage.cast.has(journey)) =>
        {
            Some((record, *of, decision))
        }
        _ => None,
    });
    let Some((record, of, decision)) = last else {
        return if message.is_some() { ": no run came to a step that sends it".to_owned() } else { String::new() };
    };
    let journey = record.journey.and_then(|id| plan.journeys.get(id.index()));
    let at = moment(record.at, zone(story));
    let name = if message.is_some() { "it".to_owned() } else { format!("`{}`", message_name(story, of)) };
    match decision {
        Decision::Skipped(skip) => {
            format!(": at {at} {name} was skipped, {}", reasons::message_words(*skip, plan, story.stage.sources, journey, of))
        }
        Decision::Deferred { until, because } => {
            let because = reasons::deferral_words(*because, plan, story.stage.sources, journey);
            format!(": at {at} {name} was put off until {}, {because}", moment(*until, zone(story)))
        }
        Decision::HeldOut => format!(": at {at} {name} was held back, for the customer is held out"),
        Decision::Cancelled => format!(": at {at} {name} was taken back"),
        Decision::Failed => format!(": at {at} the provider refused {name}"),
        Decision::Unknown | Decision::Planned | Decision::Sent => String::new(),
    }
}

fn list(story: &Story, sent: &[&Sent]) -> String {
    let one = |sent: &&Sent| format!("`{}` {}", message_name(story, sent.delivery.message), how(story, sent));
    sent.iter().map(one).collect::<Vec<_>>().join("; ")
}

/// `by email at 2026-03-01 11:00, 1 hour after the entry`
fn how(story: &Story, sent: &Sent) -> String {
    let entry = story.runs.get(&sent.delivery.key.run).map_or_else(String::new, |seen| since(story, seen, sent.at));
    format!("by {} at {}{entry}", channel(story, sent.delivery.channel), moment(sent.at, zone(story)))
}

fn channel<'a>(story: &'a Story, channel: ChannelId) -> &'a str {
    story.stage.plan.schema.channels.get(channel.index()).map_or("?", |channel| channel.name.as_str())
}
