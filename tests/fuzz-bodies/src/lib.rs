//! What the fuzz targets do with their input: one body for each, the same under libFuzzer
//! (`tests/fuzz`) and on stable, where `tests/corpus.rs` replays the corpora and mutates them.
//!
//! A body panics where the code under it breaks a promise. Most inputs would be turned away by a seal
//! or a signature, so each body also puts the true one to its input: the decoder behind it must not
//! rely on whoever sealed.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a panic is how a fuzz target says that it found something"
)]

mod audit;
mod identity;
mod key;
mod record;

pub use audit::fuzz_audit;
pub use identity::fuzz_identity;
pub use key::fuzz_key;
pub use record::fuzz_record;

/// What a target does with one input.
pub type Body = fn(&[u8]);

/// The targets by name: that of their corpus and of their libFuzzer binary.
pub const TARGETS: [(&str, Body); 4] = [
    ("key", fuzz_key),
    ("record", fuzz_record),
    ("identity", fuzz_identity),
    ("audit", fuzz_audit),
];

/// 00 01 02 …: the pepper and the seed of the specification's examples.
fn counted() -> [u8; 32] {
    core::array::from_fn(|at| u8::try_from(at).unwrap())
}
