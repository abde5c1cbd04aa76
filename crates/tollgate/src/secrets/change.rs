//! Changing the secrets, in an order in which every gate can follow.

use std::fmt;

use tollgate_core::{pepper::PEPPERS_MAX, time::UnixMillis};
use tollgate_identity::KEYS_MAX;

use super::{AFTERLIFE_MS, JWKS_MAX_AGE_S, Secrets, SecretsError, Signing, draw};
use crate::written::instant_text;

/// Why a change of the secrets is refused: nothing has happened.
#[derive(Debug)]
pub(crate) enum ChangeRefused {
    PepperExists(u8),
    NoFreePepper,
    UnknownPepper(u8),
    /// New keys are minted under it.
    PepperIssues(u8),
    UnknownSigningKey,
    TooManySigningKeys,
    /// There is no other that could sign.
    OnlySigningKey,
    /// It signs now, and whoever trusts the published keys knows no other yet.
    Signs,
    /// Tokens that it signed may be good still.
    TokensLive(UnixMillis),
    /// The last rotation is not over.
    RotationPending(UnixMillis),
    Secrets(SecretsError),
}

impl ChangeRefused {
    /// The stable name.
    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::PepperExists(_) => "pepper_exists",
            Self::NoFreePepper => "no_free_pepper",
            Self::UnknownPepper(_) => "pepper_unknown",
            Self::PepperIssues(_) => "pepper_issues",
            Self::UnknownSigningKey => "signing_key_unknown",
            Self::TooManySigningKeys => "too_many_signing_keys",
            Self::OnlySigningKey => "only_signing_key",
            Self::Signs => "signing_key_signs",
            Self::TokensLive(_) => "tokens_live",
            Self::RotationPending(_) => "rotation_pending",
            Self::Secrets(_) => "secrets_unusable",
        }
    }
}

