//! Keys, as the management API is asked for them.

use std::io::{self, Write};

use serde_json::{Map, Value, json};
use tollgate_core::time::UnixMillis;

use super::{
    arguments::{Create, Filter, List, Rotate, Secret, State},
    details, only_env,
    shown::{self, Shown},
    update::Update,
};
use crate::cli::{
    Failure, Output,
    api::{Api, Pages, Question, Wanted, odd, repeatable},
    output::painted,
    settings,
    site::Site,
};

/// Makes a key: the answer with its secret.
pub(super) fn create(given: &Create, api: &mut Api, site: &Site) -> Result<Value, Failure> {
    let question = match &given.settings {
        Some(from) => Question::of("POST", &["keys"]).body(settings::read_json(from)?),
        None => {
            let templated = given.template.is_some();
            if !templated && !given.rights.says_limits() {
                return Err(super::limits_missing());
            }
            let mut body = details::rights(&given.rights, &[], site.now);
            ahead(&body, given.allow_past, site.now)?;
            // A configuration that is only about targets does not know the envs there.
            let env = match (&given.env, templated, &*api) {
                (Some(env), ..) => Some(env.clone()),
                (None, false, Api::Here(_)) => Some(only_env(None, site)?),
                (None, ..) => None,
            };
            for (name, given) in [
                ("owner", given.owner.as_deref()),
                ("env", env.as_deref()),
                ("name", given.name.as_deref()),
                ("template", given.template.as_deref()),
            ] {
                details::text(&mut body, name, given);
            }
            given.details.of_a_new_key(&mut body)?;
            Question::of("POST", &["keys"]).body(body.into()).by_flags()
        }
    };
    let question = repeatable(question.with("tenant", given.tenant.as_deref()))?;
    api.ask(&question, site)?.json()
}

/// The keys that are wanted, page after page.
pub(super) fn list(given: &List, api: &mut Api, site: &Site) -> Result<Pages, Failure> {
    let question = given.filter.question(given.tenant.as_deref(), site);
    let wanted = Wanted { after: given.after.as_deref(), count: given.count, all: given.all };
    api.pages(question, "keys", &wanted, site)
}

/// Shows a list of keys as the API has them.
pub(super) fn show_list(
    pages: &Pages,
    given: &List,
    site: &Site,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    let document = json!({ "keys": pages.found, "next": pages.next });
    let paint = output.paint(&site.source.environment);
    output.show(&document, |out| {
        let head = ["id", "state", "tenant", "owner", "env", "name"].map(str::to_owned);
        let rows = pages.found.iter().map(|key| {
            let key = Shown::of(key, site.now);
            let text = |name| key.text(name).unwrap_or_default();
            [text("id"), key.state(), text("tenant"), text("owner"), text("env"), text("name")]
        });
        let rows = std::iter::once(head).chain(rows).collect::<Vec<_>>();
        painted(out, &rows, Some((1, paint)))?;
        more(out, pages.next.as_deref(), given, site)
    })?;
    Ok(())
}

/// How to go on.
pub(super) fn more(
    out: &mut dyn Write,
    next: Option<&str>,
    given: &List,
    site: &Site,
) -> io::Result<()> {
    let Some(next) = next else { return Ok(()) };
    let mut words = "keys list".to_owned();
    for (flag, value) in given.words() {
        words.push_str(&format!(" --{flag} {}", crate::cli::output::word(&value)));
    }
    words.push_str(&format!(" --after {}", crate::cli::output::word(next)));
    writeln!(out, "\nThere are more: {}", site.command(&words))
}

/// Puts what is given over what is there: as a patch, or in the place of all of it.
pub(super) fn update(given: &Update, api: &mut Api, site: &Site) -> Result<Value, Failure> {
    let path = ["keys", super::id(&given.id)?];
    let version =
        given.if_version.map(|stamp| format!("\"{}.{}\"", stamp.incarnation, stamp.epoch));
    let question = match &given.settings {
        Some(from) => {
            let any = given.overwrite.then(|| "*".to_owned());
            let question = Question::of("PUT", &path).body(settings::read_json(from)?);
            question.field("if-match", version.or(any))
        }
        None => {
            let body = patch(given, site.now);
            ahead(&body, given.allow_past, site.now)?;
            let question = Question::of("PATCH", &path).body(body.into()).by_flags();
            question.field("if-match", version)
        }
    };
    api.ask(&question, site)?.json()
}

