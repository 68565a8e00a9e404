//! `brand { … }`: what every text of the project keeps to.
//!
//! **Invariant:** as all shapes: nothing resolved, what is missing is `None`.

use super::{Expr, Name, TextLit};
use crate::source::Place;

/// A line of the brand.
#[derive(Debug, Clone)]
pub struct BrandRule {
    pub place: Place,
    pub kind: BrandRuleKind,
}

#[derive(Debug, Clone)]
pub enum BrandRuleKind {
    /// `never say ["cheap"]`
    NeverSay(Option<Expr>),
    /// `always write "LINE Pay"`
    AlwaysWrite(Option<TextLit>),
    /// `link domains ["shop.example"]`
    LinkDomains(Option<Expr>),
    /// `colours ["#0a5"]`
    Colours(Option<Expr>),
    /// `postal address "1 Sukhumvit Road, Bangkok"`
    PostalAddress(Option<TextLit>),
    /// `footer legal`
    Footer(Option<Name>),
    /// `address people as "คุณ"`
    AddressPeopleAs(Option<TextLit>),
}
