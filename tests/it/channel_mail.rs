//! Mails as bytes: headers that nobody can add to, the way to unsubscribe, signatures, and what bounces say.

mod bounces;

use super::channel_given::{NOW, clock, folder, mail, python};
use onward::channel::mail::dkim::Key;
use onward::channel::mail::read::{self, Mail};
use onward::channel::mail::{BODY_BYTES_MAX, Composed, Settings, Writer, Wrong};
use onward::channel::{Envelope, Links};
use proptest::prelude::*;
use std::process::Command;

fn settings() -> Settings {
    let from = "ร้านค้า <hello@shop.example>".to_owned();
    Settings { from, bounces: Some("bounce@mail.shop.example".to_owned()), ..Settings::default() }
}

fn compose(envelope: &Envelope) -> Result<Composed, Wrong> {
    Writer::new(settings(), clock()).unwrap().compose(envelope)
}

fn with(part: &str, text: &str) -> Envelope {
    let mut envelope = mail("m-1");
    envelope.parts.retain(|(name, _)| name != part);
    envelope.parts.push((part.to_owned(), text.to_owned()));
    envelope
}

fn read(envelope: &Envelope) -> Mail {
    read::mail(&compose(envelope).unwrap().bytes)
}

#[test]
fn a_promotion_has_everything_that_receivers_ask_for() {
    let mail = read(&mail("m-1"));
    let header = |name: &str| mail.header(name).unwrap_or_default();
    assert_eq!(header("message-id"), "<m-1@shop.example>");
    assert_eq!(header("x-onward-id"), "m-1");
    assert_eq!(header("date"), "Tue, 24 Nov 2026 22:00:00 +0000");
    assert_eq!(header("to"), "nok@example.org");
    assert_eq!(header("list-unsubscribe"), "<https://o.example/u/abc>");
    assert_eq!(header("list-unsubscribe-post"), "List-Unsubscribe=One-Click");
    assert_eq!(header("feedback-id"), "offers:cart_reminder:cart:onward");
    assert_eq!((header("auto-submitted"), header("content-language"), header("mime-version")), ("auto-generated", "th", "1.0"));
    let kinds: Vec<&str> = mail.parts.iter().map(|part| part.kind.as_str()).collect();
    assert_eq!(kinds, ["text/plain", "text/html"], "what is best stands last");
    let expected = "สวัสดีค่ะคุณนก\n\nดูตะกร้า (https://shop.example/cart)\n\nเลิกรับข่าวสาร (https://o.example/u/abc)";
    assert_eq!(mail.parts[0].text().replace("\r\n", "\n").trim_end(), expected, "the message shows it itself, so nothing is added");
    assert_eq!(
        compose(&super::channel_given::mail("m-1")),
        compose(&Envelope { attempt: 2, ..super::channel_given::mail("m-1") }),
        "the same bytes for every attempt"
    );
}

#[test]
fn what_the_message_does_not_show_stands_at_its_end() {
    let mut envelope = with("html", "<html><BODY style='a'><p>ของยังรอ</p></BODY></html>");
    envelope.links.unsubscribe = Some("https://o.example/u/abc?a=1&b=2".to_owned());
    envelope.links.open = Some("https://o.example/o/abc.gif".to_owned());
    let mail = read(&envelope);
    let text = mail.parts[0].text().replace("\r\n", "\n");
    let end = "-- \nยกเลิกการรับข้อความ: https://o.example/u/abc?a=1&b=2\n";
    assert_eq!(text, format!("ของยังรอ\n\n{end}"), "nothing of what is hidden in the HTML");
    let html = mail.parts[1].text();
    assert!(html.starts_with("<html><BODY style='a'><div style=\"display:none"), "{html}");
    for shown in [">ส่งฟรีถึงวันศุกร์</div>", "href=\"https://o.example/u/abc?a=1&amp;b=2\"", "<img src=\"https://o.example/o/abc.gif\""]
    {
        assert_eq!(html.matches(shown).count(), 1, "{shown}: {html}");
    }
    assert!(html.ends_with("</BODY></html>"), "{html}");
    // What is there already is not added.
    let again = Envelope {
        parts: vec![envelope.parts[0].clone(), ("html".to_owned(), html.clone()), ("text".to_owned(), text.clone())],
        ..envelope.clone()
    };
    let mail = read(&again);
    assert_eq!((mail.parts[0].text().replace("\r\n", "\n"), mail.parts[1].text()), (text, html));
    // Nothing of it in what is not marketing.
    envelope.transactional = true;
    envelope.links.unsubscribe = None;
    let mail = read(&envelope);
    assert!(mail.header("list-unsubscribe").is_none() && !mail.parts[1].text().contains("ยกเลิก"));
    // An address that was never filled in would lead nowhere.
    let unfilled = with("text", "ยกเลิก https://unsubscribe.onward.invalid/ https://o.example/u/abc");
    assert!(compose(&unfilled).unwrap_err().reason.contains("public address"));
}

