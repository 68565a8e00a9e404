//! Written texts that have a form of their own: addresses, codes, one of a few texts, regular expressions.
//!
//! In: a text literal and the type that its place wants. Out: the text in its normal form, as values are held. **Invariant:** a text that
//! could never be a value of the type is reported here, so a comparison with it never fails in silence.

use super::expr::{Typer, broken};
use super::names::{changes, did_you_mean, listed};
use super::problem::problems;
use crate::ast::{self, ExprKind, TextLit};
use crate::condition::{Expr, Pattern};
use crate::diagnostic::{Code, Fix, suggest};
use crate::value::{Text, Type, Value, normal};

problems! {
    /// `plan is "por"`
    UnknownChoice { text: String, help: String, fix: Vec<Fix> } = Code::new("E0208", "not-one-of");
        "it is never \"{text}\"", "not one of the texts that it can be", "{help}";

    /// `email = "nobody"`
    NotInForm { text: String, what: &'static str, why: String } = Code::new("E0209", "not-in-form");
        "\"{text}\" is no {what}", "it can never be equal to one", "{why}";

    /// `matches "("`
    BadPattern { why: String } = Code::new("E0221", "bad-pattern");
        "this pattern cannot be used", "{why}", "write a regular expression, for example `\"^TH[0-9]+$\"`; a bracket that is meant as a character takes a backslash";

    /// `matches entry.pattern`
    PatternNotWritten {} = Code::new("E0222", "pattern-must-be-written");
        "a pattern must be written out", "this is a value that is known only later", "write the pattern as a text in quotes, for example `\"^TH[0-9]+$\"`";
}

/// Texts listed in a message, before it says "and more".
const LISTED_MAX: usize = 12;

impl Typer<'_, '_, '_> {
    pub(super) fn text_literal(&mut self, text: &TextLit, expected: Option<&Type>) -> (Expr, Type) {
        let plain = |ty: Type| (Expr::Const(Value::text(&text.text)), ty);
        let (what, normal) = match expected {
            Some(Type::OneOf(texts)) => {
                if texts.iter().any(|known| known == text.text.as_str()) {
                    return plain(Type::OneOf(texts.clone()));
                }
                self.unknown_choice(text, texts);
                return broken();
            }
            Some(Type::Email) => ("e-mail address", normal::email(&text.text)),
            Some(Type::Phone) => ("phone number", normal::phone(&text.text, None)),
            Some(Type::Url) => ("web address", normal::url(&text.text)),
            Some(Type::Country) => ("country", normal::country(&text.text)),
            Some(Type::Language) => ("language", normal::language(&text.text)),
            Some(Type::Timezone) => ("time zone", normal::timezone(&text.text)),
            // Her id, as it is known outside.
            Some(Type::Customer) if !text.text.trim().is_empty() => return plain(Type::Customer),
            _ => return plain(Type::Text),
        };
        match normal {
            Ok(normal) => (Expr::Const(Value::Text(normal)), expected.cloned().unwrap_or(Type::Text)),
            Err(why) => {
                let near = match expected {
                    Some(Type::Timezone) => suggest::nearest(&text.text, crate::calendar::zone::names()),
                    _ => Vec::new(),
                };
                let why = if near.is_empty() { why.to_owned() } else { did_you_mean(&near) };
                self.found.push(NotInForm { place: text.place, text: text.text.clone(), what, why });
                broken()
            }
        }
    }

    fn unknown_choice(&mut self, text: &TextLit, texts: &[Text]) {
        let near = suggest::nearest(&text.text, texts.iter().map(Text::as_str));
        let fix = changes(&near, text.content);
        let quoted: Vec<String> = texts.iter().take(LISTED_MAX).map(|text| format!("\"{text}\"")).collect();
        let help = match near.as_slice() {
            [] => format!("it can be {}", quoted.join(", ")),
            [one] => format!("did you mean \"{one}\"?"),
            near => format!("did you mean one of {}?", listed(near)),
        };
        self.found.push(UnknownChoice { place: text.place, text: text.text.clone(), help, fix });
    }

    /// The right side of `matches`.
    pub(super) fn pattern(&mut self, written: &ast::Expr) -> Option<Pattern> {
        let source = match &written.kind {
            ExprKind::Text(text) => text.text.clone(),
            ExprKind::Broken => return None,
            _ => match self.infer(written) {
                (_, Type::Error) => return None,
                (Expr::Const(Value::Text(text)), _) => text.to_string(),
                _ => {
                    self.found.push(PatternNotWritten { place: written.place });
                    return None;
                }
            },
        };
        match Pattern::new(&source) {
            Ok(pattern) => Some(pattern),
            Err(error) => {
                let why = match error {
                    regex::Error::CompiledTooBig(_) => "it would grow too large: it repeats something too often".to_owned(),
                    // The last line of a syntax error says what is wrong; the others repeat the pattern.
                    error => {
                        let text = error.to_string();
                        let last = text.lines().last().unwrap_or("").trim();
                        last.strip_prefix("error: ").unwrap_or(last).to_owned()
                    }
                };
                self.found.push(BadPattern { place: written.place, why });
                None
            }
        }
    }
}
