//! Which rule a request falls under.

use tollgate_core::limit::{LimitScope, Numbers};
use tollgate_http::{
    cors::{Allowed, Cors, CorsError},
    credential::KeyFrom,
    path::canonical,
    route::{Fault, RULES_MAX, RouteLimit, RuleSpec, Rules},
};

fn rules(paths: &[(&str, &str)]) -> Rules {
    let spec = |&(methods, path): &(&str, &str)| RuleSpec {
        methods: methods.split(' ').filter(|method| !method.is_empty()).map(Into::into).collect(),
        ..RuleSpec::new(path)
    };
    Rules::new(paths.iter().map(spec).collect()).unwrap()
}

/// The place of the rule that a request falls under, by the path that a client sends.
fn place(rules: &Rules, method: &str, raw: &str) -> usize {
    rules.find(method, &canonical(raw.as_bytes()).unwrap()).place()
}

fn check(pattern: &str, fits: &[&str], fits_not: &[&str]) {
    let rules = rules(&[("", pattern)]);
    for raw in fits {
        assert_eq!(place(&rules, "GET", raw), 0, "{pattern} fits {raw}");
    }
    for raw in fits_not {
        assert_eq!(place(&rules, "GET", raw), 1, "{pattern} does not fit {raw}");
    }
}

#[test]
fn a_rule_is_named_as_it_was_given() {
    let rules = rules(&[("", "/orders/**"), ("GET POST", "/*")]);
    let names: Vec<_> = rules.iter().map(|rule| &*rule.name).collect();
    assert_eq!(names, ["/orders/**", "GET,POST /*", ""]);
}

#[test]
fn a_pattern_fits_whole_segments() {
    check(
        "/orders",
        &["/orders", "/orders/", "/%6frders"],
        &["/", "/order", "/orders1", "/orders/1", "/Orders"],
    );
    check("/orders/", &["/orders", "/orders/"], &["/orders/1"]);
    check(
        "/orders/*",
        &["/orders/1", "/orders/a%20b/", "/orders/*"],
        &["/orders", "/orders/", "/orders/1/2"],
    );
    check(
        "/orders/**",
        &["/orders", "/orders/", "/orders/1", "/orders/1/2/"],
        &["/ordersx", "/a/orders"],
    );
    check("/*/items/*", &["/1/items/2"], &["/items/2", "/1/items", "/1/2/items/3", "/1/item/2"]);
    check("/a/*/**", &["/a/b", "/a/b/c/d"], &["/a", "/a/", "/b/c"]);
    check("/", &["/"], &["/a"]);
    check("/**", &["/", "/a", "/a/b/c"], &[]);
}

#[test]
fn a_path_fits_in_every_spelling_that_an_origin_may_read() {
    check(
        "/users:delete/**",
        &["/users:delete", "/users%3Adelete/1", "/users%3adelete"],
        &["/users"],
    );
    check("/c++/a", &["/c++/a", "/c%2B%2B/a", "/c+%2b/a"], &["/c/a", "/c%20/a"]);
    check("/c%2B", &["/c+", "/c%2b"], &["/c%2B%2B"]);
    check("/%C3%A9", &["/\u{e9}", "/%c3%a9"], &["/e"]);
}

#[test]
fn the_first_rule_that_fits_is_the_one_and_there_is_always_one() {
    let rules = rules(&[("", "/a/b"), ("GET", "/a/*"), ("POST PUT", "/a/*"), ("", "/a/**")]);
    for (method, raw, expected) in [
        ("GET", "/a/b", 0),
        ("GET", "/a/c", 1),
        ("PUT", "/a/c", 2),
        ("DELETE", "/a/c", 3),
        ("get", "/a/c", 3),
        ("GET", "/a", 3),
        ("GET", "/a/c/d", 3),
        ("GET", "/b", 4),
    ] {
        assert_eq!(place(&rules, method, raw), expected, "{method} {raw}");
    }
    assert_eq!(
        rules.iter().map(tollgate_http::route::Rule::place).collect::<Vec<_>>(),
        [0, 1, 2, 3, 4]
    );
    let default = rules.find("GET", "/b");
    assert!(!default.public && default.scopes.is_empty() && default.cost == 1 && !default.cache);
    assert!(default.key_from.is_none() && !default.bind && default.cors == Cors::Refuse);
}

#[test]
fn head_is_not_a_way_around_get() {
    let rules = rules(&[("GET", "/a"), ("HEAD", "/b"), ("POST", "/c")]);
    for (method, raw, expected) in [
        ("HEAD", "/a", 0),
        ("GET", "/a", 0),
        ("HEAD", "/b", 1),
        ("GET", "/b", 3),
        ("HEAD", "/c", 3),
    ] {
        assert_eq!(place(&rules, method, raw), expected, "{method} {raw}");
    }
}

