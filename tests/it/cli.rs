//! The command as a user meets it: what it prints, where, and how it ends.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What a run of the command left behind.
struct Ran {
    code: i32,
    stdout: String,
    stderr: String,
}

fn onward(arguments: &[&str], folder: &Path) -> Ran {
    let output = Command::new(env!("CARGO_BIN_EXE_onward"))
        .args(arguments)
        .current_dir(folder)
        .env_remove("NO_COLOR")
        .output()
        .expect("the command starts");
    Ran {
        code: output.status.code().expect("it ends by itself"),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// An empty folder of this test's own.
fn fresh(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cli").join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder).unwrap();
    }
    fs::create_dir_all(&folder).unwrap();
    folder
}

#[test]
fn a_path_that_is_not_there_ends_with_3_and_says_so() {
    let ran = onward(&["check", "nowhere"], &fresh("nowhere"));
    assert_eq!((ran.code, ran.stderr.as_str()), (3, "error: cannot read `nowhere`: there is no such file or folder\n"));
    assert_eq!(ran.stdout, "");
}

#[test]
fn a_folder_without_journeys_points_to_init() {
    let ran = onward(&["check"], &fresh("empty"));
    assert_eq!(ran.code, 3);
    assert_eq!(ran.stderr, "error: cannot read `.`: it holds no `.journey` file; `onward init` writes a first project\n");
}

#[test]
fn wrong_use_ends_with_2_and_help_with_0() {
    let folder = fresh("usage");
    assert_eq!(onward(&["chekc"], &folder).code, 2);
    assert_eq!(onward(&["plan", "--svg", "--mermaid"], &folder).code, 2);
    let help = onward(&["--help"], &folder);
    assert_eq!(help.code, 0);
    for command in ["check", "plan", "test", "simulate", "explain", "init", "completions"] {
        assert!(help.stdout.contains(&format!("\n  {command} ")), "{command} is missing in:\n{}", help.stdout);
    }
}

#[test]
fn explain_finds_a_page_by_code_and_slug_and_guesses_otherwise() {
    let folder = fresh("explain");
    let by_code = onward(&["explain", "e0651"], &folder);
    assert_eq!(by_code.code, 0);
    assert!(by_code.stdout.starts_with("# E0651 not-text\n"), "{}", by_code.stdout);
    assert_eq!(onward(&["explain", "not-text"], &folder).stdout, by_code.stdout);
    let unknown = onward(&["explain", "not-txt"], &folder);
    assert_eq!((unknown.code, unknown.stderr.as_str()), (2, "error: there is no finding `not-txt`; did you mean `not-text`?\n"));
}

#[test]
fn completions_name_the_subcommands() {
    let ran = onward(&["completions", "bash"], &fresh("completions"));
    assert_eq!(ran.code, 0);
    assert!(ran.stdout.contains("simulate") && ran.stdout.contains("--deny"));
}

#[test]
fn a_file_that_is_not_utf8_is_a_finding_with_its_byte() {
    let folder = fresh("encoding");
    // `## ` and then a Thai word as Windows-874 has it.
    fs::write(folder.join("old.journey"), b"## ok\n## \xc5\xd9\xa1\xa4\xe9\xd2\n").unwrap();
    let ran = onward(&["check", "--format", "short"], &folder);
    assert_eq!(ran.code, 1);
    assert_eq!(ran.stdout, "old.journey:2:2: error[E0651] the file is not UTF-8 text: byte 10 belongs to no character\n");
}

#[test]
fn a_file_may_have_one_mebibyte_and_not_a_byte_more() {
    let folder = fresh("size");
    let line = "# twenty characters\n";
    let mut text = line.repeat((1 << 20) / line.len());
    text.push_str(&"#".repeat((1 << 20) - text.len()));
    assert_eq!(text.len(), 1 << 20);
    fs::write(folder.join("big.journey"), &text).unwrap();
    let exact = onward(&["check", "--format", "short"], &folder);
    assert_eq!(exact.code, 0, "{}", exact.stdout);
    text.push('#');
    fs::write(folder.join("big.journey"), &text).unwrap();
    let ran = onward(&["check", "--format", "short"], &folder);
    assert_eq!((ran.code, ran.stdout.contains("error[E0652]")), (1, true), "{}", ran.stdout);
}

#[test]
fn a_project_may_have_64_mebibytes_and_not_a_byte_more() {
    let folder = fresh("project-size");
    let text = "# twenty characters\n".repeat(60_000);
    for number in 0..64 {
        fs::write(folder.join(format!("{number:02}.journey")), &text[..1 << 20]).unwrap();
    }
    let exact = onward::project::load(&folder).unwrap();
    assert!(exact.findings.is_empty(), "{:?}", exact.findings);
    fs::write(folder.join("99.journey"), "#").unwrap();
    let found = onward::project::load(&folder).unwrap().findings.into_sorted();
    let codes: Vec<&str> = found.iter().map(|one| one.code.number).collect();
    assert_eq!(codes, ["E0653"]);
    assert_eq!(found[0].place.file, onward::source::FileId(64));
    fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_mistake_in_the_project_file_is_found_by_check() {
    let folder = fresh("manifest");
    fs::write(folder.join("a.journey"), "# fine\n").unwrap();
    fs::write(folder.join("onward.toml"), "[project\nname = \"x\"\n").unwrap();
    let ran = onward(&["check", "--format", "short"], &folder);
    assert_eq!(ran.code, 1);
    assert!(ran.stdout.starts_with("onward.toml:1:"), "{}", ran.stdout);
}

#[cfg(unix)]
#[test]
fn links_out_of_the_project_and_devices_are_refused_and_never_opened() {
    let folder = fresh("refused");
    fs::write(folder.join("secret.journey"), "not part of it\n").unwrap();
    let project = folder.join("project");
    fs::create_dir_all(project.join("deep")).unwrap();
    fs::write(project.join("deep/own.journey"), "# fine\n").unwrap();
    std::os::unix::fs::symlink("../secret.journey", project.join("away.journey")).unwrap();
    std::os::unix::fs::symlink("deep/own.journey", project.join("inside.journey")).unwrap();
    std::os::unix::fs::symlink("/dev/zero", project.join("zero.journey")).unwrap();
    // A pipe would block whoever opens it.
    assert!(Command::new("mkfifo").arg(project.join("pipe.journey")).status().unwrap().success());
    let ran = onward(&["check", "project", "--format", "short"], &folder);
    assert_eq!(ran.code, 1);
    let expected = "project/away.journey:1:1: error[E0654] the file is not read: it is a link that leads out of the project\n\
                    project/pipe.journey:1:1: error[E0654] the file is not read: it is not an ordinary file\n\
                    project/zero.journey:1:1: error[E0654] the file is not read: it is a link that leads out of the project\n";
    assert_eq!(ran.stdout, expected);
    assert!(!ran.stderr.contains("not part of it"));
}

#[test]
fn hidden_and_built_folders_and_logs_are_not_looked_into() {
    let folder = fresh("skipped");
    for skipped in [".git", "target", "data"] {
        fs::create_dir_all(folder.join(skipped)).unwrap();
        fs::write(folder.join(skipped).join("x.journey"), b"\xff").unwrap();
    }
    fs::write(folder.join("a.journey"), "# fine\n").unwrap();
    let ran = onward(&["check"], &folder);
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "1 file checked, nothing to complain about\n"));
}

