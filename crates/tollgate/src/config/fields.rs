//! Every field there is: the one table from which the reader, the defaults and the reference are made.

/// One field of the configuration.
#[derive(Debug)]
pub(crate) struct Field {
    /// Its table.
    pub(crate) table: &'static str,
    /// Its name within the table.
    pub(crate) name: &'static str,
    /// What may stand there.
    pub(crate) shape: Shape,
    /// What holds if nothing stands there.
    pub(crate) default: Given,
    /// What it does.
    pub(crate) about: &'static str,
}

/// What may stand in a field.
#[derive(Debug)]
pub(crate) enum Shape {
    /// A text, described by what completes "is not …".
    Text(&'static str),
    /// One of these words.
    Word(&'static [&'static str]),
    /// `true` or `false`.
    Flag,
    /// A whole number from the first to the second.
    Integer(u64, u64),
    /// A list of texts, each described by what completes "is not …".
    List(&'static str),
}

/// What a field has before anybody sets it.
#[derive(Debug)]
pub(crate) enum Given {
    /// This text.
    Text(&'static str),
    /// This number.
    Integer(u64),
    /// This flag.
    Flag(bool),
    /// These texts.
    List(&'static [&'static str]),
    /// Nothing: what the field is for is then off.
    Nothing,
    /// It must be set where its table is.
    Required,
}

/// One table of the configuration.
#[derive(Debug)]
pub(crate) struct Table {
    /// Its name.
    pub(crate) name: &'static str,
    /// Whether what it is for is off unless the table is given.
    pub(crate) optional: bool,
    /// What it is for.
    pub(crate) about: &'static str,
}

/// The name of the one table that may be given several times.
pub(crate) const ROUTES: &str = "routes";

/// The name of the table whose tables are each a place of a management API, under a name of their own.
pub(crate) const TARGETS: &str = "targets";

/// Every table, in the order of the reference.
pub(crate) const TABLES: [Table; 17] = [
    table("keys", "What keys look like, and where a request may present one."),
    table("store", "Where keys, limits and the head live."),
    table("secrets", "Where peppers and signing keys live."),
    table("identity", "What the identity that the origin receives says of this gate."),
    table("gate", "How requests are taken and decided."),
    off("origin", "Where allowed requests are forwarded to. Without it nothing is proxied."),
    table("connections", "What one client may take up."),
    table("cache", "How much is held in memory. What does not fit is asked for again."),
    off("decide", "A listener that tells other proxies whether a request may pass."),
    off("admin", "A listener for metrics, health and readiness."),
    off(
        "control",
        "A listener for the management API: keys, owners, tenants. Every request needs an admin key; `tollgate init` makes the \
         first one where this table is given.",
    ),
    table("log", "What is written to standard error, one line of JSON for each event."),
    off(
        "tls",
        "Serving HTTPS on `gate.listen` and `control.listen`. Without it connections are plain HTTP.",
    ),
    off(
        "cloudflare",
        "A deployment on Cloudflare that commands change with `--target cloudflare`. A gate that serves does not look at it.",
    ),
    off(
        "dynamodb",
        "Tables on AWS that commands change with `--target dynamodb`. Region and credentials are those of the usual AWS \
         environment and files. A gate that serves does not look at it.",
    ),
    off(
        TARGETS,
        "A management API that commands ask with `--target NAME`: where it is, and not its key. A file that has nothing but \
         such tables is enough for them (`--config FILE`). NAME has 1 to 32 of a-z 0-9 _ -, and is not local, cloudflare or \
         dynamodb. A gate that serves does not look at it. Targets are set in the file only.",
    ),
    off(
        ROUTES,
        "What requests need. The first route that matches applies; a request that matches none needs a key, \
         no scope, and costs 1. Routes are set in the file only.",
    ),
];

/// Every field, by table, in the order of the reference.
pub(crate) const FIELDS: [&[Field]; 17] = [
    &KEYS,
    &STORE,
    &SECRETS,
    &IDENTITY,
    &GATE,
    &ORIGIN,
    &CONNECTIONS,
    &CACHE,
    &DECIDE,
    &ADMIN,
    &CONTROL,
    &LOG,
    &TLS,
    &CLOUDFLARE,
    &DYNAMODB,
    &TARGET,
    &ROUTE,
];

const fn table(name: &'static str, about: &'static str) -> Table {
    Table { name, optional: false, about }
}

const fn off(name: &'static str, about: &'static str) -> Table {
    Table { name, optional: true, about }
}

/// The field `name` of `table`.
pub(crate) fn field(table: &str, name: &str) -> Option<&'static Field> {
    all().find(|field| field.table == table && field.name == name)
}

