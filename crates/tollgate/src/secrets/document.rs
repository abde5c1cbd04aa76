//! The JSON of the secrets.

use std::fmt;

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error, Visitor},
};
use tollgate_core::{json::hex_bytes, pepper::PEPPERS_MAX, time::UnixMillis};
use zeroize::Zeroizing;

use super::{Hidden, SECRET_BYTES, Secrets, SecretsError, Signing};

/// The longest text, in bytes.
pub(super) const TEXT_BYTES_MAX: u64 = 64 * 1024;

/// The longest pepper, in bytes.
const PEPPER_BYTES_MAX: usize = 256;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    peppers: Vec<PepperEntry>,
    issuing: u8,
    signing: Vec<SigningEntry>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PepperEntry {
    id: u8,
    secret: Digits,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SigningEntry {
    kid: String,
    alg: String,
    seed: Digits,
    from: u64,
    until: Option<u64>,
}

/// Reads and judges `text`.
pub(super) fn read(text: &str) -> Result<Secrets, SecretsError> {
    // SECURITY: the message of the JSON reader may quote what it read, so only the place is kept.
    let document: Document = serde_json::from_str(text)
        .map_err(|error| SecretsError::malformed(error.line(), error.column()))?;
    let peppers = document.peppers.into_iter().map(|entry| (entry.id, entry.secret.0)).collect();
    let signing = document.signing.into_iter().map(|entry| Signing {
        kid: entry.kid,
        alg: entry.alg,
        seed: entry.seed.0,
        from: UnixMillis(entry.from),
        until: entry.until.map(UnixMillis),
    });
    let secrets = Secrets { peppers, issuing: document.issuing, signing: signing.collect() };
    judge(&secrets)?;
    Ok(secrets)
}

/// Writes `secrets` as the file holds them, if they are good.
pub(super) fn write(secrets: &Secrets) -> Result<Hidden, SecretsError> {
    judge(secrets)?;
    let peppers = secrets.peppers.iter();
    let peppers =
        peppers.map(|(id, secret)| PepperEntry { id: *id, secret: Digits(secret.clone()) });
    let signing = secrets.signing.iter().map(|key| SigningEntry {
        kid: key.kid.clone(),
        alg: key.alg.clone(),
        seed: Digits(key.seed.clone()),
        from: key.from.0,
        until: key.until.map(|until| until.0),
    });
    let document = Document {
        peppers: peppers.collect(),
        issuing: secrets.issuing,
        signing: signing.collect(),
    };
    // SECURITY: room for all of it, so that no piece is left behind when the text grows.
    let room = usize::try_from(TEXT_BYTES_MAX).unwrap_or(0);
    let mut text = Zeroizing::new(Vec::with_capacity(room));
    serde_json::to_writer_pretty(&mut *text, &document)
        .map_err(|_| SecretsError::malformed(0, 0))?;
    text.push(b'\n');
    Ok(text)
}

/// Whether a gate may start with `secrets`.
fn judge(secrets: &Secrets) -> Result<(), SecretsError> {
    if secrets.peppers.len() > PEPPERS_MAX {
        return Err(SecretsError::too_many("peppers", PEPPERS_MAX));
    }
    secrets.peppers()?;
    secrets.schedule()?;
    Ok(())
}

/// Secret bytes as pairs of lower-case hexadecimal digits.
struct Digits(Hidden);

impl Serialize for Digits {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut digits = Zeroizing::new(String::with_capacity(self.0.len().saturating_mul(2)));
        for byte in self.0.iter() {
            let [high, low] = [byte >> 4, byte & 15].map(|half| char::from_digit(half.into(), 16));
            digits.extend(high.into_iter().chain(low));
        }
        serializer.serialize_str(&digits)
    }
}

impl<'de> Deserialize<'de> for Digits {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl Visitor<'_> for Reader {
            type Value = Digits;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("hexadecimal digits")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Digits, E> {
                unhex(text).map(Digits).ok_or_else(|| E::custom("not hexadecimal digits"))
            }
        }
        deserializer.deserialize_str(Reader)
    }
}

/// The bytes of pairs of lower-case hexadecimal digits.
fn unhex(text: &str) -> Option<Hidden> {
    if text.len() > PEPPER_BYTES_MAX.saturating_mul(2) {
        return None;
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len().max(SECRET_BYTES)));
    for byte in hex_bytes(text.as_bytes()) {
        bytes.push(byte?);
    }
    Some(bytes)
}
