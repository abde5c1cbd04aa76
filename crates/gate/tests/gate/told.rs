//! What comes of what the engine decided.

use tollgate_core::{
    limit::{Numbers, Period},
    record::State,
};
use tollgate_engine::Decision;
use tollgate_gate::{Asked, Identity, Judged, Policy};
use tollgate_identity::{Jwk, KeySet, Request, Room, Verifier};

use crate::{
    book::{Bound, Card},
    desk::{Desk, PAGE, Sent, jti, key, line, parts, signing_key},
};

fn get<'a>(path: &'a str, fields: &'a [(&'a str, &'a str)]) -> Sent<'a> {
    Sent { method: "GET", path, fields }
}

#[test]
fn what_passes_says_who_calls_and_what_is_left() {
    let good = key(0);
    let (fields, page) = ([("X-API-Key", &*good)], [("X-API-Key", &*good), ("Origin", PAGE)]);
    let mut desk = Desk::new(Card::limited(0, &[Bound::key("burst", 9, 1, 60_000)]));
    let allowed = "access-control-allow-origin=https://app.example";
    for (sent, expected) in [
        (get("/nowhere", &fields), r#"passes signed ratelimit="burst";r=8;t=60"#.to_owned()),
        (get("/nowhere", &fields), r#"passes kept ratelimit="burst";r=7;t=120"#.to_owned()),
        (
            get("/cached", &fields),
            r#"passes kept cacheable ratelimit="burst";r=6;t=180"#.to_owned(),
        ),
        (get("/bound", &fields), r#"passes bound ratelimit="burst";r=5;t=240"#.to_owned()),
        (get("/page", &page), format!(r#"passes kept cors {allowed} ratelimit="burst";r=4;t=300"#)),
    ] {
        assert_eq!(line(&desk.judge(sent)), expected, "{sent:?}");
    }
}

#[test]
fn every_denial_is_told_as_it_was_decided() {
    let good = key(0);
    let fields = [("X-API-Key", &*good)];
    let state = |state| Card { state, ..Card::of(0) };
    let one = Bound::key("one", 1, 1, 60_000);
    let none = Card {
        quotas: vec![Bound { numbers: Numbers::quota(1, Period::Day).unwrap(), ..one }],
        ..Card::of(0)
    };
    let rows = [
        (state(State::Revoked), "/nowhere", "401 key_revoked"),
        (state(State::Disabled), "/nowhere", "401 key_disabled"),
        (state(State::TenantDisabled), "/nowhere", "401 tenant_disabled"),
        (state(State::OwnerDisabled), "/nowhere", "401 owner_disabled"),
        (Card { ips_denied: vec!["192.0.2.0/24"], ..Card::of(0) }, "/nowhere", "403 ip_denied"),
        (Card::of(0), "/write", "403 scope_missing"),
        (Card::limited(0, &[one]), "/dear", "429 rate_limited ratelimit=\"one\";r=0"),
        (none, "/dear", "429 quota_exhausted ratelimit=\"one\";r=0"),
        (Card::of(0), "/dear", "429 rate_limited ratelimit=\"@few\";r=0"),
    ];
    for (card, path, expected) in rows {
        let mut desk = Desk::new(card);
        let judged = desk.judge(get(path, &fields));
        assert_eq!(line(&judged), expected, "{path}");
        let Judged::Denied(refusal) = judged else { panic!("{path}") };
        // The scopes that would do are named, and nothing is told of a key that was not proved.
        let challenge = refusal.answer.fields.iter().find(|(name, _)| *name == "www-authenticate");
        let scopes = challenge.is_some_and(|(_, value)| value.contains("scope=\"orders:write\""));
        assert_eq!(scopes, path == "/write", "{challenge:?}");
        assert_eq!(refusal.unproven, None);
    }
    // A key that nobody knows any more is as good as none.
    let unknown = key(5);
    let fields = [("X-API-Key", &*unknown)];
    assert_eq!(line(&Desk::new(Card::of(0)).judge(get("/nowhere", &fields))), "401 key_invalid");
}

#[test]
fn a_page_reads_why_it_is_refused() {
    let good = key(0);
    let fields = [("X-API-Key", &*good), ("Origin", PAGE)];
    let mut desk = Desk::new(Card { state: State::Revoked, ..Card::of(0) });
    let expected = "401 key_revoked access-control-allow-origin=https://app.example";
    assert_eq!(line(&desk.judge(get("/page", &fields))), expected);
}

/// What a policy says of what was decided about key 0 at `path`; `None` where nothing was.
fn told(card: Card, sent: Sent<'_>, undecided: bool, random: bool) -> String {
    let mut desk = Desk::new(card);
    desk.judge(get("/nowhere", sent.fields));
    let question = sent.question();
    let Asked::Inquire(inquiry, rule) = desk.policy.ask::<Box<str>, _>(&question) else {
        panic!("{sent:?}")
    };
    let tollgate_engine::Arrival::Decided(decision) = desk.rig.arrival(inquiry) else {
        panic!("{sent:?}")
    };
    assert!(matches!(decision, Decision::Allow(_)));
    let decision = Some(&decision).filter(|_| !undecided);
    let jti = || jti(7).filter(|_| random);
    line(&desk.policy.told(&question, rule, decision, jti, desk.rig.now.wall))
}

#[test]
fn what_cannot_be_said_is_unavailable() {
    let good = key(0);
    let fields = [("X-API-Key", &*good)];
    let bound = |path| Sent { method: "GET", path, fields: &fields };
    let scopes = (0..64).map(|at| format!("resource-number-{at}-of-many:action-{at}")).collect();
    let large = Card { scopes, ..Card::of(0) };
    let unavailable = "503 unavailable retry-after=1";
    for (what, card, sent, undecided, random, expected) in [
        ("all is well", Card::of(0), bound("/bound"), false, true, "passes bound"),
        ("nothing was decided", Card::of(0), bound("/nowhere"), true, true, unavailable),
        ("there is no randomness", Card::of(0), bound("/bound"), false, false, unavailable),
        ("none is needed", Card::of(0), bound("/nowhere"), false, false, "passes kept"),
        ("the record fits no token", large.clone(), bound("/nowhere"), false, true, unavailable),
        ("nor one that is bound", large, bound("/bound"), false, true, unavailable),
    ] {
        assert_eq!(told(card, sent, undecided, random), expected, "{what}");
    }
}

#[test]
fn a_bound_token_is_good_for_its_request_and_no_other() {
    let good = key(0);
    let fields = [("X-API-Key", &*good)];
    let mut desk = Desk::new(Card::of(0));
    let judged = desk.judge(get("/bound", &fields));
    let Judged::Passes(passage) = judged else { panic!("{judged:?}") };
    let token = passage.identity.as_ref().map(Identity::value).unwrap().as_bytes().to_vec();
    let keys = [Jwk { kid: "k1", alg: "EdDSA", x: signing_key("k1").public() }];
    let mut room = Room::new();
    let verifier = Verifier::new(KeySet::new(&keys).unwrap(), "tollgate", "orders").unwrap();
    for (method, path, good) in
        [("GET", "/bound", true), ("POST", "/bound", false), ("GET", "/bound/2", false)]
    {
        let request = Request { method: method.as_bytes(), path: path.as_bytes() };
        let verified = verifier.verify(&token, request, desk.rig.now.wall, &mut room);
        assert_eq!(verified.is_ok(), good, "{method} {path}");
    }
}

#[test]
fn a_token_is_kept_as_whatever_its_host_puts_into_heads() {
    /// Bytes, as hosts keep fields.
    #[derive(Debug)]
    struct Value(Vec<u8>);
    impl From<&str> for Value {
        fn from(text: &str) -> Self {
            Self(text.into())
        }
    }
    impl From<String> for Value {
        fn from(text: String) -> Self {
            Self(text.into())
        }
    }
    let policy = Policy::new(parts()).unwrap();
    let question = get("/open", &[]).question();
    let Asked::Judged(Judged::Passes(passage), _) = policy.ask::<Value, _>(&question) else {
        panic!()
    };
    assert!(passage.identity.is_none());
    let question = get("/write", &[]).question();
    let rule = policy.rule(&question);
    let judged = policy.told::<Value, _>(&question, rule, None, || None, Default::default());
    assert!(matches!(judged, Judged::Denied(refusal) if refusal.answer.status == 503));
    assert_eq!(Identity::Bound(Value::from("token")).value().0, b"token");
}