#[test]
fn init_writes_a_project_and_overwrites_nothing() {
    let folder = fresh("init");
    let ran = onward(&["init", "shop"], &folder);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let written = fs::read_to_string(folder.join("shop/welcome.journey")).unwrap();
    fs::write(folder.join("shop/welcome.journey"), "# mine\n").unwrap();
    let again = onward(&["init", "shop"], &folder);
    assert_eq!(again.code, 3);
    assert!(again.stderr.contains("nothing is ever overwritten"), "{}", again.stderr);
    assert_eq!(fs::read_to_string(folder.join("shop/welcome.journey")).unwrap(), "# mine\n");
    assert!(written.contains("scenario"));
    let onto_a_file = onward(&["init", "shop/welcome.journey"], &folder);
    let said = "error: `shop/welcome.journey` is a file, and a project is a folder; choose a new folder\n";
    assert_eq!((onto_a_file.code, onto_a_file.stderr.as_str()), (3, said));
}

#[test]
fn the_first_project_checks_plays_and_shows_its_plan() {
    let folder = fresh("first");
    assert_eq!(onward(&["init", "shop"], &folder).code, 0);
    let check = onward(&["check", "shop", "--deny", "warnings"], &folder);
    assert_eq!((check.code, check.stdout.as_str()), (0, "1 file checked, nothing to complain about\n"));
    let test = onward(&["test", "shop"], &folder);
    assert_eq!((test.code, test.stdout.as_str(), test.stderr.as_str()), (0, "2 scenarios played, all as expected\n", ""));
    let plan = onward(&["plan", "shop"], &folder);
    assert_eq!(plan.code, 0);
    assert!(plan.stdout.starts_with("journey welcome_customers \"Welcome\""), "{}", plan.stdout);
    assert!(onward(&["plan", "shop", "--svg"], &folder).stdout.starts_with("<svg"));
    assert!(onward(&["plan", "shop", "--mermaid"], &folder).stdout.contains("flowchart"));
    assert!(serde_json::from_str::<serde_json::Value>(&onward(&["plan", "shop", "--json"], &folder).stdout).unwrap().is_object());
    let unknown = onward(&["plan", "shop", "--journey", "welcom_customers"], &folder);
    assert_eq!(
        (unknown.code, unknown.stderr.as_str()),
        (2, "error: there is no journey `welcom_customers`; did you mean `welcome_customers`?\n")
    );
}

