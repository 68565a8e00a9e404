//! Other blanks give the same layout; comments survive wherever they may stand.

use super::{Dice, declarations, files, formatted, tokens};
use onward::format::format_text;
use onward::source::FileId;
use onward::syntax::{SyntaxTree, parse};

/// The text with other blanks between its tokens. Line ends stay, and so do blank lines, though there may be more of them.
fn shaken(text: &str, tree: &SyntaxTree, dice: &mut Dice) -> String {
    let mut out = String::new();
    let mut at = 0;
    for id in tree.tokens().filter(|id| !tree.span(*id).is_empty()) {
        let span = tree.span(id);
        let gap = &text[at..span.start as usize];
        let lines = gap.matches('\n').count();
        if lines == 0 && !gap.is_empty() {
            out.push_str(["  ", " ", "\t", "   \t "][dice.below(4)]);
        }
        for line in 0..lines {
            out.push_str(["", " ", "\t"][dice.below(3)]);
            out.push('\n');
            if line > 0 && dice.below(3) == 0 {
                out.push_str("  \n");
            }
        }
        if lines > 0 {
            let indented = gap.ends_with(' ');
            out.push_str(if indented { ["  ", " ", "\t", "        "][dice.below(4)] } else { "" });
        }
        out.push_str(&text[span.range()]);
        at = span.end as usize;
    }
    out.push_str(["", "\n", "\n \n\n"][dice.below(3)]);
    out
}

#[test]
fn other_blanks_give_the_same_text() {
    let mut dice = Dice(7);
    let mut seen = 0;
    for (path, text) in files("journeys") {
        let tree = parse(FileId(0), &text);
        let shaken = shaken(&text, &tree, &mut dice);
        assert_eq!(tokens(&shaken), tokens(&text), "{}: the test broke the file", path.display());
        seen += usize::from(shaken != text);
        assert_eq!(formatted(&shaken), text, "{}", path.display());
        let windows = shaken.replace('\r', "").replace('\n', "\r\n");
        assert_eq!(formatted(&windows), text.replace('\n', "\r\n"), "{}", path.display());
    }
    assert!(seen > 30, "nothing was shaken");
}

/// A comment between any two tokens, on their line or on its own, where the file stays one without mistakes.
#[test]
fn a_comment_survives_wherever_it_may_stand() {
    let every = include_str!("../syntax/every_construct.journey");
    let (mut kept, mut tried) = (0, 0);
    for declaration in declarations(every).iter().filter(|text| text.len() < 1500) {
        let tree = parse(FileId(0), declaration);
        for id in tree.tokens().filter(|id| !tree.span(*id).is_empty()) {
            let at = tree.span(id).start as usize;
            for comment in ["# here 1\n", "\n\n# here 1\n", "\n## here 1\n"] {
                let text = format!("{}{comment}{}\n", &declaration[..at], &declaration[at..]);
                let done = format_text(&text).unwrap_or_else(|unproved| panic!("{unproved}\n{text}"));
                assert_eq!(tokens(&done.text), tokens(&text), "{text}");
                assert_eq!(done.text.matches("# here 1").count(), text.matches("# here 1").count(), "{text}");
                kept += usize::from(done.left.is_empty());
                tried += 1;
            }
        }
    }
    assert!(kept > 300 && tried > kept, "{kept} of {tried}");
}
