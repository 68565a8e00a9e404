//! What is read, and what is refused.
#![allow(clippy::unwrap_used)]
use super::*;

#[test]
fn agrees_with_serde_where_both_read() {
    for text in [
        "{}",
        "[]",
        " [1, -0, 1.5e+3, \"a\\u0e01\\n\\ud83d\\ude00\\/\", true, false, null, {\"ก\": [{}]}] ",
        "123456789012345678901234567890.12345",
    ] {
        assert_eq!(parse(text).unwrap(), serde_json::from_str::<Value>(text).unwrap(), "{text}");
    }
}

#[test]
fn what_says_two_things_or_none_is_refused() {
    let cases = [
        ("", "too early"),
        ("{\"a\":1,\"a\":2}", "twice"),
        ("{\"a\":1,\"\\u0061\":2}", "twice"),
        ("\"\\u0000\"", "NUL"),
        ("\"a\u{0}b\"", "control"),
        ("\"\\ud83d\"", "half"),
        ("\"\\ud83dx\"", "half"),
        ("\"\\ud83d\\u0041\"", "half"),
        ("\"\\ude00\"", "half"),
        ("\"\\u00\"", "escape"),
        ("\"\\x\"", "escape"),
        ("NaN", "not JSON"),
        ("-", "digit"),
        ("01", "begin with 0"),
        ("1.", "digit"),
        ("1e", "digit"),
        ("+1", "not JSON"),
        ("\u{feff}{}", "not JSON"),
        ("{} {}", "behind the end"),
        ("[1,]", "not JSON"),
        ("[1 2]", "`,` or `]`"),
        ("{\"a\"}", "`:`"),
        ("{a:1}", "quotes"),
        ("\"abc", "not closed"),
        ("'a'", "not JSON"),
        ("tru", "not JSON"),
    ];
    for (text, why) in cases {
        let wrong = parse(text).unwrap_err();
        assert!(wrong.what.contains(why), "{text:?} says {wrong}, not {why}");
    }
    assert!(parse(&"1".repeat(NUMBER_CHARS_MAX)).is_ok());
    assert!(parse(&"1".repeat(NUMBER_CHARS_MAX + 1)).unwrap_err().what.contains("100 characters"));
}

#[test]
fn depth_32_is_read_and_33_is_not_and_a_hundred_thousand_do_no_harm() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(parse(&nested(DEPTH_MAX)).is_ok());
    assert!(parse(&nested(DEPTH_MAX + 1)).unwrap_err().what.contains("32 deep"));
    let deep = nested(100_000);
    assert!(parse(&deep).unwrap_err().what.contains("32 deep"));
    // Cut out whole, it spoils no neighbour.
    let list = format!("[1,{deep},{{\"a\":2}}]");
    let found = elements(&list, 10).unwrap();
    assert_eq!((found[0], found[1].len(), found[2]), ("1", 200_000, "{\"a\":2}"));
    assert!(members(&deep.replace('[', "{\"a\":")).is_err());
}

#[test]
fn pieces_are_the_text_that_was_sent() {
    let text = r#" { "batch" : [ {"a":"]}\"" } , 1.50 ,"x,y"] , "sentAt":"now" } "#;
    let found = members(text).unwrap();
    assert_eq!(found[0], ("batch".to_owned(), r#"[ {"a":"]}\"" } , 1.50 ,"x,y"]"#));
    assert_eq!(found[1].1, "\"now\"");
    assert_eq!(elements(found[0].1, 3).unwrap(), [r#"{"a":"]}\"" }"#, "1.50", "\"x,y\""]);
    assert!(elements(found[0].1, 2).unwrap_err().what.contains("more than 2"));
    for broken in ["[1", "[1,,2]", "[\"a]", "[1}", "[1]]", "{\"a\":}", "{\"a\":1,\"a\":2}", "{\"a\":\"\\", "[1,]"] {
        assert!(members(broken).is_err() && elements(broken, 9).is_err(), "{broken}");
    }
    assert_eq!(elements("[]", 9).unwrap(), Vec::<&str>::new());
}
