//! The ledger in DynamoDB Local, changed by the real command as scripts run it.

use std::{fs, os::unix::fs::PermissionsExt, process::Command};

use serde_json::{Value, json};
use tollgate_testkit::dynamodb;

use crate::site::{Ran, Site};

/// A folder with a configuration of its own tables.
struct Deployment {
    site: Site,
    endpoint: String,
    table: String,
}

impl Deployment {
    /// Tables that are not there.
    fn bare(name: &str) -> Self {
        let site = Site::bare(&format!("dynamodb-{name}"));
        let table = format!("cli-{name}-{}", std::process::id());
        site.write(
            "tollgate.toml",
            &format!("[dynamodb]\nledger = '{table}'\nbuckets = '{table}-buckets'\n"),
        );
        let endpoint = format!("http://127.0.0.1:{}", dynamodb::port());
        Self { site, endpoint, table }
    }

    fn new(name: &str) -> Self {
        let deployment = Self::bare(name);
        deployment.json(&["init", "--create-tables"]);
        deployment
    }

    fn run(&self, words: &[&str]) -> Ran {
        let words = [words, &["--target", "dynamodb"]].concat();
        let env = [
            ("AWS_ENDPOINT_URL", self.endpoint.as_str()),
            ("AWS_REGION", "eu-central-1"),
            ("AWS_ACCESS_KEY_ID", "local"),
            ("AWS_SECRET_ACCESS_KEY", "not-a-secret-of-anybody"),
        ];
        let ran = self.site.run_with(&words, "", &env);
        assert!(!format!("{ran:?}").contains("not-a-secret-of-anybody"), "{ran:?}");
        ran
    }

    fn done(&self, words: &[&str]) -> String {
        let ran = self.run(words);
        assert_eq!(ran.code, Some(0), "{words:?}: {ran:?}");
        ran.out
    }

    fn json(&self, words: &[&str]) -> Value {
        serde_json::from_str(&self.done(&[words, &["--json"]].concat())).unwrap()
    }

    fn create(&self, more: &[&str]) -> String {
        let words = ["keys", "create", "--tenant", "acme", "--owner", "dev"];
        let made = self.json(&[&words, more].concat());
        made["key"]["id"].as_str().unwrap().to_owned()
    }
}

#[test]
fn init_makes_secrets_tables_and_a_ledger_once() {
    let deployment = Deployment::bare("init");
    let site = &deployment.site;
    let first = deployment.json(&["init"]);
    assert_eq!(first["ledger_begun"], Value::Null, "{first}");
    let commands = first["commands"].as_array().unwrap();
    assert!(commands.contains(&json!("tollgate init --target dynamodb")), "{first}");
    deployment.run(&["keys", "list"]).fails(1, "init --target dynamodb");
    let secrets = site.read("tollgate.secrets.json");
    let mode = fs::metadata(site.folder.join("tollgate.secrets.json")).unwrap().permissions();
    assert_eq!(mode.mode() & 0o777, 0o600);
    let made = deployment.run(&["init", "--create-tables", "--json"]);
    let document: Value = serde_json::from_str(&made.out).unwrap();
    assert_eq!(
        (&document["tables"]["made"], &document["ledger_begun"]),
        (&json!(true), &json!(true))
    );
    // No byte of them is printed.
    let pepper: Value = serde_json::from_str(&secrets).unwrap();
    let texts = strings(&pepper);
    let hidden: Vec<&str> =
        texts.iter().map(String::as_str).filter(|text| text.len() > 20).collect();
    assert!(!hidden.is_empty() && hidden.iter().all(|text| !made.out.contains(text)), "{made:?}");
    let again = deployment.json(&["init", "--create-tables"]);
    assert_eq!((&again["tables"]["made"], &again["ledger_begun"]), (&json!(false), &json!(false)));
    assert_eq!(site.read("tollgate.secrets.json"), secrets);
    // Under other secrets every key of this table would be forged.
    deployment.create(&["--unlimited"]);
    fs::remove_file(site.folder.join("tollgate.secrets.json")).unwrap();
    deployment.run(&["init"]).fails(3, "has keys");
    assert!(!site.folder.join("tollgate.secrets.json").exists());
}

fn strings(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(all) => all.iter().flat_map(strings).collect(),
        Value::Object(all) => all.values().flat_map(strings).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => vec![],
    }
}

