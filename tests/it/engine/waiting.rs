//! Waits: for how long, for what, and which branch is taken.

use super::harness::Story;
use onward::schema::MessageVerb;

fn arms(header: &str, arms: &str) -> Story {
    Story::shop(&format!("journey j {{ enter on viewed\n enter again never\n {header}\n {arms}\n }}"))
}

#[test]
fn the_first_to_come_decides_and_of_one_event_the_first_branch() {
    let mut story = arms(
        "",
        "wait up to 2 days {\n on paid { exit \"paid\" }\n on bought where total > 100 { exit \"large\" }\n on bought { exit \"bought\" }\n otherwise { exit \"none\" }\n }",
    );
    story.event("2026-03-01 10:00", "viewed", &[]);
    story.event("2026-03-01 11:00", "bought", &[("total", "500")]);
    story.event("2026-03-01 12:00", "paid", &[("order_id", "1")]);
    assert_eq!(story.exit_reasons(), ["2026-03-01 11:00 large"]);
}

#[test]
fn as_binds_the_event_that_met_the_branch() {
    let mut story = arms(
        "",
        "wait up to 2 days for bought where total > 10 as basket otherwise exit \"none\"\n if basket.total >= 100 { exit \"large\" }\n exit \"small\"",
    );
    story.event("2026-03-01 10:00", "viewed", &[]);
    story.event("2026-03-01 11:00", "bought", &[("total", "5")]);
    story.event("2026-03-01 12:00", "bought", &[("total", "150")]);
    assert_eq!(story.exit_reasons(), ["2026-03-01 12:00 large"]);
}

#[test]
fn an_event_arm_takes_only_what_is_handled_while_the_run_waits_there() {
    let mut story = arms("", "wait 1 hour\n wait up to 1 day for bought otherwise exit \"no\"\n exit \"yes\"");
    story.event("2026-03-01 10:00", "viewed", &[]);
    story.event("2026-03-01 10:30", "bought", &[]);
    story.until("2026-03-03 00:00");
    assert_eq!(story.exit_reasons(), ["2026-03-02 11:00 no"]);
}

#[test]
fn since_entry_counts_what_came_earlier_in_the_run_but_not_what_began_it() {
    let mut story = arms("", "wait 1 hour\n wait up to 1 day for bought since entry otherwise exit \"no\"\n exit \"yes\"");
    story.event("2026-03-01 10:00", "viewed", &[]);
    story.event("2026-03-01 10:30", "bought", &[]);
    story.until("2026-03-03 00:00");
    assert_eq!(story.exit_reasons(), ["2026-03-01 11:00 yes"]);

    let mut story = Story::shop(
        "journey j { enter on bought\n enter again never\n wait up to 1 day for bought since entry otherwise exit \"no\"\n exit \"yes\" }",
    );
    story.event("2026-03-01 10:00", "bought", &[]);
    story.until("2026-03-03 00:00");
    assert_eq!(story.exit_reasons(), ["2026-03-02 10:00 no"]);
}

#[test]
fn a_step_never_takes_the_same_event_twice() {
    let mut story = arms(
        "",
        "repeat up to 3 times {\n wait up to 1 day {\n on bought since entry { increase customer.points by 1 }\n otherwise { }\n }\n }\n exit \"x\"",
    );
    story.event("2026-03-01 10:00", "viewed", &[]);
    story.event("2026-03-01 11:00", "bought", &[]);
    story.until("2026-03-10 00:00");
    assert_eq!(*story.attribute("points"), onward::value::Value::Number(1.into()));
    assert_eq!(story.exit_reasons(), ["2026-03-03 11:00 x"], "taken once, then two rounds in vain");
}

#[test]
fn a_when_that_is_already_true_goes_at_once() {
    let mut story = arms("", "wait up to 2 days {\n when customer.plan is \"free\" { exit \"free\" }\n otherwise { exit \"o\" }\n }");
    story.event("2026-03-01 10:00", "viewed", &[]);
    assert_eq!(story.exit_reasons(), ["2026-03-01 10:00 free"]);
}

