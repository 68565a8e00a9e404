//! Every block of the README and of the reference is run: what must check checks, what must fail fails with exactly its code.
//!
//! A fenced block says what it is after ` ```journey `: nothing (a whole project), `prelude` (what parts are checked with), `part`
//! (declarations), `header` (each paragraph is the header of a journey), `steps` (each paragraph is the body of a journey), `conditions`
//! (one a line). `fails=E0203` on any of them asks for exactly that code; `file=a.journey` names the file that the page's commands see.
//! A ` ```console ` block is a command and what it prints, a ` ```report ` block is lines of the grocery project's simulation.

use onward::diagnostic::{Diagnostic, Severity, explain};
use onward::{Project, check_project};
use std::fmt::Write as _;

/// A fenced block of a page.
struct Block {
    page: &'static str,
    line: usize,
    kind: String,
    fails: Option<String>,
    /// The file that the commands of the page see it in.
    file: Option<String>,
    text: String,
}

const PAGES: [(&str, &str); 5] = [
    ("README.md", include_str!("../../README.md")),
    ("docs/language.md", include_str!("../../docs/language.md")),
    ("docs/checks.md", include_str!("../../docs/checks.md")),
    ("docs/th/README.md", include_str!("../../docs/th/README.md")),
    ("docs/th/language.md", include_str!("../../docs/th/language.md")),
];

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
                let mut block = Block { page, line: index + 2, kind: language, fails: None, file: None, text: String::new() };
                for word in words {
                    match word.split_once('=') {
                        Some(("fails", code)) => block.fails = Some(code.to_owned()),
                        Some(("file", name)) => block.file = Some(name.to_owned()),
                        _ => block.kind = format!("{} {word}", block.kind),
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
        "journey steps" => paragraphs(&block.text).into_iter().map(|(offset, part)| wrapped(entered, &part, "}\n", offset)).collect(),
        "journey conditions" => (block.text.lines().enumerate())
            .map(|(offset, line)| wrapped(&format!("{entered}  if "), line, " {\n    send hello by email\n  }\n}\n", offset))
            .collect(),
        other => panic!("{}:{}: unknown kind of block `{other}`", block.page, block.line),
    }
}

fn findings(text: &str) -> Vec<(Diagnostic, usize)> {
    let (compiled, found) = check_project(Project::from_texts([("page.journey", text)]));
    let sources = compiled.sources();
    found
        .into_sorted()
        .into_iter()
        .map(|finding| {
            let line = sources.get(finding.place.file).map_or(0, |file| file.position(finding.place.span.start).line as usize);
            (finding, line)
        })
        .collect()
}

/// What is wrong with a case, as a line each.
fn complaints(block: &Block, case: &Case) -> String {
    let last = case.before + case.text.lines().count();
    let mut text = String::new();
    let found: Vec<(Diagnostic, usize)> = findings(&case.text)
        .into_iter()
        // The declarations around a part are not its business, and nothing may use what it declares; else its own lines must be clean.
        .filter(|(finding, line)| finding.severity() == Severity::Error || (*line > case.before && *line <= last))
        .filter(|(finding, _)| case.before == 0 || finding.code.number != "W0160")
        .collect();
    let place = |line: usize| if line > case.before { case.page_line + line - case.before - 1 } else { block.line };
    match &block.fails {
        Some(code) if found.iter().any(|(finding, _)| finding.code.number == code) && found.len() == 1 => {}
        Some(code) => {
            let all: Vec<String> = found.iter().map(|(finding, _)| finding.code.to_string()).collect();
            writeln!(text, "{}:{}: asks for {code} alone, gives {all:?}", block.page, block.line).unwrap();
        }
        None => {
            for (finding, line) in found {
                writeln!(text, "{}:{}: {} {}", block.page, place(line), finding.code, finding.message()).unwrap();
            }
        }
    }
    text
}

#[test]
fn every_block_of_the_pages_does_what_it_says() {
    let blocks: Vec<Block> = blocks().into_iter().filter(|block| block.kind.starts_with("journey")).collect();
    let prelude = blocks.iter().find(|block| block.kind == "journey prelude").unwrap().text.clone();
    assert!(blocks.len() > 30, "the pages have lost their blocks");
    let mut wrong = String::new();
    for block in &blocks {
        for case in cases(block, &prelude) {
            wrong.push_str(&complaints(block, &case));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// The reference names every code beside the construct that it is about.
#[test]
fn the_reference_names_every_finding() {
    let pages = concat!(
        include_str!("../../docs/language.md"),
        include_str!("../../docs/data.md"),
        include_str!("../../docs/checks.md"),
        include_str!("../../docs/templates.md")
    );
    let mut named: Vec<String> = Vec::new();
    for line in pages.lines().filter(|line| line.contains("E0") || line.contains("W0")) {
        let words: Vec<&str> = line.split(|c: char| !c.is_ascii_alphanumeric() && c != '–').collect();
        for word in words {
            match word.split('–').collect::<Vec<_>>()[..] {
                [from, to] if is_code(from) && is_code(to) => {
                    named.extend(explain::pages().map(|page| page.code.to_owned()).filter(|code| &**code >= from && &**code <= to));
                }
                [code] if is_code(code) => {
                    named.push(code.to_owned());
                }
                _ => {}
            }
        }
    }
    let missing: Vec<&str> = explain::pages().map(|page| page.code).filter(|code| !named.iter().any(|name| name == code)).collect();
    assert!(missing.is_empty(), "the pages in docs/ do not name {missing:?}");
}

fn is_code(word: &str) -> bool {
    word.len() == 5 && word.starts_with(['E', 'W']) && word[1..].bytes().all(|byte| byte.is_ascii_digit())
}

/// Commands of the README print what the README says.
#[test]
fn every_command_of_the_pages_prints_what_it_says() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("pages");
    std::fs::create_dir_all(&folder).unwrap();
    let blocks = blocks();
    for block in &blocks {
        if let Some(file) = &block.file {
            std::fs::write(folder.join(file), &block.text).unwrap();
        }
    }
    let commands: Vec<&Block> = blocks.iter().filter(|block| block.kind == "console").collect();
    assert!(!commands.is_empty(), "the README shows no command");
    for block in commands {
        let (command, said) = block.text.split_once('\n').unwrap();
        let words = command.strip_prefix("$ onward ").expect("a command begins with `$ onward`").split(' ');
        let ran = std::process::Command::new(env!("CARGO_BIN_EXE_onward")).args(words).current_dir(&folder).output().unwrap();
        let printed = [ran.stdout, ran.stderr].concat();
        let printed = String::from_utf8(printed).unwrap();
        assert_eq!(printed.trim(), said.trim(), "{}:{}: {command}", block.page, block.line);
    }
}

/// The report that the README shows is what the first command of the README prints.
#[test]
fn the_report_of_the_readme_is_real() {
    let blocks = blocks();
    let report = blocks.iter().find(|block| block.kind == "report").expect("the README shows a report");
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_onward"));
    let ran = command.args(["simulate", "journeys/grocery"]).current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
    let printed = String::from_utf8(ran.stdout).unwrap();
    // Columns are as wide as the widest row, also of rows that the page leaves out.
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let lines: std::collections::BTreeSet<String> = printed.lines().map(words).collect();
    for (index, line) in report.text.lines().enumerate() {
        assert!(lines.contains(&words(line)), "{}:{}: the report has no line `{line}`", report.page, report.line + index);
    }
}
