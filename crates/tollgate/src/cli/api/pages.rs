//! Lists of the management API, page after page.

use serde_json::Value;

use super::{Api, Question};
use crate::cli::{Failure, progress::Progress, site::Site};

/// The most elements of one page of the API.
const PAGE: usize = 200;

/// The most that `--all` collects.
const ALL_MAX: usize = 100_000;

/// Elements as the API has them, and where the next begin.
#[derive(Debug)]
pub(in crate::cli) struct Pages {
    pub(in crate::cli) found: Vec<Value>,
    pub(in crate::cli) next: Option<String>,
}

/// How many, and from where on.
#[derive(Clone, Debug)]
pub(in crate::cli) struct Wanted<'a> {
    pub(in crate::cli) after: Option<&'a str>,
    pub(in crate::cli) count: u16,
    pub(in crate::cli) all: bool,
}

impl Api {
    /// What is wanted of the list `name`: pages are asked for until there is as much, or no more.
    ///
    /// # Errors
    ///
    /// As [`Self::ask`].
    pub(in crate::cli) fn pages(
        &mut self,
        mut question: Question,
        name: &'static str,
        wanted: &Wanted<'_>,
        site: &Site,
    ) -> Result<Pages, Failure> {
        let most = if wanted.all { ALL_MAX } else { usize::from(wanted.count) };
        let mut pages = Pages { found: vec![], next: wanted.after.map(str::to_owned) };
        let mut progress = Progress::of(name);
        loop {
            let left = most.saturating_sub(pages.found.len()).min(PAGE);
            question.set("limit", left.to_string());
            if let Some(next) = pages.next.take() {
                question.set("cursor", next);
            }
            let mut page = self.ask(&question, site)?.json()?;
            let found = page.get_mut(name).and_then(Value::as_array_mut).map(std::mem::take);
            pages.found.extend(found.ok_or_else(odd)?);
            pages.next = page.get("next").and_then(Value::as_str).map(str::to_owned);
            progress.at(pages.found.len());
            // A page may be shorter than it could be, or empty, and there is more all the same.
            if pages.next.is_none() || pages.found.len() >= most {
                return Ok(pages);
            }
        }
    }
}

/// What came is no answer of the API.
pub(in crate::cli) fn odd() -> Failure {
    Failure::failed("api_unknown", "what the management API answered is not known here")
}
