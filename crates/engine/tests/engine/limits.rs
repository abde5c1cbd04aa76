//! Which limits a request is counted by, and what is said of them.

use std::sync::Arc;

use tollgate_core::{
    bucket::Wait,
    decision::Denial,
    limit::{LimitScope, Numbers, Period},
    record::State,
};
use tollgate_engine::{Demand, Inquiry};

use crate::{
    book::{Bound, Card},
    leases::{from, narrow, of, wide},
    rig::{Rig, SETTINGS},
};

fn costing(cost: u32) -> Inquiry {
    Inquiry { demand: Arc::new(Demand::new(&[], cost).unwrap()), ..Rig::inquiry(0) }
}

#[test]
fn every_address_has_its_own_purse_and_a_network_of_ipv6_has_one() {
    let by_address = Bound { scope: LimitScope::Ip, ..Bound::key("address", 1, 1, 60_000) };
    let mut rig = Rig::warm(SETTINGS, &[Card::limited(0, &[by_address])]);
    for (address, said) in [
        ("192.0.2.1", "allow"),
        ("192.0.2.1", "rate_limited"),
        ("::ffff:192.0.2.1", "rate_limited"),
        ("192.0.2.11", "allow"),
        ("2001:db8::1", "allow"),
        ("2001:db8::2", "rate_limited"),
        ("2001:db8:0:1::2", "allow"),
    ] {
        let mut heard = rig.arrive(from(address));
        if heard == "parked" {
            rig.answer_all();
            heard = rig.told().remove(0);
        }
        assert!(heard.ends_with(said), "{address}: {heard}");
    }
    assert_eq!(rig.arrive(Inquiry { address: None, ..Rig::inquiry(0) }), "unavailable");
    assert_eq!(rig.counts().purses, 5, "and none without an address");
}

#[test]
fn keys_of_one_owner_spend_from_one_bucket_and_others_do_not() {
    let owner = Bound { scope: LimitScope::Owner, ..narrow("orders") };
    let (one, two) = (Card::limited(0, &[owner]), Card::limited(1, &[owner]));
    let other = Card { owner: "b".to_owned(), ..Card::limited(2, &[owner]) };
    let foreign = Card { tenant: "emca".to_owned(), ..Card::limited(3, &[owner]) };
    let own = Card::limited(4, &[narrow("orders")]);
    let mut rig = Rig::warm(SETTINGS, &[one, two, other, foreign, own]);
    for number in 0..5 {
        rig.come(number);
        rig.answer_all();
    }
    let names: Vec<_> = rig.book.buckets.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "acme/key/key_4/orders",
            "acme/owner/b/orders",
            "acme/owner/ops@acme.example/orders",
            "emca/owner/ops@acme.example/orders"
        ]
    );
    assert_eq!(rig.counts().purses, 4);
    let spent = |name: &str| 20 - rig.book.buckets[name].0.credit() / 60_000;
    assert_eq!(spent("acme/owner/ops@acme.example/orders"), 3);
    assert_eq!(spent("acme/owner/b/orders"), 1);
}

#[test]
fn a_routes_own_limits_are_counted_besides_those_of_the_key() {
    let limit = Bound::key("exports", 1, 1, 60_000).limit();
    let other = Bound::key("imports", 1, 1, 60_000).limit();
    let demand = |limits: &[_]| Arc::new(Demand::new(&[], 1).unwrap().with_limits(limits).unwrap());
    let (exports, imports) = (demand(&[limit]), demand(&[other]));
    for card in [Card::of(0), Card::limited(0, &[wide()])] {
        let limits = card.limits.len();
        let mut rig = Rig::warm(SETTINGS, &[card]);
        // Each route in turn: what was found for one is not taken for the other.
        for (demand, said) in [
            (&exports, "allow"),
            (&imports, "allow"),
            (&exports, "rate_limited"),
            (&imports, "rate_limited"),
        ] {
            let inquiry = Inquiry { demand: Arc::clone(demand), ..Rig::inquiry(0) };
            let mut heard = rig.arrive(inquiry);
            if heard == "parked" {
                rig.answer_all();
                heard = rig.told().remove(0);
            }
            assert!(heard.ends_with(said), "{heard}");
            assert_eq!(rig.come(0), "allow", "without a limit of the route");
        }
        let inquiry = Inquiry { demand: Arc::clone(&exports), ..Rig::inquiry(0) };
        let refused = rig.refused(inquiry);
        let Denial::RateLimited { limit, .. } = refused.denial() else { panic!() };
        assert_eq!(limit, limits);
        assert!(rig.book.buckets.contains_key("acme/key/key_0/@exports"));
    }
    assert_eq!(exports.limits().next().unwrap().name.as_str(), "exports");
    for wrong in [&[limit, limit][..], &[Bound::key("@x", 1, 1, 1).limit()], &[limit; 5]] {
        assert!(Demand::new(&[], 1).unwrap().with_limits(wrong).is_err());
    }
}

