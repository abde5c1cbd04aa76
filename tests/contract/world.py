"""What a gate is set up with: peppers, keys by role, configurations. No host is assumed.

Everything secret is drawn anew for each run. Keys are minted by the reference under random peppers.
"""

import secrets
from dataclasses import dataclass, field, replace

from reference import key as key_format

from .certificate import Certificate, drawn

Stop = str  # "owner" or "tenant"


@dataclass(frozen=True)
class Limit:
    """A token bucket of a key, by the words of the record."""

    burst: int
    rate: int = 1
    period_ms: int = 3_600_000
    scope: str = "key"
    name: str = "burst"


@dataclass(frozen=True)
class Quota:
    """A count per period."""

    count: int
    each: str = "total"
    scope: str = "key"
    name: str = "quota"


@dataclass(frozen=True)
class Key:
    """A key as a row wants it in the store. Instants are offsets from the moment it is put there."""

    env: str = "live"
    tenant: str | None = None
    owner: str | None = None
    plan: str | None = None
    scopes: tuple[str, ...] = ()
    limits: tuple[Limit, ...] = ()
    quotas: tuple[Quota, ...] = ()
    ips_allowed: tuple[str, ...] = ()
    ips_denied: tuple[str, ...] = ()
    countries_allowed: tuple[str, ...] = ()
    countries_denied: tuple[str, ...] = ()
    not_before_ms: int | None = None
    expires_ms: int | None = None
    #: `active`, `disabled`, `revoked`, `owner_disabled`, `tenant_disabled`; `absent` is genuine but unknown.
    state: str = "active"
    #: The pepper it is minted under; None means the issuing one.
    pepper: int | None = None
    #: The 19 random bytes; drawn unless given.
    random: bytes | None = None
    #: Another prefix than the gate's: a genuine key of somebody else.
    prefix: str | None = None
    #: What is wrong with what the store holds about it, by a name of `DAMAGES`.
    damage: str | None = None


@dataclass
class Minted:
    """A key that was made."""

    id: str
    text: bytes
    lookup: str
    pepper: int
    spec: Key

    @property
    def tenant(self) -> str:
        return self.spec.tenant or f"tenant-{self.id}"

    @property
    def owner(self) -> str:
        return self.spec.owner or f"owner-{self.id}"


@dataclass(frozen=True)
class Route:
    """A rule for some requests."""

    path: str
    methods: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    cost: int = 1
    #: Limits of the route's own, as the product spells them: `name:scope=burst,rate/period`.
    limits: tuple[str, ...] = ()
    public: bool = False
    key_from: str | None = None
    bind: bool = False
    cache: bool = False
    cors: str = "refuse"
    cors_origins: tuple[str, ...] = ()
    cors_methods: tuple[str, ...] = ()
    cors_headers: tuple[str, ...] = ()
    cors_max_age_s: int = 600


@dataclass(frozen=True)
class Config:
    """How a gate is configured, in the product's words; a driver writes it in the host's form."""

    name: str
    prefix: str = "tg"
    envs: tuple[str, ...] = ("live", "test")
    header: str | None = "X-My-Key"
    query: str | None = None
    forward: bool = False
    issuer: str = "contract-gate"
    audience: str = "contract-origin"
    realm: str = "api"
    trusted_hops: tuple[str, ...] = ()
    country_header: str | None = None
    rate_fields: str = "standard"
    head_bytes_max: int | None = None
    fields_max: int | None = None
    head_timeout_ms: int | None = None
    response_timeout_ms: int | None = None
    max_staleness_ms: int | None = None
    #: None is long, so that rows bear a busy machine.
    store_deadline_ms: int | None = None
    routes: tuple[Route, ...] = ()
    #: Rows may run at the same time; they are then told apart by their own keys and marks.
    parallel: bool = False
    #: What its store is asked is counted: nothing else may ask it meanwhile, so each door has a gate of its own.
    counted: bool = False
    #: Ring of pepper ids, each with its length (it is drawn) or its bytes; the last one issues.
    ring: tuple[tuple[int, int | bytes], ...] = ((0, 32),)
    #: It serves TLS, under the deployment's certificate, and no plain connection.
    tls: bool = False
    #: It has a listener for the questions of proxies, which believes whoever asks from this machine.
    decide: bool = False


