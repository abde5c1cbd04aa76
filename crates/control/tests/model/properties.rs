//! What holds for every body, patch and query.

use core::fmt::Debug;

use serde_json::Value;
use tollgate_control::{
    model::{
        Body, Changed, Details, Document, KeyPut, KeyQuery, NewKey, Owner, Patch, Reason, Role,
        Rotation, Template, Tenant, check, read, shape::Shape,
    },
    problem::{Fault, Findings, PROBLEMS_MAX, Place, Pointer, Problem},
};
use tollgate_ledger::Key;
use tollgate_testkit::{Random, full};

use crate::{
    made::{NOW, body, details, key, patch, put, roles, told},
    samples,
};

fn rounds() -> u64 {
    if full() { 4_000 } else { 200 }
}

/// Reads what is right in every field: what is wrong with it can only be wrong together.
fn together<T: Body>(value: &Value) -> Option<T> {
    match body::<T>(value) {
        Ok(read) => Some(read),
        Err(problem) => {
            let conflicts = problem.errors.iter().all(|finding| finding.fault == Fault::Conflict);
            assert!(conflicts, "{value}: {:?}", told(&problem));
            None
        }
    }
}

/// A shape lets nothing through that its type cannot hold, and a type says again what it was read from.
fn round_trips<T: Document + PartialEq + Debug>(seed: u64) {
    let mut random = Random::new(seed);
    let mut read = 0;
    for _ in 0..rounds() {
        let value = samples::body(T::SHAPE, &mut random);
        let Some(said) = together::<T>(&value) else { continue };
        read += 1;
        let mut again = serde_json::to_value(&said).unwrap();
        let name = T::NAME.and_then(|name| again.as_object_mut().unwrap().remove(name));
        let name = name.as_ref().and_then(Value::as_str).unwrap_or_default();
        assert_eq!(put::<T>(name, &again).unwrap(), said, "{value}");
        assert_eq!(patch::<T>(&serde_json::json!({})).unwrap().applied(&said).unwrap(), said);
        // What is said of it, said again as a patch, changes nothing.
        assert_eq!(patch::<T>(&without_nulls(&again)).unwrap().applied(&said).unwrap(), said);
    }
    assert!(read > rounds() / 4, "{read}");
}

fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let members = map.iter().filter(|(_, value)| !value.is_null());
            members.map(|(name, value)| (name.clone(), without_nulls(value))).collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            value.clone()
        }
    }
}

#[test]
fn what_was_read_is_said_again_and_a_patch_of_nothing_changes_nothing() {
    round_trips::<KeyPut>(1);
    round_trips::<Tenant>(2);
    round_trips::<Owner>(3);
    round_trips::<Role>(4);
    round_trips::<Template>(5);
    let mut random = Random::new(6);
    for _ in 0..rounds() {
        together::<NewKey>(&samples::body(NewKey::SHAPE, &mut random));
        together::<Reason>(&samples::body(Reason::SHAPE, &mut random));
        together::<Rotation>(&samples::body(Rotation::SHAPE, &mut random));
    }
}

/// RFC 7396, as its own text has it.
fn merged(target: &Value, patch: &Value) -> Value {
    let Value::Object(patch) = patch else { return patch.clone() };
    let mut target = target.as_object().cloned().unwrap_or_default();
    for (name, value) in patch {
        if value.is_null() {
            target.remove(name);
        } else {
            let inner = merged(target.get(name).unwrap_or(&Value::Null), value);
            target.insert(name.clone(), inner);
        }
    }
    Value::Object(target)
}

/// `apart` says whether what is right by itself may be wrong with what it is merged into.
fn patches<T: Document + PartialEq + Debug>(seed: u64, apart: bool) {
    let mut random = Random::new(seed);
    let (mut good, mut wrong) = (0, 0);
    for _ in 0..rounds() {
        let Some(before) = together::<T>(&samples::body(T::SHAPE, &mut random)) else { continue };
        let members = samples::body(T::PATCH, &mut random);
        let patched = patch::<T>(&members).unwrap().applied(&before);
        let mut whole = serde_json::to_value(&before).unwrap();
        let name = T::NAME.and_then(|name| whole.as_object_mut().unwrap().remove(name));
        let name = name.as_ref().and_then(Value::as_str).unwrap_or_default();
        assert_eq!(patched, put::<T>(name, &merged(&whole, &members)), "{members} into {whole}");
        match patched {
            Ok(after) => {
                good += 1;
                // Once more changes nothing more.
                assert_eq!(patch::<T>(&members).unwrap().applied(&after).unwrap(), after);
            }
            Err(problem) => {
                wrong += 1;
                let allowed = [Fault::Conflict, Fault::TooMany];
                assert!(
                    problem.errors.iter().all(|finding| allowed.contains(&finding.fault)),
                    "{:?}",
                    told(&problem)
                );
            }
        }
    }
    assert!(good > rounds() / 20, "{good}");
    assert_eq!(wrong > 0, apart, "{wrong}");
}

