//! Administration: the ledger's changes and reads as JSON, for whoever may.

mod answers;
mod recovery;

use serde::Deserialize;
use serde_json::{Value, json};
use tollgate_core::{
    decision::Denial,
    lookup::LookupId,
    pepper::{PepperId, Peppers},
    stamp::Stamp,
    time::Reading,
};
use tollgate_ledger::{
    Change, Holder, Key, LimitSpec, PAGE_MAX, QuotaSpec, Renumbered, Secret, Settings,
};
use tollgate_store_sql::{self as store, Fault, Sql};

use crate::{authority::genuine, ledger::Ledger};
use answers::{denied, failed, refused, unchanged};
pub use recovery::{GOES_BACK, RESTORED};
use recovery::{Recover, older, recovered};

/// The longest request, in bytes.
pub(crate) const BODY_MAX: usize = 64 * 1024;

/// The scope of whoever changes keys.
const WRITE: &str = "keys:write";
/// The scope of whoever looks at them.
const READ: &str = "keys:read";

/// A change that is asked for.
#[derive(Deserialize)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
enum Alter {
    Create {
        id: String,
        name: Option<String>,
        settings: Settings,
        secret: Minted,
    },
    Update {
        id: String,
        settings: Settings,
        expected: Option<[u64; 2]>,
    },
    RenumberLimit {
        #[serde(default)]
        tenant: String,
        #[serde(default)]
        owner: String,
        limit: LimitSpec,
    },
    RenumberQuota {
        #[serde(default)]
        tenant: String,
        #[serde(default)]
        owner: String,
        quota: QuotaSpec,
    },
    Rotate {
        id: String,
        secret: Minted,
        grace_ms: u64,
    },
    Disable {
        id: String,
    },
    Enable {
        id: String,
    },
    Revoke {
        id: String,
    },
    RevokeSecret {
        lookup: Lookup,
    },
    StopOwner {
        tenant: String,
        owner: String,
    },
    ResumeOwner {
        tenant: String,
        owner: String,
    },
    StopTenant {
        tenant: String,
    },
    ResumeTenant {
        tenant: String,
    },
}

/// What somebody wants to look at.
#[derive(Deserialize)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
enum Look {
    Key { id: String },
    KeyOf { lookup: Lookup },
    Keys { after: Option<String>, limit: Option<usize>, tenant: Option<String> },
    Stamp {},
    Stopped { tenant: String, owner: String },
    Tenants { after: Option<String>, limit: Option<usize> },
    Owners { tenant: String, after: Option<String>, limit: Option<usize> },
    PeppersInUse {},
}

/// A secret that was minted elsewhere: what it is known by, and never the secret itself.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Minted {
    lookup: Lookup,
    pepper: u8,
}

/// 32 lower-case hexadecimal digits.
#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Lookup(LookupId);

impl TryFrom<String> for Lookup {
    type Error = &'static str;

    fn try_from(digits: String) -> Result<Self, Self::Error> {
        LookupId::from_hex(&digits).map(Self).ok_or("not a lookup id")
    }
}

/// What is asked for, sorted.
enum Asked {
    Change(Box<Change>),
    Look(Look),
    Recover(Recover),
}

/// What somebody presents.
#[derive(Clone, Copy)]
pub(crate) struct Presented<'a> {
    pub(crate) key: &'a [u8],
    pub(crate) body: &'a [u8],
    /// What is noted outside the ledger, if that is above it: an older copy, which does nothing but be restored.
    pub(crate) newer: Option<Stamp>,
}

/// An answer: its status, and its JSON.
pub(crate) struct Answer {
    pub(crate) status: u32,
    pub(crate) body: Value,
}

/// Does what is asked for, if the holder of the key may. Within a transaction of the caller's, of which it keeps
/// nothing unless the status is 200 or [`RESTORED`].
pub(crate) fn administer(
    ledger: &mut Ledger,
    sql: &mut impl Sql,
    peppers: &Peppers,
    presented: Presented<'_>,
    now: Reading,
) -> Answer {
    done(ledger, sql, peppers, presented, now).unwrap_or_else(|answer| answer)
}

fn done(
    ledger: &mut Ledger,
    sql: &mut impl Sql,
    peppers: &Peppers,
    presented: Presented<'_>,
    now: Reading,
) -> Result<Answer, Answer> {
    let Presented { key, body, newer } = presented;
    // Who asks comes first: what a stranger asks for is not even read.
    let holder = genuine(key, &ledger.brand, peppers).ok_or_else(|| denied(Denial::KeyInvalid))?;
    let admin = ledger.admin.as_ref().ok_or_else(|| denied(Denial::KeyInvalid))?;
    let of_deployment = admin.record_of(holder);
    let text = match of_deployment {
        Some(text) => text.to_vec(),
        // In an older ledger keys live that were revoked since.
        None if newer.is_some() => return Err(older()),
        None => {
            let stamp = store::refresh(sql, &mut ledger.kept).map_err(failed)?.head().stamp();
            let read = store::record(sql, stamp, holder.lookup(), peppers);
            read.map_err(|_| denied(Denial::Unavailable))?
        }
    };
    let may = |scope| admin.allows(&text, holder, scope, peppers, now).map_err(denied);
    // Nobody who may not even read learns whether a request is well-formed.
    let read = may(READ);
    let write = may(WRITE);
    if let (Err(answer), Err(_)) = (&read, &write) {
        return Err(Answer { status: answer.status, body: answer.body.clone() });
    }
    let asked = understood(body).ok_or_else(|| {
        refused(
            400,
            "request_invalid",
            "the body is none of the operations of docs/spec/cloudflare.md",
        )
    })?;
    match asked {
        Asked::Recover(recover) => {
            write?;
            let of_deployment = of_deployment.is_some();
            recovered(ledger, sql, recover, of_deployment, newer, now)
        }
        Asked::Change(_) | Asked::Look(_) if newer.is_some() => Err(older()),
        Asked::Change(change) => {
            write?;
            changed(ledger, sql, &change, now)
        }
        Asked::Look(look) => {
            read?;
            let body = looked_up(sql, &mut ledger.kept, look, now).map_err(failed)?;
            Ok(Answer { status: 200, body })
        }
    }
}

