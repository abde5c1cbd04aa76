//! Many keys in a store, each by the ledger's own change.

#![expect(clippy::disallowed_methods, reason = "keys are created now")]

use std::{
    fs::File,
    io::{BufReader, BufWriter, Read, Write},
    path::Path,
    time::{Instant, SystemTime},
};

use anyhow::{Context, anyhow};
use serde_json::{Value, json};
use tollgate_core::{
    key::{Draw, Env, Prefix, mint},
    pepper::{Pepper, PepperId, Peppers},
    time::UnixMillis,
};
use tollgate_ledger::{Change, Ledger, Secret, Settings};
use tollgate_store_sqlite::{Access, Store};

/// The most keys.
const KEYS_MAX: u32 = 10_000_000;

/// How many owners they belong to, of one tenant each.
const OWNERS: u32 = 1_000;

/// Creates `count` keys without limits in `store`, under the peppers of `secrets`, and writes them to `out`, one a line.
///
/// # Errors
///
/// When a file cannot be used, or the ledger refuses a key.
pub(crate) fn fill(store: &str, secrets: &str, count: &str, out: &str) -> anyhow::Result<Value> {
    let count = count.parse::<u32>()?.min(KEYS_MAX);
    let (peppers, issuing) = peppers(secrets)?;
    let prefix = Prefix::new("tg").map_err(|error| anyhow!("{error}"))?;
    let env = Env::new("live").map_err(|error| anyhow!("{error}"))?;
    let mut random = BufReader::new(File::open("/dev/urandom")?);
    let mut store = Store::open(Path::new(store), Access::ReadWrite)?;
    let mut out = BufWriter::new(File::create(out)?);
    let began = Instant::now();
    let now = SystemTime::UNIX_EPOCH.elapsed()?.as_millis();
    let now = UnixMillis(u64::try_from(now)?);
    for number in 0..count {
        let mut bytes = [0; 19];
        random.read_exact(&mut bytes)?;
        let draw = Draw::new(&bytes).map_err(|error| anyhow!("{error}"))?;
        let minted = mint(prefix, env, &peppers, &draw);
        let secret = Secret::new(minted.lookup(), issuing);
        let id = format!("key_{number:012}");
        let change = Change::Create { id, name: None, settings: settings(number), secret };
        store.change(&change, now).map_err(|error| anyhow!("key {number}: {error}"))?;
        writeln!(out, "{}", minted.as_str())?;
    }
    out.flush()?;
    Ok(json!({"name": "fill", "keys": count, "seconds": began.elapsed().as_secs_f64()}))
}

fn settings(number: u32) -> Settings {
    let owner = number.checked_rem(OWNERS).unwrap_or(0);
    Settings {
        plan: Some("pro".to_owned()),
        scopes: vec!["orders:read".to_owned(), "invoices:*".to_owned()],
        ..Settings::of(format!("tenant_{owner}"), format!("owner_{owner}"), "live")
    }
}

/// The peppers of a gate's file of secrets, and which of them issues.
fn peppers(path: &str) -> anyhow::Result<(Peppers, PepperId)> {
    let secrets: Value = serde_json::from_reader(File::open(path)?)?;
    let issuing = secrets.get("issuing").and_then(Value::as_u64).context("no issuing pepper")?;
    let issuing = u8::try_from(issuing)?;
    let mut held = vec![];
    for one in secrets.get("peppers").and_then(Value::as_array).context("no peppers")? {
        let id = one.get("id").and_then(Value::as_u64).context("no id of a pepper")?;
        let secret = one.get("secret").and_then(Value::as_str).context("no pepper")?;
        held.push((u8::try_from(id)?, bytes(secret)?));
    }
    let ring: Vec<Pepper<'_>> =
        held.iter().map(|(id, secret)| Pepper { id: *id, secret }).collect();
    let peppers = Peppers::new(&ring, issuing).map_err(|error| anyhow!("{error}"))?;
    Ok((peppers, PepperId::new(issuing).context("no id of a pepper")?))
}

fn bytes(hex: &str) -> anyhow::Result<Vec<u8>> {
    let (pairs, rest) = hex.as_bytes().as_chunks::<2>();
    anyhow::ensure!(rest.is_empty(), "half a byte");
    pairs.iter().map(|pair| Ok(u8::from_str_radix(str::from_utf8(pair)?, 16)?)).collect()
}
