//! The operations of `docs/spec/identity.md`.

use serde_json::{Value, json};
use tollgate_core::{
    id::Id, key::Env, lookup::LookupId, scope::Scope, stamp::Stamp, time::UnixMillis,
};
use tollgate_identity::{
    Binding, Claims, Held, Identity, JWKS_MAX, Jti, Jwk, KeyError, KeySet, Kid, Method, Name, Path,
    Purpose, Request, Room, SignError, SigningKey, TOKEN_MAX, Verifier, VerifierError, jwks,
    public_of_seed, signature_holds,
};

use crate::{BadCase, input};

/// The result of `identity.<op>`.
pub(crate) fn apply(op: &str, case: &Value) -> Result<Value, BadCase> {
    match op {
        "public" => public(case),
        "signature" => signature(case),
        "sign" => sign(case),
        "verify" => verify(case),
        "jwks" => published(case),
        "reusable" => reusable(case),
        _ => Err(BadCase(format!("no operation identity.{op}"))),
    }
}

fn public(case: &Value) -> Result<Value, BadCase> {
    Ok(json!({"x": input::to_hex(&public_of_seed(&bytes(case, "seed")?))}))
}

fn signature(case: &Value) -> Result<Value, BadCase> {
    let message = input::hex(case, "message")?;
    let valid = signature_holds(&bytes(case, "x")?, &message, &bytes(case, "signature")?);
    Ok(json!({ "valid": valid }))
}

fn sign(case: &Value) -> Result<Value, BadCase> {
    let seed = bytes(case, "seed")?;
    let key = match SigningKey::new(input::str(case, "kid")?, input::str(case, "alg")?, &seed) {
        Ok(key) => key,
        Err(error) => return Ok(refused(error.code())),
    };
    let told = Told::read(case)?;
    let (life, now) = (input::uint(case, "life_s")?, UnixMillis(input::uint(case, "now_ms")?));
    let Some(claims) = told.claims() else {
        return Ok(refused("bad_claims"));
    };
    let mut room = [0; TOKEN_MAX];
    let signed: Result<_, SignError> = key.sign(&claims, life, now, &mut room);
    Ok(signed.map_or_else(|error| refused(error.code()), |token| json!({"token": token.text})))
}

/// What a case tells to sign, as it spells it.
struct Told {
    texts: [Vec<u8>; 6],
    scopes: Vec<Vec<u8>>,
    plan: Option<Vec<u8>>,
    binding: Option<([u8; 16], Vec<u8>, Vec<u8>)>,
}

impl Told {
    fn read(case: &Value) -> Result<Self, BadCase> {
        let mut texts = [const { Vec::new() }; 6];
        for (text, name) in texts.iter_mut().zip(["iss", "aud", "sub", "key", "tenant", "env"]) {
            *text = input::text(case, name)?;
        }
        let wrong = || BadCase("scopes is no list".to_owned());
        let scopes = input::field(case, "scopes")?.as_array().ok_or_else(wrong)?;
        let scopes = scopes.iter().map(|scope| input::text(&json!({"scope": scope}), "scope"));
        let plan = input::field(case, "plan")?;
        let binding = input::field(case, "binding")?;
        Ok(Self {
            texts,
            scopes: scopes.collect::<Result<_, _>>()?,
            plan: if plan.is_null() { None } else { Some(input::text(case, "plan")?) },
            binding: if binding.is_null() {
                None
            } else {
                let (method, path) =
                    (input::text(binding, "method")?, input::text(binding, "path")?);
                Some((bytes(binding, "jti")?, method, path))
            },
        })
    }

    /// The claims, if every text is one.
    fn claims(&self) -> Option<Claims<'_, std::vec::IntoIter<Scope<'_>>>> {
        let [issuer, audience, owner, key, tenant, env] = &self.texts;
        let scopes: Option<Vec<_>> =
            self.scopes.iter().map(|scope| Scope::new(utf8(scope)?).ok()).collect();
        let binding = match &self.binding {
            None => None,
            Some((jti, method, path)) => Some(Binding {
                jti: Jti::new(*jti).ok()?,
                method: Method::new(utf8(method)?).ok()?,
                path: Path::new(path).ok()?,
            }),
        };
        let plan = match &self.plan {
            None => None,
            Some(plan) => Some(Id::new(utf8(plan)?).ok()?),
        };
        Some(Claims {
            issuer: Name::new(utf8(issuer)?).ok()?,
            audience: Name::new(utf8(audience)?).ok()?,
            owner: Id::new(utf8(owner)?).ok()?,
            key: Id::new(utf8(key)?).ok()?,
            tenant: Id::new(utf8(tenant)?).ok()?,
            env: Env::new(utf8(env)?).ok()?,
            scopes: scopes?.into_iter(),
            plan,
            binding,
        })
    }
}

