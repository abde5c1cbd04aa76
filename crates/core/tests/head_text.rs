//! The text of a full head: sealed, opened, and refused where anybody is named twice.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

use tollgate_core::{
    head::{self, Answer, Entry, HEAD_ENTRIES_MAX, HeadError, Name, Subject, TEXT_MAX},
    id::Id,
    lookup::LookupId,
    pepper::{Pepper, Peppers, danger},
    stamp::Stamp,
};
use tollgate_testkit::Random;

fn ring() -> Peppers {
    let secret: Vec<u8> = (0..32).collect();
    danger::published_peppers(&[Pepper { id: 0, secret: &secret }], 0).unwrap()
}

fn entries() -> Vec<Entry> {
    let entry = |number: u16| {
        let name = |text: &str| Name::new(Id::new(text).unwrap());
        // The longest names there may be, alike but for their ends.
        let long = name(&format!("{number:>064}"));
        let tenant = name(&format!("{:>064}", number % 7));
        let subject = match number % 4 {
            0 => Subject::Tenant { tenant: long },
            1 => Subject::Owner { tenant, owner: long },
            2 => Subject::Key { tenant, key: long },
            _ => {
                let mut lookup = [0; 16];
                lookup[..2].copy_from_slice(&number.to_be_bytes());
                Subject::Lookup { tenant, lookup: LookupId::new(lookup) }
            }
        };
        Entry { epoch: u64::from(number) + 2, subject }
    };
    (0..u16::try_from(HEAD_ENTRIES_MAX).unwrap()).map(entry).collect()
}

fn seal(entries: &[Entry]) -> Result<Vec<u8>, HeadError> {
    let stamp = Stamp { incarnation: 1, epoch: 2_000 };
    let answer = Answer { stamp, floor: 1, since: 1, age_ms: 0, entries };
    let mut out = vec![0; TEXT_MAX];
    head::seal(&answer, &ring(), ring().issuing(), &mut out).map(<[u8]>::to_vec)
}

#[test]
fn a_full_list_of_the_longest_names_is_sealed_and_opened() {
    let entries = entries();
    let text = seal(&entries).unwrap();
    let mut places = Box::new([Entry::NONE; HEAD_ENTRIES_MAX]);
    assert_eq!(head::open(&text, &ring(), &mut places).unwrap().entries, entries);
}

#[test]
fn a_subject_named_twice_is_refused_wherever_it_stands() {
    let whole = entries();
    for (first, second) in [(0, 1_023), (0, 1), (1_022, 1_023), (1, 512), (3, 700), (2, 1_000)] {
        let mut entries = whole.clone();
        let subject = entries.get(first).unwrap().subject;
        entries.get_mut(second).unwrap().subject = subject;
        assert_eq!(seal(&entries), Err(HeadError::Inconsistent), "{first} {second}");
    }
}

#[test]
fn a_subject_named_twice_is_refused_among_names_that_meet_in_the_table() {
    let mut random = Random::new(0xd15);
    let lookups: Vec<_> = (0..HEAD_ENTRIES_MAX).map(|_| LookupId::new(random.bytes())).collect();
    let tenant = Name::new(Id::new("acme").unwrap());
    let subject = |place: usize| Subject::Lookup { tenant, lookup: lookups[place] };
    let mut entries: Vec<_> = (2..)
        .zip(0..HEAD_ENTRIES_MAX)
        .map(|(epoch, place)| Entry { epoch, subject: subject(place) })
        .collect();
    seal(&entries).unwrap();
    for _ in 0..200 {
        let (one, other) = (random.place(HEAD_ENTRIES_MAX), random.place(HEAD_ENTRIES_MAX));
        entries[one].subject = subject(other);
        assert_eq!(seal(&entries).is_err(), one != other, "{one} and {other}");
        entries[one].subject = subject(one);
    }
}
