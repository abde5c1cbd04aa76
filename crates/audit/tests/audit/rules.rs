//! When a checkpoint is due, how a chain goes on, and that a piece of one verifies by itself.

use tollgate_audit::{
    Actor, CHECKPOINT_ENTRIES_MAX, CHECKPOINT_EVERY_MS, Chain, Entry, Hash, Image, Written, due,
    export,
};
use tollgate_core::{id::Id, time::UnixMillis};

use crate::made::{Made, START, made, report, wrong};

#[test]
fn a_checkpoint_is_due_twice_a_minute_while_there_are_entries() {
    let (last, later) = (Some(UnixMillis(START)), |ms| UnixMillis(START + ms));
    for (last, now, entries, expected) in [
        (None, later(0), 0, false),
        (None, later(0), 1, true),
        (last, later(u64::MAX - START), 0, false),
        (last, later(0), 1, false),
        (last, later(CHECKPOINT_EVERY_MS - 1), 1, false),
        (last, later(CHECKPOINT_EVERY_MS), 1, true),
        (last, later(0), CHECKPOINT_ENTRIES_MAX - 1, false),
        (last, later(0), CHECKPOINT_ENTRIES_MAX, true),
        (last, UnixMillis(START - 1), 1, true),
        (last, UnixMillis(START - 1), 0, false),
    ] {
        assert_eq!(due(last, now, entries), expected, "{last:?} {now:?} {entries}");
    }
    const { assert!(CHECKPOINT_EVERY_MS <= 30_000) };
}

fn entry(at: u64) -> Entry<'static> {
    Entry {
        at: UnixMillis(at),
        actor: Actor::System,
        operation: Id::new("keys.create").unwrap(),
        subject: Id::new("key_1").unwrap(),
        before: Image::nothing(),
        after: Image::nothing(),
        from: None,
        request: None,
    }
}

#[test]
fn a_clock_that_steps_back_does_not_take_the_chain_with_it() {
    let mut chain = Chain::new(None);
    assert_eq!(chain.append(&entry(START)).unwrap().at, UnixMillis(START));
    let second = chain.append(&entry(START - 5_000)).unwrap();
    assert_eq!((second.number, second.at), (2, UnixMillis(START)));
    assert_eq!(Written::read(&second.line).unwrap().at, UnixMillis(START));
    assert_eq!(chain.append(&entry(START + 1)).unwrap().at, UnixMillis(START + 1));
}

#[test]
fn what_cannot_be_said_is_not_appended() {
    for (number, at) in [((1 << 53), START), (0, (1 << 53) + 1), (u64::MAX, START)] {
        let mut chain = Chain { number, ..Chain::new(None) };
        let before = chain;
        assert_eq!(chain.append(&entry(at)).unwrap_err().code(), "audit_beyond");
        assert_eq!(chain, before, "the chain is as it was");
    }
    assert!(Chain { number: (1 << 53) - 1, ..Chain::new(None) }.append(&entry(START)).is_ok());
}

#[test]
fn every_chain_begins_with_a_hash_of_its_own() {
    let names = [None, Id::new("acme").ok(), Id::new("acme2").ok()];
    let begins: Vec<Hash> = names.into_iter().map(Hash::before_all).collect();
    assert!(begins[0] != begins[1] && begins[1] != begins[2] && begins[0] != begins[2]);
    let lines: Vec<_> =
        names.map(|name| Chain::new(name).append(&entry(START)).unwrap().hash).into();
    assert!(lines[0] != lines[1] && lines[1] != lines[2], "the same act is another entry in each");
}

#[test]
fn the_smallest_exports_hold() {
    for tenant in [None, Id::new("acme").ok()] {
        let chain = Chain::new(tenant);
        let key = made(0, 1).key;
        let lines = vec![
            export::head(&chain).unwrap(),
            export::end(&chain, &chain, &key, UnixMillis(START)).unwrap(),
        ];
        let export = Made { lines, key };
        let found = report(&export.text(), &export.keys());
        assert_eq!(wrong(&found), ("none", 0));
        assert_eq!(found.vouched.unwrap().hash, Hash::before_all(tenant));
    }
}

/// The state of the chain after the entry of a line.
fn after<'a>(line: &'a str) -> Chain<'a> {
    let entry = Written::read(line).unwrap();
    Chain { tenant: entry.tenant, number: entry.number, hash: entry.hash, at: entry.at }
}

#[test]
fn a_piece_from_anywhere_verifies_by_itself_and_only_as_it_was_cut() {
    let export = made(60, 40);
    let keys = export.keys();
    let entries = export.entries();
    let line = |number: usize| export.lines[entries[number - 1]].as_str();
    for (first, last) in [(2, 60), (20, 40), (60, 60)] {
        let (before, end) = (after(line(first - 1)), after(line(last)));
        let mut lines = vec![export::head(&before).unwrap()];
        let inside = export.lines[entries[first - 1]..=entries[last - 1]].iter();
        lines.extend(inside.cloned());
        lines.push(export::end(&before, &end, &export.key, UnixMillis(START)).unwrap());
        let whole = report(&(lines.join("\n") + "\n"), &keys);
        assert_eq!(wrong(&whole), ("none", 0), "{first} to {last}");
        let piece = whole.piece.unwrap();
        assert_eq!((piece.since + 1, piece.until), (first as u64, last as u64));
        assert_eq!(piece.tenant.as_deref(), Some("acme"));
        // With another beginning, which everything that follows fits.
        lines.remove(1);
        lines[0] = export::head(&after(line(first))).unwrap();
        let cut = report(&(lines.join("\n") + "\n"), &keys);
        assert_eq!(wrong(&cut).0, "other_beginning", "{first} to {last}");
    }
}
