//! The codec of everything durable: what is written comes back, and garbage is refused.

use chrono::{NaiveDate, NaiveTime};
use onward::calendar::{Instant, Span, Zone};
use onward::record::{Decode, DecodeError, Encode, Fault, Reader, Writer, from_bytes, to_bytes};
use onward::value::{Decimal, Text, Value};
use proptest::prelude::*;
use std::sync::Arc;

pub fn values() -> impl Strategy<Value = Value> {
    let number = (any::<i64>(), any::<u32>(), 0_u32..=28).prop_map(|(high, low, scale)| {
        let digits = (i128::from(high) << 31 | i128::from(low)) >> (scale * 3);
        Value::Number(Decimal::from_i128_with_scale(digits, scale))
    });
    let time = (0_u32..86_400, prop_oneof![Just(0_u32), 0_u32..1_000_000_000])
        .prop_map(|(seconds, nanos)| Value::Time(NaiveTime::from_num_seconds_from_midnight_opt(seconds, nanos).unwrap()));
    let leaf = prop_oneof![
        Just(Value::Missing),
        any::<bool>().prop_map(Value::Boolean),
        number,
        (0_u8..100).prop_map(|number| Value::Number(number.into())),
        "\\PC{0,200}".prop_map(|text| Value::text(&text)),
        (1_i32..3_652_059).prop_map(|day| Value::Date(NaiveDate::from_num_days_from_ce_opt(day).unwrap())),
        time,
        any::<i64>().prop_map(|ms| Value::Instant(Instant(ms))),
        (any::<i32>(), any::<i32>(), any::<i64>()).prop_map(|(months, days, ms)| Value::Duration(Span { months, days, ms })),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        let items = prop::collection::vec(inner, 0..6);
        prop_oneof![items.clone().prop_map(|items| Value::List(items.into())), items.prop_map(|items| Value::Record(items.into()))]
    })
}

fn back<T: Encode + Decode + PartialEq + std::fmt::Debug>(thing: &T) {
    let bytes = to_bytes(thing);
    assert_eq!(from_bytes::<T>(&bytes).as_ref(), Ok(thing));
    assert_eq!(counted(|out| thing.encode(out)), bytes.len());
}

/// Bytes that there would be.
fn counted(write: impl FnOnce(&mut Writer)) -> usize {
    let mut out = Writer::counting();
    write(&mut out);
    assert!(out.as_bytes().is_empty());
    out.len()
}

proptest! {
    #[test]
    fn every_value_comes_back(value in values()) {
        let bytes = to_bytes(&value);
        prop_assert_eq!(counted(|out| value.encode(out)), bytes.len());
        prop_assert_eq!(from_bytes::<Value>(&bytes), Ok(value));
        for cut in 0..bytes.len() {
            prop_assert!(from_bytes::<Value>(&bytes[..cut]).is_err());
        }
    }

    #[test]
    fn numbers_and_moments_come_back(unsigned: u64, signed: i64, base: i64, narrow: u16) {
        back(&unsigned);
        back(&signed);
        back(&narrow);
        let mut out = Writer::default();
        out.instant_from(Instant(base), Instant(signed));
        out.fixed(unsigned);
        let mut from = Reader::new(out.as_bytes());
        prop_assert_eq!(from.instant_from(Instant(base)), Ok(Instant(signed)));
        prop_assert_eq!(from.fixed(), Ok(unsigned));
    }

    /// What garbage gives is an error with a place in it, or a thing with exactly these bytes.
    #[test]
    fn garbage_is_refused_or_is_its_own_encoding(bytes in prop::collection::vec(prop_oneof![any::<u8>(), 0_u8..12], 0..64)) {
        fn tried<T: Encode + Decode>(bytes: &[u8], one_form: bool) -> Result<(), TestCaseError> {
            match from_bytes::<T>(bytes) {
                Ok(thing) if one_form => prop_assert_eq!(to_bytes(&thing), bytes),
                Ok(_) => {}
                Err(DecodeError { at, .. }) => prop_assert!(at <= bytes.len()),
            }
            Ok(())
        }
        tried::<u64>(&bytes, true)?;
        tried::<i32>(&bytes, true)?;
        tried::<Decimal>(&bytes, true)?;
        tried::<NaiveDate>(&bytes, true)?;
        tried::<NaiveTime>(&bytes, true)?;
        tried::<Vec<Option<Text>>>(&bytes, true)?;
        tried::<Zone>(&bytes, true)?;
        tried::<Vec<(Instant, Span)>>(&bytes, false)?;
        tried::<Value>(&bytes, false)?;
        let mut from = Reader::new(&bytes);
        while let Ok(Some(mut section)) = from.section() {
            let _ = (section.require(1), section.body.value());
        }
    }
}

