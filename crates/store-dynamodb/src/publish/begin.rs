//! Tables, the first head in them, and what makes a table that was put back a ledger again.

use std::time::Duration;

use aws_sdk_dynamodb::{
    Client,
    error::ProvideErrorMetadata,
    types::{
        AttributeDefinition, BillingMode, KeySchemaElement, KeyType,
        PointInTimeRecoverySpecification, ScalarAttributeType, TableStatus,
        TimeToLiveSpecification,
    },
};
use tollgate_core::{stamp::Stamp, time::UnixMillis};
use tollgate_ledger::LedgerError;

use super::{
    Publisher,
    book::Book,
    empty,
    fault::{Fault, broken},
    outbox::Row,
    send::{Sent, send},
    token,
    written::Op,
};
use crate::{
    documents::item::Place,
    layout::{PK, SK, TTL},
};

/// So often it is looked whether a new table can be used, once a second: a minute.
const LOOKS_MAX: u32 = 60;

/// So often the head is written when others write it too.
const TRIES_MAX: u32 = 16;

/// What became of a table that was to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tabled {
    /// Its name.
    pub name: String,
    /// Whether it was made now; otherwise there was one.
    pub made: bool,
    /// Whether it can be put back to a point in time; not looked at where there was one.
    pub recovers: bool,
}

/// What there is of a ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Not even its table.
    NoTable,
    /// A table without a ledger in it.
    Empty,
    /// A ledger.
    Begun,
}

impl Publisher {
    /// Looks what there is.
    ///
    /// # Errors
    ///
    /// When the table can be there, and does not say.
    pub fn standing(&mut self) -> Result<Standing, LedgerError> {
        match self.wait(async |this| this.reading.one(&Place::head()).await) {
            Ok(Some(_)) => Ok(Standing::Begun),
            Ok(None) => Ok(Standing::Empty),
            Err(Fault::NoTable(_)) => Ok(Standing::NoTable),
            Err(fault) => Err(fault.into()),
        }
    }

    /// The name of the ledger's table.
    #[must_use]
    pub fn table(&self) -> &str {
        &self.reading.table
    }

    /// Makes the two tables where they are missing: on demand, protected from deletion, recoverable to a point in time,
    /// and buckets that may be forgotten are.
    ///
    /// # Errors
    ///
    /// When they cannot be made.
    pub fn make_tables(&mut self) -> Result<[Tabled; 2], LedgerError> {
        let made = self.wait(async |this| {
            let client = this.reading.client.clone();
            let ledger = table(&client, &this.reading.table, true).await?;
            let buckets = table(&client, &this.buckets, false).await?;
            Ok::<_, Fault>([ledger, buckets])
        });
        Ok(made?)
    }

    /// Begins a ledger in the table; gives none if there is one.
    ///
    /// # Errors
    ///
    /// When the table cannot be written.
    pub fn begin(&mut self, now: UnixMillis) -> Result<Option<Stamp>, LedgerError> {
        let begun = self.wait(async |this| {
            if this.reading.one(&Place::head()).await?.is_some() {
                return Ok(None);
            }
            let stamp = Stamp { incarnation: incarnation(0, now), epoch: 1 };
            let (head, _, _) = Book::begin(stamp).lay_out();
            match send(&this.reading, &[Op::First(head)], &token()).await? {
                Sent::Done => Ok(Some(stamp)),
                Sent::Lost | Sent::Doubtful => Ok(None),
                Sent::Busy => Err(Fault::busy("somebody else begins it")),
                Sent::Unknown(said) => Err(Fault::Unreachable(said)),
            }
        });
        Ok(begun?)
    }

    /// Makes a table that was put back to a point in time a ledger again: a new incarnation, in which no gate uses
    /// anything that it read before, and in which every record is written anew.
    ///
    /// What was changed after that point is lost, revocations among it.
    ///
    /// # Errors
    ///
    /// When the table cannot be read or written: then it is what it was.
    pub fn restore(&mut self, now: UnixMillis) -> Result<Stamp, LedgerError> {
        Ok(self.wait(async |this| this.begin_anew(now).await)?)
    }

