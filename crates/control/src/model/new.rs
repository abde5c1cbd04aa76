//! A key to be made.

use serde::{Deserialize, Serialize};
use tollgate_core::time::UnixMillis;
use tollgate_ledger::Settings;

use super::{
    details::Details,
    document::Body,
    key::Given,
    role::{Role, granted},
    shape::Shape,
    tables,
    template::Template,
};
use crate::problem::{Code, Fault, Finding, Findings, Problem};

/// What a caller says of a key to be made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NewKey {
    /// The template that it is made by.
    pub template: Option<String>,
    /// Who it acts for; unless it is said, whoever asks.
    pub owner: Option<String>,
    /// What people call it.
    pub name: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// The first instant at which it is valid.
    pub not_before: Option<u64>,
    /// The first instant at which it is valid no more.
    pub expires: Option<u64>,
    /// What it may do.
    #[serde(flatten)]
    pub given: Given,
}

/// Who makes a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct By<'a> {
    /// The tenant that it is made in: the caller's, or the one that a caller who may do so acts for.
    pub tenant: &'a str,
    /// Who it acts for unless its maker says so.
    pub owner: &'a str,
    /// The id of the caller's key.
    pub key: &'a str,
}

/// A key as it is to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// What people call it.
    pub name: Option<String>,
    /// What it may do.
    pub settings: Settings,
    /// What is kept beside the ledger; its first secret has no number yet.
    pub details: Details,
}

impl Body for NewKey {
    const SHAPE: &'static Shape = &tables::NEW_KEY;

    fn together(&self, findings: &mut Findings) {
        let mut put = self.given.clone().put(String::from("a"));
        (put.not_before, put.expires) = (self.not_before, self.expires);
        findings.extend(put.problems());
    }
}

impl NewKey {
    /// The key as it is made at `now`, by the template that it names and the roles of its tenant.
    ///
    /// # Errors
    ///
    /// When the template is not the one that is named, something is missing that neither says, the template forbids
    /// something, a role is unknown, or the ledger's rules forbid it.
    pub fn made(
        self,
        by: By<'_>,
        template: Option<&Template>,
        roles: &[Role],
        now: UnixMillis,
    ) -> Result<Made, Problem> {
        let mut findings = Findings::new();
        if self.template.as_deref() != template.map(|template| template.name.as_str()) {
            let detail = "must be a template of the tenant";
            findings.push(Finding::at("template", Fault::UnknownName, detail));
            return Err(Problem::found(Code::BodyInvalid, findings));
        }
        let mut expires = self.expires;
        let mut given = self.given;
        if let Some(template) = template {
            template.check_name(self.name.as_deref(), &mut findings);
            template.check_given(&given, expires, &mut findings);
            given = given.or(&template.defaults.given);
            let life = template.defaults.lifetime_ms;
            expires = expires.or(life.map(|life| now.plus(life).0));
            expires = template.end(now.0, expires);
        }
        for (field, missing) in [("env", given.env.is_none()), ("limits", given.limits.is_none())] {
            if missing {
                let detail = "must be given, as no template says it";
                findings.push(Finding::at(field, Fault::Required, detail));
            }
        }
        if self.expires.is_some_and(|expires| expires <= now.0) {
            findings.push(Finding::at("expires", Fault::OutOfRange, "must be later than now"));
        }
        let env = given.env.clone().unwrap_or_default();
        let mut put = given.put(self.owner.unwrap_or_else(|| by.owner.to_owned()));
        (put.name, put.description) = (self.name, self.description);
        (put.not_before, put.expires) = (self.not_before, expires);
        let scopes = granted(&put.scopes, &put.roles, roles).unwrap_or_else(|wrong| {
            findings.extend(wrong);
            vec![]
        });
        let (settings, beside) = put.split(by.tenant.to_owned(), env, scopes);
        findings.extend(settings.problems().iter().map(Finding::from));
        if !findings.is_empty() {
            return Err(Problem::found(Code::BodyInvalid, findings));
        }
        let details = Details {
            template: self.template,
            creator: Some(by.key.to_owned()),
            updated_ms: now.0,
            rotation_ms: template.and_then(|template| template.rotation_ms),
            ..beside.details
        };
        Ok(Made { name: beside.name, settings, details })
    }
}
