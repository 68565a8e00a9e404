//! Which brace is missing or too many, by the indentation of the lines; and how deep brackets stand.
//!
//! In: a text. Out: the one place to blame. **Invariant:** a file whose braces match is never blamed, however it is indented.
//! Knows texts, comments and braces, nothing else of the language.

use crate::source::Span;

/// A brace mistake, where it was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BraceMistake {
    pub kind: BraceKind,
    /// What to underline: the brace, or the line that lacks one.
    pub span: Span,
    /// Where the missing `}` would go, and on how many blanks of indent when it wants its own line.
    pub insert: Option<(u32, Option<u32>)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BraceKind {
    /// A `{` without its `}`.
    Unclosed,
    /// A line that lost its `{`.
    LostOpen,
    /// A `}` with nothing to close.
    Stray,
    /// The second of two `{`.
    Doubled,
}

/// A character that matters, outside of texts and comments.
#[derive(Debug, Clone, Copy)]
enum Mark {
    /// A bracket: the byte and its offset.
    Bracket(u8, u32),
    /// The begin of a line that is neither blank nor a comment: offset of the line, of its first character, of its end.
    Line { start: u32, first: u32 },
}

/// Calls `see` for every mark in order.
fn scan(text: &str, mut see: impl FnMut(Mark)) {
    let bytes = text.as_bytes();
    let mut at = 0;
    let mut line_start = Some(0);
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\n' => {
                line_start = Some(at + 1);
                at += 1;
                continue;
            }
            b' ' | b'\t' | b'\r' => {
                at += 1;
                continue;
            }
            b'#' => {
                at = end_of_line(bytes, at);
                continue;
            }
            _ => {}
        }
        if let Some(start) = line_start.take() {
            see(Mark::Line { start: start as u32, first: at as u32 });
        }
        match byte {
            b'"' if bytes[at..].starts_with(b"\"\"\"") => at = end_of_long_text(text, at),
            b'"' => at = end_of_text(bytes, at),
            b'`' => at = end_of_quoted_name(bytes, at),
            b'{' | b'}' | b'(' | b')' | b'[' | b']' => {
                see(Mark::Bracket(byte, at as u32));
                at += 1;
            }
            _ => at += 1,
        }
    }
}

fn end_of_line(bytes: &[u8], from: usize) -> usize {
    bytes[from..].iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |at| from + at)
}

/// Behind the closing quote, or at the end of the line. Looks at every byte once, whatever stands on the line.
fn end_of_text(bytes: &[u8], from: usize) -> usize {
    let mut at = from + 1;
    // Once a `{{` has no `}}`, all is plain: as the grammar's `text` reads it.
    let mut holes = true;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\n' => return at,
            b'\\' if bytes.get(at + 1) != Some(&b'\n') => at += 2,
            b'{' if holes && bytes[at..].starts_with(b"{{") => match end_of_hole(bytes, at + 2) {
                Some(end) => at = end,
                None => holes = false,
            },
            _ => at += 1,
        }
    }
    bytes.len()
}

/// Behind the `}}` of a hole; None where another one begins or the line ends before.
fn end_of_hole(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        match bytes.get(at)? {
            b'}' if bytes[at..].starts_with(b"}}") => return Some(at + 2),
            b'{' if bytes[at..].starts_with(b"{{") => return None,
            b'\n' => return None,
            _ => at += 1,
        }
    }
}

fn end_of_quoted_name(bytes: &[u8], from: usize) -> usize {
    let close = bytes[from + 1..].iter().position(|byte| matches!(byte, b'`' | b'\n'));
    close.filter(|at| bytes[from + 1 + at] == b'`').map_or(from + 1, |at| from + at + 2)
}

