//! What a signer makes and a verifier accepts, through the public interface only.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    reason = "a test stops at the first surprise"
)]

mod bytes;
mod made;
mod random;
mod reuse;
mod signing;
mod spelling;
mod window;
