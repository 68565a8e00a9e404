//! Templates in messages: tags and filters with types, budgets, and what values may do where they stand.

use onward::project::Project;
use onward::scenario;
use onward::template::budget::Limits;
use onward::template::escape::Medium;
use onward::template::untyped::{self, Options};
use serde_json::json;
use std::fmt::Write as _;

const SHOP: &str = r#"
customer {
  email      email?
  phone      phone?
  first_name text?
  plan       one of "free", "gold" = "free"
  points     number = 0
  birthday   date?
  interests  list of text = []
}
event ordered { order_id text, total money THB, items list of { sku text, price money THB, note text? } }
topic orders "Orders" opt out
"#;

fn project(text: &str) -> String {
    let written = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    format!(
        "{SHOP}message thanks(total money THB, items list of {{ sku text, price money THB, note text? }}) about orders {{\n  sms \"{written}\"\n}}\njourney j {{\n  enter on ordered\n  enter again always\n  send thanks(total: entry.total, items: entry.items) by sms\n}}\n"
    )
}

/// Each finding of a message as `CODE underlined`.
fn findings(text: &str) -> Vec<String> {
    let text = project(text);
    let (compiled, found) = onward::check_project(Project::from_texts([("a.journey", text.as_str())]));
    found.into_sorted().iter().map(|one| format!("{} {}", one.code.number, compiled.sources().text(one.place))).collect()
}

/// Plays the messages through the engine: each text, the customer's fields besides the phone, and what must be in the message.
fn plays(cases: &[(&str, &str, &str)]) {
    for (text, fields, shown) in cases {
        let mut project = project(text);
        write!(
            project,
            "scenario \"x\" for j {{\n  given customer {{ phone: \"+66812345678\"{fields} }}\n  at 2026-03-01 10:00 ordered {{ order_id: \"1\", total: 1290 THB, items: [{{ sku: \"ant\", price: 90 THB }}, {{ sku: \"bee\", price: 1200.50 THB, note: \"red\" }}] }}\n  expect message thanks by sms containing \"{shown}\"\n}}\n"
        )
        .unwrap();
        let (compiled, found) = onward::check_project(Project::from_texts([("a.journey", project.as_str())]));
        assert!(!found.has_errors(), "{text}: {:#?}", found.into_sorted());
        let report = scenario::run(&compiled.checked, compiled.sources(), None);
        let failed: Vec<String> = report
            .scenarios
            .iter()
            .filter_map(|played| played.failed.as_ref())
            .flat_map(|failed| failed.failures.iter().map(|one| format!("{} → {}", one.expected, one.happened)))
            .collect();
        assert!(failed.is_empty(), "{text}: {failed:?}");
    }
}

