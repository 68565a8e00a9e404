//! The rules by examples: before and after. `docs/format.md` shows the same ones.

use super::formatted;

/// The pairs of the page: each ` ```journey before ` is followed by its ` ```journey after `.
fn pairs() -> Vec<(String, String)> {
    let page = include_str!("../../../docs/format.md");
    let mut blocks = page.split("```journey ").skip(1).map(|block| {
        let (kind, rest) = block.split_once('\n').unwrap();
        (kind.to_owned(), rest.split("```").next().unwrap().to_owned())
    });
    let mut pairs = Vec::new();
    while let Some((kind, before)) = blocks.next() {
        assert_eq!(kind, "before");
        let (kind, after) = blocks.next().unwrap();
        assert_eq!(kind, "after");
        pairs.push((before, after));
    }
    pairs
}

#[test]
fn the_page_shows_what_the_command_does() {
    let pairs = pairs();
    assert!(pairs.len() >= 8, "the page lost its examples");
    for (before, after) in pairs {
        assert_eq!(formatted(&before), after);
        assert_ne!(before, after, "this example shows nothing");
    }
}

#[test]
fn line_ends_and_the_byte_order_mark_of_a_file_are_kept() {
    assert_eq!(formatted("\u{FEFF}event a {x text}\r\nteam  b\r\n"), "\u{FEFF}event a { x text }\r\nteam b\r\n");
    // The first line end decides; what a text in quotes holds is nobody's line end.
    let text = "block b {\r\n  text \"\"\"\n    one\n    two\n    \"\"\"\n}\n";
    assert_eq!(formatted(text), "block b {\r\n  text \"\"\"\n    one\n    two\n    \"\"\"\r\n}\r\n");
}

#[test]
fn nothing_stays_nothing_and_a_file_ends_with_one_line_end() {
    for (before, after) in [("", ""), ("\n\n  \n", ""), ("\u{FEFF}", "\u{FEFF}"), ("team a", "team a\n"), ("\n\n# c  \n\n\n", "# c\n")] {
        assert_eq!(formatted(before), after);
    }
}

#[test]
fn tabs_become_blanks_but_not_in_texts() {
    assert_eq!(formatted("team\ta\t\"x\ty\"\t# c\td\n"), "team a \"x\ty\"  # c\td\n");
}

#[test]
fn thai_names_stand_in_columns_as_they_are_seen() {
    let before = "customer {\n  ชื่อ text?\n  ที่อยู่จัดส่ง text?\n  id2 number = 0\n}\n";
    assert_eq!(formatted(before), "customer {\n  ชื่อ       text?\n  ที่อยู่จัดส่ง  text?\n  id2      number = 0\n}\n");
}

#[test]
fn a_sign_is_no_operator() {
    assert_eq!(formatted("segment s {a> - 5 and b-1<not c}\n"), "segment s { a > -5 and b - 1 < not c }\n");
}

#[test]
fn keywords_and_amounts_of_several_words_have_single_blanks() {
    let before = "policy {\n  at   most 3 messages in 7\tdays then  skip\n  hold out 5 %\n}\n";
    assert_eq!(formatted(before), "policy {\n  at most 3 messages in 7 days then skip\n  hold out 5%\n}\n");
}

/// Blocks of whole files and of declarations; the others are parts of declarations.
#[test]
fn the_reference_is_in_the_one_layout() {
    let mut seen = 0;
    for page in
        [include_str!("../../../README.md"), include_str!("../../../docs/language.md"), include_str!("../../../docs/th/language.md")]
    {
        for block in page.split("\n```journey").skip(1) {
            let (kind, rest) = block.split_once('\n').unwrap();
            let whole = kind.split_whitespace().filter(|word| !word.contains('=')).all(|word| matches!(word, "prelude" | "part"));
            if whole {
                let text = format!("{}\n", rest.split("\n```").next().unwrap());
                assert_eq!(formatted(&text), text);
                seen += 1;
            }
        }
    }
    assert!(seen > 30, "the pages lost their examples: {seen}");
}

/// A file may begin with a blank line of the other kind, which goes.
#[test]
fn the_first_line_end_that_stays_decides() {
    assert_eq!(formatted("\r\nteam  a\nteam b\n"), "team a\nteam b\n");
}
