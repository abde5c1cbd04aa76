//! What a caller asks of a list: filters, an order, and where to go on.

mod cursor;
mod filter;
mod words;

use tollgate_core::json::INTEGER_MAX;
use tollgate_ledger::KeyState;

use super::{
    check::check_text,
    shape::{Field, Kind, Need, Spelling},
    spelling,
    tables::STATES,
};
use crate::problem::{Code, Fault, Finding, Findings, Problem};
pub use cursor::{CURSOR_BYTES_MAX, Position, Value};
pub(crate) use words::Words;

/// The longest query, in bytes.
pub const QUERY_BYTES_MAX: usize = 4_096;

/// The most elements of one page.
pub const LIST_MAX: u64 = 200;

/// The same, as the length of a list.
pub(super) const LIST_MAX_LEN: usize = 200;

/// The elements of a page unless the caller says how many.
pub const LIST_USUAL: u64 = 50;

/// The most characters that are searched for.
pub const SEARCH_MAX: usize = 40;

/// What a caller names who means every tenant.
pub const ALL: &str = "*";

/// In which order keys are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SortBy {
    /// By when they were made.
    Created,
    /// By what people call them, byte by byte; what has no name is first.
    Name,
    /// By when they end; what does not end is last.
    Expires,
    /// By their ids, byte by byte.
    Id,
}

/// An order: what is alike in it is ordered by ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sort {
    /// By what.
    pub by: SortBy,
    /// Whether the largest is first.
    pub descending: bool,
}

const SORTS: [&str; 8] =
    ["created", "-created", "name", "-name", "expires", "-expires", "id", "-id"];

static LABEL: Spelling = Spelling {
    format: "tollgate-label-filter",
    fits: |text| {
        let (name, value) = text.split_once(':').map_or((text, None), |(n, v)| (n, Some(v)));
        (spelling::LABEL.fits)(name) && value.is_none_or(spelling::ID.fits)
    },
    rule: "must be name or name:value of a label",
    pattern: Some("^[a-z0-9_.-]{1,32}(:(?=.{1,64}$)[A-Za-z0-9._+-]*@?[A-Za-z0-9._+-]*)?$"),
    min: 1,
    max: 97,
};

static WHOSE: Spelling = Spelling {
    format: "tollgate-tenants",
    fits: |text| text == ALL || (spelling::ID.fits)(text),
    rule: "must be a tenant's id, or * for all",
    pattern: Some("^(\\*|[A-Za-z0-9._+-]*@?[A-Za-z0-9._+-]*)$"),
    min: 1,
    max: 64,
};

const TENANT: Field = parameter(
    "tenant",
    Kind::Spelled(&WHOSE),
    "The tenant, for callers who may see others than their own, or * for all that there are.",
);
const SEARCH: Kind = Kind::Text { min: 1, max: SEARCH_MAX };
const INSTANT: Kind = Kind::Integer { min: 1, max: INTEGER_MAX };
const LIMIT: Kind = Kind::Integer { min: 1, max: LIST_MAX };
const LIMIT_ABOUT: &str = "The most elements of the page; 50 unless it is said.";
const CURSOR: Kind = Kind::Spelled(&cursor::SPELLING);
const CURSOR_ABOUT: &str = "Where to go on: `next` of the page before, of the same query.";

/// The parameters of the list of keys.
pub(crate) static KEYS: [Field; 12] = [
    TENANT,
    parameter(
        "text",
        SEARCH,
        "Keys with this in their id, name or description, whatever the case of a-z.",
    ),
    parameter("owner", Kind::Spelled(&spelling::ID), "Keys of this owner."),
    parameter("env", Kind::Spelled(&spelling::ENV), "Keys of this environment."),
    parameter("state", Kind::Word(&STATES), "Keys in this state."),
    parameter(
        "scope",
        Kind::Spelled(&spelling::SCOPE),
        "Keys that have this scope, by a * as well.",
    ),
    parameter("label", Kind::Spelled(&LABEL), "Keys with this label, or with this value of it."),
    parameter(
        "expiring_before",
        INSTANT,
        "Keys that end before this instant, in milliseconds since 1970.",
    ),
    parameter(
        "unused_since",
        INSTANT,
        "Keys that were made before this instant and not used since, approximately.",
    ),
    parameter(
        "sort",
        Kind::Word(&SORTS),
        "The order, a - for the largest first; `id` unless it is said.",
    ),
    parameter("limit", LIMIT, LIMIT_ABOUT),
    parameter("cursor", CURSOR, CURSOR_ABOUT),
];

/// The parameters of the list of tenants, which is ordered by their ids.
pub(crate) static TENANTS: [Field; 3] = [SEARCHED, PAGE_LIMIT, PAGE_CURSOR];

/// The parameters of the lists of owners, roles and templates of one tenant, likewise.
pub(crate) static OTHERS: [Field; 4] = [
    parameter(
        "tenant",
        Kind::Spelled(&spelling::ID),
        "The tenant, for callers who may reach others than their own; the caller's own unless it is said.",
    ),
    SEARCHED,
    PAGE_LIMIT,
    PAGE_CURSOR,
];

const SEARCHED: Field = parameter(
    "text",
    SEARCH,
    "Those with this in their id, name or description, whatever the case of a-z.",
);
const PAGE_LIMIT: Field = parameter("limit", LIMIT, LIMIT_ABOUT);
const PAGE_CURSOR: Field = parameter("cursor", CURSOR, CURSOR_ABOUT);

const fn parameter(name: &'static str, kind: Kind, about: &'static str) -> Field {
    Field::new(name, kind, Need::Optional, about)
}

