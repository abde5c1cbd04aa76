//! The operations of `docs/spec/audit.md`.

use serde_json::{Value, json};
use tollgate_audit::{
    Actor, Chain, ChainError, Document, Entry, Fault, Hash, Image, Keys, Piece, Report, Verifier,
    Vouched, Wrong, due, export,
};
use tollgate_core::{id::Id, network::Address, time::UnixMillis};
use tollgate_identity::{Jwk, SigningKey};

use crate::{BadCase, input};

/// The result of `audit.<op>`.
pub(crate) fn apply(op: &str, case: &Value) -> Result<Value, BadCase> {
    match op {
        "begin" => Ok(spelled(&Chain::new(id_or_null(case, "tenant")?))),
        "append" => append(case),
        "head" => {
            let line = export::head(&chain(input::field(case, "chain")?)?);
            Ok(json!({ "line": line.map_err(|error| BadCase(error.to_string()))? }))
        }
        "checkpoint" => checkpoint(case),
        "due" => is_due(case),
        "verify" => verify(case),
        _ => Err(BadCase(format!("no operation audit.{op}"))),
    }
}

struct Shown<'a>(&'a Value);

impl Document for Shown<'_> {
    fn document(&self) -> Value {
        self.0.clone()
    }
}

fn append(case: &Value) -> Result<Value, BadCase> {
    let mut chain = chain(input::field(case, "chain")?)?;
    let entry = input::field(case, "entry")?;
    let from = input::field(entry, "from")?.as_str().map(Address::parse).transpose();
    let entry = Entry {
        at: UnixMillis(input::uint(entry, "at_ms")?),
        actor: actor(input::str(entry, "actor")?)?,
        operation: id(input::str(entry, "operation")?)?,
        subject: id(input::str(entry, "subject")?)?,
        before: Image::of(&Shown(input::field(entry, "before")?)),
        after: Image::of(&Shown(input::field(entry, "after")?)),
        from: from.map_err(|_| BadCase("from is no address".to_owned()))?,
        request: id_or_null(entry, "request")?,
    };
    match chain.append(&entry) {
        Ok(appended) => Ok(json!({ "line": appended.line, "chain": spelled(&chain) })),
        Err(error @ ChainError::Beyond) => Ok(json!({ "error": error.code() })),
        Err(error @ ChainError::Unspeakable(_)) => Err(BadCase(error.to_string())),
    }
}

fn actor(text: &str) -> Result<Actor<'_>, BadCase> {
    match text.split_once(':') {
        Some(("key", key)) => Ok(Actor::Key(id(key)?)),
        None if text == "command" => Ok(Actor::Command),
        None if text == "system" => Ok(Actor::System),
        _ => Err(BadCase(format!("no actor {text}"))),
    }
}

fn checkpoint(case: &Value) -> Result<Value, BadCase> {
    let seed = bytes(case, "seed")?;
    let key = SigningKey::new(input::str(case, "kid")?, "EdDSA", &seed);
    let key = key.map_err(|error| BadCase(error.to_string()))?;
    let (chain_now, now) =
        (chain(input::field(case, "chain")?)?, UnixMillis(input::uint(case, "now_ms")?));
    let since = input::field(case, "since")?;
    let line = if since.is_null() {
        chain_now.checkpoint(&key, now)
    } else {
        export::end(&chain(since)?, &chain_now, &key, now)
    };
    Ok(json!({ "line": line.ok_or_else(|| BadCase("beyond what can be said".to_owned()))? }))
}

fn is_due(case: &Value) -> Result<Value, BadCase> {
    let last = if input::field(case, "last_ms")?.is_null() {
        None
    } else {
        Some(UnixMillis(input::uint(case, "last_ms")?))
    };
    let now = UnixMillis(input::uint(case, "now_ms")?);
    Ok(json!({ "due": due(last, now, input::uint(case, "entries")?) }))
}

fn verify(case: &Value) -> Result<Value, BadCase> {
    let mut keys = Keys::none();
    let known = input::field(case, "keys")?.as_array();
    for key in known.ok_or_else(|| BadCase("keys is no list".to_owned()))? {
        let (kid, alg, x) = (input::str(key, "kid")?, input::str(key, "alg")?, bytes(key, "x")?);
        keys.add(&Jwk { kid, alg, x }).map_err(|error| BadCase(error.to_string()))?;
    }
    let mut verifier = Verifier::new(&keys);
    verifier.feed(&input::text(case, "text")?);
    let Report { lines, piece, vouched, wrong } = verifier.finish();
    Ok(json!({
        "lines": lines,
        "piece": piece.map(|Piece { tenant, since, until, checkpoints }| json!({
            "tenant": tenant, "since": since, "until": until, "checkpoints": checkpoints,
        })),
        "vouched": vouched.map(|Vouched { number, hash, at, kid }| json!({
            "n": number, "hash": hash.to_string(), "at_ms": at.0, "kid": kid,
        })),
        "wrong": wrong.map(|Wrong { line, fault }| json!({
            "line": line, "code": fault.code(), "n": number(&fault),
        })),
    }))
}

/// The number of the entry that a fault is about.
const fn number(fault: &Fault) -> Option<u64> {
    match fault {
        Fault::Removed { number } | Fault::OutOfOrder { number } | Fault::Doubled { number } => {
            Some(*number)
        }
        Fault::NoExport
        | Fault::OtherVersion
        | Fault::TooLong
        | Fault::Malformed
        | Fault::Changed
        | Fault::Unlinked
        | Fault::OtherChain
        | Fault::Backwards
        | Fault::UnknownKey { .. }
        | Fault::BadSignature
        | Fault::Disagrees
        | Fault::OtherBeginning
        | Fault::AfterEnd
        | Fault::CutOff => None,
    }
}

fn chain(value: &Value) -> Result<Chain<'_>, BadCase> {
    Ok(Chain {
        tenant: id_or_null(value, "tenant")?,
        number: input::uint(value, "n")?,
        hash: Hash::from_bytes(bytes(value, "hash")?),
        at: UnixMillis(input::uint(value, "at_ms")?),
    })
}

fn spelled(chain: &Chain<'_>) -> Value {
    let tenant = chain.tenant.map(Id::as_str);
    let hash = chain.hash.to_string();
    json!({ "tenant": tenant, "n": chain.number, "hash": hash, "at_ms": chain.at.0 })
}

fn id(text: &str) -> Result<Id<'_>, BadCase> {
    Id::new(text).map_err(|error| BadCase(error.to_string()))
}

fn id_or_null<'a>(case: &'a Value, name: &str) -> Result<Option<Id<'a>>, BadCase> {
    if input::field(case, name)?.is_null() {
        return Ok(None);
    }
    id(input::str(case, name)?).map(Some)
}

fn bytes<const N: usize>(case: &Value, name: &str) -> Result<[u8; N], BadCase> {
    let bytes = input::hex(case, name)?;
    bytes.try_into().map_err(|_| BadCase(format!("{name} has another length")))
}
