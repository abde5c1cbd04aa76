//! The suite `control`: the control plane, as it is served.

use std::process::Command;

use super::gate::{binary, build, python};
use crate::{
    exec, settings,
    setup::{self, Need},
    step::{Step, Surroundings},
    tally::Tally,
};

/// The build first: what follows is put to the file that it leaves.
pub(super) const STEPS: &[Step] = &[
    Step { name: "build", about: "the release binary", needs: &[], run: build },
    Step {
        name: "story",
        about: "the page about the first hour, played from an empty folder",
        needs: &[Need::Python],
        run: story,
    },
    Step {
        name: "felt",
        about: "80 keys ended through the API in four ways, timed to the last question that was let through",
        needs: &[Need::Python, Need::Strace],
        run: felt,
    },
    Step {
        name: "beside",
        about: "one limit that gates lease and the API spends: as many in sum as it says",
        needs: &[Need::Python, Need::Strace],
        run: beside,
    },
    Step {
        name: "many",
        about: "20,000 keys of one tenant, or a million, listed, filtered, counted and changed: right and promptly",
        needs: &[Need::Python],
        run: many,
    },
    Step {
        name: "operations",
        about: "every operation of the OpenAPI document, asked by whoever may not do it",
        needs: &[Need::Control],
        run: |with| put(with, "control.operations", &[]),
    },
    Step {
        name: "schemas",
        about: "schemathesis, every check on: with an admin key, with one without scopes, and with none",
        needs: &[Need::Control],
        run: |with| put(with, "control.schemas", if with.full { &["--stateful"] } else { &[] }),
    },
];

/// What a reader of `docs/control.md` types does what the page says.
fn story(with: &Surroundings<'_>) -> anyhow::Result<Tally> {
    with.count(python(with, "control.story", &["--binary"]).arg(binary(with)?))
}

/// What the API stops is refused within what G4 promises, by gates that did not serve the request too.
fn felt(with: &Surroundings<'_>) -> anyhow::Result<Tally> {
    with.count(python(with, "control.felt", &["--binary"]).arg(binary(with)?))
}

/// Puts what a package of tests says, in a Python of its own packages, to the release binary.
fn put(with: &Surroundings<'_>, package: &str, more: &[&str]) -> anyhow::Result<Tally> {
    let mut python: Command =
        with.project.command(setup::python::interpreter_control(with.project));
    python.current_dir(with.project.path("tests")).args(["-m", package, "--binary"]);
    with.count(python.arg(binary(with)?).args(more))
}

/// What is spent where buckets are kept and what is spent of leases is never more than there is.
fn beside(with: &Surroundings<'_>) -> anyhow::Result<Tally> {
    with.count(python(with, "control.beside", &["--binary"]).arg(binary(with)?))
}

/// The lists of many keys have what they should, and nobody waits for them. The bench of lists fills the store.
fn many(with: &Surroundings<'_>) -> anyhow::Result<Tally> {
    let bench =
        ["bench", "--locked", "--no-run", "-p", "tollgate-store-sqlite", "--bench", "lists"];
    exec::run(&mut with.project.cargo(&bench), &with.log)?;
    let mut run = python(with, "control.many", &["--binary"]);
    run.arg(binary(with)?).arg("--cargo").arg(settings::cargo());
    run.env("CARGO_TARGET_DIR", &with.project.target);
    let keys = if with.full { KEYS_FULL } else { KEYS };
    with.count(run.args(["--keys", keys]))
}

/// How many keys there are: so many are made in a few seconds, and so many with `--full`.
const KEYS: &str = "20000";
const KEYS_FULL: &str = "1000000";
