//! The ledger's object: what it is asked, and what it tells replicas.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tollgate_core::{
    head, key::Brand, lookup::LookupId, pepper::Peppers, stamp::Stamp, time::UnixMillis,
};
use tollgate_ledger::Conclusion;
use tollgate_store_cloudflare::{
    frame::push_part,
    message::{
        Batch, MessageError, Question, Taken, is_about_limits, is_usage, read_limits,
        read_question, read_usage, write_changed,
    },
    place,
};
use tollgate_store_sql::{
    Cursor, Fault, Kept, OutboxRow, RecordFault, Sql, age, due, keep_usage, ledger as how_far,
    listing::bring,
    publish, published, record, refresh, route_limits_deployed,
    schema::{MIGRATIONS, VERSION},
    sweep_usage,
};

use crate::{Refusal, authority::Admin};

/// A record that the authority was asked for is published again at most so often.
const REPEAT_MS: u64 = 60_000;
/// Of so many records it is remembered that they were published lately.
const REMEMBERED_MAX: usize = 4_096;

/// What is kept of the ledger between calls.
#[derive(Debug)]
pub(crate) struct Ledger {
    pub(crate) brand: Brand,
    /// None if nobody administers here.
    pub(crate) admin: Option<Admin>,
    /// The head as it was last read.
    pub(crate) kept: Option<Kept>,
    /// When the authority was asked for a record, lately.
    asked: BTreeMap<LookupId, UnixMillis>,
    /// Whether there is something to be published since that was last asked.
    pub(crate) publishes: bool,
    /// What a head is written into.
    text: Vec<u8>,
}

/// What is being published, as the other side holds it meanwhile.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Publishing {
    rows: Vec<Written>,
    /// After which key it goes on; none if the rows are done.
    after: Option<String>,
}

/// A row of the outbox.
#[derive(Serialize, Deserialize)]
struct Written(String, String, String, u64);

impl Ledger {
    pub(crate) fn new(brand: Brand, admin: Option<Admin>) -> Self {
        let (asked, text) = (BTreeMap::new(), vec![]);
        Self { brand, admin, kept: None, asked, publishes: false, text }
    }

    /// Brings tables of version `from` to the newest, and says which that is. Within a transaction of the caller's.
    pub(crate) fn open(sql: &mut impl Sql, from: u64) -> Result<u64, Refusal> {
        let newest = u64::try_from(VERSION).unwrap_or(0);
        if from > newest {
            return Err("store_newer");
        }
        let from = usize::try_from(from).unwrap_or(0);
        for statement in MIGRATIONS.get(from..).unwrap_or(&[]).iter().copied().flatten() {
            sql.rows(statement, &[]).map_err(|fault| refusal(&fault))?;
        }
        while bring(sql).map_err(|fault| refusal(&fault))? {}
        Ok(newest)
    }

    /// How far it has come.
    pub(crate) fn stamp(sql: &mut impl Sql) -> Result<Stamp, Refusal> {
        let (stamp, _) = how_far(sql).map_err(|fault| refusal(&fault))?;
        Ok(stamp)
    }

    /// Answers a question for the head, or for a record with the head of the same read.
    pub(crate) fn ask(
        &mut self,
        sql: &mut impl Sql,
        peppers: &Peppers,
        question: &[u8],
        (deployed, now): (UnixMillis, UnixMillis),
        out: &mut Vec<u8>,
    ) -> Result<(), Refusal> {
        if is_about_limits(question) {
            return self.limits(sql, question, (deployed, now), out);
        }
        if is_usage(question) {
            return usage(sql, question, now, out);
        }
        let (question, since) = read_question(question).map_err(MessageError::code)?;
        let lookup = match question {
            Question::Head => None,
            Question::Record(lookup) => Some(lookup),
            Question::Lease { .. } => return Err("question_misdirected"),
        };
        let stamp = refresh(sql, &mut self.kept).map_err(|fault| refusal(&fault))?.head().stamp();
        if let Some(lookup) = lookup {
            let text = record(sql, stamp, lookup, peppers).map_err(|fault| unread(&fault))?;
            push_part(&text, out).map_err(MessageError::code)?;
            self.heal(sql, lookup, stamp, now)?;
        }
        let head = self.sealed(since, peppers).ok_or("store_unreachable")?;
        push_part(head, out).map_err(MessageError::code)
    }

    /// Says since when limits of routes have their numbers; those that are new or others have them from now on, unless a
    /// newer deployment says them. Within a transaction of the caller's.
    fn limits(
        &mut self,
        sql: &mut impl Sql,
        question: &[u8],
        (deployed, now): (UnixMillis, UnixMillis),
        out: &mut Vec<u8>,
    ) -> Result<(), Refusal> {
        let wanted = read_limits(question).map_err(MessageError::code)?;
        let stamps = route_limits_deployed(sql, &mut self.kept, &wanted, deployed, now);
        let stamps = stamps.map_err(|fault| refusal(&fault))?;
        // It is read again: whether this is kept is not known here.
        self.kept = None;
        self.publishes = true;
        let mut part = vec![];
        write_changed(&stamps, &mut part).map_err(MessageError::code)?;
        push_part(&part, out).map_err(MessageError::code)
    }

