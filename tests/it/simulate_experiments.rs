//! Experiments in a simulation: what is decided over all customers, at which tick, and that neither threads nor pieces have a say in it.

use super::ingest::Folder;
use super::simulate::{fine, json, shop, with};
use onward::simulate::report::Report;
use onward::simulate::report::experiments::ExperimentReport;
use onward::simulate::run::Request;
use std::fmt::Write as _;

const RULE: &str = "winner when 95% sure after 200 customers in each";

const PROJECT: &str = r#"
customer { email email?, phone phone?, points number = 0, birthday date? }
event visited { page text }
event bought { total number }
topic news opt out
segment regulars { has at least 2 visited in the last 3 days }
message hello about news {
  email { subject "Hello", text "Hello" }
  sms "Hello"
}
journey greet {
  enter on visited
  enter again 5 days after entry
  goal bought within 3 days of entry
  wait 30 minutes
  experiment "channel" measured by clicked hello within 1 day {
    variant "mail" 50% {
      send hello by email
      wait 2 hours
      increase customer.points by 1
    }
    variant "text" 50% { send hello by sms }
    RULE
  }
  wait 1 day
}
journey birthday {
  enter yearly on customer.birthday at 09:00
  enter again always
  experiment "hour" measured by visited within 2 days {
    variant "now" 70% { send hello by email }
    control 30%
  }
}
"#;

const TOML: &str = r#"
[project]
name = "test"
[simulate]
seed = 3
[simulate.responses.email]
opened = "60%"
clicked = "30%"
[simulate.responses.sms]
opened = "20%"
clicked = "10%"
[[log]]
file = "visits.csv"
event = "visited"
customer = "user"
time = "at"
[[log]]
file = "orders.csv"
event = "bought"
customer = "user"
time = "at"
[[customers]]
file = "customers.csv"
id = "user"
[customers.everyone]
email = { template = "{user}@example.com" }
phone = { constant = "+66812345678" }
"#;

/// A month of visits in the order of time, with orders of their own among them.
fn project(rule: &str) -> Folder {
    let mut random: u64 = 88_172_645_463_325_252;
    let mut draw = move |below: u64| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random % below
    };
    let (mut visits, mut orders) = (String::from("user,at,page\n"), String::from("user,at,total\n"));
    let mut customers = String::from("user,birthday\n");
    let mut at = 1_772_323_200_000;
    for _ in 0..6_000 {
        at += draw(12 * 60_000) as i64;
        let user = draw(3_000);
        let when = onward::calendar::Zone::UTC.local(onward::calendar::Instant(at)).format("%Y-%m-%dT%H:%M:%SZ").to_string();
        let _ = writeln!(visits, "n{user},{when},p{}", draw(5));
        if draw(4) == 0 {
            let _ = writeln!(orders, "n{},{when},{}", draw(3_000), draw(100));
        }
    }
    for user in 0..200 {
        let _ = writeln!(customers, "n{},1990-03-{:02}", user * 17, 1 + draw(30));
    }
    Folder::new()
        .with("a.journey", PROJECT.replace("RULE", rule))
        .with("onward.toml", TOML)
        .with("visits.csv", visits)
        .with("orders.csv", orders)
        .with("customers.csv", customers)
}

fn experiment<'r>(report: &'r Report, name: &str) -> &'r ExperimentReport {
    report.journeys.iter().flat_map(|journey| &journey.experiments).find(|experiment| experiment.name == name).unwrap()
}

/// Numbers only: another rule is another plan.
fn numbers(mut report: Report) -> String {
    report.plan.clear();
    json(&report)
}

