//! How many lines there are, and what may stand in one.

#![expect(clippy::unwrap_used, reason = "a test stops at what should not be")]

use std::thread;

use tollgate_core::key::Prefix;

use super::*;

#[test]
fn no_second_has_more_lines_than_it_may_and_the_rest_is_counted() {
    let rate = Rate::default();
    let told = |second, tries: u64| (0..tries).filter(|_| rate.allows(second, 3)).count();
    let left_out = || rate.left_out.swap(0, Ordering::Relaxed);
    for (second, tries, expected, left) in [
        (0, 2, 2, 0),
        (0, 5, 1, 4),
        (1, 3, 3, 0),
        (9, 0, 0, 0),
        (9, 10, 3, 7),
        (u64::MAX >> 20, 4, 3, 1),
    ] {
        assert_eq!((told(second, tries), left_out()), (expected, left), "{second}");
    }
}

#[test]
fn however_many_threads_ask_at_once_a_second_has_its_lines_once() {
    let rate = Rate::default();
    let told = AtomicU64::new(0);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for second in 0..200 {
                    for _ in 0..20 {
                        // Threads are in different seconds at one time: what comes late begins none anew.
                        told.fetch_add(u64::from(rate.allows(second / 200, 7)), Ordering::Relaxed);
                    }
                }
            });
        }
    });
    assert_eq!(told.load(Ordering::Relaxed), 7);
    assert_eq!(rate.left_out.load(Ordering::Relaxed), 4 * 200 * 20 - 7);
}

#[test]
fn what_a_client_sent_is_shown_short_printable_and_without_its_key() {
    let brand = Brand::new(Prefix::new("tg").unwrap().as_str(), &["live"]).unwrap();
    let key = format!("tg_live_{}", "1PFomxVvHxK9DoPCchyGyQ9uYxJ7rLoXE5C7u22zYyp52XJUH5");
    for (text, expected) in [
        ("/orders/7", "/orders/7"),
        ("/a\nb\r\u{1b}[31m\u{7f}\u{85}\u{202e}é", "/a?b??[31m????"),
        (&format!("/x/{key}/y"), "/x/tg_live_…"),
        (&"/a".repeat(400), &"/a".repeat(128)),
    ] {
        assert_eq!(shown(text, PATH_SHOWN_MAX, &brand), expected);
    }
}
