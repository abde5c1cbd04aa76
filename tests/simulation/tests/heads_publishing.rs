//! Restores, incarnations, and what is published when: each case by itself.

#[path = "support/heads.rs"]
mod support;

use support::{READ_MS, check, check_cut_off, world};
use tollgate_core::record::State::{Active, Disabled, Revoked};
use tollgate_simulation::heads::{
    Change::{Revoke, Switch},
    Cut, Start,
};

#[test]
fn after_a_restore_nothing_of_before_is_used() {
    let mut world = world(2);
    world.back_up();
    check(&mut world, 0, 0, Some(Active), 3 * READ_MS);
    world.change(Switch(0, true));
    world.pass(1_001);
    check(&mut world, 0, 0, Some(Disabled), 3 * READ_MS);
    world.store.stick(1, 0, true);
    world.restore();
    // What was changed after the backup is lost, as the documents say; nobody goes on using it.
    world.pass(1_001);
    check(&mut world, 0, 0, Some(Active), 4 * READ_MS);
    check(&mut world, 1, 0, Some(Active), 4 * READ_MS);
    assert_eq!(world.head(0).map(|head| head.stamp().incarnation), Some(2));
    // The epochs of the lost life say nothing in this one.
    world.change(Switch(0, true));
    world.pass(1_001);
    check(&mut world, 0, 0, Some(Disabled), 4 * READ_MS);
    check(&mut world, 1, 0, Some(Disabled), 4 * READ_MS);
}

#[test]
fn a_record_of_a_later_incarnation_waits_for_the_head() {
    for reachable in [true, false] {
        let mut world = world(1);
        world.pass(2_000);
        world.back_up();
        check(&mut world, 0, 0, Some(Active), 3 * READ_MS);
        world.restore();
        world.change(Switch(1, true));
        world.pass(250);
        let before = world.tally;
        if reachable {
            check(&mut world, 0, 2, Some(Disabled), 4 * READ_MS);
            assert_eq!(world.tally.record_questions, before.record_questions);
            assert_eq!(world.tally.head_questions, before.head_questions + 1);
        } else {
            world.cut(Cut::GateRelay(0));
            check_cut_off(&mut world, 0, 2, None);
        }
    }
}

#[test]
fn an_authority_behind_what_was_noted_outside_does_not_start() {
    let mut world = world(1);
    let backup = world.ledger.backup();
    world.change(Revoke(0));
    world.ledger.note();
    world.ledger.put_back(backup.clone());
    assert_eq!(world.ledger.start(), Start::Refused);
    assert!(!world.ledger.running());
    // The restore command begins an incarnation, and then it may.
    world.ledger.restore(backup);
    assert_eq!(world.ledger.start(), Start::Running);
    assert_eq!(world.ledger.head().stamp().incarnation, 2);
}

#[test]
fn nothing_is_published_before_it_is_committed() {
    let mut world = world(2);
    world.pass(2_000);
    let versions = world.store.versions(0);
    world.ledger.prepare(Switch(0, true));
    world.pass(5_000);
    assert_eq!(world.store.versions(0), versions);
    check(&mut world, 0, 0, Some(Active), 3 * READ_MS);
    world.ledger.crash();
    assert_eq!(world.ledger.start(), Start::Running);
    world.pass(5_000);
    check(&mut world, 1, 0, Some(Active), 3 * READ_MS);
    assert_eq!(world.store.versions(0), versions);
}

#[test]
fn a_revocation_does_not_wait_for_the_store() {
    let mut world = world(2);
    check(&mut world, 0, 0, Some(Active), 3 * READ_MS);
    world.cut(Cut::Publisher);
    let versions = world.store.versions(0);
    world.change(Revoke(0));
    world.pass(1_001);
    check(&mut world, 0, 0, Some(Revoked), 3 * READ_MS);
    check(&mut world, 1, 0, Some(Revoked), 3 * READ_MS);
    assert_eq!(world.store.versions(0), versions);
    world.mend();
    world.pass(1_000);
    assert!(world.store.versions(0) > versions);
}
