//! A process that is killed in the middle of writing: what it answered is there, and nothing more is let through.

use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
};

use tollgate_core::{
    limit::{Numbers, Period},
    record::State,
    time::UnixMillis,
};
use tollgate_ledger::{Change, Ledger};
use tollgate_store_sqlite::{Access, Store};
use tollgate_testkit::{Random, full};

use crate::made::{Folder, Holder, NOW, another, change, create, creation, id, state, told};

const BUCKET: &str = "acme/key/key_1/total";

fn quota() -> Numbers {
    Numbers::quota(4_000, Period::Total).unwrap()
}

/// Creates and revokes keys and spends tokens, and says what was answered, until `rounds` are done.
fn write(path: &Path, first: u32, rounds: u32, mut say: impl FnMut(String)) {
    let mut store = create(path);
    let mut holder = Holder::new([u8::try_from(first % 251).unwrap() + 1; 16], quota());
    for number in first..first.saturating_add(rounds) {
        let created = change(&mut store, &creation(number)).stamp.epoch;
        say(format!("created {number} {created}"));
        let revoked = change(&mut store, &Change::Revoke { id: id(number) }).stamp.epoch;
        say(format!("revoked {number} {revoked}"));
        for _ in 0..3 {
            if holder.admit(&mut store, BUCKET, 1, NOW) {
                say(format!("admitted 1 {number}"));
            }
        }
    }
}

/// What a process has answered before it died.
#[derive(Default)]
struct Answered {
    revoked: Vec<u32>,
    created: Vec<u32>,
    admitted: u32,
    epoch: u64,
    lines: u64,
}

impl Answered {
    fn hear(&mut self, line: &str) {
        let mut words = line.split(' ');
        let what = words.next();
        let mut number = || words.next().and_then(|word| word.parse::<u64>().ok());
        let (Some(first), Some(second)) = (number(), number()) else { return };
        let key = u32::try_from(first).unwrap();
        match what {
            Some("created") => self.created.push(key),
            Some("revoked") => self.revoked.push(key),
            Some("admitted") => self.admitted += 1,
            _ => return,
        }
        if what != Some("admitted") {
            self.epoch = self.epoch.max(second);
        }
        self.lines += 1;
    }
}

/// Everything that was answered is in the store, which is whole.
fn check(path: &Path, answered: &Answered) {
    let mut store = Store::open(path, Access::ReadWrite).unwrap();
    let raw = rusqlite::Connection::open(path).unwrap();
    let whole: String = raw.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(whole, "ok");
    let broken: i64 = raw
        .query_row("SELECT count(*) FROM pragma_foreign_key_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(broken, 0);
    assert!(store.stamp().unwrap().epoch >= answered.epoch);
    for &number in &answered.created {
        assert!(state(&mut store, number).is_some(), "key {number} was created, and is gone");
    }
    for &number in &answered.revoked {
        let (state, _) = state(&mut store, number).unwrap();
        assert_eq!(state, State::Revoked, "key {number} was revoked, and is back");
    }
}

/// Called with a path it is the process that is killed; in a run of its own it writes a little and looks.
#[test]
fn what_is_answered_is_on_disk() {
    if let Some((path, first)) = told("write") {
        let mut out = std::io::stdout();
        write(&path, first, u32::MAX, |line| writeln!(out, "\n{line}").unwrap());
    }
    let folder = Folder::new();
    let path = folder.file("store.db");
    let mut answered = Answered::default();
    write(&path, 0, 5, |line| answered.hear(&line));
    assert_eq!((answered.lines, answered.admitted), (25, 15));
    check(&path, &answered);
}

#[test]
fn a_kill_in_the_middle_of_writing_loses_nothing_and_lets_nothing_through() {
    let folder = Folder::new();
    let path = folder.file("store.db");
    drop(create(&path));
    let mut random = Random::new(11);
    let mut answered = Answered::default();
    for round in 0..if full() { 60 } else { 6_u32 } {
        let test = "crash::what_is_answered_is_on_disk";
        let mut child = another(test, "write", &path, round * 100_000).spawn().unwrap();
        let until = answered.lines + random.within(1, 60);
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        while answered.lines < until {
            let Some(line) = lines.next() else { panic!("the process ended by itself") };
            answered.hear(&line.unwrap());
        }
        // SIGKILL: nothing of it runs any more, wherever it was.
        child.kill().unwrap();
        child.wait().unwrap();
        for line in lines.map_while(Result::ok) {
            answered.hear(&line);
        }
        check(&path, &answered);
    }
    // What the dead had leased is lost, and what is left is all there is.
    let mut store = Store::open(&path, Access::ReadWrite).unwrap();
    let mut holder = Holder::new([255; 16], quota());
    let mut rest = 0;
    while holder.admit(&mut store, BUCKET, 1, UnixMillis(NOW.0)) {
        rest += 1;
    }
    let all = answered.admitted + rest;
    assert!(all <= 4_000, "{all} of 4,000 were admitted");
    assert!(answered.admitted > 0 && rest > 0);
}
