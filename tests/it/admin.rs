//! The operators' door over a real core and its threads: why she got it or did not, the switches, the audit log, who may do what.

use axum::body::Body;
use axum::http::Request as Asking;
use onward::calendar::{Instant, Zone};
use onward::daemon::admin;
use onward::daemon::arrival::{Arrival, Identifier, IdentifierKind, What};
use onward::daemon::bind;
use onward::daemon::clock::Clock;
use onward::daemon::core::{Item, Request};
use onward::daemon::desk::item_id;
use onward::daemon::keeper::Keeper;
use onward::daemon::keys::{Guard, Keys, Kind};
use onward::daemon::runner::{Errand, Handle, Runner, answer};
use onward::engine::{Delivery, Limits, Outcome};
use onward::plan::Plan;
use onward::shard::Number;
use onward::shard::commit::Parcel;
use onward::store::{Disk, MemFiles, Settings, Store};
use onward::{Project, check_project};
use serde_json::{Map, Value as Json};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use tokio::sync::mpsc::UnboundedReceiver;
use tower::ServiceExt as _;

const SHOP: &str = r#"policy {
  quiet hours 21:00 to 08:00 then wait
  at most 1 message in 1 day then skip
}
customer { email email?, name text? }
event bought { order text = "-" }
topic promo "Promotions" opt in
message thanks about promo { email { subject "Thanks", text "Thank you" } }
message again about promo { email { subject "Again", text "Come again" } }
journey after_order "After an order" {
  enter on bought
  enter again always
  send thanks
  wait 1 hour
  send again
}
"#;

/// A clock that the test turns.
#[derive(Debug)]
struct Turned(AtomicI64);

impl Clock for Turned {
    fn now(&self) -> Instant {
        Instant(self.0.load(Ordering::SeqCst))
    }

    fn real(&self, _: i64) -> Duration {
        Duration::from_millis(2)
    }
}

pub struct House {
    pub plan: Arc<Plan>,
    memory: MemFiles,
    clock: Arc<Turned>,
    access: PathBuf,
    runner: Option<Runner>,
    pub handle: Handle,
    errands: UnboundedReceiver<Errand>,
    router: axum::Router,
}

impl House {
    fn new(name: &str) -> House {
        House::of(name, SHOP)
    }

