//! The language server as an editor drives it: in this process, message by message, and as a command over its streams.

#[path = "lsp/broken.rs"]
mod broken;
#[path = "lsp/editor.rs"]
mod editor;
#[path = "lsp/limits.rs"]
mod limits;
#[path = "lsp/session.rs"]
mod session;
#[path = "lsp/streams.rs"]
mod streams;

use editor::{Editor, project};
use serde_json::{Value, json};

const MANIFEST: &str = "[project]\nname = \"shop\"\n";

const BASE: &str = r#"## Who our customers are.
customer {
  email          email?
  phone          phone?
  ## How we greet her.
  first_name     text?
  plan           one of "free", "pro" = "free"
}

## Somebody put something into the cart.
event cart_updated "Cart Updated" { cart_id text, total money THB }
event order_completed { order_id text, cart_id text?, total money THB }

topic promotions "Promotions" opt in

segment กลุ่มใหญ่ "Big spenders" { sum of order_completed.total in the last 90 days >= 20000 THB }

## Reminds of the cart.
message cart_reminder(total money THB) about promotions {
  email {
    subject "😀 {{ customer.first_name | default: 'คุณลูกค้า' }} ลืม {{ total | money }}"
    html file "mail/cart.html"
  }
  sms "ยอด {{ total | money }}"
}
"#;

const CART: &str = r#"journey cart_recovery "Cart recovery" {
  enter on cart_updated where total >= 500 THB
  enter again never
  goal order_completed within 7 days of entry then exit
  only while subscribed to promotions

  wait 2 days
  send cart_reminder(total: entry.total) by email as reminder
  wait up to 1 day {
    on clicked reminder {
      exit "clicked"
    }
    otherwise {
    }
  }
  if in segment กลุ่มใหญ่ { send cart_reminder(total: entry.total) by sms }
}

scenario "reminds" for cart_recovery {
  given customer { first_name: "Nok", email: "nok@example.com", phone: "+66812345678" }
  given subscribed to promotions
  at 2026-03-01 10:00 cart_updated { cart_id: "c1", total: 900 THB }
  expect message cart_reminder by email after 2 days
}

scenario "is wrong" for cart_recovery {
  given customer { first_name: "Nok", email: "nok@example.com" }
  given subscribed to promotions
  at 2026-03-01 10:00 cart_updated { cart_id: "c1", total: 900 THB }
  expect no messages
}
"#;

const MAIL: &str = "<p>{{ customer.first_name | default: 'x' }} {{ total | money }} <a href=\"{{ unsubscribe_url }}\">off</a></p>\n";

fn shop(name: &str) -> Editor {
    let folder = project(name, &[("onward.toml", MANIFEST), ("base.journey", BASE), ("cart.journey", CART), ("mail/cart.html", MAIL)]);
    let mut editor = Editor::new(&folder);
    editor.open("base.journey");
    editor.open("cart.journey");
    editor
}

#[test]
fn it_says_what_it_can_and_counts_as_the_editor_does() {
    let folder = project("capabilities", &[("onward.toml", MANIFEST), ("base.journey", BASE)]);
    let mut editor = Editor::new(&folder);
    assert_eq!(editor.asked[0].method, "client/registerCapability");
    assert_eq!(editor.ask("initialize", json!({})).unwrap_err().0, -32600);
    assert_eq!(editor.ask("onward/unknown", json!({})).unwrap_err().0, -32601);
    let mut utf8 = editor::capabilities();
    utf8["general"]["positionEncodings"] = json!(["utf-8", "utf-16"]);
    let mut editor = Editor::with(&folder, utf8);
    editor.open("base.journey");
    let line = BASE.lines().position(|line| line.starts_with("segment")).unwrap();
    let byte = BASE.lines().nth(line).unwrap().find("order_completed").unwrap();
    let uri = editor.uri("base.journey");
    let at = json!({ "textDocument": { "uri": uri }, "position": { "line": line, "character": byte + 1 } });
    let hover = editor.ask("textDocument/hover", at).unwrap();
    assert_eq!(hover["range"]["start"]["character"], byte, "{hover}");
}

