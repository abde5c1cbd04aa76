//! The effective record of a secret: of its key, its owner, its tenant and its shared limits, read together.

use tollgate_core::{lookup::LookupId, pepper::Peppers};
use tollgate_ledger::{CompileError, Effective, Key, compile, compile_absence};

use super::{
    forms::{Holding, LimitForm, Limits, RecordForm, read_key},
    item::{Item, Place},
    read::{Items, Reading},
};
use crate::publish::fault::Fault;

/// So often the items are read again because the key had others by then.
const ROUNDS_MAX: usize = 4;

/// What the ledger says of a secret, and the item of the head of the same moment.
#[derive(Debug)]
pub(crate) struct Found {
    /// The sealed record or absence, as of the head.
    pub(crate) text: Vec<u8>,
    /// The head's item.
    pub(crate) head: Item,
}

/// Why there is no record.
#[derive(Debug)]
pub(crate) enum Unread {
    /// The read failed.
    Read(Fault),
    /// The documents are damaged: that one key is not answered for.
    Document,
    /// The record cannot be sealed.
    Compile(CompileError),
}

impl From<Fault> for Unread {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Damaged(_) => Self::Document,
            Fault::Busy(_) | Fault::Denied(_) | Fault::NoTable(_) | Fault::Unreachable(_) => {
                Self::Read(fault)
            }
        }
    }
}

/// Everything that a record is made of, from one moment.
pub(crate) struct Whole {
    pub(crate) key: Key,
    pub(crate) owner: Holding,
    pub(crate) tenant: Holding,
}

impl Whole {
    /// Whether its owner and whether its tenant is stopped.
    pub(crate) const fn stopped(&self) -> (bool, bool) {
        (self.owner.stopped.is_some(), self.tenant.stopped.is_some())
    }

    /// What is in `items`; none if another read is needed, of what is put into `wanted`.
    pub(crate) fn of(items: &Items, form: &mut RecordForm) -> Result<Option<Self>, Fault> {
        let item = items.get(&Place::key(&form.key)).ok_or(Fault::Damaged("key"))?;
        let mut key = read_key(item)?;
        let wanted = RecordForm::of(&key);
        let owner = Holding::read(items.get(&Place::owner(&wanted.tenant, &wanted.owner)))?;
        let tenant = Holding::read(items.get(&Place::tenant(&wanted.tenant)))?;
        let known = |id: &_| form.limits.contains(id);
        if wanted.owner != form.owner || !wanted.limits.iter().all(known) {
            *form = wanted;
            return Ok(None);
        }
        let mut limits = Limits::default();
        for id @ (object, name) in &wanted.limits {
            let item = items.get(&Place::limit(object, name)).ok_or(Fault::Damaged("limit"))?;
            limits.0.insert(id.clone(), LimitForm::read(item)?);
        }
        limits.complete(&mut key).map_err(|_| Fault::Damaged("limit"))?;
        Ok(Some(Self { key, owner, tenant }))
    }
}

/// Where everything stands that the record of a secret is made of.
pub(crate) fn places(form: &RecordForm) -> Vec<Place> {
    let own = [
        Place::key(&form.key),
        Place::owner(&form.tenant, &form.owner),
        Place::tenant(&form.tenant),
    ];
    let limits = form.limits.iter().map(|(object, name)| Place::limit(object, name));
    own.into_iter().chain(limits).collect()
}

/// Reads what the record of `lookup` is made of, the head with it, and compiles it as of that head. `known` is the
/// secret's record item, if it has been read.
///
/// # Errors
///
/// See [`Unread`].
pub(crate) async fn effective(
    reading: &Reading,
    known: Option<&Item>,
    lookup: LookupId,
    peppers: &Peppers,
) -> Result<Found, Unread> {
    let mut form = known.map(RecordForm::read).transpose().map_err(Fault::from)?;
    for _ in 0..ROUNDS_MAX {
        let mut wanted = vec![Place::head(), Place::record(lookup)];
        wanted.extend(form.iter().flat_map(places));
        let mut items = reading.together(&wanted).await?;
        let head = items.remove(&Place::head()).ok_or(Fault::Damaged("head"))?;
        let as_of = crate::publish::book::stamp_of(&head).map_err(Fault::from)?;
        let Some(item) = items.get(&Place::record(lookup)) else {
            let text = compile_absence(as_of, lookup, peppers, peppers.issuing());
            return Ok(Found { text: text.map_err(Unread::Compile)?, head });
        };
        let Some(form) = &mut form else {
            form = Some(RecordForm::read(item).map_err(Fault::from)?);
            continue;
        };
        let Some(whole) = Whole::of(&items, form)? else { continue };
        let (owner_stopped, tenant_stopped) = whole.stopped();
        let effective = Effective { as_of, key: &whole.key, owner_stopped, tenant_stopped };
        let text = compile(&effective, lookup, peppers, peppers.issuing());
        return Ok(Found { text: text.map_err(Unread::Compile)?, head });
    }
    Err(Fault::busy("the key changes faster than it is read").into())
}
