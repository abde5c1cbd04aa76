//! The suite `aws`: what is deployed to AWS. DynamoDB Local is the real one; API Gateway and the rest are played.

use crate::{
    setup::{self, Need},
    step::{Step, Surroundings},
    tally::Tally,
};

/// What is cheap comes first.
pub(super) const STEPS: &[Step] = &[
    Step {
        name: "templates",
        about: "template.yaml under three linters, and with its mistakes",
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
];

/// One of the suites in `tests/aws`.
fn suite(with: &Surroundings<'_>, name: &str) -> anyhow::Result<Tally> {
    let mut python = with.project.command(setup::python::interpreter_aws(with.project));
    python.current_dir(with.project.path("tests")).args(["-m", "aws", name]);
    with.count(&mut python)
}
