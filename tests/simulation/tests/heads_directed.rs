//! What random schedules meet too rarely: each case by itself, in a world where nothing else happens.

#[path = "support/heads.rs"]
mod support;

use support::{READ_MS, check, check_cut_off, world};
use tollgate_core::record::State::{Active, Disabled, OwnerDisabled, Revoked, TenantDisabled};
use tollgate_simulation::heads::{
    Change::{Create, Forget, Owner, Revoke, Switch, Tenant},
    Cut, Outcome, World, WorldSettings,
};

#[test]
fn a_warm_key_is_decided_at_once_and_asks_nobody() {
    let mut world = world(1);
    check(&mut world, 0, 0, Some(Active), 3 * READ_MS);
    let before = world.tally;
    check(&mut world, 0, 0, Some(Active), 0);
    assert_eq!(world.tally.head_questions, before.head_questions);
    assert_eq!(world.tally.record_questions, 0);
}

#[test]
fn a_revoked_key_is_refused_everywhere_although_the_store_serves_the_old_record_for_ever() {
    let mut world = world(3);
    check(&mut world, 0, 0, Some(Active), 3 * READ_MS);
    world.store.stick(1, 0, true);
    world.store.stick(2, 0, true);
    world.change(Revoke(0));
    world.pass(1_000);
    // Cached, and freshly fetched.
    check(&mut world, 0, 0, Some(Revoked), 2 * READ_MS);
    check(&mut world, 1, 0, Some(Revoked), 3 * READ_MS);
    // Nothing is left of the entry but the floor, below which the old record lies.
    world.pass(1_000);
    world.let_entries_go();
    assert!(world.ledger.head().entries().is_empty());
    assert_eq!(world.ledger.head().floor(), 2);
    check(&mut world, 2, 0, Some(Revoked), 3 * READ_MS);
    check(&mut world, 0, 0, Some(Revoked), 2 * READ_MS);
}

#[test]
fn a_gate_within_a_second_of_the_change_may_still_admit_and_not_later() {
    let mut world = world(1);
    check(&mut world, 0, 0, Some(Active), 3 * READ_MS);
    let asked = world.now_us();
    world.change(Switch(0, true));
    check(&mut world, 0, 0, Some(Active), 0);
    while world.age_ms(0).is_some_and(|age| age <= 1_000) {
        world.pass(10);
    }
    assert!(world.now_us() - asked <= 1_000_000);
    check(&mut world, 0, 0, Some(Disabled), 2 * READ_MS);
}

#[test]
fn an_age_grows_on_its_way() {
    let mut world = world(2);
    check(&mut world, 0, 0, Some(Active), 3 * READ_MS);
    world.change(Revoke(0));
    world.pass(60);
    // The relay passes on what it had learned before, and says how old that is.
    check(&mut world, 1, 0, Some(Active), 3 * READ_MS);
    assert!(world.age_ms(1).is_some_and(|age| age >= 150));
}

#[test]
fn a_tenant_that_is_stopped_and_resumed_works_again_everywhere() {
    let mut world = world(5);
    check(&mut world, 0, 0, Some(Active), 3 * READ_MS);
    // One place never hears of the stop, one never of the end of it.
    world.store.stick(1, 0, true);
    world.change(Tenant(0, true));
    world.pass(3_000);
    world.store.stick(2, 0, true);
    for gate in 0..4 {
        check(&mut world, gate, 0, Some(TenantDisabled), 3 * READ_MS);
    }
    world.change(Tenant(0, false));
    world.pass(1_001);
    for gate in 0..4 {
        check(&mut world, gate, 0, Some(Active), 3 * READ_MS);
    }
    // Where the store keeps up, its records have been written anew: nobody has to ask.
    world.pass(3_000);
    let before = world.tally.record_questions;
    check(&mut world, 4, 2, Some(Active), 3 * READ_MS);
    assert_eq!(world.tally.record_questions, before);
}

#[test]
fn an_owner_that_is_stopped_and_resumed_is_not_the_one_of_another_tenant() {
    let mut world = world(2);
    for secret in [0, 8] {
        check(&mut world, 0, secret, Some(Active), 3 * READ_MS);
    }
    world.change(Owner(0, true));
    world.pass(1_001);
    let before = world.tally.record_questions;
    check(&mut world, 0, 8, Some(Active), 2 * READ_MS);
    assert_eq!(world.tally.record_questions, before, "the other tenant's owner is not concerned");
    check(&mut world, 0, 0, Some(OwnerDisabled), 2 * READ_MS);
    world.change(Owner(0, false));
    world.pass(1_001);
    for secret in [0, 8] {
        check(&mut world, 0, secret, Some(Active), 2 * READ_MS);
        check(&mut world, 1, secret, Some(Active), 3 * READ_MS);
    }
}

