//! Amounts with limits: durations, percentages, counts.
//!
//! In: literals with their places. Out: what the plan needs, or a finding and `None`. **Invariant:** what comes out is inside its limits.
//! Does not know what the amount is for beyond a word for the message.

use super::checked::BasisPoints;
use super::problem::problems;
use crate::ast::Spanned;
use crate::calendar::{DAY_MS, Span};
use crate::diagnostic::{Code, Diagnostics, Fix};
use crate::value::Decimal;

/// The longest wait: ten years, with their leap days. A month counts a 120th of it.
const LONGEST_MS: i64 = 3_653 * DAY_MS;

problems! {
    /// `wait 0 days`
    NoTime { what: &'static str } = Code::new("E0311", "no-time-at-all");
        "{what} of no time at all", "this is zero", "write how long, for example `1 day`";

    /// `wait 99999999 days`
    TooLong { what: &'static str } = Code::new("E0312", "too-long");
        "{what} of more than 10 years", "longer than anybody waits", "write at most `10 years`";

    /// `enter again 1 month after entry`
    NotExact { what: &'static str } = Code::new("E0313", "months-are-not-exact");
        "{what} counts exact time, and months are not equally long", "a month has 28 to 31 days", "write it in days: `30 days`";

    /// `hold out 130%`, `path "a" 33.333%`
    ShareOutOfRange { what: &'static str } = Code::new("E0314", "percentage-out-of-range");
        "{what} must lie above 0% and not above 100%, with at most two decimals", "this is no such percentage", "write for example `10%` or `2.5%`";

    /// `at most 1.5 messages`, `repeat up to 0 times`
    NotACount { what: &'static str, most: String, fix: Option<Fix> } = Code::new("E0315", "not-a-count");
        "{what} is a whole number from 1 to {most}", "this is no such number", "write a whole number, for example `3`";
}

/// A duration that lies ahead: longer than nothing, at most ten years.
pub(crate) fn ahead(duration: &Spanned<Span>, what: &'static str, found: &mut Diagnostics) -> Option<Span> {
    let span = duration.value;
    let ms = i64::from(span.months)
        .saturating_mul(LONGEST_MS / 120)
        .saturating_add(i64::from(span.days).saturating_mul(DAY_MS))
        .saturating_add(span.ms);
    if ms <= 0 {
        found.push(NoTime { place: duration.place, what });
        return None;
    }
    if ms > LONGEST_MS {
        found.push(TooLong { place: duration.place, what });
        return None;
    }
    Some(span)
}

/// A duration of exact time, in which a day is 24 hours: for cool-downs and caps. In milliseconds.
pub(crate) fn exact(duration: &Spanned<Span>, what: &'static str, found: &mut Diagnostics) -> Option<i64> {
    if duration.value.months != 0 {
        found.push(NotExact { place: duration.place, what });
        return None;
    }
    ahead(duration, what, found).map(Span::exact_ms)
}

/// A percentage, as parts of 10,000.
pub(crate) fn share(percent: &Spanned<Decimal>, what: &'static str, found: &mut Diagnostics) -> Option<BasisPoints> {
    let parts = percent.value.checked_mul(Decimal::ONE_HUNDRED).map(|parts| parts.normalize());
    match parts {
        Some(parts) if parts.scale() == 0 && parts > Decimal::ZERO && parts <= Decimal::from(10_000) => {
            Some(BasisPoints::try_from(parts.mantissa()).unwrap_or_default())
        }
        _ => {
            found.push(ShareOutOfRange { place: percent.place, what });
            None
        }
    }
}

/// A whole number from 1 to `most`.
pub(crate) fn count(number: &Spanned<Decimal>, what: &'static str, most: u32, found: &mut Diagnostics) -> Option<u32> {
    let whole = number.value.normalize();
    match u32::try_from(whole.mantissa()) {
        Ok(count) if whole.scale() == 0 && (1..=most).contains(&count) => Some(count),
        _ => {
            found.push(NotACount { place: number.place, what, most: thousands(most), fix: None });
            None
        }
    }
}

fn thousands(number: u32) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Place;

    fn of<T>(value: T) -> Spanned<T> {
        Spanned { value, place: Place::default() }
    }

    #[test]
    fn ten_years_are_allowed_and_a_day_more_is_not() {
        let mut found = Diagnostics::default();
        assert!(ahead(&of(Span { months: 120, days: 0, ms: 0 }), "a wait", &mut found).is_some());
        assert!(ahead(&of(Span::of_days(3_653)), "a wait", &mut found).is_some());
        assert!(found.is_empty());
        assert!(ahead(&of(Span { months: 120, days: 1, ms: 0 }), "a wait", &mut found).is_none());
        assert!(ahead(&of(Span::of_days(99_999_999)), "a wait", &mut found).is_none());
        assert!(ahead(&of(Span::default()), "a wait", &mut found).is_none());
        assert_eq!(found.len(), 3);
    }

    #[test]
    fn a_share_has_two_decimals_at_most() {
        let mut found = Diagnostics::default();
        let mut share = |text: &str| share(&of(text.parse().unwrap_or_default()), "a hold-out", &mut found);
        assert_eq!(share("2.50"), Some(250));
        assert_eq!(share("100"), Some(10_000));
        assert_eq!([share("0"), share("100.01"), share("-5"), share("33.333")], [None; 4]);
    }

    #[test]
    fn a_count_is_whole_and_inside_its_limits() {
        let mut found = Diagnostics::default();
        let mut count = |text: &str| count(&of(text.parse().unwrap_or_default()), "a count", 1_000, &mut found);
        assert_eq!([count("1"), count("1000"), count("3.0")], [Some(1), Some(1_000), Some(3)]);
        assert_eq!([count("0"), count("1001"), count("1.5"), count("-1")], [None; 4]);
        assert_eq!(thousands(1_000), "1,000");
    }
}
