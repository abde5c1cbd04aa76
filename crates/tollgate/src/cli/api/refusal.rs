//! What is said where the management API refuses, or does not answer: what is wrong, and what to do next.

use std::path::Path;

use serde_json::Value;

use super::{Question, Reply};
use crate::{
    cli::{Failure, flags, site::Site},
    config::ADMIN_KEY,
    exit::Exit,
    remote::CallError,
};

/// The longest code that is repeated.
const CODE_MAX: usize = 64;

/// So much of what somebody says is repeated, in characters.
const SAID_MAX: usize = 512;

/// Of so many places it is said at most what is wrong.
const FINDINGS_MAX: usize = 32;

/// The status of what cannot answer now.
const BUSY: u16 = 503;

/// What answers is no management API.
pub(super) fn nonsense(status: u16) -> Failure {
    let message = format!(
        "what answered {status} there is no management API: the url of a target is what stands before /api"
    );
    Failure::failed("api_unknown", message)
}

/// There is no answer.
pub(super) fn unanswered(error: CallError, changes: bool, site: &Site) -> Failure {
    let place = site.profile().map(|profile| profile.url.to_string()).unwrap_or_default();
    let mut message = format!("{place}: {error}");
    let mut source = std::error::Error::source(&error);
    while let Some(error) = source {
        message.push_str(&format!(": {error}"));
        source = error.source();
    }
    if error.was_sent() && changes {
        let next = "it is not known whether the change was made: look at what is there before making it again";
        return Failure::failed("change_unknown", format!("{next}: {message}"));
    }
    Failure::failed("unreachable", message)
        .next("does `tollgate serve` run there, with [control] in its configuration?")
}

/// Why `reply` gives nothing.
pub(super) fn of(reply: &Reply, question: &Question, site: &Site) -> Failure {
    let Ok(body) = serde_json::from_slice::<Value>(&reply.body) else {
        // Somebody before it may say so without a word of what a management API says.
        return match reply.retry_after.as_deref().filter(|_| reply.status == BUSY) {
            Some(wait) => Failure::failed("unavailable", busy(wait)),
            None => nonsense(reply.status),
        };
    };
    let code = body.get("code").and_then(Value::as_str).unwrap_or_default();
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if code.is_empty() || code.len() > CODE_MAX || !code.bytes().all(plain) {
        return nonsense(reply.status);
    }
    let mut message = said(body.get("detail").and_then(Value::as_str).unwrap_or(code));
    let findings = body.get("errors").and_then(Value::as_array);
    for finding in findings.into_iter().flatten().take(FINDINGS_MAX) {
        message.push('\n');
        message.push_str(&found(finding, question.flags));
    }
    for line in next(reply, code, site) {
        message.push('\n');
        message.push_str(&line);
    }
    Failure::told(exit(reply.status, code), code.to_owned(), message)
}

/// How the process ends.
const fn exit_of(status: u16) -> Exit {
    match status {
        400 | 413 | 415 | 422 => Exit::Usage,
        401 | 403 | 404 | 405 | 409 | 412 | 428 => Exit::Refused,
        _ => Exit::Failed,
    }
}

fn exit(status: u16, code: &str) -> Exit {
    // What is asked is right: it does not go with what is there.
    let there = ["field_fixed", "identity_too_long"];
    if there.contains(&code) { Exit::Refused } else { exit_of(status) }
}

/// One thing that is wrong, by the name under which it was given.
fn found(finding: &Value, is_flags: bool) -> String {
    let text = |name: &str| finding.get(name).and_then(Value::as_str);
    let detail = text("detail").unwrap_or("is wrong");
    let place = match (text("pointer"), text("parameter"), text("header")) {
        (Some(pointer), ..) if is_flags => flags::at(pointer),
        (Some(pointer), ..) => pointer.to_owned(),
        (None, Some(name), _) => format!("--{}", name.replace('_', "-")),
        (None, None, Some(name)) => name.to_owned(),
        (None, None, None) => String::new(),
    };
    said(&format!("  {place} {detail}"))
}

