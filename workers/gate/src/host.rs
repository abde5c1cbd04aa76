//! One gate in one isolate: what it holds between calls, and what each call comes to.

use std::mem;

use tollgate_core::{
    decision::Denial,
    lease::HolderId,
    lookup::LookupId,
    record::Expected,
    stamp::Stamp,
    time::{Reading, UnixMillis},
};
use tollgate_engine::{
    Arrival, Decision, Engine, Errand, ErrandId, Fetched, Lookup, OpenError, Question as Wanted,
    Reply, StoreError, Tidings,
};
use tollgate_gate::{Asked, Identity, Judged, Policy, Question};
use tollgate_http::{
    answer::{Invalid, Trouble},
    path::Target,
    reserved,
    route::RouteLimit,
};
use tollgate_identity::Jti;
use tollgate_store_cloudflare::{
    frame::parts,
    message::{self, read_answer, write_question},
    place,
};

use crate::{
    head::{Head, walk},
    page::Page,
    refusals::Refusals,
    render,
    settings::SettingsError,
    setup::{Changed, PARKED_MAX, Setup},
    shelf::Shelf,
};

/// What a host has and this module has not.
pub trait Outside {
    /// Fills `bytes` with randomness.
    fn random(&mut self, bytes: &mut [u8]);
    /// Writes one line of the log: a JSON object.
    fn log(&mut self, line: &str);
}

/// What a call comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Code {
    /// The request goes on, as the page says.
    Onward = 0,
    /// It is answered, as the page says.
    Answered = 1,
    /// It waits for what stores say.
    Waiting = 2,
    /// There is nothing to be told, or what was written cannot be read: for a request that is no allow.
    Nothing = 3,
}

/// The number of the errand that asks for the limits of routes: the engine's are below it.
const LIMITS_ERRAND: u64 = (1 << 53) - 1;

/// How long it is waited for.
const LIMITS_DEADLINE_MS: u32 = 1_000;

/// How long nobody asks again after it has failed.
const LIMITS_PAUSE_MS: u64 = 250;

/// A request that waits.
struct Parked {
    id: String,
    text: Box<[u8]>,
    /// Whether the engine has it.
    judged: bool,
}

/// What is remembered of an errand.
enum Sent {
    Head,
    Replica(Expected),
    Record(Expected),
    Lease,
    /// Since when the limits of routes have their numbers.
    Limits,
}

/// What is known of the limits of routes.
enum Limits {
    /// Since when they have their numbers; or there are none.
    Known,
    /// The ledger is being asked.
    Asked,
    /// It is to be asked: not before this time, in milliseconds.
    Unknown(u64),
}

/// One gate.
pub struct Host<O> {
    outside: O,
    settings: Box<str>,
    policy: Policy,
    next_change: Option<UnixMillis>,
    engine: Engine<u32>,
    parked: Shelf<Parked>,
    decided: Shelf<Decision>,
    sent: Shelf<Sent>,
    errands: Vec<Errand>,
    limits: Limits,
    limits_of_routes: Box<[RouteLimit]>,
    changed: Changed,
    ids: u64,
    refusals: Refusals,
    /// The newest time that was seen: there is one clock, and it may be set back.
    newest_ms: u64,
    /// The buffer.
    pub page: Page,
}

impl<O> std::fmt::Debug for Host<O> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Host").field("parked", &self.parked.len()).finish_non_exhaustive()
    }
}

impl<O: Outside> Host<O> {
    /// A gate that holds nothing.
    ///
    /// # Errors
    ///
    /// When something is missing or wrong in `settings`: nothing passes then.
    pub fn new(mut outside: O, settings: &str, now_ms: u64) -> Result<Self, SettingsError> {
        let changed = Changed::default();
        let setup = Setup::read(settings, &changed, UnixMillis(now_ms))?;
        let engine = Engine::new(setup.engine, holder(&mut outside));
        let mut start = [0; 8];
        outside.random(&mut start);
        Ok(Self {
            outside,
            settings: settings.into(),
            policy: setup.policy,
            next_change: setup.next_change,
            engine,
            parked: Shelf::EMPTY,
            decided: Shelf::EMPTY,
            sent: Shelf::EMPTY,
            errands: vec![],
            limits: if setup.limits.is_empty() { Limits::Known } else { Limits::Unknown(0) },
            limits_of_routes: setup.limits,
            changed,
            ids: u64::from_le_bytes(start),
            refusals: Refusals::new(now_ms),
            newest_ms: now_ms,
            page: Page::default(),
        })
    }

