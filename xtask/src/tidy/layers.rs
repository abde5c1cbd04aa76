//! Dependencies point towards core only, and every package inherits the workspace's lints.

use std::fs;

use anyhow::Context;
use serde_json::Value;
use toml::Table;

use super::Findings;
use crate::project::Project;

/// Which packages of ours a package may depend on, tests and build scripts included. A package that
/// is not listed may not be there; an edge that is not listed may not be drawn.
const EDGES: &[(&str, &[&str])] = &[
    ("tollgate-core", &[]),
    ("tollgate-identity", &["tollgate-core"]),
    ("tollgate-audit", &["tollgate-core", "tollgate-identity"]),
    ("tollgate-engine", &["tollgate-core", "tollgate-identity"]),
    ("tollgate-http", &["tollgate-core"]),
    ("tollgate-gate", &["tollgate-core", "tollgate-engine", "tollgate-http", "tollgate-identity"]),
    ("tollgate-ledger", &["tollgate-core"]),
    ("tollgate-native", &["tollgate-core"]),
    (
        "tollgate-control",
        &[
            "tollgate-audit",
            "tollgate-core",
            "tollgate-http",
            "tollgate-identity",
            "tollgate-ledger",
            // Its tests run over a store in memory.
            "tollgate-store-sqlite",
        ],
    ),
    ("tollgate-store-cloudflare", &["tollgate-core"]),
    (
        "tollgate-store-sql",
        &["tollgate-audit", "tollgate-control", "tollgate-core", "tollgate-ledger"],
    ),
    (
        "tollgate-worker-objects",
        &["tollgate-core", "tollgate-ledger", "tollgate-store-cloudflare", "tollgate-store-sql"],
    ),
    (
        "tollgate-store-dynamodb",
        &[
            "tollgate-core",
            "tollgate-engine",
            "tollgate-ledger",
            // Its tests read the clocks.
            "tollgate-native",
        ],
    ),
    (
        "tollgate-store-sqlite",
        &[
            "tollgate-audit",
            "tollgate-control",
            "tollgate-core",
            "tollgate-engine",
            "tollgate-ledger",
            "tollgate-store-sql",
        ],
    ),
    (
        "tollgate",
        &[
            "tollgate-audit",
            "tollgate-control",
            "tollgate-core",
            "tollgate-engine",
            "tollgate-gate",
            "tollgate-http",
            "tollgate-identity",
            "tollgate-ledger",
            "tollgate-native",
            "tollgate-store-dynamodb",
            "tollgate-store-sqlite",
        ],
    ),
    (
        "tollgate-origin",
        &["tollgate-core", "tollgate-http", "tollgate-identity", "tollgate-native"],
    ),
    (
        "tollgate-worker-gate",
        &[
            "tollgate-core",
            "tollgate-engine",
            "tollgate-gate",
            "tollgate-http",
            "tollgate-identity",
            "tollgate-store-cloudflare",
        ],
    ),
    (
        "tollgate-lambda",
        &[
            "tollgate-core",
            "tollgate-engine",
            "tollgate-gate",
            "tollgate-http",
            "tollgate-identity",
            "tollgate-native",
            "tollgate-store-dynamodb",
        ],
    ),
    (
        "tollgate-lambda-layer",
        &["tollgate-core", "tollgate-engine", "tollgate-gate", "tollgate-http", "tollgate-lambda"],
    ),
    (
        "tollgate-authorizer",
        &[
            "tollgate-core",
            "tollgate-engine",
            "tollgate-gate",
            "tollgate-http",
            "tollgate-lambda",
            // Its tests run over a store in memory.
            "tollgate-ledger",
            "tollgate-store-sqlite",
        ],
    ),
    (
        "tollgate-example-function",
        &[
            "tollgate-lambda",
            "tollgate-lambda-layer",
            // Its tests run over a store in memory.
            "tollgate-core",
            "tollgate-engine",
            "tollgate-gate",
            "tollgate-ledger",
            "tollgate-store-sqlite",
        ],
    ),
    ("tollgate-example-orders", &["tollgate-worker-gate"]),
    (
        "pipeline-crm",
        &[
            "tollgate-origin",
            // Its tests sign identities.
            "tollgate-core",
            "tollgate-identity",
        ],
    ),
    (
        "tollgate-conformance",
        &["tollgate-audit", "tollgate-core", "tollgate-engine", "tollgate-identity"],
    ),
    ("tollgate-simulation", &["tollgate-core", "tollgate-testkit"]),
    ("tollgate-wasm", &["tollgate-conformance"]),
    ("tollgate-edge", &["tollgate-core"]),
    ("tollgate-hello", &[]),
    ("tollgate-load", &["tollgate-core", "tollgate-ledger", "tollgate-store-sqlite"]),
    ("tollgate-differential", &["tollgate-conformance"]),
    (
        "tollgate-fuzz-bodies",
        &["tollgate-audit", "tollgate-core", "tollgate-identity", "tollgate-conformance"],
    ),
    ("tollgate-standards", &["tollgate-testkit"]),
    ("tollgate-testkit", &[]),
    ("xtask", &[]),
];

