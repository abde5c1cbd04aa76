//! The bounds of settings.

use tollgate_core::limit::LimitScope;
use tollgate_ledger::{ChangeError, Settings, identity_len_max};

use crate::made::{created, limit, quota, settings, with};

fn many(count: usize, name: impl Fn(usize) -> String) -> Vec<String> {
    (0..count).map(name).collect()
}

#[test]
fn settings_out_of_bounds_are_refused_with_the_field_and_what_it_must_be() {
    type Wrong = fn(&mut Settings);
    let rows: &[(&str, &str, Wrong)] = &[
        ("tenant", "1 to 64", |s| s.tenant = String::new()),
        ("tenant", "1 to 64", |s| s.tenant = "a/b".to_owned()),
        ("tenant", "1 to 64", |s| s.tenant = "*".to_owned()),
        ("owner", "1 to 64", |s| s.owner = "a b".to_owned()),
        ("owner", "at most one @", |s| s.owner = "a@b@c".to_owned()),
        ("owner", "1 to 64", |s| s.owner = "o".repeat(65)),
        ("env", "1 to 8", |s| s.env = "Live".to_owned()),
        ("env", "1 to 8", |s| s.env = "production".to_owned()),
        ("plan", "1 to 64", |s| s.plan = Some(String::new())),
        ("scopes[1]", "resource:action", |s| s.scopes = vec!["a:b".into(), "a".into()]),
        ("scopes[1]", "not repeat", |s| s.scopes = vec!["a:b".into(), "a:b".into()]),
        ("scopes", "at most 64", |s| s.scopes = many(65, |n| format!("a:{n}"))),
        ("limits", "at most 8", |s| {
            s.limits = (0..9).map(|n| limit(&format!("l{n}"), LimitScope::Key, 5)).collect();
        }),
        ("quotas", "at most 4", |s| {
            s.quotas = (0..5).map(|n| quota(&format!("q{n}"), LimitScope::Key, 5)).collect();
        }),
        ("limits[0].name", "1 to 64", |s| s.limits = vec![limit("", LimitScope::Key, 5)]),
        ("limits[0].name", "not start with @", |s| {
            s.limits = vec![limit("@orders", LimitScope::Key, 5)];
        }),
        ("quotas[0].name", "not start with @", |s| {
            s.quotas = vec![quota("@orders", LimitScope::Key, 5)];
        }),
        ("limits[1].name", "another", |s| {
            s.limits = vec![limit("a", LimitScope::Key, 5), limit("a", LimitScope::Owner, 5)];
        }),
        ("quotas[0].name", "another", |s| {
            s.limits = vec![limit("a", LimitScope::Key, 5)];
            s.quotas = vec![quota("a", LimitScope::Key, 5)];
        }),
        ("limits[0]", "4294967295", |s| s.limits = vec![limit("a", LimitScope::Key, 0)]),
        ("limits[0]", "4294967295", |s| s.limits = vec![limit("a", LimitScope::Key, 1 << 32)]),
        ("limits[0]", "4294967295", |s| {
            s.limits = vec![limit("a", LimitScope::Key, 5)];
            s.limits[0].rate = 0;
        }),
        ("limits[0]", "below 2^63", |s| {
            s.limits = vec![limit("a", LimitScope::Key, u64::from(u32::MAX))];
            s.limits[0].period_ms = u64::from(u32::MAX);
        }),
        ("quotas[0]", "count", |s| s.quotas = vec![quota("a", LimitScope::Key, 0)]),
        ("quotas[0].scope", "no quota", |s| s.quotas = vec![quota("a", LimitScope::Ip, 5)]),
        ("ips_allowed[0]", "block", |s| s.ips_allowed = vec!["192.0.2.1".into()]),
        ("ips_allowed[0]", "block", |s| s.ips_allowed = vec!["192.0.2.1/24".into()]),
        ("ips_denied[0]", "block", |s| s.ips_denied = vec!["::ffff:192.0.2.0/120".into()]),
        ("ips_denied", "at most 32", |s| s.ips_denied = many(33, |n| format!("10.0.{n}.0/24"))),
        ("countries_allowed[0]", "code", |s| s.countries_allowed = vec!["nz".into()]),
        ("countries_denied[0]", "XX", |s| s.countries_denied = vec!["XX".into()]),
        ("countries_denied[1]", "not repeat", |s| {
            s.countries_denied = vec!["NZ".into(), "NZ".into()];
        }),
        ("not_before", "1 to 2^53", |s| s.not_before = Some(0)),
        ("expires", "1 to 2^53", |s| s.expires = Some((1 << 53) + 1)),
        ("expires", "later", |s| (s.not_before, s.expires) = (Some(5), Some(5))),
    ];
    for (field, rule, wrong) in rows {
        let Err(ChangeError::Settings(error)) = created(with(wrong)) else {
            panic!("{field} passes although it must be {rule}");
        };
        assert_eq!(error.field(), *field, "{error}");
        assert!(error.rule().contains(rule), "{error} does not say {rule}");
    }
    created(settings()).unwrap();
}

