//! The rules of the pipeline, asked through its router by callers whose identities a gate's key has signed.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod document;
mod input;
mod metrics;
mod opportunities;
mod settings;
mod site;
mod stages;
mod strangers;