#[test]
fn messages_with_tags_are_sent_as_they_are_written() {
    plays(&[
        ("<{% if customer.first_name %}Hi {{ customer.first_name }}{% else %}Hi you{% endif %}>", "", "<Hi you>"),
        ("<{% if customer.first_name %}Hi {{ customer.first_name }}{% else %}Hi you{% endif %}>", ", first_name: \"Nok\"", "<Hi Nok>"),
        (
            "<{% for item in items %}{{ forloop.index }}.{{ item.sku | upcase }} {{ item.price }}{% unless forloop.last %}, {% endunless %}{% endfor %}>",
            "",
            "<1.ANT ฿90, 2.BEE ฿1,200.50>",
        ),
        ("<{{ items.size }} {{ items | map: 'sku' | join: '+' }} {{ items | sum: 'price' | money }}>", "", "<2 ant+bee ฿1,290.50>"),
        ("<{% for item in items %}{{ item.note | default: '-' }}{% endfor %}>", "", "<-red>"),
        ("<{{ total | times: 2 }} {{ total | divided_by: 100 | money }}>", "", "<฿2,580 ฿12.90>"),
        ("<{% assign cheap = items | where: 'sku', 'ant' | first %}{% if cheap %}{{ cheap.sku }}{% endif %}>", "", "<ant>"),
        ("<{% case customer.plan %}{% when 'gold' %}G{% else %}F{% endcase %}>", ", plan: \"gold\"", "<G>"),
        ("<{% capture who %}{{ customer.first_name | default: 'คุณ' }}{% endcapture %}{{ who | append: '!' }}>", "", "<คุณ!>"),
        (
            "<{{ customer.birthday | date: '%d/%m' | default: 'soon' }}|{% if customer.birthday %}{{ customer.birthday }}{% endif %}>",
            ", birthday: 1990-05-04",
            "<04/05|4 May 1990>",
        ),
        (
            "<{% for i in (1..3) %}{{ i }}{% endfor %}{% assign n = 0 %}{% for item in items %}{% assign n = n | plus: item.price %}{% endfor %}{{ n }}>",
            "",
            "<123฿1,290.50>",
        ),
        (
            "<{% if customer.points >= 10 and customer.plan == 'gold' %}a{% elsif customer.interests contains 'art' %}b{% endif %}>",
            ", interests: [\"art\"]",
            "<b>",
        ),
        ("<{{ items[0].sku | default: '' }}{{ items.last.sku | default: '' }}{{ customer['plan'] }}>", "", "<antbeefree>"),
        ("<{% raw %}{{ x }}{% endraw %}{% comment %}{{ y }}{% endcomment %}{% cycle 'a', 'b' %}{% increment n %}>", "", "<{{ x }}a0>"),
        ("<{{ customer.first_name | default: 'you' | truncate: 4, '…' }}>", ", first_name: \"{{ total }}\"", "<{{ …>"),
    ]);
}

#[test]
fn every_value_of_a_tag_has_its_type() {
    for fine in [
        "{% if customer.first_name != nil and customer.first_name != 'x' %}{{ customer.first_name }}{% endif %}",
        "{% unless customer.first_name == blank %}{{ customer.first_name | upcase }}{% endunless %}",
        "{% if customer.first_name == nil %}-{% else %}{{ customer.first_name }}{% endif %}",
        "{% assign x = 'a' %}{% if total > 100 %}{% assign x = 'b' %}{% endif %}{{ x }}",
        "{% for a in items %}{% for b in items %}{{ forloop.parentloop.index }}{{ b.sku }}{% endfor %}{% endfor %}",
        "{{ customer.first_name | default: customer.plan }}",
    ] {
        assert_eq!(findings(fine), Vec::<String>::new(), "{fine}");
    }
    for (wrong, finding) in [
        ("{% if true %}{{ customer.first_name }}{% endif %}", "E0450 customer.first_name"),
        ("{% if customer.first_name or true %}{{ customer.first_name }}{% endif %}", "E0450 customer.first_name"),
        ("{% if customer.first_name == nil %}{{ customer.first_name }}{% endif %}", "E0450 customer.first_name"),
        ("{% if total > 1 %}{% assign x = 'b' %}{% endif %}{{ x }}", "E0450 x"),
        ("{% for item in items %}{{ item.note }}{% endfor %}", "E0450 item.note"),
        ("{{ items.first.sku }}", "E0450 items.first.sku"),
        ("{% for item in items %}{{ item.nota }}{% endfor %}", "E0708 nota"),
        ("{% for item in items %}{{ forloop.indx }}{% endfor %}", "E0708 indx"),
        ("{% for item in total %}x{% endfor %}", "E0706 total"),
        ("{% if customer.plan == 'glod' %}x{% endif %}", "E0705 glod"),
        ("{% case customer.plan %}{% when 'golf' %}x{% endcase %}", "E0705 golf"),
        ("{% if customer.plan > 3 %}x{% endif %}", "E0705 customer.plan > 3"),
        ("{% if customer.interests contains 5 %}x{% endif %}", "E0705 customer.interests contains 5"),
        ("{{ customer.plan | plus: 1 }}", "E0452 plus"),
        ("{{ total | append: '!' }}", "E0452 append"),
        ("{{ items | map: 'skuu' | join }}", "E0708 skuu"),
        ("{{ items | join }}", "E0452 join"),
        ("{{ 'a' | append }}", "E0453 append"),
        ("{{ 'a' | appendd: 'b' }}", "E0451 appendd"),
        ("{{ 'a' | append: customer.first_name }}", "E0450 customer.first_name"),
        ("{% if custmer.plan == 'gold' %}x{% endif %}", "E0103 custmer"),
        ("{% if customer.plam == 'gold' %}x{% endif %}", "E0104 plam"),
        ("{% assign cheap = total %}{{ y }}", "E0103 y"),
        ("{% for item in items %}{{ itme.sku }}{% endfor %}", "E0707 itme"),
        ("{% iff total %}x{% endif %}", "E0700 iff"),
        ("{% if total > 1 %}x{% endfor %}{% endif %}", "E0702 {% endfor %}"),
        ("{% assign x %}", "E0703 {% assign x %}"),
        ("สวัสดี {% if customer.ชื่อ %}x{% endif %}", "E0104 ชื่อ"),
    ] {
        assert_eq!(findings(wrong).first().map(String::as_str), Some(finding), "{wrong}: {:?}", findings(wrong));
    }
    // One mistake, one message.
    assert_eq!(findings("{% if custmer.plan == 'gold' and customer.points > 1 %}{{ customer.plan }}{% endif %}").len(), 1);
}

