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
    found.into_sorted().iter().map(|found| format!("{} {}", found.code.number, sources.text(found.place))).collect()
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
