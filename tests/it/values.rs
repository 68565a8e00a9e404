//! Values: what is taken from outside, in which normal form, and how they are shown.

use chrono::NaiveDateTime;
use onward::calendar::{DAY_MS, Instant, Span, Zone};
use onward::value::moment::{self, TimeFormat};
use onward::value::parse::{Reading, from_json, from_text};
use onward::value::{Currency, Decimal, Type, Value, compare, compute, normal, number, same, show};
use std::cmp::Ordering;
use std::sync::Arc;

fn bangkok() -> Reading {
    Reading { zone: Zone::parse("Asia/Bangkok").unwrap(), times: TimeFormat::Auto, calling_code: Some(66) }
}

fn thb() -> Currency {
    Currency::parse("THB").unwrap()
}

fn cell(text: &str, ty: &Type) -> Result<Value, String> {
    from_text(text, ty, &bangkok()).map_err(|error| error.to_string())
}

fn json(text: &str, ty: &Type) -> Result<Value, String> {
    from_json(&serde_json::from_str(text).unwrap(), ty, &bangkok()).map_err(|error| error.to_string())
}

fn number(text: &str) -> Value {
    Value::Number(text.parse().unwrap())
}

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

// ---------------------------------------------------------------- numbers and money

#[test]
fn a_number_keeps_every_digit_or_is_refused() {
    for exact in ["9007199254740993", "12345678901234567890123", "0.1234567890123456789012345678", "-0.10", "1.5"] {
        assert_eq!(json(exact, &Type::Number), Ok(number(exact)));
        assert_eq!(cell(exact, &Type::Number), Ok(number(exact)));
    }
    assert_eq!(json("1.5e3", &Type::Number), Ok(number("1500")));
    assert_eq!(json("-0", &Type::Number).map(|zero| show::display(&zero, Zone::UTC)), Ok("0".into()));
    for lost in ["1e400", "1e-400", "123456789012345678901234567890", "0.12345678901234567890123456789"] {
        assert!(json(lost, &Type::Number).unwrap_err().contains("more digits than can be held exactly"), "{lost}");
    }
    for wrong in ["NaN", "inf", "1_000", ".5", "5.", "1.2.3", "--1", "0x10", "5%", "1e3", "１"] {
        assert!(cell(wrong, &Type::Number).is_err(), "{wrong}");
    }
}

#[test]
fn a_number_that_is_written_otherwise_says_how_to_write_it() {
    let said = |text: &str| cell(text, &Type::Number).unwrap_err();
    assert_eq!(said("12,5"), "`12,5` is not a number; write 12.5");
    assert_eq!(said("1,290.00"), "`1,290.00` is not a number; write 1290.00");
    assert_eq!(said("1.290,50"), "`1.290,50` is not a number; write 1290.50");
    assert_eq!(said("1,290"), "`1,290` is not a number; write 1290");
    assert_eq!(said("6.68E+10"), "`6.68E+10` is not a number; write 66800000000");
    assert_eq!(said("many"), "`many` is not a number");
}

