//! What happens between a look and a change.

use serde_json::{Value, json};
use tollgate_control::{
    Balance, Books, BooksError, Counted, Counting, DocumentId, Documented, Done, Filed, Line, Page,
    Request, Seen, Service, Signed, Signer, Spending, Standing, Wanted, Work,
};
use tollgate_core::{
    limit::{LimitScope, Period},
    lookup::LookupId,
    stamp::Stamp,
    time::UnixMillis,
};
use tollgate_ledger::{Change, KeyState, Ledger, LedgerError, QuotaSpec};
use tollgate_store_sqlite::Store;

use crate::made::{Counted as Chances, EVERYTHING, World, said, settings};

/// What somebody else does.
type Meddling<'m> = Box<dyn FnOnce(&mut Store) + 'm>;

/// Books in which somebody else makes changes just before each of ours, as long as there are any.
struct Meddled<'s> {
    store: &'s mut Store,
    changes: Vec<Meddling<'s>>,
    /// So many kept rows there are of each one in what was counted.
    weight: u64,
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

    fn spend(
        &mut self,
        spending: &Spending<'_>,
        now: UnixMillis,
    ) -> Result<Vec<Balance>, BooksError> {
        if let Some(change) = self.changes.pop() {
            change(self.store);
        }
        self.store.spend(spending, now)
    }

    fn work(&mut self, work: &Work<'_>, now: UnixMillis) -> Result<Done, BooksError> {
        if let Some(change) = self.changes.pop() {
            change(self.store);
        }
        self.store.work(work, now)
    }

    fn document(&mut self, id: DocumentId<'_>) -> Result<Documented, LedgerError> {
        self.store.document(id)
    }

    fn documents(
        &mut self,
        after: DocumentId<'_>,
        limit: usize,
    ) -> Result<Vec<Documented>, LedgerError> {
        self.store.documents(after, limit)
    }

    fn carriers(&mut self, of: DocumentId<'_>, limit: usize) -> Result<Vec<Filed>, LedgerError> {
        self.store.carriers(of, limit)
    }

    fn usage(&mut self, wanted: &Counting<'_>) -> Result<Vec<Counted>, LedgerError> {
        let mut rows = Books::usage(self.store, wanted)?;
        rows.iter_mut().for_each(|row| row.rows *= self.weight);
        Ok(rows)
    }

    fn audit(
        &mut self,
        tenant: Option<&str>,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Line>, LedgerError> {
        Books::audit(self.store, tenant, after, limit)
    }

    fn take_untold(&mut self) -> bool {
        self.store.take_untold()
    }

    fn standing(&mut self, tenant: Option<&str>) -> Result<Standing, LedgerError> {
        self.store.standing(tenant)
    }

    fn unchecked(&mut self, after: Option<&str>, limit: usize) -> Result<Vec<String>, LedgerError> {
        self.store.unchecked(after, limit)
    }

    fn keep_checkpoint(&mut self, signed: &Signed<'_>) -> Result<(), LedgerError> {
        self.store.keep_checkpoint(signed)
    }

    fn signers(&mut self) -> Result<Vec<Signer>, LedgerError> {
        self.store.signers()
    }
}

/// What somebody asks for: with which key, what, of which version, with which body.
#[derive(Clone)]
pub(crate) struct Call {
    pub(crate) by: String,
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) version: Option<String>,
    pub(crate) body: Value,
}

impl Call {
    pub(crate) fn new(by: &str, (method, path): (&'static str, &str), body: Value) -> Self {
        Self { by: by.to_owned(), method, path: path.to_owned(), version: None, body }
    }

    pub(crate) fn of(self, version: &str) -> Self {
        Self { version: Some(version.to_owned()), ..self }
    }

    fn answered(
        &self,
        service: &Service<'_>,
        books: &mut dyn Books,
        chance: &mut Chances,
        now: UnixMillis,
    ) -> (u16, Value) {
        let body = if self.body.is_null() { String::new() } else { self.body.to_string() };
        let version = self.version.as_deref().unwrap_or_default();
        let mut fields = vec![
            (b"x-api-key".as_slice(), self.by.as_bytes()),
            (b"content-type".as_slice(), b"application/json".as_slice()),
        ];
        if self.version.is_some() {
            fields.push((b"if-match".as_slice(), version.as_bytes()));
        }
        let request = Request {
            method: self.method,
            path: &self.path,
            query: None,
            fields: &fields,
            body: body.as_bytes(),
            address: None,
            id: "1",
        };
        let answered = service.answer(&request, books, chance, now);
        (answered.status, serde_json::from_slice(&answered.body).unwrap())
    }
}

/// Asks for `ours` while somebody else asks for `theirs` between our look and our change: the last of them first, one
/// at each of our tries. Gives the status and the body.
pub(crate) fn between(world: &mut World, ours: &Call, theirs: Vec<Call>) -> (u16, Value) {
    let World { store, peppers, setup, guard, chance, now, .. } = world;
    let service = Service::new(setup, peppers, guard);
    let now = *now;
    let asked = |(at, call): (u64, Call)| -> Meddling<'_> {
        Box::new(move |store| {
            let mut chance = Chances(1_000_000 * (at + 1));
            let (status, body) = call.answered(&service, store, &mut chance, now);
            assert!(status < 300, "{} {}: {body}", call.method, call.path);
        })
    };
    let changes = (0..).zip(theirs).map(asked).collect();
    ours.answered(&service, &mut Meddled { store, changes, weight: 1 }, chance, now)
}