impl Field {
    /// Whether no variable of the environment sets it.
    pub(crate) fn is_in_the_file_only(&self) -> bool {
        [ROUTES, TARGETS].contains(&self.table)
    }
}

/// Every field.
pub(crate) fn all() -> impl Iterator<Item = &'static Field> {
    FIELDS.into_iter().flatten()
}

macro_rules! fields {
    ($const:ident: $count:literal of $table:literal { $($name:literal $shape:expr, $default:expr, $about:expr;)* }) => {
        const $const: [Field; $count] = [$(Field { table: $table, name: $name, shape: $shape, default: $default, about: $about }),*];
    };
}

use Given::{Flag as Is, Integer as Number, List as These, Nothing, Required, Text as Be};
use Shape::{Flag, Integer, List, Text, Word};

/// How an address with a port is described.
const LISTEN: &str = "an address and a port, such as 127.0.0.1:8080 or [::1]:8080";
const BLOCK: &str =
    "a block of addresses with no bits after its length, such as 10.0.0.0/8 or ::1/128";
const TENANT: &str = "1 to 64 of A-Z a-z 0-9 . _ + - @, with at most one @";
const FILE: &str = "the path of a file; a relative one starts at the folder of this file";

fields!(KEYS: 5 of "keys" {
    "prefix" Text("a prefix: 2 to 12 of a-z 0-9, a letter first"), Be("tg"),
        "What every key begins with: your brand.";
    "envs" List("an env: 1 to 8 of a-z 0-9"), These(&["live"]),
        "The envs whose keys are accepted, 1 to 8 of them.";
    "header" Text("the name of a header that is free for keys"), Nothing,
        "A header that may carry a key, beside `Authorization: Bearer` and `X-API-Key`.";
    "query" Text("the name of a parameter: 1 to 64 of A-Z a-z 0-9 . _ -"), Nothing,
        "A parameter of the query that may carry a key. Queries end up in logs and histories: leave it off.";
    "forward" Flag, Is(false), "Whether the origin receives the key itself.";
});

fields!(STORE: 1 of "store" {
    "path" Text("the path of a file, or memory"), Be("tollgate.db"),
        "The SQLite file, or `memory`, which is gone when the gate stops. A relative path starts at the folder of this file.";
});

fields!(SECRETS: 1 of "secrets" {
    "path" Text(FILE), Be("tollgate.secrets.json"),
        "The file of peppers and signing keys, which only its owner may read. `TOLLGATE_SECRETS` in the environment holds the same JSON and wins.";
});

fields!(IDENTITY: 3 of "identity" {
    "issuer" Text("a name: 1 to 128 visible ASCII characters without \" and \\"), Be("tollgate"),
        "The `iss` of identities.";
    "audience" Text("a name: 1 to 128 visible ASCII characters without \" and \\"), Be("origin"),
        "Their `aud`: the name of the origin, which it checks.";
    "algorithm" Word(&["EdDSA", "Ed25519"]), Be("EdDSA"),
        "What the next signing key calls its algorithm. A key keeps what it began with.";
});

