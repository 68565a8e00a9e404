//! Time: every rule of the reference's section "Time" that is about moments and local times alone, and an oracle for the zones.

mod recurrences;
mod windows;

use chrono::{Duration, NaiveDate, NaiveDateTime, NaiveTime, Weekday};
use onward::calendar::recurrence::{Every, MonthDay, Rule, Yearly, around};
use onward::calendar::window::Window;
use onward::calendar::{HOUR_MS, Instant, MINUTE_MS, SECOND_MS, Span, Weekdays, Zone, civil, local_ms, local_of_ms, zone};

fn zoned(name: &str) -> Zone {
    Zone::parse(name).unwrap_or_else(|| panic!("no zone {name}"))
}

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn time(text: &str) -> NaiveTime {
    NaiveTime::parse_from_str(text, "%H:%M").unwrap()
}

fn local(text: &str) -> NaiveDateTime {
    NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap()
}

/// A moment by its local time.
fn at(text: &str, zone: Zone) -> Instant {
    zone.instant(local(text))
}

fn show(instant: Instant, zone: Zone) -> String {
    zone.local(instant).format("%Y-%m-%d %H:%M").to_string()
}

fn months(months: i32) -> Span {
    Span { months, ..Span::default() }
}

fn rule(every: Every, clock: &str) -> Rule {
    Rule { every, at: time(clock), anchor: None }
}

// ---------------------------------------------------------------- zones

#[test]
fn the_time_zone_database_is_of_2026_or_later() {
    assert!(zone::tzdb_version() >= "2026a", "{}", zone::tzdb_version());
    assert!(zone::names().count() > 590);
    assert_eq!(Zone::UTC.name(), "UTC");
    for name in zone::names() {
        assert_eq!(zoned(name).name(), name);
    }
}

#[test]
fn a_zone_is_an_exact_name_and_a_legacy_one_says_so() {
    for wrong in ["Mars/Base", "9:00", "", "asia/bangkok", "Bangkok", "+07:00", "Factory"] {
        assert_eq!(Zone::parse(wrong), None, "{wrong}");
    }
    for legacy in ["EST", "Etc/GMT+8", "EST5EDT", "GMT"] {
        assert!(zoned(legacy).is_legacy(), "{legacy}");
    }
    for place in ["Asia/Bangkok", "UTC", "Etc/UTC", "Japan", "America/Argentina/Buenos_Aires"] {
        assert!(!zoned(place).is_legacy(), "{place}");
    }
    assert_eq!(serde_json::to_string(&zoned("Asia/Bangkok")).unwrap(), "\"Asia/Bangkok\"");
    assert_eq!(serde_json::from_str::<Zone>("\"Asia/Bangkok\"").unwrap(), zoned("Asia/Bangkok"));
    assert!(serde_json::from_str::<Zone>("\"Asia/Bangkog\"").is_err());
}

/// The rule for a local time, by trying every offset that may apply: the first moment that shows it, else the end of the gap.
fn expected_instant(local: i64, changes: &[(i64, i64, i64)]) -> i64 {
    let fits = |moment: i64| {
        let offset = changes.iter().rev().find(|(at, ..)| *at <= moment).map_or(changes[0].1, |(_, _, after)| *after);
        moment + offset == local
    };
    let first = changes.iter().flat_map(|(_, before, after)| [local - before, local - after]).filter(|moment| fits(*moment)).min();
    let gap_end = || changes.iter().find(|(at, before, after)| at + before <= local && local < at + after).map(|(at, ..)| *at);
    first.or_else(gap_end).unwrap_or_else(|| panic!("{local} is neither"))
}

