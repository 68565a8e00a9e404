//! The brand: what it never says, names that are written in one way, where links lead.

use onward::project::Project;
use onward::source::Sources;

const SHOP: &str = r#"
customer { email email?, phone phone?, language language = "th" }
topic news "News" opt out
brand {
  never say ["cheap", "ถูกสุดๆ"]
  always write "LINE"
  always write "LINE Pay"
  link domains ["shop.example"]
}
"#;

/// Each finding as `CODE underlined`.
fn findings(text: &str) -> Vec<String> {
    let text = format!("{SHOP}{text}");
    let (compiled, found) = onward::check_project(Project::from_texts([("shop.journey", text.as_str())]));
    let sources: &Sources = compiled.sources();
    // What every mail has to show has tests of its own.
    let found = found.into_sorted().into_iter().filter(|found| !["W0444", "W0445"].contains(&found.code.number));
    found.map(|found| format!("{} {}", found.code.number, sources.text(found.place))).collect()
}

/// The text with every fix applied, the last first.
fn mended(text: &str) -> String {
    let whole = format!("{SHOP}{text}");
    let (_, found) = onward::check_project(Project::from_texts([("shop.journey", whole.as_str())]));
    let mut edits: Vec<_> = found.into_sorted().into_iter().flat_map(|found| found.fixes).flat_map(|fix| fix.edits).collect();
    edits.sort_by_key(|edit| std::cmp::Reverse(edit.place));
    let mut whole = whole.clone();
    for edit in edits {
        whole.replace_range(edit.place.span.range(), &edit.text);
    }
    whole[SHOP.len()..].to_owned()
}

#[test]
fn a_word_is_found_at_its_place_in_every_part_that_customers_read() {
    let found = findings(
        r#"message m about news {
  email {
    subject "So \"Cheap\"!"
    text """
      ของถูกสุดๆวันนี้
        cheaper, {{ customer.language | default: "cheap" }}
      """
    from "Cheap <cheap@shop.example>"
  }
  task { title "call: cheap" }
}
let tagline be "Always cheap"
message n about news { sms "{{ tagline }}" }
"#,
    );
    assert_eq!(found, ["W0441 Cheap", "W0441 ถูกสุดๆ", "W0441 cheap"]);
}

#[test]
fn a_name_is_mended_to_how_the_brand_writes_it() {
    let text = "message m about news { sms \"Line, Line pay, LINE Pay, online, จ่ายด้วยline-payได้\" }\n";
    assert_eq!(findings(text), ["W0442 Line", "W0442 Line pay", "W0442 line-pay"]);
    let mended = mended(text);
    assert_eq!(mended, "message m about news { sms \"LINE, LINE Pay, LINE Pay, online, จ่ายด้วยLINE Payได้\" }\n");
    assert!(findings(&mended).is_empty());
}

#[test]
fn links_to_others_are_found_in_texts_html_and_link_parts() {
    let found = findings(
        r#"message m about news {
  email {
    subject "S"
    html "<html xmlns='http://www.w3.org/1999/xhtml'><img src='https://cdn.example/a.png'><a href='https://notshop.example/x'>x</a></html>"
    text "https://www.shop.example/a https://{{ customer.language }}.example https://shop.example@evil.example/"
  }
  web { headline "H", body "B", link "https://shop.exmaple/sale" }
}
"#,
    );
    assert_eq!(found, ["W0443 https://notshop.example", "W0443 https://shop.example@evil.example", "W0443 https://shop.exmaple"]);
}

#[test]
fn a_finding_can_be_allowed_where_it_stands() {
    let text = "message m about news {\n  ## allow W0441: a song's name\n  sms \"Cheap Thrills\"\n}\n";
    assert!(findings(text).is_empty());
}

/// Findings of whole projects, as `CODE underlined`.
fn of_project(files: &[(&str, &str)]) -> Vec<String> {
    let (compiled, found) = onward::check_project(Project::from_texts(files.iter().copied()));
    let sources: &Sources = compiled.sources();
    found.into_sorted().iter().map(|found| format!("{} {}", found.code.number, sources.text(found.place))).collect()
}

/// A project with a brand of these rules and these declarations, of which everything is used.
fn branded(rules: &str, rest: &str) -> String {
    let base = "customer { email email?, phone phone?, language language = \"th\" }\nevent bought { order_id text }\n\
                topic news \"News\" opt out\ntopic orders \"Orders\" transactional \"the order\"\n";
    let sent = "journey j {\n  enter on bought\n  enter again always\n  send m\n}\n";
    format!("{base}brand {{\n{rules}\n}}\n{rest}\n{sent}")
}

