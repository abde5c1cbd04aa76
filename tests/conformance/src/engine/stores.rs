//! What the stores of `engine.run` answer: records and heads as the row says, tokens as an authority counts them.

use std::collections::BTreeMap;

use serde_json::Value;
use tollgate_core::{
    lease::{Account, Answer, Ask, Slot, Standard},
    pepper::{Pepper, Peppers, danger},
    record::{self, Absence, Expected, TEXT_MAX},
    time::UnixMillis,
};
use tollgate_engine::{Errand, Fetched, OpenError, Question, Reply, StoreError, Tidings};

use crate::{
    BadCase,
    head::tidings,
    input,
    key::working,
    record::{read_stamp, with_draft},
};

/// How many holders a bucket of a row has room for.
const SLOTS: usize = 16;
const CALLS_MAX: u32 = 300;

pub(super) struct Stores {
    peppers: Peppers,
    buckets: BTreeMap<String, (Account, Vec<Slot>)>,
}

impl Stores {
    pub(super) fn new() -> Result<Self, BadCase> {
        let secret: Vec<u8> = (0..32).collect();
        let ring = danger::published_peppers(&[Pepper { id: 0, secret: &secret }], 0);
        Ok(Self { peppers: working(ring)?, buckets: BTreeMap::new() })
    }

    pub(super) const fn peppers(&self) -> &Peppers {
        &self.peppers
    }

    /// What the row has a store answer to an errand.
    pub(super) fn reply(
        &mut self,
        errand: &Errand,
        reply: &Value,
    ) -> Result<Result<Reply, StoreError>, BadCase> {
        if reply.get("error").is_some() {
            return Ok(Err(StoreError::Damaged(OpenError::Other("damaged"))));
        }
        let head = input::field(reply, "head")?;
        let head = if head.is_null() { None } else { Some(tidings(head)?) };
        Ok(Ok(match &errand.question {
            Question::Head => Reply::Head(head.ok_or_else(|| BadCase("no head".into()))?),
            Question::Record { expected, .. } => self.found(*expected, reply, head)?,
            Question::Lease { bucket, ask } => {
                let now = UnixMillis(input::uint(input::field(reply, "lease")?, "now")?);
                Reply::Lease(self.exchange(bucket, ask, now), head)
            }
            Question::Usage(_) => Reply::Usage,
        }))
    }

    fn found(
        &self,
        expected: Expected,
        reply: &Value,
        head: Option<Tidings>,
    ) -> Result<Reply, BadCase> {
        let fields = input::field(reply, "record")?;
        if fields.is_null() {
            return Ok(Reply::Record(None, head));
        }
        let text = self.sealed(expected, fields);
        let text = text.ok_or_else(|| BadCase("what is answered is no record".into()))?;
        let found = Fetched::open(&text, expected, &self.peppers);
        let found = found.map_err(|error| BadCase(error.code().into()))?;
        Ok(Reply::Record(Some(found), head))
    }

    fn sealed(&self, expected: Expected, fields: &Value) -> Option<Vec<u8>> {
        let mut out = vec![0; TEXT_MAX];
        let issuing = self.peppers.issuing();
        if let Some(as_of) = fields.get("absent") {
            let absence = Absence { as_of: read_stamp(Some(as_of))?, lookup: expected.lookup };
            let text = record::seal_absence(absence, &self.peppers, issuing, &mut out).ok()?;
            return Some(text.to_vec());
        }
        let mut fields = fields.clone();
        fields.as_object_mut()?.insert("lookup".into(), expected.lookup.to_string().into());
        with_draft(&fields, |draft| {
            Some(record::seal(draft, &self.peppers, issuing, &mut out).ok()?.to_vec())
        })
    }

    fn exchange(&mut self, bucket: &str, ask: &Ask, now: UnixMillis) -> Answer {
        let full = || (Account::new(ask, now), vec![Slot::VACANT; SLOTS]);
        let (account, slots) = self.buckets.entry(bucket.to_owned()).or_insert_with(full);
        account.exchange(slots, ask, now, &Standard { calls_max: CALLS_MAX }).answer()
    }
}
