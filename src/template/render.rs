//! Rendering: from a compiled template and values to text, within a budget.
//!
//! **Invariant:** what comes out is charged before it is written, so that no value can make it large; values are text here, never
//! templates: `{{` in a name is printed.

use super::escape::{Medium, push_line};
use super::eval::Stopped;
use super::out::Out;
use super::{Filter, Piece, Show, Template};
use crate::calendar::Zone;
use crate::condition::Expr;
use crate::value::{Text, Value, show};

/// The most that a part of a message may be, bytes.
pub const OUTPUT_BYTES_MAX: usize = 1 << 20;

/// How values are written.
#[derive(Debug, Clone, Copy)]
pub struct Manner<'a> {
    /// `th` writes dates in Thai, everything else in English.
    pub language: &'a str,
    /// Moments are shown in it.
    pub zone: Zone,
    /// A header, such as a subject: line ends become blanks.
    pub one_line: bool,
    /// HTML or MJML: what values hold is written so that it is text there.
    pub markup: bool,
    /// The most that may come out, bytes; see [`OUTPUT_BYTES_MAX`].
    pub bytes_max: usize,
}

/// Why a template shows nothing: a limit was met, or something cannot be worked out.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Refused {
    #[error("the content is larger than {bytes_max} bytes")]
    TooLarge { bytes_max: usize },
    #[error("{0}")]
    Stopped(#[from] Stopped),
}

impl Template {
    /// The text for one customer. `eval` gives the value of an expression for her.
    pub fn render(&self, eval: &mut dyn FnMut(&Expr) -> Value, manner: Manner) -> Result<String, Refused> {
        if let Some(hosted) = &self.program {
            return Ok(hosted.render(eval, manner)?);
        }
        if manner.markup {
            return self.render_markup(eval, manner);
        }
        let mut out = String::with_capacity(self.room().min(manner.bytes_max));
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => push(&mut out, text, manner)?,
                Piece::Value { value, filters, show } => push(&mut out, &shown(eval(value), filters, *show, manner), manner)?,
            }
        }
        Ok(out)
    }

    /// The same where values stand between tags.
    fn render_markup(&self, eval: &mut dyn FnMut(&Expr) -> Value, manner: Manner) -> Result<String, Refused> {
        let mut out = Out::with_room(Medium::Html, manner.bytes_max, self.room());
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => out.literal(text),
                Piece::Value { value, filters, show } => out.shown(&shown(eval(value), filters, *show, manner), false),
            }
            .map_err(Stopped::from)?;
        }
        Ok(out.text)
    }

    /// Bytes that it will probably have.
    fn room(&self) -> usize {
        let sizes = self.pieces.iter().map(|piece| match piece {
            Piece::Text(text) => text.len(),
            Piece::Value { .. } => 24,
        });
        sizes.sum()
    }
}

fn push(out: &mut String, text: &str, manner: Manner) -> Result<(), Refused> {
    if out.len().saturating_add(text.len()) > manner.bytes_max {
        return Err(Refused::TooLarge { bytes_max: manner.bytes_max });
    }
    if manner.one_line {
        // What would begin another header line becomes a blank.
        push_line(text, out);
        return Ok(());
    }
    out.push_str(text);
    Ok(())
}

/// A value with its filters applied from left to right.
fn shown(mut value: Value, filters: &[Filter], show: Show, manner: Manner) -> Text {
    for filter in filters {
        value = apply(value, filter, show, manner);
    }
    match (value, show) {
        // It may be short enough to need no memory of its own.
        (Value::Text(text), _) => text,
        (Value::Number(amount), Show::Money(currency)) => show::money(amount, currency).into(),
        (Value::Date(date), _) => show::date(date.and_time(chrono::NaiveTime::MIN), None, manner.language).into(),
        (value, _) => show::display(&value, manner.zone).into(),
    }
}

