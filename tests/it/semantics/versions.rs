//! Another plan becomes active: rows follow by name, and runs keep the plan that they began under.

use super::harness::{PRELUDE, Story, messages, moments, plan_with};
use super::whole::{Dice, project, stream};
use onward::calendar::Instant;
use onward::engine::{Input, InputKind};
use onward::value::Value;

/// The prelude with everything at another place, and some more of everything.
const TURNED: &str = r#"
customer {
  nickname   text?
  timezone   timezone?
  ends       datetime?
  birthday   date?
  points     number = 0
  plan       one of "free", "pro", "gone" = "free"
  push_token text?
  phone      phone?
  email      email?
}
event pong { }
event extra { }
event ping { }
event booked { order text = "-", on date?, at_moment datetime? }
event returned { order text = "-" }
event viewed { item text = "-", order text? }
event bought { order text = "-", total number = 1 }
topic orders "Orders" transactional "the customer asked for it"
topic notices "Notices" on request
topic more "More" opt out
topic letter "Letter" double opt in
topic promo "Promotions" opt in
topic news "News" opt out
message points(points number) about news { email { subject "Points", text "{{ points }} points" } }
message banner about news { web { headline "Banner", body "Banner" } }
message many about news {
  push { title "Many", body "Many" }
  sms "Many"
  email { subject "Many", text "Many" }
}
message receipt about orders { email { subject "Receipt", text "Receipt" } }
message more about more { email { subject "More", text "More" } }
message notice about notices { email { subject "Notice", text "Notice" } }
message offer about promo { email { subject "Offer", text "Offer" } }
message third about news { email { subject "Third", text "Third" } }
message second about news { email { subject "Second", text "Second" } }
message hello about news { email { subject "Hello", text "Hello" } }
"#;

/// Before every journey of the stories by name; nobody enters it.
const MORE: &str = "segment extras {\n has extra\n}\njourney aaa {\n enter on extra\n enter again always\n send more\n}\n";

fn turned(text: &str) -> onward::plan::Plan {
    plan_with(TURNED, &format!("{MORE}{text}"))
}

/// Also with the properties of an event in another order.
fn turned_inside_out(text: &str) -> onward::plan::Plan {
    let prelude = TURNED.replace("order text = \"-\", total number = 1", "total number = 1, channel text?, order text = \"-\"");
    plan_with(&prelude, &format!("{MORE}{text}"))
}

#[test]
fn attributes_consent_suppression_and_entries_follow_their_names() {
    let text = "journey j {\n enter on bought\n enter again 7 days after entry\n send hello\n send offer\n send many by sms\n}";
    let mut story = Story::of(text);
    story.at("2026-03-01 09:00", "customer plan=pro phone=+66812345678 points=7").at("2026-03-01 09:00", "subscribed promo");
    story.at("2026-03-01 09:01", "unsubscribed news").at("2026-03-01 10:00", "bought").deploys_plan(turned(text), "2026-03-02 10:00");
    assert_eq!((story.attribute("plan"), story.attribute("points")), (&Value::text("pro"), &Value::Number(7.into())));
    assert_eq!(story.attribute("nickname"), &Value::Missing);
    story.at("2026-03-03 10:00", "bought").at("2026-03-08 10:00", "bought");
    assert_eq!(moments(&story, "not entered"), ["2026-03-03 10:00 j not entered: too soon"]);
    let found = messages(&story);
    assert_eq!(
        found[3..],
        [
            "2026-03-08 10:00 j skipped hello: no consent",
            "2026-03-08 10:00 j sent offer",
            "2026-03-08 10:00 j skipped many by sms: no consent"
        ]
    );
}

#[test]
fn what_one_plan_leaves_out_a_later_one_finds_again() {
    let text = "journey k {\n enter on viewed\n enter again always\n}";
    let with = format!("{text}\njourney j {{\n enter on bought\n enter again never\n send offer\n}}");
    let mut story = Story::of(&with);
    story.at("2026-03-01 09:00", "customer points=7").at("2026-03-01 09:00", "subscribed promo").at("2026-03-01 10:00", "bought");
    let less = PRELUDE
        .replace("  points     number = 0\n", "")
        .replace("topic promo \"Promotions\" opt in\n", "")
        .replace("message offer about promo { email { subject \"Offer\", text \"Offer\" } }\n", "");
    story.deploys_plan(plan_with(&less, text), "2026-03-02 10:00").at("2026-03-02 11:00", "viewed");
    assert!(story.plan().schema.field("points").is_none() && !story.row.parked.is_empty());
    story.deploys_plan(turned(&with), "2026-03-03 10:00");
    assert_eq!(story.attribute("points"), &Value::Number(7.into()));
    assert!(story.row.is_subscribed(story.plan(), story.plan().schema.topic("promo").unwrap()));
    assert!(story.row.parked.is_empty());
    story.at("2026-03-03 11:00", "bought");
    assert_eq!(moments(&story, "not entered"), ["2026-03-03 11:00 j not entered: entered before"]);
}

