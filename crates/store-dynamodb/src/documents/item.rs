//! Items: where one is, and its attributes by their types.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use tollgate_core::lookup::LookupId;

use crate::layout::{
    HEAD, KEYS, LIMIT, OUTBOX, PK, RECORD, SK, TENANTS, epoch_sk, key_name, limit_pk, owner_pk,
    owner_sk, page_sk, record_pk, tenant_name,
};

/// An item as the table gives it.
pub(crate) type Item = HashMap<String, AttributeValue>;

/// An item is not what was written: which kind it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Damaged(pub(crate) &'static str);

/// The key of one item of the ledger table.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) pk: String,
    pub(crate) sk: String,
}

impl Place {
    pub(crate) fn new(pk: impl Into<String>, sk: impl Into<String>) -> Self {
        Self { pk: pk.into(), sk: sk.into() }
    }

    pub(crate) fn head() -> Self {
        Self::new(HEAD, HEAD)
    }

    pub(crate) fn page(last_epoch: u64) -> Self {
        Self::new(HEAD, page_sk(last_epoch))
    }

    pub(crate) fn record(lookup: LookupId) -> Self {
        Self::new(record_pk(lookup), RECORD)
    }

    pub(crate) fn key(id: &str) -> Self {
        Self::new(KEYS, key_name(id))
    }

    pub(crate) fn tenant(tenant: &str) -> Self {
        Self::new(TENANTS, tenant_name(tenant))
    }

    pub(crate) fn owner(tenant: &str, owner: &str) -> Self {
        Self::new(tenant_name(tenant), owner_sk(owner))
    }

    pub(crate) fn limit(object: &str, name: &str) -> Self {
        Self::new(limit_pk(object, name), LIMIT)
    }

    /// Of the list of those that carry a limit.
    pub(crate) fn carrier(object: &str, name: &str, id: &str) -> Self {
        Self::new(limit_pk(object, name), key_name(id))
    }

    /// Of the list of a tenant's keys.
    pub(crate) fn key_of_tenant(tenant: &str, id: &str) -> Self {
        Self::new(tenant_name(tenant), key_name(id))
    }

    /// Of the list of an owner's keys.
    pub(crate) fn key_of_owner(tenant: &str, owner: &str, id: &str) -> Self {
        Self::new(owner_pk(tenant, owner), key_name(id))
    }

    pub(crate) fn outbox(epoch: u64) -> Self {
        Self::new(OUTBOX, epoch_sk(epoch))
    }

    /// As the table is asked for it.
    pub(crate) fn key_item(&self) -> Item {
        let text = |text: &String| AttributeValue::S(text.clone());
        HashMap::from([(PK.to_owned(), text(&self.pk)), (SK.to_owned(), text(&self.sk))])
    }

    /// Where an item is.
    pub(crate) fn of(item: &Item) -> Result<Self, Damaged> {
        Ok(Self::new(text(item, PK)?, text(item, SK)?))
    }
}

/// An item that is being written.
#[derive(Clone, Debug)]
pub(crate) struct Draft(Item);

impl Draft {
    pub(crate) fn at(place: &Place) -> Self {
        Self(place.key_item())
    }

    pub(crate) fn text(mut self, name: &str, text: impl Into<String>) -> Self {
        self.0.insert(name.to_owned(), AttributeValue::S(text.into()));
        self
    }

    pub(crate) fn number(mut self, name: &str, number: u64) -> Self {
        self.0.insert(name.to_owned(), AttributeValue::N(number.to_string()));
        self
    }

    pub(crate) fn item(self) -> Item {
        self.0
    }
}

/// A string attribute.
pub(crate) fn text<'i>(item: &'i Item, name: &'static str) -> Result<&'i str, Damaged> {
    let found = item.get(name).and_then(|value| value.as_s().ok());
    found.map(String::as_str).ok_or(Damaged(name))
}

/// A number attribute.
pub(crate) fn number(item: &Item, name: &'static str) -> Result<u64, Damaged> {
    let found = item.get(name).and_then(|value| value.as_n().ok());
    found.and_then(|digits| digits.parse().ok()).ok_or(Damaged(name))
}

/// A number attribute; none if the item lacks it.
pub(crate) fn number_if_any(item: &Item, name: &'static str) -> Result<Option<u64>, Damaged> {
    item.contains_key(name).then(|| number(item, name)).transpose()
}