#[test]
fn findings_are_those_of_the_command_with_help_places_and_fixes() {
    let mut editor = shop("findings");
    assert_eq!(editor.codes("cart.journey"), Vec::<String>::new());
    editor.edit("cart.journey", "enter on cart_updated where", "enter on cart_updatd where");
    editor.work();
    let found = editor.findings[&editor.uri("cart.journey")].clone();
    let one = found.iter().find(|one| one["code"] == "E0101").unwrap_or_else(|| panic!("{found:?}"));
    assert_eq!(editor.slice("cart.journey", &one["range"]), "cart_updatd");
    assert!(one["message"].as_str().unwrap().starts_with("there is no event `cart_updatd`\n"), "{one}");
    assert!(one["message"].as_str().unwrap().contains("help: did you mean `cart_updated`?"), "{one}");
    let uri = editor.uri("cart.journey");
    let params = json!({ "textDocument": { "uri": uri }, "range": one["range"], "context": { "diagnostics": [one] } });
    let actions = editor.ask("textDocument/codeAction", params).unwrap();
    assert_eq!(actions[0]["title"], "change to `cart_updated`");
    let edit = &actions[0]["edit"]["changes"][&uri][0];
    assert_eq!((edit["newText"].as_str().unwrap(), editor.slice("cart.journey", &edit["range"]).as_str()), ("cart_updated", "cart_updatd"));
    editor.edit("cart.journey", "cart_updatd", "cart_updated");
    editor.work();
    assert_eq!(editor.codes("cart.journey"), Vec::<String>::new());
}

#[test]
fn what_is_not_saved_wins_and_what_changes_on_the_disk_counts() {
    let mut editor = shop("unsaved");
    editor.edit("base.journey", "event order_completed", "event order_done");
    editor.work();
    assert!(editor.codes("cart.journey").contains(&"E0101".to_owned()), "another file sees it: {:?}", editor.findings);
    editor.tell("textDocument/didClose", json!({ "textDocument": { "uri": editor.uri("base.journey") } }));
    assert_eq!(editor.codes("cart.journey"), Vec::<String>::new(), "the disk still has it");
    std::fs::write(editor.folder.join("base.journey"), BASE.replace("event order_completed", "event order_done")).unwrap();
    editor.tell("workspace/didChangeWatchedFiles", json!({ "changes": [] }));
    assert!(editor.codes("cart.journey").contains(&"E0101".to_owned()));
}

#[test]
fn hover_says_what_a_name_is_and_what_its_author_says() {
    let mut editor = shop("hover");
    let said = editor.hover("cart.journey", "send cart_rem|inder(total: entry.total) by email");
    assert!(said.contains("message cart_reminder(total money THB) about promotions") && said.contains("Reminds of the cart."), "{said}");
    let said = editor.hover("cart.journey", "enter on cart_up|dated");
    assert!(said.contains("Called \"Cart Updated\" outside.") && said.contains("Somebody put something"), "{said}");
    let said = editor.hover("cart.journey", "entry.to|tal) by email");
    assert!(said.contains("event cart_updated: total money THB"), "{said}");
    assert_eq!(editor.hover("cart.journey", "wait 2 d|ays"), "**2 days**: same local time, two days later");
    assert!(editor.hover("base.journey", "in the last 90 d|ays").contains("counted back exactly"));
    let said = editor.hover("base.journey", "{{ customer.first_n|ame | default: 'คุณ");
    assert!(said.contains("customer.first_name text?") && said.contains("How we greet her.") && said.contains("may be missing"), "{said}");
    assert!(editor.hover("cart.journey", "in segment กลุ่ม|ใหญ่ ").contains("Big spenders"));
    assert!(editor.hover("cart.journey", "on clicked remin|der {").contains("reminder"));
}

