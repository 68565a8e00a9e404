//! The guard of a deployment that is not live: only who is on its list is really written to.
//!
//! In: an adapter, a list, the sandbox. Out: an adapter. **Invariant:** unless the deployment is live, an envelope whose address is not on the
//! list never reaches the inner adapter; it is caught. An address that cannot be read for sure is on no list.

use crate::channel::mail::address::Address;
use crate::channel::sandbox::{self, Sandbox};
use crate::channel::{Adapter, Envelope, Gate, Task, Verdict};
use crate::schema::ChannelKind;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// Entries of a list.
pub const ALLOWED_MAX: usize = 1_000;

/// Who may be written to before the deployment is live.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Allowed {
    mails: BTreeSet<String>,
    /// Without the `@`.
    domains: BTreeSet<String>,
    /// Phone numbers, tokens, teams, as they are written.
    others: BTreeSet<String>,
}

impl Allowed {
    /// `nok@shop.example`, `*@shop.example` (or `@shop.example`) for everybody of a domain, `+66812345678`, a token, the name of a team.
    pub fn read(entries: &[String]) -> Result<Allowed, String> {
        if entries.len() > ALLOWED_MAX {
            return Err(format!("the list of who may be written to has {} entries, and {ALLOWED_MAX} are the most", entries.len()));
        }
        let mut allowed = Allowed::default();
        for entry in entries.iter().map(|entry| entry.trim()) {
            let domain = entry.strip_prefix('*').unwrap_or(entry).strip_prefix('@');
            if entry.is_empty() || entry.contains('*') && domain.is_none_or(|domain| domain.contains('*')) {
                return Err(wrong(entry));
            }
            let (list, is) = match domain {
                // A domain is one if a mailbox of it is an address.
                Some(domain) => (&mut allowed.domains, Address::parse(&format!("a@{domain}")).map(|address| address.domain)),
                None if entry.contains('@') => (&mut allowed.mails, normal(entry)),
                None => (&mut allowed.others, Ok(entry.to_owned())),
            };
            list.insert(is.map_err(|_| wrong(entry))?);
        }
        Ok(allowed)
    }

    fn has(&self, envelope: &Envelope) -> bool {
        if envelope.kind != ChannelKind::Email {
            return self.others.contains(&envelope.address);
        }
        let Ok(address) = Address::parse(&envelope.address) else { return false };
        self.domains.contains(&address.domain) || normal(&envelope.address).is_ok_and(|normal| self.mails.contains(&normal))
    }
}

fn wrong(entry: &str) -> String {
    format!("`{entry}` is nobody who could be written to: write an address, `*@` and a domain, a number, a token or a team")
}

fn normal(mail: &str) -> Result<String, &'static str> {
    Address::parse(mail).map(|address| address.to_string().to_lowercase())
}

/// An adapter behind the guard.
#[derive(Debug)]
pub struct Guard {
    inner: Arc<dyn Adapter>,
    sandbox: Arc<Sandbox>,
    /// `None`: the deployment is live, everything passes.
    allowed: Option<Allowed>,
}

impl Guard {
    /// Before the deployment is live.
    pub fn new(inner: Arc<dyn Adapter>, sandbox: Arc<Sandbox>, allowed: Allowed) -> Guard {
        Guard { inner, sandbox, allowed: Some(allowed) }
    }

    /// The deployment is live.
    pub fn live(inner: Arc<dyn Adapter>, sandbox: Arc<Sandbox>) -> Guard {
        Guard { inner, sandbox, allowed: None }
    }
}

impl Adapter for Guard {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn remembers(&self) -> Option<Duration> {
        self.inner.remembers()
    }

    fn hand_over<'a>(&'a self, envelope: &'a Envelope, gate: &'a dyn Gate) -> Task<'a, Verdict> {
        Box::pin(async move {
            if self.allowed.as_ref().is_none_or(|allowed| allowed.has(envelope)) {
                return self.inner.hand_over(envelope, gate).await;
            }
            // As the inner one would have done, so that a trial goes the way that is gone live.
            if self.inner.remembers().is_none() && gate.open().await.is_err() {
                return Verdict::Withdrawn;
            }
            sandbox::verdict(self.sandbox.catch(envelope, Some(self.inner.name())))
        })
    }
}
