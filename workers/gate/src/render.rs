//! What the other side is told to do: the lines of each answer.

use std::net::IpAddr;

use tollgate_gate::{Extra, Passage, Policy};
use tollgate_http::{
    answer::Answer,
    hygiene::{self, Hop, Inward, Outward, cache},
};
use tollgate_store_cloudflare::page::Page;

use crate::head::{Field, Head, fields, line, walk};

/// How the origin and the client learn by which name a request is in the log.
const REQUEST_ID: &str = "x-request-id";

/// The request goes on. Lines: the target as it is forwarded; the names of fields that do not go on; what
/// [`returned`] needs to know of it; fields to be set. An empty line, and the fields that the client's answer gets.
///
/// None if the head names too many fields of its connection.
pub(crate) fn onward(
    page: &mut Page,
    policy: &Policy,
    head: &Head<'_>,
    (path, query): (&str, Option<&[u8]>),
    passage: &Passage,
    id: &str,
) -> Option<()> {
    let websocket = head.wants_websocket();
    let hop = Hop::read(walk(&head.fields)).ok()?;
    let (sources, brand) = (policy.sources(), policy.prover().brand());
    let inward = Inward { hop: &hop, sources, brand, trusted: false, trailers: false, websocket };
    page.output.clear();
    page.push(path);
    if let Some(spelled) = query {
        let kept = tollgate_http::credential::query_without_key(spelled, sources, brand);
        // A query that was nothing but the key is none.
        if !kept.is_empty() || spelled.is_empty() {
            page.push("?");
            page.push(std::str::from_utf8(&kept).ok()?);
        }
    }
    page.push("\n");
    let stays = |(name, value): &Field<'_>| {
        !hygiene::reaches_origin(name, value, &inward) || name.eq_ignore_ascii_case(b"expect")
    };
    for (place, (name, _)) in head.fields.iter().filter(|field| stays(field)).enumerate() {
        if place > 0 {
            page.push(" ");
        }
        page.push(std::str::from_utf8(name).ok()?);
    }
    page.push("\n");
    for flag in [passage.cacheable, passage.identity.is_some(), passage.cors_answered, websocket] {
        page.push(if flag { "1" } else { "0" });
    }
    page.push("\n");
    plain(page, REQUEST_ID, id);
    match head.address {
        // IPv4 has one spelling, which is the one that was read.
        Some(IpAddr::V4(_)) => plain(page, "x-forwarded-for", head.spelled),
        Some(address) => plain(page, "x-forwarded-for", &address.to_canonical().to_string()),
        None => {}
    }
    // Last, so that nothing takes it away.
    if let Some(identity) = &passage.identity {
        plain(page, hygiene::IDENTITY_FIELD, identity.value());
    }
    page.push("\n");
    extra(page, &passage.extra);
    plain(page, REQUEST_ID, id);
    Some(())
}

/// What the client gets of the origin's answer, of which the other side wrote the flags of [`onward`] and the fields.
/// Lines: the names of fields that do not go on, then fields to be set, then fields to be added after an empty line.
pub(crate) fn returned(page: &mut Page, policy: &Policy, text: &[u8]) -> Option<()> {
    let (flags, rest) = line(text)?;
    let [cacheable, known, cors_answered, websocket] = *flags else { return None };
    let [cacheable, known, cors_answered, websocket] =
        [cacheable, known, cors_answered, websocket].map(|flag| flag == b'1');
    let answer = fields(rest)?;
    let hop = Hop::read(walk(&answer)).ok()?;
    let private = !cacheable;
    let outward = Outward {
        hop: &hop,
        private,
        cors_answered,
        style: policy.style(),
        trailers: false,
        websocket,
    };
    page.output.clear();
    let stays = |(name, value): &&Field<'_>| {
        !hygiene::reaches_client(name, value, &outward)
            || name.eq_ignore_ascii_case(REQUEST_ID.as_bytes())
    };
    for (place, (name, _)) in answer.iter().filter(stays).enumerate() {
        if place > 0 {
            page.push(" ");
        }
        page.push(std::str::from_utf8(name).ok()?);
    }
    page.push("\n");
    if private {
        let said = answer.iter().filter(|(name, _)| name.eq_ignore_ascii_case(b"cache-control"));
        // What an origin that says nothing comes to is known beforehand.
        let mut said = said.map(|(_, value)| *value).peekable();
        if said.peek().is_some() {
            field(page, "cache-control", &cache::forced(said));
        } else {
            field(page, "cache-control", "private");
        }
    }
    page.push("\n");
    if known {
        field(page, "vary", policy.vary());
    }
    Some(())
}

/// The gate answers itself. Lines: the status, then the fields; an empty line, and the body.
pub(crate) fn answered(page: &mut Page, answer: &Answer, id: &str) {
    page.output.clear();
    page.push(&answer.status.to_string());
    page.push("\n");
    extra(page, &answer.fields);
    plain(page, REQUEST_ID, id);
    page.push("\n");
    page.push(&answer.body);
}

/// An answer without a body, with `fields`.
pub(crate) const fn bare(fields: Extra) -> Answer {
    Answer { status: 204, fields, body: String::new() }
}

fn extra(page: &mut Page, fields: &Extra) {
    for (name, value) in fields {
        field(page, name, value);
    }
}

/// A field, on a line of its own. What would end the line is no value of a field, so such a field is left out.
fn field(page: &mut Page, name: &str, value: &str) {
    if !value.bytes().any(|byte| byte < b' ' && byte != b'\t' || byte == 0x7f) {
        plain(page, name, value);
    }
}

/// A field whose value was made here, of characters that end no line.
fn plain(page: &mut Page, name: &str, value: &str) {
    for part in [name, ":", value, "\n"] {
        page.push(part);
    }
}
