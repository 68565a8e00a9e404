//! A review for a terminal.

use super::policy::Broken;
use super::{BoundChange, Head, JourneyReview, MessageReview, Review, SegmentReview, State, Volume};
use crate::plan::changes::{Change, Changed, StepWhat, words};
use crate::simulate::text::{counted, number};
use std::fmt::Write as _;

/// Lines of a diff that are shown of one part.
pub const DIFF_LINES_MAX: usize = 40;

/// Everything, for a person.
pub fn render(review: &Review, broken: &[Broken]) -> String {
    let mut text = format!("{}: {} → {}\n", review.project, review.before.name, review.after.name);
    for line in summary(review) {
        let _ = writeln!(text, "{line}");
    }
    for journey in &review.journeys {
        journey_text(journey, &mut text);
    }
    for segment in &review.segments {
        segment_text(segment, &mut text);
    }
    messages(&review.messages, &mut text);
    list("\ndeclarations\n", review.declarations.iter().map(declaration), &mut text);
    list("\npolicy (holds for everybody at once)\n", review.policy.iter().cloned(), &mut text);
    if let Some(volume) = &review.volume {
        volume_text(volume, &mut text);
    }
    list("\nbounds\n", review.bounds.iter().map(bound), &mut text);
    let finding = |one: &super::Finding| format!("{} {}: {} ({})", one.code, one.slug, one.message, one.place);
    list("\nnew findings\n", review.new_findings.iter().map(finding), &mut text);
    list("\nfindings that are gone\n", review.gone_findings.iter().map(finding), &mut text);
    list("\nrefused by --fail-on\n", broken.iter().map(|one| format!("{}: {}", one.policy, one.reason)), &mut text);
    text
}

/// What it comes to, in sentences.
pub fn summary(review: &Review) -> Vec<String> {
    let mut lines = Vec::new();
    for head in [&review.before, &review.after] {
        lines.extend(state(head));
    }
    if review.before.state != State::Broken && review.after.state != State::Broken {
        lines.push(changed(review));
    }
    match (&review.volume, &review.volume_missing) {
        (Some(volume), _) => lines.push(sent(volume)),
        (None, Some(why)) => lines.push(why.clone()),
        (None, None) => {}
    }
    lines
}

fn state(head: &Head) -> Option<String> {
    match head.state {
        State::Fine => None,
        State::Absent => Some(format!("{} has no project here", head.name)),
        State::Broken => {
            Some(format!("{} does not check ({}), so what it does cannot be compared", head.name, counted(head.errors as u64, "error")))
        }
    }
}

