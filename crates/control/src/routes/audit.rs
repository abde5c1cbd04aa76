//! Who did what.

use serde_json::{Value, json};

use super::{Desk, holders::LIMIT_MAX};
use crate::{
    Line, Response,
    problem::{Code, Fault, Finding, Findings, Problem},
    reply::{Refusal, json as reply},
};

/// The lines of a tenant's chain after a number, as they were hashed.
pub(super) fn list(desk: &mut Desk<'_>) -> Result<Response, Refusal> {
    let (after, limit) = desk.page(&["tenant"])?;
    let after = match after {
        None => 0,
        Some(text) => {
            let digits = text.len() <= 15 && text.bytes().all(|byte| byte.is_ascii_digit());
            let number = text.parse::<u64>().ok().filter(|_| digits);
            number.ok_or_else(|| {
                let mut findings = Findings::new();
                let rule = "must be the number of a line";
                findings.push(Finding::parameter("after", Fault::NotInteger, rule));
                Problem::found(Code::QueryInvalid, findings)
            })?
        }
    };
    let tenant = desk.tenant_seen()?;
    let lines = desk.books.audit(&tenant, after, limit.min(LIMIT_MAX))?;
    let full = lines.len() >= limit;
    let next = lines.last().filter(|_| full).map(|line| line.number.to_string());
    let read = |Line { number, text }: &Line| {
        let entry: Value = serde_json::from_str(text).unwrap_or_default();
        json!({ "number": number, "line": text, "entry": entry.get("entry") })
    };
    let lines: Vec<Value> = lines.iter().map(read).collect();
    Ok(reply(200, &json!({ "lines": lines, "next": next })))
}
