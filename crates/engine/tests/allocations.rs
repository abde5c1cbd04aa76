//! A warm request is decided, and a bad key refused, without asking for memory; and what a record costs.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    reason = "a test stops at the first thing that is not as it should be"
)]
#![expect(dead_code, reason = "what other tests need")]

#[path = "support/book.rs"]
mod book;
#[path = "support/rig.rs"]
mod rig;

use std::hint::black_box;

use book::{Bound, Card, brand, ring, text};
use rig::{Rig, SETTINGS};
use tollgate_engine::{Arrival, Decision, Prover, Settings};
use tollgate_testkit::allocations::{Counting, count, held};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The only test here: another one beside it would be counted too.
#[test]
fn what_is_refused_or_warm_takes_no_memory_and_a_record_takes_little() {
    bad_keys_allocate_nothing();
    warm_requests_allocate_nothing();
    a_usual_record_costs_at_most_300_bytes();
    let boxed = count(|| drop(black_box(Box::new(1))));
    assert!(boxed > 0, "the counter counts");
}

fn bad_keys_allocate_nothing() {
    let (prover, good) = (Prover::new(brand(), ring()), text(1));
    let mistyped = good.replace("tg_live_1", "tg_live_2");
    let long = "a".repeat(65_536);
    let forged = {
        let other =
            tollgate_core::pepper::Pepper { id: 3, secret: b"another secret that is none, too" };
        Prover::new(brand(), tollgate_core::pepper::Peppers::new(&[other], 3).unwrap())
    };
    let counted = count(|| {
        for text in ["", "tg_live_", &mistyped, &long] {
            assert!(prover.prove(text.as_bytes()).is_err());
        }
        assert!(forged.prove(good.as_bytes()).is_err());
        assert!(prover.prove(good.as_bytes()).is_ok());
    });
    assert_eq!(counted, 0);
}

fn warm_requests_allocate_nothing() {
    let wide = Bound::key("wide", 1_000_000, 1_000_000, 1_000);
    let by_address = Bound { scope: tollgate_core::limit::LimitScope::Ip, ..wide };
    let by_address = Bound { name: "address", ..by_address };
    for limits in [vec![], vec![wide], vec![wide, by_address]] {
        // Counted by its key as well: that takes room once.
        let counting = Settings { usage_every_ms: 10_000, ..SETTINGS };
        let mut rig = Rig::warm(counting, &[Card::limited(0, &limits)]);
        // Until it wants enough to go on for a while.
        for _ in 0..5_000 {
            rig.come(0);
            rig.answer_all();
        }
        rig.told();
        let inquiry = Rig::inquiry(0);
        rig.arrive(inquiry.clone());
        rig.answer_all();
        rig.told();
        let mut allowed = 0;
        let counted = count(|| {
            for _ in 0..100 {
                let arrival = rig.engine.arrive(inquiry.clone(), || 0, rig.now);
                assert!(matches!(arrival, Arrival::Decided(Decision::Allow(_))));
                allowed += usize::from(rig.engine.errands().next().is_none());
            }
        });
        assert_eq!((counted, allowed), (0, 100), "{} limits", limits.len());
    }
}

fn a_usual_record_costs_at_most_300_bytes() {
    let limit = Bound::key("burst", 1_000, 1_000, 1_000);
    let settings = Settings { records_bytes_max: 1 << 30, ..SETTINGS };
    let mut rig = Rig::warm(settings, &[Card::of(0)]);
    // As many as fill the tables: what is doubled too early is not a record's cost.
    let numbers = 1..13_000_u32;
    let mut inquiries = vec![];
    for number in numbers.clone() {
        let card = Card { key: format!("key_{number:012}"), ..Card::limited(number, &[limit]) };
        rig.book.issue(number, Card { scopes: vec![], ..card });
        inquiries.push(Rig::inquiry(number));
    }
    rig.skip_ms(1_001);
    rig.come(0);
    rig.answer_all();
    let (before, counted) = (held(), rig.counts().record_bytes);
    for inquiry in &inquiries {
        // A request that costs nothing makes no purse: this is about records.
        let demand = tollgate_engine::Demand::new(&["no:scope"], 1).unwrap();
        let inquiry = tollgate_engine::Inquiry { demand: demand.into(), ..inquiry.clone() };
        rig.arrive(inquiry);
        rig.answer_all();
        rig.decided.clear();
    }
    rig.asked = vec![];
    let held = held() - before;
    let each = held / inquiries.len();
    let counted = usize::try_from(rig.counts().record_bytes - counted).unwrap() / inquiries.len();
    assert_eq!(rig.counts().records, 13_000);
    assert!(each <= 300, "a record costs {each} bytes, and is counted as {counted}");
    assert!(
        counted.abs_diff(each) <= 30,
        "a record costs {each} bytes, and is counted as {counted}"
    );
}
