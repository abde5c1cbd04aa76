//! The spellings of texts: each is decided by whoever reads it in the end.

use tollgate_core::{
    id::{ID_MAX, Id},
    key::{ENV_MAX, Env},
    network::{Address, BLOCK_TEXT_MAX, Block, Country},
    scope::{SCOPE_MAX, SCOPE_SIDE_MAX, Scope},
};
use tollgate_ledger::{LABEL_MAX, RESERVED, check_name, rule};

use super::{check::shown, shape::Spelling};

/// An identifier.
pub(crate) static ID: Spelling = Spelling {
    format: "tollgate-id",
    fits: |text| Id::new(text).is_ok(),
    rule: rule::ID,
    pattern: Some("^[A-Za-z0-9._+-]*@?[A-Za-z0-9._+-]*$"),
    min: 1,
    max: ID_MAX,
};

/// An identifier of what is made by it: one of dots alone could stand in no path.
pub(super) static NEW_ID: Spelling = Spelling {
    format: "tollgate-new-id",
    fits: |text| Id::new(text).is_ok() && text.bytes().any(|byte| byte != b'.'),
    rule: "must be 1 to 64 of A-Z a-z 0-9 . _ + - @, with at most one @, and not of dots alone",
    pattern: Some("^(?!\\.+$)[A-Za-z0-9._+-]*@?[A-Za-z0-9._+-]*$"),
    min: 1,
    max: ID_MAX,
};

/// The name of a limit or a quota.
pub(super) static LIMIT_NAME: Spelling = Spelling {
    format: "tollgate-limit-name",
    fits: |text| Id::new(text).is_ok() && !text.starts_with(RESERVED),
    rule: "must be 1 to 64 of A-Z a-z 0-9 . _ + - @, with at most one @ and that not first",
    pattern: Some("^[A-Za-z0-9._+-]+@?[A-Za-z0-9._+-]*$"),
    min: 1,
    max: ID_MAX,
};

/// What people call something.
pub(super) static NAME: Spelling = Spelling {
    format: "tollgate-name",
    fits: |text| check_name(text).is_ok() && text.chars().all(shown),
    rule: rule::NAME,
    pattern: Some(super::schema::SHOWN),
    min: 1,
    max: LABEL_MAX,
};

/// An environment.
pub(super) static ENV: Spelling = Spelling {
    format: "tollgate-env",
    fits: |text| Env::new(text).is_ok(),
    rule: rule::ENV,
    pattern: Some("^[a-z0-9]{1,8}$"),
    min: 1,
    max: ENV_MAX,
};

/// A scope.
pub(super) static SCOPE: Spelling = Spelling {
    format: "tollgate-scope",
    fits: |text| Scope::new(text).is_ok(),
    rule: rule::SCOPE,
    pattern: Some("^(\\*|[a-z0-9_.-]{1,32}):(\\*|[a-z0-9_.-]{1,32})$"),
    min: 3,
    max: SCOPE_MAX,
};

/// A block of addresses.
pub(super) static BLOCK: Spelling = Spelling {
    format: "tollgate-block",
    fits: |text| Block::parse(text).is_ok(),
    rule: rule::BLOCK,
    // Which bits may be set is more than an expression can say.
    pattern: None,
    min: 4,
    max: BLOCK_TEXT_MAX,
};

/// An address.
pub(super) static ADDRESS: Spelling = Spelling {
    format: "tollgate-address",
    fits: |text| Address::parse(text).is_ok(),
    rule: "must be an address of IPv4 or IPv6",
    // What an address of IPv6 may be is more than an expression should say.
    pattern: None,
    min: 2,
    max: 45,
};

/// A country.
pub(super) static COUNTRY: Spelling = Spelling {
    format: "tollgate-country",
    fits: |text| Country::new(text.as_bytes()).is_some(),
    rule: rule::COUNTRY,
    pattern: Some("^(?!XX)[A-Z][A-Z0-9]$"),
    min: 2,
    max: 2,
};

/// The name of a label: a word as scopes are made of.
pub(super) static LABEL: Spelling = Spelling {
    format: "tollgate-label",
    fits: label,
    rule: "must be 1 to 32 of a-z 0-9 _ . -",
    pattern: Some("^[a-z0-9_.-]{1,32}$"),
    min: 1,
    max: SCOPE_SIDE_MAX,
};

/// A part of a name, as naming rules have it.
pub(super) static NAME_PART: Spelling = Spelling {
    format: "tollgate-name-part",
    fits: |text| text.len() <= super::template::NAME_PART_MAX && (NAME.fits)(text),
    rule: "must be 1 to 64 bytes without control characters",
    pattern: Some(super::schema::SHOWN),
    min: 1,
    max: super::template::NAME_PART_MAX,
};

fn label(text: &str) -> bool {
    let word = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'.' | b'-');
    (1..=SCOPE_SIDE_MAX).contains(&text.len()) && text.bytes().all(word)
}
