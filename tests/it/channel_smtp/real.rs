//! Against a mail server that others wrote: what Python's email package reads is what was written, one mail for each.

use super::{settings, writer};
use crate::it::channel_given::{Counting, block_on, mail, python};
use onward::channel::mail::plain;
use onward::channel::smtp::Smtp;
use onward::channel::{Adapter, Envelope, Verdict};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

struct Receiver {
    process: Child,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
    port: u16,
}

impl Receiver {
    /// `None`: skipped, and it was said.
    fn start() -> Option<Receiver> {
        let python = python("mails against aiosmtpd")?;
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/channel_smtp/receiver.py");
        let mut process = Command::new(python).arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let port = lines.next().unwrap().unwrap().parse().unwrap();
        Some(Receiver { process, lines, port })
    }

    fn next(&mut self) -> Value {
        serde_json::from_str(&self.lines.next().unwrap().unwrap()).unwrap()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        self.process.wait().unwrap();
    }
}

fn parts(of: &[(&str, &str)]) -> Vec<(String, String)> {
    of.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
}

#[test]
fn what_another_reader_reads_is_what_was_written() {
    let Some(mut receiver) = Receiver::start() else { return };
    let smtp = Smtp::new(settings(receiver.port), writer()).unwrap();
    let long_line = "ก".repeat(4_000) + &" x".repeat(4_000);
    let html = format!("<html><body><p>สวัสดี</p>\n<p>{long_line}</p>\n.\n..\n.x\n<p>trailing   \n</p></body></html>\n");
    let bodies = [
        parts(&[("subject", "ของในตะกร้ายังรอคุณนกอยู่นะคะ 🛒 รีบเลย ส่งฟรีถึงวันศุกร์นี้เท่านั้น อย่าพลาดโอกาสดีๆ"), ("html", &html)]),
        parts(&[("subject", "Plain"), ("text", "line\n.\n..dots\nFrom here\n  spaces  \n\ttab\n=3D ümlaut\n")]),
        parts(&[("subject", "a  \"quoted\" (comment) <x@y>, =?utf-8?q?x?="), ("html", "<p>a</p>"), ("text", "another text\n")]),
        parts(&[
            ("subject", "Smuggle\r\nBcc: evil@evil.example\r\n\r\nbody"),
            ("text", "a\r\n.\r\nMAIL FROM:<x@y>\r.\rb\n.\nc\r.\r\nd\0e\n"),
        ]),
        parts(&[
            ("subject", &"ยาว".repeat(80)),
            ("text", "x\n"),
            ("from", "ร้าน\r\nBcc: x@evil.example\r\n <ร้าน@evil> <shop2@shop.example>"),
        ]),
    ];
    for (at, parts) in bodies.iter().enumerate() {
        let envelope = Envelope { parts: parts.clone(), transactional: true, links: Default::default(), ..mail(&format!("m-{at}")) };
        let verdict = block_on(smtp.hand_over(&envelope, &Counting::default()));
        assert_eq!(verdict, Verdict::Accepted { provider_id: Some("PY".to_owned()) }, "{at}");
        let got = receiver.next();
        let wanted_subject: String =
            envelope.part("subject").replace("\r\n\r\n", " ").replace("\r\n", " ").replace("  ", " ").replace("=?", "= ?");
        assert_eq!(got["subject"].as_str().unwrap(), wanted_subject, "{at}");
        assert_eq!(got["recipients"], serde_json::json!(["nok@example.org"]), "{at}");
        assert_eq!(got["sender"].as_str().unwrap(), format!("bounce+m-{at}@mail.shop.example"));
        let from = if at == 4 {
            ("ร้าน Bcc: x@evil.example <ร้าน@evil>", "shop2@shop.example")
        } else {
            ("ร้านค้า", "hello@shop.example")
        };
        assert_eq!((got["from_name"].as_str().unwrap(), got["from"].as_str().unwrap()), from);
        assert_eq!(got["defects"], serde_json::json!([]), "{at}: {got}");
        assert_eq!(got["date"].as_str().unwrap(), "2026-11-24T22:00:00+00:00");
        assert!(got["longest"].as_u64().unwrap() <= 999 && got["ascii"] == true, "{at}: {}", got["longest"]);
        let headers: Vec<&str> = got["headers"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
        assert!(!headers.contains(&"bcc") && headers.iter().filter(|name| **name == "from").count() == 1, "{headers:?}");
        let cleaned = |text: &str| text.replace("\r\n", "\n").replace('\r', "\n").replace('\0', "");
        let text = if envelope.part("text").is_empty() { plain::text(&html) } else { cleaned(envelope.part("text")) };
        assert_eq!(got["parts"]["text/plain"].as_str().unwrap().trim_end(), text.trim_end(), "{at}");
        match envelope.part("html") {
            "" => assert_eq!(got["parts"]["text/html"], Value::Null),
            html => assert_eq!(got["parts"]["text/html"].as_str().unwrap(), html, "{at}"),
        }
    }
}

#[test]
fn a_promotion_shows_the_way_out_to_another_reader() {
    let Some(mut receiver) = Receiver::start() else { return };
    let smtp = Smtp::new(settings(receiver.port), writer()).unwrap();
    let mut envelope = mail("m-1");
    envelope.parts[2].1 = envelope.parts[2].1.replace("เลิกรับข่าวสาร", "").replace("https://o.example/u/abc", "https://shop.example");
    let verdict = block_on(smtp.hand_over(&envelope, &Counting::default()));
    assert!(matches!(verdict, Verdict::Accepted { .. }), "{verdict:?}");
    let got = receiver.next();
    assert_eq!(got["unsubscribe"].as_str().unwrap(), "<https://o.example/u/abc>");
    assert!(got["parts"]["text/plain"].as_str().unwrap().contains("ยกเลิกการรับข้อความ: https://o.example/u/abc"), "{got}");
    assert!(got["parts"]["text/html"].as_str().unwrap().contains("<a href=\"https://o.example/u/abc\""), "{got}");
    assert_eq!(got["defects"], serde_json::json!([]));
}
