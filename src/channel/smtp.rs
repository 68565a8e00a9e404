//! Mail by SMTP, phase by phase.
//!
//! In: an envelope. Out: a verdict. **Invariant:** SMTP has no idempotency key, so the gate decides: everything that fails before the first byte
//! of the final dot is surely not sent (or definitely refused); after it only the server's word counts, and without one it is unknown.
//! Knows no journey.
//!
//! Why no library drives the connection: lettre 0.11.23 writes text and dot in one call and gives the same error for a connection that was lost
//! before the dot and for one that was lost after it, keeps what a server said in clear before STARTTLS, and has no limit of time after
//! connecting. It still builds the mails ([`super::mail`]).

mod config;
mod pool;
mod reply;
mod session;
mod stuff;
mod tls;
mod wire;

pub use config::{Config, DkimConfig, Word};
pub use reply::{is_no_mailbox, parse_enhanced};

use crate::channel::mail::Writer;
use crate::channel::secret::Secret;
use crate::channel::{ATTEMPT_MAX, Adapter, Envelope, Gate, Task, Verdict};
use crate::schema::ChannelKind;
use pool::Pool;
use session::{Delivered, NoSession, Session};
use std::fmt;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsConnector;

/// Connections to one server at once.
pub const CONNECTIONS_MAX: usize = 100;
/// Where nothing is said.
pub const CONNECTIONS: usize = 8;

/// After the server has refused the password nobody signs in for so long.
const PASSWORD_PAUSE: Duration = Duration::from_secs(60);

/// How the connection is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// Port 587 or 25: in clear up to STARTTLS, which must follow; a server that does not offer it gets nothing.
    StartTls,
    /// Port 465: encrypted from the first byte.
    Implicit,
    /// Never encrypted; without a password, or on this machine.
    Plain,
}

impl Security {
    /// Where nothing is said: encrypted, except on this machine.
    pub fn of(host: &str) -> Security {
        if is_loopback(host) { Security::Plain } else { Security::StartTls }
    }
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[derive(Clone)]
pub struct Credentials {
    pub user: String,
    password: Secret,
}

impl Credentials {
    pub fn new(user: &str, password: Secret) -> Credentials {
        Credentials { user: user.to_owned(), password }
    }

    fn password(&self) -> &str {
        self.password.reveal()
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("user", &self.user).finish_non_exhaustive()
    }
}

/// How long what may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    pub connect: Duration,
    /// One command and its answer.
    pub command: Duration,
    /// The whole attempt, waiting for a free connection included.
    pub whole: Duration,
}

impl Default for Patience {
    fn default() -> Patience {
        let seconds = Duration::from_secs;
        Patience { connect: seconds(10), command: seconds(30), whole: seconds(55) }
    }
}

#[derive(Debug, Clone)]
pub struct Settings {
    pub host: String,
    pub port: u16,
    pub security: Security,
    pub credentials: Option<Credentials>,
    /// What we call ourselves: a host name of ours.
    pub hello: String,
    pub connections: usize,
    pub patience: Patience,
    /// Certificates in PEM that are trusted besides the machine's.
    pub roots: Option<Vec<u8>>,
}

impl Settings {
    /// With everything else as it is where nothing is said.
    pub fn new(host: &str, port: u16, hello: &str) -> Settings {
        Settings {
            host: host.to_owned(),
            port,
            security: Security::of(host),
            credentials: None,
            hello: hello.to_owned(),
            connections: CONNECTIONS,
            patience: Patience::default(),
            roots: None,
        }
    }

    /// What is wrong with them, for the one who wrote them.
    fn check(&self) -> Result<(), String> {
        if self.security == Security::Plain && self.credentials.is_some() && !is_loopback(&self.host) {
            return Err("a password is not sent unencrypted: use `starttls` or `implicit`".to_owned());
        }
        let named =
            |name: &str| !name.is_empty() && name.len() <= 255 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b".-[]:".contains(&b));
        if !named(&self.hello) {
            return Err(format!("`{}` is no name for EHLO: write a host name of yours", self.hello.escape_debug()));
        }
        if !(1..=CONNECTIONS_MAX).contains(&self.connections) {
            return Err(format!("the connections to a mail server are 1 to {CONNECTIONS_MAX}"));
        }
        if self.patience.whole > ATTEMPT_MAX {
            return Err(format!("an attempt may take {} seconds at most", ATTEMPT_MAX.as_secs()));
        }
        Ok(())
    }
}

