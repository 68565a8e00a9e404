//! The most messages within any window of time, over all ways through a block.
//!
//! In: steps, which sends count, the length of the window. Out: one number. **Invariant:** never less than what can happen: of every part
//! is known how many messages lie within each time from its begin and before its end, and the least time that it takes.

use super::{Counted, weight};
use crate::calendar::{DAY_MS, Span};
use crate::check::checked::{Block, Checked, Step, StepKind};
use crate::condition::Until;

/// Most points of a curve; between them the larger number is taken.
const POINTS_MAX: usize = 256;

/// How many messages at most within each time: ascending in both.
type Curve = Vec<(i64, u32)>;

/// What is known of a part of a journey.
#[derive(Clone, Default)]
struct Part {
    /// The least time to come through, and the most messages on the way; `None` where nobody comes through.
    through: Option<(i64, u32)>,
    /// The same up to a `break`.
    breaks: Option<(i64, u32)>,
    /// By time from the begin.
    head: Curve,
    /// By time before the end.
    tail: Curve,
    /// By time before a `break`.
    broken: Curve,
    /// Most in any window.
    best: u32,
}

/// The most messages that lie closer together than `window`; of a whole run for `i64::MAX`.
pub(super) fn most(project: &Checked, steps: &Block, counted: Counted, window: i64) -> u32 {
    Count { project, counted, window }.block(steps).best
}

struct Count<'a> {
    project: &'a Checked,
    counted: Counted,
    window: i64,
}