    /// What becomes of the request whose head the other side wrote; if it waits, `ticket` is its name.
    pub fn arrive(&mut self, len: usize, ticket: u32, now_ms: u64) -> Code {
        let now_ms = self.seen(now_ms);
        self.renew(UnixMillis(now_ms));
        if let Some(line) = self.refusals.due(now_ms) {
            self.outside.log(&line);
        }
        let input = self.page.lend();
        let text = input.get(..len).unwrap_or_default();
        let id = self.next_id();
        let code = match self.limits {
            Limits::Known => self.judge(text, &id, ticket, now_ms),
            Limits::Asked | Limits::Unknown(_) => self.await_limits(text, &id, now_ms),
        };
        self.settle();
        if code == Code::Waiting {
            let judged = matches!(self.limits, Limits::Known);
            self.parked.put(ticket.into(), Parked { id, text: text.into(), judged });
        }
        self.page.give_back(input);
        code
    }

    /// What became of a request that waits.
    pub fn told(&mut self, ticket: u32, now_ms: u64) -> Code {
        let now_ms = self.seen(now_ms);
        let Some(decision) = self.decided.take(ticket.into()) else {
            return self.still(ticket, now_ms);
        };
        let Some(Parked { id, text, .. }) = self.parked.take(ticket.into()) else {
            return Code::Nothing;
        };
        let Some(head) = Head::read(&text) else { return Code::Nothing };
        let Some(Target::Path { path, query }) = head.target() else { return Code::Nothing };
        let question = question(&head, &id, (&path, query));
        let rule = self.policy.rule(&question);
        let now = UnixMillis(now_ms);
        let outside = &mut self.outside;
        let judged = self.policy.told(&question, rule, Some(&decision), || jti(outside), now);
        keep(&mut self.engine, Some(&decision), &judged);
        say(&mut self.page, &self.policy, &head, (&path, query), &judged, &id)
    }

    /// A request of which nothing is decided: it waits for the engine, or for the limits of routes.
    fn still(&mut self, ticket: u32, now_ms: u64) -> Code {
        if !self.parked.has(ticket.into()) {
            return Code::Nothing;
        }
        if self.parked.get(ticket.into()).is_none_or(|parked| parked.judged) {
            return Code::Waiting;
        }
        let Some(mut parked) = self.parked.take(ticket.into()) else { return Code::Nothing };
        let code = match self.limits {
            Limits::Known => {
                parked.judged = true;
                self.judge(&parked.text, &parked.id, ticket, now_ms)
            }
            Limits::Asked | Limits::Unknown(_) => {
                self.await_limits(&parked.text, &parked.id, now_ms)
            }
        };
        self.settle();
        if code == Code::Waiting {
            self.parked.put(ticket.into(), parked);
        }
        code
    }

    /// What becomes of a request while it is not known since when the limits of routes have their numbers: it waits for
    /// the ledger to say so, or is answered *unavailable* if that has just failed.
    fn await_limits(&mut self, text: &[u8], id: &str, now_ms: u64) -> Code {
        if let Limits::Unknown(at_ms) = self.limits
            && now_ms < at_ms
        {
            let Some(head) = Head::read(text) else { return Code::Nothing };
            let refusal =
                self.policy.denied(&question(&head, id, ("/", None)), Denial::Unavailable);
            render::answered(&mut self.page, &refusal.answer, id);
            return Code::Answered;
        }
        if self.parked.len() >= PARKED_MAX {
            return Code::Nothing;
        }
        Code::Waiting
    }

    /// Nobody waits for this request any more.
    pub fn forget(&mut self, ticket: u32) {
        self.parked.take(ticket.into());
        self.decided.take(ticket.into());
    }

