//! What xtask says: standard output for results, standard error for progress and complaints.

use std::io::Write;

/// Prints one line of results.
pub(crate) fn line(text: &str) {
    // A reader that went away is no reason to stop: the exit code still says what held.
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

/// Prints one line of progress.
pub(crate) fn progress(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Says what went wrong.
pub(crate) fn complain(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "xtask: {text}");
}