impl Count<'_> {
    fn block(&self, block: &Block) -> Part {
        let mut all = Part { through: Some((0, 0)), ..Part::default() };
        for step in block {
            if all.through.is_none() {
                break;
            }
            all = self.then(all, self.step(step));
        }
        all
    }

    fn step(&self, step: &Step) -> Part {
        match &step.kind {
            StepKind::Send(send) => {
                let count = weight(self.project, send, self.counted);
                let curve = if count > 0 { vec![(0, count)] } else { Curve::new() };
                Part { through: Some((0, count)), head: curve.clone(), tail: curve, best: count, ..Part::default() }
            }
            StepKind::Wait(wait) => {
                let waited = self.then(pause(least(&wait.until)), self.block(&wait.skipped));
                if wait.skipped.is_empty() { waited } else { self.either(waited, pause(0)) }
            }
            StepKind::Await(wait) => {
                let end = least(&wait.deadline);
                let met = if wait.full { end } else { 0 };
                let otherwise = self.then(pause(end), self.block(&wait.otherwise));
                wait.arms.iter().fold(otherwise, |all, arm| self.either(all, self.then(pause(met), self.block(&arm.block))))
            }
            StepKind::If { arms, otherwise } => {
                arms.iter().fold(self.block(otherwise), |all, (_, block)| self.either(all, self.block(block)))
            }
            StepKind::Split { paths, .. } => {
                let mut paths = paths.iter().map(|path| self.block(&path.block));
                let first = paths.next().unwrap_or_else(|| pause(0));
                paths.fold(first, |all, path| self.either(all, path))
            }
            StepKind::Repeat { block, times } => self.rounds(block, *times, false),
            StepKind::ForEach { block, most, .. } => self.rounds(block, *most, true),
            StepKind::Collect(collect) => pause(least(&collect.until)),
            StepKind::Break => Part { breaks: Some((0, 0)), ..Part::default() },
            StepKind::Exit { .. } => Part::default(),
            _ => pause(0),
        }
    }

    /// One round after the other; out of each may be broken, and where `any` is set there may be fewer.
    fn rounds(&self, block: &Block, times: u32, any: bool) -> Part {
        let round = self.block(block);
        let mut all = pause(0);
        let mut broken = Curve::new();
        let mut out: Option<(i64, u32)> = any.then_some((0, 0));
        for _ in 0..times {
            if all.through.is_none() {
                break;
            }
            all = self.then(all, round.clone());
            out = wider(out, all.breaks.take());
            broken.extend(std::mem::take(&mut all.broken));
            broken = self.curve(broken);
            if any {
                out = wider(out, all.through);
            }
        }
        all.through = wider(all.through, out);
        broken.extend(all.tail);
        all.tail = self.curve(broken);
        all
    }

    /// One part after the other.
    fn then(&self, one: Part, two: Part) -> Part {
        let Some((least, count)) = one.through else { return one };
        let best = one.best.max(two.best).max(self.crossing(&one.tail, &two.head));
        let mut head = one.head;
        head.extend(two.head.iter().map(|(at, more)| (at.saturating_add(least), count.saturating_add(*more))));
        let mut tail = two.tail;
        let mut broken = one.broken;
        broken.extend(two.broken);
        if let Some((more, messages)) = two.breaks {
            broken.extend(one.tail.iter().map(|(at, before)| (at.saturating_add(more), messages.saturating_add(*before))));
        }
        let through = two.through.map(|(more, messages)| (least.saturating_add(more), count.saturating_add(messages)));
        if let Some((more, messages)) = two.through {
            tail.extend(one.tail.iter().map(|(at, before)| (at.saturating_add(more), messages.saturating_add(*before))));
        }
        let breaks = two.breaks.map(|(more, messages)| (least.saturating_add(more), count.saturating_add(messages)));
        let (head, tail, broken) = (self.curve(head), self.curve(tail), self.curve(broken));
        Part { through, breaks: wider(one.breaks, breaks), head, tail, broken, best }
    }

    /// One part or the other.
    fn either(&self, one: Part, two: Part) -> Part {
        let mut head = one.head;
        head.extend(two.head);
        let mut tail = one.tail;
        tail.extend(two.tail);
        let mut broken = one.broken;
        broken.extend(two.broken);
        Part {
            through: wider(one.through, two.through),
            breaks: wider(one.breaks, two.breaks),
            head: self.curve(head),
            tail: self.curve(tail),
            broken: self.curve(broken),
            best: one.best.max(two.best),
        }
    }

    /// The most in one window that lies across the border of two parts.
    fn crossing(&self, tail: &Curve, head: &Curve) -> u32 {
        let mut best = tail.last().map_or(0, |(_, count)| *count).max(head.last().map_or(0, |(_, count)| *count));
        for (before, one) in tail {
            let two = head.iter().rev().find(|(after, _)| before.saturating_add(*after) < self.window).map_or(0, |(_, count)| *count);
            best = best.max(one.saturating_add(two));
        }
        best
    }

    /// Sorted, ascending, inside of the window, and not too long.
    fn curve(&self, mut points: Curve) -> Curve {
        points.retain(|(at, _)| *at < self.window);
        points.sort_unstable();
        let mut out: Curve = Vec::with_capacity(points.len());
        for (at, count) in points {
            match out.last_mut() {
                Some((_, last)) if *last >= count => {}
                Some((earlier, last)) if *earlier == at => *last = count,
                _ => out.push((at, count)),
            }
        }
        while out.len() > POINTS_MAX {
            // The larger number earlier: more, never less.
            let last = out.len() - 1;
            let times: Vec<i64> = out.iter().map(|(at, _)| *at).collect();
            out = (0..=last).step_by(2).map(|at| (times[at], out[(at + 1).min(last)].1)).collect();
        }
        out
    }
}

fn pause(ms: i64) -> Part {
    Part { through: Some((ms, 0)), ..Part::default() }
}

/// The shorter time, and the larger number.
fn wider(one: Option<(i64, u32)>, two: Option<(i64, u32)>) -> Option<(i64, u32)> {
    match (one, two) {
        (Some((a, m)), Some((b, n))) => Some((a.min(b), m.max(n))),
        (one, two) => one.or(two),
    }
}

/// The least time of a wait; a day is 24 hours here, as in the windows that are counted.
fn least(until: &Until) -> i64 {
    let ms = |span: Span| (i64::from(span.months) * 28 + i64::from(span.days)).saturating_mul(DAY_MS).saturating_add(span.ms).max(0);
    match until {
        Until::After(span) | Until::AfterUntil(span, _) => ms(*span),
        _ => 0,
    }
}
