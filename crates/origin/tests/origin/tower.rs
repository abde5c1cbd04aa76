//! The layer around a service of tower that is no axum.

use std::{
    convert::Infallible,
    future::{Ready, poll_fn, ready},
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Request, Response, Version};
use http_body_util::{BodyExt, Full};
use tollgate_origin::{Identity, Verifier};
use tower_layer::Layer;
use tower_service::Service;

use crate::{
    data::{bound, plain, settings, verifier},
    servers::{Jwks, Kind},
};

/// Answers with the tenant, and stops a test that calls it before it has said that it is ready.
#[derive(Default)]
struct Tenant {
    is_ready: bool,
}

/// Whoever is cloned has still to become ready.
impl Clone for Tenant {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl Service<Request<()>> for Tenant {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.is_ready = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<()>) -> Self::Future {
        assert!(std::mem::take(&mut self.is_ready), "called before it was ready");
        ready(Ok(match Identity::of(request.extensions()) {
            Ok(who) => Response::new(Full::from(who.tenant().to_owned())),
            Err(problem) => problem.into_response(),
        }))
    }
}

/// Status and body of the answer to what comes through a layer.
async fn ask(verifier: &Verifier, request: Request<()>) -> (u16, String) {
    let mut guarded = verifier.layer().layer(Tenant::default());
    poll_fn(|cx| guarded.poll_ready(cx)).await.unwrap();
    let response = guarded.call(request).await.unwrap();
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

fn request(uri: &str, version: Version, token: &[u8]) -> Request<()> {
    let request = Request::get(uri).version(version).header("tollgate-identity", token);
    request.body(()).unwrap()
}

#[tokio::test]
async fn a_service_of_tower_is_told_who_calls() {
    let verifier = verifier(settings());
    let good = request("/v1/orders/%41", Version::HTTP_11, plain());
    assert_eq!(ask(&verifier, good).await, (200, String::from("acme")));
    let (status, body) = ask(&verifier, Request::new(())).await;
    assert!(status == 401 && body.contains("\"code\":\"credential_missing\""), "{status}: {body}");
}

#[tokio::test]
async fn the_one_that_is_ready_is_called_also_after_waiting_for_keys() {
    let keys = Jwks::new(Kind::Good).await;
    let deadline = std::time::Duration::from_secs(30);
    let verifier = verifier(settings().jwks(&keys.url).deadline(deadline));
    for _ in 0..2 {
        let good = request("/v1/orders/%41", Version::HTTP_11, plain());
        assert_eq!(ask(&verifier, good).await, (200, String::from("acme")));
    }
    assert_eq!(keys.asked(), 1);
}

#[tokio::test]
async fn a_host_is_part_of_the_target_in_http_1_only() {
    let verifier = verifier(settings().public(["/open"]));
    for (uri, version, status) in [
        ("/v1/orders/%41", Version::HTTP_11, 200),
        ("/v1/orders/%41?a=1", Version::HTTP_11, 200),
        ("/v1/orders/A", Version::HTTP_11, 401),
        ("http://gate.example/v1/orders/%41", Version::HTTP_10, 401),
        ("http://gate.example/v1/orders/%41", Version::HTTP_11, 401),
        ("https://orders.example/v1/orders/%41", Version::HTTP_2, 200),
        ("https://orders.example/v1/orders/A", Version::HTTP_2, 401),
        // Served to anybody, who is told that nobody was asked for.
        ("https://orders.example/open", Version::HTTP_2, 401),
    ] {
        let found = ask(&verifier, request(uri, version, bound())).await;
        assert_eq!(found.0, status, "{uri} {version:?}: {}", found.1);
    }
}

#[tokio::test]
async fn a_request_that_came_through_no_layer_has_no_identity() {
    let bare = request("/", Version::HTTP_11, plain());
    let problem = Identity::of(bare.extensions()).unwrap_err();
    assert_eq!((problem.status(), problem.code()), (500, "internal"));
}
