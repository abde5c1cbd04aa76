//! What is kept of a tenant, an owner, a role or a template, as a text.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tollgate_core::{mac::MacKey, stamp::Stamp};

use super::Kind;
use crate::{
    DocumentKind, StoppedBy,
    model::{Marks, Owner, Reason, Tenant},
    problem::Code,
    reply::Refusal,
};

const VERSION_LABEL: &[u8] = b"tollgate control document version 1";

/// The bytes of each of a version's two numbers.
const VERSION_BYTES: usize = 6;

/// What is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Kept<T> {
    /// What is said of it; nothing of a tenant or an owner that is there by its keys, and stopped.
    pub(crate) said: Option<T>,
    /// Why it was stopped.
    pub(crate) reason: Option<Reason>,
    /// Who made it.
    pub(crate) creator: Option<String>,
    /// When it was made; 0 if nobody has.
    pub(crate) created_ms: u64,
    /// When it was last changed, likewise.
    pub(crate) updated_ms: u64,
}

impl<T: Kind> Kept<T> {
    /// What a text says; nothing where there is none.
    pub(crate) fn read(text: Option<&str>) -> Result<Self, Refusal> {
        match text {
            Some(text) => serde_json::from_str(text).map_err(|_| Code::Unavailable.into()),
            None => {
                Ok(Self { said: None, reason: None, creator: None, created_ms: 0, updated_ms: 0 })
            }
        }
    }

    /// The text as it is kept.
    pub(crate) fn text(&self) -> String {
        // Texts, numbers and lists: there is nothing in it that JSON could not say.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// It as it is shown.
    pub(crate) fn view(&self, said: T, stopped: Option<StoppedBy>, version: Stamp) -> Value {
        let known = |ms: u64| Some(ms).filter(|&ms| ms > 0);
        let marks = Marks {
            creator: self.creator.clone(),
            created: known(self.created_ms),
            updated: known(self.updated_ms),
            version: format!("{}.{}", version.incarnation, version.epoch),
        };
        said.shown(stopped, self.reason.as_ref().filter(|_| stopped.is_some()), &marks)
    }
}

/// What is kept of a tenant or an owner once nobody says any more why it was stopped; none where that is nothing. What
/// cannot be read stays: it must keep nobody from being stopped.
#[must_use]
pub fn without_reason(kind: DocumentKind, text: &str) -> Option<String> {
    fn of<T: Kind>(text: &str) -> Option<String> {
        let Ok(kept) = Kept::<T>::read(Some(text)) else { return Some(text.to_owned()) };
        let kept = Kept { reason: None, ..kept };
        kept.said.is_some().then(|| kept.text())
    }
    match kind {
        DocumentKind::Tenant => of::<Tenant>(text),
        DocumentKind::Owner => of::<Owner>(text),
        DocumentKind::Role | DocumentKind::Template => Some(text.to_owned()),
    }
}

/// The version of what a text says: another text has another one.
pub(crate) fn version(text: Option<&str>) -> Stamp {
    let sum = MacKey::new(VERSION_LABEL).mac(text.unwrap_or_default().as_bytes());
    let number = |skipped: usize| {
        let bytes = sum.iter().skip(skipped).take(VERSION_BYTES);
        bytes.fold(0_u64, |number, byte| number << 8 | u64::from(*byte))
    };
    Stamp { incarnation: number(0), epoch: number(VERSION_BYTES) }
}
