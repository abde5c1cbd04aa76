//! What is signed is what is read, for claims of every shape.

use tollgate_core::{id::Id, key::Env, scope::Scope, time::UnixMillis};
use tollgate_identity::{
    Binding, Claims, Jti, Jwk, KeySet, Method, Name, Path, Request, Room, SignError, SigningKey,
    TOKEN_MAX, Verifier,
};
use tollgate_testkit::Random;

/// A text of 1 to `max` symbols of an alphabet, most often a short one.
fn text(random: &mut Random, alphabet: &[u8], max: usize) -> String {
    let max = if random.place(3) == 0 { max } else { max.min(12) };
    let len = 1 + random.place(max);
    (0..len).map(|_| char::from(alphabet[random.place(alphabet.len())])).collect()
}

#[test]
fn what_is_signed_is_what_is_read() {
    const ID: &[u8] = b"ABCXYZabcxyz0189._+-";
    let visible: Vec<u8> = (b'!'..=b'~').filter(|byte| !b"\"\\".contains(byte)).collect();
    let (mut random, mut room) = (Random::new(1), Room::new());
    let (mut signed, mut too_long) = (0, 0);
    for _ in 0..4_000 {
        let mut seed = [0; 32];
        seed.fill_with(|| random.bits() as u8);
        let (kid, alg) =
            (text(&mut random, ID, 64), if random.place(2) == 0 { "EdDSA" } else { "Ed25519" });
        let (issuer, audience) =
            (text(&mut random, &visible, 128), text(&mut random, &visible, 128));
        let ids: [String; 4] = core::array::from_fn(|_| text(&mut random, ID, 64));
        let env = text(&mut random, b"abcz019", 8);
        let scopes: Vec<String> = (0..random.place(30))
            .map(|_| {
                format!("{}:{}", text(&mut random, b"abz09_.-", 32), text(&mut random, b"*", 1))
            })
            .collect();
        let method = text(&mut random, b"GETPOSTget!#$%&'*+-.^_`|~", 32);
        let mut path = vec![0; 1 + random.place(600)];
        path.fill_with(|| (random.bits() as u8).max(b'?' + 1));
        let binding = Binding {
            jti: Jti::new([random.bits().to_le_bytes(), [1; 8]].concat().try_into().unwrap())
                .unwrap(),
            method: Method::new(&method).unwrap(),
            path: Path::new(&path).unwrap(),
        };
        let binding = (random.place(2) == 0).then_some(binding);
        let [owner, key, tenant, plan] = &ids;
        let claims = Claims {
            issuer: Name::new(&issuer).unwrap(),
            audience: Name::new(&audience).unwrap(),
            owner: Id::new(owner).unwrap(),
            key: Id::new(key).unwrap(),
            tenant: Id::new(tenant).unwrap(),
            env: Env::new(&env).unwrap(),
            scopes: scopes.iter().map(|scope| Scope::new(scope).unwrap()),
            plan: (random.place(2) == 0).then_some(Id::new(plan).unwrap()),
            binding,
        };
        let life = 1 + random.place(if binding.is_some() { 10 } else { 30 }) as u64;
        let now = UnixMillis(random.bits() >> (random.place(40) as u32 + 11));
        let signer = SigningKey::new(&kid, alg, &seed).unwrap();
        let mut out = [0; TOKEN_MAX];
        let token = match signer.sign(&claims, life, now, &mut out) {
            Ok(token) => token,
            Err(error) => {
                assert_eq!(error, SignError::TooLong);
                too_long += 1;
                continue;
            }
        };
        let keys = KeySet::new(&[Jwk { kid: &kid, alg, x: signer.public() }]).unwrap();
        let verifier = Verifier::new(keys, &issuer, &audience).unwrap().with_skew(0).unwrap();
        let request = Request { method: method.as_bytes(), path: &path };
        let identity = verifier.verify(token.text.as_bytes(), request, now, &mut room).unwrap();
        let read = *identity.claims();
        assert!(read.scopes.eq(claims.scopes.clone()));
        assert_eq!((read.issuer, read.audience), (claims.issuer, claims.audience));
        assert_eq!((read.owner, read.key, read.tenant), (claims.owner, claims.key, claims.tenant));
        assert_eq!((read.env, read.plan, read.binding), (claims.env, claims.plan, claims.binding));
        assert_eq!((identity.iat(), identity.exp()), (token.iat, token.exp));
        assert_eq!((identity.iat(), identity.exp()), (now.0 / 1000, now.0 / 1000 + life));
        assert_eq!(identity.kid().as_str(), kid);
        signed += 1;
    }
    assert!(signed > 3_000 && too_long > 10, "{signed} signed, {too_long} too long");
}
