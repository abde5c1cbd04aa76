//! The key of `tollgate dev`: made once, kept in the folder for its owner only, and printed again while it is good.

use std::{
    fs::{self, OpenOptions},
    io::{ErrorKind, Read, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::Path,
};

use anyhow::{Context, anyhow};
use tollgate_core::{
    key::{ApiKey, Draw, Env, KEY_MAX, mint},
    limit::LimitScope,
    pepper::{Pepper, Peppers},
    stamp::Stamp,
    time::UnixMillis,
};
use tollgate_ledger::{Effective, Key, Ledger, LimitSpec, Settings, Stopped};
use tollgate_store_sqlite::{Commanded, Store};
use zeroize::Zeroizing;

use crate::{clock, config::Config, issuing, secrets::Secrets};

/// How many requests the key may send at once, and how many more a second.
const BURST: u64 = 5;
const RATE: u64 = 1;

/// How long a new key is valid.
const LIFE_MS: u64 = 30 * 86_400_000;

/// A key that ends sooner is not printed again: whoever starts in the morning works until the evening.
const LEFT_MIN_MS: u64 = 86_400_000;

/// Who may read and write the file.
const MODE: u32 = 0o600;

/// The key to try.
pub(super) struct Ready {
    pub(super) key: Key,
    pub(super) secret: Zeroizing<String>,
    /// Whether it is that of an earlier start.
    pub(super) kept: bool,
    /// Who of its owner and its tenant is stopped: another key of theirs would not be accepted either.
    pub(super) stopped: Stopped,
}

/// The key that `file` keeps, or a new one in its place.
pub(super) fn ready(
    file: &Path,
    config: &Config,
    secrets: &Secrets,
    store: &mut Store,
) -> anyhow::Result<Ready> {
    let (now, peppers) = (clock::read().wall, secrets.peppers()?);
    if let Some(secret) = read(file)?
        && let Some(key) = good(&secret, config, &peppers, store, now)?
    {
        let stopped = store.stopped(&key.settings.tenant, &key.settings.owner)?;
        return Ok(Ready { key, secret, kept: true, stopped });
    }
    let env = config.keys.brand.envs().next().context("the configuration accepts no env")?;
    let (by, name) = ((config.keys.prefix, &peppers), Some("tollgate dev".to_owned()));
    let issued = issuing::create(&mut Commanded(store), by, name, settings(env, now), now)
        .map_err(|error| anyhow!("no key was made: {error:?}"))?;
    let secret = Zeroizing::new(issued.secret.as_str().to_owned());
    write(file, &secret).with_context(|| format!("cannot write {}", file.display()))?;
    let key = issued.key;
    let stopped = store.stopped(&key.settings.tenant, &key.settings.owner)?;
    Ok(Ready { key, secret, kept: false, stopped })
}

/// The first admin key, unless there is one already.
pub(super) fn admin(
    operators: Option<&str>,
    config: &Config,
    secrets: &Secrets,
    store: &mut Store,
) -> anyhow::Result<Option<issuing::Issued>> {
    let Some(operators) = operators else { return Ok(None) };
    let (now, peppers) = (clock::read().wall, secrets.peppers()?);
    let env = config.keys.brand.envs().next().context("the configuration accepts no env")?;
    let by = (config.keys.prefix, &peppers);
    issuing::first_admin(&mut Commanded(store), by, (operators, env.as_str()), now)
        .map_err(|error| anyhow!("no admin key was made: {error:?}"))
}

fn settings(env: Env, now: UnixMillis) -> Settings {
    let limit = LimitSpec {
        name: "burst".into(),
        scope: LimitScope::Key,
        burst: BURST,
        rate: RATE,
        period_ms: 1_000,
        changed: Stamp::default(),
    };
    Settings {
        plan: Some("pro".into()),
        scopes: vec!["orders:read".into()],
        limits: vec![limit],
        expires: Some(now.plus(LIFE_MS).0),
        ..issuing::blank("acme".into(), "dev@acme.example".into(), env.as_str().into())
    }
}

/// The key of `secret`, if nothing stands against it itself now and for a while yet.
fn good(
    secret: &str,
    config: &Config,
    peppers: &Peppers,
    store: &mut Store,
    now: UnixMillis,
) -> anyhow::Result<Option<Key>> {
    let parsed = ApiKey::parse(secret.as_bytes(), &config.keys.brand).ok();
    let Some(genuine) = parsed.and_then(|key| peppers.prove(&key).ok()) else { return Ok(None) };
    let Some(key) = store.key_of(genuine.lookup())? else { return Ok(None) };
    let effective = Effective {
        as_of: Stamp::default(),
        key: &key,
        owner_stopped: false,
        tenant_stopped: false,
    };
    let at = |at| effective.denial(genuine.lookup(), at).is_none();
    let good = at(now) && at(now.plus(LEFT_MIN_MS));
    Ok(good.then_some(key))
}

/// What the file keeps; nothing if others may read it, since it may be theirs then.
fn read(file: &Path) -> anyhow::Result<Option<Zeroizing<String>>> {
    let failed = || format!("cannot read {}", file.display());
    let opened = match fs::File::open(file) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        opened => opened.with_context(failed)?,
    };
    if opened.metadata().with_context(failed)?.mode() & 0o077 != 0 {
        return Ok(None);
    }
    // One more than a key and its line's end have: what is longer is none.
    let most = u64::try_from(KEY_MAX).unwrap_or(u64::MAX).saturating_add(2);
    let mut text = Zeroizing::new(String::with_capacity(KEY_MAX.saturating_add(2)));
    opened.take(most).read_to_string(&mut text).with_context(failed)?;
    Ok(Some(Zeroizing::new(text.trim().to_owned())))
}

fn write(file: &Path, secret: &str) -> std::io::Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(MODE).open(file)?;
    file.write_all(secret.as_bytes())?;
    file.write_all(b"\n")
}

/// A key whose check is right and whose pepper is nobody's.
pub(super) fn forged(config: &Config) -> anyhow::Result<String> {
    let env = config.keys.brand.envs().next().context("the configuration accepts no env")?;
    let (mut secret, mut random) = ([0; 32], [0; 19]);
    for bytes in [secret.as_mut_slice(), random.as_mut_slice()] {
        getrandom::fill(bytes).context("no randomness to be had")?;
    }
    let theirs = Peppers::new(&[Pepper { id: 0, secret: &secret }], 0)?;
    Ok(mint(config.keys.prefix, env, &theirs, &Draw::new(&random)?).as_str().to_owned())
}
