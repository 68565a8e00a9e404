//! Keys: every kind on every route, how they are kept, and how long they open.

use super::intake_fake::{Folder, NOW, Server, run};
use axum::Router;
use axum::routing::get;
use onward::calendar::Instant;
use onward::daemon::http::{Limits, Listener, ROUTES};
use onward::daemon::keys::{Denied, Guard, Keys, KeysError, Kind, Need, REFRESH_MS, guard};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// Written out, so that a change of the rules is seen.
const MAY: [(Kind, &[&str]); 4] = [
    (Kind::Write, &["send"]),
    (Kind::Server, &["send", "serve"]),
    (Kind::Read, &["read"]),
    (Kind::Admin, &["send", "serve", "read", "administer"]),
];

fn word(need: Need) -> &'static str {
    match need {
        Need::Send => "send",
        Need::Serve => "serve",
        Need::Read => "read",
        Need::Administer => "administer",
    }
}

#[test]
fn every_kind_of_key_on_every_route() {
    run(async {
        let server = Server::start("matrix", Limits::default(), None).await;
        for route in ROUTES {
            let path = route.path.replace("{id}", "u1").replace("{token}", "t1");
            for (kind, may) in MAY {
                let key = format!("Bearer {}", server.secret(kind));
                let answer = server.send(route.method, &path, &[("authorization", &key)], b"{}").await;
                let denied = answer.status == 401 || answer.status == 403;
                assert_eq!(!denied, may.contains(&word(route.need)), "{} {path} with a {} key: {answer:?}", route.method, kind.word());
                assert!(!denied || answer.status == 403, "a known key of another kind");
                assert!(answer.header("x-request-id").is_some() && answer.header("x-content-type-options") == Some("nosniff"));
            }
            for (header, value) in [("authorization", "Bearer ow_admin_x"), ("authorization", "Basic ???"), ("x-nothing", "x")] {
                let answer = server.send(route.method, &path, &[(header, value)], b"{}").await;
                assert_eq!(answer.status, 401, "{} {path} with {value}", route.method);
                assert!(!answer.head.contains("basic"), "a browser would ask its user: {answer:?}");
            }
            let secret = server.secret(Kind::Admin);
            assert_eq!(server.send(route.method, &format!("{path}?key={secret}&writeKey={secret}"), &[], b"{}").await.status, 401);
        }
        assert_eq!(server.post(Kind::Admin, "/v1/nothing", "{}").await.status, 404);
        assert_eq!(server.send("GET", "/v1/batch", &[], b"").await.status, 405);
    });
}

#[test]
fn the_guard_holds_routes_of_other_rooms() {
    run(async {
        let folder = Folder::new("guard");
        let keys = Arc::new(Keys::open(&folder.0).unwrap());
        let secrets = Kind::ALL.map(|kind| keys.make(kind.word(), kind, None, NOW).unwrap().secret);
        let the_guard = Guard { keys, clock: Arc::new(|| NOW) };
        let mut router = Router::new();
        for need in [Need::Send, Need::Serve, Need::Read, Need::Administer] {
            let layer = axum::middleware::from_fn_with_state((the_guard.clone(), need), guard);
            router = router.merge(Router::new().route(&format!("/{}", word(need)), get(|| async { "in" })).layer(layer));
        }
        let bound = Listener { address: ([127, 0, 0, 1], 0).into(), ..Listener::default() }.bind(true).await.unwrap();
        let address = bound.address();
        tokio::spawn(bound.serve(router, std::future::pending()));
        for need in ["send", "serve", "read", "administer"] {
            for ((kind, may), secret) in MAY.iter().zip(&secrets) {
                let bytes = format!("GET /{need} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer {secret}\r\n\r\n");
                let answer = super::intake_fake::Answer::read(&super::intake_fake::raw(address, bytes.as_bytes()).await);
                assert_eq!(answer.status, if may.contains(&need) { 200 } else { 403 }, "{need} with a {} key", kind.word());
            }
        }
    });
}

