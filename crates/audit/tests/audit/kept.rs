//! Pages and exports of a chain as a store keeps it.

use tollgate_audit::{
    Actor, Exporter, Filter, Kept, LOOKED_AT_MAX, PAGE_MAX, Rows, RowsError, Written, page,
};
use tollgate_core::{id::Id, time::UnixMillis};

use crate::made::{Made, START, made, report, wrong};

/// A store in memory.
struct Memory(Vec<Kept>);

impl Memory {
    fn of(export: &Made) -> Self {
        let mut kept: Vec<Kept> = vec![];
        for line in &export.lines[1..export.lines.len() - 1] {
            if line.starts_with("{\"entry\":") {
                kept.push(Kept { line: line.clone(), checkpoint: None });
            } else if let Some(last) = kept.last_mut() {
                last.checkpoint = Some(line.clone());
            }
        }
        Self(kept)
    }
}

impl Rows for Memory {
    type Error = ();

    fn after(&mut self, number: u64, most: usize) -> Result<Vec<Kept>, ()> {
        let of = |kept: &Kept| kept.line[14..].split(',').next().unwrap().parse::<u64>().unwrap();
        let later = |kept: &&Kept| of(kept) > number;
        Ok(self.0.iter().filter(later).take(most).cloned().collect())
    }
}

type Exported = Result<String, RowsError<()>>;

fn exported(rows: &mut Memory, export: &Made, piece: (u64, u64)) -> Exported {
    let mut exporter = Exporter::of(rows, Id::new("acme").ok(), piece)?;
    let mut text = exporter.head()?;
    let early = exporter.end(&export.key, UnixMillis(START));
    assert_eq!(early.is_some(), piece.0 == piece.1, "nothing is signed before it was followed");
    while let Some(lines) = exporter.next(rows)? {
        text.push_str(&lines);
    }
    Ok(text + &exporter.end(&export.key, UnixMillis(START)).unwrap())
}

#[test]
fn what_is_exported_verifies() {
    let export = made(450, 50);
    let (keys, mut rows) = (export.keys(), Memory::of(&export));
    for piece in [(0, 450), (0, 0), (0, 1), (7, 7), (7, 300), (449, 450), (450, 450)] {
        let text = exported(&mut rows, &export, piece).unwrap();
        let found = report(&text, &keys);
        assert_eq!(wrong(&found), ("none", 0), "{piece:?}");
        let held = found.piece.unwrap();
        assert_eq!((held.since, held.until), piece);
    }
}

#[test]
fn what_does_not_hold_together_is_not_signed() {
    let export = made(20, 51);
    let fresh = || Memory::of(&export);
    let other = Memory::of(&made(20, 52));
    let check = |what: &str, change: &dyn Fn(&mut Memory), after: u64| {
        let mut rows = fresh();
        change(&mut rows);
        let refused = exported(&mut rows, &export, (0, 20)).unwrap_err();
        assert_eq!(refused, RowsError::Damaged(after), "{what}");
    };
    check("removed", &|rows| drop(rows.0.remove(9)), 9);
    check("the last ones removed", &|rows| rows.0.truncate(12), 12);
    check("changed", &|rows| rows.0[9].line = rows.0[9].line.replace("\"key_", "\"kez_"), 9);
    check("no line", &|rows| rows.0[9].line.push(' '), 9);
    check("swapped", &|rows| rows.0.swap(9, 10), 9);
    check("of another history", &|rows| rows.0[9] = other.0[9].clone(), 9);
    let mut rows = fresh();
    rows.0[4].line = other.0[4].line.replace("acme", "beta");
    let begins = exported(&mut rows, &export, (5, 20)).unwrap_err();
    assert_eq!(begins, RowsError::Damaged(4), "the entry before the first");
    assert_eq!(exported(&mut fresh(), &export, (21, 30)).unwrap_err(), RowsError::Damaged(20));
}

#[test]
fn pages_give_each_entry_that_a_filter_picks_once() {
    let export = made(1_000, 53);
    let mut rows = Memory::of(&export);
    let lines: Vec<_> = rows.0.iter().map(|kept| kept.line.clone()).collect();
    let middle = Written::read(&lines[500]).unwrap();
    let id = |text| Id::new(text).ok();
    for (what, filter) in [
        ("all", Filter::default()),
        ("who", Filter { actor: Some(Actor::Command), ..Filter::default() }),
        ("what", Filter { operation: id("keys.revoke"), ..Filter::default() }),
        ("to what", Filter { subject: Some(middle.subject), ..Filter::default() }),
        ("request", Filter { request: middle.request.or(id("none")), ..Filter::default() }),
        ("since", Filter { since: Some(middle.at), ..Filter::default() }),
        ("until", Filter { until: Some(middle.at), ..Filter::default() }),
        ("nothing", Filter { operation: id("keys.forget"), ..Filter::default() }),
    ] {
        let picked = |line: &&String| filter.picks(&Written::read(line).unwrap());
        let expected: Vec<_> = lines.iter().filter(picked).cloned().collect();
        for limit in [37, usize::MAX] {
            let (mut found, mut next) = (vec![], Some(0));
            while let Some(after) = next {
                let page = page(&mut rows, &filter, after, limit).unwrap();
                assert!(page.lines.len() <= limit.min(PAGE_MAX));
                found.extend(page.lines);
                next = page.next;
            }
            assert_eq!(found, expected, "{what}, {limit} at once");
        }
    }
    let by_command = lines.iter().filter(|line| line.contains("\"actor\":\"command\"")).count();
    assert!(by_command > 50, "{by_command}");
}

#[test]
fn a_page_looks_at_no_more_than_it_may() {
    let export = made(u64::try_from(LOOKED_AT_MAX).unwrap() + 300, 54);
    let mut rows = Memory::of(&export);
    let none = Filter { operation: Id::new("keys.forget").ok(), ..Filter::default() };
    let first = page(&mut rows, &none, 0, 10).unwrap();
    assert_eq!((first.lines.len(), first.next), (0, Some(LOOKED_AT_MAX as u64)));
    assert_eq!(page(&mut rows, &none, LOOKED_AT_MAX as u64, 10).unwrap().next, None);
    rows.0[3].line.push('x');
    assert_eq!(page(&mut rows, &none, 0, 10), Err(RowsError::Damaged(3)));
}

#[test]
fn a_secret_finds_what_stands_there_for_it() {
    let export = made(1, 55);
    let line = Memory::of(&export).0[0].line.clone();
    let mut entry = Written::read(&line).unwrap();
    let (secret, veiled) = ("a".repeat(40), "veiled-0");
    entry.subject = Id::new(veiled).unwrap();
    let filter = Filter { subject: Id::new(&secret).ok(), ..Filter::default() };
    assert!(!filter.picks(&entry), "another word's");
    let mut chain = tollgate_audit::Chain::new(None);
    let subject = Id::new(&secret).unwrap();
    let (before, after) = (tollgate_audit::Image::nothing(), tollgate_audit::Image::nothing());
    let (at, operation) = (UnixMillis(START), Id::new("owners.create").unwrap());
    let (actor, from, request) = (Actor::System, None, None);
    let told =
        tollgate_audit::Entry { at, actor, operation, subject, before, after, from, request };
    let line = chain.append(&told).unwrap().line;
    assert!(filter.picks(&Written::read(&line).unwrap()));
}
