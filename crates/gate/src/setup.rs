//! From settings to what a gate runs with, for hosts that take them as lines. The names are those of `tollgate.toml`.

use tollgate_core::{
    head::MaxStaleness,
    json::hex_bytes,
    key::Brand,
    pepper::{Pepper, Peppers},
    stamp::Stamp,
    time::UnixMillis,
};
use tollgate_engine::{Issuer, Prover};
use tollgate_http::{
    cors::{Allowed, Cors},
    credential::{KeyFrom, Sources},
    rate::Style,
    route::{RouteLimit, RuleSpec, Rules},
};
use tollgate_identity::SigningKey;

use crate::{
    Parts, Policy, Schedule, Term,
    settings::{Settings, SettingsError},
    spelled,
};

/// The longest secret, in bytes.
const SECRET_MAX: usize = 256;

/// What the settings come to at one time.
#[derive(Debug)]
pub struct Setup {
    /// What it judges by.
    pub policy: Policy,
    /// What its engine keeps to.
    pub engine: tollgate_engine::Settings,
    /// The limits of routes, each once.
    pub limits: Box<[RouteLimit]>,
    /// When another key signs, or the published ones change.
    pub next_change: Option<UnixMillis>,
}

/// Since when the limits of routes have their numbers, by their names.
#[derive(Debug, Default)]
pub struct Changed(pub Vec<(Box<str>, Stamp)>);

impl Changed {
    /// In the order of the rules and their limits. Of what is not known yet it is the oldest stamp there is: nothing is
    /// judged by that.
    fn of(&self, rules: &Rules) -> Vec<Stamp> {
        let known = |limit: &RouteLimit| self.0.iter().find(|(name, _)| *name == limit.name);
        let limits = rules.iter().flat_map(|rule| &rule.limits);
        limits.map(|limit| known(limit).map_or(Stamp::default(), |(_, stamp)| *stamp)).collect()
    }
}

impl Setup {
    /// What `text` comes to at `now`, on a host whose engine keeps to `base` where nothing is set.
    ///
    /// # Errors
    ///
    /// When something is missing or wrong: nothing passes then.
    pub fn read(
        text: &str,
        base: tollgate_engine::Settings,
        changed: &Changed,
        now: UnixMillis,
    ) -> Result<Self, SettingsError> {
        let settings = Settings::read(text)?;
        let schedule = schedule(&settings)?;
        let wrong = |path: &str, what| SettingsError::new(path, what);
        let issuer = settings.text("identity.issuer").unwrap_or("tollgate");
        let audience = settings.text("identity.audience").unwrap_or("origin");
        let place = schedule.place(now).ok_or_else(|| wrong("secrets.signing", "is empty"))?;
        let key = signing_key(&settings, &at("secrets.signing", place))?;
        let rules = rules(&settings)?;
        let parts = Parts {
            prover: Prover::new(brand(&settings)?, peppers(&settings)?),
            issuer: Issuer::new(key, issuer, audience)
                .map_err(|_| wrong("identity", "names no issuer or audience"))?,
            jwks: schedule
                .jwks(now)
                .map_err(|_| wrong("secrets.signing", "cannot be published"))?,
            changed: changed.of(&rules),
            rules,
            sources: sources(&settings)?,
            style: style(&settings)?,
            realm: settings.text("gate.realm").unwrap_or("api").into(),
        };
        let engine = engine(&settings, base)?;
        settings.end()?;
        let limits = distinct(&parts.rules);
        let policy = Policy::new(parts)
            .map_err(|_| wrong("routes", "demand what no key can be judged by"))?;
        Ok(Self { policy, engine, limits, next_change: schedule.next_change(now) })
    }
}

/// The limits of all rules, each name once.
fn distinct(rules: &Rules) -> Box<[RouteLimit]> {
    let mut limits: Vec<RouteLimit> = vec![];
    for limit in rules.iter().flat_map(|rule| &rule.limits) {
        if limits.iter().all(|known| known.name != limit.name) {
            limits.push(limit.clone());
        }
    }
    limits.into()
}

/// The longest that what was counted may be kept back, in milliseconds: a crash loses it.
const USAGE_EVERY_MAX_MS: u64 = 60_000;

