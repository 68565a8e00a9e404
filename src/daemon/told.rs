//! What happened to a customer in words, each under the version of the project that it was decided under.
//!
//! In: her history, and where in the log each version of the plan became active. Out: [`Told`]. **Invariant:** a record is read by the numbers of
//! the plan that was active when it was written, and, where its run is pinned to an older one, by that one's steps and lines.

pub mod json;

use crate::calendar::{Instant, Zone};
use crate::daemon::core::recovery::Unreadable;
use crate::daemon::keeper::{BATCH_SHIFT, Happened, What};
use crate::engine::{Input, Loaded, Record, RecordKind};
use crate::plan::{Plan, StepKind, encode};
use crate::shard::Number;
use crate::shard::commit::Parcel;
use crate::simulate::customer::Watch as _;
use crate::simulate::report::local;
use crate::simulate::timeline::{Line, Timeline};
use crate::world::facts::Facts;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The versions that were active while things happened, and the one that is.
pub struct Versions {
    /// In the order in which they became active, and where in the log that was.
    plans: Vec<(u64, Arc<Plan>)>,
    /// Which version a run is pinned to.
    runs: BTreeMap<(Number, u32), usize>,
    /// What was decided over all customers.
    facts: Facts,
    /// Pinned versions under the numbers of another, once each.
    views: BTreeMap<(usize, usize), Arc<Plan>>,
}

/// One thing that happened, and the line that tells it; some have none, for others say it.
pub struct Told {
    /// When it was handled.
    pub at: Instant,
    pub line: Option<Line>,
    pub of: Of,
    /// The version by whose numbers it speaks.
    pub plan: Arc<Plan>,
}

pub enum Of {
    Input(Box<Input>),
    Record(Said),
    /// A message that was handed to who sends it.
    Message {
        message: String,
        parcel: Box<Parcel>,
    },
    /// Something else that was on its way out.
    Errand(Box<Parcel>),
}

/// What a record speaks of, by name.
pub struct Said {
    pub journey: Option<String>,
    /// 0 for none.
    pub run: u32,
    pub message: Option<String>,
    /// It decides about the message.
    pub decides: bool,
    /// A run began, or did not.
    pub begins: bool,
    /// It speaks of the run as a whole, not of a step.
    pub is_of_whole_run: bool,
    /// It names what was decided over all customers.
    pub is_of_all: bool,
}

impl Said {
    pub fn run_of(&self) -> Option<(&str, u32)> {
        self.journey.as_deref().map(|journey| (journey, self.run))
    }
}

impl Versions {
    /// `changes`: where a version became active, and its text. `active` is told where nothing is known of a change. `facts`: what was decided over all.
    ///
    /// # Errors
    /// If a version cannot be read: what was decided under it would be told by another one.
    pub fn new(changes: impl IntoIterator<Item = (u64, String)>, active: &Arc<Plan>, facts: Facts) -> Result<Versions, Unreadable> {
        let read = |(order, text): (u64, String)| match encode::from_json(&text) {
            Ok(plan) => Ok((order, Arc::new(plan))),
            Err(why) => Err(Unreadable::Plan(why.to_string())),
        };
        let mut plans = changes.into_iter().map(read).collect::<Result<Vec<(u64, Arc<Plan>)>, _>>()?;
        plans.sort_by_key(|(order, _)| *order);
        if plans.is_empty() {
            plans.push((0, Arc::clone(active)));
        }
        Ok(Versions { plans, runs: BTreeMap::new(), facts, views: BTreeMap::new() })
    }

    /// From the newest to the oldest.
    pub fn all(&self) -> impl Iterator<Item = &Plan> {
        self.plans.iter().rev().map(|(_, plan)| &**plan)
    }

    /// Which version held at that place of the log.
    fn at(&self, order: u64) -> usize {
        self.plans.partition_point(|(since, _)| *since < order).saturating_sub(1)
    }

    /// A version that became active gave what was under way other numbers, and wrote it down again in the same batch.
    fn is_written_again(&self, order: u64) -> bool {
        let at = self.at(order);
        at > 0 && self.plans[at].0 >> BATCH_SHIFT == order >> BATCH_SHIFT
    }

    /// The plan by which a record of a run is read.
    fn view(&mut self, whose: Number, run: u32, at: usize) -> Arc<Plan> {
        let pinned = self.runs.get(&(whose, run)).copied().unwrap_or(at);
        let active = &self.plans[at].1;
        if pinned == at {
            return Arc::clone(active);
        }
        let plans = &self.plans;
        let view = self.views.entry((pinned, at)).or_insert_with(|| {
            let pinned = Loaded::pinned(Arc::clone(&plans[pinned].1), &Loaded::new(Arc::clone(active)));
            // Only a plan that was put together by hand cannot be read again.
            pinned.map_or_else(|_| Arc::clone(active), |loaded| Arc::clone(&loaded.plan))
        });
        Arc::clone(view)
    }

