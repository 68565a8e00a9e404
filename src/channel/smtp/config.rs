//! The settings of mail as they are written in `onward.toml`.
//!
//! In: a table, the [`Ground`]. Out: an adapter, or what is wrong at which key. **Invariant:** passwords and keys are named, never written.

use super::{CONNECTIONS, Credentials, Patience, Security, Settings, Smtp};
use crate::channel::clock::Clock;
use crate::channel::mail::{self, Writer, address::Address, dkim};
use crate::channel::secret::SecretRef;
use crate::channel::setup::{Ground, SetupError};
use serde::Deserialize;

/// Signatures of one mail.
const KEYS_MAX: usize = 4;
/// Largest file of certificates, bytes.
const ROOTS_BYTES_MAX: u64 = 1 << 20;

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub host: String,
    /// 587, or 465 where `security` is `implicit`, or 25 on this machine.
    pub port: Option<u16>,
    /// `starttls` where nothing is said, `implicit`, or `plain`, which is what this machine gets where nothing is said.
    pub security: Option<Word>,
    pub user: Option<String>,
    pub password: Option<SecretRef>,
    /// What we call ourselves; the domain of `from` where nothing is said.
    pub hello: Option<String>,
    /// At once.
    pub connections: Option<usize>,
    /// A file with certificates in PEM that are trusted besides the machine's.
    pub roots: Option<String>,
    /// `Shop <hello@shop.example>`
    pub from: String,
    pub reply_to: Option<String>,
    /// `bounce@mail.shop.example`
    pub bounces: Option<String>,
    #[serde(default)]
    pub dkim: Vec<DkimConfig>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Word {
    StartTls,
    Implicit,
    Plain,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DkimConfig {
    /// The domain of `from` where nothing is said.
    pub domain: Option<String>,
    pub selector: String,
    pub key: SecretRef,
}

impl Config {
    pub fn open(&self, ground: Ground<'_>, clock: Clock) -> Result<Smtp, SetupError> {
        let (_, from) = Address::parse_named(&self.from).map_err(|why| SetupError::value("from", why))?;
        let security = match self.security {
            Some(Word::StartTls) => Security::StartTls,
            Some(Word::Implicit) => Security::Implicit,
            Some(Word::Plain) => Security::Plain,
            None => Security::of(&self.host),
        };
        let usual = match security {
            Security::StartTls => 587,
            Security::Implicit => 465,
            Security::Plain => 25,
        };
        let credentials = match (&self.user, &self.password) {
            (Some(user), Some(password)) => Some(Credentials::new(user, ground.secret("password", password)?)),
            (None, None) => None,
            _ => return Err(SetupError::value("user", "`user` and `password` belong together")),
        };
        let settings = Settings {
            host: self.host.clone(),
            port: self.port.unwrap_or(usual),
            security,
            credentials,
            hello: self.hello.clone().unwrap_or_else(|| from.domain.clone()),
            connections: self.connections.unwrap_or(CONNECTIONS),
            patience: Patience::default(),
            roots: self.roots.as_ref().map(|roots| read_roots(ground, roots)).transpose()?,
        };
        let writer = mail::Settings {
            from: self.from.clone(),
            reply_to: self.reply_to.clone(),
            bounces: self.bounces.clone(),
            dkim: self.keys(ground, &from.domain)?,
        };
        let writer = Writer::new(writer, clock).map_err(|why| SetupError::value("from", why))?;
        Smtp::new(settings, writer).map_err(|why| SetupError::value("host", why))
    }

    fn keys(&self, ground: Ground<'_>, from: &str) -> Result<Vec<dkim::Key>, SetupError> {
        if self.dkim.len() > KEYS_MAX {
            return Err(SetupError::value("dkim", format!("a mail is signed with {KEYS_MAX} keys at most")));
        }
        let key = |one: &DkimConfig| {
            let pem = ground.secret("dkim", &one.key)?;
            let domain = one.domain.as_deref().unwrap_or(from);
            dkim::Key::new(domain, &one.selector, pem.reveal()).map_err(|why| SetupError::value("dkim", why))
        };
        self.dkim.iter().map(key).collect()
    }
}

#[allow(clippy::disallowed_methods, reason = "the file that the settings name")]
fn read_roots(ground: Ground<'_>, name: &str) -> Result<Vec<u8>, SetupError> {
    let path = ground.folder.join(name);
    let wrong = |why: std::io::Error| SetupError::value("roots", why.to_string());
    if std::fs::metadata(&path).map_err(wrong)?.len() > ROOTS_BYTES_MAX {
        return Err(SetupError::value("roots", format!("the file has more than {ROOTS_BYTES_MAX} bytes")));
    }
    std::fs::read(&path).map_err(wrong)
}
