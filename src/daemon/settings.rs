//! `[serve]`, `[channels.…]` and `[callbacks.…]` of `onward.toml`: how a project is served.
//!
//! In: the text of the file. Out: [`Settings`], and findings with their places. **Invariant:** a setting that nobody knows is an error; secrets are
//! named, never written; nothing here changes what a journey means. Opens no file and no socket.

use crate::channel::http::Egress;
use crate::diagnostic::Diagnostics;
use crate::ingest::problem::{BadSetting, UnknownSetting};
use crate::ingest::toml_walk::{Table, Written, place_of};
use crate::schema::Schema;
use crate::source::{FileId, Place, SourceFile};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use toml::de::{DeTable, DeValue};

/// Where the daemon listens unless told otherwise: this machine only.
pub const LISTEN: &str = "127.0.0.1:8080";
/// The folder of the store, in the project's.
pub const STORE: &str = ".onward";
/// Hand-overs at a time on one channel.
pub const IN_FLIGHT_MAX: u64 = 10_000;

#[derive(Debug, Clone)]
pub struct Settings {
    pub listen: SocketAddr,
    /// Where customers reach it: `https://news.example.com`. Without one, messages carry no links of ours.
    pub public_url: Option<String>,
    /// The folder of the store, from the project's folder.
    pub store: String,
    /// Only a live deployment reaches addresses that are not on the list.
    pub live: bool,
    /// Addresses and domains (`*@example.com`) that a deployment that is not live may reach.
    pub allow: Vec<String>,
    /// TLS ends in a proxy before us.
    pub behind_proxy: bool,
    /// Where requests of ours may go beside the public network.
    pub egress: Egress,
    /// Files of a certificate and its key.
    pub tls: Option<(String, String)>,
    /// A picture in mails that tells that they were opened.
    pub open_pixel: bool,
    pub channels: Vec<Channel>,
    /// By name of the provider, as written: read by the adapters.
    pub callbacks: Vec<Block>,
    /// Entries a day that a journey is expected to have, by its name: at twice that many it pauses itself.
    pub forecast: Vec<(Written, u64)>,
    /// Origins of web pages that may ask the web channel: `https://shop.example.com`.
    pub web_origins: Vec<String>,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            public_url: None,
            store: STORE.to_owned(),
            live: false,
            allow: Vec::new(),
            behind_proxy: false,
            egress: Egress::default(),
            tls: None,
            open_pixel: false,
            channels: Vec::new(),
            callbacks: Vec::new(),
            forecast: Vec::new(),
            web_origins: Vec::new(),
        }
    }
}

/// How one channel leaves.
#[derive(Debug, Clone)]
pub struct Channel {
    /// The channel's name in the project.
    pub name: Written,
    /// `smtp`, `twilio`, …, `sandbox`.
    pub adapter: Written,
    pub in_flight: usize,
    /// Hand-overs a second; `None` for as many as go.
    pub per_second: Option<u64>,
    /// What the adapter wants to know: the table without the settings above.
    pub block: Block,
}

/// A table that an adapter reads itself.
#[derive(Debug, Clone)]
pub struct Block {
    pub name: String,
    pub place: Place,
    pub table: toml::Table,
    /// Where each key stands, for findings.
    pub keys: BTreeMap<String, Place>,
}

impl Block {
    /// What the adapter makes of it, or a finding at the key that is wrong.
    pub fn read<T: serde::de::DeserializeOwned>(&self, found: &mut Diagnostics) -> Option<T> {
        match self.table.clone().try_into() {
            Ok(settings) => Some(settings),
            Err(error) => {
                let message = error.message().to_owned();
                let key = self.keys.iter().find(|(key, _)| message.contains(&format!("`{key}`")));
                found.push(BadSetting {
                    setting: self.name.clone(),
                    expected: "what the adapter understands".to_owned(),
                    found: message,
                    place: key.map_or(self.place, |(_, place)| *place),
                    help: "docs/configuration.md lists every setting of every adapter, with an example".to_owned(),
                });
                None
            }
        }
    }
}

