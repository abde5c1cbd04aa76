//! Spending where buckets are kept: from all that are named, or from none.

use tollgate_control::{Balance, BooksError, Caller, Spending};
use tollgate_core::{json::hex_bytes, lease::Answer, time::UnixMillis};

use super::caller;
use crate::{Desk, Exchanged, Fault, Given, LOOK_AFTER_MS, Sql, Unreadable, statements};

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spent {
    /// How each bucket stands, in the order in which they were named.
    pub balances: Vec<Balance>,
    /// How many of those that were written were ahead of the clock, and repaired.
    pub repaired: u64,
}

/// Spends from every bucket that is named, or from none; a dry run from none, whatever it finds.
///
/// Each is one exchange with what is kept of the bucket, so this and all who lease of it never spend more than it has.
///
/// # Errors
///
/// See [`BooksError`]: nothing may be kept then.
pub fn spend(
    sql: &mut impl Sql,
    desk: &mut Desk,
    spending: &Spending<'_>,
    now: UnixMillis,
) -> Result<Spent, BooksError> {
    // SECURITY: whoever was revoked since it was admitted spends nothing, and of a key that was nothing is spent.
    if let Caller::Key { lookup, seen } = spending.caller
        && caller(sql, *lookup)?.as_ref() != Some(&**seen)
    {
        return Err(BooksError::CallerChanged);
    }
    if caller(sql, spending.lookup)?.as_ref() != Some(spending.seen) {
        return Err(BooksError::CallerChanged);
    }
    let (mut balances, mut changed, mut repairs) = (vec![], vec![], 0_u64);
    for tokens in spending.tokens {
        let state = kept(sql, &tokens.bucket)?;
        let limit = (tokens.numbers, tokens.changed);
        let Exchanged { answer, state, repaired } = desk
            .spend(state.as_deref(), limit, spending.cost, now)
            .map_err(|Unreadable| Fault::damaged("buckets"))?;
        balances.push(balance(answer, spending)?);
        repairs = repairs.saturating_add(u64::from(repaired));
        changed.push((&tokens.bucket, state.map(<[u8]>::to_vec)));
    }
    let refused = balances.iter().any(|balance| balance.refused.is_some());
    if refused || spending.dry_run || spending.cost == 0 {
        return Ok(Spent { balances, repaired: 0 });
    }
    let look = now.plus(LOOK_AFTER_MS).0;
    for (name, state) in changed {
        if let Some(state) = state {
            let given = [name.into(), Given::Bytes(&state), look.into()];
            sql.rows(statements::BUCKET_KEPT, &given)?;
        }
    }
    Ok(Spent { balances, repaired: repairs })
}

/// How a bucket stands after an answer: as before it, if nothing is spent.
fn balance(answer: Answer, spending: &Spending<'_>) -> Result<Balance, Fault> {
    let Answer::Lease(lease) = answer else { return Err(Fault::damaged("buckets")) };
    let given = lease.granted_waiting == spending.cost;
    let refused = (!given).then_some(lease.retry_after);
    let before = lease.left.saturating_add(lease.granted_waiting);
    Ok(Balance { before, left: lease.left, refused })
}

/// What is kept of a bucket; none if nothing is.
fn kept(sql: &mut impl Sql, name: &str) -> Result<Option<Vec<u8>>, Fault> {
    let rows = sql.rows(statements::BUCKET_DIGITS, &[name.into()])?;
    let Some(row) = rows.first() else { return Ok(None) };
    let state = hex_bytes(row.text(0)?.as_bytes()).collect::<Option<Vec<u8>>>();
    state.map(Some).ok_or_else(|| Fault::damaged("buckets"))
}