/// What to do next.
fn next(reply: &Reply, code: &str, site: &Site) -> Vec<String> {
    let list = |what: &str| vec![format!("`{}` lists what there is", site.command(what))];
    let of = |line: String| vec![line];
    match (reply.status, code) {
        (401, _) => of(format!(
            "the admin key of {} is not accepted: put another in its place, or make one with `tollgate keys create` where \
             the store is",
            key_place(site)
        )),
        (403, "forbidden" | "scope_missing") => {
            of("this needs an admin key with the scopes for it and, for another tenant or for tenants themselves, one of the \
                operators' tenant"
                .to_owned())
        }
        (404, "not_found") => {
            of("is the url of the target what stands before /api, and is the gate there as new as this command?".to_owned())
        }
        (404, "key_unknown") => list("keys list"),
        (404, "owner_unknown") => list("owners list TENANT"),
        (404, "tenant_unknown") => list("tenants list"),
        (404, "role_unknown") => list("roles list TENANT"),
        (404, "template_unknown") => list("templates list TENANT"),
        (409, "tenant_exists" | "owner_exists" | "role_exists" | "template_exists") => {
            of("`update` changes what there is".to_owned())
        }
        (412, _) => of("`show` tells its version now".to_owned()),
        // Nothing was done: what a change has come to without an answer has a code of its own.
        (BUSY, "unavailable") => of(busy(reply.retry_after.as_deref().unwrap_or("1"))),
        (429, _) => {
            let wait = reply.retry_after.as_deref().unwrap_or("60");
            of(format!("try again in {} s", said(wait)))
        }
        _ => vec![],
    }
}

/// There is an API, and it cannot answer now.
fn busy(wait: &str) -> String {
    format!("busy: try again in {} s", said(wait))
}

fn key_place(site: &Site) -> String {
    let file = |path: &Path| path.display().to_string();
    match (site.source.environment.admin_key(), site.profile()) {
        (Some(_), _) => ADMIN_KEY.to_owned(),
        (None, Ok(profile)) => file(&profile.admin_key),
        (None, Err(_)) => "the command".to_owned(),
    }
}

/// What somebody else says, cut and without what would steer a terminal.
fn said(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(SAID_MAX).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{exit, found, said};
    use crate::exit::Exit;

    #[test]
    fn what_is_wrong_is_called_as_it_was_given() {
        let at = |pointer: &str| json!({ "pointer": pointer, "code": "x", "detail": "must be so" });
        for (pointer, flags, body) in [
            (
                "/limits/0/rate",
                "  --limit number 1: its rate must be so",
                "  /limits/0/rate must be so",
            ),
            ("/scopes/2", "  --scope number 3 must be so", "  /scopes/2 must be so"),
            ("/owner", "  --owner must be so", "  /owner must be so"),
            ("/labels/team", "  --label team must be so", "  /labels/team must be so"),
        ] {
            assert_eq!(found(&at(pointer), true), flags);
            assert_eq!(found(&at(pointer), false), body);
        }
        let parameter = json!({ "parameter": "unused_since", "detail": "must be so" });
        assert_eq!(found(&parameter, true), "  --unused-since must be so");
    }

    #[test]
    fn each_kind_of_refusal_ends_in_its_own_way() {
        for (status, code, expected) in [
            (400, "query_invalid", Exit::Usage),
            (422, "body_invalid", Exit::Usage),
            (422, "field_fixed", Exit::Refused),
            (401, "key_revoked", Exit::Refused),
            (403, "forbidden", Exit::Refused),
            (404, "key_unknown", Exit::Refused),
            (409, "in_use", Exit::Refused),
            (412, "version_differs", Exit::Refused),
            (429, "too_many_attempts", Exit::Failed),
            (503, "unavailable", Exit::Failed),
            (502, "anything", Exit::Failed),
            (302, "anything", Exit::Failed),
        ] {
            assert_eq!(exit(status, code), expected, "{status} {code}");
        }
    }

    #[test]
    fn nothing_that_somebody_says_steers_the_terminal() {
        assert_eq!(said("a\u{1b}[31mb\r\n"), "a[31mb");
        assert_eq!(said(&"x".repeat(600)).len(), 512);
    }
}
