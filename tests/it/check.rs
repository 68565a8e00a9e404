//! Names, types, conditions and templates, as the checker sees them.
//!
//! One finding for one mistake, at its exact place, with a way out; and nothing at all where everything is fine.

use onward::check::Checked;
use onward::condition::Expr;
use onward::diagnostic::Diagnostic;
use onward::source::Sources;
use onward::{Project, check_project};
use std::fmt::Write as _;

/// What a project of one file gives: the checked project and the findings in order.
fn check_text(text: &str) -> (Checked, Sources, Vec<Diagnostic>) {
    check_texts(&[("a.journey", text)])
}

fn check_texts(files: &[(&str, &str)]) -> (Checked, Sources, Vec<Diagnostic>) {
    let (compiled, found) = check_project(Project::from_texts(files.iter().copied()));
    let sources = compiled.project.sources.clone();
    (compiled.checked, sources, found.into_sorted())
}

/// Each finding as `CODE underlined`.
fn findings(text: &str) -> Vec<String> {
    let (_, sources, found) = check_text(text);
    found.iter().map(|found| format!("{} {}", found.code.number, sources.text(found.place))).collect()
}

/// The text after the first fix of the only finding.
fn mended(text: &str) -> String {
    let (_, _, found) = check_text(text);
    let [finding] = found.as_slice() else { panic!("{found:?}") };
    let fix = finding.fixes.first().unwrap_or_else(|| panic!("no fix: {finding:?}"));
    let mut edits = fix.edits.clone();
    edits.sort_by_key(|edit| std::cmp::Reverse(edit.place));
    let mut text = text.to_owned();
    for edit in edits {
        text.replace_range(edit.place.span.range(), &edit.text);
    }
    text
}

const SHOP: &str = r#"
customer {
  email email?
  first_name text?
  plan one of "free", "pro" = "free"
  points number = 0
  birthday date?
  joined datetime?
  interests list of text = []
}
event order_completed { order_id text, total money THB, items list of { sku text, price money THB } }
event product_viewed { sku text, price money THB }
topic news "News" opt out
"#;

fn segment(condition: &str) -> String {
    format!("{SHOP}segment example {{\n  {condition}\n}}\n")
}

fn journey(steps: &str) -> String {
    format!("{SHOP}journey example {{\n  enter on order_completed\n  enter again never\n  {steps}\n}}\n")
}

fn message(text: &str) -> String {
    format!("{SHOP}message hello(total money THB, day date?) about news {{\n  email {{\n    subject \"Hello\"\n    text {text}\n  }}\n}}\n")
}

fn condition(text: &str) -> Expr {
    let (mut checked, _, found) = check_text(&segment(text));
    assert!(found.is_empty(), "{text}: {found:?}");
    checked.segments.remove(0).condition
}

#[test]
fn conditions_that_are_fine_give_no_finding() {
    for fine in [
        "customer.points >= 10 and customer.plan is \"pro\"",
        "\"pro\" is customer.plan",
        "customer.first_name in [\"Nok\", \"Fah\"]",
        "customer.first_name starts with \"น\" ignoring case",
        "customer.first_name matches \"^[ก-ฮ]+$\"",
        "customer.birthday < today - 18 years",
        "now - customer.joined > 30 days",
        "customer.joined > 2026-03-01 09:00",
        "has no order_completed in the last 30 days",
        "has at least 2 order_completed since 2026-01-01 where (total > 100 THB and order_id is not \"x\")",
        "has order_completed where any of items where (price > 100 THB)",
        "has order_completed where (has product_viewed where (price > order_completed.total))",
        "sum of order_completed.total in the last 90 days >= 20000 THB",
        "sum of order_completed.total / count of order_completed > 500 THB",
        "count of order_completed in the 7 days before customer.birthday > 1",
        "time since latest order_completed > 60 days",
        "most frequent of product_viewed.sku is \"A1\"",
        "earliest of order_completed.at > 2026-01-01 00:00",
        "none of customer.interests where (it is \"tv\")",
        "count of customer.interests > 2 and customer.interests contains \"tv\"",
        "first of customer.interests is \"tv\"",
        "has received at least 3 messages about news by email in the last 7 days",
        "has not clicked any message in the last 30 days",
        "subscribed to news and reachable by email and not in journey other",
        "customer.email is \"NOK@Example.com\"",
    ] {
        let text = format!("{}journey other {{\n  enter on order_completed\n  enter again never\n  wait 1 day\n}}\n", segment(fine));
        assert_eq!(findings(&text), Vec::<String>::new(), "{fine}");
    }
}