    /// What the client gets of an origin's answer, whose head the other side wrote.
    pub fn returned(&mut self, len: usize) -> Code {
        let input = self.page.lend();
        let text = input.get(..len).unwrap_or_default();
        let done = render::returned(&mut self.page, &self.policy, text);
        self.page.give_back(input);
        done.map_or(Code::Nothing, |()| Code::Onward)
    }

    /// What the client gets where the origin gives no answer. The other side wrote the method and the request's name.
    pub fn unreachable(&mut self, len: usize) -> Code {
        let input = self.page.lend();
        let text = std::str::from_utf8(input.get(..len).unwrap_or_default()).unwrap_or_default();
        let (method, rest) = text.split_once('\n').unwrap_or_default();
        self.tell_unreachable(method, rest.trim_end());
        self.page.give_back(input);
        Code::Answered
    }

    fn tell_unreachable(&mut self, method: &str, id: &str) {
        let head = Head::bare(method);
        let question = question(&head, id, ("/", None));
        let answer = self.policy.trouble(&question, Trouble::OriginUnreachable);
        render::answered(&mut self.page, &answer, id);
    }

    /// How many errands wait to be run.
    #[must_use]
    pub fn pending(&self) -> usize {
        let limits = matches!(self.limits, Limits::Unknown(_)) && self.parked.len() > 0;
        self.errands.len().saturating_add(usize::from(limits))
    }

    /// Writes what is to be asked now, a line each: number, kind, deadline, place, question.
    pub fn errands(&mut self) {
        self.page.clear();
        self.ask_for_limits();
        for errand in mem::take(&mut self.errands) {
            let ErrandId(id) = errand.id;
            let (kind, place, question, sent) = addressed(&errand);
            let mut message = vec![];
            if write_question(&question, errand.since, &mut message).is_err() {
                // What has no spelling is answered by its deadline: nothing passes by it.
                continue;
            }
            let Ok(message) = String::from_utf8(message) else { continue };
            let (number, deadline) = (id.to_string(), errand.deadline_ms.to_string());
            self.line(&[&number, kind, &deadline, &place, &message]);
            self.sent.put(id, sent);
        }
    }

    /// Asks since when the limits of routes have their numbers, if that is not known and somebody waits for it.
    fn ask_for_limits(&mut self) {
        if !matches!(self.limits, Limits::Unknown(_)) || self.parked.len() == 0 {
            return;
        }
        let limits = self.limits_of_routes.iter();
        let limits: Vec<_> = limits.filter_map(|limit| limit.limit(Stamp::default())).collect();
        let mut message = vec![];
        if message::write_limits(&limits, &mut message).is_err() {
            return;
        }
        let Ok(message) = String::from_utf8(message) else { return };
        let (number, deadline) = (LIMITS_ERRAND.to_string(), LIMITS_DEADLINE_MS.to_string());
        self.line(&[&number, "limits", &deadline, place::LEDGER, &message]);
        self.sent.put(LIMITS_ERRAND, Sent::Limits);
        self.limits = Limits::Asked;
    }

    /// Takes in since when they have: then everything that waited can be judged.
    fn settle_limits(&mut self, text: &[u8], now_ms: u64) {
        let stamps = parts(text).and_then(|[changed]| message::read_changed(changed));
        let stamps = stamps.ok().filter(|stamps| stamps.len() == self.limits_of_routes.len());
        self.limits = Limits::Unknown(now_ms.saturating_add(LIMITS_PAUSE_MS));
        let Some(stamps) = stamps else { return };
        let names = self.limits_of_routes.iter().map(|limit| limit.name.clone());
        self.changed = Changed(names.zip(stamps).collect());
        if let Ok(setup) = Setup::read(&self.settings, &self.changed, UnixMillis(now_ms)) {
            self.policy = setup.policy;
            self.limits = Limits::Known;
        }
    }

