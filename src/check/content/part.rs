//! One part of a content: a text, a file, an address, a moment.
//!
//! In: the part as written, and what it must hold. Out: its template. **Invariant:** what is fixed in the file is checked here; what is
//! filled in per customer has a type that fits. Does not know which parts a channel has.

use super::file;
use super::parts::Holds;
use crate::ast::{self, ExprKind, TextLit};
use crate::check::message::Cx;
use crate::check::names::listed;
use crate::check::problem::problems;
use crate::diagnostic::{Code, Fix, suggest};
use crate::source::Place;
use crate::template::Template;
use crate::value::{Type, normal};

/// Most characters of a subject (RFC 5322 allows a line of 998 bytes; no program shows so much).
const SUBJECT_MAX: usize = 255;
/// Longest name of an approved template, as WhatsApp has it.
const TEMPLATE_NAME_MAX: usize = 512;

problems! {
    /// A subject that no mail program shows.
    SubjectTooLong { count: String } = Code::new("E0406", "subject-too-long");
        "this subject has {count} characters, and 255 are the most", "nobody would see its end", "say it shorter; the `preheader` and the text have room for the rest";

    /// `due "tomorrow"`
    NeedsMoment { part: String, is: String } = Code::new("E0426", "part-needs-a-moment");
        "`{part}` is a moment, and this is {is}", "when is that?", "write a date, a moment or a duration from the send on, for example `{part} 3 days` or `{part} now + 3 days`";

    /// `from "the shop"`
    NotAnAddress { part: String } = Code::new("E0429", "not-an-address");
        "`{part}` needs an e-mail address", "no mail can come from or go to this", "write for example `{part} \"Shop <hello@shop.example>\"`";

    /// `link "shop.example"`
    NotALink { fix: Option<Fix> } = Code::new("E0430", "not-a-link");
        "this is no address that can be opened", "it must begin with `https://`, or with the scheme of an app", "write for example `link \"https://shop.example\"` or `link \"myshop://cart\"`";

    /// `template "{{ name }}"`, `form "box"`
    NotFixed { part: String, help: String, fix: Option<Fix> } = Code::new("E0431", "part-is-fixed");
        "`{part}` cannot be this", "it is the same for every customer", "{help}";

    /// `subject file "mail/subject.txt"`
    FileHere { part: String } = Code::new("E0432", "part-from-a-file");
        "`{part}` cannot come from a file", "it is short, and belongs where it can be read", "write it here: `{part} \"…\"`; `mjml`, `html` and `text` may come from files";
}

/// The template of a part; `None` where it has a mistake that leaves nothing.
pub(super) fn check(cx: &mut Cx, part: &ast::Part, holds: Holds, may_be_file: bool) -> Option<Template> {
    let name = part.name.text.as_str();
    let written = part.value.as_ref()?;
    if part.file {
        if !may_be_file {
            cx.found.push(FileHere { place: part.place, part: name.to_owned() });
            return None;
        }
        let ExprKind::Text(path) = &written.kind else { return None };
        let text = file::text(cx, path)?;
        markup(cx, name, &text);
        return Some(cx.template(&text));
    }
    match holds {
        Holds::Moment => moment(cx, part, written),
        Holds::TemplateName | Holds::Language | Holds::OneOf(_) => fixed(cx, part, written, holds),
        Holds::Text | Holds::Markup | Holds::Address | Holds::Link => {
            let template = value(cx, written)?;
            if let ExprKind::Text(text) = &written.kind {
                constant(cx, part, text, &template, holds);
                markup(cx, name, text);
            }
            Some(template)
        }
    }
}

/// What can be said of a body that mail programs read.
fn markup(cx: &mut Cx, name: &str, text: &TextLit) {
    let before = cx.found.len();
    if name == "mjml" {
        super::mjml::check(cx, text);
    }
    if matches!(name, "mjml" | "html") && cx.found.len() == before {
        super::markup::check(text, cx.found);
    }
}

/// A text is a template; anything else is one value in it.
pub(super) fn value(cx: &mut Cx, written: &ast::Expr) -> Option<Template> {
    match &written.kind {
        ExprKind::Text(text) => Some(cx.template(text)),
        ExprKind::Broken => None,
        _ => cx.value_as_template(written),
    }
}

