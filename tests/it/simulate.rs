//! Simulation: the same result for any threads and chunks, counts that plain code agrees with, and what a damaged log does.

use super::ingest::Folder;
use onward::Project;
use onward::diagnostic::Diagnostics;
use onward::simulate::compare::Comparison;
use onward::simulate::report::{JourneyReport, Report};
use onward::simulate::run::{Outcome, Request, run};
use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

pub(super) fn simulate(folder: &Path, request: &Request) -> (Option<Outcome>, Diagnostics) {
    let (compiled, found) = onward::check_project(onward::project::load(folder).unwrap());
    assert!(!found.has_errors(), "{:?}", found.into_sorted());
    let mut project: Project = compiled.project;
    run(&mut project, compiled.plan.unwrap(), folder, request, &mut |_| {})
}

pub(super) fn fine(folder: &Path, request: &Request) -> Outcome {
    let (outcome, found) = simulate(folder, request);
    assert!(found.is_empty(), "{:?}", found.into_sorted());
    outcome.unwrap()
}

pub(super) fn json(report: &Report) -> String {
    serde_json::to_string_pretty(report).unwrap()
}

/// Without the size of the state.
fn decisions(mut report: Report) -> String {
    report.rows = onward::simulate::report::Rows { bytes_average: 0, bytes_max: 0 };
    json(&report)
}

pub(super) fn with(threads: u32, chunk: usize) -> Request {
    Request { threads, chunk, ..Request::default() }
}

fn grocery() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("journeys/grocery")
}

/// The whole year once for all tests.
fn grocery_report() -> &'static Report {
    static REPORT: OnceLock<Report> = OnceLock::new();
    REPORT.get_or_init(|| fine(&grocery(), &with(1, 0)).report)
}

fn journey(name: &str) -> &'static JourneyReport {
    grocery_report().journeys.iter().find(|journey| journey.name == name).unwrap()
}

// ---------------------------------------------------------------- the same again, by plain code

/// Rows of one of the example's files, cells by column.
fn csv(name: &str) -> Vec<BTreeMap<String, String>> {
    let file = std::fs::File::open(grocery().join("data").join(name)).unwrap();
    let mut text = String::new();
    flate2::read::GzDecoder::new(file).read_to_string(&mut text).unwrap();
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().unwrap().split(',').collect();
    // No cell of these columns has a comma or a quote in it.
    lines.map(|line| header.iter().map(|name| name.to_string()).zip(line.split(',').map(str::to_owned)).collect()).collect()
}

/// Seconds since 1970 in UTC of `2017-03-01` or `2017-03-01 10:00:00`.
fn utc(text: &str) -> i64 {
    let full = if text.len() == 10 { format!("{text} 00:00:00") } else { text.replace('T', " ").trim_end_matches('Z').to_owned() };
    chrono::NaiveDateTime::parse_from_str(&full, "%Y-%m-%d %H:%M:%S").unwrap().and_utc().timestamp()
}

/// New York's clock in the years of the log: summer time from 2017-03-12 07:00 to 2017-11-05 06:00 UTC.
fn new_york(at: i64) -> i64 {
    let summer = (utc("2017-03-12 07:00:00")..utc("2017-11-05 06:00:00")).contains(&at);
    at - if summer { 4 } else { 5 } * 3600
}

/// So many days later at the same time of New York's clock. (No purchase falls into the one hour that does not exist.)
fn days_later(at: i64, days: i64) -> i64 {
    let wanted = new_york(at) + days * 86_400;
    [4, 5].into_iter().map(|hours| wanted + hours * 3600).find(|found| new_york(*found) == wanted).unwrap()
}

/// Purchases by household, in the order of the file, which is that of time.
fn purchases() -> BTreeMap<String, Vec<i64>> {
    let mut by_household: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for row in csv("completejourney-purchases.csv.gz") {
        by_household.entry(row["user_id"].clone()).or_default().push(utc(&row["timestamp"]));
    }
    by_household
}

fn ended(journey: &JourneyReport, what: &str) -> u64 {
    journey.ended.iter().filter(|count| count.what == what).map(|count| count.count).sum()
}

fn reached(journey: &JourneyReport) -> u64 {
    journey.goals[0].treated.reached + journey.goals[0].held_out.reached
}

