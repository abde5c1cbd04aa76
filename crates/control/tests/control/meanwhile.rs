//! What happens between a look and a change.

use std::fs;

use serde_json::{Value, json};
use tollgate_control::{
    Books, BooksError, Counted, Counting, Done, Filed, Line, Page, Request, Seen, Service, Wanted,
    Work,
};
use tollgate_core::{lookup::LookupId, time::UnixMillis};
use tollgate_ledger::{Change, Holder, KeyState, Ledger, LedgerError};
use tollgate_store_sqlite::{Access, Store};

use crate::made::{EVERYTHING, World, said, settings};

/// Books in which somebody else makes changes just before each of ours, as long as there are any.
struct Meddled<'s> {
    store: &'s mut Store,
    changes: Vec<Change>,
}

impl Books for Meddled<'_> {
    fn caller(&mut self, lookup: LookupId) -> Result<Option<Seen>, LedgerError> {
        self.store.caller(lookup)
    }

    fn key(&mut self, id: &str) -> Result<Option<Filed>, LedgerError> {
        Books::key(self.store, id)
    }

    fn keys(&mut self, wanted: &Wanted<'_>) -> Result<Page, LedgerError> {
        Books::keys(self.store, wanted)
    }

    fn work(&mut self, work: &Work<'_>, now: UnixMillis) -> Result<Done, BooksError> {
        if let Some(change) = self.changes.pop() {
            self.store.change(&change, now).unwrap();
        }
        self.store.work(work, now)
    }

    fn tenants(&mut self, after: Option<&str>, limit: usize) -> Result<Vec<Holder>, LedgerError> {
        Books::tenants(self.store, after, limit)
    }

    fn owners(
        &mut self,
        tenant: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Holder>, LedgerError> {
        Books::owners(self.store, tenant, after, limit)
    }

    fn usage(
        &mut self,
        wanted: &Counting<'_>,
        after: Option<&Counted>,
    ) -> Result<Vec<Counted>, LedgerError> {
        Books::usage(self.store, wanted, after)
    }

    fn audit(&mut self, tenant: &str, after: u64, limit: usize) -> Result<Vec<Line>, LedgerError> {
        Books::audit(self.store, tenant, after, limit)
    }
}

/// Asks while somebody else makes `changes`; gives the status and the body.
fn meddled(
    world: &mut World,
    by: &str,
    (method, path): (&str, &str),
    body: &Value,
    changes: Vec<Change>,
) -> (u16, Value) {
    let body = body.to_string();
    let fields = [
        (b"x-api-key".as_slice(), by.as_bytes()),
        (b"content-type".as_slice(), b"application/json".as_slice()),
    ];
    let request = Request {
        method,
        path,
        query: None,
        fields: &fields,
        body: body.as_bytes(),
        address: None,
        id: "1",
    };
    let mut books = Meddled { store: &mut world.store, changes };
    let service = Service::new(&world.setup, &world.peppers, &world.guard);
    let answered = service.answer(&request, &mut books, &mut world.chance, world.now);
    (answered.status, serde_json::from_slice(&answered.body).unwrap())
}

/// What ends what the key of an id may do.
type Stopping = fn(&str) -> Change;

