//! HTML as plain text: what somebody reads whose program shows no HTML, and what of a mail can be seen at all.
//!
//! In: HTML, also broken. Out: text with `\n`. **Invariant:** one pass, no recursion, time and memory grow with the length only; what a browser
//! would not show (comments, styles, hidden elements) is not in it.

/// The text; the address of a link follows its words in parentheses.
pub fn text(html: &str) -> String {
    let mut walk = Walk { out: String::new(), line: String::new(), links: Vec::new() };
    let mut rest = html;
    // The element whose content is not shown, and how many of its name are open.
    let mut hidden: Option<(String, u32)> = None;
    while !rest.is_empty() {
        let Some(open) = rest.find('<') else {
            if hidden.is_none() {
                walk.say(rest);
            }
            break;
        };
        if hidden.is_none() {
            walk.say(&rest[..open]);
        }
        rest = &rest[open..];
        if rest.starts_with("<!--") {
            rest = after(rest, "-->");
            continue;
        }
        let Some(tag) = Tag::read(rest) else {
            if rest.starts_with("<!") || rest.starts_with("<?") {
                rest = after(rest, ">");
                continue;
            }
            if hidden.is_none() {
                walk.say("<");
            }
            rest = &rest[1..];
            continue;
        };
        rest = &rest[tag.bytes..];
        if let Some((name, depth)) = &mut hidden {
            if tag.name == *name {
                *depth = if tag.closes {
                    depth.saturating_sub(1)
                } else if tag.is_single() {
                    *depth
                } else {
                    *depth + 1
                };
            }
            if *depth == 0 {
                hidden = None;
            }
            continue;
        }
        if !tag.closes && !tag.is_single() && tag.is_hidden() {
            // Of these the content is no markup: nothing but their own end ends them.
            if ["script", "style", "title", "textarea"].contains(&tag.name.as_str()) {
                rest = after_ignoring_case(rest, &format!("</{}", tag.name));
                rest = after(rest, ">");
            } else {
                hidden = Some((tag.name, 1));
            }
            continue;
        }
        walk.tag(&tag);
    }
    walk.end()
}

fn after<'a>(text: &'a str, end: &str) -> &'a str {
    text.find(end).map_or("", |at| &text[at + end.len()..])
}

fn after_ignoring_case<'a>(text: &'a str, end: &str) -> &'a str {
    let bytes = text.as_bytes();
    let at = bytes.windows(end.len()).position(|window| window.eq_ignore_ascii_case(end.as_bytes()));
    at.map_or("", |at| &text[at + end.len()..])
}

struct Tag {
    /// Lower case.
    name: String,
    closes: bool,
    ends_itself: bool,
    attributes: Vec<(String, String)>,
    bytes: usize,
}

impl Tag {
    /// At a `<`.
    fn read(text: &str) -> Option<Tag> {
        let bytes = text.as_bytes();
        let closes = bytes.get(1) == Some(&b'/');
        let start = if closes { 2 } else { 1 };
        if !bytes.get(start)?.is_ascii_alphabetic() {
            return None;
        }
        let mut at = start;
        while at < bytes.len() && !b" \t\r\n/>".contains(&bytes[at]) {
            at += 1;
        }
        let mut tag = Tag { name: text[start..at].to_ascii_lowercase(), closes, ends_itself: false, attributes: Vec::new(), bytes: 0 };
        loop {
            while at < bytes.len() && b" \t\r\n/".contains(&bytes[at]) {
                tag.ends_itself = bytes[at] == b'/';
                at += 1;
            }
            if at >= bytes.len() {
                break;
            }
            if bytes[at] == b'>' {
                at += 1;
                break;
            }
            tag.ends_itself = false;
            at = tag.attribute(text, at);
        }
        tag.bytes = at;
        Some(tag)
    }

