//! The way of a request that passes, up to its answer's fields, asks for no memory; a refusal of what is huge
//! asks for none either.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use tollgate_core::key::Brand;
use tollgate_http::{
    address::{Trusted, client},
    cors::preflight,
    credential::{Found, Sources, find, query_without_key, redact},
    hygiene::{Hop, Inward, Outward, reaches_client, reaches_origin},
    path::{Target, target},
    rate::Style,
    reserved::is_reserved,
    route::{RuleSpec, Rules},
};
use tollgate_testkit::allocations::{Counting, asked};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const KEY: &str = "tg_live_1PFomxVvHxK9DoPCchyGyQ9uYxJ7rLoXE5C7u22zYyp52XJUH5";

/// The only test here: another one beside it would be counted too.
#[test]
fn a_request_that_passes_is_read_without_asking_for_memory() {
    let brand = Brand::new("tg", &["live"]).unwrap();
    let rules = Rules::new(vec![RuleSpec::new("/a/*"), RuleSpec::new("/orders/**")]);
    let rules = rules.unwrap();
    let sources = Sources { query: Some("api_key".into()), ..Sources::default() };
    let trusted = Trusted::new(&["10.0.0.0/8"]).unwrap();
    let peer = "10.0.0.1".parse().unwrap();
    let bearer = format!("Bearer {KEY}");
    let huge = "x".repeat(64 * 1024);
    let request = [
        ("Host", "a.example"),
        ("Authorization", bearer.as_str()),
        ("Connection", "keep-alive, x-custom"),
        ("X-Forwarded-For", "1.1.1.1, 10.0.0.2"),
        ("Accept", "*/*"),
    ];
    let fields = request.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes()));

    let before = asked();
    let read = target(b"GET", b"/orders/1?a=1&b=2", Some(b"a.example"));
    let Ok(Target::Path { path, query: Some(query) }) = read else {
        unreachable!("the target is one")
    };
    let rule = rules.find("GET", &path);
    let reserved = is_reserved(&path);
    let asked_by_page = preflight(b"GET", fields.clone());
    let found = find(fields.clone(), Some(query), &sources, rule.key_from, &brand);
    let address = client(peer, fields.clone(), &trusted);
    let hop = Hop::read(fields.clone()).unwrap();
    let (trailers, websocket) = (false, false);
    let inward =
        Inward { hop: &hop, sources: &sources, brand: &brand, trusted: true, trailers, websocket };
    let (private, cors_answered, style) = (true, false, Style::Both);
    let outward = Outward { hop: &hop, private, cors_answered, style, trailers, websocket };
    let crossed =
        fields.clone().filter(|(name, value)| reaches_origin(name, value, &inward)).count();
    let returned = fields.filter(|(name, value)| reaches_client(name, value, &outward)).count();
    let left = query_without_key(query, &sources, &brand);
    let shown = redact("/orders/1?a=1", &brand);
    let refused = [("X-API-Key", huge.as_str())];
    let refused = refused.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes()));
    let refused = find(refused, None, &sources, None, &brand);
    let asked_for = asked().saturating_sub(before);

    assert!(matches!(found, Found::Key(_)) && !reserved && asked_by_page.is_none());
    assert_eq!((rule.place(), crossed, returned), (1, 2, 4));
    assert_eq!(address.to_string(), "1.1.1.1");
    assert_eq!((&*left, &*shown), (query, "/orders/1?a=1"));
    assert_eq!(refused, Found::Refused);
    assert_eq!(asked_for, 0);
}