fields!(GATE: 8 of "gate" {
    "listen" Text(LISTEN), Be("127.0.0.1:8080"), "Where requests arrive.";
    "realm" Text("a realm: 1 to 64 printable ASCII characters without \" and \\"), Be("api"),
        "The realm of `WWW-Authenticate`.";
    "max_staleness_ms" Integer(1_000, 3_600_000), Number(10_000),
        "For how long known keys are decided from what is held while the store cannot be read. A revoked key is refused after this in any case.";
    "store_deadline_ms" Integer(1, 10_000), Number(50),
        "How long a request waits for the store.";
    "trusted_hops" List(BLOCK), These(&[]),
        "The proxies whose word on the client's address and country is believed.";
    "country_header" Text("the name of a header"), Nothing,
        "The header in which a trusted hop names the client's country, such as `CF-IPCountry`.";
    "rate_limit_fields" Word(&["standard", "legacy", "both", "off"]), Be("standard"),
        "How answers tell what is left: `RateLimit`, the older `X-RateLimit-…`, both, or not at all.";
    "checking" Flag, Is(true),
        "`false` lets every request pass, for measuring only: it does not start on another address than loopback.";
});

fields!(ORIGIN: 7 of "origin" {
    "url" Text("a URL of a server without path, such as http://127.0.0.1:3000 or https://app.example"), Required,
        "The server. Under `https` its certificate must be for the host of this URL, which is also the name that TLS tells it.";
    "ca" Text(FILE), Nothing,
        "Certificates in PEM of who may have signed that of an `https` server, in the place of those that this machine trusts. Read when the URL or this field changes.";
    "host" Word(&["client", "origin"]), Be("client"),
        "What the server is told in `Host`: what the client wrote, or the host of `url`, by which a platform that many share finds yours. Then `X-Forwarded-Host` has what the client wrote, or what a trusted hop says there, and links to this gate are made of that.";
    "http2" Flag, Is(false),
        "Whether the server is spoken to in HTTP/2, from the first byte on: what gRPC needs. It must understand that, and agree to it under TLS. No WebSocket reaches it then.";
    "connect_timeout_ms" Integer(1, 600_000), Number(2_000), "How long connecting may take.";
    "response_timeout_ms" Integer(1, 3_600_000), Number(60_000),
        "How long the head of a response may take.";
    "idle_timeout_ms" Integer(1, 3_600_000), Number(60_000),
        "How long an unused connection is kept.";
});

fields!(CONNECTIONS: 8 of "connections" {
    "max" Integer(1, 1_000_000), Number(10_000), "The most connections at one time.";
    "requests_max" Integer(1, 1_000_000), Number(10_000),
        "The most requests at one time, over all connections: one of HTTP/2 has up to 128. What comes beyond is `unavailable`. A WebSocket is a request until it ends.";
    "max_age_s" Integer(1, 86_400), Number(300),
        "How long a connection serves requests, and how long a WebSocket lasts at most. A revoked key may finish what it began within this.";
    "head_timeout_ms" Integer(1, 600_000), Number(10_000), "How long the head of a request may take.";
    "idle_timeout_ms" Integer(1, 3_600_000), Number(60_000),
        "How long a connection may be silent: between two requests, in the middle of a body, and as a WebSocket, which ends when neither side has sent anything for so long; a ping counts.";
    "head_bytes_max" Integer(8_192, 1_048_576), Number(65_536), "The longest head of a request.";
    "fields_max" Integer(8, 1_000), Number(128), "The most headers of a request.";
    "drain_s" Integer(0, 3_600), Number(30), "How long requests may take to finish after SIGTERM.";
});

fields!(CACHE: 3 of "cache" {
    "records_bytes" Integer(65_536, 1_099_511_627_776), Number(67_108_864), "The most bytes of records.";
    "absences" Integer(16, 100_000_000), Number(10_000),
        "The most genuine keys remembered as unknown.";
    "purses" Integer(16, 100_000_000), Number(100_000), "The most buckets for which tokens are held.";
});

fields!(DECIDE: 2 of "decide" {
    "listen" Text(LISTEN), Be("127.0.0.1:8081"), "Where nginx, Traefik, Caddy or Envoy ask.";
    "trusted" List(BLOCK), These(&["127.0.0.1/32", "::1/128"]), "Who is answered; others are refused.";
});

fields!(ADMIN: 1 of "admin" {
    "listen" Text(LISTEN), Be("127.0.0.1:9090"), "Where metrics, `/healthz` and `/readyz` are read.";
});

