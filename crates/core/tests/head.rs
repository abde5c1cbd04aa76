//! The head: never more lenient than a list without bounds, monotone, and as old as it is.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test that cannot go on has failed"
)]

use std::{collections::BTreeMap, sync::OnceLock};

use tollgate_core::{
    head::{
        Answer, Checked, Entry, Freshness, HEAD_ENTRIES_MAX, Head, MaxStaleness, Merge, Name,
        Reader, Subject,
    },
    id::Id,
    lookup::LookupId,
    record::{Absence, PACKED_MAX, Record},
    stamp::Stamp,
    time::{Reading, UnixMillis},
};

#[path = "support/records.rs"]
mod records;

const MAX_STALENESS: MaxStaleness = MaxStaleness::DEFAULT;

fn at(ms: u64) -> Reading {
    Reading { wall: UnixMillis(1_700_000_000_000 + ms), mono_ms: ms }
}

fn stamp(incarnation: u64, epoch: u64) -> Stamp {
    Stamp { incarnation, epoch }
}

fn name(text: &str) -> Name {
    Name::new(Id::new(text).unwrap())
}

fn places(bound: usize) -> Vec<Entry> {
    vec![Entry::NONE; bound]
}

/// A subject of tenant 0 or 1: its secret, its owner, or itself. Names repeat across the tenants.
fn subject(tenant: usize, kind: usize) -> Subject {
    let tenant = name(["acme", "beta"][tenant]);
    match kind {
        0 => Subject::Lookup { tenant, lookup: LookupId::new([7; 16]) },
        1 => Subject::Owner { tenant, owner: name("bob") },
        _ => Subject::Tenant { tenant },
    }
}

/// What the list without bounds says: whether a record of `tenant` with these subjects changed after
/// `epoch`.
#[derive(Clone, Debug, Default)]
struct Unbounded(BTreeMap<(usize, usize), u64>);

impl Unbounded {
    fn changed_after(&self, tenant: usize, kinds: &[usize], epoch: u64) -> bool {
        kinds.iter().any(|&kind| self.0.get(&(tenant, kind)).is_some_and(|&at| at > epoch))
    }
}

/// What a bounded head says of a record of `tenant` read at `epoch`: whether it may be used.
///
/// A record has a secret, an owner and a tenant; `kinds` leaves out those that it shares with nobody.
fn may_be_used(head: &Head<Vec<Entry>>, tenant: usize, kinds: &[usize], as_of: Stamp) -> bool {
    let has = |kind| kinds.contains(&kind);
    let lookup = LookupId::new([if has(0) { 7 } else { 8 }; 16]);
    let owner = if has(1) { "bob" } else { "eve" };
    match head.check(record(as_of, lookup, ["acme", "beta"][tenant], owner)) {
        Checked::Current(current) => {
            assert_eq!(current.record().vouched, as_of.max(head.stamp()));
            true
        }
        Checked::Outdated | Checked::HeadBehind => false,
    }
}

fn record<'a>(as_of: Stamp, lookup: LookupId, tenant: &'a str, owner: &'a str) -> Record<'a> {
    static PLAIN: OnceLock<Record<'static>> = OnceLock::new();
    let plain = PLAIN.get_or_init(|| {
        let packed = Box::leak(Box::new([0; PACKED_MAX]));
        records::record(&records::plain(), packed)
    });
    let (tenant, owner) = (Id::new(tenant).unwrap(), Id::new(owner).unwrap());
    Record { vouched: as_of, as_of, lookup, tenant, owner, ..*plain }
}

/// Every sequence of `len` of the seven things that can happen: six subjects, and a creation.
fn sequences(len: u32) -> impl Iterator<Item = Vec<Option<(usize, usize)>>> {
    (0..7_usize.pow(len)).map(move |mut number| {
        let mut next = || {
            let digit = number % 7;
            number /= 7;
            (digit > 0).then(|| ((digit - 1) / 3, (digit - 1) % 3))
        };
        (0..len).map(|_| next()).collect()
    })
}

#[test]
fn a_bounded_list_is_never_more_lenient_than_one_without_bounds() {
    for bound in 2..=4 {
        for len in 1..=5 {
            for sequence in sequences(len) {
                check_sequence(bound, &sequence);
            }
        }
    }
}

