//! A query as names and texts, each spelled in one way only.

use super::QUERY_BYTES_MAX;
use crate::problem::{Fault, Finding, Findings};

/// The most parameters of one query.
const WORDS_MAX: usize = 32;

/// The longest name of a parameter that is repeated to whoever sent it, in bytes.
const NAME_MAX: usize = 64;

/// The parameters of a query, in the order in which they came, each once.
pub(crate) struct Words(Vec<(String, String)>);

impl Words {
    /// Reads `application/x-www-form-urlencoded` text, and says what is wrong with it.
    pub(crate) fn read(query: &str, findings: &mut Findings) -> Self {
        let mut words: Vec<(String, String)> = vec![];
        if query.is_empty() {
            return Self(words);
        }
        if query.len() > QUERY_BYTES_MAX {
            let detail = format!("must have at most {QUERY_BYTES_MAX} bytes");
            findings.push(Finding::parameter("", Fault::TooLong, detail));
            return Self(words);
        }
        for (at, part) in query.split('&').enumerate() {
            if at >= WORDS_MAX {
                let detail = format!("must have at most {WORDS_MAX} parameters");
                findings.push(Finding::parameter("", Fault::TooMany, detail));
                break;
            }
            let (name, text) = part.split_once('=').unwrap_or((part, ""));
            let read = decoded(name).filter(|name| !name.is_empty() && name.len() <= NAME_MAX);
            let Some(name) = read else {
                let detail = "must be name=value, with % escapes of UTF-8";
                findings.push(Finding::parameter("", Fault::Malformed, detail));
                continue;
            };
            if words.iter().any(|(known, _)| *known == name) {
                findings.push(Finding::parameter(&name, Fault::Duplicate, "is there twice"));
                continue;
            }
            match decoded(text) {
                Some(text) => words.push((name, text)),
                None => {
                    let detail = "must have % escapes of UTF-8 only";
                    findings.push(Finding::parameter(&name, Fault::Malformed, detail));
                }
            }
        }
        Self(words)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, text)| (name.as_str(), text.as_str()))
    }

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.iter().find(|(named, _)| *named == name).map(|(_, text)| text)
    }

    pub(super) fn number(&self, name: &str) -> Option<u64> {
        self.text(name).and_then(number)
    }
}

/// A number in decimal digits, without a sign and without zeros in front.
pub(super) fn number(text: &str) -> Option<u64> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let plain = text == "0" || !text.starts_with('0');
    text.parse().ok().filter(|_| digits && plain)
}

/// The text that is written with `+` for a blank and `%` escapes.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = vec![];
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        match first {
            b'+' => bytes.push(b' '),
            b'%' => {
                let [high, low, after @ ..] = rest else { return None };
                bytes.push(nibble(*high)? << 4 | nibble(*low)?);
                rest = after;
            }
            _ => bytes.push(*first),
        }
    }
    String::from_utf8(bytes).ok()
}

fn nibble(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}
