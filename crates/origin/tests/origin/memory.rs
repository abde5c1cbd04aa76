//! Tokens that are remembered, and tokens that are used once.

use std::time::Duration;

use crate::data::{Clock, admit, bound, plain, reason, settings, sign, verifier};

#[tokio::test]
async fn a_remembered_token_expires_all_the_same() {
    let clock = Clock::default();
    let played = clock.clone();
    let verifier = verifier(settings().clock(move || played.read()));
    for (at, wanted) in [
        (0, None),
        (34_999, None),
        (35_000, Some("expired")),
        (34_999, None),
        (35_001, Some("expired")),
    ] {
        clock.set(at);
        assert_eq!(reason(&verifier, plain()).await, wanted, "at {at}");
    }
}

#[tokio::test]
async fn a_bound_token_is_used_once_where_that_is_remembered() {
    let clock = Clock::default();
    let played = clock.clone();
    let settings = settings().require_binding().replay_max(4);
    let verifier = verifier(settings.clock(move || played.read()));
    for (at, wanted) in [
        (0, None),
        (0, Some("replayed")),
        (14_999, Some("replayed")),
        (15_000, Some("expired")),
        (0, Some("replayed")),
    ] {
        clock.set(at);
        assert_eq!(reason(&verifier, bound()).await, wanted, "at {at}");
    }
}

#[tokio::test]
async fn a_full_memory_of_used_tokens_is_ours_and_not_the_callers() {
    let verifier = verifier(settings().require_binding().replay_max(1));
    let token = |jti| sign(&[], Some([jti; 16])).unwrap();
    admit(&verifier, &token(1)).await.unwrap();
    let problem = admit(&verifier, &token(2)).await.unwrap_err();
    assert_eq!((problem.status(), problem.reason().code()), (503, "replay_full"));
    assert_eq!(reason(&verifier, &token(1)).await, Some("replayed"));
}

#[tokio::test]
async fn an_unbound_token_is_not_taken_from_memory_where_binding_is_demanded() {
    let verifier = verifier(settings().require_binding());
    for _ in 0..2 {
        assert_eq!(reason(&verifier, plain()).await, Some("unbound"));
    }
}

#[tokio::test]
async fn skew_is_what_is_set() {
    let clock = Clock::default();
    let played = clock.clone();
    let settings = settings().skew(Duration::ZERO);
    let verifier = verifier(settings.clock(move || played.read()));
    for (at, wanted) in [(0, None), (29_999, None), (30_000, Some("expired"))] {
        clock.set(at);
        assert_eq!(reason(&verifier, plain()).await, wanted, "at {at}");
    }
}
