//! The one place where xtask reads its surroundings: arguments and environment variables.

use std::path::PathBuf;

/// The arguments after the program's name.
pub(crate) fn arguments() -> Vec<String> {
    std::env::args().skip(1).collect()
}

/// An archive that holds the Rust standard library's source, for machines that reach neither rustup's
/// host nor Debian's: `TOLLGATE_RUST_SRC`.
pub(crate) fn rust_source_archive() -> Option<PathBuf> {
    std::env::var_os("TOLLGATE_RUST_SRC").map(PathBuf::from)
}

/// The compiler flags that the caller set already.
pub(crate) fn rustflags() -> String {
    std::env::var_os("RUSTFLAGS").and_then(|flags| flags.into_string().ok()).unwrap_or_default()
}

/// The cargo that runs us, so that what we run is the same one.
pub(crate) fn cargo() -> PathBuf {
    std::env::var_os("CARGO").map_or_else(|| PathBuf::from("cargo"), PathBuf::from)
}
