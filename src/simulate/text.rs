//! A report as text for a person.
//!
//! In: a [`Report`]. Out: lines; the same as the JSON says, without the days. **Invariant:** Thai and other wide text aligns, for widths
//! are those of a terminal; nothing is cut or wrapped.

use super::report::experiments::ExperimentReport;
use super::report::{Conversion, Count, JourneyReport, Report};
use crate::ingest::refusal::says_both;
use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use std::fmt::Write as _;

/// Examples of refused rows that are shown per reason.
const EXAMPLES_SHOWN: usize = 2;
/// Ways that a run did not begin, or ended, on one line.
const COUNTS_SHOWN: usize = 12;

pub fn render(report: &Report) -> String {
    let mut text = String::new();
    head(report, &mut text);
    files(report, &mut text);
    overview(report, &mut text);
    for journey in &report.journeys {
        journey_text(journey, &mut text);
    }
    messages(report, &mut text);
    caps(report, &mut text);
    channels(report, &mut text);
    segments(report, &mut text);
    if !report.notes.is_empty() {
        text.push_str("\nTo know\n");
        for note in &report.notes {
            let _ = writeln!(text, "  - {note}");
        }
    }
    text
}

/// `1,290`
pub fn number(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 row`, `1,290 rows`
pub fn counted(count: u64, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{} {noun}s", number(count)) }
}

/// `69.7 %`
pub fn rate(rate: Option<f64>) -> String {
    rate.map_or_else(|| "-".to_owned(), |rate| format!("{:.1} %", rate * 100.0))
}

fn head(report: &Report, text: &mut String) {
    let _ = write!(text, "{}", report.project);
    if let Some(period) = &report.period {
        let _ = write!(text, ": {} to {} ({})", &period.from[..16], &period.to[..16], period.zone);
    }
    let _ = writeln!(text, ", {}, {}", counted(report.customers, "customer"), counted(report.events, "event"));
    if report.events_outside_period > 0 {
        let _ = writeln!(text, "{} events lie outside of it; earlier ones are history", number(report.events_outside_period));
    }
    if report.duplicates + report.conflicts > 0 {
        let (same, other) = (number(report.duplicates), number(report.conflicts));
        let _ = writeln!(text, "message ids that came again, left out: {same} with the same content, {other} with another");
    }
}

fn files(report: &Report, text: &mut String) {
    text.push('\n');
    for file in &report.files {
        let refused: u64 = file.refused.iter().map(|refused| refused.count).sum();
        let _ = write!(text, "  {}: {}", file.file, counted(file.rows, "row"));
        if refused > 0 {
            let _ = write!(text, ", {} used, {} refused", number(file.used), number(refused));
        }
        text.push('\n');
        if let Some(understood) = &file.understood {
            let _ = writeln!(text, "    read as: {understood}");
        }
        for refused in &file.refused {
            let _ = writeln!(text, "    {}: {}", refused.reason, number(refused.count));
            for example in refused.examples.iter().take(EXAMPLES_SHOWN) {
                let column = if example.column.is_empty() { String::new() } else { format!(", column {}", example.column) };
                let found = if example.found.is_empty() { "nothing".to_owned() } else { format!("`{}`", example.found) };
                let why = match says_both(&example.found, &example.expected) {
                    true => example.expected.clone(),
                    false => format!("found {found}, expected {}", example.expected),
                };
                let _ = writeln!(text, "      line {}{column}: {why}", example.line);
            }
        }
    }
}

/// A table without lines, its columns aligned: text to the left, the rest to the right.
pub fn table(header: &[&str], texts: usize, rows: Vec<Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled).force_no_tty();
    if header.iter().any(|name| !name.is_empty()) {
        table.set_header(header.to_vec());
    }
    for row in rows {
        table.add_row(row);
    }
    for at in texts..header.len() {
        if let Some(column) = table.column_mut(at) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.lines().map(|line| format!(" {}\n", line.trim_end())).collect()
}

fn overview(report: &Report, text: &mut String) {
    if report.journeys.is_empty() {
        return;
    }
    let held_out = report.journeys.iter().any(|journey| journey.held_out > 0);
    let mut header = vec!["Journey", "Goal", "entered", "active", "reached", "rate"];
    if held_out {
        header.extend(["held out", "reached", "rate"]);
    }
    let mut rows = Vec::new();
    for journey in &report.journeys {
        let mut goals = journey.goals.iter();
        let first = goals.next();
        let mut row = vec![
            journey.title.clone().unwrap_or_else(|| journey.name.clone()),
            first.map_or_else(|| "-".to_owned(), |goal| goal.goal.clone()),
            number(journey.entered),
            number(journey.active),
        ];
        row.extend(first.map_or_else(|| vec!["-".to_owned(), "-".to_owned()], |goal| reached(&goal.treated)));
        if held_out {
            row.push(number(journey.held_out));
            row.extend(first.map_or_else(|| vec!["-".to_owned(), "-".to_owned()], |goal| reached(&goal.held_out)));
        }
        rows.push(row);
        for goal in goals {
            let mut row = vec![String::new(), goal.goal.clone(), String::new(), String::new()];
            row.extend(reached(&goal.treated));
            if held_out {
                row.push(String::new());
                row.extend(reached(&goal.held_out));
            }
            rows.push(row);
        }
    }
    text.push('\n');
    text.push_str(&table(&header, 2, rows));
}

fn reached(conversion: &Conversion) -> Vec<String> {
    vec![number(conversion.reached), rate(conversion.rate)]
}

/// `finished 300, exit "lost" 12`
fn listed(counts: &[Count]) -> String {
    let mut shown: Vec<String> = counts.iter().take(COUNTS_SHOWN).map(|count| format!("{} {}", count.what, number(count.count))).collect();
    if counts.len() > COUNTS_SHOWN {
        shown.push(format!("and {} more", counts.len() - COUNTS_SHOWN));
    }
    shown.join(" · ")
}

fn journey_text(journey: &JourneyReport, text: &mut String) {
    let title = journey.title.as_ref().map(|title| format!(" \"{title}\"")).unwrap_or_default();
    let _ = writeln!(text, "\n{}{title}    {}", journey.name, journey.place);
    let held_out = if journey.held_out > 0 { format!(", and {} held out", number(journey.held_out)) } else { String::new() };
    let _ = writeln!(text, "  entered      {}{held_out}", number(journey.entered));
    if !journey.ended.is_empty() {
        let _ = writeln!(text, "  ended        {}", listed(&journey.ended));
    }
    let _ = writeln!(text, "  still in it  {}", number(journey.active));
    if journey.at_the_door > 0 {
        let _ = writeln!(text, "  wait for a place  {}", number(journey.at_the_door));
    }
    if !journey.not_entered.is_empty() {
        let _ = writeln!(text, "  not entered  {}", listed(&journey.not_entered));
    }
    for split in &journey.splits {
        let _ = writeln!(text, "  split        {}    {}", listed(&split.paths), split.place);
    }
    journey.experiments.iter().for_each(|experiment| experiment_text(experiment, text));
    let rows = journey.steps.iter().enumerate().map(|(at, step)| {
        let label = format!("{}{}", "  ".repeat(usize::from(step.depth)), step.label);
        let now = if step.now > 0 { number(step.now) } else { String::new() };
        vec![format!(" {:>2}  {label}", at + 1), step.place.clone(), number(step.reached), now]
    });
    text.push_str(&table(&[" step", "", "reached", "now there"], 2, rows.collect()));
}

fn experiment_text(experiment: &ExperimentReport, text: &mut String) {
    let _ = writeln!(text, "  {}    {}", experiment.label, experiment.place);
    let points = |share: f64| format!("{:+.1}", share * 100.0);
    let rows = experiment.variants.iter().map(|variant| {
        let against = variant.difference.as_ref().map_or_else(String::new, |difference| {
            format!("{} ({} to {})", points(difference.seen), points(difference.from), points(difference.to))
        });
        let share = if variant.share == variant.share_at_end {
            variant.share.clone()
        } else {
            format!("{} -> {}", variant.share, variant.share_at_end)
        };
        vec![
            format!("    {}", variant.name),
            share,
            number(variant.entered),
            number(variant.open),
            number(variant.measured.reached),
            rate(variant.measured.rate),
            against,
        ]
    });
    text.push_str(&table(&["    variant", "share", "entered", "open", "measured", "rate", "difference"], 1, rows.collect()));
    if let Some(winner) = &experiment.winner {
        let _ = writeln!(text, "     winner: {}, which everybody gets since {}", winner.variant, winner.since);
    }
}

fn messages(report: &Report, text: &mut String) {
    if report.messages.is_empty() {
        return;
    }
    let rows = report.messages.iter().map(|message| {
        let skipped: u64 = message.skipped.iter().map(|count| count.count).sum();
        let other = message.failed + message.unknown + message.cancelled + message.pending;
        vec![
            message.message.clone(),
            message.channel.clone(),
            number(message.planned),
            number(message.sent),
            number(skipped),
            number(message.held_out),
            number(other),
        ]
    });
    text.push('\n');
    text.push_str(&table(&["Message", "by", "planned", "sent", "skipped", "held out", "other"], 2, rows.collect()));
    let mut lines = Vec::new();
    for message in &report.messages {
        let name = format!("{} by {}", message.message, message.channel);
        let mut line = |what: &str, counts: &[Count]| {
            if !counts.is_empty() {
                lines.push(vec![format!(" {what}"), name.clone(), listed(counts)]);
            }
        };
        line("skipped", &message.skipped);
        line("deferred", &message.deferred);
        line("answered", &message.reported);
        let mut other = Vec::new();
        for (what, count) in
            [("failed", message.failed), ("unknown", message.unknown), ("cancelled", message.cancelled), ("pending", message.pending)]
        {
            if count > 0 {
                other.push(Count { what: what.to_owned(), count, place: None });
            }
        }
        line("other", &other);
    }
    if !lines.is_empty() {
        text.push('\n');
        text.push_str(&table(&["Why", "", ""], 3, lines));
    }
}

fn caps(report: &Report, text: &mut String) {
    if report.caps.is_empty() {
        return;
    }
    let rows = report.caps.iter().map(|cap| vec![cap.cap.clone(), cap.place.clone(), number(cap.skipped), number(cap.deferred)]);
    text.push('\n');
    text.push_str(&table(&["Cap that was full", "", "skipped", "deferred"], 2, rows.collect()));
}

fn channels(report: &Report, text: &mut String) {
    if report.channels.is_empty() {
        return;
    }
    let busiest =
        |count: &Option<Count>| count.as_ref().map_or_else(String::new, |count| format!("{} ({})", count.what, number(count.count)));
    let rows = report.channels.iter().map(|channel| {
        let average = channel.sent as f64 / channel.days.len().max(1) as f64;
        vec![
            channel.channel.clone(),
            number(channel.sent),
            number(channel.days.len() as u64),
            format!("{average:.1}"),
            busiest(&channel.busiest_day),
            busiest(&channel.busiest_hour),
        ]
    });
    text.push('\n');
    text.push_str(&table(&["Sent by", "messages", "on days", "a day", "busiest day", "busiest hour"], 1, rows.collect()));
}

fn segments(report: &Report, text: &mut String) {
    if report.segments.is_empty() {
        return;
    }
    let rows = report.segments.iter().map(|segment| {
        let share = if report.customers > 0 { Some(segment.size as f64 / report.customers as f64) } else { None };
        vec![segment.title.clone().unwrap_or_else(|| segment.name.clone()), number(segment.size), rate(share)]
    });
    text.push('\n');
    text.push_str(&table(&["Segment at the end", "customers", "of all"], 1, rows.collect()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_thai_align() {
        assert_eq!(
            (number(0), number(999), number(1_000), number(1_234_567)),
            ("0".into(), "999".into(), "1,000".into(), "1,234,567".into())
        );
        let rows = vec![vec!["กู้ตะกร้า".to_owned(), "1".to_owned()], vec!["abcdefg".to_owned(), "22".to_owned()]];
        let text = table(&["Journey", "n"], 1, rows);
        let ends: Vec<usize> = text.lines().map(unicode_width::UnicodeWidthStr::width).collect();
        assert_eq!(ends[1], ends[2], "{text}");
    }
}