fn apply(value: Value, filter: &Filter, show: Show, manner: Manner) -> Value {
    match (filter, value) {
        // As elsewhere, an empty text counts as nothing.
        (Filter::Default(default), Value::Missing) => default.clone(),
        (Filter::Default(default), Value::Text(text)) if text.trim().is_empty() => default.clone(),
        (_, Value::Missing) => Value::Missing,
        (Filter::Money(currency), Value::Number(amount)) => Value::Text(show::money(amount, *currency).into()),
        (Filter::Date(pattern), Value::Date(date)) => {
            Value::Text(show::date(date.and_time(chrono::NaiveTime::MIN), pattern.as_deref(), manner.language).into())
        }
        (Filter::Date(pattern), Value::Instant(instant)) => {
            Value::Text(show::date(manner.zone.local(instant), pattern.as_deref(), manner.language).into())
        }
        (Filter::Upcase, value) => Value::Text(shown(value, &[], show, manner).to_uppercase()),
        (Filter::Downcase, value) => Value::Text(shown(value, &[], show, manner).to_lowercase()),
        (_, value) => value,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::value::Currency;
    use chrono::NaiveDate;

    fn manner(language: &str) -> Manner<'_> {
        Manner { language, zone: Zone::UTC, one_line: false, markup: false, bytes_max: OUTPUT_BYTES_MAX }
    }

    fn one(filters: Vec<Filter>, show: Show) -> Template {
        Template::from(vec![Piece::Text("<".into()), Piece::Value { value: Expr::Param(0), filters, show }, Piece::Text(">".into())])
    }

    #[test]
    fn filters_apply_from_left_to_right_and_missing_passes_them() {
        let default = || Filter::Default(Value::text("คุณลูกค้า"));
        let name = one(vec![default(), Filter::Upcase], Show::Plain);
        assert_eq!(name.render(&mut |_| Value::text("nok"), manner("th")).unwrap(), "<NOK>");
        assert_eq!(name.render(&mut |_| Value::Missing, manner("th")).unwrap(), "<คุณลูกค้า>");
        assert_eq!(name.render(&mut |_| Value::text(" "), manner("th")).unwrap(), "<คุณลูกค้า>");
        let thb = Currency(*b"THB");
        let total = one(vec![Filter::Money(thb), default()], Show::Money(thb));
        assert_eq!(total.render(&mut |_| Value::Number(1290.into()), manner("th")).unwrap(), "<฿1,290>");
        assert_eq!(total.render(&mut |_| Value::Missing, manner("th")).unwrap(), "<คุณลูกค้า>");
        assert_eq!(one(vec![], Show::Money(thb)).render(&mut |_| Value::Number(5.into()), manner("en")).unwrap(), "<฿5>");
    }

    #[test]
    fn dates_follow_the_language() {
        let day = one(vec![Filter::Date(None)], Show::Plain);
        let date = Value::Date(NaiveDate::from_ymd_opt(2026, 3, 1).unwrap());
        let in_english = day.render(&mut |_| date.clone(), manner("en")).unwrap();
        let in_thai = day.render(&mut |_| date.clone(), manner("th")).unwrap();
        assert!(in_english.contains("March") && in_thai.contains("มีนาคม"), "{in_english} {in_thai}");
    }

    #[test]
    fn data_is_never_a_template_and_never_another_header() {
        let header = Manner { one_line: true, ..manner("en") };
        let evil = "{{ customer.email }}\r\nBcc: all@example.com";
        assert_eq!(
            one(vec![], Show::Plain).render(&mut |_| Value::text(evil), header).unwrap(),
            "<{{ customer.email }} Bcc: all@example.com>"
        );
    }

    #[test]
    fn output_is_charged_before_it_is_written() {
        let small = Manner { bytes_max: 10, ..manner("en") };
        let text = one(vec![], Show::Plain);
        assert_eq!(text.render(&mut |_| Value::text("12345678"), small).unwrap(), "<12345678>");
        assert_eq!(text.render(&mut |_| Value::text("123456789"), small), Err(Refused::TooLarge { bytes_max: 10 }));
    }
}