fn engine(
    settings: &Settings<'_>,
    base: tollgate_engine::Settings,
) -> Result<tollgate_engine::Settings, SettingsError> {
    let staleness = settings.number("gate.max_staleness_ms", 10_000, 1_000, 3_600_000)?;
    let size = |path, default: usize, min, max| {
        let number = settings.number(path, u64::try_from(default).unwrap_or(max), min, max)?;
        usize::try_from(number).map_err(|_| SettingsError::new(path, "is too large"))
    };
    let usage = u64::from(base.usage_every_ms);
    let usage = settings.number("usage.every_ms", usage, 0, USAGE_EVERY_MAX_MS)?;
    let deadline = u64::from(base.store_deadline_ms);
    let deadline = settings.number("gate.store_deadline_ms", deadline, 1, 1_000)?;
    Ok(tollgate_engine::Settings {
        max_staleness: MaxStaleness::new(staleness)
            .ok_or_else(|| SettingsError::new("gate.max_staleness_ms", "is out of bounds"))?,
        store_deadline_ms: u32::try_from(deadline).unwrap_or(1_000),
        records_bytes_max: size("cache.records_bytes", base.records_bytes_max, 65_536, 67_108_864)?,
        absences_max: size("cache.absences", base.absences_max, 16, 100_000)?,
        purses_max: size("cache.purses", base.purses_max, 16, 100_000)?,
        usage_every_ms: u32::try_from(usage).unwrap_or(0),
        ..base
    })
}

fn brand(settings: &Settings<'_>) -> Result<Brand, SettingsError> {
    let prefix = settings.text("keys.prefix").unwrap_or("tg");
    let (none, envs) = (settings.is_empty_list("keys.envs"), settings.list("keys.envs"));
    let envs = if envs.is_empty() && !none { vec!["live"] } else { envs };
    Brand::new(prefix, &envs)
        .map_err(|_| SettingsError::new("keys", "prefix and envs do not name keys"))
}

fn sources(settings: &Settings<'_>) -> Result<Sources, SettingsError> {
    let sources = Sources {
        header: settings.text("keys.header").map(Into::into),
        query: settings.text("keys.query").map(Into::into),
        forward: settings.flag("keys.forward")?,
    };
    let refused = |_| SettingsError::new("keys", "header or query is no place of a key");
    sources.check().map_err(refused)?;
    Ok(sources)
}

fn peppers(settings: &Settings<'_>) -> Result<Peppers, SettingsError> {
    let mut secrets = vec![];
    for path in settings.tables("secrets.peppers") {
        let id = below(&path, "id");
        let number = settings.needed(&id)?.parse();
        let number: u8 = number.map_err(|_| SettingsError::new(&id, "is no id of a pepper"))?;
        secrets.push((number, hidden(settings, &below(&path, "secret"))?));
    }
    let peppers: Vec<_> = secrets.iter().map(|(id, secret)| Pepper { id: *id, secret }).collect();
    let issuing = settings.needed("secrets.issuing")?.parse();
    let issuing =
        issuing.map_err(|_| SettingsError::new("secrets.issuing", "is no id of a pepper"))?;
    Peppers::new(&peppers, issuing)
        .map_err(|_| SettingsError::new("secrets.peppers", "are not good enough to start with"))
}

fn schedule(settings: &Settings<'_>) -> Result<Schedule, SettingsError> {
    let mut terms = vec![];
    for path in settings.tables("secrets.signing") {
        let time = |name: &str| {
            let path = below(&path, name);
            let text = settings.text(&path);
            let time = text.map(|text| text.parse().map(UnixMillis)).transpose();
            time.map_err(|_| SettingsError::new(&path, "is no time"))
        };
        let (from, until) = (time("from")?.unwrap_or_default(), time("until")?);
        terms.push(Term { key: signing_key(settings, &path)?, from, until });
    }
    Schedule::new(terms)
        .map_err(|_| SettingsError::new("secrets.signing", "are no keys to sign with"))
}

fn signing_key(settings: &Settings<'_>, path: &str) -> Result<SigningKey, SettingsError> {
    let (kid, alg) = (below(path, "kid"), below(path, "alg"));
    let seed = hidden(settings, &below(path, "seed"))?;
    let wrong = |_| SettingsError::new(path, "is no signing key");
    let seed = seed.as_slice().try_into().map_err(|_| SettingsError::new(path, "is no seed"))?;
    SigningKey::new(settings.needed(&kid)?, settings.needed(&alg)?, seed).map_err(wrong)
}

