//! What two texts differ in, by lines.
//!
//! In: a text and the same text laid out. Out: the first difference, or all of them as [`Hunk`]s of whole lines, also as a diff that
//! `patch` reads. **Invariant:** putting the second text's part of each hunk in the place of the first's makes the second text.

use std::fmt::Write as _;
use std::ops::Range;

/// Lines that follow a change and are shown with it.
const CONTEXT: usize = 3;
/// How far ahead equal lines are looked for before all that is left counts as one difference.
const AHEAD_MAX: usize = 200;

/// Whole lines that differ, as bytes of the two texts. One of the two may be empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hunk {
    pub before: Range<usize>,
    pub after: Range<usize>,
}

/// The byte at which two texts differ first; `None` where they do not.
pub fn first(before: &str, after: &str) -> Option<usize> {
    (before != after).then(|| before.bytes().zip(after.bytes()).take_while(|(a, b)| a == b).count())
}

/// The number of the first line that differs, from 1, and that line in both texts.
pub fn first_line<'a>(before: &'a str, after: &'a str) -> Option<(usize, &'a str, &'a str)> {
    let (mut a, mut b) = (before.split_inclusive('\n'), after.split_inclusive('\n'));
    for line in 1.. {
        match (a.next(), b.next()) {
            (None, None) => return None,
            (one, other) if one == other => {}
            (one, other) => return Some((line, one.unwrap_or(""), other.unwrap_or(""))),
        }
    }
    None
}

/// Everything that two texts differ in.
pub fn hunks(before: &str, after: &str) -> Vec<Hunk> {
    let (a, b) = (lines(before), lines(after));
    changes(&a, &b).into_iter().map(|(one, other)| Hunk { before: bytes(&a, &one), after: bytes(&b, &other) }).collect()
}

/// The lines of a text with their line ends and the byte that each begins at.
fn lines(text: &str) -> Vec<(usize, &str)> {
    let mut at = 0;
    text.split_inclusive('\n')
        .map(|line| {
            at += line.len();
            (at - line.len(), line)
        })
        .collect()
}

fn bytes(lines: &[(usize, &str)], range: &Range<usize>) -> Range<usize> {
    let end = lines.last().map_or(0, |(at, line)| at + line.len());
    let start = |index: usize| lines.get(index).map_or(end, |(at, _)| *at);
    start(range.start)..start(range.end)
}

/// The ranges of lines that differ. Greedy: after a difference the nearest pair of equal lines is where the texts meet again.
fn changes(a: &[(usize, &str)], b: &[(usize, &str)]) -> Vec<(Range<usize>, Range<usize>)> {
    let same = |i: usize, j: usize| matches!((a.get(i), b.get(j)), (Some(one), Some(other)) if one.1 == other.1);
    let mut found = Vec::new();
    let (mut i, mut j) = (0, 0);
    while i < a.len() || j < b.len() {
        if same(i, j) {
            i += 1;
            j += 1;
            continue;
        }
        let meets = (1..=AHEAD_MAX).find_map(|far| {
            // A blank line is everywhere: it counts where it stands in line, or together with the line behind it.
            let firm = |step: usize| {
                let (to_i, to_j) = (i + far - step, j + step);
                let blank = a.get(to_i).is_none_or(|line| line.1.trim().is_empty());
                (same(to_i, to_j) && (!blank || far == 2 * step || same(to_i + 1, to_j + 1))).then_some((to_i, to_j))
            };
            (0..=far).find_map(firm)
        });
        let (to_i, to_j) = meets.unwrap_or((a.len(), b.len()));
        found.push((i..to_i, j..to_j));
        (i, j) = (to_i, to_j);
    }
    found
}

/// The differences in the form of `diff -u`; empty where there are none.
pub fn unified(name: &str, before: &str, after: &str) -> String {
    let (a, b) = (lines(before), lines(after));
    let changes = changes(&a, &b);
    let mut out = String::new();
    if changes.is_empty() {
        return out;
    }
    let _ = write!(out, "--- {name}\n+++ {name} (formatted)\n");
    for chunk in changes.chunk_by(|one, next| next.0.start - one.0.end <= 2 * CONTEXT) {
        let (Some(first), Some(last)) = (chunk.first(), chunk.last()) else { continue };
        let lead = first.0.start.min(CONTEXT);
        let tail = (a.len() - last.0.end).min(CONTEXT);
        let (from_a, to_a) = (first.0.start - lead, last.0.end + tail);
        let (from_b, to_b) = (first.1.start - lead, last.1.end + tail);
        let _ = writeln!(out, "@@ -{} +{} @@", range(from_a, to_a), range(from_b, to_b));
        let mut at = from_a;
        for (one, other) in chunk {
            put(&mut out, ' ', &a, at..one.start);
            put(&mut out, '-', &a, one.clone());
            put(&mut out, '+', &b, other.clone());
            at = one.end;
        }
        put(&mut out, ' ', &a, at..to_a);
    }
    out
}

fn range(from: usize, to: usize) -> String {
    let count = to - from;
    format!("{},{count}", if count == 0 { from } else { from + 1 })
}

fn put(out: &mut String, sign: char, lines: &[(usize, &str)], range: Range<usize>) {
    for (_, line) in lines.get(range).unwrap_or(&[]) {
        out.push(sign);
        out.push_str(line);
        if !line.ends_with('\n') {
            out.push_str("\n\\ No newline at end of file\n");
        }
    }
}
