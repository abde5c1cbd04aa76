//! A thousand entries: changed, removed, doubled, swapped, cut off.

use serde_json::json;
use sha2::{Digest, Sha256};
use tollgate_audit::{Fault, Report, Verifier, Written};
use tollgate_testkit::{Random, full};

use crate::made::{Made, after, feed, made, wrong};

/// The fields of an entry, as its line spells them, and the hash.
struct Fields(Vec<(&'static str, String)>);

impl Fields {
    fn of(line: &str) -> Self {
        let entry = Written::read(line).unwrap();
        let text = |text: &str| json!(text).to_string();
        Self(vec![
            ("n", entry.number.to_string()),
            ("prev", text(&entry.previous.to_string())),
            ("at", entry.at.0.to_string()),
            ("tenant", json!(entry.tenant.map(|id| id.as_str())).to_string()),
            ("actor", text(&entry.actor.to_string())),
            ("operation", text(entry.operation.as_str())),
            ("subject", text(entry.subject.as_str())),
            ("before", entry.before.to_owned()),
            ("after", entry.after.to_owned()),
            ("from", json!(entry.from.map(|from| from.to_string())).to_string()),
            ("request", json!(entry.request.map(|id| id.as_str())).to_string()),
            ("hash", text(&entry.hash.to_string())),
        ])
    }

    fn spelling(&self) -> String {
        let fields = self.0[..11].iter().map(|(name, value)| format!("\"{name}\":{value}"));
        format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
    }

    fn line(&self) -> String {
        format!("{{\"entry\":{},\"hash\":{}}}", self.spelling(), self.0[11].1)
    }

    /// The same with another value of one field, which is one that might be there.
    fn changed(&self, at: usize, random: &mut Random) -> Self {
        let mut fields = self.0.clone();
        let (name, value) = &mut fields[at];
        let number = |value: &str| value.parse::<u64>().unwrap();
        *value = match *name {
            "n" | "at" => (number(value) + 1 - 2 * random.below(2)).to_string(),
            "prev" | "hash" => format!("\"{:064x}\"", random.bits()),
            "tenant" => random.one_of(&["null", "\"acme2\""]).to_owned(),
            "actor" => format!("\"key:key_{:x}\"", random.bits()),
            "before" | "after" => format!("{{\"rate\":{}}}", random.below(1 << 50)),
            "from" => format!("\"198.51.100.{}\"", random.below(256)),
            _ => format!("\"x{:x}\"", random.bits()),
        };
        assert_ne!(self.0[at].1, *value);
        Self(fields)
    }

    /// The same with the hash that it comes to.
    fn hashed(mut self) -> Self {
        let said = format!("tollgate-audit-entry-v1:{}", self.spelling());
        let digits = Sha256::digest(said).into_iter().map(|byte| format!("{byte:02x}"));
        self.0[11].1 = format!("\"{}\"", digits.collect::<String>());
        self
    }
}

/// Fails unless a report names one of `codes` at `line`, counted from 0, and vouches for nothing after it.
fn found(report: &Report, codes: &[&str], line: usize, number: u64, what: &str) {
    let (code, at) = wrong(report);
    assert!(codes.contains(&code) && at == line as u64 + 1, "{what}: {code} in line {at}");
    let vouched = report.vouched.as_ref().map_or(0, |vouched| vouched.number);
    assert!(vouched < number, "{what}: vouched for {vouched}");
}

fn entries(export: &Made, mut each: impl FnMut(usize, u64, &str)) {
    let entries = export.entries();
    assert_eq!(entries.len(), 1_000);
    for (at, number) in entries.into_iter().zip(1..) {
        each(at, number, &export.lines[at]);
    }
}

#[test]
fn an_entry_changed_in_any_field_is_found() {
    let (export, mut random) = (made(1_000, 1), Random::new(2));
    let keys = export.keys();
    let before = export.before_each(&keys);
    entries(&export, |at, number, line| {
        let fields = Fields::of(line);
        assert_eq!(fields.line(), line, "the test spells as the page says");
        for field in 0..12 {
            let what = format!("{} of entry {number}", fields.0[field].0);
            let changed = fields.changed(field, &mut random);
            let report = after(&before[at], [changed.line().as_str()]);
            found(&report, &["changed"], at, number, &what);
        }
    });
}

#[test]
fn a_changed_entry_with_its_own_hash_does_not_fit_its_neighbours() {
    let (export, mut random) = (made(1_000, 3), Random::new(4));
    let keys = export.keys();
    let before = export.before_each(&keys);
    entries(&export, |at, number, line| {
        for field in 0..11 {
            let fields = Fields::of(line).changed(field, &mut random).hashed();
            let name = fields.0[field].0;
            let what = format!("{name} of entry {number}, hashed anew");
            let line = fields.line();
            let next = export.lines[at + 1..].iter().map(String::as_str);
            let report = after(&before[at], [line.as_str()].into_iter().chain(next));
            let (codes, place): (&[_], _) = match name {
                "n" => (&["removed", "doubled"], at),
                "prev" => (&["unlinked"], at),
                "tenant" => (&["other_chain"], at),
                "at" if wrong(&report).0 == "backwards" => (&["backwards"], at),
                _ => (&["unlinked", "disagrees"], at + 1),
            };
            found(&report, codes, place, number, &what);
        }
    });
}

/// Whoever can write but not sign makes all hashes anew, up to the next checkpoint.
#[test]
fn a_changed_entry_with_all_hashes_made_anew_is_found_by_the_next_checkpoint() {
    let (export, mut random) = (made(1_000, 5), Random::new(6));
    let keys = export.keys();
    let before = export.before_each(&keys);
    entries(&export, |at, number, line| {
        let fields = if full() { 4..11 } else { 0..1 };
        for field in fields {
            let field = if full() { field } else { 4 + random.place(7) };
            let mut forged = vec![Fields::of(line).changed(field, &mut random).hashed()];
            let mut place = at + 1;
            while export.lines[place].starts_with("{\"entry\":") {
                let mut next = Fields::of(&export.lines[place]);
                next.0[1].1.clone_from(&forged[forged.len() - 1].0[11].1);
                forged.push(next.hashed());
                place += 1;
            }
            let forged: Vec<_> = forged.iter().map(Fields::line).collect();
            let lines = forged.iter().chain(&export.lines[place..]).map(String::as_str);
            let report = after(&before[at], lines);
            found(&report, &["disagrees"], place, number, &format!("entry {number}, all anew"));
        }
    });
}

#[test]
fn a_removed_entry_is_found() {
    let export = made(1_000, 7);
    let keys = export.keys();
    let before = export.before_each(&keys);
    entries(&export, |at, number, _| {
        let report = after(&before[at], export.lines[at + 1..].iter().map(String::as_str));
        found(&report, &["removed"], at, number, &format!("entry {number} removed"));
        assert_eq!(report.wrong.unwrap().fault, Fault::Removed { number });
    });
}

#[test]
fn an_entry_that_stands_there_twice_is_found() {
    let (export, mut random) = (made(1_000, 8), Random::new(9));
    let keys = export.keys();
    let before = export.before_each(&keys);
    entries(&export, |at, number, line| {
        // Beside itself, and somewhere further down.
        let further = at + 1 + random.place(export.lines.len() - 1 - at);
        for place in [at + 1, further] {
            let mut verifier: Verifier<'_> = before[place].clone();
            feed(&mut verifier, line);
            let report = verifier.finish();
            assert_eq!(wrong(&report), ("doubled", place as u64 + 1), "entry {number}");
            assert_eq!(report.wrong.unwrap().fault, Fault::Doubled { number });
        }
    });
}

#[test]
fn an_entry_swapped_with_its_neighbour_is_found() {
    let export = made(1_000, 10);
    let keys = export.keys();
    let before = export.before_each(&keys);
    let entries = export.entries();
    for (&first, number) in entries[..999].iter().zip(1..) {
        let next = entries[usize::try_from(number).unwrap()];
        // With the next line, whatever that is, and with the next entry.
        for second in [first + 1, next] {
            let mut lines = export.lines[first..(second + 3).min(export.lines.len())].to_vec();
            lines.swap(0, second - first);
            let mut verifier = before[first].clone();
            lines.iter().for_each(|line| feed(&mut verifier, line));
            let report = verifier.finish();
            found(&report, &["out_of_order"], first, number, &format!("{number} swapped"));
            assert_eq!(report.wrong.unwrap().fault, Fault::OutOfOrder { number });
        }
    }
}

#[test]
fn a_cut_off_end_is_found_and_what_was_vouched_for_before_it_is_named() {
    let export = made(1_000, 11);
    let keys = export.keys();
    let mut vouched = 0;
    for (before, (line, at)) in export.before_each(&keys).iter().zip(export.lines.iter().zip(1..)) {
        let lengths = if full() || at < 20 { 0..=line.len() } else { 0..=1 };
        for length in lengths {
            let mut verifier = before.clone();
            verifier.feed(&line.as_bytes()[..length]);
            let report = verifier.finish();
            assert_eq!(wrong(&report), ("cut_off", at), "after {length} bytes of line {at}");
            assert_eq!(report.vouched.map_or(0, |vouched| vouched.number), vouched);
        }
        if line.starts_with("{\"checkpoint\":") {
            vouched = before.clone().finish().piece.unwrap().until;
        }
    }
    assert!(vouched > 900, "the last checkpoint is of entry {vouched}");
}
