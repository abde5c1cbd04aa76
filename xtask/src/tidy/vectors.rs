//! The vectors: enough rows, and each with an id and a reason of its own.

use std::{collections::BTreeSet, fs};

use anyhow::Context;
use serde_json::Value;

use super::Findings;
use crate::project::Project;

/// How many rows each suite of vectors has at least.
const LEAST: [(&str, usize); 9] = [
    ("keys", 120),
    ("records", 80),
    ("scopes", 40),
    ("network", 60),
    ("buckets", 80),
    ("leases", 60),
    ("heads", 30),
    ("decisions", 100),
    ("identities", 60),
];

/// Checks every file of vectors.
pub(super) fn check(project: &Project, findings: &mut Findings) -> anyhow::Result<()> {
    for (suite, least) in LEAST {
        let place = format!("tests/vectors/{suite}.json");
        let Ok(text) = fs::read_to_string(project.path(&place)) else {
            findings.add(&place, format!("is not there, and should hold {least} rows"));
            continue;
        };
        let file: Value = serde_json::from_str(&text).with_context(|| place.clone())?;
        one(&file, suite, least, &place, findings);
    }
    Ok(())
}

fn one(file: &Value, suite: &str, least: usize, place: &str, findings: &mut Findings) {
    let rows = file["rows"].as_array().map(Vec::as_slice).unwrap_or_default();
    if file["suite"] != suite {
        findings.add(place, format!("its suite should be {suite:?}"));
    }
    if rows.len() < least {
        findings.add(place, format!("has {} rows, and should have {least}", rows.len()));
    }
    for field in ["id", "why"] {
        let mut seen = BTreeSet::new();
        for row in rows {
            let text = row[field].as_str().unwrap_or_default().trim();
            if text.is_empty() {
                findings.add(place, format!("a row lacks its {field}: {row:.60}"));
            } else if !seen.insert(text) {
                findings.add(place, format!("two rows have the same {field}: {text}"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(rows: &[(&str, &str)], found: usize) {
        let rows: Vec<Value> =
            rows.iter().map(|(id, why)| serde_json::json!({"id": id, "why": why})).collect();
        let mut findings = Findings::default();
        one(&serde_json::json!({"suite": "keys", "rows": rows}), "keys", 2, "here", &mut findings);
        assert_eq!(findings.0.len(), found, "{findings:?}");
    }

    #[test]
    fn rows_are_enough_and_each_says_something_of_its_own() {
        check(&[("a", "one"), ("b", "two")], 0);
        check(&[("a", "one")], 1);
        check(&[("a", "one"), ("a", "two")], 1);
        check(&[("a", "one"), ("b", "one ")], 1);
        check(&[("a", "one"), ("b", "")], 1);
    }
}
