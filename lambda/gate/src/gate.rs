//! One gate in one environment: what it holds between events, and what becomes of each.

mod desk;

use std::sync::Arc;

use serde_json::json;
use tollgate_core::{decision::Denial, time::UnixMillis};
use tollgate_engine::{Decision, Engine, Errand, ErrandId, Question as Wanted};
use tollgate_gate::{Asked, Identity, Judged, Policy, Question};
use tollgate_http::Fields;
use tollgate_identity::Jti;
use tollgate_native::clock;

use crate::{About, Log, Settings, StartError, Stores};
use desk::Desk;

/// How long an event may be worked at, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience(pub u64);

/// What is kept back of an invocation's time, to say in that something takes too long, in milliseconds.
const MARGIN_MS: u64 = 200;

/// What is taken for a time and no duration: 2001 and later, in milliseconds.
const ABSOLUTE_MIN_MS: u64 = 1_000_000_000_000;

/// How long an event is worked at where it is not told until when, in milliseconds.
const PATIENCE_UNTOLD_MS: u64 = 3_000;

/// The longest that any event is worked at: API Gateway waits ten seconds for an authorizer.
const PATIENCE_MAX_MS: u64 = 9_000;

impl Patience {
    /// What is left until `deadline_ms`, which is a time by the wall clock, less what it takes to answer.
    #[must_use]
    pub fn until(deadline_ms: u64) -> Self {
        // An emulator says how long an invocation may take where Lambda says until when.
        if deadline_ms < ABSOLUTE_MIN_MS {
            return Self(PATIENCE_UNTOLD_MS);
        }
        let left = deadline_ms.saturating_sub(clock::read().wall.0);
        Self(left.saturating_sub(MARGIN_MS).min(PATIENCE_MAX_MS))
    }
}

/// What became of a request, and the decision that it came of, where there was one.
#[derive(Debug)]
pub struct Outcome {
    /// What becomes of it.
    pub judged: Judged,
    /// What the engine decided.
    pub decision: Option<Decision>,
}

/// One gate.
pub struct Gate<S> {
    settings: Settings,
    policy: Arc<Policy>,
    next_change: Option<UnixMillis>,
    desk: Desk<S>,
    log: Log,
}

impl<S> std::fmt::Debug for Gate<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Gate")
    }
}

impl<S: Stores> Gate<S> {
    /// A gate that holds nothing, and asks `stores`.
    ///
    /// # Errors
    ///
    /// When something is missing or wrong in `settings`: nothing passes then.
    pub fn new(settings: Settings, stores: S, log: Log) -> Result<Self, StartError> {
        let setup = settings.setup(clock::read().wall)?;
        let holder = desk::holder().ok_or(StartError::Random)?;
        let engine = Engine::new(setup.engine, holder);
        let desk = Desk::new(engine, Arc::new(stores), log.clone());
        let (policy, next_change) = (Arc::new(setup.policy), setup.next_change);
        Ok(Self { settings, policy, next_change, desk, log })
    }

    /// What it judges by.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// What becomes of a request; what is not decided within `patience` is *unavailable*.
    pub async fn judge<'q, F: Fields<'q>>(
        &mut self,
        question: &Question<'q, F>,
        patience: Patience,
    ) -> Outcome {
        self.log.tell_left_out();
        self.renew(clock::read().wall);
        let (inquiry, rule) = match self.policy.ask(question) {
            Asked::Inquire(inquiry, rule) => (inquiry, rule),
            Asked::Judged(judged, _) => return Outcome { judged, decision: None },
        };
        let decision = self.desk.decide(inquiry, &self.policy, patience).await;
        let now = clock::read().wall;
        let judged = self.policy.told(question, rule, decision.as_ref(), jti, now);
        if let (Some(Decision::Allow(pass)), Judged::Passes(passage)) = (&decision, &judged) {
            if let Some(Identity::Kept(signed, true)) = &passage.identity {
                self.desk.keep(pass, Arc::clone(signed));
            }
            if pass.flagged() {
                let facts = json!({ "request": question.id });
                self.log.say_request(About::Failed, "warn", "decided_from_before", facts);
            }
        }
        if let Judged::Denied(refusal) = &judged
            && refusal.denial == Denial::Unavailable
        {
            let facts = json!({ "request": question.id });
            self.log.say_request(About::Failed, "error", "unavailable", facts);
        }
        Outcome { judged, decision }
    }

    /// Asks the store for the head and forgets the answer, so that the connection stands when the first event comes.
    pub async fn connect(&self) {
        let errand = Errand {
            id: ErrandId(u64::MAX),
            question: Wanted::Head,
            since: tollgate_core::stamp::Stamp::default(),
            deadline_ms: tollgate_engine::STORE_DEADLINE_MAX_MS,
        };
        let mut replies = self.desk.ask(errand, &self.policy).await;
        if let Some((_, Err(error))) = replies.pop() {
            self.log.say("warn", "store_not_reached_in_init", json!({ "code": error.code() }));
        }
    }

    /// Puts another signing key into force when its time has come.
    fn renew(&mut self, now: UnixMillis) {
        if self.next_change.is_none_or(|at| now < at) {
            return;
        }
        // What was good when it was first read is so now; should it not be, the keys of before go on.
        if let Ok(setup) = self.settings.setup(now) {
            self.policy = Arc::new(setup.policy);
            self.next_change = setup.next_change;
        }
    }
}

/// What makes a token one of its kind; none if there is no randomness to be had.
fn jti() -> Option<Jti> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).ok()?;
    Jti::new(bytes).ok()
}
