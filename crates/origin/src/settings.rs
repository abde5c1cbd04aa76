//! What an origin says about the gate that it trusts.

use std::{error::Error, fmt, mem, sync::Arc, time::Duration};

use tollgate_core::time::Reading;
use tollgate_identity::{Name, SKEW_DEFAULT_MS, SKEW_MAX_MS};
use tollgate_native::{
    clock,
    place::{Place, Plain},
};

use crate::{
    cache::Ages,
    fetch::Fetched,
    keys::{Keys, KeysError},
    problem::Reason,
    said,
    trust::Trust,
    verifier::{Inner, Source},
};

/// The most verified tokens that are remembered: at most some 6 kB each.
pub const REMEMBER_MAX: usize = 65_536;

/// The most used tokens that are remembered: some 50 bytes each.
pub const REPLAY_MAX: usize = 1_048_576;

/// The most public paths.
pub const PUBLIC_MAX: usize = 64;

/// The longest realm, in bytes.
pub const REALM_MAX: usize = 64;

/// The longest that keys are used without a good answer.
pub const MAX_AGE_MAX: Duration = Duration::from_secs(86_400);

/// The longest between two fetches for unknown keys.
pub const REFETCH_MAX: Duration = Duration::from_secs(3_600);

/// The longest that a fetch may take.
pub const DEADLINE_MAX: Duration = Duration::from_secs(30);

const DEADLINE_MIN: Duration = Duration::from_millis(50);
const SECOND: Duration = Duration::from_secs(1);

/// Where a gate publishes its keys, below its own URL.
const WELL_KNOWN: &str = "/.well-known/tollgate/jwks.json";

pub(crate) type OnRefused = Arc<dyn Fn(Reason) + Send + Sync>;
pub(crate) type OnMissed = Arc<dyn Fn(KeysError) + Send + Sync>;
pub(crate) type Clock = Arc<dyn Fn() -> Reading + Send + Sync>;

/// All there is to set. Two are needed: the issuer, and the audience that stands for this origin.
///
/// What cannot be meant is refused when a verifier is made of it.
#[derive(Clone)]
#[must_use]
pub struct Settings {
    issuer: String,
    audience: String,
    jwks: Jwks,
    authorities: Option<Vec<u8>>,
    skew: Duration,
    require_binding: bool,
    replay_max: usize,
    remember_max: usize,
    fresh: Duration,
    max_age: Duration,
    refetch: Duration,
    deadline: Duration,
    plain: Plain,
    public: Vec<String>,
    base_path: String,
    realm: String,
    on_refused: Option<OnRefused>,
    on_missed: Option<OnMissed>,
    clock: Clock,
}

/// Where the keys come from.
#[derive(Clone)]
enum Jwks {
    BelowIssuer,
    Url(String),
    Document(String),
}

/// A setting that cannot be meant. Holds no byte of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConfigError {
    setting: &'static str,
    must: &'static str,
}

impl ConfigError {
    /// The name of the setting.
    #[must_use]
    pub const fn setting(&self) -> &'static str {
        self.setting
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.setting, self.must)
    }
}

impl Error for ConfigError {}

impl Settings {
    /// Trusts the gate that calls itself `issuer`, for identities to `audience`, which is this origin.
    pub fn new(issuer: impl Into<String>, audience: impl Into<String>) -> Self {
        Self {
            issuer: issuer.into(),
            audience: audience.into(),
            jwks: Jwks::BelowIssuer,
            authorities: None,
            skew: Duration::from_millis(SKEW_DEFAULT_MS),
            require_binding: false,
            replay_max: 0,
            remember_max: 1_024,
            fresh: Duration::from_secs(60),
            max_age: Duration::from_secs(300),
            refetch: Duration::from_secs(10),
            deadline: Duration::from_secs(2),
            plain: Plain::Here,
            public: vec![],
            base_path: String::new(),
            realm: String::from("api"),
            on_refused: None,
            on_missed: None,
            clock: Arc::new(clock::read),
        }
    }

    /// The URL of the keys. Left out: below the issuer's URL.
    pub fn jwks(mut self, url: impl Into<String>) -> Self {
        self.jwks = Jwks::Url(url.into());
        self
    }

