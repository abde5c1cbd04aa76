//! Which tenant has the most entries.

use core::{array, cmp::Reverse};

use super::SLOTS;
use crate::head::entry::{Entry, Name};

/// The tenant whose entries are folded.
pub(super) struct Busiest {
    /// The tenant.
    pub(super) tenant: Name,
    /// How many entries it has.
    pub(super) entries: u32,
    /// The newest of them.
    pub(super) newest: u64,
}

/// The tenant with the most of `entries`; of equals the one whose newest entry is the oldest.
///
/// Counted in a table on the stack, because comparing every entry with every other takes milliseconds,
/// and a list that is full is folded at every change.
pub(super) fn busiest<'e>(entries: impl Iterator<Item = &'e Entry>) -> Busiest {
    let mut slots: [Option<(&Entry, u32, u64)>; SLOTS] = array::from_fn(|_| None);
    for entry in entries {
        let tenant = entry.subject.tenant();
        let mut at = tenant.hash();
        // There are more slots than entries, so the search ends.
        for _ in 0..SLOTS {
            let Some(slot) = slots.get_mut(at % SLOTS) else { break };
            match slot {
                None => {
                    *slot = Some((entry, 1, entry.epoch));
                    break;
                }
                Some((other, count, newest)) if other.subject.tenant() == tenant => {
                    *count = count.saturating_add(1);
                    *newest = entry.epoch.max(*newest);
                    break;
                }
                Some(_) => at = at.wrapping_add(1),
            }
        }
    }
    let all = slots.iter().flatten();
    let most = all.max_by_key(|(_, count, newest)| (*count, Reverse(*newest)));
    most.map_or(
        Busiest { tenant: *Entry::NONE.subject.tenant(), entries: 0, newest: 0 },
        |(entry, count, newest)| Busiest {
            tenant: *entry.subject.tenant(),
            entries: *count,
            newest: *newest,
        },
    )
}
