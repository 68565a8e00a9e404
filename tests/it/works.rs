//! What the daemon does for everybody: facts at ticks, codes, scheduled entries, catalogs. Over a store in memory, with crashes in between.

use super::daemon::harness::{Daemon, Sent, at, differing};
use onward::calendar::{Instant, MINUTE_MS};
use onward::daemon::arrival::What;
use onward::engine::Outcome;
use onward::schema::CatalogId;
use onward::value::Value;
use onward::world::facts;
use std::sync::Arc;

fn subject(sent: &Sent) -> &str {
    &sent.1.parts.iter().find(|(name, _)| name == "subject").unwrap().1
}

/// Everything that wants to leave is accepted.
fn accept(daemon: &mut Daemon) -> Vec<Sent> {
    let mut all = Vec::new();
    loop {
        let sent = daemon.outgoing();
        if sent.is_empty() {
            return all;
        }
        for one in sent {
            if daemon.ready(&one) {
                daemon.outcome(&one, Outcome::Accepted);
            }
            all.push(one);
        }
    }
}

const TEST: &str = r#"
customer { email email? }
event visited { }
event bought { order text = "-" }
topic promo "Promotions" opt in
message plain about promo { email { subject "Plain", text "Thank you" } }
message loud about promo { email { subject "Loud", text "THANK YOU" } }
journey greet "Greeting" {
  enter on visited
  enter again never
  experiment "style" measured by bought within 1 hour {
    variant "plain" 50% { send plain }
    variant "loud" 50% { send loud }
    winner when 95% sure after 20 customers in each
  }
}
"#;

/// Customers come one a minute; who got the loud one buys.
fn greet(daemon: &mut Daemon, from: Instant, first: u32, count: u32) -> Vec<String> {
    let mut subjects = Vec::new();
    for customer in first..first + count {
        let now = from.plus_ms(i64::from(customer - first) * MINUTE_MS);
        let name = format!("n{customer}");
        daemon.touch(now);
        daemon.subscribe(now, &name, &format!("{name}@example.com"));
        daemon.event(now, &name, "visited", &format!("v{customer}"));
        for sent in accept(daemon) {
            if subject(&sent) == "Loud" {
                daemon.event(now, &name, "bought", &format!("b{customer}"));
            }
            subjects.push(subject(&sent).to_owned());
        }
    }
    subjects
}

#[test]
fn a_winner_is_decided_at_a_tick_and_known_after_a_crash() {
    let mut daemon = Daemon::new(TEST);
    let begin = at("2026-03-01 10:00");
    let before = greet(&mut daemon, begin, 0, 100);
    assert!(before.iter().filter(|subject| *subject == "Plain").count() > 20, "{before:?}");
    let memory = daemon.memory();
    daemon.crash();
    assert_eq!(differing(&memory, &daemon.memory()), [""; 0], "what was counted is counted again");
    // Nobody comes for an hour; then all windows are over.
    daemon.touch(at("2026-03-01 13:00"));
    let changes = |daemon: &mut Daemon| {
        let identity = daemon.core().world.plan().journeys[0].experiments[0].identity.clone();
        daemon.core().world.facts().changes(&identity).to_vec()
    };
    let decided = changes(&mut daemon);
    assert_eq!(decided.len(), 1, "{decided:?}");
    assert_eq!(decided[0].from.0 % facts::TICK_MS, 0, "at a whole tick");
    assert_eq!((decided[0].winner, decided[0].weights.shares.as_slice()), (Some(1), [0, 10_000].as_slice()));
    let after = greet(&mut daemon, at("2026-03-01 13:01"), 100, 40);
    assert!(after.iter().all(|subject| subject == "Loud"), "everybody gets the winner: {after:?}");
    // From the log alone, and from a snapshot of it.
    daemon.crash();
    assert_eq!(changes(&mut daemon), decided);
    daemon.snapshot_all();
    let memory = daemon.memory();
    daemon.crash();
    assert_eq!(differing(&memory, &daemon.memory()), [""; 0]);
    assert_eq!(changes(&mut daemon), decided);
    assert_eq!(greet(&mut daemon, at("2026-03-01 14:00"), 200, 20), vec!["Loud"; 20]);
}

