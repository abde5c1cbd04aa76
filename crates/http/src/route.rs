//! Which rule a request falls under: by its method and by the path exactly as it is forwarded.

mod pattern;

use std::fmt;

use tollgate_core::{
    decision::ROUTE_LIMITS_MAX,
    id::{ID_MAX, Id},
    limit::{Limit, LimitScope, Numbers},
    scope::{REQUIRED_SCOPES_MAX, Scope},
    stamp::Stamp,
};

use crate::{
    cors::{Cors, CorsError},
    credential::KeyFrom,
    text::is_token,
};
use pattern::Pattern;

/// The most rules of one gate.
pub const RULES_MAX: usize = 1_024;

/// The most methods that one rule names.
pub const METHODS_MAX: usize = 32;

/// The longest method, in bytes.
pub const METHOD_MAX: usize = 32;

/// The longest pattern of a path, in bytes.
pub const PATTERN_MAX: usize = 1_024;

/// What a rule is made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleSpec {
    /// The methods, case-sensitive; none: all. `GET` speaks for `HEAD` as well.
    pub methods: Vec<Box<str>>,
    /// The path: literal segments, `*` for one segment, and `**` at the end for the rest, if there is any.
    pub path: Box<str>,
    /// The scopes that a key must have.
    pub scopes: Vec<Box<str>>,
    /// How many tokens a request costs.
    pub cost: u32,
    /// Limits of the route's own, counted besides those of a key.
    pub limits: Vec<RouteLimit>,
    /// Whether no key is needed or looked at.
    pub public: bool,
    /// The one place of the key; none: all places.
    pub key_from: Option<KeyFrom>,
    /// Whether the identity is bound to the request.
    pub bind: bool,
    /// Whether shared caches may keep answers, each for one key.
    pub cache: bool,
    /// What becomes of preflights.
    pub cors: Cors,
}

impl RuleSpec {
    /// A key and one token for everything under `path`.
    #[must_use]
    pub fn new(path: &str) -> Self {
        Self {
            methods: vec![],
            path: path.into(),
            scopes: vec![],
            cost: 1,
            limits: vec![],
            public: false,
            key_from: None,
            bind: false,
            cache: false,
            cors: Cors::Refuse,
        }
    }
}

/// A limit of a route's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteLimit {
    /// Its name: clients are told it with an `@` before it, so that it is none of a key's.
    pub name: Box<str>,
    /// Whose requests it counts together.
    pub scope: LimitScope,
    /// What it allows.
    pub numbers: Numbers,
}

impl RouteLimit {
    /// The same, borrowed, with numbers that last changed at `changed`: that is the ledger's to say. None if the name is
    /// no identifier, which a rule's never is.
    #[must_use]
    pub fn limit(&self, changed: Stamp) -> Option<Limit<'_>> {
        let Self { scope, numbers, .. } = *self;
        Some(Limit { name: Id::new(&self.name).ok()?, scope, numbers, changed })
    }
}

/// What a route demands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// What requests are counted under: the methods, if the rule names any, and the path as it was given. Empty for the
    /// default rule.
    pub name: Box<str>,
    /// The scopes that a key must have.
    pub scopes: Box<[Box<str>]>,
    /// How many tokens a request costs.
    pub cost: u32,
    /// Limits of the route's own, counted besides those of a key.
    pub limits: Box<[RouteLimit]>,
    /// Whether no key is needed or looked at.
    pub public: bool,
    /// The one place of the key; none: all places.
    pub key_from: Option<KeyFrom>,
    /// Whether the identity is bound to the request.
    pub bind: bool,
    /// Whether shared caches may keep answers, each for one key.
    pub cache: bool,
    /// What becomes of preflights.
    pub cors: Cors,
    place: usize,
}

impl Rule {
    /// The rule's place among all, in the order given; that of the default rule is the last.
    #[must_use]
    pub const fn place(&self) -> usize {
        self.place
    }
}

/// All rules of a gate. There is always one that applies.
#[derive(Clone, Debug)]
pub struct Rules {
    routes: Box<[Route]>,
    default: Rule,
    ignore_case: bool,
}

/// What a rule is for, and the rule.
#[derive(Clone, Debug)]
struct Route {
    methods: Box<[Box<str>]>,
    pattern: Pattern,
    rule: Rule,
}

/// A rule cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuleError {
    /// The rule's place in the order given.
    pub place: usize,
    /// What is wrong with it.
    pub fault: Fault,
}

