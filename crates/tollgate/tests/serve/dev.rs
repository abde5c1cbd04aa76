//! `tollgate dev`: what it prints works when it is pasted.

use std::{
    io::{BufRead, BufReader},
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use crate::{identity::decoded, origin::Origin};

/// A demo deployment in a folder of its own.
struct Dev {
    child: Child,
    lines: Vec<String>,
}

impl Dev {
    /// Starts it, and reads everything that it says at first.
    fn start(folder: &PathBuf, more: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tollgate"));
        command.arg("dev").arg("--data").arg(folder).args(more);
        let child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut dev = Self { child, lines: Vec::new() };
        for line in BufReader::new(dev.child.stdout.take().unwrap()).lines() {
            dev.lines.push(line.unwrap());
            if dev.lines.last().unwrap().starts_with("Ctrl-C") {
                return dev;
            }
        }
        panic!("it ended after {:#?}", dev.lines);
    }

    /// The commands to be pasted, in their order.
    fn commands(&self) -> Vec<&str> {
        let commands = self.lines.iter().map(|line| line.trim_start());
        commands.filter(|line| line.contains("curl ")).collect()
    }

    fn key(&self) -> &str {
        self.lines.iter().map(|line| line.trim()).find(|line| line.starts_with("tg_live_")).unwrap()
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn paste(command: &str) -> String {
    let output = Command::new("sh").args(["-c", command]).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_three_commands_that_it_prints_do_what_it_says() {
    let folder = std::env::temp_dir().join(format!("tollgate-dev-{}", std::process::id()));
    let dev = Dev::start(&folder, &["--fresh"]);
    // A second one at the same time finds the usual ports taken, and does without.
    let beside = folder.join("beside");
    let second = Dev::start(&beside, &[]);
    for port in [
        "Port 8080 is taken: the gate is on port ",
        "Port 3000 is taken: ",
        "Port 9090 is taken: ",
        "Port 9091 is taken: ",
    ] {
        assert!(
            second.lines.iter().any(|line| line.starts_with(port)),
            "{port}{:#?}",
            second.lines
        );
    }
    for dev in [&dev, &second] {
        let commands = dev.commands();
        assert_eq!(commands.len(), 3, "{:#?}", dev.lines);
        let allowed: serde_json::Value =
            serde_json::from_str(&paste(&format!("{} -s", commands[0]))).unwrap();
        assert_eq!(allowed["identity"]["verified"], true, "{allowed}");
        assert_eq!(allowed["identity"]["owner"], "dev@acme.example");
        assert_eq!(allowed["headers"].get("x-api-key"), None);
        let forged = paste(&format!("{} -s", commands[1]));
        assert!(forged.starts_with("HTTP/1.1 401 ") && forged.contains("key_invalid"), "{forged}");
        let many = paste(commands[2]);
        let refused: Vec<_> = many.lines().filter(|line| line.contains(" 429 ")).collect();
        assert!(!refused.is_empty() && many.contains("HTTP/1.1 200 "), "{many}");
        assert_eq!(many.to_lowercase().matches("retry-after: ").count(), refused.len(), "{many}");
    }
    assert_ne!(dev.key(), second.key());
    let key = dev.key().to_owned();
    drop(dev);

    // What is kept is kept: the key of the first start is that of the next one, and so is what it spent.
    let again = Dev::start(&folder, &[]);
    assert_eq!(again.key(), key);
    let answer = paste(&format!("{} -s", again.commands()[0]));
    assert!(answer.contains("\"verified\": true") || answer.contains("rate_limited"), "{answer}");
    drop(again);
    let fresh = Dev::start(&folder, &["--fresh"]);
    assert_ne!(fresh.key(), key);
    let with_old = fresh.commands()[0].replace(fresh.key(), &key);
    assert!(paste(&format!("{with_old} -s")).contains("key_invalid"));
    drop((fresh, second));
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn an_origin_of_ones_own_gets_identities_for_it() {
    let folder = std::env::temp_dir().join(format!("tollgate-dev-own-{}", std::process::id()));
    let origin = Origin::start();
    let url = format!("http://{}", origin.address);
    let dev = Dev::start(&folder, &["--fresh", "--origin", &url, "--audience", "crm"]);
    let told = dev.lines.iter().find(|line| line.starts_with("issuer ")).unwrap();
    let (names, keys) = told.split_once(", keys ").unwrap();
    assert_eq!(names, "issuer tollgate, audience crm");
    assert!(paste(&format!("curl -s {keys}")).contains("\"keys\""), "{keys}");
    paste(dev.commands()[0]);
    let token = origin.only().head.field("tollgate-identity").unwrap().to_owned();
    let claims = decoded(token.split('.').nth(1).unwrap());
    let claims: serde_json::Value = serde_json::from_slice(&claims).unwrap();
    assert_eq!((&claims["iss"], &claims["aud"]), (&"tollgate".into(), &"crm".into()));
    drop(dev);
    // The next start has the demo again, under its own name.
    let demo = Dev::start(&folder, &[]);
    let allowed: serde_json::Value =
        serde_json::from_str(&paste(&format!("{} -s", demo.commands()[0]))).unwrap();
    assert_eq!(allowed["identity"]["verified"], true, "{allowed}");
    drop(demo);
    for (words, told) in
        [(["--origin", "127.0.0.1:1"], "it must be http"), (["--audience", "crm"], "--origin")]
    {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tollgate"));
        let output = command.arg("dev").arg("--data").arg(&folder).args(words).output().unwrap();
        assert!(!output.status.success());
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains(told), "{said}");
    }
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn one_key_is_kept_for_its_owner_while_it_is_good_and_printed_again() {
    let folder = std::env::temp_dir().join(format!("tollgate-dev-key-{}", std::process::id()));
    let file = folder.join("tollgate.key");
    let mode = || std::fs::metadata(&file).unwrap().permissions().mode() & 0o7777;
    let set_mode = |mode| {
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    let first = Dev::start(&folder, &["--fresh"]).key().to_owned();
    assert_eq!(std::fs::read_to_string(&file).unwrap().trim(), first);
    assert_eq!(mode(), 0o600);
    let run = |words: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tollgate"));
        command.arg("--config").arg(folder.join("tollgate.toml")).arg("--json").args(words);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap()
    };
    let keys = || run(&["keys", "list", "--tenant", "acme"])["keys"].as_array().unwrap().clone();
    // The same is printed again, and no other is made.
    let again = Dev::start(&folder, &[]);
    assert_eq!((again.key(), keys().len()), (first.as_str(), 1));
    // The command that makes another is there to be pasted.
    let more = again.lines.iter().find(|line| line.contains(" keys create ")).unwrap();
    let more = more.trim().replacen("tollgate", env!("CARGO_BIN_EXE_tollgate"), 1);
    assert!(paste(&more).starts_with("tg_live_"), "{more}");
    drop(again);
    let id = keys().iter().find(|key| key["name"] == "tollgate dev").unwrap()["id"].clone();
    let id = id.as_str().unwrap().to_owned();
    // What is refused, ends within a day or was readable by others is replaced.
    let mut last = first;
    let mut replaced = |why: &str| {
        let key = Dev::start(&folder, &[]).key().to_owned();
        assert_ne!(key, last, "{why}");
        assert_eq!(mode(), 0o600, "{why}");
        last = key;
    };
    run(&["keys", "update", &id, "--expires", "+23h"]);
    replaced("it ends within a day");
    let id =
        keys().iter().find(|key| key["id"] != *id && key["name"] == "tollgate dev").unwrap()["id"]
            .clone();
    run(&["keys", "disable", id.as_str().unwrap()]);
    replaced("it is switched off");
    set_mode(0o644);
    replaced("others could read it");
    std::fs::write(&file, "tg_live_nonsense\n").unwrap();
    replaced("it is no key");
    // Another key of a stopped tenant would be as useless.
    run(&["tenants", "stop", "acme"]);
    let stopped = Dev::start(&folder, &[]);
    assert_eq!(stopped.key(), last);
    let says = stopped.lines.iter().find(|line| line.starts_with("It is stopped")).unwrap();
    assert!(says.ends_with(" tenants resume acme"), "{says}");
    drop(stopped);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn it_listens_where_its_file_says_and_says_what_is_wrong() {
    let folder = std::env::temp_dir().join(format!("tollgate-dev-places-{}", std::process::id()));
    drop(Dev::start(&folder, &["--fresh"]));
    let file = folder.join("tollgate.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("127.0.0.1:8080", "127.0.0.8:0")).unwrap();
    let dev = Dev::start(&folder, &[]);
    assert!(dev.lines.iter().any(|line| line.contains("http://127.0.0.8:")), "{:#?}", dev.lines);
    drop(dev);

    let mut command = Command::new(env!("CARGO_BIN_EXE_tollgate"));
    let output = command.arg("dev").arg("--data").arg(&file).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && said.contains("tollgate.toml"), "{said}");
    std::fs::remove_dir_all(folder).unwrap();
}

/// A gate on a store in memory, and where it listens.
fn in_memory(folder: &PathBuf) -> (Dev, String) {
    std::fs::create_dir_all(folder).unwrap();
    let routes =
        "[origin]\nurl = 'http://127.0.0.1:9'\n[[routes]]\npath = '/**'\nscopes = ['a:b']\n";
    std::fs::write(folder.join("tollgate.toml"), routes).unwrap();
    let command = |words: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tollgate"));
        command.args(words).current_dir(folder).env("TOLLGATE_GATE_LISTEN", "127.0.0.1:0");
        command.env("TOLLGATE_ADMIN_LISTEN", "127.0.0.1:0");
        command
    };
    let init = command(&["init"]).output().unwrap();
    assert!(matches!(init.status.code(), Some(0 | 3)), "{init:?}");
    let mut serve = command(&["serve", "--store", "memory"]);
    let mut child = serve.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let log = BufReader::new(child.stderr.take().unwrap());
    let mut dev = Dev { child, lines: Vec::new() };
    let mut door = String::new();
    for line in log.lines() {
        let line = line.unwrap();
        assert!(!line.contains("tg_live_"), "{line}");
        let event: serde_json::Value = serde_json::from_str(&line).unwrap();
        if event["listener"] == "gate" {
            door = event["address"].as_str().unwrap().to_owned();
        }
        if event["event"] == "started" {
            break;
        }
    }
    for line in BufReader::new(dev.child.stdout.take().unwrap()).lines() {
        dev.lines.push(line.unwrap());
        if dev.lines.last().unwrap().contains("`tollgate dev` is a gate") {
            break;
        }
    }
    (dev, door)
}

#[test]
fn a_gate_on_a_store_in_memory_prints_the_only_key_that_it_takes() {
    let folder = std::env::temp_dir().join(format!("tollgate-memory-{}", std::process::id()));
    let mut keys = Vec::<String>::new();
    for _ in 0..2 {
        let (gate, door) = in_memory(&folder);
        let ask = |key: &str| paste(&format!("curl -si -H 'X-API-Key: {key}' http://{door}/a"));
        // Only what was allowed is passed on to the origin that is not there.
        let allowed = ask(gate.key());
        assert!(allowed.starts_with("HTTP/1.1 502 "), "{allowed}");
        let forged = ask("tg_live_1PFomxVvHxK9DoPCchyGyQ9uYxJ7rLoXE5C7u22zYyp52XJUH5");
        assert!(forged.contains("key_invalid"), "{forged}");
        if let Some(before) = keys.last() {
            assert!(ask(before).contains("key_invalid"), "it ended with its process");
        }
        keys.push(gate.key().to_owned());
    }
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn other_numbers_of_a_limit_that_keys_share_reach_a_gate_that_serves() {
    let folder = std::env::temp_dir().join(format!("tollgate-dev-limits-{}", std::process::id()));
    let dev = Dev::start(&folder, &["--fresh"]);
    let usual = dev.commands()[0].replace("curl ", "curl -si ");
    let run = |words: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tollgate"));
        command.arg("--config").arg(folder.join("tollgate.toml")).arg("--json").args(words);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap()
    };
    let keys = [(); 2].map(|()| {
        let words =
            ["keys", "create", "--tenant", "zoo", "--owner", "me", "--scope", "orders:read"];
        let made = run(&[&words[..], &["--limit", "all:tenant=3,1/1h"]].concat());
        made["secret"].as_str().unwrap().to_owned()
    });
    let allowed = |key: &str| {
        let answer = paste(&usual.replace(dev.key(), key));
        assert!(
            ["HTTP/1.1 200 ", "HTTP/1.1 429 "].iter().any(|s| answer.starts_with(s)),
            "{answer}"
        );
        answer.starts_with("HTTP/1.1 200 ")
    };
    // They share the three, and the next comes in an hour.
    let first: Vec<_> = (0..6).map(|at| allowed(&keys[at % 2])).collect();
    assert_eq!(first, [true, true, true, false, false, false]);
    let set = run(&["limits", "set", "--tenant", "zoo", "--limit", "all:tenant=50,50/1s"]);
    assert_eq!(set["keys"], 2);
    let start = std::time::Instant::now();
    for key in &keys {
        while !allowed(key) {
            assert!(start.elapsed() < crate::wire::DEADLINE, "it is refused by the old numbers");
        }
    }
    drop(dev);
    std::fs::remove_dir_all(folder).unwrap();
}
