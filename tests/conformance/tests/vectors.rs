//! Every row of `tests/vectors` holds.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a test stops at what should not be, and says how many rows it ran"
)]

use std::{fs, path::Path};

use serde_json::Value;
use tollgate_conformance::apply;

/// Runs the rows of one suite, and says which differ.
fn check(suite: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../vectors");
    let text = fs::read_to_string(folder.join(format!("{suite}.json"))).unwrap();
    let file: Value = serde_json::from_str(&text).unwrap();
    let rows = file["rows"].as_array().unwrap();
    let differing: Vec<_> = rows.iter().filter_map(difference).collect();
    println!("tollgate-tally rows={}", rows.len().saturating_sub(differing.len()));
    assert!(!rows.is_empty(), "{suite} has no row");
    assert!(
        differing.is_empty(),
        "{} of {} rows differ:\n{}",
        differing.len(),
        rows.len(),
        differing.join("\n")
    );
}

fn difference(row: &Value) -> Option<String> {
    let got = apply(row["op"].as_str().unwrap(), &row["in"]);
    let got = got.unwrap_or_else(|bad| Value::String(format!("bad case: {}", bad.0)));
    (got != row["out"])
        .then(|| format!("{} ({}): {got}, not {}", row["id"], row["why"], row["out"]))
}

/// A test for each suite, so that the runner names the one that differs.
macro_rules! suites {
    ($($name:ident: $suite:literal,)*) => {
        $(#[test]
        fn $name() {
            check($suite);
        })*

        #[test]
        fn every_file_is_run() {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../vectors");
            let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
            let mut files: Vec<_> = files
                .filter(|file| file.extension().is_some_and(|end| end == "json"))
                .map(|file| file.file_stem().unwrap().to_string_lossy().into_owned())
                .collect();
            files.sort();
            let mut known = [$($suite),*];
            known.sort_unstable();
            assert_eq!(files, known);
        }
    };
}

suites! {
    keys: "keys",
    records: "records",
    scopes: "scopes",
    network: "network",
    buckets: "buckets",
    leases: "leases",
    heads: "heads",
    decisions: "decisions",
    identities: "identities",
    engine: "engine",
    audit: "audit",
}
