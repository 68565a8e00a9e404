//! SMTP: whatever happens on the line, the verdict is what the server knows, and no mail is taken twice.

mod real;
mod server;

use super::channel_given::{Counting, block_on, clock, mail};
use onward::channel::mail::{Settings as Sender, Writer};
use onward::channel::secret::Secret;
use onward::channel::smtp::{Credentials, Patience, Security, Settings, Smtp};
use onward::channel::{Adapter, Envelope, Verdict};
use server::{Cut, LONG, Script, Server};
use std::sync::Arc;
use std::time::Duration;
use tokio_rustls::TlsAcceptor;

fn writer() -> Writer {
    let from = "ร้านค้า <hello@shop.example>".to_owned();
    Writer::new(Sender { from, bounces: Some("bounce@mail.shop.example".to_owned()), ..Sender::default() }, clock()).unwrap()
}

fn settings(port: u16) -> Settings {
    let patience = Patience { connect: LONG, command: LONG, whole: LONG };
    Settings { patience, ..Settings::new("127.0.0.1", port, "onward.test") }
}

fn smtp(port: u16) -> Smtp {
    Smtp::new(settings(port), writer()).unwrap()
}

/// Short, so that every byte of it can be a trial of its own.
fn short(id: &str) -> Envelope {
    let mut envelope = mail(id);
    envelope.parts =
        vec![("subject".to_owned(), "ตะกร้า".to_owned()), ("text".to_owned(), "เลิกรับ https://o.example/u/abc\n.\n.x".to_owned())];
    envelope
}

fn reason(verdict: &Verdict) -> &str {
    match verdict {
        Verdict::NotSent { reason, .. } | Verdict::Refused { reason, .. } | Verdict::Unknown { reason } => reason,
        _ => "",
    }
}

#[test]
fn a_mail_arrives_as_it_was_written_and_the_gate_stands_before_it() {
    block_on(async {
        let server = Server::start(Script::default()).await;
        let smtp = smtp(server.port);
        let gate = Counting::default();
        let verdict = smtp.hand_over(&short("m-1"), &gate).await;
        assert_eq!(verdict, Verdict::Accepted { provider_id: Some("4F2A1".to_owned()) });
        assert_eq!((gate.times(), smtp.remembers()), (1, None));
        let (sender, recipient, text) = server.seen.lock().unwrap().taken[0].clone();
        assert_eq!((sender.as_str(), recipient.as_str()), ("bounce+m-1@mail.shop.example", "nok@example.org"));
        assert_eq!(text, writer().compose(&short("m-1")).unwrap().bytes);
        assert_eq!(smtp.hand_over(&short("m-2"), &gate).await, verdict);
        assert_eq!(server.seen.lock().unwrap().connections, 1, "the connection is used again");
    });
}

/// One trial per byte and direction: the connection is cut there, and the verdict must agree with what the server took.
#[test]
fn cut_at_every_byte_of_the_exchange_the_verdict_is_right() {
    block_on(async {
        let server = Server::start(Script::default()).await;
        let credentials = Some(Credentials::new("user", Secret::of("secret")));
        let smtp = Smtp::new(Settings { credentials, ..settings(server.port) }, writer()).unwrap();
        let whole = smtp.hand_over(&short("m-0000"), &Counting::default()).await;
        assert!(matches!(whole, Verdict::Accepted { .. }), "{whole:?}");
        let (read, written, text_from) = {
            let seen = server.seen.lock().unwrap();
            (seen.read, seen.written, seen.text_from.unwrap())
        };
        // The connection that waits for the next mail is closed, so that each trial is on one of its own.
        drop(smtp);
        let smtp =
            Smtp::new(Settings { credentials: Some(Credentials::new("user", Secret::of("secret"))), ..settings(server.port) }, writer())
                .unwrap();
        let cuts = (0..=read).map(Cut::AfterRead).chain((0..=written).map(Cut::AfterWritten));
        let mut tally = [0; 3];
        for (at, cut) in cuts.enumerate() {
            server.follow(Script { cut, ..Script::default() });
            server.seen.lock().unwrap().taken.clear();
            let gate = Counting::default();
            let verdict = smtp.hand_over(&short(&format!("m-{at:04}")), &gate).await;
            let taken = server.taken();
            let before_text = match cut {
                Cut::AfterRead(bytes) => bytes < text_from.0,
                Cut::AfterWritten(bytes) => bytes < text_from.1,
                Cut::Never => false,
            };
            let finished = matches!(cut, Cut::AfterRead(bytes) if bytes == read) || cut == Cut::AfterWritten(written);
            match &verdict {
                Verdict::Accepted { .. } => assert_eq!(taken, 1, "{cut:?}"),
                Verdict::NotSent { .. } => assert_eq!(taken, 0, "{cut:?}: {verdict:?}"),
                Verdict::Unknown { .. } => assert!(taken <= 1 && !before_text, "{cut:?}: {verdict:?}"),
                other => panic!("{cut:?}: {other:?}"),
            }
            assert!(gate.times() <= 1 && (taken == 0 || gate.times() == 1), "{cut:?}: the gate was asked {} times", gate.times());
            assert_eq!(gate.times() == 0, before_text, "{cut:?}: the gate is asked when the server is ready for the text");
            assert!(!before_text || matches!(verdict, Verdict::NotSent { .. }), "{cut:?}: {verdict:?}");
            assert_eq!(matches!(verdict, Verdict::Accepted { .. }), finished, "{cut:?}: {verdict:?}");
            tally[match verdict {
                Verdict::Accepted { .. } => 0,
                Verdict::NotSent { .. } => 1,
                _ => 2,
            }] += 1;
        }
        assert!(tally[0] == 2 && tally[1] > 100 && tally[2] > 30, "{tally:?}");
    });
}

