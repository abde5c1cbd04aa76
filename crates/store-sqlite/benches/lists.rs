//! How long the management API takes over many keys of one tenant, in a file:
//! `cargo bench -p tollgate-store-sqlite --bench lists [-- --keys 1000000] [--used 10000] [--usage] [--json] [--store FILE]`:
//! so many keys, so many of them used in each hour of a day, only what adds usage up;
//! a store that is there already is one that it has filled before.
//! With `--fill FILE --told FILE --used KEYS --hour HOUR` it fills a store that is there, says in a table what it has made,
//! and is done.
#![expect(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a bench reads the clock and prints, and stops at the first thing that is not right"
)]

#[path = "lists/filling.rs"]
mod filling;
#[path = "../tests/lists/raw.rs"]
mod raw;

use std::{
    env, fs,
    path::{Path, PathBuf},
    process,
    time::Instant,
};

use rusqlite::Connection;
use serde_json::{Value, json};
use tollgate_control::{
    Chance, Guard, NoChance, Request, Service, Setup,
    model::{KeyQuery, Position, Value as Place},
};
use tollgate_core::{
    key::{Brand, Draw, Env, mint},
    pepper::{Pepper, Peppers},
    time::UnixMillis,
    usage::hour_of,
};
use tollgate_ledger::{Change, Ledger, Secret, Settings};
use tollgate_store_sqlite::{Access, Store, listing};

/// How often each case is timed.
const ROUNDS: usize = 200;

/// The most time that is spent on a case, in seconds.
const CASE_S: f64 = 20.0;

/// So many keys are used.
const USED: u32 = 10_000;

/// A pepper.
const SECRET: [u8; 32] = *b"0123456789abcdefghijklmnopqrstuv";

struct Drawn(u64);

impl Chance for Drawn {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), NoChance> {
        for byte in bytes {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            *byte = self.0.to_be_bytes()[0];
        }
        Ok(())
    }
}

struct World {
    store: Store,
    peppers: Peppers,
    setup: Setup,
    guard: Guard,
    chance: Drawn,
    admin: String,
    as_json: bool,
}

fn main() {
    let arguments: Vec<String> = env::args().collect();
    let said = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.get(at + 1).cloned()
    };
    let keys: u32 = said("--keys").map_or(20_000, |keys| keys.parse().unwrap());
    let is_said = |name: &str| arguments.iter().any(|argument| argument == name);
    let as_json = is_said("--json");
    if let Some(store) = said("--fill") {
        let number = |name: &str| said(name).unwrap().parse::<u32>().unwrap();
        let used = number("--used");
        filling::fill(Path::new(&store), keys, used, number("--hour").into());
        filling::tell(Path::new(&said("--told").unwrap()), keys, used);
        return;
    }
    let folder = env::temp_dir().join(format!("tollgate-lists-{}", process::id()));
    fs::create_dir_all(&folder).unwrap();
    let path = said("--store").map_or_else(|| folder.join("store.db"), PathBuf::from);
    if !path.exists() {
        drop(Store::open(&path, Access::Create).unwrap());
        let begun = Instant::now();
        let used = said("--used").map_or(USED, |used| used.parse().unwrap());
        filling::fill(&path, keys, used, hour_of(raw::NOW));
        let (a_key, bytes) = (1.0 / f64::from(keys), fs::metadata(&path).unwrap().len());
        say(as_json, "a key made, all in", begun.elapsed().as_secs_f64() * 1e6 * a_key, "µs");
        let bytes = f64::from(u32::try_from(bytes / u64::from(keys)).unwrap());
        say(as_json, "the file, a key", bytes, "bytes");
        brought(&path, as_json);
    }
    let begun = Instant::now();
    let store = Store::open(&path, Access::ReadWrite).unwrap();
    say(as_json, "the store opened", begun.elapsed().as_secs_f64() * 1e3, "ms");
    let mut world = World::over(store, as_json);
    if !is_said("--usage") {
        world.lists(keys);
        world.others(keys);
    }
    world.usage();
    fs::remove_dir_all(&folder).unwrap();
}

