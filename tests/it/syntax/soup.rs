//! Random tokens: everything is consumed, nothing is lost, nothing panics.

use super::assert_lossless;
use super::damage::Dice;
use onward::ast;
use onward::source::FileId;
use onward::syntax::{errors, parse};

const TOKENS: &[&str] = &[
    "customer",
    "event",
    "topic",
    "segment",
    "policy",
    "journey",
    "message",
    "scenario",
    "let",
    "route",
    "enter",
    "enter again",
    "on",
    "when",
    "joins",
    "goal",
    "within",
    "of entry",
    "exit on",
    "only while",
    "wait",
    "wait up to",
    "wait until",
    "wait the full",
    "if",
    "else if",
    "else",
    "otherwise",
    "split",
    "path",
    "send",
    "by",
    "as",
    "where",
    "and",
    "or",
    "not",
    "is",
    "is not",
    "is missing",
    "is set",
    "in",
    "not in",
    "in the last",
    "has",
    "no",
    "at least",
    "received",
    "messages",
    "any of",
    "first of",
    "sum of",
    "count of",
    "for the same",
    "since",
    "then",
    "to",
    "from",
    "repeat up to",
    "times",
    "let",
    "be",
    "emit",
    "set",
    "add",
    "remove",
    "expect",
    "given",
    "at",
    "after",
    "about",
    "email",
    "sms",
    "{",
    "}",
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    ",",
    ":",
    ".",
    "?",
    "=",
    "==",
    "!=",
    "&&",
    "<",
    "<=",
    "+",
    "-",
    "*",
    "/",
    "\"text\"",
    "\"{{ a }}\"",
    "\"open",
    "\"\"\"long\"\"\"",
    "\"\"\"",
    "'x'",
    "1",
    "2.5",
    "20%",
    "500 THB",
    "2 days",
    "24h",
    "09:00",
    "9:00",
    "2026-03-01",
    "2026-03-01 09:00",
    "2026-02-30",
    "true",
    "name",
    "customer.plan",
    "entry",
    "ลูกค้า",
    "`in`",
    "# note\n",
    "## doc\n",
    "\n",
    "\n",
    "\n  ",
    "\n    ",
    "฿500",
    "\u{202E}",
    "\u{200B}",
    "\r",
    "\0",
    "😀",
    "monday",
    "weekdays",
    "\\",
    "%",
    ";",
    "//",
    "$",
    "event x {\n",
    "\nevent x {",
    "\njourney j {\n",
    "\u{FEFF}",
];

#[test]
fn two_hundred_thousand_random_soups_are_consumed_whole() {
    let work = |part: u64| {
        move || {
            let mut dice = Dice::new(part + 7);
            let mut text = String::new();
            for _ in 0..100_000 {
                text.clear();
                for _ in 0..=dice.below(16) {
                    text.push_str(TOKENS[dice.below(TOKENS.len())]);
                    if dice.below(5) > 0 {
                        text.push(' ');
                    }
                }
                let tree = parse(FileId(0), &text);
                assert_lossless(&tree, &text);
                let _ = errors(&tree, &text).into_sorted();
                let _ = ast::lower(FileId(0), &tree, &text);
            }
        }
    };
    let halves: Vec<_> = (0..2).map(|part| std::thread::spawn(work(part))).collect();
    for half in halves {
        half.join().unwrap();
    }
}