#[test]
fn what_is_offered_fits_the_place() {
    let mut editor = shop("offers");
    let mut offers = |old: &str, new: &str, at: &str| {
        editor.edit("cart.journey", old, new);
        let offers = editor.offers("cart.journey", at);
        editor.edit("cart.journey", new, old);
        offers
    };
    let has = |offers: &[String], wanted: &[&str]| {
        for one in wanted {
            assert!(offers.iter().any(|offer| offer == one), "no `{one}` in {offers:?}");
        }
    };
    let step = offers("  wait 2 days\n", "  wa\n", "  wa|\n");
    has(&step, &["wait", "send", "if", "let", "exit", "enter on"]);
    has(&offers("  wait 2 days\n", "  wait \n", "  wait |\n"), &["until", "up to"]);
    has(&offers("by email as", "by  as", "by | as"), &["email", "sms"]);
    let messages = offers("send cart_reminder(total: entry.total) by email", "send ", "send | as reminder");
    assert_eq!(messages[0], "cart_reminder");
    let entry = offers("total: entry.total) by email", "total: entry.) by email", "entry.|)");
    has(&entry, &["total", "cart_id", "at"]);
    assert!(!entry.contains(&"order_id".to_owned()), "not of this entry: {entry:?}");
    has(&offers("(total: entry.total) by email", "() by email", "(|) by email"), &["total"]);
    let fields = offers("where total >=", "where  >=", "where | >=");
    has(&fields, &["total", "cart_id", "customer"]);
    has(&offers("subscribed to promotions\n\n", "subscribed to \n\n", "subscribed to |\n\n"), &["promotions"]);
    has(&offers("in segment กลุ่มใหญ่ {", "in segment ก {", "in segment ก| {"), &["กลุ่มใหญ่"]);
    has(&offers("on clicked reminder", "on clicked ", "on clicked | {"), &["reminder", "cart_reminder"]);
    has(&offers("wait 2 days", "wait 2 ", "wait 2 |"), &["days", "hours"]);
    has(
        &offers("{ first_name: \"Nok\", email: \"nok@example.com\", phone: \"+66812345678\" }", "{  }", "customer { | }"),
        &["first_name", "plan"],
    );
    has(
        &offers(
            "for cart_recovery {\n  given customer { first_name: \"Nok\", email: \"nok@example.com\", phone",
            "for  {\n  given customer { phone",
            "for | {",
        ),
        &["cart_recovery"],
    );
    has(&offers("scenario \"reminds\"", "\nscenario \"reminds\"", "|\nscenario \"reminds\""), &["journey", "message", "event"]);
}

#[test]
fn templates_know_their_names_and_filters() {
    let mut editor = shop("templates");
    editor.edit("base.journey", "sms \"ยอด {{ total | money }}\"", "sms \"ยอด {{ customer. }}\"");
    let customer = editor.offers("base.journey", "ยอด {{ customer.| }}\"");
    assert!(customer.contains(&"first_name".to_owned()) && customer.contains(&"id".to_owned()), "{customer:?}");
    editor.edit("base.journey", "ยอด {{ customer. }}", "ยอด {{ total | mo }}");
    let filters = editor.offers("base.journey", " mo| }}\"");
    assert!(filters.contains(&"money".to_owned()) && filters.contains(&"default".to_owned()), "{filters:?}");
    editor.edit("base.journey", "ยอด {{ total | mo }}", "ยอด {{ t }}");
    let heads = editor.offers("base.journey", "ยอด {{ t| }}\"");
    assert!(heads.contains(&"total".to_owned()) && heads.contains(&"unsubscribe_url".to_owned()), "{heads:?}");
    editor.open("mail/cart.html");
    let offers = editor.offers("mail/cart.html", "{{ customer.|first_name");
    assert!(offers.contains(&"first_name".to_owned()), "{offers:?}");
    assert!(editor.offers("mail/cart.html", "<p|>").is_empty());
}

#[test]
fn names_lead_to_where_they_are_declared_and_used() {
    let mut editor = shop("navigation");
    let to = editor.ask_at("textDocument/definition", "cart.journey", "send cart_rem|inder(total: entry.total) by email").unwrap();
    assert_eq!(editor.shown(&to), ["base.journey:19:cart_reminder"]);
    let to = editor.ask_at("textDocument/definition", "cart.journey", "on clicked remin|der").unwrap();
    assert_eq!(editor.shown(&to), ["cart.journey:8:reminder"]);
    let to = editor.ask_at("textDocument/definition", "base.journey", "sms \"ยอด {{ tot|al").unwrap();
    assert_eq!(editor.shown(&to), ["base.journey:19:total"]);
    let mut params = editor.at("base.journey", "event cart_up|dated");
    params["context"] = json!({ "includeDeclaration": true });
    let uses = editor.ask("textDocument/references", params.clone()).unwrap();
    assert_eq!(
        editor.shown(&uses),
        ["base.journey:11:cart_updated", "cart.journey:2:cart_updated", "cart.journey:22:cart_updated", "cart.journey:29:cart_updated"]
    );
    params["context"] = json!({ "includeDeclaration": false });
    assert_eq!(editor.ask("textDocument/references", params).unwrap().as_array().unwrap().len(), 3);
    // Where lines have moved since the last check, places move along.
    editor.edit("base.journey", "## Who our", "#\n#\n## Who our");
    let to = editor.ask_at("textDocument/definition", "cart.journey", "enter on cart_up|dated").unwrap();
    assert_eq!(editor.shown(&to), ["base.journey:13:cart_updated"]);
}

