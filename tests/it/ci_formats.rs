//! The formats that build servers take: valid by their own schemas, exact in their columns, escaped as their readers unescape.

use serde_json::Value as Json;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

pub fn onward(arguments: &[&str], folder: &Path) -> Ran {
    let output = Command::new(env!("CARGO_BIN_EXE_onward")).args(arguments).current_dir(folder).output().expect("the command starts");
    Ran {
        code: output.status.code().expect("it ends by itself"),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// An empty folder of this test's own.
pub fn fresh(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("ci").join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder).unwrap();
    }
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// A Thai folder, an emoji before a mistake, a comma and a per cent sign in what is quoted, a fix and a place elsewhere.
const WRONG: &str = "customer { email email? }
event paid { total money THB }
topic news \"ข่าว\" opt in
message hello about news {
  email {
    subject \"สวัสดี\"
    text \"🙏 {{ customer.emial }}\"
  }
}
message hello about news {
  email { subject \"again\" }
}
journey j \"100%, really: yes\" {
  enter on paid
  enter again never
  send helo by email
}
";

fn wrong(name: &str) -> PathBuf {
    let folder = fresh(name);
    fs::create_dir_all(folder.join("ร้าน, ใหม่")).unwrap();
    fs::write(folder.join("ร้าน, ใหม่/a b.journey"), WRONG).unwrap();
    folder
}

/// A project whose only scenario fails.
fn failing(name: &str) -> PathBuf {
    let folder = fresh(name);
    assert_eq!(onward(&["init", "shop"], &folder).code, 0);
    let path = folder.join("shop/welcome.journey");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("expect 2 messages", "expect 3 messages").replace("is left alone", "is left, 100% :alone")).unwrap();
    folder
}

fn json(text: &str) -> Json {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}:\n{text}"))
}

fn schema(path: &str) -> Json {
    json(&fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap())
}

fn holds(schema: &Json, document: &Json) {
    let validator = jsonschema::options().should_validate_formats(true).build(schema).expect("the schema is one");
    let wrong: Vec<String> = validator.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(wrong.is_empty(), "{wrong:#?}\n{document:#}");
}

/// The schema, with every object closed: a field that no page documents is found.
pub fn closed(mut schema: Json) -> Json {
    fn close(at: &mut Json) {
        if let Json::Object(fields) = at {
            let is_object = fields.get("properties").is_some_and(Json::is_object) && fields.contains_key("type");
            if is_object {
                fields.insert("additionalProperties".to_owned(), Json::Bool(false));
            }
            fields.values_mut().for_each(close);
        } else if let Json::Array(parts) = at {
            parts.iter_mut().for_each(close);
        }
    }
    close(&mut schema);
    schema
}

pub fn documented(name: &str, document: &Json) {
    holds(&closed(schema(&format!("docs/schemas/{name}.schema.json"))), document);
}

fn sarif(ran: &Ran) -> Json {
    let document = json(&ran.stdout);
    holds(&schema("tests/data/sarif/sarif-schema-2.1.0.json"), &document);
    document
}

#[test]
fn the_official_schema_is_really_held_against() {
    let document = json(&onward(&["check", "--format", "sarif"], &wrong("sarif-schema")).stdout);
    let schema = schema("tests/data/sarif/sarif-schema-2.1.0.json");
    assert_eq!(schema["title"], "Static Analysis Results Format (SARIF) Version 2.1.0 JSON Schema");
    let validator = jsonschema::options().should_validate_formats(true).build(&schema).unwrap();
    for (pointer, bad) in [
        ("/runs/0/results/0/level", Json::from("bad")),
        ("/runs/0/results/0/locations/0/physicalLocation/region/startLine", Json::from(0)),
        ("/runs/0/columnKind", Json::from("characters")),
        ("/version", Json::from("2.0.0")),
    ] {
        let mut broken = document.clone();
        *broken.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer} is there")) = bad;
        assert!(!validator.is_valid(&broken), "{pointer} is not looked at");
    }
}

