//! A review as the comment under a pull request.
//!
//! **Invariant:** whatever people wrote stands in code, so it can neither mention anybody nor end a block; the comment is no longer than its host
//! takes: pictures and then diffs are left out first, and it says so.

use super::policy::Broken;
use super::text::{affected, cut, declaration, difference, message_name, segment_lines, shown, summary};
use super::{JourneyReview, MessageReview, Review, Volume};
use crate::plan::changes::{Change, words};
use std::fmt::Write as _;

/// The first line of a comment, by which the next run finds it again; the project's name follows.
pub const MARKER: &str = "<!-- onward review";

/// GitHub takes 65,536 characters in a comment.
pub const CHARACTERS_MAX: usize = 60_000;

/// Numbers of the sample log that are listed.
const NUMBERS_MAX: usize = 40;

/// How much of a review is written out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Much {
    /// Sentences alone.
    Words,
    Diffs,
    Everything,
}

/// The comment.
pub fn render(review: &Review, broken: &[Broken]) -> String {
    for much in [Much::Everything, Much::Diffs, Much::Words] {
        let text = write(review, broken, much);
        if text.chars().count() <= CHARACTERS_MAX {
            return text;
        }
    }
    let text: String = write(review, broken, Much::Words).chars().take(CHARACTERS_MAX).collect();
    let whole = text.rfind('\n').map_or(text.as_str(), |end| &text[..end]);
    format!("{whole}\n\n*The rest is left out: a comment takes no more. `onward review` shows it.*\n")
}

fn write(review: &Review, broken: &[Broken], much: Much) -> String {
    let mut text = format!("{MARKER}: {} -->\n", review.project.replace("--", "- -"));
    let _ = writeln!(text, "## Onward: what {} changes in {}\n", code(&review.after.name), code(&review.project));
    for line in summary(review) {
        let _ = writeln!(text, "{}  ", sentence(&line));
    }
    if !broken.is_empty() {
        text.push_str("\n> [!CAUTION]\n");
        for one in broken {
            let _ = writeln!(text, "> **{}**: {}  ", one.policy, sentence(&one.reason));
        }
    }
    if !review.new_findings.is_empty() || !review.gone_findings.is_empty() {
        text.push_str("\n### Findings\n\n");
        for (word, list) in [("new", &review.new_findings), ("gone", &review.gone_findings)] {
            for one in list {
                let _ = writeln!(text, "- {word} {}: **{}** {} ({})", one.severity, one.code, sentence(&one.message), code(&one.place));
            }
        }
    }
    for journey in &review.journeys {
        journey_section(journey, much, &mut text);
    }
    if !review.segments.is_empty() {
        text.push_str("\n### Segments\n\n");
    }
    for one in &review.segments {
        let _ = writeln!(text, "- {} {}: {}", one.kind, code(&one.name), words::change(one.change));
        for (word, written) in [("was", &one.before), ("is", &one.after)] {
            if let Some(written) = written {
                let _ = writeln!(text, "  - {word}: {}", code(written));
            }
        }
        for line in segment_lines(one) {
            let _ = writeln!(text, "  - {}", sentence(&line));
        }
    }
    list("Declarations", review.declarations.iter().map(declaration), &mut text);
    list("Policy, for everybody at once", review.policy.iter().cloned(), &mut text);
    if let Some(volume) = review.volume.as_ref().filter(|volume| !volume.is_same) {
        volume_section(volume, &mut text);
    }
    bounds_section(review, &mut text);
    messages_section(&review.messages, much, &mut text);
    if much < Much::Everything {
        let what = if much == Much::Diffs { "Pictures are" } else { "Pictures and texts are" };
        let _ = writeln!(text, "\n*{what} left out: a comment takes no more. `onward review` shows them.*");
    }
    text
}

fn journey_section(journey: &JourneyReview, much: Much, text: &mut String) {
    let change = if journey.was.is_some() { "renamed" } else { words::change(journey.change) };
    let title = journey.title.as_ref().map(|title| format!(" · {}", code(title))).unwrap_or_default();
    let _ = writeln!(text, "\n### Journey {}{title}: {change}\n", code(&journey.name));
    for line in affected(journey) {
        let _ = match line.split_once(':') {
            Some((word, rest)) if word.contains("for") => writeln!(text, "- {word}: {}", code(rest.trim())),
            _ => writeln!(text, "- {}", sentence(&line)),
        };
    }
    for line in &journey.header {
        let _ = writeln!(text, "- {}", sentence(line));
    }
    if journey.change == Change::Changed && !journey.steps.is_empty() {
        text.push_str("\n| | step | was | where |\n|---|---|---|---|\n");
        for one in &journey.steps {
            let was = one.step.was.as_ref().map(|was| cell(was)).unwrap_or_default();
            let _ =
                writeln!(text, "| **{}** | {} | {was} | {} |", words::what(one.step.what), cell(&one.step.label), cell(&one.step.place));
        }
    }
    if much < Much::Everything {
        return;
    }
    for (word, picture) in [("before", &journey.picture_before), ("after", &journey.picture_after)] {
        if let Some(picture) = picture {
            let _ = writeln!(text, "\n<details><summary>Picture {word}</summary>\n\n{}\n</details>", fence("mermaid", picture));
        }
    }
}

