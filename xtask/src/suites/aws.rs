//! The suite `aws`: what is deployed to AWS. DynamoDB Local is the real one, and `cargo lambda` is; API Gateway is played,
//! and so is the AWS that the template is deployed to.

use std::{path::PathBuf, process::Command};

use super::rust;
use crate::{
    broken, exec,
    setup::{self, Need},
    step::{Step, Surroundings},
    tally::Tally,
};

/// The function first: what follows is put to the very file.
pub(super) const STEPS: &[Step] = &[
    Step {
        name: "build",
        about: "the authorizer, as it is deployed, and which C library it needs",
        needs: &[Need::Aws],
        run: build,
    },
    Step {
        name: "templates",
        about: "template.yaml under its linters, and with mistakes",
        needs: &[Need::Aws],
        run: |with| suite(with, "templates"),
    },
    Step {
        name: "terraform",
        about: "the Terraform module deploys what template.yaml does",
        needs: &[Need::Aws],
        run: |with| suite(with, "terraform"),
    },
    Step {
        name: "deployed",
        about: "the template in a made-up AWS, and each resource asked for",
        needs: &[Need::Aws],
        run: |with| suite(with, "deployed"),
    },
    Step {
        name: "contract",
        about: "the contract of every gate, put to the authorizer in events of each kind",
        needs: &[Need::Python, Need::DynamoDb],
        run: contract,
    },
    Step {
        name: "processes",
        about: "several processes on one table: revocations, limits, a hot key, store calls",
        needs: &[Need::Python, Need::DynamoDb],
        run: processes,
    },
    Step {
        name: "secrets",
        about: "secrets by their ARN: fetched, and missing, refused, malformed or late",
        needs: &[Need::Aws, Need::DynamoDb],
        run: |with| put_to_function(with, "secrets"),
    },
    Step {
        name: "steady",
        about: "no event, setting or store ends an environment, and what does ends it once",
        needs: &[Need::Aws, Need::DynamoDb],
        run: |with| put_to_function(with, "steady"),
    },
    Step {
        name: "thaw",
        about: "an environment that stood still spends nothing of before",
        needs: &[Need::Aws, Need::DynamoDb],
        run: |with| put_to_function(with, "thaw"),
    },
    Step {
        name: "invoked",
        about: "`cargo lambda` hands the authorizer an event of each kind",
        needs: &[Need::Aws, Need::DynamoDb],
        run: |with| put_to_function(with, "invoked"),
    },
    Step {
        name: "broken",
        about: "broken copies of the store and the authorizer, of which each run takes one in four",
        needs: &[Need::DynamoDb],
        run: |with| broken::some(with, "aws", 4),
    },
];

const PROFILE: &str = "lambda";
const PACKAGE: &str = "tollgate-authorizer";

fn build(with: &Surroundings<'_>) -> anyhow::Result<Tally> {
    let arguments = ["build", "--locked", "--profile", PROFILE, "--package", PACKAGE];
    exec::run(&mut with.project.cargo(&arguments), &with.log)?;
    let mut symbols = python(with, "symbols");
    symbols.arg(function(with));
    with.count(&mut symbols)
}

/// Every row of the contract holds for the authorizer, or does not apply and says why.
fn contract(with: &Surroundings<'_>) -> anyhow::Result<Tally> {
    let mut python = with.project.command(setup::python::interpreter(with.project));
    python.current_dir(with.project.path("tests")).args(["-m", "contract", "run", "--verbose"]);
    with.count(python.args(["--host", "lambda", "--binary"]).arg(function(with)))
}

/// What several processes of the function do to each other, while the command revokes keys.
fn processes(with: &Surroundings<'_>) -> anyhow::Result<Tally> {
    let programs = rust::programs(with)?;
    let mut python = with.project.command(setup::python::interpreter(with.project));
    python.current_dir(with.project.path("tests")).args(["-m", "aws", "processes", "--authorizer"]);
    python.arg(function(with)).arg("--tollgate").arg(programs.join("tollgate"));
    with.count(&mut python)
}

/// One of the suites in `tests/aws` that are put to the function.
fn put_to_function(with: &Surroundings<'_>, name: &str) -> anyhow::Result<Tally> {
    with.count(python(with, name).arg("--authorizer").arg(function(with)))
}

/// One of the suites in `tests/aws`.
fn suite(with: &Surroundings<'_>, name: &str) -> anyhow::Result<Tally> {
    with.count(&mut python(with, name))
}

fn python(with: &Surroundings<'_>, suite: &str) -> Command {
    let mut python = with.project.command(setup::python::interpreter_aws(with.project));
    python.current_dir(with.project.path("tests")).args(["-m", "aws", suite]);
    python
}

/// The file that is deployed.
fn function(with: &Surroundings<'_>) -> PathBuf {
    with.project.target.join(PROFILE).join("bootstrap")
}
