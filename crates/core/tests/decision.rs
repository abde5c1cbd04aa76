//! The decision: every combination of its small domains against a table that says who comes first.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "a test stops at what should not be"
)]

#[path = "support/purses.rs"]
mod purses;
#[path = "support/records.rs"]
mod records;

use purses::{NOW, Told, known, purse};
use records::{genuine, plain, record};
use tollgate_core::{
    bucket::Wait,
    decision::{Denial, Known, Need, Presented, Request, Step, Verdict, decide},
    head::{Checked, CurrentAbsence, Entry, Freshness, Head},
    id::Id,
    key::Env,
    lease::Purse,
    limit::{Limit, LimitScope, Numbers, Period},
    lookup::LookupId,
    network::{Address, Country},
    record::{self, Absence, Draft, Expected, Found, PACKED_MAX, State},
    scope::Scope,
    stamp::Stamp,
    time::UnixMillis,
};

fn absence(lookup: LookupId) -> CurrentAbsence {
    let as_of = Stamp { incarnation: 1, epoch: 1 };
    match Head::begin(as_of, [Entry::NONE; 1]).check_absence(Absence { as_of, lookup }, 0) {
        Checked::Current(absence) => absence,
        other => panic!("{other:?}"),
    }
}

fn limit(name: &str, numbers: Numbers, scope: LimitScope) -> Limit<'_> {
    let changed = Stamp { incarnation: 1, epoch: 1 };
    Limit { name: Id::new(name).unwrap(), scope, numbers, changed }
}

/// How a step reads, for comparison with a table.
fn read(step: &Step<'_>) -> String {
    match step {
        Step::Verdict(Verdict::Allow(allowed)) if allowed.flagged() => "allow flagged".into(),
        Step::Verdict(Verdict::Allow(_)) => "allow".into(),
        Step::Verdict(Verdict::Deny(denial)) => denial.code().into(),
        Step::Await(Need::Head) => "await head".into(),
        Step::Await(Need::Record) => "await record".into(),
        Step::Await(Need::Tokens(_)) => "await tokens".into(),
    }
}

#[test]
fn the_first_that_applies_is_the_answer_in_every_combination() {
    let expiries = [None, Some(999_999), Some(1_000_000), Some(1_000_001)];
    let beginnings = [None, Some(1_000_000), Some(1_000_001)];
    let scopes = [Scope::new("orders:read").unwrap()];
    let genuine = genuine("live");
    let mut combinations = 0_u32;
    let mut answers = std::collections::BTreeSet::new();
    for state in State::ALL {
        for expires in expiries {
            for not_before in beginnings {
                if not_before.zip(expires).is_some_and(|(from, to)| from >= to) {
                    continue;
                }
                for rules in 0_u8..32 {
                    let rule = |bit: u8| rules >> bit & 1 == 1;
                    let limits =
                        [limit("l", Numbers::steady(9, 1, 1_000).unwrap(), LimitScope::Key)];
                    let draft = Draft {
                        state,
                        expires: expires.map(UnixMillis),
                        not_before: not_before.map(UnixMillis),
                        ips_denied: if rule(0) { &["192.0.2.0/24"] } else { &[] },
                        countries_allowed: if rule(1) { &["DE"] } else { &[] },
                        scopes: if rule(2) { &["orders:*"] } else { &["orders:write"] },
                        limits: if rule(3) { &limits } else { &[] },
                        ..plain()
                    };
                    let packed = &mut [0; PACKED_MAX];
                    let record = record(&draft, packed);
                    for freshness in Freshness::ALL {
                        let request = Request {
                            address: Some(Address::parse("192.0.2.7").unwrap()),
                            country: rule(4).then(|| Country::new(b"FR").unwrap()),
                            required: &scopes,
                            cost: 1,
                            limits: &[],
                        };
                        let mut purses: Vec<_> = record
                            .limits
                            .iter()
                            .map(|limit| purse(&limit, Told::Tokens(1)))
                            .collect();
                        let presented = Presented::Genuine(genuine, known(record));
                        let step = decide(presented, freshness, &request, &mut purses, NOW);
                        // The table: the first line whose condition holds.
                        let lines = [
                            (freshness == Freshness::Await, "await head"),
                            (freshness == Freshness::Lost, "unavailable"),
                            (state == State::Revoked, "key_revoked"),
                            (state == State::TenantDisabled, "tenant_disabled"),
                            (state == State::OwnerDisabled, "owner_disabled"),
                            (state == State::Disabled, "key_disabled"),
                            (expires.is_some_and(|at| at <= 1_000_000), "key_expired"),
                            (not_before.is_some_and(|at| at > 1_000_000), "key_not_yet_valid"),
                            (rule(0), "ip_denied"),
                            (rule(1), "country_denied"),
                            (!rule(2), "scope_missing"),
                            (freshness == Freshness::Flagged, "allow flagged"),
                            (true, "allow"),
                        ];
                        let expected = lines.into_iter().find(|(applies, _)| *applies).unwrap().1;
                        assert_eq!(read(&step), expected, "{draft:?} {freshness:?} {rules:b}");
                        // Tokens are spent by an allow, and by nothing else.
                        let spent = expected.starts_with("allow");
                        for purse in &purses {
                            assert_eq!(purse.tokens(NOW), u64::from(!spent));
                        }
                        combinations += 1;
                        answers.insert(expected);
                    }
                }
            }
        }
    }
    assert!(combinations > 5_000, "{combinations}");
    assert_eq!(answers.len(), 13, "every line of the table has been reached: {answers:?}");
}

