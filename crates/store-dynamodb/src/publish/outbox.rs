//! What changes have left to be written: records of secrets, or of all keys of owners and tenants.
//!
//! A row says how far it has come, so that whoever finds it goes on there. A record is written only over an older one,
//! so it does no harm if two of them work on one row, or one does so late.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Deserialize, Serialize};
use tollgate_core::lookup::LookupId;

use super::{
    Point, Publisher,
    book::Book,
    fault::{Fault, broken},
    send::{Sent, send},
    written::{Op, record},
};
use crate::{
    documents::{
        effective::{Whole, places},
        forms::RecordForm,
        item::{Damaged, Draft, Item, Place, text},
    },
    layout::{
        DOCUMENT, EPOCH, INCARNATION, KEY, KEYS, OUTBOX, SK, key_name, owner_pk, tenant_name,
    },
};

/// The most keys whose records are written before the row says so.
pub(crate) const KEYS_AT_ONCE: usize = 25;

/// In the place of a tenant: all of them. No tenant is called so.
const EVERYBODY: &str = "*";

/// So often it is looked whether everything has been written.
const SETTLINGS_MAX: u32 = 16;

/// What one change has left to be written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Row {
    /// The records of these.
    #[serde(default)]
    secrets: Vec<String>,
    /// The records of all keys of these.
    #[serde(default)]
    holders: Vec<(String, Option<String>)>,
    /// After which key of the first of them it goes on.
    #[serde(default)]
    after: Option<String>,
}

impl Row {
    pub(crate) fn of_secrets(lookups: Vec<LookupId>) -> Self {
        let secrets = lookups.iter().map(LookupId::to_string).collect();
        Self { secrets, ..Self::default() }
    }

    pub(crate) fn of_holders(holders: Vec<(String, Option<String>)>) -> Self {
        Self { holders, ..Self::default() }
    }

    pub(crate) fn of_everybody() -> Self {
        Self::of_holders(vec![(EVERYBODY.to_owned(), None)])
    }

    pub(crate) fn write(&self, epoch: u64) -> Item {
        // Strings and lists: there is nothing in a row that JSON could not say.
        let document = serde_json::to_string(self).unwrap_or_default();
        Draft::at(&Place::outbox(epoch)).text(DOCUMENT, document).item()
    }

    fn read(item: &Item) -> Result<(u64, Self), Fault> {
        let epoch = text(item, SK)?.parse().map_err(|_| Damaged(OUTBOX))?;
        let row = serde_json::from_str(text(item, DOCUMENT)?).map_err(|_| Damaged(OUTBOX))?;
        Ok((epoch, row))
    }
}

/// How much has been written, and whether that was all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Published {
    /// The keys whose records were looked at.
    pub keys: usize,
    /// Whether nothing is left.
    pub all: bool,
}

impl Publisher {
    /// Writes the records that changes have left to be written, of at most `most` keys.
    pub(crate) async fn drain(&mut self, most: usize) -> Result<Published, Fault> {
        let mut done = Published::default();
        if self.peppers.is_none() {
            return Ok(done);
        }
        while done.keys < most {
            let rows = self.reading.list(OUTBOX, "", None, 1).await?;
            let Some(row) = rows.first() else {
                self.settle().await?;
                done.all = true;
                return Ok(done);
            };
            let (epoch, row) = Row::read(row)?;
            self.at(Point::RowRead);
            done.keys = done.keys.saturating_add(self.step(epoch, row).await?);
        }
        Ok(done)
    }

    /// A page of a row, and then the row without it. Gives how many keys it was about.
    async fn step(&mut self, epoch: u64, mut row: Row) -> Result<usize, Fault> {
        let mut keys = vec![];
        if row.secrets.is_empty() {
            let Some((tenant, owner)) = row.holders.first().cloned() else {
                self.reading.delete(&Place::outbox(epoch)).await?;
                self.at(Point::RowGone);
                return Ok(0);
            };
            let pk = match &owner {
                Some(owner) => owner_pk(&tenant, owner),
                None if tenant == EVERYBODY => KEYS.to_owned(),
                None => tenant_name(&tenant),
            };
            let (prefix, after) = (key_name(""), row.after.as_deref().map(key_name));
            let listed = self.reading.list(&pk, &prefix, after.as_deref(), KEYS_AT_ONCE).await?;
            for item in &listed {
                let id = text(item, SK)?.strip_prefix(&prefix).ok_or(Damaged(SK))?;
                keys.push(id.to_owned());
            }
            row.after = keys.last().cloned();
            if keys.len() < KEYS_AT_ONCE {
                row.holders.remove(0);
                row.after = None;
            }
        } else {
            let few = row.secrets.len().min(KEYS_AT_ONCE);
            for secret in row.secrets.drain(..few) {
                let lookup = LookupId::from_hex(&secret).ok_or(Damaged(OUTBOX))?;
                // One that has left with its key's memory of it needs no record.
                if let Some(item) = self.reading.one(&Place::record(lookup)).await? {
                    keys.push(text(&item, KEY)?.to_owned());
                }
            }
            keys.dedup();
        }
        self.rewrite(&keys).await?;
        self.at(Point::RecordsWritten);
        self.reading.replace(row.write(epoch)).await?;
        self.at(Point::RowMoved);
        Ok(keys.len().max(1))
    }