fn renamed(editor: &mut Editor, file: &str, at: &str, new: &str) -> Result<Vec<(String, String, String)>, String> {
    let mut params = editor.at(file, at);
    params["newName"] = json!(new);
    let answer = editor.ask("textDocument/rename", params).map_err(|(_, why)| why)?;
    let mut edits = Vec::new();
    for (uri, list) in answer["changes"].as_object().unwrap() {
        for edit in list.as_array().unwrap() {
            let location = json!([{ "uri": uri, "range": edit["range"] }]);
            let file = uri.rsplit('/').next().unwrap().to_owned();
            let old =
                if uri.ends_with(".html") { String::new() } else { editor.shown(&location)[0].rsplit(':').next().unwrap().to_owned() };
            edits.push((file, old, edit["newText"].as_str().unwrap().to_owned()));
        }
    }
    Ok(edits)
}

#[test]
fn a_name_changes_everywhere_or_nowhere() {
    let mut editor = shop("rename");
    let edits = renamed(&mut editor, "base.journey", "cart_reminder(to|tal money", "sum_of_cart").unwrap();
    let files: Vec<&str> = edits.iter().map(|(file, _, _)| file.as_str()).collect();
    assert_eq!(files, ["base.journey", "base.journey", "base.journey", "cart.journey", "cart.journey", "cart.html"], "{edits:?}");
    let edits = renamed(&mut editor, "cart.journey", "enter on cart_up|dated", "ตะกร้า").unwrap();
    assert!(edits.iter().all(|(_, old, new)| old == "cart_updated" && new == "ตะกร้า"), "{edits:?}");
    // What arrives keeps its name outside.
    let edits = renamed(&mut editor, "base.journey", "event order_comp|leted", "order_done").unwrap();
    assert!(edits.contains(&("base.journey".into(), "order_completed".into(), "order_done \"order_completed\"".into())), "{edits:?}");
    let why = renamed(&mut editor, "cart.journey", "enter on cart_up|dated", "order_completed").unwrap_err();
    assert!(why.contains("declared twice"), "{why}");
    let why = renamed(&mut editor, "cart.journey", "by email as remin|der", "customer").unwrap_err();
    assert!(why.contains("nothing can be called `customer`"), "{why}");
    let why = renamed(&mut editor, "base.journey", "\"Cart Up|dated\"", "x").unwrap_err();
    assert!(why.contains("what other systems call it"), "{why}");
    let why = renamed(&mut editor, "base.journey", "{{ customer.fir|st_name | default: 'คุณ", "plan").unwrap_err();
    assert!(why.contains("declared twice"), "{why}");
    assert!(editor.ask_at("textDocument/prepareRename", "cart.journey", "wa|it 2 days").is_err());
    let may = editor.ask_at("textDocument/prepareRename", "cart.journey", "in segment กลุ่ม|ใหญ่").unwrap();
    assert_eq!(may["placeholder"], "กลุ่มใหญ่");
}