#[test]
fn a_mail_that_is_cut_in_the_middle_is_surely_not_sent() {
    block_on(async {
        // Far more than the system's buffers hold, so the end of it cannot have left.
        let server = Server::start_narrow(Script { cut: Cut::AfterRead(10_000), ..Script::default() }).await;
        let mut long = short("m-long");
        long.parts[1].1 += &"ยาวมาก".repeat(100_000);
        long.parts.push(("html".to_owned(), long.parts[1].1.clone()));
        let gate = Counting::default();
        let verdict = smtp(server.port).hand_over(&long, &gate).await;
        assert!(matches!(verdict, Verdict::NotSent { .. }), "{verdict:?}");
        assert_eq!((server.taken(), gate.times()), (0, 1));
    });
}

#[test]
fn every_answer_means_what_it_says() {
    const LATER: &str = "not sent";
    const NO: &str = "refused";
    const NEVER: &str = "refused, suppress";
    let cases = [
        ("CONNECT", "554 5.3.2 go away\r\n", LATER),
        ("CONNECT", "421 later\r\n", LATER),
        ("CONNECT", "HTTP/1.1 400 Bad Request\r\n", LATER),
        ("EHLO", "502 what\r\n", LATER),
        ("EHLO", "250-mail.test\r\n251 SIZE\r\n", LATER),
        ("MAIL", "451 4.3.0 later\r\n", LATER),
        ("MAIL", "530 5.7.0 sign in first\r\n", LATER),
        ("MAIL", "550 5.7.1 not you\r\n", NO),
        ("MAIL", "550 5.1.1 unknown user\r\n", NO),
        ("RCPT", "450 4.2.0 greylisted\r\n", LATER),
        ("RCPT", "421 4.3.2 closing\r\n", LATER),
        ("RCPT", "550 5.1.1 no such user\r\n", NEVER),
        ("RCPT", "550 No such user here\r\n", NEVER),
        ("RCPT", "550-5.1.10 null MX\r\n550 5.1.10 really\r\n", NEVER),
        ("RCPT", "552 5.2.2 mailbox full\r\n", NO),
        ("RCPT", "550 5.7.515 access denied\r\n", NO),
        ("DATA", "451 4.3.0 later\r\n", LATER),
        ("DATA", "554 5.6.0 no\r\n", NO),
        ("DATA", "250 thanks\r\n", LATER),
        ("END", "451 4.7.1 later\r\n", LATER),
        ("END", "554 5.7.1 spam\r\n", NO),
        ("END", "550 5.1.1 no such user\r\n", NEVER),
        ("END", "250-a\r\n250 2.0.0 b\r\n", "accepted"),
        ("END", "354 more\r\n", "unknown"),
        ("END", "banana\r\n", "unknown"),
        ("TEXT", "552 5.3.4 too much\r\n", NO),
        ("TEXT", "421 4.3.2 closing\r\n", LATER),
        // Out of turn: an answer that was there before the question is none.
        ("MAIL", "250 ok\r\n250 ok\r\n250 ok\r\n250 ok\r\n", LATER),
        ("DATA", "354 go\r\n250 2.0.0 queued as A\r\n", LATER),
    ];
    block_on(async {
        for (at, (verb, says, expected)) in cases.into_iter().enumerate() {
            let server = Server::start(Script::says(verb, says)).await;
            let smtp = smtp(server.port);
            let mut long = short(&format!("m-{at}"));
            long.parts[1].1 += &"ยาว ".repeat(400);
            let verdict = smtp.hand_over(&long, &Counting::default()).await;
            let got = match &verdict {
                Verdict::Accepted { .. } => "accepted",
                Verdict::Refused { suppress: true, .. } => NEVER,
                Verdict::Refused { .. } => NO,
                Verdict::NotSent { .. } => LATER,
                Verdict::Unknown { .. } => "unknown",
                Verdict::Withdrawn => "withdrawn",
            };
            // What a server says after 1,000 bytes may be heard before the dot, or only after it: then it is the answer to the dot.
            assert_eq!(got, expected, "{verb} {says:?}: {verdict:?}");
            // In that case this server has counted the text, too.
            if verb != "TEXT" {
                assert_eq!(server.taken(), usize::from(got == "accepted"), "{verb} {says:?}");
            }
            assert!(!reason(&verdict).contains("example"), "no personal data: {verdict:?}");
        }
    });
}