#[test]
fn an_edited_project_keeps_what_was_counted_and_decided() {
    let mut daemon = Daemon::new(TEST);
    greet(&mut daemon, at("2026-03-01 10:00"), 0, 100);
    // Another journey comes before it, so that it has another number.
    let next = TEST.replace("journey greet", "journey aaa \"First\" { enter on bought\n enter again never\n wait 1 day }\njourney greet");
    daemon.deploy(at("2026-03-01 11:50"), &next);
    daemon.crash_with(&next);
    daemon.touch(at("2026-03-01 13:00"));
    assert_eq!(greet(&mut daemon, at("2026-03-01 13:01"), 100, 20), vec!["Loud"; 20]);
}

const VOUCHER: &str = r#"
customer { email email? }
event bought { order text = "-" }
topic promo "Promotions" opt in
codes spring "Spring codes"
message voucher(code text) about promo { email { subject "{{ code }}", text "Your code is {{ code }}" } }
message sorry about promo { email { subject "Sorry", text "None is left" } }
journey thanks {
  enter on bought
  enter again always
  draw code from spring as code otherwise { send sorry by email
    exit "no code" }
  send voucher(code: code) by email
}
"#;

#[test]
fn every_code_is_given_once_whatever_happens() {
    let mut daemon = Daemon::new(VOUCHER);
    let texts = |all: &[&str]| all.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>();
    assert_eq!(daemon.core().add_codes("spring", texts(&["S-1", "S-2", "S-3", "S-2"])), 3);
    daemon.commit();
    let now = at("2026-03-01 10:00");
    let mut given = Vec::new();
    for buyer in 0..5 {
        let name = format!("n{buyer}");
        daemon.subscribe(now, &name, &format!("{name}@example.com"));
        daemon.event(now, &name, "bought", &format!("b{buyer}"));
        given.extend(accept(&mut daemon).iter().map(|sent| subject(sent).to_owned()));
        if buyer == 0 {
            daemon.snapshot_all();
        }
        daemon.crash();
        // The file is read again at every start.
        assert_eq!(daemon.core().add_codes("spring", texts(&["S-1", "S-2", "S-3"])), 0, "none of them is new");
    }
    assert_eq!(given, ["S-1", "S-2", "S-3", "Sorry", "Sorry"]);
    assert_eq!(daemon.core().add_codes("spring", texts(&["S-3", "ส-4"])), 1);
    daemon.commit();
    daemon.event(now, "n4", "bought", "again");
    assert_eq!(accept(&mut daemon).iter().map(subject).collect::<Vec<_>>(), ["ส-4"]);
}

#[test]
fn a_draw_that_never_became_durable_leaves_its_code() {
    let mut daemon = Daemon::new(VOUCHER);
    daemon.core().add_codes("spring", ["S-1".to_owned()]);
    daemon.commit();
    daemon.subscribe(at("2026-03-01 10:00"), "nok", "nok@example.com");
    let answered = daemon.event_and_crash(at("2026-03-01 10:01"), "nok", "bought");
    assert!(!answered, "nobody was told anything");
    daemon.event(at("2026-03-01 10:02"), "nok", "bought", "b1");
    assert_eq!(accept(&mut daemon).iter().map(subject).collect::<Vec<_>>(), ["S-1"]);
}

const WEEKLY: &str = r#"
customer { email email? }
event bought { order text = "-" }
topic promo "Promotions" opt in
message weekly about promo { email { subject "Weekly", text "News of the week" } }
message thanks about promo { email { subject "Thanks", text "Thank you" } }
journey newsletter "Newsletter" {
  enter every monday at 09:00
  enter again always
  send weekly
}
journey orders "Orders" {
  enter on bought
  enter again always
  send thanks
}
"#;

