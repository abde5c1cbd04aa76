//! What a panic leaves behind.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops at what should not be")]

use tollgate_core::{
    id::Id,
    key::Env,
    lease::{HolderId, Queue},
    limit::Numbers,
    lookup::LookupId,
    pepper::{Pepper, Peppers},
    record::{self, Draft, Expected, Found, PACKED_MAX, State},
    stamp::Stamp,
};

use super::*;

const LOOKUP: LookupId = LookupId::new([7; 16]);

fn limit() -> Limit<'static> {
    let numbers = Numbers::steady(100, 10, 1_000).unwrap();
    let changed = Stamp { incarnation: 1, epoch: 1 };
    Limit { name: Id::new("burst").unwrap(), scope: LimitScope::Key, numbers, changed }
}

/// Looks at the one record there is.
fn with_record(then: impl FnOnce(&Record<'_>)) {
    let secret = b"not a secret, but no progression";
    let peppers = Peppers::new(&[Pepper { id: 0, secret }], 0).unwrap();
    let env = Env::new("live").unwrap();
    let draft = Draft {
        as_of: Stamp { incarnation: 1, epoch: 1 },
        lookup: LOOKUP,
        key: "key_1",
        tenant: "acme",
        owner: "owner_1",
        env,
        state: State::Active,
        not_before: None,
        expires: None,
        plan: None,
        scopes: &[],
        limits: &[limit()],
        quotas: &[],
        ips_allowed: &[],
        ips_denied: &[],
        countries_allowed: &[],
        countries_denied: &[],
    };
    let mut text = [0; 2_048];
    let text = record::seal(&draft, &peppers, peppers.issuing(), &mut text).unwrap();
    let mut packed = [0; PACKED_MAX];
    let expected = Expected { lookup: LOOKUP, env };
    match record::open(text, &peppers, expected, &mut packed).unwrap() {
        Found::Present(record) => then(&record),
        Found::Absent(_) => panic!("a record became an absence"),
    }
}

#[test]
fn a_purse_that_was_out_when_something_panicked_is_a_void_one_with_its_number() {
    with_record(|record| {
        let (seed, now) = (Seed::new(HolderId([1; 16])), Reading::default());
        let mut purses = Purses::new(4, Host::Background, seed);
        let request = Request { address: None, country: None, required: &[], cost: 1, limits: &[] };
        assert_eq!(purses.gather(record, &request, |_| Handle::NONE), Gathered::Missing);
        assert!(purses.complete(record, &request, 0, now));
        let handle = *purses.at_hand.first().unwrap();
        let slot = purses.slot(handle).unwrap();
        let queue = Queue { tokens: 1, largest: 1 };
        let purse = slot.purse.as_mut().unwrap();
        for seq in 1..=3 {
            let ask = purse.ask(HolderId([1; 16]), queue, now).unwrap();
            assert_eq!(ask.seq, seq);
            purse.void();
        }
        (slot.seq, slot.open) = (3, true);
        // Taken out, and never put back.
        assert!(purses.take(record, &request, 0));
        assert!(purses.slot(handle).unwrap().purse.is_none());
        assert_eq!(purses.gather(record, &request, |_| handle), Gathered::Whole);
        assert!(purses.take(record, &request, 0));
        purses.put_back(now);
        let slot = purses.slot(handle).unwrap();
        assert!(!slot.open, "its message is nobody's");
        let ask = slot.purse.as_mut().unwrap().ask(HolderId([1; 16]), queue, now).unwrap();
        assert_eq!(ask.seq, 4, "a lower one would be stale");
    });
}