    /// A replica that was asked in vain is told again, so that a stale one heals where it is used.
    fn heal(
        &mut self,
        sql: &mut impl Sql,
        lookup: LookupId,
        stamp: Stamp,
        now: UnixMillis,
    ) -> Result<(), Refusal> {
        if self.asked.get(&lookup).is_some_and(|&asked| now.since(asked) < REPEAT_MS) {
            return Ok(());
        }
        if self.asked.len() >= REMEMBERED_MAX {
            self.asked.retain(|_, asked| now.since(*asked) < REPEAT_MS);
        }
        if self.asked.len() < REMEMBERED_MAX {
            self.asked.insert(lookup, now);
        }
        publish(sql, lookup, "", stamp.epoch).map_err(|fault| refusal(&fault))?;
        self.publishes = true;
        Ok(())
    }

    fn sealed(&mut self, since: Stamp, peppers: &Peppers) -> Option<&[u8]> {
        self.text.resize(head::TEXT_MAX, 0);
        let answer = self.kept.as_ref()?.head().answer(since, 0);
        head::seal(&answer, peppers, peppers.issuing(), &mut self.text).ok()
    }

    /// Lets old entries leave the head, and drops what was counted long ago. Within a transaction of the caller's.
    pub(crate) fn age(&mut self, sql: &mut impl Sql, now: UnixMillis) -> Result<(), Refusal> {
        age(sql, &mut self.kept, now).map_err(|fault| refusal(&fault))?;
        sweep_usage(sql, now).map_err(|fault| refusal(&fault))?;
        // It is read again: whether this is kept is not known here.
        self.kept = None;
        Ok(())
    }

    /// Writes what replicas are to be told next: what it is, then each key with its text. Nothing if they know all.
    ///
    /// `before` is what was published last, if that was a part of something.
    pub(crate) fn due(
        &mut self,
        sql: &mut impl Sql,
        peppers: &Peppers,
        before: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), Refusal> {
        let cursor = cursor(before);
        let due = due(sql, cursor.as_ref()).map_err(|fault| refusal(&fault))?;
        if due.rows.is_empty() {
            return Ok(());
        }
        let rows = due.rows.into_iter();
        let publishing = Publishing {
            rows: rows.map(|row| Written(row.kind, row.tenant, row.id, row.epoch)).collect(),
            after: due.cursor.map(|cursor| cursor.after),
        };
        let publishing = serde_json::to_vec(&publishing).map_err(|_| "store_damaged")?;
        push_part(&publishing, out).map_err(MessageError::code)?;
        let stamp = refresh(sql, &mut self.kept).map_err(|fault| refusal(&fault))?.head().stamp();
        for lookup in due.lookups {
            match record(sql, stamp, lookup, peppers) {
                Ok(text) => {
                    push_part(place::record_key(lookup).as_bytes(), out)
                        .map_err(MessageError::code)?;
                    push_part(&text, out).map_err(MessageError::code)?;
                }
                Err(RecordFault::Read(fault)) => return Err(refusal(&fault)),
                // What gives no record is answered for by nobody, replica or not.
                Err(RecordFault::Document | RecordFault::Record(_)) => {}
            }
        }
        Ok(())
    }

    /// Replicas have been told what was due.
    pub(crate) fn told(sql: &mut impl Sql, publishing: &[u8]) -> Result<(), Refusal> {
        let read: Publishing =
            serde_json::from_slice(publishing).map_err(|_| "message_malformed")?;
        if read.after.is_some() {
            return Ok(());
        }
        let rows: Vec<_> = read.rows.into_iter().map(OutboxRow::from).collect();
        published(sql, &rows).map_err(|fault| refusal(&fault))
    }
}

/// Keeps a batch of what was counted, once. Within a transaction of the caller's.
fn usage(
    sql: &mut impl Sql,
    question: &[u8],
    now: UnixMillis,
    out: &mut Vec<u8>,
) -> Result<(), Refusal> {
    let Batch { holder, seq, lines } = read_usage(question).map_err(MessageError::code)?;
    let kept = keep_usage(sql, &holder.0, seq, lines.into_iter(), now);
    let taken = if kept.map_err(|fault| refusal(&fault))? { Taken::Kept } else { Taken::Known };
    push_part(taken.as_str().as_bytes(), out).map_err(MessageError::code)
}

impl From<Written> for OutboxRow {
    fn from(Written(kind, tenant, id, epoch): Written) -> Self {
        Self { kind, tenant, id, epoch }
    }
}

/// Where publishing goes on after a part.
fn cursor(before: &[u8]) -> Option<Cursor> {
    let read: Publishing = serde_json::from_slice(before).ok()?;
    Some(Cursor { row: read.rows.into_iter().next()?.into(), after: read.after? })
}

/// What an engine concludes.
pub(crate) const fn refusal(fault: &Fault) -> Refusal {
    match fault.conclusion {
        Conclusion::Locked | Conclusion::Full | Conclusion::ReadOnly => "store_refused",
        Conclusion::Damaged => "store_damaged",
        Conclusion::Unreachable => "store_unreachable",
    }
}

const fn unread(fault: &RecordFault) -> Refusal {
    match fault {
        RecordFault::Read(fault) => refusal(fault),
        RecordFault::Document => "document_damaged",
        RecordFault::Record(error) => error.code(),
    }
}
