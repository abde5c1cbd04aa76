//! The publisher's half on the real DynamoDB Local: changes, races, crashes, restores.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::print_stdout,
    reason = "a test stops at what should not be"
)]

mod changes;
mod crash;
mod local;
mod made;
mod outbox;
mod races;
mod restoring;
#[path = "../../../ledger/tests/stores/rules.rs"]
mod rules;

#[test]
fn it_does_what_every_store_does() {
    rules::every_rule(|| Box::new(local::Place::new().publisher()));
}
