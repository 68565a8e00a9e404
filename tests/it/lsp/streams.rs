//! `onward lsp` as a process: frames over its streams.

use super::editor::{project, uri};
use super::{BASE, CART, MANIFEST};
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

struct Process {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Process {
    fn start(folder: &std::path::Path) -> Process {
        let mut child = Command::new(env!("CARGO_BIN_EXE_onward"))
            .arg("lsp")
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let (input, output) = (child.stdin.take(), BufReader::new(child.stdout.take().unwrap()));
        Process { child, input, output }
    }

    fn send(&mut self, message: &Value) {
        let body = message.to_string();
        let input = self.input.as_mut().unwrap();
        write!(input, "Content-Length: {}\r\nContent-Type: application/vscode-jsonrpc; charset=utf-8\r\n\r\n{body}", body.len()).unwrap();
        input.flush().unwrap();
    }

    fn receive(&mut self) -> Value {
        let mut length = 0;
        loop {
            let mut line = String::new();
            assert!(self.output.read_line(&mut line).unwrap() > 0, "the server is gone");
            if line.trim().is_empty() {
                break;
            }
            if let Some(value) = line.strip_prefix("Content-Length:") {
                length = value.trim().parse().unwrap();
            }
        }
        let mut body = vec![0; length];
        self.output.read_exact(&mut body).unwrap();
        serde_json::from_slice(&body).unwrap()
    }

    fn until(&mut self, is: impl Fn(&Value) -> bool) -> Value {
        for _ in 0..100 {
            let message = self.receive();
            if is(&message) {
                return message;
            }
        }
        panic!("it does not come");
    }
}

#[test]
fn the_command_serves_an_editor_over_its_streams() {
    let folder =
        project("streams", &[("onward.toml", MANIFEST), ("base.journey", BASE), ("cart.journey", CART), ("mail/cart.html", super::MAIL)]);
    let mut process = Process::start(&folder);
    process.send(&json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": { "processId": 1, "rootUri": uri(&folder), "capabilities": {} } }));
    let answer = process.until(|message| message["id"] == 1);
    assert_eq!(answer["result"]["capabilities"]["positionEncoding"], "utf-16");
    process.send(&json!({ "jsonrpc": "2.0", "method": "initialized", "params": {} }));
    let cart = uri(&folder.join("cart.journey"));
    let text = CART.replace("cart_updated where", "cart_updatd where");
    let document = json!({ "uri": cart, "languageId": "journey", "version": 1, "text": text });
    process.send(&json!({ "jsonrpc": "2.0", "method": "textDocument/didOpen", "params": { "textDocument": document } }));
    let found =
        process.until(|message| message["method"] == "textDocument/publishDiagnostics" && message["params"]["uri"] == cart.as_str());
    assert_eq!(found["params"]["version"], 1);
    let one = &found["params"]["diagnostics"][0];
    assert_eq!(one["code"], "E0101");
    // Its page is a file that is there.
    let page = one["codeDescription"]["href"].as_str().unwrap().strip_prefix("file://").unwrap();
    assert!(std::fs::read_to_string(page).unwrap().starts_with("# E0101"));
    process.send(&json!("no message"));
    let at = json!({ "textDocument": { "uri": cart }, "position": { "line": 6, "character": 8 } });
    process.send(&json!({ "jsonrpc": "2.0", "id": "two", "method": "textDocument/hover", "params": at }));
    let hover = process.until(|message| message["id"] == "two");
    assert_eq!(hover["result"]["contents"]["value"], "2 days: same local time, two days later");
    process.send(&json!({ "jsonrpc": "2.0", "id": 3, "method": "shutdown" }));
    assert_eq!(process.until(|message| message["id"] == 3)["result"], Value::Null);
    process.send(&json!({ "jsonrpc": "2.0", "method": "exit" }));
    assert_eq!(process.child.wait().unwrap().code(), Some(0));
}

#[test]
fn an_editor_that_goes_away_takes_the_server_with_it() {
    let folder = project("gone", &[("onward.toml", MANIFEST), ("base.journey", BASE)]);
    let mut process = Process::start(&folder);
    process.send(&json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": { "capabilities": {} } }));
    process.until(|message| message["id"] == 1);
    drop(process.input.take());
    assert_eq!(process.child.wait().unwrap().code(), Some(1));
}