    fn line(&mut self, columns: &[&str]) {
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
        if let Err(StoreError::Damaged(_)) = &reply {
            self.damaged(&sent, &reply);
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
                self.limits = Limits::Unknown(now_ms.saturating_add(LIMITS_PAUSE_MS));
                return;
            }
            Some(_) => {}
        }
        let error = if refused { StoreError::Refused } else { StoreError::Unreachable };
        self.engine.deliver(ErrandId(id), Err(error), reading(now_ms));
        self.settle();
    }

    /// Does what is due, and says after how many milliseconds something will be.
    pub fn tick(&mut self, now_ms: u64) -> Option<u64> {
        let now_ms = self.seen(now_ms);
        self.renew(UnixMillis(now_ms));
        self.engine.tick(reading(now_ms));
        self.settle();
        self.engine.wake_in(reading(now_ms))
    }

    fn judge(&mut self, text: &[u8], id: &str, ticket: u32, now_ms: u64) -> Code {
        let Some(head) = Head::read(text) else { return Code::Nothing };
        if head.too_large {
            let question = question(&head, id, ("/", None));
            let answer = self.policy.trouble(&question, Trouble::HeadTooLarge);
            render::answered(&mut self.page, &answer, id);
            return Code::Answered;
        }
        let (path, query) = match head.target() {
            Some(Target::Path { path, query }) => (path, query),
            // The server as a whole is the gate: there is nothing to be said of it.
            Some(Target::Asterisk) => {
                render::answered(&mut self.page, &render::bare(vec![]), id);
                return Code::Answered;
            }
            None => {
                let question = question(&head, id, ("/", None));
                let refusal = self.policy.invalid(&question, Invalid::Target);
                render::answered(&mut self.page, &refusal.answer, id);
                return Code::Answered;
            }
        };
        let question = question(&head, id, (&path, query));
        if reserved::is_reserved(&path) {
            let answer = if path != reserved::JWKS {
                self.policy.trouble(&question, Trouble::NotFound)
            } else if head.method != "GET" && head.method != "HEAD" {
                self.policy.trouble(&question, Trouble::MethodNotAllowed)
            } else {
                render::published(&self.policy, head.method == "HEAD")
            };
            render::answered(&mut self.page, &answer, id);
            return Code::Answered;
        }
        let judged = match self.policy.ask(&question) {
            Asked::Judged(judged) => {
                if let Judged::Denied(refusal) = &judged {
                    self.refusals.count(refusal.unproven.unwrap_or(refusal.denial.code()));
                }
                judged
            }
            Asked::Inquire(inquiry, rule) => {
                let now = reading(now_ms);
                let again = inquiry.clone();
                let mut arrival = self.engine.arrive(inquiry, || ticket, now);
                // The first request after a freeze finds it out: it is not the one to pay for that.
                if self.engine.needs_holder() {
                    self.engine.new_holder(holder(&mut self.outside));
                    if matches!(arrival, Arrival::Decided(_)) {
                        arrival = self.engine.arrive(again, || ticket, now);
                    }
                }
                let Arrival::Decided(decision) = arrival else { return Code::Waiting };
                let outside = &mut self.outside;
                let now = UnixMillis(now_ms);
                let judged =
                    self.policy.told(&question, rule, Some(&decision), || jti(outside), now);
                keep(&mut self.engine, Some(&decision), &judged);
                judged
            }
        };
        say(&mut self.page, &self.policy, &head, (&path, query), &judged, id)
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
            Sent::Lease => {
                let [answer, tidings] = parts(text).map_err(framing)?;
                let answer = read_answer(answer).map_err(framing)?;
                // An object that has no copy of the head yet sends none.
                let tidings = (!tidings.is_empty()).then(|| head(tidings)).transpose()?;
                Ok(Reply::Lease(answer, tidings))
            }
        }
    }

    fn damaged(&mut self, sent: &Sent, reply: &Result<Reply, StoreError>) {
        let Err(error) = reply else { return };
        let (of, name) = match sent {
            Sent::Head => ("head", String::new()),
            Sent::Replica(expected) | Sent::Record(expected) => ("record", hex(expected.lookup)),
            Sent::Lease => ("bucket", String::new()),
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

    /// Puts another signing key into force when its time has come.
    fn renew(&mut self, now: UnixMillis) {
        if self.next_change.is_none_or(|at| now < at) {
            return;
        }
        // What was good when it was first read is so now; should it not be, the keys of before go on.
        if let Ok(setup) = Setup::read(&self.settings, &self.changed, now) {
            self.policy = setup.policy;
            self.next_change = setup.next_change;
        }
    }

    /// After every call of the engine.
    fn settle(&mut self) {
        for (ticket, decision) in self.engine.decisions() {
            self.decided.put(ticket.into(), decision);
        }
        self.errands.extend(self.engine.errands());
        if self.engine.needs_holder() {
            self.engine.new_holder(holder(&mut self.outside));
        }
    }

    /// The time, never below the newest that was seen.
    fn seen(&mut self, now_ms: u64) -> u64 {
        self.newest_ms = self.newest_ms.max(now_ms);
        self.newest_ms
    }

    fn next_id(&mut self) -> String {
        self.ids = self.ids.wrapping_add(1);
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let digit = |place: u32| {
            let nibble = usize::try_from(self.ids >> place.saturating_mul(4) & 15).unwrap_or(0);
            char::from(DIGITS.get(nibble).copied().unwrap_or(b'0'))
        };
        (0..16).rev().map(digit).collect()
    }
}

/// Says what was judged.
fn say(
    page: &mut Page,
    policy: &Policy,
    head: &Head<'_>,
    target: (&str, Option<&[u8]>),
    judged: &Judged,
    id: &str,
) -> Code {
    match judged {
        Judged::Passes(passage) => {
            if render::onward(page, policy, head, target, passage, id).is_some() {
                return Code::Onward;
            }
            let question = question(head, id, target);
            render::answered(page, &policy.trouble(&question, Trouble::HeadTooLarge), id);
        }
        Judged::Denied(refusal) => render::answered(page, &refusal.answer, id),
        Judged::Preflight(fields) => render::answered(page, &render::bare(fields.clone()), id),
    }
    Code::Answered
}

fn question<'q>(
    head: &'q Head<'q>,
    id: &'q str,
    (path, query): (&'q str, Option<&'q [u8]>),
) -> Question<'q, impl tollgate_http::Fields<'q>> {
    Question {
        id,
        method: head.method,
        path,
        query,
        fields: walk(&head.fields),
        address: head.client(),
        country: head.country(),
    }
}

