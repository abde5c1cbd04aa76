//! An export of a thousand entries that the service gave, and everything that can be done to it.

use serde_json::{Value, json};
use tollgate_audit::{Actor, Chain, Document, Entry, Hash, Image, Keys, Verifier, Written};
use tollgate_core::{id::Id, network::Address, time::UnixMillis};

use crate::{
    audit::verified,
    made::{World, said, signer},
};
use tollgate_control::Haste;

/// A text as an image.
struct Shown<'t>(&'t str);

impl Document for Shown<'_> {
    fn document(&self) -> Value {
        serde_json::from_str(self.0).unwrap()
    }
}

/// The lines of an export of a thousand entries, with checkpoints among them, and the keys.
fn exported() -> (Vec<String>, Keys) {
    let mut world = World::new();
    let root = world.root();
    let (id, _) = world.created(&root, &said("dev"));
    for at in 1..1_000 {
        world.later(700);
        let how = if at % 2 == 0 { "enable" } else { "disable" };
        let told = world.call(&root, ("POST", &format!("/api/keys/{id}/{how}")), &Value::Null);
        assert_eq!(told.status, 200, "{}", told.text);
        world.round(Haste::WhenDue);
    }
    let export = world.get(&root, "/api/audit/export");
    let keys = world.keys(&root);
    assert_eq!(verified(&export.text, &keys), ("none", 1_000));
    (export.text.lines().map(str::to_owned).collect(), keys)
}

/// A line with another value of each field in turn, spelled as it might be written: with the hash that it had, and with the
/// one that it would have.
fn changed(line: &str) -> Vec<(&'static str, String)> {
    let entry = Written::read(line).unwrap();
    let Written { number, previous, at, actor, operation, subject, before, after, .. } = entry;
    let id = |text| Id::new(text).unwrap();
    let fields = Entry {
        at,
        actor,
        operation,
        subject,
        before: Image::of(&Shown(before)),
        after: Image::of(&Shown(after)),
        from: entry.from,
        request: entry.request,
    };
    let chain =
        Chain { tenant: entry.tenant, number: number - 1, hash: previous, at: UnixMillis(0) };
    let written = |mut chain: Chain<'_>, fields: &Entry<'_>| chain.append(fields).unwrap().line;
    assert_eq!(written(chain, &fields), line, "the same fields are the same line");
    let other = Hash::before_all(None);
    let with = |change: &dyn Fn(&mut Entry<'_>)| {
        let mut fields = fields.clone();
        change(&mut fields);
        written(chain, &fields)
    };
    let image = || Image::of(&Shown("{\"state\":\"active\"}"));
    let lines = [
        ("n", written(Chain { number, ..chain }, &fields)),
        ("prev", written(Chain { hash: other, ..chain }, &fields)),
        ("at", with(&|fields| fields.at = UnixMillis(at.0 + 1))),
        ("tenant", written(Chain { tenant: Some(id("acme")), ..chain }, &fields)),
        ("actor", with(&|fields| fields.actor = Actor::System)),
        ("operation", with(&|fields| fields.operation = Id::new("keys.read").unwrap())),
        ("subject", with(&|fields| fields.subject = Id::new("key_other").unwrap())),
        ("before", with(&|fields| fields.before = image())),
        ("after", with(&|fields| fields.after = image())),
        ("from", with(&|fields| fields.from = Some(Address::parse("192.0.2.99").unwrap()))),
        ("request", with(&|fields| fields.request = None)),
    ];
    let hash = |line: &str| line[line.len() - 66..line.len() - 2].to_owned();
    let mut all = vec![("hash", line.replace(&hash(line), &other.to_string()))];
    for (field, anew) in lines {
        assert_ne!(anew, line, "{field}");
        all.push((field, anew.replace(&hash(&anew), &hash(line))));
        all.push((field, anew));
    }
    all
}

/// Fails unless something is found wrong in `lines` behind what `before` has read, and nothing from entry `number` on is
/// vouched for.
fn found<'l>(
    before: &Verifier<'_>,
    lines: impl Iterator<Item = &'l str>,
    number: u64,
    what: &str,
) -> &'static str {
    let mut verifier = before.clone();
    for line in lines {
        verifier.feed(line.as_bytes());
        verifier.feed(b"\n");
        if verifier.is_wrong() {
            break;
        }
    }
    let report = verifier.finish();
    let vouched = report.vouched.map_or(0, |vouched| vouched.number);
    assert!(vouched < number, "{what} {number}: vouched for {vouched}");
    report.wrong.unwrap_or_else(|| panic!("{what} {number} was not found")).fault.code()
}