/// The bytes that a setting spells as pairs of lower-case hexadecimal digits.
fn hidden(settings: &Settings<'_>, path: &str) -> Result<Vec<u8>, SettingsError> {
    let text = settings.needed(path)?;
    let bytes: Option<Vec<u8>> = hex_bytes(text.as_bytes()).take(SECRET_MAX + 1).collect();
    let bytes = bytes.filter(|bytes| bytes.len() <= SECRET_MAX);
    bytes.ok_or_else(|| SettingsError::new(path, "is not spelled in hexadecimal digits"))
}

fn style(settings: &Settings<'_>) -> Result<Style, SettingsError> {
    const PATH: &str = "gate.rate_limit_fields";
    match settings.text(PATH) {
        None | Some("standard") => Ok(Style::Standard),
        Some("legacy") => Ok(Style::Legacy),
        Some("both") => Ok(Style::Both),
        Some("off") => Ok(Style::Off),
        Some(_) => Err(SettingsError::new(PATH, "is not standard, legacy, both or off")),
    }
}

fn rules(settings: &Settings<'_>) -> Result<Rules, SettingsError> {
    let specs = settings.tables("routes");
    let specs = specs.iter().map(|path| rule(settings, path)).collect::<Result<Vec<_>, _>>()?;
    // A limit of one name is one bucket wherever it stands.
    let all = || specs.iter().flat_map(|spec| &spec.limits);
    if all().any(|limit| all().any(|other| other.name == limit.name && other != limit)) {
        return Err(SettingsError::new(
            "routes",
            "name one limit with different numbers or scopes",
        ));
    }
    Rules::new(specs)
        .map_err(|error| SettingsError::new(&at("routes", error.place), "cannot be used"))
}

fn rule(settings: &Settings<'_>, path: &str) -> Result<RuleSpec, SettingsError> {
    let field = |name: &str| below(path, name);
    let boxed = |name: &str| settings.list(&field(name)).into_iter().map(Into::into).collect();
    let cost = settings.number(&field("cost"), 1, 0, u32::MAX.into())?;
    let wrong = |name: &str, what| SettingsError::new(&field(name), what);
    let limits = settings.list(&field("limits")).into_iter().map(spelled::limit).collect();
    let limits: Option<Vec<_>> = limits;
    Ok(RuleSpec {
        methods: boxed("methods"),
        path: settings.needed(&field("path"))?.into(),
        scopes: boxed("scopes"),
        cost: u32::try_from(cost).map_err(|_| wrong("cost", "is too large"))?,
        limits: limits.ok_or_else(|| wrong("limits", "is not written as burst:key=100,50/1s"))?,
        public: settings.flag(&field("public"))?,
        key_from: match settings.text(&field("key_from")) {
            None => None,
            Some("authorization") => Some(KeyFrom::Authorization),
            Some("x-api-key") => Some(KeyFrom::XApiKey),
            Some("header") => Some(KeyFrom::Header),
            Some("query") => Some(KeyFrom::Query),
            Some(_) => return Err(wrong("key_from", "is no place of a key")),
        },
        bind: settings.flag(&field("bind"))?,
        cache: settings.flag(&field("cache"))?,
        cors: match settings.text(&field("cors")) {
            None | Some("refuse") => Cors::Refuse,
            Some("forward") => Cors::Forward,
            Some("answer") => {
                let age = settings.number(&field("cors_max_age_s"), 600, 0, 86_400)?;
                Cors::Answer(Allowed {
                    origins: boxed("cors_origins").into(),
                    methods: boxed("cors_methods").into(),
                    headers: boxed("cors_headers").into(),
                    max_age_s: u32::try_from(age).unwrap_or(0),
                })
            }
            Some(_) => return Err(wrong("cors", "is not refuse, forward or answer")),
        },
    })
}

/// The path of a field of the table at `path`.
fn below(path: &str, name: &str) -> String {
    [path, ".", name].concat()
}

fn at(path: &str, place: usize) -> String {
    below(path, &place.to_string())
}
