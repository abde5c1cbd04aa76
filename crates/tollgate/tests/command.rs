//! The command as a user runs it.

#![expect(clippy::unwrap_used, reason = "a test stops at what should not be")]

use std::process::{Command, Output};

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tollgate")).args(arguments).output().unwrap()
}

#[test]
fn the_tour_shows_every_part_of_the_core() {
    let output = run(&["dev"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}");
    for shown in [
        "shown once           tg_live_",
        "the key              genuine",
        "one symbol mistyped  wrong_check",
        "forged, check right  wrong_tag",
        "from the store       {\"v\":1,",
        "allowed              40",
        "refused              20",
        "after that wait      allowed",
        "Tollgate-Identity    eyJ",
        "the origin reads     owner dev@acme.example, tenant acme, scopes orders:read, for 30 s",
        "the cached record    outdated",
        "the next request     key_revoked",
    ] {
        assert!(text.contains(shown), "`{shown}` is missing in\n{text}");
    }
}

#[test]
fn two_tours_show_two_keys() {
    let key = || {
        let text = String::from_utf8(run(&["dev"]).stdout).unwrap();
        text.split_whitespace().find(|word| word.starts_with("tg_live_")).unwrap().to_owned()
    };
    assert_ne!(key(), key());
}

#[test]
fn a_wrong_command_line_exits_with_2_and_says_where_help_is() {
    for arguments in [&[][..], &["frobnicate"], &["dev", "now"]] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains("`tollgate help` lists the commands"), "{said}");
    }
}

#[test]
fn help_is_had_in_every_usual_way() {
    for arguments in [&["help"][..], &["--help"], &["-h"], &["dev", "--help"]] {
        let output = run(arguments);
        assert!(output.status.success(), "{arguments:?}");
        assert!(String::from_utf8(output.stdout).unwrap().contains("Usage: tollgate"));
    }
}
