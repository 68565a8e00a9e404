//! Catalogs: items that all customers share, read where they are used.

use onward::project::Project;
use onward::scenario::{self, Report};

const SHOP: &str = r#"
customer {
  email    email?
  wishlist list of text = []
}
event cart_updated { skus list of text, total money THB }
event viewed { sku text }
catalog product "Products" by sku { name text, price money THB, stock number = 0, link url? }
topic news "News" opt out
message about_item(item product) about news {
  email { subject "{{ item.name }}", text "{{ item.price | money }} · {{ item.sku }}" }
}
message plain(price money THB) about news { email { subject "Price", text "{{ price | money }}" } }
"#;

fn play(journeys: &str) -> Report {
    let text = format!("{SHOP}{journeys}");
    let (compiled, found) = onward::check_project(Project::from_texts([("shop.journey", text.as_str())]));
    assert!(!found.has_errors(), "{:#?}", found.into_sorted());
    scenario::run(&compiled.checked, compiled.sources(), None)
}

/// What did not come true: `expected → happened`, one line each.
fn failures(report: &Report) -> Vec<String> {
    let failed = report.scenarios.iter().filter_map(|played| played.failed.as_ref());
    failed.flat_map(|failed| failed.failures.iter().map(|one| format!("{} → {}", one.expected, one.happened))).collect()
}

#[track_caller]
fn holds(journeys: &str) {
    let report = play(journeys);
    assert!(!report.scenarios.is_empty());
    assert_eq!(failures(&report), Vec::<String>::new());
}

/// The findings of a text behind the shop's declarations.
fn codes(text: &str) -> Vec<String> {
    let text = format!("{SHOP}{text}");
    let (_, found) = onward::check_project(Project::from_texts([("shop.journey", text.as_str())]));
    found.into_sorted().iter().map(|one| one.code.number.to_owned()).filter(|code| code != "W0160").collect()
}

const CART: &str = r#"
journey cart {
  enter on cart_updated
  enter again never
  wait 1 hour
  let item be product(first of entry.skus) or exit if missing
  if item.stock is 0 { exit "nothing left" }
  send about_item(item: item) by email
  wait 1 day
  send plain(price: item.price) by email
}
"#;

#[test]
fn a_bound_item_is_read_as_it_is_at_each_use() {
    holds(&format!(
        r#"{CART}
scenario "the price changes in between" for cart {{
  given customer {{ email: "a@example.com" }}
  given product "A1" {{ name: "Kettle", price: 900 THB, stock: 3 }}
  at 2026-03-02 10:00 cart_updated {{ skus: ["A1", "B2"], total: 900 THB }}
  after 2 hours product "A1" {{ price: 750 THB }}
  expect message about_item after 1 hour containing "Kettle"
  expect message about_item containing "฿900"
  expect message about_item containing "A1"
  expect message plain containing "฿750"
}}
scenario "the item is known to nobody" for cart {{
  given customer {{ email: "a@example.com" }}
  at 2026-03-02 10:00 cart_updated {{ skus: ["A1"], total: 900 THB }}
  expect no messages
  expect exit after 1 hour
}}
scenario "nothing is in the cart" for cart {{
  given customer {{ email: "a@example.com" }}
  at 2026-03-02 10:00 cart_updated {{ skus: [], total: 900 THB }}
  expect no messages
}}
scenario "it comes while she waits" for cart {{
  given customer {{ email: "a@example.com" }}
  at 2026-03-02 10:00 cart_updated {{ skus: ["A1"], total: 900 THB }}
  after 30 minutes product "A1" {{ name: "Kettle", price: 1 THB, stock: 1 }}
  expect message about_item after 1 hour
}}
scenario "sold out by default" for cart {{
  given customer {{ email: "a@example.com" }}
  given product "A1" {{ name: "Kettle", price: 900 THB }}
  at 2026-03-02 10:00 cart_updated {{ skus: ["A1"], total: 900 THB }}
  expect exit "nothing left" after 1 hour
}}
scenario "it is gone when it matters" for cart {{
  given customer {{ email: "a@example.com" }}
  given product "A1" {{ name: "Kettle", price: 900 THB, stock: 3 }}
  at 2026-03-02 10:00 cart_updated {{ skus: ["A1"], total: 900 THB }}
  after 2 hours product "A1" is gone
  expect message about_item
  expect no message plain because item_gone
  expect exit after 25 hours
}}
"#
    ));
}

