//! How a repetition of a request is known.

use tollgate_control::{BooksError, Retry};
use tollgate_core::{json::from_hex, time::UnixMillis};

use super::hex;
use crate::{Fault, Sql, statements};

/// For how long the name of a request is known.
pub const RETRY_KEPT_MS: u64 = 24 * 3_600_000;

/// The most names that one caller has at a time.
pub const RETRIES_MAX: u64 = 10_000;

/// The most names that leave with each one that comes: more than one, so that they become fewer.
pub const RETRIES_SWEEP_MAX: u64 = 16;

/// The key that a request of this name made, and what its secret was drawn with; none if the name is new.
pub(super) fn found(
    sql: &mut impl Sql,
    retry: &Retry<'_>,
    now: UnixMillis,
) -> Result<Option<(String, [u8; 32])>, BooksError> {
    let name = hex(&retry.name);
    let of = [retry.caller.into(), (&name).into()];
    let since = now.0.saturating_sub(RETRY_KEPT_MS);
    let [caller, named] = of;
    sql.rows(statements::RETRY_LEAVES, &[caller, named, since.into()])?;
    if let Some(row) = sql.rows(statements::RETRY, &of)?.first() {
        if row.text(0)? != hex(&retry.asked) {
            return Err(BooksError::OtherRequest);
        }
        let salt = from_hex(row.text(1)?.as_bytes()).ok_or_else(|| Fault::damaged("retries"))?;
        return Ok(Some((row.text(2)?.to_owned(), salt)));
    }
    sql.rows(statements::RETRIES_LEAVE, &[since.into(), RETRIES_SWEEP_MAX.into()])?;
    let rows = sql.rows(statements::RETRIES, &[caller, RETRIES_MAX.into()])?;
    let count = rows.first().ok_or_else(|| Fault::damaged("retries"))?.number(0)?;
    if count >= RETRIES_MAX { Err(BooksError::TooManyRetries) } else { Ok(None) }
}

/// A request of this name has made `key`.
pub(super) fn keep(
    sql: &mut impl Sql,
    retry: &Retry<'_>,
    key: &str,
    now: UnixMillis,
) -> Result<(), Fault> {
    let [name, asked, salt] = [retry.name, retry.asked, retry.salt].map(|bytes| hex(&bytes));
    let row = [retry.caller, &name, &asked, &salt, key].map(crate::Given::Text);
    let [caller, name, asked, salt, key] = row;
    sql.rows(statements::RETRY_KEPT, &[caller, name, asked, salt, key, now.0.into()]).map(drop)
}
