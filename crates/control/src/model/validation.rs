//! What is asked about a key that somebody presented.

use std::fmt;

use serde::Deserialize;

use super::{document::Body, shape::Shape, tables};

/// Whether a key would pass, and with what request.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct Validation {
    /// What was presented.
    pub key: String,
    /// The scopes that the request needs.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// How many tokens it costs.
    #[serde(default = "one")]
    pub cost: u32,
    /// From where it comes.
    #[serde(default)]
    pub ip: Option<String>,
    /// From which country.
    #[serde(default)]
    pub country: Option<String>,
    /// Whether nothing is spent.
    #[serde(default)]
    pub dry_run: bool,
}

const fn one() -> u32 {
    1
}

impl fmt::Debug for Validation {
    /// Nothing of the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { scopes, cost, ip, country, dry_run, .. } = self;
        let mut shown = f.debug_struct("Validation");
        shown.field("scopes", scopes).field("cost", cost).field("ip", ip);
        shown.field("country", country).field("dry_run", dry_run).finish_non_exhaustive()
    }
}

impl Body for Validation {
    const SHAPE: &'static Shape = &tables::VALIDATION;
}