#[test]
fn a_key_is_shown_once_kept_as_a_hash_and_rotated_with_an_overlap() {
    let folder = Folder::new("keys");
    let keys = Keys::open(&folder.0).unwrap();
    let made = keys.make("ร้าน-web", Kind::Write, None, NOW).unwrap();
    assert!(made.secret.starts_with("ow_write_") && made.secret.len() == 52, "{}", made.secret);
    let file = folder.0.join("keys.json");
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(!text.contains(&made.secret) && text.contains(&made.key.prefix) && made.key.prefix.len() < 18);
    #[cfg(unix)]
    assert_eq!(std::os::unix::fs::MetadataExt::mode(&std::fs::metadata(&file).unwrap()) & 0o777, 0o600);
    assert!(matches!(keys.make("ร้าน-web", Kind::Server, None, NOW), Err(KeysError::NameTaken(_))));
    for bad in ["", "a b", "a/b", &"x".repeat(65)] {
        assert!(matches!(keys.make(bad, Kind::Read, None, NOW), Err(KeysError::BadName(_))), "{bad:?}");
    }
    let second = keys.rotate("ร้าน-web", 60_000, NOW).unwrap();
    assert_ne!(second.secret, made.secret);
    let at = |secret: &str, ms: i64| keys.caller(secret, Need::Send, NOW.plus_ms(ms)).map(|caller| caller.name);
    assert_eq!(at(&made.secret, 59_999), Ok("ร้าน-web".to_owned()), "both, for a minute");
    assert_eq!(at(&second.secret, 59_999), Ok("ร้าน-web".to_owned()));
    assert_eq!((at(&made.secret, 60_000), at(&second.secret, 60_000)), (Err(Denied::Unknown), Ok("ร้าน-web".to_owned())));
    let short = keys.make("short", Kind::Admin, Some(NOW.plus_ms(10)), NOW).unwrap();
    assert!(at(&short.secret, 9).is_ok() && at(&short.secret, 10).is_err());
    assert_eq!(keys.revoke(&second.key.prefix, NOW).unwrap(), 1);
    assert_eq!(at(&second.secret, 0), Err(Denied::Unknown));
    assert!(matches!(keys.revoke("nobody", NOW), Err(KeysError::NoSuchKey(_))));
    assert!(matches!(keys.rotate("nobody", 0, NOW), Err(KeysError::NoSuchKey(_))));
    // Read again, everything is as it was.
    assert_eq!(Keys::open(&folder.0).unwrap().list(), keys.list());
    assert_eq!(keys.list().len(), 3);
    for mangled in
        [made.secret[..51].to_owned(), made.secret.to_uppercase(), format!("{}x", made.secret), "x".repeat(100_000), String::new()]
    {
        assert!(at(&mangled, 0).is_err());
    }
}

#[test]
fn a_file_that_is_damaged_newer_or_open_is_refused() {
    let folder = Folder::new("keyfile");
    let file = folder.0.join("keys.json");
    let write = |text: &str, mode: u32| {
        std::fs::write(&file, text).unwrap();
        std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
        Keys::open(&folder.0).err()
    };
    assert!(write("{\"version\":1,\"keys\":[]}", 0o600).is_none());
    assert!(matches!(write("{\"version\":1,\"keys\":[]}", 0o644), Some(KeysError::TooOpen(_))));
    assert!(matches!(write("{\"version\":2,\"keys\":[],\"more\":1}", 0o600), Some(KeysError::Newer(_, 2))));
    assert!(matches!(write("{\"version\":1,\"keys\":[", 0o600), Some(KeysError::Damaged(..))));
    assert!(matches!(write("{\"version\":1,\"keys\":[],\"more\":1}", 0o600), Some(KeysError::Damaged(..))));
    assert!(matches!(write("", 0o600), Some(KeysError::Damaged(..))));
}

#[test]
fn what_a_command_revokes_opens_nothing_a_second_later() {
    let folder = Folder::new("revoke");
    let now = Arc::new(AtomicI64::new(NOW.0));
    let clock = {
        let now = now.clone();
        move || Instant(now.load(Ordering::Relaxed))
    };
    let daemon = Arc::new(Keys::open(&folder.0).unwrap());
    let guard = Guard { keys: daemon, clock: Arc::new(clock) };
    let local = |headers: &[(&str, &str)], from: &str| {
        let mut map = axum::http::HeaderMap::new();
        for (name, value) in headers {
            map.insert(axum::http::HeaderName::from_bytes(name.as_bytes()).unwrap(), value.parse().unwrap());
        }
        guard.admit(&[], Need::Administer, &map, Some(from.parse().unwrap())).is_ok()
    };
    // While there are no keys, this machine may do everything, but no page of others that is open on it.
    assert!(local(&[("host", "localhost:8085")], "127.0.0.1:999") && local(&[("host", "[::1]:8085")], "[::1]:999"));
    assert!(local(&[("host", "127.0.0.1:8085"), ("origin", "http://localhost:8085"), ("sec-fetch-site", "same-origin")], "127.0.0.1:999"));
    assert!(!local(&[("host", "localhost:8085")], "192.0.2.7:999"));
    assert!(!local(&[("host", "evil.example")], "127.0.0.1:999"), "a name that was led to this machine");
    assert!(!local(&[("host", "localhost:8085"), ("origin", "https://evil.example")], "127.0.0.1:999"));
    assert!(!local(&[("host", "localhost:8085"), ("origin", "null")], "127.0.0.1:999"));
    assert!(!local(&[("host", "localhost:8085"), ("sec-fetch-site", "cross-site")], "127.0.0.1:999"));

    let command = Keys::open(&folder.0).unwrap();
    let made = command.make("web", Kind::Write, None, NOW).unwrap();
    let later = || now.fetch_add(REFRESH_MS, Ordering::Relaxed);
    later();
    assert!(!local(&[("host", "localhost:8085")], "127.0.0.1:999"), "now there is a key");
    let open = || guard.admit(std::slice::from_ref(&made.secret), Need::Send, &axum::http::HeaderMap::new(), None).is_ok();
    assert!(open());
    command.revoke("web", NOW).unwrap();
    later();
    assert!(!open());
}