/// One mail server.
pub struct Smtp {
    settings: Settings,
    writer: Writer,
    connector: TlsConnector,
    pool: Pool<Session>,
    /// Since when the server says that the password is wrong.
    locked_out: Mutex<Option<(Instant, String)>>,
}

impl Smtp {
    pub fn new(settings: Settings, writer: Writer) -> Result<Smtp, String> {
        settings.check()?;
        let connector = tls::connector(settings.roots.as_deref())?;
        Ok(Smtp { pool: Pool::new(settings.connections), connector, settings, writer, locked_out: Mutex::default() })
    }

    async fn deliver(&self, envelope: &Envelope, gate: &dyn Gate, ending: &AtomicBool) -> Verdict {
        if envelope.kind != ChannelKind::Email {
            return Verdict::Refused { reason: "only mails go by SMTP".to_owned(), suppress: false };
        }
        let mail = match self.writer.compose(envelope) {
            Ok(mail) => mail,
            Err(wrong) => return Verdict::Refused { reason: wrong.reason, suppress: wrong.suppress },
        };
        let Some((_place, mut idle)) = self.pool.place().await else {
            return not_sent("the mail server's connections are closed".to_owned());
        };
        loop {
            let alive = idle.take().and_then(Session::still_alive);
            let mut session = match alive {
                Some(session) => session,
                None => match self.open().await {
                    Ok(session) => session,
                    Err(verdict) => return verdict,
                },
            };
            match session.deliver(&mail, gate, ending).await {
                Delivered::Verdict { verdict, again } => {
                    match again {
                        true => self.pool.keep(session),
                        // Not waited for: what the server said of the mail is said.
                        false if matches!(verdict, Verdict::Accepted { .. }) => drop(tokio::spawn(session.goodbye())),
                        false => {}
                    }
                    return verdict;
                }
                // The server had closed it while it was idle; a new one cannot be stale.
                Delivered::Stale => {}
            }
        }
    }
}

impl Smtp {
    async fn open(&self) -> Result<Session, Verdict> {
        let wrong = |reason: String, wait: Duration| Verdict::NotSent { reason, retry_after: Some(wait) };
        let locked = self.locked_out.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((since, reason)) = locked
            && let Some(left) = PASSWORD_PAUSE.checked_sub(since.elapsed())
        {
            return Err(wrong(reason, left));
        }
        let opened = Session::open(&self.settings, &self.connector).await;
        let mut locked = self.locked_out.lock().unwrap_or_else(PoisonError::into_inner);
        match opened {
            Ok(session) => {
                *locked = None;
                Ok(session)
            }
            Err(NoSession::Failed(reason)) => Err(not_sent(reason)),
            Err(NoSession::WrongPassword(reason)) => {
                *locked = Some((Instant::now(), reason.clone()));
                Err(wrong(reason, PASSWORD_PAUSE))
            }
        }
    }
}

fn not_sent(reason: String) -> Verdict {
    Verdict::NotSent { reason, retry_after: None }
}

impl Adapter for Smtp {
    fn name(&self) -> &'static str {
        "smtp"
    }

    fn hand_over<'a>(&'a self, envelope: &'a Envelope, gate: &'a dyn Gate) -> Task<'a, Verdict> {
        Box::pin(async move {
            let ending = AtomicBool::new(false);
            match timeout(self.settings.patience.whole, self.deliver(envelope, gate, &ending)).await {
                Ok(verdict) => verdict,
                Err(_) if ending.load(Ordering::SeqCst) => {
                    Verdict::Unknown { reason: "the mail was handed over, but the server did not answer in time".to_owned() }
                }
                Err(_) => not_sent("the mail server was too slow".to_owned()),
            }
        })
    }
}

impl fmt::Debug for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Smtp").field("host", &self.settings.host).field("port", &self.settings.port).finish_non_exhaustive()
    }
}