#[test]
fn a_request_that_is_denied_without_them_makes_no_purse() {
    let cards = [
        Card::of(0),
        Card { state: State::Revoked, ..Card::limited(1, &[narrow("a")]) },
        Card { ips_denied: vec!["192.0.2.0/24"], ..Card::limited(2, &[narrow("a")]) },
    ];
    let mut rig = Rig::warm(SETTINGS, &cards);
    for (number, said) in [(1, "key_revoked"), (2, "ip_denied")] {
        assert_eq!(rig.come(number), "parked");
        rig.answer_all();
        assert!(rig.told()[0].ends_with(said));
        assert_eq!(rig.come(number), said);
    }
    assert_eq!(rig.counts().purses, 0);
}

#[test]
fn what_a_client_is_told_is_left_is_what_there_is() {
    let daily = Bound {
        numbers: Numbers::quota(500, Period::Day).unwrap(),
        ..Bound::key("daily", 1, 1, 1)
    };
    let card = Card { quotas: vec![daily], ..Card::limited(0, &[wide()]) };
    let mut rig = Rig::warm(SETTINGS, &[card]);
    let pass = rig.pass(0);
    let left = |place| pass.standing().left(place);
    assert_eq!((left(0), left(1), left(2), left(99)), (998, 498, 0, 0));
    rig.pass_ms(400);
    let refused = rig.refused(costing(1_001));
    assert_eq!(refused.denial(), Denial::QuotaExhausted { quota: 0, wait: Wait::Never });
    assert_eq!((refused.standing().left(0), refused.standing().left(1)), (998, 498));
}

#[test]
fn a_request_that_costs_nothing_is_not_counted_and_one_beyond_the_burst_never_passes() {
    let mut rig = Rig::warm(SETTINGS, &[Card::limited(0, &[narrow("a")])]);
    assert_eq!(rig.arrive(costing(0)), "allow");
    assert_eq!(rig.arrive(costing(21)), "rate_limited");
    assert_eq!(rig.arrive(costing(19)), "parked");
    rig.answer_all();
    assert_eq!(rig.told(), ["1 allow"]);
}

#[test]
fn a_limit_that_was_changed_is_asked_for_as_soon_as_the_record_is_known() {
    let mut rig = Rig::warm(SETTINGS, &[Card::limited(0, &[Bound::key("a", 1, 1, 60_000)])]);
    rig.come(0);
    rig.answer_all();
    rig.told();
    assert_eq!(rig.come(0), "rate_limited");
    let changed = rig.book.head.stamp();
    rig.book.change(0, |card| {
        card.limits = vec![Bound { changed, ..Bound::key("a", 5, 1, 60_000) }];
    });
    rig.skip_ms(1_001);
    assert_eq!(rig.come(0), "parked");
    for kind in ["head", "record"] {
        let errand = rig.one(kind);
        rig.answer(&errand);
    }
    let (_, ask) = of(&rig.one("lease"));
    assert_eq!(
        (ask.numbers.burst(), ask.changed),
        (5, changed),
        "the refusal was of other numbers"
    );
}