#[test]
fn a_document_says_what_it_limits_and_nothing_that_is_unknown_or_twice() {
    let plain = r#"{"tenant":"acme","owner":"bob","env":"live","scopes":[],"limits":[]}"#;
    assert_eq!(serde_json::from_str::<Settings>(plain).unwrap(), settings());
    let whole = serde_json::to_string(&with(|s| {
        s.limits = vec![limit("a", LimitScope::Ip, 5)];
        s.quotas = vec![quota("b", LimitScope::Global, 5)];
    }));
    let whole = whole.unwrap();
    assert!(whole.contains(r#""scope":"ip""#) && whole.contains(r#""period":"day""#), "{whole}");
    let rows = [
        ("limits are left out", plain.replace(r#","limits":[]"#, "")),
        ("scopes are left out", plain.replace(r#","scopes":[]"#, "")),
        ("the owner is left out", plain.replace(r#","owner":"bob""#, "")),
        ("an unknown field", plain.replace('}', r#","limit":[]}"#)),
        ("a field twice", plain.replace('}', r#","owner":"eve"}"#)),
        ("an unknown scope", whole.replace(r#""ip""#, r#""IP""#)),
        ("an unknown period", whole.replace(r#""day""#, r#""hour""#)),
        ("a rate as a text", whole.replace(r#""rate":5"#, r#""rate":"5""#)),
        ("a rate that is not whole", whole.replace(r#""rate":5"#, r#""rate":5.0"#)),
        ("a rate below zero", whole.replace(r#""rate":5"#, r#""rate":-5"#)),
    ];
    for (what, text) in rows {
        assert!(text != plain && text != whole, "{what} changes nothing");
        assert!(serde_json::from_str::<Settings>(&text).is_err(), "{what} passes: {text}");
    }
}

#[test]
fn a_key_whose_identity_would_not_fit_is_refused_when_it_is_made() {
    // What a token of the longest names would be, spelled out.
    let len = |settings: &Settings| {
        let header =
            format!(r#"{{"alg":"Ed25519","kid":"{}","typ":"tg-identity+jwt"}}"#, "k".repeat(64));
        let scopes = serde_json::to_string(&settings.scopes).unwrap();
        let plan = serde_json::to_string(&settings.plan).unwrap();
        let (name, digits) = ("n".repeat(128), "9".repeat(16));
        let claims = format!(
            r#"{{"iss":"{name}","aud":"{name}","sub":"{}","iat":{digits},"exp":{digits},"tg":{{"key":"key_1","tenant":"{}","env":"{}","scopes":{scopes},"plan":{plan}}}}}"#,
            settings.owner, settings.tenant, settings.env
        );
        (header.len() * 4).div_ceil(3) + 1 + (claims.len() * 4).div_ceil(3) + 1 + 86
    };
    let of = |count: usize, action: usize| {
        with(|s| {
            s.plan = Some("pro".to_owned());
            s.scopes = many(count, |n| format!("r{n:02}:{}", "a".repeat(action)));
        })
    };
    for settings in [settings(), of(1, 1), of(64, 5), of(30, 32)] {
        assert_eq!(identity_len_max("key_1", &settings), len(&settings));
    }
    let fits = (1..=64).take_while(|&count| len(&of(count, 30)) <= 2_048).count();
    created(of(fits, 30)).unwrap();
    let error = created(of(fits + 1, 30)).unwrap_err();
    assert_eq!(error, ChangeError::IdentityTooLong { bytes: len(&of(fits + 1, 30)) });
}

#[test]
fn everything_that_is_out_of_bounds_is_said_at_once_and_the_first_of_it_refuses() {
    let wrong = Settings {
        owner: "a b".to_owned(),
        scopes: vec!["a".into(), "a:b".into(), "a:b".into()],
        ips_denied: many(33, |n| n.to_string()),
        not_before: Some(9),
        expires: Some(9),
        ..settings()
    };
    let problems = wrong.problems();
    let fields: Vec<&str> = problems.iter().map(|problem| problem.field()).collect();
    assert_eq!(fields, ["owner", "scopes[0]", "scopes[2]", "ips_denied", "expires"]);
    assert_eq!(wrong.check().as_ref().err(), problems.first());
    assert_eq!(settings().problems(), []);
}
