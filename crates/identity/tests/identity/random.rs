//! What is signed is what is read, for claims of every shape.

use tollgate_core::{id::Id, key::Env, scope::Scope, time::UnixMillis};
use tollgate_identity::{
    Binding, Claims, Jti, Jwk, KeySet, Method, Name, Path, Request, Room, SignError, SigningKey,
    TOKEN_MAX, Verifier,
};

/// SplitMix64: the same numbers on every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    fn text(&mut self, alphabet: &[u8], max: usize) -> String {
        let max = if self.below(3) == 0 { max } else { max.min(12) };
        let len = 1 + self.below(max);
        (0..len).map(|_| char::from(alphabet[self.below(alphabet.len())])).collect()
    }
}

#[test]
fn what_is_signed_is_what_is_read() {
    const ID: &[u8] = b"ABCXYZabcxyz0189._+-";
    let visible: Vec<u8> = (b'!'..=b'~').filter(|byte| !b"\"\\".contains(byte)).collect();
    let (mut random, mut room) = (Random(1), Room::new());
    let (mut signed, mut too_long) = (0, 0);
    for _ in 0..4_000 {
        let mut seed = [0; 32];
        seed.fill_with(|| random.next() as u8);
        let (kid, alg) =
            (random.text(ID, 64), if random.below(2) == 0 { "EdDSA" } else { "Ed25519" });
        let (issuer, audience) = (random.text(&visible, 128), random.text(&visible, 128));
        let ids: [String; 4] = core::array::from_fn(|_| random.text(ID, 64));
        let env = random.text(b"abcz019", 8);
        let scopes: Vec<String> = (0..random.below(30))
            .map(|_| format!("{}:{}", random.text(b"abz09_.-", 32), random.text(b"*", 1)))
            .collect();
        let method = random.text(b"GETPOSTget!#$%&'*+-.^_`|~", 32);
        let mut path = vec![0; 1 + random.below(600)];
        path.fill_with(|| (random.next() as u8).max(b'?' + 1));
        let binding = Binding {
            jti: Jti::new([random.next().to_le_bytes(), [1; 8]].concat().try_into().unwrap())
                .unwrap(),
            method: Method::new(&method).unwrap(),
            path: Path::new(&path).unwrap(),
        };
        let binding = (random.below(2) == 0).then_some(binding);
        let [owner, key, tenant, plan] = &ids;
        let claims = Claims {
            issuer: Name::new(&issuer).unwrap(),
            audience: Name::new(&audience).unwrap(),
            owner: Id::new(owner).unwrap(),
            key: Id::new(key).unwrap(),
            tenant: Id::new(tenant).unwrap(),
            env: Env::new(&env).unwrap(),
            scopes: scopes.iter().map(|scope| Scope::new(scope).unwrap()),
            plan: (random.below(2) == 0).then_some(Id::new(plan).unwrap()),
            binding,
        };
        let life = 1 + random.below(if binding.is_some() { 10 } else { 30 }) as u64;
        let now = UnixMillis(random.next() >> (random.below(40) as u32 + 11));
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
        let read = identity.claims;
        assert!(read.scopes.eq(claims.scopes.clone()));
        assert_eq!((read.issuer, read.audience), (claims.issuer, claims.audience));
        assert_eq!((read.owner, read.key, read.tenant), (claims.owner, claims.key, claims.tenant));
        assert_eq!((read.env, read.plan, read.binding), (claims.env, claims.plan, claims.binding));
        assert_eq!((identity.iat, identity.exp), (token.iat, token.exp));
        assert_eq!((identity.iat, identity.exp), (now.0 / 1000, now.0 / 1000 + life));
        assert_eq!(identity.kid.as_str(), kid);
        signed += 1;
    }
    assert!(signed > 3_000 && too_long > 10, "{signed} signed, {too_long} too long");
}