fn understood(body: &[u8]) -> Option<Asked> {
    if body.len() > BODY_MAX {
        return None;
    }
    if let Ok(look) = serde_json::from_slice(body) {
        return Some(Asked::Look(look));
    }
    if let Ok(recover) = serde_json::from_slice(body) {
        return Some(Asked::Recover(recover));
    }
    let minted = |secret: Minted| {
        PepperId::new(secret.pepper).map(|pepper| Secret::new(secret.lookup.0, pepper))
    };
    Some(Asked::Change(Box::new(match serde_json::from_slice(body).ok()? {
        Alter::Create { id, name, settings, secret } => {
            Change::Create { id, name, settings, secret: minted(secret)? }
        }
        Alter::Update { id, settings, expected } => {
            let expected = expected.map(|[incarnation, epoch]| Stamp { incarnation, epoch });
            Change::Update { id, settings, expected }
        }
        Alter::RenumberLimit { tenant, owner, limit } => {
            Change::Renumber { tenant, owner, spec: Renumbered::Limit(limit) }
        }
        Alter::RenumberQuota { tenant, owner, quota } => {
            Change::Renumber { tenant, owner, spec: Renumbered::Quota(quota) }
        }
        Alter::Rotate { id, secret, grace_ms } => {
            Change::Rotate { id, secret: minted(secret)?, grace_ms }
        }
        Alter::Disable { id } => Change::Disable { id },
        Alter::Enable { id } => Change::Enable { id },
        Alter::Revoke { id } => Change::Revoke { id },
        Alter::RevokeSecret { lookup } => Change::RevokeSecret { lookup: lookup.0 },
        Alter::StopOwner { tenant, owner } => Change::StopOwner { tenant, owner },
        Alter::ResumeOwner { tenant, owner } => Change::ResumeOwner { tenant, owner },
        Alter::StopTenant { tenant } => Change::StopTenant { tenant },
        Alter::ResumeTenant { tenant } => Change::ResumeTenant { tenant },
    })))
}

fn changed(
    ledger: &mut Ledger,
    sql: &mut impl Sql,
    change: &Change,
    now: Reading,
) -> Result<Answer, Answer> {
    let committed = store::change(sql, &mut ledger.kept, change, now.wall);
    // It is read again: whether this is kept is not known here.
    ledger.kept = None;
    let (commit, _) = committed.map_err(unchanged)?;
    ledger.publishes = true;
    let body = json!({
        "stamp": stamp(commit.stamp), "key": key(commit.key.as_ref()),
        "others": commit.others.len(),
    });
    Ok(Answer { status: 200, body })
}

fn looked_up(
    sql: &mut impl Sql,
    kept: &mut Option<store::Kept>,
    look: Look,
    now: Reading,
) -> Result<Value, Fault> {
    let most = |limit: Option<usize>| limit.unwrap_or(PAGE_MAX);
    Ok(match look {
        Look::Key { id } => json!({ "key": key(store::key(sql, &id)?.as_ref()) }),
        Look::KeyOf { lookup } => {
            json!({ "key": key(store::key_of(sql, lookup.0)?.as_ref()) })
        }
        Look::Keys { after, limit, tenant } => {
            let page = store::keys(sql, after.as_deref(), most(limit), tenant.as_deref())?;
            json!({ "keys": page.keys, "next": page.next })
        }
        Look::Stopped { tenant, owner } => {
            let stopped = store::stopped(sql, &tenant, &owner)?;
            json!({ "owner": stopped.owner, "tenant": stopped.tenant })
        }
        Look::Tenants { after, limit } => {
            json!({ "tenants": holders(store::tenants(sql, after.as_deref(), most(limit))?) })
        }
        Look::Owners { tenant, after, limit } => {
            let owners = store::owners(sql, &tenant, after.as_deref(), most(limit))?;
            json!({ "owners": holders(owners) })
        }
        Look::PeppersInUse {} => {
            json!({ "peppers": store::peppers_in_use(sql, now.wall)? })
        }
        Look::Stamp {} => json!({ "stamp": stamp(store::refresh(sql, kept)?.head().stamp()) }),
    })
}

fn holders(holders: Vec<Holder>) -> Vec<Value> {
    let shown = |Holder { name, keys, stopped, since, owners_stopped }: Holder| {
        let since = since.map(|since| since.0);
        json!({
            "name": name, "keys": keys, "stopped": stopped, "since": since,
            "owners_stopped": owners_stopped,
        })
    };
    holders.into_iter().map(shown).collect()
}

fn key(key: Option<&Key>) -> Value {
    key.map_or(Value::Null, |key| json!(key))
}

fn stamp(Stamp { incarnation, epoch }: Stamp) -> Value {
    json!([incarnation, epoch])
}
