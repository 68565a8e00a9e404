//! A short way to declare one kind of finding: its struct, its wording and its code in one place, beside the pass that emits it.
//!
//! In: the declaration. Out: a struct that implements [`Problem`](crate::diagnostic::Problem). Knows nothing of the language.

/// Declares findings. Message, label and help may name the fields in braces; `place` is always there and is the primary label. A finding
/// that can mend itself has a field `fix: Vec<Fix>`; one that points elsewhere has `other: Option<(Place, String)>`.
macro_rules! problems {
    ($(
        $(#[doc = $doc:literal])+
        $name:ident { $($field:ident: $ty:ty),* $(,)? } = $code:expr;
        $message:literal, $label:literal, $help:literal;
    )+) => { $(
        $(#[doc = $doc])+
        #[derive(Debug, thiserror::Error, miette::Diagnostic)]
        #[error($message)]
        #[diagnostic(help($help))]
        pub struct $name {
            #[label(primary, $label)]
            pub place: crate::source::Place,
            $(pub $field: $ty,)*
        }

        impl crate::diagnostic::Problem for $name {
            const CODE: crate::diagnostic::Code = $code;

            fn place(&self) -> crate::source::Place {
                self.place
            }

            #[allow(clippy::let_and_return, reason = "a finding without fixes has nothing in between")]
            fn fixes(&self) -> Vec<crate::diagnostic::Fix> {
                let fixes: Vec<crate::diagnostic::Fix> = Vec::new();
                $(let fixes = crate::check::problem::Extra::fixes(&self.$field, fixes);)*
                fixes
            }

            #[allow(clippy::let_and_return, reason = "a finding that stands alone has nothing in between")]
            fn elsewhere(&self) -> Vec<(crate::source::Place, String)> {
                let places: Vec<(crate::source::Place, String)> = Vec::new();
                $(let places = crate::check::problem::Extra::places(&self.$field, places);)*
                places
            }
        }
    )+ };
}

pub(crate) use problems;

use crate::diagnostic::Fix;
use crate::source::Place;

/// Data of a finding that is not words: fixes and other places. Everything else adds nothing.
pub(crate) trait Extra {
    fn fixes(&self, before: Vec<Fix>) -> Vec<Fix> {
        before
    }

    fn places(&self, before: Vec<(Place, String)>) -> Vec<(Place, String)> {
        before
    }
}

impl Extra for String {}
impl Extra for &'static str {}

impl Extra for Option<Fix> {
    fn fixes(&self, mut before: Vec<Fix>) -> Vec<Fix> {
        before.extend(self.clone());
        before
    }
}

impl Extra for Vec<Fix> {
    fn fixes(&self, mut before: Vec<Fix>) -> Vec<Fix> {
        before.extend(self.iter().cloned());
        before
    }
}

impl Extra for Vec<(Place, &'static str)> {
    fn places(&self, mut before: Vec<(Place, String)>) -> Vec<(Place, String)> {
        before.extend(self.iter().map(|(place, text)| (*place, (*text).to_owned())));
        before
    }
}

impl Extra for Option<(Place, &'static str)> {
    fn places(&self, mut before: Vec<(Place, String)>) -> Vec<(Place, String)> {
        before.extend(self.map(|(place, text)| (place, text.to_owned())));
        before
    }
}

/// `place`, emptied at its end: where a fix inserts behind it.
pub(crate) fn after(place: Place) -> Place {
    Place { span: crate::source::Span::new(place.span.end, place.span.end), ..place }
}

/// `place`, emptied at its start: where a fix inserts before it.
pub(crate) fn before(place: Place) -> Place {
    Place { span: crate::source::Span::new(place.span.start, place.span.start), ..place }
}
