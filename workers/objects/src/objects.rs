//! What one isolate's objects share: one desk, one copy of the head, one buffer.

use tollgate_core::{
    lease::Forget,
    pepper::Peppers,
    stamp::Stamp,
    time::{Reading, UnixMillis},
};
use tollgate_store_cloudflare::{
    frame::{parts, push_part},
    message::{
        MessageError, Question, read_note, read_question, write_answer, write_note, write_question,
    },
    place,
};
use tollgate_store_sql::{Desk, LOOK_AFTER_MS};

use crate::{
    Page,
    admin::{Presented, administer},
    authority::Admin,
    copy::{HeadCopy, Taken},
    ledger::Ledger,
    secrets,
    sql::Database,
};

/// The most holders of one bucket: isolates that spend from it at one time.
pub const HOLDERS: usize = 512;

/// The stable name of why there is no answer.
pub type Refusal = &'static str;

/// What the runtime does for this module.
pub trait Outside {
    /// Writes one line to the log.
    fn log(&mut self, line: &str);

    /// Runs a statement on the storage of the object that calls: JSON of the statement and a list of its parameters,
    /// answered by JSON with `rows` or with an `error`.
    fn sql(&mut self, asked: &[u8]) -> Vec<u8>;
}

/// When a bucket is looked at again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// It may be forgotten, at once.
    Forget,
    /// Not before then.
    At(UnixMillis),
    /// Never: what was spent of it does not come back.
    Never,
}

/// Everything that is kept between calls. A trap loses it, and nothing of it is missed.
#[derive(Debug)]
pub struct Objects<O> {
    outside: O,
    peppers: Peppers,
    desk: Desk,
    copy: HeadCopy,
    ledger: Ledger,
    /// The newest time that was seen: no clock runs back here.
    newest: UnixMillis,
    /// What both sides write.
    pub page: Page,
}

impl<O: Outside> Objects<O> {
    /// The objects of a deployment: what is `told` are its secrets, the record of its first admin key, which may be
    /// empty, and its settings of keys as JSON.
    ///
    /// # Errors
    ///
    /// When the secrets are missing or not good, or keys cannot look so: nothing is answered then. With a record that
    /// is none nobody administers.
    pub fn new(mut outside: O, told: &[u8]) -> Result<Self, Refusal> {
        let [text, admin, keys] = parts(told).map_err(MessageError::code)?;
        let peppers = secrets::peppers(text)?;
        let known = Admin::read(admin, &peppers);
        if known.is_none() && !admin.is_empty() {
            // Nobody administers then; what gates need goes on.
            outside.log("{\"level\":\"error\",\"event\":\"admin_record_refused\"}");
        }
        Ok(Self {
            outside,
            ledger: Ledger::new(secrets::brand(keys)?, known),
            peppers,
            desk: Desk::new(HOLDERS),
            copy: HeadCopy::new().ok_or("out_of_memory")?,
            newest: UnixMillis(0),
            page: Page::EMPTY,
        })
    }

    /// Writes the storage key of the bucket that the question of `len` bytes is about, and which object keeps it.
    ///
    /// # Errors
    ///
    /// When it is no question to a bucket.
    pub fn bucket_key(&mut self, len: usize) -> Result<(), Refusal> {
        self.with_input(len, |_, question, out| {
            let (bucket, ..) = lease(question)?;
            let (key, object) = (place::bucket_key(bucket), place::object_of(bucket));
            push_part(key.as_bytes(), out).map_err(MessageError::code)?;
            push_part(object.as_bytes(), out).map_err(MessageError::code)
        })
    }

    /// One exchange: of `len` bytes, a question and the bucket's state, empty if it has none. Writes the new state,
    /// empty if it is as it was, and behind it the answer.
    ///
    /// # Errors
    ///
    /// When it is no question to a bucket, or the state is damaged: that must stay as it is.
    pub fn exchange(&mut self, len: usize, now: UnixMillis) -> Result<(), Refusal> {
        let reading = self.reading(now);
        self.with_input(len, |objects, input, out| {
            let [question, state] = parts(input).map_err(MessageError::code)?;
            let (_, ask, since) = lease(question)?;
            let state = Some(state).filter(|state| !state.is_empty());
            let exchanged = objects.desk.exchange(state, &ask, reading.wall);
            let exchanged = exchanged.map_err(|_| "bucket_damaged")?;
            let mut answer = vec![];
            write_answer(&exchanged.answer, &mut answer).map_err(MessageError::code)?;
            push_part(exchanged.state.unwrap_or(&[]), out).map_err(MessageError::code)?;
            push_part(&answer, out).map_err(MessageError::code)?;
            if exchanged.repaired {
                objects.outside.log(
                    "{\"level\":\"error\",\"event\":\"clock_was_ahead\",\"buckets_repaired\":1}",
                );
            }
            let head = objects.copy.tell(since, &objects.peppers, reading).unwrap_or(&[]);
            push_part(head, out).map_err(MessageError::code)
        })
    }

