//! The ledger of a deployment that is elsewhere, asked over HTTP.
//!
//! Every question is one request, and none is repeated: whether a change without an answer was made is not known, and
//! whoever asked for it is told so.

mod api;
mod call;
mod key;
mod place;
#[cfg(test)]
mod tests;
mod words;

use std::time::Duration;

use hyper::{Method, header::CONTENT_TYPE};
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};
use tollgate_core::{lookup::LookupId, stamp::Stamp, time::UnixMillis};
use tollgate_ledger::{
    Change, ChangeError, Conclusion, Holder, Key, Ledger, LedgerError, Page, Receipt, Stopped,
};

pub(crate) use api::{Asking, Control};
pub(crate) use call::CallError;
use call::{Answer, Asked};
pub(crate) use key::AdminKey;
pub(crate) use place::Place;

/// For how long connecting may take, and after that the answer to its last byte.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a ledger says that is older than what is noted outside it.
const OLDER: &str = "store_older";

/// The ledger of a deployment.
pub(crate) struct Remote {
    place: Place,
    key: AdminKey,
    patience: Duration,
    runtime: Runtime,
}

/// Names the place and not the key.
impl std::fmt::Debug for Remote {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Remote").field("place", &self.place).finish_non_exhaustive()
    }
}

impl Remote {
    /// The ledger at `place`, for the holder of `key`. Nothing is asked yet.
    ///
    /// # Errors
    ///
    /// When the system gives nothing to wait with.
    pub(crate) fn new(place: Place, key: AdminKey) -> std::io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        Ok(Self { place, key, patience: PATIENCE, runtime })
    }

    /// Asks once.
    fn post(&self, question: &Value) -> Result<Answer, CallError> {
        let body = question.to_string().into_bytes();
        let path = self.place.target().to_owned();
        let fields = [(CONTENT_TYPE, "application/json".to_owned())];
        let asked = Asked { method: Method::POST, path, fields: &fields, body, ca: None };
        self.runtime.block_on(call::send(&self.place, &self.key, asked, self.patience))
    }

    /// Asks for a change, or says what is known of it.
    fn alter(&self, question: &Value) -> Result<Value, LedgerError> {
        let answer = match self.post(question) {
            Ok(answer) => answer,
            Err(error) if error.was_sent() => {
                return Err(LedgerError::Unknown { source: Box::new(error) });
            }
            Err(error) => return Err(unreachable(error)),
        };
        match refusal(&answer) {
            None => answer.json().ok_or_else(|| LedgerError::Unknown { source: answer.odd() }),
            Some(Refusal::Ledger(error)) => Err(error),
            // Whatever stands between may have said this after the change was made.
            Some(Refusal::Other) if answer.status >= 500 || answer.status == 200 => {
                Err(LedgerError::Unknown { source: answer.odd() })
            }
            Some(Refusal::Other) => Err(unreachable(answer.odd())),
        }
    }

    /// Begins a new incarnation of the deployment's ledger, in which no gate uses anything that it held before.
    ///
    /// # Errors
    ///
    /// As those of a change.
    pub(crate) fn restore(&mut self) -> Result<Stamp, LedgerError> {
        let told = self.alter(&words::restore())?;
        let unknown = || LedgerError::Unknown { source: Box::new(CallError::Nonsense) };
        words::stamp_of(&told).ok_or_else(unknown)
    }

    /// Asks for something to look at.
    fn look(&self, question: &Value) -> Result<Value, LedgerError> {
        let answer = self.post(question).map_err(unreachable)?;
        match refusal(&answer) {
            None => answer.json().ok_or_else(|| unreachable(answer.odd())),
            Some(Refusal::Ledger(error)) => Err(error),
            Some(Refusal::Other) => Err(unreachable(answer.odd())),
        }
    }
}

/// What an answer refuses.
enum Refusal {
    /// The ledger itself did.
    Ledger(LedgerError),
    /// Somebody else, or in words that are not known here.
    Other,
}

/// Why `answer` gives nothing; none if it may give something.
fn refusal(answer: &Answer) -> Option<Refusal> {
    if answer.status == 200 {
        return None;
    }
    let Some(body) = answer.json() else { return Some(Refusal::Other) };
    let code = body.get("code").and_then(Value::as_str).unwrap_or_default();
    let about = body.get("about").unwrap_or(&Value::Null);
    Some(match (answer.status, ChangeError::told(code, about)) {
        (401 | 403, _) => Refusal::Ledger(LedgerError::Denied { source: answer.odd() }),
        (404 | 409 | 422 | 503, Some(refused)) if body.get("about").is_some() => {
            Refusal::Ledger(LedgerError::Refused(refused))
        }
        // Its storage was put back: it does nothing but be restored.
        (503, _) if code == OLDER => Refusal::Ledger(unreachable(answer.odd())),
        (503, _) => match Conclusion::ALL.into_iter().find(|told| told.code() == code) {
            Some(conclusion) => {
                Refusal::Ledger(LedgerError::Failed { conclusion, source: answer.odd() })
            }
            None => Refusal::Other,
        },
        _ => Refusal::Other,
    })
}

/// The deployment gave nothing, and nothing has happened.
fn unreachable(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> LedgerError {
    LedgerError::Failed { conclusion: Conclusion::Unreachable, source: source.into() }
}

/// What came is no answer of a ledger.
fn nonsense<T>(read: Option<T>) -> Result<T, LedgerError> {
    read.ok_or_else(|| unreachable(CallError::Nonsense))
}

impl Ledger for Remote {
    /// The deployment's own clock says when.
    fn change(&mut self, change: &Change, _: UnixMillis) -> Result<Receipt, LedgerError> {
        let told = self.alter(&words::of_change(change))?;
        let unknown = || LedgerError::Unknown { source: Box::new(CallError::Nonsense) };
        words::receipt(&told).ok_or_else(unknown)
    }

    fn key(&mut self, id: &str) -> Result<Option<Key>, LedgerError> {
        nonsense(words::key(&self.look(&words::look_at_key(id))?))
    }

    fn key_of(&mut self, lookup: LookupId) -> Result<Option<Key>, LedgerError> {
        nonsense(words::key(&self.look(&words::look_at_secret(lookup))?))
    }

    fn keys(
        &mut self,
        after: Option<&str>,
        limit: usize,
        tenant: Option<&str>,
    ) -> Result<Page, LedgerError> {
        nonsense(words::page(&self.look(&words::look_at_keys(after, limit, tenant))?))
    }

    fn stamp(&mut self) -> Result<Stamp, LedgerError> {
        nonsense(words::stamp_of(&self.look(&words::look_at_stamp())?))
    }

    fn stopped(&mut self, tenant: &str, owner: &str) -> Result<Stopped, LedgerError> {
        nonsense(words::stopped(&self.look(&words::look_at_stops(tenant, owner))?))
    }

    fn tenants(&mut self, after: Option<&str>, limit: usize) -> Result<Vec<Holder>, LedgerError> {
        let told = self.look(&words::look_at_tenants(after, limit))?;
        nonsense(words::holders(&told, "tenants"))
    }

    fn owners(
        &mut self,
        tenant: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Holder>, LedgerError> {
        let told = self.look(&words::look_at_owners(tenant, after, limit))?;
        nonsense(words::holders(&told, "owners"))
    }

    /// The deployment's own clock says when.
    fn peppers_in_use(&mut self, _: UnixMillis) -> Result<[u64; 16], LedgerError> {
        nonsense(words::peppers(&self.look(&words::look_at_peppers())?))
    }
}
