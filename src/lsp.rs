//! The language server: what an editor asks about journeys, answered while they are typed.
//!
//! In: messages of the Language Server Protocol ([`Server::handle`]). Out: messages, and [`Job`]s to be run elsewhere, whose outcome comes
//! back through [`Server::done`]. **Invariant:** a state machine without threads, clocks or streams, so that a test drives it as an editor
//! does; a request is answered from the last [`snapshot`] of its project and a fresh parse of the declaration it is about, never by
//! waiting for a check; text that is broken is no reason to fail; whatever goes wrong inside one request becomes its error, never the end.
//!
//! A project is checked on another thread ([`stdio`]) once nobody has typed for a moment. Names are never resolved here: the checker
//! tells what each means ([`crate::check::Resolved`]) and what could stand at a place ([`crate::check::offers`]).

mod actions;
pub mod chunks;
mod commands;
mod completion;
mod desk;
mod diagnostics;
mod document;
mod folding;
mod formatting;
mod hints;
mod hover;
mod jobs;
mod lens;
mod navigation;
mod preview;
mod rename;
mod requests;
mod snapshot;
pub mod stdio;
mod symbols;
pub mod text;
mod tokens;
mod uri;

pub use jobs::{Cancel, Job, Outcome};

use crate::project::{EXTENSION, MANIFEST, Unsaved};
use desk::Desk;
use document::Document;
use lsp_server::{ErrorCode, Message, Notification, Request, RequestId, Response};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use snapshot::Root;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use text::Encoding;

/// Most files that may be open at once.
const OPEN_MAX: usize = 10_000;

/// What the editor can do.
#[derive(Debug, Clone, Copy, Default)]
struct Client {
    snippets: bool,
    markdown: bool,
    nested_symbols: bool,
    watches: bool,
    refreshes_lenses: bool,
    refreshes_hints: bool,
}

/// Why a request is refused, in words for the editor's status line.
#[derive(Debug)]
struct Refused {
    code: i32,
    message: String,
}

impl Refused {
    fn new(message: impl Into<String>) -> Refused {
        Refused { code: ErrorCode::RequestFailed as i32, message: message.into() }
    }
}

type Answer = Result<Value, Refused>;

/// A language server, as far as it is no stream.
#[derive(Debug, Default)]
pub struct Server {
    encoding: Encoding,
    client: Client,
    folders: Vec<PathBuf>,
    /// By address.
    documents: BTreeMap<String, (Document, Root)>,
    desks: BTreeMap<Root, Desk>,
    revision: u64,
    jobs: Vec<Job>,
    /// Commands that are being run, by the request that asked.
    running: BTreeMap<RequestId, Cancel>,
    requests: i32,
    initialized: bool,
    shut_down: bool,
    /// Where pages that explain findings are written, and those that are wanted there.
    pages: Option<PathBuf>,
    wanted_pages: std::cell::RefCell<BTreeSet<&'static str>>,
    /// How the process ends, once the editor said so.
    over: Option<i32>,
}

impl Server {
    pub fn new() -> Server {
        Server::default()
    }

    /// Lets findings link to pages in this folder; whoever calls this writes those of [`Server::wanted_pages`].
    pub fn with_pages(mut self, folder: PathBuf) -> Server {
        self.pages = Some(folder);
        self
    }