/// Follows a ledger through a sequence, with a reader that has kept up, one that has learned nothing since
/// each earlier epoch, and one that begins.
fn check_sequence(bound: usize, sequence: &[Option<(usize, usize)>]) {
    let mut ledger = Head::begin(stamp(1, 1), places(bound));
    let mut truth = Unbounded::default();
    let mut readers = vec![reader_of(&ledger, bound)];
    for &change in sequence {
        let before = (ledger.stamp(), ledger.floor());
        let now = ledger.record(change.map(|(tenant, kind)| subject(tenant, kind)));
        assert_eq!(now, stamp(1, before.0.epoch + 1));
        assert!(ledger.floor() >= before.1 && ledger.entries().len() <= bound);
        if let Some(change) = change {
            truth.0.insert(change, now.epoch);
        }
        readers.push(reader_of(&ledger, bound));
    }
    let mut heads = vec![ledger.clone()];
    for mut reader in readers {
        let floor = reader.head().unwrap().floor();
        let asked = reader.stamp();
        let merge = reader.merge(&ledger.answer(asked, 0), at(1), at(1));
        let expected = if asked == ledger.stamp() { Merge::Younger } else { Merge::Adopted };
        assert_eq!(merge, expected, "{sequence:?}");
        let head = reader.head().unwrap();
        assert_eq!(head.stamp(), ledger.stamp());
        assert!(head.floor() >= floor.max(ledger.floor()) && head.entries().len() <= bound);
        heads.push(head.clone());
    }
    for head in &heads {
        for tenant in [0, 1] {
            for kinds in [&[0, 1, 2][..], &[1, 2], &[0, 2], &[2]] {
                for epoch in 1..=head.stamp().epoch + 1 {
                    let used = may_be_used(head, tenant, kinds, stamp(1, epoch));
                    assert!(
                        !used || !truth.changed_after(tenant, kinds, epoch),
                        "{sequence:?}: {kinds:?} of {tenant} as of {epoch} is used: {head:?}"
                    );
                    // What is as new as the head itself is never doubted.
                    assert!(used || epoch < head.stamp().epoch, "{sequence:?}: {head:?}");
                }
            }
        }
        for epoch in 1..=head.stamp().epoch {
            let absence = Absence { as_of: stamp(1, epoch), lookup: LookupId::new([7; 16]) };
            if let Checked::Current(current) = head.check_absence(absence, 9_999) {
                assert_eq!(current.absence(), absence, "an absence is never raised");
                let changed = |tenant| truth.changed_after(tenant, &[0], epoch);
                assert!(!changed(0) && !changed(1), "{sequence:?}: absent as of {epoch}: {head:?}");
            }
        }
    }
}

fn reader_of(head: &Head<Vec<Entry>>, bound: usize) -> Reader<Vec<Entry>> {
    let mut reader = Reader::new(places(bound));
    let age_ms = 1;
    assert_eq!(reader.merge(&head.answer(Stamp::default(), age_ms), at(0), at(0)), Merge::Adopted);
    reader
}

/// An answer that outlives the head it was given by.
struct Said {
    stamp: Stamp,
    floor: u64,
    since: u64,
    entries: Vec<Entry>,
}

impl Said {
    fn by(head: &Head<Vec<Entry>>, asker: Stamp) -> Self {
        let Answer { stamp, floor, since, entries, .. } = head.answer(asker, 0);
        Self { stamp, floor, since, entries: entries.to_vec() }
    }

    fn answer(&self, age_ms: u64) -> Answer<'_> {
        let Self { stamp, floor, since, ref entries } = *self;
        Answer { stamp, floor, since, age_ms, entries }
    }
}

#[test]
fn in_whatever_order_answers_come_nothing_is_missing_and_nothing_stands_twice() {
    for bound in [2, 8] {
        for sequence in sequences(4) {
            // Answers to somebody who had nothing, the beginning, and the epoch before.
            let mut ledger = Head::begin(stamp(1, 1), places(bound));
            let begun = ledger.clone();
            let mut truth = Unbounded::default();
            let mut said = Vec::new();
            for (place, &change) in sequence.iter().enumerate() {
                let now = ledger.record(change.map(|(tenant, kind)| subject(tenant, kind)));
                if let Some(change) = change {
                    truth.0.insert(change, now.epoch);
                }
                let asker = [stamp(1, 1), stamp(1, 2), Stamp::default(), stamp(1, 3)][place];
                said.push(Said::by(&ledger, asker));
            }
            let mut lists = Vec::new();
            for order in orders() {
                let mut reader = reader_of(&begun, bound);
                for place in order {
                    let (stamp, floor) = (reader.stamp(), reader.head().unwrap().floor());
                    let _any = reader.merge(&said[place].answer(0), at(1), at(1));
                    assert!(reader.stamp() >= stamp, "a reader went back");
                    assert!(reader.head().unwrap().floor() >= floor, "a floor fell");
                }
                // What came too early has been asked for again.
                let _any = reader.merge(&said[2].answer(0), at(1), at(1));
                let head = reader.head().unwrap();
                let epochs: Vec<u64> = head.entries().iter().map(|entry| entry.epoch).collect();
                assert!(epochs.is_sorted_by(|a, b| a < b), "{sequence:?} {order:?}: {head:?}");
                for (&(tenant, kind), &epoch) in &truth.0 {
                    let told = epoch > head.stamp().epoch
                        || !may_be_used(head, tenant, &[kind], stamp(1, epoch - 1));
                    assert!(told, "{sequence:?} {order:?}: {tenant} {kind} at {epoch}: {head:?}");
                }
                if head.stamp() == ledger.stamp() && bound == 8 {
                    lists.push(head.entries().to_vec());
                }
            }
            assert!(lists.windows(2).all(|pair| pair[0] == pair[1]), "{sequence:?}: {lists:?}");
        }
    }
}