#[test]
fn an_edited_definition_makes_nobody_join_or_leave() {
    let text = |count: u32| {
        format!(
            "segment keen {{\n has at least {count} bought in the last 9 days\n}}\n\
             journey j {{\n enter when joins segment keen\n enter again always\n}}\n\
             journey k {{\n enter when leaves segment keen\n enter again always\n}}"
        )
    };
    let mut story = Story::of(&text(3));
    story.at("2026-03-01 10:00", "bought").at("2026-03-02 10:00", "bought").deploys(&text(2), "2026-03-03 10:00");
    assert!(story.row.standing(onward::schema::SegmentId(0)).unwrap().member);
    story.at("2026-03-03 11:00", "viewed");
    assert!(moments(&story, "entered").is_empty());
    // It is left when time says so, as ever.
    story.until("2026-03-12 00:00");
    assert_eq!(moments(&story, "entered"), ["2026-03-10 10:00 k entered"]);
}

#[test]
fn a_history_is_found_by_what_it_takes_in() {
    let text = "segment keen {\n has at least 3 bought in the last 5 days where total > 2\n}\n\
                journey j {\n enter when joins segment keen\n enter again always\n set customer.points to sum of bought.total\n}";
    for plan in [turned(text), turned_inside_out(text)] {
        let mut story = Story::of(text);
        story.at("2026-03-01 10:00", "bought total=3").at("2026-03-02 10:00", "bought total=4").at("2026-03-02 11:00", "bought total=2");
        story.deploys_plan(plan, "2026-03-03 10:00").at("2026-03-04 10:00", "bought total=5");
        assert_eq!(moments(&story, "entered"), ["2026-03-04 10:00 j entered"]);
        assert_eq!(story.attribute("points"), &Value::Number(14.into()));
    }
}

#[test]
fn a_run_goes_on_as_it_began_and_the_next_one_as_it_is_now() {
    let old = "journey j {\n enter on bought\n enter again always\n exit on returned\n wait 1 day\n send hello\n exit \"old\"\n}";
    let new = "journey j {\n enter on bought\n enter again always\n wait 1 hour\n send second\n exit \"new\"\n}";
    for inside_out in [false, true] {
        let plan = || if inside_out { turned_inside_out(new) } else { turned(new) };
        let mut story = Story::of(old);
        story.at("2026-03-01 10:00", "bought").deploys_plan(plan(), "2026-03-01 12:00").until("2026-03-03 00:00");
        story.at("2026-03-03 10:00", "bought").until("2026-03-04 00:00");
        assert_eq!(messages(&story), ["2026-03-02 10:00 j sent hello", "2026-03-03 11:00 j sent second"]);
        // What only the old version listens to still ends its run.
        let mut story = Story::of(old);
        story.at("2026-03-01 10:00", "bought").deploys_plan(plan(), "2026-03-01 12:00").at("2026-03-01 13:00", "returned");
        assert_eq!(moments(&story, "ended"), ["2026-03-01 13:00 j ended: exit on"]);
    }
}

#[test]
fn a_run_of_a_journey_that_is_gone_goes_to_its_end() {
    let old = "journey j {\n enter on bought\n enter again never\n wait 1 day\n send hello\n wait up to 2 days for clicked hello otherwise exit \"none\"\n exit \"clicked\"\n}";
    let mut story = Story::of(old);
    story.at("2026-03-01 10:00", "bought").deploys_plan(turned(""), "2026-03-01 12:00").until("2026-03-02 11:00");
    assert_eq!(story.sent.len(), 1);
    story.at("2026-03-02 12:00", "clicked hello").at("2026-03-02 13:00", "bought");
    let ended = story.records.iter().filter(|record| matches!(record.kind, onward::engine::RecordKind::Ended(_))).count();
    assert_eq!((ended, story.live()), (1, 0));
    let first = story.records.iter().filter(|record| matches!(record.kind, onward::engine::RecordKind::Took { arm: Some(0) })).count();
    assert_eq!(first, 1, "the click was seen");
}

#[test]
fn who_was_in_a_journey_that_was_gone_for_a_while_may_enter_it_again_in_time() {
    let text = "journey j {\n enter on bought\n enter again 2 days after the end\n wait 1 day\n}";
    let mut story = Story::of(text);
    story.at("2026-03-01 10:00", "bought").deploys("", "2026-03-01 12:00").until("2026-03-03 00:00").deploys(text, "2026-03-03 10:00");
    story.at("2026-03-03 11:00", "bought").at("2026-03-06 11:00", "bought");
    assert_eq!(
        moments(&story, "entered"),
        ["2026-03-01 10:00 entered", "2026-03-03 11:00 not entered: too soon", "2026-03-06 11:00 #2 entered"]
    );
}

