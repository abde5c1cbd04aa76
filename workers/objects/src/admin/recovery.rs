//! Going back to an older ledger, and what makes it the ledger again.

use serde::Deserialize;
use serde_json::json;
use tollgate_core::{stamp::Stamp, time::Reading};
use tollgate_store_sql::{self as store, Sql};

use super::{Answer, failed, refused, stamp};
use crate::ledger::Ledger;

/// The status of an answer that tells of a new incarnation: it is told when that is noted outside, and as 200.
pub const RESTORED: u32 = 201;

/// The status of an answer that says how far the caller may take its storage back.
pub const GOES_BACK: u32 = 202;

/// The longest bookmark of a storage.
const BOOKMARK_MAX: usize = 256;

#[derive(Deserialize)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Recover {
    /// Begins a new incarnation.
    Restore {},
    /// Takes the storage back to an instant, or to a bookmark of its own.
    GoBack { at_ms: Option<u64>, bookmark: Option<String> },
}

/// Does it, for the holder of the deployment's own admin key and nobody else: what the ledger says of any other key is
/// what is about to be replaced.
pub(super) fn recovered(
    ledger: &mut Ledger,
    sql: &mut impl Sql,
    recover: Recover,
    of_deployment: bool,
    newer: Option<Stamp>,
    now: Reading,
) -> Result<Answer, Answer> {
    if !of_deployment {
        let detail = "only the deployment's own admin key, TOLLGATE_ADMIN, goes back or restores";
        return Err(refused(403, "first_admin_only", detail));
    }
    match recover {
        Recover::Restore {} => {
            let restored = store::restored(sql, newer).map_err(failed);
            // It is read again: whether this is kept is not known here.
            ledger.kept = None;
            let body = json!({ "stamp": stamp(restored?) });
            ledger.publishes = true;
            Ok(Answer { status: RESTORED, body })
        }
        Recover::GoBack { at_ms: Some(at_ms), bookmark: None } if at_ms < now.wall.0 => {
            Ok(Answer { status: GOES_BACK, body: json!({ "at_ms": at_ms }) })
        }
        Recover::GoBack { at_ms: None, bookmark: Some(bookmark) }
            if (1..=BOOKMARK_MAX).contains(&bookmark.len()) && bookmark.is_ascii() =>
        {
            Ok(Answer { status: GOES_BACK, body: json!({ "bookmark": bookmark }) })
        }
        Recover::GoBack { .. } => {
            let detail = "either at_ms, which has passed, or a bookmark";
            Err(refused(400, "request_invalid", detail))
        }
    }
}

/// What everybody is told by a ledger that is older than what is noted outside it.
pub(super) fn older() -> Answer {
    let detail = "the ledger is older than what was noted outside it: restore it first";
    refused(503, "store_older", detail)
}
