//! `onward review`: what an edit changes, out of a real repository and out of two folders.

use super::ci_formats::{Ran, documented, fresh};
use serde_json::Value as Json;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const SHOP: &str = r#"customer { email email?, language language?, total_spent number = 0 }
event signed_up { source text? }
event paid { amount money EUR }
topic news "News" opt out
policy {
  timezone "Europe/London"
  at most 9 messages in 7 days then skip
}
brand {
  postal address "1 Road"
  footer legal
}
block legal { text "{{ postal_address }} {{ unsubscribe_url }}" }
segment spenders { customer.total_spent > 100 }
message welcome about news {
  email {
    subject "Welcome"
    text "Good to have you.\n\n{% render 'legal' %}"
  }
  email in "th" {
    subject "ยินดีต้อนรับ"
    text "ขอบคุณที่สมัคร\n\n{% render 'legal' %}"
  }
}
message later about news {
  email {
    subject "Still there?"
    text "Come by.\n\n{% render 'legal' %}"
  }
}
journey hello "Hello" {
  enter on signed_up where source is "web"
  enter again never
  send welcome by email
  wait 2 days
  send later by email
}
journey rich {
  enter when joins segment spenders
  enter again never
  wait 1 hour
  send later by email
}
"#;

const TOML: &str = "[project]\nname = \"shop\"\ntimezone = \"Europe/London\"\n\n[consent]\nnews = \"everyone\"\n\n[[log]]\nfile = \"data/events.csv\"\ncustomer = \"who\"\n\
                    time = \"at\"\nevent = { column = \"what\" }\n\n[[customers]]\n[customers.everyone]\nemail = { template = \"{id}@example.com\" }\n";

const LOG: &str = "who,at,what,source,amount\na,2026-03-02T10:00:00Z,signed_up,web,\nb,2026-03-02T11:00:00Z,signed_up,app,\n\
                   c,2026-03-03T11:00:00Z,signed_up,web,\nd,2026-03-12T11:00:00Z,paid,,5\n";

/// A repository with a project in the folder `ร้าน`, one commit.
struct Repo {
    folder: PathBuf,
    temp: PathBuf,
}

impl Repo {
    fn new(name: &str, files: &[(&str, &str)]) -> Repo {
        let folder = fresh(&format!("review/{name}/repo"));
        let temp = fresh(&format!("review/{name}/temp"));
        let repo = Repo { folder, temp };
        repo.git(&["init", "-q", "-b", "main", "."]);
        for (file, text) in files {
            repo.write(file, text);
        }
        repo.commit("the first");
        repo
    }

