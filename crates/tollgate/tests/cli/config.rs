//! The configuration's strictness: each kind of mistake, with the exact words and the exact place.

mod files;

use crate::site::Site;
use files::FILES;

/// Names and values.
type Variables = &'static [(&'static str, &'static str)];

/// Variables over a blank file, and the lines that are said of them.
const VARIABLES: &[(Variables, &[&str])] = &[
    (
        &[("TOLLGATE_GATE_LISTEN", "8080")],
        &[
            r#"TOLLGATE_GATE_LISTEN: gate.listen: "8080" is not an address and a port, such as 127.0.0.1:8080 or [::1]:8080"#,
        ],
    ),
    (
        &[("TOLLGATE_GATE_LISEN", "127.0.0.1:1")],
        &[
            "TOLLGATE_GATE_LISEN: no field is set by this variable: did you mean TOLLGATE_GATE_LISTEN?",
        ],
    ),
    (
        &[("TOLLGATE_PEPPER", "x")],
        &[
            "TOLLGATE_PEPPER: no field is set by this variable: `tollgate config reference` lists them",
        ],
    ),
    (
        &[("TOLLGATE_CACHE_PURSES", "many")],
        &[r#"TOLLGATE_CACHE_PURSES: cache.purses: "many" is not a whole number"#],
    ),
    (
        &[("TOLLGATE_CACHE_PURSES", "1")],
        &["TOLLGATE_CACHE_PURSES: cache.purses: 1 is not within 16 to 100000000"],
    ),
    (
        &[("TOLLGATE_CACHE_PURSES", "-1")],
        &[r#"TOLLGATE_CACHE_PURSES: cache.purses: "-1" is not a whole number"#],
    ),
    (
        &[("TOLLGATE_CACHE_PURSES", "99999999999999999999")],
        &[
            "TOLLGATE_CACHE_PURSES: cache.purses: 99999999999999999999 is not within 16 to 100000000",
        ],
    ),
    (
        &[("TOLLGATE_CACHE_PURSES", "")],
        &[r#"TOLLGATE_CACHE_PURSES: cache.purses: "" is not a whole number"#],
    ),
    (
        &[("TOLLGATE_KEYS_FORWARD", "yes")],
        &[r#"TOLLGATE_KEYS_FORWARD: keys.forward: "yes" is not true or false"#],
    ),
    (
        &[("TOLLGATE_KEYS_ENVS", "live,live")],
        &[r#"TOLLGATE_KEYS_ENVS: keys.envs: lists "live" twice"#],
    ),
    (
        &[("TOLLGATE_KEYS_ENVS", "live,L")],
        &[r#"TOLLGATE_KEYS_ENVS: keys.envs: "L" is not an env: 1 to 8 of a-z 0-9"#],
    ),
    (&[("TOLLGATE_KEYS_ENVS", "")], &["TOLLGATE_KEYS_ENVS: keys.envs: at least one env is needed"]),
    (
        &[("TOLLGATE_GATE_RATE_LIMIT_FIELDS", "all")],
        &[
            r#"TOLLGATE_GATE_RATE_LIMIT_FIELDS: gate.rate_limit_fields: "all" is not one of standard, legacy, both, off"#,
        ],
    ),
    (
        &[("TOLLGATE_ROUTES_PATH", "/a")],
        &[
            "TOLLGATE_ROUTES_PATH: no field is set by this variable: `tollgate config reference` lists them",
        ],
    ),
    (
        &[("TOLLGATE_ORIGIN_CONNECT_TIMEOUT_MS", "5")],
        &["TOLLGATE_ORIGIN_CONNECT_TIMEOUT_MS: origin.url: must be set"],
    ),
    (
        &[("tollgate_gate_listen", "x"), ("TOLLGATE_gate_listen", "127.0.0.1:1")],
        &[
            "TOLLGATE_gate_listen: no field is set by this variable: `tollgate config reference` lists them",
        ],
    ),
    (
        &[("TOLLGATE_GATE_PORT", "8080")],
        &[
            "TOLLGATE_GATE_PORT: no field is set by this variable: `tollgate config reference` lists them",
        ],
    ),
];

#[test]
fn every_mistake_in_the_file_is_said_with_its_place() {
    let site = Site::bare("config");
    for (text, lines) in FILES {
        site.write("tollgate.toml", text);
        let ran = site.run(&["config", "check"]);
        let expected: String = lines.iter().map(|line| format!("tollgate.toml:{line}\n")).collect();
        assert_eq!((ran.code, ran.out), (Some(1), expected), "{text}");
    }
}

#[test]
fn every_mistake_in_the_environment_is_said_with_its_variable() {
    let site = Site::bare("config-environment");
    site.write("tollgate.toml", "");
    for (variables, lines) in VARIABLES {
        let ran = site.run_with(&["config", "check"], "", variables);
        let expected: String = lines.iter().map(|line| format!("{line}\n")).collect();
        assert_eq!((ran.code, ran.out), (Some(1), expected), "{variables:?}");
    }
}

#[test]
fn nothing_starts_with_a_configuration_that_is_wrong() {
    let site = Site::new("config-start");
    site.write("tollgate.toml", "[gate]\nlisen = 'x'\nrealm = 5\n");
    let says = "tollgate: tollgate.toml:2:1: gate.lisen: no such field: did you mean `listen`?\n\
                tollgate: tollgate.toml:3:9: gate.realm: is a number, not a text in quotes\n";
    for words in [&["serve"][..], &["keys", "list"], &["peppers", "list"], &["doctor"]] {
        let ran = site.run(words);
        assert_eq!((ran.code, ran.err.as_str()), (Some(1), says), "{words:?}");
    }
    site.write("tollgate.toml", "");
    let ran = site.run_with(&["serve"], "", &[("TOLLGATE_GATE_LISEN", "x")]);
    ran.fails(
        1,
        "TOLLGATE_GATE_LISEN: no field is set by this variable: did you mean TOLLGATE_GATE_LISTEN?",
    );
}

#[test]
fn the_environment_wins_over_the_file() {
    let site = Site::bare("config-wins");
    site.write(
        "tollgate.toml",
        "[gate]\nlisten = '127.0.0.1:8080'\n[admin]\nlisten = '127.0.0.1:9090'\n",
    );
    let check = |variables: &[(&str, &str)], good: bool| {
        let ran = site.run_with(&["config", "check"], "", variables);
        assert_eq!(ran.code, Some(i32::from(!good)), "{variables:?}: {ran:?}");
    };
    check(&[], true);
    // The two would collide, which shows that both values are in force.
    check(&[("TOLLGATE_GATE_LISTEN", "127.0.0.1:9090")], false);
    check(
        &[("TOLLGATE_GATE_LISTEN", "127.0.0.1:9090"), ("TOLLGATE_ADMIN_LISTEN", "127.0.0.1:8080")],
        true,
    );
    // A wrong value in the file is no less wrong when the environment wins over it.
    site.write("tollgate.toml", "[gate]\nlisten = 'x'\n");
    check(&[("TOLLGATE_GATE_LISTEN", "127.0.0.1:9090")], true);
    site.write("tollgate.toml", "[gate]\nlisten = 5\n");
    check(&[("TOLLGATE_GATE_LISTEN", "127.0.0.1:9090")], false);
    // What Kubernetes sets for a Service of our name.
    check(&[("TOLLGATE_PORT", "tcp://10.0.0.1:80"), ("TOLLGATE_SERVICE_HOST", "10.0.0.1")], false);
    site.write("tollgate.toml", "");
    check(&[("TOLLGATE_PORT", "tcp://10.0.0.1:80"), ("TOLLGATE_SERVICE_HOST", "10.0.0.1")], true);
}

#[test]
fn paths_start_at_the_folder_of_the_file() {
    let site = Site::bare("config-paths");
    std::fs::create_dir(site.folder.join("etc")).unwrap();
    site.done(&["init", "--config", "etc/gate.toml"]);
    for made in ["etc/gate.toml", "etc/tollgate.db", "etc/tollgate.secrets.json"] {
        assert!(site.folder.join(made).exists(), "{made}");
    }
    site.done(&["keys", "list", "--config", "etc/gate.toml"]);
    site.run(&["init", "--config", "nowhere/gate.toml"]).fails(1, "its folder does not exist");
}

#[test]
fn a_file_that_is_too_long_or_no_text_is_refused() {
    let site = Site::bare("config-long");
    site.write("tollgate.toml", &"#".repeat((1 << 20) + 1));
    let ran = site.run(&["config", "check"]);
    assert_eq!(
        (ran.code, ran.out.as_str()),
        (Some(1), "tollgate.toml: has more than 1048576 bytes\n")
    );
    std::fs::write(site.folder.join("tollgate.toml"), [0xff]).unwrap();
    let ran = site.run(&["config", "check"]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(1), "tollgate.toml: is not UTF-8\n"));
    let routes = "[[routes]]\npath = '/a'\n".repeat(1_001);
    site.write("tollgate.toml", &routes);
    let ran = site.run(&["config", "check"]);
    assert_eq!(
        (ran.code, ran.out.as_str()),
        (Some(1), "tollgate.toml:2001:1: routes: there are more than 1000 routes\n")
    );
}
