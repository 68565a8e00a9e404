//! `onward dev`: what a save touches, what is shown of a broken project, and the real binary over a folder that changes.

use onward::Project;
use onward::calendar::Instant;
use onward::dev::session::{Blob, Report, Save, Session};
use onward::dev::touched::{Key, Map, touched};
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant as Clock};

/// Until something must have happened, on a machine that is busy.
const LIMIT: Duration = Duration::from_secs(60);

const SHOP: &str = r#"
customer { email email?, first_name text? }
event ordered { total money THB }
event viewed { sku text }
topic news "ข่าว" opt in
"#;

const WELCOME: &str = r#"
segment big "Big" { has ordered where total >= 1000 THB }
message hello about news { email { subject "สวัสดี {{ customer.first_name | default: 'คุณลูกค้า' }}", html "<p>ยินดีต้อนรับ</p><script>alert(1)</script>" } }
journey welcome "ต้อนรับ" {
  enter on ordered
  enter again never
  only while subscribed to news
  wait 1 day
  if in segment big { exit "big" }
  send hello
}
scenario "gets a mail" for welcome {
  given customer { email: "nok@example.com" }
  given subscribed to news
  at 2026-03-01 10:00 ordered { total: 500 THB }
  expect message hello
}
"#;

const BROWSE: &str = r#"
message look about news { email { subject "Look", text "Look again" } }
journey browse "Browse" {
  enter on viewed
  enter again never
  only while subscribed to news
  wait 1 hour
  send look
}
scenario "looks" for browse {
  given customer { email: "nok@example.com" }
  given subscribed to news
  at 2026-03-01 10:00 viewed { sku: "A1" }
  expect message look
}
"#;

type Texts<'a> = [(&'a str, &'a str)];

fn files<'a>(welcome: &'a str, browse: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![("shop.journey", SHOP), ("welcome.journey", welcome), ("browse.journey", browse)]
}

fn project(files: &Texts) -> Project {
    Project::from_texts(files.iter().copied())
}

/// Titles of the scenarios that an edit touches, each with why.
fn touches(before: &Texts, now: &Texts) -> Vec<(String, String)> {
    let found: BTreeMap<Key, String> = touched(&Map::of(&project(before)), &Map::of(&project(now)));
    found.into_iter().map(|((title, _, _), why)| (title, why)).collect()
}

fn pairs(all: &[(&str, &str)]) -> Vec<(String, String)> {
    all.iter().map(|(title, why)| ((*title).to_owned(), (*why).to_owned())).collect()
}

#[test]
fn a_save_touches_the_scenarios_that_depend_on_what_changed() {
    let before = files(WELCOME, BROWSE);
    let edit = |from: &str, to: &str| {
        assert!(WELCOME.contains(from));
        WELCOME.replace(from, to)
    };
    let welcome = |text: &str| touches(&before, &files(text, BROWSE));
    assert_eq!(welcome(&edit("สวัสดี", "หวัดดี")), pairs(&[("gets a mail", "message `hello`")]));
    assert_eq!(welcome(&edit("1000 THB", "2000 THB")), pairs(&[("gets a mail", "segment `big`")]));
    assert_eq!(welcome(&edit("wait 1 day", "wait 2 days")), pairs(&[("gets a mail", "journey `welcome`")]));
    assert_eq!(welcome(&edit("500 THB", "600 THB")), pairs(&[("gets a mail", "the scenario itself")]));
    assert_eq!(welcome(&edit("\"gets a mail\"", "\"gets it\"")), pairs(&[("gets it", "new")]));
    assert_eq!(welcome(&edit("  wait 1 day", "# a comment\n\n   wait   1 day")), []);
    // What has no name is of everybody.
    let policy = format!("{SHOP}policy {{ timezone \"Asia/Bangkok\" }}\n");
    let now = [("shop.journey", policy.as_str()), ("welcome.journey", WELCOME), ("browse.journey", BROWSE)];
    assert_eq!(touches(&before, &now), pairs(&[("gets a mail", "policy"), ("looks", "policy")]));
}

#[test]
fn a_journey_that_may_run_beside_touches_too_and_one_that_cannot_does_not() {
    let before = files(WELCOME, BROWSE);
    let beside = |enter: &str| {
        let more = format!("{BROWSE}journey other \"Other\" {{\n  {enter}\n  enter again never\n  wait 1 day\n}}\n");
        touches(&before, &files(WELCOME, &more)).into_iter().map(|(title, _)| title).collect::<Vec<_>>()
    };
    assert_eq!(beside("enter on ordered"), ["gets a mail"]);
    assert_eq!(beside("enter on viewed"), ["looks"]);
    assert_eq!(beside("enter every monday at 09:00"), ["gets a mail", "looks"]);
}