/// What is wrong with a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// There are more than [`RULES_MAX`].
    TooManyRules,
    /// A method is no upper-case name of at most [`METHOD_MAX`] bytes, or there are more than [`METHODS_MAX`].
    WrongMethod,
    /// The path is not canonical, or longer than [`PATTERN_MAX`].
    WrongPath,
    /// A `*` is not a whole segment, or `**` is not the last one.
    WrongStar,
    /// The path is one that the gate answers itself.
    Reserved,
    /// A scope is none, or there are more than [`REQUIRED_SCOPES_MAX`].
    WrongScope,
    /// A limit's name is no identifier of at most 63 bytes without `@`, or stands there twice, or there are
    /// more than [`ROUTE_LIMITS_MAX`].
    WrongLimit,
    /// The route is public, but demands something of a key.
    PublicDemands,
    /// What is said of preflights cannot be used.
    Cors(CorsError),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooManyRules => "there are more than 1024 routes",
            Self::WrongMethod => {
                "a method is 1 to 32 upper-case letters, digits or - _, at most 32 of them"
            }
            Self::WrongPath => "the path is not in its one spelling, or longer than 1024 bytes",
            Self::WrongStar => "a * is a whole segment, and ** the last one",
            Self::Reserved => "what is below /.well-known/tollgate is answered by the gate itself",
            Self::WrongScope => "a scope is resource:action, and a route requires at most 16",
            Self::WrongLimit => {
                "a route has at most 4 limits, each with a name of its own of at most 63 A-Z a-z 0-9 . _ + -"
            }
            Self::PublicDemands => {
                "a public route demands nothing of a key: no scopes, limits, binding, place or cost"
            }
            Self::Cors(error) => return error.fmt(f),
        })
    }
}

impl fmt::Display for RuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "route {}: {}", self.place.saturating_add(1), self.fault)
    }
}

impl std::error::Error for RuleError {}

/// Whether `method` is one that can be matched in one way: a name without lower-case letters, which some
/// origins would read as the upper-case ones.
#[must_use]
pub fn is_method(method: &[u8]) -> bool {
    method.len() <= METHOD_MAX && is_token(method) && !method.iter().any(u8::is_ascii_lowercase)
}

impl Rules {
    /// Rules in the order in which they are tried. Under what matches none: a key, no scopes, one token.
    ///
    /// # Errors
    ///
    /// See [`RuleError`].
    pub fn new(specs: Vec<RuleSpec>) -> Result<Self, RuleError> {
        let fault = |place| move |fault| RuleError { place, fault };
        let last = specs.len();
        if last > RULES_MAX {
            return Err(RuleError { place: RULES_MAX, fault: Fault::TooManyRules });
        }
        let default = Route::new(RuleSpec::new("/**"), last).map_err(fault(last))?.rule;
        let default = Rule { name: Box::default(), ..default };
        let routes = specs.into_iter().enumerate();
        let routes = routes.map(|(place, spec)| Route::new(spec, place).map_err(fault(place)));
        Ok(Self { routes: routes.collect::<Result<_, _>>()?, default, ignore_case: false })
    }

    /// The same rules for an origin to which the case of ASCII letters in a path says nothing.
    #[must_use]
    pub fn ignoring_case(self) -> Self {
        Self { ignore_case: true, ..self }
    }

    /// The first rule that `method` and `path` fall under; the path is in its canonical form.
    ///
    /// One slash at the end says nothing. Takes time linear in the rules and the path, whatever the patterns.
    #[must_use]
    pub fn find(&self, method: &str, path: &str) -> &Rule {
        let found = self.routes.iter().find(|route| {
            route.speaks_for(method) && route.pattern.matches(path, self.ignore_case)
        });
        found.map_or(&self.default, |route| &route.rule)
    }

    /// Every rule in its place, the default rule last.
    pub fn iter(&self) -> impl Iterator<Item = &Rule> {
        self.routes.iter().map(|route| &route.rule).chain([&self.default])
    }
}

impl Route {
    fn new(spec: RuleSpec, place: usize) -> Result<Self, Fault> {
        let RuleSpec { methods, path, scopes, cost, limits, public, key_from, bind, cache, cors } =
            spec;
        let mut names = methods.iter();
        if methods.len() > METHODS_MAX || !names.all(|method| is_method(method.as_bytes())) {
            return Err(Fault::WrongMethod);
        }
        let mut texts = scopes.iter();
        if scopes.len() > REQUIRED_SCOPES_MAX || !texts.all(|scope| Scope::new(scope).is_ok()) {
            return Err(Fault::WrongScope);
        }
        if !are_limits(&limits) {
            return Err(Fault::WrongLimit);
        }
        if public
            && (!scopes.is_empty() || !limits.is_empty() || bind || key_from.is_some() || cost > 1)
        {
            return Err(Fault::PublicDemands);
        }
        if let Cors::Answer(allowed) = &cors {
            allowed.check().map_err(Fault::Cors)?;
        }
        let pattern = Pattern::new(&path)?;
        let (scopes, limits) = (scopes.into(), limits.into());
        let name = [&*methods.join(","), &*path].join(" ").trim_start().into();
        let rule = Rule { name, scopes, cost, limits, public, key_from, bind, cache, cors, place };
        Ok(Self { methods: methods.into(), pattern, rule })
    }

    /// A rule for `GET` speaks for `HEAD`: it would be the way around it.
    fn speaks_for(&self, method: &str) -> bool {
        let named = |name: &str| self.methods.iter().any(|listed| &**listed == name);
        self.methods.is_empty() || named(method) || (method == "HEAD" && named("GET"))
    }
}

fn are_limits(limits: &[RouteLimit]) -> bool {
    let is_name = |name: &str| name.len() < ID_MAX && !name.contains('@') && Id::new(name).is_ok();
    let is_new =
        |place: usize, name: &str| limits.iter().take(place).all(|limit| *limit.name != *name);
    limits.len() <= ROUTE_LIMITS_MAX
        && limits
            .iter()
            .enumerate()
            .all(|(place, limit)| is_name(&limit.name) && is_new(place, &limit.name))
}