    pub fn of(name: &str, text: &str) -> House {
        let (compiled, found) = check_project(Project::from_texts([("shop.journey", text)]));
        assert!(!found.has_errors(), "{found:?}");
        let plan = Arc::new(compiled.plan.expect("a plan"));
        let memory = MemFiles::new(7);
        let files: Disk = Arc::new(memory.clone());
        Store::create(&files, &files, Settings { segment_size: 1 << 20, ..Settings::default() }).unwrap();
        let access = std::env::temp_dir().join(format!("onward-admin-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&access);
        std::fs::create_dir_all(&access).unwrap();
        let clock = Arc::new(Turned(AtomicI64::new(at("2026-03-02 10:00").0)));
        House::open(plan, memory, clock, access)
    }

    fn open(plan: Arc<Plan>, memory: MemFiles, clock: Arc<Turned>, access: PathBuf) -> House {
        let files: Disk = Arc::new(memory.clone());
        let (keeper, core) = Keeper::open(files, &plan, Limits::default()).unwrap();
        let (runner, handle, errands) = Runner::start(core, keeper, Arc::clone(&clock) as Arc<dyn Clock>);
        let keys = Arc::new(Keys::open(&access).unwrap());
        let guard = {
            let clock = Arc::clone(&clock);
            Guard { keys, clock: Arc::new(move || clock.now()) }
        };
        let router = admin::router(handle.clone(), guard);
        House { plan, memory, clock, access, runner: Some(runner), handle, errands, router }
    }

    /// The daemon ends and begins again.
    pub fn again(mut self) -> House {
        self.runner.take().unwrap().stop().unwrap();
        House::open(Arc::clone(&self.plan), self.memory.clone(), Arc::clone(&self.clock), self.access.clone())
    }

    /// The daemon ends; what it leaves on the disk.
    pub fn stop(mut self) -> MemFiles {
        self.runner.take().unwrap().stop().unwrap();
        self.memory.clone()
    }

    pub fn set(&self, local: &str) {
        self.clock.0.store(at(local).0, Ordering::SeqCst);
    }

    pub async fn take(&self, who: &str, what: What) {
        let now = self.clock.now();
        let who = vec![Identifier { kind: IdentifierKind::User, value: who.to_owned() }];
        let arrival = Arrival { who, source: "test".to_owned(), id: None, at: Some(now), what };
        let item = Item { bound: bind::bind(&self.plan, Zone::UTC, &arrival, now), id: item_id("test", None), raw: None, arrival };
        let taken = self.handle.take(vec![item]).await.unwrap();
        assert_eq!(format!("{taken:?}"), "[Accepted]");
    }

    pub async fn subscribe(&self, who: &str) {
        let mut attributes = Map::new();
        attributes.insert("email".to_owned(), format!("{who}@example.com").into());
        self.take(who, What::Attributes(attributes)).await;
        self.take(who, What::Consent { topic: "promo".to_owned(), subscribed: true }).await;
    }

    pub async fn buys(&self, who: &str) {
        self.take(who, What::Event { name: "bought".to_owned(), properties: Map::new() }).await;
    }

    pub async fn next_message(&mut self) -> (Number, Delivery) {
        loop {
            let errand = tokio::time::timeout(Duration::from_secs(20), self.errands.recv()).await.expect("something leaves").unwrap();
            if let Errand::Dispatch(number, Parcel::Message(delivery)) = errand {
                return (number, delivery);
            }
        }
    }

    pub async fn is_ready(&self, sent: &(Number, Delivery)) -> bool {
        let (reply, answered) = answer();
        let request = Request::Ready { number: sent.0, send: sent.1.key, attempt: 1, doubtful: false, reply };
        assert!(self.handle.send_patiently(request).await);
        answered.await.unwrap()
    }

    pub async fn is_accepted(&self, sent: &(Number, Delivery)) {
        let (reply, answered) = answer();
        let (number, send) = (sent.0, sent.1.key);
        let request = Request::Outcome { number, send, outcome: Outcome::Accepted, provider_id: None, suppress: false, reply };
        assert!(self.handle.send_patiently(request).await);
        answered.await.unwrap();
    }

    /// From this machine, with a key or without.
    pub async fn ask(&self, call: &str, key: Option<&str>, body: &str) -> (u16, Json, String) {
        let (method, path) = call.split_once(' ').unwrap();
        let mut request = Asking::builder().method(method).uri(path);
        if let Some(key) = key {
            request = request.header("authorization", format!("Bearer {key}"));
        }
        let mut request = request.body(Body::from(body.to_owned())).unwrap();
        let peer: std::net::SocketAddr = "127.0.0.1:5555".parse().unwrap();
        request.extensions_mut().insert(axum::extract::ConnectInfo(peer));
        let answer = self.router.clone().oneshot(request).await.unwrap();
        let status = answer.status().as_u16();
        let bytes = axum::body::to_bytes(answer.into_body(), 1 << 20).await.unwrap();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        (status, serde_json::from_str(&text).unwrap_or(Json::Null), text)
    }

    pub async fn get(&self, path: &str) -> Json {
        let (status, json, text) = self.ask(&format!("GET {path}"), None, "").await;
        assert_eq!(status, 200, "{path}: {text}");
        json
    }

    pub async fn why(&self, who: &str, what: &str) -> String {
        self.get(&format!("/admin/v1/customers/{who}/why?{what}")).await["answer"].as_str().unwrap().to_owned()
    }
}

impl Drop for House {
    fn drop(&mut self) {
        if let Some(runner) = self.runner.take() {
            let _ = runner.stop();
            let _ = std::fs::remove_dir_all(&self.access);
        }
    }
}

fn at(local: &str) -> Instant {
    Zone::UTC.instant(chrono::NaiveDateTime::parse_from_str(local, "%Y-%m-%d %H:%M").unwrap())
}

pub fn run(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test);
}

#[test]
fn why_she_got_it_and_why_not() {
    run(async {
        let mut house = House::new("why");
        house.subscribe("nok").await;
        assert_eq!(
            house.why("nok", "message=thanks").await,
            "`thanks` was never planned: nok never entered `after_order` (shop.journey:10)"
        );
        house.buys("nok").await;
        let sent = house.next_message().await;
        assert!(house.is_ready(&sent).await);
        house.is_accepted(&sent).await;
        assert_eq!(
            house.why("nok", "message=thanks").await,
            "nok, 2026-03-02 10:00:00: thanks by email: sent (after_order 1, send thanks, shop.journey:13)"
        );
        assert_eq!(
            house.why("nok", "message=again").await,
            "`again` is still to come: nok stands in after_order 1 at `wait 1 hour` (shop.journey:14) until 2026-03-02 11:00:00"
        );
        // Nobody has asked her.
        house.take("mali", What::Attributes([("email".to_owned(), "mali@example.com".into())].into_iter().collect())).await;
        house.buys("mali").await;
        assert_eq!(
            house.why("mali", "message=thanks").await,
            "mali, 2026-03-02 10:00:00: thanks by email: skipped, no consent (after_order 1, send thanks, shop.journey:13)"
        );
        // At night; the cap comes first where both speak against it.
        house.set("2026-03-02 22:00");
        house.subscribe("ploy").await;
        house.buys("ploy").await;
        assert_eq!(
            house.why("ploy", "message=thanks").await,
            "ploy, 2026-03-02 22:00:00: thanks by email: held until 2026-03-03 08:00:00, quiet hours (after_order 1, send thanks, shop.journey:13)"
        );
        let story = house.get("/admin/v1/customers/nok/timeline").await;
        let said: Vec<&str> = story["lines"].as_array().unwrap().iter().filter_map(|line| line["what"].as_str()).collect();
        assert!(said.contains(&"bought { order: - }") && said.contains(&"enters") && said.contains(&"thanks by email: sent"), "{said:?}");
        let (status, _, text) = house.ask("GET /admin/v1/customers/nok/why?message=thank", None, "").await;
        assert_eq!((status, text.contains("did you mean `thanks`?")), (404, true), "{text}");
        assert_eq!(house.ask("GET /admin/v1/customers/nobody/why?message=thanks", None, "").await.0, 404);
    });
}

#[test]
fn a_cap_is_named_with_its_line() {
    run(async {
        let mut house = House::new("cap");
        house.subscribe("nok").await;
        house.buys("nok").await;
        let sent = house.next_message().await;
        assert!(house.is_ready(&sent).await);
        house.is_accepted(&sent).await;
        // The second one of the day is due an hour later.
        house.set("2026-03-02 11:01");
        let mut said = String::new();
        for _ in 0..400 {
            said = house.why("nok", "message=again").await;
            if said.contains("capped") {
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert!(said.contains("again by email: ") && said.contains("capped (") && said.contains("shop.journey:3"), "{said}");
    });
}

#[test]
fn a_pause_stops_what_was_claimed_and_is_there_after_a_restart() {
    run(async {
        let mut house = House::new("pause");
        house.subscribe("nok").await;
        house.buys("nok").await;
        let sent = house.next_message().await;
        let (status, json, text) = house.ask("POST /admin/v1/pause", None, r#"{"journey": "after_order"}"#).await;
        assert_eq!((status, json["paused"].to_string()), (200, r#"["journey after_order"]"#.to_owned()), "{text}");
        assert!(!house.is_ready(&sent).await, "paused between its claim and its first byte");
        let house = house.again();
        assert_eq!(house.get("/admin/v1/status").await["paused"].to_string(), r#"["journey after_order"]"#);
        let mut house = house;
        let (status, json, _) = house.ask("POST /admin/v1/resume", None, r#"{"journey": "after_order"}"#).await;
        assert_eq!((status, json["paused"].to_string()), (200, "[]".to_owned()));
        house.set("2026-03-02 10:02");
        let sent = house.next_message().await;
        assert!(house.is_ready(&sent).await, "it goes on");
        for (body, status, said) in [
            (r#"{"journey": "after_ordr"}"#, 404, "did you mean `after_order`?"),
            (r#"{"channel": "fax"}"#, 404, "no channel is called `fax`"),
            (r#"{"everything": false}"#, 400, "say what"),
            ("", 400, "say what"),
        ] {
            let (got, _, text) = house.ask("POST /admin/v1/pause", None, body).await;
            assert!(got == status && text.contains(said), "{body}: {got} {text}");
        }
        let (_, json, _) = house.ask("POST /admin/v1/pause", None, r#"{"everything": true}"#).await;
        assert_eq!(json["paused"].to_string(), r#"["everything"]"#);
    });
}

#[test]
fn every_change_and_every_look_is_in_the_audit_log_in_a_chain_that_outlives_a_restart() {
    run(async {
        let house = House::new("audit");
        house.subscribe("nok").await;
        let number = house.get("/admin/v1/customers/nok").await["number"].to_string();
        house.ask("POST /admin/v1/pause", None, r#"{"channel": "email"}"#).await;
        // A chain with a link missing would not be opened.
        let house = house.again();
        house.get("/admin/v1/customers/nok/timeline").await;
        assert_eq!(house.ask("POST /admin/v1/customers/nok/erase", None, "").await.0, 200);
        assert_eq!(house.ask("GET /admin/v1/customers/nok", None, "").await.0, 404);
        let audit = house.get("/admin/v1/audit").await;
        let said: Vec<String> = audit["entries"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| format!("{} {} {}", one["number"], one["who"].as_str().unwrap(), one["what"].as_str().unwrap()))
            .collect();
        let expected = [
            format!("4 local erase {number}"),
            format!("3 local read timeline {number}"),
            "2 local pause channel email".to_owned(),
            format!("1 local read profile {number}"),
        ];
        assert_eq!(said, expected);
        assert!(!audit.to_string().contains("nok"), "the audit log names nobody");
    });
}

#[test]
fn a_profile_has_names() {
    run(async {
        let mut house = House::new("profile");
        house.subscribe("nok").await;
        house.buys("nok").await;
        let _sent = house.next_message().await;
        let seen = house.get("/admin/v1/customers/nok").await;
        assert_eq!(seen["profile"].to_string(), r#"{"email":"nok@example.com"}"#);
        assert_eq!((&seen["consents"][0]["topic"], &seen["consents"][0]["state"]), (&"promo".into(), &"subscribed".into()));
        assert_eq!((&seen["runs"][0]["journey"], &seen["runs"][0]["line"]), (&"after_order".into(), &"shop.journey:13".into()));
        assert_eq!((&seen["pending"][0]["message"], &seen["pending"][0]["state"]), (&"thanks".into(), &"claimed".into()));
    });
}

#[test]
fn keys_open_what_they_are_for() {
    run(async {
        let house = House::new("keys");
        let command = Keys::open(&house.access).unwrap();
        let made = Kind::ALL.map(|kind| (kind, command.make(kind.word(), kind, None, house.clock.now()).unwrap().secret));
        house.set("2026-03-02 10:01");
        let calls = [
            ("GET /admin/v1/status", [403, 403, 200, 200]),
            ("GET /metrics", [403, 403, 200, 200]),
            ("GET /admin/v1/dead-letters", [403, 403, 200, 200]),
            ("GET /admin/v1/audit", [403, 403, 200, 200]),
            ("GET /admin/v1/customers/nobody", [403, 403, 404, 404]),
            ("GET /admin/v1/customers/nobody/timeline", [403, 403, 404, 404]),
            ("POST /admin/v1/customers/nobody/erase", [403, 403, 403, 404]),
            ("GET /admin/v1/customers/nobody/export", [403, 403, 403, 404]),
            ("POST /admin/v1/release", [403, 403, 403, 409]),
            ("POST /admin/v1/pause", [403, 403, 403, 200]),
            ("POST /admin/v1/resume", [403, 403, 403, 200]),
        ];
        for (call, expected) in calls {
            for ((kind, secret), status) in made.iter().zip(expected) {
                let got = house.ask(call, Some(secret), r#"{"everything": true}"#).await;
                assert_eq!(got.0, status, "{call} with a key of kind {kind:?}: {}", got.2);
            }
            assert_eq!(house.ask(call, None, "").await.0, 401, "{call} without a key, now that there are some");
        }
        assert_eq!(house.ask("GET /healthz", None, "").await.0, 200);
        assert_eq!(house.ask("GET /readyz", None, "").await.0, 200);
    });
}

#[test]
fn metrics_are_as_prometheus_reads_them() {
    run(async {
        let house = House::new("metrics");
        house.subscribe("nok").await;
        let (_, _, text) = house.ask("GET /metrics", None, "").await;
        assert!(text.contains("\nonward_customers 1\n") && text.contains("\nonward_items_total 2\n"), "{text}");
        let docs = include_str!("../../docs/operations.md");
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let (name, value) = line.split_once(' ').unwrap();
            assert!(value.parse::<u64>().is_ok() && text.contains(&format!("# TYPE {name} ")), "{line}");
            assert!(docs.contains(&format!("`{name}`")), "{name} is not in docs/operations.md");
        }
    });
}
