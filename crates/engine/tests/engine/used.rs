//! When secrets were last used, and what origins answered: what travels beside the counts.

use std::{collections::BTreeMap, sync::Arc};

use tollgate_core::usage::{ANSWERS_MAX, HOUR_MS, Kind, LINES_MAX, Line};
use tollgate_engine::{Answered, Demand, Reply, Settings, TALLIES_MAX, Usage};

use crate::{
    book::{Card, genuine},
    rig::{Rig, SETTINGS},
    usage::{COUNTING, batch, rig, route, sent, under},
};

const FINE: Answered = Answered { status: Some(200), took_us: 3_000 };

/// Everything that was not sent yet, batch by batch.
fn batches(rig: &mut Rig) -> Vec<Usage> {
    let mut batches = vec![];
    while let Some(errand) = sent(rig) {
        batches.push(batch(&errand).clone());
        rig.reply(&errand, Ok(Reply::Usage));
    }
    batches
}

/// When each secret was last used, by what `batches` say.
fn used(batches: &[Usage]) -> BTreeMap<[u8; 16], u64> {
    let mut used = BTreeMap::new();
    for each in batches.iter().flat_map(Usage::uses) {
        let last: &mut u64 = used.entry(*each.lookup.as_bytes()).or_default();
        *last = each.at.0.max(*last);
    }
    used
}

fn lookup(number: u32) -> [u8; 16] {
    *genuine(number).lookup().as_bytes()
}

/// What origins answered: the name of the key, the route, what is told and how often.
fn answers(batches: &[Usage]) -> BTreeMap<String, u64> {
    let mut answers = BTreeMap::new();
    for (kind, line) in batches.iter().flat_map(Usage::answers) {
        let Line { key, route, code, count, .. } = line;
        assert_ne!(kind, Kind::Code);
        *answers.entry([key, route, kind.as_str(), code].join(" ")).or_default() += count;
    }
    answers
}

fn answered(rig: &mut Rig, number: u32, demand: &Demand, answered: Answered) {
    rig.engine.answered(genuine(number).lookup(), demand, answered, rig.now);
}

#[test]
fn a_secret_was_last_used_when_a_request_with_it_was_last_allowed() {
    let mut rig = rig();
    batches(&mut rig);
    let (orders, other) = (route("/orders"), route("/other"));
    rig.come(0);
    rig.answer_all();
    for demand in [&orders, &other, &orders] {
        rig.skip_ms(7);
        assert_eq!(rig.arrive(under(0, demand)), "allow");
    }
    let last = rig.now.wall.0;
    // The other key has nothing left before long, and what is refused is no use.
    let mut allowed = 0;
    for _ in 0..7 {
        rig.skip_ms(5);
        rig.come(1);
        rig.answer_all();
        rig.told();
        if rig.counts().denied.iter().sum::<u64>() == 0 {
            allowed = rig.now.wall.0;
        }
    }
    assert!(allowed < rig.now.wall.0);
    // Nobody's key is no secret's.
    rig.come(9);
    rig.answer_all();
    rig.told();
    let expected = [(lookup(0), last), (lookup(1), allowed)];
    assert_eq!(used(&batches(&mut rig)), BTreeMap::from(expected));
    // It is told once.
    assert_eq!(used(&batches(&mut rig)), BTreeMap::new());
}

#[test]
fn what_an_origin_answered_is_counted_under_the_key_and_the_route() {
    let mut rig = rig();
    batches(&mut rig);
    let orders = route("/orders");
    rig.come(0);
    rig.answer_all();
    rig.told();
    rig.arrive(under(0, &orders));
    for status in [200, 204, 404, 500] {
        answered(&mut rig, 0, &orders, Answered { status: Some(status), took_us: 7_000 });
    }
    answered(&mut rig, 0, &orders, Answered { status: None, took_us: 7_000 });
    // Of a key that was not decided on lately, and of one that nothing is held of.
    answered(&mut rig, 1, &orders, FINE);
    answered(&mut rig, 7, &orders, FINE);
    let Card { key, .. } = Card::of(0);
    let other = Card::of(1).key;
    let row = |key: &str, rest: &str, count| (format!("{key} {rest}"), count);
    let expected = [
        row(&key, "/orders status 2xx", 2),
        row(&key, "/orders status 4xx", 1),
        row(&key, "/orders status 5xx", 1),
        row(&key, "/orders status none", 1),
        row(&key, "/orders took 10", 4),
        row(&other, "/orders status 2xx", 1),
        row(&other, "/orders took 5", 1),
        row("", " status 2xx", 1),
        row("", " took 5", 1),
    ];
    assert_eq!(answers(&batches(&mut rig)), BTreeMap::from(expected));
}

#[test]
fn an_answer_alone_is_sent_in_its_time_and_makes_no_use() {
    let mut rig = rig();
    batches(&mut rig);
    answered(&mut rig, 0, &route("/"), FINE);
    let sent = batches(&mut rig);
    assert_eq!(answers(&sent).values().sum::<u64>(), 2);
    assert_eq!(sent.iter().flat_map(Usage::uses).count(), 0);
    assert_eq!(sent.iter().flat_map(Usage::lines).count(), 0);
}

#[test]
fn an_answer_counts_in_the_hour_in_which_it_came() {
    let mut rig = rig();
    batches(&mut rig);
    let demand = route("/");
    rig.arrive(under(0, &demand));
    rig.answer_all();
    rig.told();
    let first = rig.now.wall.0 / HOUR_MS;
    answered(&mut rig, 0, &demand, FINE);
    rig.now = rig.now.plus(HOUR_MS);
    answered(&mut rig, 0, &demand, FINE);
    let sent = batches(&mut rig);
    let hours = sent.iter().flat_map(Usage::answers).map(|(kind, line)| (line.hour, kind));
    let hours: Vec<_> = hours.collect();
    assert_eq!(
        hours,
        [first, first + 1].map(|hour| [(hour, Kind::Status), (hour, Kind::Took)]).concat()
    );
}

#[test]
fn however_much_is_answered_a_batch_is_bounded_and_the_sum_is_right() {
    let mut rig = rig();
    batches(&mut rig);
    let demands: Vec<Arc<Demand>> =
        (0..TALLIES_MAX + 50).map(|number| route(&format!("/{number}"))).collect();
    let mut told = 0;
    for demand in &demands {
        for status in [101, 200, 302, 404, 500] {
            answered(&mut rig, 0, demand, Answered { status: Some(status), took_us: 1 });
            told += 1;
        }
    }
    let sent = batches(&mut rig);
    for usage in &sent {
        assert!(usage.answers().count() <= ANSWERS_MAX && usage.lines().count() <= LINES_MAX);
        assert!(usage.uses().count() <= LINES_MAX);
    }
    let answers = answers(&sent);
    assert_eq!(answers.values().sum::<u64>(), 2 * told);
    // What had no room has no name.
    assert_eq!(answers["  status 2xx"], 50);
}

#[test]
fn nothing_is_kept_of_answers_where_nobody_counts() {
    let mut rig = Rig::warm(Settings { usage_every_ms: 0, ..SETTINGS }, &[Card::of(0)]);
    answered(&mut rig, 0, &route("/"), FINE);
    assert!(!rig.engine.counts_usage());
    let mut rig = Rig::warm(COUNTING, &[Card::of(0)]);
    answered(&mut rig, 0, &route("/"), FINE);
    assert!(rig.engine.counts_usage());
}
