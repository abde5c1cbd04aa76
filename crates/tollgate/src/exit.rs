//! How the command ends.

use std::process::{ExitCode, Termination};

/// The exit codes, which scripts may rely on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// 0: what was asked for is done.
    Done,
    /// 1: it failed; standard error says why.
    Failed,
    /// 2: the command line is wrong; nothing was done.
    Usage,
}

impl Exit {
    /// Says on standard error why it failed.
    pub(crate) fn failed(error: &anyhow::Error) -> Self {
        eprintln!("tollgate: {error:#}");
        Self::Failed
    }

    /// Says on standard error what is wrong with the command line.
    pub(crate) fn usage(why: &str) -> Self {
        eprintln!("tollgate: {why}; `tollgate help` lists the commands");
        Self::Usage
    }
}

impl Termination for Exit {
    fn report(self) -> ExitCode {
        ExitCode::from(match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
        })
    }
}
