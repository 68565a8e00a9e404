//! One connection to a mail server: opened, encrypted, signed in; then one mail after the other, phase by phase.
//!
//! In: a mail, a gate. Out: a verdict. **Invariant:** the gate is asked after the server has said that it takes the text and before the text
//! goes; the flag `ending` is raised before the first byte of the final dot, so whoever sees it lowered knows that nothing was sent.

use super::reply::Reply;
use super::tls;
use super::wire::{Broken, Wire};
use super::{Credentials, Security, Settings};
use crate::channel::mail::Composed;
use crate::channel::smtp::stuff::stuff;
use crate::channel::{Gate, Verdict};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

/// Mails over one connection; after them a new one.
const MAILS_MAX: u32 = 100;
/// How long a goodbye may take.
const GOODBYE: Duration = Duration::from_secs(1);

pub struct Session {
    wire: Wire,
    features: Features,
    mails: u32,
}

/// Why no mail can be given to the server.
pub enum NoSession {
    Failed(String),
    /// Trying again soon would only get us locked out.
    WrongPassword(String),
}

/// What the server said that it can do.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Features {
    starttls: bool,
    /// Largest mail, bytes.
    size: Option<u64>,
    sizes: bool,
    plain: bool,
    login: bool,
}

/// What became of a mail, and whether the connection can be used again.
pub enum Delivered {
    Verdict {
        verdict: Verdict,
        again: bool,
    },
    /// The connection was gone before a word of this mail was said on it.
    Stale,
}

impl Session {
    /// Everything up to where a mail could be given. What fails here says nothing about any mail.
    pub async fn open(settings: &Settings, connector: &TlsConnector) -> Result<Session, NoSession> {
        let connect = TcpStream::connect((settings.host.as_str(), settings.port));
        let stream = match timeout(settings.patience.connect, connect).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return Err(NoSession::Failed(format!("no connection to the mail server ({})", error.kind()))),
            Err(_) => return Err(NoSession::Failed("no connection to the mail server in time".to_owned())),
        };
        // Commands are small and each waits for its answer.
        let _ = stream.set_nodelay(true);
        let mut session = Session { wire: Wire::new(stream, settings.patience.command), features: Features::default(), mails: 0 };
        session.greet(settings, connector).await.map_err(NoSession::Failed)?;
        if let Some(credentials) = &settings.credentials {
            session.sign_in(credentials).await?;
        }
        Ok(session)
    }

    async fn greet(&mut self, settings: &Settings, connector: &TlsConnector) -> Result<(), String> {
        let broken = |why: Broken| format!("while greeting the mail server: {why}");
        let name = || tls::server_name(&settings.host);
        if settings.security == Security::Implicit {
            self.wire.encrypt(connector, name()?).await.map_err(broken)?;
        }
        let hello = self.wire.reply().await.map_err(broken)?;
        if hello.code != 220 {
            return Err(format!("the mail server does not take mail now: {}", hello.codes()));
        }
        self.say_hello(settings).await?;
        if settings.security == Security::StartTls {
            if !self.features.starttls {
                return Err("the mail server does not offer STARTTLS, and nothing is sent unencrypted".to_owned());
            }
            let ready = self.wire.ask("STARTTLS").await.map_err(broken)?;
            if ready.code != 220 {
                return Err(format!("the mail server refuses STARTTLS ({}), and nothing is sent unencrypted", ready.codes()));
            }
            self.wire.encrypt(connector, name()?).await.map_err(|why| format!("the connection cannot be encrypted: {why}"))?;
            // What was said before counts for nothing.
            self.say_hello(settings).await?;
        }
        Ok(())
    }

    async fn say_hello(&mut self, settings: &Settings) -> Result<(), String> {
        let broken = |why: Broken| format!("while greeting the mail server: {why}");
        let reply = self.wire.ask(&format!("EHLO {}", settings.hello)).await.map_err(broken)?;
        if reply.is_good() {
            self.features = Features::of(&reply);
            return Ok(());
        }
        Err(format!("the mail server does not answer EHLO: {}", reply.codes()))
    }

    async fn sign_in(&mut self, credentials: &Credentials) -> Result<(), NoSession> {
        let broken = |why: Broken| NoSession::Failed(format!("while signing in to the mail server: {why}"));
        let reply = if self.features.plain {
            let secret = STANDARD.encode(format!("\0{}\0{}", credentials.user, credentials.password()));
            self.wire.ask(&format!("AUTH PLAIN {secret}")).await.map_err(broken)?
        } else if self.features.login {
            let mut reply = self.wire.ask("AUTH LOGIN").await.map_err(broken)?;
            for word in [credentials.user.as_str(), credentials.password()] {
                if reply.code == 334 {
                    reply = self.wire.ask(&STANDARD.encode(word)).await.map_err(broken)?;
                }
            }
            reply
        } else {
            return Err(NoSession::Failed("the mail server offers neither AUTH PLAIN nor AUTH LOGIN".to_owned()));
        };
        let reason = || format!("the mail server does not accept user and password: {}", reply.codes());
        match reply.code {
            235 => Ok(()),
            _ if reply.is_permanent() => Err(NoSession::WrongPassword(reason())),
            _ => Err(NoSession::Failed(reason())),
        }
    }

    /// Itself, if it looks as if it could still be used.
    pub fn still_alive(mut self) -> Option<Session> {
        self.wire.expect_silence().is_ok().then_some(self)
    }

    pub async fn deliver(&mut self, mail: &Composed, gate: &dyn Gate, ending: &AtomicBool) -> Delivered {
        let used = self.mails > 0;
        self.mails += 1;
        if self.features.size.is_some_and(|most| mail.bytes.len() as u64 > most) {
            let reason = "the mail is larger than the mail server takes".to_owned();
            return Delivered::Verdict { verdict: Verdict::Refused { reason, suppress: false }, again: true };
        }
        let size = if self.features.sizes { format!(" SIZE={}", mail.bytes.len()) } else { String::new() };
        let begin = match self.wire.ask(&format!("MAIL FROM:<{}>{size}", mail.sender)).await {
            Ok(reply) => reply,
            Err(_) if used => return Delivered::Stale,
            Err(why) => return lost(&why),
        };
        if !begin.is_good() {
            return self.declined("the sender", &begin, false).await;
        }
        match self.wire.ask(&format!("RCPT TO:<{}>", mail.recipient)).await {
            Ok(reply) if reply.is_good() => {}
            Ok(reply) => return self.declined("the address", &reply, true).await,
            Err(why) => return lost(&why),
        }
        match self.wire.ask("DATA").await {
            Ok(reply) if reply.code == 354 => {}
            Ok(reply) if reply.is_good() => return lost(&Broken::Nonsense("the server answers DATA as if it had the mail")),
            Ok(reply) => return self.declined("the mail", &reply, false).await,
            Err(why) => return lost(&why),
        }
        self.hand_over(mail, gate, ending).await
    }

    /// From the server's word that it takes the text to its word that it has it.
    async fn hand_over(&mut self, mail: &Composed, gate: &dyn Gate, ending: &AtomicBool) -> Delivered {
        let text = stuff(&mail.bytes);
        if gate.open().await.is_err() {
            // There is no polite way out of DATA: without the dot the server drops what it has, which is nothing.
            return end(Verdict::Withdrawn);
        }
        let before = match self.wire.write(&text).await {
            Ok(()) => self.wire.listen(),
            Err(why) => Err(why),
        };
        match before {
            Ok(false) => {}
            // It has something to say before the end: no dot, so nothing was taken, whatever it says.
            Ok(true) => {
                return match self.wire.reply().await {
                    Ok(reply) => end(judged("the mail", &reply, true)),
                    Err(why) => lost(&why),
                };
            }
            Err(why) => return lost(&why),
        }
        ending.store(true, Ordering::SeqCst);
        let answer = match self.wire.write(b".\r\n").await {
            Ok(()) => self.wire.reply().await,
            Err(why) => Err(why),
        };
        match answer {
            Ok(reply) if reply.is_good() => {
                let verdict = Verdict::Accepted { provider_id: reply.queue_id() };
                Delivered::Verdict { verdict, again: self.mails < MAILS_MAX }
            }
            Ok(reply) if reply.is_permanent() || reply.is_transient() => end(judged("the mail", &reply, true)),
            Ok(reply) => unknown(&format!("an answer without sense ({})", reply.code)),
            Err(why) => unknown(&why.to_string()),
        }
    }

    /// A definite answer before the text went. The next mail may go over the same connection.
    async fn declined(&mut self, what: &str, reply: &Reply, about_address: bool) -> Delivered {
        let verdict = judged(what, reply, about_address);
        let leaves = reply.code == 421;
        let again = !leaves && self.mails < MAILS_MAX && matches!(self.wire.ask("RSET").await, Ok(reset) if reset.is_good());
        Delivered::Verdict { verdict, again }
    }

    pub async fn goodbye(mut self) {
        // Nothing hangs on it.
        let _ = timeout(GOODBYE, self.wire.ask("QUIT")).await;
    }
}

