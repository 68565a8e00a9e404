//! Messages: what they say by channel and language, when they refuse themselves, and what customers answer.

use onward::project::Project;
use onward::scenario;
use onward::source::Sources;

pub const SHOP: &str = r#"
customer {
  email      email?
  phone      phone?
  push_token text?
  address    text?
  first_name text?
  plan       one of "free", "pro" = "free"
  language   language = "th"
}
event ordered { order_id text, total money THB }
event viewed { sku text, price money THB }
topic news "News" opt out
topic orders "Orders" transactional "what she asked for"
"#;

/// Each finding as `CODE underlined`.
pub fn findings(text: &str) -> Vec<String> {
    let text = format!("{SHOP}{text}");
    let (compiled, found) = onward::check_project(Project::from_texts([("shop.journey", text.as_str())]));
    let sources: &Sources = compiled.sources();
    found.into_sorted().iter().map(|found| format!("{} {}", found.code.number, sources.text(found.place))).collect()
}

/// What did not come true in the scenarios of a project: `expected → happened`, one line each.
pub fn failures(text: &str) -> Vec<String> {
    let text = format!("{SHOP}{text}");
    let (compiled, found) = onward::check_project(Project::from_texts([("shop.journey", text.as_str())]));
    assert!(!found.has_errors(), "{:#?}", found.into_sorted());
    let report = scenario::run(&compiled.checked, compiled.sources(), None);
    assert!(!report.scenarios.is_empty());
    let failed = report.scenarios.iter().filter_map(|played| played.failed.as_ref());
    failed.flat_map(|failed| failed.failures.iter().map(|one| format!("{} → {}", one.expected, one.happened))).collect()
}

pub fn holds(text: &str) {
    assert_eq!(failures(text), Vec::<String>::new());
}

const REFUSING: &str = r#"
message drop(price money THB) about news {
  skip when price < 50 THB "ราคาถูกเกินไป"
  skip when has ordered in the last 1 day or customer.plan is "pro" "needs no offer"
  sms "{{ price | money }}"
}
journey j {
  enter on viewed
  enter again always
  send drop(price: entry.price) by sms
}
"#;

#[test]
fn a_message_refuses_itself_by_its_arguments_and_by_what_she_did() {
    holds(&format!(
        r#"{REFUSING}
scenario "cheap" for j {{
  given customer {{ phone: "+66812345678" }}
  at 2026-03-01 10:00 viewed {{ sku: "a", price: 49 THB }}
  expect no message drop because refused
  expect exit "finished"
}}
scenario "bought just now" for j {{
  given customer {{ phone: "+66812345678" }}
  given has ordered 23 hours ago {{ order_id: "1", total: 5 THB }}
  at 2026-03-01 10:00 viewed {{ sku: "a", price: 50 THB }}
  expect no message drop because refused
}}
scenario "bought the day before" for j {{
  given customer {{ phone: "+66812345678" }}
  given has ordered 24 hours ago {{ order_id: "1", total: 5 THB }}
  at 2026-03-01 10:00 viewed {{ sku: "a", price: 50 THB }}
  expect message drop by sms containing "50"
}}"#
    ));
    let said = failures(&format!(
        r#"{REFUSING}
scenario "ถูกไป" for j {{
  given customer {{ phone: "+66812345678" }}
  at 2026-03-01 10:00 viewed {{ sku: "a", price: 49 THB }}
  expect message drop
}}"#
    ));
    assert!(said[0].contains("it refused itself: ราคาถูกเกินไป"), "{said:?}");
}

#[test]
fn a_refusal_is_checked_like_every_condition() {
    let message = |line: &str| format!("message drop(price money THB) about news {{\n  {line}\n  sms \"{{{{ price | money }}}}\"\n}}\n");
    let first = |line: &str| findings(&message(line)).into_iter().find(|found| found.starts_with('E')).unwrap_or_default();
    assert_eq!(first("skip when price > 5 USD \"x\""), "E0206 price > 5 USD");
    assert_eq!(first("skip when prise > 5 THB \"x\"").split(' ').nth(1), Some("prise"));
    assert_eq!(first("skip when entry.price > 5 THB \"x\"").split(' ').nth(1), Some("entry"));
    assert_eq!(first("skip when customer.plan \"x\""), "E0203 customer.plan");
    assert_eq!(first("skip when customer.plan is \"pro\" \" \""), "E0423 \" \"");
}

