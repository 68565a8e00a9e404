//! Texts in Thai: none is missing, none is left over, what is filled in arrives, and what a customer of ours wrote stays as it is.

mod sources;

use onward::Project;
use onward::diagnostic::Diagnostic;
use onward::diagnostic::render::{Style, render};
use onward::locale::Locale;
use onward::locale::catalog::{self, Entry, Pattern};
use sources::{is_text, literals};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use unicode_width::UnicodeWidthStr;

/// The rooms and files whose texts people see in findings, each of which must be in the catalogue.
const TEXTS_OF: [&str; 7] = ["check", "syntax", "project", "ingest", "template", "value", "schema.rs"];

/// Terms that stay in Latin letters, outside of backticks.
const TERMS: &str = "MJML HTML UTF JSON TOML CSV Gmail MiB LINE Segment Amazon Web Services Stripe Salesforce Marketing Cloud id carriage return \
    regular expression scheme email sms push line whatsapp web inbox webhook print task date datetime http https name example com true false yes no \
    track identify salt docs templates md days hour minutes th en Asia Bangkok text number boolean money time duration phone url country language \
    timezone one of list sent received seen opened clicked replied bounced complained kiosk otherwise customer";

fn entries() -> Vec<(&'static str, Entry)> {
    catalog::THAI_FILES.iter().flat_map(|(file, text)| catalog::entries(text).into_iter().map(move |entry| (*file, entry))).collect()
}

fn is_thai(text: &str) -> bool {
    text.contains(|letter| ('\u{0E00}'..='\u{0E7F}').contains(&letter))
}

/// The text without what is in backticks and quotes.
fn bare(text: &str) -> String {
    let outside: String = text.split('`').step_by(2).collect::<Vec<_>>().join(" ");
    outside.split('"').step_by(2).collect::<Vec<_>>().join(" ")
}

/// English words in a text that should have none.
fn english_words(text: &str) -> Vec<String> {
    let outside = bare(text);
    let words = outside.split(|letter: char| !letter.is_ascii_alphabetic()).filter(|word| word.len() > 1);
    words
        .filter(|word| !TERMS.split_whitespace().any(|term| term == *word) && !word.chars().all(|letter| letter.is_ascii_uppercase()))
        .map(str::to_owned)
        .collect()
}

fn slots(template: &str) -> Vec<String> {
    let mut names: Vec<String> = Pattern::new(template).slots().map(|slot| slot.name.clone()).collect();
    names.sort();
    names
}

/// What stands in backticks.
fn spans(template: &str) -> BTreeSet<&str> {
    template.split('`').skip(1).step_by(2).map(str::trim).collect()
}

/// What a template says itself, between what is filled in.
fn pieces(template: &str) -> Vec<String> {
    fill(template, |_| "\0".to_owned()).split('\0').map(|piece| piece.trim().to_owned()).filter(|piece| !piece.is_empty()).collect()
}

