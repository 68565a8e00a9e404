//! Lines per second of `check`: a thousand generated journeys, thirty thousand lines, on one core.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a benchmark reads the clock and stops at our own mistakes"
)]

use criterion::{Criterion, Throughput};
use onward::Project;
use std::fmt::Write as _;
use std::hint::black_box;

const SHARED: &str = r#"
customer {
  email       email?
  first_name  text?
  plan        one of "free", "pro" = "free"
}
event order_completed { order_id text, total money THB, coupon text? }
event cart_updated { cart_id text, total money THB }
topic promotions "Promotions" opt in
segment big_spenders "Big spenders" {
  sum of order_completed.total in the last 90 days >= 20000 THB
}
policy {
  timezone "Asia/Bangkok"
  quiet hours 21:00 to 08:00 then wait
  at most 4 messages in 7 days then skip
}
"#;

/// Thirty lines, different in every name and number.
fn journey(number: usize) -> String {
    format!(
        r#"message letter_{number}(total money THB) about promotions {{
  email {{
    subject "Hello {{{{ customer.first_name | default: 'friend' }}}}, number {number}"
    text "You spent {{{{ total | money }}}}."
  }}
}}

## A journey that was generated.
journey cart_{number} "Cart {number}" {{
  enter on cart_updated where total >= {minimum} THB
  enter again {days} days after entry
  goal order_completed within {days} days of entry then exit
  only while subscribed to promotions

  wait {hours} hours
  if customer.plan is "pro" and has no order_completed in the last {days} days {{
    send letter_{number}(total: entry.total) as letter
  }}
  wait up to 2 days {{
    on order_completed where total >= {minimum} THB as order {{
      if order.total >= 5000 THB {{
        exit "big"
      }}
    }}
    otherwise {{
      wait 1 day
    }}
  }}
  if in segment big_spenders {{ set customer.plan to "pro" }}
}}
"#,
        minimum = 100 + number % 900,
        days = 2 + number % 60,
        hours = 1 + number % 23,
    )
}

fn project(journeys: usize) -> (Vec<(String, String)>, usize) {
    let mut files = vec![("a_shared.journey".to_owned(), SHARED.to_owned())];
    for file in 0..journeys / 10 {
        let mut text = String::new();
        for number in file * 10..file * 10 + 10 {
            let _ = writeln!(text, "{}", journey(number));
        }
        files.push((format!("b_{file:04}.journey"), text));
    }
    let lines = files.iter().map(|(_, text)| text.lines().count()).sum();
    (files, lines)
}

fn check(files: &[(String, String)]) -> bool {
    let project = Project::from_texts(files.iter().map(|(name, text)| (name.as_str(), text.as_str())));
    let (compiled, found) = onward::check_project(project);
    assert!(found.is_empty(), "{:?}", found.into_sorted().first());
    compiled.plan.is_some()
}

fn main() {
    let (files, lines) = project(1_000);
    let begun = std::time::Instant::now();
    assert!(check(&files));
    let cold = begun.elapsed().as_secs_f64();
    println!("cold: {lines} lines in {cold:.3} s, {:.0} lines/s", lines as f64 / cold);
    let mut criterion = Criterion::default().sample_size(10).configure_from_args();
    let mut group = criterion.benchmark_group("check");
    group.throughput(Throughput::Elements(lines as u64));
    group.bench_function("1000 journeys", |bencher| bencher.iter(|| black_box(check(&files))));
    group.finish();
    criterion.final_summary();
}
