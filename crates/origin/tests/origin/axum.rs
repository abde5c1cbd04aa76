//! axum over TCP.

use axum::{Json, Router, extract::Path, routing::get};
use http::Method;
use serde_json::Value;
use tollgate_origin::{Holding, Identity, Problem, Required, Settings};

use crate::{
    data::{SHARED, bound, plain, rows, seen, settings, tally, verifier},
    servers::{Jwks, Kind},
    wire::{Counts, Reached, served},
};

struct Write;
impl Required for Write {
    const SCOPES: &'static [&'static str] = &["orders:write"];
}

struct Drop;
impl Required for Drop {
    const SCOPES: &'static [&'static str] = &["orders:read", "orders:drop"];
}

fn origin(reached: &Reached, settings: Settings) -> Router {
    let (any, dropped, open) = (reached.clone(), reached.clone(), reached.clone());
    Router::new()
        .route(
            "/needs/{action}",
            get(async |Path(action): Path<String>, who: Identity| {
                who.require(&format!("orders:{action}"))?;
                Ok::<_, Problem>(who.tenant().to_owned())
            }),
        )
        .route("/write", get(async |who: Holding<Write>| who.tenant().to_owned()))
        .route(
            "/drop",
            get(async move |_: Holding<Drop>| {
                dropped.note();
            }),
        )
        .route("/health", get(async || "well"))
        .route(
            "/open",
            get(async move |_: Identity| {
                open.note();
            }),
        )
        .fallback(async move |who: Identity| {
            any.note();
            Json(seen(&who))
        })
        .layer(verifier(settings).layer())
}

/// Why a row cannot be played here.
fn not_applicable(row: &Value) -> Option<&'static str> {
    if row["wire"] == false {
        return Some("no request can be written so");
    }
    let target = row["request"]["target"].as_str().unwrap();
    target.contains('#').then_some("hyper drops what follows a # before anybody sees it")
}

#[tokio::test]
async fn every_row_over_tcp() {
    let reached = Reached::default();
    let usual = served(origin(&reached, settings())).await;
    let binding = served(origin(&reached, settings().require_binding())).await;
    let mut counts = Counts::default();
    for row in rows("requests") {
        if let Some(why) = not_applicable(row) {
            *counts.left_out.entry(why).or_default() += 1;
            continue;
        }
        let before = reached.times();
        let server = if row["bound"] == true { &binding } else { &usual };
        let got = server.put(row).await;
        counts.judge(row, &got, reached.times() - before);
    }
    let played: usize = counts.played.values().sum();
    assert_eq!(played + counts.left_out.values().sum::<usize>(), rows("requests").len());
    // Most must have come to the verifier, or nothing was shown of it.
    assert!(counts.of("refused") > 500 && counts.of("served") >= 20, "{:?}", counts.played);
    println!("axum over TCP: {:?}, not applicable: {:?}", counts.played, counts.left_out);
    tally(played);
}

#[tokio::test]
async fn scopes_are_asked_for_in_the_handler_or_in_its_arguments() {
    let reached = Reached::default();
    let origin = served(origin(&reached, settings())).await;
    for (target, status) in [
        ("/write", 200),
        ("/needs/read", 200),
        ("/drop", 403),
        ("/needs/drop", 403),
        ("/needs/DROP", 500),
    ] {
        let got = origin.ask("GET", target, Some(plain())).await;
        assert_eq!(got.status, status, "{target}");
        if status == 403 {
            let told: Value = serde_json::from_str(&got.body).unwrap();
            assert_eq!(told["code"], "scope_missing", "{target}");
            let challenge = "error=\"insufficient_scope\", scope=\"orders:";
            assert!(got.head.contains(challenge), "{}", got.head);
            assert!(got.head.contains("content-type: application/problem+json"), "{}", got.head);
        }
    }
    assert_eq!(origin.ask("GET", "/drop", None).await.status, 401);
    assert_eq!(origin.ask("HEAD", "/", None).await.body, "");
    assert_eq!(reached.times(), 0);
}

