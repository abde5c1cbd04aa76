//! Used tokens, remembered ones, and a clock that is played.
#![expect(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    reason = "a test stops at what should not be"
)]

use super::*;
use crate::keys::Keys;

const NOW: u64 = 1_700_000_000_000;

fn bound(at: u8) -> Binding {
    Binding { jti: [at; 16], method: "GET".into(), path: b"/"[..].into() }
}

/// Takes the use of tokens at times, and says what came of each.
fn check(most: usize, uses: &[(u8, u64, u64, Result<(), Reason>)]) {
    let used = Used::new(most);
    for (place, (at, ends, now, wanted)) in uses.iter().enumerate() {
        let found = used.take(&bound(*at), NOW + ends, UnixMillis(NOW + now));
        assert_eq!(found, *wanted, "use {place}");
    }
}

#[test]
fn a_token_is_used_once_until_it_ends_and_then_it_has_expired() {
    let expired = Err(Reason::Refused(Refusal::Expired));
    check(
        4,
        &[
            (1, 15_000, 0, Ok(())),
            (1, 15_000, 0, Err(Reason::Replayed)),
            (2, 15_000, 0, Ok(())),
            (1, 15_000, 14_999, Err(Reason::Replayed)),
            (1, 15_000, 15_000, expired),
        ],
    );
}

#[test]
fn a_clock_that_is_set_back_lets_nothing_be_used_again() {
    let expired = Err(Reason::Refused(Refusal::Expired));
    check(
        1,
        &[
            (1, 15_000, 0, Ok(())),
            (1, 15_000, 0, Err(Reason::Replayed)),
            // It makes room for another, and is forgotten.
            (2, 30_000, 15_000, Ok(())),
            (1, 15_000, 0, expired),
        ],
    );
}

#[test]
fn a_full_memory_of_used_tokens_refuses_and_forgets_none_that_could_be_used() {
    check(
        2,
        &[
            (1, 15_000, 0, Ok(())),
            (2, 20_000, 0, Ok(())),
            (3, 15_000, 0, Err(Reason::ReplayFull)),
            (3, 15_000, 14_999, Err(Reason::ReplayFull)),
            (3, 25_000, 15_000, Ok(())),
            (2, 20_000, 15_000, Err(Reason::Replayed)),
            (4, 40_000, 19_999, Err(Reason::ReplayFull)),
            (4, 40_000, 20_000, Ok(())),
            (5, 40_000, 24_999, Err(Reason::ReplayFull)),
            (5, 40_000, 25_000, Ok(())),
        ],
    );
}

#[test]
fn without_a_memory_nothing_is_remembered() {
    check(0, &[(1, 15_000, 0, Ok(())), (1, 15_000, 0, Ok(()))]);
}

fn told(binding: Option<Binding>) -> Arc<Told> {
    let name = || Box::from("x");
    Arc::new(Told {
        key: name(),
        owner: name(),
        tenant: name(),
        env: name(),
        scopes: [][..].into(),
        plan: None,
        issuer: name(),
        audience: name(),
        issued_at: 0,
        expires_at: 0,
        kid: name(),
        binding,
    })
}

/// A key that was published, whatever it is made of.
fn mark() -> Arc<Mark> {
    let document = br#"{"keys":[{"kty":"OKP","crv":"Ed25519","use":"sig","alg":"EdDSA","kid":"k1",
        "x":"A6EHv_POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg"}]}"#;
    Arc::clone(Keys::read(document).unwrap().mark("k1").unwrap())
}

/// Of ten tokens that are kept in their order, these are still there.
fn remembered(most: usize, binding: Option<&Binding>, wanted: &[u8]) {
    let remembered = Remembered::new(most);
    for token in 0..10 {
        let known = Known { mark: mark(), told: told(binding.cloned()) };
        remembered.keep(&[token], known.clone());
        // What is kept twice takes the room of one.
        remembered.keep(&[token], known);
    }
    let found: Vec<u8> = (0..10).filter(|token| remembered.find(&[*token]).is_some()).collect();
    assert_eq!(found, wanted, "at most {most}");
    let held = remembered.held();
    assert_eq!((held.tokens.len(), held.order.len()), (wanted.len(), wanted.len()));
}

#[test]
fn what_is_remembered_is_bounded_and_the_oldest_goes_first() {
    remembered(0, None, &[]);
    remembered(1, None, &[9]);
    remembered(3, None, &[7, 8, 9]);
    remembered(10, None, &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
}

#[test]
fn bound_tokens_are_not_remembered() {
    remembered(10, Some(&bound(1)), &[]);
}

#[test]
fn what_is_forgotten_makes_room() {
    let remembered = Remembered::new(2);
    let keep = |token| remembered.keep(&[token], Known { mark: mark(), told: told(None) });
    keep(1);
    keep(2);
    remembered.forget(&[1]);
    remembered.forget(&[9]);
    keep(3);
    let found: Vec<u8> = (0..10).filter(|token| remembered.find(&[*token]).is_some()).collect();
    assert_eq!(found, [2, 3]);
    assert_eq!(remembered.held().order.len(), 2, "nothing is left of what was forgotten");
}
