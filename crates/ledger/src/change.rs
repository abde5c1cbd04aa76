//! The changes.
// pub enum Change {
//   Create { id: String, name: Option<String>, settings: Settings, secret: Secret },
//   Replace settings: Update { id, settings },
//   Rotate { id, secret: Secret, grace_ms: u64 },
//   Disable { id }, Enable { id }, Revoke { id }, RevokeSecret { lookup },
//   StopOwner { tenant, owner }, ResumeOwner {..}, StopTenant { tenant }, ResumeTenant { tenant },
// }
// pub struct Snapshot { stamp: Stamp, key: Option<Key>, owner_stopped: bool, tenant_stopped: bool,
//    shared: Vec<Shared limit numbers already in force for owner/tenant/global scopes under these names>, lookup_taken: bool }
// pub struct Commit { stamp: Stamp, entry: Option<head::Subject>, key: Option<Key>, .. owner/tenant state .., shared: Vec<..>, outbox: Vec<LookupId> }
// pub fn apply(snapshot: &Snapshot, change: &Change, now: UnixMillis) -> Result<Commit, ChangeError>
