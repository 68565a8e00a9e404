//! The GitHub Action and the pre-commit hooks: what they say is parsed, and what they run is run here.

use super::ci_formats::{fresh, onward};
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn yaml(text: &str) -> Json {
    serde_saphyr::from_str(text).unwrap_or_else(|error| panic!("{error}:\n{text}"))
}

fn action() -> Json {
    yaml(&fs::read_to_string(root().join("action.yml")).unwrap())
}

fn steps(action: &Json) -> &Vec<Json> {
    action["runs"]["steps"].as_array().unwrap()
}

/// What stands between `${{` and `}}`, and conditions.
fn expressions(step: &Json) -> Vec<String> {
    let mut found: Vec<String> = step["if"].as_str().map(str::to_owned).into_iter().collect();
    for values in [&step["env"], &step["with"]] {
        for value in values.as_object().into_iter().flatten().map(|(_, value)| value.as_str().unwrap_or_default()) {
            found.extend(value.split("${{").skip(1).map(|rest| rest.split("}}").next().unwrap().trim().to_owned()));
        }
    }
    found
}

fn named<'t>(text: &'t str, before: &str) -> Vec<&'t str> {
    let end = |letter: char| !(letter.is_ascii_alphanumeric() || letter == '-' || letter == '_' || letter == '.');
    text.match_indices(before).map(|(at, _)| text[at + before.len()..].split(end).next().unwrap()).collect()
}

fn bash() -> bool {
    let there = Command::new("bash").arg("--version").output().is_ok_and(|output| output.status.success());
    if !there {
        eprintln!("SKIPPED: the scripts of action.yml (no bash on the PATH)");
    }
    there
}

#[test]
fn every_input_is_used_and_every_name_is_there() {
    let action = action();
    assert_eq!(action["runs"]["using"], "composite");
    let inputs: BTreeSet<&str> = action["inputs"].as_object().unwrap().keys().map(String::as_str).collect();
    let mut used = BTreeSet::new();
    let mut known: BTreeMap<&str, &str> = BTreeMap::new();
    for step in steps(&action) {
        let run = step["run"].as_str().unwrap_or_default();
        // What is pasted into a script is run: values come by the environment alone.
        assert!(!run.contains("${{"), "{run}");
        assert!(run.is_empty() || step["shell"] == "bash", "a composite step names its shell: {step}");
        for expression in expressions(step) {
            for input in named(&expression, "inputs.") {
                assert!(inputs.contains(input), "there is no input `{input}`");
                used.insert(input.to_owned());
            }
            for output in named(&expression, "steps.") {
                let (id, name) = output.split_once(".outputs.").unwrap();
                let script = known.get(id).unwrap_or_else(|| panic!("no step `{id}` before `{}`", step["name"]));
                assert!(script.contains(&format!("echo \"{name}=")), "step `{id}` gives no `{name}`");
            }
        }
        for variable in step["env"].as_object().into_iter().flatten().map(|(name, _)| name) {
            assert!(
                run.contains(&format!("${variable}")) || run.contains(&format!("${{{variable}")) || variable == "GH_TOKEN",
                "{variable} is not used"
            );
        }
        if let Some(id) = step["id"].as_str() {
            known.insert(id, run);
        }
    }
    assert_eq!(inputs.iter().map(|input| (*input).to_owned()).collect::<BTreeSet<_>>(), used, "an input that nothing uses");
    for output in action["outputs"].as_object().unwrap().values() {
        let value = output["value"].as_str().unwrap();
        let (id, name) = named(value, "steps.")[0].split_once(".outputs.").unwrap();
        assert!(known[id].contains(&format!("echo \"{name}=")), "{value}");
    }
    let page = fs::read_to_string(root().join("docs/ci.md")).unwrap();
    for (input, said) in action["inputs"].as_object().unwrap() {
        assert!(!said["description"].as_str().unwrap_or_default().is_empty(), "{input} says nothing");
        assert!(page.contains(&format!("| `{input}` |")), "docs/ci.md does not have the input {input}");
    }
}

