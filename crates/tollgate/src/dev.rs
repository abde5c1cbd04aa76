//! `tollgate dev`: the core at work, on a deployment that lives only as long as the tour.

mod deployment;
mod meter;
mod proof;
mod report;
mod revocation;

use std::io;

use deployment::Deployment;
use report::Report;

/// Takes the tour.
pub(crate) fn run(out: &mut impl io::Write) -> anyhow::Result<()> {
    let mut report = Report::new(out);
    let mut deployment = Deployment::begin()?;
    report.line("Tollgate's core at work. The pepper is random and gone when this ends.")?;
    let key = proof::show(&deployment, &mut report)?;
    let genuine = deployment.prove(&key)?;
    meter::show(&mut deployment, genuine, &mut report)?;
    revocation::show(&mut deployment, genuine, &mut report)?;
    report.blank()?;
    report.line(
        "Next: docs/spec says what each of these texts means, ARCHITECTURE.md where it is done.",
    )
}
