//! When the numbers of the routes' limits last changed: the ledger says it, and no file's date.

use std::collections::BTreeMap;

use anyhow::{Context, anyhow};
use tollgate_core::{limit::Limit, stamp::Stamp};
use tollgate_http::route::{RouteLimit, Rules};

/// The stamp of each limit of the routes, by its name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stamps(BTreeMap<Box<str>, Stamp>);

impl Stamps {
    /// Asks the ledger for those of `rules`, which is told what they are now; not at all if there are none. A
    /// configuration means one limit by a name.
    ///
    /// # Errors
    ///
    /// When the ledger cannot say it, or cannot write that they have changed: they must not be served by then.
    pub(crate) fn ask(
        rules: &Rules,
        ledger: impl FnOnce(&[Limit<'_>]) -> anyhow::Result<Vec<Stamp>>,
    ) -> anyhow::Result<Self> {
        let all = rules.iter().flat_map(|rule| &rule.limits);
        let wanted: BTreeMap<&str, Limit<'_>> = all
            .filter_map(|own| own.limit(Stamp::default()).map(|limit| (&*own.name, limit)))
            .collect();
        if wanted.is_empty() {
            return Ok(Self::default());
        }
        let limits: Vec<_> = wanted.values().copied().collect();
        let stamps =
            ledger(&limits).context("the store cannot say when the limits of routes changed")?;
        Ok(Self(wanted.into_keys().map(Into::into).zip(stamps).collect()))
    }

    /// In the order of `rules` and their limits.
    ///
    /// # Errors
    ///
    /// When one of them is none of those that the ledger was asked for.
    pub(crate) fn of(&self, rules: &Rules) -> anyhow::Result<Vec<Stamp>> {
        let known = |own: &RouteLimit| {
            let stamp = self.0.get(&own.name).copied();
            stamp.ok_or_else(|| anyhow!("the limit {} of a route has no stamp", own.name))
        };
        rules.iter().flat_map(|rule| &rule.limits).map(known).collect()
    }
}
