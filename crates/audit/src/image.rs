//! What a thing was before an act, and what it is after it.

use core::fmt::{self, Write};
use std::collections::BTreeMap;

use serde_json::Value;
use tollgate_core::json::{INTEGER_MAX, Reader};

use crate::{hash::Hash, veil};

/// The longest spelling of an image, in bytes. A longer one is written as its hash.
pub const IMAGE_MAX: usize = 32 * 1024;

/// How deep lists and objects may lie in each other in an image.
pub const DEPTH_MAX: usize = 16;

/// What may be shown of a thing to whoever reads the log.
///
/// # Security
///
/// Implement it for views and documents that hold no secret: no presented key, no body of one, no pepper, no
/// seed. What is written stays for as long as the chain does.
pub trait Document {
    /// What is written.
    fn document(&self) -> Value;
}

/// A thing as it stands in the log: JSON of one spelling, bounded, without a word that may be a secret.
///
/// [`Image::of`] is the only way to make one of something, so that whatever is written has been through it.
#[derive(Clone, PartialEq, Eq)]
pub struct Image(String);

impl Image {
    /// Nothing: what a thing was before it was made, and is after it is gone.
    #[must_use]
    pub fn nothing() -> Self {
        Self("null".to_owned())
    }

    /// The image of `thing`. What is too long is written as its hash, what lies too deep is left out.
    #[must_use]
    pub fn of(thing: &impl Document) -> Self {
        let mut text = String::new();
        value(&mut text, &thing.document(), DEPTH_MAX);
        if text.len() > IMAGE_MAX {
            let hash = Hash::of_text(text.as_bytes()).to_string();
            text = format!(r#"{{"bytes":{},"sha256":"{hash}"}}"#, text.len());
        }
        Self(text)
    }

    /// Its spelling.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn value(out: &mut String, thing: &Value, depth: usize) {
    match thing {
        Value::Null => out.push_str("null"),
        Value::Bool(held) => out.push_str(if *held { "true" } else { "false" }),
        Value::Number(number) => match number.as_u64() {
            Some(integer) if integer <= INTEGER_MAX => out.push_str(&integer.to_string()),
            _ if number.is_f64() => string(out, FRACTION),
            _ => string(out, &number.to_string()),
        },
        Value::String(text) => string(out, &veil::text(text)),
        Value::Array(_) | Value::Object(_) if depth == 0 => string(out, TOO_DEEP),
        Value::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                comma(out, at);
                value(out, item, depth.saturating_sub(1));
            }
            out.push(']');
        }
        Value::Object(members) => {
            let spelled = members.iter().map(|(name, member)| {
                let mut text = String::new();
                string(&mut text, &veil::text(name));
                (text, member)
            });
            out.push('{');
            for (at, (name, member)) in spelled.collect::<BTreeMap<_, _>>().iter().enumerate() {
                comma(out, at);
                out.push_str(name);
                out.push(':');
                value(out, member, depth.saturating_sub(1));
            }
            out.push('}');
        }
    }
}

fn comma(out: &mut String, at: usize) {
    if at > 0 {
        out.push(',');
    }
}

/// Writes a string: what canonical JSON cannot hold as it is, in the one escape that there is.
fn string(out: &mut String, text: &str) {
    out.push('"');
    let mut units = [0; 2];
    for c in text.chars() {
        if plain(c) {
            out.push(c);
        } else {
            for unit in c.encode_utf16(&mut units) {
                // A String takes everything.
                let _ = write!(out, "\\u{unit:04x}");
            }
        }
    }
    out.push('"');
}

const fn plain(c: char) -> bool {
    matches!(c, ' '..='~') && c != '"' && c != '\\'
}

const TOO_DEEP: &str = "(too deep)";

/// What stands for a number that canonical JSON cannot hold, and that no two languages spell alike.
const FRACTION: &str = "(fraction)";

/// Takes the image that `text` begins with, and gives what follows it; none if there is none in the one spelling.
pub(crate) fn read(text: &[u8]) -> Option<(&str, &[u8])> {
    let rest = skip(text, DEPTH_MAX)?;
    let image = text.get(..text.len().checked_sub(rest.len())?)?;
    let image = core::str::from_utf8(image).ok().filter(|image| image.len() <= IMAGE_MAX)?;
    Some((image, rest))
}

fn skip(text: &[u8], depth: usize) -> Option<&[u8]> {
    for word in [&b"null"[..], b"true", b"false"] {
        if let Some(rest) = text.strip_prefix(word) {
            return Some(rest);
        }
    }
    match text.first()? {
        b'"' => skip_string(text),
        b'[' => skip_list(text, depth.checked_sub(1)?),
        b'{' => skip_object(text, depth.checked_sub(1)?),
        _ => {
            let mut reader = Reader::new(text);
            reader.uint().ok()?;
            Some(reader.rest())
        }
    }
}

