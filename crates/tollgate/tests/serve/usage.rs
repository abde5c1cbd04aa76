//! What becomes of requests is counted by their keys, and written down when the gate stops at the latest.

use std::collections::BTreeMap;

use tollgate_control::{Apart, Counted, Counting};
use tollgate_store_sqlite::{Access, Store};

use crate::{
    origin::Origin,
    site::{Key, Site, get},
};

const ROUTES: &str = "
[[routes]]
path = \"/orders/*\"
methods = [\"GET\"]
";

/// What the store of `site` says: of which key, under which route, what and how often.
fn counted(site: &Site) -> BTreeMap<(String, String, String), u64> {
    let mut store = Store::open(&site.store_file(), Access::ReadWrite).unwrap();
    let mut wanted = Counting { until: u64::MAX >> 1, by: &Apart::ALL, ..Counting::default() };
    let mut sums = BTreeMap::new();
    loop {
        let hour = store.usage(&wanted).unwrap();
        let Some(last) = hour.last() else { return sums };
        wanted.from = last.hour + 1;
        for row in hour {
            let Counted { key, route, word, count, .. } = row;
            *sums.entry((key, route, word)).or_default() += count;
        }
    }
}

#[test]
fn a_gate_that_stops_has_written_down_every_request_of_every_key_once() {
    let origin = Origin::start();
    let site = Site::new(origin.address, ROUTES);
    let free = site.key(&[]);
    let bound = site.key(&["--limit", "few:key=3,1/1h"]);
    let mut refused = 0;
    for _ in 0..2 {
        let mut gate = site.start();
        let mut wire = gate.connect();
        let mut ask = |path: &str, key: &Key| wire.ask(get(path, key)).status();
        for _ in 0..5 {
            assert_eq!(ask("/orders/7", &free), 200);
            refused += u64::from(ask("/", &bound) == 429);
        }
        // Nobody's: it is not proved, so nothing is counted of it.
        let forged = Key { secret: free.secret.replace(|_: char| true, "0"), ..free.clone() };
        assert_eq!(ask("/", &forged), 401);
        gate.signal("TERM");
        gate.await_event("stopped");
        assert!(gate.ended().success());
    }
    let of =
        |key: &Key, route: &str, code: &str| (key.id.clone(), route.to_owned(), code.to_owned());
    let expected = [
        (of(&free, "GET /orders/*", "allowed"), 10),
        (of(&bound, "", "allowed"), 10 - refused),
        (of(&bound, "", "rate_limited"), refused),
    ];
    assert_eq!(counted(&site), BTreeMap::from(expected));
    assert!((7..10).contains(&refused), "{refused}");
}
