//! The changes whose steps are looked at, through the management service.

use serde_json::{Value, json};
use tollgate_audit::{Chain, Written};
use tollgate_control::{Books, Chance, Guard, NoChance, Request, Service, Setup};
use tollgate_core::{
    head::Subject,
    id::Id,
    key::{ApiKey, Brand, Draw, Env, mint},
    pepper::{Pepper, Peppers},
    stamp::Stamp,
    time::UnixMillis,
};
use tollgate_ledger::{Change, KeyState, Ledger, Secret, Settings};

use crate::Store;

const NOW: UnixMillis = UnixMillis(1_700_000_000_000);

/// A change that is asked for over HTTP.
pub(super) struct Operation {
    pub(super) name: &'static str,
    method: &'static str,
    path: &'static str,
    body: &'static str,
    /// Whether it has an `Idempotency-Key`: then it is made once, however often it is asked for.
    pub(super) named: bool,
    /// Some of the tables that it must have changed.
    pub(super) changes: &'static [&'static str],
    /// What must be so after it was asked for again.
    pub(super) then: fn(&mut World, &Answer, &str),
}

impl Operation {
    /// Whether it is made once, however often it is asked for: it is named, or ends something for good.
    pub(super) fn is_made_once(&self) -> bool {
        self.named || self.method == "DELETE"
    }
}

pub(super) static OPERATIONS: [Operation; 5] = [
    Operation {
        name: "create",
        method: "POST",
        path: "/api/keys",
        body: r#"{"owner":"bob","env":"live","scopes":["orders:read"],"limits":[],"description":"new"}"#,
        named: true,
        changes: &[
            "ledger", "keys", "listed", "secrets", "details", "retries", "audit", "chains",
            "outbox",
        ],
        then: made_once,
    },
    Operation {
        name: "rotate",
        method: "POST",
        path: "/api/keys/key_1/rotate",
        body: "",
        named: true,
        changes: &[
            "ledger", "entries", "keys", "secrets", "details", "retries", "audit", "chains",
            "outbox",
        ],
        then: turned_once,
    },
    Operation {
        name: "patch",
        method: "PATCH",
        path: "/api/keys/key_1",
        body: r#"{"name":"other","description":"other"}"#,
        named: false,
        changes: &["ledger", "entries", "keys", "listed", "details", "audit", "chains", "outbox"],
        then: renamed,
    },
    Operation {
        name: "revoke",
        method: "DELETE",
        path: "/api/keys/key_1",
        body: r#"{"code":"compromised"}"#,
        named: false,
        changes: &[
            "ledger", "entries", "keys", "listed", "secrets", "details", "audit", "chains",
            "outbox",
        ],
        then: revoked,
    },
    Operation {
        name: "stop",
        method: "POST",
        path: "/api/owners/bob/stop",
        body: "",
        named: false,
        changes: &["ledger", "entries", "stops", "audit", "chains", "outbox"],
        then: stopped,
    },
];

pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) text: String,
    body: Value,
}

/// A deployment.
pub(super) struct World {
    pub(super) store: Store,
    peppers: Peppers,
    setup: Setup,
}

/// Bytes that no other process draws.
struct Drawn(u64);

impl Chance for Drawn {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), NoChance> {
        for byte in bytes {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(0x1_4057);
            *byte = self.0.to_be_bytes()[0];
        }
        Ok(())
    }
}

impl World {
    pub(super) fn of(store: Store) -> Self {
        let secret = *b"0123456789abcdefghijklmnopqrstuv";
        let peppers = Peppers::new(&[Pepper { id: 3, secret: &secret }], 3).unwrap();
        let brand = Brand::new("tg", &["live", "test"]).unwrap();
        Self { store, peppers, setup: Setup { brand, operators: "operators".into() } }
    }

