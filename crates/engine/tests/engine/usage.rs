//! What is counted of keys, and that it arrives.

use std::{collections::BTreeMap, sync::Arc};

use tollgate_core::{
    lease::HolderId,
    time::Reading,
    usage::{HOUR_MS, LINES_MAX, Line, hour_of},
};
use tollgate_engine::{
    Demand, Errand, Inquiry, Question, RESTS_MAX, Reply, Settings, StoreError, TALLIES_MAX, Usage,
};

use crate::{
    book::{Bound, Card},
    rig::{Rig, SETTINGS},
};

pub(crate) const COUNTING: Settings = Settings { usage_every_ms: 10_000, ..SETTINGS };

/// Longer than it ever takes until something is sent.
const LATER_MS: u64 = 100_000;

/// What a store keeps: each batch once.
#[derive(Default)]
struct Kept {
    heard: BTreeMap<[u8; 16], u64>,
    lines: BTreeMap<String, u64>,
    batches: usize,
}

impl Kept {
    fn keep(&mut self, usage: &Usage) {
        let heard = self.heard.entry(usage.holder().0).or_default();
        if *heard >= usage.seq() {
            return;
        }
        *heard = usage.seq();
        self.batches += 1;
        assert!(usage.lines().count() <= LINES_MAX);
        for line in usage.lines() {
            assert!(line.is_plausible(), "{line:?}");
            *self.lines.entry(spelled(&line)).or_default() += line.count;
        }
    }

    fn sum(&self) -> u64 {
        self.lines.values().sum()
    }
}

fn spelled(line: &Line<'_>) -> String {
    let Line { tenant, owner, key, route, code, .. } = line;
    [*tenant, *owner, *key, *route, *code].join(" ")
}

pub(crate) fn batch(errand: &Errand) -> &Usage {
    match &errand.question {
        Question::Usage(usage) => usage,
        Question::Head | Question::Record { .. } | Question::Lease { .. } => panic!("{errand:?}"),
    }
}

/// Lets time pass until a batch is sent; none if that takes longer than it ever does.
pub(crate) fn sent(rig: &mut Rig) -> Option<Errand> {
    for _ in 0..LATER_MS / 500 {
        let mut sent = rig.take("usage");
        assert!(sent.len() <= 1, "one at a time");
        if let Some(errand) = sent.pop() {
            return Some(errand);
        }
        rig.pass_ms(500);
    }
    None
}

/// Lets everything arrive that was counted.
fn hand_over(rig: &mut Rig, kept: &mut Kept) {
    while let Some(errand) = sent(rig) {
        kept.keep(batch(&errand));
        rig.reply(&errand, Ok(Reply::Usage));
    }
    assert!(!rig.engine.hand_over_usage(rig.now));
}

pub(crate) fn under(number: u32, demand: &Arc<Demand>) -> Inquiry {
    Inquiry { demand: Arc::clone(demand), ..Rig::inquiry(number) }
}

pub(crate) fn route(name: &str) -> Arc<Demand> {
    Arc::new(Demand::new(&[], 1).unwrap().named(name))
}

/// Two keys, both held; the second may pass five times.
pub(crate) fn rig() -> Rig {
    let five = Bound::key("five", 5, 1, 1_000_000);
    let mut rig = Rig::warm(COUNTING, &[Card::of(0), Card::limited(1, &[five])]);
    assert_eq!(rig.come(1), "parked");
    rig.answer_all();
    rig.told();
    rig
}

#[test]
fn whatever_becomes_of_a_genuine_key_is_counted_once_under_its_name() {
    let (mut rig, mut kept) = (rig(), Kept::default());
    let orders = route("GET /orders/*");
    for _ in 0..3 {
        assert_eq!(rig.arrive(under(0, &orders)), "allow");
    }
    for _ in 0..7 {
        rig.come(1);
        rig.answer_all();
    }
    // A key that is nobody's is counted too, under no name.
    rig.come(9);
    rig.answer_all();
    rig.book.revoke(0);
    rig.pass_ms(1_001);
    rig.come(0);
    rig.answer_all();
    rig.told();
    let counts = rig.counts();
    hand_over(&mut rig, &mut kept);
    let card = |number: u32| {
        let Card { tenant, owner, key, .. } = Card::of(number);
        [tenant, owner, key].join(" ")
    };
    let expected = [
        ("    key_invalid".to_owned(), 1),
        (format!("{} GET /orders/* allowed", card(0)), 3),
        (format!("{}  allowed", card(0)), 1),
        (format!("{}  key_revoked", card(0)), 1),
        (format!("{}  allowed", card(1)), 5),
        (format!("{}  rate_limited", card(1)), 3),
    ];
    assert_eq!(kept.lines, BTreeMap::from(expected));
    assert_eq!(kept.sum(), counts.allowed + counts.denied.iter().sum::<u64>());
    // It is counted once: nothing is left to be sent.
    assert!(sent(&mut rig).is_none());
}

