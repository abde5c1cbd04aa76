//! What else is asked and answered: states, usage.

use super::{ANY_INTEGER, ID, Kind, Shape, object, optional, required};

/// The most rows of usage in one answer.
pub const USAGE_ROWS_MAX: usize = 5_000;

/// A body that says nothing.
pub static NOTHING: Shape = object("Nothing", "Nothing is said: an empty object, or no body.", &[]);

/// The document of the operations.
pub static DOCUMENT: Shape = object(
    "Document",
    "An OpenAPI 3.1 document.",
    &[&[
        required("openapi", Kind::Word(&["3.1.0"]), "The version of OpenAPI."),
        required("info", Kind::Any, "What it is about."),
        required("servers", Kind::Any, "Where the operations are."),
        required("tags", Kind::Any, "What operations are about."),
        required("paths", Kind::Any, "The operations, by their paths."),
        required("components", Kind::Any, "What they refer to."),
    ]],
);

/// A key that has ended.
pub static ENDED: Shape = object(
    "EndedKey",
    "The key that asked, which is good no more.",
    &[&[
        required("id", ID, "Its public id."),
        required("state", Kind::Word(&["revoked"]), "What has been decided about it."),
    ]],
);

const ABOUT: &str = "What the answer has, in its order.";
const COLUMN: &str = "What the row is told apart by, where `by` says so.";
const WORD: Kind = Kind::Raw { max: 128 };

/// A row of usage.
pub static USAGE_ROW: Shape = object(
    "UsageRow",
    "So many requests came to the same.",
    &[&[
        required("at", ANY_INTEGER, "When the hour or the day began, in milliseconds since 1970."),
        optional("tenant", WORD, COLUMN),
        optional("owner", WORD, COLUMN),
        optional("key", WORD, COLUMN),
        optional("route", WORD, COLUMN),
        optional("code", WORD, COLUMN),
        optional("status", WORD, "The class of the origin's answers, or `none` where none came."),
        optional(
            "took",
            WORD,
            "Within how many milliseconds the origin answered, and not within the next fewer; `inf` beyond all.",
        ),
        required("count", ANY_INTEGER, "How many."),
    ]],
);

const ONE_ROW: Kind = Kind::Object(&USAGE_ROW);

/// What was counted, added up.
pub static USAGE: Shape = object(
    "Usage",
    "What was counted, added up.",
    &[&[
        required("from", ANY_INTEGER, "From this instant on, in milliseconds since 1970."),
        required("until", ANY_INTEGER, "Before this one."),
        required("rows", Kind::List { of: &ONE_ROW, max: USAGE_ROWS_MAX, distinct: false }, ABOUT),
    ]],
);
