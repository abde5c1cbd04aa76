//! The words of the administration's route: questions out, answers in. `docs/cloudflare.md` lists them.

use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tollgate_core::{lookup::LookupId, stamp::Stamp, time::UnixMillis};
use tollgate_ledger::{Change, Holder, Key, Page, Receipt, Renumbered, Secret, Stopped};

/// What a change is asked for as.
pub(super) fn of_change(change: &Change) -> Value {
    match change {
        Change::Create { id, name, settings, secret } => json!({
            "op": "create", "id": id, "name": name, "settings": settings, "secret": minted(secret),
        }),
        Change::Update { id, settings, expected } => {
            let expected = expected.map(|Stamp { incarnation, epoch }| [incarnation, epoch]);
            json!({ "op": "update", "id": id, "settings": settings, "expected": expected })
        }
        Change::Renumber { tenant, owner, spec: Renumbered::Limit(limit) } => json!({
            "op": "renumber_limit", "tenant": tenant, "owner": owner, "limit": limit,
        }),
        Change::Renumber { tenant, owner, spec: Renumbered::Quota(quota) } => json!({
            "op": "renumber_quota", "tenant": tenant, "owner": owner, "quota": quota,
        }),
        Change::Rotate { id, secret, grace_ms } => json!({
            "op": "rotate", "id": id, "secret": minted(secret), "grace_ms": grace_ms,
        }),
        Change::Disable { id } => json!({ "op": "disable", "id": id }),
        Change::Enable { id } => json!({ "op": "enable", "id": id }),
        Change::Revoke { id } => json!({ "op": "revoke", "id": id }),
        Change::RevokeSecret { lookup } => {
            json!({ "op": "revoke_secret", "lookup": digits(*lookup) })
        }
        Change::StopOwner { tenant, owner } => {
            json!({ "op": "stop_owner", "tenant": tenant, "owner": owner })
        }
        Change::ResumeOwner { tenant, owner } => {
            json!({ "op": "resume_owner", "tenant": tenant, "owner": owner })
        }
        Change::StopTenant { tenant } => json!({ "op": "stop_tenant", "tenant": tenant }),
        Change::ResumeTenant { tenant } => json!({ "op": "resume_tenant", "tenant": tenant }),
    }
}

/// What a secret is known by, and never the secret itself.
fn minted(secret: &Secret) -> Value {
    json!({ "lookup": digits(secret.lookup), "pepper": secret.pepper })
}

fn digits(lookup: LookupId) -> String {
    lookup.to_hex().map(char::from).iter().collect()
}

pub(super) fn restore() -> Value {
    json!({ "op": "restore" })
}

pub(super) fn look_at_key(id: &str) -> Value {
    json!({ "op": "key", "id": id })
}

pub(super) fn look_at_secret(lookup: LookupId) -> Value {
    json!({ "op": "key_of", "lookup": digits(lookup) })
}

pub(super) fn look_at_keys(after: Option<&str>, limit: usize, tenant: Option<&str>) -> Value {
    json!({ "op": "keys", "after": after, "limit": limit, "tenant": tenant })
}

pub(super) fn look_at_stamp() -> Value {
    json!({ "op": "stamp" })
}

pub(super) fn look_at_stops(tenant: &str, owner: &str) -> Value {
    json!({ "op": "stopped", "tenant": tenant, "owner": owner })
}

pub(super) fn look_at_tenants(after: Option<&str>, limit: usize) -> Value {
    json!({ "op": "tenants", "after": after, "limit": limit })
}

pub(super) fn look_at_owners(tenant: &str, after: Option<&str>, limit: usize) -> Value {
    json!({ "op": "owners", "tenant": tenant, "after": after, "limit": limit })
}

pub(super) fn look_at_peppers() -> Value {
    json!({ "op": "peppers_in_use" })
}

/// What a change has come to.
pub(super) fn receipt(told: &Value) -> Option<Receipt> {
    let others = usize::try_from(told.get("others")?.as_u64()?).ok()?;
    // It is noted behind the answer, by the deployment itself.
    Some(Receipt { stamp: stamp_of(told)?, key: key(told)?, others, noted: true })
}

/// The key, or that there is none.
pub(super) fn key(told: &Value) -> Option<Option<Key>> {
    read(told.get("key")?)
}

pub(super) fn page(told: &Value) -> Option<Page> {
    Some(Page { keys: read(told.get("keys")?)?, next: read(told.get("next")?)? })
}

pub(super) fn stamp_of(told: &Value) -> Option<Stamp> {
    let [incarnation, epoch] = read(told.get("stamp")?)?;
    Some(Stamp { incarnation, epoch })
}

pub(super) fn stopped(told: &Value) -> Option<Stopped> {
    let is = |name: &str| told.get(name)?.as_bool();
    Some(Stopped { owner: is("owner")?, tenant: is("tenant")? })
}

pub(super) fn holders(told: &Value, name: &str) -> Option<Vec<Holder>> {
    let holder = |one: &Value| {
        Some(Holder {
            name: read(one.get("name")?)?,
            keys: one.get("keys")?.as_u64()?,
            stopped: one.get("stopped")?.as_bool()?,
            since: read::<Option<u64>>(one.get("since")?)?.map(UnixMillis),
            owners_stopped: one.get("owners_stopped")?.as_u64()?,
        })
    };
    told.get(name)?.as_array()?.iter().map(holder).collect()
}

pub(super) fn peppers(told: &Value) -> Option<[u64; 16]> {
    read(told.get("peppers")?)
}

fn read<T: DeserializeOwned>(value: &Value) -> Option<T> {
    serde_json::from_value(value.clone()).ok()
}
