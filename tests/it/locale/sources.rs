//! The texts that the sources hold: every literal that reads like words, as a template.

use std::fs;
use std::path::{Path, PathBuf};

/// A literal, as a template: braces of a plain text are doubled, as `format!` wants them.
pub struct Literal {
    pub file: String,
    pub line: usize,
    pub template: String,
}

/// Every literal of the files below these folders and of these files, tests left out.
pub fn literals(places: &[&str]) -> Vec<Literal> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    for place in places {
        for path in files(&src.join(place)) {
            let file = path.strip_prefix(&src).unwrap().to_string_lossy().replace('\\', "/");
            of_file(&file, &fs::read_to_string(&path).unwrap(), &mut found);
        }
    }
    found
}

fn files(place: &Path) -> Vec<PathBuf> {
    if place.is_file() {
        return vec![place.to_owned()];
    }
    let mut found: Vec<PathBuf> = fs::read_dir(place).unwrap().flatten().flat_map(|entry| files(&entry.path())).collect();
    found.retain(|path| path.extension().is_some_and(|extension| extension == "rs"));
    found.sort();
    found
}

/// Whether it is words for a reader: two of them or more, not all in backticks.
pub fn is_text(template: &str) -> bool {
    let bare: String = template.split('`').step_by(2).collect();
    let mut words = String::new();
    let mut depth = 0_u32;
    for letter in bare.chars() {
        match letter {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ if depth == 0 => words.push(letter),
            _ => {}
        }
    }
    let lower = words.as_bytes().windows(2).any(|pair| pair.iter().all(u8::is_ascii_lowercase));
    lower && template.contains(' ')
}

fn of_file(file: &str, text: &str, found: &mut Vec<Literal>) {
    let text = text.find("\n#[cfg(test)]\nmod ").map_or(text, |at| &text[..at]);
    let bytes = text.as_bytes();
    let mut at = 0;
    let mut macro_ends = 0;
    while at < text.len() {
        let rest = &text[at..];
        let at_line_start = at == 0 || bytes[at - 1] == b'\n';
        if at_line_start && (rest.starts_with("problems! {") || rest.starts_with("findings! {")) {
            macro_ends = at + rest.find("\n}\n").unwrap_or(rest.len());
        }
        if rest.starts_with("//") {
            at += rest.find('\n').unwrap_or(rest.len());
        } else if bytes[at] == b'\'' {
            at += character(rest);
        } else if rest.starts_with("r\"") || rest.starts_with("r#\"") {
            let open = rest.find('"').unwrap() + 1;
            let close = format!("\"{}", "#".repeat(open - 2));
            let end = rest[open..].find(&close).unwrap();
            let literal = rest[open..open + end].to_owned();
            keep(file, text, at, literal, at < macro_ends, found);
            at += open + end + close.len();
        } else if bytes[at] == b'"' {
            let (literal, length) = plain(rest);
            keep(file, text, at, literal, at < macro_ends, found);
            at += length;
        } else {
            at += rest.chars().next().unwrap().len_utf8();
        }
    }
}

/// The length of a character literal; of a lifetime, its mark.
fn character(rest: &str) -> usize {
    let mut letters = rest.char_indices().skip(1);
    match letters.next() {
        Some((_, '\\')) => 2 + rest[3..].find('\'').map_or(0, |end| end + 2),
        Some(_) => match letters.next() {
            Some((end, '\'')) => end + 1,
            _ => 1,
        },
        None => 1,
    }
}

/// The text of a literal in quotes, and how long it is in the source.
fn plain(rest: &str) -> (String, usize) {
    let mut out = String::new();
    let mut letters = rest.char_indices().skip(1).peekable();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return (out, at + 1),
            '\\' => match letters.next().unwrap().1 {
                'n' => out.push('\n'),
                't' => out.push('\t'),
                'r' => out.push('\r'),
                '0' => out.push('\0'),
                '\n' => while letters.next_if(|(_, letter)| letter.is_whitespace()).is_some() {},
                'u' => {
                    let hex: String = letters.by_ref().skip(1).map(|(_, digit)| digit).take_while(|digit| *digit != '}').collect();
                    out.push(char::from_u32(u32::from_str_radix(&hex, 16).unwrap()).unwrap());
                }
                other => out.push(other),
            },
            other => out.push(other),
        }
    }
    panic!("a literal without its end: {rest:.80}")
}

/// What `format!` and its like take is a template already.
const FORMATS: [&str; 9] = ["format!(", "error(", "help(", "println!(", "print!(", "label(", "label(primary,", "concat!(", "eprintln!("];

fn keep(file: &str, text: &str, at: usize, literal: String, in_macro: bool, found: &mut Vec<Literal>) {
    let before = text[..at].trim_end();
    if before.ends_with("reason =") || (in_macro && before.rsplit("Code::new(").next().is_some_and(|tail| tail.len() < 12)) {
        return;
    }
    let writes = before.strip_suffix(',').is_some_and(|head| {
        let tail = &head[head.rfind('(').unwrap_or(0)..];
        let call = &head[..head.len() - tail.len()];
        (call.ends_with("write!") || call.ends_with("writeln!")) && !tail.contains(',')
    });
    let is_format = in_macro || writes || FORMATS.iter().any(|call| before.ends_with(call));
    let template = if is_format { literal } else { literal.replace('{', "{{").replace('}', "}}") };
    found.push(Literal { file: file.to_owned(), line: text[..at].matches('\n').count() + 1, template });
}
