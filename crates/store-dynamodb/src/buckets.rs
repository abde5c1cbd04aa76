//! Leases: the core's exchange between one consistent read of a bucket and one conditional write.

use std::{collections::HashMap, sync::atomic::Ordering};

use aws_sdk_dynamodb::{
    operation::update_item::UpdateItemError,
    primitives::Blob,
    types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure},
};
use tollgate_core::lease::{Answer, Ask, WriterClock};
use tollgate_engine::{OpenError, StoreError};

use crate::{
    Store,
    call::{Called, Deadline, Failure},
    desk::{self, Exchanged, Next, Unreadable},
    head::{Item, number},
    layout::{PK, STATE, TTL, VERSION},
};

const DAMAGED: StoreError = StoreError::Damaged(OpenError::Bucket);

/// A bucket as it was read.
struct Stored {
    version: u64,
    state: Vec<u8>,
}

/// What became of a conditional write.
enum Written {
    /// It stands.
    Done,
    /// Somebody else's was first, and this is what stands now if the server says so.
    Overtaken(Option<Item>),
    /// It did not happen, or nobody knows.
    Failed(Failure),
}

impl Store {
    /// One message to a bucket's authority, which is this function.
    ///
    /// # Errors
    ///
    /// When nothing could be read or written before the deadline, the clock is off, or the state is damaged. The message
    /// may have had its effect then; whoever sends it again is told what it was.
    pub(crate) async fn exchange(
        &self,
        bucket: &str,
        ask: &Ask,
        deadline: &Deadline<'_>,
    ) -> Result<Answer, StoreError> {
        let mut stored = self.bucket(bucket, deadline).await?;
        let mut refused = 0;
        loop {
            let now = self.may_write()?;
            let state = stored.as_ref().map(|stored| &*stored.state);
            let exchanged = desk::exchange(state, ask, refused, now.wall);
            let Exchanged { answer, write, repaired } = exchanged.map_err(|Unreadable| DAMAGED)?;
            let Some(next) = write else { return Ok(answer) };
            let version = stored.as_ref().map(|stored| stored.version);
            // A bucket that was forgotten and made anew has no version that it had before.
            let moved = version.map_or(now.wall.0, |version| version.saturating_add(1));
            let step = Step { bucket, read: version, moved, next: &next };
            match self.write(&step, deadline, &mut refused).await? {
                Written::Done => {
                    self.repaired.fetch_add(u64::from(repaired), Ordering::Relaxed);
                    return Ok(answer);
                }
                Written::Overtaken(Some(item)) => stored = Some(Stored::read(&item)?),
                Written::Overtaken(None) => stored = self.bucket(bucket, deadline).await?,
                Written::Failed(failure) => return Err(failure.error()),
            }
        }
    }

    /// Writes until it is known what became of it: unchanged each time, so that the condition makes it harmless.
    async fn write(
        &self,
        step: &Step<'_>,
        deadline: &Deadline<'_>,
        refused: &mut u32,
    ) -> Result<Written, StoreError> {
        loop {
            let written = self.put(step, deadline).await;
            let again = match &written {
                Written::Done | Written::Failed(Failure::Hopeless(_)) => return Ok(written),
                Written::Overtaken(_) => false,
                Written::Failed(Failure::Throttled | Failure::Unknown) => true,
            };
            let failed = *refused;
            *refused = refused.saturating_add(1);
            if !deadline.pause(failed).await {
                return Err(match written {
                    Written::Failed(failure) => failure.error(),
                    Written::Done | Written::Overtaken(_) => StoreError::Refused,
                });
            }
            if !again {
                return Ok(written);
            }
        }
    }

    /// The own clock, if it may stand in for the authority's.
    fn may_write(&self) -> Result<tollgate_core::time::Reading, StoreError> {
        match self.clock.may_write() {
            WriterClock::Write => Ok(self.clock.now()),
            // The read just made has brought no date.
            WriterClock::ReadFirst => Err(StoreError::Damaged(OpenError::Other("clock_unknown"))),
            WriterClock::ClockOff => Err(StoreError::Damaged(OpenError::Other("clock_off"))),
        }
    }

