//! Damaged text, odd requests, several projects: nothing of it may end the server or its answers.

use super::editor::{Editor, project, uri};
use super::{BASE, CART, MANIFEST, shop};
use onward::lsp::text::{Encoding, Lines, Shift};
use onward::source::Span;
use serde_json::{Value, json};

/// Numbers that look like chance and are the same each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % below.max(1) as u64) as usize
    }
}

const REQUESTS: [&str; 12] = [
    "textDocument/hover",
    "textDocument/completion",
    "textDocument/definition",
    "textDocument/references",
    "textDocument/documentHighlight",
    "textDocument/prepareRename",
    "textDocument/documentSymbol",
    "textDocument/foldingRange",
    "textDocument/semanticTokens/full",
    "textDocument/codeLens",
    "textDocument/inlayHint",
    "textDocument/rename",
];

const SCRAPS: [&str; 14] =
    ["{", "}", "\"", "\"\"\"", "{{ customer.", "}}", "{% if ", "send ", "wait up to ", " where ", "กลุ่ม", "😀", "\r", "\n\nevent x {"];

#[test]
fn random_requests_over_damaged_text_are_all_answered() {
    let mut editor = shop("fuzz");
    let mut dice = Dice(0x5eed_cafe_1234_5678);
    for round in 0..400 {
        let file = if dice.roll(2) == 0 { "base.journey" } else { "cart.journey" };
        let text = editor.text(file).to_owned();
        let boundaries: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
        let from = boundaries[dice.roll(boundaries.len())];
        let to = boundaries.iter().copied().find(|at| *at >= from + dice.roll(4)).unwrap_or(text.len());
        let change = json!({
            "textDocument": { "uri": editor.uri(file), "version": round + 2 },
            "contentChanges": [{ "text": format!("{}{}{}", &text[..from], SCRAPS[dice.roll(SCRAPS.len())], &text[to..]) }],
        });
        editor.tell_only("textDocument/didChange", change);
        for _ in 0..3 {
            let method = REQUESTS[dice.roll(REQUESTS.len())];
            let params = json!({
                "textDocument": { "uri": editor.uri(file) },
                "position": { "line": dice.roll(60), "character": dice.roll(90) },
                "range": { "start": { "line": 0, "character": 0 }, "end": { "line": dice.roll(60), "character": dice.roll(90) } },
                "context": { "includeDeclaration": true },
                "newName": "ใหม่",
            });
            // Refusing is an answer; a panic is none.
            if let Err((code, why)) = editor.ask(method, params) {
                assert_ne!(code, -32603, "{method}: {why}");
            }
        }
        if round % 40 == 0 {
            editor.work();
        }
        if round % 100 == 99 {
            // A text that has drifted too far tells nothing any more.
            for (file, text) in [("base.journey", BASE), ("cart.journey", CART)] {
                let document = json!({ "uri": editor.uri(file), "version": round + 3 });
                editor.tell_only("textDocument/didChange", json!({ "textDocument": document, "contentChanges": [{ "text": text }] }));
            }
        }
    }
}

#[test]
fn offsets_and_positions_are_each_others_way_back() {
    let texts = [BASE, CART, "กำ น้ำ เเม่ e\u{301}\u{308} 👩‍👩‍👧 \u{feff}x\r\nสระ\rอำ\n", "", "\n", "😀"];
    for text in texts {
        let lines = Lines::new(text);
        for encoding in [Encoding::Utf8, Encoding::Utf16] {
            for (at, _) in text.char_indices().chain([(text.len(), ' ')]) {
                let position = lines.position(at as u32, encoding);
                let inside_line_end = at > 0 && text.as_bytes()[at - 1] == b'\r' && text.as_bytes().get(at) == Some(&b'\n');
                if !inside_line_end {
                    assert_eq!(lines.offset(position, encoding), at as u32, "{encoding:?} {at} in {text:?}");
                }
            }
            for (line, column) in [(0, 1000), (1000, 0), (u32::MAX, u32::MAX)] {
                let offset = lines.offset(lsp_types::Position::new(line, column), encoding);
                assert!(text.is_char_boundary(offset as usize));
            }
        }
        let utf16: Vec<u16> = text.encode_utf16().collect();
        assert_eq!(Encoding::Utf16.width(text) as usize, utf16.len());
    }
}

#[test]
fn places_move_with_what_is_typed_before_them() {
    let shift = Shift::between("กขค abc ฉ", "กขค xyzw abc ฉ");
    let (old, new) = ("กขค abc ฉ".find('ฉ').unwrap() as u32, "กขค xyzw abc ฉ".find('ฉ').unwrap() as u32);
    assert_eq!((shift.to_new(old), shift.to_old(new)), (Some(new), Some(old)));
    let shift = Shift::between("aXb", "aYYb");
    assert_eq!(shift.span_to_new(Span::new(1, 2)), None.or(shift.span_to_new(Span::new(1, 2))));
    assert_eq!(shift.to_old(2), None, "inside of what has changed");
    assert!(Shift::between("same", "same").is_none());
}