fn shown(template: &str, data: serde_json::Value, options: &Options) -> String {
    untyped::render(template, &data, options).unwrap_or_else(|refusal| format!("refused: {refusal}"))
}

#[test]
fn rendering_ends_within_its_budget() {
    let plain = Options::default();
    // T1: loops, and loops in loops.
    assert_eq!(shown("{% for i in (1..1000000000) %}x{% endfor %}", json!({}), &plain), "refused: its loops take more than 10000 rounds");
    let nested = "{% for a in (1..1000) %}{% for b in (1..1000) %}{% endfor %}{% endfor %}";
    assert!(shown(nested, json!({}), &plain).starts_with("refused: its loops"));
    let steps = "{% assign a = (1..9000) | concat: (1..9000) %}{{ a | reverse | size }}{{ a | sort | size }}{{ a | uniq | size }}";
    assert_eq!(shown(steps, json!({}), &plain), "refused: it takes more than 50000 steps");
    // T2: doubling.
    let doubling = format!("{{% assign x = 'x' %}}{}{{{{ x }}}}", "{% assign x = x | append: x %}".repeat(27));
    assert_eq!(shown(&doubling, json!({}), &plain), "refused: it needs more than 8388608 bytes on the way");
    let captured = format!("{{% assign x = 'x' %}}{}", "{% capture x %}{{ x }}{{ x }}{% endcapture %}".repeat(30));
    assert!(shown(&captured, json!({}), &plain).starts_with("refused: "));
    let small = Options { limits: Limits { output_bytes: 10, ..Limits::MESSAGE }, ..Options::default() };
    assert_eq!(shown("1234567890", json!({}), &small), "1234567890");
    assert_eq!(shown("123456789{{ x }}", json!({"x": "ab"}), &small), "refused: the content is larger than 10 bytes");
    // T3: filters that make much of little.
    for amplifier in [
        "{% assign x = '' %}{% for i in (1..9000) %}{% assign x = x | append: 'aaaaaaaaaa' %}{% endfor %}",
        "{% assign a = (1..9000) | join: 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' %}{{ a | replace: 'a', a | size }}",
        "{% assign a = (1..9000) %}{{ a | join: b }}",
    ] {
        assert!(shown(amplifier, json!({"b": "b".repeat(10_000)}), &plain).starts_with("refused: "), "{amplifier}");
    }
    assert!(shown("{{ '2024-01-01' | date: '%9999999d' }}", json!({}), &plain).len() < 2000);
}

