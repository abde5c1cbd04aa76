//! The audit over HTTP's requests: pages that a filter picks, exports, verifying, checkpoints.

use serde_json::{Value, json};
use tollgate_audit::{Keys, Verifier};
use tollgate_control::{Books, CheckpointError, Guard, Haste, ROUND_MAX, Round, Service, Setup};
use tollgate_core::time::UnixMillis;

use crate::{
    made::{EVERYTHING, NOW, Told, World, said, signer},
    raw::Raw,
};

impl World {
    /// One round of checkpoints.
    pub(crate) fn round(&mut self, haste: Haste) -> Round {
        let service = Service::new(&self.setup, &self.peppers, &self.guard).signing(&self.signer);
        service.checkpoints(&mut self.store, None, haste, self.now).unwrap()
    }

    /// Lets time pass.
    pub(crate) fn later(&mut self, ms: u64) {
        self.now = UnixMillis(self.now.0 + ms);
    }

    pub(crate) fn get(&mut self, by: &str, target: &str) -> Told {
        self.call(by, ("GET", target), &Value::Null)
    }

    /// The public keys that the service gives.
    pub(crate) fn keys(&mut self, by: &str) -> Keys {
        let told = self.get(by, "/api/audit/keys");
        let mut keys = Keys::none();
        keys.add_jwks(&told.text).unwrap();
        keys
    }
}

/// The code of what is wrong with a text, and up to which entry it is vouched for.
pub(crate) fn verified(text: &str, keys: &Keys) -> (&'static str, u64) {
    let mut verifier = Verifier::new(keys);
    verifier.feed(text.as_bytes());
    let report = verifier.finish();
    let code = report.wrong.map_or("none", |wrong| wrong.fault.code());
    (code, report.vouched.map_or(0, |vouched| vouched.number))
}

/// A world in which an operator has made this many keys.
fn made(entries: usize) -> (World, String) {
    let mut world = World::new();
    let root = world.root();
    for _ in 0..entries {
        world.created(&root, &said("dev"));
        world.later(1_000);
    }
    (world, root)
}

#[test]
fn a_chain_with_new_entries_has_a_checkpoint_within_a_minute_and_no_other_has() {
    let (mut world, root) = made(0);
    let signed = |world: &mut World, haste| world.round(haste).signed;
    assert_eq!(signed(&mut world, Haste::AtOnce), 0, "there is nothing to sign");
    world.created(&root, &said("dev"));
    assert_eq!(signed(&mut world, Haste::WhenDue), 1, "the first is due at once");
    assert_eq!(signed(&mut world, Haste::AtOnce), 0, "it says all there is");
    world.created(&root, &said("dev"));
    let begun = world.now;
    let at = loop {
        if signed(&mut world, Haste::WhenDue) == 1 {
            break world.now;
        }
        world.later(20_000);
    };
    assert!(at.0 - begun.0 < 60_000, "a host that asks three times a minute is in time");
    world.created(&root, &said("dev"));
    assert_eq!(signed(&mut world, Haste::WhenDue), 0, "not for each entry");
    assert_eq!(signed(&mut world, Haste::AtOnce), 1, "but before the host ends");
    world.later(3_600_000);
    assert_eq!(signed(&mut world, Haste::WhenDue), 0, "and none without entries");
    let lines = world.store.audit(Some("operators"), 0, 10).unwrap();
    let checked: Vec<_> = lines.iter().map(|line| line.checkpoint.is_some()).collect();
    assert_eq!(checked, [true, true, true]);
}

#[test]
fn every_chain_gets_its_checkpoint_round_by_round() {
    let (mut world, _) = made(0);
    let tenants = ROUND_MAX + 5;
    for at in 0..tenants {
        let admin = world.admin(&format!("tenant{at:03}"), "admin", &EVERYTHING);
        world.created(&admin, &said("dev"));
    }
    let service = Service::new(&world.setup, &world.peppers, &world.guard).signing(&world.signer);
    let books = &mut world.store;
    let first = service.checkpoints(books, None, Haste::WhenDue, NOW).unwrap();
    assert_eq!((first.signed, first.next.as_deref()), (ROUND_MAX, Some("tenant063")));
    let next = first.next.as_deref();
    let second = service.checkpoints(books, next, Haste::WhenDue, NOW).unwrap();
    assert_eq!((second.signed, second.next), (5, None));
    assert!(world.store.unchecked(None, 10).unwrap().is_empty());
}

