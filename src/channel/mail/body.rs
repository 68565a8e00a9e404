//! The bodies of a mail: what the message says, and what every mail has at its end.
//!
//! In: an envelope's parts and links. Out: HTML and text, either of which may be missing, not both. **Invariant:** both end with the way to
//! unsubscribe where the mail must have one and the message did not put it in itself.

use super::Wrong;
use super::plain;
use crate::channel::Envelope;

/// Largest body of a mail, bytes; Gmail shows 102 KB, and checks warn of more.
pub const BODY_BYTES_MAX: usize = 2 << 20;
/// Elements inside each other in MJML; its renderer goes down with each.
pub const MJML_DEPTH_MAX: usize = 100;

pub(super) struct Bodies {
    pub(super) html: Option<String>,
    pub(super) text: String,
}

/// What the link to unsubscribe is called where the message does not show it itself, in the languages that we have it in.
const UNSUBSCRIBE: [(&str, &str); 7] = [
    ("en", "Unsubscribe"),
    ("th", "ยกเลิกการรับข้อความ"),
    ("de", "Abmelden"),
    ("fr", "Se désabonner"),
    ("es", "Darse de baja"),
    ("ja", "配信停止"),
    ("zh", "退订"),
];

fn word(language: &str) -> &'static str {
    let primary = language.split(['-', '_']).next().unwrap_or_default();
    UNSUBSCRIBE.iter().find(|(code, _)| code.eq_ignore_ascii_case(primary)).unwrap_or(&UNSUBSCRIBE[0]).1
}

pub(super) fn bodies(envelope: &Envelope) -> Result<Bodies, Wrong> {
    let html = match (envelope.part("mjml"), envelope.part("html")) {
        ("", "") => None,
        ("", html) => Some(clean(html)),
        (mjml, _) => Some(clean(&of_mjml(mjml).map_err(Wrong::new)?)),
    };
    let written = clean(envelope.part("text"));
    if html.as_ref().map_or(0, String::len).max(written.len()) > BODY_BYTES_MAX {
        return Err(Wrong::new(format!("the mail has more than {BODY_BYTES_MAX} bytes")));
    }
    let text = match &html {
        Some(html) if written.trim().is_empty() => plain::text(html),
        _ => written,
    };
    if text.trim().is_empty() && html.is_none() {
        return Err(Wrong::new("the mail says nothing: it has neither html nor text".to_owned()));
    }
    let html = html.map(|html| finish_html(html, envelope));
    Ok(Bodies { html, text: finish_text(text, envelope) })
}

/// Line ends are `\n`, and control characters but tabs are gone.
fn clean(text: &str) -> String {
    let lines = text.replace("\r\n", "\n").replace('\r', "\n");
    lines.chars().filter(|letter| !letter.is_control() || matches!(letter, '\n' | '\t')).collect()
}

/// MJML as the HTML that mail programs show. Whoever changes the links of a mail turns its MJML into HTML first.
pub fn of_mjml(mjml: &str) -> Result<String, String> {
    if mjml.len() > BODY_BYTES_MAX || depth(mjml) > MJML_DEPTH_MAX {
        return Err(format!("the MJML has more than {BODY_BYTES_MAX} bytes, or more than {MJML_DEPTH_MAX} elements inside each other"));
    }
    let root = mrml::parse(mjml).map_err(|_| "what should be MJML is none".to_owned())?;
    let options = mrml::prelude::render::RenderOptions::default();
    root.element.render(&options).map_err(|_| "the MJML cannot be shown".to_owned())
}

/// At least how deep elements stand in each other.
fn depth(markup: &str) -> usize {
    let (mut depth, mut deepest) = (0usize, 0);
    let bytes = markup.as_bytes();
    for (at, _) in markup.match_indices('<') {
        match bytes.get(at + 1) {
            Some(b'/') => depth = depth.saturating_sub(1),
            Some(letter) if letter.is_ascii_alphabetic() => {
                let end = markup[at..].find('>').map_or(bytes.len(), |end| at + end);
                let name: String = markup[at + 1..end].chars().take_while(char::is_ascii_alphanumeric).collect();
                let single = ["br", "img", "hr", "meta", "link", "input"].contains(&name.to_ascii_lowercase().as_str());
                if !single && bytes.get(end.saturating_sub(1)) != Some(&b'/') {
                    depth += 1;
                    deepest = deepest.max(depth);
                }
            }
            _ => {}
        }
    }
    deepest
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// The way to unsubscribe, where it must be shown and is not.
fn missing<'e>(shown: &str, envelope: &'e Envelope) -> Option<&'e str> {
    envelope.links.unsubscribe.as_deref().filter(|url| !envelope.transactional && !shown.contains(url))
}

fn finish_html(html: String, envelope: &Envelope) -> String {
    let mut end = String::new();
    if let Some(url) = missing(&plain::text(&html), envelope) {
        let style = "padding:16px;font:12px/1.6 sans-serif;text-align:center";
        end += &format!("<div style=\"{style}\"><a href=\"{}\">{}</a></div>", escape(url), word(&envelope.language));
    }
    if let Some(open) = envelope.links.open.as_deref().filter(|open| !html.contains(*open) && !html.contains(&escape(open))) {
        end += &format!("<img src=\"{}\" width=\"1\" height=\"1\" alt=\"\" style=\"display:block\">", escape(open));
    }
    let preheader = super::address::one_line(envelope.part("preheader"));
    let html = if preheader.is_empty() { html } else { with_preheader(&html, &preheader) };
    match rfind_ignoring_case(&html, "</body") {
        Some(at) => format!("{}{end}{}", &html[..at], &html[at..]),
        None => html + &end,
    }
}

/// The line that mail programs show beside the subject: first in the body, and not seen in the mail itself.
fn with_preheader(html: &str, preheader: &str) -> String {
    let style = "display:none;max-height:0;overflow:hidden;mso-hide:all";
    let line = format!("<div style=\"{style}\">{}</div>", escape(preheader));
    let begin = rfind_ignoring_case(html, "<body").and_then(|at| html[at..].find('>').map(|end| at + end + 1));
    let at = begin.unwrap_or(0);
    format!("{}{line}{}", &html[..at], &html[at..])
}

fn rfind_ignoring_case(text: &str, word: &str) -> Option<usize> {
    text.as_bytes().windows(word.len()).rposition(|window| window.eq_ignore_ascii_case(word.as_bytes()))
}

fn finish_text(text: String, envelope: &Envelope) -> String {
    let end = missing(&text, envelope).map(|url| format!("\n\n-- \n{}: {url}", word(&envelope.language))).unwrap_or_default();
    format!("{}{end}\n", text.trim_end())
}

#[cfg(test)]
mod tests {
    use super::depth;

    #[test]
    fn depth_is_seen_before_a_renderer_goes_down() {
        assert_eq!(depth("<mjml><mj-body><mj-text>a<br>b<img src='x'></mj-text><mj-spacer/></mj-body></mjml>"), 3);
        assert_eq!(depth(&"<mj-section>".repeat(10_000)), 10_000);
    }
}
