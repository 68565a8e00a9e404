//! What can be proven of a project without running it: conditions that are decided beforehand, and what follows from them.
//!
//! In: a project without errors, checked and as written. Out: findings only, all of them warnings, each with the places that prove it.
//! **Invariant:** what may change in between (a field of the customer while time passes) is never assumed to be the same; where nothing
//! can be said for sure, nothing is said. Linear in the size of the project. Does not know what a single customer did.

mod content;
mod domain;
mod facts;
mod judge;
mod longest;
mod reach;
mod rivals;
mod time;
mod walk;
mod written;

use super::checked::Checked;
use super::problem::problems;
use crate::ast;
use crate::diagnostic::{Code, Diagnostics};
use crate::source::{Place, Sources};
use judge::{Outcome, Why};
pub(super) use time::{about, most_ms};
use written::Written;

problems! {
    /// A condition that no customer can meet.
    NeverHolds { why: String, proof: Vec<(Place, &'static str)> } = Code::new("W0900", "never-holds");
        "this can never hold", "{why}", "change the condition, or take out what depends on it";

    /// A condition that everybody meets who comes to it.
    AlwaysHolds { why: String, proof: Vec<(Place, &'static str)> } = Code::new("W0901", "always-holds");
        "this always holds", "{why}", "take it out, or ask for something else";

    /// A branch behind others that take everybody who could take it.
    Shadowed { why: String, proof: Vec<(Place, &'static str)> } = Code::new("W0902", "branch-is-never-taken");
        "nobody ever comes to this branch", "{why}", "move it before the branch that takes its customers, or take it out";
}

problems! {
    /// A send that nobody can get who comes to it.
    NeverSent { message: String, why: String, proof: Vec<(Place, &'static str)> } = Code::new("W0914", "never-sent-here");
        "nobody who comes here can get `{message}`", "{why}", "send it before, or to others, or take this step out";
}

/// Which way a condition is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Test {
    Never,
    Always,
}

/// Where findings go, and how they are worded.
struct Proof<'a> {
    sources: &'a Sources,
    checked: &'a Checked,
    found: &'a mut Diagnostics,
    /// A condition is judged once more, for another reason than to report it.
    silent: bool,
}

/// Proves what can be proven.
pub(super) fn check(files: &[ast::File], sources: &Sources, checked: &Checked, found: &mut Diagnostics) {
    let written = Written::of(files);
    let everything = reach::Everything::of(checked);
    let mut proof = Proof { sources, checked, found, silent: false };
    for segment in &checked.segments {
        walk::segment(&mut proof, &written, segment);
    }
    for journey in &checked.journeys {
        walk::journey(&mut proof, &written, journey);
        reach::journey(&mut proof, &everything, journey);
        time::journey(&mut proof, &written, journey);
    }
    rivals::check(&mut proof, &written);
    content::check(&mut proof, &written);
}

impl Proof<'_> {
    fn tell(&mut self, test: Test, place: Place, why: Option<&Why>) {
        if self.silent {
            return;
        }
        let (text, proof) = reason(why, place);
        match test {
            Test::Never => self.found.push(NeverHolds { place, why: text, proof }),
            Test::Always => self.found.push(AlwaysHolds { place, why: text, proof }),
        }
    }

    /// Reports a whole condition that is decided, unless a part of it is reported.
    fn whole(&mut self, place: Place, outcome: &Outcome) {
        if outcome.told {
            return;
        }
        match (&outcome.yes, &outcome.no) {
            (None, Some(_)) => self.tell(Test::Never, place, outcome.why.as_ref()),
            (Some(_), None) => self.tell(Test::Always, place, outcome.why.as_ref()),
            _ => {}
        }
    }

    fn shadowed(&mut self, place: Place, text: String, proof: Vec<(Place, &'static str)>) {
        if !self.silent {
            self.found.push(Shadowed { place, why: text, proof });
        }
    }

    /// The source text of a place, on one line and not too long.
    fn text(&self, place: Place) -> String {
        let line = self.sources.text(place).split_whitespace().collect::<Vec<_>>().join(" ");
        if line.chars().count() > 60 { format!("{}…", line.chars().take(59).collect::<String>()) } else { line }
    }
}

/// The words and the places of a reason, the finding's own place left out.
fn reason(why: Option<&Why>, place: Place) -> (String, Vec<(Place, &'static str)>) {
    let Some(why) = why else { return ("every way here decides it".to_owned(), Vec::new()) };
    let proof = why.proof.iter().filter(|proof| **proof != place).map(|proof| (*proof, "this decides it")).collect();
    (why.text.clone(), proof)
}
