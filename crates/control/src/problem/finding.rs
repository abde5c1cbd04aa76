//! What is wrong with one place of a body or a query.

use std::borrow::Cow;

use serde::{Serialize, Serializer, ser::SerializeMap};

/// The most findings that one answer lists.
pub const PROBLEMS_MAX: usize = 32;

/// The longest pointer, in bytes: what lies deeper is told at what it lies in.
pub const POINTER_BYTES_MAX: usize = 512;

/// What is wrong with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It must be there, and is not.
    Required,
    /// Nothing of this name may be there.
    Unknown,
    /// It is there twice.
    Duplicate,
    /// It is of another type.
    WrongType,
    /// It is a number with a fraction, an exponent or a sign where a whole number is due.
    NotInteger,
    /// It is a number that is too small or too large.
    OutOfRange,
    /// It is a text with too few characters.
    TooShort,
    /// It is a text with too many characters or bytes.
    TooLong,
    /// It is a list or a map with too many elements.
    TooMany,
    /// It lies in too many lists and objects.
    TooDeep,
    /// It is not spelled as it should be.
    Malformed,
    /// It may not be given, or not so, by this caller or with this template.
    NotAllowed,
    /// It does not go with another field.
    Conflict,
    /// It names what there is not.
    UnknownName,
}

impl Fault {
    /// Every fault, in the order of the specification.
    pub const ALL: [Self; 14] = [
        Self::Required,
        Self::Unknown,
        Self::Duplicate,
        Self::WrongType,
        Self::NotInteger,
        Self::OutOfRange,
        Self::TooShort,
        Self::TooLong,
        Self::TooMany,
        Self::TooDeep,
        Self::Malformed,
        Self::NotAllowed,
        Self::Conflict,
        Self::UnknownName,
    ];

    /// The stable name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::Unknown => "unknown",
            Self::Duplicate => "duplicate",
            Self::WrongType => "wrong_type",
            Self::NotInteger => "not_integer",
            Self::OutOfRange => "out_of_range",
            Self::TooShort => "too_short",
            Self::TooLong => "too_long",
            Self::TooMany => "too_many",
            Self::TooDeep => "too_deep",
            Self::Malformed => "malformed",
            Self::NotAllowed => "not_allowed",
            Self::Conflict => "conflict",
            Self::UnknownName => "unknown_name",
        }
    }
}

/// A place in a JSON document, as RFC 6901 writes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pointer {
    text: String,
    /// How long the text was before each part that was pushed.
    marks: Vec<usize>,
}

impl Pointer {
    /// The whole document.
    #[must_use]
    pub const fn root() -> Self {
        Self { text: String::new(), marks: vec![] }
    }

    /// Steps into the member or the element of this name. Of a pointer that would be too long nothing is added.
    pub fn push(&mut self, part: &str) {
        self.marks.push(self.text.len());
        let escapes = part.bytes().filter(|byte| matches!(byte, b'~' | b'/')).count();
        let len =
            [self.text.len(), 1, part.len(), escapes].into_iter().fold(0, usize::saturating_add);
        if len > POINTER_BYTES_MAX {
            return;
        }
        self.text.push('/');
        for symbol in part.chars() {
            match symbol {
                '~' => self.text.push_str("~0"),
                '/' => self.text.push_str("~1"),
                _ => self.text.push(symbol),
            }
        }
    }

    /// Steps back out of what was pushed last.
    pub fn pop(&mut self) {
        if let Some(mark) = self.marks.pop() {
            self.text.truncate(mark);
        }
    }

    /// The pointer as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// How many steps it is from the root.
    #[must_use]
    pub const fn depth(&self) -> usize {
        self.marks.len()
    }
}

/// Where something is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the body, at this pointer.
    Pointer(String),
    /// In the query: this parameter.
    Parameter(String),
    /// In the header field of this name.
    Header(&'static str),
}

/// One thing that is wrong: `{"pointer", "code", "detail"}`, or `parameter` or `header` in the place of `pointer`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Where.
    pub place: Place,
    /// What.
    pub fault: Fault,
    /// What would be right, as what completes the name of the field.
    pub detail: Cow<'static, str>,
}

impl Finding {
    /// What is wrong at `pointer`.
    #[must_use]
    pub fn new(pointer: &Pointer, fault: Fault, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { place: Place::Pointer(pointer.text.clone()), fault, detail: detail.into() }
    }

    /// What is wrong with a field of the body itself.
    #[must_use]
    pub fn at(field: &str, fault: Fault, detail: impl Into<Cow<'static, str>>) -> Self {
        let mut pointer = Pointer::root();
        pointer.push(field);
        Self::new(&pointer, fault, detail)
    }

    /// What is wrong with an element of a list in the body itself.
    #[must_use]
    pub fn in_list(
        list: &str,
        at: usize,
        fault: Fault,
        detail: impl Into<Cow<'static, str>>,
    ) -> Self {
        let mut pointer = Pointer::root();
        pointer.push(list);
        pointer.push(&at.to_string());
        Self::new(&pointer, fault, detail)
    }

    /// Moves it into a member of the body, of which it was found by itself.
    pub(crate) fn inside(&mut self, member: &str) {
        if let Place::Pointer(pointer) = &mut self.place {
            pointer.insert_str(0, member);
            pointer.insert(0, '/');
        }
    }

    /// What is wrong with a parameter of the query.
    #[must_use]
    pub fn parameter(name: &str, fault: Fault, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { place: Place::Parameter(name.to_owned()), fault, detail: detail.into() }
    }

    /// What is wrong with a field of the header.
    #[must_use]
    pub fn header(name: &'static str, fault: Fault, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { place: Place::Header(name), fault, detail: detail.into() }
    }
}

impl Serialize for Finding {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(Some(3))?;
        match &self.place {
            Place::Pointer(pointer) => map.serialize_entry("pointer", pointer)?,
            Place::Parameter(name) => map.serialize_entry("parameter", name)?,
            Place::Header(name) => map.serialize_entry("header", name)?,
        }
        map.serialize_entry("code", self.fault.as_str())?;
        map.serialize_entry("detail", &self.detail)?;
        map.end()
    }
}

/// Everything that was found to be wrong, one finding for each place and no more than [`PROBLEMS_MAX`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    list: Vec<Finding>,
    more: bool,
}

impl Findings {
    /// Nothing yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { list: vec![], more: false }
    }

    /// Adds one, unless something is wrong with the same place already, or the list is full.
    pub fn push(&mut self, finding: Finding) {
        if self.list.iter().any(|known| known.place == finding.place) {
            return;
        }
        if self.list.len() >= PROBLEMS_MAX {
            self.more = true;
        } else {
            self.list.push(finding);
        }
    }

    /// Adds what is wrong at `pointer`.
    pub fn add(&mut self, pointer: &Pointer, fault: Fault, detail: impl Into<Cow<'static, str>>) {
        self.push(Finding::new(pointer, fault, detail));
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Whether more is wrong than is listed.
    #[must_use]
    pub const fn more(&self) -> bool {
        self.more
    }

    /// What is listed.
    #[must_use]
    pub fn list(&self) -> &[Finding] {
        &self.list
    }

    /// What is listed, on its own.
    #[must_use]
    pub fn into_list(self) -> Vec<Finding> {
        self.list
    }
}

impl Extend<Finding> for Findings {
    fn extend<I: IntoIterator<Item = Finding>>(&mut self, findings: I) {
        for finding in findings {
            self.push(finding);
        }
    }
}