#[test]
fn a_scheduled_entry_reaches_everybody_once_over_crashes_and_others_come_in_between() {
    let mut daemon = Daemon::new(WEEKLY);
    let count = 300;
    for customer in 0..count {
        daemon.subscribe(at("2026-03-01 10:00"), &format!("n{customer}"), &format!("n{customer}@example.com"));
    }
    // 2026-03-02 is a Monday.
    assert!(daemon.outgoing().is_empty());
    let now = at("2026-03-02 09:00");
    let mut weekly = Vec::new();
    let mut thanks = 0;
    let mut slices = 0;
    loop {
        daemon.now = now;
        let done = daemon.core().due(now, 40);
        daemon.commit();
        let sent = accept(&mut daemon);
        weekly.extend(sent.iter().filter(|sent| subject(sent) == "Weekly").map(|sent| sent.0));
        if done == 0 {
            break;
        }
        slices += 1;
        // Somebody buys between two slices, whether her turn has come or not.
        daemon.event(now, &format!("n{}", slices * 31 % count), "bought", &format!("b{slices}"));
        let sent = accept(&mut daemon);
        thanks += sent.iter().filter(|sent| subject(sent) == "Thanks").count();
        weekly.extend(sent.iter().filter(|sent| subject(sent) == "Weekly").map(|sent| sent.0));
        if slices % 3 == 0 {
            daemon.crash();
        }
    }
    assert!(slices >= 7, "{slices}");
    assert_eq!(thanks, slices, "what happens in between does not wait for the end of it");
    assert_eq!(weekly.len(), count);
    weekly.sort_unstable();
    weekly.dedup();
    assert_eq!(weekly.len(), count, "everybody once");
    daemon.touch(at("2026-03-08 23:59"));
    assert!(daemon.outgoing().is_empty());
}

const RESTOCK: &str = r#"
customer { email email?, wishlist list of text = [] }
event viewed { sku text }
catalog product "Products" by sku { name text, price money THB, stock number = 0 }
topic promo "Promotions" opt in
message back(item product) about promo { email { subject "Back: {{ item.name }}", text "{{ item.price | money }}" } }
message cheaper(item product) about promo { email { subject "Cheaper: {{ item.name }}", text "{{ item.price | money }}" } }
journey restock "Back in stock" {
  enter when product.stock rises above 0 where product.sku in customer.wishlist
  enter again always
  one run per sku
  send back(item: entry.item) by email
}
journey price "Cheaper" {
  enter on viewed
  enter again always
  one run per sku
  wait up to 7 days until product(entry.sku).price < 500 THB otherwise exit
  let item be product(entry.sku) or exit if missing
  send cheaper(item: item) by email
}
"#;

fn item(name: &str, price: i64, stock: i64) -> Option<Arc<[Value]>> {
    Some([Value::text(name), Value::Number(price.into()), Value::Number(stock.into())].into())
}

fn wish(daemon: &mut Daemon, now: Instant, who: &str, skus: &[&str]) {
    daemon.subscribe(now, who, &format!("{who}@example.com"));
    let mut attributes = serde_json::Map::new();
    attributes.insert("wishlist".to_owned(), skus.to_vec().into());
    daemon.take(now, who, None, What::Attributes(attributes));
}

fn view(daemon: &mut Daemon, now: Instant, who: &str, sku: &str) {
    let mut properties = serde_json::Map::new();
    properties.insert("sku".to_owned(), sku.into());
    daemon.take(now, who, None, What::Event { name: "viewed".to_owned(), properties });
}

fn put(daemon: &mut Daemon, now: Instant, key: &str, fields: Option<Arc<[Value]>>) {
    daemon.touch(now);
    daemon.core().advance(now);
    daemon.core().put_item(CatalogId(0), key, fields);
    daemon.commit();
}

fn work_all(daemon: &mut Daemon) {
    let now = daemon.now;
    while daemon.core().work(now, 7) > 0 {
        daemon.commit();
    }
}

fn subjects(daemon: &mut Daemon) -> Vec<String> {
    let mut all: Vec<String> =
        accept(daemon).iter().map(|sent| format!("{} {}", sent.1.address.split('@').next().unwrap(), subject(sent))).collect();
    all.sort();
    all
}