#[test]
fn what_is_not_proved_needs_no_head_and_no_record() {
    let request = Request { address: None, country: None, required: &[], cost: 1, limits: &[] };
    for freshness in Freshness::ALL {
        for (presented, expected) in [
            (Presented::Ambiguous, "request_invalid"),
            (Presented::Missing, "credential_missing"),
            (Presented::Refused, "key_invalid"),
        ] {
            let step = decide::<Purse>(presented, freshness, &request, &mut [], NOW);
            assert_eq!(read(&step), expected, "{freshness:?}");
        }
    }
}

#[test]
fn a_genuine_key_is_fetched_believed_absent_or_unavailable() {
    let genuine = genuine("live");
    let request = Request { address: None, country: None, required: &[], cost: 1, limits: &[] };
    let other = LookupId::new([1; 16]);
    for (known, expected) in [
        (Known::Nothing, "await record"),
        (Known::Failed, "unavailable"),
        (Known::Absent(absence(genuine.lookup())), "key_invalid"),
        // Another secret's absence says nothing of this one.
        (Known::Absent(absence(other)), "unavailable"),
    ] {
        let presented = Presented::Genuine(genuine, known);
        let step = decide::<Purse>(presented, Freshness::Fresh, &request, &mut [], NOW);
        assert_eq!(read(&step), expected);
    }
}

#[test]
fn another_secrets_record_never_allows() {
    let request = Request { address: None, country: None, required: &[], cost: 0, limits: &[] };
    let packed = &mut [0; PACKED_MAX];
    let other = record(&Draft { lookup: LookupId::new([1; 16]), ..plain() }, packed);
    let presented = Presented::Genuine(genuine("live"), known(other));
    let step = decide::<Purse>(presented, Freshness::Fresh, &request, &mut [], NOW);
    assert_eq!(read(&step), "unavailable");
}

#[test]
fn a_record_for_another_env_never_allows() {
    let request = Request { address: None, country: None, required: &[], cost: 0, limits: &[] };
    let packed = &mut [0; PACKED_MAX];
    let draft = Draft { env: Env::new("test").unwrap(), ..plain() };
    let text = records::text(&draft).unwrap();
    let expected = Expected { lookup: draft.lookup, env: draft.env };
    let found = record::open(&text, &records::ring(), expected, packed).unwrap();
    let Found::Present(other) = found else { panic!("a draft became an absence") };
    let presented = Presented::Genuine(genuine("live"), known(other));
    let step = decide::<Purse>(presented, Freshness::Fresh, &request, &mut [], NOW);
    assert_eq!(read(&step), "unavailable");
}

#[test]
fn a_record_from_after_a_restore_waits_for_the_head() {
    let request = Request { address: None, country: None, required: &[], cost: 0, limits: &[] };
    for (freshness, expected) in [
        (Freshness::Fresh, "await head"),
        (Freshness::Renew, "await head"),
        (Freshness::Await, "await head"),
        (Freshness::Flagged, "unavailable"),
        (Freshness::Lost, "unavailable"),
    ] {
        let presented = Presented::Genuine(genuine("live"), Known::Ahead);
        let step = decide::<Purse>(presented, freshness, &request, &mut [], NOW);
        assert_eq!(read(&step), expected, "{freshness:?}");
    }
}

#[test]
fn a_purse_goes_by_the_numbers_of_the_record() {
    let limits = [limit("l", Numbers::steady(9, 1, 1_000).unwrap(), LimitScope::Key)];
    let raised = Stamp { incarnation: 1, epoch: 2 };
    let numbers = Numbers::steady(20, 1, 1_000).unwrap();
    let packed = &mut [0; PACKED_MAX];
    let changed = [Limit { numbers, changed: raised, ..limits[0] }];
    let record = record(&Draft { limits: &changed, ..plain() }, packed);
    let mut purses = limits.map(|limit| purse(&limit, Told::Nothing));
    let request = Request { address: None, country: None, required: &[], cost: 15, limits: &[] };
    let presented = Presented::Genuine(genuine("live"), known(record));
    let step = decide(presented, Freshness::Fresh, &request, &mut purses, NOW);
    assert_eq!(read(&step), "await tokens", "15 of 20 may pass, of 9 they never would");
    assert_eq!(purses[0].limit(), (numbers, raised));
}

