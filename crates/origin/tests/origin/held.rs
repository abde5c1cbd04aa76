//! A verifier over a server of keys: what is fetched when, and what goes with a key.

use std::{process::Command, time::Duration};

use serde_json::json;
use tokio::task::JoinSet;
use tollgate_origin::{Settings, Verifier};

use crate::{
    data::{Clock, admit, bound, jwks, k2, plain, reason, settings, verifier},
    servers::{Jwks, Kind, until},
};

const SECOND: Duration = Duration::from_secs(1);

/// A server of keys, a verifier over it, and its clock.
async fn over(kind: Kind) -> (Jwks, Verifier, Clock) {
    with(kind, |settings| settings).await
}

/// The same with keys that age as fast as they may: a token lives for less time than they usually do.
async fn aging(kind: Kind) -> (Jwks, Verifier, Clock) {
    with(kind, |settings| settings.fresh(SECOND).refetch(SECOND).max_age(20 * SECOND)).await
}

async fn with(kind: Kind, set: impl FnOnce(Settings) -> Settings) -> (Jwks, Verifier, Clock) {
    let (server, clock) = (Jwks::new(kind).await, Clock::default());
    let played = clock.clone();
    let settings = settings().jwks(&server.url).deadline(30 * SECOND);
    let verifier = verifier(set(settings).clock(move || played.read()));
    (server, verifier, clock)
}

#[tokio::test]
async fn many_requests_at_once_fetch_once() {
    let (server, verifier, _) = over(Kind::Held).await;
    let mut asking = JoinSet::new();
    for _ in 0..100 {
        let verifier = verifier.clone();
        asking.spawn(async move { reason(&verifier, plain()).await });
    }
    server.was_asked(1).await;
    server.release();
    assert_eq!(asking.join_all().await, vec![None; 100]);
    assert_eq!(server.asked(), 1);
}

#[tokio::test]
async fn a_request_that_goes_away_ends_nothing_that_others_wait_for() {
    let (server, verifier, _) = over(Kind::Held).await;
    let (first, second) = (verifier.clone(), verifier.clone());
    let going = tokio::spawn(async move { reason(&first, plain()).await });
    server.was_asked(1).await;
    let staying = tokio::spawn(async move { reason(&second, plain()).await });
    going.abort();
    assert!(going.await.unwrap_err().is_cancelled());
    server.release();
    assert_eq!(staying.await.unwrap(), None);
    assert_eq!(server.asked(), 1);
}

#[tokio::test]
async fn garbage_fetches_nothing() {
    let (server, verifier, _) = over(Kind::Good).await;
    let longer = [plain(), &[b'A'; 9_999]].concat();
    let shorter = &plain()[..plain().len() - 1];
    for (token, wanted) in [
        (&b"x.y.z"[..], "malformed"),
        (b"", "malformed"),
        (&[b'.'; 99], "malformed"),
        (shorter, "malformed"),
        (&longer, "too_long"),
        (b"a,b", "ambiguous"),
    ] {
        assert_eq!(reason(&verifier, token).await, Some(wanted));
    }
    assert_eq!(server.asked(), 0);
}

#[tokio::test]
async fn keys_are_fetched_again_behind_the_requests() {
    let (server, verifier, clock) = aging(Kind::Good).await;
    assert_eq!(reason(&verifier, k2()).await, None);
    server.becomes(Kind::Held);
    server.publishes(&jwks(&[0]));
    clock.set(999);
    assert_eq!(reason(&verifier, k2()).await, None);
    assert_eq!(server.asked(), 1);
    clock.set(1_000);
    assert_eq!(reason(&verifier, k2()).await, None, "nobody waits for what is still good");
    server.was_asked(2).await;
    assert_eq!(reason(&verifier, k2()).await, None);
    server.release();
    until(async || reason(&verifier, k2()).await == Some("unknown_kid")).await;
    assert_eq!(reason(&verifier, plain()).await, None);
    assert_eq!(server.asked(), 2);
}

