//! A report as text for a person.
//!
//! In: a report and the files. Out: failures first in full, then what no scenario reaches, then one line that sums up.

use super::{Coverage, Failed, Moment, Played, Report, locate_place};
use crate::source::Sources;
use std::fmt::Write as _;
use unicode_width::UnicodeWidthStr as _;

/// Width of what happened, in terminal cells, before its place.
const TEXT_CELLS: usize = 66;
/// Most lines of a timeline that are shown; the middle of a longer one is left out.
const MOMENTS_MAX: usize = 60;
/// Most steps without a scenario that are listed.
const UNREACHED_MAX: usize = 20;

/// Paints words where the terminal can.
struct Paint {
    on: bool,
}

impl Paint {
    fn with(&self, code: &str, text: &str) -> String {
        if self.on { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    fn good(&self, text: &str) -> String {
        self.with("32", text)
    }

    fn bad(&self, text: &str) -> String {
        self.with("31;1", text)
    }

    fn faint(&self, text: &str) -> String {
        self.with("2", text)
    }
}

/// The whole report.
pub fn text(report: &Report, sources: &Sources, color: bool) -> String {
    let paint = Paint { on: color };
    let mut out = String::new();
    for played in &report.scenarios {
        if let Some(failed) = &played.failed {
            failure(played, failed, sources, &paint, &mut out);
        }
    }
    for played in report.scenarios.iter().filter(|played| played.more) {
        let _ = writeln!(
            out,
            "only {} combinations of paths were tried of \"{}\" ({}); name some with `choosing`",
            played.variants,
            played.title,
            locate_place(sources, played.place)
        );
    }
    unreached(&report.coverage, &paint, &mut out);
    out.push_str(&summary(report, &paint));
    out
}

fn failure(played: &Played, failed: &Failed, sources: &Sources, paint: &Paint, out: &mut String) {
    let head = format!("✗ {} · {}", played.title, played.journey);
    let _ = writeln!(out, "{}  {}", paint.bad(&head), paint.faint(&locate_place(sources, played.place)));
    for (split, path) in &failed.choices {
        let _ = writeln!(out, "    when `{split}` takes \"{path}\"");
    }
    for one in &failed.failures {
        let _ = writeln!(
            out,
            "\n  expected  {}  {}",
            one.expected.trim_start_matches("expect "),
            paint.faint(&locate_place(sources, one.place))
        );
        let _ = writeln!(out, "  happened  {}", one.happened);
        if let Some(hint) = &one.hint {
            let _ = writeln!(out, "            {hint}");
        }
    }
    out.push_str("\n  the story\n");
    let moments = &failed.timeline;
    let skipped = moments.len().saturating_sub(MOMENTS_MAX);
    let (head, tail) = if skipped > 0 { (MOMENTS_MAX / 2, MOMENTS_MAX / 2) } else { (moments.len(), 0) };
    let mut last = "";
    for moment in &moments[..head] {
        line(moment, &mut last, paint, out);
    }
    if skipped > 0 {
        let _ = writeln!(out, "    … {skipped} more lines …");
    }
    for moment in &moments[moments.len() - tail..] {
        line(moment, &mut last, paint, out);
    }
    if moments.is_empty() {
        out.push_str("    nothing happened\n");
    }
    out.push('\n');
}

/// `2026-03-01 10:00  ● cart_updated { … }   shop.journey:97`; the moment only where it changes.
fn line<'m>(moment: &'m Moment, last: &mut &'m str, paint: &Paint, out: &mut String) {
    let at = if *last == moment.at { String::new() } else { moment.at.clone() };
    *last = &moment.at;
    let mark = if moment.told { "●" } else { " " };
    let who = moment.journey.as_ref().map(|journey| format!("[{journey}] ")).unwrap_or_default();
    let text = format!("{who}{}", moment.text);
    let pad = " ".repeat(TEXT_CELLS.saturating_sub(text.width()));
    let place = moment.place.as_deref().unwrap_or("");
    let line = format!("    {at:<19} {mark} {text}{pad}  {}", paint.faint(place));
    let _ = writeln!(out, "{}", line.trim_end());
}

fn unreached(coverage: &Coverage, paint: &Paint, out: &mut String) {
    let missed = coverage.unreached.len();
    if missed == 0 {
        return;
    }
    let steps = coverage.steps;
    let _ = match missed {
        1 => writeln!(out, "1 of {steps} steps is reached by no scenario:"),
        _ => writeln!(out, "{missed} of {steps} steps are reached by no scenario:"),
    };
    for step in coverage.unreached.iter().take(UNREACHED_MAX) {
        let text = format!("{} · {}", step.journey, step.step);
        let pad = " ".repeat((TEXT_CELLS + 22).saturating_sub(text.width()));
        let _ = writeln!(out, "    {text}{pad}  {}", paint.faint(&step.place));
    }
    if missed > UNREACHED_MAX {
        let _ = writeln!(out, "    … and {} more", missed - UNREACHED_MAX);
    }
    out.push('\n');
}

fn summary(report: &Report, paint: &Paint) -> String {
    let all = report.scenarios.len();
    let failed = report.failed();
    let counted = |count: usize| if count == 1 { "1 scenario".to_owned() } else { format!("{count} scenarios") };
    if all == 0 {
        return "no scenario to play; write one with `scenario \"…\" for JOURNEY { … }`\n".to_owned();
    }
    if failed == 0 {
        return format!("{}\n", paint.good(&format!("{} played, all as expected", counted(all))));
    }
    format!("{}\n", paint.bad(&format!("{} played, {failed} not as expected", counted(all))))
}
