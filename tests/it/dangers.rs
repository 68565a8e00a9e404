//! What texts must never do to a customer, whatever stands in them or in the data: one test for each danger that checks and templates meet.

use onward::project::Project;
use onward::scenario;

const SHOP: &str = r#"
customer { email email?, phone phone?, first_name text?, wishlist list of text = [] }
event ordered { order_id text, note text }
catalog product by sku { name text, stock number = 0 }
topic orders "Orders" transactional "the order"
topic news "News" opt out
"#;

const JOURNEY: &str = "journey j {\n  enter on ordered\n  one run per order_id\n  send m(note: entry.note)\n}\n";

fn findings(text: &str) -> Vec<String> {
    let (compiled, found) = onward::check_project(Project::from_texts([("a.journey", text)]));
    let sources = compiled.sources();
    found.into_sorted().iter().map(|one| format!("{} {}", one.code.number, sources.text(one.place))).collect()
}

/// What did not come true of the scenarios of a text.
fn failures(text: &str) -> Vec<String> {
    let (compiled, found) = onward::check_project(Project::from_texts([("a.journey", text)]));
    assert!(!found.has_errors(), "{:#?}", found.into_sorted());
    let report = scenario::run(&compiled.checked, compiled.sources(), None);
    assert!(!report.scenarios.is_empty());
    let failed = report.scenarios.iter().filter_map(|played| played.failed.as_ref());
    failed.flat_map(|failed| failed.failures.iter().map(|one| format!("{} → {}", one.expected, one.happened))).collect()
}

#[test]
fn nobody_is_greeted_without_a_name() {
    let message = |subject: &str| {
        format!("{SHOP}{JOURNEY}message m(note text) about orders {{ email {{ subject \"{subject}\", text \"{{{{ note }}}}\" }} }}\n")
    };
    assert_eq!(findings(&message("Hi {{ customer.first_name }},")), ["E0450 customer.first_name"]);
    let text = message("Hi {{ customer.first_name | default: 'friend' }},");
    for name in ["first_name: \" \"", "first_name: \"\"", "phone: \"+66812345678\""] {
        let story = format!(
            "{text}scenario \"s\" for j {{\n  given customer {{ email: \"a@example.com\", {name} }}\n  at 2026-03-01 10:00 ordered {{ order_id: \"1\", note: \"n\" \
             }}\n  expect message m by email containing \"Hi friend,\"\n}}\n"
        );
        assert_eq!(failures(&story), [""; 0], "{name}");
    }
}

#[test]
fn what_a_customer_wrote_is_text_and_no_header_no_template_and_no_tag() {
    let text = format!(
        "{SHOP}{JOURNEY}message m(note text) about orders {{ email {{ subject \"About {{{{ note }}}}\", html \"<p>{{{{ note }}}}</p><a href='{{{{ note }}}}'>x</a>\", text \
         \"{{{{ note }}}}\" }} }}\n"
    );
    for (note, shown) in [
        ("a\\nBcc: all@example.com", "About a Bcc: all@example.com"),
        ("{{ customer.email }}", "{{ customer.email }}"),
        ("<script>alert(1)</script>", "<p>&lt;script&gt;"),
    ] {
        let story = format!(
            "{text}scenario \"s\" for j {{\n  given customer {{ email: \"a@example.com\" }}\n  at 2026-03-01 10:00 ordered {{ order_id: \"1\", note: \"{note}\" }}\n  \
             expect message m by email containing \"{shown}\"\n}}\n"
        );
        assert_eq!(failures(&story), [""; 0], "{note}");
    }
}

#[test]
fn a_link_that_only_looks_like_ours_is_found() {
    let text = |link: &str| {
        format!(
            "{SHOP}{JOURNEY}brand {{ link domains [\"shop.example\"] }}\nmessage m(note text) about orders {{ sms \"{{{{ note }}}} {link}\" }}\n"
        )
    };
    assert_eq!(findings(&text("https://www.shop.example/a")), [""; 0]);
    for link in [
        "https://shop.example@evil.example/",
        "https://shop.example.evil.example/",
        // A Cyrillic letter in it.
        "https://sh\u{43e}p.example/",
        "https://evil.example\\\\@shop.example/",
        "http://notshop.example",
    ] {
        let found = findings(&text(link));
        assert!(found.len() == 1 && found[0].starts_with("W0443"), "{link}: {found:?}");
    }
}

