//! Recurring entries and yearly dates.

use super::*;

/// The next `n` occurrences as (name, local time).
fn occurrences(rule: &Rule, after: Instant, zone: Zone, n: usize) -> Vec<String> {
    let mut from = after;
    (0..n)
        .map_while(|_| {
            let (name, moment) = rule.next_after(from, zone)?;
            assert_eq!(rule.latest_at_or_before(moment, zone), Some((name, moment)), "the latest at its own moment is itself");
            assert!(rule.latest_at_or_before(moment.plus_ms(-1), zone).is_none_or(|(_, earlier)| earlier <= from));
            from = moment;
            let shown = show(moment, zone);
            Some(if shown.starts_with(&name.to_string()) { shown } else { format!("{name} as {shown}") })
        })
        .collect()
}

#[test]
fn a_daily_rule_skips_a_local_date_that_does_not_exist() {
    let apia = zoned("Pacific/Apia");
    assert!(!civil::date_exists(date("2011-12-30"), apia));
    let found = occurrences(&rule(Every::Days { count: 1 }, "09:00"), at("2011-12-28 10:00", apia), apia, 3);
    assert_eq!(found, ["2011-12-29 09:00", "2011-12-31 09:00", "2012-01-01 09:00"]);
    // A monthly one does not lose its month.
    let monthly = rule(Every::Months { count: 1, on: MonthDay::Day(30) }, "09:00");
    let found = occurrences(&monthly, at("2011-12-01 10:00", apia), apia, 2);
    assert_eq!(found, ["2011-12-30 as 2011-12-31 00:00", "2012-01-30 09:00"]);
    assert_eq!(show(civil::next_clock(at("2011-12-29 10:00", apia), time("09:00"), apia), apia), "2011-12-31 09:00");
    assert_eq!(show(apia.next_midnight(at("2011-12-29 10:00", apia)), apia), "2011-12-31 00:00");
}

#[test]
fn a_daily_rule_keeps_its_local_time_and_takes_the_end_of_a_gap() {
    let new_york = zoned("America/New_York");
    let found = occurrences(&rule(Every::Days { count: 1 }, "02:30"), at("2026-03-07 00:00", new_york), new_york, 3);
    assert_eq!(found, ["2026-03-07 02:30", "2026-03-08 03:00", "2026-03-09 02:30"]);
    let twice = occurrences(&rule(Every::Days { count: 1 }, "01:30"), at("2026-10-31 12:00", new_york), new_york, 2);
    assert_eq!(twice, ["2026-11-01 01:30", "2026-11-02 01:30"]);
}

#[test]
fn weekly_rules_go_by_weekday() {
    let bangkok = zoned("Asia/Bangkok");
    let days = Weekdays::of(Weekday::Mon).with(Weekdays::of(Weekday::Thu));
    let found = occurrences(&rule(Every::Weeks { count: 1, on: days }, "09:00"), at("2026-03-02 09:00", bangkok), bangkok, 3);
    assert_eq!(found, ["2026-03-05 09:00", "2026-03-09 09:00", "2026-03-12 09:00"]);
    let weekdays =
        occurrences(&rule(Every::Weeks { count: 1, on: Weekdays::WEEKDAYS }, "09:00"), at("2026-03-05 12:00", bangkok), bangkok, 2);
    assert_eq!(weekdays, ["2026-03-06 09:00", "2026-03-09 09:00"]);
    assert_eq!(rule(Every::Weeks { count: 1, on: Weekdays::NONE }, "09:00").next_after(at("2026-03-05 12:00", bangkok), bangkok), None);
}

#[test]
fn a_rule_that_counts_counts_from_its_first_occurrence_after_the_anchor() {
    let bangkok = zoned("Asia/Bangkok");
    let before = at("2026-01-01 00:00", bangkok);
    let anchored = |every| Rule { every, at: time("09:00"), anchor: Some(date("2026-03-04")) };
    let days = Weekdays::of(Weekday::Mon).with(Weekdays::of(Weekday::Thu));
    let fortnight = anchored(Every::Weeks { count: 2, on: days });
    let found = occurrences(&fortnight, before, bangkok, 4);
    assert_eq!(found, ["2026-03-05 09:00", "2026-03-16 09:00", "2026-03-19 09:00", "2026-03-30 09:00"]);
    assert_eq!(fortnight.latest_at_or_before(at("2026-03-05 08:59", bangkok), bangkok), None, "nothing before the anchor");
    let third_day = occurrences(&anchored(Every::Days { count: 3 }), before, bangkok, 3);
    assert_eq!(third_day, ["2026-03-04 09:00", "2026-03-07 09:00", "2026-03-10 09:00"]);
    let quarter = occurrences(&anchored(Every::Months { count: 3, on: MonthDay::Day(1) }), before, bangkok, 3);
    assert_eq!(quarter, ["2026-04-01 09:00", "2026-07-01 09:00", "2026-10-01 09:00"]);
    let year = anchored(Every::Years { count: 1, month: 2, on: MonthDay::Day(29) });
    assert_eq!(occurrences(&year, before, bangkok, 2), ["2027-02-28 09:00", "2028-02-29 09:00"]);
}