    /// What stands under a bucket's name, strongly consistent; none if nothing does.
    async fn bucket(
        &self,
        bucket: &str,
        deadline: &Deadline<'_>,
    ) -> Result<Option<Stored>, StoreError> {
        let mut failed = 0;
        loop {
            let asked = self.client().get_item().table_name(&self.tables.buckets);
            let asked = asked.key(PK, AttributeValue::S(bucket.to_owned())).consistent_read(true);
            let failure = match deadline.call(asked.send()).await {
                Ok(told) => return told.item.as_ref().map(Stored::read).transpose(),
                Err(called) => called.failure(),
            };
            if matches!(failure, Failure::Hopeless(_)) || !deadline.pause(failed).await {
                return Err(failure.error());
            }
            failed = failed.saturating_add(1);
        }
    }

    async fn put(&self, step: &Step<'_>, deadline: &Deadline<'_>) -> Written {
        let (update, condition) = step.expressions();
        let asked = self.client().update_item().table_name(&self.tables.buckets);
        let asked = asked
            .key(PK, AttributeValue::S(step.bucket.to_owned()))
            .update_expression(update)
            .condition_expression(condition)
            .set_expression_attribute_names(Some(step.names()))
            .set_expression_attribute_values(Some(step.values()))
            .return_values(ReturnValue::UpdatedNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        match deadline.call(asked.send()).await {
            // An answer that does not say what was written is none.
            Ok(told) => match told.attributes.as_ref().and_then(|item| number(item, VERSION)) {
                Some(version) if version == step.moved => Written::Done,
                Some(_) | None => Written::Failed(Failure::Unknown),
            },
            Err(called) => called.written(),
        }
    }
}

impl Called<UpdateItemError> {
    fn written(self) -> Written {
        let failure = self.failure();
        if let Self::Refused(error) = self
            && let UpdateItemError::ConditionalCheckFailedException(overtaken) =
                error.into_service_error()
        {
            return Written::Overtaken(overtaken.item);
        }
        Written::Failed(failure)
    }
}

impl Stored {
    fn read(item: &Item) -> Result<Self, StoreError> {
        let version = number(item, VERSION).ok_or(DAMAGED)?;
        let state = item.get(STATE).and_then(|state| state.as_b().ok()).ok_or(DAMAGED)?;
        Ok(Self { version, state: state.as_ref().to_vec() })
    }
}

/// A write of a bucket that was read as of a version, or not found.
struct Step<'s> {
    bucket: &'s str,
    read: Option<u64>,
    moved: u64,
    next: &'s Next,
}

impl Step<'_> {
    const fn expressions(&self) -> (&'static str, &'static str) {
        let update = match self.next.ttl {
            Some(_) => "SET #v = :v, #s = :s, #ttl = :ttl",
            None => "SET #v = :v, #s = :s REMOVE #ttl",
        };
        let condition = match self.read {
            Some(_) => "#v = :read",
            None => "attribute_not_exists(#pk)",
        };
        (update, condition)
    }

    fn names(&self) -> HashMap<String, String> {
        let pk = self.read.is_none().then_some(("#pk", PK));
        let names = [("#v", VERSION), ("#s", STATE), ("#ttl", TTL)].into_iter().chain(pk);
        names.map(|(sign, name)| (sign.to_owned(), name.to_owned())).collect()
    }

    fn values(&self) -> Item {
        let number = |number: u64| AttributeValue::N(number.to_string());
        let state = AttributeValue::B(Blob::new(self.next.state.clone()));
        let always = [(":v", number(self.moved)), (":s", state)];
        let read = self.read.map(|read| (":read", number(read)));
        let ttl = self.next.ttl.map(|ttl| (":ttl", number(ttl)));
        let values = always.into_iter().chain(read).chain(ttl);
        values.map(|(sign, value)| (sign.to_owned(), value)).collect()
    }
}