/// What tests of every package may use, and nothing but tests.
const FOR_TESTS: [&str; 2] = ["tollgate-standards", "tollgate-testkit"];

/// What the core may use from elsewhere, when it is built for a host.
const CORE_USES: &[(&str, &[&str])] = &[
    ("tollgate-core", &["sha2", "zeroize"]),
    ("tollgate-identity", &["ed25519-dalek", "curve25519-dalek", "sha2", "zeroize"]),
];

/// Checks every package of the workspace.
pub(super) fn check(project: &Project, findings: &mut Findings) -> anyhow::Result<()> {
    for package in project.packages() {
        let name = package["name"].as_str().context("a package lacks a name")?;
        let manifest = package["manifest_path"].as_str().context("a package lacks a manifest")?;
        let manifest = std::path::Path::new(manifest);
        let place = manifest.strip_prefix(&project.root).unwrap_or(manifest).display().to_string();
        edges(name, package, &place, findings);
        manifest_keys(name, &fs::read_to_string(manifest)?, &place, findings)
            .with_context(|| place.clone())?;
    }
    Ok(())
}

fn edges(name: &str, package: &Value, place: &str, findings: &mut Findings) {
    let Some((_, allowed)) = EDGES.iter().find(|(from, _)| *from == name) else {
        findings.add(place, format!("{name} has no line in the table of xtask/src/tidy/layers.rs"));
        return;
    };
    let ours = |other: &str| EDGES.iter().any(|(from, _)| *from == other);
    let uses = CORE_USES.iter().find(|(from, _)| *from == name).map(|(_, uses)| *uses);
    for dependency in package["dependencies"].as_array().into_iter().flatten() {
        let other = dependency["name"].as_str().unwrap_or_default();
        if ours(other) || !dependency["path"].is_null() {
            let for_tests = FOR_TESTS.contains(&other) && dependency["kind"] == "dev";
            if !for_tests && !allowed.contains(&other) {
                findings
                    .add(place, format!("{name} must not depend on {other}: edges point to core"));
            }
        } else if let Some(uses) = uses
            && dependency["kind"].is_null()
            && !uses.contains(&other)
        {
            findings.add(place, format!("{name} uses {other}, which its list in layers.rs lacks"));
        }
    }
}

fn manifest_keys(
    name: &str,
    text: &str,
    place: &str,
    findings: &mut Findings,
) -> anyhow::Result<()> {
    let manifest: Table = text.parse()?;
    let lints = manifest.get("lints").and_then(|lints| lints.get("workspace"));
    if lints.and_then(toml::Value::as_bool) != Some(true) {
        findings.add(place, "add [lints] workspace = true: every package inherits the house lints");
    }
    let package = manifest.get("package").context("no [package]")?;
    for key in ["version", "edition", "rust-version", "license", "publish"] {
        let inherited = package.get(key).and_then(|value| value.get("workspace"));
        if inherited.and_then(toml::Value::as_bool) != Some(true) {
            findings.add(place, format!("write {key}.workspace = true"));
        }
    }
    if CORE_USES.iter().any(|(core, _)| *core == name) && manifest.contains_key("features") {
        findings.add(place, format!("{name} has Cargo features: the core behaves in one way only"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

    use super::*;

    #[test]
    fn only_the_edges_of_the_table_are_allowed() {
        for (from, to, kind, held) in [
            ("tollgate-identity", "tollgate-core", Value::Null, true),
            ("tollgate-core", "tollgate-identity", Value::Null, false),
            ("tollgate-core", "tollgate-identity", "dev".into(), false),
            ("tollgate-core", "tollgate-testkit", Value::Null, false),
            ("tollgate-core", "tollgate-testkit", "dev".into(), true),
            ("tollgate-core", "sha2", Value::Null, true),
            ("tollgate-core", "rand", Value::Null, false),
            ("tollgate-core", "rand", "dev".into(), true),
            ("tollgate", "rand", Value::Null, true),
            ("newcomer", "rand", Value::Null, false),
        ] {
            let package = serde_json::json!({"dependencies": [{"name": to, "kind": kind}]});
            let mut findings = Findings::default();
            edges(from, &package, "here", &mut findings);
            assert_eq!(findings.0.is_empty(), held, "{from} -> {to}");
        }
    }

    #[test]
    fn a_package_that_goes_its_own_way_is_found() {
        let whole = "[package]\nversion.workspace = true\nedition.workspace = true\n\
            rust-version.workspace = true\nlicense.workspace = true\npublish.workspace = true\n\
            [lints]\nworkspace = true\n";
        for (text, found) in [
            (whole.to_owned(), 0),
            (whole.replace("[lints]\nworkspace = true\n", ""), 1),
            (whole.replace("edition.workspace = true", "edition = '2024'"), 1),
            (format!("{whole}[features]\nfast = []\n"), 1),
        ] {
            let mut findings = Findings::default();
            manifest_keys("tollgate-core", &text, "here", &mut findings).unwrap();
            assert_eq!(findings.0.len(), found, "{text}");
        }
    }
}