    /// Whether the bucket whose state is of `len` bytes may be forgotten.
    ///
    /// # Errors
    ///
    /// When the state is damaged: it must stay as it is.
    pub fn forget(&mut self, len: usize, now: UnixMillis) -> Result<Look, Refusal> {
        let Reading { wall: now, .. } = self.reading(now);
        self.with_input(len, |objects, state, _| {
            match objects.desk.forget(state, now).map_err(|_| "bucket_damaged")? {
                Forget::Now => Ok(Look::Forget),
                // At its earliest in a moment, so that one bucket is not looked at over and over.
                Forget::At(at) => Ok(Look::At(at.max(now.plus(LOOK_MIN_MS)))),
                Forget::Never => Ok(Look::Never),
            }
        })
    }

    /// After how many milliseconds a new bucket is looked at, whether it may be forgotten.
    #[must_use]
    pub const fn look_after_ms(&self) -> u64 {
        LOOK_AFTER_MS
    }

    /// Writes the question for what is newer than the copy of the head, or for all.
    ///
    /// # Errors
    ///
    /// None that can happen: its numbers were read as they are written.
    pub fn head_question(&mut self, all: bool) -> Result<(), Refusal> {
        self.with_input(0, |objects, _, out| {
            let since = if all { Stamp::default() } else { objects.copy.stamp() };
            write_question(&Question::Head, since, out).map_err(MessageError::code)
        })
    }

    /// Takes in the answer of `len` bytes to that question, which was sent at `sent`.
    ///
    /// # Errors
    ///
    /// When it is no head.
    pub fn head_taken(
        &mut self,
        len: usize,
        sent: UnixMillis,
        now: UnixMillis,
    ) -> Result<Taken, Refusal> {
        let now = self.reading(now);
        self.with_input(len, |objects, frame, _| {
            let [text] = parts(frame).map_err(MessageError::code)?;
            objects.copy.take(text, &objects.peppers, reading(sent), now)
        })
    }

    /// How old the copy of the head is; none if there is none.
    pub fn head_age_ms(&mut self, now: UnixMillis) -> Option<u64> {
        let now = self.reading(now);
        self.copy.age_ms(now)
    }

    /// Answers a question for the head, of `len` bytes, from the copy.
    ///
    /// # Errors
    ///
    /// When it is no such question, or there is no copy that may be told.
    pub fn head_told(&mut self, len: usize, now: UnixMillis) -> Result<(), Refusal> {
        let now = self.reading(now);
        self.with_input(len, |objects, question, out| {
            let (Question::Head, since) = read_question(question).map_err(MessageError::code)?
            else {
                return Err("question_misdirected");
            };
            let head = objects.copy.tell(since, &objects.peppers, now);
            push_part(head.ok_or("store_unreachable")?, out).map_err(MessageError::code)
        })
    }

    /// Brings the ledger's tables from a version to the newest, and says which that is.
    ///
    /// # Errors
    ///
    /// When they are newer, or the storage fails: the caller's transaction must keep nothing then.
    pub fn ledger_open(&mut self, version: u64) -> Result<u64, Refusal> {
        self.with_input(0, |objects, _, _| {
            Ledger::open(&mut Database(&mut objects.outside), version)
        })
    }

    /// Answers a question of `len` bytes to the ledger, of a gate that was deployed at `deployed`; 0 if it does not say.
    ///
    /// # Errors
    ///
    /// When it is none, or the storage fails.
    pub fn ledger_ask(
        &mut self,
        len: usize,
        deployed: UnixMillis,
        now: UnixMillis,
    ) -> Result<(), Refusal> {
        let now = self.reading(now);
        self.with_input(len, |objects, question, out| {
            let Self { outside, peppers, ledger, .. } = objects;
            ledger.ask(&mut Database(outside), peppers, question, (deployed, now.wall), out)
        })
    }

