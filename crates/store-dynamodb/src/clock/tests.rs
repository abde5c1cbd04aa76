#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::cell::Cell;

use super::*;

thread_local! {
    static NOW: Cell<Reading> = const { Cell::new(Reading { wall: UnixMillis(0), mono_ms: 0 }) };
}

const DATE: UnixMillis = UnixMillis(1_800_000_000_000);

fn now() -> Reading {
    NOW.get()
}

/// Lets both clocks be so far: the wall clock from the date, the other one from its zero.
fn set(wall_from_date_ms: i64, mono_ms: u64) {
    NOW.set(Reading { wall: UnixMillis(DATE.0.saturating_add_signed(wall_from_date_ms)), mono_ms });
}

#[test]
fn a_date_is_read_as_http_writes_it() {
    for (date, read) in [
        ("Fri, 15 Jan 2027 08:00:00 GMT", Some(DATE)),
        ("Thu, 01 Jan 1970 00:00:00 GMT", Some(UnixMillis(0))),
        ("Wed, 31 Dec 1969 23:59:59 GMT", None),
        ("2027-01-15T08:00:00Z", None),
        ("", None),
    ] {
        assert_eq!(instant(date), read, "{date}");
    }
}

#[test]
fn nothing_is_written_by_a_clock_that_is_off_by_more_than_two_seconds() {
    for (ahead_ms, held) in [
        (500, WriterClock::Write),
        (2_500, WriterClock::Write),
        (2_501, WriterClock::ClockOff),
        (-1_500, WriterClock::Write),
        (-1_501, WriterClock::ClockOff),
        (3_600_000, WriterClock::ClockOff),
    ] {
        let clock = Clock::new(now, Dates::Required);
        set(ahead_ms, 0);
        clock.hear(Some(DATE));
        assert_eq!(clock.may_write(), held, "{ahead_ms} ms ahead");
    }
}

#[test]
fn a_date_is_good_for_a_minute_on_either_clock_and_until_a_freeze() {
    for (wall_ms, mono_ms, held) in [
        (60_000, 0, WriterClock::Write),
        (0, 60_000, WriterClock::Write),
        (60_001, 0, WriterClock::ReadFirst),
        (0, 60_001, WriterClock::ReadFirst),
    ] {
        let clock = Clock::new(now, Dates::Required);
        set(0, 0);
        clock.hear(Some(DATE));
        set(wall_ms, mono_ms);
        assert_eq!(clock.may_write(), held, "{wall_ms} {mono_ms}");
        set(0, 0);
        clock.distrust();
        assert_eq!(clock.may_write(), WriterClock::ReadFirst);
    }
}

#[test]
fn answers_without_a_date_let_nobody_write_but_where_that_was_allowed() {
    set(0, 0);
    for (dates, before, after) in [
        (Dates::Required, WriterClock::ReadFirst, WriterClock::ReadFirst),
        (Dates::Optional, WriterClock::ReadFirst, WriterClock::Write),
    ] {
        let clock = Clock::new(now, dates);
        assert_eq!(clock.may_write(), before, "{dates:?}");
        clock.hear(None);
        assert_eq!(clock.may_write(), after, "{dates:?}");
        // A store that has said what time it is there is gone by.
        clock.hear(Some(UnixMillis(DATE.0.checked_sub(9_000).unwrap())));
        clock.hear(None);
        assert_eq!(clock.may_write(), WriterClock::ClockOff, "{dates:?}");
    }
}
