//! The addresses of a message: pages that belong to it, and its links as click pages.
//!
//! In: a rendered message that is about to be claimed. Out: the same, as it leaves. **Invariant:** the same message under the same keys gives the
//! same bytes; beside the values of `href`, and what is put before `</body>`, no byte of an HTML part changes; a link that is not surely
//! understood stays as it is. Does it once: what is a page of ours already is left alone.
//!
//! Rewritten are links to `http` and `https` in the HTML and the text of mails, and in texts for LINE. In an SMS the longer address would cost a
//! part more than it tells, and the links of push, inbox and web open in apps that follow them themselves.

pub mod tags;
pub mod text;

use super::click;
use super::texts::{Texts, fill};
use crate::channel::{Envelope, Links};
use crate::daemon::CustomerNo;
use crate::daemon::tokens::{Sealed, Tokens};
use crate::schema::ChannelKind;
use std::ops::Range;

/// How the lines that are put under a mail look.
const LINE: &str = "margin:16px;text-align:center;font-family:sans-serif";

/// A survey's title for people, by its name.
pub type Titles<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Makes the addresses of one deployment.
#[derive(Clone, Copy, Debug)]
pub struct Maker<'a> {
    base: &'a str,
    tokens: &'a Tokens,
}

/// What is wanted of one message.
#[derive(Clone, Copy, Debug)]
pub struct Wish {
    /// Links become click pages. Off for a message that must not be counted, or whose links break by it.
    pub clicks: bool,
    /// A picture that tells that it was opened.
    pub opens: bool,
}