#[test]
fn a_promotion_without_a_working_way_out_is_never_written() {
    let mut envelope = mail("m-1");
    for url in [
        None,
        Some("http://o.example/u/abc"),
        Some("https://"),
        Some("https:///u"),
        Some("javascript:alert(1)"),
        Some("mailto:a@b.example"),
        Some("https://o.example/u/a b"),
        Some("https://o.example/u>\r\nBcc: x@y.example"),
        Some("http://localhost.evil.example/u"),
    ] {
        envelope.links = Links { unsubscribe: url.map(str::to_owned), ..Links::default() };
        let wrong = compose(&envelope).unwrap_err();
        assert!(wrong.reason.contains("unsubscribe") && !wrong.suppress, "{url:?}: {}", wrong.reason);
    }
    envelope.links.unsubscribe = Some(format!("https://o.example/{}", "a".repeat(900)));
    assert!(compose(&envelope).is_err(), "its header would be longer than a line may be");
    envelope.links.unsubscribe = Some("http://127.0.0.1:8080/u/abc".to_owned());
    assert!(compose(&envelope).is_ok(), "on this machine, for trying out");
    // In the bytes, but nobody sees it.
    for html in [
        "<p>a</p><!-- ",
        "<p>a</p><style>",
        "<p>a</p><div style='display:none'>",
        "<p>a</p><textarea>",
        "<p>a</p><title>",
        "<svg><p>a</p>",
        "<!-- <a href=\"https://o.example/u/abc\">no</a> --><p>a</p><!--",
        "<p>a</p><a title='",
    ] {
        let wrong = compose(&with("html", html)).unwrap_err();
        assert!(wrong.reason.contains("unsubscribe"), "{html}: {}", wrong.reason);
    }
}

#[test]
fn mjml_is_shown_as_html_and_what_is_none_is_refused() {
    let mjml = "<mjml><mj-head><mj-preview>แอบดู</mj-preview></mj-head><mj-body><mj-section><mj-column><mj-text>สวัสดี คุณนก</mj-text>\
                <mj-button href=\"https://shop.example/cart\">ดู</mj-button></mj-column></mj-section></mj-body></mjml>";
    let mut envelope = with("mjml", mjml);
    envelope.parts.retain(|(name, _)| name != "html");
    let mail = read(&envelope);
    assert!(mail.parts[1].text().contains("<table"), "{}", mail.parts[1].text());
    let text = mail.parts[0].text().replace("\r\n", "\n");
    assert_eq!(text, "สวัสดี คุณนก\nดู (https://shop.example/cart)\n\n-- \nยกเลิกการรับข้อความ: https://o.example/u/abc\n");
    let deep = format!("<mjml><mj-body>{}", "<mj-section>".repeat(20_000));
    for wrong in ["<p>no mjml</p", "<mjml><mj-body>", &deep] {
        let mut envelope = with("mjml", wrong);
        envelope.parts.retain(|(name, _)| name != "html");
        assert!(compose(&envelope).is_err(), "{}", &wrong[..16.min(wrong.len())]);
    }
}

