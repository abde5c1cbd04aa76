//! A setting that cannot be meant is named, in one line, and nothing is served.

use std::{fs, net::TcpListener, process::Command};

#[test]
fn a_setting_that_cannot_be_meant_is_named() {
    let folder = std::env::temp_dir().join(format!("pipeline-crm-settings-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("theirs.db"), "this is no database").unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    for (flag, value, code) in [
        ("--gate", "ftp://127.0.0.1", 1),
        ("--gate", "http://gate.example", 1),
        ("--issuer", "", 1),
        ("--audience", "two words", 1),
        ("--data", "nowhere/crm.db", 1),
        ("--data", "theirs.db", 1),
        ("--listen", &taken, 1),
        ("--listen", "somewhere", 2),
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pipeline-crm"));
        let command = command.current_dir(&folder).env("RUST_BACKTRACE", "1").args([flag, value]);
        let done = command.output().unwrap();
        let said = String::from_utf8(done.stderr).unwrap();
        assert_eq!(done.status.code(), Some(code), "{flag} {value}: {said}");
        assert!(said.contains(flag), "{flag} {value}: {said}");
        assert!(code == 2 || said.lines().count() == 1, "{said}");
        assert!(done.stdout.is_empty());
    }
    fs::remove_dir_all(&folder).unwrap();
}