#[test]
fn sarif_of_a_check_points_exactly_and_carries_pages_fixes_and_places_elsewhere() {
    let folder = wrong("sarif-check");
    let ran = onward(&["check", "--format", "sarif"], &folder);
    assert_eq!((ran.code, ran.stderr.as_str()), (1, ""));
    let document = sarif(&ran);
    let run = &document["runs"][0];
    assert_eq!((&run["columnKind"], &run["automationDetails"]["id"]), (&"utf16CodeUnits".into(), &"onward/check/".into()));
    let results = run["results"].as_array().unwrap();
    let of = |code: &str| results.iter().find(|one| one["ruleId"] == code).unwrap_or_else(|| panic!("{code} in {results:#?}"));

    // Line 7 is `    text "🙏 {{ customer.emial }}"`: the emoji is two code units, so `emial` stands in columns 25 to 30.
    let unknown = results.iter().find(|one| one["message"]["text"].as_str().unwrap().contains("emial")).unwrap();
    let region = &unknown["locations"][0]["physicalLocation"]["region"];
    let line: Vec<u16> = WRONG.lines().nth(6).unwrap().encode_utf16().collect();
    let (start, end) = (region["startColumn"].as_u64().unwrap() as usize, region["endColumn"].as_u64().unwrap() as usize);
    assert_eq!((region["startLine"].as_u64(), String::from_utf16(&line[start - 1..end - 1]).unwrap()), (Some(7), "emial".to_owned()));
    let artifact = &unknown["locations"][0]["physicalLocation"]["artifactLocation"];
    assert_eq!(artifact["uri"], "%E0%B8%A3%E0%B9%89%E0%B8%B2%E0%B8%99%2C%20%E0%B9%83%E0%B8%AB%E0%B8%A1%E0%B9%88/a%20b.journey");
    assert_eq!((&artifact["uriBaseId"], &artifact["index"]), (&"%SRCROOT%".into(), &0.into()));
    assert_eq!(run["artifacts"][0]["location"]["uri"], artifact["uri"]);

    // A fix is the change itself: applied, it is what was meant.
    let helo = of("E0101");
    let fix = &helo["fixes"][0]["artifactChanges"][0]["replacements"][0];
    assert_eq!(fix["insertedContent"]["text"], "hello");
    assert_eq!(fix["deletedRegion"], helo["locations"][0]["physicalLocation"]["region"]);
    let twice = results.iter().find(|one| one["relatedLocations"].is_array()).expect("a name that is given twice points to the other");
    assert_eq!(twice["relatedLocations"][0]["physicalLocation"]["region"]["startLine"], 4);

    // Each result finds its rule, and the rule is the page.
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    for one in results {
        let rule = &rules[one["ruleIndex"].as_u64().unwrap() as usize];
        assert_eq!(rule["id"], one["ruleId"]);
        let page = onward::diagnostic::explain::page(rule["id"].as_str().unwrap()).unwrap();
        assert_eq!((rule["help"]["markdown"].as_str(), rule["name"].as_str()), (Some(page.text), Some(page.slug)));
        assert!(!rule["shortDescription"]["text"].as_str().unwrap().is_empty());
    }
}

#[test]
fn a_fingerprint_stays_with_its_line_and_differs_from_its_twin() {
    let folder = wrong("sarif-fingerprint");
    let prints = |ran: Ran| -> Vec<(String, String)> {
        let document = sarif(&ran);
        let results = document["runs"][0]["results"].as_array().unwrap().clone();
        let of =
            |one: &Json| (one["ruleId"].as_str().unwrap().to_owned(), one["partialFingerprints"]["onward/v1"].as_str().unwrap().to_owned());
        results.iter().map(of).collect()
    };
    let before = prints(onward(&["check", "--format", "sarif"], &folder));
    let path = folder.join("ร้าน, ใหม่/a b.journey");
    fs::write(&path, format!("# a line more\n\n{WRONG}")).unwrap();
    assert_eq!(prints(onward(&["check", "--format", "sarif"], &folder)), before);
    fs::write(&path, WRONG.replace("  send helo by email\n", "  send helo by email\n  send helo by email\n")).unwrap();
    let twice = prints(onward(&["check", "--format", "sarif"], &folder));
    let helo: Vec<&String> = twice.iter().filter(|(code, _)| code == "E0101").map(|(_, print)| print).collect();
    assert_eq!(helo.len(), 2, "{twice:?}");
    assert!(helo[0] != helo[1] && helo[0].strip_suffix(":1") == helo[1].strip_suffix(":2"), "{helo:?}");
}

