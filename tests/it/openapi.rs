//! `docs/openapi.json` against a daemon that runs: every route is in it, nothing else is, and every answer is as it says.

use super::ask::{Folder, Served, fine};
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

const DOCUMENT: &str = include_str!("../../docs/openapi.json");

fn document() -> Json {
    serde_json::from_str(DOCUMENT).unwrap()
}

/// Method and path of everything in the document.
fn documented() -> BTreeSet<(String, String)> {
    let document = document();
    let paths = document["paths"].as_object().unwrap();
    let methods = |(path, calls): (&String, &Json)| {
        let methods: Vec<_> = calls.as_object().unwrap().keys().map(|method| (method.to_uppercase(), path.clone())).collect();
        methods
    };
    paths.iter().flat_map(methods).collect()
}

/// The files in which routes of machines and operators are declared; what customers see is not in the document.
fn sources() -> Vec<PathBuf> {
    fn below(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                if !path.ends_with("pages") {
                    below(&path, found);
                }
            } else if path.extension().is_some_and(|has| has == "rs") && !path.ends_with("pages.rs") {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    below(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/daemon"), &mut found);
    found
}

/// `.route("/admin/v1/status", get(…` as a method and a path. `any` is told as the two that providers use.
fn declared() -> BTreeSet<(String, String)> {
    let mut found = BTreeSet::new();
    for file in sources() {
        let text = fs::read_to_string(&file).unwrap();
        for (at, _) in text.match_indices(".route(\"") {
            let rest = &text[at + 8..];
            let (path, rest) = rest.split_once('"').unwrap();
            let verbs = rest.trim_start_matches([',', ' ', '\n']);
            let end = verbs.find(".route").unwrap_or(verbs.len()).min(200);
            let mut end = end.min(verbs.len());
            while !verbs.is_char_boundary(end) {
                end -= 1;
            }
            let verbs = &verbs[..end];
            let first = verbs.split('(').next().unwrap();
            let methods: Vec<&str> = match first {
                "any" => vec!["GET", "POST"],
                first => {
                    let more = ["get", "post", "put", "patch", "delete"].into_iter().filter(|verb| verbs.contains(&format!(".{verb}(")));
                    std::iter::once(first).chain(more).collect()
                }
            };
            for method in methods {
                assert!(["get", "post", "put", "patch", "delete", "GET", "POST"].contains(&method), "{path}: what is `{method}`?");
                found.insert((method.to_uppercase(), path.to_owned()));
            }
        }
    }
    for route in onward::daemon::http::ROUTES {
        found.insert((route.method.to_owned(), route.path.to_owned()));
        if matches!(route.protocol, onward::daemon::http::Protocol::Segment | onward::daemon::http::Protocol::CloudEvents) {
            found.insert(("OPTIONS".to_owned(), route.path.to_owned()));
        }
    }
    found
}

#[test]
fn every_route_is_in_the_document_and_nothing_else_is() {
    let (declared, documented) = (declared(), documented());
    let missing: Vec<_> = declared.difference(&documented).collect();
    assert!(missing.is_empty(), "describe these in docs/openapi.json: {missing:?}");
    let gone: Vec<_> = documented.difference(&declared).collect();
    assert!(gone.is_empty(), "docs/openapi.json describes what no router has: {gone:?}");
    assert!(declared.len() > 50, "{}", declared.len());
}

#[test]
fn every_reference_leads_somewhere_and_every_schema_is_used() {
    fn references(value: &Json, found: &mut BTreeSet<String>) {
        match value {
            Json::Object(members) => {
                if let Some(to) = members.get("$ref").and_then(Json::as_str) {
                    found.insert(to.to_owned());
                }
                members.values().for_each(|member| references(member, found));
            }
            Json::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }
    let document = document();
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    for to in &found {
        assert!(document.pointer(to.trim_start_matches('#')).is_some(), "{to} leads nowhere");
    }
    for (kind, all) in document["components"].as_object().unwrap().iter().filter(|(kind, _)| *kind != "securitySchemes") {
        for name in all.as_object().unwrap().keys() {
            assert!(found.contains(&format!("#/components/{kind}/{name}")), "{kind}/{name} is used by nothing");
        }
    }
    let mut names = BTreeSet::new();
    for (path, calls) in document["paths"].as_object().unwrap() {
        for (method, call) in calls.as_object().unwrap() {
            assert!(names.insert(call["operationId"].as_str().unwrap().to_owned()), "{method} {path} has somebody else's name");
            let named: BTreeSet<&str> = path.split('{').skip(1).map(|part| part.split('}').next().unwrap()).collect();
            let described: BTreeSet<&str> = call["parameters"]
                .as_array()
                .into_iter()
                .flatten()
                .filter(|one| one["in"] == "path")
                .map(|one| one["name"].as_str().unwrap())
                .collect();
            assert!(method == "options" || named == described, "{method} {path}: {named:?} and {described:?}");
        }
    }
}

/// What a schema says of a body with that status; `None` where the document knows no such answer.
fn schema_of(call: &Json, status: u16) -> Option<Json> {
    let document = document();
    let mut answer = call["responses"].get(status.to_string())?.clone();
    if let Some(to) = answer["$ref"].as_str() {
        answer = document.pointer(to.trim_start_matches('#'))?.clone();
    }
    let content = answer["content"].as_object()?;
    Some(content.values().next()?["schema"].clone())
}

/// Everything that is wrong with a body.
fn wrong(schema: &Json, body: &Json) -> Vec<String> {
    let mut whole = schema.clone();
    whole["components"] = document()["components"].clone();
    let validator = jsonschema::draft202012::new(&whole).unwrap_or_else(|error| panic!("{schema}: {error}"));
    validator.iter_errors(body).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

#[test]
fn the_validator_refuses_what_a_schema_does_not_allow() {
    let line = json!({"$ref": "#/components/schemas/Line"});
    let fine = json!({"at": "2026-03-02 10:00:00", "run": "", "what": "enters"});
    assert_eq!(wrong(&line, &fine), Vec::<String>::new());
    for (name, value) in [("at", json!(1)), ("other", json!("x")), ("what", Json::Null)] {
        let mut bad = fine.clone();
        bad[name] = value;
        assert!(!wrong(&line, &bad).is_empty(), "{bad}");
    }
    assert!(!wrong(&line, &json!({"at": "x"})).is_empty());
}

/// Every answer has a status that the document knows, and the shape that it says.
fn hold(answers: &[(String, u16, String)]) {
    let document = document();
    let mut seen: BTreeMap<(String, String), BTreeSet<u16>> = BTreeMap::new();
    for (call, status, text) in answers {
        let (method, address) = call.split_once(' ').unwrap();
        let path = address.split('?').next().unwrap();
        let fits = |template: &str| {
            let (these, those): (Vec<&str>, Vec<&str>) = (template.split('/').collect(), path.split('/').collect());
            these.len() == those.len() && these.iter().zip(&those).all(|(this, that)| this.starts_with('{') || this == that)
        };
        let found = document["paths"].as_object().unwrap().iter().find(|(template, _)| fits(template));
        let (template, calls) = found.unwrap_or_else(|| panic!("{call} is not in the document"));
        let described = &calls[method.to_lowercase()];
        assert!(described.is_object(), "{call} is not in the document");
        assert!(described["responses"].get(status.to_string()).is_some(), "{call}: the document knows no {status}: {text}");
        seen.entry((method.to_owned(), template.clone())).or_default().insert(*status);
        let Some(schema) = schema_of(described, *status) else { continue };
        let body = serde_json::from_str(text).unwrap_or_else(|_| Json::String(text.clone()));
        let wrong = wrong(&schema, &body);
        assert!(wrong.is_empty(), "{call} {status}: {wrong:#?}\n{text}");
    }
    // All that operators may ask was asked, and answered well.
    for (method, path) in documented() {
        let is_ours =
            path.starts_with("/admin/") || ["/metrics", "/healthz", "/readyz", "/v1/openapi.json", "/v1/events"].contains(&path.as_str());
        if is_ours {
            let statuses = seen.get(&(method.clone(), path.clone()));
            assert!(statuses.is_some_and(|seen| seen.contains(&200)), "{method} {path} was never answered with 200: {statuses:?}");
        }
    }
}

#[test]
fn what_a_daemon_answers_is_what_the_document_says() {
    let folder = Folder::with_project("openapi");
    let served = Served::start(&folder.0, &[]);
    served.takes(super::ask::NOK);
    served.stop();
    fine(&folder.0, &["store", "backup", ".onward/store", "copy", "--keys-to", "keys-copy"]);
    fine(&folder.0, &["store", "restore", "copy", "second/store", "--keys-from", "keys-copy"]);
    let secret = |name: &str, kind: &str| fine(&folder.0, &["keys", "create", name, "--kind", kind, "--store", "second"]).trim().to_owned();
    let (read, admin, write) = (secret("look", "read"), secret("ops", "admin"), secret("site", "write"));
    let served = Served::start(&folder.0, &["--store", "second"]);
    let mut answers = Vec::new();
    let mut ask = |call: &str, key: Option<&str>, body: &str| {
        let (status, text) = served.asked(call, key, body);
        answers.push((call.to_owned(), status, text));
        status
    };
    let bad = r#"[{"customer": "mali", "event": "bought", "properties": {"order": "o2"}}, {"customer": "mali", "evnt": "x"}]"#;
    assert_eq!(ask("POST /v1/events", Some(&write), bad), 207);
    assert_eq!(ask("POST /v1/events", Some(&write), r#"{"customer": "mali", "event": "no such"}"#), 400);
    assert_eq!(ask("POST /v1/events", Some(&write), "{"), 400);
    assert_eq!(ask("POST /v1/events", Some(&admin), r#"{"customer": "nok", "attributes": {"email": "nok@example.com"}}"#), 200);
    assert_eq!(ask("POST /v1/track", Some(&write), r#"{"userId": "nok", "event": "bought", "properties": {"order": "o3"}}"#), 200);
    assert_eq!(ask("POST /v1/batch", Some(&write), "["), 400);
    assert_eq!(ask("PUT /api/v1/customers/nok", Some(&admin), r#"{"email": "nok@example.com"}"#), 200);
    assert_eq!(ask("PUT /api/v1/customers/nok", Some(&write), "{}"), 403);
    let all: Vec<(String, String)> =
        documented().into_iter().filter(|(_, path)| path.starts_with("/admin/") || path == "/metrics").collect();
    assert!(all.len() > 9, "{all:?}");
    for (method, path) in &all {
        // Nobody is known by that id, nothing is said, and so on: the answer is one of those that are described.
        let nobody = format!("{method} {}", path.replace("{id}", "nobody"));
        assert_eq!(ask(&nobody, None, ""), 401, "{nobody}");
        assert_eq!(ask(&nobody, Some(&write), ""), 403, "{nobody}");
        ask(&nobody, Some(&read), "");
    }
    for path in [
        "/admin/v1/status",
        "/admin/v1/audit",
        "/admin/v1/dead-letters",
        "/admin/v1/set-aside",
        "/admin/v1/customers/nok",
        "/admin/v1/customers/nok/timeline",
        "/metrics",
    ] {
        assert_eq!(ask(&format!("GET {path}"), Some(&read), ""), 200, "{path}");
    }
    for query in ["message=receipt", "journey=receipts"] {
        assert_eq!(ask(&format!("GET /admin/v1/customers/nok/why?{query}"), Some(&read), ""), 200);
    }
    assert_eq!(ask("GET /admin/v1/customers/nok/why", Some(&read), ""), 200);
    assert_eq!(ask("GET /admin/v1/customers/nok/export", Some(&admin), ""), 200);
    assert_eq!(ask("GET /admin/v1/customers/nok/why?message=none", Some(&read), ""), 404);
    let plan = fine(&folder.0, &["plan", ".", "--json"]);
    assert_eq!(ask("POST /admin/v1/plan/compare", Some(&read), &json!({ "plan": plan }).to_string()), 200);
    assert_eq!(ask("POST /admin/v1/plan/compare", Some(&read), &json!({ "plan": plan.replace("receipts", "receptis") }).to_string()), 400);
    assert_eq!(ask("POST /admin/v1/plan/apply", Some(&admin), &json!({ "plan": plan }).to_string()), 400);
    assert_eq!(ask("POST /admin/v1/plan/apply", Some(&admin), &json!({ "plan": plan, "over": "-" }).to_string()), 200);
    for path in ["/healthz", "/readyz", "/v1/openapi.json"] {
        assert_eq!(ask(&format!("GET {path}"), None, ""), 200);
    }
    for (verb, body, status) in [
        ("pause", r#"{"journey": "receipts"}"#, 200),
        ("pause", r#"{"channel": "fax"}"#, 404),
        ("pause", r#"{"everything": true}"#, 200),
        ("resume", r#"{"everything": true}"#, 200),
        ("resume", "{}", 400),
        ("release", "", 200),
        ("release", "", 409),
        ("bring-back", "{}", 200),
        ("bring-back", r#"{"customer": 1}"#, 404),
        ("bring-back", r#"{"custmer": 1}"#, 400),
        ("customers/nobody/erase", "", 404),
        ("customers/nok/erase", "", 200),
    ] {
        assert_eq!(ask(&format!("POST /admin/v1/{verb}"), Some(&admin), body), status, "{verb} {body}");
    }
    let kettle = "/admin/v1/catalogs/product/A%20%E0%B8%81";
    for (method, body, status) in [
        ("PATCH", r#"{"stock": 2}"#, 422),
        ("PUT", r#"{"stock": 2}"#, 422),
        ("PUT", r#"{"name": "กาต้มน้ำ", "stok": 2}"#, 400),
        ("PUT", r#"{"name": "กาต้มน้ำ", "stock": "many"}"#, 400),
        ("PUT", r#"{"name": "กาต้มน้ำ"}"#, 200),
        ("PATCH", r#"{"stock": 2}"#, 200),
        ("GET", "", 200),
        ("DELETE", "", 200),
        ("GET", "", 404),
        ("DELETE", "", 404),
    ] {
        assert_eq!(ask(&format!("{method} {kettle}"), Some(&admin), body), status, "{method} {body}");
    }
    assert_eq!(ask("GET /callbacks/twilio", None, ""), 404);
    assert_eq!(ask("POST /callbacks/twilio", None, "x=1"), 404);
    assert_eq!(answers.iter().find(|(call, ..)| call == "GET /v1/openapi.json").map(|(_, _, text)| text.as_str()), Some(DOCUMENT));
    hold(&answers);
}