#[test]
fn every_transition_of_every_zone_from_2010_to_2037_agrees_with_the_oracle() {
    let fixture = include_str!("calendar/zones.txt");
    let mut lines = fixture.lines().filter(|line| !line.starts_with('#'));
    let numbers = |text: &str| text.split_whitespace().map(|word| word.parse::<i64>().unwrap()).collect::<Vec<_>>();
    let probes = numbers(lines.next().unwrap().strip_prefix("probes ").unwrap());
    let (mut seen, mut compared) = (0, 0);
    for line in lines {
        let parts: Vec<&str> = line.split(" | ").collect();
        let mut words = parts[2].split_whitespace();
        let mut offset: i64 = words.next().unwrap().parse().unwrap();
        let changes: Vec<(i64, i64, i64)> = words
            .map(|word| {
                let (moment, after) = word.split_once(':').unwrap();
                let before = std::mem::replace(&mut offset, after.parse().unwrap());
                (moment.parse().unwrap(), before, offset)
            })
            .collect();
        for name in parts[0].split_whitespace() {
            let zone = zoned(name);
            seen += 1;
            for (probe, expected) in probes.iter().zip(numbers(parts[1])) {
                let instant = Instant(probe * SECOND_MS);
                assert_eq!(zone.offset_ms_at(instant), expected * SECOND_MS, "{name} at {probe}");
                assert_eq!(zone.instant(zone.local(instant)), instant, "{name} at {probe}");
            }
            let (from, until) = (Instant(1_262_304_000_000), Instant(2_145_916_800_000));
            let listed: Vec<(i64, i64)> =
                zone.transitions(from, until).iter().map(|(at, offset)| (at.0 / SECOND_MS, offset / SECOND_MS)).collect();
            assert_eq!(listed, changes.iter().map(|(at, _, after)| (*at, *after)).collect::<Vec<_>>(), "{name}");
            for (number, (moment, before, after)) in changes.iter().enumerate() {
                let near = &changes[number.saturating_sub(1)..changes.len().min(number + 2)];
                // ± 3 h in steps of 10 minutes, and the seconds next to the change.
                for away in (-18..=18).map(|step| step * 600).chain([-1, 1]) {
                    let instant = moment + away;
                    let offset = near.iter().rev().find(|(at, ..)| *at <= instant).map_or(near[0].1, |(_, _, after)| *after);
                    let shown = zone.local(Instant(instant * SECOND_MS));
                    assert_eq!(local_ms(shown), (instant + offset) * SECOND_MS, "{name} at {instant}");
                    for local in [moment + before + away, moment + after + away] {
                        let found = zone.instant(local_of_ms(local * SECOND_MS));
                        assert_eq!(found.0, expected_instant(local, near) * SECOND_MS, "{name} local {local}");
                        compared += 1;
                    }
                }
            }
        }
    }
    assert!(seen >= 596 && compared > 300_000, "{seen} zones, {compared} comparisons");
}

#[test]
fn zones_changed_in_2026_have_their_new_rules_in_december_2026() {
    let hours = |name: &str| zoned(name).offset_ms_at(at("2026-12-15 12:00", Zone::UTC)) / HOUR_MS;
    assert_eq!([hours("America/Vancouver"), hours("America/Edmonton"), hours("Africa/Casablanca")], [-7, -6, 0]);
}

#[test]
fn moments_at_the_ends_of_time_stop_there() {
    for name in ["UTC", "Asia/Bangkok", "America/New_York", "Pacific/Apia"] {
        let zone = zoned(name);
        for end in [Instant::NEVER, Instant::FIRST, Instant(i64::MAX - 1), Instant(i64::MIN + 1)] {
            zone.local(end);
            zone.next_midnight(end);
            zone.steady_offset_ms(end);
            civil::add(end, Span { months: i32::MAX, days: i32::MAX, ms: i64::MAX }, zone);
            civil::add(end, Span { months: i32::MIN, days: i32::MIN, ms: i64::MIN }, zone);
            civil::next_clock(end, time("09:00"), zone);
            Window::daily(time("21:00"), time("08:00")).end_of(end, zone);
            for every in [Every::Days { count: 1 }, Every::Elapsed { ms: 1 }, Every::Months { count: 1, on: MonthDay::Day(31) }] {
                rule(every, "09:00").next_after(end, zone);
                rule(every, "09:00").latest_at_or_before(end, zone);
            }
            Yearly::default().next_after(date("2000-02-29"), end, zone);
            Yearly::default().latest_at_or_before(date("2000-02-29"), end, zone);
        }
        assert_eq!(civil::add(Instant::NEVER, Span::of_days(-1), zone), Instant::NEVER);
        assert_eq!(civil::add(at("9999-12-30 12:00", zone), Span::of_days(30), zone), Instant::NEVER);
        assert_eq!(civil::add(at("2026-01-01 12:00", zone), months(-12 * 2100), zone), Instant::FIRST);
    }
}

