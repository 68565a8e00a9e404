//! What comes back, as servers write it.

use crate::it::channel_given::NOW;
use onward::channel::mail::bounce::{Bounces, reports};
use onward::channel::secret::Secret;
use onward::channel::{About, Callback, Heard, Incoming, Reported};

fn about(mail: &str) -> Vec<(String, Reported)> {
    let reports = reports(mail.replace('\n', "\r\n").as_bytes());
    let mut ids: Vec<&str> = reports.iter().map(|report| report.id.as_deref().unwrap()).collect();
    ids.dedup();
    assert_eq!(ids.len(), reports.len(), "each has an id of its own");
    let message = |about: &About| match about {
        About::Message(id) => id.clone(),
        other => panic!("{other:?}"),
    };
    reports.iter().map(|report| (message(&report.about), report.what.clone())).collect()
}

fn one(id: &str, what: Reported) -> Vec<(String, Reported)> {
    vec![(id.to_owned(), what)]
}

/// As Postfix writes it.
fn postfix(action: &str, status: &str, diagnostic: &str) -> String {
    format!(
        "Return-Path: <>\nFrom: MAILER-DAEMON@mx.example (Mail Delivery System)\nSubject: Undelivered Mail Returned to Sender\n\
         To: bounce+m-1@mail.shop.example\nAuto-Submitted: auto-replied\nMIME-Version: 1.0\n\
         Content-Type: multipart/report; report-type=delivery-status;\n\tboundary=\"9C1A3.1764021600/mx.example\"\n\n\
         This is a MIME-encapsulated message.\n\n--9C1A3.1764021600/mx.example\nContent-Description: Notification\nContent-Type: text/plain; charset=us-ascii\n\n\
         I'm sorry to have to inform you that your message could not\nbe delivered.\n\n--9C1A3.1764021600/mx.example\n\
         Content-Description: Delivery report\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\nX-Postfix-Queue-ID: 9C1A3\n\
         Arrival-Date: Tue, 24 Nov 2026 22:00:00 +0000 (UTC)\n\nFinal-Recipient: rfc822; nok@example.org\nOriginal-Recipient: rfc822;nok@example.org\n\
         Action: {action}\nStatus: {status}\nRemote-MTA: dns; mx.example.org\nDiagnostic-Code: {diagnostic}\n\n--9C1A3.1764021600/mx.example\n\
         Content-Description: Undelivered Message\nContent-Type: message/rfc822\n\nReturn-Path: <bounce+m-1@mail.shop.example>\nX-Onward-Id: m-1\nSubject: a\n\nbody\n\n\
         --9C1A3.1764021600/mx.example--\n"
    )
}

#[test]
fn a_delivery_report_says_what_became_of_a_message() {
    let hard = Reported::Bounced { hard: true };
    let soft = Reported::Bounced { hard: false };
    let no_user = "smtp; 550 5.1.1 <nok@example.org>: Recipient address\n    rejected: User unknown";
    for (action, status, diagnostic, what) in [
        ("failed", "5.1.1", no_user, Some(hard.clone())),
        ("failed", "5.0.0", no_user, Some(hard.clone())),
        ("Failed (bad address)", "5.1.10", "smtp; 556 no", Some(hard)),
        ("failed", "5.2.2", "smtp; 552 5.2.2 mailbox full", Some(soft.clone())),
        ("failed", "5.0.0", "smtp; 550-5.7.1 your address is blocked", Some(soft.clone())),
        ("failed", "4.4.1", "X-Postfix; connect to mx.example.org[192.0.2.1]:25: Connection timed out", Some(soft.clone())),
        ("failed", "nonsense", "", Some(soft)),
        ("delayed", "4.4.1", "", None),
        ("relayed", "2.0.0", "", Some(Reported::Delivered)),
        ("delivered", "2.1.5", "", Some(Reported::Delivered)),
    ] {
        let expected = what.map(|what| one("m-1", what)).unwrap_or_default();
        assert_eq!(about(&postfix(action, status, diagnostic)), expected, "{action} {status} {diagnostic}");
    }
    let report = postfix("failed", "5.1.1", no_user);
    assert_eq!(reports(report.as_bytes())[0].id, reports(report.as_bytes())[0].id, "the same report counts once");
}

