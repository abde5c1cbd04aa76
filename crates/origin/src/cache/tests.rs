//! A clock and a gate that are played: every fetch is counted, and lands when the test says so.
#![expect(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    reason = "a test stops at what should not be"
)]

use serde_json::{Value, json};
use tollgate_core::time::{Reading, UnixMillis};

use super::*;

struct Played {
    cache: Cache,
    at: Reading,
    fetches: usize,
    under_way: Vec<Flight>,
}

const START: Reading = Reading { wall: UnixMillis(1_700_000_000_000), mono_ms: 1_000_000 };
const BOTH: [&str; 2] = ["k1", "k2"];

/// Keys of these names.
fn keys(kids: &[&str]) -> Option<Keys> {
    let entries: Vec<Value> = kids.iter().map(|kid| entry(kid)).collect();
    Keys::read(json!({ "keys": entries }).to_string().as_bytes()).ok()
}

/// What a key is made of does not matter here.
fn entry(kid: &str) -> Value {
    let x = "A6EHv_POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg";
    json!({"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": kid, "x": x})
}

impl Played {
    fn new() -> Self {
        let ages =
            Ages { fresh_ms: 60_000, max_age_ms: 300_000, refetch_ms: 10_000, deadline_ms: 2_000 };
        Self { cache: Cache::new(ages), at: START, fetches: 0, under_way: vec![] }
    }

    fn pass(&mut self, millis: u64) {
        self.at = self.at.plus(millis);
    }

    /// What is held after a look for `kid`, and whether there is something to wait for.
    fn look(&mut self, kid: &str) -> (Option<Vec<&'static str>>, bool) {
        let look = self.cache.look(kid, self.at);
        self.fetches += usize::from(look.start.is_some());
        self.under_way.extend(look.start);
        let has = |keys: &Arc<Keys>| {
            ["k1", "k2", "k3"].into_iter().filter(|kid| keys.mark(kid).is_some()).collect()
        };
        (look.keys.as_ref().map(has), look.wait.is_some())
    }

    fn held(&mut self, kid: &str) -> Option<Vec<&'static str>> {
        self.look(kid).0
    }

    /// The oldest fetch that is under way ends.
    fn land(&mut self, found: Option<Keys>) {
        let flight = self.under_way.remove(0);
        self.cache.land(flight, found);
    }

    /// Keys that were just fetched.
    fn filled() -> Self {
        let mut played = Self::new();
        assert_eq!(played.look("k1"), (None, true));
        played.land(keys(&BOTH));
        played
    }
}

#[test]
fn keys_are_fetched_once_and_again_behind_the_requests_when_they_are_no_longer_fresh() {
    let mut played = Played::filled();
    for _ in 0..3 {
        assert_eq!(played.look("k1"), (Some(BOTH.to_vec()), false));
    }
    played.pass(59_999);
    assert_eq!(played.look("k1"), (Some(BOTH.to_vec()), false));
    assert_eq!(played.fetches, 1);
    played.pass(1);
    for _ in 0..3 {
        assert_eq!(
            played.look("k1"),
            (Some(BOTH.to_vec()), false),
            "nobody waits for what is still good"
        );
    }
    assert_eq!(played.fetches, 2, "one fetch at a time");
    played.land(keys(&["k1"]));
    assert_eq!(played.held("k1"), Some(vec!["k1"]));
}

#[test]
fn a_removed_key_goes_with_the_next_answer() {
    let mut played = Played::filled();
    played.pass(60_000);
    assert_eq!(played.held("k1"), Some(BOTH.to_vec()));
    played.land(keys(&["k2"]));
    assert_eq!(played.held("k2"), Some(vec!["k2"]));
}

#[test]
fn keys_go_after_their_max_age_by_either_clock_when_no_answer_comes() {
    for (wall, mono) in [(1, 1), (1, 0), (0, 1)] {
        let mut played = Played::filled();
        let later = |millis: u64| Reading {
            wall: START.wall.plus(wall * millis),
            mono_ms: START.mono_ms + mono * millis,
        };
        played.at = later(299_999);
        assert_eq!(played.held("k1"), Some(BOTH.to_vec()));
        played.land(None);
        played.at = later(300_000);
        assert_eq!(played.held("k1"), None);
    }
}

