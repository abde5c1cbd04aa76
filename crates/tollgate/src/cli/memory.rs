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
    let admin = match &config.control {
        None => None,
        Some(control) => {
            let of = (control.operators.as_str(), env.as_str());
            issuing::first_admin(store, by, of, clock::read().wall)
                .map_err(|error| anyhow::anyhow!("no admin key was made: {error:?}"))?
        }
    };
    let secret = issued.secret.as_str();
    let mut document = json!({ "id": issued.key.id, "secret": secret });
    if let (Some(admin), Some(document)) = (&admin, document.as_object_mut()) {
        let shown = json!({ "id": admin.key.id, "secret": admin.secret.as_str() });
        document.insert("admin_key".to_owned(), shown);
    }
    output.show(&document, |out| {
        writeln!(out, "The store is in memory and ends with this process, and so does its only key, which may do")?;
        writeln!(out, "everything without limit:\n\n  {secret}\n")?;
        if let Some(admin) = &admin {
            writeln!(out, "The management API's only admin key:\n\n  {}\n", admin.secret.as_str())?;
        }
        writeln!(out, "For keys of other kinds use a store in a file; `tollgate dev` is a gate with a demo origin.")
    })?;
    Ok(())
}