#[test]
fn an_idle_gate_awaits_the_head_before_it_decides() {
    for idle_ms in [1_001, 5_000, 9_000, 60_000, 3_600_000] {
        let mut world = world(1);
        check(&mut world, 0, 0, Some(Active), 3 * READ_MS);
        world.pass(idle_ms / 2);
        world.change(Revoke(0));
        world.pass(idle_ms / 2);
        check(&mut world, 0, 0, Some(Revoked), 2 * READ_MS);
    }
}

#[test]
fn a_frozen_gate_awaits_the_head_before_it_decides() {
    for stands_still in [false, true] {
        for ms in [1_001, 3_000, 9_000] {
            let mut world = world(1);
            check(&mut world, 0, 0, Some(Active), 3 * READ_MS);
            world.freeze(0, ms, stands_still);
            world.change(Revoke(0));
            world.pass(ms);
            check(&mut world, 0, 0, Some(Revoked), 2 * READ_MS);
        }
    }
}

#[test]
fn a_gate_that_froze_with_a_question_in_flight_asks_again() {
    for stands_still in [false, true] {
        for answered in [false, true] {
            let mut world = world(1);
            check(&mut world, 0, 0, Some(Active), 3 * READ_MS);
            world.pass(700);
            // Decided at once, and a question is on its way in the background.
            check(&mut world, 0, 0, Some(Active), 0);
            if !answered {
                world.cut(Cut::GateRelay(0));
                world.pass(30);
            }
            world.freeze(0, 5_000, stands_still);
            world.change(Revoke(0));
            world.pass(4_900);
            world.mend();
            world.pass(100);
            check(&mut world, 0, 0, Some(Revoked), 2 * READ_MS);
        }
    }
}

#[test]
fn a_freeze_that_the_wall_clock_hides_later_is_not_forgotten() {
    let mut world = world(1);
    check(&mut world, 0, 0, Some(Active), 3 * READ_MS);
    world.freeze(0, 5_000, true);
    world.change(Revoke(0));
    world.pass(5_100);
    // It has read its clocks, but not asked; now the wall clock is set back by as much.
    world.notice(0);
    world.step_clock(0, -5_000);
    check(&mut world, 0, 0, Some(Revoked), 2 * READ_MS);
}

#[test]
fn a_gate_that_is_cut_off_decides_flagged_until_max_staleness_and_not_longer() {
    let mut world = world(1);
    check(&mut world, 0, 0, Some(Active), 3 * READ_MS);
    for cut in [Cut::GateRelay(0), Cut::GateAuthority(0)] {
        world.cut(cut);
    }
    world.change(Revoke(0));
    world.pass(2_000);
    check_cut_off(&mut world, 0, 0, Some(Active));
    // A key that it does not hold is not allowed by not knowing: the store still serves it.
    world.pass(5_000);
    check_cut_off(&mut world, 0, 0, Some(Active));
    world.pass(4_000);
    check_cut_off(&mut world, 0, 0, None);
    world.mend();
    world.pass(250);
    check(&mut world, 0, 0, Some(Revoked), 2 * READ_MS);
}

#[test]
fn a_record_that_cannot_be_confirmed_is_unavailable_and_never_used() {
    let mut world = world(1);
    check(&mut world, 0, 0, Some(Active), 3 * READ_MS);
    world.store.stick(0, 2, true);
    world.change(Revoke(2));
    world.pass(1_001);
    world.cut(Cut::GateAuthority(0));
    check_cut_off(&mut world, 0, 2, None);
    // And a secret that the store does not have is not invalid because nobody could be asked.
    check_cut_off(&mut world, 0, 1, None);
}