/// Behind the closing quotes, or before the next declaration.
fn end_of_long_text(text: &str, from: usize) -> usize {
    let bytes = text.as_bytes();
    let mut at = from + 3;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' if bytes[at..].starts_with(b"\"\"\"") => return at + 3,
            b'\n' if declares(&text[at + 1..]) => return at,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// Looks, in its first column, like the begin of a declaration: the rule `column_0` of the grammar.
pub(super) fn declares(rest: &str) -> bool {
    let line = rest.lines().next().unwrap_or("");
    if !line.starts_with(|first: char| first.is_ascii_lowercase()) {
        return false;
    }
    let mut words = line.split([' ', '\t']).filter(|word| !word.is_empty());
    let (Some(first), second, third, fourth) = (words.next(), words.next(), words.next(), words.next()) else { return false };
    let keyword = first.trim_end_matches(|other: char| !other.is_ascii_lowercase());
    let behind = line[keyword.len()..].trim_start();
    let named = || {
        let rest = behind.trim_start_matches(|name: char| name.is_alphanumeric() || name == '_' || name == '`' || !name.is_ascii());
        (rest.len() < behind.len()).then(|| rest.trim_start())
    };
    match keyword {
        "customer" | "stages" | "policy" | "brand" => behind.starts_with('{'),
        "event" | "journey" | "segment" | "score" | "survey" | "hook" | "block" => {
            named().is_some_and(|rest| rest.starts_with(['{', '"', '(']))
        }
        "team" | "audience" | "codes" | "list" => named().is_some_and(|rest| rest.starts_with('"')),
        "topic" => {
            named().is_some_and(|rest| rest.starts_with('"'))
                || matches!(third, Some("opt" | "double" | "transactional"))
                || (third == Some("on") && fourth == Some("request"))
        }
        "catalog" => named().is_some_and(|rest| rest.starts_with('"')) || third == Some("by"),
        "route" => matches!(
            (third, fourth),
            (Some("first"), Some("reachable")) | (Some("preferred"), Some("channel")) | (Some("those"), Some("of"))
        ),
        "channel" => third == Some("reaches"),
        "custom" => second == Some("channel"),
        "scenario" => behind.starts_with('"'),
        _ => false,
    }
}

/// The first bracket that stands deeper than `depth_max`.
pub(super) fn too_deep(text: &str, depth_max: usize) -> Option<Span> {
    let mut depth = 0usize;
    let mut found = None;
    scan(text, |mark| {
        if let Mark::Bracket(byte, at) = mark {
            match byte {
                b'{' | b'(' | b'[' => {
                    depth += 1;
                    if depth > depth_max && found.is_none() {
                        found = Some(Span::new(at, at + 1));
                    }
                }
                _ => depth = depth.saturating_sub(1),
            }
        }
    });
    found
}

/// Words that begin a line which continues the one before.
const JOINING: &[&str] = &["and", "or", "where", "within", "by", "for", "then", "otherwise"];

/// Whether the line at `first` goes on with the one before. `for each` is a step, and `otherwise {` a branch unless a `call` or a draw
/// says what happens without an answer.
fn continues(text: &str, before: &Line, first: u32) -> bool {
    let line = &text[first as usize..];
    let word = first_word(line);
    let rest = line[word.len()..].trim_start_matches([' ', '\t']);
    match word {
        "for" => !rest.starts_with("each"),
        "otherwise" if rest.starts_with('{') => matches!(first_word(&text[before.first as usize..]), "call" | "draw"),
        _ => JOINING.contains(&word),
    }
}

fn first_word(text: &str) -> &str {
    &text[..text.find(|letter: char| !letter.is_ascii_lowercase()).unwrap_or(text.len())]
}

struct Open {
    at: u32,
    line: usize,
    indent: u32,
}

struct Line {
    first: u32,
    indent: u32,
}

/// The brace to blame, if the braces of the text do not match.
pub(super) fn mistake(text: &str) -> Option<BraceMistake> {
    let mut marks = Vec::new();
    let (mut depth, mut matched) = (0i64, true);
    scan(text, |mark| {
        match mark {
            Mark::Bracket(b'{', _) => depth += 1,
            Mark::Bracket(b'}', _) => {
                depth -= 1;
                matched &= depth >= 0;
            }
            _ => {}
        }
        marks.push(mark);
    });
    if matched && depth == 0 { None } else { blame(text, &marks) }
}

fn blame(text: &str, marks: &[Mark]) -> Option<BraceMistake> {
    let mut stack: Vec<Open> = Vec::new();
    let mut lines: Vec<Line> = Vec::new();
    let mut brackets = 0usize;
    // Indent of the line that opened the block which was closed last.
    let mut closed = 0;
    for (index, mark) in marks.iter().enumerate() {
        match *mark {
            Mark::Line { start, first } => {
                let mut indent = first - start;
                let leading = text.as_bytes().get(first as usize);
                let word = first_word(&text[first as usize..]);
                // `else` stands behind a `}`, on its line or below it, and not further left than what that one closed.
                let behind_brace = index > 0 && matches!(marks[index - 1], Mark::Bracket(b'}', _));
                let lone_else = word == "else" && index > 0 && (!behind_brace || indent < closed);
                if leading != Some(&b'}')
                    && brackets == 0
                    && let Some(top) = stack.last()
                    && (indent <= top.indent || lone_else)
                {
                    return Some(unclosed(text, top, &lines));
                }
                let opened = index > 0 && matches!(marks[index - 1], Mark::Bracket(b'{', _));
                if let Some(before) = lines.last().filter(|before| !opened && before.indent < indent && continues(text, before, first)) {
                    // It continues the line before, so what it opens belongs to that one.
                    indent = before.indent;
                }
                lines.push(Line { first, indent });
            }
            Mark::Bracket(b'{', at) => {
                let doubled = index > 0
                    && matches!(marks[index - 1], Mark::Bracket(b'{', before) if text[before as usize + 1..at as usize].trim().is_empty());
                if doubled {
                    return Some(BraceMistake { kind: BraceKind::Doubled, span: Span::new(at, at + 1), insert: None });
                }
                let line = lines.len().saturating_sub(1);
                stack.push(Open { at, line, indent: lines.last().map_or(0, |line| line.indent) });
                brackets = 0;
            }
            Mark::Bracket(b'}', at) => {
                brackets = 0;
                let line = lines.len().saturating_sub(1);
                let leading = lines.last().is_some_and(|line| line.first == at);
                let Some(top) = stack.last() else { return Some(lost_open(text, at, leading, &lines)) };
                if leading {
                    let indent = lines.last().map_or(0, |line| line.indent);
                    if indent < top.indent {
                        lines.pop();
                        return Some(unclosed(text, top, &lines));
                    }
                    if indent > top.indent {
                        return Some(lost_open(text, at, true, &lines));
                    }
                } else if top.line != line {
                    return Some(lost_open(text, at, false, &lines));
                }
                closed = top.indent;
                stack.pop();
            }
            Mark::Bracket(b'(' | b'[', _) => brackets += 1,
            Mark::Bracket(..) => brackets = brackets.saturating_sub(1),
        }
    }
    stack.last().map(|top| unclosed(text, top, &lines))
}

/// A `{` whose `}` is missing: it belongs behind the last line that stands deeper than the opener's.
fn unclosed(text: &str, top: &Open, lines: &[Line]) -> BraceMistake {
    let last = lines.last().map_or(top.at, |line| line.first);
    let same_line = lines.len().saturating_sub(1) == top.line;
    let end = code_end(text, last as usize);
    let insert = Some((end, (!same_line).then_some(top.indent)));
    BraceMistake { kind: BraceKind::Unclosed, span: Span::new(top.at, top.at + 1), insert }
}

/// A `}` too many: some line above at this indent lost its `{`, or the `}` is one too many.
fn lost_open(text: &str, at: u32, leading: bool, lines: &[Line]) -> BraceMistake {
    let stray = BraceMistake { kind: BraceKind::Stray, span: Span::new(at, at + 1), insert: None };
    let Some(here) = lines.last() else { return stray };
    if !leading {
        // `otherwise  }` lost its `{`; behind a `}` it is one too many.
        return stray;
    }
    let above = lines.iter().rev().skip(1).find(|line| line.indent <= here.indent);
    let Some(above) = above.filter(|line| line.indent == here.indent) else { return stray };
    let end = code_end(text, above.first as usize);
    let line = &text[above.first as usize..end as usize];
    if line.ends_with('{') || line.starts_with('}') && !line.contains("else") {
        return stray;
    }
    BraceMistake { kind: BraceKind::LostOpen, span: Span::new(above.first, end), insert: Some((end, None)) }
}

/// The end of the code of the line that holds an offset: before its comment and the blanks there.
fn code_end(text: &str, from: usize) -> u32 {
    let mut end = from;
    let stop = end_of_line(text.as_bytes(), from);
    scan(&text[from..stop], |mark| {
        if let Mark::Bracket(_, at) = mark {
            end = from + at as usize + 1;
        }
    });
    // A `#` behind the last bracket begins the comment, unless it stands in a text.
    let mut at = end;
    let bytes = text.as_bytes();
    while at < stop {
        match bytes[at] {
            b'#' => break,
            b'"' => at = end_of_text(bytes, at),
            _ => at += 1,
        }
    }
    (from + text[from..at.min(stop)].trim_end().len()) as u32
}
