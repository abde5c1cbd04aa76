//! What a server can do to whoever fetches keys from it.

use std::{
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
    time::Duration,
};

use tokio::time::timeout;
use tollgate_origin::{KeysError, Settings, Verifier};

use crate::{
    data::{admit, plain, settings, verifier},
    servers::{Jwks, Kind, PATIENCE},
};

/// A verifier over a server, and what it is told of fetches that brought nothing.
fn over(server: &Jwks, deadline: Duration) -> (Verifier, Arc<Mutex<Vec<KeysError>>>) {
    let told = Arc::<Mutex<Vec<_>>>::default();
    let note = Arc::clone(&told);
    let settings = settings().jwks(&server.url).deadline(deadline);
    (verifier(settings.on_missed(move |error| note.lock().unwrap().push(error))), told)
}

/// Nobody is served by what comes from such a server, for this reason.
async fn check(kind: Kind, wanted: KeysError, deadline: Duration) -> Jwks {
    let server = Jwks::new(kind).await;
    let (verifier, told) = over(&server, deadline);
    let problem = timeout(PATIENCE, admit(&verifier, plain())).await.unwrap().unwrap_err();
    assert_eq!((problem.status(), problem.code()), (503, "unavailable"), "{kind:?}");
    assert_eq!(problem.reason().code(), "no_keys", "{kind:?}");
    // Who gives up waiting may be a little earlier than the fetch itself.
    crate::servers::until(async || !told.lock().unwrap().is_empty()).await;
    assert_eq!(*told.lock().unwrap(), [wanted], "{kind:?}");
    server
}

const LONG: Duration = Duration::from_secs(30);

#[tokio::test]
async fn a_good_document_is_read() {
    for kind in [Kind::Good, Kind::Chunked] {
        let server = Jwks::new(kind).await;
        let (verifier, told) = over(&server, LONG);
        assert_eq!(admit(&verifier, plain()).await.unwrap().tenant(), "acme", "{kind:?}");
        assert!(told.lock().unwrap().is_empty());
    }
}

#[tokio::test]
async fn what_is_wrong_is_no_document() {
    for (kind, wanted) in [
        (Kind::Status, KeysError::Status),
        (Kind::Redirect, KeysError::Status),
        (Kind::Page, KeysError::NoJwks),
        (Kind::Private, KeysError::NoJwks),
        (Kind::Nothing, KeysError::Unreachable),
        (Kind::Cut, KeysError::Unreachable),
        (Kind::Junk, KeysError::Unreachable),
    ] {
        check(kind, wanted, LONG).await;
    }
}

#[tokio::test]
async fn a_huge_document_is_read_no_further_than_its_bound() {
    for (kind, wanted) in [
        (Kind::Huge, KeysError::TooLong),
        (Kind::Endless, KeysError::TooLong),
        (Kind::HeadWithoutEnd, KeysError::Unreachable),
    ] {
        let server = check(kind, wanted, LONG).await;
        // What lies in the buffers of both ends is all that is sent beyond it.
        assert!(server.sent() < 64 << 20, "{kind:?}: {}", server.sent());
    }
    assert_eq!(tollgate_origin::JWKS_MAX, 16_384);
}

#[tokio::test]
async fn whoever_answers_slowly_is_not_waited_for() {
    for kind in [Kind::Silent, Kind::DrippingHead, Kind::DrippingBody] {
        check(kind, KeysError::Unreachable, Duration::from_millis(300)).await;
    }
}

#[tokio::test]
async fn nobody_there_is_an_answer_of_our_own() {
    let server = Jwks::new(Kind::Good).await;
    let (verifier, told) = over(&server, LONG);
    drop(server);
    tokio::task::yield_now().await;
    let problem = admit(&verifier, plain()).await.unwrap_err();
    assert_eq!((problem.status(), problem.reason().code()), (503, "no_keys"));
    assert_eq!(*told.lock().unwrap(), [KeysError::Unreachable]);
}

#[test]
fn outside_of_a_runtime_nobody_is_served_and_nothing_panics() {
    let gate = Settings::new("https://gate.example", "orders").jwks("http://127.0.0.1:9/");
    let told = Arc::<Mutex<Vec<_>>>::default();
    let note = Arc::clone(&told);
    let verifier = verifier(gate.on_missed(move |error| note.lock().unwrap().push(error)));
    let mut judged = Box::pin(admit(&verifier, plain()));
    let polled = judged.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    let reason = polled.map(|judged| judged.unwrap_err().reason().code());
    assert_eq!(reason, Poll::Ready("no_keys"));
    assert_eq!(*told.lock().unwrap(), [KeysError::Unreachable], "the operator is told");
}
