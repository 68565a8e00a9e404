//! Literals that mean nothing: days that do not exist, numbers too long, escapes nobody knows, a percentage without its sign.

use super::{Around, Spelling};
use crate::diagnostic::Fix;
use crate::source::Span;
use crate::syntax::findings::{BadNumber, MissingPart, NoSuchTime, UnknownEscape, Words};
use crate::syntax::literal::{self, BadDuration, Decoded};
use crate::syntax::tree::{Kind, NodeId};

impl Spelling<'_> {
    /// True once something was said.
    pub(super) fn literal(&mut self, id: NodeId, kind: Kind, around: Around) -> bool {
        let written = self.written(id);
        match kind {
            Kind::Number => self.number(id, written, around),
            Kind::Percent if literal::percent(written).is_none() => self.too_long(id, written),
            Kind::Money if literal::money(written).is_none() => self.too_long(id, written),
            Kind::Duration => match literal::duration(written) {
                Ok(_) => false,
                Err(why) => self.bad_duration(id, written, why),
            },
            Kind::Date if literal::date(written).is_none() => {
                self.no_such_time(id, written, "the calendar has no such day", "write a day that exists, for example `2026-03-01`")
            }
            Kind::Date if matches!(around.parent, Kind::SceneAt | Kind::SceneStarting) || around.parent == Kind::ExpectMessage => {
                self.clock_missing(id, written)
            }
            Kind::Datetime if literal::datetime(written).is_none() => {
                self.no_such_time(id, written, "no day or no clock has this", "write a moment that exists, for example `2026-03-01 09:00`")
            }
            Kind::Time if literal::time(written).is_none() => {
                self.no_such_time(id, written, "clock times go from 00:00 to 23:59", "write a time of the day, for example `09:00`")
            }
            Kind::Text => {
                let inner = written.get(1..written.len() - 1).unwrap_or("");
                let start = self.tree.span(id).start + 1;
                self.text_content(inner, start, literal::decode)
            }
            Kind::LongText => {
                let inner = written.get(3..written.len() - 3).unwrap_or("");
                let start = self.tree.span(id).start + 3;
                self.text_content(inner, start, literal::decode_long)
            }
            _ => false,
        }
    }

    fn number(&mut self, id: NodeId, written: &str, around: Around) -> bool {
        let Some(value) = literal::number(written) else { return self.too_long(id, written) };
        let behind = around.before.map(|before| self.tree.kind(before));
        let wants_percent = match around.parent {
            Kind::HoldOut | Kind::SplitPath => true,
            Kind::Arm => behind != Some(Kind::KwSureAfter),
            _ => false,
        };
        if wants_percent {
            let end = self.tree.span(id).end;
            self.report(MissingPart::from(Words {
                message: format!("`{written}` needs a `%`"),
                place: self.at(self.tree.span(id)),
                label: "a share is a percentage".to_owned(),
                help: format!("write `{written}%`"),
                fixes: vec![Fix::replace("add the `%`", self.at(Span::new(end, end)), "%")],
            }));
            return true;
        }
        if around.parent == Kind::Has && !value.is_integer() {
            self.report(BadNumber::from(Words {
                message: format!("`{written}` is no count"),
                place: self.at(self.tree.span(id)),
                label: "something happens a whole number of times".to_owned(),
                help: "write a whole number, for example `has at least 2 order_completed`".to_owned(),
                fixes: Vec::new(),
            }));
            return true;
        }
        false
    }

    fn too_long(&mut self, id: NodeId, written: &str) -> bool {
        self.report(BadNumber::from(Words {
            message: format!("the number in `{}` is too long", super::lines::short(written)),
            place: self.at(self.tree.span(id)),
            label: "more than 28 digits".to_owned(),
            help: "numbers are exact decimals of up to 28 digits, for example `20_000` or `1.5`".to_owned(),
            fixes: Vec::new(),
        }));
        true
    }

    fn bad_duration(&mut self, id: NodeId, written: &str, why: BadDuration) -> bool {
        let (label, help) = match why {
            BadDuration::Fraction => {
                ("a part of a month has no fixed length", "write whole months and years, for example `1 month 15 days`")
            }
            BadDuration::TooLong => ("longer than any calendar", "write a length that somebody will see the end of, for example `2 days`"),
        };
        self.report(BadNumber::from(Words {
            message: format!("`{}` is no length of time", super::lines::short(written)),
            place: self.at(self.tree.span(id)),
            label: label.to_owned(),
            help: help.to_owned(),
            fixes: Vec::new(),
        }));
        true
    }

    fn no_such_time(&mut self, id: NodeId, written: &str, label: &str, help: &str) -> bool {
        self.report(NoSuchTime::from(Words {
            message: format!("`{written}` does not exist"),
            place: self.at(self.tree.span(id)),
            label: label.to_owned(),
            help: help.to_owned(),
            fixes: Vec::new(),
        }));
        true
    }

    fn clock_missing(&mut self, id: NodeId, written: &str) -> bool {
        let end = self.tree.span(id).end;
        self.report(MissingPart::from(Words {
            message: format!("a clock time is missing after `{written}`"),
            place: self.at(self.tree.span(id)),
            label: "a day, but not when on that day".to_owned(),
            help: format!("write for example `{written} 09:00`"),
            fixes: vec![Fix::replace("add a clock time", self.at(Span::new(end, end)), " 09:00")],
        }));
        true
    }

    /// Escapes. What stands between `{{` and `}}` is the template's.
    fn text_content(&mut self, inner: &str, start: u32, decode: fn(&str, u32) -> Decoded) -> bool {
        if !inner.contains('\\') {
            return false;
        }
        let decoded = decode(inner, start);
        let Some((from, to)) = decoded.bad_escapes.first().copied() else { return false };
        let span = Span::new(from, to);
        let escape = self.text.get(span.range()).unwrap_or("");
        self.report(UnknownEscape::from(Words {
            message: format!("`{escape}` means nothing in a text"),
            place: self.at(span),
            label: "not one of the escapes".to_owned(),
            help: "the escapes are `\\\"` `\\\\` `\\n` `\\t` and `\\u{0E01}`; a backslash itself is `\\\\`".to_owned(),
            fixes: vec![Fix::replace("write a plain backslash", self.at(Span::new(from, from + 1)), "\\\\")],
        }));
        true
    }
}
