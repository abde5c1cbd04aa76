//! Every field of the table is read, typed and checked, whichever way it is given.

#![expect(clippy::panic, reason = "a test stops at what should not be")]

use std::ffi::OsString;

use super::{
    ConfigError, Environment, Source,
    fields::{self, Field, Given, ROUTES, Shape, TARGETS},
    fixed::{AT_START, changed, fixed, is_at_start},
    variable,
};

fn load(text: &str, environment: Environment) -> Result<super::Config, ConfigError> {
    let source = Source { file: "tollgate.toml".into(), environment, store: None };
    source.parse(text)
}

/// The fields that a table needs besides `field`.
fn needed(field: &Field) -> impl Iterator<Item = &'static Field> {
    let (table, name) = (field.table, field.name);
    let needed = move |other: &&Field| {
        other.table == table && other.name != name && matches!(other.default, Given::Required)
    };
    fields::all().filter(needed)
}

/// A value that is right for a field without a default.
fn sample(field: &Field) -> &'static str {
    match (field.table, field.name) {
        ("keys", "header") => "x-my-key",
        ("keys", "query") => "api_key",
        ("gate", "country_header") => "CF-IPCountry",
        ("origin", "url") => "https://app.example",
        ("cloudflare" | TARGETS, "url") => "https://admin.example.com/tollgate",
        ("origin" | TARGETS, "ca") => "ca.pem",
        ("tls", _) => "file.pem",
        (ROUTES, "path") => "/a",
        (ROUTES, "key_from") => "authorization",
        (table, name) => panic!("{table}.{name} has no sample"),
    }
}

fn toml(field: &Field, value: &str) -> String {
    let head = match field.table {
        ROUTES => "[[routes]]",
        TARGETS => "[targets.staging]",
        table => &format!("[{table}]"),
    };
    let needed: String =
        needed(field).map(|other| format!("{} = '{}'\n", other.name, sample(other))).collect();
    format!("{head}\n{needed}{} = {value}\n", field.name)
}

/// The default as it is written in the file and in a variable.
fn given(field: &Field) -> (String, String) {
    match field.default {
        Given::Text(text) => (format!("'{text}'"), text.to_owned()),
        Given::Integer(number) => (number.to_string(), number.to_string()),
        Given::Flag(flag) => (flag.to_string(), flag.to_string()),
        Given::List(texts) => (format!("{texts:?}"), texts.join(",")),
        Given::Nothing | Given::Required => {
            (format!("'{}'", sample(field)), sample(field).to_owned())
        }
    }
}

#[test]
fn every_field_is_taken_from_the_file_and_from_its_variable() {
    for field in fields::all() {
        let (in_file, in_variable) = given(field);
        // Those of CORS mean something only with an answer.
        if field.table != ROUTES || !field.name.starts_with("cors_") {
            let text = toml(field, &in_file);
            assert!(load(&text, Environment::default()).is_ok(), "{text}");
        }
        if field.is_in_the_file_only() {
            continue;
        }
        let needed = needed(field).map(|other| (variable(other), sample(other).to_owned()));
        let variables = needed.chain([(variable(field), in_variable)]);
        let pair = |(name, value): (String, String)| (OsString::from(name), OsString::from(value));
        let read = load("", Environment::of(variables.map(pair)));
        assert!(read.is_ok(), "{}: {:?}", variable(field), read.err());
    }
}

/// A value that is right for a field, and neither its default nor its sample.
fn other(field: &Field) -> String {
    let text = match (field.table, field.name) {
        ("keys", "header") => "x-other",
        ("keys", "query") => "other",
        ("keys", "envs") => "test",
        ("keys", "prefix") => "other",
        ("identity", "issuer" | "audience") | ("gate", "realm") => "other",
        ("gate", "country_header") => "x-country",
        ("gate", "trusted_hops") | ("decide", "trusted") => "10.0.0.0/8",
        ("origin", "url") => "https://other.example",
        ("origin", "ca") => "other.pem",
        ("control", "operators") => "acme",
        ("control", "cors_origins") => "https://console.example",
        ("store" | "secrets" | "tls", _) => "other.file",
        (_, "listen") => "127.0.0.1:5",
        (table, name) => match field.shape {
            Shape::Word(words) => words.last().unwrap_or_else(|| panic!("{table}.{name}")),
            Shape::Integer(min, max) => {
                let taken = matches!(field.default, Given::Integer(number) if number == min);
                return if taken { max } else { min }.to_string();
            }
            Shape::Flag => {
                return matches!(field.default, Given::Flag(false)).to_string();
            }
            Shape::Text(_) | Shape::List(_) => panic!("{table}.{name} has no other value"),
        },
    };
    if matches!(field.shape, Shape::List(_)) { format!("['{text}']") } else { format!("'{text}'") }
}