// ---------------------------------------------------------------- civil steps

#[test]
fn forward_days_keep_the_local_time_and_hours_elapse() {
    let new_york = zoned("America/New_York");
    let saturday = at("2026-03-07 10:00", new_york);
    assert_eq!(show(civil::add(saturday, Span::of_days(1), new_york), new_york), "2026-03-08 10:00");
    assert_eq!(show(civil::add(saturday, Span::of_ms(24 * HOUR_MS), new_york), new_york), "2026-03-08 11:00");
    assert_eq!(civil::add(saturday, Span::of_days(1), new_york).since_ms(saturday), 23 * HOUR_MS);
}

#[test]
fn the_calendar_part_of_a_span_comes_first_then_the_hours() {
    let new_york = zoned("America/New_York");
    // A day on is 02:30, which does not exist: 03:00. An hour first would have led to 03:30 without a gap, and another day to 04:30.
    let span = Span { months: 0, days: 1, ms: HOUR_MS };
    assert_eq!(show(civil::add(at("2026-03-07 02:30", new_york), span, new_york), new_york), "2026-03-08 04:00");
}

#[test]
fn a_local_time_in_a_gap_is_the_first_instant_after_it() {
    assert_eq!(show(at("2026-03-08 02:30", zoned("America/New_York")), zoned("America/New_York")), "2026-03-08 03:00");
    let lord_howe = zoned("Australia/Lord_Howe");
    assert_eq!(show(at("2026-10-04 02:15", lord_howe), lord_howe), "2026-10-04 02:30");
}

#[test]
fn a_local_time_that_happens_twice_is_the_first() {
    let new_york = zoned("America/New_York");
    let first = at("2026-11-01 01:30", new_york);
    assert_eq!(first, at("2026-11-01 05:30", Zone::UTC));
    assert_eq!(show(first.plus_ms(HOUR_MS), new_york), "2026-11-01 01:30");
    let lord_howe = zoned("Australia/Lord_Howe");
    let twice = at("2026-04-05 01:45", lord_howe);
    assert_eq!(show(twice.plus_ms(30 * MINUTE_MS), lord_howe), "2026-04-05 01:45");
}

#[test]
fn a_midnight_that_does_not_exist_begins_the_day_an_hour_later() {
    let cairo = zoned("Africa/Cairo");
    let midnight = cairo.next_midnight(at("2026-04-23 18:00", cairo));
    assert_eq!(show(midnight, cairo), "2026-04-24 01:00");
    assert_eq!(show(cairo.next_midnight(midnight), cairo), "2026-04-25 00:00");
    assert!(civil::date_exists(date("2026-04-24"), cairo));
}

#[test]
fn a_midnight_that_comes_twice_is_always_in_the_future() {
    // 00:01 became 23:01 of the day before.
    let st_johns = zoned("America/St_Johns");
    let mut moment = at("2010-11-06 22:00", st_johns);
    let end = at("2010-11-07 02:00", st_johns);
    while moment < end {
        let midnight = st_johns.next_midnight(moment);
        assert!(midnight > moment && midnight.since_ms(moment) <= 25 * HOUR_MS);
        assert!(show(midnight, st_johns).ends_with("00:00"));
        moment = moment.plus_ms(30 * SECOND_MS);
    }
}

#[test]
fn months_land_on_the_last_day_counted_from_the_anchor() {
    let bangkok = zoned("Asia/Bangkok");
    let anchor = at("2026-01-31 09:00", bangkok);
    let steps: Vec<String> = (1..=4).map(|n| show(civil::add_repeated(anchor, months(1), n, bangkok), bangkok)).collect();
    assert_eq!(steps, ["2026-02-28 09:00", "2026-03-31 09:00", "2026-04-30 09:00", "2026-05-31 09:00"]);
    assert_eq!(civil::add_to_date(date("2024-01-31"), months(1)), Some(date("2024-02-29")));
    assert_eq!(civil::subtract_from_date(date("2026-03-31"), months(1)), Some(date("2026-02-28")));
    assert_eq!(civil::add_to_date(date("2026-01-31"), Span { months: 1, days: 1, ms: 0 }), Some(date("2026-03-01")));
    assert_eq!(civil::add_to_date(date("9999-12-31"), Span::of_days(1)), None);
    assert_eq!(civil::subtract_from_date(date("0001-01-01"), Span::of_days(1)), None);
}

