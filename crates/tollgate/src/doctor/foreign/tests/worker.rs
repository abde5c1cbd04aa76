//! Our own Worker: what is told of its file, and of its nearest neighbour.

use std::{fs, path::Path};

use super::{
    LEAVES_OPEN, OPEN_SECRET, PLACED, SHARED_DOOR, UNBOUND, UNREACHED, UNSEEN, codes, config,
    remarks,
};

/// A file of which nothing is told.
const GOOD: &str = "\
compatibility_date = '2026-01-01'
workers_dev = false
preview_urls = false
routes = [{ pattern = 'api.example.com', custom_domain = true }]
kv_namespaces = [{ binding = 'RECORDS' }]
observability = { enabled = true }

[vars.TOLLGATE]
origin = { url = 'https://origin.example.com' }
admin = { host = 'admin.example.com' }

[durable_objects]
bindings = [
  { name = 'BUCKET', class_name = 'Bucket' },
  { name = 'RELAY', class_name = 'Relay' },
  { name = 'LEDGER', class_name = 'Ledger' },
  { name = 'WITNESS', class_name = 'Witness' },
]
";

/// What is put in the place of what, what is told of that, and what is put in the place of the same and is harmless.
const CHANGES: [(&str, &str, &[&str], &str); 11] = [
    (
        "{ pattern = 'api.example.com', custom_domain = true }",
        "'admin.example.com/*'",
        &[SHARED_DOOR, LEAVES_OPEN],
        "{ pattern = 'admin.example.com', custom_domain = true }",
    ),
    (
        "{ pattern = 'api.example.com', custom_domain = true }",
        "{ pattern = '*.example.com/*', zone_name = 'example.com' }",
        &[SHARED_DOOR, LEAVES_OPEN],
        "{ pattern = 'www.example.com', custom_domain = true }",
    ),
    ("{ host = 'admin.example.com' }", "{ path = '/' }", &[SHARED_DOOR], "{ path = '/.admin' }"),
    ("{ host = 'admin.example.com' }", "{}", &[SHARED_DOOR], "{ host = 'a.example' }"),
    ("'RECORDS'", "'RECORD'", &[UNBOUND], "'RECORDS', id = '0f'"),
    ("name = 'RELAY'", "name = 'RELAYS'", &[UNBOUND], "name = 'RELAY' "),
    (
        "'Ledger' },\n  { name = 'WITNESS', class_name = 'Witness' },",
        "'Ledger' },",
        &[UNBOUND],
        "'Ledger', script_name = 'tollgate' },",
    ),
    (
        "[vars.TOLLGATE]",
        "[vars]\nTOLLGATE_SECRETS = '{}'\n[vars.TOLLGATE]",
        &[OPEN_SECRET],
        "[vars]\nOTHER = '{}'\n[vars.TOLLGATE]",
    ),
    (
        "[durable_objects]",
        "[placement]\nmode = 'smart'\n[durable_objects]",
        &[PLACED],
        "[durable_objects]",
    ),
    ("enabled = true", "enabled = false", &[UNSEEN], "enabled = true, head_sampling_rate = 1"),
    (
        "routes = [{ pattern = 'api.example.com', custom_domain = true }]",
        "",
        &[UNREACHED],
        "route = { pattern = 'a.example', custom_domain = true }",
    ),
];

#[test]
fn every_worker_is_told_from_its_harmless_neighbour() {
    assert_eq!(codes("wrangler.toml", GOOD), [""; 0]);
    for (part, bad, told, good) in CHANGES {
        assert_eq!(GOOD.matches(part).count(), 1, "{part}");
        assert_eq!(codes("wrangler.toml", &GOOD.replace(part, bad)), told, "{bad}");
        assert_eq!(codes("wrangler.toml", &GOOD.replace(part, good)), [""; 0], "{good}");
    }
}

#[test]
fn an_environment_has_none_of_the_bindings_that_it_does_not_name() {
    let bare = format!("{GOOD}\n[env.staging]\nname = 'staging'\n");
    let told = codes("wrangler.toml", &bare);
    assert_eq!(told, [UNBOUND; 6], "settings, records, and four classes");
}

#[test]
fn our_own_file_lacks_nothing_but_its_routes() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wrangler.toml");
    let text = fs::read_to_string(file).unwrap_or_default();
    let told = remarks("wrangler.toml", &text, &config());
    let codes: Vec<_> = told.iter().map(|remark| remark.code).collect();
    assert_eq!(codes, [UNREACHED], "{told:?}");
}