impl Settings {
    /// Reads the file that also holds the rest of the project's settings; what is not about serving is left to others.
    pub fn read(source: &SourceFile, file: FileId, schema: &Schema) -> (Settings, Diagnostics) {
        let mut found = Diagnostics::default();
        let mut settings = Settings::default();
        let (document, errors) = DeTable::parse_recoverable(&source.text);
        // A file that is no TOML is somebody else's finding.
        if errors.is_empty() {
            settings.fill(document.get_ref(), file, schema, &mut found);
        }
        (settings, found)
    }

    fn fill(&mut self, document: &DeTable<'_>, file: FileId, schema: &Schema, found: &mut Diagnostics) {
        let mut top = Table::new(document, file, "`onward.toml`", place_of(file, 0..0));
        if let Some(serve) = top.table("serve", "`[serve]`", found) {
            self.serve(serve, found);
        }
        if let Some(DeValue::Table(table)) = top.get("egress").map(toml::Spanned::get_ref) {
            let block = block_of(table, file, "`[egress]`".to_owned(), place_of(file, 0..0));
            self.egress = block.read(found).unwrap_or_default();
        }
        if let Some(mut web) = top.table("web", "`[web]`", found) {
            let origins = web.texts("origins", "write `origins = [\"https://shop.example.com\"]`", found);
            self.web_origins = origins.into_iter().filter_map(|origin| web_address(&origin, "origins", found)).collect();
            web.finish(found);
        }
        if let Some(channels) = top.table("channels", "`[channels]`", found) {
            for (name, value) in channels.entries() {
                let DeValue::Table(table) = value.get_ref() else {
                    found.push(channels.bad(
                        &name.text,
                        value,
                        "a table",
                        "write `[channels.email]` on a line of its own, and its settings below it",
                    ));
                    continue;
                };
                if schema.channel(&name.text).is_none() {
                    found.push(unknown_channel(&name, schema));
                    continue;
                }
                let title = format!("`[channels.{}]`", name.text);
                let block = block_of(table, file, title.clone(), name.place);
                self.channels.extend(read_channel(name, Table::new(table, file, title, place_of(file, value.span())), block, found));
            }
        }
        if let Some(callbacks) = top.table("callbacks", "`[callbacks]`", found) {
            for (name, value) in callbacks.entries() {
                match value.get_ref() {
                    DeValue::Table(table) => self.callbacks.push(block_of(table, file, name.text.clone(), name.place)),
                    _ => found.push(callbacks.bad(
                        &name.text,
                        value,
                        "a table",
                        "write `[callbacks.twilio]` on a line of its own, and its settings below it",
                    )),
                }
            }
        }
    }

    fn serve(&mut self, mut serve: Table<'_, '_>, found: &mut Diagnostics) {
        if let Some(listen) = serve.text("listen", "write `listen = \"127.0.0.1:8080\"`", found) {
            match listen.text.parse() {
                Ok(address) => self.listen = address,
                Err(_) => found.push(BadSetting {
                    setting: "listen".to_owned(),
                    expected: "an address with a port".to_owned(),
                    found: format!("the text \"{}\"", listen.text),
                    place: listen.place,
                    help: "write `listen = \"127.0.0.1:8080\"`; `0.0.0.0:443` listens to everybody".to_owned(),
                }),
            }
        }
        if let Some(url) = serve.text("public_url", "write `public_url = \"https://news.example.com\"`", found) {
            self.public_url = web_address(&url, "public_url", found);
        }
        if let Some(store) = serve.text("store", "write `store = \"/var/lib/onward\"`", found) {
            self.store = store.text;
        }
        self.live = serve.truth("live", "write `live = true` where real customers are to be reached", found).unwrap_or(false);
        let allow = serve.texts("allow", "write `allow = [\"*@example.com\", \"+66812345678\"]`", found);
        self.allow = allow.into_iter().map(|one| one.text).collect();
        self.behind_proxy = serve.truth("behind_proxy", "write `behind_proxy = true` where TLS ends in a proxy", found).unwrap_or(false);
        self.open_pixel = serve.truth("open_pixel", "write `open_pixel = true`", found).unwrap_or(false);
        if let Some(mut tls) = serve.table("tls", "`[serve.tls]`", found) {
            let help = "write `certificate = \"cert.pem\"` and `key = \"key.pem\"`";
            let certificate = tls.presumed_text("certificate", "which certificate to show", help, found);
            let key = tls.presumed_text("key", "which key belongs to the certificate", help, found);
            tls.finish(found);
            self.tls = certificate.zip(key).map(|(certificate, key)| (certificate.text, key.text));
        }
        if let Some(forecast) = serve.table("forecast", "`[serve.forecast]`", found) {
            for (name, value) in forecast.entries() {
                let expected = match value.get_ref() {
                    DeValue::Integer(number) => u64::from_str_radix(number.as_str(), number.radix()).ok(),
                    _ => None,
                };
                match expected {
                    Some(expected) => self.forecast.push((name, expected)),
                    None => {
                        let help = "write `welcome = 2000`: so many are expected to enter on a day";
                        found.push(forecast.bad(&name.text, value, "a whole number", help));
                    }
                }
            }
        }
        serve.finish(found);
    }
}

