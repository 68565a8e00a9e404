//! The longest that a text can become when it is filled in.
//!
//! In: a compiled template, with the types of what it shows. Out: a text that is as long as it gets, for its length and its alphabet.
//! **Invariant:** of several branches the longest is taken; a text whose length depends on the length of a list has none. What nobody has
//! limited counts as [`LETTERS`] letters, and a letter may be of any script.

use crate::calendar::{Instant, Zone};
use crate::check::checked::Message;
use crate::condition::Expr;
use crate::schema::Schema;
use crate::template::host::Hosted;
use crate::template::program::{Op, Program};
use crate::template::{Manner, OUTPUT_BYTES_MAX, Piece, Template};
use crate::value::{Decimal, Text, Type, Value};
use chrono::{NaiveDate, NaiveTime};

/// How long a text of a customer, of an event or of an item counts where no filter cuts it: longer than most names of people and products.
pub(super) const LETTERS: usize = 40;
/// Branches inside branches that are looked at; what is deeper has no longest.
const DEPTH_MAX: usize = 8;
/// Days whose names of month and weekday are the longest, in English and in Thai.
const DAYS: [(i32, u32, u32); 2] = [(2026, 9, 30), (2028, 2, 24)];

/// The longest text of a template; `None` where it has none.
pub(super) fn text(schema: &Schema, message: &Message, template: &Template, language: &str) -> Option<String> {
    let texts = DAYS.iter().filter_map(|(year, month, day)| {
        let day = NaiveDate::from_ymd_opt(*year, *month, *day)?;
        Longest { schema, params: &message.params, day, language }.template(template)
    });
    let texts: Vec<String> = texts.collect();
    (texts.len() == DAYS.len()).then(|| texts.into_iter().max_by_key(|text| units(text))).flatten()
}

fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

struct Longest<'a> {
    schema: &'a Schema,
    params: &'a [(Text, Type)],
    day: NaiveDate,
    language: &'a str,
}

impl Longest<'_> {
    fn template(&self, template: &Template) -> Option<String> {
        let Some(hosted) = &template.program else {
            let types: Vec<(&Expr, Type)> = template
                .pieces
                .iter()
                .filter_map(|piece| match piece {
                    Piece::Value { value, .. } => Some((value, self.of(value))),
                    Piece::Text(_) => None,
                })
                .collect();
            return self.rendered(template, &|expr| types.iter().find(|(known, _)| *known == expr).map(|(_, ty)| ty.clone()));
        };
        let mut flat = (**hosted).clone();
        for at in 0..flat.program.partials.len() {
            let body = flat.program.partials[at].body.clone();
            flat.program.partials[at].body = self.straight(&flat, &body, 0)?;
        }
        let body = flat.program.body.clone();
        flat.program.body = self.straight(&flat, &body, 0)?;
        self.program(&flat)
    }

    fn program(&self, hosted: &Hosted) -> Option<String> {
        let template = Template { pieces: Vec::new(), program: Some(Box::new(hosted.clone())) };
        self.rendered(&template, &|expr| hosted.values.iter().find(|value| value.expr == *expr).map(|value| value.ty.clone()))
    }

    fn rendered(&self, template: &Template, type_of: &dyn Fn(&Expr) -> Option<Type>) -> Option<String> {
        let manner = Manner { language: self.language, zone: Zone::UTC, one_line: false, markup: false, bytes_max: OUTPUT_BYTES_MAX };
        let mut value = |expr: &Expr| match expr {
            Expr::Const(value) => value.clone(),
            other => type_of(other).map_or(Value::Missing, |ty| self.value(&ty)),
        };
        template.render(&mut value, manner).ok()
    }

    /// Without branches: of each the longest, in its place.
    fn straight(&self, hosted: &Hosted, body: &[Op], depth: usize) -> Option<Vec<Op>> {
        if depth > DEPTH_MAX {
            return None;
        }
        let mut out = Vec::with_capacity(body.len());
        for op in body {
            let arms: Vec<&[Op]> = match op {
                Op::If { arms, otherwise, .. } => arms.iter().map(|arm| arm.body.as_slice()).chain([otherwise.as_slice()]).collect(),
                Op::Case { arms, .. } => arms.iter().map(|arm| arm.body.as_slice()).collect(),
                // As long as a list is, and nobody knows how long.
                Op::For(_) => return None,
                Op::Capture { name, body } => {
                    out.push(Op::Capture { name: *name, body: self.straight(hosted, body, depth + 1)? });
                    continue;
                }
                Op::IfChanged { body, .. } => {
                    out.extend(self.straight(hosted, body, depth + 1)?);
                    continue;
                }
                other => {
                    out.push(other.clone());
                    continue;
                }
            };
            let mut longest: (usize, Vec<Op>) = (0, Vec::new());
            for arm in arms {
                let arm = self.straight(hosted, arm, depth + 1)?;
                // What stands before it may give names to what it shows.
                let so_far: Vec<Op> = out.iter().chain(&arm).cloned().collect();
                let length = units(
                    &self
                        .program(&Hosted { program: Program { body: so_far, ..hosted.program.clone() }, values: hosted.values.clone() })?,
                );
                if length >= longest.0 {
                    longest = (length, arm);
                }
            }
            out.extend(longest.1);
        }
        Some(out)
    }

    /// The type of what a simple text shows.
    fn of(&self, value: &Expr) -> Type {
        let ty = match value {
            Expr::Param(at) => self.params.get(usize::from(*at)).map(|(_, ty)| ty),
            Expr::Customer(field) => self.schema.customer.get(field.index()).map(|field| &field.ty),
            Expr::ItemField { catalog, field, .. } => {
                let catalog = self.schema.catalogs.get(catalog.index());
                catalog.and_then(|catalog| catalog.fields.get(usize::from(*field))).map(|field| &field.ty)
            }
            Expr::Score(_) => Some(&Type::Number),
            Expr::Now => Some(&Type::DateTime),
            Expr::Today => Some(&Type::Date),
            _ => None,
        };
        ty.cloned().unwrap_or(Type::Text)
    }

    fn value(&self, ty: &Type) -> Value {
        match ty.required() {
            Type::Number => Value::Number(Decimal::from(999_999_999)),
            Type::Money(_) => Value::Number(Decimal::new(999_999_999, 2)),
            Type::Boolean => Value::Boolean(false),
            Type::Date => Value::Date(self.day),
            Type::Time => Value::Time(NaiveTime::from_hms_opt(22, 30, 0).unwrap_or_default()),
            Type::DateTime => Value::Instant(Instant(self.day.and_time(NaiveTime::MIN).and_utc().timestamp_millis())),
            Type::Duration => Value::Duration(crate::calendar::Span { months: 0, days: 29, ms: 86_340_000 }),
            Type::Phone => Value::text("+668123456789"),
            Type::Country | Type::Language => Value::text("TH"),
            Type::Timezone => Value::text("America/Argentina/Buenos_Aires"),
            Type::Email => Value::text(&format!("{}@example.com", "n".repeat(LETTERS - 12))),
            Type::Url => Value::text(&format!("https://example.com/{}", "u".repeat(LETTERS - 20))),
            Type::OneOf(texts) => texts.iter().max_by_key(|text| units(text)).map_or(Value::Missing, |text| Value::Text(text.clone())),
            Type::Record(fields) => Value::Record(fields.iter().map(|(_, ty)| self.value(ty)).collect()),
            Type::List(_) => Value::Missing,
            _ => Value::text(&"ก".repeat(LETTERS)),
        }
    }
}
