//! Hooks: questions to a service of the house, and steps that ask them.

use super::*;

/// `hook stock(sku text) { url "https://…", timeout 5 seconds, answers { left number } }`
#[derive(Debug, Clone)]
pub struct Hook {
    pub docs: Docs,
    pub name: Option<Name>,
    pub params: Vec<Param>,
    /// As written; each should be there once at most.
    pub urls: Vec<TextLit>,
    pub timeouts: Vec<Spanned<Duration>>,
    pub answers: Vec<(Vec<Field>, Place)>,
}

/// `call stock(sku: entry.sku) as answer otherwise { … }`
#[derive(Debug, Clone)]
pub struct Call {
    pub hook: Option<Name>,
    pub args: Vec<Arg>,
    pub args_place: Option<Place>,
    pub bind: Option<Name>,
    pub otherwise: Block,
}