#[test]
fn a_when_goes_when_a_change_or_time_makes_it_true() {
    let journey = "wait up to 9 days {\n when customer.plan is \"pro\" { exit \"pro\" }\n when has no bought in the last 3 days { exit \"quiet\" }\n otherwise { exit \"o\" }\n }";
    let mut story = arms("", journey);
    story.event("2026-03-01 09:00", "bought", &[]);
    story.event("2026-03-01 10:00", "viewed", &[]);
    story.attributes("2026-03-02 10:00", &[("plan", "pro")]);
    assert_eq!(story.exit_reasons(), ["2026-03-02 10:00 pro"]);

    let mut story = arms("", journey);
    story.event("2026-03-01 09:00", "bought", &[]);
    story.event("2026-03-01 10:00", "viewed", &[]);
    story.event("2026-03-02 09:00", "bought", &[]);
    story.until("2026-03-20 10:00");
    assert_eq!(story.exit_reasons(), ["2026-03-05 09:00 quiet"]);
}

#[test]
fn a_full_wait_holds_to_the_deadline_and_takes_the_first_listed_branch_that_was_met() {
    let journey = "wait the full 3 days, then first listed of {\n on paid { exit \"paid\" }\n on bought as basket { if basket.total > 100 { exit \"large\" }\n exit \"bought\" }\n on cancelled { exit \"cancelled\" }\n otherwise { exit \"none\" }\n }";
    let mut story = arms("", journey);
    story.event("2026-03-01 10:00", "viewed", &[]);
    story.event("2026-03-01 11:00", "cancelled", &[]);
    story.event("2026-03-01 12:00", "bought", &[("total", "500")]);
    story.event("2026-03-01 13:00", "bought", &[("total", "5")]);
    story.until("2026-03-10 00:00");
    assert_eq!(story.exit_reasons(), ["2026-03-04 10:00 large"], "bound is the first event that met the branch");

    let mut story = arms("", journey);
    story.event("2026-03-01 10:00", "viewed", &[]);
    story.event("2026-03-01 12:00", "bought", &[]);
    story.event("2026-03-02 12:00", "paid", &[("order_id", "1")]);
    assert_eq!(story.exit_reasons(), ["2026-03-02 12:00 paid"], "at once only when its first branch is met");
}

#[test]
fn a_message_event_counts_from_its_send_and_matches_the_run_that_sent_it() {
    let mut story = Story::shop(
        r#"
journey j { enter on bought
  one run per order_id
  send hello as greeting
  wait 2 hours
  wait up to 1 day {
    on clicked greeting { exit "clicked" }
    otherwise { exit "not" }
  }
}
"#,
    );
    story.attributes("2026-03-01 09:00", &[("email", "nok@example.com")]);
    story.event("2026-03-01 10:00", "bought", &[("order_id", "a")]);
    story.event("2026-03-01 10:00", "bought", &[("order_id", "b")]);
    // Before the wait begins; of the second run's message only.
    story.report("2026-03-01 11:00", 1, MessageVerb::Clicked);
    story.until("2026-03-04 00:00");
    assert_eq!(story.exit_reasons(), ["2026-03-01 12:00 clicked", "2026-03-02 12:00 not"]);
    assert_eq!(story.endings(), ["2026-03-01 12:00 j#2 ended: ExitStep", "2026-03-02 12:00 j#1 ended: ExitStep"]);
}

#[test]
fn what_a_machine_may_have_done_takes_no_branch() {
    let mut story =
        arms("", "send hello as greeting\n wait up to 1 day {\n on opened greeting { exit \"opened\" }\n otherwise { exit \"not\" }\n }");
    story.attributes("2026-03-01 09:00", &[("email", "nok@example.com")]);
    story.event("2026-03-01 10:00", "viewed", &[]);
    let (at, send) = (story.moment("2026-03-01 10:01"), story.delivered[0].1.key);
    story.input(at, onward::engine::InputKind::Report { send, verb: MessageVerb::Opened, at, by_machine: true, hard: false });
    story.until("2026-03-04 00:00");
    assert_eq!(story.exit_reasons(), ["2026-03-02 10:00 not"]);
}