#[test]
fn a_mistake_gives_one_finding_at_its_place() {
    for (wrong, finding) in [
        ("customer.plna is \"pro\" and customer.plna is \"free\" and customer.points > 3", vec!["E0104 plna", "E0104 plna"]),
        ("customer.nobody.first.name + 3 > 5 THB", vec!["E0104 nobody"]),
        ("customer.plan is not \"por\"", vec!["E0208 \"por\""]),
        ("customer.plan in [\"pro\", \"fre\"]", vec!["E0208 \"fre\""]),
        ("has order_complted where total > 5", vec!["E0101 order_complted"]),
        ("sum of order_completed.totla > 5 THB", vec!["E0104 totla"]),
        ("has order_completed where total > 5", vec!["E0204 total > 5"]),
        ("has order_completed where (has product_viewed where (total > 5 THB))", vec!["E0105 total"]),
        ("has order_completed where points > 5", vec!["E0105 points"]),
        ("total > 5 THB", vec!["E0103 total"]),
        ("any of customer.interests where (ti is \"tv\")", vec!["E0103 ti"]),
        ("customer.points", vec!["E0203 customer.points"]),
        ("customer.points is 3 and customer.first_name", vec!["E0203 customer.first_name"]),
        ("customer.points is 1 and customer.points is 2 or customer.points is 3", vec!["E0211 or"]),
        ("1 < customer.points < 3", vec!["E0212 <"]),
        ("has order_completed in the last 1 month", vec!["E0214 1 month"]),
        ("has order_completed since entry", vec!["E0216 entry"]),
        ("customer.first_name is not \"Nok\"", vec!["W0232 customer.first_name"]),
        ("not (customer.birthday < today)", vec!["W0232 customer.birthday"]),
        ("not (customer.first_name is not \"Nok\")", vec![]),
        ("customer.first_name matches \"a{1000000000}\"", vec!["E0221 \"a{1000000000}\""]),
        ("customer.first_name matches \"\\\\p{L}{999}{999}\"", vec!["E0221 \"\\\\p{L}{999}{999}\""]),
        ("customer.joined - customer.birthday > 3 days", vec!["E0210 -"]),
        ("product(customer.first_name) is set", vec!["E0101 product"]),
    ] {
        assert_eq!(findings(&segment(wrong)), finding, "{wrong}");
    }
}

#[test]
fn nested_where_counts_subjects_from_the_inside() {
    let condition = condition("has order_completed where (any of items where (price > 5 THB and order_completed.total > 9 THB))");
    let mut seen = Vec::new();
    condition.walk(&mut |part| {
        if let Expr::Subject { depth, field } = part {
            seen.push((*depth, *field));
        }
    });
    assert_eq!(seen, [(0, 2), (0, 1), (1, 1)]);
}

#[test]
fn fixes_mend_what_they_are_for() {
    for (wrong, right) in [
        ("customer.pionts > 3", "customer.points > 3"),
        ("customer.plan is \"por\"", "customer.plan is \"pro\""),
        ("1 < customer.points < 3", "1 < customer.points and customer.points < 3"),
        (
            "customer.points is 1 and customer.plan is \"pro\" or customer.points is 3",
            "(customer.points is 1 and customer.plan is \"pro\") or customer.points is 3",
        ),
        ("has order_completed in the last 3 months", "has order_completed in the last 90 days"),
        ("points > 3", "customer.points > 3"),
        ("first of order_completed.total > 3 THB", "earliest of order_completed.total > 3 THB"),
    ] {
        assert_eq!(mended(&segment(wrong)), segment(right));
        assert_eq!(findings(&segment(right)), Vec::<String>::new());
    }
    assert_eq!(mended(&journey("if total > 5 THB { exit }")), journey("if entry.total > 5 THB { exit }"));
    let (wrong, right) = ("\"{{ customer.first_name }}\"", "\"{{ customer.first_name | default: '…' }}\"");
    assert_eq!(mended(&message(wrong)), message(right));
    assert_eq!(mended(&message("\"Hi %%FirstName%%\"")), message("\"Hi {{ customer.first_name }}\""));
}

