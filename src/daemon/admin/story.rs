//! Why somebody got a message, or did not: from what was recorded when it was decided.
//!
//! In: what happened to a customer, told by version ([`Told`]), the plan that is active. Out: lines in the words of a simulation's timeline, and
//! sentences that answer. **Invariant:** nothing is decided again here; a sentence says what a record says, with the line of the journey's
//! file in the version that it was decided under.

use crate::daemon::told::{Of, Said, Told, Versions};
use crate::plan::{Journey, Plan, StepKind};
use crate::simulate::timeline::Line;
use serde::Serialize;
use std::collections::BTreeSet;

/// Lines of one answer, the newest.
pub const LINES_MAX: usize = 2_000;

/// What is asked about, by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About<'n> {
    Message(&'n str),
    Journey(&'n str),
}

/// Where a run of hers stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Live {
    pub journey: String,
    pub run: u32,
    pub step: String,
    /// `shop.journey:12`
    pub line: String,
    /// Local; nothing where the wait has no end.
    pub until: Option<String>,
}

/// Of whom an answer speaks, and by what.
pub struct Asked<'a> {
    pub customer: &'a str,
    pub told: &'a [Told],
    pub live: &'a [Live],
    pub versions: &'a Versions,
}

/// What is left of the lines, and how many older ones are not shown.
pub fn newest(mut lines: Vec<Line>, most: usize) -> (Vec<Line>, usize) {
    let left_off = lines.len().saturating_sub(most);
    lines.drain(..left_off);
    (lines, left_off)
}

/// Her whole story.
pub fn all(told: &[Told]) -> Vec<Line> {
    told.iter().filter_map(|one| one.line.clone()).collect()
}

