//! Taking the values of one table after the other, so that everything that is wrong is said.

use std::{cell::RefCell, time::Duration};

use super::{
    Place, Problem,
    document::{Document, Value, Values, default, shown},
    fields::{self, Field, ROUTES, Shape, TARGETS},
};

/// A value cannot be used, and what is wrong with it is among the problems.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bad;

/// What was taken.
pub(super) type Read<T> = Result<T, Bad>;

/// What was given, and where problems go.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    pub(super) document: &'a Document,
    pub(super) problems: &'a RefCell<Vec<Problem>>,
}

impl<'a> Reader<'a> {
    pub(super) fn table(self, name: &'static str) -> Table<'a> {
        let given = self.document.tables.get(name);
        Table {
            name,
            of: Of::One,
            values: given.map(|(values, _)| values),
            given: given.map(|(_, place)| place),
            reader: self,
        }
    }

    pub(super) fn given(self, name: &'static str) -> Option<Table<'a>> {
        Some(self.table(name)).filter(|table| table.values.is_some())
    }

    pub(super) fn routes(self) -> impl Iterator<Item = Table<'a>> {
        let routes = self.document.routes.iter().enumerate();
        routes.map(move |(at, (values, place))| Table {
            name: ROUTES,
            of: Of::Route(at),
            values: Some(values),
            given: Some(place),
            reader: self,
        })
    }

    pub(super) fn targets(self) -> impl Iterator<Item = (&'a str, Table<'a>)> {
        self.document.targets.iter().map(move |(name, (values, place))| {
            let table = Table {
                name: TARGETS,
                of: Of::Target(name),
                values: Some(values),
                given: Some(place),
                reader: self,
            };
            (name.as_str(), table)
        })
    }
}

/// Which of the tables of a name it is.
#[derive(Clone, Copy)]
enum Of<'a> {
    One,
    Route(usize),
    Target(&'a str),
}

/// One table of what was given.
#[derive(Clone, Copy)]
pub(super) struct Table<'a> {
    name: &'static str,
    of: Of<'a>,
    pub(super) values: Option<&'a Values>,
    given: Option<&'a Place>,
    reader: Reader<'a>,
}

impl Table<'_> {
    pub(super) fn text<T>(self, name: &str, read: impl Fn(&str) -> Option<T>) -> Read<T> {
        self.optional(name, read)?.ok_or_else(|| self.missing(name))
    }

    pub(super) fn optional<T>(
        self,
        name: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Read<Option<T>> {
        match self.value(name) {
            Some((Value::Text(text), place)) => read(&text)
                .map(Some)
                .ok_or_else(|| self.problem(name, place, self.is_not(name, &text))),
            Some(_) => Err(Bad),
            None => Ok(None),
        }
    }

    pub(super) fn list<T>(self, name: &str, read: impl Fn(&str) -> Option<T>) -> Read<Vec<T>> {
        let Some((Value::List(texts), _)) = self.value(name) else {
            return Err(Bad);
        };
        let read = texts.into_iter().map(|(text, place)| {
            read(&text).ok_or_else(|| self.problem(name, place, self.is_not(name, &text)))
        });
        // All of them, so that everything that is wrong is said.
        read.collect::<Vec<_>>().into_iter().collect()
    }

    pub(super) fn flag(self, name: &str) -> Read<bool> {
        match self.value(name) {
            Some((Value::Flag(flag), _)) => Ok(flag),
            _ => Err(Bad),
        }
    }

    pub(super) fn integer<T: TryFrom<u64>>(self, name: &str) -> Read<T> {
        match self.value(name) {
            Some((Value::Integer(number), place)) => T::try_from(number).map_err(|_| {
                self.problem(name, place, format!("{number} is too much for this machine"))
            }),
            _ => Err(Bad),
        }
    }

    pub(super) fn millis(self, name: &str) -> Read<Duration> {
        self.integer(name).map(Duration::from_millis)
    }

    pub(super) fn seconds(self, name: &str) -> Read<Duration> {
        self.integer(name).map(Duration::from_secs)
    }

    pub(super) fn is_set(self, name: &str) -> bool {
        let set = self.values.and_then(|values| values.get(name));
        set.is_some_and(|(value, _)| *value != Value::Wrong)
    }

    /// The value that is set, or the default.
    fn value(self, name: &str) -> Option<(Value, Place)> {
        let set = self.values.and_then(|values| values.get(name)).cloned();
        set.or_else(|| Some((default(self.field(name)?)?, Place::Default)))
    }

    fn field(self, name: &str) -> Option<&'static Field> {
        fields::field(self.name, name)
    }

    fn is_not(self, name: &str, text: &str) -> String {
        match self.field(name).map(|field| &field.shape) {
            Some(Shape::Text(what) | Shape::List(what)) => format!("{} is not {what}", shown(text)),
            _ => format!("{} cannot be used", shown(text)),
        }
    }

    fn missing(self, name: &str) -> Bad {
        let place = self.given.cloned().unwrap_or(Place::Default);
        self.problem(name, place, "must be set".to_owned())
    }

    pub(super) fn wrong(self, name: &str, what: impl Into<String>) -> Bad {
        let place =
            self.value(name).map(|(_, place)| place).filter(|place| *place != Place::Default);
        let place = place.or_else(|| self.given.cloned()).unwrap_or(Place::Default);
        self.problem(name, place, what.into())
    }

    /// What a field is called, and where in the file it stands.
    pub(super) fn path_and_place(self, name: &str) -> String {
        let path = self.path(name);
        match self.value(name) {
            Some((_, Place::File { line, column })) => format!("{path}, at {line}:{column}"),
            _ => path,
        }
    }

    /// The table itself is called what it cannot be.
    pub(super) fn misnamed(self, what: &str) -> Bad {
        let place = self.given.cloned().unwrap_or(Place::Default);
        let path = match self.of {
            Of::Target(target) => format!("{TARGETS}.{target}"),
            Of::One | Of::Route(_) => self.name.to_owned(),
        };
        self.reader.problems.borrow_mut().push(Problem::new(place, path, what));
        Bad
    }

    fn path(self, name: &str) -> String {
        match self.of {
            Of::One => format!("{}.{name}", self.name),
            Of::Route(at) => format!("{ROUTES}[{at}].{name}"),
            Of::Target(target) => format!("{TARGETS}.{target}.{name}"),
        }
    }

    fn problem(self, name: &str, place: Place, what: String) -> Bad {
        let path = self.path(name);
        self.reader.problems.borrow_mut().push(Problem::new(place, path, what));
        Bad
    }
}
