//! Pages and exports of a chain as a store keeps it.

use tollgate_audit::{
    Actor, Exporter, FOLLOWED_MAX, Filter, Followed, Kept, LOOKED_AT_MAX, PAGE_MAX, Rows,
    RowsError, Written, before, follow, page,
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
                let number = number(line);
                kept.push(Kept { number, line: line.clone(), checkpoint: None });
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
        let later = |kept: &&Kept| kept.number > number;
        Ok(self.0.iter().filter(later).take(most).cloned().collect())
    }
}

fn number(line: &str) -> u64 {
    line[14..].split(',').next().unwrap().parse().unwrap()
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
    let found = page(&mut rows, &none, 0, 10).unwrap().lines;
    assert_eq!(found, [rows.0[3].line.clone()], "what is damaged is in every page");
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

#[test]
fn what_is_signed_next_follows_from_what_was_signed_last() {
    let export = made(450, 56);
    let acme = || Id::new("acme").ok();
    let lines: Vec<_> = Memory::of(&export).0.into_iter().map(|kept| kept.line).collect();
    let hash = |number: usize| Written::read(&lines[number - 1]).unwrap().hash;
    let seven = Some((7, hash(7)));
    type Change = fn(&mut Memory);
    let whole: Change = |_| {};
    for (what, change, last, until, reached, damaged) in [
        ("whole", whole, None, 450, Some(450), None),
        ("since the seventh", whole, seven, 450, Some(450), None),
        ("nothing since", whole, seven, 7, Some(7), None),
        ("a part", whole, None, 9, Some(9), None),
        ("another history", whole, Some((7, hash(8))), 450, Some(450), Some(6)),
        ("changed", |rows| rows.0[9].line.push(' '), None, 450, Some(450), Some(9)),
        ("changed at the end", |rows| rows.0[449].line.push(' '), None, 450, None, Some(449)),
        ("removed", |rows| drop(rows.0.remove(9)), seven, 450, Some(450), Some(9)),
        (
            "what was signed is removed",
            |rows| drop(rows.0.remove(6)),
            seven,
            450,
            Some(450),
            Some(6),
        ),
        ("cut off", |rows| rows.0.truncate(440), seven, 450, None, Some(440)),
        ("cut off before", |rows| rows.0.truncate(5), seven, 450, None, Some(6)),
    ] {
        let mut rows = Memory::of(&export);
        change(&mut rows);
        let Followed { chain, damaged: found } = follow(&mut rows, acme(), last, until).unwrap();
        let stands = chain.map(|chain| (chain.number, chain.hash));
        let expected = reached.map(|number: u64| (number, hash(number as usize)));
        assert_eq!((stands, found), (expected, damaged), "{what}");
    }
    let long = made(u64::try_from(FOLLOWED_MAX).unwrap() + 300, 57);
    let followed = follow(&mut Memory::of(&long), acme(), None, 2_300).unwrap();
    assert_eq!(followed.chain.unwrap().number, 2_000, "one step is bounded");
    let other = follow(&mut Memory::of(&export), Id::new("beta").ok(), None, 450).unwrap();
    assert_eq!((other.chain, other.damaged), (None, Some(0)), "another chain's entries");
}

#[test]
fn the_first_entry_since_an_instant_is_found_without_reading_all() {
    let export = made(300, 58);
    let mut rows = Memory::of(&export);
    let times: Vec<_> = rows.0.iter().map(|kept| Written::read(&kept.line).unwrap().at.0).collect();
    for since in [0, times[0], times[7], times[7] + 1, times[150], times[299], times[299] + 1] {
        let expected = times.iter().filter(|&&at| at < since).count() as u64;
        assert_eq!(before(&mut rows, UnixMillis(since), 300), Ok(expected), "{since}");
    }
}

#[test]
fn a_chain_where_it_is_kept_needs_no_end() {
    let export = made(50, 59);
    let keys = export.keys();
    let mut verifier = tollgate_audit::Verifier::new(&keys);
    for line in &export.lines[..export.lines.len() - 1] {
        crate::made::feed(&mut verifier, line);
    }
    let found = verifier.clone().so_far();
    assert_eq!((wrong(&found), found.piece.unwrap().until), (("none", 0), 50));
    assert_eq!(wrong(&verifier.clone().finish()).0, "cut_off");
    crate::made::feed(&mut verifier, &export.lines[3]);
    assert_eq!(wrong(&verifier.so_far()).0, "doubled");
}