fn read_channel(name: Written, mut table: Table<'_, '_>, mut block: Block, found: &mut Diagnostics) -> Option<Channel> {
    let help = "write `adapter = \"smtp\"`; docs/configuration.md lists them all";
    let adapter = table.presumed_text("adapter", "how its messages leave", help, found)?;
    let in_flight = table.whole("in_flight", "write `in_flight = 64`: so many hand-overs at a time", found);
    let per_second = table.whole("per_second", "write `per_second = 20`: so many hand-overs a second", found);
    for key in ["adapter", "in_flight", "per_second"] {
        block.table.remove(key);
    }
    let in_flight = in_flight.unwrap_or(64).clamp(1, IN_FLIGHT_MAX) as usize;
    Some(Channel { name, adapter, in_flight, per_second: per_second.filter(|rate| *rate > 0), block })
}

fn unknown_channel(name: &Written, schema: &Schema) -> UnknownSetting {
    let names: Vec<&str> = schema.channels.iter().map(|channel| channel.name.as_str()).collect();
    let nearest = crate::diagnostic::suggest::best(&name.text, names.iter().copied());
    UnknownSetting {
        written: name.text.clone(),
        whereabouts: "in `[channels]`".to_owned(),
        place: name.place,
        help: match &nearest {
            Some(near) => format!("did you mean `[channels.{near}]`?"),
            None => format!("the project's messages go by: {}", names.join(", ")),
        },
        nearest,
    }
}

/// `https://host` or, for trying things out, `http://localhost:8080`; without anything behind the host.
fn web_address(written: &Written, setting: &str, found: &mut Diagnostics) -> Option<String> {
    let text = written.text.trim_end_matches('/');
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let is_host = |rest: &str| !rest.is_empty() && !rest.contains(['/', '?', '#', '@', ' ', '"', '\'', '<', '>']);
    if rest.is_some_and(is_host) {
        return Some(text.to_owned());
    }
    found.push(BadSetting {
        setting: setting.to_owned(),
        expected: "the address of a web site".to_owned(),
        found: format!("the text \"{}\"", written.text),
        place: written.place,
        help: format!("write `{setting} = \"https://news.example.com\"`, without a path"),
    });
    None
}

fn block_of(table: &DeTable<'_>, file: FileId, name: String, place: Place) -> Block {
    let keys = table.iter().map(|(key, _)| (key.get_ref().to_string(), place_of(file, key.span()))).collect();
    Block { name, place, table: plain(table), keys }
}

fn plain(table: &DeTable<'_>) -> toml::Table {
    table.iter().filter_map(|(key, value)| plain_value(value.get_ref()).map(|value| (key.get_ref().to_string(), value))).collect()
}

fn plain_value(value: &DeValue<'_>) -> Option<toml::Value> {
    Some(match value {
        DeValue::String(text) => toml::Value::String(text.to_string()),
        DeValue::Integer(number) => toml::Value::Integer(i64::from_str_radix(number.as_str(), number.radix()).ok()?),
        DeValue::Float(number) => toml::Value::Float(number.as_str().parse().ok()?),
        DeValue::Boolean(truth) => toml::Value::Boolean(*truth),
        DeValue::Datetime(moment) => toml::Value::Datetime(*moment),
        DeValue::Array(items) => toml::Value::Array(items.iter().filter_map(|item| plain_value(item.get_ref())).collect()),
        DeValue::Table(table) => toml::Value::Table(plain(table)),
    })
}
