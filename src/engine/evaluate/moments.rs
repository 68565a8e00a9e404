//! When a wait is over.

use super::Context;
use crate::calendar::{Instant, Span, civil, window};
use crate::condition::{Expr, Until};
use crate::value::Value;
use chrono::NaiveTime;

/// What a written moment means for a customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    At(Instant),
    /// It lies before the wait began.
    Past(Instant),
    /// The value that it is counted from is missing.
    Missing,
}

impl Due {
    /// The instant, where there is one.
    pub fn instant(self) -> Option<Instant> {
        match self {
            Due::At(at) | Due::Past(at) => Some(at),
            Due::Missing => None,
        }
    }
}

/// The instant that a wait's end means, counted from `anchor` (when the wait began), in the context's zone. Not earlier than the anchor,
/// except that a written or read moment may be [`Due::Past`].
pub fn due(until: &Until, anchor: Instant, context: &Context<'_>) -> Due {
    let zone = context.zone;
    match until {
        Until::After(span) => Due::At(civil::add(anchor, *span, zone)),
        Until::AfterUntil(span, time) => Due::At(civil::next_clock(civil::add(anchor, *span, zone), *time, zone)),
        Until::Time(time) => Due::At(civil::next_clock(anchor, *time, zone)),
        Until::Weekday { days, at } => Due::At(civil::next_clock_on(anchor, window::Weekdays::of_bits(*days), *at, zone)),
        Until::Moment(local) => written(zone.instant(*local), anchor),
        Until::Around { value, offset, before, at } => around(value, *offset, *before, *at, anchor, context),
        Until::BestTime { within, channels } => Due::At(crate::engine::answers::best_time(context, anchor, *within, channels, None)),
        Until::Lasting { value, most } => {
            let longest = civil::add(anchor, *most, zone);
            match &*context.eval(value, None) {
                Value::Duration(span) => Due::At(civil::add(anchor, *span, zone).min(longest).max(anchor)),
                _ => Due::At(longest),
            }
        }
        Until::Window { from, to, days } => {
            let open = window::Window { from: *from, to: *to, days: window::Weekdays::of_bits(*days) };
            Due::At(open.next_open(anchor, zone))
        }
    }
}

fn written(at: Instant, anchor: Instant) -> Due {
    if at < anchor { Due::Past(at) } else { Due::At(at) }
}

/// `3 days before customer.trial_ends at 10:00`: the calendar part moves the local date, then the time of day is put in place of the
/// value's own, then the elapsed part.
fn around(value: &Expr, offset: Span, before: bool, at: Option<NaiveTime>, anchor: Instant, context: &Context<'_>) -> Due {
    let zone = context.zone;
    let calendar = Span { ms: 0, ..offset };
    let (date, time) = match &*context.eval(value, None) {
        Value::Date(date) => (*date, NaiveTime::MIN),
        Value::Instant(moment) => {
            if at.is_none() && calendar == Span::default() {
                // Nothing civil in it: exact also where the clocks change.
                let ms = if before { -offset.ms } else { offset.ms };
                return written(moment.plus_ms(ms), anchor);
            }
            let local = zone.local(*moment);
            (local.date(), local.time())
        }
        _ => return Due::Missing,
    };
    let shifted = if before { civil::subtract_from_date(date, calendar) } else { civil::add_to_date(date, calendar) };
    let Some(date) = shifted else { return Due::Missing };
    let moment = zone.instant(date.and_time(at.unwrap_or(time)));
    written(moment.plus_ms(if before { -offset.ms } else { offset.ms }), anchor)
}
