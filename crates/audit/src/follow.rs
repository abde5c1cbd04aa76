//! Whether a chain still follows, where it is kept, from what was signed of it last.

use tollgate_core::id::Id;

use crate::{Chain, Hash, Kept, Rows, Written, rows::READ_MAX};

/// The most entries that are followed for one checkpoint; of what is further the next one is.
pub const FOLLOWED_MAX: usize = 2_000;

/// How far a chain was followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Followed<'a> {
    /// Where it stands there; none if the entry there is not as it was written.
    pub chain: Option<Chain<'a>>,
    /// After which entry it does not follow, first.
    pub damaged: Option<u64>,
}

/// Follows the chain of `tenant` from the entry that the `last` checkpoint is of (none: from its beginning) towards entry
/// `until`, for at most [`FOLLOWED_MAX`] entries.
///
/// Where it does not follow, it is taken up again with the next entry that is one: a checkpoint says that an entry had a
/// hash, and does not say less of the entries after the damage. What was changed before it is found by whoever verifies.
///
/// # Errors
///
/// When the store fails.
pub fn follow<'a, R: Rows>(
    rows: &mut R,
    tenant: Option<Id<'a>>,
    last: Option<(u64, Hash)>,
    until: u64,
) -> Result<Followed<'a>, R::Error> {
    let (mut chain, mut at, mut damaged) = (Some(Chain::new(tenant)), 0, None);
    if let Some((number, hash)) = last {
        let before = number.saturating_sub(1);
        let kept = rows.after(before, 1)?;
        chain = kept.first().and_then(|kept| begun(tenant, number, &kept.line));
        chain = chain.filter(|chain| chain.hash == hash);
        at = number;
        damaged = chain.is_none().then_some(before);
    }
    let mut seen = 0;
    while at < until && seen < FOLLOWED_MAX {
        let kept = rows.after(at, READ_MAX)?;
        let kept: Vec<_> = kept.into_iter().filter(|kept| kept.number <= until).collect();
        if kept.is_empty() {
            damaged.get_or_insert(at);
            return Ok(Followed { chain: None, damaged });
        }
        for Kept { number, line, .. } in kept {
            let entry = Written::read(&line);
            let next = chain.and_then(|chain| chain.followed(entry.as_ref()?));
            if next.is_none() {
                damaged.get_or_insert(at);
            }
            chain = next.or_else(|| begun(tenant, number, &line));
            at = at.saturating_add(1).max(number);
            seen = seen.saturating_add(1);
        }
    }
    Ok(Followed { chain, damaged })
}

/// The chain at an entry that is one of it, whatever was before.
fn begun<'a>(tenant: Option<Id<'a>>, number: u64, line: &str) -> Option<Chain<'a>> {
    let entry = Written::read(line)?;
    let same = entry.number == number && entry.tenant == tenant && entry.holds();
    same.then_some(Chain { tenant, number, hash: entry.hash, at: entry.at })
}