fields!(CONTROL: 3 of "control" {
    "listen" Text(LISTEN), Be("127.0.0.1:9091"), "Where the management API is served, over HTTPS if `[tls]` is given.";
    "operators" Text(TENANT), Be(super::OPERATORS), "The tenant whose admin keys may act for other tenants.";
    "cors_origins" List("an origin such as https://console.example, and not *: any page that somebody opens could ask"), These(&[]),
        "The origins whose pages may ask the management API from a browser; none unless they are named here.";
});

fields!(LOG: 1 of "log" {
    "requests" Word(&["off", "refused", "all"]), Be("refused"),
        "Which requests have a line of their own: none, those that the gate refused or failed, at a bounded rate, or all. A reload changes it.";
});

fields!(TLS: 2 of "tls" {
    "certificate" Text(FILE), Required, "The certificate chain, in PEM.";
    "key" Text(FILE), Required, "Its private key, in PEM.";
});

fields!(CLOUDFLARE: 2 of "cloudflare" {
    "url" Text("an https URL without query, or an http one of this machine"), Nothing,
        "Where the deployment is administered: the host and the path of its `admin` setting. `--url` wins.";
    "admin_key" Text(FILE), Be("tollgate.admin-key"),
        "The file of the admin key, which only its owner may read. `TOLLGATE_ADMIN_KEY` in the environment holds the key itself and wins.";
});

fields!(DYNAMODB: 2 of "dynamodb" {
    "ledger" Text("the name of a table: 3 to 255 of A-Z a-z 0-9 . _ -"), Be("tollgate-ledger"),
        "The table of keys, records and the head. `--table` wins.";
    "buckets" Text("the name of a table: 3 to 255 of A-Z a-z 0-9 . _ -"), Be("tollgate-buckets"),
        "The table of limits and quotas.";
});

fields!(TARGET: 3 of "targets" {
    "url" Text("an https URL without query, or an http one of this machine"), Required,
        "Where the management API is served: what stands before `/api`.";
    "admin_key" Text(FILE), Be("tollgate.admin-key"),
        "The file of the admin key, which only its owner may read. `TOLLGATE_ADMIN_KEY` in the environment holds the key itself and wins.";
    "ca" Text(FILE), Nothing,
        "Certificates in PEM of who may have signed that of the API, in the place of those that this machine trusts.";
});

fields!(ROUTE: 14 of "routes" {
    "methods" List("a method, such as GET"), These(&[]), "The methods; none given means all.";
    "path" Text("a path that starts with /"), Required,
        "The path: `*` stands for one segment, `**` at the end for all that follow.";
    "scopes" List("a scope: resource:action, each * or 1 to 32 of a-z 0-9 _ . -"), These(&[]),
        "The scopes that a key must have, at most 16.";
    "cost" Integer(0, 4_294_967_295), Number(1), "What a request takes from each limit and quota.";
    "limits" List("a limit: NAME:SCOPE=BURST,RATE/PERIOD, such as search:key=10,5/1s"), These(&[]),
        "Limits of the route's own, at most 4, counted besides those of the key. SCOPE is key, owner, tenant, ip or global. \
         Clients are told the name with an `@` before it. \
         A name means one scope and the same numbers wherever it stands. New numbers count from the next start or reload.";
    "public" Flag, Is(false), "Whether no key is needed.";
    "key_from" Word(&["authorization", "x-api-key", "header", "query"]), Nothing,
        "The one place that a key is taken from; the others are then left alone.";
    "bind" Flag, Is(false), "Whether the identity is bound to method and path.";
    "cache" Flag, Is(false), "Whether shared caches may keep the answers, as the origin says.";
    "cors" Word(&["refuse", "forward", "answer"]), Be("refuse"),
        "What becomes of a CORS preflight: refused, forwarded without identity, or answered from what follows.";
    "cors_origins" List("an origin such as https://app.example, or *"), These(&[]), "The origins that are answered.";
    "cors_methods" List("a method, such as GET"), These(&[]), "The methods that are allowed to them.";
    "cors_headers" List("the name of a header"), These(&[]), "The request headers that are allowed to them.";
    "cors_max_age_s" Integer(0, 86_400), Number(600), "How long browsers remember the answer.";
});
