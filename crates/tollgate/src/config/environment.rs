//! The environment: the only file that reads it.

use std::{collections::BTreeMap, env, ffi::OsString, fmt};

use zeroize::Zeroizing;

/// What our variables begin with.
pub(crate) const PREFIX: &str = "TOLLGATE_";

/// The variable that holds the secrets themselves.
pub(crate) const SECRETS: &str = "TOLLGATE_SECRETS";

/// The variable that holds the key which administers a deployment.
pub(crate) const ADMIN_KEY: &str = "TOLLGATE_ADMIN_KEY";

/// The variables of the environment that are ours.
#[derive(Default)]
pub(crate) struct Environment {
    fields: BTreeMap<String, Option<String>>,
    secrets: Option<Zeroizing<String>>,
    admin_key: Option<Zeroizing<String>>,
    colourless: bool,
}

impl Environment {
    /// What the process was started with.
    pub(crate) fn read() -> Self {
        Self::of(env::vars_os())
    }

    /// Those of `variables` that are ours.
    pub(crate) fn of(variables: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        let mut environment = Self::default();
        for (name, value) in variables {
            // What terminals and whoever uses them say to every command.
            let (bare, dumb) =
                (name == "NO_COLOR" && !value.is_empty(), name == "TERM" && value == "dumb");
            environment.colourless |= bare || dumb;
            let Some(name) = name.to_str().filter(|name| name.starts_with(PREFIX)) else {
                continue;
            };
            let value = value.into_string().ok();
            if name == SECRETS {
                environment.secrets = Some(Zeroizing::new(value.unwrap_or_default()));
            } else if name == ADMIN_KEY {
                environment.admin_key = Some(Zeroizing::new(value.unwrap_or_default()));
            } else if !is_of_a_service(name, value.as_deref().unwrap_or_default()) {
                environment.fields.insert(name.to_owned(), value);
            }
        }
        environment
    }

    /// The variables that set fields, with their values; none where a value is not UTF-8.
    pub(super) fn fields(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.fields.iter().map(|(name, value)| (name.as_str(), value.as_deref()))
    }

    /// The secrets, where the environment holds them.
    pub(crate) fn secrets(&self) -> Option<&str> {
        self.secrets.as_ref().map(|text| text.as_str())
    }

    /// Whether no colours are wanted: `NO_COLOR` is set, or the terminal can show none.
    pub(crate) const fn is_colourless(&self) -> bool {
        self.colourless
    }

    /// The admin key, where the environment holds it.
    pub(crate) fn admin_key(&self) -> Option<&str> {
        self.admin_key.as_ref().map(|text| text.as_str())
    }
}

/// Shows names and no value.
impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.fields.keys()).finish_non_exhaustive()
    }
}

/// Whether Kubernetes sets `name` to `value` in every container because a Service is called `tollgate…`: such a name says
/// nothing about the configuration, and nobody could keep it away.
fn is_of_a_service(name: &str, value: &str) -> bool {
    let name = name.strip_prefix(PREFIX).unwrap_or(name);
    let ends = |end: &str| name == end || name.strip_suffix(end).is_some_and(|n| n.ends_with('_'));
    let numbered = |rest: &str| rest.starts_with(|c: char| c.is_ascii_digit());
    ends("SERVICE_HOST")
        || ends("SERVICE_PORT")
        || name.starts_with("SERVICE_PORT_")
        || name.contains("_SERVICE_PORT_")
        || (ends("PORT") && value.contains("://"))
        || name.strip_prefix("PORT_").is_some_and(numbered)
        || name.split_once("_PORT_").is_some_and(|(_, rest)| numbered(rest))
}

#[cfg(test)]
mod tests {
    use super::{Environment, is_of_a_service};
    use crate::config::fields;

    #[test]
    fn what_kubernetes_sets_for_services_is_left_alone() {
        for name in [
            "SERVICE_HOST",
            "SERVICE_PORT",
            "SERVICE_PORT_HTTP",
            "PORT",
            "PORT_8080_TCP",
            "PORT_8080_TCP_ADDR",
            "EDGE_SERVICE_HOST",
            "EDGE_PORT_9090_TCP_PORT",
        ] {
            assert!(is_of_a_service(&format!("TOLLGATE_{name}"), "tcp://10.0.0.1:80"), "{name}");
        }
        for name in ["GATE_LISTEN", "GATE_PORT", "GATE_PORTS", "REPORT", "PORTAL", "SERVICE"] {
            assert!(!is_of_a_service(&format!("TOLLGATE_{name}"), "8080"), "{name}");
        }
    }

    #[test]
    fn no_field_has_the_name_of_something_that_is_left_alone() {
        for field in fields::all() {
            let name = super::super::variable(field);
            assert!(
                !is_of_a_service(&name, "tcp://10.0.0.1:80")
                    && ![super::SECRETS, super::ADMIN_KEY].contains(&name.as_str()),
                "{name}"
            );
        }
    }

    #[test]
    fn whoever_wants_no_colours_is_given_none() {
        for (name, value, colourless) in [
            ("NO_COLOR", "1", true),
            ("NO_COLOR", "", false),
            ("TERM", "dumb", true),
            ("TERM", "xterm-256color", false),
        ] {
            let environment = Environment::of([(name.into(), value.into())]);
            assert_eq!(environment.is_colourless(), colourless, "{name}={value}");
        }
    }

    #[test]
    fn a_value_of_the_environment_is_not_shown() {
        let pair = |name: &str, value: &str| (name.into(), value.into());
        let shown = format!(
            "{:?}",
            Environment::of([
                pair("TOLLGATE_SECRETS", "hidden"),
                pair("TOLLGATE_ADMIN_KEY", "hidden"),
                pair("TOLLGATE_GATE_REALM", "hidden"),
                pair("PATH", "hidden"),
            ])
        );
        assert!(shown.contains("TOLLGATE_GATE_REALM") && !shown.contains("hidden"), "{shown}");
    }
}