fn project(text: &str, files: &[(&str, &str)]) -> (onward::Compiled, Vec<onward::diagnostic::Diagnostic>) {
    let text = format!("{SHOP}{text}");
    let mut all = vec![("shop.journey", text.as_str())];
    all.extend(files);
    let (compiled, found) = onward::check_project(Project::from_texts(all));
    (compiled, found.into_sorted())
}

const WELCOME: &str = r#"
message welcome(total money THB) about news {
  email { subject "Welcome", mjml file "./mail/welcome.mjml", text file "mail/welcome.txt" }
}
journey j {
  enter on viewed
  enter again always
  send welcome(total: entry.price) by email
}
"#;

#[test]
fn a_body_comes_from_a_file_of_the_project_and_is_checked_there() {
    let mjml = "<mjml><mj-body>\n  <mj-text>{{ customer.first_name | default: 'คุณ' }}</mj-text>\n</mj-body></mjml>";
    let (compiled, found) = project(WELCOME, &[("mail/welcome.mjml", mjml), ("mail/welcome.txt", "{{ total | money }}")]);
    assert!(found.is_empty(), "{found:?}");
    let part = |name: &str| {
        let variant = &compiled.plan.as_ref().unwrap().messages[0].variants[0];
        variant.parts.iter().any(|(part, _)| part == name)
    };
    assert!(part("mjml") && part("text"));
    // A mistake in the file is shown in the file.
    let (compiled, found) =
        project(WELCOME, &[("mail/welcome.mjml", "<mjml>\n{{ customer.fist_name }}</mjml>"), ("mail/welcome.txt", "x")]);
    let place = found.iter().find(|one| one.code.number.starts_with('E')).map(|one| compiled.sources().locate(one.place));
    assert_eq!(place.as_deref(), Some("mail/welcome.mjml:2:13"), "{found:?}");
}

#[test]
fn a_file_that_cannot_be_used_says_why() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("mail_files");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(folder.join("project/mail")).unwrap();
    std::fs::write(folder.join("secret.html"), "secret").unwrap();
    std::fs::write(folder.join("project/onward.toml"), "").unwrap();
    std::fs::write(folder.join("project/mail/large.html"), "x".repeat((1 << 20) + 1)).unwrap();
    std::fs::write(folder.join("project/mail/hello.html"), "<p>{{ customer.email | default: '' }}</p>").unwrap();
    std::fs::write(folder.join("project/mail/binary.html"), [b'a', 0xff]).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink(folder.join("secret.html"), folder.join("project/mail/link.html")).unwrap();
    let found = |path: &str| {
        let text = format!("{SHOP}message m about news {{\n  email {{ subject \"Hi\", html file \"{path}\" }}\n}}\n");
        std::fs::write(folder.join("project/a.journey"), text).unwrap();
        let (_, found) = onward::check_project(onward::project::load(&folder.join("project")).unwrap());
        let found = found.into_sorted();
        found
            .iter()
            // It is about files, and not about what every mail has to show.
            .filter(|one| !["W0444", "W0445"].contains(&one.code.number))
            .map(|one| format!("{} {} {}", one.code.number, one.message(), one.help().unwrap_or_default()))
            .collect::<Vec<_>>()
            .join("\n")
    };
    assert_eq!(found("mail/hello.html"), "");
    assert!(
        found("mail/helo.html").starts_with("E0427") && found("mail/helo.html").contains("`mail/hello.html`"),
        "{}",
        found("mail/helo.html")
    );
    for (path, code) in [
        ("../secret.html", "E0428"),
        ("/etc/hosts", "E0428"),
        ("mail/../../secret.html", "E0428"),
        ("mail/large.html", "E0428"),
        ("mail/binary.html", "E0428"),
        ("mail", "E0428"),
        #[cfg(unix)]
        ("mail/link.html", "E0428"),
    ] {
        let said = found(path);
        assert!(said.starts_with(code) && said.lines().count() == 1, "{path}: {said}");
    }
}

