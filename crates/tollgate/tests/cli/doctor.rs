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
    site.write("nginx.conf", "location / { auth_request /gate; }");
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
    let config = site.read("tollgate.toml");
    site.write(
        "tollgate.toml",
        &format!("{config}[decide]\n[[routes]]\npath = '/a'\nkey_from = 'x-api-key'\n"),
    );
    assert!(site.done(&["doctor"]).starts_with("note envoy_needs_header: "));
}

#[test]
fn what_cannot_be_looked_at_is_said() {
    let site = Site::new("doctor-unseen");
    fs::remove_file(site.folder.join("tollgate.db")).unwrap();
    fs::remove_file(site.folder.join("tollgate.secrets.json")).unwrap();
    let said = site.done(&["doctor"]);
    assert_eq!(said.matches("not looked at: ").count(), 2, "{said}");
    site.run(&["doctor", "--proxy", "nowhere.conf"]).fails(1, "nowhere.conf");
}
