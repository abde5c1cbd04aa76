//! The key of a store in memory: no other command can reach it, so `tollgate serve` makes one and prints it.

use serde_json::json;
use tollgate_ledger::Settings;
use tollgate_store_sqlite::Store;

use super::Output;
use crate::{clock, config::Config, issuing, secrets::Secrets};

/// What the key may do: everything.
const SCOPE: &str = "*:*";

/// Makes the only key that `store` will have, and shows it on standard output, which is not the log.
pub(super) fn fill(
    config: &Config,
    secrets: &Secrets,
    store: &mut Store,
    output: &mut Output<'_>,
) -> anyhow::Result<()> {
    let Some(env) = config.keys.brand.envs().next() else { return Ok(()) };
    let blank = issuing::blank("acme".into(), "dev@acme.example".into(), env.as_str().into());
    let settings = Settings { scopes: vec![SCOPE.into()], ..blank };
    let by = (config.keys.prefix, &secrets.peppers()?);
    let name = Some("tollgate serve".to_owned());
    let issued = issuing::create(store, by, name, settings, clock::read().wall)
        .map_err(|error| anyhow::anyhow!("no key was made: {error:?}"))?;
    let secret = issued.secret.as_str();
    output.show(&json!({ "id": issued.key.id, "secret": secret }), |out| {
        writeln!(out, "The store is in memory and ends with this process, and so does its only key, which may do")?;
        writeln!(out, "everything without limit:\n\n  {secret}\n")?;
        writeln!(out, "For keys of other kinds use a store in a file; `tollgate dev` is a gate with a demo origin.")
    })?;
    Ok(())
}
