//! The adversarial rows that all verifiers share, put to the verifier itself.

use serde_json::json;
use tollgate_origin::{ApiGateway, Verifier};

use crate::data::{self, PATH, fields, latin, rows, settings, tally, verdict, verifier};

#[tokio::test]
async fn every_request_is_served_or_refused_as_its_row_says() {
    let (usual, binding) = (verifier(settings()), verifier(settings().require_binding()));
    let (mut served, mut refused) = (0, 0);
    for row in rows("requests") {
        let verifier = if row["bound"] == true { &binding } else { &usual };
        let (fields, method) = (fields(row), latin(&row["request"]["method"]));
        let target = latin(&row["request"]["target"]);
        let path = target.split(|byte| *byte == b'?').next();
        // Twice: what is remembered must not be treated otherwise.
        for time in ["first", "again"] {
            let fields = fields.iter().map(|(name, value)| (&name[..], &value[..]));
            let found = verdict(verifier.admit(fields, &method, path).await);
            assert_eq!(found, row["out"], "{} ({}), {time}", row["id"], row["why"]);
        }
        let is_served = row["out"]["status"] == 200;
        served += usize::from(is_served);
        refused += usize::from(!is_served);
    }
    assert!(served >= 25 && refused >= 698, "{served} {refused}");
    println!("requests: {served} served, {refused} refused");
    tally(rows("requests").len());
}

#[tokio::test]
async fn no_changed_byte_is_served() {
    for sweep in rows("sweeps") {
        let (verifier, mut refused) = (verifier(settings()), 0_u64);
        let token = latin(&sweep["token"]);
        assert_eq!(data::reason(&verifier, &token).await, None);
        for place in 0..token.len() {
            for mask in sweep["masks"].as_array().unwrap() {
                let mut changed = token.clone();
                changed[place] ^= u8::try_from(mask.as_u64().unwrap()).unwrap();
                let reason = data::reason(&verifier, &changed).await;
                assert!(reason.is_some(), "{}: byte {place} with {mask}", sweep["why"]);
                refused += 1;
            }
        }
        assert_eq!(refused, sweep["refused"].as_u64().unwrap());
        println!("{}: {refused} changes, all refused", sweep["why"]);
    }
    tally(rows("sweeps").len());
}

#[tokio::test]
async fn an_event_is_read_from_its_authorizer_and_from_nothing_else() {
    for row in rows("events") {
        let base = row["base_path"].as_str().unwrap();
        let gateway = ApiGateway::new(settings().base_path(base)).unwrap();
        let (event, text) = (&row["event"], row["event"].to_string());
        let judged = gateway.admit(event).await;
        let proxied = judged.as_ref().err().map(|problem| problem.clone().into_proxied());
        if let Some(proxied) = proxied {
            assert_eq!(proxied["statusCode"], row["out"]["status"], "{}", row["why"]);
            assert_eq!(proxied["headers"]["cache-control"], "no-store");
        }
        assert_eq!(verdict(judged), row["out"], "{}", row["why"]);
        assert_eq!(verdict(gateway.admit_bytes(text.as_bytes()).await), row["out"], "{text}");
    }
    assert!(rows("events").len() >= 19);
    tally(rows("events").len());
}

#[tokio::test]
async fn what_is_no_event_has_no_identity() {
    let gateway = ApiGateway::new(settings()).unwrap();
    let missing = json!({"status": 401, "code": "credential_missing", "reason": "missing"});
    for event in ["", "{", "null", "[]", "7", "\"x\"", "\u{fffd}"] {
        assert_eq!(verdict(gateway.admit_bytes(event.as_bytes()).await), missing, "{event}");
    }
}

#[tokio::test]
async fn a_platform_that_does_not_say_the_path_is_trusted_with_no_bound_token() {
    let verifier = verifier(settings());
    for (token, path, wanted) in [
        (data::bound(), None, Some("wrong_path")),
        (data::bound(), Some(PATH), None),
        (data::plain(), None, None),
    ] {
        let fields = [(&b"Tollgate-Identity"[..], token)].into_iter();
        let found = verifier.admit(fields, b"GET", path).await.err();
        assert_eq!(found.map(|problem| problem.reason().code()), wanted);
    }
}

#[test]
fn what_is_sent_in_more_than_one_spelling_cannot_be_public() {
    for row in rows("publics") {
        let made = Verifier::new(settings().public([row["path"].as_str().unwrap()]));
        let wrong = made.err().map(|error| error.setting());
        let wanted = (row["taken"] == false).then_some("public");
        assert_eq!(wrong, wanted, "{}", row["path"]);
    }
    tally(rows("publics").len());
}

#[test]
fn an_event_has_an_identity_always() {
    let error = ApiGateway::new(settings().public(["/health"])).unwrap_err();
    assert_eq!(error.setting(), "public");
}

#[test]
fn a_base_path_is_some_segments_of_a_path_and_of_events_alone() {
    for row in rows("bases") {
        let base = row["path"].as_str().unwrap();
        let wrong = ApiGateway::new(settings().base_path(base)).err().map(|error| error.setting());
        assert_eq!(wrong, (row["taken"] == false).then_some("base_path"), "{base}");
    }
    let error = Verifier::new(settings().base_path("/v1")).unwrap_err();
    assert_eq!(error.setting(), "base_path");
    tally(rows("bases").len());
}
