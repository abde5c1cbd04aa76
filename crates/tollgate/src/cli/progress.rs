//! How far long work is: on standard error, if that is a terminal.

use std::io::{self, IsTerminal};

/// So many of something are done.
pub(super) struct Progress {
    what: &'static str,
    watched: bool,
    said: bool,
}

/// Below this nobody waits long enough to wonder.
const QUIET_MAX: usize = 500;

impl Progress {
    /// Nothing is done yet.
    pub(super) fn of(what: &'static str) -> Self {
        Self { what, watched: io::stderr().is_terminal(), said: false }
    }

    /// So many are done.
    pub(super) fn at(&mut self, count: usize) {
        if self.watched && count > QUIET_MAX {
            eprint!("\r{count} {}", self.what);
            self.said = true;
        }
    }

    /// The work is at its end.
    pub(super) fn end(&mut self) {
        if self.said {
            eprintln!();
            self.said = false;
        }
    }
}

/// Whatever ends the work, what is said next begins on a line of its own.
impl Drop for Progress {
    fn drop(&mut self) {
        self.end();
    }
}