#[test]
fn every_script_is_one() {
    if !bash() {
        return;
    }
    for step in steps(&action()).iter().filter(|step| step["run"].is_string()) {
        let file = fresh("action-syntax").join("script.sh");
        fs::write(&file, step["run"].as_str().unwrap()).unwrap();
        let output = Command::new("bash").arg("-n").arg(&file).output().unwrap();
        assert!(output.status.success(), "{}: {}", step["name"], String::from_utf8_lossy(&output.stderr));
    }
}

/// A runner, as far as this action needs one.
struct Runner {
    folder: PathBuf,
    github: BTreeMap<&'static str, String>,
    inputs: BTreeMap<String, String>,
    /// By step.
    outputs: BTreeMap<String, BTreeMap<String, String>>,
    ran: Vec<String>,
    said: String,
}

impl Runner {
    fn new(name: &str, given: &[(&str, &str)]) -> Runner {
        let folder = fresh(&format!("action/{name}"));
        for part in ["work", "temp", "bin"] {
            fs::create_dir_all(folder.join(part)).unwrap();
        }
        let mut inputs = BTreeMap::new();
        for (input, said) in action()["inputs"].as_object().unwrap() {
            inputs.insert(input.clone(), said["default"].as_str().unwrap_or_default().to_owned());
        }
        for (input, value) in given {
            assert!(inputs.insert((*input).to_owned(), (*value).to_owned()).is_some(), "{input}");
        }
        inputs.insert("token".to_owned(), "t0ken".to_owned());
        let github =
            [("event_name", "pull_request"), ("repository", "acme/shop"), ("event.pull_request.number", "7"), ("action_path", "/nowhere")];
        let github = github.map(|(key, value)| (key, value.to_owned())).into();
        Runner { folder, github, inputs, outputs: BTreeMap::new(), ran: Vec::new(), said: String::new() }
    }

    /// A program of our own on the PATH.
    fn fake(&self, name: &str, script: &str) {
        let path = self.folder.join("bin").join(name);
        fs::write(&path, format!("#!/bin/bash\n{script}\n")).unwrap();
        #[cfg(unix)]
        fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    }

    fn value(&self, name: &str) -> String {
        let name = name.trim();
        if let Some(text) = name.strip_prefix('\'') {
            return text.trim_end_matches('\'').to_owned();
        }
        let found = if let Some(input) = name.strip_prefix("inputs.") {
            self.inputs.get(input).cloned()
        } else if let Some(key) = name.strip_prefix("github.") {
            self.github.get(key).cloned()
        } else if let Some((id, output)) = name.strip_prefix("steps.").and_then(|rest| rest.split_once(".outputs.")) {
            Some(self.outputs.get(id).and_then(|of| of.get(output)).cloned().unwrap_or_default())
        } else {
            None
        };
        found.unwrap_or_else(|| panic!("the runner does not know `{name}`"))
    }

    fn holds(&self, condition: &str) -> bool {
        condition.split("&&").all(|part| match part.split_once("!=") {
            Some((one, other)) => self.value(one) != self.value(other),
            None => part.split_once("==").map(|(one, other)| self.value(one) == self.value(other)).expect("a comparison"),
        })
    }

