//! The administrative listener, and that the data port has nothing of it.

use crate::{
    origin::Origin,
    site::{Site, get},
    wire::Wire,
};

#[test]
fn health_readiness_and_metrics_have_exact_paths_on_a_listener_of_their_own() {
    let origin = Origin::start();
    let site = Site::new(origin.address, "");
    let key = site.key(&[]);
    let gate = site.start();
    let admin = gate.address("admin");
    let ask =
        |first: &str| Wire::connect(admin).ask(format!("{first} HTTP/1.1\r\nhost: a\r\n\r\n"));
    for (first, status) in [
        ("GET /healthz", 200),
        ("GET /readyz", 200),
        ("GET /metrics", 200),
        ("GET /healthz?verbose", 200),
        ("GET /", 404),
        ("GET /healthz/", 404),
        ("GET /Healthz", 404),
        ("GET /metrics/x", 404),
        ("GET /.well-known/tollgate/jwks.json", 404),
        ("POST /healthz", 405),
        ("DELETE /metrics", 405),
    ] {
        let answer = ask(first);
        assert_eq!(answer.status(), status, "{first}");
        assert!(!answer.text().contains(env!("CARGO_PKG_VERSION")), "{first}");
    }
    for path in ["/healthz", "/readyz", "/metrics"] {
        let request =
            format!("GET {path} HTTP/1.1\r\nhost: a\r\nuser-agent: kube-probe/1.30\r\n\r\n");
        assert_eq!(gate.ask(request).status(), 401);
        assert_eq!(gate.get(path, &key).text(), "origin");
    }
}

#[test]
fn a_gate_that_stops_is_not_ready_while_it_lives() {
    let origin = Origin::start();
    let site = Site::new(origin.address, "");
    let key = site.key(&[]);
    let mut gate = site.start();
    let mut busy = gate.connect();
    busy.send(get("/held", &key));
    origin.await_held(1);
    let mut admin = Wire::connect(gate.address("admin"));
    assert_eq!(admin.ask("GET /readyz HTTP/1.1\r\nhost: a\r\n\r\n").status(), 200);
    gate.signal("TERM");
    gate.await_event("stopping");
    assert_eq!(admin.ask("GET /readyz HTTP/1.1\r\nhost: a\r\n\r\n").status(), 503);
    assert_eq!(admin.ask("GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n").status(), 200);
    assert_eq!(gate.metric("tollgate_requests_in_flight"), 1);
    origin.open();
    assert_eq!(busy.answer().status(), 200);
    assert!(gate.ended().success());
}

#[test]
fn metrics_name_no_key_and_count_what_happened() {
    let origin = Origin::start();
    let site = Site::new(origin.address, "");
    let keys: Vec<_> = (0..5).map(|_| site.key(&[])).collect();
    let gate = site.start();
    for key in &keys {
        assert_eq!(gate.get("/", key).status(), 200);
    }
    assert_eq!(gate.ask("GET / HTTP/1.1\r\nhost: a\r\n\r\n").status(), 401);
    assert_eq!(gate.ask("GET / HTTP/1.1\nhost: a\r\n\r\n").status(), 400);
    let page = Wire::connect(gate.address("admin")).ask("GET /metrics HTTP/1.1\r\nhost: a\r\n\r\n");
    for key in &keys {
        assert!(!page.text().contains(&key.id) && !page.text().contains(&key.secret[8..20]));
    }
    assert_eq!(gate.metric("tollgate_decisions_total{code=\"allowed\"}"), 5);
    assert_eq!(gate.metric("tollgate_decisions_total{code=\"credential_missing\"}"), 1);
    assert_eq!(gate.metric("tollgate_malformed_total{how=\"line_end\"}"), 1);
    assert_eq!(gate.metric("tollgate_requests_in_flight"), 0);
    // One line for each thing that is counted, and each is said to be what it is.
    for line in page.text().lines().filter(|line| !line.starts_with('#')) {
        let (name, number) = line.rsplit_once(' ').unwrap();
        assert!(number.parse::<f64>().is_ok(), "{line}");
        let family = name.split('{').next().unwrap();
        let family = ["_bucket", "_sum", "_count"]
            .iter()
            .find_map(|end| family.strip_suffix(end))
            .unwrap_or(family);
        assert!(page.text().contains(&format!("# TYPE {family} ")), "{line}");
    }
}
