//! What may stand in a line.

#![expect(clippy::unwrap_used, reason = "a test stops at what should not be")]

use tollgate_core::key::Prefix;

use super::*;

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