    /// The admin key, which every process draws alike, and a key of somebody else's.
    pub(super) fn begin(mut self) {
        let scopes = ["keys:*", "owners:*"].map(str::to_owned).to_vec();
        let admin = Settings { scopes, ..Settings::of("acme", "admin", "live") };
        let text = self.admin();
        let lookup = ApiKey::parse(text.as_bytes(), &self.setup.brand).unwrap();
        let lookup = self.peppers.prove(&lookup).unwrap().lookup();
        for (id, settings, lookup) in [
            ("key_admin", admin, lookup),
            ("key_1", Settings::of("acme", "bob", "live"), self.other()),
        ] {
            let secret = Secret::new(lookup, self.peppers.issuing());
            let change = Change::Create { id: id.into(), name: None, settings, secret };
            self.store.change(&change, NOW).unwrap();
        }
        // A chain that has begun.
        let patch = &OPERATIONS[2];
        let told = self.ask(&Operation { body: r#"{"description":"first"}"#, ..*patch });
        assert_eq!(told.status, 200, "{}", told.text);
    }

    fn drawn(&self, byte: u8) -> String {
        let draw = Draw::new(&[byte; 19]).unwrap();
        let env = Env::new("live").unwrap();
        mint(self.setup.brand.prefix(), env, &self.peppers, &draw).as_str().to_owned()
    }

    fn admin(&self) -> String {
        self.drawn(1)
    }

    fn other(&self) -> tollgate_core::lookup::LookupId {
        let text = self.drawn(2);
        let key = ApiKey::parse(text.as_bytes(), &self.setup.brand).unwrap();
        self.peppers.prove(&key).unwrap().lookup()
    }

    pub(super) fn ask(&mut self, operation: &Operation) -> Answer {
        let admin = self.admin();
        let mut fields: Vec<(&[u8], &[u8])> = vec![(b"x-api-key", admin.as_bytes())];
        if !operation.body.is_empty() {
            fields.push((b"content-type", b"application/json"));
        }
        if operation.named {
            fields.push((b"idempotency-key", b"3f8c2c1e-again"));
        }
        let request = Request {
            method: operation.method,
            path: operation.path,
            query: None,
            fields: &fields,
            body: operation.body.as_bytes(),
            address: None,
            id: "0123456789abcdef",
        };
        let guard = Guard::new();
        let service = Service::new(&self.setup, &self.peppers, &guard);
        let mut chance = Drawn(u64::from(std::process::id()));
        let response = service.answer(&request, &mut self.store, &mut chance, NOW);
        let text = String::from_utf8(response.body).unwrap();
        let body = serde_json::from_str(&text).unwrap_or_default();
        Answer { status: response.status, text, body }
    }

    /// Every line of the audit follows from the one before it, and what the chain says is where they end.
    pub(super) fn audited(&mut self, name: &str) {
        let lines = Books::audit(&mut self.store, Some("acme"), 0, 100).unwrap();
        let mut chain = Chain::new(Some(Id::new("acme").unwrap()));
        for line in &lines {
            let written = Written::read(&line.text).unwrap();
            chain = chain.followed(&written).unwrap_or_else(|| panic!("{name}: {}", line.text));
        }
        let said = "SELECT number, hash FROM chains WHERE tenant = 'acme'";
        let said = self.store.connection.query_row(said, [], |row| Ok((row.get(0)?, row.get(1)?)));
        let said: (u64, String) = said.unwrap();
        assert_eq!(said, (chain.number, chain.hash.to_string()), "{name}");
    }

    fn lines(&mut self) -> usize {
        Books::audit(&mut self.store, Some("acme"), 0, 100).unwrap().len()
    }

    /// Whether a gate that was told the head before is told now that this changed.
    fn is_told(&mut self, subject: &str) -> bool {
        let since = Stamp { incarnation: 1, epoch: 4 };
        let mut kept = None;
        let head = tollgate_store_sql::refresh(&mut self.store.within(), &mut kept).unwrap().head();
        head.entries().iter().any(|entry| {
            entry.epoch > since.epoch
                && match entry.subject {
                    Subject::Key { key, .. } => key.as_str() == subject,
                    Subject::Owner { owner, .. } => owner.as_str() == subject,
                    Subject::Lookup { .. } | Subject::Tenant { .. } => false,
                }
        })
    }

    /// The key that a secret is of, if it is anybody's.
    fn holder(&mut self, secret: &Value) -> Option<String> {
        let text = secret.as_str().unwrap();
        let key = ApiKey::parse(text.as_bytes(), &self.setup.brand).unwrap();
        let lookup = self.peppers.prove(&key).unwrap().lookup();
        Books::caller(&mut self.store, lookup).unwrap().map(|seen| seen.key.id)
    }
}

/// One key, and the secret that is shown is its only one, whoever drew it.
fn made_once(world: &mut World, told: &Answer, name: &str) {
    let id = told.body["key"]["id"].as_str().unwrap();
    assert_eq!(world.holder(&told.body["secret"]).as_deref(), Some(id), "{name}");
    let again = world.ask(&OPERATIONS[0]);
    assert_eq!(again.body, told.body, "{name}");
    let keys = Ledger::keys(&mut world.store, None, 100, None).unwrap().keys;
    assert_eq!((keys.len(), world.lines()), (3, 2), "{name}");
}

/// Two secrets, and the one that is shown is the second.
fn turned_once(world: &mut World, told: &Answer, name: &str) {
    assert_eq!(world.holder(&told.body["secret"]).as_deref(), Some("key_1"), "{name}");
    let again = world.ask(&OPERATIONS[1]);
    assert_eq!(again.body["secret"], told.body["secret"], "{name}");
    let key = Ledger::key(&mut world.store, "key_1").unwrap().unwrap();
    assert_eq!((key.secrets.len(), world.lines()), (2, 2), "{name}");
}

fn renamed(world: &mut World, told: &Answer, name: &str) {
    let shown = json!([told.body["name"], told.body["description"]]);
    assert_eq!(shown, json!(["other", "other"]), "{name}");
    assert!(world.is_told("key_1"), "{name}");
}

fn revoked(world: &mut World, told: &Answer, name: &str) {
    assert_eq!(told.body["state"], "revoked", "{name}");
    let key = Ledger::key(&mut world.store, "key_1").unwrap().unwrap();
    assert_eq!(key.state, KeyState::Revoked, "{name}");
    assert!(world.is_told("key_1"), "{name}: gates are not told");
}

fn stopped(world: &mut World, _told: &Answer, name: &str) {
    let stopped = Ledger::stopped(&mut world.store, "acme", "bob").unwrap();
    assert!(stopped.owner, "{name}");
    assert!(world.is_told("bob"), "{name}: gates are not told");
}
