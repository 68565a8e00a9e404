//! Windows of local time.

use super::*;

#[test]
fn a_window_has_its_begin_in_and_its_end_out() {
    let bangkok = zoned("Asia/Bangkok");
    let window = Window::daily(time("09:00"), time("18:00"));
    for (moment, open) in [("08:59", false), ("09:00", true), ("17:59", true), ("18:00", false)] {
        let moment = at(&format!("2026-03-02 {moment}"), bangkok);
        assert_eq!(window.contains(moment, bangkok), open);
        assert_eq!(window.next_open(moment, bangkok) == moment, open);
    }
    assert_eq!(show(window.next_open(at("2026-03-02 18:00", bangkok), bangkok), bangkok), "2026-03-03 09:00");
    assert_eq!(show(window.close_after(at("2026-03-02 07:00", bangkok), bangkok), bangkok), "2026-03-02 18:00");
    assert_eq!(window.end_of(at("2026-03-02 07:00", bangkok), bangkok), at("2026-03-02 07:00", bangkok));
}

#[test]
fn an_overnight_window_belongs_to_the_weekday_on_which_it_starts() {
    let bangkok = zoned("Asia/Bangkok");
    let window = Window { from: time("21:00"), to: time("08:00"), days: Weekdays::of(Weekday::Fri) };
    for (moment, open) in [
        ("2026-03-06 07:00", false), // Friday morning would be Thursday's
        ("2026-03-06 21:00", true),
        ("2026-03-07 07:59", true),
        ("2026-03-07 08:00", false),
        ("2026-03-07 22:00", false), // Saturday night
    ] {
        assert_eq!(window.contains(at(moment, bangkok), bangkok), open, "{moment}");
    }
    let weekdays = Window { from: time("09:00"), to: time("18:00"), days: Weekdays::WEEKDAYS };
    assert_eq!(show(weekdays.next_open(at("2026-03-06 19:00", bangkok), bangkok), bangkok), "2026-03-09 09:00");
}

#[test]
fn weekdays_are_those_of_the_customers_zone() {
    let (bangkok, new_york) = (zoned("Asia/Bangkok"), zoned("America/New_York"));
    let monday = Window { from: time("00:00"), to: time("00:00"), days: Weekdays::of(Weekday::Mon) };
    let moment = at("2026-03-02 08:00", bangkok);
    assert!(monday.contains(moment, bangkok) && !monday.contains(moment, new_york));
}

#[test]
fn quiet_hours_end_at_the_local_morning_also_over_a_change_of_the_clock() {
    let new_york = zoned("America/New_York");
    let quiet = Window::daily(time("21:00"), time("08:00"));
    let evening = at("2026-03-07 22:00", new_york);
    assert_eq!(show(quiet.end_of(evening, new_york), new_york), "2026-03-08 08:00");
    assert_eq!(quiet.end_of(evening, new_york).since_ms(evening), 9 * HOUR_MS);
}

#[test]
fn a_window_in_a_gap_does_not_open_and_one_that_ends_twice_ends_once() {
    let new_york = zoned("America/New_York");
    let gap = Window::daily(time("02:10"), time("02:50"));
    assert_eq!(show(gap.next_open(at("2026-03-08 00:00", new_york), new_york), new_york), "2026-03-09 02:10");
    assert!(!gap.contains(at("2026-03-08 03:00", new_york), new_york));
    let quiet = Window::daily(time("21:00"), time("01:30"));
    let end = quiet.end_of(at("2026-10-31 22:00", new_york), new_york);
    assert_eq!(end, at("2026-11-01 01:30", new_york));
    assert!(!quiet.contains(end.plus_ms(40 * MINUTE_MS), new_york), "01:10 for the second time");
}

#[test]
fn windows_that_join_are_one_and_a_window_of_every_whole_day_never_closes() {
    let bangkok = zoned("Asia/Bangkok");
    let days = Weekdays::of(Weekday::Mon).with(Weekdays::of(Weekday::Tue));
    let window = Window { from: time("09:00"), to: time("09:00"), days };
    assert_eq!(show(window.close_after(at("2026-03-02 10:00", bangkok), bangkok), bangkok), "2026-03-04 09:00");
    let always = Window::daily(time("00:00"), time("00:00"));
    assert_eq!(always.close_after(at("2026-03-02 10:00", bangkok), bangkok), Instant::NEVER);
    let never = Window { days: Weekdays::NONE, ..always };
    assert_eq!(never.next_open(at("2026-03-02 10:00", bangkok), bangkok), Instant::NEVER);
}

#[test]
fn the_quick_way_and_the_exact_way_agree_about_every_half_hour_of_two_years() {
    for name in ["America/New_York", "Africa/Cairo", "Australia/Lord_Howe", "Asia/Bangkok", "Pacific/Apia"] {
        let zone = zoned(name);
        for window in [
            Window::daily(time("21:00"), time("08:00")),
            Window { from: time("23:30"), to: time("00:30"), days: Weekdays::WEEKDAYS },
            Window { from: time("09:00"), to: time("18:00"), days: Weekdays::WEEKENDS },
        ] {
            let mut moment = at("2010-12-31 00:00", zone);
            while moment < at("2012-12-31 00:00", zone) {
                assert_eq!(
                    window.contains(moment, zone),
                    window.next_open(moment, zone) == moment,
                    "{name} {window:?} {}",
                    show(moment, zone)
                );
                moment = moment.plus_ms(30 * MINUTE_MS);
            }
        }
    }
}
