//! How the command ends.

use std::process::{ExitCode, Termination};

/// The exit codes, which scripts may rely on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// 0: what was asked for is done.
    Done,
    /// 1: it failed, or something was found; standard error or the output says what.
    Failed,
    /// 2: the command line, or what was given on standard input, is wrong; nothing was done.
    Usage,
    /// 3: what is there does not allow it; nothing was done.
    Refused,
}

impl Exit {
    const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Refused => 3,
        }
    }
}

impl Termination for Exit {
    fn report(self) -> ExitCode {
        ExitCode::from(self.code())
    }
}
