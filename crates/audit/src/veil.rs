//! What may not be written as it is: words that may be secrets, and texts that are too long.

use std::borrow::Cow;

use crate::hash::Hash;

/// The longest text within an image, in bytes of UTF-8. A longer one is written as its hash.
pub const TEXT_MAX: usize = 1024;

/// From how many letters and digits in a row on a word may be a secret: the body of a key has 50 with its check, a
/// pepper or a seed 64; a lookup id has 32.
pub const SECRET_MIN: usize = 40;

/// `text` as it may be written: whole words that may be secrets, and a text that is too long, as their hashes.
///
/// # Security
///
/// The last guard and not the first: what is written comes from documents that hold no secret. But a person may
/// have put one where a name belongs.
pub(crate) fn text(text: &str) -> Cow<'_, str> {
    if text.len() > TEXT_MAX {
        return Cow::Owned(format!("sha256:{}", Hash::of_text(text.as_bytes())));
    }
    words(text)
}

/// `text` with each word that may be a secret as the beginning of its hash.
///
/// What is an identifier stays one.
pub(crate) fn words(text: &str) -> Cow<'_, str> {
    let long = |word: &str| word.len() >= SECRET_MIN;
    let plain = |c: char| c.is_ascii_alphanumeric();
    if !text.split(|c| !plain(c)).any(long) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    for piece in text.split_inclusive(|c| !plain(c)) {
        let word = piece.trim_end_matches(|c| !plain(c));
        if long(word) {
            let hash = Hash::of_text(word.as_bytes()).to_string();
            shown.push_str("veiled-");
            shown.extend(hash.chars().take(SHOWN));
            shown.extend(piece.chars().skip(word.len()));
        } else {
            shown.push_str(piece);
        }
    }
    Cow::Owned(shown)
}

/// How many digits of a word's hash are written: enough to tell words apart, too few to be veiled again.
const SHOWN: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_that_may_be_a_secret_is_written_as_its_hash() {
        let body = "1PFomxVvHxK9DoPCchyGyQ9uYxJ7rLoXE5C7u22zYyp52XJUH5";
        let veiled = "veiled-2e8e6410c547c06a9f1e1a76140e67f5";
        for (given, shown) in [
            (format!("tg_live_{body}"), format!("tg_live_{veiled}")),
            (format!("é{body}é, {body}"), format!("é{veiled}é, {veiled}")),
            ("a".repeat(39), "a".repeat(39)),
            (
                "2ccbc0e2728b2154939a868ede964808.".to_owned(),
                "2ccbc0e2728b2154939a868ede964808.".to_owned(),
            ),
            (String::new(), String::new()),
        ] {
            assert_eq!(text(&given), shown);
            assert_eq!(text(&shown), shown, "what is veiled stays as it is");
        }
        assert_ne!(words(&"a".repeat(40)), "a".repeat(40));
        assert_ne!(words(&"a".repeat(40)), words(&"a".repeat(41)), "two words stay two");
    }

    #[test]
    fn a_text_that_is_too_long_is_written_as_its_hash() {
        let fits = "ab ".repeat(341) + "c";
        assert_eq!((fits.len(), text(&fits).as_ref()), (TEXT_MAX, fits.as_str()));
        let shown = text(&(fits + "d")).into_owned();
        assert!(shown.starts_with("sha256:") && shown.len() == 71, "{shown}");
    }
}