#[test]
fn a_limit_by_address_needs_an_address() {
    let limits = [limit("l", Numbers::steady(9, 1, 1_000).unwrap(), LimitScope::Ip)];
    let packed = &mut [0; PACKED_MAX];
    let record = record(&Draft { limits: &limits, ..plain() }, packed);
    for (address, expected) in [(None, "unavailable"), (Some("2001:db8::1"), "allow")] {
        let address = address.map(|text| Address::parse(text).unwrap());
        let request = Request { address, country: None, required: &[], cost: 1, limits: &[] };
        let mut purses = limits.map(|limit| purse(&limit, Told::Tokens(3)));
        let presented = Presented::Genuine(genuine("live"), known(record));
        let step = decide(presented, Freshness::Fresh, &request, &mut purses, NOW);
        assert_eq!(read(&step), expected);
    }
}

#[test]
fn all_purses_give_or_none_and_the_longest_wait_is_named() {
    let told = [
        Told::Nothing,
        Told::Tokens(1),
        Told::Tokens(2),
        Told::Wait(300),
        Told::Wait(700),
        Told::Never,
    ];
    let limits =
        ["a", "b"].map(|name| limit(name, Numbers::steady(9, 1, 1_000).unwrap(), LimitScope::Key));
    let quotas = ["c", "d"]
        .map(|name| limit(name, Numbers::quota(9, Period::Day).unwrap(), LimitScope::Key));
    let packed = &mut [0; PACKED_MAX];
    let record = record(&Draft { limits: &limits, quotas: &quotas, ..plain() }, packed);
    let request = Request { address: None, country: None, required: &[], cost: 2, limits: &[] };
    let each: Vec<_> = limits.iter().chain(&quotas).collect();
    let mut reached = std::collections::BTreeSet::new();
    for combination in 0..told.len().pow(4) {
        let told: Vec<_> = (0..4_u32)
            .map(|place| told[combination / told.len().pow(place) % told.len()])
            .collect();
        for freshness in [Freshness::Fresh, Freshness::Flagged] {
            let mut purses: Vec<_> =
                each.iter().zip(&told).map(|(limit, told)| purse(limit, *told)).collect();
            let before: Vec<_> = purses.iter().map(|purse| purse.tokens(NOW)).collect();
            let presented = Presented::Genuine(genuine("live"), known(record));
            let step = decide(presented, freshness, &request, &mut purses, NOW);
            let after: Vec<_> = purses.iter().map(|purse| purse.tokens(NOW)).collect();

            let waits: Vec<_> = told
                .iter()
                .map(|told| match told {
                    Told::Wait(ms) => Some(Wait::Later(u64::from(*ms))),
                    Told::Never => Some(Wait::Never),
                    Told::Nothing | Told::Tokens(_) => None,
                })
                .collect();
            let longest = |of: &[Option<Wait>]| {
                let max = of.iter().flatten().max().copied()?;
                of.iter().position(|wait| *wait == Some(max))
            };
            let wait = waits.iter().flatten().max().copied();
            let short: Vec<_> = told
                .iter()
                .enumerate()
                .filter(|(_, told)| matches!(told, Told::Nothing | Told::Tokens(1)))
                .map(|(place, _)| place)
                .collect();
            let says = read(&step);
            match (longest(&waits[2..]), longest(&waits[..2])) {
                (Some(quota), _) => {
                    let expected = Denial::QuotaExhausted { quota, wait: wait.unwrap() };
                    assert!(
                        matches!(step, Step::Verdict(Verdict::Deny(denial)) if denial == expected),
                        "{told:?}: {step:?}"
                    );
                }
                (None, Some(limit)) => {
                    let expected = Denial::RateLimited { limit, wait: wait.unwrap() };
                    assert!(
                        matches!(step, Step::Verdict(Verdict::Deny(denial)) if denial == expected),
                        "{told:?}: {step:?}"
                    );
                }
                (None, None) if short.is_empty() => assert!(says.starts_with("allow"), "{told:?}"),
                (None, None) if freshness == Freshness::Flagged => assert_eq!(says, "unavailable"),
                (None, None) => match step {
                    Step::Await(Need::Tokens(places)) => {
                        assert_eq!(places.places().collect::<Vec<_>>(), short)
                    }
                    other => panic!("{told:?}: {other:?}"),
                },
            }
            let spent: u64 = if says.starts_with("allow") { 2 } else { 0 };
            for (before, after) in before.iter().zip(&after) {
                assert_eq!(before - after, spent, "{told:?}");
            }
            reached.insert(says);
        }
    }
    assert_eq!(reached.len(), 6, "{reached:?}");
}

#[test]
fn a_purse_too_few_or_too_many_never_allows() {
    let limits = [limit("a", Numbers::steady(9, 1, 1_000).unwrap(), LimitScope::Key)];
    let packed = &mut [0; PACKED_MAX];
    let record = record(&Draft { limits: &limits, ..plain() }, packed);
    let request = Request { address: None, country: None, required: &[], cost: 0, limits: &[] };
    for (count, expected) in [(0, "unavailable"), (1, "allow"), (2, "unavailable")] {
        let mut purses = Vec::from_iter((0..count).map(|_| purse(&limits[0], Told::Tokens(5))));
        let presented = Presented::Genuine(genuine("live"), known(record));
        let step = decide(presented, Freshness::Fresh, &request, &mut purses, NOW);
        assert_eq!(read(&step), expected, "{count}");
    }
}
