//! `in journey checkout for the same cart_id`: in the run that has this key.
//!
//! In: the journey and the key as written. Out: a condition. **Invariant:** the journey is keyed by exactly this name; the value comes from
//! what let the customer in, or, where there is no run, from the event that is asked about. Does not know what a run keeps of its key.

use super::expr::{Typer, broken};
use super::problem::problems;
use crate::ast::{self, ClauseKind, ForKey, JourneyItem, Name, OneRunPer, PathRef};
use crate::condition::Expr;
use crate::diagnostic::{Code, Fix};
use crate::value::Type;

problems! {
    /// `in journey checkout for the same order_id` where it is keyed by `cart_id`, or by nothing.
    NotItsKey { journey: String, key: String, is: String, fix: Option<Fix> } = Code::new("E0338", "not-the-key-of-the-journey");
        "`{journey}` does not tell its runs apart by `{key}`", "{is}", "name the key that stands behind its `one run per`, or leave `for …` out: in any run of it";
}

/// The property that a journey is keyed by.
fn key_of(journey: &ast::Journey) -> Option<&Name> {
    journey.items.iter().find_map(|item| match item {
        JourneyItem::Clause(clause) => match &clause.kind {
            ClauseKind::OneRunPer(Some(OneRunPer::Key(name))) => Some(name),
            _ => None,
        },
        _ => None,
    })
}

impl Typer<'_, '_, '_> {
    pub(super) fn in_journey(&mut self, name: Option<&Name>, key: Option<&ForKey>) -> (Expr, Type) {
        let (any, ty) = self.known(name, |project, name, found| project.journey(name, found).map(Expr::InJourney));
        let (Some(key), Expr::InJourney(journey)) = (key.filter(|key| key.same), &any) else { return (any, ty) };
        let (journey, Some(written)) = (*journey, &key.key) else { return broken() };
        let Some(declared) = self.project.names.journeys.get(journey.index()) else { return broken() };
        let own = key_of(declared);
        if own.is_none_or(|own| own.text != written.text) {
            let called = name.map(|name| name.text.to_string()).unwrap_or_default();
            let is = own.map_or_else(
                || "it has one run of a customer at a time, or one per event".to_owned(),
                |own| format!("its key is `{}`", own.text),
            );
            let fix = own.map(|own| Fix::replace(format!("change to `{}`", own.text), written.place, own.text.to_string()));
            self.found.push(NotItsKey { place: key.place, journey: called, key: written.text.to_string(), is, fix });
            return broken();
        }
        let mut parts = Vec::new();
        if self.scope.entry.is_some() {
            parts.push(Name { text: "entry".into(), place: written.place, quoted: false });
        }
        parts.push(written.clone());
        match self.path(&PathRef { parts, place: written.place }) {
            Some((value, _)) => (Expr::InJourneyFor { journey, key: Box::new(value) }, Type::Boolean),
            None => broken(),
        }
    }
}
