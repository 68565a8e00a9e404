//! Experiments: who counts in which variant, and what is measured of her.
//!
//! In: a run that came to an experiment, and events. Out: records that drivers count. **Invariant:** a customer counts once in a variant,
//! from the first time that she comes there; the measure is the first event that fits, from then (what brought her there left out) to the
//! end of the window, both included, by its own time; it is watched also after the run ended, until nothing can arrive late any more. Who
//! is held out counts nowhere: nothing reached her.

use super::RecordKind;
use super::entries::stable_hash;
use super::index::reacts;
use super::row::Run;
use super::row::experiments::{EXPOSED_MAX, Exposed, Measure};
use super::turn::{Event, Turn};
use crate::calendar::civil;
use crate::plan::Experiment;
use crate::schema::{JourneyId, StepIx};
use crate::value::{Text, Value};

impl Turn<'_> {
    /// The run at this position drew an arm. `unit`: the value after `by`.
    pub(super) fn expose(&mut self, at: usize, (number, experiment): (u16, &Experiment), arm: u16, weights: u32, unit: Option<&str>) {
        let run = &self.row.runs[at];
        if run.held_out {
            return;
        }
        let (journey, run, step) = (run.journey, run.number, run.step);
        let exposed = Exposed {
            experiment: stable_hash(&Value::Text(experiment.identity.clone())),
            unit: unit.map_or(0, |unit| stable_hash(&Value::Text(Text::from(unit))).max(1)),
            arm,
        };
        let known = &mut self.row.experiments.exposed;
        if known.contains(&exposed) {
            return;
        }
        if known.len() >= EXPOSED_MAX {
            self.record(RecordKind::LimitMet("exposures"));
            return;
        }
        known.push(exposed);
        let until = civil::add(self.now, experiment.within, self.zone);
        self.row.experiments.measures.push(Measure { run, experiment: number, arm, weights, at: self.now, until });
        self.record_run(journey, run, step, RecordKind::Exposed { experiment: number, arm, weights, until });
    }

    /// Something happened that an experiment may be measured by.
    pub(super) fn judge_measures(&mut self, event: &Event) {
        let late = self.limits.event_age_ms_max;
        let mut at = 0;
        while at < self.row.experiments.measures.len() {
            let measure = self.row.experiments.measures[at];
            if measure.until.plus_ms(late) < self.now {
                self.row.experiments.measures.remove(at);
                continue;
            }
            let in_time = event.at >= measure.at && event.at <= measure.until;
            let Some((journey, step)) = in_time.then(|| self.measures(&measure, event)).flatten() else {
                at += 1;
                continue;
            };
            self.row.experiments.measures.remove(at);
            let Measure { experiment, arm, weights, until, .. } = measure;
            self.record_run(journey, measure.run, step, RecordKind::Measured { experiment, arm, weights, until, at: event.at });
        }
    }

    /// Where the experiment stands, if the event is what it is measured by.
    fn measures(&self, measure: &Measure, event: &Event) -> Option<(JourneyId, StepIx)> {
        let run = self.any_run(measure.run)?;
        let loaded = self.loaded_of(run.plan)?;
        if loaded.index.bits(run.journey, event) & reacts::GOAL == 0 {
            return None;
        }
        let event = &*loaded.laid_out(event);
        let journey = loaded.plan.journeys.get(run.journey.index())?;
        let experiment = journey.experiments.get(usize::from(measure.experiment))?;
        self.is_met(&loaded.plan, journey, &experiment.measure, event, run).then_some((run.journey, experiment.step))
    }

    /// A run, live or over.
    fn any_run(&self, number: u32) -> Option<&Run> {
        self.row.run(number).or_else(|| self.row.ended.iter().find(|run| run.number == number))
    }

    /// Some measure of a run is open.
    pub(super) fn is_measured(&self, run: u32) -> bool {
        let late = self.limits.event_age_ms_max;
        self.row.experiments.measures.iter().any(|measure| measure.run == run && measure.until.plus_ms(late) >= self.now)
    }
}
