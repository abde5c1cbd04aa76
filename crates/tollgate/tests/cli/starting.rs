//! What `tollgate serve` says when it cannot start: the field, what is there, and what to do.

use std::{fs, net::TcpListener};

use crate::site::Site;

const PEM: &str = include_str!("../../src/wire/tests/certificates/first.pem");

/// A gate whose listeners take whatever ports are free.
fn site(name: &str) -> Site {
    let site = Site::new(name);
    site.write(
        "tollgate.toml",
        "[origin]\nurl = 'http://127.0.0.1:9'\n[gate]\nlisten = '127.0.0.1:0'\n\
         [decide]\nlisten = '127.0.0.1:0'\n[admin]\nlisten = '127.0.0.1:0'\n",
    );
    site
}

/// Checks that a gate with this variable does not start and says each of `says`.
fn check(site: &Site, variable: (&str, &str), says: &[&str]) {
    let ran = site.run_with(&["serve"], "", &[variable]);
    for says in says {
        ran.fails(1, says);
    }
    assert_eq!(ran.err.lines().count(), 1, "{ran:?}");
}

const LISTENERS: [(&str, &str); 3] = [
    ("gate.listen", "TOLLGATE_GATE_LISTEN"),
    ("decide.listen", "TOLLGATE_DECIDE_LISTEN"),
    ("admin.listen", "TOLLGATE_ADMIN_LISTEN"),
];

#[test]
fn an_address_that_cannot_be_had_is_named_with_its_field_and_what_to_do() {
    let site = site("start-taken");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    for (field, variable) in LISTENERS {
        let line = format!("{field}: cannot listen on {address}: something listens there already");
        let look = format!("`ss -ltnp 'sport = :{}'`", address.port());
        check(&site, (variable, &address.to_string()), &[&line, &look, variable]);
        // An address that is kept for documents: no machine has it.
        let line = format!("{field}: cannot listen on 192.0.2.1:8080: 192.0.2.1 is no address of");
        check(&site, (variable, "192.0.2.1:8080"), &[&line, "`ip address`", variable]);
    }
}

#[test]
fn a_certificate_or_key_that_cannot_be_read_is_named_with_its_field() {
    let site = site("start-tls");
    let config = site.read("tollgate.toml");
    let tls = "[tls]\ncertificate = 'chain.pem'\nkey = 'key.pem'\n";
    site.write("tollgate.toml", &format!("{config}{tls}"));
    let none = ("TOLLGATE_GATE_REALM", "a");
    check(&site, none, &["tls.certificate: chain.pem: cannot be read: No such file"]);
    site.write("chain.pem", "");
    check(&site, none, &["tls.certificate: chain.pem: holds no certificate"]);
    site.write("chain.pem", PEM);
    check(&site, none, &["tls.key: key.pem: cannot be read: No such file"]);
    fs::create_dir(site.folder.join("key.pem")).unwrap();
    check(&site, none, &["tls.key: key.pem: cannot be read: Is a directory"]);
}

#[test]
fn secrets_and_stores_that_are_missing_are_named_with_what_makes_them() {
    let site = site("start-missing");
    let none = ("TOLLGATE_GATE_REALM", "a");
    fs::remove_file(site.folder.join("tollgate.db")).unwrap();
    check(&site, none, &["store.path: tollgate.db: there is no", "`tollgate init`"]);
    fs::remove_file(site.folder.join("tollgate.secrets.json")).unwrap();
    check(&site, none, &["secrets.path: tollgate.secrets.json: ", "`tollgate init` makes it"]);
}
