//! A warm request is decided, and a bad key refused, without asking for memory; and what a record costs.
#![expect(unsafe_code, reason = "counting what is allocated means being the allocator")]
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

use std::{
    alloc::{GlobalAlloc, Layout, System},
    hint::black_box,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};

use book::{Bound, Card, brand, ring, text};
use rig::{Rig, SETTINGS};
use tollgate_engine::{Arrival, Decision, Prover, Settings};

struct Counting;

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);
/// Bytes that are held, by what was asked for and 16 for each allocation, rounded up to 16.
static HELD: AtomicUsize = AtomicUsize::new(0);

const fn cost(layout: Layout) -> usize {
    (layout.size() + 8).next_multiple_of(16)
}

// SAFETY: everything is handed to the system's allocator as it came; only numbers change.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Relaxed);
        HELD.fetch_add(cost(layout), Relaxed);
        // SAFETY: the caller's promises are those that the system's allocator asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        HELD.fetch_sub(cost(layout), Relaxed);
        // SAFETY: as above.
        unsafe { System.dealloc(at, layout) }
    }
}

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
        let mut rig = Rig::warm(SETTINGS, &[Card::limited(0, &limits)]);
        // Until it wants enough to go on for a while.
        for _ in 0..5_000 {
            rig.come(0);
            rig.answer_all();
        }
        rig.told();
        let inquiry = Rig::inquiry(0);
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
    let (before, counted) = (HELD.load(Relaxed), rig.counts().record_bytes);
    for inquiry in &inquiries {
        // A request that costs nothing makes no purse: this is about records.
        let demand = tollgate_engine::Demand::new(&["no:scope"], 1).unwrap();
        let inquiry = tollgate_engine::Inquiry { demand: demand.into(), ..inquiry.clone() };
        rig.arrive(inquiry);
        rig.answer_all();
        rig.decided.clear();
    }
    rig.asked = vec![];
    let held = HELD.load(Relaxed) - before;
    let each = held / inquiries.len();
    let counted = usize::try_from(rig.counts().record_bytes - counted).unwrap() / inquiries.len();
    assert_eq!(rig.counts().records, 13_000);
    assert!(each <= 300, "a record costs {each} bytes, and is counted as {counted}");
    assert!(
        counted.abs_diff(each) <= 30,
        "a record costs {each} bytes, and is counted as {counted}"
    );
}

fn count(what: impl FnOnce()) -> usize {
    let before = ALLOCATIONS.load(Relaxed);
    what();
    ALLOCATIONS.load(Relaxed).wrapping_sub(before)
}