impl<'a> Maker<'a> {
    /// `base` is the public address of the pages, without a `/` at its end. `None` where it is no address of the web in plain ASCII.
    pub fn new(base: &'a str, tokens: &'a Tokens) -> Option<Maker<'a>> {
        let plain = base.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b':' | b'/' | b'.' | b'-' | b'_'));
        (plain && !base.ends_with('/') && click::target(base).is_some()).then_some(Maker { base, tokens })
    }

    fn page(&self, path: &str, content: &Sealed) -> Option<String> {
        Some(format!("{}/{path}/{}", self.base, self.tokens.seal(content)?))
    }

    /// The pages that belong to a message, known before it is rendered.
    pub fn links(&self, customer: CustomerNo, envelope: &Envelope, wish: Wish) -> Links {
        let message = || envelope.id.clone();
        let leave = || self.page("u", &Sealed::Leave { customer, message: message(), topic: envelope.topic.clone() });
        let mail = envelope.kind == ChannelKind::Email;
        let picture = || self.page("o", &Sealed::Open { message: message() }).map(|page| page + ".gif");
        Links {
            unsubscribe: (!envelope.transactional).then(leave).flatten(),
            view: mail.then(|| self.page("v", &Sealed::View { message: message() })).flatten(),
            open: (mail && wish.opens).then(picture).flatten(),
            report: envelope.links.report.clone(),
        }
    }

    /// The page on which a double opt-in is confirmed.
    pub fn confirm(&self, customer: CustomerNo, topic: &str) -> Option<String> {
        self.page("confirm", &Sealed::Confirm { customer, topic: topic.to_owned() })
    }

    /// The message as it leaves: links, the picture of [`Links::open`], its surveys as links to their pages, and in a mail that can be left the
    /// way to do so, where it does not say it itself.
    pub fn dress(&self, customer: CustomerNo, envelope: &mut Envelope, wish: Wish, titles: Titles<'_>, t: &Texts) {
        if wish.clicks {
            let (id, kind) = (envelope.id.clone(), envelope.kind);
            for (name, part) in &mut envelope.parts {
                match (kind, name.as_str()) {
                    (ChannelKind::Email, "html") => *part = self.html(&id, part),
                    (ChannelKind::Email | ChannelKind::Line, "text") => *part = self.text(&id, part),
                    _ => {}
                }
            }
        }
        self.surveys(customer, envelope, titles, t);
        if envelope.kind == ChannelKind::Email {
            leave(envelope, t);
        }
        if let Some(picture) = envelope.links.open.clone() {
            let image = format!("<img src=\"{picture}\" width=\"1\" height=\"1\" alt=\"\">");
            for (_, part) in envelope.parts.iter_mut().filter(|(name, _)| name == "html") {
                if !part.contains(&picture) {
                    part.insert_str(body_end(part), &image);
                }
            }
        }
    }

    /// Surveys become a link at the end of mails and texts; elsewhere their part becomes the address.
    fn surveys(&self, customer: CustomerNo, envelope: &mut Envelope, titles: Titles<'_>, t: &Texts) {
        let woven = matches!(envelope.kind, ChannelKind::Email | ChannelKind::Sms | ChannelKind::Line);
        let mut kept = Vec::with_capacity(envelope.parts.len());
        let mut pages = Vec::new();
        for (name, part) in std::mem::take(&mut envelope.parts) {
            let survey = Sealed::Survey { customer, message: envelope.id.clone(), survey: part.clone() };
            match (name == "survey" && !part.starts_with(self.base)).then(|| self.page("s", &survey)).flatten() {
                Some(page) if woven => {
                    let title = titles(&part).unwrap_or(part);
                    pages.push((fill(t.survey_link, &[("title", &title)]), page));
                }
                Some(page) => kept.push((name, page)),
                None => kept.push((name, part)),
            }
        }
        for (title, page) in pages {
            for (name, part) in &mut kept {
                match name.as_str() {
                    "html" => {
                        part.insert_str(body_end(part), &format!("<p style=\"{LINE}\"><a href=\"{page}\">{}</a></p>", escape(&title)))
                    }
                    "text" => part.push_str(&format!("\n\n{title}\n{page}")),
                    _ => {}
                }
            }
        }
        envelope.parts = kept;
    }

    fn html(&self, message: &str, html: &str) -> String {
        replaced(html, hrefs(html).filter_map(|place| self.click(message, &unescape(&html[place.clone()])?).map(|page| (place, page))))
    }

    fn text(&self, message: &str, text: &str) -> String {
        let places = text::addresses(text).into_iter();
        replaced(text, places.filter_map(|place| self.click(message, &text[place.clone()]).map(|page| (place, page))))
    }

    /// The click page of a link; `None` for what is to stay as it is.
    fn click(&self, message: &str, url: &str) -> Option<String> {
        let ours = url.strip_prefix(self.base).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        if ours || click::target(url).is_none() {
            return None;
        }
        self.page("c", &Sealed::Click { message: message.to_owned(), url: url.to_owned() })
    }
}

/// Puts the link to unsubscribe under every body that lacks it: laws and large providers want it to be seen, not only in the head of the mail.
fn leave(envelope: &mut Envelope, t: &Texts) {
    let Some(page) = envelope.links.unsubscribe.clone() else { return };
    let line = format!("<p style=\"{LINE};font-size:13px\"><a href=\"{page}\">{}</a></p>", escape(t.leave_button));
    for (name, part) in envelope.parts.iter_mut().filter(|(_, part)| !part.contains(&page)) {
        match name.as_str() {
            "html" => part.insert_str(body_end(part), &line),
            "text" => part.push_str(&format!("\n\n{}\n{page}", t.leave_button)),
            _ => {}
        }
    }
}

/// Every address in the parts of a message, in their order.
pub fn found(envelope: &Envelope) -> Vec<String> {
    let mut found = Vec::new();
    for (name, part) in &envelope.parts {
        if name == "html" {
            found.extend(hrefs(part).filter_map(|place| unescape(&part[place]).map(|url| url.into_owned())));
        } else {
            found.extend(text::addresses(part).into_iter().map(|place| part[place].to_owned()));
        }
    }
    found
}