#[test]
fn each_kind_of_channel_has_its_parts() {
    let content = |content: &str| findings(&format!("message m(price money THB, day date?) about orders {{\n  {content}\n}}\n"));
    for fine in [
        "email { subject \"S\", html \"<p>{{ price | money }}</p>\", from \"Shop <a@b.example>\", reply to \"a@b.example\" }",
        "web { headline \"H\", body \"B\", form \"banner\", ends now + 3 days, link \"https://a.example\" }",
        "inbox { title \"T\", body \"B\", ends 2026-05-01 }",
        "task { title \"T\", due 2 days }",
        "whatsapp { template \"cart_1\", language \"en_US\", name \"{{ price | money }}\" }",
        "webhook { price price, name \"x\" }",
        "print { letter \"Dear {{ price | money }}\" }",
    ] {
        assert_eq!(content(fine), Vec::<String>::new(), "{fine}");
    }
    for (wrong, found) in [
        ("email { subject \"S\" }", "E0401 email"),
        ("email { subject \"S\", mjml \"<mjml></mjml>\", html \"b\" }", "E0425 html"),
        ("web { headline \"H\", body \"B\", ends \"soon\" }", "E0426 \"soon\""),
        ("web { headline \"H\", body \"B\", ends price }", "E0426 price"),
        ("web { title \"H\", headline \"H\", body \"B\" }", "E0400 title"),
        ("whatsapp { template \"Cart {{ price | money }}\" }", "E0431 \"Cart {{ price | money }}\""),
        ("whatsapp { name \"x\" }", "E0401 whatsapp"),
        ("push { title \"T\", body \"B\", link \"javascript:alert(1)\" }", "E0430 \"javascript:alert(1)\""),
    ] {
        assert_eq!(content(wrong), [found], "{wrong}");
    }
}

#[test]
fn a_custom_channel_takes_what_it_declares() {
    let kiosk = |parts: &str| {
        findings(&format!(
            "custom channel จอ reaches customer.id {{ ข้อความ text, amount money THB, note text? }}\n\
             message m(price money THB, points number) about orders {{\n  จอ {{ {parts} }}\n}}\n"
        ))
    };
    assert_eq!(kiosk("ข้อความ \"{{ price | money }}\", amount price"), Vec::<String>::new());
    assert_eq!(kiosk("ข้อความ \"x\", amount points"), ["E0201 points"]);
    assert_eq!(kiosk("ข้อความ \"x\""), ["E0433 จอ"]);
    assert_eq!(kiosk("ข้อควาน \"x\", amount price, ข้อความ \"y\""), ["E0400 ข้อควาน"]);
    let twice = findings("custom channel sms reaches customer.id { a text }\n");
    assert_eq!(twice, ["E0113 sms"]);
}

#[test]
fn what_a_customer_wrote_is_text_in_a_mail_of_html() {
    holds(
        r#"
message m about news {
  email { subject "S", html "<p>{{ customer.first_name | default: 'you' }}</p>" }
}
journey j {
  enter on viewed
  enter again always
  send m by email
}
scenario "escaped" for j {
  given customer { email: "a@b.example", first_name: "<b>Nok & Co</b>" }
  at 2026-03-01 10:00 viewed { sku: "a", price: 49 THB }
  expect message m by email containing "<p>&lt;b&gt;Nok &amp; Co&lt;/b&gt;</p>"
}"#,
    );
}

