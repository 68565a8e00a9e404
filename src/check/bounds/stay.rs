//! The longest time that a run can take, from its entry to its end.
//!
//! In: a journey. Out: a [`Stay`]. **Invariant:** never less than what can happen; a wait for a date that only the customer knows has no
//! end that is known here, and neither has a message that waits for a place under a cap without a limit.

use super::{Stay, channels_of};
use crate::calendar::{DAY_MS, HOUR_MS};
use crate::check::checked::{Block, CapThen, Checked, Journey, Step, StepKind};
use crate::check::proof::{about, most_ms};
use crate::condition::Until;
use crate::schema::WaitOrSkip;
use crate::source::{Place, Sources};

/// How long something takes at most, with the longest wait in it.
#[derive(Clone)]
struct Length {
    /// `None`: nobody comes through.
    through: Option<i64>,
    breaks: Option<i64>,
    /// Up to an `exit`.
    out: Option<i64>,
    open: Option<(Place, &'static str)>,
    longest: Option<(i64, Place)>,
}

impl Length {
    fn of(ms: i64) -> Length {
        Length { through: Some(ms), breaks: None, out: None, open: None, longest: None }
    }
}

pub(super) fn of(project: &Checked, sources: &Sources, journey: &Journey) -> Stay {
    let all = Longest { project, journey }.block(&journey.steps);
    let zone = project.policy.zone;
    let period = journey.runs_from.zip(journey.runs_to).map(|(from, to)| zone.instant(to).since_ms(zone.instant(from)));
    let most = later(later(all.through, all.breaks), all.out).unwrap_or_default();
    let wait = |place: Place| format!("`{}` ({})", sources.text(place).lines().next().unwrap_or_default().trim(), sources.locate(place));
    let (own, because) = match (all.open, all.longest) {
        (Some((place, why)), _) => (None, format!("{}: {why}", wait(place))),
        (None, Some((ms, place))) => (Some(most), format!("its longest wait is {}, {}", about(ms), wait(place))),
        (None, None) if most > 0 => (Some(most), "a message may be held before it goes out".to_owned()),
        (None, None) => (Some(most), "nothing in it waits".to_owned()),
    };
    match period {
        Some(period) if own.is_none_or(|own| period < own) => {
            Stay { most_ms: Some(period), because: "`runs from … to …` ends every run".to_owned() }
        }
        _ => Stay { most_ms: own, because },
    }
}

fn later(one: Option<i64>, two: Option<i64>) -> Option<i64> {
    one.max(two)
}

struct Longest<'a> {
    project: &'a Checked,
    journey: &'a Journey,
}

impl Longest<'_> {
    fn block(&self, block: &Block) -> Length {
        let mut all = Length::of(0);
        for step in block {
            let Some(at) = all.through else { break };
            let one = self.step(step);
            let from = |ms: Option<i64>| ms.map(|ms| at.saturating_add(ms));
            all = Length {
                through: from(one.through),
                breaks: later(all.breaks, from(one.breaks)),
                out: later(all.out, from(one.out)),
                open: all.open.or(one.open),
                longest: all.longest.max(one.longest),
            };
        }
        all
    }

    fn step(&self, step: &Step) -> Length {
        match &step.kind {
            StepKind::Wait(wait) => {
                let inner = self.block(&wait.skipped);
                after(self.until(&wait.until, step), inner)
            }
            StepKind::Await(wait) => {
                let waited = self.until(&wait.deadline, step);
                // A branch may be met at the very end.
                let any = self.any(wait.arms.iter().map(|arm| &arm.block).chain([&wait.otherwise]));
                after(waited, any)
            }
            StepKind::Collect(collect) => self.until(&collect.until, step),
            StepKind::If { arms, otherwise } => self.any(arms.iter().map(|(_, block)| block).chain([otherwise])),
            StepKind::Split { paths, .. } => self.any(paths.iter().map(|path| &path.block)),
            StepKind::Repeat { block, times } | StepKind::ForEach { block, most: times, .. } => {
                let one = self.block(block);
                let before = one.through.map_or(0, |ms| ms.saturating_mul(i64::from(times.saturating_sub(1))));
                let last = |ms: Option<i64>| ms.map(|ms| before.saturating_add(ms));
                let through = later(last(one.through), last(one.breaks));
                let through = if matches!(step.kind, StepKind::ForEach { .. }) { later(through, Some(0)) } else { through };
                Length { through, breaks: None, out: last(one.out), ..one }
            }
            StepKind::Send(send) if !send.without_waiting => self.held(step, send),
            StepKind::Break => Length { through: None, breaks: Some(0), ..Length::of(0) },
            StepKind::Exit { .. } => Length { through: None, out: Some(0), ..Length::of(0) },
            StepKind::LetOrExit { .. } => Length { out: Some(0), ..Length::of(0) },
            _ => Length::of(0),
        }
    }

    fn any<'b>(&self, blocks: impl Iterator<Item = &'b Block>) -> Length {
        let mut all = Length { through: None, ..Length::of(0) };
        for block in blocks {
            let one = self.block(block);
            all = Length {
                through: later(all.through, one.through),
                breaks: later(all.breaks, one.breaks),
                out: later(all.out, one.out),
                open: all.open.or(one.open),
                longest: all.longest.max(one.longest),
            };
        }
        all
    }

    fn until(&self, until: &Until, step: &Step) -> Length {
        let ms = match until {
            Until::After(span) => most_ms(*span),
            Until::AfterUntil(span, _) => most_ms(*span).saturating_add(DAY_MS + HOUR_MS),
            Until::Time(_) => DAY_MS + HOUR_MS,
            Until::Weekday { .. } | Until::Window { .. } => 7 * DAY_MS + HOUR_MS,
            Until::Lasting { most, .. } => most_ms(*most),
            Until::Moment(_) => return open(step.head, "it depends on the day of the entry"),
            #[allow(unreachable_patterns, reason = "another kind of wait has no end that is known here")]
            _ => return open(step.head, "it depends on a date of the customer"),
        };
        Length { longest: Some((ms, step.head)), ..Length::of(ms) }
    }

    /// A message holds the run until it is settled.
    fn held(&self, step: &Step, send: &crate::check::checked::Send) -> Length {
        let (channels, count) = channels_of(send);
        if count == 0 {
            return Length::of(0);
        }
        let quiet = self.project.policy.quiet_hours.iter().chain(&self.journey.quiet_hours);
        let asleep = quiet
            .filter(|hours| hours.then == WaitOrSkip::Wait)
            .any(|hours| hours.channels.is_empty() || channels.iter().any(|channel| hours.channels.contains(channel)));
        let night = if asleep && !send.ignoring_quiet_hours { DAY_MS } else { 0 };
        let mut ms = night;
        for cap in self.project.policy.caps.iter().chain(&self.journey.caps) {
            match cap.then {
                CapThen::Wait { up_to_ms: Some(most) } => ms = ms.saturating_add(most).saturating_add(night),
                CapThen::Wait { up_to_ms: None } => return open(step.head, "it may wait for a place under a cap without an end"),
                CapThen::Skip | CapThen::Exit => {}
            }
        }
        Length::of(ms)
    }
}

fn open(place: Place, why: &'static str) -> Length {
    Length { open: Some((place, why)), ..Length::of(0) }
}

fn after(one: Length, two: Length) -> Length {
    let at = one.through.unwrap_or_default();
    let from = |ms: Option<i64>| ms.map(|ms| at.saturating_add(ms));
    Length {
        through: from(two.through),
        breaks: from(two.breaks),
        out: from(two.out),
        open: one.open.or(two.open),
        longest: one.longest.max(two.longest),
    }
}
