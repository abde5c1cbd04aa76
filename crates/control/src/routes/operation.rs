//! What one operation is: how it is asked for, by whom, and what comes back. Requests are matched against it, their
//! queries are read by it, and the OpenAPI document is made of it.
//!
//! A row says all of it in one breath:
//!
//! ```text
//! row("roles.create", "POST", "/api/roles", "roles:write", roles::create)
//!     .about("Makes a role.")          // a sentence; a row without one fails the tests
//!     .asks(&[TENANT])                 // the parameters of its query; &[] for none. The desk has read them strictly
//!                                      // before `run`: `desk.words.text("tenant")` is what its field says
//!     .takes(&NEW_ROLE)                // its body; `.may_take(..)` where it may be left out
//!     .gives(201, &ROLE)               // what comes back; `.texts(&["text/csv"])` where that may be a text as well
//!     .located()                       // and says where what was made is
//!     .versioned(Need::Optional),      // understands `If-Match` (`Need::Required`: 428 without) and tells an `ETag`
//! ```
//!
//! `.retried()` understands `Idempotency-Key`, `.told_version()` tells an `ETag` only, `.refuses(&[Code::InUse])` names
//! what else it answers with, and `OTHER.also("/api/another")` is another path of the same. A name in a path, such as
//! `{role}`, has its row in `PATH`.

use super::Desk;
use crate::{
    Response,
    model::shape::{Field, Need, Shape},
    problem::Code,
    reply::Refusal,
};

type AtDesk = fn(&mut Desk<'_>) -> Result<Response, Refusal>;

/// What answers: at a desk, in somebody's name; or everybody alike.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Run {
    /// For whoever is admitted.
    Desk(AtDesk),
    /// For whoever asks: it is given nothing, and so tells nothing that is anybody's.
    Open(fn() -> Response),
}

/// One operation.
#[derive(Clone, Copy, Debug)]
pub struct Operation {
    /// Its stable name, as the audit has it.
    pub name: &'static str,
    /// The method.
    pub method: &'static str,
    /// The path, with the names of what stands in it: `/api/keys/{id}`.
    pub path: &'static str,
    /// Whom it is for.
    pub door: Door,
    /// What it does, in a sentence.
    pub about: &'static str,
    /// The path that this is another one of.
    pub alias_of: Option<&'static str>,
    /// The parameters of its query; none where its row does not say.
    pub query: Option<&'static [Field]>,
    /// Its body.
    pub body: Option<Takes>,
    /// The status of success.
    pub status: u16,
    /// What comes back as JSON.
    pub gives: Option<&'static Shape>,
    /// The media types of texts that may come back.
    pub texts: &'static [&'static str],
    /// Whether it says where what was made is.
    pub located: bool,
    /// Whether it tells a version.
    pub tells_version: bool,
    /// Whether it understands `If-Match`, and whether it must be there.
    pub matches: Option<Need>,
    /// Whether it understands `Idempotency-Key`.
    pub retried: bool,
    /// What it refuses with, beside what every operation of its kind does.
    pub refuses: &'static [Code],
    pub(crate) run: Run,
}

/// The body of an operation.
#[derive(Clone, Copy, Debug)]
pub struct Takes {
    /// What it is.
    pub shape: &'static Shape,
    /// Whether it must be there.
    pub required: bool,
}

/// Whom an operation is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// Whoever holds this scope.
    Scope(&'static str),
    /// Whoever holds one of these: the operation says which of them what it is asked for needs.
    Either(&'static str, &'static str),
    /// Whoever proves to hold a key: it is about that key.
    Own,
    /// Everybody: nothing is told that is anybody's.
    Open,
}

/// An operation for whoever holds a scope.
pub(super) const fn row(
    name: &'static str,
    method: &'static str,
    path: &'static str,
    scope: &'static str,
    run: AtDesk,
) -> Operation {
    behind(Door::Scope(scope), name, method, path, run)
}

