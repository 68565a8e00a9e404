//! Findings about what people wrote: errors and warnings with a place, a reason and a way out.
//!
//! In: one struct per kind of finding, defined beside the pass that emits it ([`Problem`]). Out: one sorted list ([`Diagnostics`]),
//! rendered by [`render`]. **Invariant:** after [`Diagnostics::into_sorted`] the order depends on places and codes only.
//! There is no central list of errors: a code is declared by the struct that carries it, its explanation is a page under `explain/`.

pub mod explain;
pub mod render;
pub mod suggest;
mod translated;

use crate::source::Place;

/// A stable code: `E0203` + `unknown-channel`. Numbers are never reused. `E…` is an error, `W…` a warning.
///
/// Blocks: 00 text and syntax, 01 names, 02 types, 03 flow, 04 messages, consent and content, 05 scenarios, 06 project files and event logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code {
    pub number: &'static str,
    pub slug: &'static str,
}

impl Code {
    pub const fn new(number: &'static str, slug: &'static str) -> Code {
        Code { number, slug }
    }

    pub fn severity(self) -> Severity {
        if self.number.starts_with('W') { Severity::Warning } else { Severity::Error }
    }
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.number, self.slug)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    Error,
    Warning,
}

/// A change to the text that would mend a finding; the editor offers it as a quick fix, the tests apply it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// What the fix does, as a menu entry: `change to "email"`.
    pub title: String,
    pub edits: Vec<Edit>,
}

/// Replace a span by a text; an empty span inserts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    pub place: Place,
    pub text: String,
}

impl Fix {
    pub fn replace(title: impl Into<String>, place: Place, text: impl Into<String>) -> Fix {
        Fix { title: title.into(), edits: vec![Edit { place, text: text.into() }] }
    }
}

/// One kind of finding. Implemented by a struct per kind that derives `thiserror::Error` (the message: what is wrong, in a marketer's
/// words, lower case, no stop) and `miette::Diagnostic` (exactly one `#[label(primary, …)]` on a [`Place`], `help` with the next action).
pub trait Problem: miette::Diagnostic + Send + Sync + 'static {
    /// The stable code of this kind.
    const CODE: Code;

    /// Where it is: the primary label's place.
    fn place(&self) -> Place;

    fn fixes(&self) -> Vec<Fix> {
        Vec::new()
    }

    /// Places in other files (or far away) that belong to it, each with a short text: `also declared here`.
    fn elsewhere(&self) -> Vec<(Place, String)> {
        Vec::new()
    }
}

/// A finding with its kind erased.
pub struct Diagnostic {
    pub code: Code,
    pub place: Place,
    pub fixes: Vec<Fix>,
    pub elsewhere: Vec<(Place, String)>,
    /// Message, labels and help, as `miette` wants them.
    pub report: Box<dyn miette::Diagnostic + Send + Sync>,
}

impl std::fmt::Debug for Diagnostic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} at {:?}: {}", self.code, self.place, self.report)
    }
}

impl Diagnostic {
    pub fn severity(&self) -> Severity {
        self.code.severity()
    }

    pub fn message(&self) -> String {
        self.report.to_string()
    }

    pub fn help(&self) -> Option<String> {
        self.report.help().map(|help| help.to_string())
    }
}

impl<P: Problem> From<P> for Diagnostic {
    fn from(problem: P) -> Diagnostic {
        Diagnostic {
            code: P::CODE,
            place: problem.place(),
            fixes: problem.fixes(),
            elsewhere: problem.elsewhere(),
            report: Box::new(problem),
        }
    }
}

/// The sink that every pass writes to.
#[derive(Debug, Default)]
pub struct Diagnostics {
    found: Vec<Diagnostic>,
}

impl Diagnostics {
    pub fn push(&mut self, problem: impl Into<Diagnostic>) {
        self.found.push(problem.into());
    }

    pub fn extend(&mut self, other: Diagnostics) {
        self.found.extend(other.found);
    }

    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    pub fn len(&self) -> usize {
        self.found.len()
    }

    pub fn has_errors(&self) -> bool {
        self.found.iter().any(|found| found.severity() == Severity::Error)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.found.iter()
    }

    /// Keeps what the predicate holds for.
    pub fn retain(&mut self, keep: impl FnMut(&Diagnostic) -> bool) {
        self.found.retain(keep);
    }

    /// Everything, by file, place and code; two equal findings are one.
    pub fn into_sorted(mut self) -> Vec<Diagnostic> {
        self.found.sort_by_key(|found| (found.place, found.code));
        self.found.dedup_by(|a, b| a.code == b.code && a.place == b.place && a.message() == b.message());
        self.found
    }
}
