//! Links of messages: rewritten where they are surely understood, and everything else stays, byte for byte.

use super::pages_fake::{House, NOK, envelope};
use html5gum::{Token, Tokenizer};
use onward::channel::Envelope;
use onward::daemon::pages::links::{Maker, Wish, found};
use onward::daemon::pages::texts::{ENGLISH, THAI};
use onward::daemon::tokens::Sealed;
use onward::schema::ChannelKind;
use proptest::prelude::*;

const BASE: &str = "https://m.shop.example";
const ALL: Wish = Wish { clicks: true, opens: true };

/// Where a click page leads; what is none stays as it is.
fn target(house: &House, url: &str) -> String {
    match url.strip_prefix(&format!("{BASE}/c/")).map(|token| house.tokens.unseal(token)) {
        Some(Some(Sealed::Click { message, url })) if message == "m-1" => format!("→{url}"),
        Some(other) => panic!("{url}: {other:?}"),
        None => url.to_owned(),
    }
}

fn dressed(house: &House, kind: ChannelKind, parts: &[(&str, &str)], wish: Wish) -> Envelope {
    let maker = Maker::new(BASE, &house.tokens).unwrap();
    let mut message = envelope("m-1", kind, parts);
    message.links = maker.links(NOK, &message, wish);
    let titles = |name: &str| (name == "nps").then(|| "How <we> do".to_owned());
    maker.dress(NOK, &mut message, wish, &titles, &ENGLISH);
    message
}

fn html(house: &House, html: &str) -> String {
    let maker = Maker::new(BASE, &house.tokens).unwrap();
    let mut message = envelope("m-1", ChannelKind::Email, &[("html", html)]);
    maker.dress(NOK, &mut message, ALL, &|_| None, &ENGLISH);
    message.part("html").to_owned()
}

#[test]
fn links_to_the_web_become_click_pages_and_others_stay() {
    let house = House::new();
    for (tag, expected) in [
        ("<a href=\"https://a.example/?x=1&amp;y=2\">", "→https://a.example/?x=1&y=2"),
        ("<A class=b HREF='http://a.example/สินค้า'>", "→http://a.example/สินค้า"),
        ("<a href=https://a.example/x>", "→https://a.example/x"),
        ("<a href=\" https://a.example \">", "→https://a.example"),
        ("<a href=\"https://a.example?a&copy=1&reg=2\">", "→https://a.example?a&copy=1&reg=2"),
        ("<a href=\"https://a.example?&#38;&#x3D;&colon;\">", "→https://a.example?&=:"),
        ("<area href=\"https://a.example\">", "→https://a.example"),
        // What is not surely understood, is no link, or is none of the web.
        ("<a href=\"https://a.example?&copy\">", "https://a.example?©"),
        ("<a href=\"https://a.example?&hellip;\">", "https://a.example?…"),
        ("<a href=\"mailto:a@b.example\">", "mailto:a@b.example"),
        ("<a href=\"tel:+66\">", "tel:+66"),
        ("<a href=\"#top\">", "#top"),
        ("<a href=\"/path\">", "/path"),
        ("<a href=\"javascript:alert(1)\">", "javascript:alert(1)"),
        ("<a href=\"https://m.shop.example/u/abc\">", "https://m.shop.example/u/abc"),
        ("<a href=\"https://m.shop.example.evil.example/\">", "→https://m.shop.example.evil.example/"),
        ("<a href=\"https://a.example\" href=\"https://b.example\">", "→https://a.example"),
    ] {
        let new = html(&house, &format!("<p>{tag}x</a>"));
        let tags = Tokenizer::new(&new).filter_map(|Ok(token)| if let Token::StartTag(tag) = token { Some(tag) } else { None });
        let tag = tags.last().unwrap();
        let href = String::from_utf8(tag.attributes[&b"href"[..]].to_vec()).unwrap();
        assert_eq!(target(&house, href.trim()), expected, "{new}");
    }
    for same in [
        "<!-- <a href=\"https://a.example\"> -->",
        "<!--[if mso]><a href=\"https://a.example\"><![endif]-->",
        "<style>a[href=\"https://a.example\"]{}<a href=\"https://a.example\"></style>",
        "<title><a href=\"https://a.example\"></title>",
        "<img src=\"https://a.example\"><link href=\"https://a.example\">",
        "<a data-x='<a href=\"https://a.example\">'>",
        "<abbr href=\"https://a.example\"></a href=\"https://a.example\">",
        "<a href=\"https://a.example\"",
        "a < b <a",
    ] {
        assert_eq!(html(&house, same), same);
    }
}

