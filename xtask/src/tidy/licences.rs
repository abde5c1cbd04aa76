//! Licences, bans and sources of everything we build with, offline, by the rules of `deny.toml`.
//!
//! `cargo deny` reads the same file in the GitHub workflow, where it can fetch advisories as well.

use std::{collections::BTreeMap, fs};

use anyhow::{Context, bail};
use serde_json::Value;
use toml::Table;

use super::{Findings, spdx};
use crate::project::Project;

const RULES: &str = "deny.toml";
const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// Checks every package that Cargo.lock names.
pub(super) fn check(project: &Project, findings: &mut Findings) -> anyhow::Result<()> {
    let text = fs::read_to_string(project.path(RULES)).context(RULES)?;
    let rules = Rules::parse(&text).context(RULES)?;
    let metadata = project.full_metadata().or_else(|_| fetched(project))?;
    let packages = metadata.get("packages").and_then(Value::as_array);
    let packages = packages.context("cargo names no packages")?;
    let mut versions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for package in packages {
        rules.one(package, findings)?;
        let name = package["name"].as_str().unwrap_or_default();
        versions.entry(name).or_default().push(package["version"].as_str().unwrap_or_default());
    }
    for (name, versions) in versions {
        if versions.len() > 1 && !rules.skip.iter().any(|skip| skip == name) {
            let versions = versions.join(" and ");
            findings.add(
                RULES,
                format!("{name} is built as {versions}: agree on one, or skip it with a reason"),
            );
        }
    }
    Ok(())
}

/// The description again, after fetching what the lock file names: a fresh machine has nothing yet.
fn fetched(project: &Project) -> anyhow::Result<Value> {
    let output = project.cargo(&["fetch", "--locked"]).output().context("cargo does not run")?;
    if !output.status.success() {
        bail!("cargo fetch --locked failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    project.full_metadata()
}

#[derive(Debug)]
struct Rules {
    allowed: Vec<String>,
    denied: Vec<String>,
    skip: Vec<String>,
}

impl Rules {
    fn parse(text: &str) -> anyhow::Result<Self> {
        let table: Table = text.parse()?;
        let list = |section: &str, key: &str| -> anyhow::Result<Vec<String>> {
            let list = table.get(section).and_then(|section| section.get(key));
            let list = list
                .and_then(toml::Value::as_array)
                .with_context(|| format!("no {section}.{key}"))?;
            let name = |entry: &toml::Value| {
                let name = entry.as_str().or_else(|| entry.get("name")?.as_str());
                name.or_else(|| entry.get("crate")?.as_str()).map(str::to_owned)
            };
            list.iter()
                .map(|entry| name(entry).with_context(|| format!("in {section}.{key}")))
                .collect()
        };
        Ok(Self {
            allowed: list("licenses", "allow")?,
            denied: list("bans", "deny")?,
            skip: list("bans", "skip")?,
        })
    }

    fn one(&self, package: &Value, findings: &mut Findings) -> anyhow::Result<()> {
        let name = package["name"].as_str().context("a package lacks a name")?;
        let licence = package["license"].as_str().unwrap_or_default();
        if !spdx::satisfied(licence, &self.allowed) {
            findings.add(RULES, format!("{name} is licensed {licence:?}, which is not allowed"));
        }
        if self.denied.iter().any(|denied| denied == name) {
            findings.add(RULES, format!("{name} is banned, but Cargo.lock names it"));
        }
        match package["source"].as_str() {
            None | Some(REGISTRY) => {}
            Some(source) => {
                findings.add(RULES, format!("{name} comes from {source}: use the registry"))
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

    use super::*;

    #[test]
    fn licences_bans_and_sources_are_each_enforced() {
        let rules =
            "[licenses]\nallow = ['MIT']\n[bans]\ndeny = [{ crate = 'openssl' }]\nskip = []\n";
        let rules = Rules::parse(rules).unwrap();
        for (name, licence, source, found) in [
            ("good", "MIT", REGISTRY, 0),
            ("good", "GPL-3.0", REGISTRY, 1),
            ("good", "", REGISTRY, 1),
            ("openssl", "MIT", REGISTRY, 1),
            ("good", "MIT", "git+https://example.org/good", 1),
        ] {
            let package = serde_json::json!({"name": name, "license": licence, "source": source});
            let mut findings = Findings::default();
            rules.one(&package, &mut findings).unwrap();
            assert_eq!(findings.0.len(), found, "{name} {licence} {source}");
        }
    }
}
