//! Numbers as Liquid counts with them: whole numbers, and numbers with places whose sums are exact.
//!
//! In: values. Out: numbers and their text. **Invariant:** whole numbers stay whole; what does not fit becomes a floating number, never a
//! panic. `0.1 + 0.2` is `0.3`.

use super::Value;
use crate::value::Decimal;
use rust_decimal::prelude::{FromPrimitive, ToPrimitive};

/// A number that is counted with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Number {
    Integer(i64),
    Float(f64),
    Decimal(Decimal),
}

impl From<Number> for Value {
    fn from(number: Number) -> Value {
        match number {
            Number::Integer(whole) => Value::Integer(whole),
            Number::Float(float) => Value::Float(float),
            Number::Decimal(decimal) => Value::Decimal(decimal),
        }
    }
}

/// A value as a number: texts that look like one, 0 for the rest.
pub fn of(value: &Value) -> Number {
    match value {
        Value::Integer(whole) => Number::Integer(*whole),
        Value::Float(float) => Number::Float(*float),
        Value::Decimal(decimal) => Number::Decimal(*decimal),
        Value::Text(text) | Value::Html(text) => parse(text),
        _ => Number::Integer(0),
    }
}

fn parse(text: &str) -> Number {
    let text = text.trim();
    let digits = text.strip_prefix('-').unwrap_or(text);
    if let Some((whole, places)) = digits.split_once('.')
        && !whole.is_empty()
        && !places.is_empty()
        && whole.bytes().chain(places.bytes()).all(|byte| byte.is_ascii_digit())
    {
        return text.parse().map_or(Number::Integer(0), Number::Float);
    }
    Number::Integer(leading_integer(text))
}

/// The whole number that a text begins with, or 0.
pub fn leading_integer(text: &str) -> i64 {
    let text = text.trim_start();
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let length = digits.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b'_').count();
    let signed: String = text[..text.len() - digits.len() + length].chars().filter(|c| *c != '_').collect();
    signed.parse().unwrap_or(0)
}

/// A value that must be a whole number, as `limit` and `slice` want it.
pub fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::Integer(whole) => Some(*whole),
        Value::Float(_) | Value::Decimal(_) => None,
        other => other.to_text().trim().replace('_', "").parse().ok(),
    }
}

impl Number {
    pub fn float(self) -> f64 {
        match self {
            Number::Integer(whole) => whole as f64,
            Number::Float(float) => float,
            Number::Decimal(decimal) => decimal.to_f64().unwrap_or(0.0),
        }
    }

    pub fn is_zero(self) -> bool {
        self.float() == 0.0
    }

    /// Exact, if it has not too many digits.
    pub fn decimal(self) -> Option<Decimal> {
        match self {
            Number::Integer(whole) => Some(Decimal::from(whole)),
            Number::Float(float) => exact(float),
            Number::Decimal(decimal) => Some(decimal),
        }
    }

    /// A result of two numbers: an amount only if none of them is a floating number.
    fn result(self, other: Number, exact: Option<Decimal>, float: impl FnOnce(f64, f64) -> f64) -> Number {
        let is_float = matches!(self, Number::Float(_)) || matches!(other, Number::Float(_));
        match exact {
            Some(exact) if is_float => Number::Float(exact.to_f64().unwrap_or(0.0)),
            Some(exact) => Number::Decimal(exact),
            None => Number::Float(float(self.float(), other.float())),
        }
    }

    fn apply(
        self,
        other: Number,
        whole: fn(i64, i64) -> Option<i64>,
        exact: fn(Decimal, Decimal) -> Option<Decimal>,
        float: fn(f64, f64) -> f64,
    ) -> Number {
        if let (Number::Integer(a), Number::Integer(b)) = (self, other)
            && let Some(result) = whole(a, b)
        {
            return Number::Integer(result);
        }
        let both = self.decimal().zip(other.decimal());
        self.result(other, both.and_then(|(a, b)| exact(a, b)), float)
    }

    pub fn plus(self, other: Number) -> Number {
        self.apply(other, i64::checked_add, Decimal::checked_add, |a, b| a + b)
    }

    pub fn minus(self, other: Number) -> Number {
        self.apply(other, i64::checked_sub, Decimal::checked_sub, |a, b| a - b)
    }

    pub fn times(self, other: Number) -> Number {
        self.apply(other, i64::checked_mul, Decimal::checked_mul, |a, b| a * b)
    }

    /// Whole numbers give a whole number, downwards. Nothing if `other` is 0.
    pub fn divided_by(self, other: Number) -> Option<Number> {
        if other.is_zero() {
            return None;
        }
        let whole =
            |a: i64, b: i64| a.checked_div(b).map(|quotient| if a % b != 0 && (a < 0) != (b < 0) { quotient - 1 } else { quotient });
        Some(self.apply(other, whole, Decimal::checked_div, |a, b| a / b))
    }

