//! The ways out: from the settings of channels to adapters.
//!
//! In: `[channels.…]`. Out: a [`Route`] for each, or findings at the setting that is wrong. **Invariant:** a deployment that is not live reaches only who is
//! on its list, whatever an adapter would do; a channel without settings goes to the sandbox, and a live deployment is told so.

use super::dispatch::Route;
use super::settings::{Block, Channel, Settings};
use crate::channel::clock::Clock;
use crate::channel::file::FileDrop;
use crate::channel::guard::{Allowed, Guard};
use crate::channel::http::Client;
use crate::channel::sandbox::Sandbox;
use crate::channel::setup::{Ground, SetupError};
use crate::channel::{Adapter, fcm, line, sendgrid, ses, slack, smtp, twilio, webhook, whatsapp};
use crate::diagnostic::{Diagnostics, suggest};
use crate::ingest::problem::BadSetting;
use crate::source::Place;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// Every adapter, by the name that settings use.
pub const ADAPTERS: [&str; 11] = ["fcm", "file", "line", "sandbox", "sendgrid", "ses", "slack", "smtp", "twilio", "webhook", "whatsapp"];

/// What ways are built from.
pub struct Builder<'b> {
    /// The project's folder: files of secrets are named from there.
    pub folder: &'b Path,
    /// Where files that messages become are put, if settings name none.
    pub files: &'b Path,
    pub client: &'b Client,
    pub sandbox: &'b Arc<Sandbox>,
    pub clock: &'b Clock,
}

/// `[channels.print]` with `adapter = "file"`.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct FileSettings {
    /// From the project's folder; in the store's folder where nothing is said.
    folder: Option<String>,
}

#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

impl Builder<'_> {
    /// A route for every configured channel.
    pub fn routes(&self, settings: &Settings, found: &mut Diagnostics) -> BTreeMap<String, Route> {
        let allowed = match Allowed::read(&settings.allow) {
            Ok(allowed) => Some(allowed),
            Err(why) => {
                found.push(bad("allow", why, Place::default(), "write addresses or whole domains: `allow = [\"*@example.com\"]`"));
                None
            }
        };
        let mut routes = BTreeMap::new();
        for channel in &settings.channels {
            let Some(inner) = self.adapter(channel, found) else { continue };
            let adapter: Arc<dyn Adapter> = match (settings.live, &allowed) {
                (true, _) => Arc::new(Guard::live(inner, Arc::clone(self.sandbox))),
                (false, Some(allowed)) => Arc::new(Guard::new(inner, Arc::clone(self.sandbox), allowed.clone())),
                (false, None) => continue,
            };
            routes.insert(channel.name.text.clone(), Route::new(adapter, channel.in_flight, channel.per_second));
        }
        routes
    }

    fn adapter(&self, channel: &Channel, found: &mut Diagnostics) -> Option<Arc<dyn Adapter>> {
        let ground = Ground { folder: self.folder, client: self.client };
        let block = &channel.block;
        match channel.adapter.text.as_str() {
            "fcm" => made(block, found, |settings| fcm::Fcm::new(&settings, ground)),
            "line" => made(block, found, |settings| line::Line::new(&settings, ground)),
            "sendgrid" => made(block, found, |settings| sendgrid::Sendgrid::new(&settings, ground)),
            "ses" => made(block, found, |settings| ses::Ses::new(&settings, ground)),
            "slack" => made(block, found, |settings| slack::Slack::new(&settings, ground)),
            "smtp" => made(block, found, |settings: smtp::Config| settings.open(ground, self.clock.clone())),
            "twilio" => made(block, found, |settings| twilio::Twilio::new(&settings, ground)),
            "webhook" => made(block, found, |settings| webhook::Webhook::new(&settings, ground)),
            "whatsapp" => made(block, found, |settings| whatsapp::Whatsapp::new(&settings, ground)),
            "file" => made(block, found, |settings: FileSettings| {
                let folder = settings.folder.map_or_else(|| self.files.join(&channel.name.text), |folder| self.folder.join(folder));
                FileDrop::open(&folder, self.clock.clone()).map_err(|why| SetupError::value("folder", why.to_string()))
            }),
            "sandbox" => {
                block.read::<Nothing>(found)?;
                Some(Arc::clone(self.sandbox) as Arc<dyn Adapter>)
            }
            other => {
                let help = match suggest::best(other, ADAPTERS) {
                    Some(near) => format!("did you mean `adapter = \"{near}\"`?"),
                    None => format!("the adapters are: {}", ADAPTERS.join(", ")),
                };
                found.push(bad("adapter", format!("the text \"{other}\""), channel.adapter.place, &help));
                None
            }
        }
    }
}

/// Reads an adapter's own settings and makes it.
fn made<S: serde::de::DeserializeOwned, A: Adapter + 'static>(
    block: &Block,
    found: &mut Diagnostics,
    make: impl FnOnce(S) -> Result<A, SetupError>,
) -> Option<Arc<dyn Adapter>> {
    match make(block.read(found)?) {
        Ok(adapter) => Some(Arc::new(adapter)),
        Err(error) => {
            refused(block, &error, found);
            None
        }
    }
}

/// What an adapter says of its settings, at the key that it is about.
pub fn refused(block: &Block, error: &SetupError, found: &mut Diagnostics) {
    let (SetupError::Secret { key, .. } | SetupError::Value { key, .. }) = error;
    let place = block.keys.get(*key).copied().unwrap_or(block.place);
    found.push(bad(key, error.to_string(), place, "docs/channels.md lists the settings of every adapter, with an example"));
}

fn bad(setting: &str, why: String, place: Place, help: &str) -> BadSetting {
    BadSetting { setting: setting.to_owned(), expected: "something that can be used".to_owned(), found: why, place, help: help.to_owned() }
}
