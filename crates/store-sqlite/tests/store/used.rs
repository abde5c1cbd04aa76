//! About when secrets were last used, and what origins answered: kept beside what was counted.

use tollgate_control::{Books, Counting};
use tollgate_core::{
    lookup::LookupId,
    pepper::PepperId,
    time::{Reading, UnixMillis},
    usage::{HOUR_MS, Kind},
};
use tollgate_engine::Answered;
use tollgate_ledger::{Change, SECRETS_KEPT_MAX, Secret};
use tollgate_store_sqlite::{Store, USAGE_KEPT_MS};

use crate::{
    made::{Folder, NOW, ask, change, each, id},
    usage::{ALL, Gate, genuine, issue, read, spelled},
};

/// What is known of when the secrets of `key_<number>` were last used.
fn used(store: &mut Store, number: u32) -> Vec<(LookupId, u64)> {
    let filed = Books::key(store, &id(number)).unwrap().unwrap();
    filed.used.into_iter().map(|(lookup, at)| (lookup, at.0)).collect()
}

/// A secret of a key is used at an instant of the gate's clock, and the store told of it at `now`.
fn come(store: &mut Store, gate: &mut Gate, secret: u32, at: u64, now: UnixMillis) {
    gate.now = Reading { wall: UnixMillis(at), mono_ms: gate.now.mono_ms };
    gate.come(store, secret, 0);
    let batch = gate.batch();
    Gate::keep(store, &batch, now);
    gate.answered(&batch);
}

#[test]
fn of_each_secret_the_latest_use_is_known_and_none_later_than_now() {
    each(|mut store| {
        issue(&mut store, 1, "acme", "bob");
        issue(&mut store, 2, "acme", "bob");
        let one = genuine(1).lookup();
        assert_eq!(used(&mut store, 1), []);
        let mut gates = [Gate::new(1), Gate::new(2), Gate::new(3)];
        come(&mut store, &mut gates[0], 1, NOW.0, NOW.plus(50));
        assert_eq!(used(&mut store, 1), [(one, NOW.0)]);
        // What another gate has seen earlier changes nothing, and a clock that is ahead says now.
        come(&mut store, &mut gates[1], 1, NOW.0 - 20, NOW.plus(60));
        assert_eq!(used(&mut store, 1), [(one, NOW.0)]);
        come(&mut store, &mut gates[2], 1, NOW.0 + 9_000, NOW.plus(70));
        assert_eq!(used(&mut store, 1), [(one, NOW.0 + 70)]);
        assert_eq!(used(&mut store, 2), []);
    });
}

#[test]
fn an_old_secret_is_told_apart_from_the_new_one_and_goes_with_it() {
    let folder = Folder::new();
    let mut store = folder.store();
    issue(&mut store, 1, "acme", "bob");
    let mut gate = Gate::new(1);
    come(&mut store, &mut gate, 1, NOW.0, NOW);
    let rotate = |store: &mut Store, number: u32, grace_ms: u64| {
        let secret = Secret::new(genuine(number).lookup(), PepperId::new(3).unwrap());
        let rotated = Change::Rotate { id: id(1), secret, grace_ms };
        change(store, &rotated);
    };
    rotate(&mut store, 100, 60_000);
    come(&mut store, &mut Gate::new(2), 100, NOW.0 + 5, NOW.plus(5));
    let (old, new) = (genuine(1).lookup(), genuine(100).lookup());
    let mut both = vec![(old, NOW.0), (new, NOW.0 + 5)];
    both.sort();
    assert_eq!(used(&mut store, 1), both);
    // A secret that the ledger forgets was used never, whoever says so.
    for number in 0..u32::try_from(SECRETS_KEPT_MAX).unwrap() {
        rotate(&mut store, 101 + number, 0);
    }
    let raw = rusqlite::Connection::open(folder.file("store.db")).unwrap();
    let rows = || raw.query_row("SELECT count(*) FROM uses", [], |row| row.get::<_, u64>(0));
    assert_eq!((used(&mut store, 1), rows()), (vec![], Ok(0)));
    come(&mut store, &mut gate, 1, NOW.0 + 9, NOW.plus(9));
    assert_eq!(rows(), Ok(0));
}

