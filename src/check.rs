//! The checker: from the shape of files to a project in which every name and type is known.
//!
//! In: [`ast::File`]s. Out: [`Checked`] and findings. Reports everything in one run, one message per mistake.
//! **Invariant:** linear in the size of the project: every look-up is a hash, no pass compares declarations with each other.
//! Order: names, then what is declared, then constants and defaults, then segments and the policy, then messages, journeys, scenarios.

pub mod bounds;
pub mod checked;

mod allow;
mod amount;
mod block;
mod brand;
mod catalog;
mod chains;
mod codes;
mod collect;
mod compare;
mod consent;
mod constant;
mod contact;
mod content;
pub(crate) mod declare;
mod experiment;
pub(crate) mod expr;
pub(crate) mod flow;
mod header;
mod header_caps;
mod header_changes;
mod header_entry;
mod header_every;
mod header_key;
mod header_values;
pub(crate) mod history;
mod hook;
mod in_journey;
mod journey;
mod literal;
mod members;
mod message;
pub(crate) mod names;
mod opens;
mod order;
mod others;
mod path;
mod policy;
pub(crate) mod problem;
pub(crate) mod project;
mod proof;
pub mod recorder;
mod resolved;
mod route;
mod scenario;
mod scenario_catalog;
mod scenario_expect;
mod scenario_happens;
mod scenario_reach;
pub(crate) mod scope;
mod score;
mod secret;
mod segment;
mod sends;
mod sends_arguments;
mod signature;
mod stages;
mod steps;
mod survey;
pub(crate) mod target;
mod template;
mod tree;
mod unused;
mod waits;

pub use checked::Checked;
pub use names::{Kind, written as as_written};
pub use recorder::{Offer, Owner, Symbol, Use};
pub use resolved::{Definition, Resolved, offers};

use crate::ast;
use crate::diagnostic::Diagnostics;
use crate::source::Sources;
use names::Names;
use project::Project;
use recorder::Recorder;

/// Checks a project. What comes out is complete where no error is among the findings. `whole`: the syntax has found nothing wrong, so
/// that what is not there was not meant.
pub fn check(files: &[ast::File], sources: &Sources, whole: bool) -> (Checked, Diagnostics) {
    let (checked, found, _) = check_recorded(files, sources, whole, Recorder::default());
    (checked, found)
}

/// As [`check`], and what every name resolved to: what an editor asks for. Costs a quarter more.
pub fn check_resolving(files: &[ast::File], sources: &Sources, whole: bool) -> (Checked, Diagnostics, Resolved) {
    let (checked, found, uses) = check_recorded(files, sources, whole, Recorder::on(None));
    let resolved = Resolved::new(files, &checked.schema, uses);
    (checked, found, resolved)
}

fn check_recorded(files: &[ast::File], sources: &Sources, whole: bool, recorder: Recorder) -> (Checked, Diagnostics, Vec<Use>) {
    let mut found = Diagnostics::default();
    let mut names = Names::collect(files, &mut found);
    names.recorder = recorder;
    let mut project = declared(names, files, sources, &mut found);
    let mut checked = Checked { segments: segment::check(&project, files, &mut found), ..Checked::default() };
    checked.scores = score::check(&project, files, &mut found);
    checked.policy = policy::check(&project, files, &mut found);
    let brand = brand::check(&project, files, &mut found);
    journey::all(&project, files, &mut checked, &mut found);
    secret::check(sources, &mut found);
    if whole && !found.has_errors() {
        // A line with a mistake may have been the one that uses it.
        unused::check(&project.names, &mut found);
    }
    if whole && !found.has_errors() {
        brand::mails(&project, &brand, files, &checked, &mut found);
    }
    checked.routes = std::mem::take(&mut project.routes);
    checked.schema = std::mem::take(&mut project.schema);
    flow::check(&checked, &mut found);
    opens::check(&checked, &mut found);
    consent::check(&checked, &mut found);
    scenario_reach::check(&checked, &mut found);
    if whole && !found.has_errors() {
        proof::check(files, sources, &checked, &mut found);
    }
    let (uses, _) = project.recorder().take();
    (checked, found, uses)
}

/// Everything that is declared and numbered before segments, messages and journeys are looked at.
fn declared<'a>(names: Names<'a>, files: &'a [ast::File], sources: &'a Sources, found: &mut Diagnostics) -> Project<'a> {
    let mut project = Project::new(sources, names);
    declare::declare(&mut project, files, found);
    project.zone = policy::zone(files, found);
    constant::constants(&mut project, files, found);
    hook::declare(&mut project, files, found);
    declare::defaults(&mut project, files, found);
    contact::declare(&mut project, files, found);
    project.postal = brand::postal(files);
    block::declare(&mut project, files, found);
    segment::number(&mut project, files, found);
    project
}

/// Takes out the findings that `## allow CODE: why` accepts, of every stage, and reports lines that accept nothing.
pub fn accept(files: &[ast::File], found: &mut Diagnostics) {
    allow::apply(files, found);
}
