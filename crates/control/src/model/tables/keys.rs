//! What a caller says of a key.

use tollgate_core::{
    limit::Period,
    network::{BLOCKS_MAX, COUNTRIES_MAX},
    record::{LIMITS_MAX, QUOTAS_MAX},
    scope::SCOPES_MAX,
};
use tollgate_ledger::GRACE_MAX_MS;

use super::{
    DESCRIPTION, Field, ID, INSTANT, Kind, LABELS, METADATA, NAME, NUMBER, Need, QUOTA_SCOPES,
    ROLES_MAX, SCOPES, Shape, list, nullable, object, optional, patch, required, spelling,
};

/// What a key's state may be.
pub const STATES: [&str; 3] = ["active", "disabled", "revoked"];

/// Why something was disabled or revoked.
pub const REASONS: [&str; 7] =
    ["unspecified", "compromised", "superseded", "unused", "owner_left", "policy", "payment"];

/// One limit.
pub static LIMIT: Shape = object(
    "Limit",
    "One limit: `burst` tokens, `rate` more every `period_ms`. `burst` × `period_ms` is below 2^63.",
    &[&[
        required(
            "name",
            Kind::Spelled(&spelling::LIMIT_NAME),
            "Unique among the limits and quotas of the key.",
        ),
        required("scope", Kind::Word(&SCOPES), "Whose requests it counts together."),
        required("burst", NUMBER, "The tokens of a full bucket."),
        required("rate", NUMBER, "Tokens per period."),
        required("period_ms", NUMBER, "The period's length, in milliseconds."),
    ]],
);

/// One quota.
pub static QUOTA: Shape = object(
    "Quota",
    "One quota: `count` tokens in each period.",
    &[&[
        required(
            "name",
            Kind::Spelled(&spelling::LIMIT_NAME),
            "Unique among the limits and quotas of the key.",
        ),
        required("scope", Kind::Word(&QUOTA_SCOPES), "Whose requests it counts together."),
        required("count", NUMBER, "Tokens in each period."),
        required(
            "period",
            Kind::Word(&[Period::Day.as_str(), Period::Month.as_str(), Period::Total.as_str()]),
            "A UTC day, a UTC month, or all time.",
        ),
    ]],
);

const LIMITS: Kind = Kind::List { of: &Kind::Object(&LIMIT), max: LIMITS_MAX, distinct: false };
const QUOTAS: Kind = Kind::List { of: &Kind::Object(&QUOTA), max: QUOTAS_MAX, distinct: false };
const BLOCK: Kind = Kind::Spelled(&spelling::BLOCK);
const COUNTRY: Kind = Kind::Spelled(&spelling::COUNTRY);
const SCOPE: Kind = Kind::Spelled(&spelling::SCOPE);
const BLOCKS: Kind = list(&BLOCK, BLOCKS_MAX);
const COUNTRIES: Kind = list(&COUNTRY, COUNTRIES_MAX);
pub(super) const SCOPE_LIST: Kind = list(&SCOPE, SCOPES_MAX);

/// What people say about a key.
pub(super) const fn said(need: Need) -> [Field; 2] {
    [
        Field::new("name", NAME, need, "What people call the key."),
        Field::new("description", DESCRIPTION, need, "What it is for."),
    ]
}

/// What a key may do, as a template may have it too: what must be named, then what else is a list, then texts.
pub(super) const fn may(named: Need, lists: Need, texts: Need) -> [Field; 11] {
    [
        Field::new(
            "plan",
            ID,
            texts,
            "What the customer pays for: carried to the origin, never judged.",
        ),
        Field::new(
            "scopes",
            SCOPE_LIST,
            named,
            "What the key may do, beside what its roles grant.",
        ),
        Field::new("roles", list(&ID, ROLES_MAX), lists, "The roles whose scopes it has as well."),
        Field::new(
            "limits",
            LIMITS,
            named,
            "How fast it may do it. An empty list means unlimited, which is said and never assumed.",
        ),
        Field::new("quotas", QUOTAS, lists, "How often it may do it."),
        Field::new(
            "ips_allowed",
            BLOCKS,
            lists,
            "Blocks of addresses that it may be used from; empty: any that is not denied.",
        ),
        Field::new(
            "ips_denied",
            BLOCKS,
            lists,
            "Blocks of addresses that it may not be used from.",
        ),
        Field::new(
            "countries_allowed",
            COUNTRIES,
            lists,
            "Countries that it may be used from; empty: any that is not denied.",
        ),
        Field::new("countries_denied", COUNTRIES, lists, "Countries that it may not be used from."),
        Field::new(
            "metadata",
            Kind::Map(&METADATA),
            lists,
            "Names and texts of the caller's own: kept, never judged.",
        ),
        Field::new("labels", Kind::Map(&LABELS), lists, "Names and words that keys are found by."),
    ]
}

/// From when until when a key is valid.
pub(super) const fn span(need: Need) -> [Field; 2] {
    [
        Field::new(
            "not_before",
            INSTANT,
            need,
            "The first instant at which it is valid, in milliseconds since 1970.",
        ),
        Field::new(
            "expires",
            INSTANT,
            need,
            "The first instant at which it is valid no more, likewise.",
        ),
    ]
}

pub(super) const ENV_ABOUT: &str =
    "The environment: it never changes, because the key itself names it.";

const SAID: [Field; 2] = said(Need::Nullable);
const MAY: [Field; 11] = may(Need::Optional, Need::Optional, Need::Nullable);
const MUST: [Field; 11] = may(Need::Required, Need::Optional, Need::Nullable);
const SPAN: [Field; 2] = span(Need::Nullable);

/// A key to be made.
pub static NEW_KEY: Shape = object(
    "NewKey",
    "A key to be made. What is left out comes from the template; `limits` and `env` must come from one of the two.",
    &[
        &[
            nullable("template", ID, "The template that it is made by."),
            nullable("owner", ID, "Who the key acts for; unless it is said, whoever asks."),
            nullable("env", Kind::Spelled(&spelling::ENV), ENV_ABOUT),
        ],
        &SAID,
        &MAY,
        &SPAN,
    ],
);

/// A key's settings in the place of all of them.
pub static KEY_PUT: Shape = object(
    "KeyPut",
    "Other settings in the place of all that a key has. Its tenant, env and template never change.",
    &[&[required("owner", ID, "Who the key acts for.")], &SAID, &MUST, &SPAN],
);

/// A change of some of a key's settings.
pub static KEY_PATCH: Shape = patch(
    "KeyPatch",
    "A merge patch (RFC 7396) of a key's settings: null removes, a list replaces, metadata and labels are merged.",
    KEY_PUT.parts,
);

/// Why something is stopped.
pub static REASON: Shape = object(
    "Reason",
    "Why a key, an owner or a tenant is disabled or revoked.",
    &[&[
        required("code", Kind::Word(&REASONS), "The reason."),
        nullable("note", DESCRIPTION, "What people should know besides."),
    ]],
);

/// One more secret.
pub static ROTATION: Shape = object(
    "Rotation",
    "One more secret, and an end for the others.",
    &[&[optional(
        "grace_ms",
        Kind::Integer { min: 0, max: GRACE_MAX_MS },
        "For how long the others are still good, in milliseconds; 0 unless it is said.",
    )]],
);