#[test]
fn plain_code_counts_the_same_first_and_second_baskets() {
    let february = utc("2017-02-01 05:00:00");
    let (mut entered, mut back_in_14, mut back_in_30, mut alone) = (0, 0, 0, 0);
    for times in purchases().values() {
        let first = times[0];
        if first < february {
            continue;
        }
        entered += 1;
        let back_within = |days| times.get(1).is_some_and(|second| *second <= days_later(first, days));
        back_in_14 += u64::from(back_within(14));
        back_in_30 += u64::from(back_within(30));
        alone += u64::from(back_within(10));
    }
    let welcome = journey("welcome");
    assert_eq!((welcome.entered + welcome.held_out, reached(welcome)), (entered, back_in_14));
    let second = journey("second_basket");
    assert_eq!((second.entered + second.held_out, reached(second)), (entered, back_in_30));
    assert_eq!(ended(second, "exit \"came back alone\""), alone);
    assert!(entered > 400 && alone > 100, "{entered} {alone}");
}

#[test]
fn plain_code_counts_the_same_campaigns_and_redemptions() {
    let mut redeemed: BTreeMap<(String, String), Vec<i64>> = BTreeMap::new();
    for row in csv("completejourney-redemptions.csv.gz") {
        redeemed.entry((row["user_id"].clone(), row["campaign_id"].clone())).or_default().push(utc(&row["redemption_date"]));
    }
    let (mut entered, mut converted) = (0, 0);
    for row in csv("completejourney-campaigns.csv.gz") {
        entered += 1;
        let start = utc(&row["start_date"]);
        let until = days_later(start, 60);
        let times = redeemed.get(&(row["user_id"].clone(), row["campaign_id"].clone()));
        converted += u64::from(times.is_some_and(|times| times.iter().any(|at| (start..=until).contains(at))));
    }
    let campaigns = journey("campaign_follow_up");
    assert_eq!((campaigns.entered + campaigns.held_out, reached(campaigns)), (entered, converted));
    assert_eq!(ended(campaigns, "goal coupon_redeemed"), converted);
    assert!(entered > 6_000 && converted > 500, "{entered} {converted}");
}

#[test]
fn every_planned_message_is_accounted_for() {
    for message in &grocery_report().messages {
        let skipped: u64 = message.skipped.iter().map(|count| count.count).sum();
        let settled = message.sent + skipped + message.held_out + message.failed + message.unknown + message.cancelled;
        assert_eq!(message.planned, settled + message.pending, "{message:?}");
    }
    for journey in &grocery_report().journeys {
        let ended: u64 = journey.ended.iter().map(|count| count.count).sum();
        assert_eq!(journey.entered + journey.held_out, ended + journey.active, "{}", journey.name);
        let standing: u64 = journey.steps.iter().map(|step| step.now).sum();
        assert!(standing <= journey.active, "{}", journey.name);
    }
}

// ---------------------------------------------------------------- the same for any number of threads and pieces

#[test]
fn threads_and_pieces_change_nothing_in_a_year_of_shopping() {
    assert_eq!(json(&fine(&grocery(), &with(2, 20_011)).report), json(grocery_report()));
}

#[test]
fn what_a_plan_never_looks_at_may_be_left_out() {
    let whole = Request { whole_events: true, ..with(2, 0) };
    assert_eq!(decisions(fine(&grocery(), &whole).report), decisions(grocery_report().clone()));
    let folder = shop();
    assert_eq!(decisions(fine(&folder.0, &whole).report), decisions(fine(&folder.0, &with(1, 0)).report));
}

const SHOP: &str = r#"
customer {
  email     email?
  ชื่อ       text?
  คะแนน     number = 0
  timezone  timezone = "Asia/Bangkok"
}
event cart_updated { cart_id text, total money THB }
event order_completed { order_id text, cart_id text?, total money THB }
topic promotions "โปรโมชัน" opt in
segment buyers "ลูกค้าประจำ" { has at least 2 order_completed in the last 30 days }
policy {
  timezone "Asia/Bangkok"
  quiet hours 21:00 to 08:00 then wait
  at most 2 messages in 7 days then skip
  hold out 10%
}
message ลืมของ(total money THB) about promotions {
  email {
    subject "ลืมของไว้ในตะกร้า"
    text "ยอดรวม {{ total | money }} {{ postal_address }} {{ unsubscribe_url }}"
  }
}
brand { postal address "1 ถนนสุขุมวิท" }
journey กู้ตะกร้า "กู้ตะกร้า" {
  enter on cart_updated where total >= 100 THB
  one run per cart_id
  enter again always
  goal order_completed within 7 days of entry for the same cart_id then exit
  only while subscribed to promotions

  wait 1 hour
  send ลืมของ(total: entry.total) as letter
  wait up to 2 days {
    on clicked letter { increase customer.คะแนน by 1 }
    otherwise {
      split {
        path "ก" 50% { wait 1 day }
        path "ข" 50% { exit "ข" }
      }
    }
  }
}
journey ลาก่อน {
  enter when leaves segment buyers
  enter again always
  wait 3 days
}
"#;