#[test]
fn what_cannot_be_a_mail_is_refused_with_the_reason() {
    let no_body = Envelope { parts: mail("m-1").parts[..1].to_vec(), ..mail("m-1") };
    let cases = [
        ("a subject", with("subject", "")),
        ("a subject", with("subject", &"ก".repeat(256))),
        ("neither html nor text", no_body),
        ("bytes", with("html", &"a".repeat(BODY_BYTES_MAX + 1))),
        ("`from`", with("from", "Shop")),
        ("`reply to`", with("reply to", "nobody@")),
        ("id", mail("a b")),
        ("id", mail("")),
    ];
    for (says, envelope) in cases {
        let wrong = compose(&envelope).unwrap_err();
        assert!(wrong.reason.contains(says) && !wrong.suppress, "{says}: {}", wrong.reason);
    }
    assert!(compose(&with("subject", &"ก".repeat(255))).is_ok());
    for (address, suppress) in
        [("a@localhost", true), ("\"a b\"@x.example", true), ("-froot@x.example", true), ("", true), ("นก@x.example", false)]
    {
        let wrong = compose(&Envelope { address: address.to_owned(), ..mail("m-1") }).unwrap_err();
        assert_eq!(wrong.suppress, suppress, "{address}: {}", wrong.reason);
        assert!(!wrong.reason.contains("example"), "no personal data: {}", wrong.reason);
    }
    for wrong in [
        Settings { from: "Shop".to_owned(), ..settings() },
        Settings { bounces: Some("bounce".to_owned()), ..settings() },
        Settings { reply_to: Some("a@".to_owned()), ..settings() },
    ] {
        assert!(Writer::new(wrong, clock()).is_err());
    }
}

#[test]
fn bounces_come_back_to_an_address_that_says_which_message() {
    assert_eq!(compose(&mail("m-1")).unwrap().sender, "bounce+m-1@mail.shop.example");
    let (fits, long) = ("a".repeat(57), "a".repeat(58));
    assert_eq!(compose(&mail(&fits)).unwrap().sender, format!("bounce+{fits}@mail.shop.example"));
    assert_eq!(compose(&mail(&long)).unwrap().sender, "bounce@mail.shop.example", "longer than a mailbox's name may be");
    let without = Writer::new(Settings { bounces: None, ..settings() }, clock()).unwrap();
    assert_eq!(without.compose(&mail("m-1")).unwrap().sender, "hello@shop.example");
}

/// RSA in PKCS #8, made by `openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048`, for this test alone.
const RSA: &str = include_str!("channel_mail/rsa.pem");
const RSA_PUBLIC: &str = include_str!("channel_mail/rsa.pub");
const ED25519: &str = include_str!("channel_mail/ed25519.pem");
const ED25519_PUBLIC: &str = include_str!("channel_mail/ed25519.pub");

fn signed(envelope: &Envelope) -> Vec<u8> {
    let dkim = vec![Key::new("shop.example", "rsa1", RSA).unwrap(), Key::new("shop.example", "ed1", ED25519).unwrap()];
    Writer::new(Settings { dkim, ..settings() }, clock()).unwrap().compose(envelope).unwrap().bytes
}

