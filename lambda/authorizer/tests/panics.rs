//! What a fault of the program comes to: this test starts itself once more, and that one panics.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a test stops at what should not be, and this one is to panic"
)]

use std::{env, os::unix::process::ExitStatusExt, process::Command};

use serde_json::Value;
use tollgate_lambda::Log;

const CHILD: &str = "TOLLGATE_TEST_PANICS";
const SECRET: &str = "what was at hand";
/// The signal of `abort`.
const SIGABRT: i32 = 6;

#[test]
fn a_panic_ends_the_process_with_a_line_that_says_where_and_shows_nothing_that_was_at_hand() {
    if env::var_os(CHILD).is_some() {
        let log = Log::of_process();
        log.end_with_panics();
        let caught = std::panic::catch_unwind(|| panic!("{SECRET}"));
        println!("went on: {}", caught.is_err());
        return;
    }
    let mut child = Command::new(env::current_exe().unwrap());
    let child = child.args(["--nocapture", "--test-threads=1"]).env(CHILD, "1").output().unwrap();
    let said = String::from_utf8([child.stdout, child.stderr].concat()).unwrap();
    assert_eq!(child.status.signal(), Some(SIGABRT), "{said}");
    assert!(!said.contains(SECRET) && !said.contains("went on"), "{said}");
    let line = said.lines().find_map(|line| line.find('{').map(|at| line.split_at(at).1)).unwrap();
    let line: Value = serde_json::from_str(line).unwrap();
    assert_eq!(line["event"], "panicked");
    assert!(line["at"].as_str().unwrap().contains("panics.rs:"), "{line}");
}