#[tokio::test]
async fn a_public_path_is_exactly_that_path() {
    let reached = Reached::default();
    let count = reached.clone();
    // Asks for nobody, so that nothing but the layer stands before it.
    let app = Router::new().fallback(async move || count.note());
    let public = SHARED["public"].as_array().unwrap().iter().map(|path| path.as_str().unwrap());
    let app = app.layer(verifier(settings().public(public)).layer());
    let origin = served(app).await;
    let mut played = 0;
    for row in rows("paths") {
        let (target, is_public) = (row["target"].as_str().unwrap(), row["public"] == true);
        if target.contains('#') {
            // hyper drops what follows, before anybody sees it.
            continue;
        }
        let before = reached.times();
        let status = origin.ask("GET", target, None).await.status;
        assert_eq!(reached.times() - before, usize::from(is_public), "{}", row["why"]);
        let refused = status == 0 || (400..500).contains(&status);
        assert!(if is_public { status == 200 } else { refused }, "{}: {status}", row["why"]);
        played += 1;
    }
    tally(played);
}

#[tokio::test]
async fn nobody_is_known_at_a_public_path_whatever_is_presented() {
    let reached = Reached::default();
    let origin = served(origin(&reached, settings().public(["/open", "/health"]))).await;
    for token in [None, Some(plain())] {
        assert_eq!(origin.ask("GET", "/open", token).await.status, 401);
        assert_eq!(origin.ask("GET", "/health", token).await.status, 200);
    }
    assert_eq!(reached.times(), 0);
}

#[tokio::test]
async fn nothing_is_served_without_the_layer() {
    let reached = Reached::default();
    let (first, second) = (reached.clone(), reached.clone());
    let app = Router::new()
        .route("/", get(async move |_: Identity| first.note()))
        .route("/write", get(async move |_: Holding<Write>| second.note()));
    let origin = served(app).await;
    for target in ["/", "/write"] {
        let got = origin.ask("GET", target, Some(plain())).await;
        assert_eq!((got.status, reached.times()), (500, 0), "{target}");
        assert!(got.body.contains("\"code\":\"internal\""), "{}", got.body);
    }
}

#[tokio::test]
async fn a_nested_router_binds_to_the_path_as_it_was_sent() {
    let reached = Reached::default();
    let count = reached.clone();
    let inner = Router::new().fallback(async move |_: Identity| count.note());
    let inner = inner.layer(verifier(settings().public(["/open"])).layer());
    let origin = served(Router::new().nest("/shop", inner.clone()).nest("/v1", inner)).await;
    // The path of the token is that of another resource here.
    let got = origin.ask("GET", "/shop/v1/orders/%41", Some(bound())).await;
    assert_eq!((got.status, reached.times()), (401, 0));
    assert_eq!(origin.ask("GET", "/shop/open", None).await.status, 401);
    let got = origin.ask("GET", "/v1/orders/%41", Some(bound())).await;
    assert_eq!((got.status, reached.times()), (200, 1));
}

#[tokio::test]
async fn others_are_served_while_somebody_waits_for_keys() {
    let keys = Jwks::new(Kind::Held).await;
    let settings = settings().jwks(&keys.url).deadline(std::time::Duration::from_secs(30));
    let origin = served(origin(&Reached::default(), settings.public(["/health"]))).await;
    let waiting = async { origin.ask("GET", "/", Some(plain())).await };
    let meanwhile = async {
        keys.was_asked(1).await;
        let served = origin.ask("GET", "/health", None).await;
        keys.release();
        served
    };
    let (waited, served) = tokio::join!(waiting, meanwhile);
    assert_eq!((waited.status, served.status, keys.asked()), (200, 200, 1));
}

#[tokio::test]
async fn without_keys_the_answer_is_503() {
    let keys = Jwks::new(Kind::Status).await;
    let reached = Reached::default();
    let origin = served(origin(&reached, settings().jwks(&keys.url))).await;
    let got = origin.ask("GET", "/", Some(plain())).await;
    assert_eq!((got.status, reached.times()), (503, 0));
    assert!(got.head.contains("retry-after: 1"), "{}", got.head);
    assert!(got.body.contains("\"code\":\"unavailable\""), "{}", got.body);
}

#[tokio::test]
async fn an_inner_layer_verifies_for_itself() {
    let reached = Reached::default();
    let count = reached.clone();
    let other = Settings::new("https://gate.example", "another")
        .jwks_document(crate::data::SHARED["jwks"].to_string())
        .clock(crate::data::now);
    let app = Router::new().fallback(async move |_: Method, _: Identity| count.note());
    let app = app.layer(verifier(other).layer()).layer(verifier(settings()).layer());
    let got = served(app).await.ask("GET", "/", Some(plain())).await;
    assert_eq!((got.status, reached.times()), (401, 0));
}