/// A list of keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyQuery {
    /// Whose: the caller's own tenant, or the one that it names, or [`ALL`]. Whether it may is not asked here.
    pub tenant: String,
    /// In their id, name or description.
    pub text: Option<String>,
    /// Of this owner.
    pub owner: Option<String>,
    /// Of this environment.
    pub env: Option<String>,
    /// In this state.
    pub state: Option<KeyState>,
    /// That have this scope.
    pub scope: Option<String>,
    /// With a label of this name, and of this value.
    pub label: Option<(String, Option<String>)>,
    /// That end before this instant.
    pub expiring_before: Option<u64>,
    /// That were made before this instant and not used since.
    pub unused_since: Option<u64>,
    /// Their order.
    pub sort: Sort,
    /// At most so many: 1 to [`LIST_MAX`].
    pub limit: usize,
    /// After this one.
    pub after: Option<Position>,
}

/// A list of anything else, ordered by ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListQuery {
    /// Whose: as in [`KeyQuery::tenant`].
    pub tenant: String,
    /// In their id, name or description.
    pub text: Option<String>,
    /// At most so many: 1 to [`LIST_MAX`].
    pub limit: usize,
    /// After this id.
    pub after: Option<String>,
}

impl KeyQuery {
    /// Reads the query of a caller whose own tenant is `own`. No cursor says a tenant: it goes on where the query looks,
    /// or not at all.
    ///
    /// # Errors
    ///
    /// With every parameter that is not what it should be; or when the cursor is none of this query.
    pub fn read(query: Option<&str>, own: &str) -> Result<Self, Problem> {
        let words = checked(query, &KEYS)?;
        let text = |name: &str| words.text(name).map(str::to_owned);
        let state = match words.text("state") {
            Some("active") => Some(KeyState::Active),
            Some("disabled") => Some(KeyState::Disabled),
            Some("revoked") => Some(KeyState::Revoked),
            Some(_) | None => None,
        };
        let label = words.text("label").map(|label| match label.split_once(':') {
            Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
            None => (label.to_owned(), None),
        });
        let mut read = Self {
            tenant: words.text("tenant").unwrap_or(own).to_owned(),
            text: text("text"),
            owner: text("owner"),
            env: text("env"),
            state,
            scope: text("scope"),
            label,
            expiring_before: words.number("expiring_before"),
            unused_since: words.number("unused_since"),
            sort: Sort::read(words.text("sort").unwrap_or("id")),
            limit: limit(&words),
            after: None,
        };
        if let Some(cursor) = words.text("cursor") {
            let position = Position::read(cursor, read.mark());
            let fits = |position: &Position| position.is_number() == read.sort.is_number();
            read.after = Some(position.filter(fits).ok_or_else(other_query)?);
        }
        Ok(read)
    }
}

impl ListQuery {
    /// Reads the query of the list `of` something by a caller whose own tenant is `own`.
    ///
    /// # Errors
    ///
    /// As [`KeyQuery::read`].
    pub fn read(query: Option<&str>, of: &str, own: &str) -> Result<Self, Problem> {
        let words = checked(query, &OTHERS)?;
        let text = words.text("text").map(str::to_owned);
        let tenant = words.text("tenant").unwrap_or(own).to_owned();
        let mut read = Self { tenant, text, limit: limit(&words), after: None };
        if let Some(cursor) = words.text("cursor") {
            let position = Position::read(cursor, read.mark(of));
            read.after = Some(position.map(|position| position.id).ok_or_else(other_query)?);
        }
        Ok(read)
    }
}

impl Sort {
    fn read(word: &str) -> Self {
        let (descending, word) = match word.strip_prefix('-') {
            Some(word) => (true, word),
            None => (false, word),
        };
        let by = match word {
            "name" => SortBy::Name,
            "expires" => SortBy::Expires,
            "id" => SortBy::Id,
            _ => SortBy::Created,
        };
        Self { by, descending }
    }

    const fn is_number(self) -> bool {
        matches!(self.by, SortBy::Created | SortBy::Expires)
    }
}

fn limit(words: &Words) -> usize {
    let limit = words.number("limit").unwrap_or(LIST_USUAL);
    usize::try_from(limit).unwrap_or(1)
}

fn other_query() -> Problem {
    let mut findings = Findings::new();
    findings.push(Finding::parameter("cursor", Fault::Malformed, "is none of this query"));
    Problem::found(Code::CursorInvalid, findings)
}

/// The words of a query, each of which is what its parameter must be.
pub(crate) fn checked(query: Option<&str>, table: &[Field]) -> Result<Words, Problem> {
    let mut findings = Findings::new();
    let words = Words::read(query.unwrap_or_default(), &mut findings);
    for (name, text) in words.iter() {
        let Some(field) = table.iter().find(|field| field.name == name) else {
            findings.push(Finding::parameter(name, Fault::Unknown, "is no parameter here"));
            continue;
        };
        if let Err((fault, rule)) = check_word(&field.kind, text) {
            findings.push(Finding::parameter(name, fault, rule));
        }
    }
    if findings.is_empty() { Ok(words) } else { Err(Problem::found(Code::QueryInvalid, findings)) }
}

fn check_word(kind: &Kind, text: &str) -> Result<(), (Fault, String)> {
    let Kind::Integer { min, max } = *kind else { return check_text(kind, text) };
    let rule = || format!("must be a whole number from {min} to {max}");
    match words::number(text) {
        Some(number) if (min..=max).contains(&number) => Ok(()),
        Some(_) => Err((Fault::OutOfRange, rule())),
        None => Err((Fault::NotInteger, rule())),
    }
}