#[test]
fn what_a_pinned_run_asks_means_what_it_meant() {
    // A segment and a history that the new plan has otherwise or not at all.
    let old = "segment keen {\n has at least 2 bought in the last 9 days where total > 2\n}\n\
               journey j {\n enter on ping\n enter again always\n wait up to 9 days {\n when in segment keen { exit \"keen\" }\n otherwise { exit \"late\" }\n }\n}";
    let new = "segment keen {\n has viewed\n}\njourney j {\n enter on ping\n enter again always\n exit \"new\"\n}";
    for plan in [turned(new), turned_inside_out(new)] {
        let mut story = Story::of(old);
        story.at("2026-03-01 10:00", "ping").at("2026-03-01 11:00", "bought total=3").deploys_plan(plan, "2026-03-02 10:00");
        story.at("2026-03-02 11:00", "viewed").at("2026-03-02 12:00", "bought total=1");
        assert!(moments(&story, "ended").is_empty());
        story.at("2026-03-03 12:00", "bought total=9");
        assert_eq!(moments(&story, "ended").len(), 1);
        assert!(moments(&story, "ended")[0].starts_with("2026-03-03 12:00"));
    }
}

#[test]
fn a_pinned_run_reads_and_emits_events_as_it_knows_them() {
    let old = "journey j {\n enter on booked\n enter again always\n\
               wait up to 2 days {\n on bought where total > 5 as sale { set customer.points to sale.total }\n otherwise { }\n }\n\
               emit bought { order: \"x\", total: 8 }\n}";
    let new = "journey j {\n enter on booked\n enter again always\n}\n\
               journey k {\n enter on bought where order is \"x\" and total is 8\n enter again always\n}";
    let mut story = Story::of(old);
    story.at("2026-03-01 10:00", "booked").deploys_plan(turned_inside_out(new), "2026-03-01 12:00");
    story.at("2026-03-01 13:00", "bought order=y total=4").at("2026-03-01 14:00", "bought order=y total=6");
    assert_eq!(story.attribute("points"), &Value::Number(6.into()));
    assert_eq!(moments(&story, "k entered"), ["2026-03-01 14:00 k entered"]);
}

// ---------------------------------------------------------------- continue in the new version

const CONTINUES: &str = "enter on bought\n enter again always\n when edited continue in the new version\n";

#[test]
fn a_run_that_may_moves_by_the_identity_of_its_step_and_its_wait_is_computed_again() {
    let text = |wait: &str, behind: &str| format!("journey j {{\n {CONTINUES} wait {wait}\n send {behind}\n}}");
    let mut story = Story::of(&text("2 days", "hello"));
    story.at("2026-03-01 10:00", "bought").deploys(&text("2 days", "second"), "2026-03-02 10:00").until("2026-03-05 00:00");
    assert_eq!(messages(&story), ["2026-03-03 10:00 sent second"]);
}

#[test]
fn a_run_on_a_step_that_is_gone_stays_with_its_version() {
    let old = format!("journey j {{\n {CONTINUES} wait 2 days\n send hello\n}}");
    let new = format!("journey j {{\n {CONTINUES} send second\n}}");
    let mut story = Story::of(&old);
    story.at("2026-03-01 10:00", "bought").deploys(&new, "2026-03-02 10:00").until("2026-03-05 00:00");
    assert_eq!(messages(&story), ["2026-03-03 10:00 sent hello"]);
}

#[test]
fn a_run_whose_messages_would_get_another_identity_stays_with_its_version() {
    let old = format!("journey j {{\n {CONTINUES} send hello\n wait 2 days\n exit \"old\"\n}}");
    let new = format!("journey j {{\n {CONTINUES} send second\n send hello\n wait 2 days\n exit \"new\"\n}}");
    let mut story = Story::of(&old);
    story.at("2026-03-01 10:00", "bought").deploys(&new, "2026-03-02 10:00").until("2026-03-05 00:00");
    assert_eq!(messages(&story), ["2026-03-01 10:00 sent hello"]);
    assert_eq!(moments(&story, "2026-03-03 10:00").len(), 1, "it ended as it would have");
}

#[test]
fn a_run_that_moves_is_judged_by_the_new_guards() {
    let old = format!("journey j {{\n {CONTINUES} wait 2 days\n send hello\n}}");
    let new = format!("journey j {{\n {CONTINUES} exit when customer.plan is \"free\"\n wait 2 days\n send hello\n}}");
    let mut story = Story::of(&old);
    story.at("2026-03-01 10:00", "bought").deploys(&new, "2026-03-02 10:00");
    assert_eq!(moments(&story, "ended"), ["2026-03-02 10:00 ended: exit when"]);
}