#[test]
fn a_change_of_an_item_reaches_whom_it_concerns_and_nobody_else() {
    let mut daemon = Daemon::new(RESTOCK);
    let day = at("2026-03-02 10:00");
    put(&mut daemon, day, "ก1", item("กาต้มน้ำ", 900, 0));
    put(&mut daemon, day, "B2", item("Pot", 700, 0));
    wish(&mut daemon, day, "nok", &["ก1", "B2"]);
    wish(&mut daemon, day, "lek", &["B2"]);
    wish(&mut daemon, day, "dao", &[]);
    view(&mut daemon, day, "dao", "ก1");
    put(&mut daemon, at("2026-03-02 11:00"), "ก1", item("กาต้มน้ำ", 900, 3));
    assert_eq!(daemon.core().open_works(), 1);
    daemon.crash();
    assert_eq!(daemon.core().open_works(), 1, "it goes on after a crash");
    work_all(&mut daemon);
    assert_eq!(subjects(&mut daemon), ["nok Back: กาต้มน้ำ"]);
    // The price is read by a wait of hers only.
    put(&mut daemon, at("2026-03-02 12:00"), "ก1", item("กาต้มน้ำ", 499, 2));
    work_all(&mut daemon);
    assert_eq!(subjects(&mut daemon), ["dao Cheaper: กาต้มน้ำ"]);
    // The same again is none.
    put(&mut daemon, at("2026-03-02 13:00"), "ก1", item("กาต้มน้ำ", 499, 2));
    assert_eq!(daemon.core().open_works(), 0);
    // Out of stock, and back: told again. Gone is no change, and nothing of it leaves.
    put(&mut daemon, at("2026-03-02 14:00"), "B2", item("Pot", 700, 9));
    put(&mut daemon, at("2026-03-02 14:01"), "B2", None);
    work_all(&mut daemon);
    assert_eq!(subjects(&mut daemon), [""; 0]);
    daemon.snapshot_all();
    let memory = daemon.memory();
    daemon.crash();
    assert_eq!(differing(&memory, &daemon.memory()), [""; 0]);
}

#[test]
fn everybody_is_reached_once_over_crashes_whoever_comes_in_between() {
    let mut daemon = Daemon::new(RESTOCK);
    let day = at("2026-03-02 10:00");
    put(&mut daemon, day, "A1", item("Kettle", 900, 0));
    let count = 60;
    for customer in 0..count {
        wish(&mut daemon, day, &format!("n{customer:02}"), &["A1"]);
    }
    put(&mut daemon, at("2026-03-02 11:00"), "A1", item("Kettle", 900, 1));
    let mut told = Vec::new();
    let mut slices = 0;
    loop {
        let now = daemon.now;
        let done = daemon.core().work(now, 7);
        daemon.commit();
        told.extend(subjects(&mut daemon));
        if done == 0 {
            break;
        }
        slices += 1;
        // Somebody does something before her turn or after it; her wish is another one from then on.
        wish(&mut daemon, now, &format!("n{:02}", slices * 13 % count), &[]);
        told.extend(subjects(&mut daemon));
        if slices % 2 == 0 {
            let memory = daemon.memory();
            daemon.crash();
            assert_eq!(differing(&memory, &daemon.memory()), [""; 0]);
        }
    }
    assert!(slices >= 8, "{slices}");
    told.sort();
    let all: Vec<String> = (0..count).map(|customer| format!("n{customer:02} Back: Kettle")).collect();
    assert_eq!(told, all);
}

#[test]
fn a_file_that_is_read_again_takes_nothing_back() {
    let mut daemon = Daemon::new(RESTOCK);
    let core = daemon.core();
    core.advance(at("2026-03-02 10:00"));
    assert!(core.put_item_of_file(CatalogId(0), "A1", item("Kettle", 900, 3)));
    assert!(core.put_item(CatalogId(0), "A1", item("Kettle", 900, 2)), "somebody else knows better");
    daemon.commit();
    daemon.crash();
    let core = daemon.core();
    core.advance(at("2026-03-02 11:00"));
    assert!(!core.put_item_of_file(CatalogId(0), "A1", item("Kettle", 900, 3)), "the file says what it said before");
    let now = core.now();
    assert_eq!(core.world.items().fields(CatalogId(0), "A1", now).cloned(), item("Kettle", 900, 2));
    assert!(core.put_item_of_file(CatalogId(0), "A1", item("Kettle", 800, 3)), "it says something else");
    assert_eq!(core.items_of_files("product"), ["A1"]);
    assert!(core.put_item_of_file(CatalogId(0), "A1", None));
    assert!(core.items_of_files("product").is_empty());
}

