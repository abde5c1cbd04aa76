//! Which pages may ask, and what their browsers are told.

use tollgate_control::{OPERATIONS, OriginError, Origins, Request, Response, Service};
use tollgate_core::network::Address;

use crate::made::World;

const OURS: &str = "https://console.example";

fn asked(origins: &Origins, method: &str, path: &str, fields: &[(&str, &str)]) -> Response {
    let mut world = World::new();
    let fields: Vec<_> =
        fields.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())).collect();
    let request = Request {
        method,
        path,
        query: None,
        fields: &fields,
        body: b"",
        address: Address::parse("10.0.0.1").ok(),
        id: "0123456789abcdef",
    };
    let service = Service::new(&world.setup, &world.peppers, &world.guard).pages(origins);
    service.answer(&request, &mut world.store, &mut world.chance, world.now)
}

#[test]
fn a_preflight_is_answered_to_an_origin_that_is_named_and_to_no_other() {
    let named = Origins::new([OURS, "http://localhost:5173"]).unwrap();
    let wants = ("access-control-request-method", "POST");
    for operation in OPERATIONS {
        let path = operation.path.replace(['{', '}'], "");
        let told = asked(&named, "OPTIONS", &path, &[("origin", OURS), wants]);
        assert_eq!((told.status, told.body.len()), (204, 0), "{path}");
        assert_eq!(told.field("access-control-allow-origin"), Some(OURS));
        let methods = told.field("access-control-allow-methods").unwrap();
        assert!(methods.split(", ").any(|method| method == operation.method), "{path}: {methods}");
        let headers = told.field("access-control-allow-headers").unwrap();
        assert_eq!(headers, "Authorization, X-API-Key, Content-Type, If-Match, Idempotency-Key");
        assert_eq!(told.field("access-control-allow-credentials"), None);
        assert!(told.field("vary").unwrap().starts_with("Origin"));
    }
    let refused: [&[(&str, &str)]; 8] = [
        &[("origin", "https://evil.example"), wants],
        &[("origin", "https://console.example.evil.example"), wants],
        &[("origin", "https://CONSOLE.example"), wants],
        &[("origin", "http://console.example"), wants],
        &[("origin", "null"), wants],
        &[("origin", OURS), ("origin", OURS), wants],
        &[("origin", OURS)],
        &[wants],
    ];
    for fields in refused {
        let told = asked(&named, "OPTIONS", "/api/keys", fields);
        assert_eq!(told.status, 405, "{fields:?}");
        assert_eq!(told.field("access-control-allow-methods"), None, "{fields:?}");
        assert_eq!(told.field("vary"), Some("Origin"), "{fields:?}");
    }
    let nowhere = asked(&named, "OPTIONS", "/api/nothing", &[("origin", OURS), wants]);
    assert_eq!(nowhere.status, 404);
}

#[test]
fn an_answer_may_be_read_by_pages_of_origins_that_are_named_and_by_no_others() {
    let named = Origins::new([OURS]).unwrap();
    for (origin, readable) in [(OURS, true), ("https://evil.example", false), ("null", false)] {
        let told = asked(&named, "GET", "/api/keys", &[("origin", origin)]);
        assert_eq!(told.status, 401);
        assert_eq!(told.field("access-control-allow-origin"), readable.then_some(OURS), "{origin}");
        let exposed = told.field("access-control-expose-headers");
        assert_eq!(exposed, readable.then_some("ETag, Location, Retry-After, WWW-Authenticate"));
        assert_eq!(told.field("access-control-allow-credentials"), None);
        assert_eq!(told.field("vary"), Some("Origin"), "{origin}");
    }
    assert_eq!(asked(&named, "GET", "/api/keys", &[]).field("vary"), Some("Origin"));
}

#[test]
fn where_no_origin_is_named_nothing_is_said_to_pages() {
    let none = Origins::new([]).unwrap();
    let fields = [("origin", OURS), ("access-control-request-method", "GET")];
    for method in ["OPTIONS", "GET"] {
        let told = asked(&none, method, "/api/keys", &fields);
        let said = told
            .fields
            .iter()
            .any(|(name, _)| name.starts_with("access-control") || *name == "vary");
        assert!(!said && told.status != 204, "{method}: {:?}", told.fields);
    }
}

#[test]
fn an_origin_that_stands_for_everybody_or_is_none_cannot_be_named() {
    for (origin, error) in [
        ("*", OriginError::Everybody),
        ("null", OriginError::Everybody),
        ("console.example", OriginError::Malformed),
        ("https://console.example/", OriginError::Malformed),
        ("https://Console.example", OriginError::Malformed),
        ("https://*.example", OriginError::Malformed),
        ("https://", OriginError::Malformed),
        ("", OriginError::Malformed),
    ] {
        assert_eq!(Origins::new([OURS, origin]), Err(error), "{origin}");
    }
    let many: Vec<_> = (0..65).map(|number| format!("https://{number}.example")).collect();
    assert_eq!(Origins::new(many.iter().map(String::as_str)), Err(OriginError::TooMany));
}
