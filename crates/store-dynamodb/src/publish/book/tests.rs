//! How entries are laid out over the head's own item and its pages.

#![expect(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    reason = "a test stops at what should not be"
)]

use tollgate_core::{
    head::{Name, Subject},
    id::Id,
    stamp::Stamp,
    time::UnixMillis,
};

use super::{Book, ENTRY_AGE_MAX_MS, Page};
use crate::{
    head::{HeadItem, read_entries},
    layout::{ENTRIES, HEAD_ITEM_ENTRIES_MAX, PAGE_ENTRIES_MAX, PAGES_MAX},
};

const NOW: UnixMillis = UnixMillis(1_700_000_000_000);

fn name(text: &str) -> Name {
    Name::new(Id::new(text).unwrap())
}

fn key(tenant: &str, number: u64) -> Subject {
    Subject::Key { tenant: name(tenant), key: name(&format!("key_{number}")) }
}

fn book() -> Book {
    Book::begin(Stamp { incarnation: 7, epoch: 1 })
}

/// Lays the book out, and checks that item and pages together say what the head says.
fn check(book: &mut Book) -> usize {
    let (item, fresh, gone) = book.lay_out();
    let told = HeadItem::read(&item).unwrap();
    assert!(told.entries.len() <= HEAD_ITEM_ENTRIES_MAX, "{}", told.entries.len());
    assert!(book.pages.len() <= PAGES_MAX, "{} pages", book.pages.len());
    assert!(book.pages.iter().all(|page| page.entries.len() <= PAGE_ENTRIES_MAX));
    for page in &fresh {
        assert!(read_entries(page[ENTRIES].as_s().unwrap()).is_some());
    }
    let paged = book.pages.iter().flat_map(|page| &page.entries);
    let all: Vec<_> = paged.chain(&told.entries).map(|dated| dated.entry).collect();
    assert_eq!(all, book.head.entries());
    let mut from = book.head.floor();
    for Page { last, entries } in &book.pages {
        assert!(entries.iter().all(|dated| from < dated.entry.epoch && dated.entry.epoch <= *last));
        from = *last;
    }
    assert_eq!(told.since, from);
    assert_eq!(told.pages, book.pages.iter().map(|page| page.last).collect::<Vec<_>>());
    fresh.len() + gone.len()
}

#[test]
fn every_entry_stands_in_the_item_or_in_one_page() {
    let mut book = book();
    for number in 0..3_000 {
        book.record(Some(key(&format!("t{}", number % 5), number)), NOW);
        check(&mut book);
    }
}

#[test]
fn what_changes_again_leaves_its_page() {
    let mut book = book();
    for number in 0..300 {
        book.record(Some(key("acme", number)), NOW);
        check(&mut book);
    }
    for number in (0..300).step_by(7).chain(0..300) {
        book.record(Some(key("acme", number)), NOW);
        assert!(check(&mut book) <= 4, "few pages are written for one entry");
    }
}

#[test]
fn a_full_list_is_told_per_tenant() {
    let mut book = book();
    for number in 0..2_000 {
        book.record(Some(key("acme", number)), NOW);
    }
    book.record(Some(key("other", 1)), NOW);
    check(&mut book);
    let subjects: Vec<_> = book.head.entries().iter().map(|entry| entry.subject).collect();
    assert!(subjects.contains(&Subject::Tenant { tenant: name("acme") }));
    assert!(subjects.contains(&key("other", 1)));
    assert_eq!(book.head.floor(), 1, "the floor rises by age alone");
}

#[test]
fn entries_leave_after_a_day_with_their_pages() {
    let mut book = book();
    for number in 0..200 {
        book.record(Some(key("acme", number)), NOW);
        check(&mut book);
    }
    let kept = book.record(Some(key("acme", 1_000)), NOW.plus(1));
    assert!(!book.pages.is_empty());
    book.age(NOW.plus(ENTRY_AGE_MAX_MS));
    check(&mut book);
    assert_eq!(book.head.floor(), kept.epoch - 1);
    assert_eq!(book.head.entries().len(), 1);
    assert!(book.pages.is_empty());
}

#[test]
fn the_last_changes_are_known_by_their_tokens() {
    let mut book = book();
    for number in 0..40 {
        book.record(None, NOW);
        book.remember(&format!("token{number}"));
    }
    assert_eq!(book.made_with(41), Some("token39"));
    assert_eq!(book.made_with(26), Some("token24"));
    assert_eq!(book.made_with(25), None);
}