    /// Runs the action to its end and gives its exit code.
    fn run(&mut self) -> i32 {
        let action = action();
        let summary = self.folder.join("summary.md");
        for (at, step) in steps(&action).iter().enumerate() {
            let Some(script) = step["run"].as_str() else { continue };
            if step["if"].as_str().is_some_and(|condition| !self.holds(condition)) {
                continue;
            }
            let given = self.folder.join(format!("output-{at}"));
            fs::write(&given, "").unwrap();
            // As a runner starts `shell: bash`.
            let mut command = Command::new("bash");
            command.args(["--noprofile", "--norc", "-eo", "pipefail", "-c", script]).current_dir(self.folder.join("work"));
            let path = format!("{}:{}", self.folder.join("bin").display(), std::env::var("PATH").unwrap_or_default());
            command.env("PATH", path).env("RUNNER_TEMP", self.folder.join("temp")).env("GITHUB_WORKSPACE", self.folder.join("work"));
            command.env("GITHUB_OUTPUT", &given).env("GITHUB_STEP_SUMMARY", &summary);
            for (name, value) in step["env"].as_object().into_iter().flatten() {
                let value = value.as_str().unwrap().trim_start_matches("${{").trim_end_matches("}}");
                command.env(name, self.value(value));
            }
            let output = command.output().unwrap();
            self.ran.push(step["name"].as_str().unwrap().to_owned());
            self.said.push_str(&String::from_utf8_lossy(&output.stdout));
            self.said.push_str(&String::from_utf8_lossy(&output.stderr));
            if let Some(id) = step["id"].as_str() {
                let lines = fs::read_to_string(&given).unwrap();
                let pairs = lines.lines().filter_map(|line| line.split_once('=')).map(|(key, value)| (key.to_owned(), value.to_owned()));
                self.outputs.insert(id.to_owned(), pairs.collect());
            }
            if !output.status.success() {
                return output.status.code().unwrap_or(-1);
            }
        }
        0
    }

