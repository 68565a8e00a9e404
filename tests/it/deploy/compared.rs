//! What `onward plan --against` says: every kind of edit, with who stands where, and nothing changed by looking.

use super::super::daemon::harness::{Daemon, SHOP, at, differing, plan_of};
use onward::daemon::core::deploy::comparison::Comparison;
use onward::daemon::core::deploy::decide::decide;
use onward::engine::Outcome;
use onward::plan::changes::{Change, StepWhat, changes};

/// What another text would change, looked at two customers at a time.
pub fn compare(daemon: &mut Daemon, text: &str, wishes: &[&str]) -> Comparison {
    let plan = plan_of(text);
    let now = daemon.now;
    let core = daemon.core();
    let wishes: Vec<String> = wishes.iter().map(|wish| (*wish).to_owned()).collect();
    let decisions = decide(core.world.plan(), &plan, &wishes).unwrap();
    let mut survey = core.begin_survey(&plan, decisions).unwrap();
    while core.survey(&mut survey, now, 2).unwrap() {}
    survey.comparison()
}

fn waiting_at_the_hour(daemon: &mut Daemon, who: &str, moment: &str) {
    daemon.subscribe(at("2026-03-01 09:00"), who, &format!("{who}@example.com"));
    daemon.event(at(moment), who, "bought", who);
    let sent = daemon.outgoing();
    daemon.ready(&sent[0]);
    daemon.outcome(&sent[0], Outcome::Accepted);
}

fn shop(wait: &str, more: &str) -> String {
    SHOP.replace("  wait 1 hour\n", wait).replace("  send again\n", more)
}

#[test]
fn the_same_files_change_nothing_wherever_their_lines_stand() {
    let mut daemon = Daemon::new(SHOP);
    waiting_at_the_hour(&mut daemon, "nok", "2026-03-01 10:00");
    let moved = format!("\n# a word\n\n{}", SHOP.replace("  enter on bought\n", "\n  enter on bought\n"));
    let comparison = compare(&mut daemon, &moved, &[]);
    assert!(comparison.is_same(), "{comparison:?}");
    assert_eq!(comparison.text(), "nothing changes: this is the plan that runs\n");
}

#[test]
fn a_plan_does_not_differ_from_itself_under_other_numbers() {
    let one = plan_of(&format!("{SHOP}segment fans {{ has bought in the last 30 days }}\n"));
    let more = format!(
        "event aaa {{ }}\ntopic aa \"First\" opt out\nmessage aaa about aa {{ email {{ subject \"A\", text \"A\" }} }}\njourney aaa {{\n enter on aaa\n enter again always\n let gift be 5\n send aaa\n}}\n{SHOP}segment aaaa {{ has aaa }}\nsegment fans {{ has bought in the last 30 days }}\n"
    );
    let other = plan_of(&more);
    let found = changes(&one, &other);
    assert!(found.journeys.iter().all(|journey| journey.name == "aaa" && journey.change == Change::Added), "{found:?}");
    assert!(found.segments.iter().all(|segment| segment.name == "aaaa"), "{found:?}");
    assert!(changes(&other, &other).is_empty());
}

#[test]
fn a_shorter_wait_is_told_with_who_stands_there_and_that_they_stay() {
    let mut daemon = Daemon::new(SHOP);
    for (who, moment) in [("nok", "2026-03-01 10:00"), ("lek", "2026-03-01 10:10"), ("ploy", "2026-03-01 10:20")] {
        waiting_at_the_hour(&mut daemon, who, moment);
    }
    let before = daemon.memory();
    let comparison = compare(&mut daemon, &shop("  wait 30 minutes\n", "  send again\n"), &[]);
    assert_eq!(differing(&before, &daemon.memory()), [""; 0], "looking changes nothing");
    let text = comparison.text();
    assert!(text.contains("journey after_order: changed; 3 customers are in it"), "{text}");
    assert!(text.contains("re-timed   `wait 30 minutes`, was `wait 1 hour` (shop.journey:11)"), "{text}");
    assert!(text.contains("3 customers stand there: stay on the version they began with (nok, lek, ploy)"), "{text}");
    assert_eq!(comparison.undecided().count(), 0);
}