#[test]
fn findings_go_beside_the_answer_and_end_the_command() {
    let folder = fresh("findings");
    assert_eq!(onward(&["init", "shop"], &folder).code, 0);
    let path = folder.join("shop/welcome.journey");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("send welcome by email", "send welcome by emial")).unwrap();
    let check = onward(&["check", "shop", "--format", "short"], &folder);
    assert_eq!(check.code, 1);
    assert!(check.stdout.starts_with("shop/welcome.journey:") && check.stdout.lines().count() == 1, "{}", check.stdout);
    for command in ["plan", "test"] {
        let ran = onward(&[command, "shop", "--format", "short"], &folder);
        assert_eq!((ran.code, ran.stdout.as_str()), (1, ""), "{command}");
        assert_eq!(ran.stderr, check.stdout);
    }
    let json: serde_json::Value = serde_json::from_str(&onward(&["check", "shop", "--format", "json"], &folder).stdout).unwrap();
    assert_eq!(json["summary"]["errors"], 1);
    assert_eq!(json["diagnostics"][0]["file"], "shop/welcome.journey");
    let human = onward(&["check", "shop", "--color", "always"], &folder);
    assert!(human.stdout.contains('\u{1b}') && human.stdout.ends_with("1 error\n"), "{}", human.stdout);
    assert!(!onward(&["check", "shop"], &folder).stdout.contains('\u{1b}'));
}

#[test]
fn a_scenario_that_fails_ends_with_1_in_every_format() {
    let folder = fresh("scenarios");
    assert_eq!(onward(&["init", "shop"], &folder).code, 0);
    let path = folder.join("shop/welcome.journey");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("expect 2 messages", "expect 3 messages")).unwrap();
    let ran = onward(&["test", "shop", "--format", "short", "--junit", "report.xml"], &folder);
    assert_eq!(ran.code, 1);
    assert!(
        ran.stdout.contains("expected 3 messages; happened: 2 messages were sent: `welcome` by email at 2026-03-02 10:00"),
        "{}",
        ran.stdout
    );
    let junit = fs::read_to_string(folder.join("report.xml")).unwrap();
    assert!(junit.contains("tests=\"2\"") && junit.contains("failures=\"1\"") && junit.contains("expected 3 messages"), "{junit}");
    let github = onward(&["test", "shop", "--format", "github"], &folder);
    assert!(github.stdout.starts_with("::error file=shop/welcome.journey,line="), "{}", github.stdout);
    let json: serde_json::Value = serde_json::from_str(&onward(&["test", "shop", "--format", "json"], &folder).stdout).unwrap();
    assert_eq!((&json["summary"]["scenarios"], &json["summary"]["failed"]), (&2.into(), &1.into()));
    assert_eq!(onward(&["test", "shop", "--filter", "left alone"], &folder).code, 0);
    let none = onward(&["test", "shop", "--filter", "nothing like it"], &folder);
    assert_eq!(none.code, 2);
}

#[cfg(target_os = "linux")]
#[test]
fn an_answer_that_cannot_be_written_is_said_and_ends_with_3() {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let ran = std::process::Command::new(env!("CARGO_BIN_EXE_onward")).args(["explain", "E0101"]).stdout(full).output().unwrap();
    assert_eq!(ran.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&ran.stderr).starts_with("the answer cannot be written: "), "{ran:?}");
}

#[test]
fn check_states_the_bounds_as_a_table_and_as_json() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let ran = onward(&["check", "journeys/grocery", "--bounds"], root);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    assert!(ran.stdout.contains("journey win_back \"Win-back\""), "{}", ran.stdout);
    let last = ran.stdout.lines().last().unwrap_or_default();
    assert!(last.starts_with("  any") && last.contains("at most 3 messages in 7 days then skip"), "{last}");

    let ran = onward(&["check", "journeys/grocery", "--bounds", "--format", "json"], root);
    let bounds: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let win_back = bounds["journeys"].as_array().unwrap().iter().find(|one| one["name"] == "win_back").unwrap();
    assert_eq!(win_back["messages"][0]["run"], 2);
    assert!(win_back["stay"]["most_ms"].is_i64());

    // With a mistake there are no bounds, and the mistake is the answer.
    let folder = fresh("bounds");
    fs::write(folder.join("a.journey"), "journey a {\n  enter on nothing\n}\n").unwrap();
    let ran = onward(&["check", "--bounds"], &folder);
    assert_eq!(ran.code, 1);
    assert!(ran.stdout.contains("nothing") && !ran.stdout.contains("longest stay"), "{}", ran.stdout);
}
