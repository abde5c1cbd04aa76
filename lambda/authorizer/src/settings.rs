//! What is set of how API Gateway asks and is answered.

use tollgate_gate::{Policy, settings::SettingsError};
use tollgate_http::{cors::Cors, route::Rule};
use tollgate_lambda::Environment;

use crate::{Event, event::Setting};

/// The most identity sources: API Gateway has no more.
pub const SOURCES_MAX: usize = 10;

/// The longest that API Gateway keeps an answer, in seconds.
const TTL_MAX_S: u64 = 3_600;

/// The form of answers to payload 2.0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A policy, as to every other event.
    Policy,
    /// Yes or no.
    Simple,
}

/// What an allow is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Covers {
    /// The method and path that were asked for.
    Method,
    /// Everything in the stage.
    Stage,
}

/// What becomes of a caller that proved nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unauthorized {
    /// An error that becomes a 401, and tells nothing else.
    Error,
    /// A Deny that tells everything, and becomes a 403.
    Deny,
}

/// How API Gateway asks and is answered.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What events do not tell of themselves.
    pub event: Setting,
    /// The form of answers to payload 2.0.
    pub form: Form,
    /// What an allow is for.
    pub covers: Covers,
    /// What becomes of a caller that proved nothing.
    pub unauthorized: Unauthorized,
    /// Whether the key's id is told as the usage plan's key.
    pub usage_key: bool,
    /// Whether the store is asked while the environment starts, so that its connection stands.
    pub connect: bool,
    /// What API Gateway keeps answers by, if it keeps them: nothing else of a request is read then.
    pub sources: Option<Vec<Source>>,
}

/// What API Gateway keeps an answer by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A field.
    Header(String),
    /// A parameter of the query.
    Query(String),
    /// Something of the request's context.
    Context(String),
}

const TOKEN_HEADER: &str = "TOLLGATE_TOKEN_HEADER";
const BASE_PATH: &str = "TOLLGATE_BASE_PATH";
const ANSWER: &str = "TOLLGATE_AUTHORIZER_ANSWER";
const POLICY: &str = "TOLLGATE_AUTHORIZER_POLICY";
const UNAUTHORIZED: &str = "TOLLGATE_AUTHORIZER_UNAUTHORIZED";
const TTL: &str = "TOLLGATE_AUTHORIZER_TTL";
const SOURCES: &str = "TOLLGATE_IDENTITY_SOURCES";
const USAGE_KEY: &str = "TOLLGATE_USAGE_KEY";
const CONNECT: &str = "TOLLGATE_CONNECT_IN_INIT";

impl Settings {
    /// What `environment` says.
    ///
    /// # Errors
    ///
    /// When something is none of what it can be.
    pub fn read(environment: &Environment) -> Result<Self, SettingsError> {
        let form = [("policy", Form::Policy), ("simple", Form::Simple)];
        let covers = [("method", Covers::Method), ("stage", Covers::Stage)];
        let unauthorized = [("error", Unauthorized::Error), ("deny", Unauthorized::Deny)];
        let told = |name| environment.text(name);
        Ok(Self {
            event: Setting {
                token_header: told(TOKEN_HEADER).unwrap_or("x-api-key").to_ascii_lowercase(),
                base_path: told(BASE_PATH).map(str::to_owned),
            },
            form: one_of(environment, ANSWER, &form, Form::Policy)?,
            covers: one_of(environment, POLICY, &covers, Covers::Method)?,
            unauthorized: one_of(environment, UNAUTHORIZED, &unauthorized, Unauthorized::Error)?,
            usage_key: flag(environment, USAGE_KEY, false)?,
            connect: flag(environment, CONNECT, true)?,
            sources: sources(environment)?,
        })
    }

