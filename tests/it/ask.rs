//! The commands that ask a daemon, with the real binary on both sides.

use serde_json::Value as Json;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const SHOP: &str = r#"customer { email email?, ชื่อ text? }
event bought { order text }
topic orders "Orders" transactional "the customer asked for it"
topic promo "Promotions" opt in
message receipt about orders { email { subject "Receipt", text "Thank you" } }
message offer about promo { email { subject "Offer", text "Come again" } }
journey receipts "Receipts" {
  enter on bought
  enter again always
  one run per order
  send receipt
  send offer
}
catalog product "Products" by sku { name text, stock number = 0 }
"#;

/// A folder that is gone with its value.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn with_project(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("onward-ask-{name}-{}", std::process::id()));
        let _gone = fs::remove_dir_all(&path).is_ok();
        fs::create_dir_all(&path).unwrap();
        fs::write(path.join("shop.journey"), SHOP).unwrap();
        fs::write(path.join("onward.toml"), "[project]\nname = \"shop\"\ntimezone = \"Asia/Bangkok\"\n").unwrap();
        Folder(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _gone = fs::remove_dir_all(&self.0).is_ok();
    }
}

/// A daemon that ends with its value.
pub struct Served {
    child: Child,
    pub url: String,
    address: String,
}

impl Served {
    pub fn start(project: &Path, more: &[&str]) -> Served {
        let mut child = Command::new(env!("CARGO_BIN_EXE_onward"))
            .args(["serve", &project.display().to_string(), "--listen", "127.0.0.1:0"])
            .args(more)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let first = lines.next().expect("it says where it listens").unwrap();
        let address = first.rsplit("http://").next().unwrap().to_owned();
        Served { child, url: format!("http://{address}"), address }
    }

    /// The status and the body that `GET /path` and the like are answered with.
    pub fn asked(&self, call: &str, key: Option<&str>, body: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let key = key.map_or_else(String::new, |key| format!("authorization: Bearer {key}\r\n"));
        let (length, host) = (body.len(), &self.address);
        write!(stream, "{call} HTTP/1.1\r\nhost: {host}\r\n{key}connection: close\r\ncontent-length: {length}\r\n\r\n{body}").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    }

    pub fn takes(&self, body: &str) {
        let (status, answer) = self.asked("POST /v1/events", None, body);
        assert_eq!(status, 200, "{body}: {answer}");
    }

    /// The orderly end.
    pub fn stop(mut self) {
        let told = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(told.success() && self.child.wait().unwrap().success());
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _gone = self.child.kill().is_ok() && self.child.wait().is_ok();
    }
}

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_onward"));
    command.args(arguments).current_dir(folder).env_remove("ONWARD_URL").env_remove("ONWARD_KEY").stdin(Stdio::null());
    command
}

fn ended(mut command: Command) -> (i32, String, String) {
    let out = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (out.status.code().expect("it ends by itself"), text(out.stdout), text(out.stderr))
}

/// Exit code, standard output, standard error.
pub fn onward(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    ended(command(folder, arguments))
}

pub fn fine(folder: &Path, arguments: &[&str]) -> String {
    let (code, out, error) = onward(folder, arguments);
    assert_eq!(code, 0, "{arguments:?}: {out}{error}");
    out
}