#[test]
fn a_language_falls_back_to_its_language_alone_and_then_to_everybodys() {
    let story = |language: &str, containing: &str| {
        format!(
            r#"
scenario "{language}" for j {{
  given customer {{ phone: "+66812345678"{language} }}
  at 2026-03-01 10:00 viewed {{ sku: "a", price: 49 THB }}
  expect message m by sms containing "{containing}"
}}"#
        )
    };
    let stories: String = [
        (", language: \"en-GB\"", "Hello"),
        (", language: \"en\"", "Hello"),
        (", language: \"de-AT\"", "Grüß Gott"),
        (", language: \"fr\"", "สวัสดี"),
        ("", "สวัสดี"),
    ]
    .iter()
    .map(|(language, text)| {
        story(language, text).replacen(&format!("scenario \"{language}\""), &format!("scenario \"{text}{}\"", language.len()), 1)
    })
    .collect();
    holds(
        &format!(
            r#"
message m about news {{ sms "สวัสดี", sms in "en" "Hello", sms in "de-AT" "Grüß Gott" }}
journey j {{
  enter on viewed
  enter again always
  send m by sms
}}
{stories}"#
        )
        .replace(
            "{ sms \"สวัสดี\", sms in \"en\" \"Hello\", sms in \"de-AT\" \"Grüß Gott\" }",
            "{\n  sms \"สวัสดี\"\n  sms in \"en\" \"Hello\"\n  sms in \"de-AT\" \"Grüß Gott\"\n}",
        ),
    );
}

#[test]
fn a_channel_that_lacks_a_language_is_pointed_out_once() {
    let found = findings(
        r#"message m about news {
  email { subject "ส", text "ส" }
  email in "en" { subject "S", text "S" }
  email in "de" { subject "S", text "S" }
  sms "ส"
  sms in "de" "S"
}"#,
    );
    assert_eq!(found, ["W0434 sms"]);
}

const SURVEY: &str = r#"
survey ความพอใจ "How we do" {
  score "How likely?" from 0 to 10
  why "Why?" text?
}
message ask about news {
  email { subject "How are we?", text "One minute" }
  survey ความพอใจ
}
message thanks(score number) about news { sms "You gave {{ score }}" }
message sorry about news { sms "Sorry" }
"#;

#[test]
fn answers_of_a_survey_are_typed_events() {
    holds(&format!(
        r#"{SURVEY}
journey j {{
  enter on ordered
  one run per order_id
  send ask by email
  wait up to 7 days {{
    on answered ความพอใจ where score <= 6 {{ send sorry by sms }}
    on answered ความพอใจ as given {{ send thanks(score: given.score) by sms }}
    otherwise {{ exit "silent" }}
  }}
  if has answered ความพอใจ since entry where (why is missing) {{ exit "without a word" }}
}}
journey low {{
  enter on answered ความพอใจ where score < 3
  enter again always
  send sorry by sms
}}
scenario "likes it" for j {{
  given customer {{ email: "a@b.example", phone: "+66812345678" }}
  at 2026-03-01 10:00 ordered {{ order_id: "1", total: 49 THB }}
  after 1 day answered ความพอใจ {{ score: 9 }}
  expect message ask containing "ความพอใจ"
  expect message thanks containing "9"
  expect exit "without a word"
}}
scenario "does not" for j {{
  given customer {{ email: "a@b.example", phone: "+66812345678" }}
  at 2026-03-01 10:00 ordered {{ order_id: "1", total: 49 THB }}
  after 1 day answered ความพอใจ {{ score: 6, why: "ช้า" }}
  expect message sorry
  expect no message thanks
  expect exit "finished"
}}
scenario "silent" for j {{
  given customer {{ email: "a@b.example", phone: "+66812345678" }}
  given has answered ความพอใจ 3 days ago {{ score: 1 }}
  at 2026-03-01 10:00 ordered {{ order_id: "1", total: 49 THB }}
  expect exit "silent" after 7 days
}}
scenario "a survey lets in" for low {{
  given customer {{ phone: "+66812345678" }}
  at 2026-03-01 10:00 answered ความพอใจ {{ score: 2 }}
  expect message sorry
}}"#
    ));
}

