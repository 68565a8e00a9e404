//! A recorded editing session, the same each time: a step is typed into a file of two thousand lines, in a project of a hundred files.
//!
//! Used by the test (what is answered) and by the benchmark (how fast).

use lsp_server::{Message, Notification, Request, RequestId};
use onward::lsp::{Outcome, Server};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

pub const FILES: usize = 100;
pub const LINES: usize = 2_000;

const SHARED: &str = r#"customer {
  email       email?
  first_name  text?
  plan        one of "free", "pro" = "free"
}
event order_completed { order_id text, total money THB, coupon text? }
event cart_updated { cart_id text, total money THB }
topic promotions "Promotions" opt in
segment big_spenders "Big spenders" { sum of order_completed.total in the last 90 days >= 20000 THB }
"#;

fn journey(number: usize, out: &mut String) {
    let (minimum, days) = (100 + number % 900, 1 + number % 30);
    write!(
        out,
        r#"message letter_{number}(total money THB) about promotions {{
  email {{
    subject "สวัสดี {{{{ customer.first_name | default: 'คุณลูกค้า' }}}} {number}"
    text "You spent {{{{ total | money }}}}."
  }}
}}

## A journey that was generated.
journey cart_{number} "Cart {number}" {{
  enter on cart_updated where total >= {minimum} THB
  enter again {days} days after entry
  goal order_completed within {days} days of entry then exit
  only while subscribed to promotions

  wait 3 hours
  if customer.plan is "pro" and has no order_completed in the last {days} days {{
    send letter_{number}(total: entry.total) as letter
  }}
  wait up to 2 days {{
    on order_completed where total >= {minimum} THB as order {{
      if order.total >= 5000 THB {{
        exit "big"
      }}
    }}
    otherwise {{
      exit "nothing"
    }}
  }}
}}

"#
    )
    .unwrap();
}

/// Writes the project; gives the text of the file that is edited.
pub fn project(folder: &Path) -> String {
    fs::create_dir_all(folder).unwrap();
    fs::write(folder.join("onward.toml"), "[project]\nname = \"large\"\n").unwrap();
    fs::write(folder.join("a_shared.journey"), SHARED).unwrap();
    let mut number = 0;
    for file in 0..FILES - 2 {
        let mut text = String::new();
        journey(number, &mut text);
        number += 1;
        fs::write(folder.join(format!("file_{file:03}.journey")), text).unwrap();
    }
    let mut large = String::new();
    while large.matches('\n').count() < LINES {
        journey(number, &mut large);
        number += 1;
    }
    fs::write(folder.join("large.journey"), &large).unwrap();
    large
}

/// One editor, and how long each of its messages took, by `clock` in microseconds.
pub struct Session<'c> {
    pub server: Server,
    pub took: Vec<(String, u64)>,
    clock: &'c dyn Fn() -> u64,
    uri: String,
    text: String,
    version: i32,
    next: i32,
}

