//! Which kind an event is, and what is read of it.

use serde_json::{Value, json};
use tollgate_authorizer::{Arn, Event, FIELDS_MAX, Kind, Setting};

use super::world::event;

fn setting() -> Setting {
    Setting { token_header: "x-api-key".into(), base_path: Some("/v1".into()) }
}

fn read(event: &Value) -> Event {
    Event::read(&event.to_string(), &setting()).unwrap()
}

#[test]
fn every_kind_is_told_from_the_event_itself() {
    for kind in Kind::ALL {
        let read = read(&event(kind, "PUT", "/a/b", &[("X-API-Key", "k")]));
        assert_eq!(read.kind, kind);
        assert_eq!((&*read.method, &*read.path), ("PUT", "/a/b"), "{kind:?}");
        let value = read.fields.iter().find(|(name, _)| name.eq_ignore_ascii_case("x-api-key"));
        assert_eq!(value.map(|(_, value)| &**value), Some("k"), "{kind:?}");
        let address = (kind != Kind::Token).then(|| "203.0.113.7".parse().unwrap());
        assert_eq!(read.address, address, "{kind:?}");
    }
}

#[test]
fn the_stage_is_no_part_of_the_path_and_a_segment_that_only_looks_like_it_is() {
    let own = "abcdef123.execute-api.us-east-1.amazonaws.com";
    for (kind, domain, path, expected) in [
        (Kind::Http2, own, "/test/a", "/a"),
        (Kind::Http2, own, "/test", "/"),
        (Kind::Http2, own, "/test/test/a", "/test/a"),
        (Kind::Http2, own, "/testing/a", "/testing/a"),
        // Under a domain of one's own the stage is not there: what is called the same is part of the path.
        (Kind::Http2, "api.example.com", "/test/admin", "/test/admin"),
        (Kind::Http2, "api.example.com", "/v1/a", "/a"),
        (Kind::Http2, "api.example.com", "/v12/a", "/v12/a"),
        (Kind::Http2, own, "/v1/a", "/v1/a"),
        (Kind::Http1, own, "/test/a", "/a"),
        (Kind::Http1, "api.example.com", "/test/a", "/test/a"),
        (Kind::Request, own, "/test/a", "/test/a"),
        (Kind::Request, "api.example.com", "/v1/a", "/a"),
    ] {
        let mut event = event(kind, "GET", "/", &[]);
        event["requestContext"]["domainName"] = json!(domain);
        let place = if kind == Kind::Http2 { "rawPath" } else { "path" };
        event[place] = json!(path);
        assert_eq!(read(&event).path, expected, "{kind:?} {domain} {path}");
    }
    let mut event = event(Kind::Http2, "GET", "/", &[]);
    event["requestContext"]["stage"] = json!("$default");
    event["rawPath"] = json!("/test/a");
    assert_eq!(read(&event).path, "/test/a");
}

#[test]
fn an_address_is_never_read_from_a_field() {
    for kind in [Kind::Request, Kind::Http1, Kind::Http2] {
        let fields = [("X-Forwarded-For", "198.51.100.1"), ("Forwarded", "for=198.51.100.1")];
        let mut event = event(kind, "GET", "/", &fields);
        let place = if kind == Kind::Http2 { "http" } else { "identity" };
        assert_eq!(read(&event).address, Some("203.0.113.7".parse().unwrap()));
        for wrong in [json!("test-invoke-source-ip"), json!(null)] {
            event["requestContext"][place]["sourceIp"] = wrong;
            assert_eq!(read(&event).address, None);
        }
    }
}

#[test]
fn a_field_that_stands_in_one_of_two_places_is_seen_and_one_in_both_is_seen_as_often_as_it_came() {
    let mut event = event(Kind::Request, "GET", "/", &[]);
    event["headers"] = json!({ "X-API-Key": "b", "Tollgate-Identity": "x" });
    event["multiValueHeaders"] = json!({ "x-api-key": ["a", "b"] });
    let read = read(&event);
    let pairs: Vec<_> = read.fields.iter().map(|(name, value)| (&**name, &**value)).collect();
    assert_eq!(pairs, [("x-api-key", "a"), ("x-api-key", "b"), ("Tollgate-Identity", "x")]);
}

