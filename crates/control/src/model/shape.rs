//! How a body is described, once: for the reader that checks it, and for the schema that tells callers.

/// An object: its fields, and no other.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// What the schema calls it.
    pub name: &'static str,
    /// What it is, in a sentence.
    pub about: &'static str,
    /// Its fields, in parts that several shapes share.
    pub parts: &'static [&'static [Field]],
    /// Whether it is a merge patch (RFC 7396): every field may be left out, and null removes it.
    pub patch: bool,
}

/// One field.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// What may stand there.
    pub kind: Kind,
    /// Whether it must.
    pub need: Need,
    /// What it is for, in sentences.
    pub about: &'static str,
}

/// Whether a field must be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// It must.
    Required,
    /// It must, and may be null.
    Shown,
    /// It may be left out.
    Optional,
    /// It may be left out, and null is the same as nothing.
    Nullable,
}

/// What may stand in a field.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// A text of so many characters, none of which is a control character.
    Text {
        /// At least so many.
        min: usize,
        /// At most so many.
        max: usize,
    },
    /// A text that repeats what somebody sent, whatever that was: shown, and never read.
    Raw {
        /// At most so many characters.
        max: usize,
    },
    /// A text that somebody else has rules for.
    Spelled(&'static Spelling),
    /// One of these words.
    Word(&'static [&'static str]),
    /// `true` or `false`.
    Flag,
    /// A whole number from the first to the second, both included.
    Integer {
        /// At least this.
        min: u64,
        /// At most this.
        max: u64,
    },
    /// A list.
    List {
        /// What its elements are.
        of: &'static Self,
        /// At most so many.
        max: usize,
        /// Whether no two may be alike.
        distinct: bool,
    },
    /// Names and texts.
    Map(&'static Entries),
    /// An object.
    Object(&'static Shape),
    /// Whatever JSON can say: shown, and never read.
    Any,
    /// Nothing: why it may not be there.
    Refused(&'static str),
}

/// A spelling: what decides it, and how it is told.
#[derive(Debug)]
pub struct Spelling {
    /// What the schema calls it.
    pub format: &'static str,
    /// Whether a text is one: the rule of whoever reads it in the end, and no copy.
    pub fits: fn(&str) -> bool,
    /// What a text must be, as what completes the name of the field.
    pub rule: &'static str,
    /// The same as a regular expression (ECMA 262), where one can say it.
    pub pattern: Option<&'static str>,
    /// The fewest characters.
    pub min: usize,
    /// The most bytes.
    pub max: usize,
}

/// A bounded map from names to texts.
#[derive(Debug)]
pub struct Entries {
    /// The most entries.
    pub max: usize,
    /// What a name is.
    pub name: Kind,
    /// What a value is.
    pub value: Kind,
    /// The most bytes of all names and values together.
    pub bytes_max: usize,
}

impl Shape {
    /// Every field.
    pub fn fields(&self) -> impl Iterator<Item = &'static Field> {
        self.parts.iter().flat_map(|part| part.iter())
    }

    /// The field of a name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields().find(|field| field.name == name)
    }
}

impl Field {
    /// A field.
    #[must_use]
    pub const fn new(name: &'static str, kind: Kind, need: Need, about: &'static str) -> Self {
        Self { name, kind, need, about }
    }
}