#[test]
fn a_patch_makes_what_its_merge_put_in_the_place_of_all_would() {
    patches::<KeyPut>(11, true);
    patches::<Owner>(12, false);
    patches::<Role>(13, false);
    patches::<Template>(14, true);
}

#[test]
fn a_key_that_was_changed_says_what_was_put() {
    let mut random = Random::new(21);
    let mut made = 0;
    for _ in 0..rounds() {
        let Some(put) = together::<KeyPut>(&samples::body(KeyPut::SHAPE, &mut random)) else {
            continue;
        };
        let Ok(Changed { name, settings, details }) =
            put.clone().changed(&key(), &details(), None, &roles(), NOW)
        else {
            assert!(!put.roles.iter().all(|name| ["reader", "writer"].contains(&name.as_str())));
            continue;
        };
        made += 1;
        assert_eq!((settings.tenant.as_str(), settings.env.as_str()), ("acme", "live"));
        assert!(settings.scopes.is_sorted() && settings.check().is_ok());
        let after = Key { name, settings, ..key() };
        assert_eq!(KeyPut::of(&after, &details), put);
        assert_eq!(Details::from_text(&details.to_text()).as_ref(), Some(&details));
    }
    assert!(made > rounds() / 20, "{made}");
}

#[test]
fn whatever_is_wrong_in_one_place_is_found_there() {
    let mut random = Random::new(31);
    for shape in
        [KeyPut::SHAPE, NewKey::SHAPE, Template::SHAPE, Template::PATCH, KeyPut::PATCH, Role::SHAPE]
    {
        for _ in 0..rounds() / 4 {
            let value = samples::body(shape, &mut random);
            assert_eq!(found(shape, &value), [""; 0], "{value}");
            let mut places = vec![];
            samples::places(&value, "", &mut places);
            let (place, old) = places[random.place(places.len())].clone();
            let mut broken = value.clone();
            *broken.pointer_mut(&place).unwrap() = samples::wrong(&old);
            let found = found(shape, &broken);
            let here = |found: &String| found.starts_with(place.as_str());
            assert!(!found.is_empty() && found.iter().all(here), "{place} of {broken}: {found:?}");
        }
    }
}

fn found(shape: &Shape, value: &Value) -> Vec<String> {
    let mut findings = Findings::new();
    let mut at = Pointer::root();
    check(shape, value, &mut at, &mut findings);
    assert_eq!(at, Pointer::root());
    let text = |place: &Place| match place {
        Place::Pointer(pointer) => pointer.clone(),
        Place::Parameter(_) | Place::Header(_) => panic!("{place:?} in a body"),
    };
    findings.list().iter().map(|finding| text(&finding.place)).collect()
}

fn bounded<T>(read: Result<T, Problem>) {
    let Err(problem) = read else { return };
    assert!(problem.errors.len() <= PROBLEMS_MAX);
    assert!(problem.body("r").len() < 65_536);
}

#[test]
fn whatever_bytes_come_nothing_panics_and_an_answer_has_a_bound() {
    let mut random = Random::new(41);
    for _ in 0..rounds() * 2 {
        let mut text = samples::body(KeyPut::SHAPE, &mut random).to_string().into_bytes();
        for _ in 0..random.within(1, 4) {
            let at = random.place(text.len());
            match random.below(4) {
                0 => text[at] = random.byte(),
                1 => text.insert(at, random.one_of(b"{}[]\",:0e.-\\u~/\xff\0")),
                2 => text.truncate(at.max(1)),
                _ => {
                    let other = random.place(text.len());
                    let part: Vec<u8> = text[at.min(other)..at.max(other)].to_vec();
                    text.splice(at..at, part);
                }
            }
        }
        bounded(read::<KeyPut>(&text));
        bounded(read::<NewKey>(&text));
        bounded(read::<Template>(&text));
        bounded(
            Patch::<KeyPut>::read(&text)
                .and_then(|patch| patch.applied(&KeyPut::of(&key(), &details()))),
        );
        // What is read is JSON to everybody else.
        if read::<KeyPut>(&text).is_ok() {
            assert!(serde_json::from_slice::<Value>(&text).is_ok());
        }
    }
}

#[test]
fn whatever_is_asked_nothing_panics_and_a_cursor_leads_back_to_its_place() {
    let mut random = Random::new(51);
    let alphabet = b"textownersortcursorlimit=&%+-0123456789abcdef:.\xc3\xa9";
    for _ in 0..rounds() * 2 {
        let bytes: Vec<u8> = (0..random.below(60)).map(|_| random.one_of(alphabet)).collect();
        bounded(KeyQuery::read(Some(&String::from_utf8_lossy(&bytes)), "acme"));
        let cursor: String = (0..random.below(60))
            .map(|_| char::from(random.one_of(b"0123456789abcdefnt-")))
            .collect();
        assert!(KeyQuery::read(Some(&format!("cursor={cursor}")), "acme").is_err());
    }
}