    /// Whether `policy` can be kept to with these settings.
    ///
    /// # Errors
    ///
    /// When an answer would cover requests that it was not given for, or the gate would have to answer in the
    /// origin's place.
    pub fn check(&self, policy: &Policy) -> Result<(), SettingsError> {
        if policy.rules().any(|rule| matches!(rule.cors, Cors::Answer(_))) {
            let what =
                "cors: an authorizer cannot answer preflights; let the API do it, or forward them";
            return Err(SettingsError::new("routes", what));
        }
        let demands = policy.rules().any(demands);
        if self.covers == Covers::Stage && demands {
            let what = "is stage, and a route is told from the others by scope, cost, limit or place of the key";
            return Err(SettingsError::new(POLICY, what));
        }
        let Some(sources) = &self.sources else { return Ok(()) };
        let kept_by = |name: &str| sources.contains(&Source::Context(name.to_owned()));
        let whole = kept_by("path") || (kept_by("routeKey") && !demands);
        if self.form == Form::Simple && !whole {
            let what = "lacks $context.path: an answer that is kept would cover every route";
            return Err(SettingsError::new(SOURCES, what));
        }
        Ok(())
    }

    /// Takes from an event what an answer is not kept by, if answers are kept.
    pub fn restrict(&self, event: &mut Event) {
        let Some(sources) = &self.sources else { return };
        event.fields.retain(|(name, _)| {
            let header = |source: &Source| matches!(source, Source::Header(of) if of.eq_ignore_ascii_case(name));
            sources.iter().any(header)
        });
        let parameter = |pair: &&str| {
            let name = pair.split('=').next().unwrap_or_default();
            sources.contains(&Source::Query(name.to_owned()))
        };
        let query = event.query.take();
        let kept: Vec<&str> =
            query.iter().flat_map(|query| query.split('&')).filter(parameter).collect();
        event.query = Some(kept.join("&")).filter(|query| !query.is_empty());
        let address = |source: &Source| matches!(source, Source::Context(of) if of == "identity.sourceIp" || of == "http.sourceIp");
        event.address = event.address.filter(|_| sources.iter().any(address));
    }
}

/// Whether a rule demands anything by which it differs from having none.
fn demands(rule: &Rule) -> bool {
    let Rule { scopes, cost, limits, public, key_from, bind, .. } = rule;
    !scopes.is_empty() || *cost != 1 || !limits.is_empty() || *public || key_from.is_some() || *bind
}

fn one_of<T: Copy>(
    environment: &Environment,
    name: &str,
    known: &[(&str, T)],
    default: T,
) -> Result<T, SettingsError> {
    let Some(text) = environment.text(name) else { return Ok(default) };
    let found = known.iter().find(|(word, _)| *word == text).map(|(_, meant)| *meant);
    found.ok_or_else(|| SettingsError::new(name, "is none of the words that it can be"))
}

fn flag(environment: &Environment, name: &str, default: bool) -> Result<bool, SettingsError> {
    one_of(environment, name, &[("true", true), ("false", false)], default)
}

fn sources(environment: &Environment) -> Result<Option<Vec<Source>>, SettingsError> {
    let ttl = environment.text(TTL).unwrap_or("0");
    let digits = ttl.bytes().all(|byte| byte.is_ascii_digit());
    let ttl: Option<u64> = ttl.parse().ok().filter(|ttl| digits && *ttl <= TTL_MAX_S);
    let ttl =
        ttl.ok_or_else(|| SettingsError::new(TTL, "is no whole number of seconds up to 3600"))?;
    if ttl == 0 {
        return Ok(None);
    }
    let unset = || SettingsError::new(SOURCES, "is not set, and answers are kept");
    let words = environment.text(SOURCES).ok_or_else(unset)?.split(',').map(str::trim);
    let read = words.map(source).collect::<Option<Vec<_>>>();
    let read = read.filter(|sources| sources.len() <= SOURCES_MAX);
    read.ok_or_else(|| SettingsError::new(SOURCES, "is no list of identity sources")).map(Some)
}

/// Reads `$request.header.X-API-Key` or `method.request.header.X-API-Key`, and so on.
fn source(text: &str) -> Option<Source> {
    let after = |prefixes: [&str; 2]| {
        prefixes.iter().find_map(|prefix| text.strip_prefix(prefix)).filter(|name| !name.is_empty())
    };
    if let Some(name) = after(["$request.header.", "method.request.header."]) {
        return Some(Source::Header(name.to_owned()));
    }
    if let Some(name) = after(["$request.querystring.", "method.request.querystring."]) {
        return Some(Source::Query(name.to_owned()));
    }
    after(["$context.", "context."]).map(|name| Source::Context(name.to_owned()))
}