#[test]
fn a_field_is_told_to_need_a_restart_exactly_if_the_reference_says_so() {
    let whole = |change: Option<&Field>| {
        let mut text = String::new();
        for table in ["keys", "store", "secrets", "identity", "gate", "origin", "connections"]
            .into_iter()
            .chain(["cache", "decide", "admin", "control", "log", "tls"])
        {
            text.push_str(&format!("[{table}]\n"));
            for field in fields::all().filter(|field| field.table == table) {
                let same = change.is_some_and(|it| it.name == field.name && it.table == table);
                let value = if same { other(field) } else { given(field).0 };
                text.push_str(&format!("{} = {value}\n", field.name));
            }
        }
        load(&text, Environment::default()).unwrap_or_else(|error| panic!("{error}\n{text}"))
    };
    let before = fixed(&whole(None));
    for field in fields::all().filter(|field| !field.is_in_the_file_only()) {
        let name = format!("{}.{}", field.table, field.name);
        let told = changed(&before, &fixed(&whole(Some(field))));
        let expected = AT_START.iter().filter(|known| **known == name || **known == field.table);
        let expected: Vec<_> = expected.copied().filter(|_| is_at_start(field)).collect();
        assert_eq!(told, expected, "{name}");
        assert_eq!(told.is_empty(), !is_at_start(field), "{name}");
    }
    // Which of the tables are there is a matter of the start too.
    let bare = load("", Environment::default()).unwrap_or_else(|error| panic!("{error}"));
    let named = [
        "origin",
        "decide.listen",
        "decide.trusted",
        "admin.listen",
        "control.listen",
        "control.operators",
        "control.cors_origins",
        "tls",
    ];
    let told = changed(&before, &fixed(&bare));
    assert!(named.iter().all(|name| told.contains(name)), "{told:?}");
}

#[test]
fn every_field_refuses_another_type_at_its_place() {
    for field in fields::all() {
        let wrong = match field.shape {
            Shape::Text(_) | Shape::Word(_) | Shape::List(_) => "5",
            Shape::Flag | Shape::Integer(..) => "'x'",
        };
        let text = toml(field, wrong);
        let problems = match load(&text, Environment::default()) {
            Ok(_) => panic!("{text} is taken"),
            Err(error) => error.lines().collect::<Vec<_>>(),
        };
        let place = format!("tollgate.toml:{}:{}: ", text.lines().count(), field.name.len() + 4);
        let path = match field.table {
            ROUTES => "routes[0]",
            TARGETS => "targets.staging",
            table => table,
        };
        let starts = format!("{place}{path}.{}: is a ", field.name);
        assert!(problems.len() == 1, "{text}{problems:?}");
        assert!(problems.iter().all(|line| line.starts_with(&starts)), "{starts}: {problems:?}");
    }
}

#[test]
fn a_target_has_a_name_of_its_own_and_says_where_it_is() {
    let url = "url = 'https://a.example'\n";
    for (text, told) in [
        (format!("[targets.prod-2]\n{url}"), None),
        (format!("[targets.local]\n{url}"), Some("targets.local: is no name")),
        (format!("[targets.Prod]\n{url}"), Some("targets.Prod: is no name")),
        (format!("[targets.\"\"]\n{url}"), Some("is no name")),
        ("[targets.prod]\n".to_owned(), Some("targets.prod.url: must be set")),
        ("[targets.prod]\nurl = 'http://a.example'\n".to_owned(), Some("targets.prod.url: ")),
        (format!("[targets.prod]\n{url}key = 'tg_live_1'\n"), Some("targets.prod.key: no such")),
        ("[targets]\nprod = 5\n".to_owned(), Some("write [targets.NAME]")),
    ] {
        let error = load(&text, Environment::default()).err().map(|error| error.to_string());
        let found = error.as_deref().unwrap_or_default();
        assert_eq!(error.is_some(), told.is_some(), "{text}: {found}");
        assert!(found.contains(told.unwrap_or_default()), "{text}: {found}");
        assert!(!found.contains("tg_live_1"), "{found}");
    }
    let many: String = (0..65).map(|n| format!("[targets.t{n}]\n{url}")).collect();
    let told = load(&many, Environment::default()).err().map(|error| error.to_string());
    assert!(told.is_some_and(|told| told.contains("more than 64 targets")));
}

#[test]
fn pages_of_everybody_cannot_be_let_ask_the_management_api() {
    for (origin, taken) in [
        ("https://console.example", true),
        ("http://localhost:5173", true),
        ("*", false),
        ("null", false),
        ("https://console.example/", false),
        ("https://Console.example", false),
        ("https://*.example", false),
        ("ftp://console.example", false),
    ] {
        let text = format!("[control]\ncors_origins = ['{origin}']\n");
        let read = load(&text, Environment::default());
        assert_eq!(read.is_ok(), taken, "{origin}");
        let why = read.err().map(|error| error.to_string()).unwrap_or_default();
        assert!(taken || why.contains("any page that somebody opens could ask"), "{origin}: {why}");
    }
    let many: Vec<_> = (0..65).map(|number| format!("'https://{number}.example'")).collect();
    let text = format!("[control]\ncors_origins = [{}]\n", many.join(", "));
    assert!(load(&text, Environment::default()).is_err());
}
