//! `onward render`: what it shows, what it writes, and what it says to a wrong name.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const SHOP: &str = r#"customer {
  email email?
  first_name text?
  language language = "th"
}
event viewed { price money THB }
topic news "News" opt out
brand { postal address "1 Sukhumvit Road, Bangkok" }
message welcome(total money THB) about news {
  skip when total < 50 THB "too small"
  email { subject "สวัสดี {{ customer.first_name | default: 'คุณลูกค้า' }}", mjml file "mail/welcome.mjml" }
  email in "en" { subject "Hello {{ customer.first_name | default: 'friend' }}", html "<p>{{ total | money }}</p>{{ postal_address }} <a href='{{ unsubscribe_url }}'>x</a>" }
  web { headline "Welcome", body "{{ total | money }}" }
  web in "en" { headline "Hi", body "{{ total | money }}" }
}
journey j {
  enter on viewed
  enter again always
  send welcome(total: entry.price) by email
}
"#;

fn project(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("render").join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(folder.join("mail")).unwrap();
    fs::write(folder.join("onward.toml"), "").unwrap();
    fs::write(folder.join("shop.journey"), SHOP).unwrap();
    let mjml = "<mjml><mj-body><mj-section><mj-column><mj-text>{{ customer.first_name | default: 'x' }} {{ postal_address }} {{ unsubscribe_url }}</mj-text></mj-column></mj-section></mj-body></mjml>";
    fs::write(folder.join("mail/welcome.mjml"), mjml).unwrap();
    fs::write(folder.join("nok.json"), r#"{ "first_name": "<Nok>", "language": "en", "shoe": 39 }"#).unwrap();
    folder
}

fn render(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let ran = Command::new(env!("CARGO_BIN_EXE_onward"))
        .arg("render")
        .args(arguments)
        .args(["--out", "html"])
        .current_dir(folder)
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (ran.status.code().unwrap(), text(ran.stdout), text(ran.stderr))
}

#[test]
fn a_message_is_shown_with_samples_and_mjml_becomes_html() {
    let folder = project("samples");
    let (code, shown, said) = render(&folder, &["welcome"]);
    assert_eq!((code, said.as_str()), (0, ""), "{shown}");
    assert!(shown.contains("welcome by email\n  subject: สวัสดี Nok\n"), "{shown}");
    assert!(shown.contains("welcome by web\n  headline: Welcome\n  body: ฿1,290\n"), "{shown}");
    let html = fs::read_to_string(folder.join("html/welcome.email.html")).unwrap();
    assert!(html.to_lowercase().starts_with("<!doctype html>") && html.contains("Nok") && !html.contains("mj-text"), "{html}");
}

#[test]
fn a_customer_of_a_file_and_arguments_are_taken_as_said() {
    let folder = project("said");
    let (code, shown, said) = render(&folder, &["welcome", ".", "--customer", "nok.json", "--arg", "total=40", "--channel", "email"]);
    assert_eq!((code, said.as_str()), (0, ""), "{shown}");
    assert!(shown.contains("in \"en\"\n  would not be sent: too small\n  subject: Hello <Nok>\n"), "{shown}");
    assert!(!shown.contains("by web"), "{shown}");
    assert_eq!(
        fs::read_to_string(folder.join("html/welcome.email.en.html")).unwrap(),
        "<p>฿40</p>1 Sukhumvit Road, Bangkok <a href='https://unsubscribe.onward.invalid/'>x</a>"
    );
    let (_, thai, _) = render(&folder, &["welcome", ".", "--customer", "nok.json", "--language", "de"]);
    assert!(thai.contains("subject: สวัสดี <Nok>"), "{thai}");
}

#[test]
fn a_wrong_name_is_answered_with_a_right_one() {
    let folder = project("wrong");
    for (arguments, said) in [
        (&["welcom"][..], "there is no message `welcom`; did you mean `welcome`?"),
        (&["welcome", ".", "--channel", "emial"], "there is no channel `emial`; did you mean `email`?"),
        (&["welcome", ".", "--channel", "sms"], "there is no content of this message for `sms`; there is `email`, `web`"),
        (&["welcome", ".", "--language", "english"], "`english` is no language"),
        (&["welcome", ".", "--arg", "totl=5"], "there is no parameter `totl`; did you mean `total`?"),
        (&["welcome", ".", "--arg", "total=much"], "total: "),
        (&["welcome", ".", "--customer", "1042"], "no customer of that id"),
    ] {
        let (code, _, stderr) = render(&folder, arguments);
        assert!(code == 2 && stderr.contains(said), "{arguments:?}: {code} {stderr}");
    }
    fs::write(folder.join("mail/welcome.mjml"), "<mjml><mj-body>").unwrap();
    let (code, _, stderr) = render(&folder, &["welcome", ".", "--channel", "email"]);
    assert!(code == 1 && stderr.contains("this MJML cannot be made into a mail"), "{code} {stderr}");
}

#[test]
fn a_customer_of_the_projects_files_is_found_by_her_id() {
    let folder = project("by_id");
    let manifest =
        "[[customers]]\nfile = \"people.csv\"\nid = \"user_id\"\n[customers.columns]\nfirst_name = \"name\"\nlanguage = \"speaks\"\n";
    fs::write(folder.join("onward.toml"), manifest).unwrap();
    fs::write(folder.join("people.csv"), "user_id,name,speaks\nu1,นก,th\nu2,Ada,en\n").unwrap();
    let (code, shown, said) = render(&folder, &["welcome", ".", "--customer", "u2", "--channel", "email"]);
    assert_eq!((code, said.as_str()), (0, ""), "{shown}");
    assert!(shown.contains("in \"en\"\n  subject: Hello Ada\n"), "{shown}");
    let (code, shown, _) = render(&folder, &["welcome", ".", "--customer", "u1", "--channel", "email"]);
    assert!(code == 0 && shown.contains("subject: สวัสดี นก"), "{shown}");
    let (code, _, said) = render(&folder, &["welcome", ".", "--customer", "u3"]);
    assert!(code == 2 && said.contains("no customer of that id"), "{said}");
}

/// What the system opens HTML with is a program on the path, here one that notes what it was given.
#[cfg(target_os = "linux")]
#[test]
fn html_is_opened_in_a_browser_when_that_is_asked() {
    use std::os::unix::fs::PermissionsExt;
    let folder = project("opened");
    let browser = folder.join("bin/xdg-open");
    fs::create_dir_all(folder.join("bin")).unwrap();
    fs::write(&browser, format!("#!/bin/sh\necho \"$1\" > '{0}/opened.part' && mv '{0}/opened.part' '{0}/opened.txt'\n", folder.display()))
        .unwrap();
    fs::set_permissions(&browser, fs::Permissions::from_mode(0o755)).unwrap();
    let run = |path: &str| {
        Command::new(env!("CARGO_BIN_EXE_onward"))
            .args(["render", "welcome", ".", "--channel", "email", "--open", "--out", "html"])
            .env("PATH", path)
            .current_dir(&folder)
            .output()
            .unwrap()
    };
    let ran = run(&format!("{}:/usr/bin:/bin", folder.join("bin").display()));
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let begin = std::time::Instant::now();
    let opened = loop {
        if let Ok(text) = fs::read_to_string(folder.join("opened.txt")) {
            break text;
        }
        assert!(begin.elapsed() < std::time::Duration::from_secs(20), "nothing was opened");
        std::thread::yield_now();
    };
    assert!(folder.join(opened.trim()).is_file() && opened.trim().ends_with("welcome.email.html"), "{opened}");
    // Without such a program it is said.
    let ran = run("/nowhere");
    assert!(!ran.status.success() && String::from_utf8_lossy(&ran.stderr).contains("cannot be opened"), "{:?}", ran.status);
}