#[test]
fn a_silent_server_costs_the_time_that_was_set_and_what_was_asked_last_decides() {
    block_on(async {
        for (verb, expected) in
            [("CONNECT", "NotSent"), ("EHLO", "NotSent"), ("MAIL", "NotSent"), ("RCPT", "NotSent"), ("DATA", "NotSent"), ("END", "Unknown")]
        {
            for whole_first in [true, false] {
                let server = Server::start(Script::says(verb, "")).await;
                let (short_, long) = (Duration::from_millis(150), LONG);
                let (command, whole) = if whole_first { (long, short_) } else { (short_, long) };
                let settings = Settings { patience: Patience { connect: LONG, command, whole }, ..settings(server.port) };
                let verdict = Smtp::new(settings, writer()).unwrap().hand_over(&short("m-1"), &Counting::default()).await;
                assert!(format!("{verdict:?}").starts_with(expected), "{verb}, {whole_first}: {verdict:?}");
            }
        }
    });
}

#[test]
fn a_wrong_password_is_not_tried_by_every_mail() {
    block_on(async {
        let server = Server::start(Script::says("AUTH", "535 5.7.8 no\r\n")).await;
        let smtp =
            Smtp::new(Settings { credentials: Some(Credentials::new("user", Secret::of("canary"))), ..settings(server.port) }, writer())
                .unwrap();
        for at in 0..20 {
            let verdict = smtp.hand_over(&short(&format!("m-{at}")), &Counting::default()).await;
            let waits = matches!(&verdict, Verdict::NotSent { retry_after: Some(wait), .. } if *wait > Duration::from_secs(30));
            assert!(waits && reason(&verdict).contains("password") && !reason(&verdict).contains("canary"), "{verdict:?}");
        }
        assert_eq!(server.seen.lock().unwrap().connections, 1);
    });
}

#[test]
fn behind_a_closed_gate_nothing_is_sent() {
    block_on(async {
        let server = Server::start(Script::default()).await;
        let smtp = smtp(server.port);
        let gate = Counting { closed: true, ..Counting::default() };
        assert_eq!(smtp.hand_over(&short("m-1"), &gate).await, Verdict::Withdrawn);
        let accepted = smtp.hand_over(&short("m-2"), &Counting::default()).await;
        assert!(matches!(accepted, Verdict::Accepted { .. }), "{accepted:?}");
        let seen = server.seen.lock().unwrap();
        assert_eq!((seen.taken.len(), seen.connections, gate.times()), (1, 2, 1), "the connection in the middle of DATA is not used again");
    });
}

#[test]
fn an_idle_connection_that_the_server_has_closed_is_no_failure() {
    block_on(async {
        let measured = Server::start(Script::default()).await;
        let accepted = smtp(measured.port).hand_over(&short("m-0"), &Counting::default()).await;
        assert!(matches!(accepted, Verdict::Accepted { .. }), "{accepted:?}");
        // Closed by the server right after its answer to the dot.
        let cut = Cut::AfterWritten(measured.seen.lock().unwrap().written);
        let server = Server::start(Script { cut, ..Script::default() }).await;
        let smtp = smtp(server.port);
        for at in 1..=20 {
            let verdict = smtp.hand_over(&short(&format!("m-{at}")), &Counting::default()).await;
            assert!(matches!(verdict, Verdict::Accepted { .. }), "{at}: {verdict:?}");
            assert_eq!((server.taken(), server.seen.lock().unwrap().connections), (at, at));
        }
    });
}

#[test]
fn never_more_connections_than_allowed() {
    block_on(async {
        let server = Server::start(Script::default()).await;
        let smtp = Arc::new(Smtp::new(Settings { connections: 3, ..settings(server.port) }, writer()).unwrap());
        let sends: Vec<_> = (0..50)
            .map(|at| {
                let smtp = smtp.clone();
                tokio::spawn(async move { smtp.hand_over(&short(&format!("m-{at}")), &Counting::default()).await })
            })
            .collect();
        for send in sends {
            assert!(matches!(send.await.unwrap(), Verdict::Accepted { .. }));
        }
        let seen = server.seen.lock().unwrap();
        assert!(seen.at_once <= 3 && seen.connections <= 3, "{} at once, {} in all", seen.at_once, seen.connections);
        assert_eq!(seen.taken.len(), 50);
    });
}

