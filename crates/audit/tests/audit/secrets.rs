//! No secret gets into the log, even if somebody put one where a name belongs.

use serde_json::json;
use tollgate_audit::{Actor, Chain, Entry, Image, LINE_MAX, Written};
use tollgate_core::{id::Id, time::UnixMillis};

use crate::made::{START, Shown};

const SECRET: &str = "1PFomxVvHxK9DoPCchyGyQ9uYxJ7rLoXE5C7u22zYyp52XJUH5";

#[test]
fn a_key_that_somebody_gave_as_a_name_is_not_written() {
    let key = format!("tg_live_{SECRET}");
    let id = Id::new(&key).unwrap();
    let document = json!({
        "name": key, "labels": [format!("is {key}!")], "metadata": { key.clone(): { "a": key.to_owned() } },
        "description": format!("{key} ").repeat(100),
    });
    let (before, after) = (Image::of(&Shown(document.clone())), Image::of(&Shown(document)));
    let at = UnixMillis(START);
    let operation = Id::new("keys.create").unwrap();
    let (actor, request) = (Actor::Command, Some(id));
    let entry = Entry { at, actor, operation, subject: id, before, after, from: None, request };
    let line = Chain::new(None).append(&entry).unwrap().line;
    for piece in SECRET.as_bytes().windows(6) {
        let piece = std::str::from_utf8(piece).unwrap();
        assert!(!line.contains(piece), "{piece} is in {line}");
    }
    let read = Written::read(&line).unwrap();
    assert_eq!(read.subject.as_str(), "tg_live_veiled-2e8e6410c547c06a9f1e1a76140e67f5");
    assert!(read.holds());
}

#[test]
fn the_largest_entry_fits_its_line() {
    let name = "~".repeat(39) + "." + &"~".repeat(24);
    let name = name.replace('~', "z");
    let id = Id::new(&name).unwrap();
    let full = Image::of(&Shown(json!(vec!["0123456789"; 2520])));
    let (before, after) = (full.clone(), full);
    let from =
        tollgate_core::network::Address::parse("1111:2222:3333:4444:5555:6666:7777:8888").ok();
    let at = UnixMillis(1 << 53);
    let (actor, request) = (Actor::Key(id), Some(id));
    let entry = Entry { at, actor, operation: id, subject: id, before, after, from, request };
    let mut chain = Chain { number: (1 << 53) - 1, ..Chain::new(Some(id)) };
    let line = chain.append(&entry).unwrap().line;
    assert!(line.len() <= LINE_MAX, "{} bytes", line.len());
    assert!(Written::read(&line).unwrap().holds());
}