    /// Does what the `len` bytes ask for, a key and a body, if the holder of the key may, and gives the status of the
    /// answer that is written. Within a transaction of the caller's, which keeps nothing unless that is 200 or
    /// [`RESTORED`]. The third part is what is noted outside if that is above the ledger, and empty otherwise.
    ///
    /// # Errors
    ///
    /// When the bytes are not three parts, or what is noted is no note.
    pub fn administer(&mut self, len: usize, now: UnixMillis) -> Result<u32, Refusal> {
        let now = self.reading(now);
        self.with_input(len, |objects, input, out| {
            let [key, body, noted] = parts(input).map_err(MessageError::code)?;
            let newer = Some(noted).filter(|noted| !noted.is_empty()).map(read_note).transpose();
            let newer = newer.map_err(MessageError::code)?;
            let Self { outside, peppers, ledger, .. } = objects;
            let mut sql = Database(outside);
            let answer = administer(ledger, &mut sql, peppers, Presented { key, body, newer }, now);
            out.extend_from_slice(answer.body.to_string().as_bytes());
            Ok(answer.status)
        })
    }

    /// Writes how far the ledger has come, as it is noted outside.
    ///
    /// # Errors
    ///
    /// When the storage fails.
    pub fn ledger_note(&mut self) -> Result<(), Refusal> {
        self.with_input(0, |objects, _, out| {
            let stamp = Ledger::stamp(&mut Database(&mut objects.outside))?;
            write_note(stamp, out).map_err(MessageError::code)
        })
    }

    /// Writes the higher one of two notes of `len` bytes: the one that was kept, empty if none was, and another.
    ///
    /// # Errors
    ///
    /// When one of them is no note: what was kept must stay as it is.
    pub fn note(&mut self, len: usize) -> Result<(), Refusal> {
        self.with_input(len, |_, input, out| {
            let [kept, told] = parts(input).map_err(MessageError::code)?;
            let told = read_note(told).map_err(MessageError::code)?;
            let kept = Some(kept).filter(|kept| !kept.is_empty()).map(read_note).transpose();
            // A note that cannot be read is not no note: any ledger would be the newest.
            let kept = kept.map_err(|_| "store_damaged")?;
            write_note(kept.map_or(told, |kept| kept.max(told)), out).map_err(MessageError::code)
        })
    }

    /// Lets old entries leave the ledger's head. Within a transaction of the caller's.
    ///
    /// # Errors
    ///
    /// When the storage fails: the transaction must keep nothing then.
    pub fn ledger_age(&mut self, now: UnixMillis) -> Result<(), Refusal> {
        let now = self.reading(now);
        self.with_input(0, |objects, _, _| {
            let Self { outside, ledger, .. } = objects;
            ledger.age(&mut Database(outside), now.wall)
        })
    }

    /// Whether something is to be published since this was last asked.
    pub const fn take_publishes(&mut self) -> bool {
        std::mem::replace(&mut self.ledger.publishes, false)
    }

    /// Writes what replicas are to be told next; `len` bytes say what they were told last, if that was a part.
    ///
    /// # Errors
    ///
    /// When the storage fails.
    pub fn due(&mut self, len: usize) -> Result<(), Refusal> {
        self.with_input(len, |objects, before, out| {
            let Self { outside, peppers, ledger, .. } = objects;
            ledger.due(&mut Database(outside), peppers, before, out)
        })
    }

    /// Replicas have been told what `len` bytes say.
    ///
    /// # Errors
    ///
    /// When the storage fails: they will be told again.
    pub fn told(&mut self, len: usize) -> Result<(), Refusal> {
        self.with_input(len, |objects, publishing, _| {
            Ledger::told(&mut Database(&mut objects.outside), publishing)
        })
    }

    /// The time, which never runs back here. There is one clock on Workers, so it is given twice.
    fn reading(&mut self, now: UnixMillis) -> Reading {
        self.newest = self.newest.max(now);
        reading(self.newest)
    }

    fn with_input<T>(
        &mut self,
        len: usize,
        work: impl FnOnce(&mut Self, &[u8], &mut Vec<u8>) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let input = self.page.lend();
        let mut out = std::mem::take(&mut self.page.output);
        out.clear();
        let done = match input.get(..len) {
            Some(text) => work(self, text, &mut out),
            None => Err("message_too_long"),
        };
        if let Err(refusal) = done {
            out.clear();
            out.extend_from_slice(refusal.as_bytes());
        }
        self.page.output = out;
        self.page.give_back(input);
        done
    }
}

/// A bucket that may not be forgotten yet is not looked at again sooner.
const LOOK_MIN_MS: u64 = 1_000;

const fn reading(now: UnixMillis) -> Reading {
    Reading { wall: now, mono_ms: now.0 }
}

/// The question, which must be one to a bucket.
fn lease(question: &[u8]) -> Result<(&str, tollgate_core::lease::Ask, Stamp), Refusal> {
    match read_question(question).map_err(MessageError::code)? {
        (Question::Lease { bucket, ask }, since) => Ok((bucket, ask, since)),
        (Question::Head | Question::Record(_), _) => Err("question_misdirected"),
    }
}
