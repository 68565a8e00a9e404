//! How sure one may be that a variant is better: sequential tests and shares for arms of an experiment.
//!
//! In: how many customers were measured in each arm, and how many did what they should. Out: a winner, shares, intervals.
//! **Invariant:** the same counts give the same bits on every machine: only the operations that IEEE 754 fixes exactly are used (`+ - * /`
//! and the square root); logarithm and exponential are computed here from them. Knows no plan.
//!
//! The winner: for each pair of arms a mixture sequential probability ratio test of the difference of two rates, with a normal mixture
//! (Robbins 1970; Johari, Koomen, Pekelis, Walsh, "Peeking at A/B tests", KDD 2017; "Always valid inference", Operations Research 2022).
//! It may be looked at after every customer, and the chance to be wrong ever stays below what was asked. The error is divided among the
//! rivals (Bonferroni): an arm that is not the best is called so with at most that probability. It is exact for normal observations and
//! holds for rates as far as the normal approximation does, which is what the least number of customers in each arm is for.
//!
//! The shares of an adaptive experiment: the probability that an arm is the best, with uniform priors (Thompson 1933; Scott, "A modern
//! Bayesian look at the multi-armed bandit", 2010), by integration and not by draws, so that no seed is needed.

/// Customers who were measured to the end of their window, and those of them who did what they should.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Arm {
    pub complete: u64,
    pub measured: u64,
}

/// Points at which densities are taken.
const POINTS: usize = 500;
/// Least share of an arm of an adaptive experiment, in hundredths: it keeps learning.
const LEAST: u64 = 1;

impl Arm {
    pub fn rate(&self) -> Option<f64> {
        (self.complete > 0).then(|| self.measured as f64 / self.complete as f64)
    }

    /// Variance of the rate; pulled a little to the middle, so that it is never nothing.
    fn variance(&self) -> f64 {
        let count = self.complete as f64;
        let rate = (self.measured as f64 + 0.5) / (count + 1.0);
        rate * (1.0 - rate) / count
    }
}

/// How far from the seen difference of two rates the true one may lie, at any time, with an error of at most `error`. `each` is the number
/// of customers in each arm for which the interval is made as narrow as it can be.
pub fn half_width(one: Arm, other: Arm, error: f64, each: u32) -> Option<f64> {
    if one.complete == 0 || other.complete == 0 {
        return None;
    }
    let variance = one.variance() + other.variance();
    // Of the difference of two even rates after that many customers.
    let mixture = 1.0 / (2.0 * f64::from(each.max(1)));
    let both = variance + mixture;
    Some((variance * both / mixture * (2.0 * ln(1.0 / error) + ln(both / variance))).sqrt())
}

/// The arm that is better than each of the others, with an error of at most `error` in all.
pub fn winner(arms: &[Arm], error: f64, each: u32) -> Option<usize> {
    let rates: Vec<f64> = arms.iter().map(|arm| arm.rate().unwrap_or(0.0)).collect();
    let best = (0..arms.len()).reduce(|best, at| if rates[at] > rates[best] { at } else { best })?;
    let rivals = arms.len().saturating_sub(1).max(1) as f64;
    let is_ahead = |at: usize| half_width(arms[best], arms[at], error / rivals, each).is_some_and(|width| rates[best] - rates[at] > width);
    (arms.len() > 1 && (0..arms.len()).filter(|at| *at != best).all(is_ahead)).then_some(best)
}

