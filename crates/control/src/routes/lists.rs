//! Lists of keys: what the store cannot choose by is looked for here, among so many keys at a time.

use serde_json::json;

use super::{Desk, said::view};
use crate::{
    Response, Wanted,
    model::{ALL, KeyQuery, KeyView},
    problem::Code,
    reply::{Refusal, json as reply},
};

/// The most keys that one request reads. A page may be shorter for that, or empty, and the next goes on.
const READ_MAX: usize = 2_000;

/// The most keys that the store looks at for one request, most of them in an index.
const LOOKED_AT_MAX: u64 = 100_000;

/// So many keys are read at a time, where only some of them will be shown.
const READ_AT_ONCE: usize = 500;

/// Some keys.
pub(super) fn list(desk: &mut Desk<'_>) -> Result<Response, Refusal> {
    let query = query(desk)?;
    let (found, next) = found(desk, &query)?;
    Ok(reply(200, &json!({ "keys": found, "next": next })))
}

/// What is asked for.
fn query(desk: &Desk<'_>) -> Result<KeyQuery, Refusal> {
    let query = KeyQuery::read(desk.request.query, desk.who.tenant())?;
    let may = match query.tenant.as_str() {
        ALL => desk.who.sees_all(),
        tenant => desk.who.sees(tenant),
    };
    if may { Ok(query) } else { Err(Code::TenantUnknown.into()) }
}

/// The keys that follow, and where the next page begins.
fn found(desk: &mut Desk<'_>, query: &KeyQuery) -> Result<(Vec<KeyView>, Option<String>), Refusal> {
    let (mut found, mut after) = (vec![], query.after.clone());
    let (mut read, mut looked_at) = (0_usize, 0_u64);
    loop {
        let rest = query.limit.saturating_sub(found.len());
        let wanted = Wanted {
            tenant: Some(query.tenant.as_str()).filter(|tenant| *tenant != ALL),
            owner: query.owner.as_deref(),
            env: query.env.as_deref(),
            state: query.state,
            expiring_before: query.expiring_before,
            sort: query.sort,
            after: after.as_ref(),
            limit: if query.is_chosen_by_stores() { rest } else { READ_AT_ONCE },
        };
        let page = desk.books.keys(&wanted)?;
        for filed in &page.keys {
            let shown = view(filed, desk.now);
            let place = query.position(&shown);
            if query.admits(&shown) {
                if found.len() >= query.limit {
                    return Ok((found, after.map(|after| query.cursor(&after))));
                }
                found.push(shown);
            }
            after = Some(place);
        }
        let Some(next) = page.next else { return Ok((found, None)) };
        read = read.saturating_add(page.keys.len());
        looked_at = looked_at.saturating_add(page.looked_at);
        let full = query.is_chosen_by_stores() && found.len() >= query.limit;
        if full || read >= READ_MAX || looked_at >= LOOKED_AT_MAX {
            return Ok((found, Some(query.cursor(&next))));
        }
        after = Some(next);
    }
}