#[test]
fn a_survey_is_checked_where_it_is_declared_asked_and_answered() {
    let journey = |on: &str| {
        format!(
            "{SURVEY}journey j {{\n  enter on ordered\n  enter again never\n  send ask by email\n  wait up to 7 days {{\n    on {on} {{ send sorry by sms }}\n    otherwise {{ send thanks(score: 1) by sms }}\n  }}\n}}\n"
        )
    };
    assert_eq!(findings(&journey("answered ความพอใจ where score > 3")), Vec::<String>::new());
    assert_eq!(findings(&journey("answered ความพอใจ where scoer > 3")), ["E0103 scoer"]);
    assert_eq!(findings(&journey("answered ความพอใจ where score is \"a\"")), ["E0204 score is \"a\""]);
    assert_eq!(findings(&journey("answered nps")), ["E0101 nps"]);
    assert_eq!(findings(&journey("answered ความพอใจ").replace("  survey ความพอใจ\n", "  survey ความพใจ\n")), ["E0101 ความพใจ"]);
}

#[test]
fn a_block_sees_only_what_it_is_given() {
    let shop = |text: &str| findings(&format!("block ท้าย(shop text) {{\n  text \"{text}\"\n}}\n"));
    assert_eq!(shop("{{ shop }}"), Vec::<String>::new());
    assert_eq!(shop("{{ shpo }}").len(), 1);
    assert_eq!(shop("{{ customer.email | default: '' }}").len(), 1);
    holds(
        r#"
block ท้าย(shop text) { text "จาก {{ shop | upcase }}" }
message m about news { sms "สวัสดี {% render 'ท้าย', shop: 'siam' %}" }
journey j {
  enter on viewed
  enter again always
  send m by sms
}
scenario "with its footer" for j {
  given customer { phone: "+66812345678" }
  at 2026-03-01 10:00 viewed { sku: "a", price: 49 THB }
  expect message m by sms containing "จาก SIAM"
}"#,
    );
}

/// Findings of a project with files, as `CODE underlined` with the file and its line.
fn found_in(files: &[(&str, &str)]) -> Vec<String> {
    let (compiled, found) = onward::check_project(onward::Project::from_texts(files.iter().copied()));
    let sources = compiled.sources();
    found
        .into_sorted()
        .iter()
        .map(|one| format!("{} {} at {}", one.code.number, sources.text(one.place), sources.locate(one.place)))
        .collect()
}

const ORDERS: &str = "customer { email email?, phone phone?, first_name text?, plan one of \"free\", \"professional\" = \"free\" }\n\
event bought { order_id text, total money EUR, skus list of text }\ntopic orders \"Orders\" transactional \"the order\"\n\
journey j {\n  enter on bought\n  one run per order_id\n  send m(total: entry.total, skus: entry.skus)\n}\n\
message m(total money EUR, skus list of text) about orders {\n";

#[test]
fn mjml_that_cannot_be_made_into_a_mail_is_shown_at_its_place_in_its_file() {
    let journey = format!("{ORDERS}  email {{ subject \"{{{{ total }}}} {{{{ skus | size }}}}\", mjml file \"m.mjml\" }}\n}}\n");
    let found = |mjml: &str| found_in(&[("a.journey", &journey), ("m.mjml", mjml)]);
    let whole = |inside: &str| format!("<mjml><mj-body><mj-section><mj-column>\n{inside}\n</mj-column></mj-section></mj-body></mjml>");
    assert_eq!(found(&whole("<mj-text>ก {{ customer.plan }}</mj-text>")), [""; 0]);
    assert_eq!(found(&whole("<mj-text>ก</mj-text><mj-texts>x</mj-texts>")), ["E0435 mj-texts at m.mjml:2:22"]);
    let torn = found(&whole("<mj-text>x"));
    assert!(torn.len() == 1 && torn[0].starts_with("E0435"), "{torn:?}");
    let short = found("<mjml><mj-body>");
    assert!(short.len() == 1 && short[0].starts_with("E0435") && short[0].contains("m.mjml:1:"), "{short:?}");
    let include = found(&whole("<mj-include path=\"/etc/passwd\" />"));
    assert!(include.len() == 1 && include[0].starts_with("E0435"), "{include:?}");
    let branches = "{% if customer.first_name %}<mj-text>a</mj-text>{% else %}<mj-image src=\"https://x.example/a.png\" />{% endif %}";
    assert_eq!(found(&whole(branches)), [""; 0]);
    // What would need a stack without end is refused.
    let deep = found(&format!("<mjml><mj-body>{}", "<mj-section>".repeat(50_000)));
    assert!(deep.len() == 1 && deep[0].starts_with("E0435"), "{} {}", deep.len(), &deep[0][..40]);
    assert_eq!(found("plain text").len(), 1);
    assert_eq!(found("").len(), 1);
}