#[test]
fn nothing_found_is_a_valid_document_too() {
    let folder = fresh("nothing");
    assert_eq!(onward(&["init", "shop"], &folder).code, 0);
    for command in ["check", "test"] {
        let ran = onward(&[command, "shop", "--format", "sarif"], &folder);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        let document = sarif(&ran);
        assert_eq!(document["runs"][0]["results"], Json::Array(Vec::new()));
        let ran = onward(&[command, "shop", "--format", "junit"], &folder);
        assert_eq!(ran.code, 0);
        assert!(ran.stdout.contains(" failures=\"0\"") && ran.stdout.contains("<testcase name="), "{}", ran.stdout);
        documented(command, &json(&onward(&[command, "shop", "--format", "json"], &folder).stdout));
    }
}

#[test]
fn a_failed_scenario_is_a_result_with_its_line() {
    let folder = failing("sarif-test");
    let ran = onward(&["test", "shop", "--format", "sarif"], &folder);
    assert_eq!((ran.code, ran.stderr.as_str()), (1, ""));
    let document = sarif(&ran);
    let result = &document["runs"][0]["results"][0];
    assert_eq!((&result["ruleId"], &result["level"]), (&"scenario".into(), &"error".into()));
    let at = result["locations"][0]["physicalLocation"]["region"]["startLine"].as_u64().unwrap() as usize;
    let text = fs::read_to_string(folder.join("shop/welcome.journey")).unwrap();
    assert_eq!(text.lines().nth(at - 1).unwrap().trim(), "expect 3 messages");
    documented("test", &json(&onward(&["test", "shop", "--format", "json"], &folder).stdout));
}

#[test]
fn a_project_that_does_not_check_is_the_document_of_its_tests() {
    let folder = wrong("broken-test");
    let ran = onward(&["test", "--format", "sarif"], &folder);
    assert_eq!(ran.code, 1);
    assert!(sarif(&ran)["runs"][0]["results"].as_array().unwrap().iter().any(|one| one["ruleId"] == "E0101"));
    let ran = onward(&["test", "--format", "junit"], &folder);
    assert_eq!(ran.code, 1);
    assert!(ran.stdout.contains("E0101 line 16: there is no message `helo`"), "{}", ran.stdout);
}

#[test]
fn junit_names_files_and_lines_and_tells_the_story() {
    let ran = onward(&["test", "shop", "--format", "junit"], &failing("junit-test"));
    assert_eq!(ran.code, 1);
    let xml = &ran.stdout;
    assert!(xml.contains("tests=\"2\" skipped=\"0\" failures=\"1\""), "{xml}");
    assert!(xml.contains(
        "<testcase name=\"whoever orders is left, 100% :alone\" classname=\"welcome_customers\" file=\"shop/welcome.journey\" line="
    ));
    assert!(xml.contains("message=\"expected 3 messages\"") && xml.contains("sends welcome by email"), "{xml}");

    let folder = wrong("junit-check");
    let ran = onward(&["check", "--format", "junit"], &folder);
    assert_eq!(ran.code, 1);
    assert!(ran.stdout.contains("name=\"E0101 line 16: there is no message `helo`\""), "{}", ran.stdout);
    assert!(ran.stdout.contains("file=\"ร้าน, ใหม่/a b.journey\" line=\"16\""), "{}", ran.stdout);
}

#[test]
fn warnings_fail_a_case_only_where_they_fail_the_command() {
    let folder = fresh("junit-warning");
    // The second name has a Cyrillic letter.
    let text = "event promo { order_id text }\nevent pr\u{43e}mo { order_id text }\n";
    fs::write(folder.join("a.journey"), text).unwrap();
    let told = onward(&["check", "--format", "junit"], &folder);
    assert_eq!(told.code, 0, "{}", told.stdout);
    assert!(told.stdout.contains("<system-out>a.journey:") && told.stdout.contains("failures=\"0\""), "{}", told.stdout);
    let denied = onward(&["check", "--format", "junit", "--deny", "warnings"], &folder);
    assert_eq!(denied.code, 1);
    assert!(denied.stdout.contains("<failure message=") && !denied.stdout.contains("failures=\"0\""), "{}", denied.stdout);
    // What fails a test run before it plays is its document, too.
    let denied = onward(&["test", "--format", "junit", "--deny", "warnings"], &folder);
    assert!(denied.code == 1 && denied.stdout.contains("<failure message="), "{}", denied.stdout);
}

/// What the runner makes of a line, by its own rules: `::command key=value,key=value::message`.
fn unescaped(line: &str) -> (String, Vec<(String, String)>, String) {
    let data = |text: &str| text.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%");
    let property = |text: &str| data(&text.replace("%3A", ":").replace("%2C", ","));
    let (command, message) = line.strip_prefix("::").unwrap().split_once("::").unwrap();
    let (level, properties) = command.split_once(' ').unwrap();
    let properties = properties.split(',').map(|pair| pair.split_once('=').unwrap());
    (level.to_owned(), properties.map(|(key, value)| (key.to_owned(), property(value))).collect(), data(message))
}

