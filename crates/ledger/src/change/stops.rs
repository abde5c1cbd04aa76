//! Stops of owners and tenants, and their ends.

use tollgate_core::{head::Subject, stamp::Stamp};

use super::{Commit, Outbox, Snapshot, Stop, name_of};
use crate::{ChangeError, settings::id};

/// The commit of a stop, or of the end of one.
pub(super) fn stop(
    snapshot: &Snapshot,
    tenant: &str,
    owner: Option<&String>,
    stopped: bool,
    stamp: Stamp,
) -> Result<Commit, ChangeError> {
    id("tenant", tenant)?;
    let name = name_of(tenant)?;
    let (entry, unknown) = match owner {
        Some(owner) => {
            id("owner", owner)?;
            let owner = name_of(owner)?;
            (Subject::Owner { tenant: name, owner }, ChangeError::UnknownOwner)
        }
        None => (Subject::Tenant { tenant: name }, ChangeError::UnknownTenant),
    };
    // A stop of somebody who is misspelled would look like one, and stop nobody.
    if !snapshot.holder_known {
        return Err(unknown);
    }
    let (tenant, owner) = (tenant.to_owned(), owner.cloned());
    let outbox = Outbox::Holder { tenant: tenant.clone(), owner: owner.clone() };
    let stop = Some(Stop { tenant, owner, stopped });
    let (entry, earlier, others) = (Some(entry), vec![], vec![]);
    Ok(Commit { stamp, earlier, entry, key: None, others, stop, outbox })
}
