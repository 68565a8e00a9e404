//! One question to a daemon, and its answer.
//!
//! In: a method, a path below `/admin/v1/`, perhaps a body. Out: JSON, or why there is none, with what to do. **Invariant:** a key leaves this machine
//! encrypted or not at all: plain HTTP is spoken with this machine only; a key comes from the environment or a file, never from the arguments,
//! which others on the machine can see.

use super::super::Exit;
use super::{Trouble, place};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::Request;
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use serde_json::Value as Json;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

/// The longest answer that is read, bytes.
const ANSWER_MAX: usize = 256 << 20;
/// For a whole answer: what happened to somebody is read from the archive.
const ANSWER_WITHIN: Duration = Duration::from_secs(120);
/// For a connection.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);
/// A key has some fifty letters; a file that is longer is another one.
const KEY_BYTES_MAX: u64 = 4 << 10;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Daemon {
    /// Where the daemon listens; otherwise the environment variable ONWARD_URL says it, or the project's onward.toml
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// A file that holds the key; otherwise the environment variable ONWARD_KEY does
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// The folder of the project that the daemon serves
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    project: PathBuf,
}

/// A URL, taken apart.
#[derive(Debug, PartialEq, Eq)]
struct Target {
    https: bool,
    /// Without brackets.
    host: String,
    port: u16,
    /// As a request names it.
    authority: String,
}

impl Target {
    /// # Errors
    /// In words, if it is no URL, or one that a key must not be sent to.
    fn parse(url: &str) -> Result<Target, String> {
        let (https, authority) = match (url.strip_prefix("https://"), url.strip_prefix("http://")) {
            (Some(rest), _) => (true, rest),
            (None, Some(rest)) => (false, rest),
            (None, None) => return Err("it begins with neither `https://` nor `http://`".to_owned()),
        };
        let authority = authority.trim_end_matches('/');
        if authority.is_empty() || authority.contains(['/', '?', '#', '@', ' ']) {
            return Err("only a host and a port belong behind `://`: https://news.example.com or http://127.0.0.1:8080".to_owned());
        }
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, port.parse().map_err(|_| format!("`{port}` is no number of a port"))?),
            _ => (authority, if https { 443 } else { 80 }),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let is_here = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
        if !https && !is_here {
            return Err(
                "it is not on this machine, and a key could be read on its way; use https, or a tunnel: ssh -L 8080:127.0.0.1:8080 HOST"
                    .to_owned(),
            );
        }
        Ok(Target { https, host, port, authority: authority.to_owned() })
    }
}

impl Daemon {
    /// For a command that has its own words for where the daemon is.
    pub(in crate::cli) fn at(url: Option<String>, key_file: Option<PathBuf>, project: PathBuf) -> Daemon {
        Daemon { url, key_file, project }
    }

    fn url(&self) -> Result<String, Trouble> {
        match (&self.url, std::env::var("ONWARD_URL").ok().filter(|url| !url.is_empty())) {
            (Some(url), _) => Ok(url.clone()),
            (None, Some(url)) => Ok(url),
            (None, None) => place::url(&self.project),
        }
    }

    fn key(&self) -> Result<Option<String>, Trouble> {
        let Some(file) = &self.key_file else {
            return Ok(std::env::var("ONWARD_KEY").ok().map(|key| key.trim().to_owned()).filter(|key| !key.is_empty()));
        };
        let wrong = |why: String| Trouble(Exit::InputOutput, format!("the key in `{}` cannot be read: {why}", file.display()));
        let length = std::fs::metadata(file).map_err(|why| wrong(why.to_string()))?.len();
        if length > KEY_BYTES_MAX {
            return Err(wrong(format!("it has {length} bytes, so it is no key")));
        }
        let key = std::fs::read_to_string(file).map_err(|why| wrong(why.to_string()))?.trim().to_owned();
        if key.is_empty() || key.contains(|letter: char| !letter.is_ascii_graphic()) {
            return Err(wrong("there is no key in it: one line such as `ow_read_…`".to_owned()));
        }
        Ok(Some(key))
    }

    /// One call, and its answer.
    pub(in crate::cli) fn call(&self, method: &str, path: &str, body: Option<&Json>) -> Result<Json, Trouble> {
        let url = self.url()?;
        let target = Target::parse(&url).map_err(|why| Trouble(Exit::Usage, format!("`{url}` is no address of a daemon: {why}")))?;
        let mut request = Request::builder().method(method).uri(format!("/admin/v1/{path}")).header("host", &target.authority);
        let key = self.key()?;
        if let Some(key) = &key {
            request = request.header("authorization", format!("Bearer {key}"));
        }
        if body.is_some() {
            request = request.header("content-type", "application/json");
        }
        let body = body.map_or_else(Bytes::new, |body| Bytes::from(body.to_string()));
        let request = request.body(Full::new(body)).map_err(|why| Trouble(Exit::Usage, format!("that cannot be asked: {why}")))?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|why| Trouble(Exit::InputOutput, format!("no connection can be made: {why}")))?;
        let answered = runtime.block_on(async { tokio::time::timeout(ANSWER_WITHIN, ask(&target, request)).await });
        let (status, answer) = match answered {
            Ok(answered) => answered.map_err(|why| absent(&url, &why))?,
            Err(_) => {
                return Err(Trouble(Exit::InputOutput, format!("{url} gave no answer in {} seconds", ANSWER_WITHIN.as_secs())));
            }
        };
        judge(&url, status, &answer, key.is_some())
    }
}