#[test]
fn the_twenty_ninth_of_february_falls_on_the_twenty_eighth() {
    let bangkok = zoned("Asia/Bangkok");
    let yearly = Yearly { offset: Span::default(), at: time("09:00") };
    let (name, moment) = yearly.next_after(date("1996-02-29"), at("2026-01-01 00:00", bangkok), bangkok).unwrap();
    assert_eq!((name, show(moment, bangkok).as_str()), (date("2026-02-28"), "2026-02-28 09:00"));
    assert_eq!(yearly.next_after(date("1996-02-29"), moment, bangkok).unwrap().0, date("2027-02-28"));
    assert_eq!(yearly.next_after(date("1996-02-29"), at("2028-01-01 00:00", bangkok), bangkok).unwrap().0, date("2028-02-29"));
}

#[test]
fn the_longest_wait_is_ten_years() {
    for fine in [months(120), Span::of_days(3653), Span::of_ms(87_600 * HOUR_MS)] {
        assert!(!civil::is_too_long(fine), "{fine:?}");
    }
    for long in [months(121), Span::of_days(3654), Span { months: 120, days: 1, ms: 0 }, Span { months: 1, days: i32::MAX, ms: i64::MAX }] {
        assert!(civil::is_too_long(long), "{long:?}");
    }
}

#[test]
fn waiting_for_a_clock_time_goes_at_once_at_exactly_that_time() {
    let bangkok = zoned("Asia/Bangkok");
    let nine = at("2026-03-02 09:00", bangkok);
    assert_eq!(civil::next_clock(nine, time("09:00"), bangkok), nine);
    assert_eq!(show(civil::next_clock(nine.plus_ms(1), time("09:00"), bangkok), bangkok), "2026-03-03 09:00");
    // 2026-03-02 is a Monday.
    let monday = Weekdays::of(Weekday::Mon);
    assert_eq!(civil::next_clock_on(nine, monday, time("09:00"), bangkok), nine);
    assert_eq!(show(civil::next_clock_on(nine.plus_ms(1), monday, time("09:00"), bangkok), bangkok), "2026-03-09 09:00");
    assert_eq!(civil::next_clock_on(nine, Weekdays::NONE, time("09:00"), bangkok), Instant::NEVER);
}

#[test]
fn days_before_a_date_are_counted_on_the_calendar() {
    let new_york = zoned("America/New_York");
    let found = around(date("2026-03-10"), Span::of_days(-3), time("10:00"), new_york).unwrap();
    assert_eq!(show(found, new_york), "2026-03-07 10:00");
    assert_eq!(show(civil::subtract(at("2026-03-10 10:00", new_york), Span::of_days(3), new_york), new_york), "2026-03-07 10:00");
}

#[test]
fn the_next_clock_time_is_the_first_moment_that_shows_it() {
    for name in ["America/New_York", "America/St_Johns", "Australia/Lord_Howe", "Asia/Bangkok"] {
        let zone = zoned(name);
        for clock in ["00:00", "00:30", "01:45", "12:00", "23:30"] {
            let mut moment = at("2010-10-20 00:00", zone);
            while moment < at("2010-11-20 00:00", zone) {
                let found = civil::next_clock(moment, time(clock), zone);
                let today = zone.local(moment).date();
                let by_hand = (0..3).map(|day| civil::at(today + Duration::days(day), time(clock), zone)).find(|found| *found >= moment);
                assert_eq!(Some(found), by_hand, "{name} {clock} from {}", show(moment, zone));
                let daily = rule(Every::Days { count: 1 }, clock).next_after(moment.plus_ms(-1), zone).map(|(_, found)| found);
                assert_eq!(daily, by_hand, "{name} {clock} from {}", show(moment, zone));
                moment = moment.plus_ms(20 * MINUTE_MS);
            }
        }
    }
}
