//! What a request is for: the name that policies use.

use super::Malformed;

/// The longest resource that a policy may name, in bytes.
pub const RESOURCE_MAX: usize = 512;

/// `arn:aws:execute-api:REGION:ACCOUNT:API/STAGE/METHOD/PATH`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arn {
    text: String,
    api: usize,
    stage: usize,
    method: usize,
}

impl Arn {
    /// Reads it.
    ///
    /// # Errors
    ///
    /// When it is none.
    pub fn read(text: &str) -> Result<Self, Malformed> {
        const WRONG: Malformed = Malformed("arn");
        // Six parts, of which only the last may have colons; whatever follows the API's id is separated by slashes.
        let mut colons = text.match_indices(':').map(|(at, _)| at);
        let before = colons.nth(4).ok_or(WRONG)?;
        let mut head = text.split(':');
        let named = head.next() == Some("arn")
            && head.next().is_some_and(|partition| partition.starts_with("aws"))
            && head.next() == Some("execute-api");
        let mut slashes = text.match_indices('/').map(|(at, _)| at);
        let (api, stage) = (slashes.next().ok_or(WRONG)?, slashes.next().ok_or(WRONG)?);
        let method = slashes.next().unwrap_or(text.len());
        let whole = named && before < api;
        let filled = [(before, api), (api, stage), (stage, method)];
        let filled = filled.iter().all(|(from, to)| to.saturating_sub(*from) > 1);
        if !whole || !filled {
            return Err(WRONG);
        }
        Ok(Self { text: text.to_owned(), api, stage, method })
    }

    /// All of it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The stage.
    #[must_use]
    pub fn stage(&self) -> &str {
        self.between(self.api, self.stage)
    }

    /// The method.
    #[must_use]
    pub fn method(&self) -> &str {
        self.between(self.stage, self.method)
    }

    /// The path, which begins with a slash.
    #[must_use]
    pub fn path(&self) -> &str {
        self.text.get(self.method..).filter(|path| !path.is_empty()).unwrap_or("/")
    }

    /// The same method and path, if a policy can name just these: none if it is too long, or has a character that a
    /// policy reads as a pattern or a variable.
    #[must_use]
    pub fn exact(&self) -> Option<&str> {
        // A dollar alone is plain: the stage of HTTP APIs that need none is called `$default`.
        let plain = !self.text.contains(['*', '?']) && !self.text.contains("${");
        Some(self.as_str()).filter(|text| plain && text.len() <= RESOURCE_MAX)
    }

    /// Everything in the stage.
    #[must_use]
    pub fn whole_stage(&self) -> Option<String> {
        let stage = self.text.get(..self.stage)?;
        Some([stage, "/*/*"].concat()).filter(|text| text.len() <= RESOURCE_MAX)
    }

    fn between(&self, from: usize, to: usize) -> &str {
        self.text.get(from.saturating_add(1)..to).unwrap_or_default()
    }
}
