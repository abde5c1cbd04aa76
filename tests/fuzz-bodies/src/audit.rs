//! The verifier of the audit.

use std::{fmt::Write, sync::LazyLock};

use serde_json::Value;
use sha2::{Digest, Sha256};
use tollgate_audit::{Chain, Hash, Keys, Report, Verifier, Vouched, export};
use tollgate_core::{id::Id, time::UnixMillis};
use tollgate_identity::{Jwk, SigningKey};

use crate::counted;

/// Later than every entry of the corpus.
const NOW: UnixMillis = UnixMillis(1_800_000_000_000);

/// The most entries of an input that are hashed and signed.
const SIGNED_MAX: usize = 16;

/// The fields of an entry, in their order.
const FIELDS: [&str; 11] = [
    "n",
    "prev",
    "at",
    "tenant",
    "actor",
    "operation",
    "subject",
    "before",
    "after",
    "from",
    "request",
];

static KEY: LazyLock<SigningKey> =
    LazyLock::new(|| SigningKey::new("k1", "EdDSA", &counted()).unwrap());
static KEYS: LazyLock<Keys> = LazyLock::new(|| {
    let mut keys = Keys::none();
    keys.add(&Jwk { kid: "k1", alg: "EdDSA", x: KEY.public() }).unwrap();
    keys
});

/// Verifies `data` as an export; and its entries linked, hashed and truly signed anew.
///
/// What is vouched for must have the one spelling and hold together, and must not be vouched for with one bit of it, one
/// line or the place of one line changed.
pub fn fuzz_audit(data: &[u8]) {
    check(data);
    if let Some(text) = signed(data) {
        check(text.as_bytes());
    }
}

fn check(text: &[u8]) {
    let pick = text
        .iter()
        .fold(text.len(), |sum, &byte| sum.wrapping_mul(31).wrapping_add(usize::from(byte)));
    let report = verify(&[text]);
    let (first, rest) = text.split_at(pick.checked_rem(text.len()).unwrap_or(0));
    assert_eq!(verify(&[first, rest]), report, "how an export comes makes no difference");
    let Some(Vouched { number, .. }) = report.vouched else { return };
    let since = report.piece.unwrap().since;
    let lines: Vec<&[u8]> = text.split_inclusive(|&byte| byte == b'\n').collect();
    let entries = lines.iter().enumerate().filter(|(_, line)| line.starts_with(ENTRY));
    let count = usize::try_from(number.checked_sub(since).unwrap()).unwrap();
    let entries: Vec<usize> = entries.map(|(at, _)| at).take(count).collect();
    assert_eq!(entries.len(), count, "nothing is vouched for that is not there");
    let mut before = None;
    for (number, at) in (since.wrapping_add(1)..).zip(&entries) {
        before = Some(held(lines.get(*at).unwrap(), number, before));
    }
    if let Some(nth) = pick.checked_rem(count) {
        let altered = since.wrapping_add(u64::try_from(nth).unwrap()).wrapping_add(1);
        alter(&lines, *entries.get(nth).unwrap(), altered, pick);
    }
}

fn verify(pieces: &[&[u8]]) -> Report {
    let mut verifier = Verifier::new(&KEYS);
    pieces.iter().for_each(|piece| verifier.feed(piece));
    verifier.finish()
}

/// Fails unless an entry is in the one spelling, has this number and continues the one before; gives its hash and its
/// time.
fn held(line: &[u8], number: u64, before: Option<(String, u64)>) -> (String, u64) {
    let line = core::str::from_utf8(line).unwrap();
    let read: Value = serde_json::from_str(line).expect("an entry is JSON");
    let (entry, hash) = (read.get("entry").unwrap(), text(&read, "hash"));
    let mut spelling = String::new();
    for field in FIELDS {
        let value = entry.get(field).expect("every field is there");
        let open = if spelling.is_empty() { '{' } else { ',' };
        write!(spelling, "{open}\"{field}\":{}", spelled(value, 0)).unwrap();
    }
    spelling.push('}');
    assert_eq!(line, format!("{{\"entry\":{spelling},\"hash\":\"{hash}\"}}\n"), "one spelling");
    assert_eq!(hash, hash_of(&spelling));
    let at = entry.get("at").and_then(Value::as_u64).unwrap();
    assert_eq!(entry.get("n").and_then(Value::as_u64), Some(number));
    if let Some((hash, earlier)) = before {
        assert_eq!(text(entry, "prev"), hash);
        assert!(at >= earlier, "times never step back");
    }
    (hash.to_owned(), at)
}