#[test]
fn bindings_end_with_their_block_and_never_repeat() {
    assert_eq!(findings(&journey("if customer.first_name is set as name {\n  exit\n}\n  if name is \"x\" { exit }")), ["E0103 name"]);
    assert_eq!(
        findings(&journey("if customer.first_name is set as name { exit } else if customer.points > 3 { exit }")),
        Vec::<String>::new()
    );
    assert_eq!(findings(&format!("{}let x be 2\n", journey("let x be 1\n  if x > 0 { exit }"))), ["E0106 x"]);
    assert_eq!(findings(&journey("let x be 1\n  if x > 0 {\n    let x be 2\n  }")), ["E0120 x"]);
    assert_eq!(findings(&journey("if customer.points > 1 or customer.first_name is set as name { exit }")), ["E0230 name"]);
}

#[test]
fn what_is_declared_twice_names_both_places_also_across_files() {
    let (_, sources, found) = check_texts(&[("a.journey", "event promo { }\n"), ("b.journey", "event promo { }\nevent Promo { }\n")]);
    let shown: Vec<(String, Vec<String>)> = found
        .iter()
        .map(|found| {
            let other = found.elsewhere.iter().map(|(place, _)| sources.locate(*place)).collect();
            (format!("{} {}", found.code.number, sources.locate(found.place)), other)
        })
        .collect();
    let a = || vec!["a.journey:1:7".to_owned()];
    assert_eq!(shown, [("E0110 b.journey:1:7".to_owned(), a()), ("E0111 b.journey:2:7".to_owned(), a())]);
}

#[test]
fn segments_come_after_those_that_they_ask() {
    let text = "customer { points number = 0 }\nsegment a { in segment b or customer.points > 1 }\nsegment b { not in segment c }\nsegment c { customer.points > 2 }\n";
    let (checked, _, found) = check_text(text);
    assert!(found.is_empty(), "{found:?}");
    let names: Vec<&str> = checked.segments.iter().map(|segment| segment.name.as_str()).collect();
    assert_eq!(names, ["c", "b", "a"]);
    for (at, segment) in checked.segments.iter().enumerate() {
        segment.condition.walk(&mut |part| {
            if let Expr::InSegment(asked) = part {
                assert!(asked.index() < at, "{}", segment.name);
            }
        });
    }
}

#[test]
fn constants_are_worked_out_in_any_order() {
    let text = "customer { points number = start }\nlet start be base * 2 + 1\nlet base be 5\n";
    let (checked, _, found) = check_text(text);
    assert!(found.is_empty(), "{found:?}");
    assert_eq!(checked.schema.customer[0].default, onward::value::Value::Number(11.into()));
}

#[test]
fn the_place_of_a_template_is_exact_behind_escapes_and_in_long_texts() {
    assert_eq!(findings(&message("\"ก\\\"ข\\\" {{ totl | money }}\"")), ["E0103 totl"]);
    assert_eq!(findings(&message("\"a\\n\\n{{ total | mony }}\"")), ["E0451 mony"]);
    let long = "\"\"\"\n      สวัสดี {{ customer.frst_name }}\n\n      ยอด {{ total | dat }}\n      \"\"\"";
    assert_eq!(findings(&message(long)), ["E0104 frst_name", "E0451 dat"]);
}

