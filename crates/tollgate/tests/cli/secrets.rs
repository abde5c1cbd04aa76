//! The secrets' file: who may read it, what is refused, and what changes it.

use std::{fs, os::unix::fs::PermissionsExt};

use crate::site::Site;

const FILE: &str = "tollgate.secrets.json";

fn set_mode(site: &Site, mode: u32) {
    fs::set_permissions(site.folder.join(FILE), fs::Permissions::from_mode(mode)).unwrap();
}

fn mode(site: &Site) -> u32 {
    fs::metadata(site.folder.join(FILE)).unwrap().permissions().mode() & 0o7777
}

#[test]
fn only_the_owner_may_read_what_is_made_and_changed() {
    let site = Site::new("mode");
    assert_eq!(mode(&site), 0o600);
    site.done(&["peppers", "add"]);
    assert_eq!(mode(&site), 0o600);
    let names: Vec<_> =
        fs::read_dir(&site.folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!names.iter().any(|name| name.to_string_lossy().ends_with(".new")), "{names:?}");
}

#[test]
fn what_a_killed_process_left_is_replaced() {
    let site = Site::new("left");
    let left = site.folder.join("tollgate.secrets.json.new");
    fs::write(&left, "half of a").unwrap();
    site.done(&["peppers", "add"]);
    assert!(!left.exists());
    assert_eq!(mode(&site), 0o600);
    assert!(site.done(&["peppers", "list"]).contains('1'));
}

#[test]
fn a_link_to_the_file_stays_one() {
    let site = Site::new("link");
    fs::create_dir(site.folder.join("elsewhere")).unwrap();
    let target = site.folder.join("elsewhere/secrets.json");
    fs::rename(site.folder.join(FILE), &target).unwrap();
    std::os::unix::fs::symlink("elsewhere/secrets.json", site.folder.join(FILE)).unwrap();
    site.done(&["peppers", "add"]);
    assert!(fs::symlink_metadata(site.folder.join(FILE)).unwrap().is_symlink());
    assert_eq!(fs::metadata(&target).unwrap().permissions().mode() & 0o7777, 0o600);
}

#[test]
fn a_file_that_others_may_read_is_refused() {
    let site = Site::new("others");
    for refused in [0o604, 0o644, 0o602, 0o620, 0o601, 0o666] {
        set_mode(&site, refused);
        for command in [
            &["peppers", "list"][..],
            &["peppers", "add"],
            &["keys", "create", "--tenant", "a", "--owner", "b", "--unlimited"],
        ] {
            site.run(command).fails(1, "`chmod 600 tollgate.secrets.json`");
        }
    }
    for taken in [0o600, 0o400, 0o640, 0o440] {
        set_mode(&site, taken);
        site.done(&["peppers", "list"]);
    }
}

#[test]
fn secrets_that_anybody_could_guess_are_refused() {
    let site = Site::new("guess");
    let good = site.read(FILE);
    let secret = |at: usize| {
        good.split("\"secret\": \"").nth(at).unwrap().split('"').next().unwrap().to_owned()
    };
    let seed = good.split("\"seed\": \"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let published: String = (0..32).map(|byte| format!("{byte:02x}")).collect();
    let check = |text: String, says: &str| {
        assert_ne!(text, good, "{says}");
        site.write(FILE, &text);
        set_mode(&site, 0o600);
        let ran = site.run(&["peppers", "list"]);
        ran.fails(1, says);
        assert!(!ran.err.contains(&secret(1)) && !ran.err.contains(&seed), "{ran:?}");
    };
    let pepper = |with: &str| good.replace(&secret(1), with);
    check(pepper(&published), "a pepper is of the kind published in the specification");
    check(pepper(&"00".repeat(32)), "a pepper is one byte repeated");
    check(pepper(&secret(1)[..62]), "a pepper is 32 bytes or more");
    check(pepper(&secret(1).to_uppercase()), "is not the JSON of a secrets file");
    check(good.replace("\"id\": 0", "\"id\": 16"), "a pepper's id is 0 to 15");
    check(good.replace("\"issuing\": 0", "\"issuing\": 1"), "no pepper has the issuing id");
    check(
        good.replace("\"issuing\": 0", "\"issuing\": 0, \"x\": 1"),
        "is not the JSON of a secrets file",
    );
    check(good.replace(&seed, &"00".repeat(32)), "the bytes of the seed are all equal");
    check(good.replace(&seed, &seed[..62]), "a seed is 64 hexadecimal digits");
    check(good.replace("EdDSA", "RS256"), "an alg is neither EdDSA nor Ed25519");
    check(good.replace("\"until\": null", "\"until\": 1"), "ends before it begins");
    check(good[..good.len() - 3].to_owned(), "is not the JSON of a secrets file");
    check(format!("{good}{}", " ".repeat(70_000)), "is not the JSON of a secrets file");
    check(String::new(), "is not the JSON of a secrets file");
    fs::remove_file(site.folder.join(FILE)).unwrap();
    site.run(&["peppers", "list"]).fails(1, "there is no such file");
}

#[test]
fn the_environment_wins_over_the_file_and_is_changed_by_nobody_here() {
    let site = Site::new("environment");
    let other = Site::new("environment-other");
    let text = other.read(FILE);
    other.done(&["peppers", "add"]);
    let env = [("TOLLGATE_SECRETS", text.as_str())];
    site.done(&["peppers", "add", "--id", "5"]);
    let listed = site.run_with(&["peppers", "list", "--json"], "", &env);
    assert!(!listed.out.contains("\"id\": 5"), "{listed:?}");
    for command in [&["peppers", "add"][..], &["peppers", "use", "0"], &["signing-keys", "rotate"]]
    {
        site.run_with(command, "", &env).fails(3, "the secrets are in TOLLGATE_SECRETS");
    }
    site.run_with(&["peppers", "list"], "", &[("TOLLGATE_SECRETS", "")])
        .fails(1, "TOLLGATE_SECRETS");
    // Where the environment holds them, init makes no file.
    let bare = Site::bare("environment-init");
    let ran = bare.run_with(&["init"], "", &env);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(!bare.folder.join(FILE).exists());
}

#[test]
fn changes_at_once_are_all_made() {
    let site = Site::new("at-once");
    std::thread::scope(|scope| {
        for id in 1..=8 {
            let site = &site;
            scope.spawn(move || site.done(&["peppers", "add", "--id", &id.to_string()]));
        }
    });
    let peppers = site.json(&["peppers", "list"]);
    assert_eq!(peppers["peppers"].as_array().unwrap().len(), 9, "{peppers}");
}
