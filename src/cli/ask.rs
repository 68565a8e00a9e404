//! `onward status`, `customer`, `why`, `pause`, `resume`, `erase`: questions to a daemon that runs.
//!
//! In: arguments, a key. Out: sentences, or the daemon's own JSON. **Invariant:** a key is sent to this machine only, for plain HTTP can be read on
//! its way; it comes from the environment or a file, never from the arguments, which others on the machine can see.

use super::Exit;
use super::output::Output;
use crate::diagnostic::render::Format;
use crate::simulate::{text, timeline};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::Request;
use serde_json::{Value as Json, json};
use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

/// The longest answer that is read, bytes.
const ANSWER_MAX: usize = 32 << 20;
/// For a whole answer: what happened to somebody is read from the log.
const ANSWER_WITHIN: Duration = Duration::from_secs(60);

#[derive(Debug, clap::Args)]
pub(super) struct Daemon {
    /// Where the daemon listens: an address of this machine
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080")]
    url: String,
    /// A file that holds the key; otherwise the environment variable ONWARD_KEY does
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(super) struct StatusArguments {
    #[command(flatten)]
    daemon: Daemon,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  onward customer nok       what is known of her, and everything that happened")]
pub(super) struct CustomerArguments {
    /// Your own id of her, an anonymous id, or an address that she was identified by
    id: String,
    #[command(flatten)]
    daemon: Daemon,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  onward why nok --message thanks\n  onward why nok --journey after_order")]
pub(super) struct WhyArguments {
    /// Your own id of her, an anonymous id, or an address that she was identified by
    customer: String,
    /// Why she got this message, or did not
    #[arg(long, value_name = "NAME", required_unless_present = "journey", conflicts_with = "journey")]
    message: Option<String>,
    /// Why she came into this journey, or did not, and what became of it
    #[arg(long, value_name = "NAME")]
    journey: Option<String>,
    #[command(flatten)]
    daemon: Daemon,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  onward pause                       everything: nothing is sent\n  onward pause --journey welcome\n  onward pause --channel sms")]
pub(super) struct SwitchArguments {
    /// Only this journey
    #[arg(long, value_name = "NAME", conflicts_with = "channel")]
    journey: Option<String>,
    /// Only this channel
    #[arg(long, value_name = "NAME")]
    channel: Option<String>,
    #[command(flatten)]
    daemon: Daemon,
}

#[derive(Debug, clap::Args)]
pub(super) struct EraseArguments {
    /// Your own id of her, an anonymous id, or an address that she was identified by
    id: String,
    #[command(flatten)]
    daemon: Daemon,
}

pub(super) fn status(arguments: &StatusArguments, output: &Output) -> Exit {
    told(arguments.daemon.call("GET", "status", None), output, |json| {
        let paused: Vec<&str> = json["paused"].as_array().into_iter().flatten().filter_map(Json::as_str).collect();
        let mut out = String::new();
        for name in ["version", "plan", "customers", "under_way", "durable_batch", "next_due", "dead_letters", "on_hold", "out_of_room"] {
            let _infallible = writeln!(out, "{:<15}{}", name.replace('_', " "), plain(&json[name]));
        }
        let _infallible = writeln!(out, "{:<15}{}\n\nsince the daemon began", "paused", if paused.is_empty() { "-".to_owned() } else { paused.join(", ") });
        for (name, count) in json["counts"].as_object().into_iter().flatten() {
            let _infallible = writeln!(out, "  {:<25}{count}", name.replace('_', " "));
        }
        out
    })
}

pub(super) fn customer(arguments: &CustomerArguments, output: &Output) -> Exit {
    let id = encode(&arguments.id);
    let both = arguments.daemon.call("GET", &format!("customers/{id}"), None).and_then(|profile| {
        let story = arguments.daemon.call("GET", &format!("customers/{id}/timeline"), None)?;
        Ok(json!({ "customer": profile, "timeline": story }))
    });
    told(both, output, |json| {
        let (seen, mut out) = (&json["customer"], String::new());
        for (name, value) in seen["profile"].as_object().into_iter().flatten() {
            let _infallible = writeln!(out, "{name:<15}{}", plain(value));
        }
        for consent in seen["consents"].as_array().into_iter().flatten() {
            let _infallible = writeln!(out, "{:<15}{}", plain(&consent["topic"]), plain(&consent["state"]));
        }
        for (title, list) in [("suppressed", &seen["suppressed"]), ("segments", &seen["segments"])] {
            let names: Vec<&str> = list.as_array().into_iter().flatten().filter_map(Json::as_str).collect();
            if !names.is_empty() {
                let _infallible = writeln!(out, "{title:<15}{}", names.join(", "));
            }
        }
        for run in seen["runs"].as_array().into_iter().flatten() {
            let until = run["until"].as_str().map_or_else(String::new, |until| format!(" until {until}"));
            let (journey, step, line) = (plain(&run["journey"]), plain(&run["step"]), plain(&run["line"]));
            let _infallible = writeln!(out, "stands in {journey} {} at {step} ({line}){until}", run["run"]);
        }
        for one in seen["pending"].as_array().into_iter().flatten() {
            let (message, channel, state) = (plain(&one["message"]), plain(&one["channel"]), plain(&one["state"]));
            let _infallible = writeln!(out, "{message} by {channel} is {state}");
        }
        format!("{out}\n{}", story(&json["timeline"]))
    })
}

pub(super) fn why(arguments: &WhyArguments, output: &Output) -> Exit {
    let asked = match (&arguments.message, &arguments.journey) {
        (Some(name), _) => format!("message={}", encode(name)),
        (None, name) => format!("journey={}", encode(name.as_deref().unwrap_or_default())),
    };
    let path = format!("customers/{}/why?{asked}", encode(&arguments.customer));
    told(arguments.daemon.call("GET", &path, None), output, |json| format!("{}\n\n{}", plain(&json["answer"]), story(json)))
}

pub(super) fn switch(verb: &'static str, arguments: &SwitchArguments, output: &Output) -> Exit {
    let what = match (&arguments.journey, &arguments.channel) {
        (Some(name), _) => json!({ "journey": name }),
        (None, Some(name)) => json!({ "channel": name }),
        (None, None) => json!({ "everything": true }),
    };
    told(arguments.daemon.call("POST", verb, Some(&what)), output, |json| {
        let paused: Vec<&str> = json["paused"].as_array().into_iter().flatten().filter_map(Json::as_str).collect();
        if paused.is_empty() { "nothing is paused\n".to_owned() } else { format!("paused: {}\n", paused.join(", ")) }
    })
}

pub(super) fn erase(arguments: &EraseArguments, output: &Output) -> Exit {
    let path = format!("customers/{}/erase", encode(&arguments.id));
    told(arguments.daemon.call("POST", &path, None), output, |json| format!("erased; the audit log knows her as number {}\n", json["erased"]))
}

/// The answer, as it is asked for.
fn told(answer: Result<Json, (Exit, String)>, output: &Output, in_words: impl FnOnce(&Json) -> String) -> Exit {
    match answer {
        Ok(json) if output.format() == Format::Json => output.print(&format!("{json}\n")),
        Ok(json) => output.print(&in_words(&json)),
        Err((exit, why)) => return output.fail(exit, &why),
    }
    Exit::Fine
}

fn plain(value: &Json) -> String {
    match value {
        Json::Null => "-".to_owned(),
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn story(json: &Json) -> String {
    let part = |line: &Json, name: &str| line[name].as_str().map(str::to_owned);
    let lines: Vec<timeline::Line> = json["lines"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|line| timeline::Line {
            at: plain(&line["at"]),
            run: part(line, "run").unwrap_or_default(),
            what: plain(&line["what"]),
            step: part(line, "step"),
            place: part(line, "place"),
        })
        .collect();
    let older = json["left_off"].as_u64().filter(|count| *count > 0);
    let older = older.map_or_else(String::new, |count| format!("{} are not shown\n", text::counted(count, "older line")));
    format!("{}{older}", timeline::render(&plain(&json["customer"]), &plain(&json["zone"]), &lines))
}

/// For a place in an address.
fn encode(text: &str) -> String {
    crate::channel::http::target::encode_component(text)
}

impl Daemon {
    fn key(&self) -> Result<Option<String>, (Exit, String)> {
        let Some(file) = &self.key_file else {
            return Ok(std::env::var("ONWARD_KEY").ok().filter(|key| !key.is_empty()));
        };
        let read = std::fs::read_to_string(file);
        let read = read.map_err(|why| (Exit::InputOutput, format!("the key in `{}` cannot be read: {why}", file.display())))?;
        Ok(Some(read.trim().to_owned()))
    }

    /// One call, and its answer.
    fn call(&self, method: &str, path: &str, body: Option<&Json>) -> Result<Json, (Exit, String)> {
        let usage = |why: &str| (Exit::Usage, format!("`{}` is no address of a daemon: {why}", self.url));
        let authority = self.url.trim_end_matches('/').strip_prefix("http://").ok_or_else(|| {
            usage("it does not begin with `http://`; reach a daemon on another machine through a tunnel: ssh -L 8080:127.0.0.1:8080 HOST")
        })?;
        let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
        let ip = host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
        if host != "localhost" && !ip.is_ok_and(|ip| ip.is_loopback()) {
            return Err(usage(
                "it is not on this machine, and a key could be read on its way; use a tunnel: ssh -L 8080:127.0.0.1:8080 HOST",
            ));
        }
        let mut request = Request::builder().method(method).uri(format!("/admin/v1/{path}")).header("host", authority);
        if let Some(key) = self.key()? {
            request = request.header("authorization", format!("Bearer {key}"));
        }
        let body = body.map_or_else(Bytes::new, |body| Bytes::from(body.to_string()));
        let request = request.body(Full::new(body)).map_err(|why| (Exit::Usage, format!("that cannot be asked: {why}")))?;
        let with_port = if authority.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok()) {
            authority.to_owned()
        } else {
            format!("{authority}:80")
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|why| (Exit::InputOutput, format!("no connection can be made: {why}")))?;
        let answered = runtime.block_on(async { tokio::time::timeout(ANSWER_WITHIN, ask(&with_port, request)).await });
        let (status, answer) = match answered {
            Ok(answered) => answered.map_err(|why| (Exit::InputOutput, self.absent(&why)))?,
            Err(_) => return Err((Exit::InputOutput, format!("{} gave no answer in {} seconds", self.url, ANSWER_WITHIN.as_secs()))),
        };
        let json: Json = serde_json::from_slice(&answer).unwrap_or_default();
        let said = json["error"].as_str().unwrap_or("it gave no reason");
        match status {
            200 => Ok(json),
            401 => Err((Exit::Usage, format!("{said}\n  help: put a key into ONWARD_KEY; `onward keys make NAME --kind admin` makes one"))),
            403 => Err((Exit::Usage, format!("{said}\n  help: looking needs a key of the kind `read`, changing one of the kind `admin`"))),
            404 if json["error"].is_null() => Err((Exit::InputOutput, format!("what listens on {} is no Onward", self.url))),
            _ => Err((Exit::InputOutput, said.to_owned())),
        }
    }

    fn absent(&self, why: &str) -> String {
        format!(
            "no daemon answers on {}: {why}\n  help: start it with `onward serve PROJECT`, or say where it listens with `--url`",
            self.url
        )
    }
}

async fn ask(authority: &str, request: Request<Full<Bytes>>) -> Result<(u16, Bytes), String> {
    let stream = tokio::net::TcpStream::connect(authority).await.map_err(|why| why.to_string())?;
    let io = hyper_util::rt::TokioIo::new(stream);
    let (mut sender, connection) = hyper::client::conn::http1::handshake(io).await.map_err(|why| why.to_string())?;
    // It ends with the answer; what went wrong on it is said by the request.
    tokio::spawn(async move { drop(connection.await) });
    let response = sender.send_request(request).await.map_err(|why| why.to_string())?;
    let status = response.status().as_u16();
    let body = Limited::new(response.into_body(), ANSWER_MAX).collect().await.map_err(|why| why.to_string())?;
    Ok((status, body.to_bytes()))
}