fn changed(review: &Review) -> String {
    if review.is_empty() {
        return "nothing changes that a customer could notice".to_owned();
    }
    let count = |change: Change| review.journeys.iter().filter(|one| one.change == change).count();
    let steps = |whats: &[StepWhat]| {
        let of_changed = review.journeys.iter().filter(|one| one.change == Change::Changed);
        of_changed.flat_map(|one| &one.steps).filter(|one| whats.contains(&one.step.what)).count()
    };
    let journeys = |count: usize, verb: &str, verbs: &str| match count {
        0 => None,
        1 => Some(format!("1 journey {verb}")),
        _ => Some(format!("{count} journeys {verbs}")),
    };
    let of_steps = |count: usize, what: &str| (count > 0).then(|| format!("{} {what}", counted(count as u64, "step")));
    let texts = review.messages.len();
    let parts = [
        journeys(count(Change::Changed), "changes", "change"),
        journeys(count(Change::Added), "is new", "are new"),
        journeys(count(Change::Removed), "is gone", "are gone"),
        of_steps(steps(&[StepWhat::Added]), "added"),
        of_steps(steps(&[StepWhat::Removed]), "removed"),
        of_steps(steps(&[StepWhat::Retimed]), "re-timed"),
        (texts > 0).then(|| format!("{} read differently", counted(texts as u64, "text"))),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if parts.is_empty() { "no journey and no text changes".to_owned() } else { parts.join(", ") }
}

fn sent(volume: &Volume) -> String {
    if volume.is_same {
        return format!(
            "on the sample log nothing changes: {} to {}",
            counted(volume.sent_after, "message"),
            counted(volume.customers, "customer")
        );
    }
    if volume.sent_before == volume.sent_after {
        return format!("on the sample log {} are sent, as before; other numbers differ", counted(volume.sent_after, "message"));
    }
    format!(
        "on the sample log {} are sent, {} before ({})",
        counted(volume.sent_after, "message"),
        number(volume.sent_before),
        difference(volume.sent_before as f64, volume.sent_after as f64)
    )
}

/// `+120`, `-3`, `same`
pub(super) fn difference(before: f64, after: f64) -> String {
    let difference = after as i64 - before as i64;
    match difference {
        0 => "same".to_owned(),
        1.. => format!("+{}", number(difference.unsigned_abs())),
        _ => format!("-{}", number(difference.unsigned_abs())),
    }
}

fn journey_text(journey: &JourneyReview, text: &mut String) {
    let title = journey.title.as_ref().map(|title| format!(" \"{title}\"")).unwrap_or_default();
    let change = if journey.was.is_some() { "renamed" } else { words::change(journey.change) };
    let _ = writeln!(text, "\njourney {}{title}: {change}", journey.name);
    for line in affected(journey) {
        let _ = writeln!(text, "  {line}");
    }
    for line in &journey.header {
        let _ = writeln!(text, "  {line}");
    }
    if journey.change != Change::Changed {
        let _ = writeln!(text, "  {}", counted(journey.steps.len() as u64, "step"));
        return;
    }
    for one in &journey.steps {
        let reached = one.reached_before.or(one.reached_after);
        let reached = reached.map(|count| format!("; reached {} on the sample log", counted(count, "time"))).unwrap_or_default();
        let _ = writeln!(text, "  {}{reached}", words::step(&one.step));
    }
}

/// Who comes into it, in lines.
pub(super) fn affected(journey: &JourneyReview) -> Vec<String> {
    let mut lines = Vec::new();
    let all = |lines: &[String]| lines.join("; ");
    match journey.change {
        Change::Added => lines.push(format!("for: {}", all(&journey.enters_after))),
        Change::Removed => lines.push(format!("was for: {}", all(&journey.enters_before))),
        Change::Changed if journey.enters_before == journey.enters_after => lines.push(format!("for: {}", all(&journey.enters_after))),
        Change::Changed => {
            lines.push(format!("was for: {}", all(&journey.enters_before)));
            lines.push(format!("is for:  {}", all(&journey.enters_after)));
        }
    }
    match (journey.entered_before, journey.entered_after) {
        (Some(before), Some(after)) if before == after => {
            lines.push(format!("entered {} on the sample log, as before", counted(after, "time")))
        }
        (Some(before), Some(after)) => {
            lines.push(format!("entered {} on the sample log, {} before", counted(after, "time"), number(before)))
        }
        (None, Some(after)) => lines.push(format!("entered {} on the sample log", counted(after, "time"))),
        (Some(before), None) => lines.push(format!("was entered {} on the sample log", counted(before, "time"))),
        (None, None) => {}
    }
    if journey.change == Change::Changed {
        let who = if journey.continues { "go on in the new version" } else { "finish as they began" };
        lines.push(format!("whoever is in it: {who}"));
    }
    lines
}

fn segment_text(segment: &SegmentReview, text: &mut String) {
    let _ = writeln!(text, "\n{} {}: {}", segment.kind, segment.name, words::change(segment.change));
    for (word, written) in [("was", &segment.before), ("is", &segment.after)] {
        if let Some(written) = written {
            let _ = writeln!(text, "  {word:<4}{written}");
        }
    }
    for line in segment_lines(segment) {
        let _ = writeln!(text, "  {line}");
    }
}

pub(super) fn segment_lines(segment: &SegmentReview) -> Vec<String> {
    let mut lines = Vec::new();
    if !segment.asked_by.is_empty() {
        lines.push(format!("asked by: {}", segment.asked_by.join(", ")));
    }
    if let (Some(before), Some(after)) = (segment.size_before, segment.size_after) {
        lines.push(format!("{} in it at the end of the sample log, {} before", counted(after, "customer"), number(before)));
    }
    lines
}

/// `welcome by email in en`
pub(super) fn message_name(one: &MessageReview) -> String {
    let language = one.language.as_ref().map(|language| format!(" in {language}")).unwrap_or_default();
    format!("{} by {}{language}", one.message, one.channel)
}

fn messages(messages: &[MessageReview], text: &mut String) {
    for one in messages {
        let _ = writeln!(text, "\nmessage {}: {}", message_name(one), words::change(one.change));
        for part in &one.parts {
            match (&part.trouble, part.diff.is_empty()) {
                (Some(why), _) => {
                    let _ = writeln!(text, "  {}: does not render: {why}", part.name);
                }
                (None, true) => {
                    let _ = writeln!(text, "  {}: reads the same, only its layout differs", part.name);
                }
                (None, false) => {
                    let _ = writeln!(text, "  {}", part.name);
                    for line in cut(&part.diff) {
                        let _ = writeln!(text, "    {line}");
                    }
                }
            }
        }
    }
}

/// The first lines of a diff, and how many are left out.
pub(super) fn cut(diff: &str) -> Vec<String> {
    let count = diff.lines().count();
    let mut lines: Vec<String> = diff.lines().take(DIFF_LINES_MAX).map(str::to_owned).collect();
    if count > DIFF_LINES_MAX {
        lines.push(format!("… and {} more lines; `--json` has them all", count - DIFF_LINES_MAX));
    }
    lines
}

pub(super) fn declaration(one: &Changed) -> String {
    let details = if one.details.is_empty() { String::new() } else { format!(": {}", one.details.join("; ")) };
    format!("{} {}: {}{details}", one.kind, one.name, words::change(one.change))
}

fn bound(one: &BoundChange) -> String {
    let of = one.journey.as_deref().unwrap_or("all journeys");
    match (&one.before, &one.after) {
        (Some(before), Some(after)) => format!("{of}: {}: {after}, was {before}", one.what),
        (None, Some(after)) => format!("{of}: {}: {after}, none before", one.what),
        (Some(before), None) => format!("{of}: {}: none, was {before}", one.what),
        (None, None) => format!("{of}: {}", one.what),
    }
}

fn volume_text(volume: &Volume, text: &mut String) {
    if volume.is_same {
        return;
    }
    let _ = writeln!(text, "\non the sample log ({}, {})", counted(volume.customers, "customer"), counted(volume.events, "event"));
    for line in &volume.channels {
        let _ = writeln!(text, "  messages by {}: {}, {} before", line.channel, number(line.after), number(line.before));
    }
    for line in &volume.numbers {
        let _ = writeln!(
            text,
            "  {} {}, {}: {}, {} before",
            line.kind,
            line.name,
            line.what,
            shown(line.this, line.is_rate),
            shown(line.other, line.is_rate)
        );
    }
}

pub(super) fn shown(value: Option<f64>, is_rate: bool) -> String {
    match value {
        None => "none".to_owned(),
        Some(_) if is_rate => crate::simulate::text::rate(value),
        Some(value) => number(value as u64),
    }
}

fn list(title: &str, lines: impl Iterator<Item = String>, text: &mut String) {
    let mut lines = lines.peekable();
    if lines.peek().is_some() {
        text.push_str(title);
    }
    for line in lines {
        let _ = writeln!(text, "  {line}");
    }
}
