//! Which key signs when, and what is published.

use tollgate_core::time::UnixMillis;
use tollgate_gate::{Schedule, ScheduleError, Term};
use tollgate_identity::{KEYS_MAX, KeyError};

use crate::desk::signing_key;

fn term(kid: &str, from: u64, until: Option<u64>) -> Term {
    Term { key: signing_key(kid), from: UnixMillis(from), until: until.map(UnixMillis) }
}

/// Keys, a time, who signs then, which places are published, and when that changes.
type Row = (Vec<Term>, u64, &'static str, &'static [usize], Option<u64>);

#[test]
fn every_instant_has_one_signer_and_its_published_keys() {
    let two = || vec![term("k1", 1_000, Some(391_000)), term("k2", 301_000, None)];
    let back = || vec![term("k2", 301_000, None), term("k1", 1_000, Some(391_000))];
    let one = || vec![term("k1", 1_000, Some(391_000))];
    let rows: [Row; 12] = [
        // A clock that has stepped back finds a signer all the same.
        (two(), 0, "k1", &[0, 1], Some(1_000)),
        (two(), 1_000, "k1", &[0, 1], Some(301_000)),
        (two(), 300_999, "k1", &[0, 1], Some(301_000)),
        (two(), 301_000, "k2", &[0, 1], Some(391_000)),
        (two(), 390_999, "k2", &[0, 1], Some(391_000)),
        (two(), 391_000, "k2", &[1], None),
        (two(), u64::MAX, "k2", &[1], None),
        // The order of the document does not matter.
        (back(), 0, "k1", &[0, 1], Some(1_000)),
        (back(), 301_000, "k2", &[0, 1], Some(391_000)),
        (back(), 391_000, "k2", &[0], None),
        // What signs is published, whatever its end.
        (one(), 390_999, "k1", &[0], Some(391_000)),
        (one(), 500_000, "k1", &[0], None),
    ];
    for (terms, now, signer, published, next) in rows {
        let (schedule, now) = (Schedule::new(terms).unwrap(), UnixMillis(now));
        let kid = schedule.signer(now).unwrap().kid();
        assert_eq!(kid.as_str(), signer, "{now:?}");
        assert_eq!(schedule.published(now).collect::<Vec<_>>(), published, "{now:?}");
        assert!(published.contains(&schedule.place(now).unwrap()), "{now:?}");
        assert_eq!(schedule.next_change(now).map(|change| change.0), next, "{now:?}");
        let jwks = schedule.jwks(now).unwrap();
        assert_eq!(jwks.matches("\"kid\"").count(), published.len(), "{jwks}");
        assert!(jwks.contains(signer) && !jwks.contains("\"d\""), "{jwks}");
    }
}

#[test]
fn signing_keys_that_no_gate_may_start_with_are_told_apart() {
    let many = |count| (0..count).map(|at| term(&format!("k{at}"), 0, None)).collect();
    let rows: [(Vec<Term>, Option<ScheduleError>); 7] = [
        (vec![], Some(ScheduleError::NoKey)),
        (many(1), None),
        (many(KEYS_MAX), None),
        (many(KEYS_MAX + 1), Some(ScheduleError::TooMany)),
        (
            vec![term("k1", 0, None), term("k2", 5, Some(5))],
            Some(ScheduleError::EndsBeforeItBegins(1)),
        ),
        (vec![term("k1", 5, Some(6))], None),
        (
            vec![term("k1", 0, None), term("k1", 5, None)],
            Some(ScheduleError::Key(KeyError::DuplicateKid)),
        ),
    ];
    for (terms, error) in rows {
        assert_eq!(Schedule::new(terms).err(), error);
    }
}