#[test]
fn a_batch_is_repeated_as_it_was_until_it_is_answered_and_only_then_comes_the_next() {
    let mut rig = rig();
    rig.come(0);
    let first = sent(&mut rig).unwrap();
    // Not reached, refused, lost, answered with something else: all the same.
    let said = [
        Some(Err(StoreError::Unreachable)),
        Some(Err(StoreError::Refused)),
        None,
        Some(Ok(Reply::Record(None, None))),
    ];
    let mut last = first.clone();
    for said in said {
        rig.come(0);
        if let Some(said) = said {
            rig.reply(&last, said);
        }
        last = (0..5).find_map(|_| sent(&mut rig)).unwrap();
        assert_eq!(batch(&last), batch(&first));
    }
    // One answer counts, even a late one; a second one is nothing to anybody.
    rig.reply(&last, Ok(Reply::Usage));
    rig.reply(&last, Ok(Reply::Usage));
    let next = sent(&mut rig).unwrap();
    assert_eq!(batch(&next).seq(), batch(&first).seq() + 1);
    assert_eq!(batch(&next).lines().map(|line| line.count).sum::<u64>(), 4);
    assert_eq!(rig.counts().usage_repeats, 4);
}

#[test]
fn an_authority_that_is_away_is_asked_ever_more_seldom() {
    let mut rig = rig();
    rig.pass_ms(LATER_MS);
    let mut sent = 0;
    for _ in 0..600 {
        rig.pass_ms(1_000);
        sent += rig.take("usage").len();
        rig.asked.clear();
    }
    // Six times as it doubles, and once in half a minute to one and a half at least.
    assert!((10..=26).contains(&sent), "{sent} in ten minutes");
}

#[test]
fn more_keys_than_there_is_room_for_are_counted_together_and_the_sum_is_right() {
    let (mut rig, mut kept) = (rig(), Kept::default());
    hand_over(&mut rig, &mut kept);
    let before = kept.sum();
    // Half of the room is sent, and nobody answers; then it is full.
    let most = TALLIES_MAX / 2 + TALLIES_MAX + 500;
    let demands: Vec<_> = (0..most).map(|number| route(&format!("/{number}"))).collect();
    // A head comes first.
    rig.come(0);
    rig.answer_all();
    rig.told();
    for demand in &demands {
        assert_eq!(rig.arrive(under(0, demand)), "allow");
    }
    hand_over(&mut rig, &mut kept);
    assert_eq!(kept.lines["    allowed"], 501);
    assert_eq!(kept.sum() - before, u64::try_from(most).unwrap() + 1);
    assert!(kept.batches > TALLIES_MAX / LINES_MAX);
}

#[test]
fn what_is_counted_of_many_keys_is_sent_before_there_is_no_more_room() {
    let (mut rig, mut kept) = (rig(), Kept::default());
    let demands: Vec<_> = (0..3 * TALLIES_MAX).map(|number| route(&format!("/{number}"))).collect();
    for demand in &demands {
        assert_eq!(rig.arrive(under(0, demand)), "allow");
        for errand in rig.take("usage") {
            kept.keep(batch(&errand));
            rig.reply(&errand, Ok(Reply::Usage));
        }
    }
    hand_over(&mut rig, &mut kept);
    assert_eq!(kept.lines.get("    allowed"), None);
    assert_eq!(kept.sum(), u64::try_from(demands.len()).unwrap() + 2);
}

