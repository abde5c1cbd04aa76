//! Answers: what was asked for as JSON, and every refusal in one place.

use serde_json::Value;
use tollgate_core::decision::Denial;
use tollgate_http::{
    answer::{self, Answer, Context, Invalid},
    hygiene::cache::NO_STORE,
    rate::Style,
};
use tollgate_ledger::{ChangeError, LedgerError};

use crate::{
    BooksError, CheckpointError, NoChance, Request, Response,
    problem::{Code, MEDIA_TYPE, Problem},
};

/// What a challenge says is protected.
const REALM: &str = "tollgate control";

/// Why a request is not answered as it was meant.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// Whoever asks is not let in: said in the gate's own words.
    Denied(Denial),
    /// What it presents can be read in more than one way.
    Invalid(Invalid),
    /// It lacks this scope.
    Scope(&'static str),
    /// Too many from its address were not let in.
    TooManyAttempts {
        /// For how long to wait.
        wait: u64,
    },
    /// The request is refused.
    Problem(Problem),
    /// The path knows these methods only.
    Method(String),
    /// The ledger refuses, or failed.
    Ledger(LedgerError),
    /// Whoever asks is not what it was when it was admitted: it is admitted again.
    CallerChanged,
    /// What the change was made from is not so any more.
    Moved,
    /// No key is there to sign the audit with.
    Unsigned,
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<Code> for Refusal {
    fn from(code: Code) -> Self {
        Self::Problem(Problem::new(code))
    }
}

impl From<LedgerError> for Refusal {
    fn from(error: LedgerError) -> Self {
        Self::Ledger(error)
    }
}

impl From<NoChance> for Refusal {
    fn from(NoChance: NoChance) -> Self {
        Self::from(Code::Unavailable)
    }
}

impl From<BooksError> for Refusal {
    fn from(error: BooksError) -> Self {
        match error {
            BooksError::Ledger(error) => Self::Ledger(error),
            BooksError::CallerChanged => Self::CallerChanged,
            BooksError::Moved => Self::Moved,
            BooksError::OfKey { id, error } => {
                let Problem { code, detail, errors } = Problem::from(&error);
                Self::Problem(Problem {
                    code,
                    detail: format!("{detail} It is about {id}."),
                    errors,
                })
            }
            BooksError::TooManyOf(kind, most) => Self::Problem(Problem::with(
                Code::TooMany,
                format!("A tenant has at most {most} {}s. Delete one first.", kind.as_str()),
            )),
            BooksError::OtherRequest => Self::from(Code::RetryDiffers),
            BooksError::TooManyRetries => Self::Problem(Problem::with(
                Code::TooMany,
                "As many Idempotency-Keys of this caller are kept as there may be. They are kept for a day.",
            )),
        }
    }
}

impl Refusal {
    /// Whether somebody else has changed it meanwhile, or what it was made from.
    pub(crate) const fn is_stale(&self) -> bool {
        matches!(
            self,
            Self::Ledger(LedgerError::Refused(ChangeError::OtherVersion { .. })) | Self::Moved
        )
    }

    /// The answer that says so.
    pub(crate) fn response(self, request: &Request<'_>) -> Response {
        match self {
            Self::Denied(denial) => denied(denial, &[], request),
            Self::Scope(scope) => {
                denied(Denial::ScopeMissing { required: 0 }, &[scope.into()], request)
            }
            Self::Invalid(cause) => {
                let instance = instance(request.id);
                let answer = answer::invalid(cause, &context(&instance, &[], request));
                from(answer, Denial::RequestInvalid)
            }
            Self::TooManyAttempts { wait } => {
                let mut response = problem(&Problem::new(Code::TooManyAttempts), request.id);
                let seconds = wait.div_ceil(1_000).max(1);
                response.fields.push(("retry-after", seconds.to_string()));
                response
            }
            Self::Problem(refused) => problem(&refused, request.id),
            Self::Method(allowed) => {
                let mut response = problem(&Problem::new(Code::MethodNotAllowed), request.id);
                response.fields.push(("allow", allowed));
                response
            }
            Self::Ledger(error) => {
                let mut response = problem(&Problem::from(&error), request.id);
                let failed = !matches!(error, LedgerError::Refused(_));
                response.trouble = failed.then(|| error.code());
                response
            }
            Self::Unsigned => {
                let mut response = problem(&Problem::new(Code::Unavailable), request.id);
                response.trouble = Some(CheckpointError::NoSigner.code());
                response
            }
            Self::CallerChanged => problem(&Problem::new(Code::Unavailable), request.id),
            Self::Moved => problem(&Problem::new(Code::VersionDiffers), request.id),
        }
    }
}

/// The gate's own words for a caller that is not let in.
fn denied(denial: Denial, required: &[Box<str>], request: &Request<'_>) -> Response {
    let instance = instance(request.id);
    from(answer::denied(denial, &context(&instance, required, request)), denial)
}

fn context<'a>(instance: &'a str, required: &'a [Box<str>], request: &Request<'_>) -> Context<'a> {
    Context {
        realm: REALM,
        request_id: instance,
        head: request.method == "HEAD",
        required,
        record: None,
        limits: &[],
        left: &[],
        style: Style::Off,
    }
}

fn from(Answer { status, fields, body }: Answer, denial: Denial) -> Response {
    let code = Some(denial.code());
    Response { status, fields, body: body.into_bytes(), code, trouble: None, by: None }
}

/// How an answer names its request, as the gate's do.
fn instance(id: &str) -> String {
    ["urn:tollgate:request:", id].concat()
}

/// The answer that says what a problem is.
pub(crate) fn problem(problem: &Problem, id: &str) -> Response {
    let mut fields =
        vec![("content-type", MEDIA_TYPE.to_owned()), ("cache-control", NO_STORE.to_owned())];
    if problem.status() == 503 {
        fields.push(("retry-after", "1".to_owned()));
    }
    let body = problem.body(&instance(id)).into_bytes();
    let code = Some(problem.code.as_str());
    Response { status: problem.status(), fields, body, code, trouble: None, by: None }
}

/// What was asked for. Nothing of it may be kept on the way: it is for this caller.
pub(crate) fn json(status: u16, body: &Value) -> Response {
    let mut text = body.to_string();
    text.push('\n');
    let fields = vec![
        ("content-type", "application/json".to_owned()),
        ("cache-control", NO_STORE.to_owned()),
    ];
    Response { status, fields, body: text.into_bytes(), code: None, trouble: None, by: None }
}
