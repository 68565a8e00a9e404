//! How soon each step can be reached, and what comes too late for that.
//!
//! In: one checked journey. Out: findings about its period and its goals. **Invariant:** times are the least that anybody can need: a
//! branch that may be taken at once takes no time, a month has 28 days, and a day of the calendar is an hour short when the clocks change.

use super::Proof;
use super::problems;
use super::written::Written;
use crate::calendar::{DAY_MS, HOUR_MS, Span};
use crate::check::checked::{Await, Block, Journey, Recipient, Step, StepKind};
use crate::condition::{Until, What, WhichMessage};
use crate::diagnostic::Code;
use crate::schema::MessageId;
use crate::source::Place;
use crate::value::show;
use std::collections::BTreeMap;

problems! {
    /// `wait 60 days` in a journey that runs for 30.
    AfterThePeriod { why: String, proof: Vec<(Place, &'static str)> } = Code::new("W0911", "ends-after-the-period");
        "this wait ends after the journey does", "{why}",
        "make the wait shorter, or let the journey run longer";

    /// A message that is sent when the goal does not count any more.
    AfterTheGoal { after: String, within: String, proof: Vec<(Place, &'static str)> } = Code::new("W0912", "sent-after-the-goal");
        "this message comes when the goal does not count any more", "sent {after} after the entry at the earliest, and the goal counts for {within}",
        "send it sooner, or give the goal more time";

    /// `goal clicked letter within 1 day` where the letter goes out after two.
    GoalTooSoon { what: String, after: String, proof: Vec<(Place, &'static str)> } = Code::new("W0913", "goal-cannot-be-reached");
        "nobody can reach this goal", "{what} is sent {after} after the entry at the earliest",
        "give the goal more time, or send the message sooner";
}

/// The least time that a span takes.
pub(super) fn least_ms(span: Span) -> i64 {
    let days = i64::from(span.months) * 28 + i64::from(span.days);
    let clocks = if span.is_civil() { HOUR_MS } else { 0 };
    days.saturating_mul(DAY_MS).saturating_add(span.ms).saturating_sub(clocks).max(0)
}

/// The most time that a span takes.
pub(in crate::check) fn most_ms(span: Span) -> i64 {
    let days = i64::from(span.months / 12) * 366 + i64::from(span.months % 12) * 31 + i64::from(span.days);
    let clocks = if span.is_civil() { HOUR_MS } else { 0 };
    days.saturating_mul(DAY_MS).saturating_add(span.ms).saturating_add(clocks)
}

/// Whole days, or hours, for a person.
pub(in crate::check) fn about(ms: i64) -> String {
    let span = if ms >= DAY_MS {
        // An hour less is the change of the clocks.
        Span::of_days(i32::try_from((ms + HOUR_MS) / DAY_MS).unwrap_or(i32::MAX))
    } else {
        Span::of_ms(ms)
    };
    show::duration(span)
}

pub(super) fn journey(proof: &mut Proof, written: &Written, journey: &Journey) {
    let zone = proof.checked.policy.zone;
    let period = journey.runs_from.zip(journey.runs_to).map(|(from, to)| zone.instant(to).since_ms(zone.instant(from)));
    let header = written.period(journey.place);
    let mut clock = Clock { proof, journey, header, period, said: false, first: BTreeMap::new(), late: None };
    clock.block(&journey.steps, 0);
    clock.goals();
}

/// The earliest times at which a block is passed and left by `break`; `None` where it is not.
#[derive(Clone, Copy)]
struct Passed {
    through: Option<i64>,
    breaks: Option<i64>,
}

fn earlier(one: Option<i64>, two: Option<i64>) -> Option<i64> {
    match (one, two) {
        (Some(one), Some(two)) => Some(one.min(two)),
        (one, two) => one.or(two),
    }
}

struct Clock<'a, 'f> {
    proof: &'a mut Proof<'f>,
    journey: &'a Journey,
    /// The line that says how long the journey runs.
    header: Option<Place>,
    period: Option<i64>,
    /// What comes too late is said once.
    said: bool,
    /// When each message is sent at the earliest.
    first: BTreeMap<MessageId, (i64, Place)>,
    /// The first message that comes too late for every goal, by its place.
    late: Option<(i64, Place)>,
}

impl Clock<'_, '_> {
    fn block(&mut self, block: &Block, start: i64) -> Passed {
        let mut at = start;
        let mut breaks = None;
        for step in block {
            let passed = self.step(step, at);
            breaks = earlier(breaks, passed.breaks);
            match passed.through {
                Some(through) => at = through,
                None => return Passed { through: None, breaks },
            }
        }
        Passed { through: Some(at), breaks }
    }

    fn step(&mut self, step: &Step, at: i64) -> Passed {
        let on = |through| Passed { through: Some(through), breaks: None };
        match &step.kind {
            StepKind::Wait(wait) => {
                let end = self.ends(&wait.until, step, at);
                if wait.skipped.is_empty() {
                    return on(end);
                }
                // Where the moment is past, the block is skipped at once.
                let inner = self.block(&wait.skipped, end);
                Passed { through: Some(at), breaks: inner.breaks }
            }
            StepKind::Await(wait) => self.wait(step, wait, at),
            StepKind::If { arms, otherwise } => self.any(arms.iter().map(|(_, block)| block).chain([otherwise]), at),
            StepKind::Split { paths, .. } => self.any(paths.iter().map(|path| &path.block), at),
            StepKind::Repeat { block, times } => {
                let one = self.block(block, at);
                let rounds = one.through.map(|through| at.saturating_add((through - at).saturating_mul(i64::from(*times))));
                Passed { through: earlier(rounds, one.breaks), breaks: None }
            }
            // The list may be empty.
            StepKind::ForEach { block, .. } => {
                self.block(block, at);
                on(at)
            }
            StepKind::Collect(collect) => match &collect.until {
                Until::After(_) => on(self.ends(&collect.until, step, at)),
                _ => on(at),
            },
            StepKind::Break => Passed { through: None, breaks: Some(at) },
            StepKind::Exit { .. } => Passed { through: None, breaks: None },
            StepKind::Send(send) => {
                self.first.entry(send.message).and_modify(|first| *first = (*first).min((at, step.head))).or_insert((at, step.head));
                let counts = self.journey.goals.iter().map(|goal| most_ms(goal.within)).max();
                let customer = matches!(send.to, Recipient::Customer { .. });
                if customer && self.late.is_none() && counts.is_some_and(|counts| at > counts) {
                    self.late = Some((at, step.head));
                }
                on(at)
            }
            _ => on(at),
        }
    }

    fn any<'b>(&mut self, blocks: impl Iterator<Item = &'b Block>, at: i64) -> Passed {
        let mut all = Passed { through: None, breaks: None };
        for block in blocks {
            let one = self.block(block, at);
            all = Passed { through: earlier(all.through, one.through), breaks: earlier(all.breaks, one.breaks) };
        }
        all
    }

    fn wait(&mut self, step: &Step, wait: &Await, at: i64) -> Passed {
        let end = self.ends(&wait.deadline, step, at);
        // Branches may be met at once, unless the wait goes to its end.
        let met = if wait.full { end } else { at };
        let arms = self.any(wait.arms.iter().map(|arm| &arm.block), met);
        let otherwise = self.block(&wait.otherwise, end);
        Passed { through: earlier(arms.through, otherwise.through), breaks: earlier(arms.breaks, otherwise.breaks) }
    }

    /// When a wait is over at the earliest; reported where the journey is over before.
    fn ends(&mut self, until: &Until, step: &Step, at: i64) -> i64 {
        let end = match until {
            Until::After(span) | Until::AfterUntil(span, _) => at.saturating_add(least_ms(*span)),
            Until::Moment(moment) => {
                self.moment(*moment, step);
                at
            }
            _ => at,
        };
        if let Some(period) = self.period
            && end > period
            && !self.said
        {
            self.said = true;
            let proof = self.header();
            let why = format!("{} after the entry at the earliest, and the journey runs for {}", about(end), about(period));
            self.proof.found.push(AfterThePeriod { place: step.head, why, proof });
        }
        end
    }

    /// A written moment behind the end of the journey. Customers in other zones come to it up to a day earlier or later.
    fn moment(&mut self, moment: chrono::NaiveDateTime, step: &Step) {
        let Some(to) = self.journey.runs_to else { return };
        if !self.said && moment - to > chrono::TimeDelta::days(1) {
            self.said = true;
            let proof = self.header();
            let why = format!("on {}, and the journey runs to {}", moment.date(), to.date());
            self.proof.found.push(AfterThePeriod { place: step.head, why, proof });
        }
    }

    fn header(&self) -> Vec<(Place, &'static str)> {
        self.header.map(|place| (place, "the journey's period")).into_iter().collect()
    }

    fn goals(&mut self) {
        for goal in &self.journey.goals {
            let within = most_ms(goal.within);
            if let What::Message { which: WhichMessage::Message(message), .. } = goal.what
                && let Some((at, place)) = self.first.get(&message).copied()
                && at > within
            {
                let name = self.proof.checked.messages.get(message.index()).map_or("", |message| message.name.as_str());
                let proof = vec![(place, "sent here")];
                self.proof.found.push(GoalTooSoon { place: goal.place, what: format!("`{name}`"), after: about(at), proof });
                return;
            }
        }
        let longest = self.journey.goals.iter().max_by_key(|goal| most_ms(goal.within));
        if let (Some((at, place)), Some(goal)) = (self.late, longest) {
            let proof = vec![(goal.place, "the goal")];
            self.proof.found.push(AfterTheGoal { place, after: about(at), within: show::duration(goal.within), proof });
        }
    }
}