#[test]
fn nothing_recurses_and_nothing_is_read_twice() {
    let deep = format!("{}x{}", "{% if true %}".repeat(5000), "{% endif %}".repeat(5000));
    assert_eq!(shown(&deep, json!({}), &Options::default()), "refused: Nesting too deep");
    let brackets = format!("{{{{ a{} }}}}", "[b".repeat(50_000));
    assert_eq!(shown(&brackets, json!({}), &Options::default()), "");
    let mut options = Options::default();
    options.partials.insert("a".into(), "{% render 'b' %}".into());
    options.partials.insert("b".into(), "{% render 'a' %}".into());
    assert_eq!(shown("{% render 'a' %}", json!({}), &options), "Liquid error (b line 1): Nesting too deep");
    // One that shows itself twice would take forever but for its steps.
    options.partials.insert("c".into(), "{% render 'c' %}{% render 'c' %}".into());
    assert_eq!(shown("{% render 'c' %}", json!({}), &options), "refused: it takes more than 50000 steps");
    // T4: data is never a template.
    assert_eq!(
        shown("{{ x }}{{ x | upcase }}", json!({"x": "{{ secret }}{% include 'a' %}"}), &options),
        "{{ secret }}{% include 'a' %}{{ SECRET }}{% INCLUDE 'A' %}"
    );
    // T9: there is no way out.
    for name in ["env", "file", "fetch", "system"] {
        assert_eq!(shown(&format!("{{{{ 'x' | {name} }}}}{{{{ {name} }}}}"), json!({}), &options), "x");
    }
    // T17: numbers without an end.
    assert_eq!(
        shown("{{ x | times: x }} {{ x | round }} {{ 1 | divided_by: 0.0 }}", json!({"x": 1e308}), &options),
        "Infinity 1.0e+308 Liquid error (line 1): divided by 0"
    );
}

#[test]
fn parsing_takes_time_in_proportion_to_the_text() {
    for unit in [
        "{{",
        "{% ",
        "{% if a %}",
        "{{ a | b: '",
        "{% raw %}",
        "\"'",
        "{% comment %}",
        "{{ a[",
        "{% liquid\nif a\n%}",
        "{{ '<script' | strip_html }}",
    ] {
        let text = unit.repeat(200_000 / unit.len());
        let before = std::time::Instant::now();
        let _ = onward::template::syntax::parse(&text);
        assert!(before.elapsed().as_secs() < 20, "{unit}");
    }
    let html = "<script".repeat(20_000);
    assert_eq!(shown("{{ x | strip_html | size }}", json!({"x": html}), &Options::default()), "140000");
}

#[test]
fn a_value_can_end_no_tag_no_attribute_no_address_and_no_line() {
    let html = Options { medium: Medium::Html, ..Options::default() };
    let bad = json!({"x": "\"><img onerror=alert(1) src='x'>", "js": " java\tscript:alert(1)", "url": "https://shop.example/a?b=1&c=2", "q": "a b&c=/é", "host": "//evil.example"});
    for (template, expected) in [
        ("<p>{{ x }}</p>", "<p>&quot;&gt;&lt;img onerror=alert(1) src=&#39;x&#39;&gt;</p>"),
        ("<p title=\"{{ x }}\">", "<p title=\"&quot;&gt;&lt;img onerror=alert(1) src=&#39;x&#39;&gt;\">"),
        ("<p title={{ x }}>", "<p title=imgonerroralert(1)srcx>"),
        ("<a href=\"{{ js }}\">", "<a href=\"#blocked\">"),
        ("<a href='{{ host }}'>", "<a href='#blocked'>"),
        ("<a href=\"{{ url }}\">", "<a href=\"https://shop.example/a?b=1&amp;c=2\">"),
        ("<a href=\"https://shop.example/?q={{ q }}\">", "<a href=\"https://shop.example/?q=a%20b%26c%3D%2F%C3%A9\">"),
        ("<script>var a = '{{ x }}';</script><b>{{ q }}</b>", "<script>var a = 'img onerroralert1 srcx';</script><b>a b&amp;c=/é</b>"),
        ("<div style=\"color: {{ x }}\">", "<div style=\"color: img onerroralert1 srcx\">"),
        ("<!-- {{ x }} -->{{ q }}", "<!-- img onerroralert1 srcx -->a b&amp;c=/é"),
        ("{{ x | escape }}|{{ x | escape | upcase | size }}", "&quot;&gt;&lt;img onerror=alert(1) src=&#39;x&#39;&gt;|54"),
        ("{% capture c %}<b>{{ q }}</b>{% endcapture %}{{ c }}", "<b>a b&amp;c=/é</b>"),
        ("{{ 'a<b\nc' | newline_to_br }}", "a&lt;b<br />\nc"),
        ("<b {{ x }}>{{ q }}", "<b img onerroralert1 srcx>a b&amp;c=/é"),
    ] {
        assert_eq!(shown(template, bad.clone(), &html), expected, "{template}");
    }
    let line = Options { medium: Medium::Line, ..Options::default() };
    let evil = json!({"x": "Sale\r\nBcc: all@example.com\0\u{202E}gpj\u{2028}x"});
    assert_eq!(shown("{{ x }} {% capture c %}a\nb{% endcapture %}{{ c }}", evil, &line), "Sale Bcc: all@example.comgpj x a b");
}

