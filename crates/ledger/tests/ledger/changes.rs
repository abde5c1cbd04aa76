//! What each change does, and where its entry is.

use tollgate_core::{
    head::{Name, Subject},
    id::Id,
    json::INTEGER_MAX,
    stamp::Stamp,
    time::UnixMillis,
};
use tollgate_ledger::{Change, ChangeError, GRACE_MAX_MS, Key, KeyState, Outbox, Stop, apply};

use crate::made::{
    AFTER, BEFORE, NOW, creation, id, key, lookup, secret, settings, snapshot, with,
};

fn name(text: &str) -> Name {
    Name::new(Id::new(text).unwrap())
}

fn of_key() -> Subject {
    Subject::Key { tenant: name("acme"), key: name("key_1") }
}

fn in_state(state: KeyState) -> Key {
    Key { state, ..key() }
}

#[test]
fn every_change_takes_the_next_epoch_and_leaves_its_entry() {
    let (tenant, owner) = ("acme".to_owned(), "bob".to_owned());
    let of_owner = Subject::Owner { tenant: name("acme"), owner: name("bob") };
    let of_tenant = Subject::Tenant { tenant: name("acme") };
    let of_secret = Subject::Lookup { tenant: name("acme"), lookup: lookup(1) };
    let rows = [
        (None, creation(settings()), None),
        (
            Some(key()),
            Change::Update { id: id(), settings: settings(), expected: None },
            Some(of_key()),
        ),
        (Some(key()), Change::Rotate { id: id(), secret: secret(2), grace_ms: 5 }, Some(of_secret)),
        (Some(key()), Change::Disable { id: id() }, Some(of_key())),
        (Some(key()), Change::Enable { id: id() }, Some(of_key())),
        (Some(key()), Change::Revoke { id: id() }, Some(of_key())),
        (Some(key()), Change::RevokeSecret { lookup: lookup(1) }, Some(of_secret)),
        (None, Change::StopOwner { tenant: tenant.clone(), owner: owner.clone() }, Some(of_owner)),
        (None, Change::ResumeOwner { tenant: tenant.clone(), owner }, Some(of_owner)),
        (None, Change::StopTenant { tenant: tenant.clone() }, Some(of_tenant)),
        (None, Change::ResumeTenant { tenant }, Some(of_tenant)),
    ];
    for (before, change, entry) in rows {
        let commit = apply(&snapshot(before.as_ref()), &change, NOW).unwrap();
        assert_eq!(commit.stamp, AFTER, "{change:?}");
        assert_eq!(commit.entry, entry, "{change:?}");
    }
}

#[test]
fn states_follow_their_changes_and_revoked_is_for_good() {
    use ChangeError::Revoked;
    use KeyState::{Active, Disabled, Revoked as Gone};
    let disable = Change::Disable { id: id() };
    let enable = Change::Enable { id: id() };
    let revoke = Change::Revoke { id: id() };
    let rows = [
        (Active, &disable, Ok(Disabled)),
        (Active, &enable, Ok(Active)),
        (Active, &revoke, Ok(Gone)),
        (Disabled, &disable, Ok(Disabled)),
        (Disabled, &enable, Ok(Active)),
        (Disabled, &revoke, Ok(Gone)),
        (Gone, &disable, Err(Revoked)),
        (Gone, &enable, Err(Revoked)),
        (Gone, &revoke, Ok(Gone)),
        (Gone, &Change::Update { id: id(), settings: settings(), expected: None }, Err(Revoked)),
        (Gone, &Change::Rotate { id: id(), secret: secret(2), grace_ms: 0 }, Err(Revoked)),
    ];
    for (state, change, expected) in rows {
        let commit = apply(&snapshot(Some(&in_state(state))), change, NOW);
        let state_after = commit.map(|commit| commit.key.unwrap().state);
        assert_eq!(state_after, expected, "{change:?} of a key that is {state:?}");
    }
}

#[test]
fn what_is_not_there_is_not_changed() {
    let rows = [
        (
            Change::Update { id: id(), settings: settings(), expected: None },
            ChangeError::UnknownKey,
        ),
        (Change::Rotate { id: id(), secret: secret(2), grace_ms: 0 }, ChangeError::UnknownKey),
        (Change::Disable { id: id() }, ChangeError::UnknownKey),
        (Change::Enable { id: id() }, ChangeError::UnknownKey),
        (Change::Revoke { id: id() }, ChangeError::UnknownKey),
        (Change::RevokeSecret { lookup: lookup(1) }, ChangeError::UnknownSecret),
    ];
    for (change, error) in rows {
        assert_eq!(apply(&snapshot(None), &change, NOW).unwrap_err(), error, "{change:?}");
    }
    let mut unknown = snapshot(None);
    unknown.holder_known = false;
    let stop = Change::StopOwner { tenant: "acme".to_owned(), owner: "bobb".to_owned() };
    assert_eq!(apply(&unknown, &stop, NOW).unwrap_err(), ChangeError::UnknownOwner);
    let stop = Change::StopTenant { tenant: "acmee".to_owned() };
    assert_eq!(apply(&unknown, &stop, NOW).unwrap_err(), ChangeError::UnknownTenant);
}