/// A certificate authority of ours, and an acceptor with a certificate for this name.
fn certificate(name: &str) -> (String, TlsAcceptor) {
    let mut authority = rcgen::CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let authority_key = rcgen::KeyPair::generate().unwrap();
    let root = authority.self_signed(&authority_key).unwrap();
    let issuer = rcgen::Issuer::new(authority, authority_key);
    let key = rcgen::KeyPair::generate().unwrap();
    let leaf = rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], key)
        .unwrap();
    (root.pem(), TlsAcceptor::from(Arc::new(config)))
}

#[test]
fn encryption_is_not_optional() {
    block_on(async {
        let (root, acceptor) = certificate("localhost");
        let (_, stranger) = certificate("localhost");
        let (_, other_name) = certificate("mail.example");
        let with = |says: Option<(&'static str, &'static str)>, starttls: Option<&TlsAcceptor>, implicit: Option<&TlsAcceptor>| Script {
            says: says.into_iter().collect(),
            starttls: starttls.cloned(),
            implicit: implicit.cloned(),
            cut: Cut::Never,
        };
        let (start, implicit) = (Security::StartTls, Security::Implicit);
        let inserted = "220 go\r\n250-mail.test\r\n250 AUTH LOGIN\r\n";
        let cases = [
            ("STARTTLS", start, with(None, Some(&acceptor), None), true),
            ("TLS", implicit, with(None, None, Some(&acceptor)), true),
            ("not offered: taken out on the way", start, with(None, None, None), false),
            ("refused", start, with(Some(("STARTTLS", "454 4.7.0 not now\r\n")), Some(&acceptor), None), false),
            ("answers put in before the encryption", start, with(Some(("STARTTLS", inserted)), Some(&acceptor), None), false),
            ("an unknown certificate", start, with(None, Some(&stranger), None), false),
            ("another server's certificate", start, with(None, Some(&other_name), None), false),
            ("an unknown certificate", implicit, with(None, None, Some(&stranger)), false),
            ("no TLS where TLS was said", implicit, with(None, None, None), false),
        ];
        for (what, security, script, works) in cases {
            let server = Server::start(script).await;
            let settings = Settings {
                host: "localhost".to_owned(),
                security,
                roots: Some(root.clone().into_bytes()),
                credentials: Some(Credentials::new("user", Secret::of("canary"))),
                patience: Patience { connect: LONG, command: Duration::from_secs(2), whole: LONG },
                ..settings(server.port)
            };
            let gate = Counting::default();
            let verdict = Smtp::new(settings, writer()).unwrap().hand_over(&short("m-1"), &gate).await;
            assert_eq!(matches!(verdict, Verdict::Accepted { .. }), works, "{what}: {verdict:?}");
            assert!(works || matches!(verdict, Verdict::NotSent { .. }), "{what}: {verdict:?}");
            assert_eq!((server.taken(), gate.times()), (usize::from(works), u32::from(works)), "{what}");
            let clear: Vec<String> = server.commands().into_iter().filter(|line| !line.starts_with('*')).collect();
            assert!(clear.iter().all(|line| line.starts_with("EHLO") || line == "STARTTLS"), "{what}: in clear: {clear:?}");
        }
    });
}

#[test]
fn settings_that_would_leak_or_cannot_work_are_refused() {
    let base = || Settings::new("mail.example", 587, "onward.test");
    assert_eq!((base().security, Settings::new("127.0.0.1", 25, "a").security), (Security::StartTls, Security::Plain));
    let credentials = Some(Credentials::new("user", Secret::of("canary-7")));
    for (what, wrong) in [
        ("a password in clear", Settings { security: Security::Plain, credentials: credentials.clone(), ..base() }),
        ("a name with a line end", Settings { hello: "a\r\nMAIL FROM:<x@y>".to_owned(), ..base() }),
        ("no connections", Settings { connections: 0, ..base() }),
        (
            "more time than an attempt has",
            Settings { patience: Patience { whole: Duration::from_secs(61), ..Patience::default() }, ..base() },
        ),
        ("no certificates", Settings { roots: Some(b"nothing".to_vec()), ..base() }),
    ] {
        assert!(Smtp::new(wrong, writer()).is_err(), "{what}");
    }
    let fine = Settings { credentials, ..base() };
    assert!(!format!("{fine:?} {:?}", Smtp::new(fine.clone(), writer()).unwrap()).contains("canary"));
}