/// Every order of four.
fn orders() -> impl Iterator<Item = [usize; 4]> {
    let order = |number: usize| [number / 64, number / 16 % 4, number / 4 % 4, number % 4];
    (0..256).map(order).filter(|order| (0..4).all(|place| order.contains(&place)))
}

#[test]
fn two_senders_that_fold_at_different_moments_leave_a_list_that_can_be_passed_on() {
    // The reader folded the tenant at 3; a late answer tells of the changes one by one, and the other
    // way about.
    let (secret, owner) = (subject(0, 0), subject(0, 1));
    let folded = [Entry { epoch: 3, subject: subject(0, 2) }];
    let single = [Entry { epoch: 2, subject: secret }, Entry { epoch: 3, subject: owner }];
    for (known, told) in [(&folded[..], &single[..]), (&single[..], &folded[..])] {
        let mut reader = Reader::new(places(8));
        let whole = Answer { stamp: stamp(1, 4), floor: 1, since: 1, age_ms: 0, entries: known };
        assert_eq!(reader.merge(&whole, at(0), at(0)), Merge::Adopted);
        let late = Answer { stamp: stamp(1, 5), floor: 0, since: 1, age_ms: 0, entries: told };
        assert_eq!(reader.merge(&late, at(0), at(0)), Merge::Adopted);
        let head = reader.head().unwrap();
        assert_eq!((head.stamp(), head.entries()), (stamp(1, 5), known));
        let ring = records::ring();
        let mut out = vec![0; 8_192];
        let answer = head.answer(Stamp::default(), 0);
        assert!(tollgate_core::head::seal(&answer, &ring, ring.issuing(), &mut out).is_ok());
    }
}

#[test]
fn an_answer_that_leaves_something_out_is_not_taken() {
    let mut ledger = Head::begin(stamp(1, 1), places(8));
    let mut reader = reader_of(&ledger, 8);
    ledger.record(Some(subject(0, 0)));
    ledger.record(Some(subject(1, 1)));
    let gap = Said::by(&ledger, stamp(1, 2));
    assert_eq!(gap.since, 2);
    assert_eq!(reader.merge(&gap.answer(0), at(1), at(1)), Merge::Gap);
    assert_eq!((reader.stamp(), reader.age_ms(at(1))), (stamp(1, 1), Some(2)));
    let whole = Said::by(&ledger, Stamp::default());
    assert_eq!(reader.merge(&whole.answer(0), at(1), at(1)), Merge::Adopted);
    assert_eq!(reader.head().unwrap().entries().len(), 2);
}

#[test]
fn an_answer_that_is_discarded_does_not_renew_the_age() {
    let mut ledger = Head::begin(stamp(2, 1), places(8));
    let older = Said::by(&ledger, Stamp::default());
    let lower = Said { stamp: stamp(1, 9), floor: 9, since: 9, entries: vec![] };
    ledger.record(None);
    let mut reader = reader_of(&ledger, 8);
    for said in [older, lower] {
        assert_eq!(reader.merge(&said.answer(0), at(900), at(900)), Merge::Discarded);
        assert_eq!(reader.age_ms(at(900)), Some(901));
        assert_eq!(reader.stamp(), stamp(2, 2));
    }
    // The same epoch: only a younger answer counts.
    let same = Said::by(&ledger, Stamp::default());
    assert_eq!(reader.merge(&same.answer(1), at(0), at(900)), Merge::Discarded);
    assert_eq!(reader.merge(&same.answer(0), at(0), at(900)), Merge::Younger);
    assert_eq!(reader.age_ms(at(900)), Some(900));
    // And a frozen reader's age is unknown until one comes that counts.
    reader.distrust();
    assert_eq!(reader.age_ms(at(900)), None);
    assert_eq!(reader.merge(&same.answer(500), at(800), at(900)), Merge::Younger);
    assert_eq!(reader.age_ms(at(900)), Some(600));
}