impl Features {
    fn of(reply: &Reply) -> Features {
        let mut features = Features::default();
        for line in reply.lines.iter().skip(1) {
            let mut words = line.split([' ', '=']).map(str::to_ascii_uppercase);
            match words.next().as_deref() {
                Some("STARTTLS") => features.starttls = true,
                Some("SIZE") => {
                    features.sizes = true;
                    // 0 is no limit.
                    features.size = words.next().and_then(|most| most.parse().ok()).filter(|most| *most > 0);
                }
                Some("AUTH") => words.for_each(|word| match word.as_str() {
                    "PLAIN" => features.plain = true,
                    "LOGIN" => features.login = true,
                    _ => {}
                }),
                _ => {}
            }
        }
        features
    }
}

/// A negative reply. That we are not signed in, or are being sent away, is nothing about the mail.
fn judged(what: &str, reply: &Reply, about_address: bool) -> Verdict {
    let about_us = matches!(reply.code, 421 | 454 | 530 | 534 | 535 | 538);
    if !reply.is_permanent() || about_us {
        let reason = format!("the mail server does not take {what} now: {}", reply.codes());
        return Verdict::NotSent { reason, retry_after: None };
    }
    let reason = format!("the mail server refuses {what}: {}", reply.codes());
    Verdict::Refused { reason, suppress: about_address && reply.is_no_mailbox() }
}

/// The last word on a connection.
fn end(verdict: Verdict) -> Delivered {
    Delivered::Verdict { verdict, again: false }
}

fn lost(why: &Broken) -> Delivered {
    end(Verdict::NotSent { reason: format!("before the end of the mail: {why}"), retry_after: None })
}

fn unknown(why: &str) -> Delivered {
    end(Verdict::Unknown { reason: format!("the mail was handed over, but instead of an answer: {why}") })
}