impl<'c> Session<'c> {
    pub fn begin(folder: &Path, text: String, clock: &'c dyn Fn() -> u64) -> Session<'c> {
        let uri = format!("file://{}", folder.join("large.journey").display());
        let mut session = Session { server: Server::new(), took: Vec::new(), clock, uri, text, version: 1, next: 0 };
        let capabilities = json!({ "textDocument": { "completion": { "completionItem": { "snippetSupport": true } } } });
        session.ask("initialize", json!({ "capabilities": capabilities, "rootUri": format!("file://{}", folder.display()) }));
        session.tell("initialized", json!({}));
        let document = json!({ "uri": session.uri, "languageId": "journey", "version": 1, "text": session.text });
        session.tell("textDocument/didOpen", json!({ "textDocument": document }));
        session.check();
        session.took.clear();
        session
    }

    /// Checks the project as the other thread would; gives how many findings there are.
    pub fn check(&mut self) -> usize {
        let jobs = self.server.jobs();
        let mut found = 0;
        // Of several the last one counts, as it does there.
        if let Some(job) = jobs.into_iter().last() {
            let outcome: Option<Outcome> = job.run();
            for message in outcome.map(|outcome| self.server.done(outcome)).unwrap_or_default() {
                if let Message::Notification(note) = message {
                    found += note.params["diagnostics"].as_array().map_or(0, Vec::len);
                }
            }
        }
        found
    }

    fn timed(&mut self, method: &str, message: Message) -> Vec<Message> {
        let begun = (self.clock)();
        let out = self.server.handle(message);
        self.took.push((method.to_owned(), (self.clock)() - begun));
        out
    }

    pub fn tell(&mut self, method: &str, params: Value) {
        self.timed(method, Notification::new(method.to_owned(), params).into());
    }

    pub fn ask(&mut self, method: &str, params: Value) -> Value {
        self.next += 1;
        let request = Request::new(RequestId::from(self.next), method.to_owned(), params);
        let out = self.timed(method, request.into());
        let answer = out.into_iter().find_map(|message| match message {
            Message::Response(answer) => Some(answer),
            _ => None,
        });
        answer.and_then(|answer| answer.response_result.ok()).unwrap_or(Value::Null)
    }

    fn position(&self, at: usize) -> Value {
        let line_start = self.text[..at].rfind('\n').map_or(0, |end| end + 1);
        json!({ "line": self.text[..at].matches('\n').count(), "character": self.text[line_start..at].encode_utf16().count() })
    }

    /// Types one character.
    pub fn key(&mut self, at: usize, key: char) {
        let here = self.position(at);
        self.text.insert(at, key);
        self.version += 1;
        let document = json!({ "uri": self.uri, "version": self.version });
        let change = json!({ "range": { "start": here, "end": here }, "text": key.to_string() });
        self.tell("textDocument/didChange", json!({ "textDocument": document, "contentChanges": [change] }));
    }

    pub fn ask_at(&mut self, method: &str, at: usize) -> Value {
        let position = self.position(at);
        self.ask(method, json!({ "textDocument": { "uri": self.uri }, "position": position }))
    }

    /// Types two steps into the middle of the file; what is offered at the end of each, and while it is typed all that an editor asks.
    pub fn type_steps(&mut self) -> Vec<Value> {
        let middle = self.text.len() / 2;
        let mut at = middle + self.text[middle..].find("  wait 3 hours\n").unwrap();
        let number = self.text[at..].split("send letter_").nth(1).unwrap().split('(').next().unwrap().to_owned();
        let mut ends = Vec::new();
        for line in
            [format!("  send letter_{number}(total: entry.total) by email as "), "  if customer.plan is \"pro\" and entry.".to_owned()]
        {
            let mut last = Value::Null;
            for (count, key) in line.chars().chain(['\n']).enumerate() {
                self.key(at, key);
                at += key.len_utf8();
                if key != '\n' {
                    last = self.ask_at("textDocument/completion", at);
                }
                if count % 4 == 0 {
                    self.ask_at("textDocument/hover", at.saturating_sub(3));
                    self.ask_at("textDocument/documentHighlight", at.saturating_sub(3));
                }
                if count % 8 == 0 {
                    let document = json!({ "textDocument": { "uri": self.uri } });
                    self.ask("textDocument/documentSymbol", document.clone());
                    self.ask("textDocument/semanticTokens/full", document.clone());
                    self.ask("textDocument/foldingRange", document.clone());
                    self.ask("textDocument/codeLens", document);
                    self.ask_at("textDocument/definition", at.saturating_sub(3));
                }
                if count % 16 == 15 {
                    self.check();
                }
            }
            ends.push(last);
            // What was half a line goes away again.
            self.version += 1;
            let gone = at - line.len() - 1..at;
            let (start, end) = (self.position(gone.start), self.position(gone.end));
            self.text.replace_range(gone.clone(), "");
            at = gone.start;
            let document = json!({ "uri": self.uri, "version": self.version });
            let change = json!({ "range": { "start": start, "end": end }, "text": "" });
            self.tell("textDocument/didChange", json!({ "textDocument": document, "contentChanges": [change] }));
            self.check();
        }
        ends
    }

    /// How long the slowest of a hundred took, of all or of one kind, microseconds.
    pub fn percentile(&self, method: Option<&str>, share: f64) -> u64 {
        let mut took: Vec<u64> =
            self.took.iter().filter(|(of, _)| method.is_none_or(|method| of == method)).map(|(_, took)| *took).collect();
        took.sort_unstable();
        took.get(((took.len() as f64 * share).ceil() as usize).saturating_sub(1)).copied().unwrap_or(0)
    }
}