#[test]
fn an_edited_catalog_keeps_its_items_by_name() {
    let mut daemon = Daemon::new(RESTOCK);
    put(&mut daemon, at("2026-03-02 10:00"), "A1", item("Kettle", 900, 3));
    let next = RESTOCK.replace(
        "catalog product \"Products\" by sku { name text, price money THB, stock number = 0 }",
        "catalog aaa by id { title text }\ncatalog product \"Products\" by sku { stock number = 0, name text, price money THB, weight number = 7 }",
    );
    daemon.deploy(at("2026-03-02 11:00"), &next);
    daemon.crash_with(&next);
    let core = daemon.core();
    let product = core.world.plan().schema.catalog("product").unwrap();
    assert_eq!(product, CatalogId(1));
    let fields = core.world.items().fields(product, "A1", core.now()).cloned().unwrap();
    assert_eq!(*fields, [3, 0, 900, 7].map(|n: i64| if n == 0 { Value::text("Kettle") } else { Value::Number(n.into()) }));
}

const DOORS: &str = r#"
customer { email email? }
event visited { }
event asked { }
topic promo "Promotions" opt in
message hello about promo { email { subject "Hello", text "Hello" } }
message soon about promo { email { subject "Soon", text "Your turn" } }
journey greet "Greeting" {
  enter on visited
  enter again always
  at most 2 entries in 1 day then skip
  send hello
}
journey serve "Serving" {
  enter on asked
  enter again always
  at most 2 entries in 1 hour then wait
  send soon
}
"#;

/// Whom they reach: the addresses, in order.
fn whom(daemon: &mut Daemon) -> Vec<String> {
    accept(daemon).iter().map(|sent| sent.1.address.to_string()).collect()
}

#[test]
fn a_cap_on_entries_holds_over_all_customers_and_crashes() {
    let mut daemon = Daemon::new(DOORS);
    let begin = at("2026-03-01 10:00");
    for name in ["a", "b", "c", "d", "e"] {
        daemon.subscribe(begin, name, &format!("{name}@example.com"));
    }
    let enter = |daemon: &mut Daemon, minutes: i64, who: &str, event: &str| {
        let now = begin.plus_ms(minutes * MINUTE_MS);
        daemon.touch(now);
        daemon.event(now, who, event, &format!("{event}{who}{minutes}"));
        whom(daemon)
    };
    assert_eq!(enter(&mut daemon, 0, "a", "visited"), ["a@example.com"]);
    daemon.snapshot_all();
    assert_eq!(enter(&mut daemon, 1, "b", "visited"), ["b@example.com"]);
    // One place was taken before the snapshot, one after it.
    daemon.crash();
    assert!(enter(&mut daemon, 2, "c", "visited").is_empty());
    // An edit that moves the journey and takes more in goes on counting.
    let edited = DOORS
        .replace("at most 2 entries in 1 day", "at most 3 entries in 1 day")
        .replace("journey serve", "journey another \"Another\" {\n enter on asked\n enter again always\n wait 1 day\n}\njourney serve");
    daemon.deploy(begin.plus_ms(2 * MINUTE_MS), &edited);
    daemon.follow_all();
    assert_eq!(enter(&mut daemon, 3, "c", "visited"), ["c@example.com"]);
    assert!(enter(&mut daemon, 4, "d", "visited").is_empty());
    // A day after the first there is a place again, and only one.
    assert_eq!(enter(&mut daemon, 24 * 60, "d", "visited"), ["d@example.com"]);
    assert!(enter(&mut daemon, 24 * 60, "e", "visited").is_empty());

    // Who waits keeps her place in the order of coming, over a crash.
    let day = 2 * 24 * 60;
    assert_eq!(enter(&mut daemon, day, "a", "asked"), ["a@example.com"]);
    assert_eq!(enter(&mut daemon, day + 10, "b", "asked"), ["b@example.com"]);
    assert!(enter(&mut daemon, day + 20, "c", "asked").is_empty());
    assert!(enter(&mut daemon, day + 30, "d", "asked").is_empty());
    daemon.crash();
    assert!(enter(&mut daemon, day + 59, "e", "asked").is_empty());
    daemon.touch(begin.plus_ms((day + 60) * MINUTE_MS));
    assert_eq!(whom(&mut daemon), ["c@example.com"]);
    daemon.touch(begin.plus_ms((day + 70) * MINUTE_MS));
    assert_eq!(whom(&mut daemon), ["d@example.com"]);
    daemon.touch(begin.plus_ms((day + 120) * MINUTE_MS));
    assert_eq!(whom(&mut daemon), ["e@example.com"]);
}

