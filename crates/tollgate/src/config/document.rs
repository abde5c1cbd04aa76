//! From text and environment to values of the right shape, each with its place.

use std::collections::{BTreeMap, BTreeSet};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{
    Environment, PLACES_MAX,
    fields::{self, Field, Given, ROUTES, Shape, TARGETS},
    problem::{Place, Problem},
    suggest::nearest,
    variable,
};

/// The most routes.
pub(crate) const ROUTES_MAX: usize = 1_000;

/// The most targets.
pub(crate) const TARGETS_MAX: usize = 64;

/// A value of one of the shapes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Text(String),
    Integer(u64),
    Flag(bool),
    /// The place of each text is its own.
    List(Vec<(String, Place)>),
    /// Something that was told to be wrong.
    Wrong,
}

/// The values of one table.
pub(super) type Values = BTreeMap<&'static str, (Value, Place)>;

/// What was given, before the defaults.
#[derive(Debug, Default)]
pub(super) struct Document {
    /// The tables that are given, even if blank, with their values.
    pub(super) tables: BTreeMap<&'static str, (Values, Place)>,
    /// The routes, in their order.
    pub(super) routes: Vec<(Values, Place)>,
    /// The targets, by their names.
    pub(super) targets: BTreeMap<String, (Values, Place)>,
}

/// Reads `text`.
pub(super) fn read(text: &str, problems: &mut Vec<Problem>) -> Document {
    let lines = Lines(text);
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        problems.push(syntax(&error, lines));
    }
    let mut document = Document::default();
    for (name, value) in table.get_ref() {
        let place = lines.place(name.span().start);
        let Some(table) = fields::TABLES.iter().find(|table| table.name == name.get_ref()) else {
            problems.push(unknown_table(name.get_ref(), place));
            continue;
        };
        let value = value.get_ref();
        match (table.name, value.as_table(), value.as_array()) {
            (ROUTES, _, Some(routes)) => document.routes = routes_of(routes, lines, problems),
            (ROUTES, _, None) => {
                let what = format!("is {}, not a list of tables: write [[routes]]", kind(value));
                problems.push(Problem::new(place, ROUTES, what));
            }
            (TARGETS, Some(targets), _) => {
                document.targets = targets_of(targets, lines, problems);
            }
            (name, Some(values), _) => {
                let values = values_of(name, name, values, lines, problems);
                document.tables.insert(name, (values, place));
            }
            (name, None, _) => {
                let what = format!("is {}, not a table: write [{name}]", kind(value));
                problems.push(Problem::new(place, name, what));
            }
        }
    }
    document
}

/// Lays what the environment sets over `document`.
pub(super) fn lay_over(
    document: &mut Document,
    environment: &Environment,
    problems: &mut Vec<Problem>,
) {
    for (name, value) in environment.fields() {
        let place = Place::Variable(name.to_owned());
        let Some(field) =
            fields::all().find(|field| !field.is_in_the_file_only() && variable(field) == name)
        else {
            problems.push(unknown_variable(name, place));
            continue;
        };
        let path = format!("{}.{}", field.table, field.name);
        let value = match value {
            Some(text) => value_of_variable(field, text, &place),
            None => Err("is not UTF-8".to_owned()),
        };
        match value {
            Ok(value) => set(document, field, value, place),
            Err(what) => {
                problems.push(Problem::new(place.clone(), path, what));
                set(document, field, Value::Wrong, place);
            }
        }
    }
}

/// Sets `field` whatever was given before.
pub(super) fn set(document: &mut Document, field: &'static Field, value: Value, place: Place) {
    let (values, _) =
        document.tables.entry(field.table).or_insert_with(|| (Values::new(), place.clone()));
    values.insert(field.name, (value, place));
}

/// The value of `field` where nothing is given.
pub(super) fn default(field: &Field) -> Option<Value> {
    let text = |text: &&str| ((*text).to_owned(), Place::Default);
    Some(match field.default {
        Given::Text(text) => Value::Text(text.to_owned()),
        Given::Integer(number) => Value::Integer(number),
        Given::Flag(flag) => Value::Flag(flag),
        Given::List(texts) => Value::List(texts.iter().map(text).collect()),
        Given::Nothing | Given::Required => return None,
    })
}

