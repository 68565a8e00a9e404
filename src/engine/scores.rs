//! What scores are worth: points that fade by halves, in whole 24-hour steps.
//!
//! In: events that give points, the row. Out: the row's points; what a score is worth now, and when that changes a comparison. **Invariant:**
//! decimal, with a fixed table, so that every machine gets the same; the steps are counted on a grid that begins with the first points; a
//! late event adds what its points would be worth by now; looking at a score changes nothing.

use super::evaluate::{Context, order};
use super::row::Points;
use super::turn::{Event, Turn};
use crate::calendar::{DAY_MS, Instant};
use crate::condition::{Comparison, Expr};
use crate::plan::Score;
use crate::schema::ScoreId;
use crate::value::{Decimal, Value};
use std::cmp::Ordering;

/// Decimals that are kept, and that are seen.
const KEPT_DECIMALS: u32 = 12;
const SEEN_DECIMALS: u32 = 6;
/// Halvings after which nothing is left.
const HALVINGS_MAX: i64 = 90;
/// Points of one score never go beyond that.
const POINTS_MAX: i64 = 1_000_000_000_000;

/// 2^(-1/2), 2^(-1/4), 2^(-1/8) …
const ROOTS: [&str; 48] = [
    "0.7071067811865475244008443621",
    "0.8408964152537145430311254762",
    "0.9170040432046712317435415948",
    "0.9576032806985736469363056351",
    "0.9785720620877001345091611258",
    "0.9892280131939754841291249591",
    "0.9945994234836331756524776862",
    "0.9972960560854701262576599138",
    "0.9986471128909701735881213181",
    "0.9993233275026507523602836598",
    "0.9996616064962436839421968688",
    "0.9998307889319290631174807802",
    "0.9999153908866134975337249716",
    "0.9999576945484311325439675373",
    "0.9999788470504919298265006711",
    "0.9999894234693144642422105923",
    "0.9999947117206742830077024128",
    "0.9999973558568413949822523464",
    "0.9999986779275467597053177676",
    "0.9999993389635548952617805290",
    "0.9999996694817228264651173837",
    "0.9999998347408477579388588095",
    "0.9999999173704204651457223513",
    "0.9999999586852093791168991520",
    "0.9999999793426044761944546625",
    "0.9999999896713021847562280519",
    "0.9999999948356510790428641373",
    "0.9999999974178255361876195879",
    "0.9999999987089127672603566727",
    "0.9999999993544563834218150559",
    "0.9999999996772281916588167078",
    "0.9999999998386140958163856489",
    "0.9999999999193070479049371482",
    "0.9999999999596535239516546550",
    "0.9999999999798267619756238477",
    "0.9999999999899133809877610539",
    "0.9999999999949566904938678095",
    "0.9999999999974783452469307254",
    "0.9999999999987391726234645678",
    "0.9999999999993695863117320852",
    "0.9999999999996847931558659929",
    "0.9999999999998423965779329840",
    "0.9999999999999211982889664889",
    "0.9999999999999605991444832437",
    "0.9999999999999802995722416216",
    "0.9999999999999901497861208108",
    "0.9999999999999950748930604054",
    "0.9999999999999975374465302027",
];

fn roots() -> &'static [Decimal; 48] {
    static TABLE: std::sync::OnceLock<[Decimal; 48]> = std::sync::OnceLock::new();
    TABLE.get_or_init(|| ROOTS.map(|root| root.parse().unwrap_or(Decimal::ONE)))
}

/// What is left of one point after a number of 24-hour steps.
fn left_after(steps: i64, halve_ms: Option<i64>) -> Decimal {
    let Some(halve_ms) = halve_ms.filter(|ms| *ms > 0) else { return Decimal::ONE };
    if steps <= 0 {
        return Decimal::ONE;
    }
    let elapsed = i128::from(steps) * i128::from(DAY_MS);
    let halvings = elapsed / i128::from(halve_ms);
    if halvings > i128::from(HALVINGS_MAX) {
        return Decimal::ZERO;
    }
    // In as many binary places as the table has.
    let fraction = ((elapsed % i128::from(halve_ms)) << ROOTS.len()) / i128::from(halve_ms);
    let mut left = Decimal::ONE;
    for _ in 0..halvings {
        left /= Decimal::TWO;
    }
    for (at, root) in roots().iter().enumerate() {
        if fraction & (1 << (ROOTS.len() - 1 - at)) != 0 {
            left *= *root;
        }
    }
    left
}