    /// What one thing in the life of a customer says, in the times of a zone. Hers must come in order.
    pub fn tell(&mut self, whose: Number, one: Happened, zone: Zone, told: &mut Vec<Told>) {
        let (at, version) = (one.at, self.at(one.order));
        let plan = Arc::clone(&self.plans[version].1);
        match one.what {
            What::Input(input) => {
                let line = line(&plan, zone, |timeline| timeline.input(&input));
                told.push(Told { at, line, of: Of::Input(input), plan });
            }
            What::Records(records) => {
                for record in &records {
                    if let RecordKind::Entered { .. } | RecordKind::Moved = record.kind {
                        self.runs.insert((whose, record.run), version);
                    }
                    let plan = self.view(whose, record.run, version);
                    let decided = self.decided(&plan, record, zone);
                    let is_of_all = decided.is_some();
                    let line = decided.or_else(|| line(&plan, zone, |timeline| timeline.record(record)));
                    told.push(Told { at, line, of: Of::Record(Said { is_of_all, ..said(&plan, record) }), plan });
                }
            }
            What::Parcel(_) if self.is_written_again(one.order) => {}
            What::Parcel(parcel) => {
                let (line, of) = match &*parcel {
                    Parcel::Message(delivery) => {
                        let name = plan.messages.get(delivery.message.index()).map_or("?", |message| message.name.as_str());
                        let message = name.to_owned();
                        (line(&plan, zone, |timeline| timeline.delivery(at, delivery)), Of::Message { message, parcel })
                    }
                    _ => (None, Of::Errand(parcel)),
                };
                told.push(Told { at, line, of, plan });
            }
            What::Audit(_) | What::Plan(_) | What::Build(_) => {}
        }
    }
}

impl Versions {
    /// By which shares of an experiment she was drawn, where these were decided over all customers.
    fn decided(&self, plan: &Plan, record: &Record, zone: Zone) -> Option<Line> {
        let RecordKind::Exposed { experiment, arm, weights, .. } = record.kind else { return None };
        let journey = plan.journeys.get(record.journey?.index())?;
        let experiment = journey.experiments.get(usize::from(experiment))?;
        let change = self.facts.changes(&experiment.identity).get(usize::try_from(weights).ok()?.checked_sub(1)?)?;
        let step = journey.steps.get(experiment.step.index());
        let names: Vec<&str> = match step.map(|step| &step.kind) {
            Some(StepKind::Split { paths, .. }) => paths.iter().map(|path| path.name.as_str()).collect(),
            _ => Vec::new(),
        };
        let name = |at: usize| names.get(at).copied().unwrap_or("?");
        let when = local(zone, change.from, "%Y-%m-%d %H:%M:%S");
        let what = match change.winner {
            Some(winner) if winner == arm => {
                format!("\"{}\" is the winner of experiment \"{}\", decided at {when}", name(usize::from(arm)), experiment.name)
            }
            _ => {
                let shares = change.weights.shares.iter().enumerate();
                let shares: Vec<String> = shares
                    .map(|(at, share)| format!("\"{}\" {}.{:02} %", name(at), share / 100, share % 100).replace(".00 %", " %"))
                    .collect();
                format!("drawn by the shares of experiment \"{}\" that were decided at {when}: {}", experiment.name, shares.join(", "))
            }
        };
        let run = format!("{} {}", journey.name, record.run);
        let at = local(zone, record.at, "%Y-%m-%d %H:%M:%S");
        Some(Line { at, run, what, step: step.map(|step| step.label.clone()), place: step.map(|step| plan.locate(step.line)) })
    }
}

fn line(plan: &Plan, zone: Zone, tell: impl FnOnce(&mut Timeline<'_>)) -> Option<Line> {
    let mut timeline = Timeline::in_zone(plan, zone);
    tell(&mut timeline);
    timeline.lines().pop()
}

fn said(plan: &Plan, record: &Record) -> Said {
    let message = match record.kind {
        RecordKind::Message { message, .. } | RecordKind::Reported { message, .. } => plan.messages.get(message.index()),
        _ => None,
    };
    Said {
        journey: record.journey.and_then(|id| plan.journeys.get(id.index())).map(|journey| journey.name.to_string()),
        run: record.run,
        message: message.map(|message| message.name.to_string()),
        decides: matches!(record.kind, RecordKind::Message { .. }),
        is_of_all: false,
        begins: matches!(record.kind, RecordKind::Entered { .. } | RecordKind::NotEntered(_)),
        is_of_whole_run: matches!(
            record.kind,
            RecordKind::Entered { .. }
                | RecordKind::NotEntered(_)
                | RecordKind::Restarted
                | RecordKind::GoalReached { .. }
                | RecordKind::Ended(_)
        ),
    }
}
