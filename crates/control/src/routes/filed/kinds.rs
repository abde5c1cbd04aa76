//! What tenants, owners, roles and templates differ in.

use serde_json::{Value, json};

pub(crate) use super::super::grants::Reach;
use super::super::{
    Desk,
    grants::{self, Bounds},
};
use crate::{
    DocumentKind, StoppedBy,
    admit::Admitted,
    model::{Document, Holding, Marks, Owner, Reason, Role, Shown, State, Template, Tenant},
    problem::Code,
    reply::Refusal,
};

/// One of the four.
pub(crate) trait Kind: Document + Clone {
    /// Which.
    const KIND: DocumentKind;
    /// What a list of them is called.
    const PLURAL: &'static str;
    /// There is one already.
    const EXISTS: Code;
    /// There is none.
    const UNKNOWN: Code;

    /// Its id or its name.
    fn name(&self) -> &str;

    /// What else it is searched by: what people call it, and what it is.
    fn texts(&self) -> (Option<&str>, Option<&str>);

    /// Nothing but its name.
    fn unsaid(name: &str) -> Self;

    /// It as it is shown.
    fn shown(&self, stopped: Option<StoppedBy>, reason: Option<&Reason>, marks: &Marks) -> Value;

    /// The scopes that it grants.
    fn scopes(&self) -> &[String] {
        &[]
    }

    /// Refuses what only operators give, unless it was there before.
    fn given_by(&self, _who: &Admitted, _before: &Self) -> Result<(), Refusal> {
        Ok(())
    }

    /// What else changes where it was something else before.
    fn reach(&self, _desk: &mut Desk<'_>, _tenant: &str, _before: &Self) -> Result<Reach, Refusal> {
        Ok(Reach::default())
    }

    /// Refuses a list to whoever may not see it.
    fn may_list(desk: &Desk<'_>, _tenant: &str) -> Result<(), Refusal> {
        desk.tenant_seen().map(drop)
    }

    /// The tenant that one is read in.
    fn tenant_seen(desk: &Desk<'_>, _name: &str) -> Result<String, Refusal> {
        desk.tenant_seen()
    }

    /// The tenant that one is changed in.
    fn tenant_changed(desk: &Desk<'_>, _name: &str) -> Result<String, Refusal> {
        desk.tenant_changed()
    }

    /// The tenant that one is made in; none if it is one itself.
    fn tenant_made(desk: &Desk<'_>) -> Result<Option<String>, Refusal> {
        desk.tenant_changed().map(Some)
    }
}

impl Kind for Tenant {
    const KIND: DocumentKind = DocumentKind::Tenant;
    const PLURAL: &'static str = "tenants";
    const EXISTS: Code = Code::TenantExists;
    const UNKNOWN: Code = Code::TenantUnknown;

    fn name(&self) -> &str {
        &self.id
    }

    fn texts(&self) -> (Option<&str>, Option<&str>) {
        (self.name.as_deref(), self.description.as_deref())
    }

    fn unsaid(name: &str) -> Self {
        Self { id: name.to_owned(), ..Self::default() }
    }

    fn shown(&self, stopped: Option<StoppedBy>, reason: Option<&Reason>, marks: &Marks) -> Value {
        let state = State::of(stopped.is_some());
        json!(Holding { said: self, state, stopped_by: stopped, reason, marks })
    }

    /// All of them are listed, and so for operators alone.
    fn may_list(desk: &Desk<'_>, _tenant: &str) -> Result<(), Refusal> {
        if desk.who.sees_all() { Ok(()) } else { Err(Code::Forbidden.into()) }
    }

    fn tenant_seen(desk: &Desk<'_>, name: &str) -> Result<String, Refusal> {
        if desk.who.sees(name) { Ok(name.to_owned()) } else { Err(Self::UNKNOWN.into()) }
    }

    // SECURITY: what is said of one's own tenant is an operator's to say too.
    fn tenant_changed(desk: &Desk<'_>, name: &str) -> Result<String, Refusal> {
        Self::tenant_seen(desk, name)?;
        let may = desk.who.sees_all() && desk.who.changes(name);
        if may { Ok(name.to_owned()) } else { Err(Code::Forbidden.into()) }
    }

    fn tenant_made(desk: &Desk<'_>) -> Result<Option<String>, Refusal> {
        // That it may write tenants the operation's scope says.
        if desk.who.sees_all() { Ok(None) } else { Err(Code::Forbidden.into()) }
    }
}

impl Kind for Owner {
    const KIND: DocumentKind = DocumentKind::Owner;
    const PLURAL: &'static str = "owners";
    const EXISTS: Code = Code::OwnerExists;
    const UNKNOWN: Code = Code::OwnerUnknown;

    fn name(&self) -> &str {
        &self.id
    }

    fn texts(&self) -> (Option<&str>, Option<&str>) {
        (self.name.as_deref(), self.description.as_deref())
    }

    fn unsaid(name: &str) -> Self {
        Self { id: name.to_owned(), ..Self::default() }
    }

    fn shown(&self, stopped: Option<StoppedBy>, reason: Option<&Reason>, marks: &Marks) -> Value {
        let state = State::of(stopped.is_some());
        json!(Holding { said: self, state, stopped_by: stopped, reason, marks })
    }
}

impl Kind for Role {
    const KIND: DocumentKind = DocumentKind::Role;
    const PLURAL: &'static str = "roles";
    const EXISTS: Code = Code::RoleExists;
    const UNKNOWN: Code = Code::RoleUnknown;

    fn name(&self) -> &str {
        &self.name
    }

    fn texts(&self) -> (Option<&str>, Option<&str>) {
        (None, self.description.as_deref())
    }

    fn unsaid(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    fn shown(&self, _stopped: Option<StoppedBy>, _reason: Option<&Reason>, marks: &Marks) -> Value {
        json!(Shown { said: self, marks })
    }

    fn scopes(&self) -> &[String] {
        &self.scopes
    }

    fn reach(&self, desk: &mut Desk<'_>, tenant: &str, before: &Self) -> Result<Reach, Refusal> {
        if self.scopes == before.scopes {
            return Ok(Reach::default());
        }
        grants::reach(desk, tenant, self)
    }
}

impl Kind for Template {
    const KIND: DocumentKind = DocumentKind::Template;
    const PLURAL: &'static str = "templates";
    const EXISTS: Code = Code::TemplateExists;
    const UNKNOWN: Code = Code::TemplateUnknown;

    fn name(&self) -> &str {
        &self.name
    }

    fn texts(&self) -> (Option<&str>, Option<&str>) {
        (None, self.description.as_deref())
    }

    fn unsaid(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    fn shown(&self, _stopped: Option<StoppedBy>, _reason: Option<&Reason>, marks: &Marks) -> Value {
        json!(Shown { said: self, marks })
    }

    fn scopes(&self) -> &[String] {
        self.defaults.given.scopes.as_deref().unwrap_or_default()
    }

    fn given_by(&self, who: &Admitted, before: &Self) -> Result<(), Refusal> {
        Bounds::of(self).given_by(who, &[Bounds::of(before)], Some("defaults"))
    }

    fn reach(&self, desk: &mut Desk<'_>, tenant: &str, before: &Self) -> Result<Reach, Refusal> {
        grants::given(desk, tenant, [self, before])
    }
}