/// How probable it is that each arm is the best.
pub fn best(arms: &[Arm]) -> Vec<f64> {
    let (mut low, mut high) = (1.0f64, 0.0f64);
    for arm in arms {
        let (yes, no) = (arm.measured as f64 + 1.0, (arm.complete - arm.measured.min(arm.complete)) as f64 + 1.0);
        let all = yes + no;
        let middle = yes / all;
        let spread = 8.0 * (middle * (1.0 - middle) / (all + 1.0)).sqrt();
        (low, high) = (low.min(middle - spread), high.max(middle + spread));
    }
    let (low, high) = (low.max(0.0), high.min(1.0));
    let point = |at: usize| low + (high - low) * (at as f64 + 0.5) / POINTS as f64;
    let densities: Vec<Vec<f64>> = arms
        .iter()
        .map(|arm| {
            let (yes, no) = (arm.measured as f64, (arm.complete - arm.measured.min(arm.complete)) as f64);
            let logs: Vec<f64> = (0..POINTS).map(|at| yes * ln(point(at)) + no * ln(1.0 - point(at))).collect();
            let top = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let mut density: Vec<f64> = logs.iter().map(|log| exp(log - top)).collect();
            let sum: f64 = density.iter().sum();
            density.iter_mut().for_each(|part| *part /= sum);
            density
        })
        .collect();
    let mut below = vec![0.0f64; arms.len()];
    let mut chances = vec![0.0f64; arms.len()];
    for at in 0..POINTS {
        let under: Vec<f64> = below.iter().zip(&densities).map(|(below, density)| below + density[at] / 2.0).collect();
        for (arm, chance) in chances.iter_mut().enumerate() {
            let others = under.iter().enumerate().filter(|(other, _)| *other != arm).map(|(_, under)| under);
            *chance += densities[arm][at] * others.product::<f64>();
        }
        below.iter_mut().zip(&densities).for_each(|(below, density)| *below += density[at]);
    }
    let sum: f64 = chances.iter().sum();
    chances.iter().map(|chance| chance / sum).collect()
}

/// Shares by chance, in whole hundredths of 10,000 parts, together `all`; each arm gets at least one.
pub fn shares(chances: &[f64], all: u16) -> Vec<u16> {
    let hundredths = u64::from(all / 100);
    let count = chances.len() as u64;
    let free = hundredths.saturating_sub(LEAST * count);
    let exact: Vec<f64> = chances.iter().map(|chance| chance * free as f64).collect();
    let mut parts: Vec<u64> = exact.iter().map(|part| part.floor() as u64).collect();
    let mut order: Vec<usize> = (0..chances.len()).collect();
    // The largest remainder first; of equal ones the first arm.
    order.sort_by(|a, b| (exact[*b] - exact[*b].floor()).total_cmp(&(exact[*a] - exact[*a].floor())).then(a.cmp(b)));
    let given: u64 = parts.iter().sum();
    for at in order.iter().cycle().take(free.saturating_sub(given) as usize) {
        parts[*at] += 1;
    }
    let mut shares: Vec<u16> = parts.iter().map(|part| ((part + LEAST) * 100) as u16).collect();
    let given: u16 = shares.iter().sum();
    if let Some(largest) = (0..shares.len()).reduce(|most, at| if shares[at] > shares[most] { at } else { most }) {
        shares[largest] += all.saturating_sub(given);
    }
    shares
}

/// The natural logarithm of a positive number, to the last few bits.
fn ln(x: f64) -> f64 {
    if x < f64::MIN_POSITIVE {
        return -745.0;
    }
    let bits = x.to_bits();
    let mut exponent = ((bits >> 52) & 0x7ff) as f64 - 1023.0;
    let mut mantissa = f64::from_bits((bits & 0x000f_ffff_ffff_ffff) | (1023 << 52));
    if mantissa > std::f64::consts::SQRT_2 {
        mantissa /= 2.0;
        exponent += 1.0;
    }
    let ratio = (mantissa - 1.0) / (mantissa + 1.0);
    let square = ratio * ratio;
    // 2 (r + r³/3 + r⁵/5 + …), with |r| below 0.172.
    let series = (0..12).rev().fold(0.0, |sum, term| sum * square + 1.0 / f64::from(2 * term + 1));
    exponent * std::f64::consts::LN_2 + 2.0 * ratio * series
}