#[test]
fn whoever_is_stopped_after_it_was_admitted_changes_nothing() {
    let stops: [(&str, Stopping); 5] = [
        ("key_revoked", |id| Change::Revoke { id: id.to_owned() }),
        ("key_disabled", |id| Change::Disable { id: id.to_owned() }),
        ("tenant_disabled", |_| Change::StopTenant { tenant: "acme".into() }),
        ("owner_disabled", |_| Change::StopOwner { tenant: "acme".into(), owner: "admin".into() }),
        ("scope_missing", |id| Change::Update {
            id: id.to_owned(),
            settings: settings("acme", "admin", &["keys:read"]),
            expected: None,
        }),
    ];
    for (code, stop) in stops {
        let mut world = World::new();
        let (admin, key) = world.key_of(settings("acme", "admin", &EVERYTHING));
        let (other, _) = world.created(&admin, &said("dev"));
        let path = format!("/api/keys/{other}");
        for (asked, body) in [
            (("DELETE", path.as_str()), json!({ "code": "policy" })),
            (("PATCH", path.as_str()), json!({ "plan": "pro" })),
            (("POST", "/api/keys"), said("dev")),
        ] {
            let (_, told) = meddled(&mut world, &admin, asked, &body, vec![stop(&key.id)]);
            assert_eq!(told["code"], code, "{asked:?}");
        }
        let left = Ledger::key(&mut world.store, &other).unwrap().unwrap();
        assert_eq!((left.state, left.settings.plan), (KeyState::Active, None), "{code}");
        assert_eq!(world.audit("acme").len(), 1, "{code}");
    }
}

#[test]
fn a_caller_that_is_changed_and_still_may_is_admitted_again() {
    let mut world = World::new();
    let (admin, key) = world.key_of(settings("acme", "admin", &EVERYTHING));
    let enable = || Change::Enable { id: key.id.clone() };
    let asked = ("POST", "/api/keys");
    let (status, _) = meddled(&mut world, &admin, asked, &said("dev"), vec![enable(), enable()]);
    assert_eq!(status, 201);
    // Not for ever.
    let changes = (0..10).map(|_| enable()).collect();
    let (status, told) = meddled(&mut world, &admin, asked, &said("dev"), changes);
    assert_eq!((status, &told["code"]), (503, &json!("unavailable")));
}

#[test]
fn a_patch_is_put_over_what_somebody_else_has_changed_meanwhile() {
    let mut world = World::new();
    let (admin, _) = world.key_of(settings("acme", "admin", &EVERYTHING));
    let (id, _) = world.created(&admin, &said("dev"));
    let theirs = Change::Update {
        id: id.clone(),
        settings: settings("acme", "dev", &["orders:read"]),
        expected: None,
    };
    let path = format!("/api/keys/{id}");
    let patch = json!({ "plan": "pro" });
    let (status, told) = meddled(&mut world, &admin, ("PATCH", &path), &patch, vec![theirs]);
    assert_eq!((status, &told["plan"]), (200, &json!("pro")));
}

/// What cannot be told of is not done: the line and the change are one transaction.
#[test]
fn nothing_is_changed_where_the_audit_cannot_say_it() {
    let folder = std::env::temp_dir().join(format!("tollgate-untold-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join("store.db");
    let mut world = World::over(Store::open(&path, Access::Create).unwrap());
    let (admin, _) = world.key_of(settings("acme", "admin", &EVERYTHING));
    let (id, _) = world.created(&admin, &said("dev"));
    let raw = rusqlite::Connection::open(&path).unwrap();
    raw.execute("UPDATE chains SET hash = ?1", [&"z".repeat(64)]).unwrap();
    let before = world.store.stamp().unwrap();
    let (key, fields) = (("x-api-key", admin.as_str()), ("content-type", "application/json"));
    for (asked, body) in [
        (("DELETE", format!("/api/keys/{id}")), String::new()),
        (("POST", "/api/keys".to_owned()), said("dev").to_string()),
        (("POST", "/api/owners/dev/stop".to_owned()), String::new()),
    ] {
        let named = ("idempotency-key", "again");
        let told = world.ask((asked.0, &asked.1), &[key, fields, named], &body);
        assert_eq!((told.status, told.code()), (503, "unavailable"), "{asked:?}");
    }
    assert_eq!(world.store.stamp().unwrap(), before);
    assert_eq!(Ledger::key(&mut world.store, &id).unwrap().unwrap().state, KeyState::Active);
    let names: u64 = raw.query_row("SELECT count(*) FROM retries", [], |row| row.get(0)).unwrap();
    assert_eq!(names, 0);
    fs::remove_dir_all(&folder).unwrap();
}