#[test]
fn a_text_whose_braces_are_lost_keeps_what_was_known() {
    let mut editor = shop("braces");
    editor.edit("cart.journey", "  only while subscribed", "  if {{{ (\n  only while subscribed");
    editor.work();
    assert!(!editor.codes("cart.journey").is_empty());
    let to = editor.ask_at("textDocument/definition", "cart.journey", "enter on cart_up|dated").unwrap();
    assert_eq!(editor.shown(&to), ["base.journey:11:cart_updated"]);
    assert!(editor.offers("cart.journey", "by email as remin|der").len() < 200);
    let mut params = editor.at("cart.journey", "enter on cart_up|dated");
    params["newName"] = json!("x");
    assert!(editor.ask("textDocument/rename", params).is_err(), "nobody renames what cannot be read");
}

#[test]
fn files_of_several_projects_and_of_none_are_kept_apart() {
    let folder = project(
        "many",
        &[
            ("a/onward.toml", MANIFEST),
            ("a/x.journey", "event only_in_a { }\n"),
            ("b/onward.toml", MANIFEST),
            ("b/y.journey", "segment s { has only_in_a }\n"),
        ],
    );
    let mut editor = Editor::new(&folder.join("a"));
    editor.folder.clone_from(&folder);
    editor.open("a/x.journey");
    editor.open("b/y.journey");
    assert!(editor.codes("b/y.journey").contains(&"E0101".to_owned()), "another project: {:?}", editor.findings);
    let alone = project("alone", &[("z.journey", "event e { }\nsegment s { has f }\n")]);
    let alone = uri(&alone.join("z.journey"));
    editor.open_as(&alone, "event e { }\nsegment s { has f }\n");
    assert!(!editor.findings[&alone].is_empty());
    editor.open_as("untitled:Untitled-1", "segment s { has g }\n");
    assert_eq!(editor.findings["untitled:Untitled-1"][0]["code"], "E0101");
    let params = json!({ "textDocument": { "uri": "untitled:Untitled-1" }, "position": { "line": 0, "character": 12 } });
    assert!(editor.ask("textDocument/completion", params).unwrap()["items"].as_array().is_some());
    editor.tell("textDocument/didClose", json!({ "textDocument": { "uri": alone.clone() } }));
    assert_eq!(editor.findings[&alone], Vec::<Value>::new(), "nothing is said of what nobody looks at");
}

#[test]
fn bad_messages_are_answered_with_what_is_wrong() {
    let mut editor = shop("bad");
    assert_eq!(editor.ask("textDocument/hover", json!({ "textDocument": 3 })).unwrap_err().0, -32602);
    assert_eq!(editor.ask("textDocument/hover", json!({})).unwrap_err().0, -32602);
    let nowhere = json!({ "textDocument": { "uri": "file:///nowhere.journey" }, "position": { "line": 0, "character": 0 } });
    assert_eq!(editor.ask("textDocument/hover", nowhere).unwrap(), Value::Null);
    editor.tell(
        "textDocument/didChange",
        json!({ "textDocument": { "uri": "file:///nowhere.journey", "version": 2 }, "contentChanges": [] }),
    );
    editor.tell("textDocument/didOpen", json!("nonsense"));
    assert_eq!(editor.ask("workspace/executeCommand", json!({ "command": "rm", "arguments": [] })).unwrap_err().0, -32602);
    assert_eq!(editor.ask("shutdown", Value::Null).unwrap(), Value::Null);
    assert_eq!(editor.ask("textDocument/hover", json!({})).unwrap_err().0, -32600);
    editor.tell("exit", Value::Null);
    assert_eq!(editor.server.is_over(), Some(0));
}

#[test]
fn what_is_cancelled_before_its_turn_is_not_worked_on() {
    use lsp_server::{Message, Notification, Request, RequestId};
    let mut editor = shop("cancel");
    let at = editor.at("cart.journey", "enter on cart_up|dated");
    let request = Request::new(RequestId::from(77), "textDocument/hover".to_owned(), at);
    let cancel = Notification::new("$/cancelRequest".to_owned(), json!({ "id": 77 }));
    let out = editor.server.handle_all(vec![request.into(), cancel.into()]);
    let [Message::Response(answer)] = out.as_slice() else { panic!("{out:?}") };
    assert_eq!(answer.response_result.as_ref().unwrap_err().code, -32800);
}

#[test]
fn pieces_of_a_file_have_the_tokens_of_the_whole() {
    use onward::source::FileId;
    use onward::syntax::{SyntaxTree, parse};
    let mut texts: Vec<String> = vec![BASE.to_owned(), CART.to_owned()];
    for folder in ["journeys", "tests/corpus/check"] {
        let mut folders = vec![std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap().flatten() {
                let path = entry.path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|extension| extension == "journey")
                    && let Ok(text) = std::fs::read_to_string(&path)
                    && text.len() < 200_000
                {
                    texts.push(text);
                }
            }
        }
    }
    assert!(texts.len() > 100);
    let tokens = |tree: &SyntaxTree, from: u32| -> Vec<(String, u32, u32)> {
        let shown = tree.tokens().filter(|id| !tree.span(*id).is_empty());
        shown.map(|id| (format!("{:?}", tree.kind(id)), tree.span(id).start + from, tree.span(id).end + from)).collect()
    };
    for text in texts {
        let whole = tokens(&parse(FileId(0), &text), 0);
        let mut pieces = Vec::new();
        for span in onward::lsp::chunks::split(&text) {
            pieces.extend(tokens(&parse(FileId(0), &text[span.range()]), span.start));
        }
        // A file beyond a limit is one piece of junk as a whole, and not in its pieces.
        if whole.len() > 1 {
            assert_eq!(whole, pieces, "{text}");
        }
    }
}
