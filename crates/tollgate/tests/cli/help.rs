//! What the command says about itself, and the pages that are made of it.

use std::{
    fs,
    path::PathBuf,
    process::{Command, Stdio},
};

use crate::site::Site;

/// Every command, by its words.
const COMMANDS: &[&[&str]] = &[
    &["init"],
    &["serve"],
    &["dev"],
    &["keys", "create"],
    &["keys", "list"],
    &["keys", "show"],
    &["keys", "update"],
    &["keys", "rotate"],
    &["keys", "disable"],
    &["keys", "enable"],
    &["keys", "revoke"],
    &["keys", "verify"],
    &["owners", "list"],
    &["owners", "create"],
    &["owners", "show"],
    &["owners", "update"],
    &["owners", "delete"],
    &["owners", "stop"],
    &["owners", "resume"],
    &["tenants", "list"],
    &["tenants", "create"],
    &["tenants", "show"],
    &["tenants", "update"],
    &["tenants", "delete"],
    &["tenants", "stop"],
    &["tenants", "resume"],
    &["roles", "create"],
    &["roles", "list"],
    &["roles", "show"],
    &["roles", "update"],
    &["roles", "delete"],
    &["templates", "create"],
    &["templates", "list"],
    &["templates", "show"],
    &["templates", "update"],
    &["templates", "delete"],
    &["limits", "set"],
    &["peppers", "list"],
    &["peppers", "add"],
    &["peppers", "use"],
    &["peppers", "retire"],
    &["signing-keys", "list"],
    &["signing-keys", "rotate"],
    &["signing-keys", "retire"],
    &["signing-keys", "jwks"],
    &["store", "backup"],
    &["store", "restore"],
    &["store", "publish"],
    &["usage"],
    &["audit", "verify"],
    &["audit", "list"],
    &["audit", "export"],
    &["audit", "keys"],
    &["inspect"],
    &["doctor"],
    &["config", "check"],
    &["config", "reference"],
    &["completions"],
    &["manual"],
    &["version"],
];

fn page(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn the_page_of_the_command_is_what_the_command_prints() {
    let site = Site::bare("manual");
    let printed = site.done(&["manual"]);
    assert!(page("cli.md") == printed, "tollgate manual > docs/cli.md");
    for words in COMMANDS {
        let title = format!("\n## tollgate {}\n", words.join(" "));
        assert!(printed.contains(&title), "{title}");
    }
    let pages = printed.matches("\n## tollgate").count();
    let groups = [
        "tollgate",
        "keys",
        "owners",
        "tenants",
        "roles",
        "templates",
        "limits",
        "peppers",
        "signing-keys",
        "store",
        "audit",
        "config",
    ]
    .len();
    assert_eq!(pages, COMMANDS.len() + groups, "a command is missing in the list of this test");
}

#[test]
fn the_page_of_the_configuration_is_what_the_command_prints() {
    let site = Site::bare("reference");
    let printed = site.done(&["config", "reference"]);
    assert!(
        page("configuration.md") == printed,
        "tollgate config reference > docs/configuration.md"
    );
}

#[test]
fn every_command_has_a_help_with_an_example() {
    let site = Site::bare("help");
    for words in COMMANDS {
        let help = site.done(&[words, &["--help"][..]].concat());
        let example = format!("  tollgate {}", words.join(" "));
        let has = help.contains("Example") && (help.contains(&example) || words == &["inspect"]);
        assert!(has, "{words:?}: {help}");
        assert!(
            help.contains(&format!("Usage: tollgate {}", words.join(" "))),
            "{words:?}: {help}"
        );
    }
}

#[test]
fn every_example_can_be_run() {
    let site = Site::bare("examples");
    let manual = site.done(&["manual"]).replace("\\\n", " ");
    let examples = manual.lines().filter_map(|line| line.strip_prefix("  tollgate "));
    let mut count = 0;
    for example in examples {
        // What the shell would take for itself, and what it would not see.
        let example = example.split(['#', '|', '<', '>']).next().unwrap();
        let words: Vec<_> = example.split_whitespace().chain(["--help"]).collect();
        site.done(&words);
        count += 1;
    }
    assert!(count >= COMMANDS.len(), "{count} examples");
}

#[test]
fn every_command_of_a_runbook_is_one() {
    let site = Site::bare("runbooks");
    for name in ["leaked-pepper", "leaked-signing-key", "leaked-admin-key"] {
        // As a shell reads them: lines that go on, words in quotes, where the output goes.
        let text = page(&format!("runbooks/{name}.md")).replace("\\\n", "");
        let commands =
            text.lines().map(str::trim).filter_map(|line| line.strip_prefix("tollgate "));
        let mut count = 0;
        for command in commands {
            // Help is printed only if everything before it can be read.
            let command = command.split_once('>').map_or(command, |(before, _)| before);
            let words = command.split_whitespace().map(|word| word.trim_matches('\''));
            let words: Vec<_> = words.chain(["--help"]).collect();
            site.done(&words);
            count += 1;
        }
        assert!(count >= 3, "{name} has {count} commands");
    }
}

#[test]
fn help_fits_a_terminal() {
    let site = Site::bare("help-width");
    for line in site.done(&["manual"]).lines() {
        assert!(line.chars().count() <= 120, "{line}");
    }
}

#[test]
fn a_wrong_command_line_exits_with_2_and_does_nothing() {
    let site = Site::bare("usage");
    for words in [
        &["frobnicate"][..],
        &[],
        &["keys"],
        &["keys", "create"],
        &["keys", "list", "--count", "0"],
        &["peppers", "use", "16"],
        &["init", "now"],
        &["--jsn", "version"],
    ] {
        let ran = site.run(words);
        ran.fails(2, "`tollgate help` lists the commands");
        assert!(ran.out.is_empty(), "{ran:?}");
    }
    // A program is told so as it is told everything else.
    let ran = site.run(&["--json", "frobnicate"]);
    ran.fails(2, "lists the commands");
    let told: serde_json::Value = serde_json::from_str(&ran.err).unwrap();
    assert_eq!(told["error"]["code"], "arguments_invalid");
    assert_eq!(fs::read_dir(&site.folder).unwrap().count(), 0);
}

#[test]
fn whoever_closes_the_output_has_read_enough() {
    let site = Site::bare("closed");
    for words in
        [&["manual"][..], &["config", "reference"], &["--help"], &["doctor", "--list", "--json"]]
    {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tollgate"));
        command.args(words).current_dir(&site.folder).env_clear();
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let ended = child.wait_with_output().unwrap();
        assert!(ended.status.success(), "{words:?}: {ended:?}");
        assert!(ended.stderr.is_empty(), "{words:?}: {ended:?}");
    }
}
