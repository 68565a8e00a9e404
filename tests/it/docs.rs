//! Every block of the README and of the reference is run: what must check checks, what must fail fails with exactly its code.
//!
//! A fenced block says what it is after ` ```journey `: nothing (a whole project), `prelude` (what parts are checked with), `part`
//! (declarations), `header` (each paragraph is the header of a journey), `steps` (each paragraph is the body of a journey), `conditions`
//! (one a line). `fails=E0203` on any of them asks for exactly that code.

use std::fmt::Write as _;

/// A fenced block of a page.
struct Block {
    page: &'static str,
    line: usize,
    kind: String,
    fails: Option<String>,
    text: String,
}

const PAGES: [(&str, &str); 2] =
    [("README.md", include_str!("../../README.md")), ("docs/language.md", include_str!("../../docs/language.md"))];

fn blocks() -> Vec<Block> {
    let mut blocks = Vec::new();
    for (page, text) in PAGES {
        let mut open: Option<Block> = None;
        for (index, line) in text.lines().enumerate() {
            if let Some(block) = &mut open {
                if line == "```" {
                    blocks.extend(open.take());
                } else {
                    block.text.push_str(line);
                    block.text.push('\n');
                }
            } else if let Some(info) = line.strip_prefix("```") {
                let mut words = info.split_whitespace();
                let language = words.next().unwrap_or("").to_owned();
                let mut block = Block { page, line: index + 2, kind: language, fails: None, text: String::new() };
                for word in words {
                    match word.strip_prefix("fails=") {
                        Some(code) => block.fails = Some(code.to_owned()),
                        None => block.kind = format!("{} {word}", block.kind),
                    }
                }
                open = Some(block);
            }
        }
        assert!(open.is_none(), "{page}: a block is not closed");
    }
    blocks
}

/// A project text with the line of the page at which its own lines begin, and how many lines of wrapping stand before them.
struct Case {
    text: String,
    before: usize,
    page_line: usize,
}

/// The paragraphs of a block with the offset of their first line.
fn paragraphs(text: &str) -> Vec<(usize, String)> {
    let mut found: Vec<(usize, String)> = Vec::new();
    let mut fresh = true;
    for (index, line) in text.lines().enumerate() {
        if line.is_empty() {
            fresh = true;
            continue;
        }
        if fresh {
            found.push((index, String::new()));
            fresh = false;
        }
        let (_, paragraph) = found.last_mut().unwrap();
        paragraph.push_str(line);
        paragraph.push('\n');
    }
    found
}

fn cases(block: &Block, prelude: &str) -> Vec<Case> {
    let wrapped = |before: &str, part: &str, after: &str, offset: usize| {
        let head = format!("{prelude}\n{before}");
        Case { before: head.matches('\n').count(), text: format!("{head}{part}{after}"), page_line: block.line + offset }
    };
    let entered = "journey example {\n  enter on cart_updated\n  enter again never\n";
    match block.kind.as_str() {
        "journey" => vec![Case { text: block.text.clone(), before: 0, page_line: block.line }],
        "journey prelude" => vec![wrapped("", "", "", 0)],
        "journey part" => vec![wrapped("", &block.text, "", 0)],
        "journey header" => paragraphs(&block.text)
            .into_iter()
            .map(|(offset, part)| {
                let again = if part.contains("enter again") || part.contains("one run per") { "" } else { "  enter again never\n" };
                wrapped(&format!("journey example {{\n{again}"), &part, "  wait 1 day\n  send hello by email\n}\n", offset)
            })
            .collect(),
        "journey steps" => paragraphs(&block.text)
            .into_iter()
            .map(|(offset, part)| {
                let requested = if part.contains("start journey example") { "  enter when requested\n" } else { "" };
                wrapped(&format!("{entered}{requested}"), &part, "}\n", offset)
            })
            .collect(),
        "journey conditions" => (block.text.lines().enumerate())
            .map(|(offset, line)| wrapped(&format!("{entered}  if "), line, " {\n    send hello by email\n  }\n}\n", offset))
            .collect(),
        other => panic!("{}:{}: unknown kind of block `{other}`", block.page, block.line),
    }
}