    /// Reads one attribute, and returns where it ends.
    fn attribute(&mut self, text: &str, from: usize) -> usize {
        let bytes = text.as_bytes();
        let mut at = from + 1;
        while at < bytes.len() && !b" \t\r\n/>=".contains(&bytes[at]) {
            at += 1;
        }
        let name = text[from..at].to_ascii_lowercase();
        let mut value = at;
        while value < bytes.len() && b" \t\r\n".contains(&bytes[value]) {
            value += 1;
        }
        if bytes.get(value) != Some(&b'=') {
            self.attributes.push((name, String::new()));
            return at;
        }
        value += 1;
        while value < bytes.len() && b" \t\r\n".contains(&bytes[value]) {
            value += 1;
        }
        let (start, end, next) = match bytes.get(value) {
            Some(quote @ (b'"' | b'\'')) => {
                let close = bytes[value + 1..].iter().position(|byte| byte == quote).map_or(bytes.len(), |close| value + 1 + close);
                (value + 1, close, (close + 1).min(bytes.len()))
            }
            _ => {
                let end = bytes[value..].iter().position(|byte| b" \t\r\n>".contains(byte)).map_or(bytes.len(), |end| value + end);
                (value, end, end)
            }
        };
        self.attributes.push((name, decode(&text[start.min(end)..end])));
        next
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(has, _)| has == name).map(|(_, value)| value.as_str())
    }

    fn is_single(&self) -> bool {
        self.ends_itself
            || matches!(self.name.as_str(), "br" | "img" | "hr" | "meta" | "link" | "input" | "col" | "area" | "base" | "source" | "wbr")
    }

    fn is_hidden(&self) -> bool {
        let style = self.get("style").unwrap_or_default().to_ascii_lowercase().replace([' ', '\t', '\r', '\n'], "");
        matches!(self.name.as_str(), "head" | "script" | "style" | "title" | "textarea" | "template" | "noscript" | "svg" | "math")
            || self.get("hidden").is_some()
            || style.contains("display:none")
            || style.contains("visibility:hidden")
    }
}

struct Walk {
    out: String,
    line: String,
    /// Of every open link its address, and where in the line its words begin.
    links: Vec<(String, usize)>,
}

/// Links within links do not exist; what is open without end is not counted further.
const LINKS_OPEN_MAX: usize = 16;

impl Walk {
    fn say(&mut self, html: &str) {
        for letter in decode(html).chars() {
            if letter.is_whitespace() && letter != '\u{A0}' {
                if !self.line.is_empty() && !self.line.ends_with(' ') {
                    self.line.push(' ');
                }
            } else {
                self.line.push(if letter == '\u{A0}' { ' ' } else { letter });
            }
        }
    }

    fn tag(&mut self, tag: &Tag) {
        match tag.name.as_str() {
            "br" => self.end_line(),
            "hr" if !tag.closes => {
                self.end_line();
                self.out += "---\n";
            }
            "img" => self.say(tag.get("alt").unwrap_or_default()),
            "a" if tag.closes => self.close_link(),
            "a" => {
                if let Some(href) = tag.get("href").filter(|_| self.links.len() < LINKS_OPEN_MAX) {
                    self.links.push((href.trim().to_owned(), self.line.len()));
                }
            }
            "li" if !tag.closes => {
                self.end_line();
                self.line += "- ";
            }
            "td" | "th" => self.say(" "),
            "p" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "ul" | "ol" | "blockquote" => self.end_paragraph(),
            "div" | "tr" | "table" | "li" | "section" | "article" | "header" | "footer" | "center" | "body" | "address" | "pre" => {
                self.end_line();
            }
            _ => {}
        }
    }

    fn close_link(&mut self) {
        let Some((href, start)) = self.links.pop() else { return };
        // A line may have ended within it.
        let words = self.line.get(start..).unwrap_or(&self.line).trim();
        let goes_somewhere = !href.is_empty() && !href.starts_with('#') && !href.to_ascii_lowercase().starts_with("javascript:");
        if goes_somewhere && words != href && words != href.trim_start_matches("mailto:") {
            if words.is_empty() {
                self.line += &href;
            } else {
                let end = self.line.trim_end().len();
                self.line.truncate(end);
                self.line += &format!(" ({href})");
            }
        }
    }

    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        let line = line.trim();
        if !line.is_empty() && line != "-" {
            self.out += line;
            self.out.push('\n');
        }
        self.links.iter_mut().for_each(|link| link.1 = 0);
    }

    fn end_paragraph(&mut self) {
        self.end_line();
        if !self.out.is_empty() && !self.out.ends_with("\n\n") {
            self.out.push('\n');
        }
    }

    fn end(mut self) -> String {
        while !self.links.is_empty() {
            self.close_link();
        }
        self.end_line();
        self.out.truncate(self.out.trim_end().len());
        self.out
    }
}

