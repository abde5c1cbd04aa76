//! The parameters that operations ask for in paths and queries, each said once.

use tollgate_core::{json::INTEGER_MAX, usage::Kind as CountKind};

use super::Operation;
use crate::{
    model::{
        ID,
        shape::{Field, Kind, Need, Spelling},
    },
    problem::Code,
    reply::Refusal,
};

/// What may stand in paths.
pub static PATH: &[Field] = &[
    Field::new("id", Kind::Spelled(&ID), Need::Required, "The key's public id."),
    Field::new(
        "n",
        Kind::Integer { min: 1, max: 4_294_967_295 },
        Need::Required,
        "The number of one of the key's secrets.",
    ),
    Field::new("tenant", Kind::Spelled(&ID), Need::Required, "The tenant's id."),
    Field::new("owner", Kind::Spelled(&ID), Need::Required, "The owner's id within its tenant."),
    Field::new("name", Kind::Spelled(&ID), Need::Required, "The name within the tenant."),
];

/// Refuses what cannot be an id as what there is not, before anybody looks for it.
pub(crate) fn named(operation: &Operation, ids: &[String]) -> Result<(), Refusal> {
    for (name, id) in operation.names().zip(ids) {
        let field = PATH.iter().find(|field| field.name == name);
        if let Some(Kind::Spelled(spelling)) = field.map(|field| field.kind)
            && !(spelling.fits)(id)
        {
            return Err(unknown(operation, name).into());
        }
    }
    Ok(())
}

/// What is said of what there is not.
fn unknown(operation: &Operation, name: &str) -> Code {
    match (name, operation.name.split('.').next()) {
        ("id", _) => Code::KeyUnknown,
        ("tenant", _) => Code::TenantUnknown,
        ("owner", _) => Code::OwnerUnknown,
        (_, Some("roles")) => Code::RoleUnknown,
        (_, Some("templates")) => Code::TemplateUnknown,
        _ => Code::NotFound,
    }
}

pub(super) const fn parameter(name: &'static str, kind: Kind, about: &'static str) -> Field {
    Field::new(name, kind, Need::Optional, about)
}

/// Which tenant is meant.
pub(super) const TENANT: Field = parameter(
    "tenant",
    Kind::Spelled(&ID),
    "The tenant, for callers who may reach others than their own; the caller's own unless it is said.",
);

/// What rows of usage can be told apart by, of whatever is counted.
pub(super) const COLUMNS: [&str; 4] = ["tenant", "owner", "key", "route"];

/// What is counted: one of these.
pub(super) const KINDS: [CountKind; 3] = [CountKind::Code, CountKind::Status, CountKind::Took];

static BY: Spelling = Spelling {
    format: "tollgate-columns",
    fits: |text| {
        let words: Vec<_> = text.split(',').collect();
        let kind = |word: &str| KINDS.iter().any(|kind| kind.as_str() == word);
        let known = |word: &&str| COLUMNS.contains(word) || kind(word);
        let once =
            |at: usize, word: &&str| words.iter().position(|other| other == word) == Some(at);
        words.iter().enumerate().all(|(at, word)| known(word) && once(at, word))
            && words.iter().filter(|word| kind(word)).count() <= 1
    },
    rule: "must be some of tenant, owner, key, route, and one of code, status, took, with commas between them",
    pattern: Some(concat!(
        "^(?!.*\\b(\\w+)\\b.*\\b\\1\\b)(?!.*(code|status|took).*(code|status|took))",
        "(tenant|owner|key|route|code|status|took)(,(tenant|owner|key|route|code|status|took))*$",
    )),
    min: 3,
    max: 29,
};

const FROM: Field = parameter(
    "from",
    Kind::Integer { min: 0, max: INTEGER_MAX },
    "The instant from whose hour on is counted, in milliseconds since 1970; a day before `until` unless it is said.",
);
const UNTIL: Field = parameter(
    "until",
    Kind::Integer { min: 0, max: INTEGER_MAX },
    "The instant until whose hour is counted; now unless it is said. At most 400 days after `from`.",
);
const STEP: Field = parameter(
    "step",
    Kind::Word(&["hour", "day"]),
    "What is added up: hours, or days of UTC; hours unless it is said.",
);
const APART: Field = parameter(
    "by",
    Kind::Spelled(&BY),
    "What rows are told apart by, with commas between them; `code` unless it is said. With `status` what origins \
        answered is counted, with `took` within how many milliseconds, each where a gate forwards requests itself.",
);
const FORMAT: Field = parameter(
    "format",
    Kind::Word(&["json", "csv"]),
    "How the rows are written: as JSON, unless it is said, or as CSV.",
);
const ROUTE: Field =
    parameter("route", Kind::Text { min: 0, max: 128 }, "Requests under this route.");

/// What had no room is counted with empty names.
const NAMED: Kind = Kind::Text { min: 0, max: 64 };

/// What is counted of one key.
pub(super) static USAGE_OF_KEY: &[Field] = &[FROM, UNTIL, STEP, APART, ROUTE, FORMAT];

/// What is counted in a tenant.
pub(super) static USAGE: &[Field] = &[
    TENANT,
    FROM,
    UNTIL,
    STEP,
    APART,
    parameter("owner", NAMED, "Requests of keys of this owner."),
    parameter("key", NAMED, "Requests of this key."),
    ROUTE,
    FORMAT,
];