#[test]
fn money_is_of_the_declared_currency_only() {
    let ty = Type::Money(thb());
    for fine in ["500", "500 THB", "500THB", "THB 500", " 500.00 "] {
        assert_eq!(cell(fine, &ty), Ok(number("500")), "{fine}");
    }
    assert_eq!(json(r#"{"amount": 19.90, "currency": "THB"}"#, &ty), Ok(number("19.90")));
    assert_eq!(json("19.9", &ty), Ok(number("19.9")));
    assert_eq!(cell("500 USD", &ty).unwrap_err(), "`USD` is the wrong currency; amounts here are in THB");
    assert_eq!(json(r#"{"amount": 5, "currency": "USD"}"#, &ty).unwrap_err(), "`USD` is the wrong currency; amounts here are in THB");
    assert!(json(r#"{"amount": 5}"#, &ty).unwrap_err().starts_with("currency:"));
    assert!(cell("฿500", &ty).is_err() && cell("THB", &ty).is_err());
    assert_eq!(cell("1,290 THB", &ty).unwrap_err(), "`1,290 THB` is not money THB; write 1290");
}

// ---------------------------------------------------------------- moments and dates

#[test]
fn moments_in_every_form_are_the_same_moment() {
    let expected = Ok(Value::Instant(Instant(1_479_094_210_000)));
    for text in [
        "2016-11-14T03:30:10Z",
        "2016-11-14T10:30:10+07:00",
        "2016-11-14 10:30:10",
        "2016-11-14T10:30:10.000",
        "2016-11-14 03:30:10 UTC",
        "2016-11-14T10:30:10+0700",
        "2016-11-14T10:30:10 +07",
        "1479094210",
        "1479094210000",
        "1479094210.0",
    ] {
        assert_eq!(cell(text, &Type::DateTime), expected, "{text}");
    }
    assert_eq!(json("1479094210", &Type::DateTime), expected);
    assert_eq!(json("\"2016-11-14T03:30:10Z\"", &Type::DateTime), expected);
    assert_eq!(cell("2016-11-14", &Type::DateTime), Ok(Value::Instant(Instant(1_479_056_400_000))));
    assert_eq!(cell("2016-11-14T03:30:10.123999Z", &Type::DateTime), Ok(Value::Instant(Instant(1_479_094_210_123))));
}

#[test]
fn a_moment_that_could_mean_two_things_is_refused() {
    for doubtful in ["20161114", "45000", "20161114103010", "0", "1479094210000000", "99999999999999999999"] {
        let said = cell(doubtful, &Type::DateTime).unwrap_err();
        assert!(said.contains("seconds or milliseconds"), "{doubtful}: {said}");
    }
    for wrong in [
        "",
        "14/11/2016",
        "01/02/03",
        "2016-11-14T25:00:00Z",
        "2016-13-01",
        "2016-02-30",
        "2016-11-14T10:30:10+25:00",
        "2016-11-14T10",
        "now",
        "2016-11-14T10:30:10Zjunk",
        "๒๐๑๖-11-14",
        "2016-11-14T10:30:1",
        "45000.5",
    ] {
        assert!(cell(wrong, &Type::DateTime).is_err(), "{wrong}");
    }
}

#[test]
fn only_the_stated_format_is_read() {
    let read = |text: &str, format: &str| moment::read(text, &TimeFormat::parse(format).unwrap(), Zone::parse("Asia/Bangkok").unwrap());
    assert_eq!(read("0", "seconds"), Ok(Instant(0)));
    assert_eq!(read("4070908800000", "milliseconds"), Ok(Instant(4_070_908_800_000)));
    assert!(read("2016-11-14", "seconds").is_err() && read("1479094210", "iso").is_err() && read("2016-11-14 10:00", "date").is_err());
    assert_eq!(read("14/11/2016 10:30", "%d/%m/%Y %H:%M"), read("2016-11-14 10:30", "iso"));
    assert_eq!(read("14/11/2016", "%d/%m/%Y"), read("2016-11-14", "date"));
    assert_eq!(read("14/11/2016 10:30 +0000", "%d/%m/%Y %H:%M %z"), read("2016-11-14T10:30Z", "iso"));
    assert_eq!(TimeFormat::parse("sometimes"), None);
    assert_eq!(TimeFormat::parse("%d/%Q"), None);
}

#[test]
fn dates_are_iso_and_of_the_common_era() {
    let date = Ok(Value::Date("2016-11-14".parse().unwrap()));
    assert_eq!(cell("2016-11-14", &Type::Date), date);
    assert_eq!(cell("2016-11-14T00:00:00Z", &Type::Date), date);
    for wrong in ["01/02/03", "45000", "2016-11-14 10:00", "2016-1-4", "0000-01-01"] {
        assert!(cell(wrong, &Type::Date).is_err(), "{wrong}");
    }
    assert!(cell("2569-03-01", &Type::Date).unwrap_err().contains("2569 would be 2026"));
    assert!(cell("2569-03-01 10:00", &Type::DateTime).unwrap_err().contains("2569 would be 2026"));
    assert_eq!(cell("9999-12-31", &Type::Date), Ok(Value::Date("9999-12-31".parse().unwrap())));
}

#[test]
fn clock_times_and_durations_are_read_as_the_language_writes_them() {
    assert_eq!(cell("9:00", &Type::Time), cell("09:00:00", &Type::Time));
    for wrong in ["24:00", "9", "9:60", "09:00:00:00", "+9:00"] {
        assert!(cell(wrong, &Type::Time).is_err(), "{wrong}");
    }
    assert_eq!(cell("1 hour 30 minutes", &Type::Duration), Ok(Value::Duration(Span::of_ms(90 * 60_000))));
    assert_eq!(cell("2 weeks", &Type::Duration), Ok(Value::Duration(Span::of_days(14))));
    for wrong in ["2", "days", "-1 hour", "2 fortnights", "1.5 hours"] {
        assert!(cell(wrong, &Type::Duration).is_err(), "{wrong}");
    }
}

proptest::proptest! {
    #[test]
    fn a_moment_written_by_chrono_is_read_back(ms in -62_135_596_800_000_i64..16_000_000_000_000) {
        let written = chrono::DateTime::from_timestamp_millis(ms).unwrap().format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string();
        let read = moment::read(&written, &TimeFormat::Auto, Zone::UTC);
        let buddhist = read.is_err() && written.as_str() > "24";
        proptest::prop_assert!(read == Ok(Instant(ms)) || buddhist, "{}", written);
    }

    #[test]
    fn reading_never_panics_and_a_normal_form_is_its_own(text in "\\PC{0,40}") {
        for ty in [Type::Number, Type::Money(thb()), Type::DateTime, Type::Date, Type::Time, Type::Duration, Type::Email, Type::Phone, Type::Url,
            Type::Country, Type::Language, Type::Timezone, Type::List(Arc::new(Type::Number))] {
            if let Ok(Value::Text(normal)) = cell(&text, &ty) {
                proptest::prop_assert_eq!(cell(&normal, &ty), Ok(Value::Text(normal)));
            }
        }
    }
}

// ---------------------------------------------------------------- shapes

#[test]
fn true_and_false_have_words_in_text_and_only_themselves_in_json() {
    for (text, truth) in [("true", true), ("Yes", true), ("1", true), ("FALSE", false), ("no", false), ("0", false)] {
        assert_eq!(cell(text, &Type::Boolean), Ok(Value::Boolean(truth)));
    }
    assert!(cell("maybe", &Type::Boolean).is_err());
    assert_eq!(json("true", &Type::Boolean), Ok(Value::Boolean(true)));
    for wrong in ["1", "\"true\"", "[]"] {
        assert!(json(wrong, &Type::Boolean).is_err(), "{wrong}");
    }
}

#[test]
fn what_is_missing_is_missing_only_where_the_type_allows_it() {
    assert_eq!(cell(" ", &Type::Number.optional()), Ok(Value::Missing));
    assert_eq!(cell("", &Type::Number).unwrap_err(), "a number is missing");
    assert_eq!(cell("", &Type::Text), Ok(Value::text("")));
    assert_eq!(json("null", &Type::Text.optional()), Ok(Value::Missing));
    assert_eq!(json("null", &Type::Text).unwrap_err(), "text is missing");
}

#[test]
fn nothing_is_converted_silently() {
    assert_eq!(json("123", &Type::Text).unwrap_err(), "`123` is not text; write \"123\" in quotes");
    assert!(json("true", &Type::Number).is_err() && json("{}", &Type::Email).is_err() && json("0.5", &Type::Date).is_err());
}

#[test]
fn lists_and_records_say_where_they_are_wrong() {
    let numbers = Type::List(Arc::new(Type::Number));
    assert_eq!(cell("1; 2", &numbers), cell("[1, 2]", &numbers));
    assert_eq!(cell("", &numbers), Ok(Value::List(Arc::new([]))));
    assert_eq!(json("[1, \"x\"]", &numbers).unwrap_err(), "item 2: `x` is not a number");
    let record = Type::Record(vec![("sku".into(), Type::Text), ("count".into(), Type::Number.optional())].into());
    assert_eq!(json(r#"{"sku": "A1", "colour": "red"}"#, &record), Ok(Value::Record(Arc::new([Value::text("A1"), Value::Missing]))));
    assert_eq!(json(r#"{"count": 1}"#, &record).unwrap_err(), "sku: text is missing");
    let one_of = Type::OneOf(Arc::new(["free".into(), "pro".into()]));
    assert_eq!(cell("basic", &one_of).unwrap_err(), "`basic` is none of \"free\", \"pro\"");
    assert_eq!(cell("pro", &one_of), Ok(Value::text("pro")));
}

#[test]
fn limits_hold_on_both_sides() {
    let text = "x".repeat(32 * 1024);
    assert!(cell(&text, &Type::Text).is_ok() && json(&format!("\"{text}\""), &Type::Text).is_ok());
    assert!(cell(&format!("{text}x"), &Type::Text).is_err() && json(&format!("\"{text}x\""), &Type::Text).is_err());
    let nested = |depth: usize| {
        let ty = (0..depth).fold(Type::Number, |ty, _| Type::List(Arc::new(ty)));
        json(&format!("{}1{}", "[".repeat(depth), "]".repeat(depth)), &ty)
    };
    assert!(nested(32).is_ok() && nested(33).is_err());
    let list = |items: usize| cell(&vec!["1"; items].join(";"), &Type::List(Arc::new(Type::Number)));
    assert!(list(1_000).is_ok() && list(1_001).is_err());
}

// ---------------------------------------------------------------- normal forms

#[test]
fn email_addresses_have_one_normal_form_and_unsendable_ones_are_refused() {
    let normal = |text: &str| normal::email(text).map(|text| text.to_string());
    assert_eq!(normal("A@B.com "), Ok("a@b.com".into()));
    assert_eq!(normal("first.last+tag@Example.CO.TH"), Ok("first.last+tag@example.co.th".into()));
    assert_eq!(normal("nok@ร้านค้า.ไทย"), Ok("nok@ร้านค้า.ไทย".into()));
    assert_eq!(normal("x@BU\u{308}CHER.de"), Ok("x@bücher.de".into()));
    for refused in [
        "\"a b\"@x.com",
        "a@[127.0.0.1]",
        "a@127.0.0.1",
        "-froot@x.com",
        "a@localhost",
        "a@b@c.com",
        "a",
        "@x.com",
        "a@",
        "a..b@x.com",
        ".a@x.com",
        "a b@x.com",
        "a@-x.com",
        "a@x-.com",
        "a@x..com",
        "a@x.com\nBcc: b@x.com",
        "a,b@x.com",
        "<a@x.com>",
    ] {
        assert!(normal(refused).is_err(), "{refused}");
    }
    assert!(normal(&format!("{}@x.com", "a".repeat(64))).is_ok() && normal(&format!("{}@x.com", "a".repeat(65))).is_err());
}

#[test]
fn phone_numbers_are_e164_by_the_stated_country() {
    let thai = |text: &str| normal::phone(text, normal::calling_code("TH")).map(|text| text.to_string());
    for same in [
        "081 234 5678",
        "081-234-5678",
        "+66 81 234 5678",
        "+66 (0)81 234 5678",
        "+66 081 234 5678",
        "0066812345678",
        "66812345678",
        "812345678",
        "๐๘๑๒๓๔๕๖๗๘",
    ] {
        assert_eq!(thai(same), Ok("+66812345678".into()), "{same}");
    }
    assert_eq!(thai("02 123 4567"), Ok("+6621234567".into()));
    let american = |text: &str| normal::phone(text, normal::calling_code("US")).map(|text| text.to_string());
    assert_eq!(american("(415) 555-2671"), Ok("+14155552671".into()));
    assert_eq!(american("1-415-555-2671"), Ok("+14155552671".into()));
    assert_eq!(american("+44 20 7946 0958"), Ok("+442079460958".into()));
    for refused in ["6.68E+10", "6,68E+10", "66812345678.0E0", "12", "", "call me", "081 234 56789012", "+0812345678", "+1234567890123456"]
    {
        assert!(thai(refused).is_err(), "{refused}");
    }
    assert!(normal::phone("081 234 5678", None).is_err() && normal::phone("+66812345678", None).is_ok());
}

#[test]
fn codes_and_addresses_have_their_normal_forms() {
    assert_eq!(normal::country(" th").as_deref(), Ok("TH"));
    assert!(normal::country("XX").is_err() && normal::country("THA").is_err());
    assert_eq!(normal::language("en-US").as_deref(), Ok("en"));
    assert_eq!(normal::language("TH").as_deref(), Ok("th"));
    assert!(normal::language("thai!").is_err() && normal::language("").is_err());
    assert_eq!(normal::timezone("Asia/Bangkok").as_deref(), Ok("Asia/Bangkok"));
    assert!(normal::timezone("Mars/Base").is_err() && normal::timezone("9:00").is_err());
    assert_eq!(normal::url("HTTPS://Shop.Example.com/A?b=1#c").as_deref(), Ok("https://shop.example.com/A?b=1#c"));
    for refused in [
        "javascript:alert(1)",
        "ftp://x.com",
        "https://user@x.com",
        "https://x.com/a b",
        "https://localhost",
        "//x.com",
        "https://x.com:http",
    ] {
        assert!(normal::url(refused).is_err(), "{refused}");
    }
}

// ---------------------------------------------------------------- comparing, computing, showing

#[test]
fn a_comparison_with_what_is_missing_or_unlike_is_false() {
    assert_eq!(compare(&number("1.0"), &number("1")), Some(Ordering::Equal));
    assert_eq!(compare(&number("1"), &Value::Missing), None);
    assert_eq!(compare(&number("1"), &Value::text("1")), None);
    assert!(!same(&Value::Missing, &Value::Missing));
    assert!(same(&Value::List(Arc::new([number("1")])), &Value::List(Arc::new([number("1.00")]))));
}

#[test]
fn computing_never_panics_and_what_does_not_fit_is_missing() {
    let most = Value::Number(Decimal::MAX);
    assert_eq!(compute::plus(&most, &most, Zone::UTC), Value::Missing);
    assert_eq!(compute::times(&most, &most), Value::Missing);
    assert_eq!(compute::divided(&number("1"), &number("0")), Value::Missing);
    assert_eq!(compute::divided(&number("1"), &number("3")), number("0.333333333333"));
    assert_eq!(number::at_places(decimal("2.345"), 2), decimal("2.35"));
    assert_eq!(compute::plus(&number("0.1"), &number("0.2"), Zone::UTC), number("0.3"));
    let new_york = Zone::parse("America/New_York").unwrap();
    let saturday = new_york.instant(NaiveDateTime::parse_from_str("2026-03-07 10:00", "%Y-%m-%d %H:%M").unwrap());
    assert_eq!(
        compute::plus(&Value::Instant(saturday), &Value::Duration(Span::of_days(1)), new_york),
        Value::Instant(saturday.plus_ms(DAY_MS - 3_600_000))
    );
    assert_eq!(
        compute::plus(&Value::Instant(saturday), &Value::Duration(Span { months: i32::MAX, days: 0, ms: 0 }), new_york),
        Value::Missing
    );
    let date = |text: &str| Value::Date(text.parse().unwrap());
    assert_eq!(compute::minus(&date("2026-03-10"), &date("2026-03-01"), Zone::UTC), Value::Duration(Span::of_days(9)));
    assert_eq!(compute::minus(&date("0001-01-01"), &Value::Duration(Span::of_days(1)), Zone::UTC), Value::Missing);
}

#[test]
fn money_numbers_and_durations_read_as_people_write_them() {
    let money = |amount: &str, code: &str| show::money(decimal(amount), Currency::parse(code).unwrap());
    assert_eq!(money("1290.00", "THB"), "฿1,290");
    assert_eq!(money("1290.5", "THB"), "฿1,290.50");
    assert_eq!(money("-1234567.895", "USD"), "-$1,234,567.90");
    assert_eq!(money("-0.001", "USD"), "$0");
    assert_eq!(money("1290.4", "JPY"), "¥1,290");
    assert_eq!(money("999", "CHF"), "999 CHF");
    assert_eq!(show::plain_number(decimal("1.500")), "1.5");
    assert_eq!(show::plain_number(decimal("20000")), "20000");
    assert_eq!(show::duration(Span { months: 14, days: 1, ms: 5_400_000 }), "1 year 2 months 1 day 1 hour 30 minutes");
}

#[test]
fn dates_are_written_in_thai_and_english_with_years_of_the_common_era() {
    let local = NaiveDateTime::parse_from_str("2026-03-01 09:05", "%Y-%m-%d %H:%M").unwrap();
    assert_eq!(show::date(local, None, "en"), "1 March 2026");
    assert_eq!(show::date(local, None, "th"), "1 มีนาคม 2026");
    assert_eq!(show::date(local, Some("%-d %b %EY"), "th"), "1 มี.ค. 2569");
    assert_eq!(show::date(local, Some("%A %d/%m/%y %-I:%M %p"), "en"), "Sunday 01/03/26 9:05 AM");
    for (part, written) in show::PATTERNS {
        let pattern = format!("%{part}");
        assert_eq!(show::check_pattern(&pattern), Ok(()));
        assert_eq!(show::date(local, Some(&pattern), "en"), *written, "{pattern}");
    }
    assert_eq!(show::check_pattern("%d %Q"), Err("%Q".into()));
    assert_eq!(show::check_pattern("100%"), Err("%".into()));
    assert_eq!(show::date(local, Some("100%"), "en"), "100%");
}
