//! `tollgate init`: it makes what is missing, and keeps what is there.

use std::{fs, path::PathBuf};

use serde_json::json;

use crate::site::Site;

const SECRETS: &str = "tollgate.secrets.json";
const STORE: &str = "tollgate.db";

fn names(site: &Site) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(&site.folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// Every `examples/*/tollgate.toml`, with the name of its folder.
fn examples() -> Vec<(String, String)> {
    let examples = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let folders = fs::read_dir(examples).unwrap().map(|entry| entry.unwrap());
    let read = |folder: fs::DirEntry| {
        let text = fs::read_to_string(folder.path().join("tollgate.toml")).ok()?;
        Some((folder.file_name().into_string().unwrap(), text))
    };
    folders.filter_map(read).collect()
}

#[test]
fn every_example_is_copied_completed_and_used() {
    let examples = examples();
    assert!(examples.len() >= 6, "{examples:?}");
    for (name, text) in examples {
        let site = Site::bare(&format!("example-{name}"));
        site.write("tollgate.toml", &text);
        let made = site.json(&["init"]);
        assert_eq!(made["made"], json!(["secrets", "store"]), "{name}");
        assert_eq!(made["kept"], json!(["config"]), "{name}");
        assert_eq!(site.read("tollgate.toml"), text, "{name}");
        let (_, secret) = site.key();
        site.done(&["config", "check"]);
        let inspected = site.run_with(&["inspect"], &secret, &[]);
        assert_eq!(inspected.code, Some(0), "{name}: {inspected:?}");
    }
}

#[test]
fn what_is_missing_is_made_and_what_is_there_is_kept() {
    let parts =
        [("config", "tollgate.toml"), ("secrets", SECRETS), ("store", STORE)].map(|(a, b)| (a, b));
    for (missing, file) in parts {
        let site = Site::new(&format!("missing-{missing}"));
        let before: Vec<_> =
            parts.map(|(_, file)| fs::read(site.folder.join(file)).unwrap()).into();
        fs::remove_file(site.folder.join(file)).unwrap();
        if missing == "store" {
            // A store that leaves its note behind is missed: that one is not begun anew.
            for beside in names(&site).iter().filter(|name| name.starts_with(STORE)) {
                fs::remove_file(site.folder.join(beside)).unwrap();
            }
        }
        let made = site.json(&["init"]);
        assert_eq!(made["made"], json!([missing]));
        for ((part, file), before) in parts.into_iter().zip(before) {
            // A store is opened to look into it, which may write to it.
            if part != missing && part != "store" {
                assert!(fs::read(site.folder.join(file)).unwrap() == before, "{file} was changed");
            }
        }
        site.key();
        site.run(&["init"]).fails(3, "nothing was made");
    }
}

#[test]
fn a_store_with_keys_is_given_no_new_secrets() {
    let site = Site::new("lost-secrets");
    let (_, secret) = site.key();
    let kept = site.read(SECRETS);
    fs::remove_file(site.folder.join(SECRETS)).unwrap();
    let before = names(&site);
    site.run(&["init"]).fails(3, "put the file back from its backup");
    assert_eq!(names(&site), before, "nothing was made");
    // In the environment they are as good as in the file.
    let env = [("TOLLGATE_SECRETS", kept.as_str())];
    site.run_with(&["init"], "", &env).fails(3, "nothing was made");
    fs::remove_file(site.folder.join("tollgate.toml")).unwrap();
    let ran = site.run_with(&["init"], "", &env);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let inspected = site.run_with(&["inspect"], &secret, &env);
    assert_eq!(inspected.code, Some(0), "{inspected:?}");
}

#[test]
fn what_is_there_and_unusable_is_said_before_anything_is_made() {
    for (existing, text, says) in [
        ("tollgate.toml", "mine", "tollgate.toml:1:"),
        (SECRETS, "mine", "others than its owner may read"),
        (STORE, "mine", "file is not a database"),
    ] {
        let site = Site::bare(&format!("exists-{existing}"));
        site.write(existing, text);
        site.run(&["init"]).fails(1, says);
        assert_eq!(site.read(existing), text);
        let beside = names(&site).into_iter().find(|name| !name.starts_with(existing));
        assert_eq!(beside, None, "nothing else was made");
    }
}

#[test]
fn the_commands_that_it_prints_work_where_they_are_pasted() {
    let check = |name: &str, file: Option<&str>, text: Option<&str>, says: &str| {
        let site = Site::bare(name);
        if let (Some(text), file) = (text, file.unwrap_or("tollgate.toml")) {
            fs::create_dir_all(site.folder.join(file).parent().unwrap()).unwrap();
            site.write(file, text);
        }
        let mut words = vec!["init"];
        words.extend(file.iter().flat_map(|file| ["--config", file]));
        let printed = site.done(&words);
        assert!(printed.contains(says), "`{says}` is not in {printed}");
        let pasted = printed.lines().find(|line| line.contains("keys create")).unwrap();
        let pasted = pasted.trim().replacen("tollgate", env!("CARGO_BIN_EXE_tollgate"), 1);
        let mut shell = std::process::Command::new("sh");
        // What tells tests where DynamoDB Local is says nothing to the command.
        shell.env_remove("TOLLGATE_DYNAMODB_LOCAL");
        let ended = shell.args(["-c", &pasted]).current_dir(&site.folder).output().unwrap();
        assert!(ended.status.success(), "{pasted}: {ended:?}");
    };
    check("next", None, None, "  tollgate serve\n");
    check("next-named", Some("./gate.toml"), None, "  tollgate --config ./gate.toml serve\n");
    let folder = "a folder/it's.toml";
    check("next-quoted", Some(folder), Some(""), "--config 'a folder/it'\\''s.toml' serve\n");
    let envs = "[keys]\nenvs = ['test', 'live']\n";
    check("next-envs", None, Some(envs), "--owner dev@acme.example --env test ");
}

/// Nobody could ask the management API for anything, so its first key is made here: once, and nowhere else.
#[test]
fn the_first_admin_key_is_printed_once_where_the_management_api_is_configured() {
    let check = |name: &str, before: Option<&str>, operators: &str| {
        let site = Site::bare(name);
        if before.is_none() {
            // All is there already but the table.
            site.done(&["init"]);
            assert_eq!(site.json(&["keys", "list"])["keys"], json!([]), "{name}");
        }
        site.write("tollgate.toml", before.unwrap_or("[control]\n"));
        let made = site.json(&["init"]);
        let secret = made["admin_key"]["secret"].as_str().unwrap().to_owned();
        let keys = site.json(&["keys", "list"])["keys"].clone();
        assert_eq!(keys.as_array().unwrap().len(), 1, "{name}");
        assert_eq!(keys[0]["settings"]["tenant"], operators, "{name}");
        assert_eq!(keys[0]["id"], made["admin_key"]["id"], "{name}");
        let scopes = keys[0]["settings"]["scopes"].as_array().unwrap();
        assert!(scopes.contains(&json!("keys:*")) && scopes.contains(&json!("tenants:*")));
        let inspected = site.run_with(&["inspect"], &secret, &[]);
        assert_eq!(inspected.code, Some(0), "{name}: {inspected:?}");
        for file in names(&site) {
            let kept = fs::read(site.folder.join(&file)).unwrap();
            let body = &secret.as_bytes()[10..40];
            assert!(!kept.windows(body.len()).any(|part| part == body), "{name}: {file} has it");
        }
        // Not a second time.
        site.run(&["init"]).fails(3, "nothing was made");
    };
    check("admin-later", None, "operators");
    check("admin-at-once", Some("[control]\nlisten = '127.0.0.1:0'\n"), "operators");
    check("admin-elsewhere", Some("[control]\noperators = 'acme'\n"), "acme");
    // Where nobody asks for it there is none.
    let site = Site::bare("admin-none");
    assert_eq!(site.json(&["init"]).get("admin_key"), None);
}