fn step_of(origin: Instant, at: Instant) -> i64 {
    at.since_ms(origin).div_euclid(DAY_MS)
}

fn bounded(value: Decimal) -> Decimal {
    value.clamp(Decimal::from(-POINTS_MAX), Decimal::from(POINTS_MAX)).round_dp(KEPT_DECIMALS)
}

/// What points are worth in a later step of their grid, before it is rounded for who looks.
fn worth(points: &Points, step: i64, score: &Score) -> Decimal {
    points.value.checked_mul(left_after(step - points.step, score.halve_ms)).unwrap_or_default()
}

fn seen(value: Decimal) -> Decimal {
    value.round_dp(SEEN_DECIMALS).normalize()
}

impl Turn<'_> {
    /// Gives the points of these rules whose event this is.
    pub(super) fn add_points(&mut self, rules: &[(ScoreId, u16)], event: &Event) {
        let loaded = self.loaded;
        for (id, number) in rules {
            let Some(score) = loaded.plan.scores.get(id.index()) else { continue };
            let Some(rule) = score.rules.get(usize::from(*number)) else { continue };
            let named = super::arms::names(rule.what, event, None);
            if !named || !self.holds_for(&loaded.plan, rule.condition.as_ref(), event, None) {
                continue;
            }
            if self.row.scores.len() <= id.index() {
                let none = Points { origin: Instant::NEVER, step: 0, value: Decimal::ZERO };
                self.row.scores.resize(id.index() + 1, none);
            }
            let now = self.now;
            let points = &mut self.row.scores[id.index()];
            if points.origin == Instant::NEVER {
                *points = Points { origin: event.at, step: 0, value: bounded(score.start) };
            }
            let step = step_of(points.origin, now);
            let late = step - step_of(points.origin, event.at);
            let given = rule.points.checked_mul(left_after(late, score.halve_ms)).unwrap_or_default();
            let value = worth(points, step, score).checked_add(given).unwrap_or_default();
            *points = Points { origin: points.origin, step: step.max(points.step), value: bounded(value) };
        }
    }
}

impl Turn<'_> {
    /// Another one's points are added, on the grid of whoever began first; the start counts once.
    pub(super) fn unite_scores(&mut self, others: &[Points]) {
        let loaded = self.loaded;
        for (at, theirs) in others.iter().enumerate() {
            let Some(score) = loaded.plan.scores.get(at) else { return };
            if theirs.origin == Instant::NEVER {
                continue;
            }
            if self.row.scores.len() <= at {
                let none = Points { origin: Instant::NEVER, step: 0, value: Decimal::ZERO };
                self.row.scores.resize(at + 1, none);
            }
            let ours = &mut self.row.scores[at];
            if ours.origin == Instant::NEVER {
                *ours = *theirs;
                continue;
            }
            let now = |points: &Points| worth(points, step_of(points.origin, self.now).max(points.step), score);
            let origin = ours.origin.min(theirs.origin);
            let step = step_of(origin, self.now).max(0);
            let start = score.start.checked_mul(left_after(step, score.halve_ms)).unwrap_or_default();
            let both = now(ours).checked_add(now(theirs)).unwrap_or_default();
            *ours = Points { origin, step, value: bounded(both.checked_sub(start).unwrap_or(both)) };
        }
    }
}

