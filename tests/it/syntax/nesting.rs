//! Nesting: refused beyond the limit, linear below it, and no stack is ever used up.

use super::findings;
use onward::syntax::NESTING_MAX;
use std::time::Instant;

/// `depth` times the same inside itself, in every shape that nests or could.
fn shapes(depth: usize) -> Vec<(&'static str, String)> {
    let open = |text: &str| text.repeat(depth);
    let segment = |condition: String| format!("segment s {{ {condition} }}\n");
    let journey = |steps: String| format!("journey j {{\n{steps}\n}}\n");
    vec![
        ("parens", segment(format!("{}a{}", open("("), open(")")))),
        ("open parens", segment(format!("{}a", open("(")))),
        ("closing parens", segment(format!("a{}", open(")")))),
        ("not", segment(format!("{}a", open("not ")))),
        ("minus", segment(format!("{}1", open("- ")))),
        ("lists", segment(format!("a in {}1{}", open("["), open("]")))),
        ("open lists", segment(format!("a in {}1", open("[")))),
        ("calls", segment(format!("{}1{}", open("f("), open(")")))),
        ("named arguments", segment(format!("{}1{}", open("f(a: "), open(")")))),
        ("open calls", segment(format!("{}1", open("f(")))),
        ("first of", segment(format!("{}a", open("first of ")))),
        ("where parens", segment(format!("{}a{}", open("any of b where ("), open(")")))),
        ("open where parens", segment(format!("{}a", open("any of b where (")))),
        ("has where", segment(format!("{}a", open("has e where ")))),
        ("bare where", segment(format!("{}a", open("any of b where ")))),
        ("and", segment(format!("{}a", open("a and ")))),
        ("plus", segment(format!("{}a", open("a + ")))),
        ("comparisons", segment(format!("{}a", open("a < ")))),
        ("dots", segment(format!("a{}", open(".b")))),
        ("ifs", journey(format!("{}{}", open("if a {\n"), open("}\n")))),
        ("open ifs", journey(open("if a {\n"))),
        ("else if", journey(format!("if a {{ }} {}", open("else if a { } ")))),
        ("elses", journey(format!("{}exit{}", open("if a { } else { "), open(" }")))),
        ("short waits", journey(format!("{}exit", open("wait up to 1 day for e otherwise ")))),
        ("waits", journey(format!("{}{}", open("wait up to 1 day { on e {\n"), open("} }\n")))),
        ("junk braces", open("{ ")),
        ("junk words and braces", open("foo { ")),
        ("closing braces", open("} ")),
        ("records", journey(format!("emit e {{ {}a: 1{} }}", open("a: { "), open(" }")))),
        ("types", format!("event e {{ {}a text{} }}\n", open("a { "), open(" }"))),
        ("holes", format!("let a be \"{}\"\n", open("{{ "))),
        ("quotes", open("\"")),
        ("one-line texts with holes", open("\"{{\" ")),
        ("texts inside of holes", format!("let a be \"{}", open("{{\"}}"))),
        ("foreign quotes", format!("event e {{ {} }}\n", open("a «, "))),
        ("control characters", open("\0")),
        ("long quotes", open("\"\"\" ")),
        ("backticks", open("` ")),
        ("blank lines", journey(format!("if (a {} {{", open("\n")))),
        ("comments", journey(format!("if a {} and", open("# x\n")))),
        ("docs", open("## x\n")),
        ("commas", segment(format!("a in [{}]", open(",")))),
    ]
}

#[test]
fn deep_nesting_is_refused_in_its_own_words() {
    for (shape, text) in shapes(400) {
        let found = findings(&text);
        let deep = ["parens", "lists", "calls", "ifs", "waits", "records", "types", "first of", "not"].contains(&shape);
        assert!(!deep || found.iter().any(|one| one.code.number == "E0002"), "{shape}: {found:?}");
    }
    let nested = |depth: usize| format!("segment s {{ {}a{} }}\n", "(".repeat(depth), ")".repeat(depth));
    assert!(findings(&nested(NESTING_MAX - 1)).is_empty(), "the limit itself is allowed");
    assert_eq!(findings(&nested(NESTING_MAX)).len(), 1);
}

#[test]
fn twenty_thousand_of_anything_are_refused_or_read_on_a_small_stack() {
    let run = || {
        for (_, text) in shapes(20_000) {
            findings(&text);
        }
    };
    std::thread::Builder::new().stack_size(1 << 20).spawn(run).unwrap().join().unwrap();
}

/// The whole way of a file, from its text to its findings. The stack is what it takes without optimisation, where frames are largest: 384 KiB are too few there.
#[test]
fn what_is_hostile_is_read_and_checked_on_a_small_stack() {
    let run = || {
        let hostile = [
            "\u{feff}".repeat(1_000),
            "\0".repeat(10_000),
            "ก\u{0e49}".repeat(10_000),
            format!("segment s {{ a matches \"{}\" }}\n", "(".repeat(5_000)),
            format!("message m about t {{ sms \"{}\" }}\ntopic t \"T\" opt out\n", "{% if a %}".repeat(5_000)),
            format!("message m about t {{ email {{ subject \"S\", html \"{}\" }} }}\ntopic t \"T\" opt out\n", "<b>".repeat(5_000)),
            format!(
                "message m about t {{ email {{ subject \"S\", mjml \"{}\" }} }}\ntopic t \"T\" opt out\n",
                "<mj-section>".repeat(5_000)
            ),
            (0..2_000).map(|at| format!("let a{at} be a{}\n", at + 1)).collect::<String>(),
            (0..2_000).map(|at| format!("segment s{at} {{ in segment s{} }}\n", at + 1)).collect::<String>(),
        ];
        for text in shapes(400).into_iter().map(|(_, text)| text).chain(hostile) {
            let (_, found) = onward::check_project(onward::Project::from_texts([("a.journey", text.as_str())]));
            let _ = found.into_sorted();
        }
    };
    std::thread::Builder::new().stack_size(512 << 10).spawn(run).unwrap().join().unwrap();
}

#[test]
fn time_grows_with_length_and_not_with_its_square() {
    // 1,000 against 4,000 of the same: four times as long, sixteen times if it were quadratic. Short runs jitter, so each is the best of five.
    let best = |text: &str| {
        let time = |_| {
            let begin = Instant::now();
            onward::syntax::parse_whatever_its_nesting(text);
            begin.elapsed()
        };
        (0..5).map(time).min().unwrap()
    };
    for ((shape, small), (_, large)) in shapes(1000).into_iter().zip(shapes(4000)) {
        let (small, large) = (best(&small), best(&large));
        assert!(large.as_micros() < 12 * small.as_micros() + 40_000, "{shape}: {small:?} and then {large:?}");
    }
}
