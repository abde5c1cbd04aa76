//! The limits of a route, counted besides those of the record.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    reason = "a test stops at what should not be"
)]

#[path = "support/purses.rs"]
mod purses;
#[path = "support/records.rs"]
mod records;

use purses::{NOW, Told, known, purse};
use records::{genuine, plain, record};
use tollgate_core::{
    decision::{Denial, Presented, Request, Step, Verdict, decide},
    head::Freshness,
    id::Id,
    limit::{Limit, LimitScope, Numbers, Period},
    record::{Draft, PACKED_MAX},
    stamp::Stamp,
};

const CHANGED: Stamp = Stamp { incarnation: 1, epoch: 1 };

#[test]
fn a_routes_limit_is_named_after_those_of_the_record() {
    let name = Id::new("exports").unwrap();
    let numbers = Numbers::steady(100, 50, 1_000).unwrap();
    let of_route = Limit { name, scope: LimitScope::Key, numbers, changed: CHANGED };
    let limits = [of_route];
    let request = Request { address: None, country: None, required: &[], cost: 2, limits: &limits };
    let packed = &mut [0; PACKED_MAX];
    let one = Limit { name: Id::new("burst").unwrap(), ..of_route };
    let record = record(&Draft { limits: &[one], quotas: &[one_a_day()], ..plain() }, packed);
    for (told, expected) in [
        ([Told::Tokens(2); 3], "allow"),
        ([Told::Tokens(2), Told::Tokens(2), Told::Wait(7)], "limit 1"),
        ([Told::Wait(9), Told::Tokens(2), Told::Wait(7)], "limit 0"),
        ([Told::Tokens(2), Told::Wait(5), Told::Wait(7)], "quota 0"),
        ([Told::Tokens(2), Told::Tokens(2), Told::Never], "limit 1"),
    ] {
        let all = record.limits.iter().chain(record.quotas).chain(limits);
        let mut purses: Vec<_> = all.zip(told).map(|(limit, told)| purse(&limit, told)).collect();
        let presented = Presented::Genuine(genuine("live"), known(record));
        let step = decide(presented, Freshness::Fresh, &request, &mut purses, NOW);
        let found = match step {
            Step::Verdict(Verdict::Allow(_)) => "allow".to_owned(),
            Step::Verdict(Verdict::Deny(Denial::RateLimited { limit, .. })) => {
                format!("limit {limit}")
            }
            Step::Verdict(Verdict::Deny(Denial::QuotaExhausted { quota, .. })) => {
                format!("quota {quota}")
            }
            other => format!("{other:?}"),
        };
        assert_eq!(found, expected, "{told:?}");
        // All or nothing: the record's tokens are there unless it passed.
        let left = if expected == "allow" { 0 } else { 2 };
        if told[0] == Told::Tokens(2) {
            assert_eq!(purses[0].tokens(NOW), left, "{told:?}");
        }
    }
}

fn one_a_day() -> Limit<'static> {
    Limit {
        name: Id::new("daily").unwrap(),
        scope: LimitScope::Key,
        numbers: Numbers::quota(100, Period::Day).unwrap(),
        changed: CHANGED,
    }
}