/// The exponential of a number that is not above 0.
fn exp(x: f64) -> f64 {
    if x < -700.0 {
        return 0.0;
    }
    let halvings = (x / std::f64::consts::LN_2).round();
    let rest = x - halvings * std::f64::consts::LN_2;
    let series = (1..18).rev().fold(1.0, |sum, term| 1.0 + sum * rest / f64::from(term));
    series * f64::from_bits(((1023.0 + halvings) as u64) << 52)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arm(complete: u64, measured: u64) -> Arm {
        Arm { complete, measured }
    }

    #[test]
    fn logarithm_and_exponential_agree_with_those_of_the_machine() {
        for at in 1..2_000 {
            let x = f64::from(at) * 0.013;
            assert!((ln(x) - x.ln()).abs() < 1e-14 * (1.0 + x.ln().abs()), "{x}");
            let y = -f64::from(at) * 0.3;
            assert!((exp(y) - y.exp()).abs() <= 1e-13 * y.exp(), "{y}");
        }
    }

    #[test]
    fn a_winner_is_ahead_of_every_rival() {
        assert_eq!(winner(&[arm(1_000, 100), arm(1_000, 200)], 0.05, 500), Some(1));
        assert_eq!(winner(&[arm(1_000, 100), arm(1_000, 130)], 0.05, 500), None, "as chance may have it");
        assert_eq!(winner(&[arm(1_000, 200), arm(1_000, 100), arm(1_000, 198)], 0.05, 500), None, "only one of the rivals is behind");
        assert_eq!(winner(&[arm(500, 0), arm(500, 0)], 0.05, 500), None);
        assert_eq!(winner(&[arm(0, 0), arm(500, 100)], 0.05, 500), None);
        assert_eq!(winner(&[arm(500, 500)], 0.05, 500), None);
    }

    /// Two arms alike, looked at after every customer: the error that was asked holds all the way. A plain test at 95 % would err in far
    /// more than every fourth series.
    #[test]
    fn however_often_one_looks_chance_wins_rarely() {
        let mut state = 1u64;
        let mut draw = move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % 100 < 20
        };
        let (mut wrong, mut plain) = (0, 0);
        for _ in 0..400 {
            let mut arms = [arm(0, 0), arm(0, 0)];
            let (mut called, mut plainly) = (false, false);
            for _ in 0..2_000 {
                for arm in &mut arms {
                    arm.complete += 1;
                    arm.measured += u64::from(draw());
                }
                if arms[0].complete >= 100 {
                    called |= winner(&arms, 0.05, 100).is_some();
                    let apart = (arms[0].measured as f64 - arms[1].measured as f64).abs() / arms[0].complete as f64;
                    plainly |= apart > 1.96 * (arms[0].variance() + arms[1].variance()).sqrt();
                }
            }
            wrong += i32::from(called);
            plain += i32::from(plainly);
        }
        assert!(wrong <= 20 && plain > 100, "{wrong} and {plain} of 400");
    }

    #[test]
    fn chances_are_those_of_beta_distributions() {
        let even = best(&[arm(0, 0), arm(0, 0), arm(0, 0)]);
        assert!(even.iter().all(|chance| (chance - 1.0 / 3.0).abs() < 1e-3), "{even:?}");
        // P(B > A) for Beta(2, 10) and Beta(4, 8), by the closed form of Evan Miller: 0.8446.
        let two = best(&[arm(10, 1), arm(10, 3)]);
        assert!((two[1] - 0.8446).abs() < 0.005, "{two:?}");
        let sure = best(&[arm(1_000_000, 100_000), arm(1_000_000, 101_500)]);
        assert!(sure[1] > 0.99 && sure[0] < 0.01, "{sure:?}");
    }

    #[test]
    fn shares_are_whole_hundredths_and_nobody_gets_nothing() {
        assert_eq!(shares(&[1.0, 0.0], 10_000), [9_900, 100]);
        assert_eq!(shares(&[0.5, 0.5], 8_050), [4_050, 4_000]);
        assert_eq!(shares(&[0.25, 0.25, 0.5], 10_000).iter().sum::<u16>(), 10_000);
    }
}