#[test]
fn case_says_something_unless_it_is_set_otherwise() {
    let rules = rules(&[("", "/Orders/*/\u{c9}".replace('\u{c9}', "%C3%89").as_str())]);
    assert_eq!(place(&rules, "GET", "/orders/1/%c3%89"), 1);
    let rules = rules.ignoring_case();
    for (raw, expected) in [
        ("/orders/1/%c3%89", 0),
        ("/ORDERS/1/\u{c9}", 0),
        ("/orders/1/\u{e9}", 1),
        ("/order/1/%c3%89", 1),
    ] {
        assert_eq!(place(&rules, "GET", raw), expected, "{raw}");
    }
}

fn check_fault(spec: RuleSpec, expected: Option<Fault>) {
    let shown = format!("{spec:?}");
    let found = Rules::new(vec![RuleSpec::new("/fine"), spec]).map_err(|error| {
        assert_eq!(error.place, 1);
        error.fault
    });
    assert_eq!(found.err(), expected, "{shown}");
}

fn limit(name: &str) -> RouteLimit {
    let numbers = Numbers::steady(10, 1, 1_000).unwrap();
    RouteLimit { name: name.into(), scope: LimitScope::Key, numbers }
}

#[test]
fn a_rule_that_cannot_be_meant_is_refused() {
    for path in
        ["", "a", "/a//b", "/a/../b", "/%61", "/a%2fb", "/a;b", "/a b", "/\u{e9}", "/%c3%a9"]
    {
        check_fault(RuleSpec::new(path), Some(Fault::WrongPath));
    }
    for path in ["/a*", "/*a", "/**/a", "/a/**/b", "/***", "/a**"] {
        check_fault(RuleSpec::new(path), Some(Fault::WrongStar));
    }
    for path in
        ["/.well-known/tollgate", "/.well-known/tollgate/jwks.json", "/.well-known/tollgate/**"]
    {
        check_fault(RuleSpec::new(path), Some(Fault::Reserved));
    }
    check_fault(RuleSpec::new("/.well-known/**"), None);
    check_fault(RuleSpec::new(&format!("/{}", "a".repeat(1_024))), Some(Fault::WrongPath));
    let plain = || RuleSpec::new("/a");
    for method in ["get", "", "G T", "GET,POST"] {
        check_fault(RuleSpec { methods: vec![method.into()], ..plain() }, Some(Fault::WrongMethod));
    }
    for scopes in [vec!["orders".into()], vec!["".into()], vec!["a:b".into(); 17]] {
        check_fault(RuleSpec { scopes, ..plain() }, Some(Fault::WrongScope));
    }
    for limits in
        [vec![limit("@a")], vec![limit("")], vec![limit("a"); 2], vec![limit(&"a".repeat(64))]]
    {
        check_fault(RuleSpec { limits, ..plain() }, Some(Fault::WrongLimit));
    }
    let many = ["a", "b", "c", "d", "e"].map(limit);
    check_fault(RuleSpec { limits: many.to_vec(), ..plain() }, Some(Fault::WrongLimit));
    check_fault(RuleSpec { limits: many[..4].to_vec(), ..plain() }, None);
    let public = || RuleSpec { public: true, ..plain() };
    check_fault(public(), None);
    check_fault(RuleSpec { cost: 0, ..public() }, None);
    for spec in [
        RuleSpec { scopes: vec!["a:b".into()], ..public() },
        RuleSpec { limits: vec![limit("a")], ..public() },
        RuleSpec { bind: true, ..public() },
        RuleSpec { cost: 2, ..public() },
        RuleSpec { key_from: Some(KeyFrom::XApiKey), ..public() },
    ] {
        check_fault(spec, Some(Fault::PublicDemands));
    }
    let cors = Cors::Answer(Allowed::default());
    check_fault(RuleSpec { cors, ..plain() }, Some(Fault::Cors(CorsError::NoOrigin)));
    let error = Rules::new(vec![plain(); RULES_MAX + 1]).unwrap_err();
    assert_eq!(error.fault, Fault::TooManyRules);
}

#[test]
fn a_long_path_against_many_stars_takes_no_longer_than_its_length() {
    let stars = format!("/{}**", "*/".repeat(500));
    let rules = Rules::new(vec![RuleSpec::new(&stars); RULES_MAX]).unwrap();
    let path = "/a".repeat(4_000);
    assert_eq!(rules.find("GET", &path).place(), 0);
    assert_eq!(rules.find("GET", &"/a".repeat(499)).place(), RULES_MAX);
}