/// What is given by flags, as a patch.
pub(super) fn patch(given: &Update, now: UnixMillis) -> Map<String, Value> {
    let mut body = details::rights(&given.rights, &given.clear, now);
    details::text(&mut body, "owner", given.owner.as_deref());
    details::text(&mut body, "name", given.name.as_deref());
    given.details.lay_into(&mut body);
    body
}

/// Refuses an end that has passed: a slip would look like a key that works.
fn ahead(body: &Map<String, Value>, allow_past: bool, now: UnixMillis) -> Result<(), Failure> {
    match body.get("expires").and_then(Value::as_u64) {
        Some(expires) if expires <= now.0 && !allow_past => Err(super::expires_past(expires)),
        _ => Ok(()),
    }
}

/// Gives a key a new secret: the answer with it.
pub(super) fn rotate(given: &Rotate, api: &mut Api, site: &Site) -> Result<Value, Failure> {
    let question = Question::of("POST", &["keys", super::id(&given.id)?, "rotate"]);
    let question = question.body(json!({ "grace_ms": given.grace })).by_flags();
    api.ask(&repeatable(question)?, site)?.json()
}

/// What ends a secret, by its number.
pub(super) fn end_secret(id: &str, secret: Secret) -> Result<Question, Failure> {
    match secret {
        Secret::Number(number) => {
            let path = ["keys", super::id(id)?, "secrets", &number.to_string(), "revoke"];
            Ok(Question::of("POST", &path))
        }
        Secret::Lookup(_) => {
            let message = "the management API knows secrets by their numbers: `tollgate keys show` lists them";
            Err(Failure::usage("secret_unknown", message))
        }
    }
}

/// Shows a secret: with [`super::present`] the only places that do.
pub(super) fn present(
    answer: &Value,
    grace_ms: Option<u64>,
    site: &Site,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    let key = answer.get("key").ok_or_else(odd)?;
    let secret = answer.get("secret").and_then(Value::as_str);
    let paint = output.paint(&site.source.environment);
    output.show(answer, |out| {
        match secret {
            Some(secret) => super::handed_out(out, secret, grace_ms)?,
            None => {
                writeln!(out, "Its secret was told before, and cannot be told again: rotate it.\n")?
            }
        }
        shown::lines(out, &Shown::of(key, site.now), paint)
    })?;
    Ok(())
}

impl Filter {
    /// Whether anything of it was given.
    pub(super) fn given(&self) -> bool {
        let Self { text, owner, env, state, scope, label, expiring_before, unused_since, sort } =
            self;
        [text, owner, env, scope, label, sort].into_iter().any(Option::is_some)
            || state.is_some()
            || expiring_before.is_some()
            || unused_since.is_some()
    }

    fn question(&self, tenant: Option<&str>, site: &Site) -> Question {
        let ms = |at: crate::written::Instant| at.from(site.now).0.to_string();
        let label = self.label.as_ref().map(|label| label.replacen('=', ":", 1));
        Question::get(&["keys"])
            .with("tenant", tenant)
            .with("text", self.text.clone())
            .with("owner", self.owner.clone())
            .with("env", self.env.clone())
            .with("state", self.state.map(State::as_str))
            .with("scope", self.scope.clone())
            .with("label", label)
            .with("expiring_before", self.expiring_before.map(ms))
            .with("unused_since", self.unused_since.map(ms))
            .with("sort", self.sort.clone())
    }
}

impl List {
    /// What was given, to be said again.
    fn words(&self) -> Vec<(&'static str, String)> {
        let Filter { text, owner, env, state, scope, label, expiring_before, unused_since, sort } =
            &self.filter;
        let instant = |at: &Option<crate::written::Instant>| at.map(|at| at.text());
        let given = [
            ("tenant", self.tenant.clone()),
            ("text", text.clone()),
            ("owner", owner.clone()),
            ("env", env.clone()),
            ("state", state.map(|state| state.as_str().to_owned())),
            ("scope", scope.clone()),
            ("label", label.clone()),
            ("expiring-before", instant(expiring_before)),
            ("unused-since", instant(unused_since)),
            ("sort", sort.clone()),
        ];
        given.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }
}

impl State {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Disabled => "disabled",
            Self::Revoked => "revoked",
        }
    }
}