#[test]
fn a_message_about_an_item_that_is_gone_by_then_is_not_sent() {
    let story = |gone: &str| {
        format!(
            "{SHOP}message m(item product) about news {{ sms \"{{{{ item.name }}}} is waiting\" }}\njourney j {{\n  enter on ordered\n  enter again never\n  let item be \
             product(entry.note) or exit if missing\n  wait 1 day\n  send m(item: item)\n}}\nscenario \"s\" for j {{\n  given customer {{ phone: \"+66812345678\" }}\n  given \
             product \"A1\" {{ name: \"Kettle\" }}\n  at 2026-03-01 10:00 ordered {{ order_id: \"1\", note: \"A1\" }}\n  {gone}\n}}\n"
        )
    };
    assert_eq!(failures(&story("expect message m containing \"Kettle\"")), [""; 0]);
    // It exists, and then it does not: no text with a hole in it.
    assert_eq!(failures(&story("after 1 hour product \"A1\" is gone\n  expect no messages")), [""; 0]);
}

#[test]
fn a_subject_has_room_for_255_characters() {
    let text = |count: usize| {
        format!(
            "{SHOP}{JOURNEY}message m(note text) about orders {{ email {{ subject \"{}\", text \"{{{{ note }}}}\" }} }}\n",
            "ก".repeat(count)
        )
    };
    let codes = |count: usize| findings(&text(count)).iter().map(|found| found[..5].to_owned()).collect::<Vec<_>>();
    assert_eq!((codes(70), codes(71), codes(255), codes(256)), (vec![], vec!["W0932".into()], vec!["W0932".into()], vec!["E0406".into()]));
}

#[test]
fn a_name_carries_no_address_and_is_short() {
    let text = format!(
        "{SHOP}{JOURNEY}message m(note text) about orders {{ email {{ subject \"Hi {{{{ customer.first_name | default: 'friend' }}}}!\", html \"<p>{{% assign who = customer.first_name | default: \
         'you' %}}{{{{ who }}}}, {{{{ note }}}}</p>\" }} }}\n"
    );
    let long = "ก".repeat(70);
    let cut = format!("Hi {}!", "ก".repeat(64));
    for (name, shown) in [
        ("Nok", "Hi Nok!"),
        ("Win now http://evil.tld", "Hi Win now!"),
        ("http://evil.tld", "Hi friend!"),
        ("Win now http://evil.tld", "<p>Win now, see https://shop.example</p>"),
        (long.as_str(), cut.as_str()),
    ] {
        let story = format!(
            "{text}scenario \"s\" for j {{\n  given customer {{ email: \"a@example.com\", first_name: \"{name}\" }}\n  at 2026-03-01 10:00 ordered {{ order_id: \"1\", note: \"see \
             https://shop.example\" }}\n  expect message m by email containing \"{shown}\"\n}}\n"
        );
        assert_eq!(failures(&story), [""; 0], "{name}");
    }
}

#[test]
fn what_cannot_be_seen_is_taken_out_of_names_subjects_and_links() {
    let text = format!(
        "{SHOP}{JOURNEY}message m(note text) about orders {{ email {{ subject \"About {{{{ note }}}}\", html \"<a href='https://shop.example/{{{{ note }}}}'>see {{{{ note }}}}</a>\" }} }}\n"
    );
    for shown in ["About agpj.exe", "<a href='https://shop.example/agpj.exe'>see agpj.exe</a>"] {
        let story = format!(
            "{text}scenario \"s\" for j {{\n  given customer {{ email: \"a@example.com\" }}\n  at 2026-03-01 10:00 ordered {{ order_id: \"1\", note: \"a\\u{{202E}}gpj\\u{{200B}}.exe\" }}\n  \
             expect message m by email containing \"{shown}\"\n}}\n"
        );
        assert_eq!(failures(&story), [""; 0], "{shown}");
    }
}

