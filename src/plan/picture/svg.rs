//! A journey as an SVG picture: cards from top to bottom, branches side by side, which rejoin where their block ends.
//!
//! **Invariant:** needs no font of its own and no script; every card holds its whole text, Thai included; widths are estimated from display
//! cells, so the same plan gives the same bytes everywhere.

use super::{Look, look};
use crate::plan::outline::{Item, Way, outline};
use crate::plan::table::entry_words;
use crate::plan::{Journey, Plan, StepKind};
use crate::schema::StepIx;
use std::fmt::Write;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

const CARD: f64 = 236.0;
const GAP_X: f64 = 28.0;
const GAP_Y: f64 = 30.0;
const LINE: f64 = 18.0;
const PAD: f64 = 11.0;
/// Display cells that fit on a line of a card.
const CELLS: usize = 30;
const MARGIN: f64 = 24.0;

/// Every journey of the plan (or only one), one below the other.
pub fn svg(plan: &Plan, only: Option<&str>) -> String {
    let mut body = String::new();
    let (mut width, mut y) = (0f64, MARGIN);
    for journey in plan.journeys.iter().filter(|journey| only.is_none_or(|name| journey.name == name)) {
        let mut drawing = Drawing { plan, journey, out: &mut body };
        let size = drawing.journey(y);
        width = width.max(size.0);
        y += size.1 + 2.0 * GAP_Y;
    }
    let (width, height) = (width + 2.0 * MARGIN, y);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" width=\"{width:.0}\" height=\"{height:.0}\" \
         font-family=\"'Noto Sans','Noto Sans Thai','Sarabun','Segoe UI',sans-serif\" font-size=\"13\">\n\
         <defs><marker id=\"arrow\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" orient=\"auto\">\
         <path d=\"M0 0 8 4 0 8z\" fill=\"#666\"/></marker></defs>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n{body}</svg>\n"
    )
}

struct Drawing<'a> {
    plan: &'a Plan,
    journey: &'a Journey,
    out: &'a mut String,
}

/// Width and height that something needs.
type Size = (f64, f64);

