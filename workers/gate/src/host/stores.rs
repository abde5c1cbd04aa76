//! What stores are asked, and what they answer.

use std::mem;

use tollgate_core::{lookup::LookupId, record::Expected, stamp::Stamp};
use tollgate_engine::{
    Errand, ErrandId, Fetched, Lookup, OpenError, Question as Wanted, Reply, StoreError, Tidings,
    Usage,
};
use tollgate_store_cloudflare::{
    frame::parts,
    message::{self, MessageError, Taken, read_answer, write_question, write_usage},
    place,
};

use super::{Host, Outside, limits, reading};

/// What is asked, as it is written.
enum Asked<'e> {
    Plain(message::Question<'e>),
    Usage(&'e Usage),
}

impl Asked<'_> {
    fn write(&self, since: Stamp, out: &mut Vec<u8>) -> Result<(), MessageError> {
        match self {
            Self::Plain(question) => write_question(question, since, out),
            Self::Usage(usage) => write_usage(usage.holder(), usage.seq(), usage.lines(), out),
        }
    }
}

/// What is remembered of an errand.
pub(super) enum Sent {
    Head,
    Replica(Expected),
    Record(Expected),
    Lease,
    Usage,
    /// Since when the limits of routes have their numbers.
    Limits,
}

impl<O: Outside> Host<O> {
    /// Writes what is to be asked now, a line each: number, kind, deadline, place, question.
    pub fn errands(&mut self) {
        self.page.output.clear();
        self.ask_for_limits();
        for errand in mem::take(&mut self.errands) {
            let ErrandId(id) = errand.id;
            let (kind, place, question, sent) = addressed(&errand);
            let mut message = vec![];
            if question.write(errand.since, &mut message).is_err() {
                // What has no spelling is answered by its deadline: nothing passes by it.
                continue;
            }
            let Ok(message) = String::from_utf8(message) else { continue };
            let (number, deadline) = (id.to_string(), errand.deadline_ms.to_string());
            self.line(&[&number, kind, &deadline, &place, &message]);
            self.sent.put(id, sent);
        }
    }

    pub(super) fn line(&mut self, columns: &[&str]) {
        for (at, column) in columns.iter().enumerate() {
            self.page.push(if at == 0 { "" } else { "\t" });
            self.page.push(column);
        }
        self.page.push("\n");
    }

    /// Takes in what the other side wrote as the answer to an errand. `found` is false where a replica has nothing.
    pub fn deliver(&mut self, id: u64, found: bool, len: usize, now_ms: u64) {
        let now_ms = self.seen(now_ms);
        let Some(sent) = self.sent.take(id) else { return };
        let input = self.page.lend();
        if matches!(sent, Sent::Limits) {
            self.settle_limits(input.get(..len).unwrap_or_default(), now_ms);
            return self.page.give_back(input);
        }
        let reply = self.read(&sent, found, input.get(..len).unwrap_or_default());
        self.page.give_back(input);
        if let Err(error @ StoreError::Damaged(_)) = &reply {
            self.damaged(&sent, error);
        }
        self.engine.deliver(ErrandId(id), reply, reading(now_ms));
        self.settle();
    }

    /// Takes in that a store gave no answer.
    pub fn fail(&mut self, id: u64, refused: bool, now_ms: u64) {
        let now_ms = self.seen(now_ms);
        match self.sent.take(id) {
            None => return,
            Some(Sent::Limits) => {
                self.limits = limits::Limits::Unknown(now_ms.saturating_add(limits::PAUSE_MS));
                return;
            }
            Some(_) => {}
        }
        let error = if refused { StoreError::Refused } else { StoreError::Unreachable };
        self.engine.deliver(ErrandId(id), Err(error), reading(now_ms));
        self.settle();
    }

    fn read(&self, sent: &Sent, found: bool, text: &[u8]) -> Result<Reply, StoreError> {
        let peppers = self.policy.prover().peppers();
        let framing = |_| StoreError::Damaged(OpenError::Other("message_damaged"));
        let head = |text: &[u8]| {
            Tidings::open(text, peppers)
                .map_err(|error| StoreError::Damaged(OpenError::Head(error)))
        };
        let record = |text: &[u8], expected| {
            Fetched::open(text, expected, peppers)
                .map_err(|error| StoreError::Damaged(OpenError::Record(error)))
        };
        match *sent {
            Sent::Head => {
                let [text] = parts(text).map_err(framing)?;
                Ok(Reply::Head(head(text)?))
            }
            Sent::Replica(_) if !found => Ok(Reply::Record(None, None)),
            Sent::Replica(expected) => Ok(Reply::Record(Some(record(text, expected)?), None)),
            Sent::Record(expected) => {
                let [found, tidings] = parts(text).map_err(framing)?;
                Ok(Reply::Record(Some(record(found, expected)?), Some(head(tidings)?)))
            }
            Sent::Limits => Err(StoreError::Refused),
            Sent::Usage => {
                let [text] = parts(text).map_err(framing)?;
                Taken::read(text).map_err(framing)?;
                Ok(Reply::Usage)
            }
            Sent::Lease => {
                let [answer, tidings] = parts(text).map_err(framing)?;
                let answer = read_answer(answer).map_err(framing)?;
                // An object that has no copy of the head yet sends none.
                let tidings = (!tidings.is_empty()).then(|| head(tidings)).transpose()?;
                Ok(Reply::Lease(answer, tidings))
            }
        }
    }

    fn damaged(&mut self, sent: &Sent, error: &StoreError) {
        let (of, name) = match sent {
            Sent::Head => ("head", String::new()),
            Sent::Replica(expected) | Sent::Record(expected) => ("record", hex(expected.lookup)),
            Sent::Lease => ("bucket", String::new()),
            Sent::Usage => ("usage", String::new()),
            Sent::Limits => ("limits", String::new()),
        };
        // Codes and hexadecimal digits only: nothing here needs an escape.
        let line = [
            r#"{"level":"error","event":"store_damaged","code":""#,
            error.code(),
            r#"","of":""#,
            of,
            r#"","name":""#,
            &name,
            r#""}"#,
        ];
        self.outside.log(&line.concat());
    }
}

/// What kind of errand it is, where it goes, what it says, and what is remembered of it.
fn addressed(errand: &Errand) -> (&'static str, String, Asked<'_>, Sent) {
    match &errand.question {
        Wanted::Head => ("head", String::new(), Asked::Plain(message::Question::Head), Sent::Head),
        Wanted::Record { expected, of } => {
            let question = Asked::Plain(message::Question::Record(expected.lookup));
            match of {
                Lookup::Replica => (
                    "replica",
                    place::record_key(expected.lookup),
                    question,
                    Sent::Replica(*expected),
                ),
                Lookup::Authority => {
                    ("record", String::from(place::LEDGER), question, Sent::Record(*expected))
                }
            }
        }
        Wanted::Lease { bucket, ask } => {
            let question = Asked::Plain(message::Question::Lease { bucket, ask: *ask });
            ("lease", place::object_of(bucket).into_owned(), question, Sent::Lease)
        }
        Wanted::Usage(usage) => {
            let question = Asked::Usage(usage);
            ("usage", String::from(place::LEDGER), question, Sent::Usage)
        }
    }
}

fn hex(lookup: LookupId) -> String {
    String::from_utf8(lookup.to_hex().into()).unwrap_or_default()
}