#[test]
fn nothing_is_signed_without_a_key_or_under_a_name_that_was_anothers() {
    let (mut world, root) = made(1);
    world.round(Haste::AtOnce);
    world.created(&root, &said("dev"));
    let failed = |world: &mut World, signing| {
        let service = Service::new(&world.setup, &world.peppers, &world.guard);
        let other = signer("k1", 9);
        let service = if signing { service.signing(&other) } else { service };
        service.checkpoints(&mut world.store, None, Haste::AtOnce, NOW).unwrap_err()
    };
    assert!(matches!(failed(&mut world, false), CheckpointError::NoSigner));
    assert!(matches!(failed(&mut world, true), CheckpointError::OtherSigner));
    assert_eq!(world.store.signers().unwrap().len(), 1);
    // What an export would be signed with is not there either; everything else is answered.
    let setup =
        Setup { brand: world.setup.brand.clone(), operators: world.setup.operators.clone() };
    let guard = Guard::new();
    let service = Service::new(&setup, &world.peppers, &guard);
    let fields = [(&b"x-api-key"[..], root.as_bytes())];
    let mut asked = |path| {
        let request = tollgate_control::Request {
            method: "GET",
            path,
            query: None,
            fields: &fields,
            body: b"",
            address: None,
            id: "0123456789abcdef",
        };
        let answered = service.answer(&request, &mut world.store, &mut world.chance, NOW);
        (answered.status, answered.trouble)
    };
    assert_eq!(asked("/api/audit/export"), (503, Some("audit_no_signer")));
    assert_eq!(asked("/api/audit/verify"), (200, None));
    assert_eq!(asked("/api/audit"), (200, None));
}

#[test]
fn an_export_verifies_with_the_keys_that_are_retired_since() {
    let (mut world, root) = made(3);
    world.round(Haste::AtOnce);
    let before = world.keys(&root);
    world.signer = signer("k2", 2);
    world.created(&root, &said("dev"));
    world.round(Haste::AtOnce);
    world.signer = signer("k3", 3);
    let told = world.get(&root, "/api/audit/keys");
    let kids: Vec<_> =
        told.body["keys"].as_array().unwrap().iter().map(|key| &key["kid"]).collect();
    assert_eq!(kids, ["k3", "k2", "k1"], "the one that signs now, then the newest");
    let export = world.get(&root, "/api/audit/export");
    assert_eq!((export.status, export.field("content-type")), (200, Some("application/jsonl")));
    let keys = world.keys(&root);
    assert_eq!(verified(&export.text, &keys), ("none", 4));
    assert_eq!(verified(&export.text, &before), ("unknown_key", 3), "its own are not enough");
}

#[test]
fn an_export_goes_on_where_it_ended_and_its_pieces_join() {
    let mut raw = Raw::new("pieces");
    raw.fill("operators", 5_011);
    let world = &mut raw.world;
    let root = world.root();
    let rounds: Vec<_> = (0..4).map(|_| world.round(Haste::AtOnce).signed).collect();
    assert_eq!(rounds, [1, 1, 1, 0], "what is far behind is followed step by step");
    let keys = world.keys(&root);
    let (mut texts, mut after, mut ends) = (vec![], "0".to_owned(), vec![]);
    loop {
        let told = world.get(&root, &format!("/api/audit/export?after={after}"));
        assert_eq!(told.status, 200, "{}", told.text);
        let (code, vouched) = verified(&told.text, &keys);
        assert_eq!(code, "none");
        ends.push(vouched);
        texts.push(told.text.clone());
        match told.field("tollgate-audit-next") {
            Some(next) => after = next.to_owned(),
            None => break,
        }
    }
    assert!(texts.len() > 1 && texts.iter().all(|text| text.len() < 8 << 20), "{}", texts.len());
    assert_eq!(ends.last(), Some(&5_011));
    let parsed = |line: &str| serde_json::from_str::<Value>(line).unwrap();
    for pair in texts.windows(2) {
        let end = parsed(pair[0].lines().last().unwrap())["end"].clone();
        let head = parsed(pair[1].lines().next().unwrap());
        assert_eq!((&end["n"], &end["hash"]), (&head["n"], &head["hash"]), "they join");
    }
    // The same, verified where it is kept.
    let (mut cursor, mut until, mut answers) = (String::new(), 0, 0);
    loop {
        let told = world.get(&root, &format!("/api/audit/verify{cursor}"));
        assert_eq!((&told.body["verified"], &told.body["since"]), (&json!(true), &json!(until)));
        until = told.body["until"].as_u64().unwrap();
        answers += 1;
        match told.body["next"].as_str() {
            Some(next) => cursor = format!("?cursor={next}"),
            None => break,
        }
    }
    assert_eq!((until, answers), (5_011, 2));
    // A cursor is held to the chain: its hash must be that of its entry.
    let forged = format!("/api/audit/verify?cursor=7.{}", "0".repeat(64));
    let told = world.get(&root, &forged);
    assert_eq!(
        (&told.body["verified"], &told.body["wrong"]["code"]),
        (&json!(false), &json!("unlinked"))
    );
    let told = world.get(&root, &format!("/api/audit/verify?cursor=9999.{}", "0".repeat(64)));
    assert_eq!((told.status, told.code()), (400, "cursor_invalid"));
    let told = world.get(&root, "/api/audit/export?after=9999");
    assert_eq!((told.status, told.code()), (400, "query_invalid"));
    let told = world.get(&root, "/api/audit/export?after=5&through=9");
    assert_eq!(told.text.lines().count(), 6, "{}", told.text);
    assert_eq!(
        (verified(&told.text, &keys), told.field("tollgate-audit-next")),
        (("none", 9), Some("9"))
    );
}

