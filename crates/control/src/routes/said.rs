//! What a caller says, as bytes, and what it is shown of a key.

use serde_json::{Map, Value};
use tollgate_core::time::UnixMillis;

use super::Desk;
use crate::{
    BODY_MAX, Filed,
    model::{Body, Details, KeyView, read, read_as, tables::NOTHING},
    problem::{Code, Fault, Finding, Findings, Problem},
    reply::Refusal,
};

impl Desk<'_> {
    /// The body, if it says that it is JSON; nothing sent is an empty object where nothing need be.
    pub(super) fn bytes(&self, kinds: &[&str]) -> Result<&[u8], Refusal> {
        let body = self.request.body;
        if body.len() > BODY_MAX {
            return Err(Code::BodyTooLarge.into());
        }
        if body.is_empty() {
            let required = self.operation.body.is_some_and(|takes| takes.required);
            return if required { Err(Code::BodyMalformed.into()) } else { Ok(b"{}") };
        }
        let kind = self.field("content-type")?.unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim_ascii();
        if kinds.iter().any(|known| kind.eq_ignore_ascii_case(known)) {
            Ok(body)
        } else {
            Err(Code::MediaTypeUnsupported.into())
        }
    }

    /// The body as what it should be.
    pub(super) fn said<T: Body>(&self) -> Result<T, Refusal> {
        debug_assert!(
            self.operation.body.is_some_and(|takes| takes.shape.name == T::SHAPE.name),
            "the row of an operation says what is read"
        );
        Ok(read(self.bytes(&[JSON])?)?)
    }

    /// The body as an object of its operation's shape, with no other fields than these.
    pub(super) fn object(&self, known: &[&str]) -> Result<Map<String, Value>, Refusal> {
        let bytes = self.bytes(&[JSON])?;
        let map = read_as(self.operation.body.map_or(&NOTHING, |takes| takes.shape), bytes)?;
        match map.keys().find(|name| !known.contains(&name.as_str())) {
            Some(name) => Err(wrong(name, Fault::Unknown, "is not a field here")),
            None => Ok(map),
        }
    }
}

/// What a body is.
pub(crate) const JSON: &str = "application/json";

/// What a patch may be as well.
pub(crate) const PATCH: &str = "application/merge-patch+json";

/// A field is not what it should be.
pub(super) fn wrong(field: &str, fault: Fault, rule: &'static str) -> Refusal {
    let mut findings = Findings::new();
    findings.push(Finding::at(field, fault, rule));
    Problem::found(Code::BodyInvalid, findings).into()
}

/// What is kept beside the ledger; of a key that was made without the control plane what the ledger knows.
pub(super) fn details_of(filed: &Filed) -> Details {
    let kept = filed.details.as_deref().and_then(Details::from_text);
    kept.unwrap_or_else(|| Details::of(&filed.key))
}

/// A key as it is shown.
pub(super) fn view(filed: &Filed, now: UnixMillis) -> KeyView {
    KeyView::of(&filed.key, Some(&details_of(filed)), filed.stopped, &filed.used, now)
}