fn routes_of(
    routes: &[Spanned<DeValue<'_>>],
    lines: Lines<'_>,
    problems: &mut Vec<Problem>,
) -> Vec<(Values, Place)> {
    if let Some(first) = routes.get(ROUTES_MAX) {
        let what = format!("there are more than {ROUTES_MAX} routes");
        problems.push(Problem::new(lines.place(first.span().start), ROUTES, what));
    }
    let mut read = vec![];
    for (at, route) in routes.iter().take(ROUTES_MAX).enumerate() {
        let place = lines.place(route.span().start);
        let path = format!("{ROUTES}[{at}]");
        let Some(values) = route.get_ref().as_table() else {
            let what = format!("is {}, not a table: write [[routes]]", kind(route.get_ref()));
            problems.push(Problem::new(place, path, what));
            continue;
        };
        read.push((values_of(ROUTES, &path, values, lines, problems), place));
    }
    read
}

fn targets_of(
    targets: &DeTable<'_>,
    lines: Lines<'_>,
    problems: &mut Vec<Problem>,
) -> BTreeMap<String, (Values, Place)> {
    let mut read = BTreeMap::new();
    for (name, value) in targets {
        let place = lines.place(name.span().start);
        let path = format!("{TARGETS}.{}", name.get_ref());
        let Some(values) = value.get_ref().as_table() else {
            let what = format!("is {}, not a table: write [{TARGETS}.NAME]", kind(value.get_ref()));
            problems.push(Problem::new(place, path, what));
            continue;
        };
        if read.len() >= TARGETS_MAX {
            let what = format!("there are more than {TARGETS_MAX} targets");
            problems.push(Problem::new(place, TARGETS, what));
            break;
        }
        let values = values_of(TARGETS, &path, values, lines, problems);
        read.insert(name.get_ref().to_string(), (values, place));
    }
    read
}

fn values_of(
    table: &'static str,
    path: &str,
    given: &DeTable<'_>,
    lines: Lines<'_>,
    problems: &mut Vec<Problem>,
) -> Values {
    let mut values = Values::new();
    for (name, value) in given {
        let place = lines.place(name.span().start);
        let path = format!("{path}.{}", name.get_ref());
        let Some(field) = fields::field(table, name.get_ref()) else {
            problems.push(Problem::new(place, path, unknown_field(table, name.get_ref())));
            continue;
        };
        let place = lines.place(value.span().start);
        match value_of_toml(field, value, lines) {
            Ok(value) => {
                values.insert(field.name, (value, place));
            }
            Err((what, wrong)) => {
                problems.push(Problem::new(wrong, path, what));
                values.insert(field.name, (Value::Wrong, place));
            }
        }
    }
    values
}

fn value_of_toml(
    field: &Field,
    value: &Spanned<DeValue<'_>>,
    lines: Lines<'_>,
) -> Result<Value, (String, Place)> {
    let place = lines.place(value.span().start);
    let wrong = |wanted: &str, found: &DeValue<'_>, place: &Place| {
        Err((format!("is {}, not {wanted}", kind(found)), place.clone()))
    };
    match (&field.shape, value.get_ref()) {
        (Shape::Text(_) | Shape::Word(_), DeValue::String(text)) => {
            word(field, text).map(Value::Text).map_err(|what| (what, place))
        }
        (Shape::Text(_) | Shape::Word(_), other) => wrong("a text in quotes", other, &place),
        (Shape::Flag, DeValue::Boolean(flag)) => Ok(Value::Flag(*flag)),
        (Shape::Flag, other) => wrong("true or false", other, &place),
        (&Shape::Integer(min, max), DeValue::Integer(number)) => {
            let read = u64::from_str_radix(number.as_str(), number.radix()).ok();
            integer(read, &number.to_string(), min, max).map_err(|what| (what, place))
        }
        (Shape::Integer(..), other) => wrong("a whole number", other, &place),
        (Shape::List(_), DeValue::Array(items)) => {
            let mut texts = vec![];
            for item in items.iter() {
                let place = lines.place(item.span().start);
                let Some(text) = item.get_ref().as_str() else {
                    return wrong("a text in quotes", item.get_ref(), &place);
                };
                texts.push((text.to_owned(), place));
            }
            listed(texts).map_err(|what| (what, place))
        }
        (Shape::List(_), other) => wrong("a list of texts, such as [\"…\"]", other, &place),
    }
}

