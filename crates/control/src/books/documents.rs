//! What is said of tenants, owners, roles and templates, as it is kept.

use serde::Serialize;

/// The most owners of a tenant of whom something is kept. Those that are there by their keys alone are not counted.
pub const OWNERS_MAX: usize = 10_000;

/// The most roles of a tenant.
pub const ROLES_MAX: usize = 1_000;

/// The most templates of a tenant.
pub const TEMPLATES_MAX: usize = 1_000;

/// What a document is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DocumentKind {
    /// A tenant.
    Tenant,
    /// An owner.
    Owner,
    /// A role.
    Role,
    /// A template.
    Template,
}

impl DocumentKind {
    /// The most of them that a tenant has; none where nobody counts.
    #[must_use]
    pub const fn most(self) -> Option<usize> {
        match self {
            Self::Tenant => None,
            Self::Owner => Some(OWNERS_MAX),
            Self::Role => Some(ROLES_MAX),
            Self::Template => Some(TEMPLATES_MAX),
        }
    }

    /// Its name, as it is kept.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tenant => "tenant",
            Self::Owner => "owner",
            Self::Role => "role",
            Self::Template => "template",
        }
    }
}

/// Which document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DocumentId<'a> {
    /// What it is about.
    pub kind: DocumentKind,
    /// Whose it is; the tenant itself if it is about one. Nothing where all tenants are listed from the first.
    pub tenant: &'a str,
    /// Its name within the tenant; nothing if it is about the tenant.
    pub name: &'a str,
}

/// Who has stopped a tenant or an owner, and so who ends that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StoppedBy {
    /// A key of the tenant itself: any that may change its owners ends it.
    Tenant,
    /// Whoever may change every tenant, or run the command where the store is: they alone end it.
    Operators,
}

/// What is known of a tenant, an owner, a role or a template.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Documented {
    /// Its id or its name.
    pub name: String,
    /// What is kept of it, as a text of the control plane.
    pub document: Option<String>,
    /// Who has stopped it, if it is: a tenant or an owner.
    pub stopped: Option<StoppedBy>,
    /// Whether anything else refers to it. A tenant: a key that is not revoked, an owner, a role or a template of it, or
    /// the stop of an owner. An owner: a key that is not revoked. A role or a template: a key that carries it.
    pub used: bool,
}

/// What a change was made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held<'a> {
    /// This is what is kept; nothing if there is no such document.
    Document(DocumentId<'a>, Option<&'a str>),
    /// So many keys carry it.
    Carriers(DocumentId<'a>, usize),
    /// This one has stopped it; nobody if it is not stopped.
    Stopped(DocumentId<'a>, Option<StoppedBy>),
    /// Of its kind its tenant has fewer than so many, wherever it stands among them.
    Fewer(DocumentId<'a>, usize),
    /// It is not stopped, and nothing else refers to it.
    Unused(DocumentId<'a>),
}

/// What a key has beside its own scopes, and what it was made by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Carries<'a> {
    /// Its roles.
    pub roles: &'a [String],
    /// Its template.
    pub template: Option<&'a str>,
}