/// The lists of a store that had none are made at its next start.
fn brought(path: &Path, as_json: bool) {
    let raw = Connection::open(path).unwrap();
    let bytes = |raw: &Connection| -> i64 {
        let used = "SELECT (SELECT page_count FROM pragma_page_count) - (SELECT freelist_count FROM pragma_freelist_count)";
        raw.query_row(used, [], |row| row.get(0)).unwrap()
    };
    let with = bytes(&raw);
    for index in listing::INDEXES {
        let name = index.split(' ').nth(2).unwrap();
        raw.execute_batch(&format!("DROP INDEX {name}")).unwrap();
    }
    raw.execute_batch("DELETE FROM listed; UPDATE listing SET after = '', filled = 0, made = 0")
        .unwrap();
    let keys: u32 = raw.query_row("SELECT count(*) FROM keys", [], |row| row.get(0)).unwrap();
    let of_lists = (with - bytes(&raw)) * 4_096 / i64::from(keys);
    say(as_json, "the lists, a key", f64::from(i32::try_from(of_lists).unwrap()), "bytes");
    raw.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    drop(raw);
    let begun = Instant::now();
    drop(Store::open(path, Access::ReadWrite).unwrap());
    say(
        as_json,
        "the first start after schema 9: lists made",
        begun.elapsed().as_secs_f64() * 1e3,
        "ms",
    );
}

impl World {
    fn over(mut store: Store, as_json: bool) -> Self {
        let peppers = Peppers::new(&[Pepper { id: 3, secret: &SECRET }], 3).unwrap();
        let setup = Setup {
            brand: Brand::new("tg", &["live", "test"]).unwrap(),
            operators: "operators".into(),
        };
        let mut chance = Drawn(u64::from(process::id()));
        let mut bytes = [0; 19];
        chance.fill(&mut bytes).unwrap();
        let draw = Draw::new(&bytes).unwrap();
        let minted = mint(setup.brand.prefix(), Env::new("live").unwrap(), &peppers, &draw);
        let scopes = ["keys:*", "usage:read", "audit:read", "tenants:*", "owners:*"];
        let settings = Settings {
            scopes: scopes.map(str::to_owned).to_vec(),
            ..Settings::of("operators", "admin", "live")
        };
        let secret = Secret::new(minted.lookup(), peppers.issuing());
        store
            .change(
                &Change::Create {
                    id: format!("key_{}", minted.lookup()),
                    name: None,
                    settings,
                    secret,
                },
                raw::NOW,
            )
            .unwrap();
        let admin = minted.as_str().to_owned();
        Self { store, peppers, setup, guard: Guard::new(), chance, admin, as_json }
    }

    fn ask(&mut self, method: &str, target: &str, body: &str) -> (u16, Value) {
        let (path, query) =
            target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
        let fields: [(&[u8], &[u8]); 2] =
            [(b"x-api-key", self.admin.as_bytes()), (b"content-type", b"application/json")];
        let request = Request {
            method,
            path,
            query,
            fields: &fields,
            body: body.as_bytes(),
            address: None,
            id: "0123456789abcdef",
        };
        let service = Service::new(&self.setup, &self.peppers, &self.guard);
        let response = service.answer(&request, &mut self.store, &mut self.chance, raw::NOW);
        (response.status, serde_json::from_slice(&response.body).unwrap_or_default())
    }

    fn time(&mut self, name: &str, mut ask: impl FnMut(&mut Self) -> (u16, Value)) {
        let (mut took, begun) = (vec![], Instant::now());
        let mut shown = Value::Null;
        while took.len() < ROUNDS && (took.len() < 20 || begun.elapsed().as_secs_f64() < CASE_S) {
            let begun = Instant::now();
            let (status, body) = ask(self);
            took.push(begun.elapsed().as_secs_f64() * 1e3);
            assert!(status < 300, "{name}: {status} {body}");
            shown = body;
        }
        took.sort_by(f64::total_cmp);
        let (p50, p99) = (took[took.len() / 2], took[took.len() * 99 / 100]);
        let count = shown["keys"].as_array().or(shown["rows"].as_array()).map_or(1, Vec::len);
        let more = !shown["next"].is_null();
        if self.as_json {
            println!(
                "{}",
                json!({ "name": name, "p50_ms": p50, "p99_ms": p99, "found": count, "more": more })
            );
        } else {
            println!(
                "{name:<64} {p50:>9.2} ms {p99:>9.2} ms  {count:>4} {}",
                if more { "and more" } else { "" }
            );
        }
    }