fn verify(case: &Value) -> Result<Value, BadCase> {
    let (issuer, audience) = (input::text(case, "iss")?, input::text(case, "aud")?);
    let wrong = || BadCase("require_binding is no boolean".to_owned());
    let binding = input::field(case, "require_binding")?.as_bool().ok_or_else(wrong)?;
    let skew_ms = input::uint(case, "skew_ms")?;
    // A text that is not UTF-8 is no name either, and neither is a blank one.
    let names = (utf8(&issuer).unwrap_or_default(), utf8(&audience).unwrap_or_default());
    let built: Result<Verifier<'_>, VerifierError> = key_set(case)?
        .map_err(VerifierError::from)
        .and_then(|keys| Verifier::new(keys, names.0, names.1))
        .and_then(|verifier| verifier.with_skew(skew_ms));
    let verifier = match built {
        Ok(verifier) => verifier.with_binding(binding),
        Err(error) => return Ok(refused(error.code())),
    };
    let (method, path) = (input::text(case, "method")?, input::text(case, "path")?);
    let request = Request { method: &method, path: &path };
    let (token, now) = (input::text(case, "token")?, UnixMillis(input::uint(case, "now_ms")?));
    let mut room = Room::new();
    let verified = verifier.verify(&token, request, now, &mut room);
    Ok(verified.map_or_else(|refusal| refused(refusal.code()), |identity| shown(&identity)))
}

fn shown(identity: &Identity<'_>) -> Value {
    let (claims, iat, exp, kid) =
        (identity.claims(), identity.iat(), identity.exp(), identity.kid());
    let scopes: Vec<&str> = claims.scopes.map(Scope::as_str).collect();
    let binding = claims.binding.map(|binding| {
        json!({
            "jti": input::to_hex(binding.jti.as_bytes()),
            "method": binding.method.as_str(),
            "path": input::to_hex(binding.path.as_bytes()),
        })
    });
    json!({
        "kid": kid.as_str(), "iss": claims.issuer.as_str(), "aud": claims.audience.as_str(),
        "sub": claims.owner.as_str(), "iat": iat, "exp": exp, "key": claims.key.as_str(),
        "tenant": claims.tenant.as_str(), "env": claims.env.as_str(), "scopes": scopes,
        "plan": claims.plan.map(Id::as_str), "binding": binding,
    })
}

fn published(case: &Value) -> Result<Value, BadCase> {
    let keys = match key_set(case)? {
        Ok(keys) => keys,
        Err(error) => return Ok(refused(error.code())),
    };
    let mut room = [0; JWKS_MAX];
    let text = jwks(&keys, &mut room).map_err(|error| BadCase(error.to_string()))?;
    Ok(json!({ "jwks": text }))
}

fn reusable(case: &Value) -> Result<Value, BadCase> {
    let (held, wanted) = (input::field(case, "held")?, input::field(case, "wanted")?);
    let token = Held {
        purpose: purpose(held)?,
        iat: input::uint(held, "iat")?,
        exp: input::uint(held, "exp")?,
    };
    let now = UnixMillis(input::uint(case, "now_ms")?);
    Ok(json!({"reusable": token.reusable(&purpose(wanted)?, now)}))
}

fn purpose(value: &Value) -> Result<Purpose<'_>, BadCase> {
    let pair = input::field(value, "as_of")?;
    let part = |at| pair.get(at).and_then(Value::as_u64);
    let wrong = || BadCase("as_of is no stamp".to_owned());
    let as_of =
        Stamp { incarnation: part(0).ok_or_else(wrong)?, epoch: part(1).ok_or_else(wrong)? };
    let audience = Name::new(input::str(value, "aud")?);
    let kid = Kid::new(input::str(value, "kid")?);
    Ok(Purpose {
        lookup: LookupId::new(bytes(value, "lookup")?),
        as_of,
        audience: audience.map_err(|error| BadCase(error.to_string()))?,
        kid: kid.map_err(|error| BadCase(error.to_string()))?,
    })
}

fn key_set(case: &Value) -> Result<Result<KeySet, KeyError>, BadCase> {
    let wrong = || BadCase("keys is no list".to_owned());
    let keys = input::field(case, "keys")?.as_array().ok_or_else(wrong)?;
    let jwk = |key| {
        let (kid, alg) = (input::str(key, "kid")?, input::str(key, "alg")?);
        Ok(Jwk { kid, alg, x: bytes(key, "x")? })
    };
    let jwks: Vec<Jwk<'_>> = keys.iter().map(jwk).collect::<Result<_, BadCase>>()?;
    Ok(KeySet::new(&jwks))
}

fn bytes<const N: usize>(value: &Value, name: &str) -> Result<[u8; N], BadCase> {
    let bytes = input::hex(value, name)?;
    bytes.try_into().map_err(|_| BadCase(format!("{name} has not {N} bytes")))
}

fn utf8(bytes: &[u8]) -> Option<&str> {
    core::str::from_utf8(bytes).ok()
}

fn refused(code: &str) -> Value {
    json!({ "error": code })
}
