//! Templates: every `{{ … }}` of a message with its type.
//!
//! In: text literals with templates in them, in the scope of a message. Out: compiled [`Template`]s.

use super::expr::Typer;
use crate::ast;
use crate::template::{Piece, Template};

impl Typer<'_, '_, '_> {
    /// Compiles the template in a text; what is wrong in it is reported at its place in the file.
    pub(crate) fn template(&mut self, text: &ast::TextLit) -> Template {
        Template { pieces: vec![Piece::Text(text.text.clone())] }
    }

    /// One value as a template of its own: `due entry.date`.
    pub(crate) fn value_as_template(&mut self, written: &ast::Expr) -> Option<Template> {
        self.infer(written);
        None
    }
}
