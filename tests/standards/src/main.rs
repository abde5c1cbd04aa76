//! Prints the cases as rows, as the files of `tests/vectors` hold them.

use std::io::{self, Write};

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use tollgate_standards::{
    MacCase, SignatureCase, cavp, rfc_4231, rfc_8032, wycheproof_macs, wycheproof_signatures,
};

fn main() -> io::Result<()> {
    let macs = [rfc_4231(), wycheproof_macs(), cavp()].concat();
    let signatures = [rfc_8032(), wycheproof_signatures()].concat();
    let rows: Vec<Value> = macs
        .iter()
        .filter_map(mac_row)
        .chain(signatures.iter().filter_map(signature_row))
        .collect();
    writeln!(io::stdout(), "{}", json!({"suite": "standards", "rows": rows}))
}

/// The whole MAC, since that is what the operation gives: computed by another implementation, and only where
/// that agrees with what the case says of it.
fn mac_row(case: &MacCase) -> Option<Value> {
    let MacCase { name, key, message, tag, valid } = case;
    let mac = Hmac::<Sha256>::new_from_slice(key).ok()?.chain_update(message).finalize();
    let mac = mac.into_bytes();
    (mac.starts_with(tag) == *valid).then(|| {
        json!({
            "id": name, "why": name, "op": "mac.hmac",
            "in": {"key": hex(key), "message": hex(message)}, "out": {"mac": hex(&mac)},
        })
    })
}

/// The operation takes signatures of 64 bytes; others are no signatures by their type.
fn signature_row(case: &SignatureCase) -> Option<Value> {
    let SignatureCase { name, key, message, signature, valid, .. } = case;
    (signature.len() == 64).then(|| {
        json!({
            "id": name, "why": name, "op": "identity.signature",
            "in": {"x": hex(key), "message": hex(message), "signature": hex(signature)},
            "out": {"valid": valid},
        })
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
