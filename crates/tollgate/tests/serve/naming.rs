//! What an origin is told in `Host`, and where it finds what the client wrote.

use crate::{
    h2::request,
    identity::verified,
    origin::Origin,
    rpc_origin::RpcOrigin,
    second::{connect, of},
    secure::{Door, trusted},
    site::{Gate, Key, Site, get},
    switching::upgrade,
    wire::Head,
};

const BOUND: &str = "
[[routes]]
path = \"/bound/**\"
bind = true
";

/// A request in which a client says whatever it likes of the host.
fn forged(key: &Key) -> String {
    get("/bound/a", key).replace(
        "\r\n\r\n",
        "\r\nx-forwarded-host: forged\r\nX_Forwarded_Host: forged\r\n\
         connection: host, x-forwarded-host\r\n\r\n",
    )
}

/// Whom a request was for, as its origin was told: itself, and what the client wrote.
fn told(seen: &Head) -> [Option<&str>; 2] {
    let aliases = seen.fields.iter().filter(|(name, _)| name.to_lowercase().contains("host"));
    assert!(aliases.count() <= 2, "{seen:?}");
    [seen.field("host"), seen.field("x-forwarded-host")]
}

fn begins(site: Site) -> (Site, Key, Gate) {
    let key = site.key(&[]);
    let gate = site.start();
    (site, key, gate)
}

#[test]
fn an_origin_that_goes_by_its_own_name_is_told_it_and_finds_the_clients_beside_it() {
    for secure in [false, true] {
        let origin = Origin::start();
        let door = Door::to(origin.address, &[]);
        let named = match secure {
            false => origin.address.to_string(),
            true => format!("localhost:{}", door.address.port()),
        };
        let scheme = if secure { "https" } else { "http" };
        let mut site = Site::new(origin.address, BOUND)
            .with("origin.url", &format!("{scheme}://{named}"))
            .with("origin.host", "origin");
        if secure {
            site = site.with("origin.ca", &trusted());
        }
        let (_site, key, gate) = begins(site);
        assert_eq!(gate.ask(forged(&key)).status(), 200);
        let seen = origin.only().head;
        assert_eq!(told(&seen), [Some(named.as_str()), Some("gate.example")]);
        // Whatever it is told, the identity is for this method and path.
        let caller = verified(&gate, &seen);
        assert_eq!((caller.key, caller.is_bound), (key.id.clone(), true));

        let mut wire = gate.connect();
        wire.send(upgrade("websocket", &format!("x-api-key: {}\r\n", key.secret)));
        assert_eq!(wire.head().status(), 101);
        assert_eq!(told(&origin.arrived()[1].head), [Some(named.as_str()), Some("a")]);

        // Who has named no host has none beside it.
        let nameless = format!("GET / HTTP/1.0\r\nx-api-key: {}\r\n\r\n", key.secret);
        assert_eq!(gate.ask(nameless).status(), 200);
        assert_eq!(told(&origin.arrived()[2].head), [Some(named.as_str()), None]);
    }
}

#[test]
fn an_origin_of_http_2_is_told_the_same() {
    for (host, expected) in [("client", None), ("origin", Some("gate.example"))] {
        let origin = RpcOrigin::start(100, usize::MAX);
        let site = Site::new(origin.address, "").with("origin.http2", "true");
        let (_site, key, gate) = begins(site.with("origin.host", host));
        let fields = [of(&key), ("x-forwarded-host", "forged"), ("x_forwarded_host", "forged")];
        assert_eq!(connect(&gate).ask(request("GET", "/plain", &fields)).status, 200);
        let seen = origin.only().head;
        let own = origin.address.to_string();
        let authority = if expected.is_some() { own.as_str() } else { "gate.example" };
        assert_eq!(seen.uri.authority().unwrap(), authority);
        let beside = seen.headers.get("x-forwarded-host").map(|host| host.to_str().unwrap());
        let names = seen.headers.keys().filter(|name| name.as_str().contains("host")).count();
        assert_eq!((beside, names), (expected, usize::from(expected.is_some())));
    }
}

#[test]
fn what_a_trusted_hop_says_of_the_host_stays() {
    let origin = Origin::start();
    let own = origin.address.to_string();
    let site = Site::new(origin.address, "")
        .with("origin.host", "origin")
        .with("gate.trusted_hops", "127.0.0.1/32");
    let (_site, key, gate) = begins(site);
    let plain = get("/", &key);
    let said = plain.replace("\r\n\r\n", "\r\nx-forwarded-host: api.example\r\n\r\n");
    for (at, (asked, beside)) in
        [(plain, "gate.example"), (said, "api.example")].into_iter().enumerate()
    {
        assert_eq!(gate.ask(asked).status(), 200);
        assert_eq!(told(&origin.arrived()[at].head), [Some(own.as_str()), Some(beside)]);
    }
}

#[test]
fn what_it_is_told_changes_with_a_reload_and_never_to_what_means_nothing() {
    let origin = Origin::start();
    let own = origin.address.to_string();
    let site = Site::new(origin.address, "");
    let write = |host: &str| {
        site.write(&format!("[origin]\nurl = \"http://127.0.0.1:9\"\nhost = \"{host}\"\n"));
    };
    let key = site.key(&[]);
    let gate = site.start();
    for (at, host) in ["", "origin", "app.example", "client"].into_iter().enumerate() {
        if host == "app.example" {
            write(host);
            assert!(site.refuses().contains("tollgate.toml:3:8: origin.host: "));
            gate.signal("HUP");
            let told = gate.await_event("reload_failed")["error"].to_string();
            assert!(told.contains("tollgate.toml:3:8: origin.host: "), "{told}");
        } else if !host.is_empty() {
            write(host);
            gate.signal("HUP");
            let told = gate.await_event("reloaded");
            assert_eq!(told["needs_restart"], serde_json::json!([]));
        }
        assert_eq!(gate.ask(forged(&key)).status(), 200);
        let expected = match host {
            "" | "client" => [Some("gate.example"), None],
            _ => [Some(own.as_str()), Some("gate.example")],
        };
        assert_eq!(told(&origin.arrived()[at].head), expected, "{host}");
    }
}