/// Fails if the entry of a number is vouched for although it was changed, removed, doubled or moved.
fn alter(lines: &[&[u8]], at: usize, number: u64, pick: usize) {
    let mut lines: Vec<Vec<u8>> = lines.iter().map(|line| line.to_vec()).collect();
    match pick.wrapping_shr(8) % 4 {
        0 => drop(lines.remove(at)),
        1 => lines.insert(at, lines.get(at).unwrap().clone()),
        2 => lines.swap(at, at.wrapping_add(1)),
        _ => {
            let line = lines.get_mut(at).unwrap();
            let byte = pick.wrapping_shr(16).checked_rem(line.len()).unwrap();
            *line.get_mut(byte).unwrap() ^= 1 << (pick % 7);
        }
    }
    let report = verify(&[&lines.concat()]);
    assert!(report.wrong.is_some(), "whatever is altered is found");
    let vouched = report.vouched.map_or(0, |vouched| vouched.number);
    assert!(vouched < number, "an altered entry is never vouched for");
}

/// The entries of an input as whoever holds the key could write them: each continues the one before, has the hash of
/// what it says, and all are signed; none if there are none.
fn signed(data: &[u8]) -> Option<String> {
    let text = core::str::from_utf8(data).ok()?;
    let (mut lines, mut begins, mut last) = (String::new(), None, None);
    for line in text.lines().filter(|line| line.as_bytes().starts_with(ENTRY)).take(SIGNED_MAX) {
        let spelling = line.get(ENTRY.len()..line.len().checked_sub(HASH_AND_END)?)?;
        let (number, rest) = spelling.split_once(PREVIOUS)?;
        let (previous, rest) = rest.split_at_checked(64)?;
        // Read as anybody might: what has another spelling is for the verifier to refuse.
        let number_is = number.strip_prefix("{\"n\":")?.parse::<u64>().ok()?;
        let (at, tenant) = rest.strip_prefix("\",\"at\":")?.split_once(",\"tenant\":")?;
        let at = at.parse::<u64>().ok()?;
        let tenant = tenant.strip_prefix('"').and_then(|tenant| tenant.split('"').next());
        let tenant = tenant.map(str::to_owned);
        let (_, before) = begins.get_or_insert((number_is.checked_sub(1)?, previous.to_owned()));
        let before = last.as_ref().map_or(&*before, |(_, _, hash, _): &Last| hash);
        let spelling = format!("{number}{PREVIOUS}{before}{rest}");
        let hash = hash_of(&spelling);
        writeln!(lines, "{{\"entry\":{spelling},\"hash\":\"{hash}\"}}").unwrap();
        last = Some((number_is, at, hash, tenant));
    }
    let ((since, since_hash), (number, at, hash, tenant)) = (begins?, last?);
    let tenant = tenant.as_deref().map(Id::new).transpose().ok()?;
    let at = UnixMillis(at);
    let before = Chain { tenant, number: since, hash: Hash::from_hex(&since_hash)?, at };
    let after = Chain { number, hash: Hash::from_hex(&hash)?, ..before };
    let (head, end) = (export::head(&before).ok()?, export::end(&before, &after, &KEY, NOW)?);
    Some(format!("{head}\n{lines}{end}\n"))
}

/// The number, the time, the hash and the tenant of the last entry.
type Last = (u64, u64, String, Option<String>);

const ENTRY: &[u8] = b"{\"entry\":";
const PREVIOUS: &str = ",\"prev\":\"";

/// The bytes of a line behind the spelling: `,"hash":"`, the digits, `"}`.
const HASH_AND_END: usize = 9 + 64 + 2;

fn hash_of(spelling: &str) -> String {
    let hash = Sha256::digest(format!("tollgate-audit-entry-v1:{spelling}"));
    hash.iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
}

fn text<'v>(of: &'v Value, name: &str) -> &'v str {
    of.get(name).and_then(Value::as_str).unwrap()
}

/// JSON in the one spelling of images.
fn spelled(value: &Value, deep: usize) -> String {
    assert!(deep <= 16, "within at most 16 lists and objects");
    let deeper = deep.wrapping_add(usize::from(value.is_array() || value.is_object()));
    match value {
        Value::Null | Value::Bool(_) => value.to_string(),
        Value::Number(number) => {
            assert!(number.as_u64().is_some_and(|number| number <= 1 << 53), "a whole number");
            value.to_string()
        }
        Value::String(text) => quoted(text),
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(|item| spelled(item, deeper)).collect();
            format!("[{}]", items.join(","))
        }
        Value::Object(fields) => {
            let named = fields.iter().map(|(name, value)| (quoted(name), spelled(value, deeper)));
            let mut named: Vec<_> = named.collect();
            named.sort();
            let named: Vec<_> =
                named.iter().map(|(name, value)| format!("{name}:{value}")).collect();
            format!("{{{}}}", named.join(","))
        }
    }
}

fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for unit in text.encode_utf16() {
        match u8::try_from(unit) {
            Ok(byte @ 0x20..=0x7e) if !b"\"\\".contains(&byte) => quoted.push(char::from(byte)),
            _ => write!(quoted, "\\u{unit:04x}").unwrap(),
        }
    }
    quoted.push('"');
    quoted
}
