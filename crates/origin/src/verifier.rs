//! The verifier: from what a platform hands it to an identity, or a refusal.

use std::{fmt, sync::Arc};

use tokio::{sync::futures::OwnedNotified, time::Timeout};
use tollgate_core::time::UnixMillis;
use tollgate_http::hygiene::{IDENTITY_FIELD, is_identity};
use tollgate_identity::{Refusal, Request, Room, Verifier as Judge, in_time, kid_of};

use crate::{
    ConfigError, Identity, Problem, Reason, Settings,
    fetch::Fetched,
    identity::Told,
    keys::Keys,
    layer::GuardLayer,
    memory::{Known, Remembered, Used},
    problem::Asked,
    settings::{Clock, OnRefused},
};

/// Verifies identities by one set of settings. One is enough for a process; clones are the same one.
#[derive(Clone)]
pub struct Verifier(pub(crate) Arc<Inner>);

/// Where the keys come from.
pub(crate) enum Source {
    /// They were given and never change.
    Fixed(Arc<Keys>),
    /// They are fetched.
    Fetched(Arc<Fetched>),
}

pub(crate) struct Inner {
    issuer: String,
    audience: String,
    skew_ms: u64,
    source: Source,
    require_binding: bool,
    remembered: Remembered,
    used: Used,
    realm: String,
    public: Vec<String>,
    on_refused: Option<OnRefused>,
    clock: Clock,
}

/// What is asked about a token.
#[derive(Clone, Copy)]
pub(crate) struct Question<'a> {
    pub(crate) token: &'a [u8],
    pub(crate) method: &'a [u8],
    /// What the target was, before the first `?`.
    pub(crate) path: &'a [u8],
}

/// Where a judgment stands.
pub(crate) enum Judged {
    /// The token says this.
    Known(Arc<Told>),
    /// Keys are under way.
    Wait(Timeout<OwnedNotified>),
}

impl Verifier {
    /// A verifier by these settings. Nothing is fetched yet.
    ///
    /// # Errors
    ///
    /// When a setting cannot be meant.
    pub fn new(settings: Settings) -> Result<Self, ConfigError> {
        settings.build().map(|inner| Self(Arc::new(inner)))
    }

    /// The layer that serves nobody whose identity is not verified.
    #[must_use]
    pub fn layer(&self) -> GuardLayer {
        GuardLayer::new(self.clone())
    }

    /// The identity of a request whose fields are these, as pairs of name and value, or the answer to it.
    ///
    /// `path` is the target as it was sent, before the first `?`; none if the platform does not say. It may be called on
    /// a tokio runtime with timers: there keys are fetched. Elsewhere they never come, and nobody is served.
    ///
    /// # Errors
    ///
    /// The answer that the request is to be given.
    pub async fn admit<'a, F>(
        &self,
        fields: F,
        method: &[u8],
        path: Option<&[u8]>,
    ) -> Result<Identity, Problem>
    where
        F: Iterator<Item = (&'a [u8], &'a [u8])> + Clone,
    {
        let asked = self.asked(fields.clone(), method);
        let judged = match token_of(fields) {
            Ok(token) => {
                let question = Question { token, method, path: path.unwrap_or_default() };
                self.0.judge_waiting(question).await
            }
            Err(reason) => Err(reason),
        };
        judged.map(|told| Identity::new(told, asked.clone())).map_err(|reason| asked.refuse(reason))
    }

    /// What an answer to a request of these fields depends on.
    pub(crate) fn asked<'a>(
        &self,
        fields: impl Iterator<Item = (&'a [u8], &'a [u8])>,
        method: &[u8],
    ) -> Asked {
        let named = fields.filter(|(name, _)| name.eq_ignore_ascii_case(b"x-request-id"));
        Asked::new(Arc::clone(&self.0), named.map(|(_, value)| value), method)
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier")
            .field("issuer", &self.0.issuer)
            .field("audience", &self.0.audience)
            .finish_non_exhaustive()
    }
}

/// The one identity header of a request. Two of them, or one in another spelling: refused.
pub(crate) fn token_of<'a>(
    fields: impl Iterator<Item = (&'a [u8], &'a [u8])>,
) -> Result<&'a [u8], Reason> {
    let mut found = fields.filter(|(name, _)| is_identity(name));
    let (name, value) = found.next().ok_or(Reason::Missing)?;
    // Hosts that join two headers do so with a comma, which no token has.
    let one = found.next().is_none() && !value.contains(&b',');
    if one && name.eq_ignore_ascii_case(IDENTITY_FIELD.as_bytes()) {
        Ok(value)
    } else {
        Err(Reason::Ambiguous)
    }
}

