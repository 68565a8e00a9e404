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

const RESTOCK: &str = r#"
journey back_in_stock {
  enter when product.stock rises above 0 where product.sku in customer.wishlist and price < 1000 THB
  one run per sku
  enter again always
  send about_item(item: entry.item) by email
  wait 1 day
}
journey cheaper {
  enter when product.price drops by 100 THB where has viewed in the last 30 days where sku is product.sku
  enter again always
  send plain(price: entry.item.price) by email
}
"#;

#[test]
fn a_change_reaches_whom_the_item_matters_to_once() {
    holds(&format!(
        r#"{RESTOCK}
scenario "two of three items come back" for back_in_stock {{
  given customer {{ email: "a@example.com", wishlist: ["A1", "B2", "C3"] }}
  given product "A1" {{ name: "Kettle", price: 900 THB }}
  given product "B2" {{ name: "Pot", price: 5000 THB }}
  given product "C3" {{ name: "Cup", price: 90 THB }}
  given product "D4" {{ name: "Not hers", price: 90 THB }}
  at 2026-03-02 10:00 product "A1" {{ stock: 5 }}
  at 2026-03-02 10:00 product "B2" {{ stock: 5 }}
  at 2026-03-02 10:00 product "C3" {{ stock: 1 }}
  at 2026-03-02 10:00 product "D4" {{ stock: 1 }}
  after 1 hour product "A1" {{ stock: 7 }}
  expect 2 messages
  in the run of sku "A1" {{
    expect message about_item containing "Kettle"
    expect exit after 1 day
  }}
  in the run of sku "C3" {{
    expect message about_item containing "Cup"
  }}
}}
scenario "she wishes for it later" for back_in_stock {{
  given customer {{ email: "a@example.com" }}
  given product "A1" {{ name: "Kettle", price: 900 THB, stock: 1 }}
  at 2026-03-02 10:00 product "A1" {{ stock: 0 }}
  after 1 hour customer {{ wishlist: ["A1"] }}
  after 1 hour product "A1" {{ stock: 2 }}
  after 1 hour product "A1" {{ stock: 0 }}
  after 1 hour product "A1" {{ stock: 3 }}
  expect 1 message
}}
scenario "an item that is new has not changed" for back_in_stock {{
  given customer {{ email: "a@example.com", wishlist: ["A1"] }}
  at 2026-03-02 10:00 product "A1" {{ name: "Kettle", price: 900 THB, stock: 4 }}
  expect not entered
}}
scenario "what she looked at drops" for cheaper {{
  given customer {{ email: "a@example.com" }}
  given product "A1" {{ name: "Kettle", price: 900 THB, stock: 1 }}
  at 2026-03-02 10:00 product "A1" {{ price: 700 THB }}
  after 1 hour viewed {{ sku: "A1" }}
  after 1 day product "A1" {{ price: 650 THB }}
  after 1 day product "A1" {{ price: 550 THB }}
  after 40 days product "A1" {{ price: 150 THB }}
  expect 1 message
  expect message plain containing "฿550"
}}
"#
    ));
}

#[test]
fn entries_on_changes_name_whom_they_concern() {
    let enter = |line: &str| codes(&format!("journey j {{ enter when {line}\n enter again always\n send plain(price: 1 THB) by email }}"));
    let hers = "where product.sku in customer.wishlist";
    assert_eq!(enter(&format!("product.stock rises above 0 {hers}")), Vec::<String>::new());
    assert_eq!(enter(&format!("product.name changes {hers} and stock > 0")), Vec::<String>::new());
    assert_eq!(
        enter("product.price drops below 5 THB where has cart_updated where (product.sku in skus and total > 1 THB)"),
        Vec::<String>::new()
    );
    assert_eq!(enter("product.stock rises above 0"), ["E0810"]);
    assert_eq!(enter("product.stock rises above 0 where customer.wishlist contains product.sku"), Vec::<String>::new());
    assert_eq!(enter("product.stock rises above 0 where stock > 5"), ["E0810"]);
    assert_eq!(enter("product.stock rises above 0 where product.sku not in customer.wishlist"), ["E0810"]);
    assert_eq!(enter("product.stock rises above 0 where (product.sku in customer.wishlist or stock > 9)"), ["E0810"]);
    assert_eq!(enter("product.stock rises above 0 where has no viewed where sku is product.sku"), ["E0810"]);
    assert_eq!(enter("product.stock rises above 0 where product.sku in customer.wish"), ["E0104"]);
    assert_eq!(enter(&format!("product.name rises above \"M\" {hers}")), ["E0812"]);
    assert_eq!(enter(&format!("product.price drops by 5 {hers}")), ["E0201"]);
    assert_eq!(enter(&format!("product.sku changes {hers}")), ["E0811"]);
    assert_eq!(enter(&format!("produkt.stock changes {hers}")), ["E0811"]);
    assert_eq!(enter(&format!("product.stok changes {hers}")), ["E0104"]);
}

// ---------------------------------------------------------------- simulations: catalogs from files

const PROJECT: &str = r#"
customer { email email?, wishlist list of text = [] }
event cart_updated { sku text }
catalog product by sku { name text, price money THB, stock number = 0, link url? }
topic news "News" opt out
message cheaper(item product) about news { email { subject "{{ item.name }}", text "{{ item.price | money }}" } }
journey restock {
  enter when product.stock rises above 0 where product.sku in customer.wishlist
  one run per sku
  send cheaper(item: entry.item) by email
}
journey cart {
  enter on cart_updated
  enter again always
  wait 1 hour
  let item be product(entry.sku) or exit if missing
  if item.price < 500 THB { exit "cheap" }
  exit "dear"
}
"#;

