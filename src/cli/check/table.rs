//! The bounds of a project as a table for a person.

use crate::calendar::Span;
use crate::check::bounds::{Bounds, JourneyBounds, Stay};
use crate::value::show;
use std::fmt::Write as _;
use unicode_width::UnicodeWidthStr as _;

/// Every journey, then all of them together.
pub(super) fn table(bounds: &Bounds) -> String {
    let mut text = String::new();
    for journey in &bounds.journeys {
        one(journey, &mut text);
    }
    text.push_str("all journeys together, without transactional messages\n");
    heading("  channel", &["a day", "a week"], &mut text);
    for one in &bounds.together {
        let name = one.channel.as_deref().unwrap_or("any");
        let number = |most: Option<u32>| most.map_or_else(|| "no limit".to_owned(), |most| most.to_string());
        row(&format!("  {name}"), &[number(one.day), number(one.week)], Some(&one.limited_by), &mut text);
    }
    text
}

fn one(journey: &JourneyBounds, text: &mut String) {
    let title = journey.title.as_ref().map(|title| format!(" \"{title}\"")).unwrap_or_default();
    let _ = writeln!(text, "journey {}{title}    {}", journey.name, journey.place);
    let _ = writeln!(text, "  longest stay  {}", stay(&journey.stay));
    if journey.side_by_side {
        let _ = writeln!(text, "  runs          several side by side; counted is one");
    }
    if journey.messages.is_empty() {
        let _ = writeln!(text, "  messages      none");
    } else {
        heading("  messages", &["a day", "a week", "a run"], text);
    }
    for messages in &journey.messages {
        let kind = if messages.transactional { " transactional" } else { "" };
        let numbers = [messages.day, messages.week, messages.run].map(|most| most.to_string());
        row(&format!("    {}{kind}", messages.channel), &numbers, messages.limited_by.as_deref(), text);
    }
    text.push('\n');
}

fn stay(stay: &Stay) -> String {
    match stay.most_ms {
        Some(0) => format!("none ({})", stay.because),
        Some(ms) => {
            // Up to an hour more is the change of the clocks.
            let whole =
                Span { months: 0, days: i32::try_from(ms / crate::calendar::DAY_MS).unwrap_or(i32::MAX), ms: ms % crate::calendar::DAY_MS };
            format!("{} ({})", show::duration(whole), stay.because)
        }
        None => format!("no limit ({})", stay.because),
    }
}

const NAME_CELLS: usize = 26;

fn heading(name: &str, columns: &[&str], text: &mut String) {
    row(name, &columns.iter().map(|column| (*column).to_owned()).collect::<Vec<_>>(), None, text);
}

fn row(name: &str, columns: &[String], note: Option<&str>, text: &mut String) {
    text.push_str(name);
    text.push_str(&" ".repeat(NAME_CELLS.saturating_sub(name.width())));
    for column in columns {
        let _ = write!(text, "{column:>10}");
    }
    if let Some(note) = note {
        let _ = write!(text, "   {note}");
    }
    text.push('\n');
}