#[test]
fn templates_know_the_type_of_every_value_and_filter() {
    for fine in [
        "\"{{ total }} {{ total | money }} {{ customer.points }} {{ customer.points | money: 'THB' }}\"",
        "\"{{ day | date | default: 'soon' }} {{ day | date: '%d/%m/%Y' | default: '-' }}\"",
        "\"{{ customer.first_name | default: 'คุณลูกค้า' | upcase }} {{ customer.plan | downcase }}\"",
        "\"100% { } 5 < 6\"",
    ] {
        assert_eq!(findings(&message(fine)), Vec::<String>::new(), "{fine}");
    }
    for (wrong, finding) in [
        ("\"{{ day | date }}\"", "E0450 day"),
        ("\"{{ total | upcase }}\"", "E0452 upcase"),
        ("\"{{ customer.points | money }}\"", "E0452 money"),
        ("\"{{ total | money: 'USD' }}\"", "E0453 'USD'"),
        ("\"{{ day | date: '%Q' | default: '-' }}\"", "E0453 '%Q'"),
        ("\"{{ customer.interests }}\"", "E0454 customer.interests"),
        ("\"{{ entry.total }}\"", "E0107 entry"),
        ("\"{{ first_name }}\"", "E0105 first_name"),
        ("\"{{ total | truncate: 3 }}\"", "E0452 truncate"),
        ("\"{% if total %}x\"", "E0701 {% if total %}"),
        ("\"{{#if total}}x\"", "E0458 {{#if total}}"),
        ("\"{{${first_name}}}\"", "E0458 {{${first_name}}}"),
        ("\"*|FNAME|*\"", "E0458 *|FNAME|*"),
    ] {
        assert_eq!(findings(&message(wrong)), [finding], "{wrong}");
    }
}

#[test]
fn an_accepted_warning_is_silent_only_where_it_is_accepted() {
    let step = "if customer.first_name is not \"x\" { exit }";
    assert_eq!(findings(&journey(step)), ["W0232 customer.first_name"]);
    assert_eq!(findings(&journey(&format!("## allow W0232: they are welcome\n  {step}"))), Vec::<String>::new());
    let elsewhere = format!("{step}\n  ## allow W0232: not here\n  wait 1 day");
    assert_eq!(findings(&journey(&elsewhere)), ["W0232 customer.first_name", "W0170 ## allow W0232: not here"]);
}

#[test]
fn checking_takes_time_in_proportion_to_the_project() {
    let project = |journeys: usize| {
        let mut text = SHOP.to_owned();
        for at in 0..journeys {
            let _ = write!(
                text,
                "event e{at} {{ id text, amount number }}\nsegment s{at} {{ has e{at} in the last {days} days where amount > {at} }}\njourney j{at} {{\n  enter on e{at} where amount > 3\n  enter again never\n  wait 1 day\n  if in segment s{at} and entry.amount > 5 {{\n    set customer.points to {at}\n  }}\n  wait up to 2 days for e{at} where id is entry.id otherwise exit\n}}\n",
                days = at % 90 + 1
            );
        }
        text
    };
    let files = |journeys: usize| {
        let text = project(journeys);
        let (sources, id) = Sources::of("a.journey", &text);
        let tree = onward::syntax::parse(id, &text);
        let file = onward::ast::lower(id, &tree, &text);
        (vec![file], sources)
    };
    let fastest = |journeys: usize| {
        let (files, sources) = files(journeys);
        let run = || {
            let begin = std::time::Instant::now();
            let (_, found) = onward::check::check(&files, &sources, true);
            assert!(!found.has_errors());
            begin.elapsed()
        };
        // The fastest of many: other tests run beside this one.
        (0..12).map(|_| run()).min().unwrap()
    };
    let (half, whole) = (fastest(1_000), fastest(2_000));
    // Twice the work takes about twice the time; four times would be quadratic.
    assert!(whole < half * 4, "{half:?} for 1,000 journeys, {whole:?} for 2,000");
}

/// A part of a month has no length: it is refused, and nothing is made of it.
#[test]
fn a_part_of_a_month_is_refused_once_and_never_taken_for_a_whole_one() {
    for (written, right) in [("1.5 months", "1 month 15 days"), ("0.5 years", "6 months"), ("2 weeks 1.5 months", "45 days")] {
        let text = |wait: &str| {
            format!(
                "event bought {{ order_id text }}\njourney j {{\n  enter on bought\n  enter again never\n  wait {wait}\n  exit \"x\"\n}}\n"
            )
        };
        let check = |wait: &str| onward::check_project(onward::Project::from_texts([("a.journey", text(wait).as_str())]));
        let (compiled, found) = check(written);
        let found = found.into_sorted();
        assert_eq!(found.len(), 1, "{written}: {found:#?}");
        assert!(compiled.plan.is_none(), "{written}");
        assert!(check(right).1.is_empty(), "{right}");
    }
}
