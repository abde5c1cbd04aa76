//! That the core needs no standard library and no allocator, shown by building it where there is none.

use crate::{setup::rust_source, step::Surroundings, tally::Tally};

/// A target without an operating system. (Not x86-64: there the curve library insists on vector
/// registers, which that bare-metal target has not, and the compiler stops.)
const TARGET: &str = "aarch64-unknown-none";

/// Builds core and identity with nothing but Rust's `core` in reach.
pub(super) fn build(with: &Surroundings<'_>) -> anyhow::Result<Tally> {
    rust_source::check()?;
    let mut cargo =
        with.project.cargo(&["build", "--locked", "--target", TARGET, "-Zbuild-std=core"]);
    cargo.args(["-p", "tollgate-core", "-p", "tollgate-identity"]);
    cargo.env("RUSTC_BOOTSTRAP", "1");
    // RUSTC_BOOTSTRAP is part of what cargo remembers: without a folder of its own it would rebuild.
    cargo.env("CARGO_TARGET_DIR", with.project.target.join("bare-metal"));
    with.succeed(&mut cargo)
}