#[test]
fn what_waits_for_a_catalog_wakes_when_it_changes() {
    holds(
        r#"
journey restock {
  enter on viewed
  enter again never
  exit when product(entry.sku).price < 500 THB
  wait up to 7 days until product(entry.sku).stock > 0 otherwise exit "still none"
  let item be product(entry.sku) or exit if missing
  send about_item(item: item) by email
  wait 5 days
}
scenario "there is some again" for restock {
  given customer { email: "a@example.com" }
  given product "A1" { name: "Kettle", price: 900 THB }
  at 2026-03-02 10:00 viewed { sku: "A1" }
  after 2 days product "A1" { stock: 1 }
  expect message about_item after 2 days
  after 1 day product "A1" { price: 499 THB }
  expect exit when after 3 days
}
scenario "there is none" for restock {
  given customer { email: "a@example.com" }
  given product "A1" { name: "Kettle", price: 900 THB }
  at 2026-03-02 10:00 viewed { sku: "A1" }
  after 2 days product "B1" { name: "Pot", price: 1 THB, stock: 1 }
  expect exit "still none" after 7 days
}
"#,
    );
}

#[test]
fn lookups_are_checked() {
    assert_eq!(codes("journey j { enter on viewed\n enter again never\n send about_item(item: product(entry.sku)) by email }"), ["E0202"]);
    assert_eq!(codes("journey j { enter on viewed\n enter again never\n if product(entry.sku).prise > 1 THB { exit } }"), ["E0104"]);
    assert_eq!(codes("journey j { enter on viewed\n enter again never\n if produkt(entry.sku).price > 1 THB { exit } }"), ["E0101"]);
    assert_eq!(codes("journey j { enter on viewed\n enter again never\n if product(3).price > 1 THB { exit } }"), ["E0201"]);
    assert_eq!(codes("journey j { enter on viewed\n enter again never\n if product().price > 1 THB { exit } }"), ["E0802"]);
    assert_eq!(codes("event liked { item product }"), ["E0801"]);
    assert_eq!(codes("event liked { items list of product? }"), ["E0801"]);
    assert_eq!(codes("catalog text by id { name text }"), ["E0113"]);
    assert_eq!(codes("catalog shop by id { id text, name text }"), ["E0800"]);
    assert_eq!(codes("catalog product by id { name text }"), ["E0110"]);
}

#[test]
fn a_lookup_may_be_named_where_it_is_asked_for() {
    holds(
        r#"
journey seen {
  enter on viewed
  enter again always
  if product(entry.sku) is set as item {
    send about_item(item: item) by email
  }
}
scenario "known" for seen {
  given customer { email: "a@example.com" }
  given product "ก1" { name: "กาน้ำ", price: 900 THB }
  at 2026-03-02 10:00 viewed { sku: "ก1" }
  expect message about_item containing "กาน้ำ"
}
scenario "unknown" for seen {
  given customer { email: "a@example.com" }
  at 2026-03-02 10:00 viewed { sku: "ก1" }
  expect no messages
}
"#,
    );
}

#[test]
fn stories_about_items_are_exact() {
    let story = |line: &str| {
        codes(&format!(
            "journey j {{ enter on viewed\n enter again never\n send plain(price: 1 THB) by email }}\nscenario \"s\" for j {{\n{line}\nexpect message plain\n}}"
        ))
    };
    assert_eq!(story("given product { name: \"a\", price: 1 THB }"), ["E0803"]);
    assert_eq!(story("given product \"A1\" { name: \"a\" }"), ["E0227"]);
    assert_eq!(story("given product \"\" { name: \"a\", price: 1 THB }"), ["E0805"]);
    assert_eq!(story("given prodcut \"A1\" { name: \"a\" }"), ["E0101"]);
    assert_eq!(story("at 2026-03-01 10:00 product \"A1\" is gone"), ["E0804"]);
    assert_eq!(story("at 2026-03-01 10:00 product \"A1\" { stock: 5 }"), ["E0227", "E0227"]);
}

