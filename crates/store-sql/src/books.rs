//! What the control plane keeps beside the ledger: each change of a key, its details, its audit row and its retry in
//! one step.

mod audit;
mod chain;
mod command;
mod documents;
mod log;
mod pages;
mod retry;
mod spend;

pub use command::{Commanded, command};
pub use documents::{carriers, document, documents};
pub use log::{keep_checkpoint, lines, signers, standing, unchecked};
pub use pages::{FEW_MAX, LOOKED_AT_ONCE, page};
pub use retry::{RETRIES_MAX, RETRIES_SWEEP_MAX, RETRY_KEPT_MS};
pub use spend::{Spent, spend};

use tollgate_control::{Act, BooksError, Caller, Done, Filed, Held, Seen, StoppedBy, Work};
use tollgate_core::{lookup::LookupId, time::UnixMillis};
use tollgate_ledger::{Change, ChangeError, Key, KeyState, LABEL_MAX, LedgerError, Stopped};

use crate::{Fault, Kept, Row, Sql, head, keys, statements};
use command::may_be_untold;

/// Whoever holds a secret.
///
/// # Errors
///
/// When the read fails.
pub fn caller(sql: &mut impl Sql, lookup: LookupId) -> Result<Option<Seen>, Fault> {
    let rows = sql.rows(statements::EFFECTIVE, &[lookup.as_bytes().into()])?;
    let Some(row) = rows.first() else { return Ok(None) };
    let stopped = Stopped { owner: row.flag(1)?, tenant: row.flag(2)? };
    Ok(Some(Seen { key: read_key(row)?, stopped }))
}

/// A key as it is filed.
///
/// # Errors
///
/// When the read fails.
pub fn key(sql: &mut impl Sql, id: &str) -> Result<Option<Filed>, Fault> {
    sql.rows(statements::FILED, &[id.into()])?.first().map(filed).transpose()
}

/// What became of a step.
#[derive(Debug)]
pub struct Worked {
    /// What became of what was asked for.
    pub done: Done,
    /// The head that is to be kept once that is durable, if the ledger was changed.
    pub head: Option<Kept>,
    /// Whether the audit tells all of it. It may lack what takes something away, where it is damaged beyond going on.
    pub told: bool,
}

/// What became of one thing that is done.
struct Made {
    head: Option<Kept>,
    filed: Option<Filed>,
    told: bool,
}

/// One change with all that belongs to it: all of it or none.
///
/// # Errors
///
/// See [`BooksError`]: nothing of it may be kept then.
pub fn work(
    sql: &mut impl Sql,
    kept: &mut Option<Kept>,
    work: &Work<'_>,
    now: UnixMillis,
) -> Result<Worked, BooksError> {
    // SECURITY: whoever was revoked since it was admitted changes nothing any more.
    if let Caller::Key { lookup, seen } = work.caller
        && caller(sql, *lookup)?.as_ref() != Some(&**seen)
    {
        return Err(BooksError::CallerChanged);
    }
    if let Some(retry) = &work.retry
        && let Some((id, salt)) = retry::found(sql, retry, now)?
    {
        let filed = key(sql, &id)?.ok_or_else(|| Fault::damaged("retries"))?;
        return Ok(Worked { done: Done::Before { filed, salt }, head: None, told: true });
    }
    // SECURITY: a key that was expanded by a role as it was a moment ago would keep what the role has not any more.
    for held in work.held {
        if !documents::holds(sql, held)? {
            return Err(match *held {
                Held::Fewer(id, most) => BooksError::TooManyOf(id.kind, most),
                Held::Document(..) | Held::Carriers(..) | Held::Stopped(..) | Held::Unused(_) => {
                    BooksError::Moved
                }
            });
        }
    }
    let several = work.acts.len() > 1;
    let (mut head, mut filed, mut told) = (None, None, true);
    for act in work.acts {
        // What is not durable yet is kept apart from what is: nothing of it may be left if it does not become so.
        let kept = if head.is_some() { &mut head } else { &mut *kept };
        let made =
            done(sql, kept, work.caller, act, now).map_err(|error| match (error, act.key) {
                (BooksError::Ledger(error), Some(id)) if several => of_key(id, error),
                (error, _) => error,
            })?;
        head = made.head.or(head);
        filed = made.filed.or(filed);
        told &= made.told;
    }
    if let (Some(retry), Some(after)) = (&work.retry, &filed) {
        retry::keep(sql, retry, &after.key.id, now)?;
    }
    let stamp = head.as_ref().map(|kept| kept.head().stamp());
    Ok(Worked { done: Done::Made { stamp, filed }, head, told })
}