impl Context<'_> {
    fn points(&self, id: ScoreId) -> Option<(&Score, &Points)> {
        let score = self.plan.scores.get(id.index())?;
        let points = self.customer.scores.get(id.index()).filter(|points| points.origin != Instant::NEVER)?;
        Some((score, points))
    }

    /// What a score is worth now; asked again when its next step comes.
    pub(super) fn score(&self, id: ScoreId) -> Decimal {
        let Some((score, points)) = self.points(id) else {
            return self.plan.scores.get(id.index()).map_or(Decimal::ZERO, |score| score.start);
        };
        let step = step_of(points.origin, self.now);
        let value = seen(worth(points, step, score));
        if score.halve_ms.is_some() && !value.is_zero() {
            self.lower(points.origin.plus_ms((step + 1) * DAY_MS));
        }
        value
    }

    /// A score beside a number: knows the very step in which the answer turns. `None` where it is something else.
    pub(super) fn compare_score(&self, op: Comparison, left: &Expr, right: &Expr) -> Option<bool> {
        let (id, bound, op) = match (left, right) {
            (Expr::Score(id), Expr::Const(Value::Number(bound))) => (*id, *bound, op),
            (Expr::Const(Value::Number(bound)), Expr::Score(id)) => (*id, *bound, mirrored(op)),
            _ => return None,
        };
        let Some((score, points)) = self.points(id) else { return Some(holds(op, self.score(id), bound)) };
        let now = step_of(points.origin, self.now);
        let at = |step: i64| holds(op, seen(worth(points, step, score)), bound);
        let truth = at(now);
        let Some(halve_ms) = score.halve_ms else { return Some(truth) };
        // By then nothing is left; the value falls towards 0 all the way, so the answer turns once at most.
        let end = now + (HALVINGS_MAX + 1).saturating_mul(halve_ms) / DAY_MS + 1;
        if matches!(op, Comparison::Is | Comparison::IsNot) {
            if !seen(worth(points, now, score)).is_zero() {
                self.lower(points.origin.plus_ms((now + 1) * DAY_MS));
            }
        } else if at(end) != truth {
            let (mut same, mut turned) = (now, end);
            while turned - same > 1 {
                let middle = same + (turned - same) / 2;
                if at(middle) == truth { same = middle } else { turned = middle }
            }
            self.lower(points.origin.plus_ms(turned * DAY_MS));
        }
        Some(truth)
    }
}

fn mirrored(op: Comparison) -> Comparison {
    match op {
        Comparison::Less => Comparison::Greater,
        Comparison::AtMost => Comparison::AtLeast,
        Comparison::Greater => Comparison::Less,
        Comparison::AtLeast => Comparison::AtMost,
        same => same,
    }
}

fn holds(op: Comparison, value: Decimal, bound: Decimal) -> bool {
    let found = order(&Value::Number(value), &Value::Number(bound));
    match op {
        Comparison::Is => found == Some(Ordering::Equal),
        Comparison::IsNot => found != Some(Ordering::Equal),
        Comparison::Less => found == Some(Ordering::Less),
        Comparison::AtMost => matches!(found, Some(Ordering::Less | Ordering::Equal)),
        Comparison::Greater => found == Some(Ordering::Greater),
        Comparison::AtLeast => matches!(found, Some(Ordering::Greater | Ordering::Equal)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_exact_at_the_halves_and_near_between_them() {
        let thirty = Some(30 * DAY_MS);
        assert_eq!(left_after(0, thirty), Decimal::ONE);
        assert_eq!(left_after(30, thirty), "0.5".parse().unwrap_or_default());
        assert_eq!(left_after(90, thirty), "0.125".parse().unwrap_or_default());
        assert_eq!(left_after(100, None), Decimal::ONE);
        assert_eq!(left_after(30 * 91, thirty), Decimal::ZERO);
        // 2^(-1/2), 2^(-1/3), 2^(-1/30)
        let near = [(15, "0.707106781"), (10, "0.793700526"), (1, "0.977159968")];
        for (days, value) in near {
            assert_eq!(left_after(days, thirty).round_dp(9), value.parse().unwrap_or_default(), "{days}");
        }
        // Shorter than a step.
        assert_eq!(left_after(1, Some(DAY_MS / 2)), "0.25".parse().unwrap_or_default());
    }

    #[test]
    fn what_is_left_never_grows() {
        let mut before = Decimal::TWO;
        for steps in 0..800 {
            let now = left_after(steps, Some(7 * DAY_MS));
            assert!(now <= before, "{steps}");
            assert!(now < before || steps > 500, "{steps}");
            before = now;
        }
    }
}
