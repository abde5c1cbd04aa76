//! Making keys: the one place that draws their secrets and their ids.

use tollgate_core::{
    key::{Draw, Env, Minted, Prefix, mint},
    pepper::Peppers,
    stamp::Stamp,
    time::UnixMillis,
};
use tollgate_ledger::{Change, Key, KeyState, Ledger, LedgerError, Secret, Settings};
use zeroize::Zeroizing;

/// The random bytes of one key.
const DRAW_BYTES: usize = 19;

/// The symbols of a key's id after `key_`.
const ID_SYMBOLS: usize = 16;

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A key that was just made or rotated, with the secret that is shown once and kept nowhere.
pub(crate) struct Issued {
    pub(crate) key: Key,
    pub(crate) secret: Minted,
}

/// Why no key was made.
#[derive(Debug)]
pub(crate) enum IssueError {
    /// The env is none.
    Env,
    /// The system gives no randomness.
    Randomness,
    /// The ledger refused or failed.
    Ledger(LedgerError),
    /// The ledger did what was asked and told nothing of the key.
    NoKey,
}

/// Makes a key of `settings`.
///
/// # Errors
///
/// When its env is none, when there is no randomness, or when the ledger refuses: nothing has happened then.
pub(crate) fn create(
    ledger: &mut impl Ledger,
    (prefix, peppers): (Prefix, &Peppers),
    name: Option<String>,
    settings: Settings,
    now: UnixMillis,
) -> Result<Issued, IssueError> {
    let secret = fresh(prefix, &settings.env, peppers)?;
    let entry = Secret::new(secret.lookup(), peppers.issuing());
    issue(ledger, Change::Create { id: id()?, name, settings, secret: entry }, secret, now)
}

/// What the first admin key may do: everything, in every tenant.
const ADMIN_SCOPES: [&str; 7] =
    ["keys:*", "owners:*", "tenants:*", "roles:*", "templates:*", "usage:read", "audit:read"];

/// The first admin key of the management API, unless the operators' tenant has a key already: there is no other way in
/// but the store itself.
///
/// # Errors
///
/// As [`create`].
pub(crate) fn first_admin(
    ledger: &mut impl Ledger,
    (prefix, peppers): (Prefix, &Peppers),
    (operators, env): (&str, &str),
    now: UnixMillis,
) -> Result<Option<Issued>, IssueError> {
    if has_admin(ledger, operators).map_err(IssueError::Ledger)? {
        return Ok(None);
    }
    let blank = blank(operators.to_owned(), "admin".to_owned(), env.to_owned());
    let settings = Settings { scopes: ADMIN_SCOPES.map(str::to_owned).into(), ..blank };
    let name = Some("first admin key".to_owned());
    create(ledger, (prefix, peppers), name, settings, now).map(Some)
}

/// Whether the operators' tenant has any key.
pub(crate) fn has_admin(ledger: &mut impl Ledger, operators: &str) -> Result<bool, LedgerError> {
    Ok(!ledger.keys(None, 1, Some(operators))?.keys.is_empty())
}

/// Gives the key `id`, whose env is `env`, one more secret, and the others an end after `grace_ms`.
///
/// # Errors
///
/// As [`create`].
pub(crate) fn rotate(
    ledger: &mut impl Ledger,
    (prefix, peppers): (Prefix, &Peppers),
    (id, env): (&str, &str),
    grace_ms: u64,
    now: UnixMillis,
) -> Result<Issued, IssueError> {
    let secret = fresh(prefix, env, peppers)?;
    let entry = Secret::new(secret.lookup(), peppers.issuing());
    issue(ledger, Change::Rotate { id: id.to_owned(), secret: entry, grace_ms }, secret, now)
}

/// Makes a key that no ledger holds: the first of those who may change one.
///
/// # Errors
///
/// As [`create`].
pub(crate) fn unlisted(
    (prefix, peppers): (Prefix, &Peppers),
    settings: Settings,
    now: UnixMillis,
) -> Result<Issued, IssueError> {
    let secret = fresh(prefix, &settings.env, peppers)?;
    let entry = Secret { created_ms: now.0, ..Secret::new(secret.lookup(), peppers.issuing()) };
    let key = Key {
        id: id()?,
        name: None,
        created_ms: now.0,
        state: KeyState::Active,
        settings,
        secrets: vec![entry],
        changed: Stamp::default(),
    };
    Ok(Issued { key, secret })
}

/// Settings with nothing in them.
pub(crate) fn blank(tenant: String, owner: String, env: String) -> Settings {
    Settings::of(tenant, owner, env)
}

fn issue(
    ledger: &mut impl Ledger,
    change: Change,
    secret: Minted,
    now: UnixMillis,
) -> Result<Issued, IssueError> {
    let receipt = ledger.change(&change, now).map_err(IssueError::Ledger)?;
    let key = receipt.key.ok_or(IssueError::NoKey)?;
    Ok(Issued { key, secret })
}

fn fresh(prefix: Prefix, env: &str, peppers: &Peppers) -> Result<Minted, IssueError> {
    let env = Env::new(env).map_err(|_| IssueError::Env)?;
    let mut bytes = Zeroizing::new([0; DRAW_BYTES]);
    getrandom::fill(bytes.as_mut_slice()).map_err(|_| IssueError::Randomness)?;
    let draw = Draw::new(bytes.as_slice()).map_err(|_| IssueError::Randomness)?;
    Ok(mint(prefix, env, peppers, &draw))
}

/// A random public id.
fn id() -> Result<String, IssueError> {
    // The largest multiple of 62 that a byte can hold: above it some symbols would be likelier than others.
    const FAIR: u8 = 248;
    let mut id = "key_".to_owned();
    let len = id.len().saturating_add(ID_SYMBOLS);
    while id.len() < len {
        let mut bytes = [0_u8; 32];
        getrandom::fill(&mut bytes).map_err(|_| IssueError::Randomness)?;
        let fair = bytes.iter().filter(|&&byte| byte < FAIR);
        let symbols = fair.filter_map(|byte| BASE62.get(usize::from(byte % 62)));
        id.extend(symbols.take(len.saturating_sub(id.len())).map(|&symbol| char::from(symbol)));
    }
    Ok(id)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    #[test]
    fn ids_are_sixteen_symbols_that_differ() {
        let ids: BTreeSet<String> = (0..100).filter_map(|_| super::id().ok()).collect();
        assert_eq!(ids.len(), 100);
        let symbols: BTreeSet<char> = ids.iter().flat_map(|id| id.chars().skip(4)).collect();
        assert!(
            symbols.len() > 55 && symbols.iter().all(char::is_ascii_alphanumeric),
            "{symbols:?}"
        );
        assert!(ids.iter().all(|id| id.len() == 20 && id.starts_with("key_")));
    }
}