const SHOP_TOML: &str = r#"
[project]
name = "ร้าน"
[simulate]
seed = 7
responses = { opened = "40%", clicked = "20%" }
[[log]]
file = "carts.csv"
event = "cart_updated"
customer = "user"
time = "at"
id = "id"
[[log]]
file = "orders.jsonl"
event = "order_completed"
customer = "user"
time = "at"
[[customers]]
file = "customers.csv"
id = "user"
[customers.everyone]
email = { template = "{user}@example.com" }
[customers.consent]
promotions = "agreed"
"#;

/// A shop with a log of its own: repeated ids, rows out of order, customers without events.
pub(super) fn shop() -> Folder {
    let mut random: u64 = 88_172_645_463_325_252;
    let mut draw = move |below: u64| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random % below
    };
    let (mut carts, mut orders, mut customers) =
        (String::from("user,at,cart_id,total,id\n"), String::new(), String::from("user,ชื่อ,agreed\n"));
    for minute in 0..1_500_u64 {
        let user = draw(60);
        let at = onward::calendar::Instant(1_772_323_200_000 + (minute * 37 + draw(90)) as i64 * 60_000);
        let at = onward::calendar::Zone::UTC.local(at).format("%Y-%m-%dT%H:%M:%SZ").to_string();
        let row = format!("n{user},{at},c{},{},m{minute}\n", draw(300), draw(900));
        carts.push_str(&row);
        // Some rows are there twice, and some with another content under the same id.
        match minute % 60 {
            20 => carts.push_str(&row),
            40 => carts.push_str(&format!("n{user},{at},c{},{},m{minute}\n", draw(300), draw(900))),
            _ => {}
        }
        if draw(3) == 0 {
            orders.push_str(&format!(
                "{{\"user\":\"n{user}\",\"at\":\"{at}\",\"order_id\":\"o{minute}\",\"cart_id\":\"c{}\",\"total\":{}}}\n",
                draw(300),
                draw(2_000)
            ));
        }
    }
    for user in 0..70 {
        customers.push_str(&format!("n{user},น้อง{user},{}\n", if user % 7 == 0 { "no" } else { "yes" }));
    }
    Folder::new()
        .with("shop.journey", SHOP)
        .with("onward.toml", SHOP_TOML)
        .with("carts.csv", carts)
        .with("orders.jsonl", orders)
        .with("customers.csv", customers)
}

#[test]
fn a_state_that_is_stored_and_restored_at_every_event_gives_the_same() {
    let folder = shop();
    let whole = fine(&folder.0, &with(1, 0)).report;
    let journey = &whole.journeys[0];
    // Much happens in it, or the test would prove little.
    assert_eq!((whole.duplicates, whole.conflicts), (25, 25));
    assert!(journey.entered > 300 && whole.files[0].out_of_order > 50, "{} {}", journey.entered, whole.files[0].out_of_order);
    assert!(whole.messages[0].reported.iter().any(|count| count.what == "clicked" && count.count > 20), "{:?}", whole.messages);
    assert_eq!(whole.customers, 70);
    for (threads, chunk) in [(1, 1), (2, 1), (2, 0), (3, 13), (5, 500), (64, 7)] {
        assert_eq!(json(&fine(&folder.0, &with(threads, chunk)).report), json(&whole), "{threads} threads, {chunk} events a chunk");
    }
}

