//! A file in pieces, each a declaration with the comments above it, so that a keystroke costs the parsing of one piece.
//!
//! In: the text of a file. Out: pieces that together are the text. **Invariant:** a piece ends only where the grammar ends everything that
//! is open: before a line that begins in its first column like a declaration (`column_0` in `grammar/journey.pest`), so parsing the
//! pieces gives the same tokens as parsing the file. Knows nothing of what the declarations say.

use crate::source::Span;

/// The pieces of a text, in order; an empty text has one.
pub fn split(text: &str) -> Vec<Span> {
    let mut starts = vec![0usize];
    let mut comments: Option<usize> = None;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if begins_declaration(line.trim_end_matches(['\n', '\r'])) && at > 0 {
            let start = comments.unwrap_or(at);
            if start > starts.last().copied().unwrap_or(0) {
                starts.push(start);
            }
        }
        if line.starts_with('#') {
            comments.get_or_insert(at);
        } else {
            comments = None;
        }
        at += line.len();
    }
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    starts.iter().zip(ends).map(|(start, end)| Span::new(*start as u32, end as u32)).collect()
}

/// The piece that holds an offset.
pub fn around(text: &str, offset: u32) -> Span {
    let pieces = split(text);
    let at = pieces.partition_point(|piece| piece.start <= offset).saturating_sub(1);
    pieces.get(at).copied().unwrap_or_default()
}

/// `column_0` of the grammar, behind the line end.
fn begins_declaration(line: &str) -> bool {
    let word_len = line.bytes().take_while(u8::is_ascii_lowercase).count();
    let (word, rest) = line.split_at(word_len);
    let blanks = |text: &str| text.len() - text.trim_start_matches([' ', '\t']).len();
    let gap = blanks(rest);
    let after = &rest[gap..];
    match word {
        "customer" | "stages" | "policy" | "brand" => after.starts_with('{'),
        "scenario" => gap > 0 && after.starts_with('"'),
        "custom" => gap > 0 && after.strip_prefix("channel").is_some_and(|rest| blanks(rest) > 0),
        "event" | "journey" | "segment" | "score" | "survey" | "hook" | "block" => {
            gap > 0 && behind_name(after).is_some_and(|rest| rest.trim_start_matches([' ', '\t']).starts_with(['{', '"', '(']))
        }
        "topic" | "team" | "audience" | "codes" | "list" | "catalog" | "route" | "channel" => gap > 0 && named(word, after),
        _ => false,
    }
}

fn named(word: &str, after: &str) -> bool {
    let Some(rest) = behind_name(after) else { return false };
    let tail = rest.trim_start_matches([' ', '\t']);
    let gap = tail.len() < rest.len();
    let begins = |phrase: &str| gap && tail.starts_with(phrase);
    match word {
        "topic" => tail.starts_with('"') || ["opt", "double", "on request", "transactional"].iter().any(|phrase| begins(phrase)),
        "catalog" => tail.starts_with('"') || begins("by"),
        "route" => ["first reachable", "preferred channel", "those of"].iter().any(|phrase| begins(phrase)),
        "channel" => begins("reaches"),
        _ => tail.starts_with('"'),
    }
}

/// What follows a name.
fn behind_name(text: &str) -> Option<&str> {
    if let Some(quoted) = text.strip_prefix('`') {
        let end = quoted.find('`')?;
        return (end > 0).then(|| &quoted[end + 1..]);
    }
    let end = text.find(|c: char| (c.is_whitespace() || c.is_ascii()) && c != '_' && !c.is_alphanumeric()).unwrap_or(text.len());
    (end > 0).then(|| &text[end..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_declarations_with_their_comments() {
        let text = "event a { }\n\n# c\n## d\nevent b {\n  x text\n}\nmessage m about t { sms \"\" }\n";
        let pieces: Vec<&str> = split(text).iter().map(|piece| &text[piece.range()]).collect();
        assert_eq!(pieces, ["event a { }\n\n", "# c\n## d\nevent b {\n  x text\n}\nmessage m about t { sms \"\" }\n"]);
        assert_eq!(split(""), [Span::new(0, 0)]);
    }

    #[test]
    fn a_line_inside_of_something_is_no_declaration() {
        for line in ["event text", "list of text", "  journey a {", "customer.plan is \"pro\"", "score add", "channel email"] {
            assert!(!begins_declaration(line), "{line}");
        }
        for line in ["journey กลุ่ม {", "event `is` \"x\" {", "topic news opt in", "scenario \"s\" for j {", "catalog p by sku {"]
        {
            assert!(begins_declaration(line), "{line}");
        }
    }
}
