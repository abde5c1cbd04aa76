//! The ledger of a deployment: what is refused before anything is sent, and that one answer is all there is.

use std::{
    fs::{Permissions, set_permissions},
    io::{Read, Write},
    net::TcpListener,
    os::unix::fs::PermissionsExt,
    thread,
};

use crate::site::Site;

/// No key, but of the form of one.
const KEY: &str = "tg_live_1PFomxVvHxK9DoPCchyGyQ9uYxJ7rLoXE5C7u22zYyp52XJUH5";

const LIST: [&str; 4] = ["keys", "list", "--target", "cloudflare"];

/// Answers one request with `body`; the address is where.
fn answers(status: u16, body: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/admin", listener.local_addr().unwrap());
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut seen = vec![];
        while !seen.ends_with(b"}") {
            let mut part = [0; 4_096];
            let count = stream.read(&mut part).unwrap();
            seen.extend(&part[..count]);
        }
        let length = body.len();
        let head = format!("HTTP/1.1 {status} Told\r\ncontent-length: {length}\r\n\r\n");
        stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
    });
    url
}

fn with<'a>(words: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    [words, more].concat()
}

#[test]
fn nothing_is_sent_where_a_key_must_not_go() {
    let site = Site::new("remote-places");
    let env = [("TOLLGATE_ADMIN_KEY", KEY)];
    for (more, code, told) in [
        (vec![], 2, "cloudflare.url"),
        (vec!["--url", "http://admin.example.com/"], 2, "http only on this machine"),
        (vec!["--url", "https://a:b@admin.example.com/"], 2, "a URL such as"),
        (vec!["--url", "https://admin.example.com/?key=1"], 2, "a URL such as"),
    ] {
        site.run_with(&with(&LIST, &more), "", &env).fails(code, told);
    }
    site.run_with(&["keys", "list", "--url", "https://admin.example.com/"], "", &env)
        .fails(2, "--target cloudflare");
}

#[test]
fn the_admin_key_comes_from_a_file_that_only_its_owner_may_read() {
    let site = Site::new("remote-key");
    let url = answers(200, "{\"keys\":[],\"next\":null}");
    let list = with(&LIST, &["--url", &url]);
    site.run(&list).fails(1, "tollgate.admin-key: cannot be read");
    site.write("tollgate.admin-key", &format!("{KEY}\n"));
    let file = site.folder.join("tollgate.admin-key");
    for mode in [0o644, 0o640, 0o660, 0o602] {
        set_permissions(&file, Permissions::from_mode(mode)).unwrap();
        site.run(&list).fails(1, "others may read it");
    }
    set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
    site.done(&list);
    site.write("tollgate.admin-key", "not a key\n");
    site.run(&list).fails(1, "holds no key");
}

#[test]
fn a_change_whose_answer_is_lost_is_told_as_unknown() {
    let site = Site::new("remote-unknown");
    let env = [("TOLLGATE_ADMIN_KEY", KEY)];
    let url = answers(502, "Bad gateway");
    let stop = ["tenants", "stop", "acme", "--target", "cloudflare", "--url", &url];
    let ran = site.run_with(&stop, "", &env);
    assert!(!ran.err.contains(KEY), "{ran:?}");
    ran.fails(1, "it is not known whether the change was made");
}

#[test]
fn a_key_that_may_not_administer_is_told_so() {
    let site = Site::new("remote-denied");
    let text =
        format!("\n[cloudflare]\nurl = \"{}\"\n", answers(401, "{\"code\":\"key_revoked\"}"));
    let config = std::fs::read_to_string(site.folder.join("tollgate.toml")).unwrap();
    site.write("tollgate.toml", &(config + &text));
    let ran = site.run_with(&LIST, "", &[("TOLLGATE_ADMIN_KEY", KEY)]);
    ran.fails(3, "the admin key may not do this: the deployment answered 401 key_revoked");
}

#[test]
fn the_first_admin_key_is_printed_once_and_the_deployment_learns_only_its_record() {
    let site = Site::bare("remote-init");
    let made = site.json(&["init", "--target", "cloudflare"]);
    let secret = made["secret"].as_str().unwrap();
    let inspected = site.run_with(&["inspect", "--json"], secret, &[]);
    let inspected: serde_json::Value = serde_json::from_str(&inspected.out).unwrap();
    assert_eq!(inspected["genuine"], true, "{inspected}");
    for file in std::fs::read_dir(&site.folder).unwrap() {
        let path = file.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(!text.contains(&secret["tg_live_".len()..]), "{}", path.display());
    }
    for name in ["tollgate.secrets.json", "tollgate.admin.json"] {
        let mode = std::fs::metadata(site.folder.join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    let record = std::fs::read_to_string(site.folder.join("tollgate.admin.json")).unwrap();
    let record: serde_json::Value = serde_json::from_str(&record).unwrap();
    assert_eq!(record["lookup"], inspected["lookup"], "{record}");
    assert_eq!(record["scopes"], serde_json::json!(["keys:read", "keys:write"]));
    let commands = [
        "wrangler secret put TOLLGATE_SECRETS < tollgate.secrets.json",
        "wrangler secret put TOLLGATE_ADMIN < tollgate.admin.json",
        "wrangler deploy",
    ];
    assert_eq!(made["commands"], serde_json::json!(commands));
    let kept = std::fs::read(site.folder.join("tollgate.admin.json")).unwrap();
    site.run(&["init", "--target", "cloudflare"]).fails(3, "exists already");
    assert_eq!(std::fs::read(site.folder.join("tollgate.admin.json")).unwrap(), kept);
    // Another deployment of the same secrets, and the configuration that somebody has written.
    std::fs::rename(site.folder.join("tollgate.admin.json"), site.folder.join("first")).unwrap();
    let config = std::fs::read(site.folder.join("tollgate.toml")).unwrap();
    let secrets = std::fs::read(site.folder.join("tollgate.secrets.json")).unwrap();
    let again = site.json(&["init", "--target", "cloudflare"]);
    assert_ne!(again["secret"], made["secret"]);
    assert_eq!(std::fs::read(site.folder.join("tollgate.toml")).unwrap(), config);
    assert_eq!(std::fs::read(site.folder.join("tollgate.secrets.json")).unwrap(), secrets);
}

#[test]
fn a_store_with_keys_is_given_no_new_secrets_for_a_deployment_either() {
    let site = Site::new("remote-init-lost");
    site.key();
    std::fs::remove_file(site.folder.join("tollgate.secrets.json")).unwrap();
    site.run(&["init", "--target", "cloudflare"]).fails(3, "has keys");
    assert!(!site.folder.join("tollgate.admin.json").exists());
}

#[test]
fn the_doctor_reads_the_deployment_that_stands_beside_the_configuration() {
    let site = Site::bare("remote-doctor");
    site.done(&["init", "--target", "cloudflare"]);
    site.run(&["doctor", "cloudflare"]).fails(1, "wrangler.toml");
    let good = include_str!("../../../../wrangler.toml");
    site.write("wrangler.toml", &good.replace("workers_dev = false", "workers_dev = true"));
    let told = site.run(&["doctor", "cloudflare"]);
    assert_eq!(told.code, Some(1), "{told:?}");
    assert!(told.out.contains("worker_side_door: "), "{told:?}");
    site.write("wrangler.toml", good);
    let told = site.run(&["doctor", "cloudflare"]);
    assert_eq!(told.code, Some(0), "{told:?}");
    assert!(!told.out.contains("worker_side_door: "), "{told:?}");
}