impl fmt::Display for ChangeRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PepperExists(id) => write!(f, "there is a pepper {id}: choose another id"),
            Self::NoFreePepper => f.write_str("all sixteen ids are taken or have living keys: retire a pepper first"),
            Self::UnknownPepper(id) => write!(f, "there is no pepper {id}: `tollgate peppers list` shows them"),
            Self::PepperIssues(id) => {
                write!(f, "new keys are minted under pepper {id}: let another issue first, with `tollgate peppers use`")
            }
            Self::UnknownSigningKey => f.write_str("there is no such signing key: `tollgate signing-keys list` shows them"),
            Self::TooManySigningKeys => write!(f, "there are {KEYS_MAX} signing keys: retire one first"),
            Self::OnlySigningKey => f.write_str("it is the only signing key: rotate first"),
            Self::Signs => f.write_str(
                "it signs now: rotate first, and retire it when the new key signs; or --force, which breaks \
                 verifiers that do not know the new key yet",
            ),
            Self::TokensLive(until) => write!(
                f,
                "identities that it signed may be good until {}: wait, or --force",
                instant_text(*until)
            ),
            Self::RotationPending(from) => write!(
                f,
                "the last rotation is not over: its key signs from {} on; --now does not wait",
                instant_text(*from)
            ),
            Self::Secrets(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ChangeRefused {}

impl From<SecretsError> for ChangeRefused {
    fn from(error: SecretsError) -> Self {
        Self::Secrets(error)
    }
}

impl Secrets {
    /// Adds a random pepper, of this id or of the lowest that no living secret needs; it does not issue yet.
    ///
    /// # Errors
    ///
    /// When the id is taken, or none is free.
    pub(crate) fn add_pepper(
        &mut self,
        id: Option<u8>,
        in_use: impl Fn(u8) -> bool,
    ) -> Result<u8, ChangeRefused> {
        let taken = |secrets: &Self, id| secrets.pepper_ids().any(|taken| taken == id);
        let id = match id {
            Some(id) if taken(self, id) || in_use(id) => {
                return Err(ChangeRefused::PepperExists(id));
            }
            Some(id) => id,
            None => (0..u8::try_from(PEPPERS_MAX).unwrap_or(u8::MAX))
                .find(|&id| !taken(self, id) && !in_use(id))
                .ok_or(ChangeRefused::NoFreePepper)?,
        };
        self.peppers.push((id, draw()?));
        self.peppers.sort_by_key(|(id, _)| *id);
        Ok(id)
    }

    /// Mints new keys under pepper `id` from now on.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub(crate) fn use_pepper(&mut self, id: u8) -> Result<(), ChangeRefused> {
        if !self.pepper_ids().any(|known| known == id) {
            return Err(ChangeRefused::UnknownPepper(id));
        }
        self.issuing = id;
        Ok(())
    }

    /// Removes pepper `id`: every key that was minted under it is forged from then on.
    ///
    /// # Errors
    ///
    /// When there is none, or it issues.
    pub(crate) fn retire_pepper(&mut self, id: u8) -> Result<(), ChangeRefused> {
        if !self.pepper_ids().any(|known| known == id) {
            return Err(ChangeRefused::UnknownPepper(id));
        }
        if self.issuing == id {
            return Err(ChangeRefused::PepperIssues(id));
        }
        self.peppers.retain(|(known, _)| *known != id);
        Ok(())
    }

    /// Adds a signing key, which signs once everybody can know it, or at once; and gives the one that signs an end.
    /// Those that have ended are removed. Its name is none of those that are `used`, whoever has them now.
    ///
    /// # Errors
    ///
    /// When there are too many, or an earlier rotation is not over.
    pub(crate) fn rotate_signing(
        &mut self,
        (algorithm, used): (&str, &[String]),
        at_once: bool,
        now: UnixMillis,
    ) -> Result<String, ChangeRefused> {
        let from = if at_once { now } else { now.plus(JWKS_MAX_AGE_S.saturating_mul(1_000)) };
        let pending = self.signing.iter().map(|key| key.from).filter(|&from| from > now).max();
        if let Some(pending) = pending.filter(|_| !at_once && self.signing.len() > 1) {
            return Err(ChangeRefused::RotationPending(pending));
        }
        let signs = self.signing(now).map(|key| key.kid.clone());
        let ended = |key: &Signing| key.until.is_some_and(|until| until <= now);
        // SECURITY: what leaks, leaks with the key that waits for its turn: it must not take over again.
        let waits = |key: &Signing| at_once && key.from > now;
        self.signing.retain(|key| !waits(key) && (!ended(key) || Some(&key.kid) == signs.as_ref()));
        if self.signing.len() >= KEYS_MAX {
            return Err(ChangeRefused::TooManySigningKeys);
        }
        let kid = self.free_kid(used);
        for old in &mut self.signing {
            let end = from.max(old.from).plus(AFTERLIFE_MS);
            old.until = Some(old.until.map_or(end, |until| until.min(end)));
        }
        self.signing.push(Signing::draw(&kid, algorithm, from)?);
        Ok(kid)
    }

    /// Removes the signing key `kid`: identities that it signed are refused once verifiers notice.
    ///
    /// # Errors
    ///
    /// When there is none, when it is the only one, and unless `force` is said, when it signs or its identities may
    /// be good still.
    pub(crate) fn retire_signing(
        &mut self,
        kid: &str,
        force: bool,
        now: UnixMillis,
    ) -> Result<(), ChangeRefused> {
        let Some(key) = self.signing.iter().find(|key| key.kid == kid) else {
            return Err(ChangeRefused::UnknownSigningKey);
        };
        if self.signing.len() == 1 {
            return Err(ChangeRefused::OnlySigningKey);
        }
        let signs = self.signing(now).is_some_and(|signing| signing.kid == kid);
        if signs && !force {
            return Err(ChangeRefused::Signs);
        }
        // What has not begun has signed nothing.
        if let (Some(until), false) =
            (key.until.filter(|&until| until > now && key.from <= now), force)
        {
            return Err(ChangeRefused::TokensLive(until));
        }
        let gone = key.from;
        self.signing.retain(|key| key.kid != kid);
        // Whatever signs last has no successor, and so no end; only a successor that is gone had given it one.
        if let Some(last) = self.signing.iter_mut().max_by_key(|key| key.from)
            && gone > last.from
        {
            last.until = None;
        }
        Ok(())
    }

    /// The next name of the kind k1, k2, …
    fn free_kid(&self, used: &[String]) -> String {
        let number =
            |kid: &str| kid.strip_prefix('k').and_then(|number| number.parse::<u32>().ok());
        let kids = self.signing.iter().map(|key| &key.kid).chain(used);
        let last = kids.filter_map(|kid| number(kid)).max();
        format!("k{}", last.unwrap_or(0).saturating_add(1))
    }
}
