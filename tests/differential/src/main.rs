//! Compares the core with the independent reference, case by case.
//!
//! Reads cases that the reference made and answered, one JSON object a line (`op`, `in`, `out`), from
//! standard input; answers each with the core; says where they disagree.

use std::{
    collections::BTreeMap,
    io::{self, BufRead, Write},
    process::ExitCode,
};

use serde_json::Value;

/// How many disagreements are shown.
const SHOWN_MAX: u64 = 20;

fn main() -> ExitCode {
    match compare(io::stdin().lock(), &mut io::stdout().lock()) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            // Standard error may be gone too; the exit code is what counts.
            let _ = writeln!(io::stderr(), "{error}");
            ExitCode::FAILURE
        }
    }
}

/// Compares every line of `cases`, reports to `report`, and says how many disagree.
fn compare(cases: impl BufRead, report: &mut impl Write) -> io::Result<u64> {
    let (mut agreed, mut wrong) = (BTreeMap::<String, u64>::new(), 0_u64);
    for line in cases.lines() {
        let line = line?;
        let case: Value = serde_json::from_str(&line)?;
        let part = |name: &str| case.get(name).unwrap_or(&Value::Null);
        let op = part("op").as_str().unwrap_or_default();
        let ours = tollgate_conformance::apply(op, part("in"));
        if ours.as_ref().is_ok_and(|out| out == part("out")) {
            let count = agreed.entry(op.to_owned()).or_default();
            *count = count.saturating_add(1);
            continue;
        }
        wrong = wrong.saturating_add(1);
        if wrong <= SHOWN_MAX {
            writeln!(report, "{line}")?;
            match ours {
                Ok(out) => writeln!(report, "  but the core says {out}")?,
                Err(bad) => writeln!(report, "  but the core cannot: {}", bad.0)?,
            }
        }
    }
    for (op, count) in &agreed {
        writeln!(report, "{op}: {count} agree")?;
    }
    let all: u64 = agreed.values().sum();
    writeln!(report, "{all} cases agree, {wrong} do not")?;
    writeln!(report, "tollgate-tally tests={}", agreed.len())?;
    Ok(wrong)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

    use super::*;

    #[test]
    fn a_case_that_disagrees_or_cannot_be_put_is_wrong() {
        for (cases, wrong) in [
            ("", Some(0)),
            ("{\"op\":\"no.such\",\"in\":{},\"out\":{}}", Some(1)),
            ("{\"op\":\"no.such\"}\n{}", Some(2)),
            ("nonsense", None),
        ] {
            let mut report = vec![];
            let found = compare(cases.as_bytes(), &mut report).ok();
            assert_eq!(found, wrong, "{cases}");
            let said = String::from_utf8(report).unwrap();
            assert!(wrong.is_none() || said.contains("tollgate-tally tests=0"), "{said}");
        }
    }
}
