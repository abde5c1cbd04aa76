//! What a refusal is about, as it is told to whoever asked from elsewhere, and read there: both halves in one place.

use serde_json::{Value, json};
use tollgate_core::stamp::Stamp;

use crate::{ChangeError, SettingsError};

/// The refusals that are about nothing besides their code.
const PLAIN: [ChangeError; 12] = [
    ChangeError::UnknownKey,
    ChangeError::KeyExists,
    ChangeError::LookupTaken,
    ChangeError::UnknownSecret,
    ChangeError::Revoked,
    ChangeError::TooManyCarriers,
    ChangeError::TooManySecrets,
    ChangeError::GraceTooLong,
    ChangeError::UnknownOwner,
    ChangeError::UnknownTenant,
    ChangeError::Clock,
    ChangeError::Exhausted,
];

impl ChangeError {
    /// What the refusal is about beside its code: with both, [`ChangeError::told`] gives it again.
    #[must_use]
    pub fn about(&self) -> Value {
        match self {
            Self::Settings(error) => json!({ "field": error.field(), "rule": error.rule() }),
            Self::Fixed { field } => json!({ "field": field }),
            Self::KindChanged { name } => json!({ "name": name }),
            Self::OtherNumbers { name, object } | Self::UnknownLimit { name, object } => {
                json!({ "name": name, "object": object })
            }
            Self::IdentityTooLong { bytes } => json!({ "bytes": bytes }),
            Self::OtherVersion { found: Stamp { incarnation, epoch } } => {
                json!({ "version": [incarnation, epoch] })
            }
            Self::UnknownKey
            | Self::KeyExists
            | Self::LookupTaken
            | Self::UnknownSecret
            | Self::Revoked
            | Self::TooManyCarriers
            | Self::TooManySecrets
            | Self::GraceTooLong
            | Self::UnknownOwner
            | Self::UnknownTenant
            | Self::Clock
            | Self::Exhausted => json!({}),
        }
    }

    /// The refusal of a code; none if this is no refusal that is known here.
    #[must_use]
    pub fn told(code: &str, about: &Value) -> Option<Self> {
        let text = |name: &str| about.get(name).and_then(Value::as_str).map(str::to_owned);
        let number = |value: &Value| value.as_u64();
        Some(match code {
            "settings_invalid" => Self::Settings(SettingsError::new(text("field")?, text("rule")?)),
            "field_fixed" => {
                let field = text("field")?;
                let field = ["tenant", "env"].into_iter().find(|fixed| *fixed == field)?;
                Self::Fixed { field }
            }
            "limit_kind_changed" => Self::KindChanged { name: text("name")? },
            "limit_numbers_differ" => {
                Self::OtherNumbers { name: text("name")?, object: text("object")? }
            }
            "limit_unknown" => Self::UnknownLimit { name: text("name")?, object: text("object")? },
            "identity_too_long" => {
                let bytes = usize::try_from(about.get("bytes").and_then(number)?).ok()?;
                Self::IdentityTooLong { bytes }
            }
            "version_differs" => {
                let [incarnation, epoch] = about.get("version")?.as_array()?.as_slice() else {
                    return None;
                };
                let (incarnation, epoch) = (number(incarnation)?, number(epoch)?);
                Self::OtherVersion { found: Stamp { incarnation, epoch } }
            }
            _ => return PLAIN.into_iter().find(|refused| refused.code() == code),
        })
    }
}

#[cfg(test)]
mod tests {
    use tollgate_core::stamp::Stamp;

    use super::PLAIN;
    use crate::{ChangeError, SettingsError};

    #[test]
    fn a_refusal_that_was_told_is_the_same_refusal() {
        let (name, object) = ("burst".to_owned(), "tenant acme".to_owned());
        let found = Stamp { incarnation: 3, epoch: 41 };
        let others = [
            ChangeError::Settings(SettingsError::new("limits[1].rate", "must be more than 0")),
            ChangeError::Fixed { field: "env" },
            ChangeError::KindChanged { name: name.clone() },
            ChangeError::OtherNumbers { name: name.clone(), object: object.clone() },
            ChangeError::UnknownLimit { name, object },
            ChangeError::IdentityTooLong { bytes: 2_049 },
            ChangeError::OtherVersion { found },
        ];
        for refused in others.into_iter().chain(PLAIN) {
            let told = ChangeError::told(refused.code(), &refused.about());
            assert_eq!(told.as_ref(), Some(&refused), "{}", refused.code());
        }
    }

    #[test]
    fn what_is_no_refusal_is_not_taken_for_one() {
        let about = serde_json::json!({ "field": "owner", "version": [1] });
        for code in ["", "field_fixed", "version_differs", "limit_unknown", "a_newer_one"] {
            assert_eq!(ChangeError::told(code, &about), None, "{code}");
        }
    }
}
