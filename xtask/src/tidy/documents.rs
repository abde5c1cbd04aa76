//! Documents: links lead somewhere, the specification's index is whole, the change log is kept.

use std::{fs, path::Path};

use super::Findings;
use crate::project::Project;

/// The papers that every checkout has.
const PAPERS: [&str; 7] = [
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "CHANGELOG.md",
    "LICENSE-MIT",
    "LICENSE-APACHE",
];

/// Where every event of the gate is explained, and where the gate is.
const LOGS: &str = "docs/logs.md";
const GATE: &str = "crates/tollgate/src/";

/// Checks every Markdown file.
pub(super) fn check(project: &Project, findings: &mut Findings) -> anyhow::Result<()> {
    for paper in PAPERS.into_iter().filter(|paper| !project.path(paper).is_file()) {
        findings.add(paper, "is missing");
    }
    let changes = fs::read_to_string(project.path("CHANGELOG.md")).unwrap_or_default();
    if !changes.lines().any(|line| line.trim() == "## [Unreleased]") {
        findings.add("CHANGELOG.md", "has no section ## [Unreleased]");
    }
    let files = project.files()?;
    let index = fs::read_to_string(project.path("docs/spec/README.md")).unwrap_or_default();
    for file in files.iter().filter(|file| file.ends_with(".md")) {
        let text = fs::read_to_string(project.path(file))?;
        let folder = Path::new(file).parent().unwrap_or(Path::new(""));
        for (number, link) in links(&text) {
            if !project.root.join(folder).join(&link).exists() {
                findings
                    .add(format!("{file}:{number}"), format!("the link to {link} leads nowhere"));
            }
        }
        if let Some(page) = file.strip_prefix("docs/spec/")
            && page != "README.md"
        {
            if !index.contains(&format!("({page})")) {
                findings.add(file, "is not listed in docs/spec/README.md");
            }
            if !text.lines().any(|line| line.trim() == "## Operations") {
                findings.add(file, "has no section ## Operations");
            }
        }
    }
    let page = fs::read_to_string(project.path(LOGS)).unwrap_or_default();
    for file in files.iter().filter(|file| file.starts_with(GATE) && file.ends_with(".rs")) {
        let text = fs::read_to_string(project.path(file))?;
        for event in events(&text).filter(|event| !page.contains(&format!("`{event}`"))) {
            findings.add(file, format!("the event {event} is not in {LOGS}"));
        }
    }
    Ok(())
}

/// The events that a source of the gate writes: what stands behind a level.
fn events(text: &str) -> impl Iterator<Item = &str> {
    text.split("Level::").skip(1).filter_map(|after| {
        let (_, rest) = after.split_once(',')?;
        let (event, _) = rest.trim_start().strip_prefix('"')?.split_once('"')?;
        let level = after.split(',').next()?;
        level.bytes().all(|byte| byte.is_ascii_alphabetic()).then_some(event)
    })
}

/// The relative links of a Markdown text, with their line numbers; not those in code.
fn links(text: &str) -> Vec<(usize, String)> {
    let (mut found, mut fenced) = (vec![], false);
    for (number, line) in (1_usize..).zip(text.lines()) {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        if fenced {
            continue;
        }
        // Every second piece between backticks is code.
        for piece in line.split('`').step_by(2) {
            for after in piece.split("](").skip(1) {
                let Some((target, _)) = after.split_once(')') else {
                    continue;
                };
                let path = target.split(['#', ' ']).next().unwrap_or_default();
                if !path.is_empty() && !path.contains("://") && !path.starts_with("mailto:") {
                    found.push((number, path.to_owned()));
                }
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{events, links};

    #[test]
    fn events_are_found_behind_their_levels() {
        let text = "log.say(Level::Warn, \"one\", about); say(\n    Level::Error,\n    \"two\",\n)
            if level == Level::Info { x(y, \"none\") } log.say(level, \"none\"); Level::Warn => (a, \"none\")";
        assert_eq!(events(text).collect::<Vec<_>>(), ["one", "two"]);
    }

    #[test]
    fn relative_links_are_found_and_others_are_not() {
        for (text, expected) in [
            ("[a](b.md)", vec![(1, "b.md")]),
            ("x\n[a](b.md#part) and [c](d.md)", vec![(2, "b.md"), (2, "d.md")]),
            ("[a](https://example.org/b.md) [c](#here) [d](mailto:a@b)", vec![]),
            ("`[a](b.md)` [c](d.md)", vec![(1, "d.md")]),
            ("```\n[a](b.md)\n```\n[c](d.md)", vec![(4, "d.md")]),
        ] {
            let found = links(text);
            let found: Vec<(usize, &str)> = found.iter().map(|(n, l)| (*n, l.as_str())).collect();
            assert_eq!(found, expected, "{text}");
        }
    }
}