#[test]
fn a_key_lives_as_in_the_store_that_is_here() {
    let deployment = Deployment::new("life");
    let here = Site::new("dynamodb-life-here");
    let limits = ["--limit", "burst:key=100,50/1s", "--limit", "all:tenant=1000,1000/s"];
    let there = deployment.create(&limits);
    let words = ["keys", "create", "--tenant", "acme", "--owner", "dev"];
    let made = here.json(&[&words[..], &limits].concat());
    let local = made["key"]["id"].as_str().unwrap().to_owned();
    let rows: [&[&str]; 14] = [
        &["keys", "list"],
        &["keys", "show", "ID"],
        &["keys", "update", "ID", "--plan", "pro", "--scope", "orders:read"],
        &["limits", "set", "--tenant", "acme", "--limit", "all:tenant=500,500/s"],
        &["keys", "show", "ID"],
        &["keys", "rotate", "ID", "--grace", "1h"],
        &["keys", "disable", "ID"],
        &["keys", "enable", "ID"],
        &["owners", "stop", "acme", "dev"],
        &["owners", "list", "acme"],
        &["tenants", "stop", "acme"],
        &["tenants", "list"],
        &["peppers", "list"],
        &["keys", "revoke", "ID"],
    ];
    for row in rows {
        let of = |id: &str| row.iter().map(|word| word.replace("ID", id)).collect::<Vec<_>>();
        let (mine, theirs) = (of(&there), of(&local));
        let mine: Vec<&str> = mine.iter().map(String::as_str).collect();
        let theirs: Vec<&str> = theirs.iter().map(String::as_str).collect();
        let (mut mine, mut theirs) = (deployment.json(&mine), here.json(&theirs));
        blank(&mut mine);
        blank(&mut theirs);
        assert_eq!(mine, theirs, "{row:?}");
    }
    for row in [&["keys", "show", "key_0000000000000000"][..], &["tenants", "stop", "acmee"]] {
        let (mine, theirs) = (deployment.run(row), here.run(row));
        assert_eq!((mine.code, mine.err), (theirs.code, theirs.err), "{row:?}");
    }
}

/// Replaces what is drawn, read from a clock, or counted by the ledger.
fn blank(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match name.as_str() {
                    "id" if value.is_number() => {}
                    "id" | "secret" | "lookup" | "version" | "changed" | "stopped_ms"
                    | "created_ms" | "since" | "stopped_since" => *value = json!("<drawn>"),
                    _ => blank(value),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(blank),
        Value::Number(number) if number.as_u64() > Some(1_600_000_000_000) => {
            *value = json!("<instant>");
        }
        Value::Number(_) | Value::Bool(_) | Value::Null | Value::String(_) => {}
    }
}

#[test]
fn a_table_that_was_put_back_begins_anew_under_its_own_name() {
    let deployment = Deployment::new("restore");
    let id = deployment.create(&["--unlimited"]);
    let before = deployment.json(&["keys", "show", &id]);
    let table = ["--table", deployment.table.as_str()];
    let restored = deployment.json(&[&["store", "restore"][..], &table].concat());
    assert_eq!(restored["store"], json!(deployment.table));
    let incarnation = restored["incarnation"].as_u64().unwrap();
    let version = before["key"]["version"].as_str().map(str::to_owned).unwrap_or_default();
    assert!(!version.starts_with(&incarnation.to_string()), "{version}");
    assert_eq!(deployment.json(&["store", "publish"])["keys"], json!(1));
    assert_eq!(deployment.json(&["store", "publish"])["keys"], json!(0));
    deployment.run(&["keys", "list", "--table", "another-table"]).fails(1, "ResourceNotFound");
}

#[test]
fn what_a_target_does_not_have_is_refused_and_said() {
    let deployment = Deployment::bare("unfit");
    deployment.run(&["store", "backup", "copy.db"]).fails(2, "restore-table-to-point-in-time");
    let site = &deployment.site;
    site.run(&["store", "publish"]).fails(2, "nothing to be written");
    site.run(&["store", "restore", "--target", "cloudflare"]).fails(2, "--url");
    site.run(&["keys", "list", "--table", "a-table"]).fails(2, "--target dynamodb");
    site.run(&["keys", "list", "--target", "dynamodb", "--table", "a b"]).fails(2, "a table");
    let off = [("AWS_EC2_METADATA_DISABLED", "true")];
    let list = ["keys", "list", "--target", "dynamodb"];
    site.run_with(&list, "", &off).fails(1, "AWS_REGION");
    let region = [off[0], ("AWS_REGION", "eu-central-1")];
    site.run_with(&list, "", &region).fails(1, "no credentials for AWS");
}

