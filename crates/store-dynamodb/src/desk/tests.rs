#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use tollgate_core::{
    lease::{Deadline, HolderId, Lease},
    limit::{Numbers, Period},
    stamp::Stamp,
};

use super::*;

/// 2027-01-15T08:00:00Z.
const START: UnixMillis = UnixMillis(1_800_000_000_000);

fn ask(id: u8, seq: u64, numbers: Numbers, waiting: u32) -> Ask {
    Ask {
        holder: HolderId([id; 16]),
        seq,
        numbers,
        changed: Stamp { incarnation: 1, epoch: 1 },
        deadline: Deadline::MAX,
        waiting,
        cost: waiting.min(1),
        want: 0,
        keep: 0,
        back: 0,
    }
}

fn lease(exchanged: &Exchanged) -> Lease {
    match exchanged.answer {
        Answer::Lease(lease) => lease,
        Answer::Stale { seq } => panic!("{seq} is stale"),
    }
}

fn steady(burst: u64, rate: u64) -> Numbers {
    Numbers::steady(burst, rate, 1_000).unwrap()
}

#[test]
fn the_own_answer_comes_before_whatever_has_become_of_the_clock() {
    let asked = ask(1, 1, steady(10, 1), 3);
    let first = exchange(None, &asked, 0, START).unwrap();
    let state = first.write.clone().unwrap().state;
    // An hour behind the instant that is stored: another holder's message would repair it.
    let earlier = UnixMillis(START.0 - 3_600_000);
    let again = exchange(Some(&state), &asked, 5, earlier).unwrap();
    assert_eq!(again, Exchanged { answer: first.answer, write: None, repaired: false });
    let other = exchange(Some(&state), &ask(2, 1, steady(10, 1), 3), 0, earlier).unwrap();
    assert!(other.repaired);
    assert_eq!((lease(&other).granted_waiting, lease(&other).left), (0, 0));
}

#[test]
fn a_bucket_goes_a_minute_after_it_is_full_with_nothing_out() {
    let quota = Numbers::quota(10, Period::Day).unwrap();
    let midnight = START.0 / 1_000 + 57_600;
    for (numbers, waiting, full) in [
        // A token out for a second is then missing, and is there again a second later.
        (steady(10, 1), 1, START.0 / 1_000 + 2),
        (steady(10, 1), 10, START.0 / 1_000 + 11),
        (steady(1_000, 1_000), 1_000, START.0 / 1_000 + 2),
        (quota, 1, midnight),
    ] {
        let exchanged = exchange(None, &ask(1, 1, numbers, waiting), 0, START).unwrap();
        let ttl = exchanged.write.unwrap().ttl.unwrap();
        assert_eq!(ttl, full + 60, "{numbers:?}");
    }
}

#[test]
fn attempts_count_and_thirty_a_second_is_the_budget() {
    let numbers = steady(1_000, 1_000);
    for (refused, slowed) in [(0, false), (29, false), (30, true)] {
        let exchanged = exchange(None, &ask(1, 1, numbers, 1), refused, START).unwrap();
        assert_eq!(lease(&exchanged).ask_after_ms > 0, slowed, "{refused}");
    }
}

#[test]
fn what_is_no_state_is_not_read() {
    for state in [&[][..], &[0; 40], &[255; 200]] {
        assert_eq!(exchange(Some(state), &ask(1, 1, steady(9, 1), 1), 0, START), Err(Unreadable));
    }
}

#[test]
fn a_holder_takes_less_than_fifty_six_bytes() {
    let mut state: Option<Vec<u8>> = None;
    for seq in 1..=3 {
        for id in 0..8 {
            let asked = Ask { want: 16, ..ask(id | 0x80, seq, steady(1_000, 500), 2) };
            let now = START.plus(seq * 700 + u64::from(id));
            let exchanged = exchange(state.as_deref(), &asked, 0, now).unwrap();
            state = Some(exchanged.write.unwrap().state);
        }
    }
    let bytes = state.unwrap().len();
    assert!(bytes <= STATE_HEADER_MAX + 8 * 56, "{bytes}");
}
