//! HTML as the words that somebody reads, for a comparison line by line.
//!
//! **Invariant:** total: any text gives a text; nothing of what stands between tags is lost but blanks, styles and comments.

/// Tags that begin a line.
const BLOCKS: [&str; 14] = ["p", "div", "br", "tr", "table", "li", "ul", "ol", "h1", "h2", "h3", "h4", "hr", "title"];

/// The words of an HTML text, a line for each block; where a link leads stands behind it.
pub(super) fn of_html(html: &str) -> String {
    let mut out = String::new();
    let mut link: Option<String> = None;
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        push(&rest[..at], &mut out);
        rest = &rest[at..];
        if let Some(comment) = rest.strip_prefix("<!--") {
            rest = comment.find("-->").map_or("", |end| &comment[end + 3..]);
            continue;
        }
        let Some(end) = rest.find('>') else { break };
        let tag = &rest[1..end];
        rest = &rest[end + 1..];
        let closes = tag.starts_with('/');
        let name: String =
            tag.trim_start_matches('/').chars().take_while(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
        if !closes && (name == "style" || name == "script") {
            let close = format!("</{name}");
            rest = rest.find(&close).map_or("", |at| &rest[at..]);
        } else if BLOCKS.contains(&name.as_str()) {
            out.push('\n');
        } else if name == "a" && !closes {
            link = attribute(tag, "href").map(str::to_owned);
        } else if name == "a"
            && let Some(to) = link.take()
        {
            push(&format!(" ({to})"), &mut out);
        } else if name == "img"
            && let Some(alt) = attribute(tag, "alt").filter(|alt| !alt.is_empty())
        {
            push(&format!("[{alt}]"), &mut out);
        }
    }
    if !rest.starts_with('<') {
        push(rest, &mut out);
    }
    let lines = out.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    lines.filter(|line| !line.is_empty()).fold(String::new(), |all, line| all + &line + "\n")
}

fn attribute<'t>(tag: &'t str, name: &str) -> Option<&'t str> {
    let (_, value) = tag.split_once(&format!("{name}=\""))?;
    value.split('"').next()
}

fn push(text: &str, out: &mut String) {
    let text = text.replace("&nbsp;", " ").replace("&#160;", " ").replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"");
    out.push_str(&text.replace("&#39;", "'").replace("&amp;", "&").replace(['\n', '\r', '\t'], " "));
}

#[cfg(test)]
mod tests {
    use super::of_html;

    #[test]
    fn words_stay_and_what_nobody_reads_goes() {
        let html = "<style>p { a: b }</style><!-- x --><h1>ยินดี&amp;ต้อนรับ</h1>\n<p>Hi  <b>Nok</b>,<br>see <a href=\"https://x.test/?a=1\">us</a></p><img alt=\"Logo\">";
        assert_eq!(of_html(html), "ยินดี&ต้อนรับ\nHi Nok,\nsee us (https://x.test/?a=1)\n[Logo]\n");
        assert_eq!(of_html("a < b"), "a\n");
        assert_eq!(of_html("<!-- open"), "");
        assert_eq!(of_html(""), "");
    }
}