#[test]
fn files_are_outlined_folded_and_coloured() {
    let mut editor = shop("outline");
    let document = json!({ "textDocument": { "uri": editor.uri("base.journey") } });
    let symbols = editor.ask("textDocument/documentSymbol", document.clone()).unwrap();
    let names: Vec<&str> = symbols.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["customer", "cart_updated", "order_completed", "promotions", "กลุ่มใหญ่", "cart_reminder"]);
    assert_eq!(symbols[0]["children"][2]["name"], "first_name");
    let found = editor.ask("workspace/symbol", json!({ "query": "cart_r" })).unwrap();
    let names: Vec<&str> = found.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["cart_recovery", "cart_reminder"], "{found}");
    let folds = editor.ask("textDocument/foldingRange", document.clone()).unwrap();
    assert!(folds.as_array().unwrap().contains(&json!({ "startLine": 1, "endLine": 6 })), "{folds}");
    let tokens = editor.ask("textDocument/semanticTokens/full", document.clone()).unwrap();
    let data: Vec<u64> = tokens["data"].as_array().unwrap().iter().map(|one| one.as_u64().unwrap()).collect();
    assert!(data.len() > 200 && data.len().is_multiple_of(5));
    // Thai: the segment's name begins behind `segment `, and is nine units long.
    let mut line = 0;
    let mut column = 0;
    let mut shown = Vec::new();
    for token in data.chunks(5) {
        column = if token[0] == 0 { column + token[1] } else { token[1] };
        line += token[0];
        if BASE.lines().nth(line as usize).unwrap().starts_with("segment") {
            shown.push((column, token[2]));
        }
    }
    assert_eq!(shown[..2], [(0, 7), (8, 9)]);
    editor.edit("base.journey", "opt in", "opt out");
    let mut params = document;
    params["previousResultId"] = tokens["resultId"].clone();
    let delta = editor.ask("textDocument/semanticTokens/full/delta", params).unwrap();
    assert!(
        delta["edits"].as_array().unwrap().len() <= 1 && delta["edits"][0]["data"].as_array().is_none_or(|data| data.len() <= 10),
        "{delta}"
    );
}