/// The values of `href` of links, in their order.
fn hrefs(html: &str) -> impl Iterator<Item = Range<usize>> {
    tags::tags(html).filter(|tag| !tag.closes && (tag.is("a") || tag.is("area"))).filter_map(|tag| tag.value("href"))
}

fn replaced(text: &str, by: impl Iterator<Item = (Range<usize>, String)>) -> String {
    let mut new = String::with_capacity(text.len() * 2);
    let mut from = 0;
    for (place, with) in by {
        new.push_str(&text[from..place.start]);
        new.push_str(&with);
        from = place.end;
    }
    new.push_str(&text[from..]);
    new
}

/// Where something can be put that is to be the last of a body.
fn body_end(html: &str) -> usize {
    let ends = tags::tags(html).filter(|tag| tag.closes && (tag.is("body") || tag.is("html")));
    let first = ends.map(|tag| tag.place.start).next();
    first.unwrap_or(html.len())
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// An attribute's value without character references. `None` where there is one that is not known here: such a link stays as it is.
fn unescape(value: &str) -> Option<std::borrow::Cow<'_, str>> {
    if !value.contains('&') {
        return Some(value.trim_ascii().into());
    }
    let mut plain = String::with_capacity(value.len());
    let mut rest = value;
    while let Some((before, behind)) = rest.split_once('&') {
        plain.push_str(before);
        let name_end = behind.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '#').unwrap_or(behind.len());
        if name_end > 0 && behind[name_end..].starts_with(';') {
            plain.push(named(&behind[..name_end])?);
            rest = &behind[name_end + 1..];
        } else if behind.starts_with('#') {
            return None;
        } else {
            // Without `;` a name is one only where neither `=` nor a letter follows: `&copy` at the end is, `&copy=1` is not.
            let legacy = name_end > 0 && !behind[name_end..].starts_with('=');
            if legacy && LEGACY.iter().any(|name| behind[..name_end] == **name) {
                return None;
            }
            plain.push('&');
            rest = behind;
        }
    }
    plain.push_str(rest);
    Some(plain.trim_ascii().to_owned().into())
}

fn named(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
            None => number.parse().ok()?,
        };
        // The standard maps some numbers elsewhere; only plain ones are taken.
        return char::from_u32(code).filter(|letter| (' '..='~').contains(letter) || *letter > '\u{a0}');
    }
    Some(match name {
        "amp" | "AMP" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "equals" => '=',
        "num" => '#',
        "sol" => '/',
        "colon" => ':',
        "quest" => '?',
        _ => return None,
    })
}

/// Names of characters that count also without `;`.
const LEGACY: [&str; 106] = [
    "AElig", "AMP", "Aacute", "Acirc", "Agrave", "Aring", "Atilde", "Auml", "COPY", "Ccedil", "ETH", "Eacute", "Ecirc", "Egrave", "Euml",
    "GT", "Iacute", "Icirc", "Igrave", "Iuml", "LT", "Ntilde", "Oacute", "Ocirc", "Ograve", "Oslash", "Otilde", "Ouml", "QUOT", "REG",
    "THORN", "Uacute", "Ucirc", "Ugrave", "Uuml", "Yacute", "aacute", "acirc", "acute", "aelig", "agrave", "amp", "aring", "atilde",
    "auml", "brvbar", "ccedil", "cedil", "cent", "copy", "curren", "deg", "divide", "eacute", "ecirc", "egrave", "eth", "euml", "frac12",
    "frac14", "frac34", "gt", "iacute", "icirc", "iexcl", "igrave", "iquest", "iuml", "laquo", "lt", "macr", "micro", "middot", "nbsp",
    "not", "ntilde", "oacute", "ocirc", "ograve", "ordf", "ordm", "oslash", "otilde", "ouml", "para", "plusmn", "pound", "quot", "raquo",
    "reg", "sect", "shy", "sup1", "sup2", "sup3", "szlig", "thorn", "times", "uacute", "ucirc", "ugrave", "uml", "uuml", "yacute", "yen",
    "yuml",
];
