//! Where a chain of the audit stands, and how one that is damaged goes on.

use serde_json::{Value, json};
use tollgate_audit::{Chain, Checkpoint, Document, Hash, Written};
use tollgate_core::{
    id::Id,
    json::{INTEGER_MAX, from_hex},
    time::UnixMillis,
};
use tollgate_ledger::Conclusion;

use super::log::OWN;
use crate::{Fault, Row, Sql, statements};

/// A chain that is damaged goes on with no number above this, so that there are always more.
const NUMBER_MAX: u64 = INTEGER_MAX - (1 << 32);

/// How far ahead of the clock a time may be that a damaged chain goes on with: one that is further was not written by us.
const AHEAD_MAX_MS: u64 = 86_400_000;

/// Where a chain stands.
pub(super) struct Stands<'t> {
    /// What the next entry continues.
    pub(super) chain: Chain<'t>,
    /// What does not fit together, if anything does not: the next entry says so.
    pub(super) damage: Option<Damage>,
}

/// What is kept of a chain that does not fit together. Numbers alone: a hash would be veiled.
pub(super) struct Damage {
    end: Option<u64>,
    last: Option<u64>,
    checkpoint: Option<u64>,
}

impl Document for Damage {
    fn document(&self) -> Value {
        let Self { end, last, checkpoint } = self;
        json!({ "end": end, "last_line": last, "last_checkpoint": checkpoint })
    }
}

/// A place in a chain, as something kept says it.
#[derive(Clone, Copy)]
struct Place {
    number: u64,
    hash: Hash,
    at: u64,
}

/// Where a chain stands: that of a tenant, or of the deployment's own acts.
///
/// # Security
///
/// Where its end, its last line and its last checkpoint do not fit together, it goes on behind the furthest of them, with
/// the hash that is known of that: so verifying it shows a gap, or a link that does not hold, and a chain that was cut off
/// does not close again over what is missing.
pub(super) fn stands<'t>(
    sql: &mut impl Sql,
    tenant: &'t str,
    now: UnixMillis,
) -> Result<Stands<'t>, Fault> {
    let id = match tenant {
        OWN => None,
        tenant => Some(Id::new(tenant).map_err(|_| Fault::damaged("chains"))?),
    };
    let new = Chain::new(id);
    // What cannot even be read is as bad as what makes no sense.
    let (row, legible) = match sql.rows(statements::CHAIN, &[tenant.into()]) {
        Err(fault) if fault.conclusion == Conclusion::Damaged => (vec![], false),
        rows => (rows?, true),
    };
    let line = sql.rows(statements::AUDIT_LAST, &[tenant.into()])?;
    let signed = sql.rows(statements::CHECKPOINT_LAST, &[tenant.into()])?;
    let (row, line, signed) = (row.first(), line.first(), signed.first());
    if legible && row.is_none() && line.is_none() && signed.is_none() {
        return Ok(Stands { chain: new, damage: None });
    }
    let end = row.and_then(end);
    let last = line.and_then(|row| last(row, id));
    let point = signed.and_then(point);
    let number = |row: Option<&Row>| row.map(|row| row.number(0)).transpose();
    let (line, signed) = (number(line)?, number(signed)?);
    if let (Some(end), Some(last)) = (end, last)
        && (end.number, end.hash, end.at) == (last.number, last.hash, last.at)
        && line == Some(last.number)
        && signed <= line
    {
        let Place { number, hash, at } = last;
        return Ok(Stands {
            chain: Chain { number, hash, at: UnixMillis(at), ..new },
            damage: None,
        });
    }
    // Numbers that stand before lines are taken, whatever the lines say.
    let taken = [line, signed].into_iter().flatten().max().unwrap_or(0);
    let places: Vec<Place> = [end, last, point].into_iter().flatten().collect();
    let furthest = places.iter().map(|place| place.number).fold(taken, u64::max);
    if furthest > NUMBER_MAX {
        return Err(Fault::damaged("audit"));
    }
    let known = places.iter().find(|place| place.number == furthest);
    // No entry has this hash: what continues it does not hold.
    let hash = known.map_or_else(|| Hash::from_bytes([0; 32]), |place| place.hash);
    let latest = now.0.saturating_add(AHEAD_MAX_MS);
    let at = places.iter().map(|place| place.at).filter(|&at| at <= latest).max().unwrap_or(0);
    let chain = Chain { number: furthest, hash, at: UnixMillis(at), ..new };
    let damage = Damage { end: end.map(|end| end.number), last: line, checkpoint: signed };
    Ok(Stands { chain, damage: Some(damage) })
}

/// What a chain's end says, if that makes sense.
fn end(row: &Row) -> Option<Place> {
    let hash = Hash::from_bytes(from_hex(row.text(1).ok()?.as_bytes())?);
    let (number, at) = (row.number(0).ok()?, row.number(2).ok()?);
    (number <= NUMBER_MAX && at <= INTEGER_MAX).then_some(Place { number, hash, at })
}

/// What its last line says, if that is one of this chain and says it of itself.
fn last(row: &Row, tenant: Option<Id<'_>>) -> Option<Place> {
    let entry = Written::read(row.text(1).ok()?)?;
    let ours = entry.holds() && entry.tenant == tenant && row.number(0).ok()? == entry.number;
    ours.then_some(Place { number: entry.number, hash: entry.hash, at: entry.at.0 })
}

/// What its last checkpoint says.
fn point(row: &Row) -> Option<Place> {
    let said = Checkpoint::said(row.text(1).ok()?)?;
    let same = row.number(0).ok()? == said.number;
    same.then_some(Place { number: said.number, hash: said.hash, at: 0 })
}
