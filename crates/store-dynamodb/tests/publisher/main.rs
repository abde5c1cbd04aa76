//! The publisher's half on the real DynamoDB Local: changes, races, crashes, restores.
//!
//! It is started from `tests/aws/node_modules`, where `cargo xtask setup` puts it; `TOLLGATE_DYNAMODB` names one that
//! runs already.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test stops at what should not be"
)]

mod changes;
mod crash;
mod local;
mod made;
mod outbox;
mod races;
mod restoring;