/// An operation for whoever may pass a door.
pub(super) const fn behind(
    door: Door,
    name: &'static str,
    method: &'static str,
    path: &'static str,
    run: AtDesk,
) -> Operation {
    through(door, name, method, path, Run::Desk(run))
}

/// An operation for everybody.
pub(super) const fn open(
    name: &'static str,
    path: &'static str,
    run: fn() -> Response,
) -> Operation {
    through(Door::Open, name, "GET", path, Run::Open(run))
}

const fn through(
    door: Door,
    name: &'static str,
    method: &'static str,
    path: &'static str,
    run: Run,
) -> Operation {
    Operation {
        name,
        method,
        path,
        door,
        about: "",
        alias_of: None,
        query: None,
        body: None,
        status: 200,
        gives: None,
        texts: &[],
        located: false,
        tells_version: false,
        matches: None,
        retried: false,
        refuses: &[],
        run,
    }
}

impl Operation {
    /// What it does, in a sentence.
    pub(super) const fn about(self, about: &'static str) -> Self {
        Self { about, ..self }
    }

    /// The parameters of its query.
    pub(super) const fn asks(self, query: &'static [Field]) -> Self {
        Self { query: Some(query), ..self }
    }

    /// Its body.
    pub(super) const fn takes(self, shape: &'static Shape) -> Self {
        Self { body: Some(Takes { shape, required: true }), ..self }
    }

    /// Its body, which may be left out.
    pub(super) const fn may_take(self, shape: &'static Shape) -> Self {
        Self { body: Some(Takes { shape, required: false }), ..self }
    }

    /// The status of success, and what comes back then.
    pub(super) const fn gives(self, status: u16, shape: &'static Shape) -> Self {
        Self { status, gives: Some(shape), ..self }
    }

    /// The media types of texts that may come back.
    pub(super) const fn texts(self, texts: &'static [&'static str]) -> Self {
        Self { texts, ..self }
    }

    /// It says where what was made is.
    pub(super) const fn located(self) -> Self {
        Self { located: true, ..self }
    }

    /// It tells a version.
    pub(super) const fn told_version(self) -> Self {
        Self { tells_version: true, ..self }
    }

    /// It understands `If-Match`, and tells a version.
    pub(super) const fn versioned(self, need: Need) -> Self {
        Self { matches: Some(need), tells_version: true, ..self }
    }

    /// It understands `If-Match`, and tells no version: there is none any more.
    pub(super) const fn matched(self) -> Self {
        Self { matches: Some(Need::Optional), ..self }
    }

    /// It understands `Idempotency-Key`.
    pub(super) const fn retried(self) -> Self {
        Self { retried: true, ..self }
    }

    /// What else it refuses with.
    pub(super) const fn refuses(self, refuses: &'static [Code]) -> Self {
        Self { refuses, ..self }
    }

    /// The same at another path.
    pub(super) const fn also(self, path: &'static str) -> Self {
        Self { alias_of: Some(self.path), path, ..self }
    }

    /// Whether nothing is changed by it.
    #[must_use]
    pub fn reads(&self) -> bool {
        self.method == "GET"
    }

    /// The statuses that it may refuse with, each once, in their order.
    pub fn refusals(&self) -> impl Iterator<Item = u16> {
        let finds = self.names().next().is_some()
            || self.query.is_some_and(|query| query.iter().any(|field| field.name == "tenant"));
        let body = self.body.is_some();
        let kept = [
            (400, true),
            (401, self.door != Door::Open),
            (403, self.door != Door::Open),
            (404, finds),
            (409, !self.reads() && (body || finds)),
            (412, self.matches.is_some()),
            (413, true),
            (415, body),
            (422, body || self.retried),
            (428, self.matches == Some(Need::Required)),
            (429, self.door != Door::Open),
            (503, true),
        ];
        let own = self.refuses.iter().map(|code| code.status());
        let all = kept.into_iter().filter_map(|(status, may)| may.then_some(status)).chain(own);
        all.collect::<std::collections::BTreeSet<_>>().into_iter()
    }

    /// The names in its path.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        let parts = self.path.split('/');
        parts.filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
    }
}
