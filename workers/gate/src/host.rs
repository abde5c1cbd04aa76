//! One gate in one isolate: what it holds between calls, and what each call comes to.

mod limits;
mod parking;
mod stores;

use tollgate_core::{
    decision::Denial,
    lease::HolderId,
    time::{Reading, UnixMillis},
};
use tollgate_engine::{Arrival, Decision, Engine, Errand};
use tollgate_gate::{
    Asked, Identity, Judged, Policy, Question,
    settings::SettingsError,
    setup::{Changed, Setup},
};
use tollgate_http::{
    answer::{Invalid, Trouble},
    path::Target,
    reserved,
    route::RouteLimit,
};
use tollgate_identity::Jti;
use tollgate_store_cloudflare::page::Page;

use limits::Limits;
use parking::{BASE, Parked};
use stores::Sent;

use crate::{
    head::{Head, walk},
    refusals::Refusals,
    render,
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

/// Whoever minds the timers looks at them more often than this.
const UNMINDED_MS: u64 = 2_000;

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
    /// When requests that nobody asks about were last looked for.
    swept_ms: u64,
    /// When somebody last did what was due.
    ticked_ms: u64,
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
        let setup = Setup::read(settings, BASE, &changed, UnixMillis(now_ms))?;
        let engine = Engine::new(setup.engine, holder(&mut outside));
        let mut start = [0; 8];
        outside.random(&mut start);
        outside.log(r#"{"level":"info","event":"started"}"#);
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
            refusals: Refusals::EMPTY,
            newest_ms: now_ms,
            swept_ms: now_ms,
            ticked_ms: now_ms,
            page: Page::EMPTY,
        })
    }

    /// What becomes of the request whose head the other side wrote; if it waits, `ticket` is its name.
    pub fn arrive(&mut self, len: usize, ticket: u32, now_ms: u64) -> Code {
        let now_ms = self.seen(now_ms);
        self.renew(UnixMillis(now_ms));
        let input = self.page.lend();
        let text = input.get(..len).unwrap_or_default();
        let id = self.next_id();
        let mut code = self.judge(text, &id, ticket, now_ms);
        if code == Code::Waiting {
            code = self.park(ticket, id, text, now_ms);
        }
        self.settle();
        if let Some(line) = self.refusals.due(now_ms) {
            self.outside.log(&line);
        }
        self.page.give_back(input);
        code
    }

    /// Answers a request that nothing can be said of now.
    fn unavailable(&mut self, text: &[u8], id: &str) -> Code {
        let Some(head) = Head::read(text) else { return Code::Nothing };
        let refusal = self.policy.denied(&question(&head, id, ("/", None)), Denial::Unavailable);
        render::answered(&mut self.page, &refusal.answer, id);
        Code::Answered
    }

    /// What became of a request that waits.
    pub fn told(&mut self, ticket: u32, now_ms: u64) -> Code {
        let now_ms = self.seen(now_ms);
        self.look(ticket, now_ms);
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
        keep(&mut self.engine, &decision, &judged);
        say(&mut self.page, &self.policy, &head, (&path, query), &judged, &id)
    }

    /// What the client gets of an origin's answer, whose head the other side wrote.
    pub fn returned(&mut self, len: usize) -> Code {
        let input = self.page.lend();
        let text = input.get(..len).unwrap_or_default();
        let done = render::returned(&mut self.page, &self.policy, text);
        self.page.give_back(input);
        done.map_or(Code::Nothing, |()| Code::Onward)
    }

    /// Whether what the other side wrote is a key that somebody of ours made.
    pub fn proves(&mut self, len: usize) -> bool {
        let input = self.page.lend();
        let proved = self.policy.prover().prove(input.get(..len).unwrap_or_default()).is_ok();
        self.page.give_back(input);
        proved
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

    /// How many errands wait to be run; one more where nobody does what is due.
    #[must_use]
    pub fn pending(&self) -> usize {
        let limits = matches!(self.limits, Limits::Unknown(_)) && self.parked.len() > 0;
        // What was counted is sent by a timer, which somebody has to mind.
        let forsaken = self.newest_ms.saturating_sub(self.ticked_ms) > UNMINDED_MS
            && self.engine.counts_usage();
        let more = usize::from(limits).saturating_add(usize::from(forsaken));
        self.errands.len().saturating_add(more)
    }

    /// Does what is due, and says after how many milliseconds something will be.
    pub fn tick(&mut self, now_ms: u64) -> Option<u64> {
        let now_ms = self.seen(now_ms);
        self.renew(UnixMillis(now_ms));
        self.ticked_ms = now_ms;
        self.engine.tick(reading(now_ms));
        self.settle();
        self.sweep(now_ms);
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
            let published = self.policy.published(&question);
            let answer =
                published.unwrap_or_else(|trouble| self.policy.trouble(&question, trouble));
            render::answered(&mut self.page, &answer, id);
            return Code::Answered;
        }
        let judged = match self.policy.ask(&question) {
            Asked::Judged(judged, _) => {
                if let Judged::Denied(refusal) = &judged {
                    self.refusals.count(refusal.unproven.unwrap_or(refusal.denial.code()));
                }
                judged
            }
            Asked::Inquire(..) if !matches!(self.limits, Limits::Known) => {
                return self.await_limits(text, id, now_ms);
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
                keep(&mut self.engine, &decision, &judged);
                judged
            }
        };
        say(&mut self.page, &self.policy, &head, (&path, query), &judged, id)
    }

    /// Puts another signing key into force when its time has come.
    fn renew(&mut self, now: UnixMillis) {
        if self.next_change.is_none_or(|at| now < at) {
            return;
        }
        // What was good when it was first read is so now; should it not be, the keys of before go on.
        if let Ok(setup) = Setup::read(&self.settings, BASE, &self.changed, now) {
            self.policy = setup.policy;
            self.next_change = setup.next_change;
        }
    }

    /// After every call of the engine.
    fn settle(&mut self) {
        for (ticket, decision) in self.engine.decisions() {
            if self.parked.has(ticket.into()) {
                self.decided.put(ticket.into(), decision);
            }
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
        str::from_utf8(&tollgate_gate::name(self.ids)).unwrap_or_default().into()
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
fn keep(engine: &mut Engine<u32>, decision: &Decision, judged: &Judged) {
    if let (Decision::Allow(pass), Judged::Passes(passage)) = (decision, judged)
        && let Some(Identity::Kept(signed, true)) = &passage.identity
    {
        engine.keep(pass, std::sync::Arc::clone(signed));
    }
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
