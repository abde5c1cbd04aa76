//! What is measured.

use std::{cell::RefCell, hint::black_box, sync::Arc};

use tollgate_core::limit::LimitScope;
use tollgate_engine::{Arrival, Decision, Demand, Inquiry, Prover, Settings};

use crate::{
    book::{Bound, Card, brand, ring, text},
    rig::{Rig, SETTINGS},
};

/// One thing that is measured.
pub struct Case {
    /// How it is called.
    pub name: &'static str,
    /// Does it as often as asked.
    pub run: Box<dyn Fn(u32)>,
}

/// With what becomes of keys counted.
const COUNTED: Settings = Settings { usage_every_ms: 10_000, ..SETTINGS };

/// Every case.
pub fn all() -> Vec<Case> {
    let wide = |name| Bound::key(name, 4_000_000_000, 4_000_000_000, 1_000_000);
    let by_address = Bound { scope: LimitScope::Ip, ..wide("address") };
    let route = Bound::key("route", 4_000_000_000, 4_000_000_000, 1_000_000).limit();
    let plain = || Demand::new(&["orders:read"], 1).unwrap();
    let limited = plain().with_limits(&[route]).unwrap();
    vec![
        proved(),
        warm("warm, no limit", SETTINGS, &[], Demand::new(&[], 1).unwrap()),
        warm("warm, no limit, counted", COUNTED, &[], Demand::new(&[], 1).unwrap()),
        warm("warm, one limit", SETTINGS, &[wide("a")], plain()),
        warm("warm, one limit, counted", COUNTED, &[wide("a")], plain()),
        warm("warm, two limits", SETTINGS, &[wide("a"), wide("b")], plain()),
        warm("warm, one limit by address", SETTINGS, &[by_address], plain()),
        warm("warm, one limit of the route", SETTINGS, &[], limited),
        spread("warm, one limit, 10,000 keys", SETTINGS, 10_000),
        spread("the same, counted", COUNTED, 10_000),
    ]
}

fn proved() -> Case {
    let (prover, key) = (Prover::new(brand(), ring()), text(0));
    let once = move || assert!(prover.prove(black_box(key.as_bytes())).is_ok());
    Case { name: "proved", run: Box::new(move |times| (0..times).for_each(|_| once())) }
}

fn warm(name: &'static str, settings: Settings, limits: &[Bound], demand: Demand) -> Case {
    let mut rig = Rig::warm(settings, &[Card::limited(0, limits)]);
    let inquiry = Inquiry { demand: Arc::new(demand), ..Rig::inquiry(0) };
    // Until what is wanted is enough for any measurement.
    for _ in 0..100_000 {
        rig.arrive(inquiry.clone());
        rig.answer_all();
    }
    rig.told();
    let rig = RefCell::new(rig);
    case(name, move |_| rig.borrow_mut().fast(inquiry.clone()))
}

/// Many keys, so that little of what is looked at is in the processor's caches.
fn spread(name: &'static str, settings: Settings, keys: u32) -> Case {
    let settings = Settings { purses_max: 20_000, records_bytes_max: 1 << 26, ..settings };
    let wide = Bound::key("a", 4_000_000, 4_000_000, 1_000);
    let cards: Vec<_> = (0..keys).map(|number| Card::limited(number, &[wide])).collect();
    let mut rig = Rig::warm(settings, &cards);
    let inquiries: Vec<_> = (0..keys).map(Rig::inquiry).collect();
    for _ in 0..40 {
        for inquiry in &inquiries {
            rig.arrive(inquiry.clone());
            rig.answer_all();
        }
    }
    rig.told();
    let rig = RefCell::new(rig);
    case(name, move |turn| {
        let place = usize::try_from(turn.wrapping_mul(2_654_435_761) % keys).unwrap();
        rig.borrow_mut().fast(inquiries[place].clone())
    })
}

impl Rig {
    /// A request that is decided at once, with whatever it makes the engine ask for answered.
    fn fast(&mut self, inquiry: Inquiry) {
        let arrival = self.engine.arrive(inquiry, || 0, self.now);
        assert!(matches!(black_box(arrival), Arrival::Decided(Decision::Allow(_))));
        self.asked.extend(self.engine.errands());
        if !self.asked.is_empty() {
            self.answer_all();
        }
    }
}

fn case(name: &'static str, once: impl Fn(u32) + 'static) -> Case {
    let turn = RefCell::new(0_u32);
    let run = move |times| {
        for _ in 0..times {
            let mut turn = turn.borrow_mut();
            *turn = turn.wrapping_add(1);
            once(*turn);
        }
    };
    Case { name, run: Box::new(run) }
}