#[test]
fn a_named_send_can_be_asked() {
    let mut story = arms(
        "",
        "send hello as greeting\n wait 1 day\n if greeting is clicked { exit \"clicked\" }\n if greeting is sent { exit \"sent\" }\n exit \"not\"",
    );
    story.attributes("2026-03-01 09:00", &[("email", "nok@example.com")]);
    story.event("2026-03-01 10:00", "viewed", &[]);
    story.report("2026-03-01 11:00", 0, MessageVerb::Clicked);
    story.until("2026-03-04 00:00");
    assert_eq!(story.exit_reasons(), ["2026-03-02 10:00 clicked"]);
}

#[test]
fn a_date_that_is_missing_or_past_takes_the_rule_that_is_written() {
    let journey = "wait until 3 days before customer.trial_ends at 10:00 or exit if past or continue if missing\n exit \"on\"";
    let mut story = arms("", journey);
    story.event("2026-03-01 10:00", "viewed", &[]);
    assert_eq!(story.exit_reasons(), ["2026-03-01 10:00 on"], "missing");

    let mut story = arms("", journey);
    story.attributes("2026-03-01 09:00", &[("trial_ends", "2026-03-02")]);
    story.event("2026-03-01 10:00", "viewed", &[]);
    assert_eq!(story.endings(), ["2026-03-01 10:00 j#1 ended: OrExit"], "past");

    let mut story = arms(
        "",
        "wait until 3 days before customer.trial_ends at 10:00 or continue if missing or skip if past { increase customer.points by 1 }\n exit \"on\"",
    );
    story.attributes("2026-03-01 09:00", &[("trial_ends", "2026-03-02")]);
    story.event("2026-03-01 10:00", "viewed", &[]);
    assert_eq!(*story.attribute("points"), onward::value::Value::Number(0.into()), "skipped");
}

#[test]
fn a_wait_over_a_value_is_computed_again_when_the_value_changes() {
    let journey = "wait until customer.trial_ends at 10:00 or exit if past or exit if missing\n exit \"on\"";
    let mut story = arms("", journey);
    story.attributes("2026-03-01 09:00", &[("trial_ends", "2026-03-20")]);
    story.event("2026-03-01 10:00", "viewed", &[]);
    story.attributes("2026-03-02 10:00", &[("trial_ends", "2026-03-05")]);
    story.until("2026-03-10 00:00");
    assert_eq!(story.exit_reasons(), ["2026-03-05 10:00 on"]);

    let mut story = arms("", journey);
    story.attributes("2026-03-01 09:00", &[("trial_ends", "2026-03-20")]);
    story.event("2026-03-01 10:00", "viewed", &[]);
    story.attributes("2026-03-04 10:00", &[("trial_ends", "2026-03-03")]);
    assert_eq!(story.endings(), ["2026-03-04 10:00 j#1 ended: OrExit"], "a result that is now past takes its rule");

    let mut story = arms("", journey);
    story.attributes("2026-03-01 09:00", &[("trial_ends", "2026-03-20")]);
    story.event("2026-03-01 10:00", "viewed", &[]);
    story.attributes("2026-03-04 10:00", &[("trial_ends", "-")]);
    assert_eq!(story.endings(), ["2026-03-04 10:00 j#1 ended: OrExit"], "missing now");
}

#[test]
fn a_wait_until_a_moment_can_have_branches() {
    let mut story =
        arms("", "wait until 2026-03-05 10:00 or continue if past {\n on bought { exit \"bought\" }\n otherwise { exit \"over\" }\n }");
    story.event("2026-03-01 10:00", "viewed", &[]);
    story.until("2026-03-06 00:00");
    assert_eq!(story.exit_reasons(), ["2026-03-05 10:00 over"]);
}
