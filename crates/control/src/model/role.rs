//! Roles: scopes under one name.

use serde::{Deserialize, Serialize};
use tollgate_core::scope::SCOPES_MAX;

use super::{
    document::{Body, Document},
    shape::Shape,
    tables,
};
use crate::problem::{Fault, Finding, Findings};

/// A role: it grants scopes, and no role.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Role {
    /// Its name within the tenant.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// What its keys may do.
    pub scopes: Vec<String>,
}

impl Body for Role {
    const SHAPE: &'static Shape = &tables::NEW_ROLE;
}

impl Document for Role {
    const PUT: &'static Shape = &tables::ROLE_PUT;
    const PATCH: &'static Shape = &tables::ROLE_PATCH;
    const NAME: Option<&'static str> = Some("name");
}

/// Every scope of a key: its own and those of its roles, in order and each once.
///
/// # Errors
///
/// When a role is unknown, or there would be more than [`SCOPES_MAX`].
pub fn granted(
    own: &[String],
    names: &[String],
    known: &[Role],
) -> Result<Vec<String>, Vec<Finding>> {
    let mut wrong = Findings::new();
    let mut scopes = own.to_vec();
    for (at, name) in names.iter().enumerate() {
        match known.iter().find(|role| role.name == *name) {
            Some(role) => scopes.extend(role.scopes.iter().cloned()),
            None => {
                let detail = "must be a role of the tenant";
                wrong.push(Finding::in_list("roles", at, Fault::UnknownName, detail));
            }
        }
    }
    scopes.sort_unstable();
    scopes.dedup();
    if scopes.len() > SCOPES_MAX {
        let detail = format!("must have at most {SCOPES_MAX} scopes with those of the roles");
        let field = if names.is_empty() { "scopes" } else { "roles" };
        wrong.push(Finding::at(field, Fault::TooMany, detail));
    }
    if wrong.is_empty() { Ok(scopes) } else { Err(wrong.into_list()) }
}
