//! What tests start from: a store in memory, admin keys, requests.

use std::net::{IpAddr, Ipv4Addr};

use serde_json::{Value, json};
use tollgate_control::{Books, Chance, Guard, NoChance, Request, Response, Service, Setup};
use tollgate_core::{
    key::{Brand, Draw, Env, mint},
    mac::MacKey,
    network::Address,
    pepper::{Pepper, Peppers},
    time::UnixMillis,
};
use tollgate_identity::SigningKey;
use tollgate_ledger::{Change, Key, Ledger, Secret, Settings};
use tollgate_store_sqlite::Store;

use crate::rows;

pub(crate) const NOW: UnixMillis = UnixMillis(1_700_000_000_000);
pub(crate) const OPERATORS: &str = "operators";
pub(crate) const EVERYTHING: [&str; 7] =
    ["keys:*", "usage:read", "audit:read", "tenants:*", "owners:*", "roles:*", "templates:*"];

/// Bytes that differ each time, and are the same in each run.
pub(crate) struct Counted(pub(crate) u64);

impl Chance for Counted {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), NoChance> {
        for chunk in bytes.chunks_mut(32) {
            self.0 += 1;
            let drawn = MacKey::new(b"chance").mac(&self.0.to_be_bytes());
            chunk.copy_from_slice(&drawn[..chunk.len()]);
        }
        Ok(())
    }
}

/// A deployment.
pub(crate) struct World {
    pub(crate) store: Store,
    pub(crate) peppers: Peppers,
    pub(crate) setup: Setup,
    pub(crate) guard: Guard,
    pub(crate) signer: SigningKey,
    pub(crate) chance: Counted,
    pub(crate) now: UnixMillis,
}

/// An answer, read.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) status: u16,
    pub(crate) body: Value,
    pub(crate) fields: Vec<(&'static str, String)>,
    pub(crate) text: String,
    pub(crate) trouble: Option<&'static str>,
}

impl Told {
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(named, _)| *named == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }
}

pub(crate) fn settings(tenant: &str, owner: &str, scopes: &[&str]) -> Settings {
    Settings {
        scopes: scopes.iter().map(|&scope| scope.to_owned()).collect(),
        ..Settings::of(tenant, owner, "live")
    }
}

/// What signs identities, and the audit.
pub(crate) fn signer(kid: &str, first: u8) -> SigningKey {
    let mut seed = [7; 32];
    seed[0] = first;
    SigningKey::new(kid, "EdDSA", &seed).unwrap()
}

impl World {
    pub(crate) fn new() -> Self {
        Self::over(Store::memory().unwrap())
    }

    pub(crate) fn over(store: Store) -> Self {
        let secret = MacKey::new(b"pepper").mac(b"of tests");
        Self {
            store,
            peppers: Peppers::new(&[Pepper { id: 3, secret: &secret }], 3).unwrap(),
            setup: Setup {
                brand: Brand::new("tg", &["live", "test"]).unwrap(),
                operators: OPERATORS.to_owned(),
            },
            guard: Guard::new(),
            signer: signer("k1", 1),
            chance: Counted(0),
            now: NOW,
        }
    }

    /// A key that the ledger was given without the control plane, as `init` gives the first.
    pub(crate) fn key_of(&mut self, settings: Settings) -> (String, Key) {
        let mut bytes = [0; 19];
        self.chance.fill(&mut bytes).unwrap();
        let env = Env::new(&settings.env).unwrap();
        let draw = Draw::new(&bytes).unwrap();
        let minted = mint(self.setup.brand.prefix(), env, &self.peppers, &draw);
        let secret = Secret::new(minted.lookup(), self.peppers.issuing());
        let id = format!("key_{}", minted.lookup());
        let change = Change::Create { id, name: None, settings, secret };
        let key = self.store.change(&change, self.now).unwrap().key.unwrap();
        (minted.as_str().to_owned(), key)
    }

    /// An admin key.
    pub(crate) fn admin(&mut self, tenant: &str, owner: &str, scopes: &[&str]) -> String {
        self.key_of(settings(tenant, owner, scopes)).0
    }

    /// The first admin key of the deployment.
    pub(crate) fn root(&mut self) -> String {
        self.admin(OPERATORS, "admin", &EVERYTHING)
    }

    pub(crate) fn ask(
        &mut self,
        (method, target): (&str, &str),
        fields: &[(&str, &str)],
        body: &str,
    ) -> Told {
        self.ask_from(1, (method, target), fields, body)
    }

    pub(crate) fn ask_from(
        &mut self,
        address: u32,
        (method, target): (&str, &str),
        fields: &[(&str, &str)],
        body: &str,
    ) -> Told {
        let (path, query) = match target.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (target, None),
        };
        let fields: Vec<_> =
            fields.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())).collect();
        let request = Request {
            method,
            path,
            query,
            fields: &fields,
            body: body.as_bytes(),
            address: Some(Address::new(IpAddr::V4(Ipv4Addr::from_bits(0x0a00_0000 + address)))),
            id: "0123456789abcdef",
        };
        let service = Service::new(&self.setup, &self.peppers, &self.guard).signing(&self.signer);
        let answered = service.answer(&request, &mut self.store, &mut self.chance, self.now);
        rows::hold((method, path), &answered);
        let Response { status, fields, body, trouble, .. } = answered;
        let text = String::from_utf8(body).unwrap();
        let body = serde_json::from_str(&text).unwrap_or_default();
        Told { status, body, fields, text, trouble }
    }

    /// Asks with a key and, if there is one, a body.
    pub(crate) fn call(&mut self, key: &str, asked: (&str, &str), body: &Value) -> Told {
        let fields = [("x-api-key", key), ("content-type", "application/json")];
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.ask(asked, &fields, &body)
    }

    /// Asks with a key, the version that is meant, and a body.
    pub(crate) fn meant(
        &mut self,
        key: &str,
        asked: (&str, &str),
        version: &str,
        body: &Value,
    ) -> Told {
        let fields =
            [("x-api-key", key), ("content-type", "application/json"), ("if-match", version)];
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.ask(asked, &fields, &body)
    }

    /// Asks with a key and a body what must be done; gives what is told of it.
    pub(crate) fn done(&mut self, key: &str, asked: (&str, &str), body: &Value) -> Value {
        let told = self.call(key, asked, body);
        assert!(told.status < 300, "{asked:?} {body}: {}", told.text);
        told.body
    }

    /// The lines of a tenant's audit.
    pub(crate) fn audit(&mut self, tenant: &str) -> Vec<String> {
        let lines = Books::audit(&mut self.store, Some(tenant), 0, 1_000).unwrap();
        lines.into_iter().map(|line| line.text).collect()
    }

    /// A key made through the control plane: its id and its secret.
    pub(crate) fn created(&mut self, by: &str, body: &Value) -> (String, String) {
        let told = self.call(by, ("POST", "/api/keys"), body);
        assert_eq!(told.status, 201, "{}", told.text);
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        (text(&told.body["key"]["id"]), text(&told.body["secret"]))
    }
}

/// A key as a caller says it.
pub(crate) fn said(owner: &str) -> Value {
    json!({ "owner": owner, "env": "live", "scopes": ["orders:read"], "limits": [] })
}

/// A limit of a key's own.
pub(crate) fn limit(burst: u64) -> Value {
    json!({
        "name": "burst", "scope": "key", "burst": burst, "rate": 1, "period_ms": 1_000,
    })
}