#[test]
fn annotations_come_out_of_the_runner_as_they_went_in() {
    let folder = wrong("github");
    let findings = json(&onward(&["check", "--format", "json"], &folder).stdout);
    documented("check", &findings);
    let ran = onward(&["check", "--format", "github"], &folder);
    assert_eq!(ran.code, 1);
    let lines: Vec<&str> = ran.stdout.lines().collect();
    let findings = findings["diagnostics"].as_array().unwrap();
    assert_eq!(lines.len(), findings.len());
    for (line, finding) in lines.iter().zip(findings) {
        let (level, properties, message) = unescaped(line);
        let of = |key: &str| properties.iter().find(|(known, _)| known == key).map(|(_, value)| value.clone()).unwrap_or_default();
        assert_eq!(level, finding["severity"].as_str().unwrap());
        assert_eq!((of("file"), of("line")), (finding["file"].as_str().unwrap().to_owned(), finding["start"]["line"].to_string()));
        assert_eq!(of("title"), format!("{} {}", finding["code"].as_str().unwrap(), finding["slug"].as_str().unwrap()));
        assert!(message.starts_with(finding["message"].as_str().unwrap()), "{message}");
        // The runner refuses columns of a place that goes over several lines.
        assert_eq!(of("col").is_empty(), of("line") != of("endLine"), "{line}");
    }
    let ran = onward(&["test", "shop", "--format", "github"], &failing("github-test"));
    let (_, properties, message) = unescaped(ran.stdout.lines().next().unwrap());
    assert_eq!(properties.last().unwrap().1, "a new customer who takes her time hears from us twice");
    assert!(message.contains("\nhappened: 2 messages were sent"), "{message}");
}

#[test]
fn a_file_that_is_not_laid_out_is_told_in_every_format() {
    let folder = fresh("fmt");
    fs::write(folder.join("ก,:.journey"), "event   paid { total money THB }\n").unwrap();
    fs::write(folder.join("b.journey"), "event signed_up { source text? }\n").unwrap();
    let ran = onward(&["fmt", "--check", "--format", "sarif"], &folder);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    let document = sarif(&ran);
    let results = document["runs"][0]["results"].as_array().unwrap();
    assert_eq!((results.len(), &results[0]["ruleId"]), (1, &"format".into()));
    assert_eq!(results[0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], "%E0%B8%81%2C%3A.journey");
    assert_eq!(document["runs"][0]["automationDetails"]["id"], "onward/fmt/");
    let ran = onward(&["fmt", "--check", "--format", "junit"], &folder);
    assert!(ran.code == 1 && ran.stdout.contains("tests=\"2\" skipped=\"0\" failures=\"1\""), "{}", ran.stdout);
    let ran = onward(&["fmt", "--check", "--format", "github"], &folder);
    let (level, properties, _) = unescaped(ran.stdout.lines().next().unwrap());
    assert_eq!((ran.code, level.as_str(), properties[0].1.as_str()), (1, "error", "ก,:.journey"));
    let ran = onward(&["fmt", "--check", "--format", "json"], &folder);
    assert_eq!(ran.code, 1);
    documented("fmt", &json(&ran.stdout));
    // Laid out, nothing is left to say, and that is a valid document.
    assert_eq!(onward(&["fmt"], &folder).code, 0);
    let ran = onward(&["fmt", "--check", "--format", "sarif"], &folder);
    assert_eq!((ran.code, &sarif(&ran)["runs"][0]["results"]), (0, &Json::Array(Vec::new())));
}

#[test]
fn other_commands_say_who_writes_a_document() {
    let folder = fresh("who");
    for (format, who) in [("sarif", "`onward check`, `onward test` and `onward fmt --check`"), ("junit", "`onward check`, `onward test`")] {
        let ran = onward(&["plan", "--format", format], &folder);
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""));
        assert!(ran.stderr.contains(who), "{}", ran.stderr);
    }
    let ran = onward(&["check", "--bounds", "--format", "sarif"], &wrong("bounds-sarif"));
    assert!(ran.code == 2 && ran.stderr.contains("bounds are not findings"), "{}", ran.stderr);
}
