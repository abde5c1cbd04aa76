//! Leases: the core's exchange inside one durable transaction.

use std::{collections::BTreeMap, sync::Arc};

use rusqlite::{OptionalExtension, Transaction, TransactionBehavior, params};
use tollgate_core::{
    lease::{Answer, Ask},
    stamp::Stamp,
    time::UnixMillis,
};
use tollgate_engine::{Errand, OpenError, Question, Reply, StoreError, Tidings};
use tollgate_store_sql::{Desk, Exchanged, LOOK_AFTER_MS, Unreadable, refresh, statements};

use crate::{Store, fault::Fault, sql::Within};

/// The most processes that spend from one bucket at one time.
pub const HOLDERS: usize = 128;

/// An errand that asks for tokens.
#[derive(Clone, Copy)]
pub(crate) struct Lease<'a> {
    bucket: &'a Arc<str>,
    ask: &'a Ask,
    since: Stamp,
}

impl<'a> Lease<'a> {
    pub(crate) fn of(errand: &'a Errand) -> Option<Self> {
        match &errand.question {
            Question::Lease { bucket, ask } => Some(Self { bucket, ask, since: errand.since }),
            Question::Head | Question::Record { .. } | Question::Usage(_) => None,
        }
    }
}

/// A bucket's state during a batch.
struct Open {
    state: Vec<u8>,
    /// Whether it is another than the one that is kept.
    changed: bool,
}

/// Makes all exchanges of a batch, and commits what has changed: durable before any answer leaves.
///
/// # Errors
///
/// When the transaction fails: then nothing has happened, and nobody is answered.
pub(crate) fn exchange(
    store: &mut Store,
    leases: &[Lease<'_>],
    now: UnixMillis,
) -> Result<Vec<Result<Reply, StoreError>>, Fault> {
    let Store { connection, kept, desk, repaired, .. } = store;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let head = refresh(&mut Within(&transaction), kept)?.head();
    let mut buckets: BTreeMap<&str, Option<Open>> = BTreeMap::new();
    let mut replies = Vec::with_capacity(leases.len());
    let mut repairs = 0;
    for lease in leases {
        let bucket = match buckets.entry(lease.bucket) {
            std::collections::btree_map::Entry::Occupied(entry) => entry.into_mut(),
            std::collections::btree_map::Entry::Vacant(entry) => {
                entry.insert(load(&transaction, lease.bucket)?)
            }
        };
        let answer = step(bucket, lease.ask, desk, now, &mut repairs);
        let tidings = || Tidings::from(head.answer(lease.since, 0));
        replies.push(answer.map(|answer| Reply::Lease(answer, Some(tidings()))));
    }
    let mut keep = transaction.prepare_cached(statements::BUCKET_KEPT)?;
    for (name, bucket) in &buckets {
        if let Some(Open { state, changed: true }) = bucket {
            keep.execute(params![name, state, now.plus(LOOK_AFTER_MS).0])?;
        }
    }
    drop(keep);
    transaction.commit()?;
    *repaired = repaired.saturating_add(repairs);
    Ok(replies)
}

/// The state that is kept under a name; none if there is none.
fn load(transaction: &Transaction<'_>, name: &str) -> Result<Option<Open>, Fault> {
    let mut statement = transaction.prepare_cached(statements::BUCKET)?;
    let state = statement.query_row([name], |row| row.get(0)).optional()?;
    Ok(state.map(|state| Open { state, changed: false }))
}

/// One exchange, and before it the repair of an instant that no honest clock has written.
///
/// # Errors
///
/// When the state is damaged. It stays as it is: a fresh bucket would be a full one.
fn step(
    bucket: &mut Option<Open>,
    ask: &Ask,
    desk: &mut Desk,
    now: UnixMillis,
    repairs: &mut u64,
) -> Result<Answer, StoreError> {
    let before = bucket.as_ref().map(|open| &*open.state);
    let Exchanged { answer, state, repaired } = desk
        .exchange(before, ask, now)
        .map_err(|Unreadable| StoreError::Damaged(OpenError::Bucket))?;
    *repairs = repairs.saturating_add(u64::from(repaired));
    if let Some(state) = state {
        *bucket = Some(Open { state: state.to_vec(), changed: true });
    }
    Ok(answer)
}