/// The same token with another signature: never verified and never remembered, so it tells which keys are held.
fn altered(token: &[u8]) -> Vec<u8> {
    let mut token = token.to_vec();
    let signature = token.iter().rposition(|byte| *byte == b'.').unwrap() + 1;
    token[signature] = if token[signature] == b'A' { b'B' } else { b'A' };
    token
}

#[tokio::test]
async fn a_removed_key_is_refused_also_for_tokens_that_are_remembered() {
    let (server, verifier, clock) = aging(Kind::Good).await;
    for token in [plain(), k2()] {
        assert_eq!(reason(&verifier, token).await, None);
        assert_eq!(reason(&verifier, &altered(token)).await, Some("bad_signature"));
    }
    server.publishes(&jwks(&[0]));
    clock.set(1_000);
    until(async || reason(&verifier, &altered(k2())).await == Some("unknown_kid")).await;
    assert_eq!(reason(&verifier, k2()).await, Some("unknown_kid"));
    assert_eq!(reason(&verifier, plain()).await, None);
    // Another key under the name of the one that is gone.
    let mut other = jwks(&[1]);
    other["keys"][0]["kid"] = json!("k1");
    server.publishes(&other);
    clock.set(3_000);
    until(async || reason(&verifier, &altered(plain())).await == Some("wrong_alg")).await;
    assert_eq!(reason(&verifier, plain()).await, Some("wrong_alg"));
}

#[tokio::test]
async fn keys_that_nobody_confirms_are_not_used_for_ever() {
    let (server, verifier, clock) = aging(Kind::Good).await;
    assert_eq!(reason(&verifier, plain()).await, None);
    server.becomes(Kind::Status);
    clock.set(19_999);
    assert_eq!(reason(&verifier, plain()).await, None);
    clock.set(20_000);
    assert_eq!(reason(&verifier, plain()).await, Some("no_keys"));
}

#[tokio::test]
async fn unknown_kids_cause_one_fetch_in_an_interval() {
    let (server, verifier, clock) = over(Kind::Good).await;
    server.publishes(&jwks(&[0]));
    assert_eq!(reason(&verifier, plain()).await, None);
    for _ in 0..100 {
        assert_eq!(reason(&verifier, k2()).await, Some("unknown_kid"));
    }
    assert_eq!(server.asked(), 1);
    clock.set(10_000);
    for _ in 0..100 {
        assert_eq!(reason(&verifier, k2()).await, Some("unknown_kid"));
    }
    assert_eq!(server.asked(), 2);
    server.publishes(&jwks(&[0, 1]));
    clock.set(20_000);
    assert_eq!(reason(&verifier, k2()).await, None, "a new key is found by its kid");
    assert_eq!(server.asked(), 3);
}

#[tokio::test]
async fn bound_tokens_are_verified_each_time() {
    let (server, verifier, clock) = over(Kind::Good).await;
    for token in [bound(), plain()] {
        for _ in 0..2 {
            admit(&verifier, token).await.unwrap();
        }
    }
    clock.set(15_000);
    assert_eq!(reason(&verifier, bound()).await, Some("expired"));
    assert_eq!(server.asked(), 1);
}

/// Of itself only that a gate without keys is asked once a second; what is said of it is for whoever started this.
#[tokio::test]
async fn a_gate_without_keys() {
    let (server, verifier, clock) = over(Kind::Status).await;
    for second in 0..=20 {
        clock.set(second * 1_000);
        assert_eq!(reason(&verifier, plain()).await, Some("no_keys"));
    }
    assert_eq!(server.asked(), 21);
}

#[test]
fn that_keys_cannot_be_had_is_said_on_standard_error_and_not_each_time() {
    let mut program = Command::new(std::env::current_exe().unwrap());
    let done = program.args(["--exact", "held::a_gate_without_keys"]).output().unwrap();
    assert!(done.status.success(), "{done:?}");
    let said = String::from_utf8(done.stderr).unwrap();
    let line = "tollgate: the keys of the gate could not be had: jwks_status";
    assert_eq!(said.lines().collect::<Vec<_>>(), [line; 3]);
}
