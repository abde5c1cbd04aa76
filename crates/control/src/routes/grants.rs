//! What roles and templates give keys: looked up where a key is made or changed, and given again where a role changes.
//! And what nobody gives but operators.

use tollgate_core::limit::{LimitScope, Numbers, NumbersError};
use tollgate_ledger::{Change, LimitSpec, QuotaSpec};

use super::{
    Desk,
    filed::{self, id},
    said::details_of,
};
use crate::{
    Act, Filed, Held, Told,
    admit::Admitted,
    model::{Role, Template, granted},
    problem::{Code, Fault, Finding, Findings, Problem},
    reply::Refusal,
};

/// The most keys that carry a role whose scopes change: all of them are changed in one transaction.
pub(crate) const CARRIERS_MAX: usize = 1_000;

/// The roles and the template that a key names, and what they were read from.
#[derive(Default)]
pub(crate) struct Known {
    pub(crate) template: Option<Template>,
    pub(crate) roles: Vec<Role>,
    templates_read: Vec<(String, Option<String>)>,
    roles_read: Vec<(String, Option<String>)>,
}

impl Known {
    /// Looks a template up.
    pub(crate) fn look_up_template(
        &mut self,
        desk: &mut Desk<'_>,
        tenant: &str,
        name: Option<&str>,
    ) -> Result<(), Refusal> {
        let Some(name) = name else { return Ok(()) };
        let (said, text) = filed::lookup::<Template>(desk, tenant, name)?;
        self.template = said;
        self.templates_read.push((name.to_owned(), text));
        Ok(())
    }

    /// Looks roles up that have not been.
    pub(crate) fn look_up_roles(
        &mut self,
        desk: &mut Desk<'_>,
        tenant: &str,
        names: &[String],
    ) -> Result<(), Refusal> {
        for name in names {
            if self.roles_read.iter().any(|(known, _)| known == name) {
                continue;
            }
            let (said, text) = filed::lookup::<Role>(desk, tenant, name)?;
            self.roles.extend(said);
            self.roles_read.push((name.clone(), text));
        }
        Ok(())
    }

    /// The limits and quotas that it gives.
    pub(crate) fn bounds(&self) -> Vec<Bounds<'_>> {
        self.template.iter().map(Bounds::of).collect()
    }

    /// That all of it is still so.
    pub(crate) fn held<'k>(&'k self, tenant: &'k str) -> Vec<Held<'k>> {
        let templates = self
            .templates_read
            .iter()
            .map(|(name, text)| Held::Document(id::<Template>(tenant, name), text.as_deref()));
        let roles = self
            .roles_read
            .iter()
            .map(|(name, text)| Held::Document(id::<Role>(tenant, name), text.as_deref()));
        templates.chain(roles).collect()
    }
}

/// A limit or a quota by its name and its numbers.
type Counted<'c> = (&'c str, Result<Numbers, NumbersError>);

/// The limits and quotas of a key or a template.
#[derive(Clone, Copy)]
pub(crate) struct Bounds<'b> {
    pub(crate) limits: &'b [LimitSpec],
    pub(crate) quotas: &'b [QuotaSpec],
}

impl<'b> Bounds<'b> {
    /// Those that a template gives.
    pub(crate) fn of(template: &'b Template) -> Self {
        let given = &template.defaults.given;
        Self {
            limits: given.limits.as_deref().unwrap_or_default(),
            quotas: given.quotas.as_deref().unwrap_or_default(),
        }
    }

    /// What counts all tenants together: in which list it stands and where, its name and its numbers.
    fn global(self) -> impl Iterator<Item = (&'static str, usize, Counted<'b>)> {
        let is_global = |scope| scope == LimitScope::Global;
        let limits = self.limits.iter().enumerate().filter(move |(_, one)| is_global(one.scope));
        let quotas = self.quotas.iter().enumerate().filter(move |(_, one)| is_global(one.scope));
        let limits = limits.map(|(at, one)| ("limits", at, (&*one.name, one.numbers())));
        limits.chain(quotas.map(|(at, one)| ("quotas", at, (&*one.name, one.numbers()))))
    }