/// Keeps a token that was signed for what was decided, so that it is used again.
fn keep(engine: &mut Engine<u32>, decision: Option<&Decision>, judged: &Judged) {
    if let (Some(Decision::Allow(pass)), Judged::Passes(passage)) = (decision, judged)
        && let Some(Identity::Kept(signed, true)) = &passage.identity
    {
        engine.keep(pass, std::sync::Arc::clone(signed));
    }
}

/// What kind of errand it is, where it goes, what it says, and what is remembered of it.
fn addressed(errand: &Errand) -> (&'static str, String, message::Question<'_>, Sent) {
    match &errand.question {
        Wanted::Head => ("head", String::new(), message::Question::Head, Sent::Head),
        Wanted::Record { expected, of } => {
            let question = message::Question::Record(expected.lookup);
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
            let question = message::Question::Lease { bucket, ask: *ask };
            ("lease", place::object_of(bucket).into_owned(), question, Sent::Lease)
        }
    }
}

fn hex(lookup: LookupId) -> String {
    lookup.to_hex().map(char::from).iter().collect()
}

fn holder(outside: &mut impl Outside) -> HolderId {
    let mut bytes = [0; 16];
    outside.random(&mut bytes);
    HolderId(bytes)
}

/// What makes a token one of its kind.
fn jti(outside: &mut impl Outside) -> Option<Jti> {
    let mut bytes = [0; 16];
    outside.random(&mut bytes);
    Jti::new(bytes).ok()
}

/// A host with one clock gives it twice.
const fn reading(now_ms: u64) -> Reading {
    Reading { wall: UnixMillis(now_ms), mono_ms: now_ms }
}