#[test]
fn no_text_is_missing_and_none_is_left_over() {
    let not_texts: BTreeSet<String> =
        include_str!("locale/not_texts.txt").lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let known: BTreeSet<String> = entries().into_iter().map(|(_, entry)| entry.english).collect();
    let mut wrong = Vec::new();
    for literal in literals(&TEXTS_OF) {
        let template = &literal.template;
        if is_text(template) && !known.contains(template) && !not_texts.contains(template) {
            wrong.push(format!("{}:{}: no Thai text for {}", literal.file, literal.line, serde_json::to_string(template).unwrap()));
        }
    }
    let all = literals(&["."]);
    let every: BTreeSet<&str> = all.iter().map(|literal| literal.template.as_str()).collect();
    let written: String = every.iter().map(|template| format!("{}\n", pieces(template).join("\n"))).collect();
    let counted = |room: &str| entries().iter().filter(|(file, _)| *file == room).count();
    assert!(counted("check.toml") > 300 && counted("reports.toml") > 100, "the catalogue is there");
    for (file, entry) in entries() {
        let english = entry.english.as_str();
        // Words, and lines of reports, are put together from several texts: there each piece must be somewhere.
        let put_together = ["words.toml", "reports.toml"].contains(&file);
        let is_there = every.contains(english) || (put_together && pieces(english).iter().all(|piece| written.contains(piece.as_str())));
        if !is_there {
            wrong.push(format!("{file}: no source says {english:?} any more"));
        }
    }
    for text in not_texts.iter().filter(|text| known.contains(*text)) {
        wrong.push(format!("not_texts.txt: {text:?} has a Thai text"));
    }
    assert!(wrong.is_empty(), "{} texts:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn both_sides_of_an_entry_agree() {
    let mut wrong = Vec::new();
    let mut seen = BTreeMap::new();
    for (file, Entry { english, other }) in entries() {
        if slots(&english) != slots(&other) {
            wrong.push(format!("{file}: {english:?} is filled in by {:?}, the Thai text by {:?}", slots(&english), slots(&other)));
        }
        if spans(&english) != spans(&other) {
            wrong.push(format!("{file}: other words in backticks: {english:?} and {other:?}"));
        }
        let words = english_words(&fill(&other, |_| String::new()));
        if !words.is_empty() {
            wrong.push(format!("{file}: English words {words:?} in {other:?}"));
        }
        if let Some(before) = seen.insert(english.clone(), other.clone())
            && before != other
        {
            wrong.push(format!("{file}: {english:?} is translated twice"));
        }
    }
    assert!(wrong.is_empty(), "{} entries:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn the_files_are_toml() {
    for (file, text) in catalog::THAI_FILES {
        let read: toml::Table = toml::from_str(text).unwrap_or_else(|error| panic!("{file}: {error}"));
        let ours = catalog::entries(text);
        assert_eq!(read.len(), ours.len(), "{file}");
        for Entry { english, other } in ours {
            assert_eq!(read.get(&english).and_then(|value| value.as_str()), Some(other.as_str()), "{file}");
        }
    }
}

fn fill(template: &str, with: impl Fn(&str) -> String) -> String {
    Pattern::new(template).fill(&mut |name| with(name))
}

/// Whoever writes a text knows what comes out: no other template may take it for its own.
#[test]
fn every_template_is_told_from_all_others() {
    let catalog = catalog::thai();
    let mut wrong = Vec::new();
    for (file, Entry { english, other }) in entries() {
        // What is filled in is a name, a figure, and a word that no catalogue knows.
        for sample in ["xyz", "7", "สวัสดี"] {
            let value = |name: &str| format!("{sample}{}", name.len());
            let (text, expected) = (fill(&english, value), fill(&other, value));
            let got = catalog.text(&text);
            if got != expected {
                wrong.push(format!("{file}: {text:?} became {got:?}, not {expected:?}"));
                break;
            }
        }
    }
    assert!(wrong.is_empty(), "{} templates:\n{}", wrong.len(), wrong.join("\n"));
}

fn corpus() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let mut found: Vec<PathBuf> = ["check", "syntax"]
        .iter()
        .flat_map(|folder| std::fs::read_dir(root.join(folder)).unwrap().flatten().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "journey"))
        .collect();
    found.sort();
    found
}

/// Every text of a finding that people read, with its kind.
fn texts(one: &Diagnostic) -> Vec<(&'static str, String)> {
    let mut texts = vec![("message", one.message())];
    texts.extend(one.help().map(|help| ("help", help)));
    texts.extend(one.report.labels().into_iter().flatten().filter_map(|label| Some(("label", label.label()?.to_owned()))));
    texts.extend(one.fixes.iter().map(|fix| ("fix", fix.title.clone())));
    texts.extend(one.elsewhere.iter().map(|(_, text)| ("note", text.clone())));
    texts
}

/// Texts that hold words of others: what the library of patterns says, and a line of the language that is to be written.
const LEFT_ENGLISH: [(&str, &str); 2] = [("E0221", "label"), ("E0321", "fix")];