    /// The rest, with the sign of `other`. Nothing if `other` is 0.
    pub fn modulo(self, other: Number) -> Option<Number> {
        if other.is_zero() {
            return None;
        }
        let whole = |a: i64, b: i64| a.checked_rem(b).map(|rest| if rest != 0 && (rest < 0) != (b < 0) { rest + b } else { rest });
        let exact = |a: Decimal, b: Decimal| {
            let rest = a.checked_rem(b)?;
            if !rest.is_zero() && rest.is_sign_negative() != b.is_sign_negative() { rest.checked_add(b) } else { Some(rest) }
        };
        Some(self.apply(other, whole, exact, |a, b| a - b * (a / b).floor()))
    }

    pub fn abs(self) -> Number {
        match self {
            Number::Integer(whole) => Number::Integer(whole.saturating_abs()),
            Number::Float(float) => Number::Float(float.abs()),
            Number::Decimal(decimal) => Number::Decimal(decimal.abs()),
        }
    }

    pub fn compare(self, other: Number) -> Option<std::cmp::Ordering> {
        match (self, other) {
            (Number::Integer(a), Number::Integer(b)) => Some(a.cmp(&b)),
            (a, b) => match (a.decimal(), b.decimal()) {
                (Some(a), Some(b)) => Some(a.cmp(&b)),
                _ => a.float().partial_cmp(&b.float()),
            },
        }
    }

    /// To so many places, half away from zero. Without places it is whole.
    pub fn round(self, places: i64) -> Option<Number> {
        if let Number::Integer(whole) = self {
            if places >= 0 {
                return Some(self);
            }
            let unit = 10i64.checked_pow(u32::try_from(-places).ok()?)?;
            let rest = whole % unit;
            let down = whole - rest;
            return Some(Number::Integer(if rest.abs() * 2 >= unit { down + unit * rest.signum() } else { down }));
        }
        let strategy = rust_decimal::RoundingStrategy::MidpointAwayFromZero;
        let Some(decimal) = self.decimal() else {
            let float = self.float();
            return float.is_finite().then(|| if places > 0 { self } else { whole_of(float.round()) });
        };
        if places > 0 {
            let rounded = decimal.round_dp_with_strategy(places.min(28) as u32, strategy);
            return Some(if matches!(self, Number::Float(_)) {
                Number::Float(rounded.to_f64().unwrap_or(0.0))
            } else {
                Number::Decimal(rounded)
            });
        }
        let whole = decimal.round_dp_with_strategy(0, strategy);
        let whole = whole.to_i64().map_or(Number::Float(self.float().round()), Number::Integer);
        if places == 0 { Some(whole) } else { whole.round(places).map(|whole| Number::Float(whole.float())) }
    }

    pub fn ceil(self) -> Option<Number> {
        self.whole(Decimal::ceil, f64::ceil)
    }

    pub fn floor(self) -> Option<Number> {
        self.whole(Decimal::floor, f64::floor)
    }

    fn whole(self, exact: fn(&Decimal) -> Decimal, float: fn(f64) -> f64) -> Option<Number> {
        match self {
            Number::Integer(_) => Some(self),
            other => match other.decimal().map(|decimal| exact(&decimal)).and_then(|whole| whole.to_i64()) {
                Some(whole) => Some(Number::Integer(whole)),
                None => other.float().is_finite().then(|| whole_of(float(other.float()))),
            },
        }
    }
}

fn whole_of(float: f64) -> Number {
    if float.abs() < 9.0e18 { Number::Integer(float as i64) } else { Number::Float(float) }
}

/// A floating number by the digits that it shows.
fn exact(float: f64) -> Option<Decimal> {
    if !float.is_finite() {
        return None;
    }
    // Whole and half numbers, which are common, need no digits.
    if float.abs() < 1.0e15 && (float * 4.0).fract() == 0.0 {
        return Decimal::from_f64(float);
    }
    let text = format!("{float}");
    if text.len() > 28 { None } else { text.parse().ok() }
}

/// `1.5`, `2.0`, `1.0e+20`: as Ruby shows it.
pub fn float_text(float: f64) -> String {
    if float.is_nan() {
        return "NaN".to_owned();
    }
    if float.is_infinite() {
        return if float > 0.0 { "Infinity".to_owned() } else { "-Infinity".to_owned() };
    }
    let size = float.abs();
    if size != 0.0 && !(1.0e-4..1.0e16).contains(&size) {
        let text = format!("{float:e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let dot = if digits.contains('.') { "" } else { ".0" };
        let (sign, exponent) = match exponent.strip_prefix('-') {
            Some(exponent) => ('-', exponent),
            None => ('+', exponent),
        };
        return format!("{digits}{dot}e{sign}{exponent:0>2}");
    }
    let text = format!("{float}");
    if text.contains('.') { text } else { text + ".0" }
}

/// `+0700`, with a mark between hours and minutes.
pub fn distance(seconds: i32, mark: &str) -> String {
    let sign = if seconds < 0 { '-' } else { '+' };
    let minutes = seconds.unsigned_abs() / 60;
    format!("{sign}{:02}{mark}{:02}", minutes / 60, minutes % 60)
}
