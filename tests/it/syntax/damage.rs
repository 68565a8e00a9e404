//! One token of every example damaged: how many findings that makes, and where.

use super::{examples, findings, line_of};

/// A small generator of reproducible choices (xorshift).
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Dice {
        Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub(super) fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end as u64) as usize
    }
}

/// The tokens of a text as people see them: words, texts, signs; comments and blanks are none.
fn tokens(text: &str) -> Vec<std::ops::Range<usize>> {
    let pattern =
        regex::Regex::new(r#"#[^\n]*|"""(?s:.*?)"""|"(?:\{\{[^\n]*?\}\}|\\.|[^"\n\\])*"|`[^`\n]*`|[\p{L}\p{M}\p{N}_]+|\S"#).unwrap();
    pattern.find_iter(text).filter(|found| !found.as_str().starts_with('#')).map(|found| found.range()).collect()
}

/// A word with two letters swapped, or one lost.
fn typo(word: &str, dice: &mut Dice) -> String {
    let mut letters: Vec<char> = word.chars().collect();
    if letters.len() < 2 {
        return format!("{word}x");
    }
    let at = dice.below(letters.len() - 1);
    if dice.below(2) == 0 && letters[at] != letters[at + 1] {
        letters.swap(at, at + 1);
    } else {
        letters.remove(at);
    }
    letters.into_iter().collect()
}

const INSERTED: &[&str] = &["foo", "and", ",", "(", "\"x\"", "5", "if", "==", "by", ":", "2 days", "[", "send"];

fn damaged(text: &str, tokens: &[std::ops::Range<usize>], dice: &mut Dice) -> (String, String) {
    let at = dice.below(tokens.len() - 1);
    let token = tokens[at].clone();
    let word = &text[token.clone()];
    let mut broken = text.to_owned();
    let how = match dice.below(5) {
        0 => {
            broken.replace_range(token, "");
            "without"
        }
        1 => {
            broken.insert_str(token.end, &format!(" {word}"));
            "twice"
        }
        2 => {
            let next = tokens[at + 1].clone();
            let (between, after) = (&text[token.end..next.start], &text[next.clone()]);
            broken.replace_range(token.start..next.end, &format!("{after}{between}{word}"));
            "swapped with the next"
        }
        3 => {
            let extra = INSERTED[dice.below(INSERTED.len())];
            broken.insert_str(token.start, &format!("{extra} "));
            "with something before"
        }
        _ => {
            broken.replace_range(token, &typo(word, dice));
            "misspelt"
        }
    };
    (broken, format!("`{word}` {how}"))
}

#[test]
fn one_damaged_token_gives_one_finding() {
    let (mut all, mut valid, mut one, mut many) = (0, 0, 0, 0);
    let mut worst = Vec::new();
    for (path, text) in examples() {
        let tokens = tokens(&text);
        if tokens.len() < 2 {
            continue;
        }
        let mut dice = Dice::new(text.len() as u64);
        // The shipped journeys again and again, the many small files of the corpus a few times each.
        for _ in 0..if path.starts_with("tests/corpus") { 12 } else { 250 } {
            let (broken, what) = damaged(&text, &tokens, &mut dice);
            let found = findings(&broken);
            all += 1;
            match found.len() {
                0 => valid += 1,
                1 => one += 1,
                2 => {}
                count => {
                    many += 1;
                    worst.push(format!("{}: {what}: {count}: {found:?}", path.display()));
                }
            }
        }
    }
    eprintln!("{all} damaged files: {valid} valid, {one} with one finding, {} with two, {many} with more", all - valid - one - many);
    assert!((valid + one) * 100 >= all * 90, "{valid} + {one} of {all}");
    assert!(many * 100 <= all, "{many} of {all}:\n{}", worst.join("\n"));
}

/// Files whose braces stand as the formatter puts them.
#[test]
fn a_lost_or_doubled_brace_is_blamed_on_its_line_and_alone() {
    let mut wrong = Vec::new();
    let mut all = 0;
    for (path, text) in examples() {
        for token in tokens(&text).into_iter().filter(|token| matches!(&text[token.clone()], "{" | "}")) {
            let brace = &text[token.clone()];
            let line = line_of(&text, token.start as u32);
            for how in ["lost", "doubled"] {
                let mut broken = text.clone();
                match how {
                    "lost" => broken.replace_range(token.clone(), ""),
                    _ => broken.insert_str(token.end, brace),
                }
                all += 1;
                let found = findings(&broken);
                let blamed: Vec<usize> = found.iter().map(|one| line_of(&broken, one.place.span.start)).collect();
                // A `}` on a line of its own is missed by the line that opened its block.
                let opener = if brace == "}" && how == "lost" { opener_line(&text, token.start) } else { line };
                if blamed != [opener] {
                    wrong.push(format!("{}:{line}: `{brace}` {how}: blamed {blamed:?} and not {opener}: {found:?}", path.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {all}:\n{}", wrong.len(), wrong.join("\n"));
}

/// The line of the `{` that a `}` closes.
fn opener_line(text: &str, close: usize) -> usize {
    let mut depth = 0;
    for token in tokens(&text[..close]).into_iter().rev() {
        match &text[token.clone()] {
            "}" => depth += 1,
            "{" if depth == 0 => return line_of(text, token.start as u32),
            "{" => depth -= 1,
            _ => {}
        }
    }
    0
}