#[test]
fn every_finding_of_the_corpus_is_in_thai() {
    let mut wrong = BTreeSet::new();
    let mut checked = 0;
    for path in corpus() {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        let (_, found) = onward::check_project(Project::from_texts([(name.as_str(), text.as_str())]));
        for one in found.into_sorted() {
            for ((kind, english), (_, thai)) in texts(&one).into_iter().zip(texts(&one.translated(Locale::Thai))) {
                checked += 1;
                if LEFT_ENGLISH.contains(&(one.code.number, kind)) {
                    continue;
                }
                let has_words = bare(&english).contains(|letter: char| letter.is_ascii_lowercase());
                let words = english_words(&thai);
                if has_words && (!is_thai(&bare(&thai)) && thai == english || !words.is_empty()) {
                    wrong.insert(format!("{} {kind}: {english:?} became {thai:?}", one.code.number));
                }
            }
        }
    }
    assert!(checked > 1_000, "{checked} texts");
    assert!(wrong.is_empty(), "{} of {checked} texts:\n{}", wrong.len(), wrong.into_iter().collect::<Vec<_>>().join("\n"));
}

/// A finding in a file with Thai names: each mark stands below what it marks, counted in cells.
#[test]
fn carets_stand_under_thai_text() {
    let text = "customer {\n  email email?\n}\nevent สั่งซื้อแล้ว { ยอดรวม money THB }\njourney ขอบคุณที่สั่งซื้อ \"ขอบคุณ\" {\n  enter on สั่งซื้อแล้ว\n  enter again never\n  send ต้อนรับ by emial\n}\n";
    let (compiled, found) = onward::check_project(Project::from_texts([("ร้าน.journey", text)]));
    let found = found.into_sorted();
    let style = Style { locale: Locale::Thai, width: Some(60), ..Style::default() };
    let shown = render(&found, compiled.sources(), style);
    insta::assert_snapshot!(shown);
    let lines: Vec<&str> = shown.lines().collect();
    let under = lines.windows(2).find_map(|pair| {
        let at = pair[0].find("ต้อนรับ").filter(|_| pair[0].contains("send"))?;
        let mark = pair[1].find(['─', '┬'])?;
        let long = pair[1][mark..].chars().take_while(|one| "─┬".contains(*one)).count();
        Some((pair[0][..at].width(), pair[1][..mark].width(), long))
    });
    let (start, mark, long) = under.unwrap_or_else(|| panic!("nothing is marked:\n{shown}"));
    assert_eq!((start, "ต้อนรับ".width()), (mark, long), "{shown}");
    assert!(shown.lines().all(|line| line.width() <= 60 || line.contains('│') || line.contains("╭─")), "{shown}");
}

fn onward(arguments: &[&str], environment: &[(&str, &str)]) -> (String, String) {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_onward"));
    for name in ["ONWARD_LOCALE", "LC_ALL", "LC_MESSAGES", "LANG"] {
        command.env_remove(name);
    }
    let done = command.args(arguments).envs(environment.iter().copied()).output().unwrap();
    (String::from_utf8(done.stdout).unwrap(), String::from_utf8(done.stderr).unwrap())
}

#[test]
fn the_command_speaks_the_language_that_is_asked_for() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpus/check/E0102-unknown-channel.journey");
    let english = onward(&["check", file], &[]).0;
    assert!(english.contains("there is no channel"), "{english}");
    let thai = onward(&["check", file, "--locale", "th"], &[]).0;
    assert!(thai.contains("ไม่มีช่องทาง"), "{thai}");
    assert!(!thai.contains("there is no channel"), "{thai}");
    for environment in [("ONWARD_LOCALE", "th"), ("LC_ALL", "th_TH.UTF-8"), ("LC_MESSAGES", "th"), ("LANG", "th_TH.UTF-8")] {
        assert_eq!(onward(&["check", file], &[environment]).0, thai, "{environment:?}");
    }
    assert_eq!(onward(&["check", file, "--locale", "en"], &[("LANG", "th_TH.UTF-8")]).0, english);
    assert_eq!(onward(&["check", file], &[("ONWARD_LOCALE", "en"), ("LANG", "th_TH.UTF-8")]).0, english);
    let json = onward(&["check", file, "--locale", "th", "--format", "json"], &[]).0;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert!(is_thai(json["diagnostics"][0]["message"].as_str().unwrap()), "{json}");
    assert_eq!(json["diagnostics"][0]["severity"], "error");
    let wrong = onward(&["check", file, "--locale", "tlh"], &[]).1;
    assert!(wrong.contains("th"), "{wrong}");
}