#[test]
fn each_of_a_thousand_entries_of_an_export_changed_removed_doubled_or_moved_is_found() {
    let (lines, keys) = exported();
    let checkpoints = lines.iter().filter(|line| line.starts_with("{\"checkpoint\"")).count();
    assert!(checkpoints >= 20, "{checkpoints}");
    let rest = |at: usize| lines[at.min(lines.len())..].iter().map(String::as_str);
    let mut before = Verifier::new(&keys);
    let (mut number, mut changes) = (0, 0);
    for (at, line) in lines.iter().enumerate() {
        if line.starts_with("{\"entry\"") {
            number += 1;
            for (field, other) in changed(line) {
                let one = std::iter::once(other.as_str());
                found(&before, one.chain(rest(at + 1)), number, field);
                changes += 1;
            }
            assert!(["removed", "out_of_order"].contains(&found(
                &before,
                rest(at + 1),
                number,
                "removed"
            )));
            let twice = std::iter::once(line.as_str()).chain(rest(at));
            assert_eq!(found(&before, twice, number + 1, "doubled"), "doubled");
            let next = (at + 1..lines.len()).find(|&next| lines[next].starts_with("{\"entry\""));
            if let Some(next) = next {
                let mut swapped = lines[at..=next].to_vec();
                let last = swapped.len() - 1;
                swapped.swap(0, last);
                let swapped = swapped.iter().map(String::as_str).chain(rest(next + 1));
                found(&before, swapped, number, "swapped");
            }
        }
        before.feed(line.as_bytes());
        before.feed(b"\n");
    }
    assert_eq!((number, changes), (1_000, 23_000));
}

#[test]
fn an_export_that_is_cut_off_is_vouched_for_up_to_its_last_checkpoint() {
    let (lines, keys) = exported();
    let (mut number, mut checked) = (0, 0);
    let mut before = Verifier::new(&keys);
    for line in &lines[..lines.len() - 1] {
        before.feed(line.as_bytes());
        before.feed(b"\n");
        number += u64::from(line.starts_with("{\"entry\""));
        if line.starts_with("{\"checkpoint\"") {
            checked = number;
        }
        let report = before.clone().finish();
        assert_eq!(report.wrong.unwrap().fault.code(), "cut_off");
        assert_eq!(report.vouched.map_or(0, |vouched| vouched.number), checked);
    }
    // With an end that says so, but that nobody of ours has signed.
    let walk = lines.iter().filter_map(|line| Written::read(line)).nth(499).unwrap();
    let tenant = walk.tenant;
    let begin = Chain::new(tenant);
    let cut = Chain { tenant, number: 500, hash: walk.hash, at: walk.at };
    let whole = |end: &str| {
        let last = lines.iter().position(|line| line.contains("\"n\":500,")).unwrap();
        lines[..=last].join("\n") + "\n" + end + "\n"
    };
    let end = |key, before: &Chain<'_>, after: &Chain<'_>| {
        tollgate_audit::export::end(before, after, key, walk.at).unwrap()
    };
    let (ours, theirs) = (signer("k1", 1), signer("k1", 9));
    let stranger = signer("k9", 9);
    let wrong = |end: &str| verified(&whole(end), &keys).0;
    assert_eq!(wrong(&end(&ours, &begin, &cut)), "none", "ours would hold");
    assert_eq!(wrong(&end(&theirs, &begin, &cut)), "bad_signature");
    assert_eq!(wrong(&end(&stranger, &begin, &cut)), "unknown_key");
    assert_eq!(wrong(&cut.checkpoint(&theirs, walk.at).unwrap()), "bad_signature");
    assert_eq!(wrong(&cut.checkpoint(&stranger, walk.at).unwrap()), "unknown_key");
    assert_eq!(wrong(lines.last().unwrap()), "removed", "the end of all");
    let later = Chain { at: UnixMillis(walk.at.0), number: 501, ..cut };
    assert_eq!(wrong(&end(&ours, &begin, &later)), "removed");
    let other = Chain { hash: Hash::before_all(None), ..cut };
    assert_eq!(wrong(&end(&ours, &begin, &other)), "disagrees");
    assert_eq!(wrong(&end(&ours, &cut, &cut)), "other_beginning");
    let acme = Chain { tenant: Id::new("acme").ok(), ..cut };
    assert_eq!(wrong(&end(&ours, &begin, &acme)), "other_chain");
    // A checkpoint whose signature is of something else, digit by digit.
    let line = lines.iter().find(|line| line.starts_with("{\"checkpoint\"")).unwrap();
    let at = lines.iter().position(|other| other == line).unwrap();
    for place in [line.len() - 3, line.len() - 130] {
        let mut forged = line.clone().into_bytes();
        forged[place] = if forged[place] == b'0' { b'1' } else { b'0' };
        let mut lines = lines.clone();
        lines[at] = String::from_utf8(forged).unwrap();
        assert_eq!(verified(&(lines.join("\n") + "\n"), &keys).0, "bad_signature");
    }
    let said = json!({ "checkpoint": 1 });
    assert_eq!(wrong(&said.to_string()), "malformed");
}