/// What can be said of a text before anything is filled in.
fn constant(cx: &mut Cx, part: &ast::Part, text: &TextLit, template: &Template, holds: Holds) {
    let is_fixed = !text.text.contains("{{") && !text.text.contains("{%");
    match holds {
        Holds::Address if is_fixed && !is_mailbox(&text.text) => {
            cx.found.push(NotAnAddress { place: text.place, part: part.name.text.to_string() });
        }
        Holds::Link => {
            let begins_with_value = text.text.trim_start().starts_with('{');
            if !begins_with_value && !has_scheme(&text.text) {
                let bare = text.text.contains('.') && !text.text.contains(char::is_whitespace) && !text.text.contains("//");
                let fix = bare.then(|| Fix::replace("add `https://`", crate::check::problem::before(text.content), "https://"));
                cx.found.push(NotALink { place: text.place, fix });
            }
        }
        Holds::Text if part.name.text == "subject" => subject(cx, part.name.place, template),
        _ => {}
    }
}

/// What is written in a subject must have room; what is filled in is cut when it is sent.
fn subject(cx: &mut Cx, place: Place, template: &Template) {
    let count: usize = template.written().map(|text| text.chars().count()).sum();
    if count > SUBJECT_MAX {
        cx.found.push(SubjectTooLong { place, count: count.to_string() });
    }
}

/// `hello@shop.example`, `Shop <hello@shop.example>`
fn is_mailbox(text: &str) -> bool {
    let text = text.trim();
    match text.strip_suffix('>').and_then(|text| text.rsplit_once('<')) {
        Some((_, address)) => normal::email(address).is_ok(),
        None => normal::email(text).is_ok(),
    }
}

/// `https://…`, `mailto:…`, `myshop://…`
fn has_scheme(text: &str) -> bool {
    let Some((scheme, rest)) = text.trim().split_once(':') else { return false };
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
        && !scheme.eq_ignore_ascii_case("javascript")
        && !scheme.eq_ignore_ascii_case("data");
    is_scheme && !rest.is_empty() && (rest.starts_with("//") || ["mailto", "tel", "sms"].contains(&scheme))
}

/// A date, a moment, or a duration from the send on.
fn moment(cx: &mut Cx, part: &ast::Part, written: &ast::Expr) -> Option<Template> {
    if matches!(written.kind, ExprKind::Broken) {
        return None;
    }
    let before = cx.found.len();
    let (_, ty) = cx.typer().infer(written);
    if cx.found.len() > before {
        return None;
    }
    match ty.required() {
        Type::Duration if !ty.is_optional() => cx.value_as_template(&from_now(written)),
        Type::Date | Type::DateTime => cx.value_as_template(written),
        Type::Error => None,
        other => {
            let is = crate::check::expr::a(other);
            cx.found.push(NeedsMoment { place: written.place, part: part.name.text.to_string(), is });
            None
        }
    }
}

/// `now + D`
fn from_now(duration: &ast::Expr) -> ast::Expr {
    let place = duration.place;
    let now = ast::Name { text: "now".into(), place, quoted: false };
    let (left, right) =
        (ast::Expr { kind: ExprKind::Name(now), place }, ast::Expr { kind: ExprKind::Paren(Box::new(duration.clone())), place });
    let op = ast::Spanned { value: ast::BinaryOp::Plus, place };
    ast::Expr { kind: ExprKind::Binary { op, left: Box::new(left), right: Box::new(right), ignoring_case: false }, place }
}

/// The same for every customer: a name, a code, a word of a list.
fn fixed(cx: &mut Cx, part: &ast::Part, written: &ast::Expr, holds: Holds) -> Option<Template> {
    if matches!(written.kind, ExprKind::Broken) {
        return None;
    }
    let name = part.name.text.to_string();
    let text = match &written.kind {
        ExprKind::Text(text) => Some(text),
        _ => None,
    };
    let fits = text.is_some_and(|text| match holds {
        Holds::TemplateName => {
            let plain = text.text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
            plain && !text.text.is_empty() && text.text.len() <= TEMPLATE_NAME_MAX
        }
        Holds::Language => normal::language(&text.text.replace('_', "-")).is_ok(),
        Holds::OneOf(words) => words.contains(&text.text.as_str()),
        _ => true,
    });
    if fits {
        return text.map(|text| cx.template(text));
    }
    let (help, fix) = match holds {
        Holds::OneOf(words) => {
            let near = text.and_then(|text| suggest::best(&text.text, words.iter().copied()));
            let fix = near.map(|near| Fix::replace(format!("change to \"{near}\""), written.place, format!("\"{near}\"")));
            (format!("write one of {} in quotes", listed(words)), fix)
        }
        Holds::Language => ("write a language as its code, for example `language \"th\"` or `language \"en_US\"`".to_owned(), None),
        _ => {
            let help = "write the name under which the template was approved, in small letters, digits and `_`: `template \"order_update\"`; values go into lines of their own";
            (help.to_owned(), None)
        }
    };
    cx.found.push(NotFixed { place: written.place, part: name, help, fix });
    None
}