    /// The document of the keys itself: nothing is ever fetched.
    pub fn jwks_document(mut self, document: impl Into<String>) -> Self {
        self.jwks = Jwks::Document(document.into());
        self
    }

    /// Certificates (PEM) of whom to trust where keys are fetched, in the place of the machine's own.
    pub fn authorities(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.authorities = Some(pem.into());
        self
    }

    /// How far the clocks of gate and origin may be apart; usually 5 s, at most 60 s.
    pub fn skew(mut self, skew: Duration) -> Self {
        self.skew = skew;
        self
    }

    /// Refuses identities that are not for one method and path.
    pub fn require_binding(mut self) -> Self {
        self.require_binding = true;
        self
    }

    /// How many used identities are remembered, so that none is used twice by this process; only together with
    /// [`require_binding`](Self::require_binding).
    pub fn replay_max(mut self, most: usize) -> Self {
        self.replay_max = most;
        self
    }

    /// How many verified identities are remembered until they expire; usually 1,024. Bound ones never are.
    pub fn remember_max(mut self, most: usize) -> Self {
        self.remember_max = most;
        self
    }

    /// After this, usually 60 s, keys are fetched again, behind the requests.
    pub fn fresh(mut self, age: Duration) -> Self {
        self.fresh = age;
        self
    }

    /// For so long, usually 300 s, keys are used with no good answer, and then not at all.
    pub fn max_age(mut self, age: Duration) -> Self {
        self.max_age = age;
        self
    }

    /// An unknown `kid` causes one fetch in so long, usually 10 s, whoever asks.
    pub fn refetch(mut self, interval: Duration) -> Self {
        self.refetch = interval;
        self
    }

    /// How long a fetch may take, all of it, and a request wait for one; usually 2 s.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Fetches keys without TLS also from another machine.
    ///
    /// # Security
    ///
    /// Whoever sits between can then say who calls.
    pub fn allow_http(mut self) -> Self {
        self.plain = Plain::Anywhere;
        self
    }

    /// Paths that are served to anybody, without an identity: those that are sent in this very spelling. Not for events.
    pub fn public<P: Into<String>>(mut self, paths: impl IntoIterator<Item = P>) -> Self {
        self.public = paths.into_iter().map(Into::into).collect();
        self
    }

    /// What stands before the path under a domain of one's own, as `TOLLGATE_BASE_PATH` of the gate. For events only.
    pub fn base_path(mut self, path: impl Into<String>) -> Self {
        self.base_path = path.into();
        self
    }

    /// What `WWW-Authenticate` calls this origin; usually `api`.
    pub fn realm(mut self, realm: impl Into<String>) -> Self {
        self.realm = realm.into();
        self
    }

    /// Is told the reason of each refusal, for logs and metrics.
    pub fn on_refused(mut self, told: impl Fn(Reason) + Send + Sync + 'static) -> Self {
        self.on_refused = Some(Arc::new(told));
        self
    }

    /// Is told of each fetch that brought no keys. Without it standard error is, at most once in
    /// [`refetch`](Self::refetch).
    pub fn on_missed(mut self, told: impl Fn(KeysError) + Send + Sync + 'static) -> Self {
        self.on_missed = Some(Arc::new(told));
        self
    }

