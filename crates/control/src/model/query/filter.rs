//! Which keys a query is about, and in which order: what every store must answer, whatever it asks its tables.

use core::cmp::Ordering;

use tollgate_core::{json::INTEGER_MAX, scope::Scope};

use super::{
    KeyQuery, ListQuery, Sort, SortBy,
    cursor::{Position, Value},
};
use crate::model::KeyView;

impl KeyQuery {
    /// Whether the list has this key, on whatever page.
    #[must_use]
    pub fn admits(&self, key: &KeyView) -> bool {
        let is = |wanted: &Option<String>, has: &str| wanted.as_ref().is_none_or(|it| it == has);
        let texts = [Some(&key.id), key.name.as_ref(), key.description.as_ref()];
        is(&self.owner, &key.owner)
            && is(&self.env, &key.env)
            && self.state.is_none_or(|state| state == key.state)
            && self.text.as_ref().is_none_or(|text| found(text, texts.into_iter().flatten()))
            && self.scope.as_ref().is_none_or(|scope| holds(&key.granted, scope))
            && self.label.as_ref().is_none_or(|(name, value)| {
                let has = key.labels.get(name);
                has.is_some_and(|has| value.as_ref().is_none_or(|value| value == has))
            })
            && self.expiring_before.is_none_or(|before| key.expires.is_some_and(|at| at < before))
            && self
                .unused_since
                .is_none_or(|since| key.last_used.unwrap_or_default().max(key.created) < since)
    }

    /// Whether a store can choose all by itself: by owner, environment, state and end. Whatever else is asked for is
    /// looked for among what it gives.
    #[must_use]
    pub const fn is_chosen_by_stores(&self) -> bool {
        let Self { text, scope, label, unused_since, .. } = self;
        text.is_none() && scope.is_none() && label.is_none() && unused_since.is_none()
    }

    /// Where a key stands in the order of the list.
    #[must_use]
    pub fn position(&self, key: &KeyView) -> Position {
        let value = match self.sort.by {
            SortBy::Created => Value::Number(key.created),
            SortBy::Name => Value::Text(key.name.clone().unwrap_or_default()),
            // Whatever ends does so at 2^53 at the latest.
            SortBy::Expires => Value::Number(key.expires.unwrap_or(INTEGER_MAX)),
            SortBy::Id => Value::Text(String::new()),
        };
        Position { value, id: key.id.clone() }
    }

    /// Which of two places comes first.
    #[must_use]
    pub fn compare(&self, one: &Position, other: &Position) -> Ordering {
        self.sort.compare(one, other)
    }

    /// Whether a place lies after where this page begins.
    #[must_use]
    pub fn follows(&self, position: &Position) -> bool {
        self.after.as_ref().is_none_or(|after| self.compare(position, after).is_gt())
    }
}

impl Sort {
    /// Which of two places comes first.
    #[must_use]
    pub fn compare(self, one: &Position, other: &Position) -> Ordering {
        let order = one.value.cmp(&other.value).then_with(|| one.id.cmp(&other.id));
        if self.descending { order.reverse() } else { order }
    }
}

impl ListQuery {
    /// Whether the list has something of this id, name and description, on whatever page.
    #[must_use]
    pub fn admits(&self, id: &str, name: Option<&str>, description: Option<&str>) -> bool {
        let texts = [Some(id), name, description];
        self.text.as_ref().is_none_or(|text| found(text, texts.into_iter().flatten()))
    }
}

/// Whether some text holds what is searched for, whatever the case of a-z.
fn found(text: &str, within: impl Iterator<Item = impl AsRef<str>>) -> bool {
    let wanted = text.to_ascii_lowercase();
    within.into_iter().any(|text| text.as_ref().to_ascii_lowercase().contains(&wanted))
}

/// Whether some scope that is held is the one that is wanted, or covers it.
fn holds(held: &[String], wanted: &str) -> bool {
    let Ok(wanted) = Scope::new(wanted) else { return false };
    held.iter().filter_map(|held| Scope::new(held).ok()).any(|held| held.covers(wanted))
}