    async fn begin_anew(&mut self, now: UnixMillis) -> Result<Stamp, Fault> {
        self.book = None;
        for race in 0..TRIES_MAX {
            let before = Book::read(&self.reading, None).await?.ok_or_else(empty)?;
            let (was, pending) = (before.stamp(), before.pending);
            let stamp = Stamp { incarnation: incarnation(was.incarnation, now), epoch: was.epoch };
            let mut book = before.replaced_by(stamp);
            // Of the last second before the point some items may be older than others: no record is believed.
            book.pending = stamp.epoch;
            let (head, fresh, gone) = book.lay_out();
            let mut ops = vec![Op::Head(head, was, pending)];
            ops.push(Op::Put(Row::of_everybody().write(stamp.epoch)));
            ops.extend(fresh.into_iter().map(Op::Put));
            ops.extend(gone.into_iter().map(Op::Delete));
            match send(&self.reading, &ops, &token()).await? {
                Sent::Done => return Ok(stamp),
                // One that was made and not told of is followed by another: that does no harm.
                Sent::Lost | Sent::Busy | Sent::Doubtful => super::jitter(race).await,
                Sent::Unknown(said) => return Err(Fault::Unreachable(said)),
            }
        }
        Err(Fault::busy("other changes came first each time: stop whoever changes keys"))
    }
}

/// A higher incarnation than any that the ledger may have had: it counts seconds, so that two tables that were put back
/// from one do not begin the same.
const fn incarnation(before: u64, now: UnixMillis) -> u64 {
    let next = before.saturating_add(1);
    let seconds = now.0.div_euclid(1_000);
    if next > seconds { next } else { seconds }
}

async fn table(client: &Client, name: &str, sorted: bool) -> Result<Tabled, Fault> {
    let mut asked = client
        .create_table()
        .table_name(name)
        .billing_mode(BillingMode::PayPerRequest)
        .deletion_protection_enabled(true);
    let keys = [(PK, KeyType::Hash, true), (SK, KeyType::Range, sorted)];
    for (attribute, kind, wanted) in keys {
        if !wanted {
            continue;
        }
        let key = KeySchemaElement::builder().attribute_name(attribute).key_type(kind).build();
        let defined = AttributeDefinition::builder().attribute_name(attribute);
        let defined = defined.attribute_type(ScalarAttributeType::S).build();
        asked = asked.key_schema(key.map_err(Fault::odd)?);
        asked = asked.attribute_definitions(defined.map_err(Fault::odd)?);
    }
    let made = match asked.send().await {
        Ok(_) => true,
        Err(error) if error.code() == Some("ResourceInUseException") => false,
        Err(error) => return Err(broken(error)),
    };
    let mut recovers = false;
    if made {
        usable(client, name).await?;
        recovers = recoverable(client, name).await?;
        if !sorted {
            forgetful(client, name).await?;
        }
    }
    Ok(Tabled { name: name.to_owned(), made, recovers })
}

/// Waits until a new table can be used.
async fn usable(client: &Client, name: &str) -> Result<(), Fault> {
    for _ in 0..LOOKS_MAX {
        let told = client.describe_table().table_name(name).send().await.map_err(broken)?;
        let status = told.table.and_then(|table| table.table_status);
        if status == Some(TableStatus::Active) {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    Err(Fault::busy("the new table cannot be used yet: run the same command again"))
}

/// Switches recovery on. DynamoDB on one's own machine has none.
async fn recoverable(client: &Client, name: &str) -> Result<bool, Fault> {
    let on = PointInTimeRecoverySpecification::builder().point_in_time_recovery_enabled(true);
    let on = on.build().map_err(Fault::odd)?;
    let asked = client.update_continuous_backups().table_name(name);
    match asked.point_in_time_recovery_specification(on).send().await {
        Ok(_) => Ok(true),
        Err(error) if error.code() == Some("UnknownOperationException") => Ok(false),
        Err(error) => Err(broken(error)),
    }
}

async fn forgetful(client: &Client, name: &str) -> Result<(), Fault> {
    let on = TimeToLiveSpecification::builder().attribute_name(TTL).enabled(true);
    let on = on.build().map_err(Fault::odd)?;
    let asked = client.update_time_to_live().table_name(name).time_to_live_specification(on);
    asked.send().await.map(drop).map_err(broken)
}
