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
