//! The server on a pair of streams: a thread that reads, one that works, and the one that answers.
//!
//! In: standard input. Out: standard output. **Invariant:** an answer never waits for a check; checks wait until nobody has typed for
//! [`DEBOUNCE`], and one that is out of date is not begun; the process ends when the editor says so or goes away.
//!
//! Messages are read here and not by `lsp-server`: with exact decimals switched on in `serde_json`, which values of customers need, its
//! reader takes no message that holds a number.

#![allow(clippy::disallowed_methods, reason = "this is where the server meets the process: streams, threads and the time to wait")]

use super::{Job, Outcome, Server};
use lsp_server::{Message, Notification, Request, RequestId, Response};
use serde_json::Value;
use std::collections::VecDeque;
use std::io::{self, BufRead, Write};
use std::path::Path;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::Duration;

/// How long nobody must have typed before a project is checked.
pub const DEBOUNCE: Duration = Duration::from_millis(40);

/// Largest message, bytes.
pub const MESSAGE_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Longest line of a header, bytes.
const HEADER_BYTES_MAX: u64 = 4096;

enum Event {
    Message(Message),
    Done(Outcome),
    /// The editor is gone.
    Ended,
}

/// Serves one editor. Gives the exit code.
pub fn serve(input: impl BufRead + Send + 'static, mut output: impl Write) -> i32 {
    let (events, incoming) = mpsc::channel();
    let (jobs, work) = mpsc::channel();
    let reader = events.clone();
    std::thread::spawn(move || read_all(input, &reader));
    std::thread::spawn(move || work_off(&work, &events));
    let pages = std::env::temp_dir().join("onward-explain");
    let mut server = Server::new().with_pages(pages.clone());
    loop {
        let Ok(first) = incoming.recv() else { return 1 };
        let mut batch = Vec::new();
        let mut ended = false;
        let mut out = Vec::new();
        // What has come in the meantime is taken together, so that what is cancelled is not worked on.
        for event in std::iter::once(first).chain(incoming.try_iter()) {
            match event {
                Event::Message(message) => batch.push(message),
                Event::Done(outcome) => {
                    out.extend(server.handle_all(std::mem::take(&mut batch)));
                    out.extend(server.done(outcome));
                }
                Event::Ended => ended = true,
            }
        }
        out.extend(server.handle_all(batch));
        for job in server.jobs() {
            // The worker ends with us.
            let _ = jobs.send(job);
        }
        explain(&pages, &server.wanted_pages());
        for message in out {
            if write(&mut output, &message).is_err() {
                return 1;
            }
        }
        if let Some(code) = server.is_over() {
            return code;
        }
        if ended {
            return 1;
        }
    }
}

/// Writes the pages that findings link to. Where that fails, a link leads nowhere; nothing else depends on it.
fn explain(folder: &Path, codes: &[&str]) {
    for code in codes {
        let path = folder.join(format!("{code}.md"));
        if let Some(page) = crate::diagnostic::explain::pages().find(|page| page.code == *code)
            && !std::fs::read_to_string(&path).is_ok_and(|known| known == page.text)
        {
            let _ = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&path, page.text));
        }
    }
}

fn read_all(mut input: impl BufRead, events: &Sender<Event>) {
    loop {
        match read(&mut input) {
            Ok(Some(message)) => {
                if events.send(Event::Message(message)).is_err() {
                    return;
                }
            }
            // What is no message is left out; the next one may be.
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {}
            Ok(None) | Err(_) => {
                let _ = events.send(Event::Ended);
                return;
            }
        }
    }
}

/// Runs jobs: commands at once, checks when nothing newer has come for a while.
fn work_off(work: &Receiver<Job>, events: &Sender<Event>) {
    let mut checks: VecDeque<Job> = VecDeque::new();
    loop {
        let next = if checks.is_empty() { work.recv().map_err(|_| RecvTimeoutError::Disconnected) } else { work.recv_timeout(DEBOUNCE) };
        let job = match next {
            Ok(job) if job.is_check() => {
                checks.retain(|waiting| !waiting.is_replaced_by(&job));
                checks.push_back(job);
                continue;
            }
            Ok(job) => job,
            Err(RecvTimeoutError::Timeout) => match checks.pop_front() {
                Some(job) => job,
                None => continue,
            },
            Err(RecvTimeoutError::Disconnected) => return,
        };
        if let Some(outcome) = job.run()
            && events.send(Event::Done(outcome)).is_err()
        {
            return;
        }
    }
}

/// Reads one message; `None` at the end.
///
/// # Errors
/// `InvalidData` for a body that is no message, after which the next can be read; others where the stream is of no more use.
pub fn read(input: &mut impl BufRead) -> io::Result<Option<Message>> {
    let mut length: Option<usize> = None;
    loop {
        let mut line = String::new();
        if io::Read::take(&mut *input, HEADER_BYTES_MAX).read_line(&mut line)? == 0 {
            return Ok(None);
        }
        let line = line.trim_end_matches(['\r', '\n']);
        if line.is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.trim().eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().ok();
        }
    }
    let Some(length) = length.filter(|length| *length <= MESSAGE_BYTES_MAX) else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "a message without a usable length"));
    };
    let mut body = vec![0; length];
    input.read_exact(&mut body)?;
    let value: Value = serde_json::from_slice(&body).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
    message(value).map(Some).ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "no message of the protocol"))
}

fn message(mut value: Value) -> Option<Message> {
    let params = value.get_mut("params").map(Value::take).unwrap_or(Value::Null);
    let id = value.get("id").and_then(id_of);
    let method = value.get("method").and_then(Value::as_str).map(str::to_owned);
    match (method, id) {
        (Some(method), Some(id)) => Some(Request { id, method, params }.into()),
        (Some(method), None) => Some(Notification { method, params }.into()),
        // What the editor answers to us does not matter.
        (None, Some(id)) => Some(Response::new_ok(id, Value::Null).into()),
        (None, None) => None,
    }
}

/// A number or a text, as ids are.
pub fn id_of(value: &Value) -> Option<RequestId> {
    match value {
        Value::String(text) => Some(RequestId::from(text.clone())),
        value => value.as_i64().and_then(|number| i32::try_from(number).ok()).map(RequestId::from),
    }
}

/// Writes one message.
///
/// # Errors
/// Where nobody reads.
pub fn write(output: &mut impl Write, message: &Message) -> io::Result<()> {
    let body = body_of(message);
    write!(output, "Content-Length: {}\r\n\r\n", body.len())?;
    output.write_all(body.as_bytes())?;
    output.flush()
}

fn body_of(message: &Message) -> String {
    let value = match message {
        Message::Request(request) => {
            serde_json::json!({ "jsonrpc": "2.0", "id": request.id, "method": request.method, "params": request.params })
        }
        Message::Notification(note) => serde_json::json!({ "jsonrpc": "2.0", "method": note.method, "params": note.params }),
        Message::Response(response) => match &response.response_result {
            Ok(result) => serde_json::json!({ "jsonrpc": "2.0", "id": response.id, "result": result }),
            Err(error) => serde_json::json!({ "jsonrpc": "2.0", "id": response.id, "error": error }),
        },
    };
    value.to_string()
}
