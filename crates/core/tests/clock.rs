//! Clocks: what shows a freeze, and when a writer may bring its own.
#![expect(clippy::arithmetic_side_effects, reason = "small numbers")]

use tollgate_core::{
    lease::{DateSample, Watch, WriterClock, may_write},
    time::{Reading, UnixMillis},
};

const WALL: u64 = 1_800_000_000_000;

/// What both clocks say `after_ms` later.
fn at(after_ms: u64) -> Reading {
    Reading { wall: UnixMillis(WALL + after_ms), mono_ms: 50 + after_ms }
}

#[test]
fn clocks_that_disagree_by_more_than_a_second_show_a_freeze() {
    let frozen = |wall: u64, mono: u64| {
        let start = at(10_000);
        let now = Reading { wall: at(wall).wall, mono_ms: at(mono).mono_ms };
        Watch::new(start).frozen(now)
    };
    assert!(!frozen(11_000, 10_000) && frozen(11_001, 10_000), "the monotonic clock stood still");
    assert!(!frozen(9_000, 10_000) && frozen(8_999, 10_000), "the wall clock stepped back");
    assert!(!frozen(90_000, 90_000), "an idle hour is no freeze");
    let mut watch = Watch::new(at(0));
    assert!(
        (1..100).all(|step| {
            let drifting = Reading { wall: at(step * 110).wall, mono_ms: at(step * 100).mono_ms };
            !watch.frozen(drifting)
        }),
        "it compares consecutive readings"
    );
}

#[test]
fn an_only_clock_that_is_set_back_stretches_nothing() {
    let mut watch = Watch::new(at(10_000_000));
    assert!(watch.frozen(at(6_400_000)), "by an hour: as after a freeze");
    let mut watch = Watch::new(at(10_000));
    assert!(!watch.frozen(at(9_500)), "by half a second");
    let sent = watch.steady();
    assert!(!watch.frozen(at(9_900)));
    assert_eq!(watch.steady().since(sent), 400, "what passes after the step is counted");
}

#[test]
fn a_writer_whose_clock_is_off_or_unknown_does_not_write() {
    let sample = |date: u64, received: u64| {
        Some(DateSample { date: UnixMillis(date), received: UnixMillis(received) })
    };
    let check = |sample, now, expected| assert_eq!(may_write(sample, UnixMillis(now)), expected);
    check(sample(10_000, 10_500), 70_500, WriterClock::Write);
    check(sample(10_000, 10_500), 70_501, WriterClock::ReadFirst);
    check(sample(10_000, 12_500), 12_500, WriterClock::Write);
    check(sample(10_000, 12_501), 12_501, WriterClock::ClockOff);
    check(sample(10_000, 8_500), 8_500, WriterClock::Write);
    check(sample(10_000, 8_499), 8_499, WriterClock::ClockOff);
    check(None, 10_000, WriterClock::ReadFirst);
}
