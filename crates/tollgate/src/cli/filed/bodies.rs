//! What is said of tenants, owners, roles and templates as flags.

use clap::{Args, ValueEnum};
use serde_json::{Map, Value, json};
use tollgate_control::model::tables::{OVERRIDABLE, OWNER_KINDS};
use tollgate_core::time::UnixMillis;

use crate::{
    cli::{Failure, keys::entries, settings::Rights},
    written::duration,
};

/// What people say of a tenant or an owner.
#[derive(Args, Clone, Debug)]
pub(in crate::cli) struct HolderBody {
    /// What people call it
    #[arg(long)]
    name: Option<String>,
    /// What it is
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// What is kept for whoever uses it: NAME=TEXT; repeat it for more, NAME alone takes one away
    #[arg(long = "metadata", value_name = "NAME=TEXT")]
    metadata: Vec<String>,
    /// What is emptied
    #[arg(long, value_enum, value_name = "FIELD")]
    clear: Vec<Said>,
}

/// The same of an owner.
#[derive(Args, Clone, Debug)]
pub(in crate::cli) struct OwnerBody {
    /// Who it is: a person, a program, or several people
    #[arg(long, value_parser = OWNER_KINDS)]
    kind: Option<String>,
    #[command(flatten)]
    holder: HolderBody,
}

/// What a role is.
#[derive(Args, Clone, Debug)]
pub(in crate::cli) struct RoleBody {
    /// What it is for
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// What keys of it may do; repeat it for more
    #[arg(long = "scope", value_name = "SCOPE")]
    scopes: Vec<String>,
}

/// What a template gives to keys and asks of them.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "What its keys have unless it is said")]
pub(in crate::cli) struct TemplateBody {
    /// For which env
    #[arg(long)]
    env: Option<String>,
    /// A role whose scopes they have as well; repeat it for more
    #[arg(long = "role", value_name = "NAME")]
    roles: Vec<String>,
    /// When they end, counted from when they are made
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    lifetime: Option<u64>,
    #[command(flatten)]
    rights: Rights,
    /// What it is for
    #[arg(long, value_name = "TEXT", help_heading = "What it asks of them")]
    description: Option<String>,
    /// The longest life of a key: an end that is later, or none, is brought forward
    #[arg(long, value_name = "DURATION", value_parser = duration, help_heading = "What it asks of them")]
    lifetime_max: Option<u64>,
    /// How old a secret may be before another should take its place
    #[arg(long, value_name = "DURATION", value_parser = duration, help_heading = "What it asks of them")]
    rotation: Option<u64>,
    /// What whoever makes a key may say other than this; repeat it for more
    #[arg(long, value_name = "FIELD", value_parser = OVERRIDABLE, help_heading = "What it asks of them")]
    overridable: Vec<String>,
    /// What a key's name must begin with
    #[arg(long, value_name = "TEXT", help_heading = "What it asks of them")]
    name_prefix: Option<String>,
    /// What a key's name must end with
    #[arg(long, value_name = "TEXT", help_heading = "What it asks of them")]
    name_suffix: Option<String>,
    /// A key's name may have none but a-z 0-9 _ . -
    #[arg(long, help_heading = "What it asks of them")]
    name_plain: bool,
}

/// What can be emptied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Said {
    Name,
    Description,
}

/// A body that is filled with what was given.
struct Filling(Map<String, Value>);

impl Filling {
    fn new() -> Self {
        Self(Map::new())
    }

    fn put(&mut self, name: &str, given: Option<Value>) {
        if let Some(given) = given {
            self.0.insert(name.to_owned(), given);
        }
    }

    fn text(&mut self, name: &str, given: Option<&str>) {
        self.put(name, given.map(Value::from));
    }

    fn list(&mut self, name: &str, given: &[String]) {
        self.put(name, (!given.is_empty()).then(|| json!(given)));
    }
}

impl HolderBody {
    pub(in crate::cli) fn body(&self) -> Map<String, Value> {
        let mut body = Filling::new();
        body.text("name", self.name.as_deref());
        body.text("description", self.description.as_deref());
        body.put("metadata", (!self.metadata.is_empty()).then(|| entries(&self.metadata)));
        for said in &self.clear {
            let name = match said {
                Said::Name => "name",
                Said::Description => "description",
            };
            body.put(name, Some(Value::Null));
        }
        body.0
    }
}

impl OwnerBody {
    pub(in crate::cli) fn body(&self) -> Map<String, Value> {
        let mut body = Filling(self.holder.body());
        body.text("kind", self.kind.as_deref());
        body.0
    }
}

impl RoleBody {
    pub(in crate::cli) fn body(&self) -> Map<String, Value> {
        let mut body = Filling::new();
        body.text("description", self.description.as_deref());
        body.list("scopes", &self.scopes);
        body.0
    }
}

impl TemplateBody {
    /// What was given.
    ///
    /// # Errors
    ///
    /// A template gives a lifetime, and no instant.
    pub(in crate::cli) fn body(&self, now: UnixMillis) -> Result<Map<String, Value>, Failure> {
        let mut defaults = Filling(self.rights.body(now));
        if ["expires", "not_before"].iter().any(|name| defaults.0.contains_key(*name)) {
            let message = "a template gives keys a life and no instant: --lifetime 90d";
            return Err(Failure::usage("settings_invalid", message));
        }
        defaults.text("env", self.env.as_deref());
        defaults.list("roles", &self.roles);
        defaults.put("lifetime_ms", self.lifetime.map(Value::from));
        let mut naming = Filling::new();
        naming.text("prefix", self.name_prefix.as_deref());
        naming.text("suffix", self.name_suffix.as_deref());
        naming.put("plain", self.name_plain.then_some(Value::Bool(true)));
        let mut body = Filling::new();
        body.text("description", self.description.as_deref());
        body.put("lifetime_max_ms", self.lifetime_max.map(Value::from));
        body.put("rotation_ms", self.rotation.map(Value::from));
        body.list("overridable", &self.overridable);
        for (name, part) in [("defaults", defaults), ("naming", naming)] {
            body.put(name, (!part.0.is_empty()).then_some(Value::Object(part.0)));
        }
        Ok(body.0)
    }
}
