//! What was counted of requests: added up in the buckets table, each batch once.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::{
    operation::transact_write_items::TransactWriteItemsError,
    types::{AttributeValue, TransactWriteItem, Update},
};
use tollgate_core::{lease::HolderId, usage::Line};
use tollgate_engine::{OpenError, StoreError};

use crate::{
    Store,
    call::{Called, Deadline, Failure},
    layout::{COUNT, PART, PK, SEQ, TTL, counted_pk, usage_pk},
};

/// For so long the counts of an hour are kept: 100 days.
pub const USAGE_KEPT_SECONDS: u64 = 100 * 86_400;

/// For so long it is remembered which batches a holder has sent: longer than one lives that sends none.
const HOLDER_KEPT_SECONDS: u64 = 7 * 86_400;

/// The most items of one transaction, without the one that remembers the holder: DynamoDB Local has room for ten.
const ITEMS_AT_ONCE: usize = 9;

/// The most counts of one item that one transaction adds to.
const COUNTS_AT_ONCE: usize = 64;

/// What is added to one item: by the names of its attributes.
type Added = BTreeMap<String, u64>;

impl Store {
    /// Keeps a batch of counts once, however often it comes: by its holder and its number, which is higher than that of
    /// every batch of this holder that was answered.
    ///
    /// # Errors
    ///
    /// When it is not known before the deadline whether all of it is kept: the same batch may be given again.
    pub async fn keep(
        &self,
        holder: HolderId,
        seq: u64,
        lines: &[Line<'_>],
        deadline_ms: u32,
    ) -> Result<(), StoreError> {
        let deadline = Deadline::new(&self.clock, deadline_ms);
        let mut failed = 0;
        let items: Vec<(String, u64, Added)> = by_item(lines);
        for (part, items) in (1_u64..).zip(items.chunks(ITEMS_AT_ONCE)) {
            let steps = self.steps(holder, seq, part, items)?;
            loop {
                let asked = self.client().transact_write_items();
                let asked = asked.set_transact_items(Some(steps.clone()));
                let failure = match deadline.call(asked.send()).await {
                    Ok(_) => break,
                    Err(called) if is_kept(&called) => break,
                    Err(called) => failure(&called),
                };
                if matches!(failure, Failure::Hopeless(_)) || !deadline.pause(failed).await {
                    return Err(failure.error());
                }
                failed = failed.saturating_add(1);
            }
        }
        Ok(())
    }

    /// The items of one part: first what remembers that it is kept, on condition that it is not.
    fn steps(
        &self,
        holder: HolderId,
        seq: u64,
        part: u64,
        items: &[(String, u64, Added)],
    ) -> Result<Vec<TransactWriteItem>, StoreError> {
        let number = |number: u64| AttributeValue::N(number.to_string());
        let table = &self.tables.buckets;
        let until = (self.clock.now().wall.0 / 1_000).saturating_add(HOLDER_KEPT_SECONDS);
        let new = "attribute_not_exists(#pk) OR #seq < :seq OR (#seq = :seq AND #part < :part)";
        let remembered = Update::builder()
            .table_name(table)
            .key(PK, AttributeValue::S(counted_pk(holder)))
            .update_expression("SET #seq = :seq, #part = :part, #ttl = :ttl")
            .condition_expression(new)
            .expression_attribute_names("#pk", PK)
            .expression_attribute_names("#seq", SEQ)
            .expression_attribute_names("#part", PART)
            .expression_attribute_names("#ttl", TTL)
            .expression_attribute_values(":seq", number(seq))
            .expression_attribute_values(":part", number(part))
            .expression_attribute_values(":ttl", number(until));
        let mut updates = vec![remembered];
        for (pk, hour, added) in items {
            let until = hour.saturating_mul(3_600).saturating_add(USAGE_KEPT_SECONDS);
            let mut update = Update::builder()
                .table_name(table)
                .key(PK, AttributeValue::S(pk.clone()))
                .expression_attribute_names("#ttl", TTL)
                .expression_attribute_values(":ttl", number(until));
            let mut words = Vec::with_capacity(added.len());
            for (at, (name, count)) in added.iter().enumerate() {
                update = update
                    .expression_attribute_names(format!("#n{at}"), name)
                    .expression_attribute_values(format!(":n{at}"), number(*count));
                words.push(format!("#n{at} :n{at}"));
            }
            updates.push(
                update.update_expression(format!("SET #ttl = :ttl ADD {}", words.join(", "))),
            );
        }
        let odd = |_| StoreError::Damaged(OpenError::Other("usage_malformed"));
        let step = |update: aws_sdk_dynamodb::types::builders::UpdateBuilder| {
            Ok(TransactWriteItem::builder().update(update.build().map_err(odd)?).build())
        };
        updates.into_iter().map(step).collect()
    }
}

/// The lines by the item that they are added to, always in the same order: a batch that comes again has the same parts.
fn by_item(lines: &[Line<'_>]) -> Vec<(String, u64, Added)> {
    let mut items: BTreeMap<(String, u64), Added> = BTreeMap::new();
    for line in lines {
        let Line { hour, tenant, owner, key, route, code, count } = *line;
        let item = items.entry((usage_pk(tenant, owner, key, hour), hour)).or_default();
        let sum = item.entry(format!("{COUNT}{route}|{code}")).or_default();
        *sum = sum.saturating_add(count);
    }
    let mut split = vec![];
    for ((pk, hour), added) in items {
        let added: Vec<(String, u64)> = added.into_iter().collect();
        for part in added.chunks(COUNTS_AT_ONCE) {
            split.push((pk.clone(), hour, part.iter().cloned().collect()));
        }
    }
    split
}

/// Whether a transaction was refused because its part is kept already: the holder's item comes first.
fn is_kept(called: &Called<TransactWriteItemsError>) -> bool {
    reasons(called).next() == Some("ConditionalCheckFailed")
}

/// What a failure says: of a transaction that was refused, its reasons do.
fn failure(called: &Called<TransactWriteItemsError>) -> Failure {
    let hopeless = ["ValidationError", "ItemCollectionSizeLimitExceeded", "AccessDenied"];
    if reasons(called).any(|reason| hopeless.contains(&reason)) {
        return Failure::Hopeless("table_malformed");
    }
    called.failure()
}

/// Why a transaction was refused, item by item; nothing for what was not.
fn reasons(called: &Called<TransactWriteItemsError>) -> impl Iterator<Item = &str> {
    let cancelled = match called {
        Called::Refused(error) => match error.as_service_error() {
            Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
                cancelled.cancellation_reasons()
            }
            _ => &[],
        },
        Called::Failed(_) => &[],
    };
    cancelled.iter().map(|reason| reason.code().unwrap_or_default())
}