#[test]
fn lenses_run_scenarios_for_real() {
    let mut editor = shop("lenses");
    let document = json!({ "textDocument": { "uri": editor.uri("cart.journey") } });
    let lenses = editor.ask("textDocument/codeLens", document.clone()).unwrap();
    let titles = |lenses: &Value| -> Vec<String> {
        lenses.as_array().unwrap().iter().map(|one| one["command"]["title"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(titles(&lenses), ["run 2 scenarios", "show picture", "run", "run"]);
    let command = lenses[0]["command"].clone();
    let answer =
        editor.ask("workspace/executeCommand", json!({ "command": command["command"], "arguments": command["arguments"] })).unwrap();
    assert_eq!((answer["passed"].as_u64(), answer["failed"].as_u64()), (Some(1), Some(1)), "{answer}");
    assert!(editor.notes.iter().any(|note| note.method == "window/showMessage"));
    let after = titles(&editor.ask("textDocument/codeLens", document).unwrap());
    assert_eq!(after[..4], ["run 2 scenarios", "show picture", "run", "came true"]);
    assert!(after[5].starts_with("failed: expect no messages"), "{after:?}");
    editor.edit("cart.journey", "wait 2 days", "wait 2 dayz");
    editor.work();
    let refused = editor.ask("workspace/executeCommand", json!({ "command": command["command"], "arguments": command["arguments"] }));
    assert!(refused.unwrap_err().1.contains("has errors"));
}

#[test]
fn dates_say_their_day_and_segments_how_many_they_held() {
    let mut editor = shop("hints");
    let range = json!({ "start": { "line": 0, "character": 0 }, "end": { "line": 99, "character": 0 } });
    let hints =
        editor.ask("textDocument/inlayHint", json!({ "textDocument": { "uri": editor.uri("cart.journey") }, "range": range })).unwrap();
    assert_eq!(hints[0]["label"], "Sun", "{hints}");
    let of_base = json!({ "textDocument": { "uri": editor.uri("base.journey") }, "range": range });
    assert_eq!(editor.ask("textDocument/inlayHint", of_base.clone()).unwrap(), json!([]), "nothing was simulated");
    // As `onward simulate` leaves it.
    std::fs::write(
        editor.folder.join("events.csv"),
        "customer,event,time,order_id,total\nu1,order_completed,2026-01-05T10:00:00+07:00,o1,30000\nu2,order_completed,2026-01-05T11:00:00+07:00,o2,10\n",
    )
    .unwrap();
    let ran = std::process::Command::new(env!("CARGO_BIN_EXE_onward"))
        .args(["simulate", ".", "--events", "events.csv"])
        .current_dir(&editor.folder)
        .output()
        .unwrap();
    assert!(ran.status.success(), "{}{}", String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    editor.tell("workspace/didChangeWatchedFiles", json!({ "changes": [] }));
    let hints = editor.ask("textDocument/inlayHint", of_base).unwrap();
    assert_eq!(hints[0]["label"], "1 customer", "{hints}");
}

#[test]
fn a_file_is_laid_out_as_the_command_does_it() {
    let mut editor = shop("format");
    editor.edit("cart.journey", "  wait 2 days\n  send", "      wait   2 days\n  send");
    let options = json!({ "tabSize": 2, "insertSpaces": true });
    let document = json!({ "uri": editor.uri("cart.journey") });
    let edits = editor.ask("textDocument/formatting", json!({ "textDocument": document, "options": options })).unwrap();
    let edit = &edits[0];
    let text = editor.text("cart.journey").to_owned();
    let (start, end) = (editor::offset(&text, &edit["range"]["start"]), editor::offset(&text, &edit["range"]["end"]));
    let laid_out = format!("{}{}{}", &text[..start], edit["newText"].as_str().unwrap(), &text[end..]);
    assert_eq!(laid_out, onward::format::format_text(&text).unwrap().text);
    assert!(laid_out.contains("\n  wait 2 days\n"), "{laid_out}");
    // A broken declaration stays, and nothing fails.
    editor.edit("cart.journey", "  wait   2 days", "  wait   2 days }}} ((");
    assert!(editor.ask("textDocument/formatting", json!({ "textDocument": document, "options": options })).is_ok());
}

#[test]
fn a_session_in_a_large_project_is_answered_without_waiting_for_a_check() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("lsp").join("large");
    let text = session::project(&folder);
    assert!(text.matches('\n').count() >= session::LINES);
    let begun = std::time::Instant::now();
    let clock = move || begun.elapsed().as_micros() as u64;
    let mut session = session::Session::begin(&folder, text, &clock);
    let ends = session.type_steps();
    let labels = |list: &Value| -> Vec<String> {
        list["items"].as_array().unwrap().iter().map(|item| item["label"].as_str().unwrap().to_owned()).collect()
    };
    assert!(labels(&ends[1]).contains(&"total".to_owned()), "{:?}", labels(&ends[1]));
    assert!(session.took.len() > 200);
    // How fast it is is the benchmark's to judge, in a build for it; this only shows it.
    for method in ["textDocument/didChange", "textDocument/completion", "textDocument/hover", "textDocument/semanticTokens/full"] {
        eprintln!("{method}: p50 {} us, p99 {} us", session.percentile(Some(method), 0.5), session.percentile(Some(method), 0.99));
    }
    eprintln!("all: p50 {} us, p99 {} us", session.percentile(None, 0.5), session.percentile(None, 0.99));
}

#[test]
fn the_preview_follows_the_cursor() {
    let mut editor = shop("preview");
    let picture = editor.ask_at("onward/picture", "cart.journey", "wa|it 2 days").unwrap();
    assert!(
        picture["svg"].as_str().unwrap().starts_with("<svg") && picture["mermaid"].as_str().unwrap().contains("flowchart"),
        "{picture}"
    );
    let preview = editor.ask_at("onward/preview", "base.journey", "sms \"ย|อด").unwrap();
    assert_eq!(preview["name"], "cart_reminder");
    let contents = preview["contents"].as_array().unwrap();
    assert!(contents[0]["html"].as_str().unwrap().contains("<p>Nok"), "{preview}");
    assert!(contents[1]["text"].as_str().unwrap().starts_with("text: ยอด ฿"), "{preview}");
    assert_eq!(editor.ask_at("onward/preview", "base.journey", "topic prom|otions").unwrap(), Value::Null);
    // While the text is broken the last version without errors is shown, and it is said.
    editor.edit("base.journey", "sms \"ยอด", "sms \"ยอด {{ nobody }} ");
    editor.work();
    assert_eq!(editor.ask_at("onward/preview", "base.journey", "sms \"ย|อด").unwrap()["stale"], true);
}
