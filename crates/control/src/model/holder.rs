//! Tenants and owners, and how what is kept of anything but keys is shown.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize, Serializer};

use super::{
    super::StoppedBy,
    details::Reason,
    document::{Body, Document},
    shape::Shape,
    tables,
};

/// What is said of a tenant: a workspace of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tenant {
    /// Its id.
    pub id: String,
    /// What people call it.
    pub name: Option<String>,
    /// What it is.
    pub description: Option<String>,
    /// Names and texts of the caller's own.
    #[serde(default)]
    pub metadata: BTreeMap<String, String>,
}

/// What is said of an owner: who keys act for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// Its id within the tenant.
    pub id: String,
    /// One of [`OWNER_KINDS`](tables::OWNER_KINDS): a user, a service or a team; nothing where nobody has said it.
    #[serde(serialize_with = "unless_empty")]
    pub kind: String,
    /// What people call it.
    pub name: Option<String>,
    /// What it is.
    pub description: Option<String>,
    /// Names and texts of the caller's own.
    #[serde(default)]
    pub metadata: BTreeMap<String, String>,
}

impl Body for Tenant {
    const SHAPE: &'static Shape = &tables::NEW_TENANT;
}

impl Document for Tenant {
    const PUT: &'static Shape = &tables::TENANT_PUT;
    const PATCH: &'static Shape = &tables::TENANT_PATCH;
    const NAME: Option<&'static str> = Some("id");
}

impl Body for Owner {
    const SHAPE: &'static Shape = &tables::NEW_OWNER;
}

impl Document for Owner {
    const PUT: &'static Shape = &tables::OWNER_PUT;
    const PATCH: &'static Shape = &tables::OWNER_PATCH;
    const NAME: Option<&'static str> = Some("id");
}

/// Whether a tenant or an owner is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Nothing stands against it.
    Active,
    /// All its keys are switched off.
    Disabled,
}

impl State {
    /// That of one that is stopped, or is not.
    #[must_use]
    pub const fn of(stopped: bool) -> Self {
        if stopped { Self::Disabled } else { Self::Active }
    }
}

/// Who made something, and when it was changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marks {
    /// Who made it: the id of a key.
    pub creator: Option<String>,
    /// When it was made; not known of a tenant or an owner that is there by its keys.
    pub created: Option<u64>,
    /// When it was last changed, likewise.
    pub updated: Option<u64>,
    /// Its version, as `ETag` has it.
    pub version: String,
}

/// A role or a template, as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Shown<'a, T> {
    /// What is said of it.
    #[serde(flatten)]
    pub said: &'a T,
    /// Who made it, and when it was changed.
    #[serde(flatten)]
    pub marks: &'a Marks,
}

/// A tenant or an owner, as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Holding<'a, T> {
    /// What is said of it.
    #[serde(flatten)]
    pub said: &'a T,
    /// Whether it is stopped.
    pub state: State,
    /// Who has stopped it, if it is.
    pub stopped_by: Option<StoppedBy>,
    /// Why, if it is and a reason was given.
    pub reason: Option<&'a Reason>,
    /// Who made it, and when it was changed.
    #[serde(flatten)]
    pub marks: &'a Marks,
}

fn unless_empty<S: Serializer>(text: &str, to: S) -> Result<S::Ok, S::Error> {
    if text.is_empty() { to.serialize_none() } else { to.serialize_str(text) }
}