    /// Writes the records of all secrets of some keys, as of the head before their documents are read.
    async fn rewrite(&mut self, keys: &[String]) -> Result<(), Fault> {
        let Some(head) = self.reading.one(&Place::head()).await? else { return Ok(()) };
        let as_of = super::book::stamp_of(&head)?;
        let documents: Vec<Place> = keys.iter().map(|id| Place::key(id)).collect();
        let mut items = self.reading.several(&documents).await?;
        let mut forms = vec![];
        for place in &documents {
            let item = items.get(place).ok_or(Damaged(KEY))?;
            let key = crate::documents::forms::read_key(item)?;
            forms.push(RecordForm::of(&key));
        }
        let around: Vec<Place> = forms.iter().flat_map(places).collect();
        let around: Vec<Place> = around.into_iter().filter(|at| !items.contains_key(at)).collect();
        items.extend(self.reading.several(&around).await?);
        for mut form in forms {
            // Of one read before the other, and the key as in the first.
            let Some(whole) = Whole::of(&items, &mut form)? else { continue };
            for secret in &whole.key.secrets {
                let Some(peppers) = &self.peppers else { return Ok(()) };
                let stopped = whole.stopped();
                let item = record(&whole.key, stopped, secret.lookup, as_of, peppers)?;
                self.reading.write_newer(item, as_of).await?;
                self.at(Point::RecordWritten);
                tokio::time::sleep(self.pace).await;
            }
        }
        Ok(())
    }

    /// Says in the head how much is still to be written.
    async fn settle(&mut self) -> Result<(), Fault> {
        for _ in 0..SETTLINGS_MAX {
            let Some(mut book) = Book::read(&self.reading, self.book.take()).await? else {
                return Ok(());
            };
            let (stamp, pending) = (book.stamp(), book.pending);
            let left = self.reading.list(OUTBOX, "", None, 1).await?;
            let left = left.first().map(Row::read).transpose()?.map_or(0, |(epoch, _)| epoch);
            if left == pending {
                self.book = Some(book);
                return Ok(());
            }
            book.pending = left;
            let (head, fresh, gone) = book.lay_out();
            let mut ops = vec![Op::Head(head, stamp, pending)];
            ops.extend(fresh.into_iter().map(Op::Put));
            ops.extend(gone.into_iter().map(Op::Delete));
            match send(&self.reading, &ops, &super::token()).await? {
                Sent::Done => {
                    self.at(Point::Settled);
                    self.book = Some(book);
                    return Ok(());
                }
                // Whoever was first may have settled it.
                Sent::Lost | Sent::Doubtful | Sent::Busy | Sent::Unknown(_) => {
                    super::jitter(1).await
                }
            }
        }
        Ok(())
    }
}

impl crate::documents::read::Reading {
    async fn delete(&self, place: &Place) -> Result<(), Fault> {
        let delete = self.client.delete_item().table_name(&self.table);
        delete.set_key(Some(place.key_item())).send().await.map(drop).map_err(broken)
    }

    /// Writes an item in the place of another; nothing if there is none.
    async fn replace(&self, item: Item) -> Result<(), Fault> {
        let put = self.client.put_item().table_name(&self.table).set_item(Some(item));
        let put = put.condition_expression("attribute_exists(pk)").send().await;
        match put {
            Ok(_) => Ok(()),
            Err(error) if is_unmet(&error) => Ok(()),
            Err(error) => Err(broken(error)),
        }
    }

    /// Writes a record over an older one.
    async fn write_newer(
        &self,
        item: Item,
        as_of: tollgate_core::stamp::Stamp,
    ) -> Result<(), Fault> {
        let number = |number: u64| AttributeValue::N(number.to_string());
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item))
            .condition_expression("#i < :i OR (#i = :i AND #e < :e)")
            .expression_attribute_names("#i", INCARNATION)
            .expression_attribute_names("#e", EPOCH)
            .expression_attribute_values(":i", number(as_of.incarnation))
            .expression_attribute_values(":e", number(as_of.epoch));
        match put.send().await {
            Ok(_) => Ok(()),
            Err(error) if is_unmet(&error) => Ok(()),
            Err(error) => Err(broken(error)),
        }
    }
}

type PutError =
    aws_sdk_dynamodb::error::SdkError<aws_sdk_dynamodb::operation::put_item::PutItemError>;

fn is_unmet(error: &PutError) -> bool {
    error.as_service_error().is_some_and(|error| error.is_conditional_check_failed_exception())
}

/// For how long whoever writes records waits after each.
pub(crate) const PACE: Duration = Duration::from_millis(5);