impl Drawing<'_> {
    fn journey(&mut self, top: f64) -> Size {
        let items = outline(self.journey);
        let (inner, _) = self.size_of(&items);
        let entries = self.journey.entries.len() as f64;
        let width = inner.max(entries * (CARD + GAP_X) - GAP_X).max(CARD);
        let middle = MARGIN + width / 2.0;
        let title = self.journey.title.as_deref().unwrap_or(&self.journey.name);
        let _ = writeln!(
            self.out,
            "<g><title>{}</title><text x=\"{MARGIN}\" y=\"{:.0}\" font-size=\"17\" font-weight=\"600\" fill=\"#222\">{}</text>",
            escape(&self.journey.name),
            top + 14.0,
            escape(title)
        );
        let mut y = top + 34.0;
        let left = middle - (entries * (CARD + GAP_X) - GAP_X) / 2.0;
        let words: Vec<String> = self.journey.entries.iter().map(|entry| entry_words(self.plan, &entry.kind)).collect();
        let tallest = words.iter().map(|words| card_height(words)).fold(0.0, f64::max);
        for (number, words) in words.iter().enumerate() {
            let x = left + number as f64 * (CARD + GAP_X) + CARD / 2.0;
            self.card(x, y, words, "#ede7f9", "#6b46c1", 18.0);
            self.arrow(x, y + card_height(words), middle, y + tallest + GAP_Y, "");
        }
        y += tallest + GAP_Y;
        let mut bottom = self.sequence(&items, middle, y);
        if !matches!(items.last(), Some(Item::Step(at)) if self.ends(*at)) {
            self.arrow(middle, bottom, middle, bottom + GAP_Y, "");
            bottom += GAP_Y + 7.0;
            let _ = writeln!(self.out, "<circle cx=\"{middle:.0}\" cy=\"{:.0}\" r=\"6\" fill=\"#b03a48\"/>", bottom - 1.0);
        }
        self.out.push_str("</g>\n");
        (width, bottom - top)
    }

    fn label(&self, at: StepIx) -> &str {
        match self.journey.steps.get(at.index()) {
            Some(step) if matches!(step.kind, StepKind::Jump) => "break",
            Some(step) => &step.label,
            None => "",
        }
    }

    fn size_of(&self, items: &[Item]) -> Size {
        let mut size = (CARD, 0.0);
        for item in items {
            let (width, height) = match item {
                Item::Step(at) => (CARD, card_height(self.label(*at))),
                Item::Fork { step, ways } => {
                    let (width, tallest) = self.size_of_ways(ways);
                    (width, card_height(self.label(*step)) + way_top() + tallest + GAP_Y)
                }
                Item::Loop { step, body } => {
                    let (width, height) = self.size_of(body);
                    (width + 2.0 * GAP_X, card_height(self.label(*step)) + GAP_Y + height + GAP_Y)
                }
            };
            size = (size.0.max(width), size.1 + height + GAP_Y);
        }
        (size.0, (size.1 - GAP_Y).max(0.0))
    }

    fn size_of_ways(&self, ways: &[Way]) -> Size {
        let sizes: Vec<Size> = ways.iter().map(|way| self.size_of(&way.items)).collect();
        let width = sizes.iter().map(|size| size.0 + GAP_X).sum::<f64>() - GAP_X;
        (width, sizes.iter().map(|size| size.1).fold(0.0, f64::max))
    }

    /// Draws a sequence around `middle` from `y` down and returns where it ends.
    fn sequence(&mut self, items: &[Item], middle: f64, mut y: f64) -> f64 {
        for (number, item) in items.iter().enumerate() {
            if number > 0 {
                let ends = matches!(items.get(number - 1), Some(Item::Step(at)) if self.ends(*at));
                if !ends {
                    self.arrow(middle, y, middle, y + GAP_Y, "");
                }
                y += GAP_Y;
            }
            y = match item {
                Item::Step(at) => self.step(*at, middle, y),
                Item::Fork { step, ways } => self.fork(*step, ways, middle, y),
                Item::Loop { step, body } => self.repeat(*step, body, middle, y),
            };
        }
        y
    }

    fn ends(&self, at: StepIx) -> bool {
        self.journey.steps.get(at.index()).is_some_and(|step| matches!(step.kind, StepKind::Exit { .. } | StepKind::Jump))
    }

    fn step(&mut self, at: StepIx, middle: f64, y: f64) -> f64 {
        let Some(step) = self.journey.steps.get(at.index()) else { return y };
        let (fill, stroke, round) = match look(step) {
            Look::Wait => ("#fff4d6", "#b7791f", 5.0),
            Look::Question => ("#e6efff", "#3b6fb6", 5.0),
            Look::Message => ("#dcf5e4", "#2f855a", 5.0),
            Look::Change => ("#f2f2f2", "#777777", 5.0),
            Look::End => ("#fbe3e4", "#b03a48", 18.0),
        };
        let label = self.label(at).to_owned();
        self.card(middle, y, &label, fill, stroke, round);
        y + card_height(&label)
    }

    fn fork(&mut self, step: StepIx, ways: &[Way], middle: f64, y: f64) -> f64 {
        let top = self.step(step, middle, y);
        let (width, tallest) = self.size_of_ways(ways);
        let start = top + way_top();
        let join = start + tallest + GAP_Y;
        let mut left = middle - width / 2.0;
        let mut open = false;
        for way in ways {
            let own = self.size_of(&way.items).0;
            let x = left + own / 2.0;
            self.arrow(middle, top, x, start, &way.label);
            let bottom = self.sequence(&way.items, x, start);
            let ends = matches!(way.items.last(), Some(Item::Step(at)) if self.ends(*at));
            if !ends {
                self.line(x, bottom, x, join - GAP_Y / 2.0);
                self.line(x, join - GAP_Y / 2.0, middle, join - GAP_Y / 2.0);
                open = true;
            }
            left += own + GAP_X;
        }
        if open {
            self.line(middle, join - GAP_Y / 2.0, middle, join);
        }
        join
    }

    fn repeat(&mut self, step: StepIx, body: &[Item], middle: f64, y: f64) -> f64 {
        let top = self.step(step, middle, y);
        let (width, _) = self.size_of(body);
        self.arrow(middle, top, middle, top + GAP_Y, "");
        let bottom = self.sequence(body, middle, top + GAP_Y);
        let side = middle + width / 2.0 + GAP_X / 2.0;
        let _ = writeln!(
            self.out,
            "<path d=\"M{middle:.0} {bottom:.0}v10H{side:.0}V{:.0}H{:.0}\" fill=\"none\" stroke=\"#666\" stroke-dasharray=\"4 3\" marker-end=\"url(#arrow)\"/>",
            y + 14.0,
            middle + CARD / 2.0 + 2.0
        );
        bottom + GAP_Y
    }

    fn card(&mut self, middle: f64, y: f64, label: &str, fill: &str, stroke: &str, round: f64) {
        let lines = wrap(label);
        let _ = writeln!(
            self.out,
            "<rect x=\"{:.0}\" y=\"{y:.0}\" width=\"{CARD}\" height=\"{:.0}\" rx=\"{round}\" fill=\"{fill}\" stroke=\"{stroke}\"/>",
            middle - CARD / 2.0,
            card_height(label)
        );
        for (number, line) in lines.iter().enumerate() {
            let _ = writeln!(
                self.out,
                "<text x=\"{middle:.0}\" y=\"{:.0}\" text-anchor=\"middle\" fill=\"#222\">{}</text>",
                y + PAD + 12.0 + number as f64 * LINE,
                escape(line)
            );
        }
    }

    fn line(&mut self, x1: f64, y1: f64, x2: f64, y2: f64) {
        let _ = writeln!(self.out, "<path d=\"M{x1:.0} {y1:.0}L{x2:.0} {y2:.0}\" stroke=\"#666\" fill=\"none\"/>");
    }

    /// Down, across, down; its label stands where it arrives.
    fn arrow(&mut self, x1: f64, y1: f64, x2: f64, y2: f64, label: &str) {
        let bend = y1 + 12.0;
        let _ = writeln!(
            self.out,
            "<path d=\"M{x1:.0} {y1:.0}V{bend:.0}H{x2:.0}V{:.0}\" stroke=\"#666\" fill=\"none\" marker-end=\"url(#arrow)\"/>",
            y2 - 2.0
        );
        for (number, line) in wrap(label).iter().take(2).enumerate().filter(|(_, line)| !line.is_empty()) {
            let _ = writeln!(
                self.out,
                "<text x=\"{:.0}\" y=\"{:.0}\" font-size=\"12\" fill=\"#555\" stroke=\"#fff\" stroke-width=\"3\" paint-order=\"stroke\" text-anchor=\"middle\">{}</text>",
                x2,
                bend + 16.0 + number as f64 * 14.0,
                escape(line)
            );
        }
    }
}

