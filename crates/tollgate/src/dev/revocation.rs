//! The key is revoked, and the gate knows although its store still serves the old record.

use std::io;

use anyhow::bail;
use tollgate_core::{
    decision::{Step, Verdict},
    head::Checked,
    lease::{Host, Purse},
    pepper::Genuine,
};

use super::{Deployment, Report};
use crate::clock;

/// Revokes the key and shows what becomes of the cached record.
pub(crate) fn show(
    deployment: &mut Deployment,
    genuine: Genuine,
    report: &mut Report<'_, impl io::Write>,
) -> anyhow::Result<()> {
    report.chapter("The key is revoked, while the store still serves the old record")?;
    let stamp = deployment.revoke()?;
    report.fact("the head moves to", format_args!("epoch {}", stamp.epoch))?;
    match deployment.check()? {
        Checked::Outdated => report.fact("the cached record", "outdated: not used any more")?,
        Checked::Current(_) | Checked::HeadBehind => bail!("the head vouches for a revoked key"),
    }
    deployment.fetch()?;
    let mut purse = Purse::new(deployment.numbers, stamp, Host::Background, 0);
    match deployment.decide(genuine, &mut purse, clock::read())? {
        Step::Verdict(Verdict::Deny(denial)) => report.fact("the next request", denial.code()),
        Step::Verdict(Verdict::Allow(_)) | Step::Await(_) => bail!("a revoked key was not refused"),
    }
}
