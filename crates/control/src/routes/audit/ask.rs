//! The parameters of the audit.

use tollgate_audit::{Actor, HASH_LEN, Hash, PAGE_MAX};
use tollgate_core::{
    id::{ID_MAX, Id},
    json::INTEGER_MAX,
};

use crate::{
    model::{
        ID,
        shape::{Field, Kind, Spelling},
    },
    routes::ask::{TENANT, parameter},
};

const NUMBER: Kind = Kind::Integer { min: 0, max: INTEGER_MAX };

const CHAIN: Field = parameter(
    "chain",
    Kind::Word(&["deployment"]),
    "The chain of the deployment's own acts, for callers who reach every tenant.",
);

static ACTOR: Spelling = Spelling {
    format: "tollgate-actor",
    fits: |text| Actor::parse(text).is_some(),
    rule: "must be key: and the id of a key, or command, or system",
    pattern: Some("^(key:[A-Za-z0-9._+-]*@?[A-Za-z0-9._+-]*|command|system)$"),
    min: 5,
    max: 4 + ID_MAX,
};

/// Lines of a chain.
pub(in crate::routes) static LINES: &[Field] = &[
    TENANT,
    CHAIN,
    parameter("actor", Kind::Spelled(&ACTOR), "Done by this one."),
    parameter("operation", Kind::Spelled(&ID), "Of this kind, such as `keys.create`."),
    parameter("subject", Kind::Spelled(&ID), "Done to this: the id of a key, an owner, a role."),
    parameter("request", Kind::Spelled(&ID), "Of this request."),
    parameter("from", NUMBER, "Not before this instant, in milliseconds since 1970."),
    parameter("until", NUMBER, "Before this instant."),
    parameter("cursor", NUMBER, "`next` of the page before."),
    parameter(
        "limit",
        Kind::Integer { min: 1, max: 200 },
        "The most lines of the page; 100 unless it is said. There may be fewer, and a next page.",
    ),
];

const _: () = assert!(PAGE_MAX == 200, "what is told is what is read");

/// A piece of a chain.
pub(in crate::routes) static EXPORT: &[Field] = &[
    TENANT,
    CHAIN,
    parameter(
        "after",
        NUMBER,
        "The piece begins after the entry of this number: 0 unless it is said.",
    ),
    parameter("through", NUMBER, "It ends with the entry of this number, if it comes so far."),
];

static CURSOR: Spelling = Spelling {
    format: "tollgate-audit-cursor",
    fits: |text| cursor(text).is_some(),
    rule: "must be the next of an answer",
    pattern: Some("^[0-9]{1,16}[.][0-9a-f]{64}$"),
    min: 2 + 2 * HASH_LEN,
    max: 17 + 2 * HASH_LEN,
};

/// Where verifying goes on.
pub(in crate::routes) static VERIFY: &[Field] =
    &[TENANT, CHAIN, parameter("cursor", Kind::Spelled(&CURSOR), "`next` of the answer before.")];

/// Where to go on: a number, and the hash that the entry of it had.
pub(super) fn cursor(text: &str) -> Option<(u64, Hash)> {
    let (number, hash) = text.split_once('.')?;
    let digits = number.len() <= 16 && number.bytes().all(|byte| byte.is_ascii_digit());
    let number = number.parse::<u64>().ok().filter(|&number| digits && number <= INTEGER_MAX)?;
    Some((number, Hash::from_hex(hash)?))
}

/// The identifier that a parameter is.
pub(super) fn id<'w>(text: Option<&'w str>) -> Option<Id<'w>> {
    text.and_then(|text| Id::new(text).ok())
}