@dataclass
class Deployment:
    """A configuration with its secrets and the keys of every row that runs against it."""

    config: Config
    peppers: dict[int, bytes]
    issuing: int
    seed: bytes
    kid: str = "contract-1"
    keys: dict[str, Minted] = field(default_factory=dict)
    #: When the offsets of keys count from.
    now_ms: int = 0
    #: What it shows clients, where it serves TLS.
    certificate: Certificate | None = None

    @classmethod
    def drawn(cls, config: Config) -> "Deployment":
        peppers = {
            at: secrets.token_bytes(given) if isinstance(given, int) else given for at, given in config.ring
        }
        certificate = drawn() if config.tls else None
        return cls(config, peppers, config.ring[-1][0], secrets.token_bytes(32), certificate=certificate)

    def put(self, role: str, spec: Key) -> Minted:
        """Makes a key for a role; ids are the roles, so that what the origin is told can be compared."""
        pepper = self.issuing if spec.pepper is None else spec.pepper
        random = spec.random or secrets.token_bytes(key_format.RANDOM_LENGTH)
        prefix = spec.prefix or self.config.prefix
        text, lookup = key_format.minted(prefix, spec.env, pepper, self.peppers[pepper], random)
        minted = next((one for one in self.keys.values() if one.text == text), None)
        # Vectors name one key many times: it is one key.
        self.keys[role] = minted or Minted(f"key_of-{role}", text, lookup.hex(), pepper, spec)
        return self.keys[role]

    def forged(self, text: bytes, flip: int = 0) -> bytes:
        """The same key with one bit of its tag wrong and the right check: nobody made it."""
        head, tail = text[:-key_format.TAIL_SYMBOLS], text[-key_format.TAIL_SYMBOLS :]
        body = bytearray(_body_of(tail))
        body[20 + flip // 8 % 12] ^= 1 << flip % 8
        without_check = head + key_format.body_text(bytes(body))
        return without_check + key_format.check_of(without_check)

    def secrets(self) -> list[bytes]:
        """Everything that may stand in no log, answer or metric, in the spellings that could be written."""
        found = []
        for secret in (*self.peppers.values(), self.seed):
            found += [secret, secret.hex().encode(), secret.hex().upper().encode()]
        return found


def _body_of(tail: bytes) -> bytes:
    groups = [tail[at : at + 11] for at in range(0, 44, 11)]
    return b"".join(key_format.number_of(group).to_bytes(8, "big") for group in groups)


#: What can be wrong with what a store holds about a key. A driver brings it about in the form of its store.
DAMAGES = (
    "nothing at all", "cut off in the middle", "cut off before its end", "no JSON", "a field twice", "an unknown field", "a field of another type",
    "a missing field", "an unknown state", "a blank owner", "an owner with two at signs", "an owner with a line feed", "a burst of zero",
    "a rate of zero", "a period of zero", "a burst of 2^64", "a negative burst", "a fraction as a burst", "a limit without numbers", "two limits of one name",
    "nine limits", "an unknown scope of a limit", "an expiry of zero", "a block with bits after its length",
    "a country that is none", "a scope that is none", "65 scopes", "scopes that no identity holds", "a megabyte of scopes", "deeply nested lists",
)

#: Keys that every configuration has.
COMMON = {
    "usual": Key(plan="pro", scopes=("orders:read",)),
    "other": Key(plan="free", scopes=("orders:*", "invoices:read")),
    "bare": Key(),
    "testing": Key(env="test"),
    "expired": Key(expires_ms=-1_000),
    "not-yet": Key(not_before_ms=3_600_000),
    "disabled": Key(state="disabled"),
    "revoked": Key(state="revoked"),
    "owner-stopped": Key(state="owner_disabled"),
    "tenant-stopped": Key(state="tenant_disabled"),
    "ip-denied": Key(ips_denied=("127.0.0.0/8",)),
    "ip-elsewhere": Key(ips_allowed=("192.0.2.0/24",)),
    "ip-here": Key(ips_allowed=("127.0.0.0/8", "::1/128")),
    "country-bound": Key(countries_allowed=("NL",)),
    "country-denied": Key(countries_denied=("KP",)),
    "absent": Key(state="absent"),
    "foreign": Key(prefix="acme"),
}

#: Rules that every configuration has unless it names others.
ROUTES = (
    Route("/public/**", public=True),
    Route("/scoped/read/**", scopes=("orders:read",)),
    Route("/scoped/two/**", scopes=("orders:read", "invoices:read")),
    Route("/scoped/write/**", methods=("POST",), scopes=("orders:write",)),
    Route("/cost/0", cost=0),
    Route("/cost/5", cost=5),
    Route("/bound/**", bind=True),
    Route("/search/**", limits=("search:key=2,1/1h",)),
    Route("/export/**", limits=("export:tenant=3,1/1h",), cost=2),
    Route("/cached/**", cache=True),
    Route("/only/authorization/**", key_from="authorization"),
    Route("/only/x-api-key/**", key_from="x-api-key"),
    Route("/only/header/**", key_from="header"),
    Route("/cors/forward/**", cors="forward"),
    Route(
        "/cors/answer/**", cors="answer", cors_origins=("https://app.example",), cors_methods=("GET", "POST"),
        cors_headers=("authorization", "x-api-key"), cors_max_age_s=300,
    ),
    Route("/admin/**", scopes=("admin:all",)),
    Route("/dear/**", scopes=("admin:all",), cost=5),
)

MAIN = Config("main", routes=ROUTES)

#: The named configurations. `counted` is used by nothing else while a row runs, and has no limits.
CONFIGS = {
    config.name: config
    for config in (
        MAIN,
        replace(MAIN, name="counted", counted=True),
        replace(MAIN, name="rates", parallel=True),
        replace(MAIN, name="query", query="api_key", routes=(*ROUTES, Route("/only/query/**", key_from="query"))),
        replace(MAIN, name="forwarding", forward=True, query="api_key"),
        replace(MAIN, name="trusting", trusted_hops=("127.0.0.0/8",), country_header="CF-IPCountry"),
        replace(MAIN, name="legacy", rate_fields="legacy"),
        replace(MAIN, name="both", rate_fields="both"),
        replace(MAIN, name="no-rates", rate_fields="off"),
        replace(MAIN, name="tight", head_bytes_max=16_384, fields_max=50, head_timeout_ms=1_000,
                response_timeout_ms=1_000),
        replace(MAIN, name="brand", prefix="acme2", envs=("eu1",), realm="Orders API"),
        replace(MAIN, name="leases", counted=True),
        replace(MAIN, name="operated", parallel=True),
        replace(MAIN, name="rotating", parallel=True),
        replace(MAIN, name="outage", max_staleness_ms=2_000, store_deadline_ms=100),
        replace(MAIN, name="frozen"),
    )
}
