//! What bounds a head: a full list is folded, an absence ends, staleness has limits.

#![expect(clippy::unwrap_used, reason = "a test stops at what should not be")]

use tollgate_core::{
    head::{Checked, Entry, HEAD_ENTRIES_MAX, Head, MaxStaleness, Name, Subject},
    id::Id,
    lookup::LookupId,
    record::Absence,
    stamp::Stamp,
};
use tollgate_testkit::Random;

fn name(text: &str) -> Name {
    Name::new(Id::new(text).unwrap())
}

fn subject(tenant: u64, random: &mut Random) -> Subject {
    let tenant = name(&format!("tenant-{tenant}"));
    Subject::Lookup { tenant, lookup: LookupId::new(random.bytes()) }
}

/// Folds by counting every tenant anew for every entry, as one would on paper.
fn folded(mut entries: Vec<Entry>) -> (Vec<Entry>, Option<u64>) {
    let of = |tenant: &Name, entries: &[Entry]| -> Vec<u64> {
        let own = entries.iter().filter(|entry| entry.subject.tenant() == tenant);
        own.map(|entry| entry.epoch).collect()
    };
    let rank = |entry: &Entry| {
        let own = of(entry.subject.tenant(), &entries);
        (own.len(), core::cmp::Reverse(*own.iter().max().unwrap()))
    };
    let busiest = *entries.iter().max_by_key(|entry| rank(entry)).unwrap();
    let tenant = *busiest.subject.tenant();
    let own = of(&tenant, &entries);
    if own.len() < 2 {
        let oldest = entries.iter().map(|entry| entry.epoch).min().unwrap();
        entries.retain(|entry| entry.epoch > oldest);
        return (entries, Some(oldest));
    }
    entries.retain(|entry| *entry.subject.tenant() != tenant);
    entries.push(Entry { epoch: *own.iter().max().unwrap(), subject: Subject::Tenant { tenant } });
    entries.sort_by_key(|entry| entry.epoch);
    (entries, None)
}

#[test]
fn a_full_list_of_hundreds_of_tenants_is_folded_as_on_paper() {
    let mut random = Random::new(0xf01d);
    for tenants in [1, 3, 300, 700, 5_000] {
        let mut head =
            Head::begin(Stamp { incarnation: 1, epoch: 10 }, vec![Entry::NONE; HEAD_ENTRIES_MAX]);
        while head.entries().len() < HEAD_ENTRIES_MAX {
            head.record(Some(subject(random.below(tenants), &mut random)));
        }
        for _ in 0..20 {
            let mut on_paper = head.entries().to_vec();
            let floor = head.floor();
            let added = subject(random.below(tenants), &mut random);
            let stamp = head.record(Some(added));
            on_paper.push(Entry { epoch: stamp.epoch, subject: added });
            let (on_paper, raised) =
                if on_paper.len() > HEAD_ENTRIES_MAX { folded(on_paper) } else { (on_paper, None) };
            assert!(head.entries() == on_paper, "{tenants} tenants");
            assert_eq!(head.floor(), raised.unwrap_or(floor), "{tenants} tenants");
        }
    }
}

#[test]
fn the_floor_never_passes_the_epoch() {
    let mut head = Head::begin(Stamp { incarnation: 1, epoch: 10 }, [Entry::NONE; 4]);
    head.record(Some(subject(1, &mut Random::new(1))));
    head.raise_floor(u64::MAX);
    assert_eq!(head.floor(), head.stamp().epoch);
    assert!(head.entries().is_empty());
}

#[test]
fn an_absence_is_believed_for_less_than_10_s() {
    let as_of = Stamp { incarnation: 1, epoch: 10 };
    let head = Head::begin(as_of, [Entry::NONE; 4]);
    let absence = Absence { as_of, lookup: LookupId::new([1; 16]) };
    for (age_ms, believed) in [(0, true), (9_999, true), (10_000, false), (u64::MAX, false)] {
        let checked = head.check_absence(absence, age_ms);
        assert_eq!(matches!(checked, Checked::Current(_)), believed, "{age_ms}");
    }
}

#[test]
fn staleness_is_1_s_to_1_h() {
    for (ms, allowed) in
        [(0, false), (999, false), (1_000, true), (3_600_000, true), (3_600_001, false)]
    {
        assert_eq!(MaxStaleness::new(ms).is_some(), allowed, "{ms}");
    }
    assert_eq!(MaxStaleness::new(10_000), Some(MaxStaleness::DEFAULT));
}