/// Room between a fork's card and its branches: the arrow and two lines of its label.
fn way_top() -> f64 {
    GAP_Y + 26.0
}

fn card_height(label: &str) -> f64 {
    2.0 * PAD + wrap(label).len() as f64 * LINE - 4.0
}

/// Lines that fit a card: broken at blanks, else (Thai has none inside a sentence) between characters, never before a mark that belongs to
/// the one before it.
fn wrap(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_inclusive(' ') {
        let fits = lines.last().is_some_and(|line| line.width() + word.trim_end().width() <= CELLS);
        if !fits && lines.last().is_some_and(|line| !line.is_empty()) {
            lines.push(String::new());
        }
        for letter in word.chars() {
            let full = lines.last().is_some_and(|line| line.width() + letter.width().unwrap_or(0) > CELLS);
            if full && letter.width().unwrap_or(0) > 0 && letter != ' ' {
                lines.push(String::new());
            }
            if let Some(line) = lines.last_mut() {
                line.push(letter);
            }
        }
    }
    lines.iter().map(|line| line.trim_end().to_owned()).collect()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_is_wider_than_its_card_and_no_mark_is_parted_from_its_letter() {
        let lines = wrap("ส่งข้อความทักทายลูกค้าใหม่ที่เพิ่งสมัครสมาชิกวันนี้ทั้งหมด");
        assert!(lines.len() > 1);
        for line in &lines {
            assert!(line.width() <= CELLS, "{line}");
            assert!(line.chars().next().unwrap_or('x').width().unwrap_or(0) > 0, "{line}");
        }
        assert_eq!(wrap("send welcome by email"), ["send welcome by email"]);
    }
}
