//! `tollgate doctor`, with the real files; what each check finds is tested beside the checks.

use std::{fs, os::unix::fs::PermissionsExt};

use crate::site::Site;

#[test]
fn a_fresh_deployment_has_no_findings_and_each_warning_is_exit_code_1() {
    let site = Site::new("doctor");
    site.done(&[
        "keys",
        "create",
        "--tenant",
        "a",
        "--owner",
        "b",
        "--limit",
        "burst:key=50,50/1s",
    ]);
    assert!(site.done(&["doctor"]).starts_with("Nothing was found"));
    site.done(&["keys", "create", "--tenant", "a", "--owner", "b", "--limit", "slow:key=49,50/1s"]);
    let secrets = site.folder.join("tollgate.secrets.json");
    fs::set_permissions(&secrets, fs::Permissions::from_mode(0o640)).unwrap();
    let config = site.read("tollgate.toml");
    site.write(
        "tollgate.toml",
        &format!("{config}[decide]\n[[routes]]\npath = '/**'\npublic = true\n"),
    );
    site.write("nginx.conf", "location / { auth_request /gate; } location = /gate { internal; }");
    let ran = site.run(&["doctor", "--proxy", "nginx.conf"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    for code in [
        "burst_below_a_second",
        "secrets_exposed",
        "public_everything",
        "decide_without_key_header",
    ] {
        assert!(ran.out.contains(&format!("warning {code}: ")), "{code} is not in {ran:?}");
    }
}

#[test]
fn a_note_alone_is_no_failure() {
    let site = Site::new("doctor-note");
    site.key();
    let config = site.read("tollgate.toml");
    site.write(
        "tollgate.toml",
        &format!("{config}[decide]\n[[routes]]\npath = '/a'\nkey_from = 'x-api-key'\n"),
    );
    assert!(site.done(&["doctor"]).starts_with("note envoy_needs_header: "));
}

#[test]
fn a_file_that_is_named_and_cannot_be_read_is_no_finding_but_a_failure() {
    let site = Site::new("doctor-unseen");
    site.run(&["doctor", "--proxy", "nowhere.conf"]).fails(1, "nowhere.conf");
    // One byte too many: nothing is said of the half of a file.
    site.write("long.conf", &"#".repeat((1 << 20) + 1));
    site.run(&["doctor", "--proxy", "long.conf"]).fails(1, "has more than 1048576 bytes");
    site.write("long.conf", &"#".repeat(1 << 20));
    assert_eq!(site.run(&["doctor", "--proxy", "long.conf"]).code, Some(1));
}

#[test]
fn each_file_is_told_of_by_its_name() {
    let site = Site::new("doctor-files");
    site.key();
    site.write("letter.txt", "Dear all,\n");
    site.write("envoy.yaml", "ext_authz: { failure_mode_allow: true }\n");
    site.write("main.tf", "resource \"aws_api_gateway_authorizer\" \"gate\" {\n}\n");
    let words = ["doctor", "--proxy", "letter.txt", "--proxy", "envoy.yaml", "--proxy", "main.tf"];
    let ran = site.run(&words);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    for line in [
        "warning authorizer_cache: main.tf: aws_api_gateway_authorizer.gate: ",
        "warning fail_open_route: envoy.yaml: failure_mode_allow is true",
        "warning file_not_understood: letter.txt: ",
    ] {
        assert!(ran.out.contains(line), "{line} is not in {ran:?}");
    }
}

#[test]
fn a_store_that_somebody_has_written_into_shows_in_the_audit() {
    let site = Site::new("doctor-audit");
    site.key();
    site.done(&["keys", "create", "--tenant", "beta", "--owner", "dev", "--unlimited"]);
    let whole = site.json(&["doctor"]);
    assert_eq!(whole["audit"]["chains"], 2, "{whole}");
    let entries = whole["audit"]["entries"].as_u64().unwrap();
    let said = site.done(&["doctor"]);
    assert!(said.contains(&format!("Verified of the audit: {entries} entries in 2 chains.")));
    // Another owner than the one who was given the key, in the line of the audit alone.
    let file = site.folder.join("tollgate.db");
    let mut bytes = fs::read(&file).unwrap();
    let line = b"\"operation\":\"keys.create\"";
    let places = bytes.windows(line.len()).enumerate().filter(|(_, part)| part == line);
    let at: Vec<usize> = places.map(|(at, _)| at).collect();
    let last = *at.last().unwrap();
    bytes[last + line.len() - 2] = b'3';
    fs::write(&file, bytes).unwrap();
    let ran = site.run(&["doctor"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    for said in [
        "warning audit_damaged: the audit of tenant ",
        "what follows entry ",
        "the entry was changed",
        "`tollgate audit verify --tenant NAME`",
    ] {
        assert!(ran.out.contains(said), "{said} is not in {ran:?}");
    }
}

/// Its name, what is done to a deployment with a key, what is then said of it, and which command is named.
type Case = (&'static str, fn(&Site), &'static str, &'static str);

const LACKS: &[Case] = &[
    (
        "secrets_missing",
        |site| fs::remove_file(site.folder.join("tollgate.secrets.json")).unwrap(),
        "secrets.path: tollgate.secrets.json: there is no such file",
        "`tollgate init`",
    ),
    (
        "secrets_unusable",
        |site| {
            fs::remove_file(site.folder.join("tollgate.secrets.json")).unwrap();
            fs::create_dir(site.folder.join("tollgate.secrets.json")).unwrap();
        },
        "secrets.path: tollgate.secrets.json: is not a file",
        "`tollgate init`",
    ),
    (
        "secrets_unusable",
        |site| site.write("tollgate.secrets.json", ""),
        "secrets.path: tollgate.secrets.json:1:0: is not the JSON of a secrets file",
        "`tollgate init`",
    ),
    (
        "store_missing",
        |site| fs::remove_file(site.folder.join("tollgate.db")).unwrap(),
        "store.path: tollgate.db: there is no such file",
        "`tollgate init`",
    ),
    (
        "store_unusable",
        |site| {
            fs::remove_file(site.folder.join("tollgate.db")).unwrap();
            site.write("tollgate.db", "");
        },
        "store.path: tollgate.db: the file is not a store of ours: look at its path",
        "`tollgate store restore`",
    ),
    (
        "store_unusable",
        |site| {
            fs::remove_file(site.folder.join("tollgate.db")).unwrap();
            fs::create_dir(site.folder.join("tollgate.db")).unwrap();
        },
        "store.path: tollgate.db: ",
        "`tollgate store restore`",
    ),
    (
        "no_keys",
        |site| {
            let listed = site.json(&["keys", "list"]);
            site.done(&["keys", "revoke", listed["keys"][0]["id"].as_str().unwrap()]);
        },
        "store.path: tollgate.db: no key that is not revoked",
        "`tollgate keys create ",
    ),
    (
        "tls_unusable",
        |site| {
            let config = site.read("tollgate.toml");
            let tls = "[tls]\ncertificate = 'chain.pem'\nkey = 'key.pem'\n";
            site.write("tollgate.toml", &format!("{config}{tls}"));
        },
        "tls.certificate: chain.pem: cannot be read: No such file",
        "[tls]",
    ),
    (
        "tls_unusable",
        |site| {
            let config = site.read("tollgate.toml");
            let tls = "[tls]\ncertificate = 'chain.pem'\nkey = 'chain.pem.key'\n";
            site.write("tollgate.toml", &format!("{config}{tls}"));
            site.write("chain.pem", include_str!("../../src/wire/tests/certificates/first.pem"));
        },
        "tls.key: chain.pem.key: cannot be read: No such file",
        "[tls]",
    ),
];

#[test]
fn what_a_gate_needs_and_has_not_is_said_with_the_command_that_makes_it() {
    for (at, (code, harm, says, names)) in LACKS.iter().enumerate() {
        let site = Site::new(&format!("doctor-lacks-{at}"));
        site.key();
        let well = site.json(&["config", "check"]);
        assert_eq!(well["lacks"], serde_json::json!([]), "{code}: nothing lacks before");
        harm(&site);
        let note = *code == "no_keys";
        let told = site.run(&["doctor"]);
        assert_eq!(told.code, Some(i32::from(!note)), "{told:?}");
        let weight = if note { "note" } else { "warning" };
        let line = format!("{weight} {code}: {says}");
        assert!(told.out.contains(&line), "{line} is not in {told:?}");
        // It is no mistake in the configuration, which is what a pipeline checks where no secrets are.
        let checked = site.done(&["config", "check"]);
        assert!(checked.starts_with("tollgate.toml: nothing is wrong with it\nnot ready: "));
        assert!(checked.contains(&format!("not ready: {says}")), "{says} is not in {checked}");
        for said in [&told.out, &checked] {
            assert!(said.contains(names), "{names} is not in {said}");
        }
        assert_eq!(site.json(&["config", "check"])["lacks"][0]["code"], *code);
    }
}
