//! The vectors: enough rows, and each with an id and a reason of its own.

use std::{collections::BTreeSet, fs};

use anyhow::Context;
use serde_json::Value;

use super::Findings;
use crate::project::Project;

/// How many rows each suite of vectors has at least.
const LEAST: [(&str, usize); 11] = [
    ("keys", 120),
    ("records", 80),
    ("scopes", 40),
    ("network", 60),
    ("buckets", 80),
    ("leases", 60),
    ("heads", 30),
    ("decisions", 100),
    ("identities", 60),
    ("engine", 90),
    ("audit", 60),
];

/// The largest integer that every JSON reader reads exactly.
const EXACT_MAX: u64 = 1 << 53;

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
    for row in rows {
        if let Some(number) = inexact(row) {
            let id = row["id"].as_str().unwrap_or_default();
            findings.add(place, format!("{id} holds the number {number}: write a decimal string"));
        }
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

/// A number in `value` that not every JSON reader reads exactly, if there is one.
fn inexact(value: &Value) -> Option<String> {
    match value {
        Value::Number(number) => {
            let exact = number.as_i64().is_some_and(|number| number.unsigned_abs() <= EXACT_MAX);
            (!exact).then(|| number.to_string())
        }
        Value::Array(list) => list.iter().find_map(inexact),
        Value::Object(fields) => fields.values().find_map(inexact),
        Value::Null | Value::Bool(_) | Value::String(_) => None,
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

    #[test]
    fn a_number_that_some_readers_round_is_found() {
        for (text, found) in [
            ("{\"in\": [9007199254740992, -1, \"9007199254740993\"]}", false),
            ("{\"in\": [9007199254740993]}", true),
            ("{\"in\": {\"a\": 18446744073709551616}}", true),
            ("{\"in\": 0.5}", true),
        ] {
            let value = serde_json::from_str(text).unwrap_or_default();
            assert_eq!(inexact(&value).is_some(), found, "{text}");
        }
    }
}
