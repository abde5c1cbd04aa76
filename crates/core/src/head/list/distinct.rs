//! Whether a list names nobody twice.

use core::array;

use super::SLOTS;
use crate::head::entry::Entry;

/// Whether no two of at most [`HEAD_ENTRIES_MAX`](super::HEAD_ENTRIES_MAX) entries are of one subject.
///
/// Looked up in a table on the stack: every gate that begins opens a whole list, and comparing every
/// entry with every other takes longer than all the rest of that.
pub(in crate::head) fn distinct(entries: &[Entry]) -> bool {
    let mut slots: [Option<&Entry>; SLOTS] = array::from_fn(|_| None);
    for entry in entries {
        let mut at = entry.subject.hash();
        // There are more slots than entries, so the search ends.
        for _ in 0..SLOTS {
            let Some(slot) = slots.get_mut(at % SLOTS) else { break };
            match slot {
                None => {
                    *slot = Some(entry);
                    break;
                }
                Some(other) if other.subject == entry.subject => return false,
                Some(_) => at = at.wrapping_add(1),
            }
        }
    }
    true
}