const POSTAL: &str = "postal address \"1 Sukhumvit Road, Bangkok 10110\"";

#[test]
fn every_body_of_every_variant_shows_the_way_out_and_the_address() {
    let mail = |text: &str, html: &str| {
        let text = branded(
            POSTAL,
            &format!(
                "message m about news {{\n  email {{\n    subject \"S\"\n    text \"{text}\"\n    html \"{html}\"\n  }}\n  email in \"en\" {{\n    \
                 subject \"S\"\n    text \"{{{{ unsubscribe_url }}}} {{{{ postal_address }}}}\"\n  }}\n}}"
            ),
        );
        of_project(&[("shop.journey", text.as_str())])
    };
    let all = "{{ unsubscribe_url }}, {{ postal_address }}";
    assert_eq!(mail(all, all), [""; 0]);
    assert_eq!(mail(all, "<p>Hi</p>"), ["W0444 email", "W0445 email"]);
    assert_eq!(mail("Hi {{ postal_address }}", all), ["W0444 email"]);
    // As it is written counts too; in one branch of two it is not there for everybody.
    assert_eq!(mail("{{ unsubscribe_url }} 1 Sukhumvit Road,  Bangkok 10110", all), [""; 0]);
    assert_eq!(mail(all, "{% if customer.email %}{{ unsubscribe_url }}{% endif %} {{ postal_address }}"), ["W0444 email"]);
    let both = "{% if customer.email %}{{ unsubscribe_url }}{% else %}{{ unsubscribe_url | append: '?a' }}{% endif %} {{ postal_address }}";
    assert_eq!(mail(all, both), [""; 0]);
    let named = "{% assign out = unsubscribe_url %}{% capture end %}{{ out }} {{ postal_address }}{% endcapture %}{{ end }}";
    assert_eq!(mail(all, named), [""; 0]);
    assert_eq!(mail(all, "{% for i in (1..2) %}{{ unsubscribe_url }}{% endfor %} {{ postal_address }}"), ["W0444 email"]);
}

#[test]
fn only_mails_that_need_consent_are_asked_and_only_in_a_project_that_is_meant_to_send() {
    let plain = "email { subject \"S\", text \"T\" }";
    let orders = branded(POSTAL, "message m about orders { email { subject \"S\", text \"T\" } }")
        .replace("enter again always", "one run per event");
    assert_eq!(of_project(&[("a.journey", orders.as_str())]), [""; 0]);
    let news = format!("{}message n about news {{ {plain} }}\n", branded(POSTAL, "message m about news { sms \"T\" }"))
        .replace("send m\n", "send m\n  send n\n");
    assert_eq!(of_project(&[("a.journey", news.as_str())]), ["W0444 email", "W0445 email"]);
    let sketch = news.replace(&format!("brand {{\n{POSTAL}\n}}\n"), "");
    assert_eq!(of_project(&[("a.journey", sketch.as_str())]), [""; 0]);
    assert_eq!(of_project(&[("a.journey", sketch.as_str()), ("onward.toml", "")]), ["W0444 email", "W0445 email"]);
    let shown = sketch.replace("sms \"T\"", "sms \"T {{ unsubscribe_url }}\"");
    assert_eq!(of_project(&[("a.journey", shown.as_str())]), ["W0444 email", "W0445 email"]);
}

#[test]
fn a_mail_ends_with_the_footer_that_fits_its_form() {
    let rules = format!("{POSTAL}\nfooter legal\nfooter legal_html\nfooter legal_en");
    let blocks = "block legal(shop text) { text \"{{ shop }}, {{ postal_address }}, {{ unsubscribe_url }}\" }\n\
                  block legal_en { text \"From {{ postal_address }}, {{ unsubscribe_url }}\" }\n\
                  block legal_html { html \"<p>{{ postal_address }} <a href='{{ unsubscribe_url }}'>x</a></p>\" }\n";
    let mail = |text: &str, html: &str| {
        let text = branded(
            &rules,
            &format!("{blocks}message m about news {{\n  email {{\n    subject \"S\"\n    text \"{text}\"\n    html \"{html}\"\n  }}\n}}"),
        );
        of_project(&[("shop.journey", text.as_str())])
    };
    let (plain, markup) = ("Hi {% render 'legal', shop: 'S' %}", "<p>Hi</p>{% render 'legal_html' %}");
    assert_eq!(mail(plain, markup), [""; 0]);
    assert_eq!(mail("Hi {% render 'legal_en' %}", markup), [""; 0]);
    // One finding says it all: the footer has the rest.
    assert_eq!(mail("Hi", markup), ["W0446 email"]);
    assert_eq!(mail(plain, "<p>{% render 'legal_en' %}</p>"), ["W0446 email"]);
    assert_eq!(mail("Hi {% if customer.email %}{% render 'legal_en' %}{% endif %}", markup), ["W0446 email"]);
    let unknown = branded("footer leagl", "block legal { text \"T\" }\nmessage m about news { sms \"T\" }");
    assert_eq!(of_project(&[("a.journey", unknown.as_str())])[0], "E0101 leagl");
}

