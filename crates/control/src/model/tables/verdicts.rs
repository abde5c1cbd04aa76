//! A key that somebody presented, and the gate's verdict on it.

use tollgate_core::{
    json::INTEGER_MAX,
    record::{LIMITS_MAX, QUOTAS_MAX},
};

use super::{
    ID, INSTANT, Kind, NAME, NUMBER_MAX, SCOPES, Shape, keys, keys::SCOPE_LIST, list, nullable,
    object, optional, required, shown, spelling,
};

/// The longest text that is taken for a key, in characters: no key is as long.
pub const PRESENTED_MAX: usize = 1_024;

/// The most scopes that are asked about at once.
pub const ASKED_SCOPES_MAX: usize = 16;

const COST: Kind = Kind::Integer { min: 0, max: NUMBER_MAX };
const SCOPE: Kind = Kind::Spelled(&spelling::SCOPE);
const WAIT: Kind = Kind::Integer { min: 0, max: INTEGER_MAX };

/// What is asked about a key.
pub static VALIDATION: Shape = object(
    "Validation",
    "A key that somebody presented, and the request that it is to be good for.",
    &[&[
        required("key", Kind::Raw { max: PRESENTED_MAX }, "What was presented."),
        optional("scopes", list(&SCOPE, ASKED_SCOPES_MAX), "What the request needs."),
        optional("cost", COST, "How many tokens it costs; 1 unless it is said."),
        nullable("ip", Kind::Spelled(&spelling::ADDRESS), "The address that it comes from."),
        nullable("country", Kind::Spelled(&spelling::COUNTRY), "The country that it comes from."),
        optional(
            "dry_run",
            Kind::Flag,
            "Whether the limits and quotas are looked at and nothing is spent; false unless it is said.",
        ),
    ]],
);

/// The verdict.
pub static VERDICT: Shape = object(
    "Verdict",
    "Whether a gate would let the request pass.",
    &[&[
        required("valid", Kind::Flag, "Whether it would."),
        shown("code", NAME, "The code that it would refuse with."),
        shown(
            "retry_after_ms",
            WAIT,
            "In what time every limit and quota that refuses would have enough, if nobody else spends; null for never.",
        ),
        required("spent", COST, "How many tokens of each limit and quota were spent."),
        shown("key", Kind::Object(&VALIDATED), "The key, if it is one that the caller may see."),
        shown(
            "limits",
            Kind::List { of: &Kind::Object(&BALANCE), max: LIMITS_MAX, distinct: false },
            "Its limits; null if it is refused before they are looked at.",
        ),
        shown(
            "quotas",
            Kind::List { of: &Kind::Object(&BALANCE), max: QUOTAS_MAX, distinct: false },
            "Its quotas, likewise.",
        ),
    ]],
);

/// A key that was presented.
pub static VALIDATED: Shape = object(
    "Validated",
    "A key that was presented.",
    &[&[
        required("id", ID, "Its public id."),
        required("tenant", ID, "The tenant that everything about it belongs to."),
        required("owner", ID, "Who it acts for."),
        required("env", Kind::Spelled(&spelling::ENV), keys::ENV_ABOUT),
        shown("plan", ID, "What the customer pays for."),
        required("scopes", SCOPE_LIST, "Every scope that it has: its own and those of its roles."),
        shown("expires", INSTANT, "The first instant at which it is valid no more."),
    ]],
);

/// How a limit or a quota stands.
pub static BALANCE: Shape = object(
    "Balance",
    "How a limit or a quota of the key stands.",
    &[&[
        required("name", ID, "Its name."),
        required("scope", Kind::Word(&SCOPES), "Whose requests it counts together."),
        required(
            "left",
            COST,
            "The tokens that are left where it is kept, after what was spent. What gates have leased is not among them.",
        ),
        required("refused", Kind::Flag, "Whether that is not enough."),
        shown("retry_after_ms", WAIT, "In what time it would be; null for never."),
    ]],
);
