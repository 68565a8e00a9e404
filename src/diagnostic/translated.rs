//! A finding in another language.
//!
//! In: a finding. Out: the same with message, labels, help, titles of fixes and notes in the language asked for; places, codes and edits
//! are as they were. The one way for every output: terminal, JSON, documents for build servers, editor.

use super::{Diagnostic, Fix};
use crate::locale::Locale;
use miette::LabeledSpan;
use std::fmt::Display;

impl Diagnostic {
    /// The finding in a language.
    pub fn translated(&self, locale: Locale) -> Diagnostic {
        let labels = self.report.labels().into_iter().flatten().map(|label| {
            let text = label.label().map(|text| locale.text(text));
            let range = (label.offset(), label.len());
            if label.primary() { LabeledSpan::new_primary_with_span(text, range) } else { LabeledSpan::new_with_span(text, range) }
        });
        let report = Translated {
            message: locale.text(&self.message()),
            help: self.help().map(|help| locale.text(&help)),
            labels: labels.collect(),
        };
        Diagnostic {
            code: self.code,
            place: self.place,
            fixes: self.fixes.iter().map(|fix| Fix { title: locale.text(&fix.title), edits: fix.edits.clone() }).collect(),
            elsewhere: self.elsewhere.iter().map(|(place, text)| (*place, locale.text(text))).collect(),
            report: Box::new(report),
        }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("{message}")]
struct Translated {
    message: String,
    help: Option<String>,
    labels: Vec<LabeledSpan>,
}

impl miette::Diagnostic for Translated {
    fn help<'a>(&'a self) -> Option<Box<dyn Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn Display + 'a>)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.labels.iter().cloned()))
    }
}
