//! Where a list goes on: a text that only the query that it came from reads.

use core::fmt::Write;

use tollgate_core::{
    id::{ID_MAX, Id},
    json::INTEGER_MAX,
};
use tollgate_ledger::{KeyState, LABEL_MAX};

use super::{KeyQuery, ListQuery, Sort, SortBy};
use crate::model::shape::Spelling;

/// The longest cursor: a sum, a kind, a name and an id in hexadecimal digits, a hyphen.
pub const CURSOR_BYTES_MAX: usize = 16 + 1 + 2 * LABEL_MAX + 1 + 2 * ID_MAX;

/// What a cursor looks like before anybody knows whose it is.
pub(super) static SPELLING: Spelling = Spelling {
    format: "tollgate-cursor",
    fits: |text| {
        let plain = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f' | b'n' | b't' | b'-');
        (1..=CURSOR_BYTES_MAX).contains(&text.len()) && text.bytes().all(plain)
    },
    rule: "must be the next of a page",
    pattern: Some("^[0-9a-fnt-]+$"),
    min: 1,
    max: CURSOR_BYTES_MAX,
};

/// A place in an order: after everything that is less, or less by its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// What the order looks at first.
    pub value: Value,
    /// The id.
    pub id: String,
}

/// What an order looks at first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    /// An instant.
    Number(u64),
    /// A text, byte by byte.
    Text(String),
}

impl Position {
    /// The cursor of this place, for the query of this mark: a sum over both, then the place.
    pub(super) fn text(&self, mark: u64) -> String {
        let mut place = String::new();
        match &self.value {
            Value::Number(number) => {
                place.push('n');
                push_hex(&mut place, &number.to_be_bytes());
            }
            Value::Text(value) => {
                place.push('t');
                push_hex(&mut place, value.as_bytes());
            }
        }
        place.push('-');
        push_hex(&mut place, self.id.as_bytes());
        let mut sum = Mark(mark);
        sum.add(Some(&place));
        format!("{:016x}{place}", sum.0)
    }

    /// The place that a cursor of the query of this mark says; none if it is any other text.
    pub(super) fn read(cursor: &str, mark: u64) -> Option<Self> {
        let (value, id) = cursor.get(16..)?.split_once('-')?;
        let value = if let Some(digits) = value.strip_prefix('n') {
            let number = u64::from_be_bytes(bytes(digits)?.try_into().ok()?);
            Value::Number(Some(number).filter(|&number| number <= INTEGER_MAX)?)
        } else {
            Value::Text(String::from_utf8(bytes(value.strip_prefix('t')?)?).ok()?)
        };
        let id = String::from_utf8(bytes(id)?).ok().filter(|id| Id::new(id).is_ok())?;
        let read = Self { value, id };
        // One spelling only, and the sum of this query.
        (read.text(mark) == cursor).then_some(read)
    }

    pub(super) const fn is_number(&self) -> bool {
        matches!(self.value, Value::Number(_))
    }
}

impl KeyQuery {
    /// The cursor that goes on after `position`.
    #[must_use]
    pub fn cursor(&self, position: &Position) -> String {
        position.text(self.mark())
    }

    /// What tells this query from others: all but how many are wanted and after which.
    ///
    /// It need not withstand anybody: who makes a cursor up begins somewhere else in a list that is shown to them
    /// anyway, since the tenant is never read from it.
    pub(super) fn mark(&self) -> u64 {
        let Self {
            tenant,
            text,
            owner,
            env,
            state,
            scope,
            label,
            expiring_before,
            unused_since,
            sort,
            ..
        } = self;
        let mut mark = Mark::new();
        mark.add(Some("keys"));
        mark.add(Some(tenant));
        for filter in [text, owner, env, scope] {
            mark.add(filter.as_deref());
        }
        mark.add(state.map(|state| match state {
            KeyState::Active => "active",
            KeyState::Disabled => "disabled",
            KeyState::Revoked => "revoked",
        }));
        mark.add(label.as_ref().map(|(name, _)| name.as_str()));
        mark.add(label.as_ref().and_then(|(_, value)| value.as_deref()));
        for instant in [expiring_before, unused_since] {
            mark.add(instant.map(|instant| instant.to_string()).as_deref());
        }
        let Sort { by, descending } = sort;
        let by = match by {
            SortBy::Created => "created",
            SortBy::Name => "name",
            SortBy::Expires => "expires",
            SortBy::Id => "id",
        };
        mark.add(Some(by));
        mark.add(descending.then_some("-"));
        mark.0
    }
}

impl ListQuery {
    /// The cursor that goes on after `id` in the list `of` something.
    #[must_use]
    pub fn cursor(&self, of: &str, id: &str) -> String {
        let position = Position { value: Value::Text(String::new()), id: id.to_owned() };
        position.text(self.mark(of))
    }

    pub(super) fn mark(&self, of: &str) -> u64 {
        let mut mark = Mark::new();
        for part in [Some("list"), Some(of), Some(self.tenant.as_str()), self.text.as_deref()] {
            mark.add(part);
        }
        mark.0
    }
}

/// FNV-1a of what was added, each with its length.
struct Mark(u64);

impl Mark {
    const fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    fn add(&mut self, part: Option<&str>) {
        let head = part.map_or_else(|| "-".to_owned(), |part| format!("{}:", part.len()));
        for byte in head.bytes().chain(part.unwrap_or_default().bytes()) {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

fn push_hex(to: &mut String, bytes: &[u8]) {
    for byte in bytes {
        // A String takes whatever it is given.
        let _ = write!(to, "{byte:02x}");
    }
}

fn bytes(digits: &str) -> Option<Vec<u8>> {
    let (pairs, []) = digits.as_bytes().as_chunks::<2>() else { return None };
    let digit = |digit: u8| char::from(digit).to_digit(16);
    let byte = |[high, low]: &[u8; 2]| {
        let value = digit(*high)?.checked_mul(16)?.checked_add(digit(*low)?)?;
        u8::try_from(value).ok()
    };
    pairs.iter().map(byte).collect()
}