#[test]
fn the_winner_is_decided_at_a_tick_by_what_came_before_it_and_everybody_later_gets_it() {
    let folder = project(RULE);
    let report = fine(&folder.0, &with(1, 0)).report;
    let channel = experiment(&report, "channel");
    let winner = channel.winner.as_ref().unwrap();
    assert_eq!((winner.variant.as_str(), channel.changes), ("mail", 1));
    assert!(winner.since.ends_with('0'), "a whole tick: {}", winner.since);
    let [mail, text] = &channel.variants[..] else { panic!("{channel:?}") };
    assert_eq!((text.entered_later, text.share_at_end.as_str(), mail.share_at_end.as_str()), (0, "0%", "100%"));
    assert!(mail.entered_later > 500 && text.measured.entered >= 200 && mail.measured.entered >= 200, "{channel:?}");
    let difference = text.difference.as_ref().unwrap();
    assert!(difference.to < 0.0 && difference.from < difference.seen && mail.difference.is_none(), "{difference:?}");
    // Cut off at its tick the log says the same, and ten minutes before nothing is sure yet.
    let since = chrono::NaiveDateTime::parse_from_str(&winner.since, "%Y-%m-%d %H:%M").unwrap();
    let until = |minutes: i64| {
        let to = (since - chrono::TimeDelta::minutes(minutes)).format("%Y-%m-%dT%H:%M:%SZ").to_string();
        fine(&folder.0, &Request { to: Some(to), ..with(2, 100) }).report
    };
    assert_eq!(experiment(&until(0), "channel").winner.as_ref(), Some(winner));
    assert_eq!(experiment(&until(10), "channel").winner, None);
    // Without a rule nothing is decided.
    let fixed = project("");
    let fixed = fine(&fixed.0, &with(2, 0)).report;
    assert_eq!((experiment(&fixed, "channel").winner.as_ref(), experiment(&fixed, "channel").changes), (None, 0));
    assert_eq!(experiment(&fixed, "hour").variants[1].name, "control");
    assert!(experiment(&fixed, "hour").variants.iter().all(|variant| variant.entered > 20));
}

#[test]
fn threads_and_pieces_decide_nothing() {
    for rule in [RULE, "adaptive"] {
        let folder = project(rule);
        let whole = json(&fine(&folder.0, &with(1, 0)).report);
        for (threads, chunk) in [(2, 0), (3, 13), (7, 1)] {
            assert_eq!(json(&fine(&folder.0, &with(threads, chunk)).report), whole, "{rule}: {threads} threads, {chunk} events a chunk");
        }
    }
    // Repeated ids, rows out of order, a key, quiet hours, a hold-out.
    let folder = shop();
    let text = std::fs::read_to_string(folder.0.join("shop.journey")).unwrap();
    let text =
        text.replace("split {", "experiment \"ก\" measured by order_completed for any cart_id within 2 days {").replace("path", "variant");
    let text = text.replace("{ exit \"ข\" }\n", "{ exit \"ข\" }\nadaptive\n");
    let folder = folder.with("shop.journey", text);
    let whole = json(&fine(&folder.0, &with(1, 0)).report);
    assert!(whole.contains("adaptive") || whole.contains("experiment"), "{whole}");
    for (threads, chunk) in [(2, 1), (5, 500)] {
        assert_eq!(json(&fine(&folder.0, &with(threads, chunk)).report), whole, "{threads} threads, {chunk} events a chunk");
    }
}

#[test]
fn tick_by_tick_gives_the_same_as_customer_by_customer_where_nothing_is_decided() {
    let never = project("winner when 95% sure after 1000000 customers in each");
    let fixed = project("");
    let periods = [(None, None), (Some("2026-03-10"), Some("2026-03-20T12:34:56Z")), (Some("2026-02-10"), None)];
    for (from, to) in periods {
        let request = |threads, chunk| Request { from: from.map(str::to_owned), to: to.map(str::to_owned), ..with(threads, chunk) };
        let sliced = fine(&never.0, &request(2, 50)).report;
        let plain = fine(&fixed.0, &request(1, 0)).report;
        let label = |text: String| text.replace("winner when 95% sure after 1000000 customers in each", "");
        // The rule decides how narrow an interval is made, and a world with facts has a number of its own.
        let strip = |report: &Report| {
            let mut report = report.clone();
            for variant in report.journeys.iter_mut().flat_map(|journey| &mut journey.experiments).flat_map(|one| &mut one.variants) {
                variant.difference = None;
            }
            report
        };
        assert_eq!(label(numbers(strip(&sliced))), label(numbers(strip(&plain))), "{from:?} {to:?}");
    }
}

