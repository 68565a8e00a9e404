//! What customers would read, before and after: every content that says something else.
//!
//! **Invariant:** both sides are rendered for the same sample customer, with the same sample values, at the same moment, so whatever differs
//! is the edit's; a content that only one side has is compared with nothing.

use super::plain;
use crate::calendar::Instant;
use crate::format::difference;
use crate::plan::changes::Change;
use crate::plan::{Message, Plan, Variant};
use crate::preview;
use serde::Serialize;
use std::collections::BTreeSet;

/// The moment at which messages are rendered: 2026-03-02 10:00 UTC, a Monday.
const AT: Instant = Instant(1_772_445_600_000);

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MessageReview {
    pub message: String,
    pub channel: String,
    pub language: Option<String>,
    pub change: Change,
    pub parts: Vec<PartReview>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PartReview {
    /// `subject`, `text`, `html`
    pub name: String,
    /// A unified diff of what somebody reads; empty where only the layout differs.
    pub diff: String,
    /// It does not render any more, and why.
    pub trouble: Option<String>,
}

type Key = (String, String, Option<String>);

pub(super) fn review(before: &Plan, after: &Plan) -> Vec<MessageReview> {
    let keys: BTreeSet<Key> = keys(before).chain(keys(after)).collect();
    keys.into_iter().filter_map(|key| of(before, after, key)).collect()
}

fn keys(plan: &Plan) -> impl Iterator<Item = Key> {
    plan.messages.iter().flat_map(move |message| message.variants.iter().map(move |variant| key(plan, message, variant)))
}

fn key(plan: &Plan, message: &Message, variant: &Variant) -> Key {
    let channel = plan.schema.channels.get(variant.channel.index()).map_or_else(String::new, |channel| channel.name.to_string());
    (message.name.to_string(), channel, variant.language.as_ref().map(ToString::to_string))
}

/// What is read of one part.
struct Shown {
    name: String,
    /// As it is sent.
    sent: String,
    read: String,
}

fn of(before: &Plan, after: &Plan, key: Key) -> Option<MessageReview> {
    let (old, new) = (shown(before, &key), shown(after, &key));
    let change = match (&old, &new) {
        (None, Some(_)) => Change::Added,
        (Some(_), None) => Change::Removed,
        _ => Change::Changed,
    };
    let (old, new) = (old.unwrap_or(Ok(Vec::new())), new.unwrap_or(Ok(Vec::new())));
    let parts = match (&old, &new) {
        (_, Err((name, why))) => vec![PartReview { name: name.clone(), diff: String::new(), trouble: Some(why.clone()) }],
        (Err(_), Ok(new)) => compared(&[], new),
        (Ok(old), Ok(new)) => compared(old, new),
    };
    (!parts.is_empty()).then_some(MessageReview { message: key.0, channel: key.1, language: key.2, change, parts })
}

fn compared(old: &[Shown], new: &[Shown]) -> Vec<PartReview> {
    let names: Vec<&String> = new
        .iter()
        .map(|part| &part.name)
        .chain(old.iter().map(|part| &part.name).filter(|name| !new.iter().any(|part| part.name == **name)))
        .collect();
    let mut parts = Vec::new();
    for name in names {
        let find =
            |side: &[Shown], of: fn(&Shown) -> &String| side.iter().find(|part| part.name == *name).map_or("", |part| of(part)).to_owned();
        let (sent_before, sent_after) = (find(old, |part| &part.sent), find(new, |part| &part.sent));
        if sent_before != sent_after {
            let diff = unified(&find(old, |part| &part.read), &find(new, |part| &part.read));
            parts.push(PartReview { name: name.clone(), diff, trouble: None });
        }
    }
    parts
}

/// `None` where this plan has no such content.
fn shown(plan: &Plan, key: &Key) -> Option<Result<Vec<Shown>, (String, String)>> {
    let message = plan.messages.iter().find(|message| message.name == key.0)?;
    let variant = message.variants.iter().find(|variant| self::key(plan, message, variant) == *key)?;
    let mut row = preview::sample_customer(plan, AT);
    if let (Some(field), Some(language)) = (plan.schema.language, &variant.language) {
        row.attributes[field.index()] = crate::value::Value::Text(language.clone());
    }
    let params = preview::sample_params(message, AT);
    Some(match preview::parts(plan, variant, &row, &params, AT) {
        Ok(parts) => Ok(parts
            .into_iter()
            .map(|part| {
                let read = if part.is_html { plain::of_html(&part.text) } else { part.text.clone() };
                Shown { name: part.name.to_string(), sent: part.text, read }
            })
            .collect()),
        Err((name, why)) => Err((name.to_string(), why)),
    })
}

/// The lines that differ and what stands around them, with `…` where some are left out; empty where what is read is the same.
fn unified(before: &str, after: &str) -> String {
    let ended = |text: &str| if text.is_empty() || text.ends_with('\n') { text.to_owned() } else { format!("{text}\n") };
    let whole = difference::unified("", &ended(before), &ended(after));
    // Two lines of file names, then a line of numbers before each part: nobody counts the lines of a message.
    let lines = whole.lines().skip(2).enumerate();
    let shown = lines.filter_map(|(at, line)| match (line.starts_with("@@ "), at) {
        (true, 0) => None,
        (true, _) => Some("  …"),
        (false, _) => Some(line),
    });
    shown.fold(String::new(), |all, line| all + line + "\n")
}

#[cfg(test)]
mod tests {
    use super::unified;

    #[test]
    fn a_diff_has_no_names_and_no_numbers() {
        assert_eq!(unified("a\nb\n", "a\nb"), "");
        assert_eq!(unified("สวัสดี\nb\nc", "สวัสดี\nx\nc"), " สวัสดี\n-b\n+x\n c\n");
        assert_eq!(unified("", "a\nb"), "+a\n+b\n");
        let long: String = (0..40).map(|line| format!("{line}\n")).collect();
        let edited = long.replace("0\n1\n", "x\n1\n").replace("39\n", "y\n");
        let shown = unified(&long, &edited);
        assert!(shown.contains("  …\n") && shown.contains("+x\n") && shown.contains("+y\n") && !shown.contains("@@"), "{shown}");
    }
}