#[test]
fn the_message_is_found_by_what_was_returned_or_by_the_address() {
    let hard = Reported::Bounced { hard: true };
    let report = postfix("failed", "5.1.1", "smtp; 550 5.1.1 no");
    // Exchange returns the headers only, some return nothing; then the address says it.
    let headers_only = report.replace("message/rfc822", "text/rfc822-headers").replace("To: bounce+m-1@", "To: bounce@");
    assert_eq!(about(&headers_only), one("m-1", hard.clone()));
    let nothing = report.replace("X-Onward-Id: m-1\n", "");
    assert_eq!(about(&nothing), one("m-1", hard.clone()));
    let bracketed = nothing.replace("To: bounce+m-1@mail.shop.example", "Delivered-To: <BOUNCE+M-1@mail.shop.example>");
    assert_eq!(about(&bracketed), one("m-1", hard));
    let nobody = nothing.replace("To: bounce+m-1@", "To: bounce@");
    assert_eq!(about(&nobody), []);
}

#[test]
fn complaints_are_told_from_other_feedback() {
    let arf = |kind: &str| {
        format!(
            "From: <feedback@isp.example>\nTo: <abuse@shop.example>\nMIME-Version: 1.0\nContent-Type: multipart/report; report-type=feedback-report; boundary=b1\n\n\
             --b1\nContent-Type: text/plain\n\nThis is an email abuse report.\n\n--b1\nContent-Type: message/feedback-report\n\nFeedback-Type: {kind}\n\
             User-Agent: SomeGenerator/1.0\nVersion: 1\nOriginal-Mail-From: <bounce+m-7@mail.shop.example>\n\n--b1\nContent-Type: message/rfc822\n\n\
             From: <hello@shop.example>\nSubject: a\n\nbody\n--b1--\n"
        )
    };
    assert_eq!(about(&arf("abuse")), one("m-7", Reported::Complained));
    assert_eq!(about(&arf("Fraud")), one("m-7", Reported::Complained));
    assert_eq!(about(&arf("opt-out")), one("m-7", Reported::Unsubscribed));
    assert_eq!(about(&arf("not-spam")), []);
}

#[test]
fn what_is_no_report_reports_nothing() {
    let out_of_office = "From: nok@example.org\nTo: bounce+m-1@mail.shop.example\nSubject: Out of office: 5.1.1\nAuto-Submitted: auto-replied\n\nAction: failed\nStatus: 5.1.1\n";
    let quoted = "From: evil@evil.example\nTo: bounce+m-1@mail.shop.example\nContent-Type: text/plain\n\n\
                  Content-Type: message/delivery-status\n\nAction: failed\nStatus: 5.1.1\n";
    for mail in [out_of_office, quoted, "", "\n\n", "To: bounce+@mail.shop.example\n\n"] {
        assert_eq!(about(mail), [], "{mail}");
    }
    let whole = postfix("failed", "5.1.1", "smtp; 550 5.1.1 no");
    for cut in 0..whole.len() {
        for report in reports(&whole.as_bytes()[..cut]) {
            assert_eq!(report.about, About::Message("m-1".to_owned()));
        }
    }
    // Bombs cost time in proportion and no more.
    let nested = "Content-Type: multipart/mixed; boundary=x\n\n--x\n".repeat(10_000);
    assert_eq!(about(&nested), []);
}

#[test]
fn only_who_knows_the_token_brings_mails() {
    let bounces = Bounces::new(Secret::of("0123456789abcdef")).unwrap();
    assert!(Bounces::new(Secret::of("short")).is_err());
    let body = postfix("failed", "5.1.1", "smtp; 550 5.1.1 no");
    let hear = |headers: &[(String, String)]| {
        bounces.hear(&Incoming { url: "https://o.example/callbacks/mail", headers, body: body.as_bytes(), now: NOW })
    };
    let with = |value: &str| vec![("authorization".to_owned(), value.to_owned())];
    for wrong in
        [vec![], with(""), with("Bearer "), with("Bearer 0123456789abcde"), with("Bearer 0123456789abcdefg"), with("0123456789abcdef")]
    {
        assert!(hear(&wrong).is_err(), "{wrong:?}");
    }
    let heard = hear(&with("Bearer 0123456789abcdef")).unwrap();
    assert!(
        matches!(&heard, Heard::Reports(reports) if reports.len() == 1 && reports[0].what == Reported::Bounced { hard: true }),
        "{heard:?}"
    );
    assert_eq!((bounces.name(), format!("{bounces:?}").as_str()), ("mail", "Bounces"));
}