// ---------------------------------------------------------------- dates, several plans

#[test]
fn an_occurrence_is_neither_lost_nor_repeated() {
    let text = "journey j {\n enter every day at 09:00\n enter again always\n}";
    let mut story = Story::of(text);
    story.at("2026-03-01 08:00", "viewed").until("2026-03-01 09:30").deploys_plan(turned(text), "2026-03-01 09:30");
    story.deploys(text, "2026-03-02 09:00").until("2026-03-03 08:00");
    assert_eq!(moments(&story, "entered"), ["2026-03-01 09:00 entered", "2026-03-02 09:00 #2 entered"]);
    // A new entry begins with what is to come.
    let mut story = Story::of("journey j {\n enter every day at 09:00\n enter again always\n}");
    story.at("2026-03-01 08:00", "viewed").until("2026-03-01 08:30");
    story.deploys("journey j {\n enter every day at 08:00\n enter again always\n}", "2026-03-01 08:30").until("2026-03-02 12:00");
    assert_eq!(moments(&story, "entered"), ["2026-03-02 08:00 entered"]);
}

#[test]
fn a_run_outlives_several_plans_and_a_way_back() {
    let old = "journey j {\n enter on bought\n enter again always\n wait up to 9 days {\n when has at least 2 viewed in the last 9 days where item is \"x\" { exit \"old\" }\n otherwise { }\n }\n}";
    let new = "journey j {\n enter on bought\n enter again always\n wait 1 day\n}";
    let mut story = Story::of(old);
    story.at("2026-03-01 10:00", "bought").at("2026-03-01 11:00", "viewed item=x");
    story
        .deploys_plan(turned(new), "2026-03-02 10:00")
        .deploys(new, "2026-03-03 10:00")
        .deploys_plan(turned_inside_out(""), "2026-03-03 11:00");
    story.deploys(old, "2026-03-04 10:00");
    assert_eq!(story.row.plans, [story.earth.loaded.id]);
    story.at("2026-03-04 11:00", "viewed item=y").at("2026-03-04 12:00", "viewed item=x");
    assert_eq!(moments(&story, "ended"), ["2026-03-04 12:00 ended: old"]);
}

/// The same journeys at other places are the same journeys: whatever happens, nobody notices the deploy.
#[test]
fn other_numbers_change_nothing() {
    let mut played = 0;
    for seed in 0..120 {
        let text = project(&mut Dice(seed));
        if Story::maybe(&text).is_none() {
            continue;
        }
        let plain = lines_of(&text, seed, None);
        for plan in [turned(&text), turned_inside_out(&text)] {
            let other = lines_of(&text, seed, Some(plan));
            let at = plain.iter().zip(&other).position(|(one, two)| one != two).unwrap_or(plain.len().min(other.len()));
            let near = |lines: &[String]| lines[at.saturating_sub(3).min(lines.len())..(at + 4).min(lines.len())].join("\n");
            assert!(plain == other, "seed {seed}, line {at}\n{text}\n{}\n\n{}", near(&plain), near(&other));
        }
        played += 1;
    }
    assert!(played > 80, "only {played}");
}

fn lines_of(text: &str, seed: u64, plan: Option<onward::plan::Plan>) -> Vec<String> {
    let mut story = Story::of(text);
    let mut dice = Dice(seed ^ 0x5a5a);
    let start = story.moment("2026-03-01 10:00");
    let stream = stream(&mut dice, start);
    let deploy = dice.below(stream.len());
    let mut plan = plan;
    let mut lines = Vec::new();
    let mut known = 0;
    for (at, (own, now, what)) in stream.into_iter().enumerate() {
        story.touch_before(now);
        if at == deploy {
            take_lines(&story, &mut known, &mut lines);
            if let Some(plan) = plan.take().filter(|_| story.row.known_since != Instant::NEVER) {
                let moment = story.show(now);
                story.deploys_plan(plan, &moment);
            }
        }
        let kind = if what == "click" {
            match story.last_sent() {
                Some(send) => {
                    InputKind::Report { send, verb: onward::schema::MessageVerb::Clicked, at: own, by_machine: false, hard: false }
                }
                None => continue,
            }
        } else {
            story.kind(&what, own)
        };
        story.feed(Input { now, id: 0, kind });
    }
    story.until("2026-05-01 00:00");
    take_lines(&story, &mut known, &mut lines);
    lines
}

fn take_lines(story: &Story, known: &mut usize, lines: &mut Vec<String>) {
    lines.extend(story.records[*known..].iter().filter_map(|record| story.line(record)));
    *known = story.records.len();
}