#[test]
fn colours_of_html_mjml_and_blocks_are_the_brands() {
    let text = branded(
        &format!("{POSTAL}\ncolours [\"#0A5\", \"white\"]"),
        "block badge { html \"<b style='color: red'>{{ unsubscribe_url }} {{ postal_address }}</b>\" }\n\
         message m about news {\n  email {\n    subject \"#f00\"\n    html \"<td bgcolor='#FFF' style='color:rgb(0,170,85); border: 1px solid #ccc'>#f00 \
         {% render 'badge' %}</td>\"\n  }\n}",
    );
    assert_eq!(of_project(&[("a.journey", text.as_str())]), ["W0447 red", "W0447 #ccc"]);
    let file = "<mjml><mj-body background-color=\"#00aa55\"><mj-text color=\"navy\">{{ unsubscribe_url }} {{ postal_address }}</mj-text></mj-body></mjml>";
    let text = branded(
        &format!("{POSTAL}\ncolours [\"#0A5\", \"white\", \"blu\"]"),
        "message m about news { email { subject \"S\", mjml file \"m.mjml\" } }",
    );
    assert_eq!(of_project(&[("a.journey", text.as_str()), ("m.mjml", file)]), ["E0443 \"blu\"", "W0447 navy"]);
}

#[test]
fn people_are_addressed_in_one_way_in_each_language() {
    let text = branded(
        "address people as \"คุณ\"\naddress people as \"Sie\"\naddress people as \"vous\"",
        "block hint { text \"เรียนท่าน\" }\n\
         message m about news {\n  sms \"ขอบคุณที่ท่านซื้อ {% render 'hint' %} tu\"\n  sms in \"de\" \"Hast du Zeit?\"\n  sms in \"en\" \"tu, du\"\n}",
    );
    assert_eq!(of_project(&[("a.journey", text.as_str())]), ["W0448 ท่าน", "W0448 ท่าน", "W0448 du"]);
    let wrong =
        branded("address people as \"thou\"\naddress people as \"du\"\naddress people as \"Sie\"", "message m about news { sms \"T\" }");
    assert_eq!(of_project(&[("a.journey", wrong.as_str())]), ["E0444 \"thou\"", "E0445 address people as \"Sie\""]);
}

#[test]
fn texts_of_blocks_are_held_against_the_brand() {
    let found = findings(
        "block footer(shop text) { text \"\"\"\n  So cheap:\n    {{ shop }} Line\n  \"\"\" }\nmessage m about news { sms \"{% render 'footer', shop: 'x' %}\" }\n",
    );
    assert_eq!(found, ["W0441 cheap", "W0442 Line"]);
}

#[test]
fn the_postal_address_and_the_links_are_names_of_texts_only() {
    let unknown = branded("never say [\"x\"]", "message m about news { sms \"{{ postal_address }} {{ unsubscribe_ulr }}\" }");
    assert_eq!(of_project(&[("a.journey", unknown.as_str())]), ["E0103 postal_address", "E0103 unsubscribe_ulr"]);
    let taken =
        branded(POSTAL, "let view_url be \"https://x.example\"\nmessage m(unsubscribe_url text) about news { sms \"{{ view_url }}\" }");
    let found = of_project(&[("a.journey", taken.as_str())]);
    assert!(found.contains(&"E0113 view_url".to_owned()) && found.contains(&"E0121 unsubscribe_url".to_owned()), "{found:?}");
    let condition =
        branded(POSTAL, "message m about news { sms \"T\" }").replace("  send m", "  if unsubscribe_url is \"x\" { exit }\n  send m");
    assert_eq!(of_project(&[("a.journey", condition.as_str())]), ["E0103 unsubscribe_url"]);
    let twice = branded(&format!("{POSTAL}\n{POSTAL}"), "message m about news { sms \"T\" }");
    assert_eq!(of_project(&[("a.journey", twice.as_str())]), [format!("E0445 {POSTAL}")]);
}