/// Everything that is told of somebody, and the answer about a message.
fn told_of(daemon: &mut Daemon, who: &str, message: &str) -> (String, Vec<String>) {
    use onward::daemon::admin::story::{About, Asked};
    use onward::daemon::keeper::{PLANS, What as Kept};
    use onward::daemon::told::Versions;
    let number = daemon.core().find_user(who).unwrap();
    let mut history = daemon.past().read(&[number, PLANS]).unwrap();
    history.sort_by_key(|(_, one)| one.order);
    let plans = history.iter().filter_map(|(_, one)| if let Kept::Plan(text) = &one.what { Some((one.order, text.clone())) } else { None });
    let (plan, facts) = (daemon.plan(), daemon.core().world.facts().clone());
    let mut versions = Versions::new(plans, &plan, facts).unwrap();
    let mut told = Vec::new();
    for (whose, one) in history {
        versions.tell(whose, one, plan.policy.zone, &mut told);
    }
    let (answer, _) = Asked { customer: who, told: &told, live: &[], versions: &versions }.why(About::Message(message));
    (answer, told.into_iter().filter_map(|one| one.line).map(|line| line.what).collect())
}

#[test]
fn why_names_what_was_decided_over_all_customers() {
    let mut daemon = Daemon::new(TEST);
    greet(&mut daemon, at("2026-03-01 10:00"), 0, 100);
    daemon.touch(at("2026-03-01 13:00"));
    greet(&mut daemon, at("2026-03-01 13:01"), 100, 1);
    let (before, _) = told_of(&mut daemon, "n0", "plain");
    assert!(!before.contains("decided"), "the shares that are written were drawn by: {before}");
    let (after, lines) = told_of(&mut daemon, "n100", "loud");
    let winner = "\"loud\" is the winner of experiment \"style\", decided at 2026-03-01 11:50:00";
    assert_eq!(after, format!("n100, 2026-03-01 13:01:00: loud by email: sent (greet 1, send loud, shop.journey:13); {winner}"));
    assert!(lines.iter().any(|line| line == winner), "{lines:?}");
}

#[test]
fn an_item_that_changed_and_imported_history_have_their_own_sentences() {
    use onward::engine::InputKind;
    let mut daemon = Daemon::new(RESTOCK);
    let day = at("2026-03-02 10:00");
    put(&mut daemon, day, "ก1", item("กาต้มน้ำ", 900, 0));
    wish(&mut daemon, day, "nok", &["ก1"]);
    let (plan, own) = (daemon.plan(), at("2025-12-01 08:00"));
    let event = InputKind::Event { event: plan.schema.event("viewed").unwrap(), at: own, fields: vec![Value::text("B2")].into() };
    let consent = InputKind::Consent { at: own, topic: plan.schema.topic("promo").unwrap(), subscribed: true };
    daemon.core().take_row("nok", 0, vec![event, consent], true);
    daemon.commit();
    put(&mut daemon, at("2026-03-02 11:00"), "ก1", item("กาต้มน้ำ", 900, 3));
    work_all(&mut daemon);
    let (_, lines) = told_of(&mut daemon, "nok", "back");
    for line in ["imported history: viewed { sku: B2 }", "imported history: subscribed to promo", "product ก1 changed"] {
        assert!(lines.iter().any(|told| told == line), "{line}: {lines:?}");
    }
}
