//! Broken files: what is broken is kept byte for byte, the rest is laid out, and nothing panics.

use super::{Dice, files, formatted, tokens};
use onward::format::format_text;
use onward::source::FileId;
use onward::syntax::parse;

/// What is left is in the result as it was, in its order.
fn assert_left_as_it_was(text: &str) -> usize {
    let done = format_text(text).unwrap_or_else(|unproved| panic!("{unproved}\n{text}"));
    let mut rest = done.text.as_str();
    for span in &done.left {
        let left = &text[span.range()];
        let at = rest.find(left).unwrap_or_else(|| panic!("lost {left:?} of\n{text}\nin\n{}", done.text));
        rest = &rest[at + left.len()..];
    }
    assert_eq!(tokens(&done.text), tokens(text), "{text}");
    done.left.len()
}

#[test]
fn a_broken_declaration_is_kept_and_its_neighbours_are_laid_out() {
    let text = "event a {x text}\n\n\nevent   b { y   what is   this\n     z text }  \nevent c {x text}\n";
    assert_eq!(formatted(text), "event a { x text }\n\nevent   b { y   what is   this\n     z text }  \nevent c { x text }\n");
}

#[test]
fn once_blocks_are_lost_only_what_begins_in_the_first_column_is_laid_out() {
    let text = "journey j {\n   if a\n      exit\n   }\n}\n  let  x be 3\nteam   a\n";
    assert_eq!(formatted(text), text.replace("team   a", "team a"));
}

#[test]
fn a_token_less_is_left_and_the_rest_stays_in_its_layout() {
    let mut dice = Dice(11);
    let mut left = 0;
    for (_, text) in files("journeys") {
        let tree = parse(FileId(0), &text);
        let spans: Vec<_> = tree.tokens().map(|id| tree.span(id)).filter(|span| !span.is_empty()).collect();
        for _ in 0..4 {
            let mut damaged = text.clone();
            let span = spans[dice.below(spans.len())];
            match dice.below(3) {
                0 => damaged.replace_range(span.range(), ""),
                1 => damaged.insert_str(span.start as usize, &text[spans[dice.below(spans.len())].range()]),
                _ => damaged.insert(span.start as usize, ['{', '}', '(', '"', ','][dice.below(5)]),
            }
            left += usize::from(assert_left_as_it_was(&damaged) > 0);
        }
    }
    assert!(left > 50, "hardly anything was broken: {left}");
}

#[test]
fn ten_thousand_random_files_never_panic() {
    const WORDS: [&str; 48] = [
        "customer",
        "event",
        "topic a",
        "segment s",
        "journey j",
        "message m about t",
        "scenario \"s\" for j",
        "let x be",
        "enter on",
        "wait",
        "1 day",
        "if",
        "else",
        "else if",
        "otherwise",
        "send m",
        "by email",
        "where",
        "and",
        "or",
        "not",
        "is",
        "has",
        "in",
        "[",
        "]",
        "(",
        ")",
        "{",
        "}",
        ",",
        ":",
        ".",
        "?",
        "=",
        "-",
        "5",
        "5 %",
        "\"text\"",
        "\"open",
        "\"\"\"",
        "# comment\n",
        "## doc\n",
        "\n",
        "\n\n",
        "\r\n",
        "ชื่อ",
        "text",
    ];
    let mut dice = Dice(3);
    for _ in 0..10_000 {
        let count = 3 + dice.below(25);
        let text: String = (0..count).map(|_| [WORDS[dice.below(WORDS.len())], ["", " ", "  "][dice.below(3)]].concat()).collect();
        assert_left_as_it_was(&text);
    }
}
