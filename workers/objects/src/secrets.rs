//! The peppers of a deployment, from the one JSON document that holds its secrets, and what its keys look like.

use serde::{Deserialize, de::IgnoredAny};
use tollgate_core::{
    json::hex_bytes,
    key::Brand,
    pepper::{Pepper, Peppers},
};

/// The longest text, in bytes.
const TEXT_MAX: usize = 64 * 1024;

/// The longest pepper, in bytes.
const PEPPER_MAX: usize = 256;

/// The document: the keys that sign are the gate's alone.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document<'a> {
    #[serde(borrow)]
    peppers: Vec<Entry<'a>>,
    issuing: u8,
    #[serde(rename = "signing")]
    _signing: IgnoredAny,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry<'a> {
    id: u8,
    secret: &'a str,
}

/// Reads the peppers.
///
/// # Errors
///
/// When the text is no such document, or its peppers are not good enough: nothing is answered then.
///
/// # Security
///
/// What is said of an error names no byte of the text.
pub(crate) fn peppers(text: &[u8]) -> Result<Peppers, &'static str> {
    if text.len() > TEXT_MAX {
        return Err("secrets_too_long");
    }
    let document: Document<'_> = serde_json::from_slice(text).map_err(|_| "secrets_malformed")?;
    let mut secrets = vec![];
    for entry in &document.peppers {
        secrets.push((entry.id, bytes(entry.secret).ok_or("secrets_malformed")?));
    }
    let ring: Vec<_> = secrets.iter().map(|(id, secret)| Pepper { id: *id, secret }).collect();
    Peppers::new(&ring, document.issuing).map_err(|_| "secrets_refused")
}

/// The settings of keys, with the names and defaults of `tollgate.toml`. The others are the gate's.
#[derive(Deserialize)]
#[serde(default)]
struct Keys {
    prefix: String,
    envs: Vec<String>,
}

impl Default for Keys {
    fn default() -> Self {
        Self { prefix: "tg".to_owned(), envs: vec!["live".to_owned()] }
    }
}

/// Reads what keys look like.
///
/// # Errors
///
/// When the text is no JSON, or the prefix or an env is none.
pub(crate) fn brand(text: &[u8]) -> Result<Brand, &'static str> {
    let keys: Keys = serde_json::from_slice(text).map_err(|_| "settings_malformed")?;
    let envs: Vec<&str> = keys.envs.iter().map(String::as_str).collect();
    Brand::new(&keys.prefix, &envs).map_err(|_| "settings_refused")
}

/// The bytes of a pepper.
fn bytes(digits: &str) -> Option<Vec<u8>> {
    let bytes: Option<Vec<u8>> = hex_bytes(digits.as_bytes()).take(PEPPER_MAX + 1).collect();
    bytes.filter(|bytes| bytes.len() <= PEPPER_MAX)
}
