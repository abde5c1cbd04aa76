//! What a gate has on lease goes back when it is told to stop.

use crate::{
    origin::Origin,
    site::{Gate, Key, Site, get},
};

/// Wide enough that tokens are leased ahead, and never refilled while the test runs.
const BURST: u32 = 200;

/// How many requests pass until the limit is spent, and for some more; none if a message was late, which loses what
/// it brings.
fn spend(gate: &Gate, key: &Key, most: u32) -> Option<u32> {
    let mut wire = gate.connect();
    let (mut passed, mut refused) = (0, 0);
    while passed < most && refused < 5 {
        match wire.ask(get("/", key)).status() {
            200 => passed += 1,
            429 => refused += 1,
            503 => return None,
            other => panic!("{other}"),
        }
    }
    (gate.metric("tollgate_answers_late_total") == 0).then_some(passed)
}

/// Stops it; says how many leases it lost.
fn stop(mut gate: Gate) -> serde_json::Value {
    gate.signal("TERM");
    let left = gate.await_event("stopped")["leases_left"].clone();
    assert!(gate.ended().success());
    left
}

/// What passes in all, on a machine that is not too busy for once.
fn in_all(scenario: impl Fn(&Site, &Key, &Origin) -> Option<u32>) -> u32 {
    for _ in 0..10 {
        let origin = Origin::start();
        let site = Site::new(origin.address, "");
        let key = site.key(&["--limit", &format!("burst:key={BURST},1/1h")]);
        if let Some(passed) = scenario(&site, &key, &origin) {
            return passed;
        }
    }
    panic!("the store was never in time, or what was held never went back")
}

#[test]
fn a_gate_that_stops_hands_back_what_it_holds_so_that_a_limit_loses_nothing() {
    let passed = in_all(|site, key, _| {
        let mut passed = 0;
        for _ in 0..3 {
            let gate = site.start();
            passed += spend(&gate, key, 30)?;
            (stop(gate) == 0).then_some(())?;
        }
        Some(passed + spend(&site.start(), key, u32::MAX)?)
    });
    assert_eq!(passed, BURST);
}

#[test]
fn what_a_request_under_way_does_not_use_goes_back_when_it_is_done() {
    let passed = in_all(|site, key, origin| {
        let gate = site.start();
        let passed = 1 + spend(&gate, key, 30)?;
        let mut busy = gate.connect();
        busy.send(get("/held", key));
        origin.await_held(1);
        gate.signal("TERM");
        gate.await_event("stopping");
        // A new gate has what this one had, while it still serves its last request.
        let rest = spend(&site.start(), key, u32::MAX);
        origin.open();
        assert_eq!(busy.answer().status(), 200);
        (stop(gate) == 0).then_some(())?;
        Some(passed + rest?)
    });
    assert_eq!(passed, BURST);
}