#[test]
fn a_signature_covers_the_headers_of_one_click_and_closes_the_sender() {
    let mail = read::mail(&signed(&mail("m-1")));
    let signatures: Vec<&String> = mail.headers.iter().filter(|(name, _)| name == "dkim-signature").map(|(_, value)| value).collect();
    assert_eq!(signatures.len(), 2);
    for (signature, algorithm) in signatures.into_iter().zip(["rsa-sha256", "ed25519-sha256"]) {
        let tag = |name: &str| read::parameter(&format!("x; {signature}"), name).unwrap_or_default();
        assert_eq!((tag("a").as_str(), tag("c").as_str(), tag("d").as_str()), (algorithm, "relaxed/relaxed", "shop.example"));
        assert_eq!(tag("t"), (NOW.0 / 1000).to_string());
        let names = signature.replace(' ', "");
        let names: Vec<&str> = names.split("h=").nth(1).unwrap().split(';').next().unwrap().split(':').collect();
        for name in ["from", "to", "subject", "date", "message-id", "list-unsubscribe", "list-unsubscribe-post", "content-type"] {
            assert!(names.contains(&name), "{name}: {names:?}");
        }
        assert_eq!(names.iter().filter(|name| **name == "from").count(), 2, "a second From would break it");
    }
    for wrong in ["", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "secret"] {
        assert!(Key::new("shop.example", "a", wrong).is_err());
    }
    assert!(Key::new("shop.example; x", "a", ED25519).is_err() && Key::new("shop.example", "", ED25519).is_err());
    assert!(!format!("{:?}", Key::new("shop.example", "a", ED25519).unwrap()).contains("MC4"));
}

#[test]
fn another_verifier_finds_the_signatures_good_and_changed_mails_not() {
    let Some(python) = python("signatures by dkimpy") else { return };
    let folder = folder("dkim");
    let verify = |mail: &[u8]| {
        let file = folder.join("mail.eml");
        std::fs::write(&file, mail).unwrap();
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/channel_mail/verify.py");
        let rsa = format!("v=DKIM1; k=rsa; p={}", RSA_PUBLIC.trim());
        let ed25519 = format!("v=DKIM1; k=ed25519; p={}", ED25519_PUBLIC.trim());
        let arguments = ["rsa1._domainkey.shop.example", &rsa, "ed1._domainkey.shop.example", &ed25519];
        let out = Command::new(&python).arg(script).arg(&file).args(arguments).output().unwrap();
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        String::from_utf8(out.stdout).unwrap().trim().to_owned()
    };
    let plain = Envelope {
        parts: vec![("subject".to_owned(), "Hi".to_owned()), ("text".to_owned(), "a  b \t\n\n\n.\n \n".to_owned())],
        language: "en".to_owned(),
        ..mail("m-2")
    };
    let long = with("subject", &"ยาวมาก ".repeat(36));
    let transactional = Envelope { transactional: true, ..mail("m-3") };
    for envelope in [&mail("m-1"), &plain, &long, &transactional] {
        assert_eq!(verify(&signed(envelope)), "True True", "{}", envelope.id);
    }
    let good = String::from_utf8(signed(&plain)).unwrap();
    let changes = [
        ("From: another@shop.example\r\nDKIM-Signature", "DKIM-Signature", ""),
        ("Subject: Ho", "Subject: Hi", ""),
        ("https://o.example/u/abd>", "https://o.example/u/abc>", ""),
        ("List-Unsubscribe=Two-Click", "List-Unsubscribe=One-Click", ""),
        ("a  c", "a  b", ""),
    ];
    for (new, old, _) in changes {
        assert!(good.contains(old), "{old}");
        assert_eq!(verify(good.replacen(old, new, 1).as_bytes()), "False False", "{new}");
    }
    // Servers on the way may fold anew and change the spaces at the ends of lines.
    assert_eq!(verify(good.replace("Subject: Hi", "SUBJECT:\r\n Hi  ").as_bytes()), "True True");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    /// Whatever stands in whatever part: it is one mail with the headers that we know, or none.
    #[test]
    fn no_text_adds_a_header_or_a_recipient(
        subject in text(), from in text(), reply_to in text(), preheader in text(), html in text(), body in text(), address in text(), language in text(),
    ) {
        let mut envelope = mail("m-1");
        let named = format!("{from} <shop@shop.example>");
        let parts = [("subject", &subject), ("from", &named), ("reply to", &reply_to), ("preheader", &preheader), ("html", &html), ("text", &body)];
        envelope.parts = parts.into_iter().map(|(name, text)| (name.to_owned(), text.clone())).collect();
        envelope.language = language;
        if address.contains('@') {
            envelope.address = address;
        }
        if let Ok(composed) = compose(&envelope) {
            let mail = read::mail(&composed.bytes);
            let mut names: Vec<&str> = mail.headers.iter().map(|(name, _)| name.as_str()).collect();
            names.sort_unstable();
            names.dedup();
            prop_assert_eq!(names.len(), mail.headers.len());
            let known = ["auto-submitted", "content-language", "content-transfer-encoding", "content-type", "date", "feedback-id", "from",
                "list-unsubscribe", "list-unsubscribe-post", "message-id", "mime-version", "reply-to", "subject", "to", "x-onward-id"];
            prop_assert!(names.iter().all(|name| known.contains(name)), "{:?}", names);
            prop_assert!(composed.bytes.is_ascii() && !composed.bytes.contains(&0));
            prop_assert!(composed.bytes.split(|byte| *byte == b'\n').all(|line| line.len() <= 999 && (line.is_empty() || line.ends_with(b"\r"))));
            prop_assert!(!composed.recipient.contains(['\r', '\n', ' ', '<', '>', ',']) && composed.recipient.matches('@').count() == 1);
        }
    }

    #[test]
    fn any_bytes_can_be_read_as_a_mail(bytes in proptest::collection::vec(any::<u8>(), 0..300), tail in text()) {
        let mut mail = b"Content-Type: multipart/report; boundary=x\r\n\r\n--x\r\nContent-Type: message/delivery-status\r\n\r\n".to_vec();
        mail.extend_from_slice(&bytes);
        mail.extend_from_slice(tail.as_bytes());
        prop_assert!(onward::channel::mail::bounce::reports(&mail).is_empty());
        read::mail(&bytes);
    }
}