    /// Codes of the pages that were linked to since this was asked last.
    pub fn wanted_pages(&self) -> Vec<&'static str> {
        std::mem::take(&mut *self.wanted_pages.borrow_mut()).into_iter().collect()
    }

    /// The address of the page that explains a code.
    fn page_of(&self, code: &'static str) -> Option<String> {
        let folder = self.pages.as_ref()?;
        self.wanted_pages.borrow_mut().insert(code);
        uri::uri_of(&folder.join(format!("{code}.md"))).map(|uri| uri.as_str().to_owned())
    }

    /// The exit code, once the editor has asked to end.
    pub fn is_over(&self) -> Option<i32> {
        self.over
    }

    /// What is to be done elsewhere, and given back to [`Server::done`].
    pub fn jobs(&mut self) -> Vec<Job> {
        std::mem::take(&mut self.jobs)
    }

    /// Handles messages that have come together: what is cancelled among them is not worked on.
    pub fn handle_all(&mut self, messages: Vec<Message>) -> Vec<Message> {
        let cancelled: BTreeSet<RequestId> = messages.iter().filter_map(cancelled).collect();
        let mut out = Vec::new();
        for message in messages {
            match message {
                Message::Request(request) if cancelled.contains(&request.id) => {
                    let (code, message) = (ErrorCode::RequestCanceled as i32, "nobody waits for this any more".to_owned());
                    out.push(Response::new_err(request.id, code, message).into());
                }
                message => out.extend(self.handle(message)),
            }
        }
        out
    }

    /// Handles one message.
    pub fn handle(&mut self, message: Message) -> Vec<Message> {
        match message {
            Message::Request(request) => self.request(request),
            Message::Notification(note) => self.note(note),
            Message::Response(_) => Vec::new(),
        }
    }

    fn request(&mut self, request: Request) -> Vec<Message> {
        let id = request.id.clone();
        let fail = |code: ErrorCode, why: &str| vec![Response::new_err(id.clone(), code as i32, why.to_owned()).into()];
        match request.method.as_str() {
            "initialize" if self.initialized => return fail(ErrorCode::InvalidRequest, "the server is in use already"),
            "initialize" => return self.initialize(id, &request.params),
            _ if !self.initialized => return fail(ErrorCode::ServerNotInitialized, "`initialize` comes first"),
            "shutdown" => {
                self.shut_down = true;
                return vec![Response::new_ok(id, Value::Null).into()];
            }
            _ if self.shut_down => return fail(ErrorCode::InvalidRequest, "the server was asked to shut down"),
            _ => {}
        }
        let method = request.method.clone();
        // The last resort: a mistake of ours must not take the editor's server away.
        let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| self.dispatch(request)));
        match caught {
            Ok(Some(Ok(value))) => vec![Response::new_ok(id, value).into()],
            Ok(Some(Err(refused))) => vec![Response::new_err(id, refused.code, refused.message).into()],
            // It will be answered by its job.
            Ok(None) => Vec::new(),
            Err(panic) => {
                let why = panic.downcast_ref::<String>().cloned().or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
                let why = format!("onward made a mistake in `{method}`: {}", why.unwrap_or_default());
                let log = Notification::new("window/logMessage".to_owned(), json!({ "type": 1, "message": why }));
                vec![log.into(), Response::new_err(id, ErrorCode::InternalError as i32, why).into()]
            }
        }
    }

    fn note(&mut self, note: Notification) -> Vec<Message> {
        match note.method.as_str() {
            "initialized" => return self.watch(),
            "exit" => self.over = Some(i32::from(!self.shut_down)),
            "$/cancelRequest" => {
                if let Some(id) = cancelled(&Message::Notification(note))
                    && let Some(cancel) = self.running.get(&id)
                {
                    cancel.now();
                }
            }
            "textDocument/didOpen" => self.opened(&note.params),
            "textDocument/didChange" => self.changed(note.params),
            "textDocument/didClose" => return self.closed(&note.params),
            "textDocument/didSave" => {
                if let Some(uri) = note.params.pointer("/textDocument/uri").and_then(Value::as_str)
                    && let Some((_, root)) = self.documents.get(uri)
                {
                    let root = root.clone();
                    self.check(&root);
                }
            }
            "workspace/didChangeWatchedFiles" => self.files_changed(),
            "workspace/didChangeWorkspaceFolders" => self.folders_changed(&note.params),
            _ => {}
        }
        Vec::new()
    }

    // ------------------------------------------------------------ files

    fn opened(&mut self, params: &Value) {
        let text = |at: &str| params.pointer(at).and_then(Value::as_str);
        let (Some(uri), Some(content)) = (text("/textDocument/uri"), text("/textDocument/text")) else { return };
        if self.documents.len() >= OPEN_MAX {
            return;
        }
        let version = params.pointer("/textDocument/version").and_then(Value::as_i64).unwrap_or(0) as i32;
        let root = self.root_of(uri);
        let document = Document::new(content, version);
        self.documents.insert(uri.to_owned(), (document, root.clone()));
        self.check(&root);
    }

    fn changed(&mut self, params: Value) {
        let Ok(params) = serde_json::from_value::<lsp_types::DidChangeTextDocumentParams>(params) else { return };
        let Some((document, root)) = self.documents.get_mut(params.text_document.uri.as_str()) else { return };
        document.change(params.content_changes, params.text_document.version, self.encoding);
        let root = root.clone();
        self.check(&root);
    }

    fn closed(&mut self, params: &Value) -> Vec<Message> {
        let Some(uri) = params.pointer("/textDocument/uri").and_then(Value::as_str) else { return Vec::new() };
        let Some((_, root)) = self.documents.remove(uri) else { return Vec::new() };
        let is_used = self.documents.values().any(|(_, other)| *other == root);
        if is_used || matches!(root, Root::Folder(_)) {
            self.check(&root);
            return Vec::new();
        }
        // Nobody looks at it any more, so nothing is said of it.
        self.desks.remove(&root).map(|desk| desk.withdraw()).unwrap_or_default()
    }

    fn files_changed(&mut self) {
        self.settle();
        let roots: Vec<Root> = self.desks.keys().cloned().collect();
        for root in roots {
            self.check(&root);
        }
    }

    fn folders_changed(&mut self, params: &Value) {
        let paths = |at: &str| -> Vec<PathBuf> {
            let list = params.pointer(at).and_then(Value::as_array).cloned().unwrap_or_default();
            list.iter().filter_map(|folder| uri::path_of(folder.get("uri")?.as_str()?)).collect()
        };
        let (added, removed) = (paths("/event/added"), paths("/event/removed"));
        self.folders.retain(|folder| !removed.contains(folder));
        self.folders.extend(added);
        self.settle();
    }

    /// Finds anew which project each open file belongs to.
    fn settle(&mut self) {
        let uris: Vec<String> = self.documents.keys().cloned().collect();
        for uri in uris {
            let root = self.root_of(&uri);
            if let Some((_, known)) = self.documents.get_mut(&uri)
                && *known != root
            {
                *known = root.clone();
                self.check(&root);
            }
        }
    }

    /// The project of a file: the nearest folder above it with an `onward.toml`, else the folder that the editor has open, else itself.
    #[allow(clippy::disallowed_methods, reason = "which project a file belongs to is a question to the disk")]
    fn root_of(&self, uri: &str) -> Root {
        let Some(path) = uri::path_of(uri) else { return Root::Nowhere(uri.to_owned()) };
        for folder in path.ancestors().skip(1) {
            if std::fs::metadata(folder.join(MANIFEST)).is_ok() {
                return Root::Folder(folder.to_owned());
            }
        }
        let open = self.folders.iter().filter(|folder| path.starts_with(folder)).max_by_key(|folder| folder.components().count());
        open.map_or(Root::File(path.clone()), |folder| Root::Folder(folder.clone()))
    }

    /// Asks for a check of a project with what is open of it.
    fn check(&mut self, root: &Root) {
        self.revision += 1;
        let unsaved = self.unsaved(root);
        let revision = self.revision;
        let desk = self.desks.entry(root.clone()).or_default();
        desk.wanted = revision;
        self.jobs.push(Job::check(root.clone(), unsaved, revision, desk.snapshot.clone()));
    }

    /// The open files of a project, by their names in it.
    fn unsaved(&self, root: &Root) -> Unsaved {
        let mut unsaved = Unsaved::new();
        for (uri, (document, of)) in &self.documents {
            if of == root {
                unsaved.insert(name_in(root, uri), document.lines().text().clone());
            }
        }
        unsaved
    }

    /// The open document of a file of a project.
    fn open(&self, root: &Root, name: &str) -> Option<(&str, &Document)> {
        self.documents
            .iter()
            .find(|(uri, (_, of))| of == root && name_in(root, uri) == name)
            .map(|(uri, (document, _))| (uri.as_str(), document))
    }

    /// Takes what a job came to.
    pub fn done(&mut self, outcome: Outcome) -> Vec<Message> {
        match outcome {
            Outcome::Checked { snapshot, files } => self.checked(snapshot, files),
            Outcome::Ran { id, root, answer, results, messages } => {
                self.running.remove(&id);
                let mut out = messages;
                if let Some(desk) = self.desks.get_mut(&root) {
                    desk.results.extend(results);
                }
                if self.client.refreshes_lenses {
                    out.push(self.ask("workspace/codeLens/refresh"));
                }
                out.push(answer.into());
                out
            }
        }
    }

    /// A request to the editor, whose answer does not matter.
    fn ask(&mut self, method: &str) -> Message {
        self.requests += 1;
        Request::new(RequestId::from(format!("onward-{}", self.requests)), method.to_owned(), Value::Null).into()
    }
}

/// The name of a file in its project; its address where it is nowhere.
fn name_in(root: &Root, uri: &str) -> String {
    match root {
        Root::Nowhere(_) => format!("untitled.{EXTENSION}"),
        root => uri::path_of(uri).and_then(|path| root.name_of(&path)).unwrap_or_else(|| uri.to_owned()),
    }
}

/// The request that a `$/cancelRequest` is about.
fn cancelled(message: &Message) -> Option<RequestId> {
    let Message::Notification(note) = message else { return None };
    if note.method != "$/cancelRequest" {
        return None;
    }
    stdio::id_of(note.params.get("id")?)
}

/// Parameters, or what is wrong with them.
fn read<P: DeserializeOwned>(params: Value) -> Result<P, Refused> {
    serde_json::from_value(params).map_err(|error| Refused { code: ErrorCode::InvalidParams as i32, message: error.to_string() })
}

/// A result, which can always be written.
fn write(value: impl serde::Serialize) -> Answer {
    serde_json::to_value(value).map_err(|error| Refused { code: ErrorCode::InternalError as i32, message: error.to_string() })
}
