//! A publisher that is killed at each point: what was committed stands, and the next command finishes it.

use std::{
    env,
    process::{Command, Stdio},
};

use tollgate_core::record::State::{Active, TenantDisabled};
use tollgate_ledger::Ledger;
use tollgate_store_dynamodb::Point;

use crate::{
    local::{Place, say},
    made::{change, created_for, recorded, settings, stop_tenant},
};

const KEYS: u32 = 30;

/// What the process that is killed is told: where the tables are, and at which point it dies.
const TASK: &str = "die-at=";

/// Called with a task it is the process that is killed; in a run of its own it lists the points.
#[test]
fn every_point_has_a_number() {
    if let Some(task) = env::args().find_map(|word| word.strip_prefix(TASK).map(str::to_owned)) {
        let [point, name, endpoint] = task.splitn(3, '=').collect::<Vec<_>>()[..] else {
            panic!("{task}")
        };
        let place = Place { endpoint: endpoint.to_owned(), name: name.to_owned() };
        let deadly = Point::ALL[point.parse::<usize>().unwrap()];
        let mut publisher = place.publisher();
        publisher.watch(move |point| {
            if point == deadly {
                say("reached");
                std::process::abort();
            }
        });
        change(&mut publisher, &stop_tenant("acme"));
        say("answered");
        return;
    }
    let mut points = Point::ALL.to_vec();
    points.dedup();
    assert_eq!(points.len(), Point::ALL.len());
}

#[test]
fn a_kill_at_any_point_is_repaired_by_the_next_command() {
    for (number, point) in Point::ALL.into_iter().enumerate() {
        let place = Place::new();
        let mut publisher = place.publisher();
        for key in 0..KEYS {
            change(&mut publisher, &created_for(key, settings("acme", "bob")));
        }
        let before = publisher.stamp().unwrap();
        let mut child = Command::new(env::current_exe().unwrap());
        child.args(["--exact", "crash::every_point_has_a_number", "--nocapture"]);
        child.arg(format!("{TASK}{number}={}={}", place.name, place.endpoint));
        let ran = child.stdout(Stdio::piped()).stderr(Stdio::null()).output().unwrap();
        let said = String::from_utf8_lossy(&ran.stdout);
        assert!(said.contains("reached"), "{point:?} was not reached: {said}");
        assert!(!ran.status.success() && !said.contains("answered"), "{point:?}");
        let committed = point != Point::Looked;
        let stamp = publisher.stamp().unwrap();
        assert_eq!(stamp.epoch - before.epoch, u64::from(committed), "{point:?}");
        let stopped = publisher.stopped("acme", "bob").unwrap().tenant;
        assert_eq!(stopped, committed, "{point:?}");
        let (head, items) = (place.head(), place.items());
        let written = (0..KEYS).filter(|&key| recorded(&items, key).unwrap().0 == TenantDisabled);
        // No gate takes a record for written that is not.
        assert!(head.pending > 0 || !committed || written.count() == 30, "{point:?}");
        // The next command, whatever it is about.
        change(&mut publisher, &created_for(99, settings("other", "bob")));
        let (head, items) = (place.head(), place.items());
        let expected = if committed { TenantDisabled } else { Active };
        for key in 0..KEYS {
            assert_eq!(recorded(&items, key).unwrap().0, expected, "{point:?}, key {key}");
        }
        assert_eq!((head.pending, place.outbox()), (0, 0), "{point:?}");
    }
}
