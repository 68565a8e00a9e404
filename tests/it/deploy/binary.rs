//! The commands with the real binary on both sides: what changes is shown, agreed to, and active; the store is read where it lies; files that
//! would leave somebody behind do not start.

use super::super::ask::{Folder, Served};
use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

const SHOP: &str = r#"customer { email email? }
event bought { order text }
topic orders "Orders" transactional "the customer asked for it"
message receipt about orders { email { subject "Receipt", text "Thank you" } }
message ขอบคุณ about orders { email { subject "ขอบคุณ", text "ขอบคุณค่ะ" } }
journey receipts "Receipts" {
  enter on bought
  enter again always
  one run per order
  send receipt
  wait 3 days
  send ขอบคุณ
}
"#;

fn write(folder: &Folder, text: &str) {
    fs::write(folder.0.join("shop.journey"), text).unwrap();
}

fn onward(folder: &Folder, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_onward")).args(arguments).current_dir(&folder.0).stdin(Stdio::null()).output().unwrap()
}

/// What it says on both streams, and how it ends.
fn says(folder: &Folder, arguments: &[&str]) -> (i32, String) {
    let done = onward(folder, arguments);
    let text = format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    (done.status.code().unwrap(), text)
}

fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(files(&path));
        } else {
            all.push((path.display().to_string(), fs::read(&path).unwrap()));
        }
    }
    all.sort();
    all
}

#[test]
fn an_edit_is_shown_agreed_to_active_and_taken_back() {
    let folder = Folder::with_project("apply");
    write(&folder, SHOP);
    let served = Served::start(&folder.0, &[]);
    served.takes(r#"[{"customer": "nok", "attributes": {"email": "nok@example.com"}}, {"customer": "nok", "event": "bought", "properties": {"order": "o1"}}]"#);
    // She stands at the wait once the first message is settled.
    let deadline = Instant::now() + Duration::from_secs(20);
    while !served.asked("GET /admin/v1/customers/nok", None, "").1.contains("wait 3 days") {
        assert!(Instant::now() < deadline, "she does not come to the wait");
        std::thread::yield_now();
    }
    let url = served.url.as_str();
    let same = says(&folder, &["apply", ".", "--url", url, "--yes"]);
    assert_eq!(same, (0, "nothing changes: this is the plan that runs\n".to_owned()));

    write(&folder, &SHOP.replace("wait 3 days", "wait 3 dasy"));
    let (code, text) = says(&folder, &["apply", ".", "--url", url, "--yes"]);
    assert!(code == 1 && text.contains("dasy"), "{code} {text}");

    write(&folder, &SHOP.replace("  wait 3 days\n", ""));
    let (code, text) = says(&folder, &["plan", ".", "--against", url]);
    assert!(
        code == 0 && text.contains("removed    `wait 3 days` (shop.journey:11)\n             1 customer stands there"),
        "{code} {text}"
    );
    let (code, text) = says(&folder, &["apply", ".", "--url", url, "--yes"]);
    assert!(code == 1 && text.contains("receipts/wait: `wait 3 days`") && text.contains("nothing was applied"), "{code} {text}");
    let (code, text) = says(&folder, &["apply", ".", "--url", url, "--removed-steps", "stay"]);
    assert!(code == 2 && text.contains("nobody is there to agree"), "{code} {text}");
    let (code, text) = says(&folder, &["apply", ".", "--url", url, "--removed-steps", "move:send ขอบคณ", "--yes"]);
    assert!(code == 2 && text.contains("did you mean `send ขอบคุณ`?"), "{code} {text}");
    let (code, text) = says(&folder, &["apply", ".", "--url", url, "--removed-steps", "move:send ขอบคุณ", "--yes"]);
    assert!(code == 0 && text.ends_with("applied: it is active, and durable\n"), "{code} {text}");
    let deadline = Instant::now() + Duration::from_secs(20);
    while !served
        .asked("GET /admin/v1/customers/nok/why?message=%E0%B8%82%E0%B8%AD%E0%B8%9A%E0%B8%84%E0%B8%B8%E0%B8%93", None, "")
        .1
        .contains("sent")
    {
        assert!(Instant::now() < deadline, "she does not go on where she was moved to");
        std::thread::yield_now();
    }
    let audit = served.asked("GET /admin/v1/audit", None, "").1;
    assert!(audit.contains("apply plan"), "{audit}");
    // Back: the files as they were.
    write(&folder, SHOP);
    let (code, text) = says(&folder, &["--format", "json", "apply", ".", "--url", url, "--yes"]);
    assert!(code == 0 && text.contains("\"applied\":true"), "{code} {text}");
    served.takes(r#"[{"customer": "lek", "attributes": {"email": "lek@example.com"}}, {"customer": "lek", "event": "bought", "properties": {"order": "o2"}}]"#);
    let deadline = Instant::now() + Duration::from_secs(20);
    while !served.asked("GET /admin/v1/customers/lek", None, "").1.contains("wait 3 days") {
        assert!(Instant::now() < deadline, "who begins now begins under the version that is active");
        std::thread::yield_now();
    }
    let (code, text) = says(&folder, &["plan", ".", "--against", ".onward"]);
    assert!(code == 3 && text.contains("a daemon that runs is asked by its address"), "{code} {text}");
    served.stop();

    // The store is read where it lies, and nothing in it is changed.
    let before = files(&folder.0.join(".onward"));
    write(&folder, &SHOP.replace("  wait 3 days\n", ""));
    let (code, text) = says(&folder, &["plan", ".", "--against", ".onward", "--removed-steps", "exit"]);
    assert!(code == 0 && text.contains("1 customer stands there: leave the journey (lek)"), "{code} {text}");
    assert!(files(&folder.0.join(".onward")) == before, "looking changed the store");
    // With files that leave her behind it does not start; with the others it does.
    let (code, text) = says(&folder, &["serve", ".", "--listen", "127.0.0.1:0"]);
    assert!(code == 3 && text.contains("receipts/wait: `wait 3 days` (shop.journey:11), 1 customer"), "{code} {text}");
    assert!(text.contains("onward apply --removed-steps"), "{text}");
    write(&folder, &SHOP.replace("wait 3 days", "wait 2 days"));
    Served::start(&folder.0, &[]).stop();
    for (line, expected) in
        [("receits = 5", "did you mean `receipts`?"), ("receipts = \"many\"", "a whole number"), ("receipts = -1", "a whole number")]
    {
        fs::write(folder.0.join("onward.toml"), format!("[project]\nname = \"shop\"\n[serve.forecast]\n{line}\n")).unwrap();
        let (code, text) = says(&folder, &["serve", ".", "--listen", "127.0.0.1:0"]);
        assert!(code == 1 && text.contains(expected), "{line}: {code} {text}");
    }
}