#[test]
fn a_body_from_a_file_is_measured_as_it_is_sent() {
    let journey = |part: &str| format!("{ORDERS}  email {{ subject \"{{{{ total }}}} {{{{ skus | size }}}}\", {part} }}\n}}\n");
    let large = "x".repeat(103 * 1024);
    let (html, text) = (journey("html file \"m.html\""), journey("text file \"m.txt\""));
    assert_eq!(found_in(&[("a.journey", &html), ("m.html", &large)]), ["W0933 email at a.journey:10:3"]);
    assert_eq!(found_in(&[("a.journey", &text), ("m.txt", &large)]), ["W0933 email at a.journey:10:3"]);
    assert_eq!(found_in(&[("a.journey", &html), ("m.html", &"x".repeat(101 * 1024))]), [""; 0]);
    // 300 rows of MJML are short, and the HTML of them is not.
    let mjml =
        format!("<mjml><mj-body>{}</mj-body></mjml>", "<mj-section><mj-column><mj-text>x</mj-text></mj-column></mj-section>".repeat(300));
    assert!(mjml.len() < 30 * 1024);
    assert_eq!(found_in(&[("a.journey", &journey("mjml file \"m.mjml\"")), ("m.mjml", &mjml)]), ["W0933 email at a.journey:10:3"]);
}

#[test]
fn an_sms_is_counted_with_the_longest_that_can_be_filled_in() {
    let found = |text: &str| {
        found_in(&[("a.journey", &format!("{ORDERS}  sms \"{text}\"\n  skip when total < 1 EUR or count of skus is 0 \"nothing\"\n}}\n"))])
    };
    let codes = |text: &str| found(text).iter().map(|one| one[..5].to_owned()).collect::<Vec<_>>();
    let name = "{{ customer.first_name | default: 'you' }}";
    // 161 letters and 40 of a name: with a Thai name 201 of 67 each, which is exactly three; one more is four.
    assert_eq!(codes(&format!("{}{name}", "a".repeat(161))), [""; 0]);
    assert_eq!(codes(&format!("{}{name}", "a".repeat(162))), ["W0935"]);
    assert_eq!(codes(&format!("{}{}", "a".repeat(162), name.replace("}}", "| truncate: 10 }}"))), [""; 0]);
    // A choice has a longest word, and an amount of euros keeps the alphabet: 3 times 153 less 12 and less 13 (€ counts as two).
    let plan = "{{ customer.plan }}";
    assert_eq!(codes(&format!("{}{plan}", "a".repeat(447))), [""; 0]);
    assert_eq!(codes(&format!("{}{plan}", "a".repeat(448))), ["W0935"]);
    let total = "{{ total | money }}";
    assert_eq!(codes(&format!("{}{total}", "a".repeat(445))), [""; 0]);
    assert_eq!(codes(&format!("{}{total}", "a".repeat(447))), ["W0935"]);
    // The longest branch counts; what is four already when nothing is filled in is said as such; a loop has no longest.
    let branches = format!("{{% if customer.first_name %}}{}{{% else %}}{}{{% endif %}}", "a".repeat(10), "b".repeat(460));
    assert_eq!(codes(&branches), ["W0935"]);
    assert_eq!(codes(&format!("{}{name}", "a".repeat(460))), ["W0930"]);
    assert_eq!(codes(&format!("{{% for sku in skus %}}{{{{ sku }}}}{{% endfor %}}{}", "a".repeat(400))), [""; 0]);
}