    fn git(&self, arguments: &[&str]) -> String {
        let mut command = Command::new("git");
        command.args(["-c", "user.name=Nok", "-c", "user.email=nok@example.com", "-c", "commit.gpgsign=false"]).args(arguments);
        let output = command.current_dir(self.folder.join("work")).output().unwrap();
        assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// A first project in `my shop`, committed, and an edit of it on top.
    fn pull_request(&mut self, edit: impl Fn(&str) -> String) {
        let work = self.folder.join("work");
        assert_eq!(onward(&["init", "my shop"], &work).code, 0);
        self.git(&["init", "-q", "-b", "main", "."]);
        self.git(&["add", "-A"]);
        self.git(&["commit", "-qm", "one"]);
        self.github.insert("event.pull_request.base.sha", self.git(&["rev-parse", "HEAD"]));
        let file = work.join("my shop/welcome.journey");
        fs::write(&file, edit(&fs::read_to_string(&file).unwrap())).unwrap();
        self.git(&["commit", "-qam", "two"]);
    }
}

/// Notes how it was called; gives out what stands in `comments`.
const GH: &str = "printf '%s\\n' \"$GH_TOKEN $*\" >> \"$RUNNER_TEMP/../gh.log\"\ncase \"$*\" in *--paginate*) cat \"$RUNNER_TEMP/../comments\" 2>/dev/null;; esac\nexit 0";

#[test]
fn a_pull_request_is_checked_tested_reviewed_and_commented_on() {
    if !bash() {
        return;
    }
    let mut runner = Runner::new(
        "good",
        &[("onward", env!("CARGO_BIN_EXE_onward")), ("project", "my shop"), ("fmt", "false"), ("fail-on", "removed-steps")],
    );
    runner.fake("gh", GH);
    runner.pull_request(|text| text.replace("wait 3 days", "wait 4 days").replace("after 3 days", "after 4 days"));
    assert_eq!(runner.run(), 0, "{}", runner.said);
    assert_eq!(runner.ran, ["Get onward", "Check", "Test", "Review", "Comment", "Verdict"]);
    let summary = fs::read_to_string(runner.folder.join("summary.md")).unwrap();
    assert!(
        summary.starts_with("<!-- onward review: my shop -->\n") && summary.contains("| **re-timed** | `wait 4 days` | `wait 3 days` |"),
        "{summary}"
    );
    let review = runner.outputs["review"]["file"].clone();
    let log = fs::read_to_string(runner.folder.join("gh.log")).unwrap();
    assert!(log.contains(&format!("t0ken api --silent --method POST repos/acme/shop/issues/7/comments --field body=@{review}\n")), "{log}");
    for part in ["check", "test"] {
        let file = Path::new(&runner.outputs["get"]["sarif"]).join(format!("{part}.sarif"));
        let document: Json = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
        assert_eq!(document["runs"][0]["automationDetails"]["id"], format!("onward/{part}/"));
    }
    // The next run finds its comment and writes it anew.
    fs::write(runner.folder.join("comments"), "4711\n").unwrap();
    assert_eq!(runner.run(), 0, "{}", runner.said);
    let log = fs::read_to_string(runner.folder.join("gh.log")).unwrap();
    assert!(log.ends_with(&format!("--method PATCH repos/acme/shop/issues/comments/4711 --field body=@{review}\n")), "{log}");
}

#[test]
fn what_is_wrong_fails_at_the_end_and_is_still_told() {
    if !bash() {
        return;
    }
    let given =
        [("onward", env!("CARGO_BIN_EXE_onward")), ("project", "my shop"), ("fmt", "false"), ("fail-on", "removed-steps,retimed-steps")];
    let mut runner = Runner::new("bad", &given);
    // Somebody from a fork may not comment.
    runner.fake("gh", "exit 1");
    runner.pull_request(|text| text.replace("  wait 3 days\n", ""));
    assert_eq!(runner.run(), 1, "{}", runner.said);
    assert!(runner.said.contains("::error file=my shop/welcome.journey,line="), "{}", runner.said);
    assert!(runner.said.contains("::warning title=Onward::the review could not be written"), "{}", runner.said);
    assert!(runner.said.ends_with("onward test ended with 1\nonward review ended with 1\n"), "{}", runner.said);
    let summary = fs::read_to_string(runner.folder.join("summary.md")).unwrap();
    assert!(summary.contains("> **removed-steps**: `wait 3 days` in welcome"), "{summary}");
}

#[test]
fn a_file_that_is_not_laid_out_fails_the_action() {
    if !bash() {
        return;
    }
    let given =
        [("onward", env!("CARGO_BIN_EXE_onward")), ("project", "my shop"), ("check", "false"), ("test", "false"), ("review", "false")];
    let mut runner = Runner::new("fmt", &given);
    runner.pull_request(|text| text.replace("  enter on signed_up", "  enter    on signed_up"));
    assert_eq!(runner.run(), 1, "{}", runner.said);
    assert!(
        runner.said.contains("::error file=my shop/welcome.journey,line=") && runner.said.ends_with("onward fmt ended with 1\n"),
        "{}",
        runner.said
    );
    assert_eq!(onward(&["fmt", "my shop"], &runner.folder.join("work")).code, 0);
    assert_eq!(runner.run(), 0, "{}", runner.said);
}

#[test]
fn onward_is_built_or_loaded_and_what_is_loaded_is_what_was_meant() {
    if !bash() {
        return;
    }
    let build = "while [ $# -gt 0 ]; do [ \"$1\" = --root ] && root=\"$2\"; shift; done\ncp \"$ONWARD_FOR_TESTS\" \"$root/bin/onward\"";
    let off = [("check", "false"), ("test", "false"), ("fmt", "false"), ("review", "false")];
    let mut runner = Runner::new("built", &off);
    runner.fake("cargo", &build.replace("$ONWARD_FOR_TESTS", env!("CARGO_BIN_EXE_onward")));
    assert_eq!(runner.run(), 0, "{}", runner.said);
    assert_eq!(runner.ran, ["Get onward", "Verdict"]);
    assert!(runner.said.starts_with("onward "), "{}", runner.said);

    let curl =
        "while [ $# -gt 0 ]; do [ \"$1\" = --output ] && out=\"$2\"; shift; done\nprintf '#!/bin/bash\\necho onward 9.9\\n' > \"$out\"";
    // sha256 of the two lines that this curl brings.
    let sum = "printf '#!/bin/bash\\necho onward 9.9\\n' | sha256sum | cut -d ' ' -f 1";
    let sum = String::from_utf8(Command::new("bash").args(["-c", sum]).output().unwrap().stdout).unwrap();
    for (name, sha, code) in [("loaded", sum.trim(), 0), ("another", &"0".repeat(64), 1), ("no-sum", "", 2)] {
        let given = [&off[..], &[("download-url", "https://example.com/onward"), ("download-sha256", sha)]].concat();
        let mut runner = Runner::new(name, &given);
        runner.fake("curl", curl);
        assert_eq!(runner.run(), code, "{name}: {}", runner.said);
        assert_eq!(runner.said.contains("onward 9.9"), code == 0, "{name}: {}", runner.said);
    }
}

#[test]
fn the_hooks_run_under_the_real_pre_commit() {
    let hooks = yaml(&fs::read_to_string(root().join(".pre-commit-hooks.yaml")).unwrap());
    let ids: Vec<&str> = hooks.as_array().unwrap().iter().map(|hook| hook["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["onward-check", "onward-fmt", "onward-test"]);
    let Some(pre_commit) = pre_commit() else {
        eprintln!(
            "SKIPPED: the hooks under pre-commit (python3 and PyPI are needed once: `python3 -m venv target/pre-commit && target/pre-commit/bin/pip install pre-commit==4.7.0`)"
        );
        return;
    };
    let runner = Runner::new("pre-commit", &[]);
    let hooks = runner.folder.join("hooks");
    fs::create_dir_all(&hooks).unwrap();
    fs::copy(root().join(".pre-commit-hooks.yaml"), hooks.join(".pre-commit-hooks.yaml")).unwrap();
    let git = |folder: &Path, arguments: &[&str]| {
        let mut command = Command::new("git");
        command.args(["-c", "user.name=Nok", "-c", "user.email=nok@example.com", "-c", "commit.gpgsign=false"]).args(arguments);
        assert!(command.current_dir(folder).output().unwrap().status.success(), "git {arguments:?}");
    };
    git(&hooks, &["init", "-q", "."]);
    git(&hooks, &["add", "-A"]);
    git(&hooks, &["commit", "-qm", "hooks"]);
    let work = runner.folder.join("work");
    assert_eq!(onward(&["init", "."], &work).code, 0);
    git(&work, &["init", "-q", "."]);
    git(&work, &["add", "-A"]);
    let bin = Path::new(env!("CARGO_BIN_EXE_onward")).parent().unwrap();
    let run = |hook: &str| {
        let mut command = Command::new(&pre_commit);
        command.args(["try-repo", "--all-files"]).arg(&hooks).arg(hook).current_dir(&work);
        command
            .env("PRE_COMMIT_HOME", runner.folder.join("home"))
            .env("PATH", format!("{}:{}", bin.display(), std::env::var("PATH").unwrap()));
        let output = command.output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr))
    };
    for hook in ["onward-check", "onward-test"] {
        let (code, said) = run(hook);
        assert_eq!(code, Some(0), "{said}");
        assert!(said.contains("Passed"), "{said}");
    }
    let file = work.join("welcome.journey");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("expect 2 messages", "expect 3 messages")).unwrap();
    let (code, said) = run("onward-test");
    assert!(code == Some(1) && said.contains("expected  3 messages"), "{said}");
    assert_eq!(run("onward-check").0, Some(0));
    fs::write(&file, text.replace("send welcome by email", "send welcom by email")).unwrap();
    let (code, said) = run("onward-check");
    assert!(code == Some(1) && said.contains("E0101 unknown-name"), "{said}");
}

/// The real one, in a folder of its own below `target`; `None` where it cannot be had.
fn pre_commit() -> Option<PathBuf> {
    let venv = root().join("target/pre-commit");
    let program = venv.join("bin/pre-commit");
    let works = |program: &Path| Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success());
    if works(&program) {
        return Some(program);
    }
    let made = Command::new("python3").args(["-m", "venv"]).arg(&venv).output().ok()?.status.success();
    let pip = Command::new(venv.join("bin/pip"))
        .args(["install", "--quiet", "--disable-pip-version-check", "--retries", "0", "pre-commit==4.7.0"])
        .output();
    (made && pip.ok()?.status.success() && works(&program)).then_some(program)
}