const MANIFEST: &str = r#"
[project]
name = "shop"
timezone = "Asia/Bangkok"
[simulate]
to = 2026-03-10
[[log]]
file = "events.csv"
event = "cart_updated"
customer = "user"
time = "at"
[[customers]]
file = "customers.jsonl"
id = "user"
[customers.columns]
wishlist = "wishlist"
email = "email"
[[catalog]]
name = "product"
file = "products.csv"
[catalog.columns]
price = "price_thb"
[[catalog]]
name = "product"
file = "changes.jsonl"
time = "changed_at"
gone = "deleted"
"#;

fn shop(changes: &str) -> super::ingest::Folder {
    super::ingest::Folder::new()
        .with("shop.journey", PROJECT)
        .with("onward.toml", MANIFEST)
        .with(
            "events.csv",
            "user,at,sku\nu1,2026-03-01T10:00:00,A1\nu2,2026-03-02T10:00:00,A1\nu1,2026-03-03T10:00:00,B2\nu2,2026-03-04T10:00:00,A1\n",
        )
        .with("customers.jsonl", "{\"user\":\"u3\",\"email\":\"c@example.com\",\"wishlist\":[\"A1\",\"B2\"]}\n")
        .with("products.csv", "sku,name,price_thb,stock\nA1,Kettle,900,0\nB2,Pot,100,\nC3,Cup,dear,1\n,Nameless,5,1\n")
        .with("changes.jsonl", changes)
}

const CHANGES: &str = concat!(
    "{\"sku\":\"A1\",\"changed_at\":\"2026-03-02T00:00:00\",\"price\":450,\"stock\":3}\n",
    "{\"sku\":\"A1\",\"changed_at\":\"2026-03-03T00:00:00\",\"deleted\":\"yes\"}\n",
    "{\"sku\":\"Z9\",\"changed_at\":\"2026-03-03T00:00:00\",\"stock\":3}\n",
);

#[test]
fn a_simulation_reads_each_item_as_it_was_then() {
    use super::simulate::{fine, with};
    let folder = shop(CHANGES);
    let outcome = fine(&folder.0, &with(1, 0));
    let journey = |name: &str| outcome.report.journeys.iter().find(|journey| journey.name == name).unwrap();
    let ended: Vec<(String, u64)> = journey("cart").ended.iter().map(|count| (count.what.clone(), count.count)).collect();
    let by = |word: &str| ended.iter().filter(|(what, _)| what.contains(word)).map(|(_, count)| count).sum::<u64>();
    // u1 found A1 dear; u2 found it cheap after the change, and gone after the next; u1 found B2 cheap.
    assert_eq!((by("dear"), by("cheap"), journey("cart").entered), (1, 2, 4), "{ended:?}");
    assert_eq!(journey("restock").entered, 1);
    // Threads and chunks decide nothing.
    let again = fine(&folder.0, &with(3, 1));
    assert_eq!(super::simulate::json(&again.report), super::simulate::json(&outcome.report));
}

#[test]
fn rows_of_catalogs_that_do_not_fit_are_told_with_their_lines() {
    use onward::calendar::Zone;
    use onward::ingest::Config;
    use onward::ingest::catalogs::Stock;
    let folder = shop(CHANGES);
    let (compiled, _) = onward::check_project(onward::project::load(&folder.0).unwrap());
    let manifest = compiled.project.manifest.unwrap();
    let (config, found) = Config::read(compiled.project.sources.get(manifest).unwrap(), manifest);
    assert!(found.is_empty(), "{:?}", found.into_sorted());
    let mut found = onward::diagnostic::Diagnostics::default();
    let stock = Stock::read(&config.catalogs, &compiled.plan.unwrap().schema, &folder.0, Zone::UTC, &mut found);
    assert!(found.is_empty(), "{:?}", found.into_sorted());
    let counts: Vec<(u64, u64)> = stock.reports.iter().map(|report| (report.rows, report.used)).collect();
    assert_eq!(counts, [(4, 2), (3, 2)]);
    let (_, first) = stock.reports[1].refusals.main().unwrap();
    assert_eq!((first.line, first.column.as_str()), (3, "name"));
}

#[test]
fn a_price_drops_at_all_or_by_a_share_of_what_it_was() {
    let story = |test: &str, price: &str, expected: &str| {
        format!(
            "journey cheaper {{\n  enter when product.price {test} where product.sku in customer.wishlist\n  one run per sku\n  send about_item(item: entry.item) by \
             email\n}}\nscenario \"a change\" for cheaper {{\n  given customer {{ email: \"nok@example.com\", wishlist: [\"A1\"] }}\n  given product \"A1\" {{ name: \
             \"Kettle\", price: 900 THB }}\n  at 2026-03-01 10:00 product \"A1\" {{ price: {price} THB }}\n  expect {expected}\n}}\n"
        )
    };
    for (test, price, expected) in [
        ("drops", "899", "1 message"),
        ("drops", "900", "no messages"),
        ("drops", "901", "no messages"),
        ("rises", "901", "1 message"),
        ("rises", "899", "no messages"),
        // 10% of 900 is 90.
        ("drops by 10%", "810", "1 message"),
        ("drops by 10%", "810.01", "no messages"),
        ("drops by 10%", "990", "no messages"),
        ("rises by 200%", "2700", "1 message"),
        ("rises by 200%", "2699.99", "no messages"),
    ] {
        holds(&story(test, price, expected));
    }
    let refused = |test: &str| codes(&story(test, "899", "no messages"));
    assert_eq!(
        (refused("drops by 0%"), refused("drops by 101%"), refused("drops by 100%")),
        (vec!["E0813".into()], vec!["E0813".into()], vec![])
    );
    assert_eq!(refused("drops below 10%"), ["E0229"]);
}