#[test]
fn region_and_credentials_come_from_the_shared_files_too() {
    let deployment = Deployment::new("profile");
    let site = &deployment.site;
    fs::create_dir_all(site.folder.join(".aws")).unwrap();
    site.write(
        ".aws/config",
        &format!("[profile ops]\nregion = eu-central-1\nendpoint_url = {}\n", deployment.endpoint),
    );
    let credentials = "[ops]\naws_access_key_id = local\naws_secret_access_key = local\n";
    site.write(".aws/credentials", credentials);
    let home = site.folder.display().to_string();
    let env = [("HOME", home.as_str()), ("AWS_PROFILE", "ops")];
    let ran = site.run_with(&["tenants", "list", "--target", "dynamodb", "--json"], "", &env);
    assert_eq!(ran.code, Some(0), "{ran:?}");
}

/// Disables a key through somebody who loses the answers to transactions.
fn disabled_through(deployment: &Deployment, id: &str, between: &Between) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tollgate"));
    command.args(["keys", "disable", id, "--target", "dynamodb"]);
    command.current_dir(&deployment.site.folder).env_clear();
    command.env("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{}", between.port));
    command.envs([("AWS_REGION", "eu-central-1"), ("AWS_ACCESS_KEY_ID", "local")]);
    let ran: Ran = command.env("AWS_SECRET_ACCESS_KEY", "local").output().unwrap().into();
    assert!(between.swallowed() > 0, "no answer was lost: {ran:?}");
    ran
}

#[test]
fn a_change_whose_answer_is_lost_is_made_once_and_found_out() {
    let deployment = Deployment::new("lost");
    let id = deployment.create(&["--unlimited"]);
    let between = Between::start(dynamodb::port(), After::Answers);
    let ran = disabled_through(&deployment, &id, &between);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let shown = deployment.json(&["keys", "show", &id]);
    assert_eq!(shown["key"]["state"], json!("disabled"), "{shown}");
    assert!(shown["key"]["version"].as_str().unwrap().ends_with(".3"), "made once: {shown}");
}

#[test]
fn a_change_of_which_nobody_tells_is_told_as_unknown() {
    let deployment = Deployment::new("unknown");
    let id = deployment.create(&["--unlimited"]);
    let between = Between::start(dynamodb::port(), After::IsSilent);
    let ran = disabled_through(&deployment, &id, &between);
    ran.fails(1, "it is not known whether the change was made");
}

use between::{After, Between};

mod between {
    //! A proxy that loses the answers to transactions.

    use std::{
        io::{Read, Write},
        net::{TcpListener, TcpStream},
        sync::{
            Arc,
            atomic::{AtomicU32, Ordering},
        },
        thread,
    };

    /// What it does once an answer is lost.
    #[derive(Clone, Copy, PartialEq, Eq)]
    pub(super) enum After {
        Answers,
        IsSilent,
    }

    pub(super) struct Between {
        pub(super) port: u16,
        swallowed: Arc<AtomicU32>,
    }

    impl Between {
        pub(super) fn start(behind: u16, after: After) -> Self {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let port = listener.local_addr().unwrap().port();
            let swallowed = Arc::new(AtomicU32::new(0));
            let counted = Arc::clone(&swallowed);
            thread::spawn(move || {
                for client in listener.incoming() {
                    let counted = Arc::clone(&counted);
                    thread::spawn(move || pass(client.unwrap(), behind, after, &counted));
                }
            });
            Self { port, swallowed }
        }

        pub(super) fn swallowed(&self) -> u32 {
            self.swallowed.load(Ordering::SeqCst)
        }
    }

    fn pass(mut client: TcpStream, behind: u16, after: After, swallowed: &AtomicU32) {
        while let Some(question) = message(&mut client) {
            if after == After::IsSilent && swallowed.load(Ordering::SeqCst) > 0 {
                return;
            }
            let mut server = TcpStream::connect(("127.0.0.1", behind)).unwrap();
            server.write_all(&question).unwrap();
            let Some(answer) = message(&mut server) else { return };
            if String::from_utf8_lossy(&question).contains("TransactWriteItems") {
                swallowed.fetch_add(1, Ordering::SeqCst);
                return;
            }
            client.write_all(&answer).unwrap();
        }
    }

    /// One message with its length, as both sides write it; none if the other side is gone.
    fn message(stream: &mut TcpStream) -> Option<Vec<u8>> {
        let mut seen = vec![];
        loop {
            let mut part = [0; 4_096];
            let count = stream.read(&mut part).ok().filter(|count| *count > 0)?;
            seen.extend(&part[..count]);
            let Some(end) = seen.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
            let head = String::from_utf8_lossy(&seen[..end]).to_lowercase();
            let line = head.lines().find_map(|line| line.strip_prefix("content-length:"));
            let length: usize = line.map_or(0, |length| length.trim().parse().unwrap());
            if seen.len() >= end + 4 + length {
                return Some(seen);
            }
        }
    }
}
