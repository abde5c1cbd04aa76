//! The head in its tables: loaded, folded by the core, and the differences written back.

use tollgate_core::{
    head::{self, Entry, HEAD_ENTRIES_MAX, Merge, Name, Reader, Subject},
    id::Id,
    lookup::LookupId,
    stamp::Stamp,
    time::{Reading, UnixMillis},
};

use crate::{Fault, Row, Sql, statements};

/// Entries leave when they were committed so long ago.
pub const ENTRY_AGE_MAX_MS: u64 = 24 * 3_600_000;

/// A head of full length.
pub type Head = head::Head<Box<[Entry]>>;

/// The head, and when each of its entries was committed.
#[derive(Clone, Debug)]
pub struct Kept {
    pub(crate) head: Head,
    times: Vec<(u64, UnixMillis)>,
}

/// Brings `kept` up to what the transaction sees.
///
/// # Errors
///
/// When the read fails, or the rows are not a head's.
pub fn refresh<'k>(sql: &mut impl Sql, kept: &'k mut Option<Kept>) -> Result<&'k Kept, Fault> {
    let (stamp, floor) = ledger(sql)?;
    let known = kept.take().filter(|kept| kept.head.stamp() == stamp && kept.head.floor() == floor);
    let known = match known {
        Some(known) => known,
        None => load(sql, stamp, floor)?,
    };
    Ok(kept.insert(known))
}

/// How far the ledger has come, and its floor.
///
/// # Errors
///
/// When the read fails.
pub fn ledger(sql: &mut impl Sql) -> Result<(Stamp, u64), Fault> {
    let rows = sql.rows(statements::LEDGER, &[])?;
    let row = rows.first().ok_or_else(|| Fault::damaged("ledger"))?;
    Ok((Stamp { incarnation: row.number(0)?, epoch: row.number(1)? }, row.number(2)?))
}

fn load(sql: &mut impl Sql, stamp: Stamp, floor: u64) -> Result<Kept, Fault> {
    let (mut entries, mut times) = (vec![], vec![]);
    for row in sql.rows(statements::ENTRIES, &[])? {
        let entry = entry(&row)?;
        let after = entries.last().map_or(floor, |last: &Entry| last.epoch);
        if entry.epoch <= after || entry.epoch > stamp.epoch || entries.len() >= HEAD_ENTRIES_MAX {
            return Err(Fault::damaged("entries"));
        }
        times.push((entry.epoch, UnixMillis(row.number(4)?)));
        entries.push(entry);
    }
    // Taken over as a gate takes over a whole answer, so that both know the same afterwards.
    let mut reader = Reader::new(vec![Entry::NONE; HEAD_ENTRIES_MAX].into_boxed_slice());
    let whole = head::Answer { stamp, floor, since: floor, age_ms: 0, entries: &entries };
    let merge = reader.merge(&whole, Reading::default(), Reading::default());
    let head = reader.head().filter(|_| merge == Merge::Adopted).cloned();
    Ok(Kept { head: head.ok_or_else(|| Fault::damaged("ledger"))?, times })
}

fn entry(row: &Row) -> Result<Entry, Fault> {
    let nonsense = || Fault::damaged("entries");
    let name = |text| Id::new(text).map(Name::new).map_err(|_| nonsense());
    let tenant = name(row.text(1)?)?;
    let id = row.text(3)?;
    let subject = match row.text(2)? {
        "tenant" => Subject::Tenant { tenant },
        "owner" => Subject::Owner { tenant, owner: name(id)? },
        "key" => Subject::Key { tenant, key: name(id)? },
        "lookup" => {
            Subject::Lookup { tenant, lookup: LookupId::from_hex(id).ok_or_else(nonsense)? }
        }
        _ => return Err(nonsense()),
    };
    Ok(Entry { epoch: row.number(0)?, subject })
}

impl Kept {
    /// The head.
    #[must_use]
    pub const fn head(&self) -> &Head {
        &self.head
    }

    /// Lets the entries leave that are a day old, and none before an older one: a clock may have stepped back.
    pub(crate) fn age(&mut self, now: UnixMillis) {
        let old = |&&(_, at): &&(u64, UnixMillis)| now.since(at) >= ENTRY_AGE_MAX_MS;
        if let Some(&(epoch, _)) = self.times.iter().take_while(old).last() {
            self.head.raise_floor(epoch);
            self.times.retain(|&(other, _)| other > epoch);
        }
    }

    /// Takes the next epoch.
    pub(crate) fn record(&mut self, subject: Option<Subject>, now: UnixMillis) -> Stamp {
        let stamp = self.head.record(subject);
        self.times.push((stamp.epoch, now));
        let entries = self.head.entries();
        let stands = |epoch| entries.binary_search_by_key(&epoch, |entry| entry.epoch).is_ok();
        self.times.retain(|&(epoch, _)| stands(epoch));
        stamp
    }

    /// Writes what has become another since `before`.
    pub(crate) fn write(&self, before: &Self, sql: &mut impl Sql) -> Result<(), Fault> {
        let (old, new) = (before.head.entries(), self.head.entries());
        let stands = |among: &[Entry], entry: &Entry| {
            let place = among.binary_search_by_key(&entry.epoch, |other| other.epoch).ok();
            place.and_then(|place| among.get(place)).is_some_and(|other| other == entry)
        };
        for gone in old.iter().filter(|entry| !stands(new, entry)) {
            sql.rows(statements::ENTRY_LEAVES, &[gone.epoch.into()])?;
        }
        for entry in new.iter().filter(|entry| !stands(old, entry)) {
            let at = self.times.iter().find(|&&(epoch, _)| epoch == entry.epoch);
            let at_ms = at.map_or(0, |&(_, at)| at.0);
            let tenant = entry.subject.tenant().as_str();
            let (kind, id) = spelled(&entry.subject);
            let row = [entry.epoch.into(), tenant.into(), kind.into(), (&id).into(), at_ms.into()];
            sql.rows(statements::ENTRY_COMES, &row)?;
        }
        let Stamp { incarnation, epoch } = self.head.stamp();
        let row = [incarnation.into(), epoch.into(), self.head.floor().into()];
        sql.rows(statements::LEDGER_MOVES, &row)?;
        Ok(())
    }
}

/// How a subject's kind and id are written.
fn spelled(subject: &Subject) -> (&'static str, String) {
    match subject {
        Subject::Lookup { lookup, .. } => ("lookup", lookup.to_string()),
        Subject::Key { key, .. } => ("key", key.as_str().to_owned()),
        Subject::Owner { owner, .. } => ("owner", owner.as_str().to_owned()),
        Subject::Tenant { .. } => ("tenant", String::new()),
    }
}
