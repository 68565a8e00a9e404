//! Two texts, line by line.
//!
//! In: two texts. Out: a unified diff without file names. **Invariant:** its lines without a minus, in order, are a part of the second text, those
//! without a plus of the first; what is the same in both is never both taken away and added at its begin or end.

/// Lines of the changed part of either text that are compared; beyond, all of the part counts as written anew.
const LINES_MAX: usize = 1_000;
/// Lines that are shown around a change.
const AROUND: usize = 2;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Line<'t> {
    Same(&'t str),
    Gone(&'t str),
    New(&'t str),
}

/// The diff; empty where the lines are the same.
pub(super) fn unified(before: &str, after: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    if old == new {
        return String::new();
    }
    let head = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let tail = old[head..].iter().rev().zip(new[head..].iter().rev()).take_while(|(a, b)| a == b).count();
    let mut lines: Vec<Line<'_>> = old[..head].iter().map(|line| Line::Same(line)).collect();
    middle(&old[head..old.len() - tail], &new[head..new.len() - tail], &mut lines);
    lines.extend(old[old.len() - tail..].iter().map(|line| Line::Same(line)));
    shown(&lines)
}

/// The longest common part stays.
fn middle<'t>(old: &[&'t str], new: &[&'t str], lines: &mut Vec<Line<'t>>) {
    if old.len() > LINES_MAX || new.len() > LINES_MAX {
        lines.extend(old.iter().map(|line| Line::Gone(line)));
        lines.extend(new.iter().map(|line| Line::New(line)));
        return;
    }
    // common[i][j]: lines that old[i..] and new[j..] have in common, in order.
    let width = new.len() + 1;
    let mut common = vec![0u16; (old.len() + 1) * width];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            common[i * width + j] = if old[i] == new[j] {
                common[(i + 1) * width + j + 1] + 1
            } else {
                common[(i + 1) * width + j].max(common[i * width + j + 1])
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i] == new[j] {
            lines.push(Line::Same(old[i]));
            (i, j) = (i + 1, j + 1);
        } else if i < old.len() && (j == new.len() || common[(i + 1) * width + j] >= common[i * width + j + 1]) {
            lines.push(Line::Gone(old[i]));
            i += 1;
        } else {
            lines.push(Line::New(new[j]));
            j += 1;
        }
    }
}

/// Changes with what stands around them; `…` where lines are left out between two.
fn shown(lines: &[Line<'_>]) -> String {
    let near = |at: usize| {
        let from = at.saturating_sub(AROUND);
        lines[from..(at + AROUND + 1).min(lines.len())].iter().any(|line| !matches!(line, Line::Same(_)))
    };
    let mut out = String::new();
    let mut last = None;
    for (at, line) in lines.iter().enumerate().filter(|(at, _)| near(*at)) {
        if last.is_some_and(|last| last + 1 != at) {
            out.push_str("  …\n");
        }
        last = Some(at);
        let (sign, text) = match line {
            Line::Same(text) => (' ', text),
            Line::Gone(text) => ('-', text),
            Line::New(text) => ('+', text),
        };
        out.push(sign);
        out.push_str(text);
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{LINES_MAX, unified};

    #[test]
    fn the_least_is_taken_away_and_added() {
        assert_eq!(unified("a\nb\nc\n", "a\nb\nc\n"), "");
        assert_eq!(unified("สวัสดี\nb\nc", "สวัสดี\nx\nc"), " สวัสดี\n-b\n+x\n c\n");
        assert_eq!(unified("", "a\nb"), "+a\n+b\n");
        assert_eq!(unified("a\nb\nc\nd", "b\nd\ne"), "-a\n b\n-c\n d\n+e\n");
        let long: String = (0..20).map(|line| format!("{line}\n")).collect();
        let edited = long.replace("0\n1\n", "x\n1\n").replace("19\n", "y\n");
        let shown = unified(&long, &edited);
        assert!(shown.contains("  …\n") && shown.contains("+x\n") && shown.contains("+y\n") && !shown.contains(" 9\n"), "{shown}");
    }

    #[test]
    fn texts_beyond_the_limit_are_written_anew_as_a_whole() {
        let lines = |count: usize, letter: &str| (0..count).map(|at| format!("{letter}{at}\nsame\n")).collect::<String>();
        let within = unified(&lines(LINES_MAX / 2, "a"), &lines(LINES_MAX / 2, "b"));
        let beyond = unified(&lines(LINES_MAX / 2 + 1, "a"), &lines(LINES_MAX / 2 + 1, "b"));
        assert!(within.contains("\n same\n") && !beyond.contains("-same\n same") && beyond.contains("-same\n"), "{within}");
    }
}