/// One thing that is done, with its line of the audit.
fn done(
    sql: &mut impl Sql,
    kept: &mut Option<Kept>,
    caller: &Caller,
    act: &Act<'_>,
    now: UnixMillis,
) -> Result<Made, BooksError> {
    let before = match act.key {
        Some(id) => key(sql, id)?,
        None => None,
    };
    if let (Some(expected), Some(before)) = (act.expected, &before)
        && before.key.changed != expected
    {
        let refused = ChangeError::OtherVersion { found: before.key.changed };
        return Err(LedgerError::from(refused).into());
    }
    if let Some(filed) = before.as_ref().filter(|before| ended(act.change, &before.key)) {
        let head = Some(head::refresh(sql, kept)?.clone());
        return Ok(Made { head, filed: Some(filed.clone()), told: true });
    }
    let (mut head, mut after) = (None, None);
    if let Some(change) = act.change {
        let (commit, moved) = keys::change(sql, kept, change, now)?;
        head = Some(moved);
        if let (Change::StopOwner { tenant, owner }, StoppedBy::Tenant) = (change, act.by) {
            sql.rows(statements::STOP_OWN, &[tenant.into(), owner.into()])?;
        }
        if let Some(mut changed) = commit.key {
            beside(sql, act, &mut changed)?;
            after = key(sql, &changed.id)?;
        }
    }
    let said = match act.document {
        Some((id, text)) => {
            let was = documents::kept(sql, id)?;
            documents::keep(sql, id, text)?;
            Some((was, text))
        }
        None => None,
    };
    let images = audit::images(act.change, (before.as_ref(), after.as_ref()), said.as_ref());
    let told = match audit::append(sql, &act.told, caller, images, now) {
        Ok(()) => true,
        Err(fault) if act.change.is_some_and(|change| may_be_untold(&fault, change)) => false,
        Err(fault) => return Err(fault.into()),
    };
    Ok(Made { head, filed: after, told })
}

/// Whether what is to end has ended before: why it did, its version and its audit stay what they are then. What replicas
/// have not been told of that is in the outbox until they have.
fn ended(change: Option<&Change>, key: &Key) -> bool {
    let over = key.state == KeyState::Revoked;
    match change {
        Some(Change::Revoke { .. }) => over,
        Some(Change::RevokeSecret { lookup }) => {
            key.secret(*lookup).is_some_and(|secret| over || secret.revoked)
        }
        Some(_) | None => false,
    }
}

/// What belongs to a key beside what the ledger has changed of it.
fn beside(sql: &mut impl Sql, act: &Act<'_>, key: &mut Key) -> Result<(), Fault> {
    if let Some(name) = act.name {
        key.name = name.filter(|name| name.len() <= LABEL_MAX).map(str::to_owned);
        keys::write_document(sql, key)?;
    }
    if let Some(details) = act.details {
        sql.rows(statements::DETAILS_KEPT, &[(&key.id).into(), details.into()])?;
    }
    if let Some(carries) = act.carries {
        documents::carry(sql, (&key.settings.tenant, &key.id), carries)?;
    }
    Ok(())
}

/// Why one of several keys is not changed: of what has only become another version it can be tried again.
fn of_key(id: &str, error: LedgerError) -> BooksError {
    match error {
        LedgerError::Refused(ChangeError::OtherVersion { .. } | ChangeError::Revoked) => {
            BooksError::Moved
        }
        LedgerError::Refused(_) => BooksError::OfKey { id: id.to_owned(), error },
        LedgerError::Failed { .. } | LedgerError::Denied { .. } | LedgerError::Unknown { .. } => {
            BooksError::Ledger(error)
        }
    }
}

fn filed(row: &Row) -> Result<Filed, Fault> {
    let details = row.optional_text(1)?.map(str::to_owned);
    let stopped = Stopped { owner: row.flag(2)?, tenant: row.flag(3)? };
    let used = crate::usage::uses(row.optional_text(4)?)?;
    Ok(Filed { key: read_key(row)?, stopped, details, used })
}

fn read_key(row: &Row) -> Result<Key, Fault> {
    Key::from_text(row.text(0)?).ok_or_else(|| Fault::damaged("keys"))
}

/// Bytes as they are kept.
fn hex(bytes: &[u8; 32]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