fn skip_list(text: &[u8], depth: usize) -> Option<&[u8]> {
    let mut rest = text.strip_prefix(b"[")?;
    if let Some(rest) = rest.strip_prefix(b"]") {
        return Some(rest);
    }
    loop {
        rest = skip(rest, depth)?;
        match rest.split_first()? {
            (b',', after) => rest = after,
            (b']', after) => return Some(after),
            _ => return None,
        }
    }
}

fn skip_object(text: &[u8], depth: usize) -> Option<&[u8]> {
    let mut rest = text.strip_prefix(b"{")?;
    if let Some(rest) = rest.strip_prefix(b"}") {
        return Some(rest);
    }
    let mut before: &[u8] = b"";
    loop {
        let after = skip_string(rest)?;
        let name = rest.get(..rest.len().checked_sub(after.len())?)?;
        // Names ascend, so none stands there twice.
        if name <= before {
            return None;
        }
        before = name;
        rest = skip(after.strip_prefix(b":")?, depth)?;
        match rest.split_first()? {
            (b',', after) => rest = after,
            (b'}', after) => return Some(after),
            _ => return None,
        }
    }
}

fn skip_string(text: &[u8]) -> Option<&[u8]> {
    let mut rest = text.strip_prefix(b"\"")?;
    loop {
        match rest {
            [b'"', after @ ..] => return Some(after),
            [b'\\', ..] => rest = skip_escape(rest)?,
            [byte, after @ ..] if plain(char::from(*byte)) => rest = after,
            _ => return None,
        }
    }
}

/// A character that needs the escape, and no other, so that each text has one spelling.
fn skip_escape(text: &[u8]) -> Option<&[u8]> {
    let (first, rest) = unit(text)?;
    match char::decode_utf16([first]).next()? {
        Ok(c) if !plain(c) => Some(rest),
        Ok(_) => None,
        Err(_) => {
            let (second, rest) = unit(rest)?;
            char::decode_utf16([first, second]).next()?.ok()?;
            Some(rest)
        }
    }
}

fn unit(text: &[u8]) -> Option<(u16, &[u8])> {
    let digits = text.strip_prefix(br"\u")?;
    let (digits, rest) = digits.split_at_checked(4)?;
    tollgate_core::json::from_hex(digits).map(|bytes| (u16::from_be_bytes(bytes), rest))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test stops at what should not be")]

    use serde_json::json;

    use super::*;

    struct Shown(Value);

    impl Document for Shown {
        fn document(&self) -> Value {
            self.0.clone()
        }
    }

    fn spelled(document: Value) -> String {
        let image = Image::of(&Shown(document));
        let (read, rest) = read(image.as_str().as_bytes()).unwrap();
        assert_eq!((read, rest), (image.as_str(), &b""[..]));
        image.0
    }

    #[test]
    fn a_document_has_one_spelling() {
        for (document, text) in [
            (json!(null), "null"),
            (json!({"b": [1, true, {}], "a": []}), r#"{"a":[],"b":[1,true,{}]}"#),
            (json!({"a\"\\": "é\n💡 ~"}), r#"{"a\u0022\u005c":"\u00e9\u000a\ud83d\udca1 ~"}"#),
            (
                json!([9007199254740992_u64, 9007199254740993_u64]),
                r#"[9007199254740992,"9007199254740993"]"#,
            ),
            (json!([-1, 1.5]), r#"["-1","(fraction)"]"#),
        ] {
            assert_eq!(spelled(document), text);
        }
    }

    #[test]
    fn what_is_too_large_or_too_deep_is_not_written() {
        let wide = json!(vec!["0123456789"; 2520]);
        assert_eq!(spelled(wide.clone()).len(), 32_761);
        let wider = json!([wide, "0123456789"]);
        let shown = spelled(wider);
        assert!(shown.starts_with(r#"{"bytes":32776,"sha256":""#), "{shown}");
        let deep = (0..DEPTH_MAX).fold(json!(0), |inner, _| json!([inner]));
        assert!(spelled(deep.clone()).contains('0'));
        assert!(spelled(json!([deep])).contains(TOO_DEEP));
    }

    #[test]
    fn what_nothing_writes_is_not_read() {
        for text in [
            "",
            " ",
            "nul",
            "[",
            "[1",
            "[1,]",
            "[,]",
            "{",
            r#"{"a""#,
            r#"{"a":1,}"#,
            r#"{"b":1,"a":1}"#,
            r#"{"a":1,"a":1}"#,
            "01",
            "-1",
            "1.5",
            "9007199254740993",
            r#""a"#,
            r#""\n""#,
            r#""\u0041""#,
            r#""\u00E9""#,
            r#""\ud83d""#,
            r#""\udca1\ud83d""#,
            "\"é\"",
            "\"\n\"",
            "[ 1]",
        ] {
            // A number may go on as something else: what reads an entry sees that.
            let whole = read(text.as_bytes()).filter(|(_, rest)| rest.is_empty());
            assert_eq!(whole, None, "{text}");
        }
        let deep = "[".repeat(DEPTH_MAX + 1) + &"]".repeat(DEPTH_MAX + 1);
        assert_eq!(read(deep.as_bytes()), None);
        assert_eq!(read("[".repeat(1 << 20).as_bytes()), None);
    }
}