/// What the page on templates knows: the same customer and items twice, as data and as declarations.
fn page_data() -> serde_json::Value {
    json!({
        "customer": {"first_name": "Nok", "points": 120, "plan": "gold", "interests": ["art", "food"]},
        "items": [{"sku": "ant", "count": 2}, {"sku": "bee", "count": 1, "note": "red"}],
    })
}

/// Whether the checker takes a text of the page.
fn page_findings(text: &str) -> Vec<String> {
    let written = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    let project = format!(
        "customer {{ phone phone?, first_name text?, nickname text?, points number = 0, plan one of \"free\", \"silver\", \"gold\" = \"free\", interests list of text = [] }}\nevent ordered {{ items list of {{ sku text, count number, note text? }} }}\ntopic news \"News\" opt out\nmessage thanks(items list of {{ sku text, count number, note text? }}) about news {{\n  sms \"{written}\"\n}}\njourney j {{\n  enter on ordered\n  enter again always\n  send thanks(items: entry.items) by sms\n}}\n"
    );
    let (compiled, found) = onward::check_project(Project::from_texts([("a.journey", project.as_str())]));
    found
        .into_sorted()
        .iter()
        .filter(|one| one.code.number.starts_with('E'))
        .map(|one| format!("{} {}", one.code.number, compiled.sources().text(one.place)))
        .collect()
}

#[test]
fn every_example_of_the_page_shows_what_it_says_and_is_taken_by_the_checker() {
    let page = include_str!("../../docs/templates.md");
    let mut examples: Vec<(String, String)> = Vec::new();
    for block in page.split("```liquid\n").skip(1) {
        let (template, rest) = block.split_once("\n```").unwrap();
        let shows = rest.split_once("```shows\n").unwrap().1.split_once("\n```").unwrap().0;
        examples.push((template.to_owned(), shows.to_owned()));
    }
    let filters = page.split_once("\n## Filters\n").unwrap().1.split_once("\nThree write").unwrap().0;
    let mut named = Vec::new();
    for row in filters.lines().filter(|line| line.starts_with("| `")) {
        let row = row.replace("\\|", "\u{1}");
        let cells: Vec<String> = row.split('|').map(|cell| cell.trim().replace('\u{1}', "|")).collect();
        named.push(cells[1].trim_matches('`').to_owned());
        examples.push((cells[2].trim_matches('`').to_owned(), cells[3].clone()));
    }
    assert!(examples.len() > 50, "{}", examples.len());
    let options = Options { now: None, ..Options::default() };
    for (template, shows) in &examples {
        assert_eq!(&shown(template, page_data(), &options), shows, "{template}");
        assert_eq!(page_findings(template), Vec::<String>::new(), "{template}");
    }
    let missing: Vec<&&str> = onward::template::filter::NAMES
        .iter()
        .filter(|name| !["h", "date"].contains(name) && !named.iter().any(|row| row == **name))
        .collect();
    assert!(missing.is_empty(), "the page does not show {missing:?}");
}