#[test]
fn a_clock_that_was_set_back_keeps_no_key_alive() {
    let mut played = Played::filled();
    played.at = Reading { wall: UnixMillis(0), mono_ms: START.mono_ms + 300_000 };
    assert_eq!(played.held("k1"), None);
}

#[test]
fn an_unknown_kid_is_looked_for_once_per_interval() {
    let mut played = Played::filled();
    for _ in 0..1_000 {
        assert_eq!(played.look("unknown"), (Some(BOTH.to_vec()), false));
    }
    assert_eq!(played.fetches, 1, "what was just fetched is not fetched again");
    played.pass(10_000);
    for kid in ["unknown", "other", "k3"] {
        assert_eq!(played.look(kid), (Some(BOTH.to_vec()), true), "{kid} waits for the same fetch");
    }
    assert_eq!(played.look("k1"), (Some(BOTH.to_vec()), false), "a known one does not wait");
    played.land(keys(&BOTH));
    played.pass(9_999);
    assert_eq!(played.look("unknown"), (Some(BOTH.to_vec()), false));
    assert_eq!(played.fetches, 2);
}

#[test]
fn a_new_key_is_found_by_its_kid() {
    let mut played = Played::new();
    played.look("k1");
    played.land(keys(&["k1"]));
    played.pass(10_000);
    assert_eq!(played.look("k2"), (Some(vec!["k1"]), true));
    played.land(keys(&BOTH));
    assert_eq!(played.look("k2"), (Some(BOTH.to_vec()), false));
}

#[test]
fn a_bad_answer_changes_nothing_and_is_not_asked_for_at_every_request() {
    let mut played = Played::filled();
    played.pass(60_000);
    played.look("k1");
    played.land(None);
    for _ in 0..100 {
        assert_eq!(played.look("k1"), (Some(BOTH.to_vec()), false));
    }
    assert_eq!(played.fetches, 2);
    played.pass(10_000);
    played.look("k1");
    assert_eq!(played.fetches, 3);
}

#[test]
fn a_fetch_that_hangs_is_given_up_and_what_it_brings_late_is_not_taken() {
    let mut played = Played::new();
    assert_eq!(played.look("k1"), (None, true));
    played.pass(3_000);
    assert_eq!(played.look("k1"), (None, true));
    assert_eq!(played.fetches, 1);
    played.pass(1);
    assert_eq!(played.look("k1"), (None, true));
    assert_eq!(played.fetches, 2);
    let late = played.under_way.remove(0);
    played.land(keys(&["k2"]));
    played.cache.land(late, keys(&BOTH));
    assert_eq!(played.held("k2"), Some(vec!["k2"]));
}

#[test]
fn keys_are_as_old_as_the_question() {
    let mut played = Played::new();
    played.look("k1");
    played.pass(2_000);
    played.land(keys(&BOTH));
    played.pass(297_999);
    assert_eq!(played.held("k1"), Some(BOTH.to_vec()));
    played.land(None);
    played.pass(1);
    assert_eq!(played.held("k1"), None);
}

#[test]
fn with_no_key_in_hand_it_is_tried_once_a_second() {
    let mut played = Played::new();
    played.look("k1");
    played.land(None);
    for _ in 0..100 {
        assert_eq!(played.look("k1"), (None, false));
    }
    assert_eq!(played.fetches, 1);
    played.pass(999);
    played.look("k1");
    assert_eq!(played.fetches, 1);
    played.pass(1);
    assert_eq!(played.look("k1"), (None, true));
    played.land(keys(&BOTH));
    assert_eq!(played.held("k1"), Some(BOTH.to_vec()));
}

#[test]
fn whoever_waits_is_woken_by_what_lands_before_they_look_at_it() {
    let mut played = Played::new();
    let look = played.cache.look("k1", played.at);
    played.under_way.extend(look.start);
    let mut wait = Box::pin(look.wait.unwrap());
    played.land(keys(&BOTH));
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(wait.as_mut().poll(&mut context).is_ready());
}
