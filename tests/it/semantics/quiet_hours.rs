//! Quiet hours: what they hold, until when, and what happens then.

use super::harness::{Story, messages, sending};

#[test]
fn quiet_hours_hold_the_run_and_the_next_wait_counts_from_the_real_send() {
    let mut story = sending("quiet hours 21:00 to 08:00 then wait", "send hello\n wait 3 hours\n send second");
    story.at("2026-03-01 22:00", "bought").until("2026-03-03 00:00");
    assert_eq!(
        messages(&story),
        ["2026-03-01 22:00 held hello until 2026-03-02 08:00: quiet hours", "2026-03-02 08:00 sent hello", "2026-03-02 11:00 sent second",]
    );
}

#[test]
fn without_waiting_the_run_goes_on_while_the_message_is_held() {
    let mut story = sending("quiet hours 21:00 to 08:00 then wait", "send hello without waiting\n wait 12 hours\n send second");
    story.at("2026-03-01 22:00", "bought").until("2026-03-03 00:00");
    assert_eq!(
        messages(&story),
        ["2026-03-01 22:00 held hello until 2026-03-02 08:00: quiet hours", "2026-03-02 08:00 sent hello", "2026-03-02 10:00 sent second",]
    );
}

#[test]
fn quiet_hours_may_skip() {
    let mut story = sending("quiet hours 21:00 to 08:00 then skip", "send hello");
    for moment in ["2026-03-01 20:59:59", "2026-03-01 21:00", "2026-03-02 07:59:59", "2026-03-02 08:00"] {
        story.at(moment, "bought");
    }
    assert_eq!(
        messages(&story),
        [
            "2026-03-01 20:59:59 sent hello",
            "2026-03-01 21:00 skipped hello: quiet hours",
            "2026-03-02 07:59:59 skipped hello: quiet hours",
            "2026-03-02 08:00 sent hello",
        ]
    );
}

#[test]
fn quiet_hours_are_in_her_local_time_of_that_moment() {
    let mut story = sending("quiet hours 21:00 to 08:00 then wait", "send hello");
    story.knows("timezone=Asia/Bangkok");
    // 22:00 in Bangkok. Then she lands in Berlin, where it is 17:00: what is held is held as it was decided, what is new is not.
    story.at("2026-03-01 15:00", "bought").until("2026-03-02 01:00");
    story.at("2026-03-02 15:30", "customer timezone=Europe/Berlin").at("2026-03-02 15:31", "bought");
    assert_eq!(
        messages(&story),
        ["2026-03-01 15:00 held hello until 2026-03-02 01:00: quiet hours", "2026-03-02 01:00 sent hello", "2026-03-02 15:31 sent hello",]
    );
}

#[test]
fn quiet_hours_end_at_the_local_time_also_when_the_clocks_change() {
    let mut story = sending("timezone \"Europe/Berlin\"\n quiet hours 21:00 to 08:00 then wait", "send hello");
    story.at("2026-03-28 22:00", "bought").until("2026-03-30 00:00");
    assert_eq!(messages(&story), ["2026-03-28 22:00 held hello until 2026-03-29 08:00: quiet hours", "2026-03-29 08:00 sent hello"]);
}

#[test]
fn the_journeys_quiet_hours_hold_beside_the_policys() {
    let mut story = Story::of(
        r#"policy { quiet hours 21:00 to 08:00 then wait }
        journey j {
          enter on bought
          enter again never
          quiet hours 07:00 to 10:00 then wait
          send hello
        }"#,
    );
    story.at("2026-03-01 22:00", "bought").until("2026-03-03 00:00");
    assert_eq!(messages(&story), ["2026-03-01 22:00 held hello until 2026-03-02 10:00: quiet hours", "2026-03-02 10:00 sent hello"]);
}

#[test]
fn quiet_hours_do_not_apply_to_web_and_name_their_channels() {
    let mut story = sending("quiet hours 21:00 to 08:00 then skip", "send banner");
    story.at("2026-03-01 22:00", "bought");
    assert_eq!(messages(&story), ["2026-03-01 22:00 sent banner by web"]);
    let mut story = sending("quiet hours 21:00 to 08:00 for sms, push then skip", "send hello\n send many by sms");
    story.knows("phone=+66812345678").at("2026-03-01 22:00", "bought");
    assert_eq!(messages(&story), ["2026-03-01 22:00 sent hello", "2026-03-01 22:00 skipped many by sms: quiet hours"]);
}

#[test]
fn after_a_deferral_all_checks_run_again_and_arguments_are_read_then() {
    let mut story = sending("quiet hours 21:00 to 08:00 then wait", "send hello");
    story.at("2026-03-01 22:00", "bought").at("2026-03-01 23:00", "unsubscribed news").until("2026-03-03 00:00");
    assert_eq!(
        messages(&story),
        ["2026-03-01 22:00 held hello until 2026-03-02 08:00: quiet hours", "2026-03-02 08:00 skipped hello: no consent"]
    );
}

#[test]
fn an_event_in_the_instant_in_which_the_quiet_hours_end_comes_first() {
    let mut story = sending("quiet hours 21:00 to 08:00 then wait", "send hello");
    story.at("2026-03-01 22:00", "bought").at("2026-03-02 08:00", "ping").at("2026-03-02 08:00", "unsubscribed news");
    story.until("2026-03-03 00:00");
    assert_eq!(messages(&story)[1], "2026-03-02 08:00 skipped hello: no consent");
}
