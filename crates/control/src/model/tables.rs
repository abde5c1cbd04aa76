//! Every shape there is.

mod answers;
mod audit;
mod keys;
mod others;
mod pages;
mod verdicts;
mod views;

use tollgate_core::{json::INTEGER_MAX, limit::LimitScope};

use super::{
    shape::{Entries, Field, Kind, Need, Shape},
    spelling,
};

pub use answers::{DOCUMENT, ENDED, NOTHING, USAGE, USAGE_ROW, USAGE_ROWS_MAX};
pub use audit::{LINE, LINES, PUBLIC_KEY, PUBLIC_KEYS, VERIFIED, VOUCHED, WRONG};
pub use keys::{KEY_PATCH, KEY_PUT, LIMIT, NEW_KEY, QUOTA, REASON, REASONS, ROTATION, STATES};
pub use others::{
    DEFAULTS, DEFAULTS_PATCH, NAMING, NAMING_PATCH, NEW_OWNER, NEW_ROLE, NEW_TEMPLATE, NEW_TENANT,
    OVERRIDABLE, OWNER_KINDS, OWNER_PATCH, OWNER_PUT, ROLE_PATCH, ROLE_PUT, TEMPLATE_PATCH,
    TEMPLATE_PUT, TENANT_PATCH, TENANT_PUT,
};
pub use pages::{ISSUED, KEY_PAGE, OWNER_PAGE, ROLE_PAGE, TEMPLATE_PAGE, TENANT_PAGE};
pub use verdicts::{ASKED_SCOPES_MAX, BALANCE, PRESENTED_MAX, VALIDATED, VALIDATION, VERDICT};
pub use views::{FINDING, KEY, OWNER, PROBLEM, ROLE, SECRET, TEMPLATE, TENANT};

/// The most characters of a description.
pub const DESCRIPTION_MAX: usize = 512;

/// The most entries of metadata.
pub const METADATA_MAX: usize = 32;

/// The most characters of a name in metadata.
pub const METADATA_NAME_MAX: usize = 64;

/// The most characters of a value in metadata.
pub const METADATA_VALUE_MAX: usize = 512;

/// The most bytes of all names and values of one metadata together.
pub const METADATA_BYTES_MAX: usize = 4_096;

/// The most labels.
pub const LABELS_MAX: usize = 16;

/// The most bytes of all names and values of labels together.
pub const LABELS_BYTES_MAX: usize = 1_536;

/// The most roles of one key.
pub const ROLES_MAX: usize = 16;

/// The largest number of a limit or a quota.
pub const NUMBER_MAX: u64 = 4_294_967_295;

/// The longest lifetime that a template gives: a hundred years.
pub const LIFETIME_MAX_MS: u64 = 100 * 366 * 86_400_000;

/// Every shape, in the order of the specification.
pub static SHAPES: &[&Shape] = &[
    &NEW_KEY,
    &KEY_PUT,
    &KEY_PATCH,
    &KEY,
    &SECRET,
    &LIMIT,
    &QUOTA,
    &REASON,
    &ROTATION,
    &NEW_TENANT,
    &TENANT_PUT,
    &TENANT_PATCH,
    &TENANT,
    &NEW_OWNER,
    &OWNER_PUT,
    &OWNER_PATCH,
    &OWNER,
    &NEW_ROLE,
    &ROLE_PUT,
    &ROLE_PATCH,
    &ROLE,
    &NEW_TEMPLATE,
    &TEMPLATE_PUT,
    &TEMPLATE_PATCH,
    &TEMPLATE,
    &DEFAULTS,
    &DEFAULTS_PATCH,
    &NAMING,
    &NAMING_PATCH,
    &ISSUED,
    &KEY_PAGE,
    &TENANT_PAGE,
    &OWNER_PAGE,
    &ROLE_PAGE,
    &TEMPLATE_PAGE,
    &PROBLEM,
    &FINDING,
    &DOCUMENT,
    &NOTHING,
    &VALIDATION,
    &VERDICT,
    &VALIDATED,
    &BALANCE,
    &ENDED,
    &LINE,
    &LINES,
    &VERIFIED,
    &VOUCHED,
    &WRONG,
    &PUBLIC_KEYS,
    &PUBLIC_KEY,
    &USAGE,
    &USAGE_ROW,
];

static METADATA: Entries = Entries {
    max: METADATA_MAX,
    name: Kind::Text { min: 1, max: METADATA_NAME_MAX },
    value: Kind::Text { min: 0, max: METADATA_VALUE_MAX },
    bytes_max: METADATA_BYTES_MAX,
};

static LABELS: Entries = Entries {
    max: LABELS_MAX,
    name: Kind::Spelled(&spelling::LABEL),
    value: Kind::Spelled(&spelling::ID),
    bytes_max: LABELS_BYTES_MAX,
};

const SCOPES: [&str; 5] = [
    LimitScope::Key.as_str(),
    LimitScope::Owner.as_str(),
    LimitScope::Tenant.as_str(),
    LimitScope::Ip.as_str(),
    LimitScope::Global.as_str(),
];

/// No quota is an address's.
const QUOTA_SCOPES: [&str; 4] = [
    LimitScope::Key.as_str(),
    LimitScope::Owner.as_str(),
    LimitScope::Tenant.as_str(),
    LimitScope::Global.as_str(),
];

const ID: Kind = Kind::Spelled(&spelling::ID);
const NAME: Kind = Kind::Spelled(&spelling::NAME);
const DESCRIPTION: Kind = Kind::Text { min: 0, max: DESCRIPTION_MAX };
const INSTANT: Kind = Kind::Integer { min: 1, max: INTEGER_MAX };
const NUMBER: Kind = Kind::Integer { min: 1, max: NUMBER_MAX };
const DURATION: Kind = Kind::Integer { min: 1, max: LIFETIME_MAX_MS };
const ANY_INTEGER: Kind = Kind::Integer { min: 0, max: INTEGER_MAX };

const fn list(of: &'static Kind, max: usize) -> Kind {
    Kind::List { of, max, distinct: true }
}

const fn object(
    name: &'static str,
    about: &'static str,
    parts: &'static [&'static [Field]],
) -> Shape {
    Shape { name, about, parts, patch: false }
}

const fn patch(
    name: &'static str,
    about: &'static str,
    parts: &'static [&'static [Field]],
) -> Shape {
    Shape { name, about, parts, patch: true }
}

const fn required(name: &'static str, kind: Kind, about: &'static str) -> Field {
    Field::new(name, kind, Need::Required, about)
}

const fn shown(name: &'static str, kind: Kind, about: &'static str) -> Field {
    Field::new(name, kind, Need::Shown, about)
}

const fn nullable(name: &'static str, kind: Kind, about: &'static str) -> Field {
    Field::new(name, kind, Need::Nullable, about)
}

const fn optional(name: &'static str, kind: Kind, about: &'static str) -> Field {
    Field::new(name, kind, Need::Optional, about)
}