impl Inner {
    pub(crate) fn new(issuer: String, audience: String, skew_ms: u64, source: Source) -> Self {
        Self {
            issuer,
            audience,
            skew_ms,
            source,
            require_binding: false,
            remembered: Remembered::new(0),
            used: Used::new(0),
            realm: String::new(),
            public: vec![],
            on_refused: None,
            clock: Arc::new(tollgate_native::clock::read),
        }
    }

    pub(crate) fn remembering(self, most: usize) -> Self {
        Self { remembered: Remembered::new(most), ..self }
    }

    pub(crate) fn binding(self, require_binding: bool, replay_max: usize) -> Self {
        Self { require_binding, used: Used::new(replay_max), ..self }
    }

    pub(crate) fn answering(
        self,
        realm: String,
        public: Vec<String>,
        on_refused: Option<OnRefused>,
    ) -> Self {
        Self { realm, public, on_refused, ..self }
    }

    pub(crate) fn reading(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }

    pub(crate) fn realm(&self) -> &str {
        &self.realm
    }

    /// Whether a path, as it was sent, is served to anybody.
    pub(crate) fn is_public(&self, path: &str) -> bool {
        self.public.iter().any(|public| public == path)
    }

    pub(crate) fn note(&self, reason: Reason) {
        if let Some(told) = &self.on_refused {
            told(reason);
        }
    }

    /// Judges a token, and waits for keys if need be.
    pub(crate) async fn judge_waiting(&self, question: Question<'_>) -> Result<Arc<Told>, Reason> {
        match self.judge(question)? {
            Judged::Known(told) => Ok(told),
            Judged::Wait(wait) => {
                // In time or not: what is there then is what counts.
                drop(wait.await);
                self.judge_at_last(question)
            }
        }
    }

    /// Judges a token by the keys that are there, or says what to wait for.
    pub(crate) fn judge(&self, question: Question<'_>) -> Result<Judged, Reason> {
        self.judged(question, true)
    }

    /// Judges a token by the keys that are there.
    pub(crate) fn judge_at_last(&self, question: Question<'_>) -> Result<Arc<Told>, Reason> {
        match self.judged(question, false)? {
            Judged::Known(told) => Ok(told),
            Judged::Wait(_) => Err(Reason::NoKeys),
        }
    }

    fn judged(&self, question: Question<'_>, may_wait: bool) -> Result<Judged, Reason> {
        let (mut room, now) = (Room::new(), (self.clock)());
        let known = self.remembered.find(question.token);
        let kid = match &known {
            Some(known) => &*known.told.kid,
            // Nothing is fetched for what is not even a token.
            None => kid_of(question.token, &mut room).map_err(Reason::Refused)?,
        };
        let (keys, wait) = match &self.source {
            Source::Fixed(keys) => (Some(Arc::clone(keys)), None),
            Source::Fetched(fetched) => fetched.look(kid, now),
        };
        if let Some(wait) = wait.filter(|_| may_wait) {
            return Ok(Judged::Wait(wait));
        }
        let keys = keys.ok_or(Reason::NoKeys)?;
        let told = match known {
            Some(known) if keys.has(&known.mark) => self.again(question.token, known, now.wall)?,
            Some(_) => {
                self.remembered.forget(question.token);
                self.afresh(question, &keys, now.wall, &mut room)?
            }
            None => self.afresh(question, &keys, now.wall, &mut room)?,
        };
        Ok(Judged::Known(told))
    }

    /// What a token says that was verified before, under a key that is still there.
    fn again(&self, token: &[u8], known: Known, now: UnixMillis) -> Result<Arc<Told>, Reason> {
        in_time(known.told.issued_at, known.told.expires_at, self.skew_ms, now).map_err(
            |refusal| {
                self.remembered.forget(token);
                Reason::Refused(refusal)
            },
        )?;
        Ok(known.told)
    }

    /// What a token says that is verified now.
    fn afresh(
        &self,
        question: Question<'_>,
        keys: &Keys,
        now: UnixMillis,
        room: &mut Room,
    ) -> Result<Arc<Told>, Reason> {
        let Question { token, method, path } = question;
        let judge = Judge::new(keys.set.clone(), &self.issuer, &self.audience)
            .and_then(|judge| judge.with_skew(self.skew_ms))
            .map_err(|_| Reason::Internal)?
            .with_binding(self.require_binding);
        let identity =
            judge.verify(token, Request { method, path }, now, room).map_err(Reason::Refused)?;
        let told = Arc::new(Told::of(&identity));
        if let Some(binding) = &told.binding {
            let ends = told.expires_at.saturating_mul(1_000).saturating_add(self.skew_ms);
            self.used.take(binding, ends, now)?;
        }
        let mark = keys.mark(&told.kid).ok_or(Reason::Refused(Refusal::UnknownKid))?;
        self.remembered.keep(token, Known { mark: Arc::clone(mark), told: Arc::clone(&told) });
        Ok(told)
    }
}
