//! Where a path begins: API Gateway puts the stage or the mapping of a domain before it.

/// Where a request came in.
#[derive(Clone, Copy, Debug, Default)]
pub struct Place<'a> {
    /// The domain that it came under.
    pub domain: Option<&'a str>,
    /// The API's id.
    pub api: Option<&'a str>,
    /// The stage, where this kind of API has it in the path.
    pub stage: Option<&'a str>,
    /// What stands before the path under a domain of one's own, if that is set.
    pub base_path: Option<&'a str>,
}

impl Place<'_> {
    /// The path without what stands before it. The stage stands there under the domain that every API has, and nowhere else:
    /// a segment that is only called the same is part of the path.
    #[must_use]
    pub fn path<'p>(&self, path: &'p str) -> &'p str {
        let before = if self.is_own_domain() {
            self.stage.filter(|stage| *stage != "$default")
        } else {
            self.base_path.map(|base| base.trim_matches('/')).filter(|base| !base.is_empty())
        };
        before.and_then(|before| rest(path, before)).unwrap_or(path)
    }

    fn is_own_domain(&self) -> bool {
        let Some(domain) = self.domain else { return true };
        let rest = domain.strip_prefix(self.api.unwrap_or_default());
        rest.is_some_and(|rest| rest.starts_with(".execute-api."))
    }
}

/// What follows a first segment.
fn rest<'p>(path: &'p str, segment: &str) -> Option<&'p str> {
    let rest = path.strip_prefix('/')?.strip_prefix(segment)?;
    match rest {
        "" => Some("/"),
        _ => Some(rest).filter(|rest| rest.starts_with('/')),
    }
}
