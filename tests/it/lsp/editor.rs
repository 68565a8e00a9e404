//! An editor for tests: sends messages, runs the jobs that come of them, and keeps what was said.

use lsp_server::{Message, Notification, Request, RequestId, Response};
use onward::lsp::Server;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

pub struct Editor {
    pub server: Server,
    next: i32,
    /// By address.
    pub findings: BTreeMap<String, Vec<Value>>,
    pub notes: Vec<Notification>,
    pub asked: Vec<Request>,
    pub folder: PathBuf,
    texts: BTreeMap<String, (String, i32)>,
}

/// A project of this test's own, on the disk.
pub fn project(name: &str, files: &[(&str, &str)]) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("lsp").join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder).unwrap();
    }
    for (file, text) in files {
        let path = folder.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

pub fn capabilities() -> Value {
    json!({
        "general": { "positionEncodings": ["utf-16"] },
        "textDocument": {
            "completion": { "completionItem": { "snippetSupport": true } },
            "hover": { "contentFormat": ["markdown", "plaintext"] },
            "documentSymbol": { "hierarchicalDocumentSymbolSupport": true },
        },
        "workspace": { "didChangeWatchedFiles": { "dynamicRegistration": true } },
    })
}

impl Editor {
    /// An editor that has a project's folder open.
    pub fn new(folder: &Path) -> Editor {
        Editor::with(folder, capabilities())
    }

    pub fn with(folder: &Path, capabilities: Value) -> Editor {
        let mut editor = Editor {
            server: Server::new(),
            next: 0,
            findings: BTreeMap::new(),
            notes: Vec::new(),
            asked: Vec::new(),
            folder: folder.to_owned(),
            texts: BTreeMap::new(),
        };
        let root = uri(folder);
        let answer =
            editor.ask("initialize", json!({ "capabilities": capabilities, "workspaceFolders": [{ "uri": root, "name": "shop" }] }));
        assert!(answer.is_ok(), "{answer:?}");
        editor.tell("initialized", json!({}));
        editor
    }

    pub fn tell(&mut self, method: &str, params: Value) {
        let out = self.server.handle(Notification::new(method.to_owned(), params).into());
        self.take(out);
        self.work();
    }

    /// Tells without running what comes of it.
    pub fn tell_only(&mut self, method: &str, params: Value) {
        let out = self.server.handle(Notification::new(method.to_owned(), params).into());
        self.take(out);
    }

    /// Runs every job, as the other thread would.
    pub fn work(&mut self) -> Vec<Response> {
        let mut answers = Vec::new();
        loop {
            let jobs = self.server.jobs();
            if jobs.is_empty() {
                return answers;
            }
            for job in jobs {
                let outcome = job.run().expect("no job panics");
                let out = self.server.done(outcome);
                answers.extend(self.take(out));
            }
        }
    }

    pub fn ask(&mut self, method: &str, params: Value) -> Result<Value, (i32, String)> {
        self.next += 1;
        let id = RequestId::from(self.next);
        let out = self.server.handle(Request::new(id.clone(), method.to_owned(), params).into());
        let mut answers = self.take(out);
        if answers.is_empty() {
            answers = self.work();
        }
        let answer = answers.into_iter().find(|answer| answer.id == id).unwrap_or_else(|| panic!("`{method}` is not answered"));
        answer.response_result.map_err(|error| (error.code, error.message))
    }

    fn take(&mut self, out: Vec<Message>) -> Vec<Response> {
        let mut answers = Vec::new();
        for message in out {
            match message {
                Message::Response(answer) => answers.push(answer),
                Message::Request(request) => self.asked.push(request),
                Message::Notification(note) => {
                    if note.method == "textDocument/publishDiagnostics" {
                        let uri = note.params["uri"].as_str().unwrap().to_owned();
                        self.findings.insert(uri, note.params["diagnostics"].as_array().unwrap().clone());
                    }
                    self.notes.push(note);
                }
            }
        }
        answers
    }

    pub fn uri(&self, file: &str) -> String {
        uri(&self.folder.join(file))
    }

    /// Opens a file as it is on the disk.
    pub fn open(&mut self, file: &str) {
        let text = fs::read_to_string(self.folder.join(file)).unwrap();
        self.open_as(&self.uri(file), &text);
    }

    pub fn open_as(&mut self, uri: &str, text: &str) {
        self.texts.insert(uri.to_owned(), (text.to_owned(), 1));
        let document = json!({ "uri": uri, "languageId": "journey", "version": 1, "text": text });
        self.tell("textDocument/didOpen", json!({ "textDocument": document }));
    }

    /// Replaces `old`, which stands once in the file, by typing.
    pub fn edit(&mut self, file: &str, old: &str, new: &str) {
        let uri = self.uri(file);
        let (text, version) = self.texts.get_mut(&uri).unwrap();
        let at = text.find(old).unwrap_or_else(|| panic!("no {old:?}"));
        let range = json!({ "start": position(text, at), "end": position(text, at + old.len()) });
        text.replace_range(at..at + old.len(), new);
        *version += 1;
        let version = *version;
        self.tell_only(
            "textDocument/didChange",
            json!({ "textDocument": { "uri": uri, "version": version }, "contentChanges": [{ "range": range, "text": new }] }),
        );
    }

    pub fn text(&self, file: &str) -> &str {
        &self.texts[&self.uri(file)].0
    }

    /// A position: behind `before` where it stands with `behind` after it, given as `be|hind`.
    pub fn at(&self, file: &str, marked: &str) -> Value {
        let (before, after) = marked.split_once('|').expect("a `|` marks the place");
        let text = self.text(file);
        let at = text.find(&format!("{before}{after}")).unwrap_or_else(|| panic!("no {marked:?} in {text}"));
        json!({ "textDocument": { "uri": self.uri(file) }, "position": position(text, at + before.len()) })
    }

    pub fn ask_at(&mut self, method: &str, file: &str, marked: &str) -> Result<Value, (i32, String)> {
        let params = self.at(file, marked);
        self.ask(method, params)
    }

    /// Labels of what is offered at a place.
    pub fn offers(&mut self, file: &str, marked: &str) -> Vec<String> {
        let answer = self.ask_at("textDocument/completion", file, marked).unwrap();
        answer["items"].as_array().unwrap().iter().map(|item| item["label"].as_str().unwrap().to_owned()).collect()
    }

    pub fn hover(&mut self, file: &str, marked: &str) -> String {
        let answer = self.ask_at("textDocument/hover", file, marked).unwrap();
        answer["contents"]["value"].as_str().unwrap_or("").to_owned()
    }

    pub fn codes(&self, file: &str) -> Vec<String> {
        let found = self.findings.get(&self.uri(file)).cloned().unwrap_or_default();
        found.iter().map(|one| one["code"].as_str().unwrap_or("").to_owned()).collect()
    }

    /// The text of a range.
    pub fn slice(&self, file: &str, range: &Value) -> String {
        let text = self.text(file);
        text[offset(text, &range["start"])..offset(text, &range["end"])].to_owned()
    }

    /// Where locations point to, as `file:text`.
    pub fn shown(&self, locations: &Value) -> Vec<String> {
        let one = |location: &Value| {
            let uri = location["uri"].as_str().unwrap();
            let path = self.texts.get(uri).map(|(text, _)| text.clone());
            let file = uri.rsplit('/').next().unwrap();
            let text = path.unwrap_or_else(|| fs::read_to_string(self.folder.join(file)).unwrap());
            let (start, end) = (offset(&text, &location["range"]["start"]), offset(&text, &location["range"]["end"]));
            let line = text[..start].matches('\n').count() + 1;
            format!("{file}:{line}:{}", &text[start..end])
        };
        locations.as_array().map(|all| all.iter().map(one).collect()).unwrap_or_default()
    }
}

pub fn uri(path: &Path) -> String {
    let mut uri = String::from("file://");
    for byte in path.to_str().unwrap().bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte) {
            uri.push(byte as char);
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    uri
}

/// UTF-16, counted apart from the server.
pub fn position(text: &str, at: usize) -> Value {
    let line_start = text[..at].rfind('\n').map_or(0, |end| end + 1);
    json!({ "line": text[..at].matches('\n').count(), "character": text[line_start..at].encode_utf16().count() })
}

pub fn offset(text: &str, position: &Value) -> usize {
    let (line, column) = (position["line"].as_u64().unwrap() as usize, position["character"].as_u64().unwrap() as usize);
    let start: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
    let mut units = 0;
    for (at, c) in text[start..].char_indices() {
        if units >= column {
            return start + at;
        }
        units += c.len_utf16();
    }
    text.len()
}