const ARTICLES: &str = r#"
customer { email email?, interests list of text = [] }
event asked {}
catalog article "Articles" by slug { title text, topic text, published date, editors_choice boolean = false }
topic news "News" opt out
message digest(first article?, count number) about news {
  email { subject "{{ count }}", text "{{ first.title | default: 'nothing' }}" }
}
journey weekly {
  enter on asked
  enter again always
  let best be top 2 of article where (topic in customer.interests) by published
  send digest(first: first of best, count: count of best) by email
  if any of best where (editors_choice is true and article.topic is "tea") { exit "chosen" }
  if none of top 100 of article where (slug starts with "b-") { exit "no b" }
  wait 1 day
}
"#;

#[test]
fn a_query_ranks_the_items_that_meet_it() {
    let articles = r#"
  given article "a-2" { title: "Oolong", topic: "tea", published: 2026-02-01 }
  given article "a-1" { title: "Assam", topic: "tea", published: 2026-02-01 }
  given article "a-3" { title: "Old", topic: "tea", published: 2025-02-01 }
  given article "b-1" { title: "Beans", topic: "coffee", published: 2026-02-20 }"#;
    let text = format!(
        r#"{ARTICLES}
scenario "equal ones by key" for weekly {{
  given customer {{ email: "a@example.com", interests: ["tea"] }}
  {articles}
  at 2026-03-01 10:00 asked {{}}
  expect message digest containing "2"
  expect message digest containing "Assam"
  expect exit after 1 day
}}
scenario "the newest of two topics" for weekly {{
  given customer {{ email: "a@example.com", interests: ["tea", "coffee"] }}
  {articles}
  at 2026-03-01 10:00 asked {{}}
  expect message digest containing "Beans"
}}
scenario "as the catalog is then" for weekly {{
  given customer {{ email: "a@example.com", interests: ["tea"] }}
  {articles}
  at 2026-03-01 09:00 article "a-3" {{ published: 2026-02-28, editors_choice: true }}
  at 2026-03-01 10:00 asked {{}}
  expect message digest containing "Old"
  expect exit "chosen"
}}
scenario "there is none" for weekly {{
  given customer {{ email: "a@example.com", interests: ["rum"] }}
  given article "a-1" {{ title: "Assam", topic: "tea", published: 2026-02-01 }}
  at 2026-03-01 10:00 asked {{}}
  expect message digest containing "nothing"
  expect exit "no b"
}}
"#
    );
    let (compiled, found) = onward::check_project(Project::from_texts([("a.journey", text.as_str())]));
    assert!(!found.has_errors(), "{:#?}", found.into_sorted());
    let report = scenario::run(&compiled.checked, compiled.sources(), None);
    assert_eq!(report.scenarios.len(), 4);
    assert_eq!(failures(&report), Vec::<String>::new());
}

#[test]
fn queries_are_checked() {
    let query = |query: &str| codes(&format!("journey j {{ enter on viewed\n enter again never\n if count of ({query}) > 1 {{ exit }} }}"));
    assert_eq!(query("top 3 of product by price"), Vec::<String>::new());
    assert_eq!(query("top 3 of product where (stock > 0 and product.price < 5 THB) by stock"), Vec::<String>::new());
    assert_eq!(query("top 3 of product by sku"), Vec::<String>::new());
    assert_eq!(query("top 3 of product by name"), ["E0806"]);
    assert_eq!(query("top 3 of product by prise"), ["E0104"]);
    assert_eq!(query("top 3 of prodct by price"), ["E0101"]);
    assert_eq!(query("top 101 of product by price"), ["E0315"]);
    assert_eq!(query("top 3 of product where (total > 1 THB)"), ["E0103"]);
}
