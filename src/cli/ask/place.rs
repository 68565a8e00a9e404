//! Where a daemon is found, and where its store is: from the command line, the environment, or the project's `onward.toml`.
//!
//! In: arguments, a folder. Out: an address, a folder. **Invariant:** the file is read as `onward serve` reads it, but nothing is checked here: a project
//! with mistakes in its journeys can still be asked.

use super::super::Exit;
use super::Trouble;
use crate::daemon::settings::{LISTEN, STORE};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};

/// What `[serve]` says of where things are.
struct Serve {
    listen: String,
    store: String,
    public_url: Option<String>,
    tls: bool,
}

fn read(project: &Path) -> Result<Serve, Trouble> {
    let mut serve = Serve { listen: LISTEN.to_owned(), store: STORE.to_owned(), public_url: None, tls: false };
    let file = project.join(crate::project::MANIFEST);
    let text = match std::fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(serve),
        Err(error) => return Err(Trouble(Exit::InputOutput, format!("`{}` cannot be read: {error}", file.display()))),
    };
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
        Trouble(Exit::Findings, format!("`{}` is not understood: {}; `onward check` shows where", file.display(), error.message()))
    })?;
    let Some(block) = table.get("serve").and_then(toml::Value::as_table) else { return Ok(serve) };
    let text = |name: &str| block.get(name).and_then(toml::Value::as_str).map(str::to_owned);
    serve.listen = text("listen").unwrap_or(serve.listen);
    serve.store = text("store").unwrap_or(serve.store);
    serve.public_url = text("public_url");
    serve.tls = block.contains_key("tls");
    Ok(serve)
}

/// The folder in which the daemon of a project keeps everything.
pub(super) fn store(project: &Path) -> Result<PathBuf, Trouble> {
    Ok(project.join(read(project)?.store))
}

/// Where the daemon of a project listens.
pub(super) fn url(project: &Path) -> Result<String, Trouble> {
    let serve = read(project)?;
    if serve.tls {
        // Its certificate is for the name that customers use.
        return Ok(serve.public_url.unwrap_or_else(|| format!("https://{}", reachable(&serve.listen))));
    }
    Ok(format!("http://{}", reachable(&serve.listen)))
}

/// Who listens on every address is reached on this machine's own.
fn reachable(listen: &str) -> String {
    let Ok(address) = listen.parse::<SocketAddr>() else { return listen.to_owned() };
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port()).to_string()
}