/// Nobody of the scenario gets the message any more.
fn silent() -> String {
    let silent = WELCOME.replace("if in segment big { exit \"big\" }", "if not in segment big { exit \"small\" }");
    assert_ne!(silent, WELCOME);
    silent
}

fn save(session: &mut Session, texts: &Texts) -> (Report, Option<u64>) {
    let (report, ready) = session.saved(Save { project: Ok(project(texts)), changed: Vec::new(), now: Instant(0) }, &|| false);
    (report, ready.map(|ready| ready.generation))
}

fn state(session: &Session) -> Json {
    session.published().0
}

#[test]
fn a_broken_project_keeps_its_last_good_state_and_says_so() {
    let mut session = Session::default();
    let broken = WELCOME.replace("wait 1 day", "wait 1 dya");
    // Never good so far.
    let (report, ready) = save(&mut session, &files(&broken, BROWSE));
    assert!(report.errors > 0 && ready.is_none());
    assert_eq!((state(&session)["stale"].clone(), state(&session)["journeys"].as_array().map(Vec::len)), (false.into(), Some(0)));

    let (report, ready) = save(&mut session, &files(WELCOME, BROWSE));
    assert_eq!((report.errors, report.played.len(), report.failed.len()), (0, 2, 0), "{:?}", report.findings);
    assert!(ready.is_some());
    let good = state(&session);
    assert_eq!((&good["status"], &good["stale"]), (&"good".into(), &false.into()));

    let (report, ready) = save(&mut session, &files(&broken, BROWSE));
    assert!(report.findings.iter().any(|line| line.starts_with("welcome.journey:8:")), "{:?}", report.findings);
    assert!(ready.is_none() && report.played.is_empty());
    let now = state(&session);
    assert_eq!((&now["status"], &now["stale"]), (&"broken".into(), &true.into()));
    assert_eq!((&now["journeys"], &now["messages"], &now["scenarios"]), (&good["journeys"], &good["messages"], &good["scenarios"]));
    assert!(now["findings"][0]["place"].as_str().unwrap().starts_with("welcome.journey:8:"), "{}", now["findings"]);

    let gone = Save { project: Err("cannot read `shop`".to_owned()), changed: Vec::new(), now: Instant(0) };
    assert_eq!(session.saved(gone, &|| false).0.trouble.as_deref(), Some("cannot read `shop`"));
    assert_eq!((state(&session)["status"].clone(), state(&session)["stale"].clone()), ("unreadable".into(), true.into()));

    let (_, ready) = save(&mut session, &files(WELCOME, BROWSE));
    assert!(ready.is_some());
    assert_eq!(state(&session)["status"], "good");
}

#[test]
fn a_failed_scenario_is_told_with_its_story_and_is_played_until_it_passes() {
    let mut session = Session::default();
    save(&mut session, &files(WELCOME, BROWSE));
    let silent = silent();
    let (report, _) = save(&mut session, &files(&silent, BROWSE));
    assert_eq!(report.errors, 0, "{:?}", report.findings);
    let titles = |report: &Report| report.played.iter().map(|((title, _, _), _)| title.clone()).collect::<Vec<_>>();
    assert_eq!((titles(&report), report.failed.len()), (vec!["gets a mail".to_owned()], 1));
    assert!(report.failed[0].1.contains("expected  message hello"), "{}", report.failed[0].1);
    let shown = state(&session);
    let failed = shown["scenarios"].as_array().unwrap().iter().find(|one| one["passed"] == false).unwrap().clone();
    assert!(
        failed["failed"]["timeline"].as_array().unwrap().iter().any(|moment| moment["text"].as_str().unwrap().contains("ordered")),
        "{failed}"
    );

    // Nothing of it changed, and it is played nevertheless.
    let other = BROWSE.replace("Look again", "Look there");
    let (report, _) = save(&mut session, &files(&silent, &other));
    assert_eq!(titles(&report), ["looks", "gets a mail"].map(str::to_owned));
    let (report, _) = save(&mut session, &files(WELCOME, &other));
    assert_eq!((titles(&report), report.failed.len()), (vec!["gets a mail".to_owned()], 0));
}