/// A gate that has seen three answers of an origin to `key_1`.
fn answered(store: &mut Store) -> Gate {
    issue(store, 1, "acme", "bob");
    let mut gate = Gate::new(1);
    gate.come(store, 1, 1);
    for (status, took_us) in [(Some(200), 4_000), (Some(201), 20_000), (None, 0)] {
        let answered = Answered { status, took_us };
        gate.engine.answered(genuine(1).lookup(), &gate.routes[1], answered, gate.now);
    }
    gate
}

const STATUS: Counting<'static> = Counting { kind: Kind::Status, ..ALL };
const TOOK: Counting<'static> = Counting { kind: Kind::Took, ..ALL };

#[test]
fn what_origins_answered_is_kept_once_by_kind_and_read_as_what_was_decided() {
    each(|mut store| {
        let mut gate = answered(&mut store);
        let first = gate.batch();
        for _ in 0..3 {
            // What was decided is one request.
            assert_eq!(Gate::keep(&mut store, &first, NOW), 1);
        }
        gate.answered(&first);
        let statuses = ["acme/bob/key_1/GET /orders/2xx 2", "acme/bob/key_1/GET /orders/none 1"];
        assert_eq!(spelled(&read(&mut store, &STATUS)), statuses);
        let took = ["acme/bob/key_1/GET /orders/25 1", "acme/bob/key_1/GET /orders/5 1"];
        assert_eq!(spelled(&read(&mut store, &TOOK)), took);
        let hour = NOW.0 / HOUR_MS;
        let rows: [(Counting<'_>, &[&str]); 8] = [
            (Counting { tenant: Some("acme"), ..STATUS }, &statuses),
            (Counting { tenant: Some("zinc"), ..STATUS }, &[]),
            (Counting { owner: Some("eve"), ..TOOK }, &[]),
            (Counting { key: Some("key_1"), tenant: Some("acme"), ..TOOK }, &took),
            (Counting { key: Some("key_2"), ..TOOK }, &[]),
            (Counting { route: Some(""), tenant: Some("acme"), ..STATUS }, &[]),
            (Counting { from: hour + 1, ..STATUS }, &[]),
            (Counting { until: hour, ..STATUS }, &[]),
        ];
        for (wanted, expected) in rows {
            assert_eq!(spelled(&read(&mut store, &wanted)), expected, "{wanted:?}");
        }
        for (wanted, sum) in [(STATUS, 3), (TOOK, 2)] {
            let rows = read(&mut store, &Counting { tenant: Some("acme"), by: &[], ..wanted });
            assert_eq!(spelled(&rows), [format!("acme//// {sum}")]);
            assert_eq!(rows[0].rows, 2);
        }
        // It goes when what was decided then goes.
        store.sweep(NOW.plus(USAGE_KEPT_MS)).unwrap();
        assert_eq!(read(&mut store, &STATUS).len(), 2);
        store.sweep(NOW.plus(USAGE_KEPT_MS + HOUR_MS)).unwrap();
        assert_eq!(read(&mut store, &STATUS).len() + read(&mut store, &TOOK).len(), 0);
    });
}

#[test]
fn a_batch_whose_answers_or_uses_cannot_be_kept_is_not_kept_at_all() {
    for table in ["answered", "uses"] {
        let folder = Folder::new();
        let mut store = folder.store();
        let batch = answered(&mut store).batch();
        let raw = rusqlite::Connection::open(folder.file("store.db")).unwrap();
        let trap = format!(
            "CREATE TRIGGER trap BEFORE INSERT ON {table} BEGIN SELECT RAISE(ABORT, 'no'); END"
        );
        raw.execute_batch(&trap).unwrap();
        assert!(ask(&mut store, batch.question.clone(), batch.since, NOW).is_err());
        for wanted in [ALL, STATUS, TOOK] {
            assert_eq!(read(&mut store, &wanted).len(), 0, "{table}");
        }
        assert_eq!(used(&mut store, 1), []);
        raw.execute_batch("DROP TRIGGER trap").unwrap();
        assert_eq!(Gate::keep(&mut store, &batch, NOW), 1);
        assert_eq!(read(&mut store, &TOOK).len(), 2);
        assert_eq!(used(&mut store, 1), [(genuine(1).lookup(), NOW.0)]);
    }
}
