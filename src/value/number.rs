//! Exact decimals: reading and computing.
//!
//! In: digits, decimals. Out: decimals. **Invariant:** a number that is read is exactly the one that was written or is refused; no operation
//! panics, and what does not fit is `None`. Products and quotients are rounded half away from zero to [`SCALE_MAX`] places, sums are exact.

use super::Decimal;

/// The places of a product or a quotient.
pub const SCALE_MAX: u32 = 12;

/// Digits with an optional sign and fraction, exactly. `exponent` also allows JSON's `1.5e3`. `None` where it is no number, or one that does
/// not fit into 28 digits.
pub fn read(text: &str, exponent: bool) -> Option<Decimal> {
    let bytes = text.as_bytes();
    let (negative, mut at) = match bytes.first()? {
        b'-' => (true, 1),
        b'+' => (false, 1),
        _ => (false, 0),
    };
    let (mut mantissa, mut scale, mut digits, mut point) = (0_i128, 0_i32, 0_u32, false);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'0'..=b'9' => {
                mantissa = mantissa.checked_mul(10)?.checked_add(i128::from(byte - b'0'))?;
                digits += 1;
                scale += i32::from(point);
            }
            // A point stands between digits.
            b'.' if !point && digits > 0 && bytes.get(at + 1).is_some_and(u8::is_ascii_digit) => point = true,
            b'e' | b'E' if exponent && digits > 0 => {
                let power = text.get(at + 1..)?;
                let sign_and_digits = power.strip_prefix(['+', '-']).unwrap_or(power);
                if sign_and_digits.is_empty() || !sign_and_digits.bytes().all(|byte| byte.is_ascii_digit()) {
                    return None;
                }
                if mantissa == 0 {
                    return Some(Decimal::ZERO);
                }
                scale = scale.checked_sub(power.parse::<i32>().ok()?)?;
                at = bytes.len();
                continue;
            }
            _ => return None,
        }
        at += 1;
    }
    if digits == 0 {
        return None;
    }
    while scale > 28 && mantissa % 10 == 0 && mantissa != 0 {
        (mantissa, scale) = (mantissa / 10, scale - 1);
    }
    while scale < 0 {
        (mantissa, scale) = (mantissa.checked_mul(10)?, scale + 1);
    }
    let scale = if mantissa == 0 { scale.min(28) } else { scale };
    Decimal::try_from_i128_with_scale(if negative { -mantissa } else { mantissa }, u32::try_from(scale).ok()?).ok()
}

pub fn plus(left: Decimal, right: Decimal) -> Option<Decimal> {
    left.checked_add(right)
}

pub fn minus(left: Decimal, right: Decimal) -> Option<Decimal> {
    left.checked_sub(right)
}

pub fn times(left: Decimal, right: Decimal) -> Option<Decimal> {
    left.checked_mul(right).map(rounded)
}

/// `None` also for a division by zero.
pub fn divided(left: Decimal, right: Decimal) -> Option<Decimal> {
    left.checked_div(right).map(rounded)
}

fn rounded(number: Decimal) -> Decimal {
    if number.scale() <= SCALE_MAX { number } else { at_places(number, SCALE_MAX) }
}

/// Rounded half away from zero, as money is.
pub fn at_places(number: Decimal, places: u32) -> Decimal {
    number.round_dp_with_strategy(places, rust_decimal::RoundingStrategy::MidpointAwayFromZero)
}
