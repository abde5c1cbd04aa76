//! What the ledger says of a field, in the words of the command line: the one place that knows both.

use tollgate_ledger::{ChangeError, LedgerError, SettingsError};

use super::Failure;

/// The flag that sets each field of the settings, as [`super::settings::Rights`] and the commands declare them.
const FLAGS: [(&str, &str); 14] = [
    ("tenant", "--tenant"),
    ("owner", "--owner"),
    ("env", "--env"),
    ("name", "--name"),
    ("plan", "--plan"),
    ("scopes", "--scope"),
    ("limits", "--limit"),
    ("quotas", "--quota"),
    ("ips_allowed", "--allow-ip"),
    ("ips_denied", "--deny-ip"),
    ("countries_allowed", "--allow-country"),
    ("countries_denied", "--deny-country"),
    ("not_before", "--not-before"),
    ("expires", "--expires"),
];

/// The flags of what only the management API keeps of a key, and of what it is asked for.
const API_FLAGS: [(&str, &str); 9] = [
    ("description", "--description"),
    ("roles", "--role"),
    ("template", "--template"),
    ("labels", "--label"),
    ("metadata", "--metadata"),
    ("code", "--reason"),
    ("note", "--note"),
    ("grace_ms", "--grace"),
    ("kind", "--kind"),
];

/// Whether settings were given as flags or as the JSON of `--settings`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Given {
    Flags,
    Json,
}

impl Given {
    /// What is said of an error of the ledger: of a field by the name under which it was given.
    pub(super) fn failure(self, error: LedgerError) -> Failure {
        match (self, &error) {
            (Self::Flags, LedgerError::Refused(ChangeError::Settings(settings))) => {
                Failure::usage(error.code(), said(settings))
            }
            (_, LedgerError::Refused(ChangeError::OtherNumbers { .. })) => Failure::refused(
                error.code(),
                format!("{error}; `tollgate limits set` changes it for all of them"),
            ),
            _ => error.into(),
        }
    }
}

/// The rule that is broken, of the flag.
fn said(error: &SettingsError) -> String {
    let (field, part) = error.field().split_once('.').unwrap_or((error.field(), ""));
    let (field, place) = match field.trim_end_matches(']').split_once('[') {
        Some((field, place)) => (field, place.parse::<usize>().ok()),
        None => (field, None),
    };
    let mut said = flag(field).to_owned();
    if let Some(place) = place {
        said.push_str(&format!(" number {}", place.saturating_add(1)));
    }
    if !part.is_empty() {
        said.push_str(&format!(": its {part}"));
    }
    let rule = error.rule().replace("period_ms", "period in milliseconds");
    let rule = rule.replace("not_before", flag("not_before"));
    format!("{said} {rule}")
}

/// Where something is wrong with a body that was given as flags: `/limits/0/rate` is the rate of the first `--limit`.
pub(super) fn at(pointer: &str) -> String {
    let mut parts = pointer.trim_start_matches('/').split('/');
    let field = parts.next().unwrap_or_default();
    let mut said = flag(field).to_owned();
    let mut place = parts.next();
    if let Some(number) = place.and_then(|place| place.parse::<usize>().ok()) {
        said.push_str(&format!(" number {}", number.saturating_add(1)));
        place = parts.next().inspect(|_| said.push_str(": its"));
    }
    for part in place.into_iter().chain(parts) {
        said.push(' ');
        said.push_str(part);
    }
    said
}

/// The flag of a field; the field itself where it has none.
fn flag(field: &str) -> &str {
    let known = FLAGS.iter().chain(&API_FLAGS).find(|(name, _)| *name == field);
    known.map_or(field, |(_, flag)| flag)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::{FLAGS, flag};
    use crate::{cli::Cli, issuing};

    #[test]
    fn every_field_of_the_settings_has_a_flag_that_exists() {
        let blank = issuing::blank(String::new(), String::new(), String::new());
        let fields = serde_json::to_value(&blank).unwrap_or_default();
        let fields: Vec<_> =
            fields.as_object().into_iter().flat_map(|fields| fields.keys()).collect();
        assert_eq!(fields.len(), FLAGS.len() - 1, "name is no setting: {fields:?}");
        for field in fields {
            assert!(flag(field).starts_with("--"), "{field} has no flag");
        }
        let command = Cli::command();
        let create =
            command.find_subcommand("keys").and_then(|keys| keys.find_subcommand("create"));
        let flags: Vec<_> = create
            .into_iter()
            .flat_map(|create| create.get_arguments())
            .filter_map(|flag| flag.get_long())
            .collect();
        for (field, flag) in FLAGS {
            assert!(flags.contains(&flag.trim_start_matches("--")), "{field}: there is no {flag}");
        }
    }
}