#[test]
fn days_of_the_month_land_on_its_last_day_and_first_and_last_weekdays_are_found() {
    let bangkok = zoned("Asia/Bangkok");
    let from = at("2026-01-31 09:00", bangkok);
    let monthly = |on| occurrences(&rule(Every::Months { count: 1, on }, "09:00"), from, bangkok, 3);
    assert_eq!(monthly(MonthDay::Day(31)), ["2026-02-28 09:00", "2026-03-31 09:00", "2026-04-30 09:00"]);
    assert_eq!(monthly(MonthDay::First(Weekdays::of(Weekday::Fri))), ["2026-02-06 09:00", "2026-03-06 09:00", "2026-04-03 09:00"]);
    assert_eq!(monthly(MonthDay::Last(Weekdays::of(Weekday::Fri))), ["2026-02-27 09:00", "2026-03-27 09:00", "2026-04-24 09:00"]);
    assert_eq!(monthly(MonthDay::First(Weekdays::WEEKDAYS)), ["2026-02-02 09:00", "2026-03-02 09:00", "2026-04-01 09:00"]);
}

#[test]
fn elapsed_rules_count_from_the_begin_of_the_day_or_from_the_anchor() {
    let bangkok = zoned("Asia/Bangkok");
    let daily = rule(Every::Elapsed { ms: 7 * HOUR_MS }, "00:00");
    assert_eq!(
        occurrences(&daily, at("2026-03-02 13:00", bangkok), bangkok, 4),
        ["2026-03-02 14:00", "2026-03-02 21:00", "2026-03-03 00:00", "2026-03-03 07:00"]
    );
    let anchored = Rule { anchor: Some(date("2026-03-02")), ..daily };
    assert_eq!(
        occurrences(&anchored, at("2026-03-02 13:00", bangkok), bangkok, 3),
        ["2026-03-02 14:00", "2026-03-02 21:00", "2026-03-03 04:00"]
    );
    assert_eq!(anchored.latest_at_or_before(at("2026-03-01 23:59", bangkok), bangkok), None);
}

#[test]
fn of_several_missed_occurrences_the_latest_is_found() {
    let bangkok = zoned("Asia/Bangkok");
    let monday = rule(Every::Weeks { count: 1, on: Weekdays::of(Weekday::Mon) }, "09:00");
    let (name, _) = monday.latest_at_or_before(at("2026-03-20 12:00", bangkok), bangkok).unwrap();
    assert_eq!(name, date("2026-03-16"));
}

#[test]
fn yearly_dates_keep_their_distance_also_over_the_turn_of_the_year() {
    let bangkok = zoned("Asia/Bangkok");
    let before = Yearly { offset: Span::of_days(-3), at: time("09:00") };
    let (name, moment) = before.next_after(date("1990-01-02"), at("2026-06-01 00:00", bangkok), bangkok).unwrap();
    assert_eq!((name, show(moment, bangkok).as_str()), (date("2026-12-30"), "2026-12-30 09:00"));
    assert_eq!(before.latest_at_or_before(date("1990-01-02"), moment, bangkok), Some((name, moment)));
    // The date itself is its first anniversary; a birthday to come has none before it.
    let on_it = Yearly { offset: Span::default(), at: time("09:00") };
    assert_eq!(on_it.next_after(date("2030-05-05"), at("2026-06-01 00:00", bangkok), bangkok).unwrap().0, date("2030-05-05"));
    assert_eq!(on_it.latest_at_or_before(date("2030-05-05"), at("2026-06-01 00:00", bangkok), bangkok), None);
    let far = Yearly { offset: Span::of_days(400), at: time("09:00") };
    let after = at("2026-06-01 00:00", bangkok);
    let (name, _) = far.next_after(date("1990-01-02"), after, bangkok).unwrap();
    assert_eq!(name, date("2026-01-02") + Duration::days(400));
}