/// Asks while somebody else makes `changes`; gives the status and the body.
pub(crate) fn meddled(
    world: &mut World,
    by: &str,
    (method, path): (&'static str, &str),
    body: &Value,
    changes: Vec<Change>,
) -> (u16, Value) {
    let World { store, peppers, setup, guard, chance, now, .. } = world;
    let now = *now;
    let made = |change: Change| -> Meddling<'_> {
        Box::new(move |store| drop(store.change(&change, now).unwrap()))
    };
    let changes = changes.into_iter().map(made).collect();
    let mut books = Meddled { store, changes, weight: 1 };
    let service = Service::new(setup, peppers, guard);
    Call::new(by, (method, path), body.clone()).answered(&service, &mut books, chance, now)
}

/// Asks where each row of what was counted stands for `weight` times as many; gives the status and the body.
pub(crate) fn weighed(world: &mut World, by: &str, target: &str, weight: u64) -> (u16, Value) {
    let World { store, peppers, setup, guard, chance, now, .. } = world;
    let mut books = Meddled { store, changes: vec![], weight };
    let service = Service::new(setup, peppers, guard);
    Call::new(by, ("GET", target), Value::Null).answered(&service, &mut books, chance, *now)
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
fn whoever_is_stopped_between_the_look_and_the_spending_spends_nothing() {
    let mut world = World::new();
    let (admin, by) = world.key_of(settings("acme", "admin", &EVERYTHING));
    let (root, asked) = (world.root(), ("POST", "/api/keys/validate"));
    let mut held = settings("acme", "dev", &[]);
    held.quotas = vec![QuotaSpec {
        name: "all".into(),
        scope: LimitScope::Key,
        count: 3,
        period: Period::Total,
        changed: Stamp::default(),
    }];
    let left = |world: &mut World, key: &str| {
        let body = json!({ "key": key, "dry_run": true });
        world.call(&root, asked, &body).body["quotas"][0]["left"].clone()
    };
    // The key that is presented: it is judged anew.
    let (secret, key) = world.key_of(held.clone());
    let body = json!({ "key": secret });
    let stop = vec![Change::Disable { id: key.id.clone() }];
    let (status, told) = meddled(&mut world, &admin, asked, &body, stop);
    assert_eq!((status, &told["code"]), (200, &json!("key_disabled")));
    world.store.change(&Change::Enable { id: key.id }, world.now).unwrap();
    assert_eq!(left(&mut world, &secret), 3);
    // The one that asks: it is not let in any more.
    let stop = vec![Change::Revoke { id: by.id }];
    let (status, told) = meddled(&mut world, &admin, asked, &body, stop);
    assert_eq!((status, &told["code"]), (401, &json!("key_revoked")));
    assert_eq!(left(&mut world, &secret), 3);
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

/// A member asks for something, and meanwhile the key is given what the member has not, or to somebody else.
#[test]
fn what_a_key_was_given_meanwhile_is_not_given_on() {
    let more: Stopping = |id| Change::Update {
        id: id.to_owned(),
        settings: settings("acme", "dev", &["orders:read", "owners:write"]),
        expected: None,
    };
    let others: Stopping = |id| Change::Update {
        id: id.to_owned(),
        settings: settings("acme", "somebody", &["orders:read"]),
        expected: None,
    };
    for (asked, meanwhile) in [
        ("rotate", more),
        ("enable", more),
        ("rotate", others),
        ("enable", others),
        ("disable", others),
        ("revoke", others),
        ("secrets/1/revoke", others),
    ] {
        let mut world = World::new();
        let (member, _) = world.key_of(settings("acme", "dev", &["keys:*"]));
        let (_, key) = world.key_of(settings("acme", "dev", &["orders:read"]));
        let path = match asked {
            "revoke" => format!("/api/keys/{}", key.id),
            other => format!("/api/keys/{}/{other}", key.id),
        };
        let method = if asked == "revoke" { "DELETE" } else { "POST" };
        let body = if asked == "disable" || asked == "revoke" {
            json!({ "code": "policy" })
        } else {
            json!({})
        };
        let meanwhile = vec![meanwhile(&key.id)];
        let (status, told) = meddled(&mut world, &member, (method, &path), &body, meanwhile);
        assert_eq!((status, &told["code"]), (403, &json!("forbidden")), "{asked}");
        let left = Ledger::key(&mut world.store, &key.id).unwrap().unwrap();
        assert_eq!((left.state, left.secrets.len()), (KeyState::Active, 1), "{asked}");
        assert!(!left.secrets[0].revoked, "{asked}");
    }
}

#[test]
fn a_change_of_state_is_made_over_what_somebody_else_has_changed_meanwhile() {
    let mut world = World::new();
    let (admin, _) = world.key_of(settings("acme", "admin", &EVERYTHING));
    for asked in ["rotate", "disable", "enable"] {
        let (id, _) = world.created(&admin, &said("dev"));
        let path = format!("/api/keys/{id}/{asked}");
        let body = if asked == "disable" { json!({ "code": "policy" }) } else { json!({}) };
        let theirs = Change::Update {
            id: id.clone(),
            settings: settings("acme", "dev", &["orders:read"]),
            expected: None,
        };
        let (status, told) = meddled(&mut world, &admin, ("POST", &path), &body, vec![theirs]);
        assert_eq!(status, 200, "{asked}: {told}");
        let left = Ledger::key(&mut world.store, &id).unwrap().unwrap();
        assert_eq!(left.settings.scopes, ["orders:read"], "{asked}");
        // A version that was named is that one and no other.
        let fields = [
            ("x-api-key", admin.as_str()),
            ("content-type", "application/json"),
            ("if-match", "\"1.1\""),
        ];
        let told = world.ask(("POST", &path), &fields, &body.to_string());
        assert_eq!((told.status, told.code()), (412, "version_differs"), "{asked}");
    }
}