#[test]
fn a_mail_holds_no_svg_no_mathml_and_no_endless_nesting() {
    let html = |body: &str| {
        findings(&format!(
            "{SHOP}{JOURNEY}block foot {{ html \"<p>x</p>\" }}\nmessage m(note text) about orders {{ email {{ subject \"S\", html \"<p>{{{{ note }}}}</p>{body}{{% render 'foot' %}}\" }} }}\n"
        ))
    };
    assert_eq!(html("<b>svg math</b><!-- no tag -->"), [""; 0]);
    assert_eq!(html("<svg onload='x'></svg>"), ["E0436 svg"]);
    assert_eq!(html("<MATH><mtext></MATH>"), ["E0436 MATH"]);
    assert_eq!(html("< svg>"), [""; 0]);
    let nested = |depth: usize| html(&format!("{}x{}", "<i>".repeat(depth), "</i>".repeat(depth)));
    assert_eq!((nested(100), nested(101).len(), nested(10_000).len()), (vec![], 1, 1));
    assert!(nested(10_000)[0].starts_with("E0436"));
    let mjml = |inside: &str| {
        findings(&format!(
            "{SHOP}{JOURNEY}message m(note text) about orders {{ email {{ subject \"S {{{{ note }}}}\", mjml \"<mjml><mj-body><mj-section><mj-column><mj-text>{inside}</mj-text></mj-column></mj-section></mj-body></mjml>\" }} }}\n"
        ))
    };
    assert_eq!(mjml("<b>x</b>"), [""; 0]);
    assert_eq!(mjml("<svg></svg>"), ["E0436 svg"]);
    let block = findings(&format!(
        "{SHOP}{JOURNEY}block foot {{ html \"<svg/>\" }}\nmessage m(note text) about orders {{ email {{ subject \"S\", html \"{{{{ note }}}}{{% render 'foot' %}}\" }} }}\n"
    ));
    assert_eq!(block, ["E0436 svg"]);
    // What is too large for a mail is refused before it is rendered: a file of the project is 1 MiB at most, and a text in it with it.
    let large = onward::check_project(Project::from_texts([("a.journey", format!("# {}", "x".repeat(5 << 20)).as_str())])).1;
    assert!(large.has_errors());
}

#[test]
fn numbers_and_dates_without_an_end_are_formatted_and_never_panic() {
    use onward::template::untyped::{Options, render};
    let shown = |template: &str, data: serde_json::Value| render(template, &data, &Options::default());
    for number in ["1e308", "-1e308", "-0.0", "99999999999999999999999999999999999999999"] {
        let data: serde_json::Value = serde_json::from_str(&format!("{{\"x\": {number}}}")).unwrap();
        for filter in ["round", "abs", "ceil", "floor", "times: x", "divided_by: 0.0", "modulo: 0.1", "plus: x", "money", "date: '%Y'"] {
            let _ = shown(&format!("{{{{ x | {filter} }}}}"), data.clone());
        }
    }
    for date in ["-0001-01-01", "0000-00-00", "99999999-01-01", "9999999999999999999", "2026-02-30"] {
        let text = shown("{{ x | date: '%Y-%m-%d' }}", serde_json::json!({ "x": date })).unwrap();
        assert!(text.len() < 40, "{date}: {text}");
    }
    // In a project amounts end where the type does.
    let money = |amount: &str| findings(&format!("let price be {amount} THB\n"));
    assert!(money(&"9".repeat(40)).iter().any(|found| found.starts_with('E')), "{:?}", money(&"9".repeat(40)));
}

/// The table of `docs/templates.md` names a test for each danger of the catalogue, and the test is there.
#[test]
fn every_danger_of_the_catalogue_has_its_test() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join("docs/templates.md")).unwrap();
    let rows: Vec<Vec<&str>> = page
        .lines()
        .filter(|line| line.starts_with("| T"))
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect();
    let numbers: Vec<&str> = rows.iter().map(|row| row[0]).collect();
    let expected: Vec<String> = (1..=18).map(|number| format!("T{number}")).collect();
    assert_eq!(numbers, expected);
    for row in rows {
        let tests: Vec<&str> = row[3].split(", ").map(|test| test.trim_matches('`')).collect();
        assert!(!tests.is_empty());
        for test in tests {
            let (file, name) = test.split_once("::").unwrap_or_else(|| panic!("{test}"));
            let file = if file.contains('/') { root.join(format!("{file}.rs")) } else { root.join("tests/it").join(format!("{file}.rs")) };
            let text = std::fs::read_to_string(&file).unwrap_or_else(|_| panic!("{}", file.display()));
            let at = text.find(&format!("fn {name}(")).unwrap_or_else(|| panic!("there is no test `{test}`"));
            assert!(text[..at].trim_end().ends_with("#[test]"), "`{test}` is not a test");
        }
    }
}
