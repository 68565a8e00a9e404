//! How deep the tags of a mail stand inside each other.
//!
//! In: HTML or MJML. Out: whether it is deeper than anybody writes. **Invariant:** linear and without recursion, so that whoever reads tags
//! by recursion asks here first. Knows no tag but those that never have an end.

/// Tags inside each other that a mail may have.
pub const DEPTH_MAX: usize = 100;

const WITHOUT_END: [&str; 14] =
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"];

/// The tag at which the text is deeper than [`DEPTH_MAX`], by its first byte.
pub fn too_deep(text: &str) -> Option<usize> {
    let (mut depth, mut at) = (0_usize, 0);
    while let Some(open) = text[at..].find('<').map(|open| at + open) {
        let rest = &text[open..];
        if rest.starts_with("<!--") {
            at = rest.find("-->").map_or(text.len(), |end| open + end + 3);
            continue;
        }
        let end = rest.find('>').map_or(text.len(), |end| open + end + 1);
        let is_end = rest.starts_with("</");
        let name = &rest[1..];
        let name = name[..name.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).unwrap_or(name.len())].to_ascii_lowercase();
        if is_end {
            depth = depth.saturating_sub(1);
        } else if !name.is_empty() && !text[..end].ends_with("/>") && !WITHOUT_END.contains(&name.as_str()) {
            depth += 1;
            if depth > DEPTH_MAX {
                return Some(open);
            }
        }
        at = end;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hundred_tags_inside_each_other_are_fine_and_one_more_is_not() {
        let nested = |count: usize| format!("{}x{}", "<b a='1'>".repeat(count), "</b>".repeat(count));
        assert_eq!(too_deep(&nested(DEPTH_MAX)), None);
        assert_eq!(too_deep(&nested(DEPTH_MAX + 1)), Some(DEPTH_MAX * 9));
        // One after the other, without an end, or closed at once.
        assert_eq!(too_deep(&"<p>a</p><br><img src='x'><hr/><!-- <b> -->".repeat(1_000)), None);
        assert!(too_deep(&"<mj-text>".repeat(100_000)).is_some());
    }
}
