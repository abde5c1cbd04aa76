//! What is said of tenants, owners, roles and templates, and which keys carry them.

use tollgate_control::{Carries, DocumentId, DocumentKind, Documented, Filed, Held, StoppedBy};
use tollgate_ledger::PAGE_MAX;

use super::filed;
use crate::{Fault, Given, Row, Sql, statements};

/// What is known of a tenant, an owner, a role or a template.
///
/// # Errors
///
/// When the read fails.
pub fn document(sql: &mut impl Sql, id: DocumentId<'_>) -> Result<Documented, Fault> {
    let DocumentId { kind, tenant, name } = id;
    let rows = match kind {
        DocumentKind::Tenant => sql.rows(statements::TENANT_HELD, &[tenant.into()])?,
        DocumentKind::Owner => sql.rows(statements::OWNER_HELD, &[tenant.into(), name.into()])?,
        DocumentKind::Role | DocumentKind::Template => {
            sql.rows(statements::CARRIED_HELD, &which(id))?
        }
    };
    read(rows.first().ok_or_else(|| Fault::damaged("documents"))?)
}

/// The same of those after one, in the order of their names; at most [`PAGE_MAX`] whatever the limit.
///
/// # Errors
///
/// When the read fails.
pub fn documents(
    sql: &mut impl Sql,
    after: DocumentId<'_>,
    limit: usize,
) -> Result<Vec<Documented>, Fault> {
    let most = count(limit.clamp(1, PAGE_MAX));
    let [kind, tenant, name] = which(after);
    let rows = match after.kind {
        DocumentKind::Tenant => sql.rows(statements::TENANTS_HELD, &[tenant, most])?,
        DocumentKind::Owner => sql.rows(statements::OWNERS_HELD, &[tenant, name, most])?,
        DocumentKind::Role | DocumentKind::Template => {
            sql.rows(statements::CARRIEDS_HELD, &[kind, tenant, name, most])?
        }
    };
    rows.iter().map(read).collect()
}

/// The keys that carry a role or a template, in the order of their ids.
///
/// # Errors
///
/// When the read fails.
pub fn carriers(sql: &mut impl Sql, of: DocumentId<'_>, limit: usize) -> Result<Vec<Filed>, Fault> {
    let [kind, tenant, name] = which(of);
    let rows = sql.rows(statements::FILED_CARRIERS, &[kind, tenant, name, count(limit)])?;
    rows.iter().map(filed).collect()
}

/// Whether what a change was made from is so.
pub(super) fn holds(sql: &mut impl Sql, held: &Held<'_>) -> Result<bool, Fault> {
    Ok(match *held {
        Held::Document(id, text) => kept(sql, id)?.as_deref() == text,
        Held::Carriers(id, number) => {
            let [kind, tenant, name] = which(id);
            // One more than there may be is enough to know that there are more.
            let most = count(number.saturating_add(1));
            let rows = sql.rows(statements::CARRIED, &[kind, tenant, name, most])?;
            let found = rows.first().ok_or_else(|| Fault::damaged("carried"))?.number(0)?;
            usize::try_from(found) == Ok(number)
        }
        Held::Fewer(id, most) => {
            let [kind, tenant, _] = which(id);
            let rows = sql.rows(statements::DOCUMENTS_COUNTED, &[kind, tenant, count(most)])?;
            let found = rows.first().ok_or_else(|| Fault::damaged("documents"))?.number(0)?;
            usize::try_from(found).is_ok_and(|found| found < most)
        }
        Held::Stopped(id, by) => document(sql, id)?.stopped == by,
        Held::Unused(id) => {
            let Documented { stopped, used, .. } = document(sql, id)?;
            stopped.is_none() && !used
        }
    })
}

/// What is kept of it.
pub(super) fn kept(sql: &mut impl Sql, id: DocumentId<'_>) -> Result<Option<String>, Fault> {
    let rows = sql.rows(statements::DOCUMENT, &which(id))?;
    rows.first().map(|row| row.text(0).map(str::to_owned)).transpose()
}

/// Keeps a text of it, or nothing.
pub(super) fn keep(
    sql: &mut impl Sql,
    id: DocumentId<'_>,
    text: Option<&str>,
) -> Result<(), Fault> {
    let [kind, tenant, name] = which(id);
    match text {
        Some(text) => {
            sql.rows(statements::DOCUMENT_KEPT, &[kind, tenant, name, text.into()]).map(drop)
        }
        None => sql.rows(statements::DOCUMENT_LEAVES, &[kind, tenant, name]).map(drop),
    }
}

/// A key carries this from now on.
pub(super) fn carry(
    sql: &mut impl Sql,
    (tenant, key): (&str, &str),
    carries: Carries<'_>,
) -> Result<(), Fault> {
    sql.rows(statements::CARRIED_LEAVES, &[key.into()])?;
    let roles = carries.roles.iter().map(|role| (DocumentKind::Role, role.as_str()));
    let template = carries.template.map(|template| (DocumentKind::Template, template));
    for (kind, name) in roles.chain(template) {
        let row = [kind.as_str(), tenant, name, key].map(Given::Text);
        sql.rows(statements::CARRIED_KEPT, &row)?;
    }
    Ok(())
}

fn which<'a>(DocumentId { kind, tenant, name }: DocumentId<'a>) -> [Given<'a>; 3] {
    [kind.as_str(), tenant, name].map(Given::Text)
}

fn count(rows: usize) -> Given<'static> {
    Given::Number(u64::try_from(rows).unwrap_or(u64::MAX))
}

fn read(row: &Row) -> Result<Documented, Fault> {
    let by = |own| if own == 0 { StoppedBy::Operators } else { StoppedBy::Tenant };
    Ok(Documented {
        name: row.text(0)?.to_owned(),
        document: row.optional_text(1)?.map(str::to_owned),
        stopped: row.optional(2)?.map(by),
        used: row.flag(3)?,
    })
}
