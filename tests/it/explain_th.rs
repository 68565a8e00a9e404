//! The explanation pages in Thai: one for each code, about the same thing as the English page, with its examples.

use onward::diagnostic::explain::{self, Page};
use std::collections::BTreeSet;

/// Where the examples begin on an English page.
const FAILS: &str = "\n## Fails\n";

fn is_thai(one: char) -> bool {
    ('\u{0E00}'..='\u{0E7F}').contains(&one)
}

/// A page without its fenced blocks.
fn prose(page: &str) -> String {
    page.split("\n```").step_by(2).collect()
}

/// What stands in backticks; a line that ends within one counts as a blank.
fn spans(page: &str) -> BTreeSet<String> {
    prose(page).split('`').skip(1).step_by(2).map(|span| span.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

/// The numbers outside of backticks, without the signs that part thousands.
fn numbers(page: &str) -> BTreeSet<String> {
    let said: String = prose(page).split('`').step_by(2).collect::<Vec<_>>().join(" ").replace(',', "");
    said.split(|one: char| !one.is_ascii_digit()).filter(|digits| !digits.is_empty()).map(str::to_owned).collect()
}

/// Paragraphs of what a page says before its examples.
fn paragraphs(page: &str) -> Vec<&str> {
    let before = page.split("\n## ").next().unwrap_or("");
    before.split("\n\n").skip(1).map(str::trim).filter(|text| !text.is_empty()).collect()
}

/// The widest that a line may be. A terminal breaks a wider one anywhere, and a Thai word broken inside is hard to read.
const WIDEST: usize = 80;

/// Cells of a terminal: vowels and tone marks above and below a letter take none.
fn cells_of(line: &str) -> usize {
    line.chars().filter(|one| !matches!(one, '\u{0E31}' | '\u{0E34}'..='\u{0E3A}' | '\u{0E47}'..='\u{0E4E}')).count()
}

/// What is wrong with the Thai page of a code.
fn complaints(page: Page, thai: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    let title = thai.lines().next().unwrap_or("").strip_prefix(&format!("# {} {}: ", page.code, page.slug));
    if !title.is_some_and(|title| title.contains(is_thai)) {
        wrong.push(format!("the first line must be `# {} {}: ` and a title in Thai", page.code, page.slug));
    }
    let (here, there) = (spans(thai), spans(page.text));
    wrong.extend(there.difference(&here).map(|span| format!("`{span}` of the English page is missing")));
    wrong.extend(here.difference(&there).map(|span| format!("`{span}` is not on the English page")));
    // "One" and "two" may be words in either language; what English writes in digits Thai writes in digits too.
    wrong.extend(numbers(page.text).difference(&numbers(thai)).map(|number| format!("the number {number} is missing")));
    if paragraphs(thai).len() != paragraphs(page.text).len() {
        wrong.push("it has another number of paragraphs".to_owned());
    }
    wrong.extend(thai.lines().filter(|line| cells_of(line) > WIDEST).map(|line| format!("this line is too wide: {line}")));
    for text in paragraphs(thai) {
        let words = text.split('`').step_by(2).collect::<String>();
        let (latin, letters) = (words.chars().filter(char::is_ascii_alphabetic).count(), words.chars().filter(|one| is_thai(*one)).count());
        if letters == 0 || latin > letters {
            wrong.push(format!("this is not in Thai: {text}"));
        }
    }
    wrong
}

#[test]
fn every_code_is_explained_in_thai_by_a_page_that_agrees_with_the_english_one() {
    let thai: Vec<_> = explain::thai_pages().collect();
    let mut wrong = Vec::new();
    for page in explain::pages() {
        match thai.iter().find(|(code, _)| *code == page.code) {
            None => wrong.push(format!("{}: write src/diagnostic/explain/th/{}.md", page.code, page.code)),
            Some((_, text)) => wrong.extend(complaints(page, text).into_iter().map(|what| format!("{}: {what}", page.code))),
        }
    }
    let stale = thai.iter().filter(|(code, _)| explain::page(code).is_none());
    wrong.extend(stale.map(|(code, _)| format!("{code}: there is no such code, and a page in Thai")));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_examples_are_those_of_the_english_page_under_thai_titles() {
    for page in explain::pages() {
        let shown = page.text_in("th");
        assert!(!shown.lines().any(|line| line == "## Fails" || line == "## Works"), "{}: a title is left in English", page.code);
        let blocks = |text: &str| text.split("\n```").skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(blocks(&shown), blocks(page.text), "{}: the examples differ", page.code);
        if page.text.contains(FAILS) {
            let (fails, works) = (shown.find("\n## ไม่ผ่าน\n"), shown.find("\n## ผ่าน\n"));
            assert!(fails.is_some() && works > fails, "{}: `ไม่ผ่าน` and then `ผ่าน`", page.code);
        }
        assert_eq!(page.text_in("en"), page.text);
        assert_eq!(page.text_in("de"), page.text, "a language without pages gets the English one");
    }
}

#[test]
fn a_page_that_disagrees_is_found() {
    let Some(page) = explain::page("E0203") else { panic!("E0203 is explained") };
    let found = |thai: &str| complaints(page, thai).join("\n");
    let right = "# E0203 not-a-condition: ไม่ใช่เงื่อนไข\n\nหลัง `if` และ `where` ต้องเป็นเงื่อนไข\n";
    assert_eq!(found(right), "");
    assert!(found(&right.replace("not-a-condition", "not-a-thing")).contains("the first line must be"));
    assert!(found(&right.replace("`where`", "where")).contains("`where` of the English page is missing"));
    assert!(found(&right.replace("`where`", "`where` `when`")).contains("`when` is not on the English page"));
    assert!(found(&format!("{right}\nอีกย่อหน้า\n")).contains("another number of paragraphs"));
    assert!(found(&right.replace("ต้องเป็น", &"ต้องเป็น".repeat(20))).contains("too wide"));
    assert!(found(&right.replace("ต้องเป็นเงื่อนไข", "stands something true or false")).contains("not in Thai"));
}

/// One cell of each row of the table below a title.
fn cells(page: &str, title: &str, cell: usize) -> BTreeSet<String> {
    let from = page.find(title).map_or("", |at| &page[at..]);
    let rows = from.lines().filter(|line| line.starts_with("| ")).skip(1);
    rows.filter_map(|line| line.split('|').nth(cell)).map(|text| text.trim().to_owned()).collect()
}

#[test]
fn the_glossaries_have_the_same_thai_words() {
    let english = cells(include_str!("../../docs/language.md"), "\n## Glossary\n", 2);
    let thai = cells(include_str!("../../docs/th/language.md"), "\n## คำศัพท์\n", 1);
    assert!(english.len() > 30, "the glossary has lost its rows");
    let missing: Vec<_> = english.difference(&thai).collect();
    assert!(missing.is_empty(), "docs/th/language.md does not explain {missing:?}");
}

#[test]
fn the_command_shows_the_page_in_the_language_that_was_asked_for() {
    let onward = |arguments: &[&str]| {
        let ran = std::process::Command::new(env!("CARGO_BIN_EXE_onward")).arg("explain").args(arguments).output().unwrap();
        String::from_utf8(ran.stdout).unwrap()
    };
    let explain = |locale: &[&str]| onward(&[&["not-a-condition"], locale].concat());
    let Some(page) = explain::page("E0203") else { panic!("E0203 is explained") };
    assert_eq!(explain(&["--locale", "th"]).trim(), page.text_in("th").trim());
    assert_eq!(explain(&["--locale", "en"]).trim(), page.text.trim());
    assert!(onward(&["--locale", "th"]).contains("\nE0203  not-a-condition: ไม่ใช่เงื่อนไข\n"));
    assert!(onward(&[]).contains("\nE0203  not-a-condition\n"));
}
