//! What is known at one place of a journey: which values the things that conditions ask about can have there.
//!
//! In: what a condition asks ([`Term`]). Out: [`Facts`], each with the places that prove it. **Invariant:** what is known is true for
//! everybody who comes to the place; forgetting is always right. Does not know in which order things happen.

use super::domain::Domain;
use crate::condition::{Expr, History, HistoryFn};
use crate::schema::LocalId;
use crate::source::Place;

/// Most things that are known at one place; what comes later is not remembered. Keeps the work linear in the size of a journey.
const FACTS_MAX: usize = 48;
/// Most places that are shown as a proof.
const PROOF_MAX: usize = 4;

/// Something that a condition asks about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Term {
    Customer(u16),
    Entry(u16),
    EntryAt,
    EntryDate,
    Local(LocalId),
    Now,
    Today,
    Subject {
        depth: u8,
        field: u16,
    },
    It {
        depth: u8,
    },
    Field(Box<Term>, u16),
    /// How often something happened, by its window and condition.
    Count(Box<str>),
    /// Any other question, by what it asks.
    Asked(Box<str>),
}

impl Term {
    /// The thing that an expression stands for, if it is one that is read and not calculated.
    pub(super) fn of(expr: &Expr) -> Option<Term> {
        Some(match expr {
            Expr::Customer(field) => Term::Customer(field.0),
            Expr::Entry(at) => Term::Entry(*at),
            Expr::EntryAt => Term::EntryAt,
            Expr::EntryDate => Term::EntryDate,
            Expr::Local(local) => Term::Local(*local),
            Expr::Now => Term::Now,
            Expr::Today => Term::Today,
            Expr::Subject { depth, field } => Term::Subject { depth: *depth, field: *field },
            Expr::It { depth } => Term::It { depth: *depth },
            Expr::Field(of, at) => Term::Field(Box::new(Term::of(of)?), *at),
            Expr::History(history) if matches!(history.function, HistoryFn::Count) => Term::count(history),
            _ => return None,
        })
    }

    /// How often something happened, whatever is asked of the number.
    pub(super) fn count(history: &History) -> Term {
        let History { of, window, condition, .. } = history;
        Term::Count(format!("{of:?} {window:?} {condition:?}").into_boxed_str())
    }

    pub(super) fn asked(expr: &Expr) -> Term {
        Term::Asked(format!("{expr:?}").into_boxed_str())
    }
}

/// What is known of one thing.
#[derive(Debug, Clone)]
pub(super) struct Fact {
    pub(super) term: Term,
    pub(super) domain: Domain,
    /// May change while time passes, or by a step.
    pub(super) volatile: bool,
    /// Depends on these bindings, which the next round of a repeat binds anew.
    pub(super) locals: Vec<LocalId>,
    /// Conditions and steps that prove it.
    pub(super) proof: Vec<Place>,
}

/// Everything that is known at one place.
#[derive(Debug, Clone, Default)]
pub(super) struct Facts {
    known: Vec<Fact>,
}

impl Facts {
    pub(super) fn get(&self, term: &Term) -> Option<&Fact> {
        self.known.iter().find(|fact| fact.term == *term)
    }

    /// Replaces what is known of a thing.
    pub(super) fn put(&mut self, fact: Fact) {
        self.forget(&fact.term);
        if self.known.len() < FACTS_MAX {
            self.known.push(fact);
        }
    }

    /// Narrows what is known of a thing; the same place proves once.
    pub(super) fn narrow(&mut self, fact: Fact) {
        let full = self.known.len() >= FACTS_MAX;
        match self.known.iter_mut().find(|known| known.term == fact.term) {
            Some(known) => {
                known.domain = fact.domain;
                for place in fact.proof {
                    if !known.proof.contains(&place) && known.proof.len() < PROOF_MAX {
                        known.proof.push(place);
                    }
                }
            }
            None if !full => self.known.push(fact),
            None => {}
        }
    }

    pub(super) fn forget(&mut self, term: &Term) {
        self.known.retain(|fact| fact.term != *term);
    }

    /// Time has passed, or somebody else has acted.
    pub(super) fn forget_volatile(&mut self) {
        self.known.retain(|fact| !fact.volatile);
    }

    /// A field of the customer has changed: with it everything that is found out about her, but not her other fields.
    pub(super) fn forget_field(&mut self, field: u16) {
        self.known.retain(|fact| !fact.volatile || matches!(fact.term, Term::Customer(other) if other != field));
    }

    pub(super) fn forget_local(&mut self, local: LocalId) {
        self.known.retain(|fact| !fact.locals.contains(&local));
    }

    /// Only what is meant of the subject of a `where` is forgotten.
    pub(super) fn forget_subjects(&mut self) {
        fn of_subject(term: &Term) -> bool {
            match term {
                Term::Subject { .. } | Term::It { .. } => true,
                Term::Field(inner, _) => of_subject(inner),
                _ => false,
            }
        }
        self.known.retain(|fact| !of_subject(&fact.term) && !matches!(fact.term, Term::Asked(_) | Term::Count(_)));
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Fact> {
        self.known.iter()
    }

    /// What holds whichever of two ways was taken.
    #[must_use]
    pub(super) fn either(self, other: &Facts) -> Facts {
        let mut both = Facts::default();
        for fact in self.known {
            if let Some(theirs) = other.get(&fact.term) {
                let mut joined = fact;
                joined.domain = joined.domain.union(&theirs.domain);
                for place in &theirs.proof {
                    if !joined.proof.contains(place) && joined.proof.len() < PROOF_MAX {
                        joined.proof.push(*place);
                    }
                }
                both.known.push(joined);
            }
        }
        both
    }
}

/// What holds whichever of two ways was taken, where each may be impossible.
pub(super) fn either(one: Option<Facts>, two: Option<Facts>) -> Option<Facts> {
    match (one, two) {
        (Some(one), Some(two)) => Some(one.either(&two)),
        (one, two) => one.or(two),
    }
}