#[test]
fn a_filter_picks_what_was_done_by_whom_to_what_and_when() {
    let (mut world, root) = made(4);
    let (id, _) = world.created(&root, &said("dev"));
    let acme = world.admin("acme", "admin", &EVERYTHING);
    world.created(&acme, &said("dev"));
    world.later(60_000);
    let told = world.call(&root, ("DELETE", &format!("/api/keys/{id}")), &Value::Null);
    assert_eq!(told.status, 200, "{}", told.text);
    let me = {
        let lines = world.audit("operators");
        let entry: Value = serde_json::from_str(&lines[0]).unwrap();
        entry["entry"]["actor"].as_str().unwrap().to_owned()
    };
    let revoked = world.now.0;
    let mut check = |query: &str, expected: &[u64]| {
        let told = world.get(&root, &format!("/api/audit?{query}"));
        assert_eq!(told.status, 200, "{query}: {}", told.text);
        let lines = told.body["lines"].as_array().unwrap();
        let numbers: Vec<_> = lines.iter().map(|line| line["number"].as_u64().unwrap()).collect();
        assert_eq!(numbers, expected, "{query}");
    };
    check("", &[1, 2, 3, 4, 5, 6]);
    check("operation=keys.revoke", &[6]);
    check("operation=keys.create&limit=2", &[1, 2]);
    check("operation=keys.create&limit=2&cursor=2", &[3, 4]);
    check(&format!("subject={id}"), &[5, 6]);
    check(&format!("actor={me}&subject={id}&operation=keys.create"), &[5]);
    check("actor=command", &[]);
    check("request=0123456789abcdef", &[1, 2, 3, 4, 5, 6]);
    check("request=other", &[]);
    check(&format!("from={}", NOW.0 + 2_000), &[3, 4, 5, 6]);
    check(&format!("until={}", NOW.0 + 2_000), &[1, 2]);
    check(&format!("from={}&until={}", NOW.0 + 1_000, NOW.0 + 3_000), &[2, 3]);
    check(&format!("from={revoked}"), &[6]);
    check(&format!("from={}", revoked + 1), &[]);
    check("tenant=acme", &[1]);
    check("chain=deployment", &[]);
    for query in
        ["actor=me", "subject=a%20b", "from=x", "limit=0", "limit=201", "chain=acme", "cursor=x"]
    {
        let told = world.get(&root, &format!("/api/audit?{query}"));
        assert_eq!((told.status, told.code()), (400, "query_invalid"), "{query}");
    }
    // The deployment's own chain is for whoever reaches every tenant.
    for path in ["/api/audit", "/api/audit/export", "/api/audit/verify"] {
        let told = world.get(&acme, &format!("{path}?chain=deployment"));
        assert_eq!((told.status, told.code()), (403, "forbidden"), "{path}");
        let told = world.get(&root, &format!("{path}?chain=deployment"));
        assert_eq!(told.status, 200, "{path}: {}", told.text);
        let told = world.get(&root, &format!("{path}?chain=deployment&tenant=acme"));
        assert_eq!((told.status, told.code()), (400, "query_invalid"), "{path}");
    }
}

#[test]
fn pages_stay_as_they_are_while_entries_come() {
    let (mut world, root) = made(6);
    let first = world.get(&root, "/api/audit?limit=4");
    let next = first.body["next"].as_str().unwrap().to_owned();
    world.created(&root, &said("dev"));
    assert_eq!(world.get(&root, "/api/audit?limit=4").body, first.body);
    let rest = world.get(&root, &format!("/api/audit?limit=4&cursor={next}"));
    let numbers = rest.body["lines"].as_array().unwrap().iter().map(|line| &line["number"]);
    assert_eq!(numbers.collect::<Vec<_>>(), [5, 6, 7]);
    assert_eq!(rest.body["next"], Value::Null);
}