#[test]
fn a_newer_save_stops_the_scenarios_and_drops_the_older_simulation() {
    let mut session = Session::default();
    let first = Save { project: Ok(project(&files(WELCOME, BROWSE))), changed: Vec::new(), now: Instant(0) };
    let (report, ready) = session.saved(first, &|| true);
    assert!(report.stopped && report.played.is_empty());
    let old = ready.unwrap().generation;
    // What was not played is played with the next save, though it does not change.
    let (report, ready) = save(&mut session, &files(WELCOME, BROWSE));
    assert_eq!((report.played.len(), report.stopped), (2, false));
    assert!(!session.simulated(old, Err("old".to_owned()), 1));
    assert_eq!(state(&session)["simulation"]["status"], "running");
    assert!(session.simulated(ready.unwrap(), Err("there is no log".to_owned()), 1));
    assert_eq!(
        (&state(&session)["simulation"]["status"], &state(&session)["simulation"]["why"]),
        (&"failed".into(), &"there is no log".into())
    );
}

#[test]
fn pictures_and_mails_are_beside_the_state_and_keep_their_address() {
    let mut session = Session::default();
    save(&mut session, &files(WELCOME, BROWSE));
    let (first, blobs) = session.published();
    let journey = first["journeys"].as_array().unwrap().iter().find(|one| one["name"] == "welcome").unwrap().clone();
    let picture = journey["picture"].as_str().unwrap();
    assert!(matches!(&blobs[picture], Blob::Picture(svg) if svg.contains("ต้อนรับ")));
    let hello = first["messages"].as_array().unwrap().iter().find(|one| one["name"] == "hello").unwrap().clone();
    assert_eq!(hello["contents"][0]["parts"][0]["text"], "สวัสดี Nok");
    assert_eq!(hello["contents"][1]["parts"][0]["text"], "สวัสดี คุณลูกค้า");
    let html = hello["contents"][0]["parts"][1]["html"].as_str().unwrap();
    assert!(matches!(&blobs[html], Blob::Html(html) if html.contains("ยินดีต้อนรับ")));
    assert!(!first.to_string().contains("<script>"));
    let other = BROWSE.replace("wait 1 hour", "wait 2 hours");
    save(&mut session, &files(WELCOME, &other));
    let (second, _) = session.published();
    let now = second["journeys"].as_array().unwrap().iter().find(|one| one["name"] == "welcome").unwrap().clone();
    assert_eq!(now["picture"], journey["picture"]);
}

/// The real binary over a folder of its own.
struct Dev {
    child: Child,
    address: String,
    told: std::sync::Arc<std::sync::Mutex<String>>,
    folder: PathBuf,
}

fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("dev").join(name);
    // A link would be another path than the watcher names.
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(folder.join("data")).unwrap();
    for (name, text) in files(WELCOME, BROWSE) {
        fs::write(folder.join(name), text).unwrap();
    }
    fs::write(
        folder.join("onward.toml"),
        "[project]\nname = \"ร้านค้า\"\ntimezone = \"Asia/Bangkok\"\n\n[[log]]\nfile = \"data/events.jsonl\"\nformat = \"segment\"\n\n[consent]\nnews = \"everyone\"\n",
    )
    .unwrap();
    let mut log = String::new();
    for (number, event) in ["ordered", "ordered", "viewed"].iter().enumerate() {
        let properties = if *event == "ordered" { "{\"total\":500}" } else { "{\"sku\":\"A1\"}" };
        log += &format!(
            "{{\"type\":\"track\",\"messageId\":\"m{number}\",\"userId\":\"u{number}\",\"event\":\"{event}\",\"timestamp\":\"2026-03-01T10:0{number}:00Z\",\"properties\":{properties}}}\n"
        );
    }
    fs::write(folder.join("data/events.jsonl"), log).unwrap();
    folder
}