#[test]
fn an_id_and_a_secret_are_given_once() {
    let exists = apply(&snapshot(Some(&key())), &creation(settings()), NOW);
    assert_eq!(exists.unwrap_err(), ChangeError::KeyExists);
    let rotation = Change::Rotate { id: id(), secret: secret(2), grace_ms: 0 };
    for (before, change) in [(None, creation(settings())), (Some(key()), rotation)] {
        let mut taken = snapshot(before.as_ref());
        taken.lookup_taken = true;
        assert_eq!(apply(&taken, &change, NOW).unwrap_err(), ChangeError::LookupTaken);
    }
}

#[test]
fn names_that_cannot_be_shown_are_refused() {
    for wrong in ["", "two\nlines", &"n".repeat(129)] {
        let name = Some(wrong.to_owned());
        let change = Change::Create { id: id(), name, settings: settings(), secret: secret(1) };
        let error = apply(&snapshot(None), &change, NOW).unwrap_err();
        assert_eq!(error.code(), "settings_invalid", "{wrong:?}");
    }
    let bad_id = Change::Create {
        id: "key 1".to_owned(),
        name: Some("for people, with ümläuts".to_owned()),
        settings: settings(),
        secret: secret(1),
    };
    assert!(apply(&snapshot(None), &bad_id, NOW).unwrap_err().to_string().starts_with("id must"));
}

#[test]
fn an_update_of_another_version_changes_nothing() {
    let mut key = key();
    assert_eq!(key.changed, AFTER, "a key is at the version of its last change");
    key.changed = BEFORE;
    let update = |expected| {
        let change = Change::Update { id: id(), settings: settings(), expected };
        apply(&snapshot(Some(&key)), &change, NOW)
    };
    for expected in [None, Some(BEFORE)] {
        assert_eq!(update(expected).unwrap().key.unwrap().changed, AFTER);
    }
    for expected in [AFTER, Stamp { incarnation: 1, ..BEFORE }] {
        let error = update(Some(expected)).unwrap_err();
        assert_eq!(error, ChangeError::OtherVersion { found: BEFORE }, "{expected:?}");
    }
    let disabled = apply(&snapshot(Some(&key)), &Change::Disable { id: id() }, NOW).unwrap();
    assert_eq!(disabled.key.unwrap().changed, AFTER);
}

#[test]
fn the_tenant_and_the_env_of_a_key_never_change() {
    let rows = [
        ("tenant", with(|s| s.tenant = "other".to_owned())),
        ("env", with(|s| s.env = "test".to_owned())),
    ];
    for (field, settings) in rows {
        let change = Change::Update { id: id(), settings, expected: None };
        let error = apply(&snapshot(Some(&key())), &change, NOW).unwrap_err();
        assert_eq!(error, ChangeError::Fixed { field });
    }
    let change =
        Change::Update { id: id(), settings: with(|s| s.owner = "eve".to_owned()), expected: None };
    let commit = apply(&snapshot(Some(&key())), &change, NOW).unwrap();
    assert_eq!(commit.key.unwrap().settings.owner, "eve");
}

#[test]
fn stops_say_who_and_what_is_published_again() {
    let stop = Change::StopOwner { tenant: "acme".to_owned(), owner: "bob".to_owned() };
    let commit = apply(&snapshot(None), &stop, NOW).unwrap();
    let (tenant, owner) = ("acme".to_owned(), Some("bob".to_owned()));
    assert_eq!(
        commit.stop,
        Some(Stop { tenant: tenant.clone(), owner: owner.clone(), stopped: true })
    );
    assert_eq!(commit.outbox, Outbox::Holder { tenant: tenant.clone(), owner });
    let resume = Change::ResumeTenant { tenant: tenant.clone() };
    let commit = apply(&snapshot(None), &resume, NOW).unwrap();
    assert_eq!(commit.stop, Some(Stop { tenant, owner: None, stopped: false }));
}

#[test]
fn an_instant_or_an_epoch_out_of_bounds_is_refused() {
    for now in [UnixMillis(0), UnixMillis(INTEGER_MAX - GRACE_MAX_MS + 1), UnixMillis(u64::MAX)] {
        let error = apply(&snapshot(None), &creation(settings()), now).unwrap_err();
        assert_eq!(error, ChangeError::Clock);
    }
    let mut last = snapshot(None);
    last.stamp = Stamp { epoch: INTEGER_MAX, ..BEFORE };
    assert_eq!(apply(&last, &creation(settings()), NOW).unwrap_err(), ChangeError::Exhausted);
}

#[test]
fn a_document_reads_back_as_it_was_written() {
    let key = Key { name: Some("billing, \"old\"".to_owned()), ..key() };
    assert_eq!(Key::from_text(&key.to_text()), Some(key.clone()));
    for damaged in ["", "{}", &key.to_text().replace("acme", "acme\u{0}\""), "null"] {
        assert_eq!(Key::from_text(damaged), None, "{damaged}");
    }
}