#[test]
fn an_outage_of_days_costs_no_more_room_and_nothing_of_the_sum() {
    let (mut rig, mut kept) = (rig(), Kept::default());
    hand_over(&mut rig, &mut kept);
    let before = kept.sum();
    let hours = TALLIES_MAX + 2 * RESTS_MAX;
    let demand = route("/");
    for _ in 0..hours {
        rig.skip_ms(HOUR_MS);
        rig.engine.tick(rig.now);
        if rig.engine.needs_holder() {
            rig.renew_holder();
        }
        rig.collect();
        rig.asked.clear();
        rig.decided.clear();
        rig.arrive(under(0, &demand));
        // A head comes, so that it is decided; what was counted gets no answer.
        rig.asked.retain(|errand| !matches!(errand.question, Question::Usage(_)));
        rig.answer_all();
    }
    rig.told();
    hand_over(&mut rig, &mut kept);
    hand_over(&mut rig, &mut kept);
    assert_eq!(kept.sum() - before, u64::try_from(hours).unwrap());
}

#[test]
fn requests_count_in_the_hour_in_which_they_are_decided() {
    let demand = route("");
    let mut rig = rig();
    rig.now = rig.now.plus(HOUR_MS - rig.now.wall.0 % HOUR_MS - 2);
    assert!(sent(&mut rig).is_some_and(|errand| {
        rig.reply(&errand, Ok(Reply::Usage));
        true
    }));
    let first = hour_of(rig.now.wall);
    rig.now = rig.now.plus(HOUR_MS - rig.now.wall.0 % HOUR_MS - 2);
    // A head comes first.
    rig.arrive(under(0, &demand));
    rig.answer_all();
    for _ in 0..4 {
        assert_eq!(rig.arrive(under(0, &demand)), "allow");
        rig.skip_ms(1);
    }
    rig.told();
    let errand = sent(&mut rig).unwrap();
    let hours: Vec<_> = batch(&errand).lines().map(|line| (line.hour, line.count)).collect();
    assert_eq!(hours, [(first, 3), (first + 1, 2)]);
}

#[test]
fn a_freeze_loses_nothing_of_what_was_counted_and_the_batches_after_it_are_anothers() {
    let mut rig = rig();
    let open = sent(&mut rig).unwrap();
    rig.come(0);
    rig.answer_all();
    assert_eq!(rig.told(), ["2 allow"]);
    rig.now = Reading { wall: rig.now.wall.plus(60_000), ..rig.now };
    rig.tick();
    assert!(rig.engine.needs_holder());
    rig.renew_holder();
    rig.asked.clear();
    let again = sent(&mut rig).unwrap();
    assert_eq!(batch(&again), batch(&open));
    rig.reply(&again, Ok(Reply::Usage));
    let next = sent(&mut rig).unwrap();
    assert_eq!(
        (batch(&open).holder(), batch(&next).holder()),
        (HolderId([1; 16]), HolderId([2; 16]))
    );
    assert_eq!(batch(&next).lines().map(|line| line.count).sum::<u64>(), 1);
}

#[test]
fn who_ends_hands_over_what_is_left() {
    let mut rig = rig();
    assert!(rig.engine.hand_over_usage(rig.now));
    rig.collect();
    let errand = rig.take("usage").remove(0);
    assert!(rig.engine.hand_over_usage(rig.now), "it is not known to be kept");
    rig.collect();
    assert_eq!(rig.take("usage").len(), 0, "one at a time");
    rig.reply(&errand, Ok(Reply::Usage));
    assert!(!rig.engine.hand_over_usage(rig.now));
}

#[test]
fn a_key_that_is_given_to_another_owner_is_counted_for_each_of_them() {
    let (mut rig, mut kept) = (rig(), Kept::default());
    let demand = route("");
    rig.arrive(under(0, &demand));
    rig.book.change(0, |card| card.owner = "carol".into());
    rig.pass_ms(1_001);
    rig.arrive(under(0, &demand));
    rig.answer_all();
    rig.told();
    hand_over(&mut rig, &mut kept);
    let Card { tenant, owner, key, .. } = Card::of(0);
    let line = |owner: &str| kept.lines[&format!("{tenant} {owner} {key}  allowed")];
    assert_eq!((line(&owner), line("carol")), (2, 1));
}

#[test]
fn nothing_is_counted_by_keys_where_nobody_asks_for_it() {
    let mut rig = Rig::warm(SETTINGS, &[Card::of(0)]);
    rig.come(0);
    rig.pass_ms(100 * LATER_MS);
    assert_eq!(rig.take("usage").len(), 0);
    assert!(!rig.engine.hand_over_usage(rig.now));
}