#[test]
fn who_may_move_is_told_until_when_she_would_wait() {
    let continues = |wait: &str| {
        shop(wait, "  send again\n").replace("enter again always\n", "enter again always\n  when edited continue in the new version\n")
    };
    let mut daemon = Daemon::new(&continues("  wait 1 hour\n"));
    waiting_at_the_hour(&mut daemon, "nok", "2026-03-01 10:00");
    waiting_at_the_hour(&mut daemon, "lek", "2026-03-01 10:10");
    let comparison = compare(&mut daemon, &continues("  wait 3 hours\n"), &[]);
    let text = comparison.text();
    let expected = "2 customers stand there: go on in the new version, waiting until 2026-03-01 13:00 at the earliest and 2026-03-01 13:10 at the latest (nok, lek)";
    assert!(text.contains(expected), "{text}");
}

#[test]
fn a_removed_step_with_people_on_it_asks_for_a_decision() {
    let mut daemon = Daemon::new(SHOP);
    waiting_at_the_hour(&mut daemon, "nok", "2026-03-01 10:00");
    let without = shop("", "  send again\n");
    let comparison = compare(&mut daemon, &without, &[]);
    let undecided: Vec<_> = comparison.undecided().collect();
    assert_eq!((undecided[0].step.as_str(), undecided[0].people, undecided.len()), ("wait", 1, 1));
    let text = comparison.text();
    assert!(
        text.contains("removed    `wait 1 hour` (shop.journey:11)\n             1 customer stands there: stay on the version"),
        "{text}"
    );
    assert!(text.contains("after_order/wait: `wait 1 hour` (shop.journey:11), 1 customer\n"), "{text}");
    for (wish, expected) in [
        ("stay", "stay on the version they began with"),
        ("exit", "leave the journey"),
        ("move:send again", "go on in the new version"),
        ("after_order/wait=exit", "leave the journey"),
    ] {
        let comparison = compare(&mut daemon, &without, &[wish]);
        assert_eq!(comparison.undecided().count(), 0, "{wish}");
        assert!(comparison.text().contains(expected), "{wish}: {}", comparison.text());
    }
}

#[test]
fn a_wrong_decision_is_refused_with_the_nearest_that_is_right() {
    let (before, now) = (plan_of(SHOP), plan_of(&shop("", "  send again\n")));
    let refused = |wish: &str| decide(&before, &now, &[wish.to_owned()]).unwrap_err();
    assert!(refused("keep").contains("say `stay`, `exit` or `move:STEP`"));
    assert!(refused("move:send agian").contains("did you mean `send again`?"));
    assert!(refused("after_order/wai=exit").contains("did you mean `after_order/wait`?"));
    assert!(refused("wait=exit").contains("names no step"));
    // One step alone counts more than all, whatever comes first.
    let both = ["stay".to_owned(), "after_order/wait=exit".to_owned()];
    assert_eq!(format!("{:?}", decide(&before, &now, &both).unwrap()[0].fate), "Exit");
    let many = vec!["stay".to_owned(); 1_001];
    assert!(decide(&before, &now, &many).is_err() && decide(&before, &now, &many[1..]).is_ok());
}

#[test]
fn segments_tell_who_joins_and_who_leaves() {
    let with = |test: &str| format!("{SHOP}segment fans \"Fans\" {{ {test} }}\n");
    let mut daemon = Daemon::new(&with("has at least 2 bought"));
    for who in ["nok", "lek"] {
        waiting_at_the_hour(&mut daemon, who, "2026-03-01 10:00");
    }
    daemon.event(at("2026-03-01 10:30"), "lek", "bought", "second");
    let comparison = compare(&mut daemon, &with("has at least 1 bought"), &[]);
    let text = comparison.text();
    assert!(text.contains("segment fans changed: 1 customer joins (nok); 2 customers are in it then"), "{text}");
    let text = compare(&mut daemon, SHOP, &[]).text();
    assert!(text.contains("segment fans is gone: 1 customer leaves (lek)"), "{text}");
    // What was never kept is said.
    let text =
        compare(&mut daemon, &format!("{}segment shy {{ has unsubscribed from promo }}\n", with("has at least 2 bought")), &[]).text();
    assert!(text.contains("segment shy is new: nobody joins or leaves"), "{text}");
    assert!(text.contains("changes of consent to promo, asked by segment shy"), "{text}");
}