impl Asked<'_> {
    /// The answer in a sentence, and the lines that it comes from.
    pub fn why(&self, about: About<'_>) -> (String, Vec<Line>) {
        let senders = self.senders(about);
        let runs: BTreeSet<(&str, u32)> = match about {
            About::Message(name) => self.said().filter(|said| said.message.as_deref() == Some(name)).filter_map(Said::run_of).collect(),
            About::Journey(_) => BTreeSet::new(),
        };
        let wanted = |said: &Said| match about {
            About::Journey(name) => said.journey.as_deref() == Some(name),
            About::Message(name) if runs.is_empty() => {
                said.journey.as_deref().is_some_and(|journey| senders.contains(journey))
                    && said.message.as_deref().is_none_or(|of| of == name)
            }
            About::Message(name) => {
                said.message.as_deref() == Some(name)
                    || ((said.is_of_whole_run || said.is_of_all) && said.run_of().is_some_and(|run| runs.contains(&run)))
            }
        };
        let mut lines = Vec::new();
        let mut cause: Option<&Told> = None;
        for one in self.told {
            match &one.of {
                Of::Input(_) => cause = Some(one),
                Of::Record(said) if wanted(said) => {
                    // What began a run, or did not, stands before it.
                    if said.begins
                        && let Some(cause) = cause.take()
                    {
                        lines.extend(cause.line.clone());
                    }
                    lines.extend(one.line.clone());
                }
                Of::Message { message, .. } if about == About::Message(message) => lines.extend(one.line.clone()),
                _ => {}
            }
        }
        let decided = match about {
            About::Message(name) => self.last_decision(name),
            About::Journey(_) => lines.iter().rev().find(|line| !line.run.is_empty()),
        };
        let answer = match decided {
            Some(line) => sentence(self.customer, line),
            None => self.nothing_decided(&lines, &senders, about),
        };
        // What made the difference may have been decided over all customers.
        let run = decided.map(|line| line.run.as_str());
        let of_all = self.told.iter().rev().find_map(|one| match (&one.of, &one.line) {
            (Of::Record(said), Some(line)) if said.is_of_all && Some(line.run.as_str()) == run => Some(line),
            _ => None,
        });
        let answer = match of_all {
            Some(line) if decided != Some(line) => format!("{answer}; {}", line.what),
            _ => answer,
        };
        (answer, lines)
    }

    /// What was decided last about every message to her, where she stands, and what she did not come into: a sentence each.
    pub fn why_all(&self) -> Vec<String> {
        let mut messages: Vec<&str> = Vec::new();
        let mut entered: BTreeSet<&str> = BTreeSet::new();
        let mut refused: Vec<(&str, &Line)> = Vec::new();
        for one in self.told {
            let Of::Record(said) = &one.of else { continue };
            match (&said.message, &said.journey, &one.line) {
                (Some(name), ..) if said.decides && !messages.contains(&name.as_str()) => messages.push(name),
                (_, Some(name), Some(line)) if said.begins && said.run == 0 => {
                    refused.retain(|(known, _)| known != name);
                    refused.push((name, line));
                }
                (_, Some(name), _) if said.begins => drop(entered.insert(name)),
                _ => {}
            }
        }
        let mut all: Vec<String> =
            messages.into_iter().filter_map(|name| self.last_decision(name)).map(|line| sentence(self.customer, line)).collect();
        all.extend(self.live.iter().map(|run| self.stands(run)));
        all.extend(refused.iter().filter(|(name, _)| !entered.contains(name)).map(|(_, line)| sentence(self.customer, line)));
        if all.is_empty() {
            all.push(format!("nothing was decided about {} yet", self.customer));
        }
        all
    }

    fn said(&self) -> impl Iterator<Item = &Said> {
        self.told.iter().filter_map(|one| if let Of::Record(said) = &one.of { Some(said) } else { None })
    }

    fn last_decision(&self, message: &str) -> Option<&Line> {
        let decides = |one: &&Told| matches!(&one.of, Of::Record(said) if said.decides && said.message.as_deref() == Some(message));
        self.told.iter().rev().filter(decides).find_map(|one| one.line.as_ref())
    }

    /// Journeys that send it, in the newest version that has them.
    fn senders(&self, about: About<'_>) -> BTreeSet<String> {
        match about {
            About::Journey(name) => BTreeSet::from([name.to_owned()]),
            About::Message(name) => self.versions.all().flat_map(|plan| senders(plan, name)).collect(),
        }
    }

    fn stands(&self, run: &Live) -> String {
        let until = run.until.as_ref().map_or_else(String::new, |until| format!(" until {until}"));
        format!("{} stands in {} {} at `{}` ({}){until}", self.customer, run.journey, run.run, run.step, run.line)
    }

    fn nothing_decided(&self, lines: &[Line], senders: &BTreeSet<String>, about: About<'_>) -> String {
        let customer = self.customer;
        let named = |name: &String| {
            self.versions.all().find_map(|plan| {
                plan.journeys.iter().find(|one| one.name == name.as_str()).map(|one| format!("`{name}` ({})", plan.locate(one.line)))
            })
        };
        let named: Vec<String> = senders.iter().filter_map(named).collect();
        let message = match about {
            About::Journey(name) => {
                let journey = named.first().cloned().unwrap_or_else(|| format!("`{name}`"));
                return format!("{customer} never came to {journey}: nothing that begins it happened to her");
            }
            About::Message(name) => name,
        };
        if let Some(run) = self.live.iter().find(|run| senders.contains(&run.journey)) {
            return format!("`{message}` is still to come: {}", self.stands(run));
        }
        if let Some(line) = lines.iter().rev().find(|line| !line.run.is_empty()) {
            return format!("`{message}` was never planned: {}", sentence(customer, line));
        }
        if named.is_empty() {
            return format!("`{message}` was never planned: no journey sends it");
        }
        format!("`{message}` was never planned: {customer} never entered {}", named.join(" or "))
    }
}

fn senders(plan: &Plan, name: &str) -> Vec<String> {
    let is_it = |id: crate::schema::MessageId| plan.messages.get(id.index()).is_some_and(|message| message.name == name);
    let sends = |journey: &&Journey| journey.steps.iter().any(|step| matches!(&step.kind, StepKind::Send(send) if is_it(send.message)));
    plan.journeys.iter().filter(sends).map(|journey| journey.name.to_string()).collect()
}

/// `nok, 2026-03-01 10:01:00: thanks by email: skipped, no consent (after_order 1, send thanks, shop.journey:9)`
fn sentence(customer: &str, line: &Line) -> String {
    let place: Vec<&str> = [Some(line.run.as_str()).filter(|run| !run.is_empty()), line.step.as_deref(), line.place.as_deref()]
        .into_iter()
        .flatten()
        .collect();
    let place = if place.is_empty() { String::new() } else { format!(" ({})", place.join(", ")) };
    format!("{customer}, {}: {}{place}", line.at, line.what)
}

#[cfg(test)]
mod tests {
    use super::newest;
    use crate::simulate::timeline::Line;

    #[test]
    fn the_newest_lines_are_shown_and_the_rest_is_counted() {
        let line = |at: &str| Line { at: at.to_owned(), run: String::new(), what: "x".to_owned(), step: None, place: None };
        let all = vec![line("1"), line("2"), line("3")];
        assert_eq!(newest(all.clone(), 3), (all.clone(), 0));
        assert_eq!(newest(all.clone(), 2), (all[1..].to_vec(), 1));
    }
}
