//! Reads of the ledger table: always strongly consistent, always bounded.

use std::{collections::HashMap, time::Duration};

use aws_sdk_dynamodb::{
    Client,
    types::{AttributeValue, Get, KeysAndAttributes, TransactGetItem},
};

use super::item::{Item, Place};
use crate::{
    layout::{PK, SK},
    publish::fault::{Fault, broken},
};

/// The most items of one batch, and of one transaction.
const ITEMS_AT_ONCE: usize = 100;

/// So often a batch is asked for what it left out.
const LEFT_OUT_MAX: u32 = 8;

/// After the first time it is asked after so long, then each time after twice that.
const LEFT_OUT_MS: u64 = 20;

/// The most items of a page of a list.
pub(crate) const LISTED_MAX: usize = 1_000;

/// Reads one table.
#[derive(Clone, Debug)]
pub(crate) struct Reading {
    pub(crate) client: Client,
    pub(crate) table: String,
}

/// Items by where they are: what is not there is missing.
pub(crate) type Items = HashMap<Place, Item>;

impl Reading {
    /// One item.
    pub(crate) async fn one(&self, place: &Place) -> Result<Option<Item>, Fault> {
        let asked = self.client.get_item().table_name(&self.table).consistent_read(true);
        let told = asked.set_key(Some(place.key_item())).send().await.map_err(broken)?;
        Ok(told.item)
    }

    /// Several items, each as new as this call.
    pub(crate) async fn several(&self, places: &[Place]) -> Result<Items, Fault> {
        let mut places = places.to_vec();
        places.sort();
        places.dedup();
        let mut found = Items::new();
        for part in places.chunks(ITEMS_AT_ONCE) {
            self.batch(part.iter().map(Place::key_item).collect(), &mut found).await?;
        }
        Ok(found)
    }

    async fn batch(&self, mut keys: Vec<Item>, found: &mut Items) -> Result<(), Fault> {
        for round in 0..LEFT_OUT_MAX {
            if keys.is_empty() {
                return Ok(());
            }
            if round > 0 {
                let wait_ms = LEFT_OUT_MS.saturating_mul(1 << round);
                tokio::time::sleep(Duration::from_millis(wait_ms)).await;
            }
            let asked = KeysAndAttributes::builder().set_keys(Some(keys)).consistent_read(true);
            let asked = asked.build().map_err(Fault::odd)?;
            let told = self.client.batch_get_item().request_items(&self.table, asked).send().await;
            let told = told.map_err(broken)?;
            for item in told.responses.unwrap_or_default().into_values().flatten() {
                found.insert(Place::of(&item)?, item);
            }
            let mut left = told.unprocessed_keys.unwrap_or_default();
            keys = left.remove(&self.table).map(|left| left.keys).unwrap_or_default();
        }
        if keys.is_empty() { Ok(()) } else { Err(Fault::busy("the table answers only in part")) }
    }

    /// Several items of one moment: at most a hundred.
    pub(crate) async fn together(&self, places: &[Place]) -> Result<Items, Fault> {
        let mut places = places.to_vec();
        places.sort();
        places.dedup();
        let mut asked = self.client.transact_get_items();
        for place in &places {
            let get =
                Get::builder().table_name(&self.table).set_key(Some(place.key_item())).build();
            let get = get.map_err(Fault::odd)?;
            asked = asked.transact_items(TransactGetItem::builder().get(get).build());
        }
        let told = asked.send().await.map_err(broken)?;
        let items = told.responses.unwrap_or_default().into_iter().map(|one| one.item);
        let there = |(place, item): (Place, Option<Item>)| Some((place, item?));
        Ok(places.into_iter().zip(items).filter_map(there).collect())
    }

    /// The items of a list after a sort key, in their order: at most `limit`.
    pub(crate) async fn list(
        &self,
        pk: &str,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Item>, Fault> {
        let mut from = after.map(|after| Place::new(pk, after).key_item());
        let mut found: Vec<Item> = vec![];
        loop {
            let wanted = limit.saturating_sub(found.len()).min(LISTED_MAX);
            let asked = self.client.query().table_name(&self.table).consistent_read(true);
            let asked = asked
                .expression_attribute_names("#pk", PK)
                .expression_attribute_values(":pk", AttributeValue::S(pk.to_owned()));
            // An empty string is no prefix.
            let asked = match prefix {
                "" => asked.key_condition_expression("#pk = :pk"),
                prefix => asked
                    .key_condition_expression("#pk = :pk AND begins_with(#sk, :prefix)")
                    .expression_attribute_names("#sk", SK)
                    .expression_attribute_values(":prefix", AttributeValue::S(prefix.to_owned())),
            };
            let asked = asked
                .limit(i32::try_from(wanted).unwrap_or(i32::MAX))
                .set_exclusive_start_key(from);
            let told = asked.send().await.map_err(broken)?;
            found.extend(told.items.unwrap_or_default());
            from = told.last_evaluated_key;
            if from.is_none() || found.len() >= limit {
                found.truncate(limit);
                return Ok(found);
            }
        }
    }
}