#[test]
fn what_came_before_the_period_is_history_and_begins_nothing() {
    let folder = shop();
    let request = |from: &str, to: &str| Request { from: Some(from.to_owned()), to: Some(to.to_owned()), ..with(2, 100) };
    let whole = fine(&folder.0, &with(1, 0)).report;
    let late = fine(&folder.0, &request("2026-03-20", "2026-04-02")).report;
    let later = fine(&folder.0, &request("2026-04-01", "2026-04-02")).report;
    assert_eq!(late.period.as_ref().unwrap().from, "2026-03-20 00:00:00");
    assert!(later.journeys[0].entered < late.journeys[0].entered && late.journeys[0].entered < whole.journeys[0].entered);
    assert!(late.events_outside_period > 0);
    assert_eq!(late.events + late.events_outside_period, whole.events);
    // Who bought twice before the period is a regular in it.
    assert!(later.segments[0].size > 0, "{later:?}");
    assert_eq!(json(&fine(&folder.0, &Request { threads: 1, chunk: 1, ..request("2026-03-20", "2026-04-02") }).report), json(&late));
}

// ---------------------------------------------------------------- one customer, two versions

fn shop_without_hold_out() -> String {
    SHOP.replace("  hold out 10%\n", "")
}

fn small(toml_more: &str, log: &str) -> Folder {
    let toml = format!(
        "[project]\nname = \"ร้าน\"\n[consent]\npromotions = \"everyone\"\n[[log]]\nfile = \"carts.csv\"\nevent = \"cart_updated\"\ncustomer = \"user\"\ntime = \"at\"\n\
         [[customers]]\n[customers.everyone]\nemail = {{ template = \"{{user}}@example.com\" }}\n{toml_more}"
    );
    Folder::new().with("shop.journey", shop_without_hold_out()).with("onward.toml", toml).with("carts.csv", log)
}

#[test]
fn a_story_tells_every_decision_with_its_reason_and_its_line() {
    let log =
        "user,at,cart_id,total\nนก,2026-03-01 13:30,c1,900\nนก,2026-03-01 13:40,c2,50\nnok,2026-03-03,c3,700\nนก,2026-03-05 10:00,c4,300\n";
    let folder = small("", log);
    let outcome = fine(&folder.0, &Request { customer: Some("นก".to_owned()), ..with(2, 0) });
    let story = outcome.story.unwrap();
    let lines: Vec<String> = story
        .iter()
        .map(|line| {
            let (step, place) = (line.step.clone().unwrap_or_default(), line.place.clone().unwrap_or_default());
            [line.at.as_str(), &line.run, &line.what, &step, &place]
                .into_iter()
                .filter(|part| !part.is_empty())
                .collect::<Vec<_>>()
                .join(" | ")
        })
        .collect();
    let line_of = |text: &str| shop_without_hold_out().lines().position(|line| line.contains(text)).unwrap() + 1;
    let expected = [
        "2026-03-01 13:30:00 | cart_updated { cart_id: c1, total: 900 }".to_owned(),
        format!("2026-03-01 13:30:00 | กู้ตะกร้า 1 | enters | shop.journey:{}", line_of("enter on cart")),
        format!("2026-03-01 13:40:00 | กู้ตะกร้า | does not enter: `where` did not hold | shop.journey:{}", line_of("journey กู้ตะกร้า")),
        format!(
            "2026-03-01 14:30:00 | กู้ตะกร้า 1 | ลืมของ by email: sent | send ลืมของ(total: entry.total) as letter | shop.journey:{}",
            line_of("send ลืมของ")
        ),
    ];
    for line in &expected {
        assert!(lines.contains(line), "{line}\n\n{}", lines.join("\n"));
    }
    assert!(lines.iter().any(|line| line.contains("-> ลืมของ by email to นก@example.com") && line.contains("฿900")), "{}", lines.join("\n"));
    assert!(!lines.iter().any(|line| line.contains("c3")), "somebody else's");
    let nobody = fine(&folder.0, &Request { customer: Some("nobody".to_owned()), ..with(1, 0) });
    assert_eq!(nobody.story, None);
}

#[test]
fn two_versions_stand_side_by_side_and_differ_where_they_do() {
    let log = "user,at,cart_id,total\nnok,2026-03-01 10:00,c1,900\nnam,2026-03-01 10:00,c2,150\n";
    let (this, other) = (small("", log), small("", log));
    let other = other.with("shop.journey", shop_without_hold_out().replace("total >= 100 THB", "total >= 200 THB"));
    let (this, other) = (fine(&this.0, &with(1, 0)).report, fine(&other.0, &with(1, 0)).report);
    let comparison = Comparison::new(&this, &other);
    let entered = comparison.numbers.iter().find(|number| number.what == "entered").unwrap();
    assert_eq!((entered.this, entered.other, comparison.is_equal()), (Some(2.0), Some(1.0), false));
    assert!(comparison.render().contains("+1"), "{}", comparison.render());
    assert!(Comparison::new(&this, &this).is_equal());
}