#[test]
fn one_customer_is_told_as_everybody_decides() {
    let folder = project(RULE);
    let fixed = project("");
    let story = |folder: &Folder, uid: &str| {
        let request = Request { customer: Some(uid.to_owned()), ..with(2, 100) };
        let outcome = fine(&folder.0, &request);
        (outcome.report.customers, outcome.story.unwrap().into_iter().map(|line| format!("{} {}", line.at, line.what)).collect::<Vec<_>>())
    };
    let mut moved = 0;
    for user in (0..400).step_by(27) {
        let uid = format!("n{user}");
        let request = Request { customer: Some(uid.clone()), ..with(1, 0) };
        if fine(&folder.0, &request).story.is_none() {
            continue;
        }
        let ((alone, with_rule), (_, without)) = (story(&folder, &uid), story(&fixed, &uid));
        assert_eq!(alone, 1);
        if with_rule != without {
            assert!(with_rule.iter().any(|line| line.contains("draws \"mail\"")), "{with_rule:#?}\n{without:#?}");
            moved += 1;
        }
    }
    assert!(moved > 1, "{moved}");
}

#[test]
fn what_does_better_gets_more_and_the_control_keeps_its_share() {
    let folder = project("control 10%\n adaptive");
    let text = std::fs::read_to_string(folder.0.join("a.journey")).unwrap().replace("\"mail\" 50%", "\"mail\" 40%");
    let folder = folder.with("a.journey", text).with("onward.toml", TOML.replace("\"10%\"", "\"22%\""));
    let report = fine(&folder.0, &with(2, 0)).report;
    let channel = experiment(&report, "channel");
    let [mail, text, control] = &channel.variants[..] else { panic!("{channel:?}") };
    assert!(channel.changes > 3, "{channel:?}");
    let share = |text: &str| text.trim_end_matches('%').parse::<u32>().unwrap();
    let [mail_share, text_share] = [mail, text].map(|variant| share(&variant.share_at_end));
    assert_eq!((mail_share + text_share, control.share_at_end.as_str()), (90, "10%"));
    assert!(mail_share > text_share && text_share >= 1 && mail.entered_later > text.entered_later && control.entered > 100, "{channel:?}");
}

#[test]
fn two_versions_of_an_experiment_stand_side_by_side() {
    use onward::simulate::compare::Comparison;
    let report = |rule: &str| fine(&project(rule).0, &with(1, 0)).report;
    let (this, other) = (report(RULE), report(""));
    let comparison = Comparison::new(&this, &other);
    let of = |what: &str| {
        let line =
            comparison.numbers.iter().find(|line| line.kind == "experiment" && line.name == "greet \"channel\"" && line.what == what);
        line.map(|line| (line.this, line.other)).unwrap_or_else(|| panic!("no line `{what}`"))
    };
    // The winner takes everybody who comes later; without a rule both go on.
    let entered = |report: &Report, at: usize| experiment(report, "channel").variants[at].entered as f64;
    assert_eq!(of("mail: entered"), (Some(entered(&this, 0)), Some(entered(&other, 0))));
    assert!(entered(&this, 0) > entered(&other, 0));
    assert_eq!(of("mail: has won"), (Some(1.0), Some(0.0)));
    assert!(of("text: measured, rate").0.is_some());
    assert!(comparison.render().contains("experiment greet \"channel\""), "{}", comparison.render());
    assert!(Comparison::new(&this, &this).is_equal());
}
