//! What the model of the control plane promises: strict bodies, templates, roles, views, lists, schemas.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test stops at what should not be"
)]

mod agreement;
mod bodies;
mod golden;
mod keys;
mod made;
mod openapi;
mod others;
mod problems;
mod properties;
mod queries;
mod samples;
mod schemas;
mod spellings;
mod templates;
mod views;