#[test]
fn every_kind_of_edit_has_its_word() {
    let old = r#"
policy { at most 3 messages in 7 days then skip }
customer { email email?, age number? }
event bought { total number? }
event viewed { }
topic promo "Promotions" opt in
message thanks about promo { email { subject "Thanks", text "Thank you" } }
journey j "J" {
  enter on bought where total > 5
  enter again always
  goal viewed within 3 days of entry
  if customer.age > 18 {
    send thanks
  }
  wait 1 hour
  set customer.age to 3
  wait up to 1 day {
    on viewed { send thanks }
    otherwise { set customer.age to 9 }
  }
  wait 2 hours
}
"#;
    let edit = |from: &str, to: &str| {
        let new = old.replace(from, to);
        assert_ne!(new, old, "{from}");
        changes(&plan_of(old), &plan_of(&new))
    };
    let step = |from: &str, to: &str| {
        let found = edit(from, to);
        found.journeys[0].steps.iter().map(|step| (step.what, step.label.clone())).collect::<Vec<_>>()
    };
    assert_eq!(step("wait 1 hour", "wait 2 days")[0].0, StepWhat::Retimed);
    assert_eq!(step("customer.age > 18", "customer.age > 21")[0].0, StepWhat::Condition);
    assert_eq!(step("up to 1 day", "up to 2 days")[0].0, StepWhat::Retimed);
    assert_eq!(step("on viewed {", "on bought {")[0].0, StepWhat::Condition);
    assert_eq!(step("to 3\n", "to 4\n")[0].0, StepWhat::Changed);
    assert_eq!(step("  set customer.age to 3\n", ""), [(StepWhat::Removed, "set customer.age to 3".to_owned())]);
    assert_eq!(step("  wait 1 hour\n", "  wait 1 hour\n  send thanks\n"), [(StepWhat::Added, "send thanks".to_owned())]);
    let texts = step("\"Thank you\"", "\"Thank you so much\"");
    assert_eq!(texts, [(StepWhat::Text, "send thanks".to_owned()), (StepWhat::Text, "send thanks".to_owned())]);
    let moved = step("  wait 1 hour\n  set customer.age to 3\n", "  set customer.age to 3\n  wait 1 hour\n");
    assert_eq!(moved.iter().map(|(what, _)| *what).collect::<Vec<_>>(), [StepWhat::Moved]);
    let header = |from: &str, to: &str| edit(from, to).journeys[0].header.join(", ");
    assert_eq!(header("enter again always", "enter again never"), "`enter again` was always, is now never");
    assert_eq!(header("total > 5", "total > 6"), "for whom it begins changed (enters `on bought`)");
    assert_eq!(header("enter on bought where total > 5", "enter on viewed"), "it entered `on bought`, enters now `on viewed`");
    assert_eq!(header("within 3 days", "within 4 days"), "its goals changed");
    assert_eq!(edit("at most 3", "at most 4").policy, ["the policy's limits on messages changed"]);
    let texts = edit("subject \"Thanks\"", "subject \"ขอบคุณ\"");
    assert_eq!(texts.messages[0].details, ["subject of the email"]);
    let declared = edit("age number?", "age number?, city text?");
    assert_eq!((declared.declarations[0].kind.as_str(), declared.declarations[0].name.as_str()), ("customer field", "city"));
    assert_eq!(edit("event viewed { }", "event viewed { }\nevent left { }").declarations[0].name, "left");
    let renamed = edit("journey j ", "journey k ");
    assert_eq!(
        renamed.journeys.iter().map(|one| (one.name.as_str(), one.change)).collect::<Vec<_>>(),
        [("k", Change::Added), ("j", Change::Removed)]
    );
}

#[test]
fn thai_names_are_told_as_they_are_written() {
    let thai = r#"
customer { email email? }
event ซื้อ { }
topic โปร "โปรโมชัน" opt in
message ขอบคุณ about โปร { email { subject "ขอบคุณ", text "ขอบคุณค่ะ" } }
journey หลังซื้อ "หลังซื้อ" {
  enter on ซื้อ
  enter again always
  wait 1 hour
  send ขอบคุณ
}
"#;
    let mut daemon = Daemon::new(thai);
    daemon.event(at("2026-03-01 10:00"), "นก", "ซื้อ", "m1");
    let edited = thai.replace("  wait 1 hour\n", "").replace("ขอบคุณค่ะ", "ขอบคุณมากค่ะ");
    let text = compare(&mut daemon, &edited, &[]).text();
    assert!(text.contains("journey หลังซื้อ: changed; 1 customer is in it"), "{text}");
    assert!(text.contains("(นก)"), "{text}");
    assert!(text.contains("new text   `send ขอบคุณ`"), "{text}");
    assert!(text.contains("หลังซื้อ/wait: `wait 1 hour`"), "{text}");
    let decided = compare(&mut daemon, &edited, &["หลังซื้อ/wait=move:send ขอบคุณ"]);
    assert_eq!(decided.removed[0].decided.as_deref(), Some("move:send ขอบคุณ"));
}
