//! Secrets and ids: what they are drawn from, and how the same request gets the same secret again.

use tollgate_core::{
    key::{Draw, Env, Minted, mint},
    mac::MacKey,
};

use super::Desk;
use crate::{
    Chance, NoChance, Retry,
    problem::{Code, Fault, Finding, Findings, Problem},
    reply::Refusal,
};

/// The longest name of a request, in bytes.
pub(crate) const RETRY_NAME_MAX: usize = 128;

/// What such a name is.
pub(crate) const PATTERN: &str = "^[!-~]{1,128}$";

/// The random bytes of one secret.
const DRAW_BYTES: usize = 19;

/// The symbols of a key's id after `key_`.
const ID_SYMBOLS: usize = 16;

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

const NAME_LABEL: &[u8] = b"tollgate control retry name 1";
const ASKED_LABEL: &[u8] = b"tollgate control retry asked 1";

/// What a request calls itself, so that it can be sent again.
pub(crate) struct Named {
    name: String,
    caller: String,
    asked: [u8; 32],
}

impl Named {
    /// What `Idempotency-Key` says, if it is there.
    pub(crate) fn of(desk: &Desk<'_>) -> Result<Option<Self>, Refusal> {
        let Some(name) = desk.field("idempotency-key")? else { return Ok(None) };
        let fits = (1..=RETRY_NAME_MAX).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_graphic());
        if !fits {
            let rule = "must be 1 to 128 visible characters of ASCII";
            let mut findings = Findings::new();
            findings.push(Finding::header("idempotency-key", Fault::Malformed, rule));
            return Err(Problem::found(Code::RequestInvalid, findings).into());
        }
        let request = desk.request;
        let query = request.query.unwrap_or_default();
        let asked = MacKey::new(ASKED_LABEL).mac_parts(&[
            desk.operation.name.as_bytes(),
            b"\n",
            desk.ids.first().map_or("", String::as_str).as_bytes(),
            b"\n",
            query.as_bytes(),
            b"\n",
            request.body,
        ]);
        Ok(Some(Self { name: name.to_owned(), caller: desk.who.id().to_owned(), asked }))
    }

    /// How the books know it.
    pub(crate) fn retry(&self, salt: [u8; 32]) -> Retry<'_> {
        let parts = [self.caller.as_bytes(), b"\n", self.name.as_bytes()];
        let name = MacKey::new(NAME_LABEL).mac_parts(&parts);
        Retry { caller: &self.caller, name, asked: self.asked, salt }
    }

    /// What the secret is drawn from: the same again for the same salt.
    ///
    /// # Security
    ///
    /// The books keep the salt and a digest of the name, and so not what the secret was drawn from. Whoever has stolen
    /// them and a pepper too must still guess the name.
    fn bytes(&self, salt: &[u8; 32]) -> [u8; 32] {
        MacKey::new(salt).mac_parts(&[self.caller.as_bytes(), b"\n", self.name.as_bytes()])
    }
}

/// A secret for `env`, drawn by chance, or by the name and the salt of a request that has one.
pub(crate) fn secret(
    desk: &mut Desk<'_>,
    env: &str,
    drawn: Option<(&Named, &[u8; 32])>,
) -> Result<Minted, Refusal> {
    let mut bytes = [0; 32];
    match drawn {
        Some((named, salt)) => bytes = named.bytes(salt),
        None => desk.chance.fill(&mut bytes)?,
    }
    let unavailable = || Refusal::from(Code::Unavailable);
    let draw = bytes.get(..DRAW_BYTES).and_then(|bytes| Draw::new(bytes).ok());
    let (draw, env) = (draw.ok_or_else(unavailable)?, Env::new(env).map_err(|_| unavailable())?);
    let service = desk.service;
    Ok(mint(service.setup.brand.prefix(), env, service.peppers, &draw))
}

/// A salt for the secret of a request that may be sent again.
pub(crate) fn salt(chance: &mut dyn Chance) -> Result<[u8; 32], NoChance> {
    let mut salt = [0; 32];
    chance.fill(&mut salt)?;
    Ok(salt)
}

/// A random public id.
pub(crate) fn id(chance: &mut dyn Chance) -> Result<String, NoChance> {
    // The largest multiple of 62 that a byte can hold: above it some symbols would be likelier than others.
    const FAIR: u8 = 248;
    /// How often bytes are drawn at most: half of them are enough, but for a broken source.
    const DRAWS_MAX: usize = 16;
    let mut id = "key_".to_owned();
    let len = id.len().saturating_add(ID_SYMBOLS);
    for _ in 0..DRAWS_MAX {
        let mut bytes = [0_u8; 32];
        chance.fill(&mut bytes)?;
        let fair = bytes.iter().filter(|&&byte| byte < FAIR);
        let symbols = fair.filter_map(|byte| BASE62.get(usize::from(byte % 62)));
        id.extend(symbols.take(len.saturating_sub(id.len())).map(|&symbol| char::from(symbol)));
        if id.len() >= len {
            return Ok(id);
        }
    }
    Err(NoChance)
}