    fn lists(&mut self, keys: u32) {
        for sort in ["id", "-id", "created", "-created", "name", "-name", "expires", "-expires"] {
            let query = format!("tenant=acme&sort={sort}");
            self.time(&format!("first page by {sort}"), |world| {
                world.ask("GET", &format!("/api/keys?{query}"), "")
            });
            let deep = deep(&query, keys / 2);
            self.time(&format!("a page in the middle by {sort}"), |world| {
                world.ask("GET", &format!("/api/keys?{query}&cursor={deep}"), "")
            });
        }
        let soon = raw::NOW.0 + 86_400_000 + 500_000;
        for query in [
            "owner=owner-7&sort=name".to_owned(),
            "owner=everybody&sort=name".to_owned(),
            "env=test&sort=-created".to_owned(),
            "state=disabled&sort=name".to_owned(),
            "state=revoked&sort=-created".to_owned(),
            "state=disabled&owner=everybody&env=live&sort=expires".to_owned(),
            "state=disabled&env=test&sort=name".to_owned(),
            format!("expiring_before={soon}&sort=expires"),
            format!("expiring_before={soon}&sort=name"),
            "text=SERVICE&sort=name".to_owned(),
            "text=7f&sort=name".to_owned(),
            "text=nowhere&sort=created".to_owned(),
            "scope=orders:read".to_owned(),
            "scope=users:read".to_owned(),
            "label=team".to_owned(),
            "limit=200".to_owned(),
        ] {
            self.time(&query.replace(&soon.to_string(), "soon"), |world| {
                world.ask("GET", &format!("/api/keys?tenant=acme&{query}"), "")
            });
        }
        for sort in ["id", "-created", "name"] {
            self.time(&format!("all tenants by {sort}"), |world| {
                world.ask("GET", &format!("/api/keys?tenant=*&sort={sort}"), "")
            });
        }
        let (mut pages, mut cursor, begun) = (0, String::new(), Instant::now());
        loop {
            let (_, body) =
                self.ask("GET", &format!("/api/keys?tenant=acme&text=nowhere{cursor}"), "");
            pages += 1;
            let Some(next) = body["next"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        say(
            self.as_json,
            &format!("text that no key has, to the end: {pages} pages"),
            begun.elapsed().as_secs_f64() * 1e3,
            "ms",
        );
    }

    fn others(&mut self, keys: u32) {
        let mut turn = 0_u32;
        self.time("a key is read", |world| {
            turn = (turn + 7_919) % keys;
            world.ask("GET", &format!("/api/keys/{}", raw::id(turn)), "")
        });
        let new = json!({ "owner": "new", "env": "live", "scopes": ["orders:read"], "limits": [] })
            .to_string();
        self.time("a key is made", |world| world.ask("POST", "/api/keys?tenant=acme", &new));
        let mut number = 0;
        self.time("a key is renamed", |world| {
            number += 1;
            turn = (turn + 7_919) % keys;
            let turn = if turn % 50 == 9 { turn + 1 } else { turn };
            world.ask(
                "PATCH",
                &format!("/api/keys/{}", raw::id(turn)),
                &json!({ "name": format!("renamed {number}") }).to_string(),
            )
        });
        let one = raw::id(4);
        for target in [
            format!("/api/keys/{one}/usage"),
            "/api/tenants".to_owned(),
            "/api/owners?tenant=acme".to_owned(),
            "/api/audit?tenant=acme".to_owned(),
        ] {
            self.time(&target, |world| world.ask("GET", &target, ""));
        }
    }

    fn usage(&mut self) {
        for target in [
            "/api/usage?tenant=acme",
            "/api/usage?tenant=acme&step=day",
            "/api/usage?tenant=acme&step=day&by=tenant",
            "/api/usage?tenant=acme&step=day&by=route,code",
            "/api/usage?tenant=acme&by=owner&owner=owner-7",
        ] {
            self.time(target, |world| world.ask("GET", target, ""));
        }
        let target = format!("/api/usage?tenant=acme&key={}", raw::id(4));
        self.time(&target, |world| world.ask("GET", &target, ""));
        let hour = raw::NOW.0 / 3_600_000 * 3_600_000;
        let target = format!("/api/usage?tenant=acme&from={hour}&by=code");
        self.time("usage of an hour by code", |world| world.ask("GET", &target, ""));
    }
}

/// A cursor that goes on in the middle.
fn deep(query: &str, number: u32) -> String {
    let query = KeyQuery::read(Some(query), "acme").unwrap();
    let value = match query.sort.by {
        tollgate_control::model::SortBy::Id => Place::Text(String::new()),
        tollgate_control::model::SortBy::Created => Place::Number(raw::made(number).0),
        tollgate_control::model::SortBy::Name => Place::Text("service 80000".into()),
        tollgate_control::model::SortBy::Expires => Place::Number(UnixMillis(1 << 53).0),
    };
    query.cursor(&Position { value, id: raw::id(number) })
}

fn say(as_json: bool, name: &str, value: f64, unit: &str) {
    if as_json {
        println!("{}", json!({ "name": name, "value": value, "unit": unit }));
    } else {
        println!("{name:<64} {value:>9.1} {unit}");
    }
}