fn absent(url: &str, why: &str) -> Trouble {
    let help = "start it with `onward serve PROJECT`, or say where it listens with `--url`";
    Trouble(Exit::InputOutput, format!("no daemon answers on {url}: {why}\n  help: {help}"))
}

/// What an answer means.
fn judge(url: &str, status: u16, answer: &[u8], with_key: bool) -> Result<Json, Trouble> {
    let json: Json = serde_json::from_slice(answer).unwrap_or_default();
    let said = json["error"].as_str();
    match (status, said) {
        (200, _) if !json.is_null() => Ok(json),
        (401, _) => {
            let what = if with_key { "the daemon does not know this key (any more)" } else { "the daemon wants a key" };
            let help =
                "name a file that holds one with `--key-file`, or put it into ONWARD_KEY; `onward keys create NAME --kind read` makes one";
            Err(Trouble(Exit::Usage, format!("{what}\n  help: {help}")))
        }
        (403, _) => {
            let help = "looking needs a key of the kind `read`, changing and exporting one of the kind `admin`";
            Err(Trouble(Exit::Usage, format!("this key may not do that\n  help: {help}")))
        }
        (404 | 409, Some(said)) => Err(Trouble(Exit::Findings, said.to_owned())),
        (400, Some(said)) => Err(Trouble(Exit::Usage, said.to_owned())),
        (429 | 503, said) => {
            Err(Trouble(Exit::InputOutput, format!("{}\n  help: ask again in a moment", said.unwrap_or("the daemon is busy"))))
        }
        (status, Some(said)) => Err(Trouble(Exit::InputOutput, format!("{said} (status {status})"))),
        (status, None) => {
            let why = format!("what listens on {url} answers with status {status} and is no Onward that knows this call");
            Err(Trouble(
                Exit::InputOutput,
                format!("{why}\n  help: look at the address, and at the version that serves (`onward --version`)"),
            ))
        }
    }
}

async fn ask(target: &Target, request: Request<Full<Bytes>>) -> Result<(u16, Bytes), String> {
    let connecting = TcpStream::connect((target.host.as_str(), target.port));
    let stream = tokio::time::timeout(CONNECT_WITHIN, connecting).await;
    let stream = stream.map_err(|_| "no connection in 10 seconds".to_owned())?.map_err(|why| why.to_string())?;
    if !target.https {
        return speak(stream, request).await;
    }
    let roots = crate::channel::http::system_roots();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|why| why.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(target.host.clone()).map_err(|_| "its host is no name for a certificate".to_owned())?;
    let encrypted = tokio_rustls::TlsConnector::from(Arc::new(config)).connect(name, stream).await;
    speak(encrypted.map_err(|why| format!("no encrypted connection: {why}"))?, request).await
}

async fn speak<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    stream: S,
    request: Request<Full<Bytes>>,
) -> Result<(u16, Bytes), String> {
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|why| why.to_string())?;
    // It ends with the answer; what went wrong on it is said by the request.
    tokio::spawn(async move { drop(connection.await) });
    let response = sender.send_request(request).await.map_err(|why| why.to_string())?;
    let status = response.status().as_u16();
    let body = Limited::new(response.into_body(), ANSWER_MAX).collect().await.map_err(|why| why.to_string())?;
    Ok((status, body.to_bytes()))
}

#[cfg(test)]
mod tests {
    use super::{Exit, Target, judge};

    #[test]
    fn a_key_goes_unencrypted_to_this_machine_only() {
        for fine in ["http://127.0.0.1:8080", "http://localhost/", "http://[::1]:9", "https://news.example.com", "https://10.0.0.7:8443"] {
            assert!(Target::parse(fine).is_ok(), "{fine}");
        }
        for wrong in [
            "http://10.0.0.7:8080",
            "http://news.example.com",
            "http://127.0.0.1.example.com",
            "http://localhost@example.com",
            "127.0.0.1:8080",
            "http://",
            "https://a/b",
            "https://a:99999",
        ] {
            assert!(Target::parse(wrong).is_err(), "{wrong}");
        }
        let six = Target { https: false, host: "::1".to_owned(), port: 9, authority: "[::1]:9".to_owned() };
        assert_eq!(Target::parse("http://[::1]:9"), Ok(six));
        assert_eq!(Target::parse("https://a.example").map(|target| target.port), Ok(443));
    }

    #[test]
    fn every_kind_of_answer_ends_in_its_way() {
        let exit = |status, text: &str| judge("http://127.0.0.1:1", status, text.as_bytes(), true).map_err(|trouble| trouble.0);
        assert!(exit(200, r#"{"a": 1}"#).is_ok());
        for (status, text, expected) in [
            (200, "<html>", Exit::InputOutput),
            (401, "{}", Exit::Usage),
            (403, "{}", Exit::Usage),
            (404, r#"{"error": "nobody"}"#, Exit::Findings),
            (404, "not here", Exit::InputOutput),
            (400, r#"{"error": "say what"}"#, Exit::Usage),
            (503, "", Exit::InputOutput),
            (500, r#"{"error": "broken"}"#, Exit::InputOutput),
        ] {
            assert_eq!(exit(status, text), Err(expected), "{status} {text}");
        }
    }
}
