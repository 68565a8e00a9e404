//! HTML and MJML as mail programs read them: what no mail may hold.
//!
//! In: the text of a body or of a block. Out: findings at their places in it. **Invariant:** templates do not count as tags; linear and without
//! recursion. Whether MJML can be made into a mail is `mjml`'s.

use super::mjml::{blanked, on_boundaries};
use crate::ast::TextLit;
use crate::check::problem::problems;
use crate::check::template::place;
use crate::diagnostic::{Code, Diagnostics};
use crate::template::nesting;
use std::ops::Range;

problems! {
    /// `<svg …>`
    NotInAMail { what: String, why: String, help: String } = Code::new("E0436", "not-in-a-mail");
        "{what} cannot be in a mail", "{why}", "{help}";
}

/// What mail programs take out or misread, and in which tags and scripts have been hidden from those who clean mails.
const FOREIGN: [&str; 2] = ["svg", "math"];

pub(in crate::check) fn check(text: &TextLit, found: &mut Diagnostics) {
    let written = blanked(&text.text);
    if let Some(at) = foreign(&written) {
        let what = format!("`<{}>`", &written[at.clone()]);
        let why = "most mail programs take it out, and what they make of the rest differs".to_owned();
        let help = "show it as a picture: `<img src=\"https://…/logo.png\" alt=\"…\">`".to_owned();
        found.push(NotInAMail { place: place(text, &at), what, why, help });
    } else if let Some(deep) = nesting::too_deep(&written) {
        let what = format!("more than {} tags inside each other", nesting::DEPTH_MAX);
        let at = on_boundaries(&written, deep, deep + 1);
        let why = "no mail program shows that".to_owned();
        found.push(NotInAMail { place: place(text, &at), what, why, help: "close each tag where it ends".to_owned() });
    }
}

/// The name of the first tag that is not HTML.
fn foreign(text: &str) -> Option<Range<usize>> {
    text.match_indices('<').find_map(|(open, _)| {
        let name = &text[open + 1..];
        let end = name.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(name.len());
        FOREIGN.iter().any(|word| name[..end].eq_ignore_ascii_case(word)).then_some(open + 1..open + 1 + end)
    })
}
