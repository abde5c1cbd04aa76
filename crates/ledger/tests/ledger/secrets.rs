//! Rotation, and the secrets that a key has had.

use tollgate_core::{head::Subject, time::UnixMillis};
use tollgate_ledger::{
    Change, ChangeError, Commit, GRACE_MAX_MS, Key, SECRETS_KEPT_MAX, SECRETS_MAX, apply,
};

use crate::made::{NOW, id, key, lookup, secret, snapshot};

fn rotate(key: &Key, number: u8, grace_ms: u64, now: UnixMillis) -> Result<Commit, ChangeError> {
    let change = Change::Rotate { id: id(), secret: secret(number), grace_ms };
    apply(&snapshot(Some(key)), &change, now)
}

fn ends(key: &Key) -> Vec<Option<u64>> {
    key.secrets.iter().map(|secret| secret.ends_ms.map(|ends_ms| ends_ms - NOW.0)).collect()
}

#[test]
fn a_rotation_ends_the_old_secrets_and_never_later_than_they_would() {
    let once = rotate(&key(), 2, 1_000, NOW).unwrap();
    assert!(matches!(once.entry, Some(Subject::Lookup { lookup: old, .. }) if old == lookup(1)));
    let once = once.key.unwrap();
    assert_eq!(ends(&once), [Some(1_000), None]);
    // A longer grace does not lengthen what was promised to end.
    let longer = rotate(&once, 3, 5_000, NOW).unwrap();
    assert!(matches!(longer.entry, Some(Subject::Lookup { lookup: old, .. }) if old == lookup(2)));
    assert_eq!(ends(&longer.key.unwrap()), [Some(1_000), Some(5_000), None]);
    // A shorter one ends both; their change is told as the key's.
    let shorter = rotate(&once, 3, 10, NOW).unwrap();
    assert!(matches!(shorter.entry, Some(Subject::Key { .. })));
    assert_eq!(ends(&shorter.key.unwrap()), [Some(10), Some(10), None]);
    let at_once = rotate(&once, 3, 0, NOW).unwrap().key.unwrap();
    assert_eq!(ends(&at_once), [Some(0), Some(0), None]);
    assert_eq!(at_once.living(NOW), 1);
}

#[test]
fn a_rotation_that_ends_nothing_leaves_no_entry() {
    let mut key = key();
    key.secrets[0].ends_ms = Some(NOW.0 + 5);
    let commit = rotate(&key, 2, 1_000, NOW).unwrap();
    assert_eq!(commit.entry, None);
    assert_eq!(ends(&commit.key.unwrap()), [Some(5), None]);
}

#[test]
fn a_key_has_at_most_four_living_secrets() {
    let mut key = key();
    for number in 2..=4 {
        key = rotate(&key, number, 1_000, NOW).unwrap().key.unwrap();
    }
    assert_eq!(key.living(NOW), SECRETS_MAX);
    assert_eq!(rotate(&key, 5, 1_000, NOW).unwrap_err(), ChangeError::TooManySecrets);
    // One millisecond before the end they still live, at it they do not.
    assert_eq!(rotate(&key, 5, 0, NOW.plus(999)).unwrap_err(), ChangeError::TooManySecrets);
    assert_eq!(
        rotate(&key, 5, 0, NOW.plus(1_000)).unwrap().key.unwrap().living(NOW.plus(1_000)),
        1
    );
    let revoke = Change::RevokeSecret { lookup: lookup(1) };
    let fewer = apply(&snapshot(Some(&key)), &revoke, NOW).unwrap().key.unwrap();
    assert!(rotate(&fewer, 5, 1_000, NOW).is_ok());
    assert_eq!(rotate(&fewer, 5, GRACE_MAX_MS + 1, NOW).unwrap_err(), ChangeError::GraceTooLong);
}

#[test]
fn a_revoked_secret_stays_as_it_is_and_the_others_live() {
    let key = rotate(&key(), 2, 1_000, NOW).unwrap().key.unwrap();
    let revoke = Change::RevokeSecret { lookup: lookup(2) };
    let key = apply(&snapshot(Some(&key)), &revoke, NOW).unwrap().key.unwrap();
    assert!(key.secret(lookup(2)).unwrap().revoked && !key.secret(lookup(1)).unwrap().revoked);
    let key = rotate(&key, 3, 10, NOW).unwrap().key.unwrap();
    assert_eq!(ends(&key), [Some(10), None, None]);
    assert_eq!(key.living(NOW), 2);
}

#[test]
fn of_secrets_that_are_over_the_oldest_are_forgotten() {
    let mut key = key();
    for number in 2..=40 {
        key = rotate(&key, number, 0, NOW).unwrap().key.unwrap();
    }
    assert_eq!(key.secrets.len(), SECRETS_KEPT_MAX);
    assert_eq!(key.secrets.last().unwrap().lookup, lookup(40));
    assert_eq!(key.secrets[0].lookup, lookup(25));
    assert_eq!(key.living(NOW), 1);
}