#[test]
fn a_query_that_came_decoded_is_spelled_anew_and_means_the_same() {
    let mut event = event(Kind::Request, "GET", "/", &[]);
    event["multiValueQueryStringParameters"] = json!({ "a": ["1&b=2", "é"], "key": ["x"] });
    event["queryStringParameters"] = json!({ "key": "x", "only": "here" });
    assert_eq!(read(&event).query.as_deref(), Some("a=1%26b%3D2&a=%C3%A9&key=x&only=here"));
}

#[test]
fn what_is_missing_or_of_another_type_is_malformed_and_is_not_quoted() {
    let wrong = |kind, change: fn(&mut Value)| {
        let mut event = event(kind, "GET", "/", &[("X-API-Key", "secret")]);
        change(&mut event);
        let error = Event::read(&event.to_string(), &setting()).unwrap_err();
        assert!(!format!("{error}{error:?}").contains("secret"));
    };
    for kind in Kind::ALL {
        wrong(kind, |event| *event = json!([]));
        wrong(kind, |event| event["type"] = json!("WEBSOCKET"));
        wrong(kind, |event| event["type"] = json!(null));
        wrong(kind, |event| event["version"] = json!("3.0"));
        wrong(kind, |event| event["version"] = json!(2));
        for arn in [
            "",
            "arn",
            "arn:aws:s3:us-east-1:1:a/b/GET/",
            "arn:aws:execute-api:r:1:a",
            "arn:aws:execute-api:r:1:a//GET/",
        ] {
            let mut event = event(kind, "GET", "/", &[]);
            let place = if kind == Kind::Http2 { "routeArn" } else { "methodArn" };
            event[place] = json!(arn);
            assert!(Event::read(&event.to_string(), &setting()).is_err(), "{arn}");
        }
    }
    wrong(Kind::Token, |event| event["authorizationToken"] = json!(["secret"]));
    for kind in [Kind::Request, Kind::Http1, Kind::Http2] {
        wrong(kind, |event| event["headers"] = json!("secret"));
        wrong(kind, |event| event["headers"] = json!({ "x-api-key": ["secret"] }));
        wrong(kind, |event| event["requestContext"] = json!(null));
    }
    for kind in [Kind::Request, Kind::Http1] {
        wrong(kind, |event| event["multiValueHeaders"] = json!({ "x-api-key": "secret" }));
        wrong(kind, |event| event["path"] = json!(null));
        wrong(kind, |event| event["httpMethod"] = json!(1));
        wrong(kind, |event| event["requestContext"]["identity"] = json!("x"));
    }
    wrong(Kind::Http2, |event| event["requestContext"]["http"] = json!(null));
    wrong(Kind::Http2, |event| event["rawPath"] = json!({}));
    for text in ["", "null", "{", "\"secret\"", "{\"type\":\"TOKEN\"}"] {
        assert!(Event::read(text, &setting()).is_err(), "{text}");
    }
    assert!(Event::read(&" ".repeat(300_000), &setting()).is_err());
}

#[test]
fn more_fields_than_a_gate_takes_are_not_held() {
    let many: Vec<String> = (0..=FIELDS_MAX).map(|at| format!("x-{at}")).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|name| (name.as_str(), "1")).collect();
    let read = read(&event(Kind::Request, "GET", "/", &many));
    assert!(read.too_large && read.fields.is_empty());
    let long = "x".repeat(70_000);
    let read = self::read(&event(Kind::Http2, "GET", "/", &[("a", &long)]));
    assert!(read.too_large && read.fields.is_empty());
}

#[test]
fn a_policy_names_one_method_or_nothing() {
    let base = "arn:aws:execute-api:eu-west-1:1:api";
    for (rest, expected) in [
        ("/test/GET/a/b", true),
        ("/$default/GET/a", true),
        ("/test/GET", true),
        ("/test/GET/", true),
        ("/test/GET/*", false),
        ("/test/GET/a?", false),
        ("/test/GET/${aws:username}", false),
    ] {
        let arn = Arn::read(&format!("{base}{rest}")).unwrap();
        assert_eq!(arn.exact().is_some(), expected, "{rest}");
    }
    let long = Arn::read(&format!("{base}/test/GET/{}", "a".repeat(512))).unwrap();
    assert_eq!(long.exact(), None);
    assert_eq!(long.whole_stage().unwrap(), format!("{base}/test/*/*"));
}
