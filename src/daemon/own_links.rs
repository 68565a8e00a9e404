//! The links of this deployment: pages of ours that belong to messages.
//!
//! In: the public address, sealed tokens. Out: links, and messages that carry them. **Invariant:** a deployment without a public address leads to itself on
//! this machine, which is right for a sandbox and for nothing else: a live one is not started without.

use super::CustomerNo;
use super::dispatch::envelope::LinkMaker;
use super::pages::links::{Maker, Wish};
use super::pages::texts;
use super::tokens::Tokens;
use crate::channel::Envelope;
use crate::plan::Plan;
use crate::shard::Number;
use crate::template::links::{Pages, fill};
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

#[derive(Debug)]
pub struct OwnLinks {
    public: OnceLock<String>,
    tokens: Arc<Tokens>,
    opens: bool,
    plan: RwLock<Arc<Plan>>,
}

impl OwnLinks {
    pub fn new(public: Option<String>, tokens: Arc<Tokens>, opens: bool, plan: Arc<Plan>) -> OwnLinks {
        let known = OnceLock::new();
        if let Some(public) = public {
            known.get_or_init(|| public);
        }
        OwnLinks { public: known, tokens, opens, plan: RwLock::new(plan) }
    }

    /// Where it listens, for a deployment without a public address.
    pub fn know_own_address(&self, address: SocketAddr) {
        self.public.get_or_init(|| format!("http://{address}"));
    }
}

impl LinkMaker for OwnLinks {
    fn follow(&self, plan: &Arc<Plan>) {
        *self.plan.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(plan);
    }

    fn dress(&self, number: Number, envelope: &mut Envelope) {
        let Some(base) = self.public.get() else { return };
        let Some(maker) = Maker::new(base, &self.tokens) else { return };
        let wish = Wish { clicks: true, opens: self.opens };
        let customer = CustomerNo(number.0);
        envelope.links = maker.links(customer, envelope, wish);
        // MJML becomes the HTML that leaves before its links are looked for.
        for (name, part) in &mut envelope.parts {
            if name == "mjml"
                && let Ok(html) = crate::channel::mail::of_mjml(part)
            {
                (*name, *part) = ("html".to_owned(), html);
            }
        }
        let links = envelope.links.clone();
        let pages = Pages { unsubscribe: links.unsubscribe.as_deref(), view: links.view.as_deref() };
        for (name, part) in &mut envelope.parts {
            *part = fill(part, name == "html", pages);
        }
        let plan = Arc::clone(&self.plan.read().unwrap_or_else(PoisonError::into_inner));
        let titles = |name: &str| {
            let survey = plan.schema.surveys.iter().find(|survey| survey.name == name)?;
            survey.title.clone()
        };
        maker.dress(customer, envelope, wish, &titles, texts::of(&envelope.language.clone()));
    }
}