    fn write(&self, file: &str, text: &str) {
        let path = self.folder.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn git(&self, arguments: &[&str]) -> String {
        let mut command = Command::new("git");
        command.args(["-c", "user.name=Nok", "-c", "user.email=nok@example.com", "-c", "commit.gpgsign=false"]).args(arguments);
        let output = command.current_dir(&self.folder).output().expect("git is installed where these tests run");
        assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    fn commit(&self, message: &str) {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", message]);
    }

    fn review(&self, arguments: &[&str]) -> Ran {
        onward(&[&["review"], arguments].concat(), &self.folder, &self.temp)
    }

    fn json(&self, arguments: &[&str]) -> Json {
        let ran = self.review(&[arguments, &["--json"]].concat());
        let review: Json = serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {}{}", ran.stdout, ran.stderr));
        documented("review", &review);
        review
    }
}

fn onward(arguments: &[&str], folder: &Path, temp: &Path) -> Ran {
    let output = Command::new(env!("CARGO_BIN_EXE_onward")).args(arguments).current_dir(folder).env("TMPDIR", temp).output().unwrap();
    let ran = Ran {
        code: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    };
    assert_eq!(fs::read_dir(temp).unwrap().count(), 0, "something is left behind");
    ran
}

fn shop(name: &str) -> Repo {
    Repo::new(name, &[("ร้าน/shop.journey", SHOP), ("ร้าน/onward.toml", TOML), ("ร้าน/data/events.csv", LOG)])
}

/// The shop, and a second commit with this edit.
fn edited(name: &str, from: &str, to: &str) -> Repo {
    let repo = shop(name);
    assert!(SHOP.contains(from), "{from}");
    repo.write("ร้าน/shop.journey", &SHOP.replacen(from, to, 1));
    repo.commit("the second");
    repo
}

#[test]
fn a_pull_request_is_told_in_plain_words_and_nothing_is_touched() {
    let repo = shop("words");
    let text = SHOP
        .replace("wait 2 days", "wait 3 days")
        .replace(" where source is \"web\"", "")
        .replace("  send later by email\n}\njourney rich", "  send later by email\n  wait 1 day\n  send later by email\n}\njourney rich")
        .replace("subject \"ยินดีต้อนรับ\"", "subject \"สวัสดีและยินดีต้อนรับ\"");
    repo.write("ร้าน/shop.journey", &text);
    repo.commit("the second");
    // Somebody works on: what lies there is not what is reviewed, and stays as it is.
    repo.write("ร้าน/shop.journey", "journey broken {");
    repo.write("ร้าน/new.journey", "# new\n");
    repo.git(&["add", "ร้าน/new.journey"]);
    let (status, index) = (repo.git(&["status", "--porcelain"]), fs::read(repo.folder.join(".git/index")).unwrap());

    let ran = repo.review(&["HEAD~1..HEAD", "ร้าน"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    for line in [
        "ร้าน: HEAD~1 → HEAD\n",
        "1 journey changes, 2 steps added, 1 step re-timed, 1 text read differently\n",
        "on the sample log 9 messages are sent, 4 before (+5)\n",
        "journey hello \"Hello\": changed\n",
        "  was for: enter on signed_up where source is \"web\"\n  is for:  enter on signed_up\n",
        "  entered 3 times on the sample log, 2 before\n",
        "  whoever is in it: finish as they began\n",
        "  re-timed   `wait 3 days`, was `wait 2 days` (shop.journey:35); reached 2 times on the sample log\n",
        "  new        `wait 1 day` (shop.journey:37)",
        "message welcome by email in th: changed\n  subject\n    -ยินดีต้อนรับ\n    +สวัสดีและยินดีต้อนรับ\n",
        "  hello: longest stay: 4 days 2 hours, was 2 days 1 hour\n",
        "  hello: messages by email in a run: 3, was 2\n",
    ] {
        assert!(ran.stdout.contains(line), "{line:?} is missing in:\n{}", ran.stdout);
    }
    assert!(!ran.stdout.contains("rich"), "what does not change is not told:\n{}", ran.stdout);
    assert_eq!(repo.git(&["status", "--porcelain"]), status);
    assert_eq!(fs::read(repo.folder.join(".git/index")).unwrap(), index);
}

#[test]
fn the_comment_has_pictures_with_marks_and_the_diffs() {
    let repo = edited("markdown", "  wait 2 days\n", "  wait 3 days\n  send welcome by email\n");
    let ran = repo.review(&["main~1..main", "ร้าน", "--format", "markdown", "--fail-on", "more-messages,removed-steps"]);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    let text = &ran.stdout;
    assert!(text.starts_with("<!-- onward review: ร้าน -->\n## Onward: what `main` changes in `ร้าน`\n"), "{text}");
    assert!(text.contains("> **more-messages**: 6 messages in all, 4 before; 6 messages by email, 4 before"), "{text}");
    assert!(!text.contains("removed-steps"), "{text}");
    assert!(text.contains("| **re-timed** | `wait 3 days` | `wait 2 days` | `shop.journey:35` |"), "{text}");
    let pictures: Vec<&str> = text.split("```mermaid\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert_eq!(pictures.len(), 2);
    assert!(pictures[0].contains("[\"changed: wait 2 days\"]:::wait") && !pictures[0].contains("new: "), "{}", pictures[0]);
    assert!(pictures[1].contains("[\"changed: wait 3 days\"]:::wait"), "{}", pictures[1]);
    let new = pictures[1].lines().find(|line| line.contains("new: send welcome")).unwrap().trim();
    let id = new.split('[').next().unwrap();
    assert!(pictures[1].contains(&format!("class {id} added")) && pictures[1].contains("classDef added "), "{}", pictures[1]);
    assert!(text.contains("| **messages in all** | 4 | 6 | +2 |"), "{text}");
}

#[test]
fn what_people_wrote_cannot_leave_its_place_in_the_comment() {
    let repo = edited("markdown-escape", "subject \"Still there?\"", "subject \"``` @everyone <b>x</b> | y\"");
    let ran = repo.review(&["main~1..main", "ร้าน", "--format", "markdown"]);
    assert_eq!(ran.code, 0);
    assert!(ran.stdout.contains("````diff\n-Still there?\n+``` @everyone"), "{}", ran.stdout);
    let outside: String = ran.stdout.split("````").step_by(2).collect();
    assert!(!outside.contains("@everyone") && !outside.contains("<b>"), "{outside}");
}

#[test]
fn a_comment_is_never_longer_than_its_host_takes() {
    let journeys = |wait: &str| {
        (0..60).fold(SHOP.to_owned(), |all, at| {
            let steps: String = (0..12).map(|day| format!("  wait {} {wait}\n  send later by email\n", day + 1)).collect();
            format!("{all}journey long_{at} {{\n  enter on paid\n  enter again never\n{steps}}}\n")
        })
    };
    let repo = Repo::new("markdown-long", &[("shop.journey", &journeys("hours"))]);
    repo.write("shop.journey", &journeys("days"));
    repo.commit("the second");
    let ran = repo.review(&["HEAD~1..HEAD", "--format", "markdown", "--no-simulation"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stdout.chars().count() < 65_536 && !ran.stdout.contains("```mermaid"), "{}", ran.stdout.chars().count());
    assert!(ran.stdout.contains("a comment takes no more"), "the end says what is left out");
}

#[test]
fn an_edit_that_changes_nothing_says_so_and_breaks_no_policy() {
    // Lines move, a comment is written: no customer notices.
    let repo = edited("same", "journey hello", "\n# a remark\njourney hello");
    let all = "removed-steps,removed-journeys,retimed-steps,changed-texts,more-messages,wider-audience,higher-bounds,new-warnings,changed-policy,any-change";
    let ran = repo.review(&["HEAD~1..HEAD", "ร้าน", "--fail-on", all]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    let same =
        "ร้าน: HEAD~1 → HEAD\nnothing changes that a customer could notice\non the sample log nothing changes: 4 messages to 4 customers\n";
    assert_eq!(ran.stdout, same);
    let review = repo.json(&["HEAD~1..HEAD", "ร้าน"]);
    assert_eq!((&review["journeys"], &review["volume"]["is_same"]), (&Json::Array(Vec::new()), &true.into()));
}

#[test]
fn each_policy_is_broken_by_its_own_edit() {
    let later = "message later about news {\n  email {\n    subject \"Still there?\"";
    let cases: [(&str, &str, &str, &[&str]); 8] = [
        ("removed", "  wait 2 days\n", "", &["removed-steps", "higher-bounds"]),
        (
            "journey",
            "journey rich {\n  enter when joins segment spenders\n  enter again never\n  wait 1 hour\n  send later by email\n}\n",
            "",
            &["removed-steps", "removed-journeys"],
        ),
        ("retimed", "wait 2 days", "wait 3 days", &["retimed-steps", "higher-bounds"]),
        ("texts", later, "message later about news {\n  email {\n    subject \"Hi\"", &["changed-texts"]),
        ("wider", " where source is \"web\"", "", &["more-messages", "wider-audience"]),
        ("policy", "at most 9 messages", "at most 8 messages", &["changed-policy"]),
        ("fewer", "where source is \"web\"", "where source is \"tv\"", &[]),
        (
            "bounds",
            "  send later by email\n}\njourney rich",
            "  send later by email\n  send later by email\n}\njourney rich",
            &["more-messages", "higher-bounds"],
        ),
    ];
    let all = [
        "removed-steps",
        "removed-journeys",
        "retimed-steps",
        "changed-texts",
        "more-messages",
        "wider-audience",
        "higher-bounds",
        "changed-policy",
    ];
    for (name, from, to, expected) in cases {
        let repo = edited(&format!("policy-{name}"), from, to);
        let review = repo.json(&["HEAD~1..HEAD", "ร้าน", "--fail-on", &all.join(","), "--fail-on", "any-change"]);
        let mut broken: Vec<&str> = review["broken"].as_array().unwrap().iter().map(|one| one["policy"].as_str().unwrap()).collect();
        assert_eq!(broken.pop(), Some("any-change"), "{name}");
        assert_eq!(broken, expected, "{name}: {:#}", review["broken"]);
    }
}

#[test]
fn a_new_warning_is_new_and_an_old_one_is_not() {
    let looks_alike = "event promo { a text? }\nevent pr\u{43e}mo { a text? }\n";
    let repo = Repo::new("warnings", &[("shop.journey", SHOP)]);
    repo.write("shop.journey", &format!("{SHOP}{looks_alike}"));
    repo.commit("the second");
    repo.write("shop.journey", &format!("# moved down\n\n{SHOP}{looks_alike}"));
    repo.commit("the third");
    let ran = repo.review(&["HEAD~2..HEAD~1", "--fail-on", "new-warnings"]);
    assert!(ran.code == 1 && ran.stdout.contains("\nnew findings\n  W0112 looks-alike: "), "{}", ran.stdout);
    assert!(ran.stdout.contains("\nrefused by --fail-on\n  new-warnings: W0112 "), "{}", ran.stdout);
    let ran = repo.review(&["HEAD~1..HEAD", "--fail-on", "new-warnings"]);
    assert!(ran.code == 0 && !ran.stdout.contains("W0112"), "{}", ran.stdout);
    let ran = repo.review(&["HEAD~1..HEAD~2", "--fail-on", "new-warnings"]);
    assert!(ran.code == 0 && ran.stdout.contains("\nfindings that are gone\n  W0112 "), "{}", ran.stdout);
}

#[test]
fn a_policy_that_is_none_lists_them_all() {
    let repo = shop("unknown-policy");
    let ran = repo.review(&["HEAD..HEAD", "ร้าน", "--fail-on", "removed-step"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""));
    assert!(ran.stderr.starts_with("error: there is no policy `removed-step`; did you mean `removed-steps`?\n"), "{}", ran.stderr);
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/ci.md")).unwrap();
    let action = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("action.yml")).unwrap();
    for policy in &onward::review::policy::POLICIES {
        assert!(ran.stderr.contains(policy.name) && ran.stderr.contains(policy.refuses), "{}", ran.stderr);
        assert!(page.contains(&format!("| `{}` | {} |", policy.name, policy.refuses)), "docs/ci.md does not have {}", policy.name);
        assert!(action.contains(policy.name), "action.yml does not name {}", policy.name);
    }
}

#[test]
fn a_journey_with_another_name_is_not_removed() {
    let repo = edited("renamed", "journey hello \"Hello\"", "journey greeting \"Hello\"");
    let ran = repo.review(&["HEAD~1..HEAD", "ร้าน", "--fail-on", "removed-steps,removed-journeys,more-messages,wider-audience"]);
    assert_eq!(ran.code, 0, "{}", ran.stdout);
    assert!(ran.stdout.contains("journey greeting \"Hello\": renamed\n"), "{}", ran.stdout);
    assert!(ran.stdout.contains("it was called `hello`: for who is in it and for `enter again`, it is another journey"), "{}", ran.stdout);
    let review = repo.json(&["HEAD~1..HEAD", "ร้าน"]);
    let journeys = review["journeys"].as_array().unwrap();
    assert_eq!((journeys.len(), &journeys[0]["was"], &journeys[0]["steps"]), (1, &"hello".into(), &Json::Array(Vec::new())));
    assert_eq!(review["bounds"], Json::Array(Vec::new()));
}

#[test]
fn a_segment_that_changes_names_who_asks_it() {
    let repo = edited("segment", "customer.total_spent > 100", "customer.total_spent > 50");
    let review = repo.json(&["HEAD~1..HEAD", "ร้าน"]);
    let segment = &review["segments"][0];
    assert_eq!((&segment["name"], &segment["change"]), (&"spenders".into(), &"changed".into()));
    assert_eq!(segment["asked_by"], serde_json::json!(["rich"]));
    assert!(segment["before"].as_str().unwrap().contains("> 100") && segment["after"].as_str().unwrap().contains("> 50"), "{segment:#}");
}

#[test]
fn a_side_that_does_not_check_is_said() {
    let repo = edited("broken-after", "wait 2 days", "wait 2 dyas");
    let ran = repo.review(&["HEAD~1..HEAD", "ร้าน"]);
    assert_eq!(ran.code, 1, "a head that does not check fails by itself");
    assert!(ran.stdout.contains("HEAD does not check (1 error), so what it does cannot be compared\n"), "{}", ran.stdout);
    assert!(ran.stdout.contains("new findings\n  E0013 ") && ran.stdout.contains("(ร้าน/shop.journey:35:"), "{}", ran.stdout);
    // Mended: what was broken is gone.
    let ran = repo.review(&["HEAD..HEAD~1", "ร้าน"]);
    assert_eq!(ran.code, 0);
    assert!(
        ran.stdout.contains("HEAD does not check (1 error)") && ran.stdout.contains("findings that are gone\n  E0013 "),
        "{}",
        ran.stdout
    );
    assert_eq!(repo.json(&["HEAD~1..HEAD", "ร้าน"])["after"]["state"], "broken");
}

#[test]
fn a_project_that_comes_or_goes() {
    let repo = Repo::new("comes", &[("README.md", "nothing yet\n")]);
    repo.write("ร้าน/shop.journey", SHOP);
    repo.commit("the second");
    let ran = repo.review(&["HEAD~1..HEAD", "ร้าน"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    assert!(ran.stdout.contains("HEAD~1 has no project here\n2 journeys are new, 3 texts read differently\n"), "{}", ran.stdout);
    assert!(ran.stdout.contains("journey hello \"Hello\": new\n  for: enter on signed_up where source is \"web\"\n"), "{}", ran.stdout);
    repo.git(&["rm", "-rq", "ร้าน"]);
    repo.commit("the third");
    let ran = repo.review(&["HEAD~1..HEAD", "ร้าน", "--fail-on", "removed-journeys"]);
    assert_eq!(ran.code, 1, "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("HEAD has no project here\n2 journeys are gone"), "{}", ran.stdout);
    let ran = repo.review(&["HEAD~2..HEAD~2", "ร้าน"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""));
    assert!(ran.stderr.contains("neither HEAD~2 nor HEAD~2 has a project in `ร้าน`"), "{}", ran.stderr);
}

#[test]
fn revisions_that_are_none_and_folders_without_a_repository() {
    let repo = shop("bad");
    for bad in ["nowhere..HEAD", "HEAD..--output=x", "HEAD~9", "HEAD...nowhere"] {
        let ran = repo.review(&[bad, "ร้าน"]);
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{bad}");
        assert!(ran.stderr.starts_with("error: the repository has no revision `"), "{bad}: {}", ran.stderr);
    }
    assert!(!repo.folder.join("x").exists());
    // Outside of every repository: git looks no further up than it is told to.
    let folder = fresh("review/no-repository");
    fs::write(folder.join("a.journey"), SHOP).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_onward"))
        .args(["review", "main..HEAD"])
        .current_dir(&folder)
        .env("GIT_CEILING_DIRECTORIES", folder.parent().unwrap())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(said, "error: `.` is in no git repository; two folders can be compared as well: `onward review OLD_FOLDER NEW_FOLDER`\n");
}

#[test]
fn two_folders_are_compared_without_git_and_without_a_log() {
    let folder = fresh("review/folders/work");
    let temp = fresh("review/folders/temp");
    for (name, text) in [("old", SHOP.to_owned()), ("new", SHOP.replace("wait 2 days", "wait 1 day"))] {
        fs::create_dir_all(folder.join(name)).unwrap();
        fs::write(folder.join(name).join("shop.journey"), text).unwrap();
    }
    let output = Command::new(env!("CARGO_BIN_EXE_onward"))
        .args(["review", "old", "new"])
        .current_dir(&folder)
        .env("PATH", "/nowhere")
        .env("TMPDIR", &temp)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(
        text.starts_with(
            "new: old → new\n1 journey changes, 1 step re-timed\nmessage volume is not compared: the project names no log in onward.toml"
        ),
        "{text}"
    );
    // Without a log the policies look at what is written.
    fs::write(folder.join("new/shop.journey"), SHOP.replace(" where source is \"web\"", "")).unwrap();
    let ran = onward(&["review", "old", "new", "--fail-on", "wider-audience"], &folder, &temp);
    assert!(ran.code == 1 && ran.stdout.contains("wider-audience: hello may be entered by more"), "{}", ran.stdout);
}

#[test]
fn the_work_tree_the_fork_and_a_log_that_git_does_not_keep() {
    let repo = Repo::new("work-tree", &[("ร้าน/shop.journey", SHOP), ("ร้าน/onward.toml", TOML), (".gitignore", "data/\n")]);
    repo.write("ร้าน/data/events.csv", LOG);
    // Main goes on while the branch does its own.
    repo.git(&["checkout", "-q", "-b", "topic"]);
    repo.write("ร้าน/shop.journey", &SHOP.replace("wait 2 days", "wait 3 days"));
    repo.commit("topic");
    repo.git(&["checkout", "-q", "main"]);
    repo.write("ร้าน/shop.journey", &SHOP.replace("wait 1 hour", "wait 2 hours"));
    repo.commit("main");
    let fork = repo.json(&["main...topic", "ร้าน"]);
    let names = |review: &Json| -> Vec<String> {
        review["journeys"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&fork), ["hello"]);
    assert_eq!(fork["volume"]["sent_before"], 4, "the log lies beside the project, not in git: {:#}", fork["volume_missing"]);
    assert_eq!(names(&repo.json(&["main..topic", "ร้าน"])), ["hello", "rich"]);
    // One revision alone is compared with what lies here.
    repo.write("ร้าน/shop.journey", &SHOP.replace("wait 1 hour", "wait 3 hours"));
    let here = repo.json(&["main", "ร้าน"]);
    assert_eq!((&here["after"]["name"], names(&here)), (&"the work tree".into(), vec!["rich".to_owned()]));
    // From inside the folder it is the same, and so is one file as a project.
    let ran = onward(&["review", "main"], &repo.folder.join("ร้าน"), &repo.temp);
    assert!(ran.code == 0 && ran.stdout.starts_with("ร้าน: main → the work tree\n1 journey changes"), "{}{}", ran.stdout, ran.stderr);
    let ran = repo.review(&["main~1..main", "ร้าน/shop.journey"]);
    assert!(ran.code == 0 && ran.stdout.contains("journey rich: changed"), "{}{}", ran.stdout, ran.stderr);
}
