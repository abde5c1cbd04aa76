//! How long identities take: `cargo bench -p tollgate-identity --bench times [-- --json]`.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a bench reads the clock and prints, and stops at the first thing that is not right"
)]

use std::{hint::black_box, time::Instant};

use tollgate_core::{
    id::Id, key::Env, lookup::LookupId, scope::Scope, stamp::Stamp, time::UnixMillis,
};
use tollgate_identity::{
    Binding, Claims, Held, Jti, Jwk, KeySet, Method, Name, Path, Purpose, Request, Room,
    SigningKey, TOKEN_MAX, Verifier,
};

/// How often each case is timed; the median is printed.
const ROUNDS: usize = 15;

const NOW: UnixMillis = UnixMillis(1_700_000_000_000);
const REQUEST: Request<'_> = Request { method: b"GET", path: b"/v1/orders/%41" };

fn main() {
    let json = std::env::args().any(|argument| argument == "--json");
    let print = |name: &str, nanos: f64| {
        if json {
            println!("{{\"name\":\"{name}\",\"value\":{nanos:.1},\"unit\":\"ns\"}}");
        } else {
            println!("{name:<34} {nanos:>9.1} ns");
        }
    };
    let seed = core::array::from_fn(|at| u8::try_from(at).unwrap());
    let key = SigningKey::new("k1", "EdDSA", &seed).unwrap();
    let keys = KeySet::new(&[Jwk { kid: "k1", alg: "EdDSA", x: key.public() }]).unwrap();
    let verifier = Verifier::new(keys, "https://gate.example", "orders").unwrap();

    let mut room = Room::new();
    for (name, claims, life) in [("unbound", claims(None), 30), ("bound", claims(binding()), 10)] {
        let mut out = [0; TOKEN_MAX];
        let token = key.sign(&claims, life, NOW, &mut out).unwrap().text.to_owned();
        print(
            &format!("identity signed, {name}"),
            median(200, || key.sign(black_box(&claims), life, NOW, &mut out).is_ok()),
        );
        print(
            &format!("identity verified, {name}"),
            median(200, || verifier.verify(token.as_bytes(), REQUEST, NOW, &mut room).is_ok()),
        );
        let forged = format!("{}AA", token.get(..token.len().saturating_sub(2)).unwrap());
        print(
            &format!("identity refused, signature, {name}"),
            median(200, || verifier.verify(forged.as_bytes(), REQUEST, NOW, &mut room).is_err()),
        );
    }
    let garbage = [b'x'; 65_536];
    print(
        "identity refused, 64 kB",
        median(100_000, || verifier.verify(black_box(&garbage), REQUEST, NOW, &mut room).is_err()),
    );
    let unsigned = "e30.e30.e30";
    print(
        "identity refused, malformed",
        median(20_000, || {
            verifier.verify(black_box(unsigned.as_bytes()), REQUEST, NOW, &mut room).is_err()
        }),
    );
    let purpose = Purpose {
        lookup: LookupId::new([7; 16]),
        as_of: Stamp { incarnation: 1, epoch: 42 },
        audience: Name::new("orders").unwrap(),
        kid: key.kid(),
    };
    let held = Held { purpose, iat: 1_700_000_000, exp: 1_700_000_030 };
    let reused = || black_box(&held).reusable(black_box(&purpose), NOW);
    print("identity reused", median(100_000, reused));
}

/// Nanoseconds of one call, in the median round; every call must succeed.
fn median(times: u32, mut once: impl FnMut() -> bool) -> f64 {
    let mut rounds: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            for _ in 0..times {
                assert!(black_box(once()), "a case went another way than it should");
            }
            start.elapsed().as_secs_f64() * 1e9 / f64::from(times)
        })
        .collect();
    rounds.sort_by(f64::total_cmp);
    rounds.get(ROUNDS / 2).copied().unwrap()
}

fn claims<'a>(binding: Option<Binding<'a>>) -> Claims<'a, impl Iterator<Item = Scope<'a>> + Clone> {
    Claims {
        issuer: Name::new("https://gate.example").unwrap(),
        audience: Name::new("orders").unwrap(),
        owner: Id::new("owner_1").unwrap(),
        key: Id::new("key_1").unwrap(),
        tenant: Id::new("acme").unwrap(),
        env: Env::new("live").unwrap(),
        scopes: ["orders:read", "orders:write"].into_iter().map(|text| Scope::new(text).unwrap()),
        plan: Some(Id::new("pro").unwrap()),
        binding,
    }
}

fn binding() -> Option<Binding<'static>> {
    Some(Binding {
        jti: Jti::new([1; 16]).unwrap(),
        method: Method::new("GET").unwrap(),
        path: Path::new(b"/v1/orders/%41").unwrap(),
    })
}