const NAMED: [(&str, &str); 26] = [
    ("amp", "&"),
    ("lt", "<"),
    ("gt", ">"),
    ("quot", "\""),
    ("apos", "'"),
    ("nbsp", "\u{A0}"),
    ("copy", "©"),
    ("reg", "®"),
    ("trade", "™"),
    ("hellip", "…"),
    ("mdash", "—"),
    ("ndash", "–"),
    ("lsquo", "‘"),
    ("rsquo", "’"),
    ("ldquo", "“"),
    ("rdquo", "”"),
    ("bull", "•"),
    ("middot", "·"),
    ("euro", "€"),
    ("pound", "£"),
    ("yen", "¥"),
    ("times", "×"),
    ("deg", "°"),
    ("laquo", "«"),
    ("raquo", "»"),
    ("shy", ""),
];
/// Characters of a reference, between `&` and `;`.
const REFERENCE_MAX: usize = 10;

/// Without character references.
pub fn decode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out += &rest[..at];
        rest = &rest[at + 1..];
        let end = rest.bytes().take(REFERENCE_MAX).position(|byte| byte == b';');
        let known = end.and_then(|end| reference(&rest[..end]).map(|letters| (letters, end)));
        match known {
            Some((letters, end)) => {
                out += &letters;
                rest = &rest[end + 1..];
            }
            None => out.push('&'),
        }
    }
    out + rest
}

fn reference(name: &str) -> Option<String> {
    let number = match name.strip_prefix('#') {
        Some(digits) => match digits.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok(),
            None => digits.parse().ok(),
        },
        None => return NAMED.iter().find(|(known, _)| *known == name).map(|(_, letters)| (*letters).to_owned()),
    };
    number.and_then(char::from_u32).filter(|letter| !letter.is_control() || letter.is_whitespace()).map(String::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn text_is_what_a_reader_sees() {
        let html = "<html><head><title>x</title><style>p{}</style></head><body><!-- no --><div style=\"display: none\">pre<div>view</div></div>\
                    <h1>สวัสดี&nbsp;คุณนก</h1>\n<p>ของ  ใน\nตะกร้า &amp; อื่นๆ</p><ul><li>นม<li>ไข่</ul><a href='https://s.example/?a=1&amp;b=2'>ดูตะกร้า</a>\
                    <br/><a href=https://s.example>https://s.example</a><table><tr><td>รวม</td><td>900 บาท</td></tr></table><img alt=\"รูป\" src=x></body>";
        let expected =
            "สวัสดี คุณนก\n\nของ ใน ตะกร้า & อื่นๆ\n\n- นม\n- ไข่\n\nดูตะกร้า (https://s.example/?a=1&b=2)\nhttps://s.example\nรวม 900 บาท\nรูป";
        assert_eq!(text(html), expected);
    }

    #[test]
    fn what_is_not_shown_is_not_in_it() {
        for html in [
            "<!-- a <p>b</p>",
            "<style>a",
            "<script>'</p>'",
            "<title>a</title",
            "<div hidden>a</div>",
            "<p style='DISPLAY:none'>a<p>b",
            "<textarea>a",
        ] {
            assert_eq!(text(html), "", "{html}");
        }
        assert_eq!(text("<![if !mso]>a<![endif]>"), "a");
        assert_eq!(text("1 < 2 &amp;lt; &bogus; &#x2764; &#0;"), "1 < 2 &lt; &bogus; ❤ &#0;");
    }

    proptest! {
        #[test]
        fn no_html_brings_it_down(html in "(<[a-z/!]{0,4}| |href=|\"|'|>|&#x?[0-9]{0,9};?|นก|--|\n){0,60}") {
            let found = text(&html);
            prop_assert!(found.len() <= html.len() * 4 + 64);
        }
    }
}