#[test]
fn a_new_key_works_at_once_and_one_tried_before_within_ten_seconds() {
    let mut world = world(3);
    check(&mut world, 0, 1, None, 4 * READ_MS);
    // The *no* has healed the store: it holds an absence now, and one place keeps it for ever.
    world.pass(2_000);
    assert!(world.store.versions(1) > 0);
    world.store.stick(2, 1, true);
    world.change(Create(1));
    let before = world.now_us();
    check(&mut world, 1, 1, Some(Active), 4 * READ_MS);
    check(&mut world, 2, 1, Some(Active), 4 * READ_MS);
    assert_eq!(world.ask(0, 1).0.outcome, Outcome::Says(None));
    world.pass(8_000 - (world.now_us() - before) / 1_000);
    check(&mut world, 0, 1, Some(Active), 4 * READ_MS);
}

#[test]
fn a_key_that_the_store_never_finds_works() {
    let mut world = world(2);
    world.store.stick(1, 0, false);
    check(&mut world, 1, 0, Some(Active), 4 * READ_MS);
    world.change(Switch(0, true));
    world.pass(1_001);
    check(&mut world, 1, 0, Some(Disabled), 4 * READ_MS);
}

#[test]
fn a_forgotten_key_is_invalid_within_the_bound() {
    let mut world = world(2);
    check(&mut world, 0, 0, Some(Active), 3 * READ_MS);
    world.store.stick(1, 0, true);
    world.change(Forget(0));
    world.pass(1_001);
    check(&mut world, 0, 0, None, 3 * READ_MS);
    check(&mut world, 1, 0, None, 4 * READ_MS);
}

#[test]
fn during_a_rotation_both_secrets_work_and_then_the_new_one() {
    let mut world = world(2);
    check(&mut world, 0, 0, Some(Active), 3 * READ_MS);
    world.change(Create(1));
    for secret in [0, 1] {
        check(&mut world, 0, secret, Some(Active), 4 * READ_MS);
        check(&mut world, 1, secret, Some(Active), 4 * READ_MS);
    }
    world.change(Revoke(0));
    world.pass(1_001);
    for gate in [0, 1] {
        check(&mut world, gate, 1, Some(Active), 3 * READ_MS);
        check(&mut world, gate, 0, Some(Revoked), 3 * READ_MS);
    }
}

#[test]
fn an_entry_folded_while_a_gate_is_behind_is_not_lost() {
    let mut world = World::new(WorldSettings { bound: 2, ..WorldSettings::quiet(1) });
    for secret in [0, 2, 4, 8] {
        check(&mut world, 0, secret, Some(Active), 3 * READ_MS);
    }
    world.change(Switch(0, true));
    world.change(Switch(1, true));
    world.change(Switch(4, true));
    // The two of the first tenant have become one on the tenant; the floor stands.
    assert_eq!(world.ledger.head().entries().len(), 2);
    assert_eq!(world.ledger.head().floor(), 1);
    world.pass(1_001);
    check(&mut world, 0, 0, Some(Disabled), 3 * READ_MS);
    check(&mut world, 0, 2, Some(Disabled), 3 * READ_MS);
    check(&mut world, 0, 4, Some(Active), 3 * READ_MS);
    check(&mut world, 0, 8, Some(Disabled), 3 * READ_MS);
}

#[test]
fn a_gate_below_the_floor_is_told_all_and_uses_nothing_older() {
    let mut world = world(1);
    for secret in [0, 8] {
        check(&mut world, 0, secret, Some(Active), 3 * READ_MS);
    }
    world.change(Revoke(0));
    world.let_entries_go();
    world.change(Switch(5, true));
    world.pass(1_001);
    let before = world.tally.record_questions;
    check(&mut world, 0, 0, Some(Revoked), 3 * READ_MS);
    assert_eq!(world.head(0).map(|head| head.floor()), Some(2));
    // What it held of others is below the floor too, and is confirmed first.
    check(&mut world, 0, 8, Some(Active), 3 * READ_MS);
    assert_eq!(world.tally.record_questions, before + 2);
}

#[test]
fn a_crowd_at_an_idle_gate_asks_one_question() {
    let mut world = world(1);
    let decided = world.crowd(0, 0, 100);
    assert_eq!(decided.len(), 100);
    assert_eq!((world.tally.head_questions, world.tally.record_questions), (1, 0));
    world.change(Switch(0, true));
    world.pass(20_000);
    let decided = world.crowd(0, 0, 100);
    assert!(decided.iter().all(|decided| decided.outcome == Outcome::Says(Some(Disabled))));
    assert_eq!((world.tally.head_questions, world.tally.record_questions), (2, 1));
}