    /// Reads other clocks than the machine's, for tests.
    pub fn clock(mut self, clock: impl Fn() -> Reading + Send + Sync + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Checks all of it for a verifier of events, each of which has an identity, and gives the base path as well.
    pub(crate) fn build_for_events(mut self) -> Result<(Inner, String), ConfigError> {
        let must = "only for requests; an event has an identity always";
        ensure(self.public.is_empty(), "public", must)?;
        let base_path = mem::take(&mut self.base_path);
        let plain = is_plain_path(&["/", &base_path].concat());
        ensure(plain, "base_path", "visible ASCII without ?, %, # and \\")?;
        let some = base_path.is_empty() || !base_path.trim_matches('/').is_empty();
        ensure(some, "base_path", "some segments of a path")?;
        Ok((self.build()?, base_path))
    }

    /// Checks all of it.
    pub(crate) fn build(self) -> Result<Inner, ConfigError> {
        const NAME: &str = "1 to 128 visible ASCII characters without \" and \\";
        ensure(Name::new(&self.issuer).is_ok(), "issuer", NAME)?;
        ensure(Name::new(&self.audience).is_ok(), "audience", NAME)?;
        let skew_ms = millis(self.skew);
        ensure(skew_ms <= SKEW_MAX_MS, "skew", "at most 60 s")?;
        ensure(self.replay_max <= REPLAY_MAX, "replay_max", "at most 1048576")?;
        ensure(self.remember_max <= REMEMBER_MAX, "remember_max", "at most 65536")?;
        let binds = self.replay_max == 0 || self.require_binding;
        ensure(binds, "replay_max", "only together with require_binding")?;
        ensure(
            is_realm(&self.realm),
            "realm",
            "1 to 64 printable ASCII characters without \" and \\",
        )?;
        ensure(self.public.len() <= PUBLIC_MAX, "public", "at most 64 paths")?;
        ensure(self.base_path.is_empty(), "base_path", "only for events of API Gateway")?;
        let paths = self.public.iter().all(|path| is_plain_path(path));
        ensure(paths, "public", "each starts with / and is visible ASCII without ?, %, # and \\")?;
        let ages = self.ages()?;
        let source = self.source(ages)?;
        Ok(Inner::new(self.issuer, self.audience, skew_ms, source)
            .remembering(self.remember_max)
            .binding(self.require_binding, self.replay_max)
            .answering(self.realm, self.public, self.on_refused)
            .reading(self.clock))
    }

    fn ages(&self) -> Result<Ages, ConfigError> {
        let ordered = SECOND <= self.fresh && self.fresh < self.max_age;
        ensure(ordered, "fresh", "at least 1 s, and less than max_age")?;
        ensure(self.max_age <= MAX_AGE_MAX, "max_age", "at most one day")?;
        let often = (SECOND..=REFETCH_MAX).contains(&self.refetch);
        ensure(often, "refetch", "1 s to one hour")?;
        let ends = (DEADLINE_MIN..=DEADLINE_MAX).contains(&self.deadline);
        ensure(ends, "deadline", "50 ms to 30 s")?;
        Ok(Ages {
            fresh_ms: millis(self.fresh),
            max_age_ms: millis(self.max_age),
            refetch_ms: millis(self.refetch),
            deadline_ms: millis(self.deadline),
        })
    }

    fn source(&self, ages: Ages) -> Result<Source, ConfigError> {
        const URL: ConfigError = ConfigError {
            setting: "jwks",
            must: "an https URL, or the document; without it the issuer must be an https URL",
        };
        let url = match &self.jwks {
            Jwks::Document(document) => {
                let keys = Keys::read(document.as_bytes()).map_err(|error| ConfigError {
                    setting: "jwks_document",
                    must: error.code(),
                })?;
                return Ok(Source::Fixed(Arc::new(keys)));
            }
            Jwks::Url(url) => url.clone(),
            Jwks::BelowIssuer => self.issuer.trim_end_matches('/').to_owned() + WELL_KNOWN,
        };
        let place = Place::parse(&url, self.plain).ok_or(URL)?;
        let trust = match &self.authorities {
            None => Trust::default(),
            Some(pem) => Trust::given(pem).ok_or(ConfigError {
                setting: "authorities",
                must: "certificates in PEM, at least one",
            })?,
        };
        let usual = || said::on_stderr(ages.refetch_ms, Arc::clone(&self.clock));
        let on_missed = self.on_missed.clone().unwrap_or_else(usual);
        let fetched = Fetched::new(place, ages, trust, on_missed);
        Ok(Source::Fetched(Arc::new(fetched)))
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("issuer", &self.issuer)
            .field("audience", &self.audience)
            .finish_non_exhaustive()
    }
}

fn ensure(holds: bool, setting: &'static str, must: &'static str) -> Result<(), ConfigError> {
    if holds { Ok(()) } else { Err(ConfigError { setting, must }) }
}

/// Whether a path is sent in one spelling only: nothing in it is encoded, resolved or cut off.
fn is_plain_path(path: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_graphic() && !b"?%#\\".contains(&byte);
    path.starts_with('/') && path.bytes().all(plain)
}

fn is_realm(realm: &str) -> bool {
    let plain = |byte: u8| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\';
    (1..=REALM_MAX).contains(&realm.len()) && realm.bytes().all(plain)
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
