//! Documents of keys: those that all verifiers share.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test stops at what should not be, and says what it has played"
)]

use std::{fs, path::Path};

use super::*;

#[test]
fn every_document_is_read_or_refused_as_its_row_says() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/origins/adversarial.json");
    let shared: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
    let rows = shared["documents"].as_array().unwrap();
    for row in rows {
        let found = match Keys::read(row["document"].as_str().unwrap().as_bytes()) {
            Ok(keys) => {
                let kids: Vec<&str> = keys.marks.iter().map(|mark| &*mark.kid).collect();
                serde_json::json!({ "kids": kids })
            }
            Err(error) => serde_json::json!({ "error": error.code() }),
        };
        assert_eq!(found, row["out"], "{}", row["why"]);
    }
    assert!(rows.len() >= 52);
    println!("tollgate-tally rows={}", rows.len());
}