#[test]
fn no_body_ends_a_mail_early_and_no_line_is_longer_than_a_server_takes() {
    for body in [
        "a\n.\nMAIL FROM:<x@y>\nb",
        "a\r.\r\nQUIT\r\nb",
        "a\rb\nc\r\nd",
        "..\n.",
        &"x".repeat(10_240),
        &"ก".repeat(5_000),
        "a b ".repeat(4_000).trim_end(),
    ] {
        let mail = with("text", body);
        let bytes = compose(&mail).unwrap().bytes;
        let text = String::from_utf8(bytes.clone()).unwrap();
        let lines: Vec<&str> = text.split("\r\n").collect();
        assert!(lines.iter().all(|line| !line.contains(['\r', '\n'])), "a bare end of a line in {body:.20}");
        assert!(lines.iter().all(|line| line.len() <= 998), "{body:.20}");
        let plain = |text: &str| text.replace("\r\n", "\n").replace('\r', "\n");
        let part = read::mail(&bytes).parts[0].text();
        let shown = plain(&part);
        assert!(shown.starts_with(&plain(body)), "{body:.20} came as another");
    }
}

/// Pieces of which attacks are made.
fn text() -> impl Strategy<Value = String> {
    proptest::collection::vec(
        prop_oneof![
            Just("\r\n".to_owned()),
            Just("\r".to_owned()),
            Just("\n".to_owned()),
            Just(".".to_owned()),
            Just("\0".to_owned()),
            Just("Bcc: x@y.example".to_owned()),
            Just("\u{202E}".to_owned()),
            Just("=?utf-8?b?DQpCY2M6IHhAeS5leGFtcGxl?=".to_owned()),
            Just("@".to_owned()),
            Just("<x@y.example>".to_owned()),
            Just("\"".to_owned()),
            Just("ก".to_owned()),
            Just(",".to_owned()),
            Just("<p>".to_owned()),
            Just("<!--".to_owned()),
            Just("\u{2028}".to_owned()),
            Just(" ".repeat(1100)),
            "[a-z]{1,8}",
            "\\PC{1,4}",
        ],
        0..8,
    )
    .prop_map(|pieces| pieces.concat())
}