/// Asks until the answer contains that.
pub fn until(folder: &Path, arguments: &[&str], wanted: &str) -> String {
    let begin = Instant::now();
    loop {
        let out = fine(folder, arguments);
        if out.contains(wanted) {
            return out;
        }
        assert!(begin.elapsed() < Duration::from_secs(60), "{arguments:?} never says {wanted:?}: {out}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

pub const NOK: &str = r#"[{"customer": "nok", "email": "nok@example.com", "attributes": {"email": "nok@example.com", "ชื่อ": "นก"}},
  {"customer": "nok", "event": "bought", "properties": {"order": "o1"}, "id": "o1"}]"#;

#[test]
fn a_daemon_without_keys_is_asked_from_its_own_machine() {
    let folder = Folder::with_project("whole");
    let served = Served::start(&folder.0, &[]);
    served.takes(NOK);
    // Where it listens stands in the project's file.
    let listen = format!("[project]\nname = \"shop\"\ntimezone = \"Asia/Bangkok\"\n[serve]\nlisten = \"{}\"\n", served.address);
    fs::write(folder.0.join("onward.toml"), listen).unwrap();
    let out = until(&folder.0, &["why", "nok", "--message", "receipt"], "receipt by email: sent");
    let first = out.lines().next().unwrap();
    assert!(first.starts_with("nok, 20") && first.ends_with("(receipts 1, send receipt, shop.journey:11)"), "{first}");
    let out = until(&folder.0, &["why", "nok@example.com", "--message", "offer"], "skipped, no consent");
    assert!(out.contains("shop.journey:12"), "{out}");
    assert!(fine(&folder.0, &["why", "nok", "--journey", "receipts"]).contains("receipts 1"));
    let out = fine(&folder.0, &["customer", "nok"]);
    assert!(out.contains("customer.ชื่อ") && out.contains("นก") && out.contains("bought { order: o1 }"), "{out}");
    let out = fine(&folder.0, &["status"]);
    assert!(out.contains("customers       1\n") && out.contains("on hold         no\n"), "{out}");

    assert_eq!(fine(&folder.0, &["pause", "receipts"]), "paused: journey receipts\n");
    assert_eq!(fine(&folder.0, &["pause", "--channel", "email"]), "paused: journey receipts, channel email\n");
    let began = Instant::now();
    assert_eq!(fine(&folder.0, &["pause"]), "paused: everything, journey receipts, channel email\n");
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
    assert_eq!(fine(&folder.0, &["resume"]), "paused: journey receipts, channel email\n");
    assert_eq!(fine(&folder.0, &["resume", "receipts"]), "paused: channel email\n");
    assert_eq!(fine(&folder.0, &["resume", "--channel", "email"]), "nothing is paused\n");

    let (code, _, error) = onward(&folder.0, &["pause", "receits"]);
    assert!(code == 1 && error.contains("did you mean `receipts`?"), "{code} {error}");
    let (code, _, error) = onward(&folder.0, &["customer", "ไม่มี ใคร/x"]);
    assert!(code == 1 && error.contains("nobody is known as `ไม่มี ใคร/x`"), "{code} {error}");
    let (code, _, error) = onward(&folder.0, &["release"]);
    assert!(code == 1 && error.contains("nothing holds the store"), "{code} {error}");

    let (code, _, error) = onward(&folder.0, &["erase", "nok"]);
    assert!(code == 2 && error.contains("say `--yes`"), "{code} {error}");
    fine(&folder.0, &["customer", "nok"]);
    assert!(fine(&folder.0, &["erase", "nok", "--yes"]).starts_with("erased"));
    assert_eq!(onward(&folder.0, &["customer", "nok"]).0, 1);
}

#[test]
fn every_answer_comes_as_json_too() {
    let folder = Folder::with_project("json");
    let served = Served::start(&folder.0, &[]);
    served.takes(NOK);
    let json = |arguments: &[&str]| -> Json {
        let out = fine(&folder.0, &[&["--format", "json"], arguments, &["--url", &served.url]].concat());
        serde_json::from_str(&out).unwrap_or_else(|_| panic!("{arguments:?}: {out}"))
    };
    assert_eq!(json(&["status"])["customers"], 1);
    assert_eq!(json(&["customer", "nok"])["customer"]["profile"]["ชื่อ"], "นก");
    assert!(json(&["why", "nok", "--message", "receipt"])["answer"].as_str().unwrap().contains("receipt"));
    assert_eq!(json(&["pause", "receipts"])["paused"][0], "journey receipts");
    assert_eq!(json(&["resume"])["paused"][0], "journey receipts");
    assert!(json(&["erase", "nok", "--yes"])["erased"].is_u64());
}

#[test]
fn keys_are_made_before_the_daemon_and_open_what_they_are_for() {
    let folder = Folder::with_project("keys");
    assert!(fine(&folder.0, &["keys", "list"]).starts_with("there are no keys"));
    assert!(!folder.0.join(".onward").exists(), "looking makes nothing");
    let make = |name: &str, kind: &str| {
        let secret = fine(&folder.0, &["keys", "create", name, "--kind", kind]);
        assert!(secret.starts_with(&format!("ow_{kind}_")) && secret.lines().count() == 1, "{secret}");
        fs::write(folder.0.join(format!("{name}.key")), secret).unwrap();
    };
    make("look", "read");
    make("ops", "admin");
    make("site", "write");
    let (code, _, error) = onward(&folder.0, &["keys", "create", "ops", "--kind", "read"]);
    assert!(code == 1 && error.contains("there is a live key named `ops` already"), "{code} {error}");
    let served = Served::start(&folder.0, &[]);
    let with = |key: &str, call: &[&str]| onward(&folder.0, &[call, &["--url", &served.url, "--key-file", &format!("{key}.key")]].concat());
    let (code, _, error) = onward(&folder.0, &["status", "--url", &served.url]);
    assert!(code == 2 && error.contains("the daemon wants a key") && error.contains("--key-file"), "{code} {error}");
    assert_eq!(with("look", &["status"]).0, 0);
    let (code, _, error) = with("look", &["pause"]);
    assert!(code == 2 && error.contains("this key may not do that") && error.contains("`admin`"), "{code} {error}");
    assert_eq!(with("site", &["status"]).0, 2);
    assert_eq!(with("ops", &["pause"]).0, 0);
    // Out of the environment, and never shown.
    let mut asked = command(&folder.0, &["status", "--url", &served.url]);
    asked.env("ONWARD_KEY", "ow_read_nobodyknowsthis");
    let (code, out, error) = ended(asked);
    assert!(
        code == 2 && error.contains("does not know this key") && !format!("{out}{error}").contains("nobodyknowsthis"),
        "{code} {error}"
    );
    let mut asked = command(&folder.0, &["status"]);
    asked.env("ONWARD_KEY", fs::read_to_string(folder.0.join("look.key")).unwrap()).env("ONWARD_URL", &served.url);
    assert_eq!(ended(asked).0, 0);
    for (file, said) in [("none.key", "cannot be read"), ("shop.journey", "there is no key in it")] {
        let (code, _, error) = onward(&folder.0, &["status", "--url", &served.url, "--key-file", file]);
        assert!(code == 3 && error.contains(said), "{code} {error}");
    }

    // Both secrets open, then the old one does not.
    let fresh = fine(&folder.0, &["keys", "rotate", "look"]);
    fs::write(folder.0.join("fresh.key"), fresh).unwrap();
    let comes_to = |key: &str, wanted: i32| {
        let begin = Instant::now();
        while with(key, &["status"]).0 != wanted {
            assert!(begin.elapsed() < Duration::from_secs(20), "{key} never ends with {wanted}");
            std::thread::sleep(Duration::from_millis(50));
        }
    };
    comes_to("fresh", 0);
    assert_eq!(with("look", &["status"]).0, 0);
    assert!(fine(&folder.0, &["keys", "revoke", "look"]).starts_with("2 keys revoked"));
    comes_to("fresh", 2);
    comes_to("look", 2);
    let (code, _, error) = onward(&folder.0, &["keys", "revoke", "look"]);
    assert!(code == 1 && error.contains("no live key `look`"), "{code} {error}");
    let out = fine(&folder.0, &["keys", "list"]);
    assert!(
        out.lines().count() == 5
            && out.contains("revoked 20")
            && !out.contains(fs::read_to_string(folder.0.join("ops.key")).unwrap().trim()),
        "{out}"
    );
    let listed: Json = serde_json::from_str(&fine(&folder.0, &["--format", "json", "keys", "list"])).unwrap();
    let live: Vec<bool> = listed["keys"].as_array().unwrap().iter().map(|key| key["live"].as_bool().unwrap()).collect();
    assert_eq!(live, [false, true, true, false]);
    assert_eq!(onward(&folder.0, &["keys", "list", "--project", "nowhere"]).0, 3);
    assert_eq!(onward(&folder.0, &["keys", "create", "a b", "--kind", "read"]).0, 2);
}

#[test]
fn who_does_not_answer_is_named() {
    let folder = Folder::with_project("absent");
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", free.local_addr().unwrap());
    let stranger = std::thread::spawn(move || {
        let (mut stream, _) = free.accept().unwrap();
        let mut line = String::new();
        let _read = BufReader::new(stream.try_clone().unwrap()).read_line(&mut line).unwrap();
        stream.write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\nconnection: close\r\n\r\nno").unwrap();
    });
    let (code, _, error) = onward(&folder.0, &["status", "--url", &url]);
    assert!(code == 3 && error.contains("no Onward that knows this call"), "{code} {error}");
    stranger.join().unwrap();
    let (code, _, error) = onward(&folder.0, &["status", "--url", &url]);
    assert!(
        code == 3 && error.contains(&format!("no daemon answers on {url}")) && error.contains("help: start it with `onward serve"),
        "{code} {error}"
    );
    for (url, said) in [
        ("http://10.1.2.3:8080", "use https, or a tunnel"),
        ("shop", "neither `https://` nor `http://`"),
        ("http://localhost/admin", "only a host and a port"),
    ] {
        let (code, _, error) = onward(&folder.0, &["pause", "--url", url]);
        assert!(code == 2 && error.contains(said), "{url}: {code} {error}");
    }
    fs::write(folder.0.join("onward.toml"), "[serve\n").unwrap();
    let (code, _, error) = onward(&folder.0, &["status"]);
    assert!(code == 1 && error.contains("onward.toml") && error.contains("is not understood"), "{code} {error}");
}

#[test]
fn a_restored_store_sends_nothing_until_it_is_released() {
    let folder = Folder::with_project("release");
    let served = Served::start(&folder.0, &[]);
    served.takes(r#"{"customer": "nok", "attributes": {"email": "nok@example.com"}}"#);
    served.stop();
    fine(&folder.0, &["store", "backup", ".onward/store", "copy", "--keys-to", "keys-copy"]);
    fine(&folder.0, &["store", "restore", "copy", "second/store", "--keys-from", "keys-copy"]);
    let again = Served::start(&folder.0, &["--store", "second"]);
    again.takes(r#"{"customer": "nok", "event": "bought", "properties": {"order": "o1"}, "id": "o1"}"#);
    let run = |call: &[&str]| fine(&folder.0, &[call, &["--url", &again.url]].concat());
    assert!(run(&["status"]).contains("on hold         yes: nothing is sent until `onward release`"));
    let told = run(&["why", "nok", "--message", "receipt"]);
    assert!(!told.contains("receipt by email: sent"), "{told}");
    assert_eq!(run(&["release"]), "released: what is due is sent from now on\n");
    assert!(run(&["status"]).contains("on hold         no"));
    // What waited is asked again within a minute; what is new goes at once.
    again.takes(r#"{"customer": "nok", "event": "bought", "properties": {"order": "o2"}, "id": "o2"}"#);
    until(&folder.0, &["why", "nok", "--message", "receipt", "--url", &again.url], "receipt by email: sent");
    again.stop();
    let again = Served::start(&folder.0, &["--store", "second"]);
    assert!(fine(&folder.0, &["status", "--url", &again.url]).contains("on hold         no"), "it is released for good");
}

#[test]
fn a_daemon_with_a_certificate_is_asked_over_https() {
    let folder = Folder::with_project("https");
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    fs::write(folder.0.join("cert.pem"), made.cert.pem()).unwrap();
    fs::write(folder.0.join("key.pem"), made.signing_key.serialize_pem()).unwrap();
    let settings = "[project]\nname = \"shop\"\n[serve.tls]\ncertificate = \"cert.pem\"\nkey = \"key.pem\"\n";
    fs::write(folder.0.join("onward.toml"), settings).unwrap();
    let served = Served::start(&folder.0, &[]);
    let url = format!("https://localhost:{}", served.address.rsplit(':').next().unwrap());
    let mut trusting = command(&folder.0, &["status", "--url", &url]);
    trusting.env("SSL_CERT_FILE", folder.0.join("cert.pem"));
    let (code, out, error) = ended(trusting);
    assert!(code == 0 && out.contains("on hold         no"), "{code} {out}{error}");
    let mut strange = command(&folder.0, &["status", "--url", &url]);
    let other = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    fs::write(folder.0.join("other.pem"), other.cert.pem()).unwrap();
    strange.env("SSL_CERT_FILE", folder.0.join("other.pem"));
    let (code, _, error) = ended(strange);
    assert!(code == 3 && error.contains("no encrypted connection"), "{code} {error}");
}