    /// Refuses to whoever may not change every tenant what counts all tenants together, unless it was in one of `before` as
    /// it is. They stand in `member` of the body, or in the body itself.
    ///
    /// # Security
    ///
    /// Whoever named such a limit first would say its numbers to all others, would be told what they have, and would spend
    /// what is theirs.
    pub(crate) fn given_by(
        self,
        who: &Admitted,
        before: &[Self],
        member: Option<&str>,
    ) -> Result<(), Refusal> {
        if who.changes_all() {
            return Ok(());
        }
        let there = |wanted| {
            before.iter().any(|bounds| bounds.global().any(|(_, _, known)| known == wanted))
        };
        let mut findings = Findings::new();
        let new = self.global().filter(|&(_, _, wanted)| !there(wanted));
        findings.extend(new.map(|(list, at, _)| {
            let rule = "must not count all tenants together: operators alone give that";
            let mut finding = Finding::in_list(list, at, Fault::NotAllowed, rule);
            if let Some(member) = member {
                finding.inside(member);
            }
            finding
        }));
        if findings.is_empty() {
            return Ok(());
        }
        Err(Problem::found(Code::BodyInvalid, findings).into())
    }
}

/// The roles that templates give, as they are: refused where one administers more than the caller does.
pub(crate) fn given(
    desk: &mut Desk<'_>,
    tenant: &str,
    templates: [&Template; 2],
) -> Result<Reach, Refusal> {
    let mut known = Known::default();
    for template in templates {
        let roles = template.defaults.given.roles.as_deref().unwrap_or_default();
        known.look_up_roles(desk, tenant, roles)?;
    }
    if known.roles.iter().any(|role| desk.who.lacks(&role.scopes).is_some()) {
        return Err(Code::Forbidden.into());
    }
    Ok(Reach { known, ..Reach::default() })
}

/// What changes with a role: every key that carries it.
#[derive(Default)]
pub(crate) struct Reach {
    pub(crate) changes: Vec<Changed>,
    role: Option<String>,
    known: Known,
}

/// One key with other scopes.
pub(crate) struct Changed {
    filed: Filed,
    change: Change,
    details: String,
}

impl Changed {
    /// The key's id.
    pub(crate) fn key(&self) -> &str {
        &self.filed.key.id
    }

    /// The act that changes it.
    pub(crate) fn act<'c>(&'c self, told: Told<'c>) -> Act<'c> {
        Act {
            change: Some(&self.change),
            key: Some(self.key()),
            details: Some(&self.details),
            ..Act::of(told)
        }
    }
}

impl Reach {
    /// What it was made from: so many keys carry the role, and their other roles are as they were.
    pub(crate) fn held<'r>(&'r self, tenant: &'r str) -> Vec<Held<'r>> {
        let carriers = self.role.as_ref();
        let carriers =
            carriers.map(|role| Held::Carriers(id::<Role>(tenant, role), self.changes.len()));
        carriers.into_iter().chain(self.known.held(tenant)).collect()
    }
}

/// Every key that carries `role`, with the scopes that it has once the role is this.
pub(crate) fn reach(desk: &mut Desk<'_>, tenant: &str, role: &Role) -> Result<Reach, Refusal> {
    let carriers = id::<Role>(tenant, &role.name);
    let filed = desk.books.carriers(carriers, CARRIERS_MAX.saturating_add(1))?;
    if filed.len() > CARRIERS_MAX {
        let detail = format!(
            "More than {CARRIERS_MAX} keys carry the role. Make another, and give it to some of them."
        );
        return Err(Problem::with(Code::InUse, detail).into());
    }
    let mut known = Known::default();
    let mut changes = vec![];
    for filed in filed {
        let mut details = details_of(&filed);
        let others: Vec<String> =
            details.roles.iter().filter(|name| **name != role.name).cloned().collect();
        known.look_up_roles(desk, tenant, &others)?;
        let roles: Vec<Role> = known.roles.iter().chain([role]).cloned().collect();
        let scopes = granted(&details.scopes, &details.roles, &roles)
            .map_err(|_| too_many(&filed.key.id))?;
        let mut settings = filed.key.settings.clone();
        settings.scopes = scopes;
        details.updated_ms = desk.now.0;
        let (id, expected) = (filed.key.id.clone(), Some(filed.key.changed));
        let change = Change::Update { id, settings, expected };
        changes.push(Changed { filed, change, details: details.to_text() });
    }
    Ok(Reach { changes, role: Some(role.name.clone()), known })
}

/// A key would have more scopes than one may.
fn too_many(key: &str) -> Refusal {
    let mut findings = Findings::new();
    let detail = format!("would give {key} more than 64 scopes");
    findings.push(Finding::at("scopes", Fault::TooMany, detail));
    Problem::found(Code::BodyInvalid, findings).into()
}