impl Dev {
    fn start(name: &str, more: &[&str]) -> Dev {
        let folder = folder(name);
        let mut child = Command::new(env!("CARGO_BIN_EXE_onward"))
            .arg("dev")
            .arg(&folder)
            .args(["--port", "0"])
            .args(more)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut address = String::new();
        let told = std::sync::Arc::new(std::sync::Mutex::new(String::new()));
        for line in lines.by_ref() {
            let line = line.unwrap();
            if let Some((_, found)) = line.split_once("http://") {
                address = found.to_owned();
                break;
            }
        }
        let into = told.clone();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let mut told = into.lock().unwrap();
                told.push_str(&line);
                told.push('\n');
            }
        });
        assert!(!address.is_empty(), "it says where its page is");
        Dev { child, address, told, folder }
    }

    fn ask(&self, path: &str, host: &str, more: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        stream.write_all(format!("GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n{more}\r\n").as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let answer = String::from_utf8(answer).unwrap();
        (answer.split(' ').nth(1).unwrap().parse().unwrap(), answer)
    }

    fn state(&self) -> Json {
        let (status, answer) = self.ask("/state.json", &self.address, "");
        assert_eq!(status, 200, "{answer}");
        let body = answer.split_once("\r\n\r\n").unwrap().1;
        serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {answer}"))
    }

    /// The first state that is as wanted.
    fn until(&self, what: &str, wanted: impl Fn(&Json) -> bool) -> Json {
        let begun = Clock::now();
        loop {
            let state = self.state();
            if wanted(&state) {
                return state;
            }
            assert!(begun.elapsed() < LIMIT, "not until the limit: {what}\n{}\n{state:#}", self.told.lock().unwrap());
            std::thread::yield_now();
        }
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.folder.join(name), text).unwrap();
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn settled(state: &Json) -> bool {
    state["simulation"]["status"] == "done"
}

#[test]
fn the_page_follows_every_save() {
    let dev = Dev::start("follows", &[]);
    let first = dev.until("the first simulation", settled);
    assert_eq!((&first["project"], &first["status"]), (&"ร้านค้า".into(), &"good".into()));
    let number = |state: &Json, name: &str, what: &str, side: &str| {
        let all = state["simulation"]["numbers"].as_array().unwrap().clone();
        all.iter().find(|one| one["name"] == name && one["what"] == what).map(|one| one[side].as_f64())
    };
    assert_eq!(number(&first, "welcome", "entered", "this"), Some(Some(2.0)), "{:#}", first["simulation"]);

    // A line is sent whenever something changed.
    let mut events = TcpStream::connect(&dev.address).unwrap();
    events.set_read_timeout(Some(LIMIT)).unwrap();
    events.write_all(format!("GET /events HTTP/1.1\r\nhost: {}\r\n\r\n", dev.address).as_bytes()).unwrap();
    let mut events = BufReader::new(events).lines();
    let mut next = || -> u64 {
        let line = events.by_ref().map_while(Result::ok).find(|line| line.starts_with("data: ")).expect("an event");
        line["data: ".len()..].parse().unwrap()
    };
    let before = next();

    dev.write("welcome.journey", &WELCOME.replace("send hello", "send helo"));
    assert!(next() > before);
    let broken = dev.until("the finding", |state| state["status"] == "broken");
    assert!(broken["findings"][0]["place"].as_str().unwrap().contains("welcome.journey:10:"), "{}", broken["findings"]);
    assert_eq!((&broken["stale"], &broken["journeys"]), (&true.into(), &first["journeys"]));

    // A scenario fails after an edit, and passes after the fix.
    dev.write("welcome.journey", &silent());
    let failed = |state: &Json| state["scenarios"].as_array().unwrap().iter().filter(|one| one["passed"] == false).count();
    let now = dev.until("a scenario that fails", |state| failed(state) == 1 && settled(state));
    assert_eq!(now["status"], "good");
    assert_eq!(
        (number(&now, "welcome", "entered", "this"), number(&now, "welcome", "entered", "other")),
        (Some(Some(2.0)), Some(Some(2.0)))
    );
    assert_eq!(now["simulation"]["compared"], true);
    dev.write("welcome.journey", WELCOME);
    dev.until("a scenario that passes", |state| failed(state) == 0 && state["status"] == "good" && settled(state));

    let told = dev.told.lock().unwrap().clone();
    assert!(told.contains("\"gets a mail\" · welcome, because of journey `welcome`"), "{told}");
    assert!(told.contains("✗ gets a mail · welcome"), "{told}");
    assert!(!told.contains('\u{1b}'), "{told}");
}

#[test]
fn files_that_come_and_go_and_a_storm_of_saves_end_in_the_last_state() {
    let dev = Dev::start("storm", &[]);
    dev.until("the start", settled);
    let names =
        |state: &Json| state["journeys"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    fs::rename(dev.folder.join("browse.journey"), dev.folder.join("ดูของ.journey")).unwrap();
    let moved = dev.until("the new name", |state| state["journeys"].to_string().contains("ดูของ.journey"));
    assert_eq!(names(&moved).len(), 2);
    fs::remove_file(dev.folder.join("ดูของ.journey")).unwrap();
    dev.until("one journey less", |state| names(state) == ["welcome"]);
    for days in 2..60 {
        // As editors do: another file, then its name.
        let beside = dev.folder.join("welcome.journey.tmp");
        fs::write(&beside, WELCOME.replace("wait 1 day", &format!("wait {days} days"))).unwrap();
        fs::rename(&beside, dev.folder.join("welcome.journey")).unwrap();
    }
    let last = WELCOME.replace("wait 1 day", "wait 77 days");
    dev.write("welcome.journey", &last);
    let end = dev.until("the last of all saves", |state| {
        let picture = state["journeys"][0]["picture"].as_str().unwrap_or_default().to_owned();
        settled(state) && dev.ask(&format!("/blob/{picture}"), &dev.address, "").1.contains("77 days")
    });
    assert_eq!(end["status"], "good");
    assert!(end["generation"].as_u64().unwrap() < 70, "saves of a storm are looked at together: {}", end["generation"]);
    fs::remove_file(dev.folder.join("welcome.journey")).unwrap();
    fs::remove_file(dev.folder.join("shop.journey")).unwrap();
    let gone = dev.until("nothing left", |state| state["status"] == "unreadable");
    assert_eq!((&gone["stale"], names(&gone)), (&true.into(), vec!["welcome".to_owned()]));
}

#[test]
fn only_its_own_page_is_answered() {
    let dev = Dev::start("guard", &["--poll"]);
    let ours = dev.address.clone();
    let (status, page) = dev.ask("/", &ours, "");
    assert_eq!(status, 200);
    let head = page.to_lowercase();
    assert!(
        head.contains("content-security-policy: default-src 'none'; script-src 'self'") && head.contains("x-frame-options: deny"),
        "{page}"
    );
    assert!(!page.contains("http://") && !page.contains("https://"), "nothing is loaded from elsewhere");
    for path in ["/", "/state.json", "/events", "/assets/dev.js"] {
        assert_eq!(dev.ask(path, "evil.example", "").0, 403, "{path}");
        assert_eq!(dev.ask(path, &ours, "origin: http://evil.example\r\n").0, 403, "{path}");
        assert_eq!(dev.ask(path, &ours, "sec-fetch-site: cross-site\r\nsec-fetch-mode: no-cors\r\n").0, 403, "{path}");
    }
    let state = dev.until("the start", settled);
    let html =
        state["messages"].as_array().unwrap().iter().find(|one| one["name"] == "hello").unwrap()["contents"][0]["parts"][1]["html"].clone();
    let (status, mail) = dev.ask(&format!("/blob/{}", html.as_str().unwrap()), &ours, "");
    assert_eq!(status, 200);
    assert!(mail.contains("content-security-policy: sandbox; default-src 'none'") && mail.contains("ยินดีต้อนรับ"), "{mail}");
    assert_eq!(dev.ask("/blob/0123", &ours, "").0, 404);
    // Also somebody who only looks every second sees a save.
    dev.write("welcome.journey", &WELCOME.replace("send hello", "send helo"));
    dev.until("the finding", |state| state["status"] == "broken");
}

fn run(arguments: &[&str]) -> (i32, String, String) {
    let out = Command::new(env!("CARGO_BIN_EXE_onward")).args(arguments).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (out.status.code().unwrap(), text(&out.stdout), text(&out.stderr))
}

#[test]
fn a_port_that_is_taken_and_a_path_that_is_not_there_are_said() {
    let folder = folder("taken");
    let path = folder.display().to_string();
    let taken = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let (code, _, said) = run(&["dev", &path, "--port", &port]);
    assert_eq!(code, 3);
    assert!(said.contains(&format!("port {port} is taken")) && said.contains("--port 0"), "{said}");
    let (code, _, said) = run(&["dev", &folder.join("nowhere").display().to_string()]);
    assert_eq!(code, 3);
    assert!(said.contains("there is no such file or folder"), "{said}");
}

#[test]
fn once_looks_and_ends_and_lays_out_on_request() {
    let folder = folder("once");
    let path = folder.display().to_string();
    let (code, out, said) = run(&["dev", &path, "--once"]);
    assert_eq!(code, 0, "{out}{said}");
    assert!(out.contains("3 files in") && out.contains("scenarios: 2 of 2 played, all as expected"), "{out}");
    assert!(out.contains("simulated 3 events") && out.contains("journey welcome: entered 2"), "{out}");
    fs::write(folder.join("browse.journey"), BROWSE.replace("  wait 1 hour", "      wait   1   hour")).unwrap();
    let (code, out, _) = run(&["dev", &path, "--once", "--fmt"]);
    assert_eq!(code, 0, "{out}");
    assert!(out.contains("laid out") && out.contains("browse.journey"), "{out}");
    assert!(fs::read_to_string(folder.join("browse.journey")).unwrap().contains("\n  wait 1 hour\n"));
    fs::write(folder.join("browse.journey"), BROWSE.replace("send look", "send lok")).unwrap();
    let (code, out, _) = run(&["dev", &path, "--once"]);
    assert_eq!(code, 1, "{out}");
    assert!(out.contains("browse.journey:8:") && out.contains("the last good state"), "{out}");
}