#[test]
fn the_ends_of_every_range_come_back() {
    for number in [0, 1, 127, 128, 16_383, 16_384, u64::MAX] {
        back(&number);
    }
    for number in [0, -1, 63, 64, -64, -65, i64::MIN, i64::MAX] {
        back(&number);
    }
    for number in [Decimal::MAX, Decimal::MIN, Decimal::ZERO, Decimal::new(1, 28), Decimal::from(u64::MAX), Decimal::new(-5, 1)] {
        back(&number);
        assert_eq!(from_bytes::<Decimal>(&to_bytes(&number)).map(|back| back.scale()), Ok(number.scale()));
    }
    for instant in [Instant::NEVER, Instant::FIRST, Instant(0)] {
        back(&instant);
    }
    back(&Zone::parse("Asia/Bangkok").unwrap());
    back(&vec![Some(Text::new("สวัสดี")), None]);
    back(&Span { months: i32::MIN, days: 0, ms: i64::MAX });
}

#[test]
fn common_values_are_short() {
    let length = |value: Value| to_bytes(&value).len();
    assert_eq!(length(Value::Number(7.into())), 1);
    assert_eq!(length(Value::Number(500.into())), 4);
    assert_eq!(length(Value::text("promotions")), 11);
    assert_eq!(length(Value::Date("2026-03-01".parse().unwrap())), 4);
    assert_eq!(length(Value::Instant(Instant(1_772_330_400_000))), 7);
}

#[test]
fn a_count_that_the_bytes_cannot_fill_allocates_nothing() {
    let mut out = Writer::default();
    out.varint(u64::MAX);
    assert_eq!(from_bytes::<Vec<u64>>(out.as_bytes()), Err(DecodeError { at: 10, fault: Fault::Short }));
    assert_eq!(from_bytes::<String>(&[200, 1, 65]), Err(DecodeError { at: 2, fault: Fault::Short }));
}

#[test]
fn values_that_nest_too_deep_are_refused_without_a_deep_stack() {
    let mut bytes = [9_u8, 1].repeat(100_000);
    bytes.push(0);
    assert_eq!(from_bytes::<Value>(&bytes).map_err(|error| error.fault), Err(Fault::Deep));
    let deepest = (0..64).fold(Value::Missing, |value, _| Value::List(Arc::new([value])));
    back(&deepest);
}

#[test]
fn sections_of_every_length_can_be_passed_over_and_newer_ones_are_refused() {
    for length in [0, 1, 127, 128, 300, 20_000] {
        let write = |out: &mut Writer| {
            out.section(1, 1, |out| out.raw(&vec![7; length]));
            out.section(2, 3, |out| out.text("after"));
        };
        let mut out = Writer::default();
        write(&mut out);
        let bytes = out.into_bytes();
        assert_eq!(counted(write), bytes.len());
        let mut from = Reader::new(&bytes);
        let first = from.section().unwrap().unwrap();
        assert_eq!((first.id, first.version, first.body.remaining()), (1, 1, length));
        let mut second = from.section().unwrap().unwrap();
        assert_eq!(second.body.text(), Ok("after"));
        assert_eq!(second.body.finish(), Ok(()));
        assert_eq!(second.require(3), Ok(()));
        let newer = second.require(2).unwrap_err();
        assert_eq!(newer.fault, Fault::Newer { section: 2, version: 3, known: 2 });
        assert!(from.section().unwrap().is_none());
    }
}

#[test]
fn an_error_says_the_place_from_the_begin_of_the_outermost_bytes() {
    let mut out = Writer::default();
    out.section(1, 1, |out| out.text("ok"));
    out.section(2, 1, |out| out.raw(&[4, b'x']));
    let bytes = out.into_bytes();
    let mut from = Reader::new(&bytes);
    from.section().unwrap();
    let mut second = from.section().unwrap().unwrap();
    let error = second.body.text().unwrap_err();
    assert_eq!(error, DecodeError { at: 10, fault: Fault::Short });
    assert_eq!(error.to_string(), "at byte 10: the bytes end too early");
}