#[test]
fn a_mail_gets_its_picture_its_survey_and_a_way_to_leave() {
    let house = House::new();
    let parts = [("subject", "Hi"), ("html", "<html><body><p>Hi</body></html>"), ("text", "See https://a.example."), ("survey", "nps")];
    let mail = dressed(&house, ChannelKind::Email, &parts, ALL);
    let (picture, leave) = (mail.links.open.clone().unwrap(), mail.links.unsubscribe.clone().unwrap());
    assert!(picture.ends_with(".gif") && mail.links.view.is_some());
    let html = mail.part("html");
    assert!(html.ends_with("</body></html>") && html.starts_with("<html><body><p>Hi<p style="), "{html}");
    assert!(html.contains("Answer: How &lt;we&gt; do</a>") && html.contains(&format!("<img src=\"{picture}\"")) && html.contains(&leave));
    let text = mail.part("text");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(target(&house, lines[0].strip_prefix("See ").unwrap().trim_end_matches('.')), "→https://a.example");
    assert_eq!((lines[2], lines[5], lines[6]), ("Answer: How <we> do", "Unsubscribe", leave.as_str()), "{text}");
    assert_eq!(
        house.tokens.unseal(lines[3].rsplit('/').next().unwrap()),
        Some(Sealed::Survey { customer: NOK, message: "m-1".into(), survey: "nps".into() })
    );
    assert_eq!(mail.parts.len(), 3, "the survey is woven in");
    assert_eq!(found(&mail).len(), 5);

    // It says it itself; nothing is counted.
    let own = [("html", format!("<a href=\"{leave}\">out</a>"))];
    let own: Vec<(&str, &str)> = own.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let quiet = dressed(&house, ChannelKind::Email, &own, Wish { clicks: false, opens: false });
    assert_eq!((quiet.part("html"), &quiet.links.open), (own[0].1, &None));

    let sms = dressed(&house, ChannelKind::Sms, &[("text", "https://a.example"), ("survey", "nps")], ALL);
    assert!(sms.part("text").starts_with("https://a.example\n\nAnswer: ") && sms.links.open.is_none() && sms.links.view.is_none());
    let line = dressed(&house, ChannelKind::Line, &[("text", "https://a.example")], ALL);
    assert_eq!(target(&house, line.part("text")), "→https://a.example");
    let push = dressed(&house, ChannelKind::Push, &[("body", "x"), ("link", "https://a.example"), ("survey", "nps")], ALL);
    assert_eq!(push.part("link"), "https://a.example");
    assert!(push.part("survey").starts_with(&format!("{BASE}/s/")));
    let mut receipt = envelope("m-1", ChannelKind::Email, &[("text", "x")]);
    receipt.transactional = true;
    assert_eq!(Maker::new(BASE, &house.tokens).unwrap().links(NOK, &receipt, ALL).unsubscribe, None);
}

#[test]
fn making_a_message_twice_gives_the_same_bytes_and_dressing_it_twice_changes_nothing() {
    let house = House::new();
    let parts = [("html", "<a href=https://a.example>a</a>"), ("text", "https://a.example"), ("survey", "nps")];
    let first = dressed(&house, ChannelKind::Email, &parts, ALL);
    assert_eq!(first, dressed(&house, ChannelKind::Email, &parts, ALL));
    let mut again = first.clone();
    Maker::new(BASE, &house.tokens).unwrap().dress(NOK, &mut again, ALL, &|_| None, &THAI);
    assert_eq!(again, first);
    for bad in
        ["", "m.shop.example", "https://m.shop.example/", "https://m.shop.example/\"", "https://ร้าน.example", "ftp://a.example", "https://"]
    {
        assert!(Maker::new(bad, &house.tokens).is_none(), "{bad}");
    }
    assert!(Maker::new("http://localhost:8080/pages", &house.tokens).is_some());
}

/// The tokens of the standard, with click pages as where they lead. References are resolved, so texts and values are what a browser has.
fn tokens(house: &House, html: &str) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for Ok(token) in Tokenizer::new(html) {
        match token {
            Token::StartTag(tag) => {
                let mut attributes: Vec<String> = Vec::new();
                for (name, value) in &tag.attributes {
                    let value = String::from_utf8_lossy(value).trim_ascii().to_owned();
                    attributes.push(format!("{}={}", String::from_utf8_lossy(name), target(house, &value).trim_start_matches('→')));
                }
                all.push(format!("<{} {attributes:?} {}>", String::from_utf8_lossy(&tag.name), tag.self_closing));
            }
            Token::String(text) => match all.last_mut().filter(|last| last.starts_with('t')) {
                Some(last) => last.push_str(&String::from_utf8_lossy(&text)),
                None => all.push(format!("t{}", String::from_utf8_lossy(&text))),
            },
            Token::Error(_) => {}
            other => all.push(format!("{other:?}")),
        }
    }
    all
}

/// Pieces that HTML is broken with.
fn piece() -> impl Strategy<Value = String> {
    const PIECES: [&str; 44] = [
        "<a href=\"https://a.example/?a=1&amp;b=2\">",
        "<a href='https://b.example'>",
        "<a href=https://c.example/x>",
        "<A HREF=https://d.example/ >",
        "<a",
        " href=",
        "\"",
        "'",
        ">",
        "<",
        "/",
        "=",
        "</a>",
        "</",
        "<p>",
        "<!--",
        "-->",
        "--!>",
        "<!-",
        "<!>",
        "<?php ?>",
        "<!doctype html>",
        "<![CDATA[",
        "]]>",
        "<area href=https://e.example/>",
        "<a/href=https://f.example>",
        "<a x=y/href='https://g.example'>",
        "<a href=\"\">",
        "<a =href=\"https://h.example\">",
        "&amp;",
        "&copy",
        "&#38;",
        "\n",
        " ",
        "\t",
        "\u{c}",
        "ก",
        "https://i.example",
        "<a href\n=\n\"https://j.example\"\n>",
        "<a href=\"https://k.example?&hellip;\">",
        "\0",
        "<b>",
        "</body>",
        "<a href=\"https://m.shop.example/u/x\">",
    ];
    proptest::sample::select(PIECES.to_vec()).prop_map(str::to_owned)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_browser_reads_the_same_page(pieces in proptest::collection::vec(piece(), 0..14)) {
        let house = House::new();
        let old = pieces.concat();
        let new = html(&house, &old);
        prop_assert_eq!(tokens(&house, &old), tokens(&house, &new), "{}", new);
        prop_assert_eq!(html(&house, &new), new.clone());
    }

    #[test]
    fn any_text_goes_through(text in "\\PC{0,60}") {
        let house = House::new();
        html(&house, &text);
        let message = envelope("m-1", ChannelKind::Sms, &[("text", &text), ("html", &text)]);
        found(&message);
    }
}