#[test]
fn age_counts_from_the_sending_of_the_question() {
    let ledger = Head::begin(stamp(1, 1), places(8));
    let said = Said::by(&ledger, Stamp::default());
    let mut reader = Reader::new(places(8));
    assert_eq!(reader.merge(&said.answer(100), at(1_000), at(1_400)), Merge::Adopted);
    assert_eq!(reader.age_ms(at(1_400)), Some(500));
    // Either clock is enough: one stands still in a freeze, the other may be set back.
    let still = Reading { mono_ms: 1_000, ..at(6_000) };
    let back = Reading { wall: UnixMillis(0), ..at(6_000) };
    for now in [at(6_000), still, back] {
        assert_eq!(reader.age_ms(now), Some(5_100));
        assert_eq!(reader.freshness(MAX_STALENESS, now), Freshness::Await);
    }
}

#[test]
fn a_head_too_old_on_arrival_is_a_failed_read_only_if_it_was_asked_for() {
    let ledger = Head::begin(stamp(1, 1), places(8));
    let said = Said::by(&ledger, Stamp::default());
    for (age_ms, travel_ms) in [(1_001, 0), (0, 1_001), (600, 401)] {
        let arrival = at(5_000 + travel_ms);
        let old = said.answer(age_ms);
        let mut reader = reader_of(&ledger, 8);
        // On a lease, or in an answer that nobody awaits: as if it had not come.
        assert_eq!(reader.overhear(&old, at(5_000), arrival), Merge::Failed);
        assert_eq!(reader.freshness(MAX_STALENESS, arrival), Freshness::Await);
        assert_eq!(reader.merge(&old, at(5_000), arrival), Merge::Failed);
        assert_eq!(reader.freshness(MAX_STALENESS, arrival), Freshness::Flagged);
        assert_eq!(reader.freshness(MaxStaleness::new(2_000).unwrap(), arrival), Freshness::Lost);
        let later = at(5_000 + travel_ms + 250);
        assert_eq!(reader.freshness(MAX_STALENESS, later), Freshness::Await);
        assert_eq!(reader.age_ms(arrival), Some(5_001 + travel_ms));
    }
    // At exactly a second it is taken.
    let mut reader = reader_of(&ledger, 8);
    assert_eq!(reader.merge(&said.answer(600), at(5_000), at(5_400)), Merge::Younger);
}

#[test]
fn an_answer_that_a_freeze_made_old_excuses_nothing() {
    let ledger = Head::begin(stamp(1, 1), places(8));
    let said = Said::by(&ledger, Stamp::default());
    let still = Reading { mono_ms: 1_000, ..at(6_000) };
    for thawed in [at(6_000), still] {
        let mut reader = reader_of(&ledger, 8);
        assert_eq!(reader.merge(&said.answer(0), at(1_000), thawed), Merge::Failed);
        assert_eq!(reader.freshness(MAX_STALENESS, thawed), Freshness::Await);
    }
}

#[test]
fn a_restore_drops_what_was_known() {
    let mut ledger = Head::begin(stamp(1, 1), places(8));
    ledger.record(Some(subject(0, 0)));
    let mut reader = reader_of(&ledger, 8);
    let restored = Head::begin(stamp(2, 1), places(8));
    let delta = Answer { since: 1, floor: 0, ..restored.answer(stamp(2, 1), 0) };
    assert_eq!(reader.merge(&delta, at(1), at(1)), Merge::Gap);
    assert_eq!(reader.merge(&restored.answer(reader.stamp(), 0), at(1), at(1)), Merge::Restarted);
    let head = reader.head().unwrap();
    assert_eq!((head.stamp(), head.floor(), head.entries().len()), (stamp(2, 1), 1, 0));
    for (as_of, used) in [(stamp(1, 9), false), (stamp(2, 1), true), (stamp(3, 1), false)] {
        assert_eq!(may_be_used(head, 0, &[2], as_of), used, "{as_of:?}");
    }
}

#[test]
fn a_full_list_folds_and_never_forgets() {
    let tenants = ["acme", "beta", "gamma", "delta", "eps"];
    let mut ledger = Head::begin(stamp(1, 1), places(HEAD_ENTRIES_MAX));
    let mut newest = BTreeMap::new();
    for change in 0..5_000_usize {
        let tenant = tenants[change * change % 11 % 5];
        let owner = format!("o{}", change % 700);
        let owner = Subject::Owner { tenant: name(tenant), owner: name(&owner) };
        let now = ledger.record(Some(owner));
        newest.insert((tenant, change % 700), now.epoch);
    }
    assert_eq!(ledger.floor(), 1);
    assert!(ledger.entries().len() <= HEAD_ENTRIES_MAX);
    for ((tenant, owner), epoch) in newest {
        let lookup = LookupId::new([9; 16]);
        let owner = format!("o{owner}");
        let record = record(stamp(1, epoch - 1), lookup, tenant, &owner);
        assert!(matches!(ledger.check(record), Checked::Outdated), "{tenant} {owner}");
    }
}