fn volume_section(volume: &Volume, text: &mut String) {
    let period = volume.period.as_ref().map(|period| format!(", {} to {} ({})", period.from, period.to, period.zone)).unwrap_or_default();
    let _ = writeln!(text, "\n### On the sample log\n\n{} customers, {} events{period}\n", volume.customers, volume.events);
    text.push_str("| | before | after | |\n|---|--:|--:|--:|\n");
    let mut row = |what: String, before: u64, after: u64| {
        let _ = writeln!(text, "| {what} | {before} | {after} | {} |", difference(before as f64, after as f64));
    };
    row("**messages in all**".to_owned(), volume.sent_before, volume.sent_after);
    for line in &volume.channels {
        row(format!("messages by {}", cell(&line.channel)), line.before, line.after);
    }
    for line in volume.numbers.iter().take(NUMBERS_MAX) {
        let difference = match (line.this, line.other) {
            (Some(this), Some(other)) if !line.is_rate => difference(other, this),
            _ => String::new(),
        };
        let what = format!("{} {}: {}", line.kind, cell(&line.name), sentence(&line.what).replace('|', "\\|"));
        let _ = writeln!(text, "| {what} | {} | {} | {difference} |", shown(line.other, line.is_rate), shown(line.this, line.is_rate));
    }
    if volume.numbers.len() > NUMBERS_MAX {
        let _ = writeln!(text, "\n*{} more numbers differ.*", volume.numbers.len() - NUMBERS_MAX);
    }
}

fn bounds_section(review: &Review, text: &mut String) {
    if review.bounds.is_empty() {
        return;
    }
    text.push_str("\n### Bounds\n\n| | | before | after |\n|---|---|--:|--:|\n");
    for one in &review.bounds {
        let of = one.journey.as_ref().map_or_else(|| "all journeys".to_owned(), |name| cell(name));
        let word = |value: &Option<String>| value.clone().unwrap_or_else(|| "none".to_owned());
        let higher = if one.is_higher { " ▲" } else { "" };
        let _ = writeln!(text, "| {of} | {} | {} | {}{higher} |", sentence(&one.what), word(&one.before), word(&one.after));
    }
}

fn messages_section(messages: &[MessageReview], much: Much, text: &mut String) {
    if messages.is_empty() {
        return;
    }
    text.push_str("\n### What customers read\n");
    for one in messages {
        let _ = writeln!(text, "\n**{}**: {}", code(&message_name(one)), words::change(one.change));
        for part in &one.parts {
            match &part.trouble {
                Some(why) => {
                    let _ = writeln!(text, "\n{}: does not render: {}", code(&part.name), sentence(why));
                }
                None if part.diff.is_empty() => {
                    let _ = writeln!(text, "\n{}: reads the same, only its layout differs", code(&part.name));
                }
                None if much > Much::Words => {
                    let _ = writeln!(text, "\n{}\n\n{}", code(&part.name), fence("diff", &cut(&part.diff).join("\n")));
                }
                None => {}
            }
        }
    }
}

fn list(title: &str, lines: impl Iterator<Item = String>, text: &mut String) {
    let mut lines = lines.peekable();
    if lines.peek().is_some() {
        let _ = writeln!(text, "\n### {title}\n");
    }
    for line in lines {
        let _ = writeln!(text, "- {}", sentence(&line));
    }
}

/// A piece of code in a line, whatever it holds.
fn code(text: &str) -> String {
    let text = text.replace(['\n', '\r'], " ");
    let ticks = "`".repeat(longest_run(&text) + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{ticks}{pad}{text}{pad}{ticks}")
}

/// The same in a table, where a bar would end the cell.
fn cell(text: &str) -> String {
    code(text).replace('|', "\\|")
}

/// A block of code, whatever it holds.
fn fence(language: &str, text: &str) -> String {
    let ticks = "`".repeat((longest_run(text) + 1).max(3));
    format!("{ticks}{language}\n{}\n{ticks}", text.trim_end_matches('\n'))
}

fn longest_run(text: &str) -> usize {
    text.split(|letter| letter != '`').map(str::len).max().unwrap_or(0)
}

/// Our own words, with what people wrote between backticks: outside of those nothing means anything to Markdown.
fn sentence(text: &str) -> String {
    let mut out = String::new();
    for (at, part) in text.replace(['\n', '\r'], " ").split('`').enumerate() {
        if at % 2 == 1 {
            out.push('`');
            out.push_str(part);
            out.push('`');
            continue;
        }
        for letter in part.chars() {
            match letter {
                '<' => out.push_str("&lt;"),
                '\\' | '*' | '_' | '[' | ']' | '#' | '|' | '~' => {
                    out.push('\\');
                    out.push(letter);
                }
                // A word joiner: nobody is called.
                '@' => out.push_str("@\u{2060}"),
                _ => out.push(letter),
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{cell, code, fence, sentence};

    #[test]
    fn nothing_that_people_wrote_can_leave_its_place() {
        assert_eq!(code("a`b``c"), "```a`b``c```");
        assert_eq!(code("`a`"), "`` `a` ``");
        assert_eq!(cell("a|b"), "`a\\|b`");
        assert_eq!(fence("diff", "+```\n"), "````diff\n+```\n````");
        assert_eq!(sentence("<b> @all *x* `<b> @all`"), "&lt;b> @\u{2060}all \\*x\\* `<b> @all`");
    }
}