fn value_of_variable(field: &Field, text: &str, place: &Place) -> Result<Value, String> {
    match field.shape {
        Shape::Text(_) | Shape::Word(_) => word(field, text).map(Value::Text),
        Shape::Flag => match text {
            "true" => Ok(Value::Flag(true)),
            "false" => Ok(Value::Flag(false)),
            other => Err(format!("{} is not true or false", shown(other))),
        },
        Shape::Integer(min, max) => {
            let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            let read = text.parse().ok().filter(|_| digits);
            let large = digits && read.is_none();
            if read.is_some() || large {
                integer(read, text, min, max)
            } else {
                Err(format!("{} is not a whole number", shown(text)))
            }
        }
        Shape::List(_) => {
            let texts = text.split(',').map(str::trim).filter(|text| !text.is_empty());
            listed(texts.map(|text| (text.to_owned(), place.clone())).collect())
        }
    }
}

fn word(field: &Field, text: &str) -> Result<String, String> {
    if let Shape::Word(words) = field.shape
        && !words.contains(&text)
    {
        return Err(format!("{} is not one of {}", shown(text), words.join(", ")));
    }
    Ok(text.to_owned())
}

fn integer(read: Option<u64>, text: &str, min: u64, max: u64) -> Result<Value, String> {
    match read {
        Some(number) if (min..=max).contains(&number) => Ok(Value::Integer(number)),
        _ => Err(format!("{text} is not within {min} to {max}")),
    }
}

fn listed(texts: Vec<(String, Place)>) -> Result<Value, String> {
    if texts.len() > PLACES_MAX {
        return Err(format!("lists more than {PLACES_MAX}"));
    }
    let mut seen = BTreeSet::new();
    match texts.iter().find(|(text, _)| !seen.insert(text.as_str())) {
        Some((text, _)) => Err(format!("lists {} twice", shown(text))),
        None => Ok(Value::List(texts)),
    }
}

fn syntax(error: &toml::de::Error, lines: Lines<'_>) -> Problem {
    let span = error.span().unwrap_or_default();
    let about = lines.0.get(span.clone()).filter(|text| !text.trim().is_empty() && text.len() < 64);
    let what = match about {
        Some(text) if error.message() == "duplicate key" => {
            format!("`{}` is given twice", text.trim())
        }
        _ => error.message().to_owned(),
    };
    Problem::new(lines.place(span.start), "", what)
}

fn unknown_table(name: &str, place: Place) -> Problem {
    let names = || fields::TABLES.iter().map(|table| table.name);
    let hint = match nearest(name, names()) {
        Some(near) => format!("did you mean [{near}]?"),
        None => format!("the tables are {}", names().collect::<Vec<_>>().join(", ")),
    };
    Problem::new(place, name, format!("no such table: {hint}"))
}

fn unknown_field(table: &str, name: &str) -> String {
    let names = || fields::all().filter(move |field| field.table == table).map(|field| field.name);
    match nearest(name, names()) {
        Some(near) => format!("no such field: did you mean `{near}`?"),
        None => format!("no such field: [{table}] has {}", names().collect::<Vec<_>>().join(", ")),
    }
}

fn unknown_variable(name: &str, place: Place) -> Problem {
    let names: Vec<_> =
        fields::all().filter(|field| !field.is_in_the_file_only()).map(variable).collect();
    let hint = match nearest(name, names.iter().map(String::as_str)) {
        Some(near) => format!("did you mean {near}?"),
        None => "`tollgate config reference` lists them".to_owned(),
    };
    Problem::new(place, "", format!("no field is set by this variable: {hint}"))
}

fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a number",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// `text` in quotes, cut where it is long.
pub(super) fn shown(text: &str) -> String {
    const SHOWN_MAX: usize = 64;
    let cut: String = text.chars().take(SHOWN_MAX).collect();
    let dots = if cut.len() < text.len() { "…" } else { "" };
    format!("{cut:?}{dots}")
}

/// Where bytes of a text stand.
#[derive(Clone, Copy)]
struct Lines<'a>(&'a str);

impl Lines<'_> {
    fn place(self, at: usize) -> Place {
        let before = self.0.get(..at).unwrap_or(self.0);
        let start = before.rfind('\n').map_or(0, |newline| newline.saturating_add(1));
        let column = before.get(start..).unwrap_or_default().chars().count().saturating_add(1);
        let line = before.bytes().filter(|&byte| byte == b'\n').count().saturating_add(1);
        Place::File { line, column }
    }
}
