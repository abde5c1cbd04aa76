//! House rules about source files.

use std::fs;

use super::Findings;
use crate::project::Project;

/// Above this a file is split, unless it is listed.
const LINES_MAX: usize = 400;
/// Half of the files are no longer than this.
const MEDIAN_MAX: usize = 200;

/// Why the cases of the reference are not split: their ids are their places in the file.
const CASES: &str = "cases in the order in which their ids were given";

/// Files that may be longer, each with the reason.
const LONGER: &[(&str, &str)] = &[
    ("tests/reference/cases/buckets.py", CASES),
    ("tests/reference/cases/decisions.py", CASES),
    ("tests/reference/cases/head_lists.py", CASES),
    ("tests/reference/cases/identity_verifying.py", CASES),
    ("tests/reference/cases/lease_authorities.py", CASES),
    ("tests/reference/cases/lease_holders.py", CASES),
    ("tests/reference/engine.py", "one machine, by one hand, from one page of the specification"),
];

/// Marks of one machine: a path that starts so means nothing on another.
const MACHINE_PATHS: [&str; 3] = ["/home/", "/Users/", "/root/"];

/// Texts that must not stand in Rust source, and what to do instead. Spelled in halves, so that this
/// file does not find itself.
const FORBIDDEN: [(&str, &str, &str); 3] = [
    ("#[ign", "ore", "no test is left out: repair it or remove it"),
    (
        "#[all",
        "ow(",
        "use #[expect(…, reason = \"…\")]: it says why, and goes when it is not needed",
    ),
    (
        "#![all",
        "ow(",
        "use #![expect(…, reason = \"…\")]: it says why, and goes when it is not needed",
    ),
];

/// Checks every file that git tracks or would track.
pub(super) fn check(project: &Project, findings: &mut Findings) -> anyhow::Result<()> {
    let mut lengths = vec![];
    for file in project.files()? {
        // Not text, or not ours to shape.
        let Ok(text) = fs::read_to_string(project.path(&file)) else {
            continue;
        };
        one(&file, &text, findings);
        if file.ends_with(".rs") {
            lengths.push(text.lines().count());
        }
    }
    for package in project.packages() {
        for target in package["targets"].as_array().into_iter().flatten() {
            let path = target["src_path"].as_str().unwrap_or_default();
            if !fs::read_to_string(path).unwrap_or_default().starts_with("//!") {
                findings
                    .add(short(project, path), "starts without a //! sentence saying what it is");
            }
        }
    }
    lengths.sort_unstable();
    let median = lengths.get(lengths.len() / 2).copied().unwrap_or(0);
    if median > MEDIAN_MAX {
        findings.add(
            "*.rs",
            format!("half of the files have more than {median} lines; aim for {MEDIAN_MAX}"),
        );
    }
    Ok(())
}

fn short(project: &Project, path: &str) -> String {
    let root = format!("{}/", project.root.display());
    path.strip_prefix(&root).unwrap_or(path).to_owned()
}

fn one(file: &str, text: &str, findings: &mut Findings) {
    for (number, line) in (1_usize..).zip(text.lines()) {
        for path in MACHINE_PATHS {
            let at_start = line.match_indices(path).any(|(at, _)| {
                let before = line.get(..at).and_then(|before| before.chars().next_back());
                !before.is_some_and(|c| c.is_alphanumeric() || "._-*}>)".contains(c))
            });
            // This very file has to name them.
            if at_start && file != "xtask/src/tidy/source.rs" {
                findings
                    .add(format!("{file}:{number}"), format!("{path} is a path of one machine"));
            }
        }
    }
    let python = file.ends_with(".py");
    if !python && !file.ends_with(".rs") {
        return;
    }
    let lines = text.lines().count();
    let listed = LONGER.iter().any(|(longer, _)| *longer == file);
    if lines > LINES_MAX && !listed {
        findings.add(
            file,
            format!("has {lines} lines, above {LINES_MAX}: split it, or list it with a reason"),
        );
    }
    if listed && lines <= LINES_MAX {
        findings.add(file, "is listed as longer than others, and is not: take it from the list");
    }
    if python {
        return;
    }
    if file.ends_with("/mod.rs") {
        findings.add(file, "name it after its module, beside the folder: there is no mod.rs here");
    }
    for (number, line) in (1_usize..).zip(text.lines()) {
        for (start, end, instead) in FORBIDDEN {
            if line.contains(&format!("{start}{end}")) {
                findings.add(format!("{file}:{number}"), instead);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(file: &str, text: &str, found: usize) {
        let mut findings = Findings::default();
        one(file, text, &mut findings);
        assert_eq!(findings.0.len(), found, "{file}: {findings:?}");
    }

    #[test]
    fn every_house_rule_about_files_is_enforced() {
        check("a/b.rs", "fn good() {}\n", 0);
        check("a/b.rs", &"\n".repeat(LINES_MAX), 0);
        check("a/b.rs", &"\n".repeat(LINES_MAX + 1), 1);
        check("a/b.md", &"\n".repeat(LINES_MAX + 1), 0);
        check("a/b.py", &"\n".repeat(LINES_MAX), 0);
        check("a/b.py", &"\n".repeat(LINES_MAX + 1), 1);
        check("tests/reference/engine.py", &"\n".repeat(LINES_MAX + 1), 0);
        check("tests/reference/engine.py", &"\n".repeat(LINES_MAX), 1);
        check("a/b.py", &format!("{}{}", FORBIDDEN[0].0, FORBIDDEN[0].1), 0);
        check("a/mod.rs", "", 1);
        for (start, end, _) in FORBIDDEN {
            check("a/b.rs", &format!("{start}{end}"), 1);
        }
        check("a/b.md", "see /home/me/file", 1);
        check("a/b.md", "see https://example.org/home/me and ./root/x", 0);
    }
}
