//! Writes that a store refused because another came first: they count as calls.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use tollgate_core::{
    lease::{Account, Answer, Ask, Deadline, HolderId, Lease, Slot, Standard},
    limit::Numbers,
    stamp::Stamp,
    time::UnixMillis,
};

/// 2027-01-15T08:00:00Z.
const START: UnixMillis = UnixMillis(1_800_000_000_000);

fn ask(seq: u64) -> Ask {
    Ask {
        holder: HolderId([1; 16]),
        seq,
        numbers: Numbers::steady(1_000, 1_000, 1_000).unwrap(),
        changed: Stamp { incarnation: 1, epoch: 1 },
        deadline: Deadline::MAX,
        waiting: 1,
        cost: 1,
        want: 0,
        keep: 0,
        back: 0,
    }
}

/// An exchange after so many writes that were refused.
fn granted(
    account: &mut Account,
    slots: &mut [Slot],
    refused: u32,
    seq: u64,
    now: UnixMillis,
) -> Lease {
    account.count_refused(refused, now);
    match account.exchange(slots, &ask(seq), now, &Standard::default()).answer() {
        Answer::Lease(lease) => lease,
        Answer::Stale { seq } => panic!("{seq} is stale"),
    }
}

#[test]
fn calls_that_the_store_refused_count_against_the_budget() {
    for (refused, slowed) in [(0, false), (79, false), (80, true), (500, true)] {
        let (mut account, mut slots) = (Account::new(&ask(1), START), [Slot::VACANT; 2]);
        let lease = granted(&mut account, &mut slots, refused, 1, START);
        assert_eq!(lease.ask_after_ms > 0, slowed, "{refused} refused");
        assert_eq!(lease.granted_waiting, 1, "{refused} refused");
        // What was refused a while ago is over.
        let later = granted(&mut account, &mut slots, 0, 2, START.plus(2_500));
        assert_eq!(later.ask_after_ms, 0, "{refused} refused");
    }
}
