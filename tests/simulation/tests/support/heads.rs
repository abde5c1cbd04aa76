//! Asks gates of a quiet world, and says what must come out.

use tollgate_core::record::State;
use tollgate_simulation::heads::{Outcome, World, WorldSettings};

/// One head read, or one question to the authority: there and back, twice, since a relay asks on.
pub(crate) const READ_MS: u64 = 80;

pub(crate) fn world(gates: usize) -> World {
    World::new(WorldSettings::quiet(gates))
}

/// A gate says of a secret what is expected, from a head that is young enough, within `within_ms`.
#[track_caller]
pub(crate) fn check(
    world: &mut World,
    gate: usize,
    secret: usize,
    says: Option<State>,
    within_ms: u64,
) {
    let (decided, took_ms) = world.ask(gate, secret);
    assert_eq!(decided.outcome, Outcome::Says(says), "gate {gate}, secret {secret}");
    assert!(!decided.flagged, "gate {gate} decided from an old head");
    assert!(took_ms <= within_ms, "gate {gate} took {took_ms} ms");
}

/// The same, flagged, or not at all.
#[track_caller]
pub(crate) fn check_cut_off(world: &mut World, gate: usize, secret: usize, flagged: Option<State>) {
    let (decided, _) = world.ask(gate, secret);
    let expected = flagged.map_or(Outcome::Unavailable, |state| Outcome::Says(Some(state)));
    assert_eq!((decided.outcome, decided.flagged), (expected, flagged.is_some()));
}