// ---------------------------------------------------------------- damaged logs

#[test]
fn a_damaged_log_is_used_as_far_as_it_goes_and_the_report_says_so() {
    let mut log = String::from("user,at,cart_id,total\n");
    for at in 0..4_000 {
        log.push_str(&format!("n{},2026-03-{:02} 10:00,c{at},{}\n", at % 97, 1 + at / 200, at * 7919 % 1_000));
    }
    let whole = {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        std::io::Write::write_all(&mut encoder, log.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    let folder = small("", "").with("carts.csv", &whole[..whole.len() * 2 / 3]);
    let report = fine(&folder.0, &with(2, 0)).report;
    assert!(report.events > 1_000 && report.events < 4_000, "{}", report.events);
    assert!(report.notes.iter().any(|note| note.contains("cut off")), "{:?}", report.notes);
    let bad = "user,at,cart_id,total\nnok,2026-03-01 10:00,c1,900\nnok,03/01/2026,c2,900\nnok,2026-03-01 11:00,c3,lots\n,2026-03-01,c4,5\n";
    let folder = small("", bad);
    let outcome = fine(&folder.0, &with(1, 0));
    let file = &outcome.report.files[0];
    assert_eq!((file.rows, file.used, file.refused.len()), (4, 1, 3));
    let text = onward::simulate::text::render(&outcome.report);
    for shown in ["line 3, column at: found `03/01/2026`", "line 4, column total: `lots`", "line 5, column user: found nothing"] {
        assert!(text.contains(shown), "{shown}\n{text}");
    }
    let empty = fine(&small("", "").0, &with(1, 0)).report;
    assert!(empty.notes.iter().any(|note| note.contains("no row")), "{:?}", empty.notes);
    let (none, found) = simulate(&small("", "user,at,cart_id,total\nnok,nie,c1,900\n").0, &with(1, 0));
    assert!(none.is_none());
    assert_eq!(found.into_sorted()[0].code.number, "E0609");
}

// ---------------------------------------------------------------- the command

fn onward(arguments: &[&str], folder: &Path) -> (i32, String, String) {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_onward")).args(arguments).current_dir(folder).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn the_command_says_how_it_went_by_its_exit_code() {
    let log = "user,at,cart_id,total\nนก,2026-03-01 10:00,c1,900\n";
    let folder = small("", log).with("other.csv", "user_id,timestamp,event,cart_id,total\nnok,2026-03-01 10:00,cart_updated,c1,900\n");
    let run = |arguments: &[&str]| onward(&[&["simulate", "--color", "never"], arguments].concat(), &folder.0);
    let (code, out, err) = run(&[]);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    assert!(out.starts_with("ร้าน: 2026-03-01 10:00 to 2026-03-01 10:00 (Asia/Bangkok), 1 customer, 1 event\n"), "{out}");
    let (code, out, _) = run(&["--json", "--events", "other.csv"]);
    let report: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &report["format"], &report["journeys"][0]["entered"]), (0, &1.into(), &1.into()), "{out}");
    assert!(report["files"][0]["understood"].as_str().unwrap().contains("event from `event`"), "{out}");
    let cases: [(&[&str], i32, &str); 6] = [
        (&["--journey", "กู้ตะกรา"], 2, "did you mean `กู้ตะกร้า`"),
        (&["--from", "yesterday"], 2, "--from"),
        (&["--customer", "nobody"], 2, "nobody"),
        (&["--events", "nowhere.csv"], 3, "there is no such file"),
        (&["--compare", "nowhere"], 3, "nowhere"),
        (&["--customer", "นก", "--journey", "ลาก่อน"], 2, "cannot be used with"),
    ];
    for (arguments, expected, said) in cases {
        let (code, out, err) = run(arguments);
        assert_eq!((code, out.as_str()), (expected, ""), "{arguments:?}: {err}");
        assert!(err.contains(said), "{arguments:?}: {err}");
    }
    let broken = small("[projct]\n", log);
    let (code, _, err) = onward(&["simulate", "--format", "short"], &broken.0);
    assert_eq!(code, 1, "{err}");
    assert!(err.contains("E0602") && err.contains("onward.toml:"), "{err}");
}
