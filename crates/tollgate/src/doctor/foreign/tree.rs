//! What JSON, TOML and YAML have in common.

use std::iter;

use toml::de::{DeTable, DeValue};

/// A value with the names of what is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Node {
    Map(Vec<(String, Self)>),
    List(Vec<Self>),
    /// Any single value, as it is spelled.
    Text(String),
}

impl Node {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// What has this name.
    pub(super) fn get(&self, name: &str) -> Option<&Self> {
        self.entries().find(|(known, _)| *known == name).map(|(_, node)| node)
    }

    /// What is reached by these names.
    pub(super) fn at(&self, names: &[&str]) -> Option<&Self> {
        names.iter().try_fold(self, |node, name| node.get(name))
    }

    /// The single value.
    pub(super) fn value(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Map(_) | Self::List(_) => None,
        }
    }

    /// Whether the single value is `true`.
    pub(super) fn is_true(&self) -> bool {
        self.value().is_some_and(|text| {
            ["true", "yes", "on", "y"].iter().any(|word| text.eq_ignore_ascii_case(word))
        })
    }

    /// The names here, each with what it names.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&str, &Self)> {
        let entries = match self {
            Self::Map(entries) => entries.as_slice(),
            Self::List(_) | Self::Text(_) => &[],
        };
        entries.iter().map(|(name, node)| (name.as_str(), node))
    }

    /// The values of a list.
    pub(super) fn items(&self) -> &[Self] {
        match self {
            Self::List(items) => items,
            Self::Map(_) | Self::Text(_) => &[],
        }
    }

    /// Every name at any depth, with what it names.
    pub(super) fn everywhere(&self) -> Box<dyn Iterator<Item = (&str, &Self)> + '_> {
        match self {
            Self::Map(entries) => Box::new(entries.iter().flat_map(|(name, node)| {
                iter::once((name.as_str(), node)).chain(node.everywhere())
            })),
            Self::List(items) => Box::new(items.iter().flat_map(Self::everywhere)),
            Self::Text(_) => Box::new(iter::empty()),
        }
    }

    /// Everything of this name, at any depth.
    pub(super) fn named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.everywhere().filter(move |(known, _)| *known == name).map(|(_, node)| node)
    }
}

/// Reads JSON, in which there may be comments and a comma too many.
pub(super) fn of_json(text: &str) -> Option<Node> {
    let value: serde_json::Value = serde_json::from_str(&plain_json(text)).ok()?;
    value.is_object().then(|| of_value(value))
}

fn of_value(value: serde_json::Value) -> Node {
    match value {
        serde_json::Value::Object(entries) => {
            Node::Map(entries.into_iter().map(|(name, value)| (name, of_value(value))).collect())
        }
        serde_json::Value::Array(items) => Node::List(items.into_iter().map(of_value).collect()),
        serde_json::Value::String(text) => Node::Text(text),
        other @ (serde_json::Value::Null
        | serde_json::Value::Bool(_)
        | serde_json::Value::Number(_)) => Node::Text(other.to_string()),
    }
}

/// JSON without comments, and without commas before what closes.
fn plain_json(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    let mut quoted = false;
    while let Some(c) = chars.next() {
        match (c, chars.peek()) {
            ('"', _) => {
                quoted = !quoted;
                plain.push(c);
            }
            ('\\', _) if quoted => {
                plain.push(c);
                plain.extend(chars.next());
            }
            ('/', Some('/')) if !quoted => {
                let rest = iter::from_fn(|| chars.next_if(|c| *c != '\n'));
                rest.for_each(drop);
            }
            ('/', Some('*')) if !quoted => {
                let mut last = ' ';
                chars.next();
                for c in chars.by_ref() {
                    if last == '*' && c == '/' {
                        break;
                    }
                    last = c;
                }
            }
            ('}' | ']', _) if !quoted => {
                let kept = plain.trim_end().trim_end_matches(',').len();
                plain.truncate(kept);
                plain.push(c);
            }
            (c, _) => plain.push(c),
        }
    }
    plain
}

/// Reads TOML.
pub(super) fn of_toml(text: &str) -> Option<Node> {
    DeTable::parse(text).ok().map(|table| of_table(table.get_ref()))
}

fn of_table(table: &DeTable<'_>) -> Node {
    let entries = table.iter();
    Node::Map(
        entries
            .map(|(name, value)| (name.get_ref().to_string(), of_item(value.get_ref())))
            .collect(),
    )
}

fn of_item(value: &DeValue<'_>) -> Node {
    match value {
        DeValue::Table(table) => of_table(table),
        DeValue::Array(items) => {
            Node::List(items.iter().map(|item| of_item(item.get_ref())).collect())
        }
        DeValue::String(text) => Node::text(text.as_ref()),
        DeValue::Boolean(flag) => Node::text(flag.to_string()),
        DeValue::Integer(number) => Node::text(number.as_str()),
        DeValue::Float(number) => Node::text(number.as_str()),
        DeValue::Datetime(instant) => Node::text(instant.to_string()),
    }
}
