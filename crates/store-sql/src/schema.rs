//! The tables.

use crate::listing;

/// What marks a file as ours: `TgLd`.
pub const APPLICATION_ID: i64 = 0x5467_4c64;

/// The version of the schema that this program reads and writes: how many migrations there are.
pub const VERSION: i64 = 11;

/// The statements that lead from each version to the next, from an empty file on.
///
/// Published ones are never edited: a change of the schema is one more.
pub const MIGRATIONS: [&[&str]; 11] =
    [FIRST, SECOND, THIRD, FOURTH, FIFTH, SIXTH, SEVENTH, EIGHTH, NINTH, listing::TENTH, ELEVENTH];

const FIRST: &[&str] = &[
    // How far the ledger has come: one row.
    "CREATE TABLE ledger (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        incarnation INTEGER NOT NULL CHECK (incarnation > 0),
        epoch INTEGER NOT NULL CHECK (epoch > 0),
        floor INTEGER NOT NULL CHECK (floor BETWEEN 0 AND epoch)
    ) STRICT",
    // The head's entries: the newest change of each subject above the floor.
    "CREATE TABLE entries (
        epoch INTEGER PRIMARY KEY,
        tenant TEXT NOT NULL,
        kind TEXT NOT NULL CHECK (kind IN ('lookup', 'key', 'owner', 'tenant')),
        id TEXT NOT NULL,
        at_ms INTEGER NOT NULL,
        UNIQUE (tenant, kind, id)
    ) STRICT",
    // The keys, each with its document.
    "CREATE TABLE keys (
        id TEXT PRIMARY KEY,
        tenant TEXT NOT NULL,
        owner TEXT NOT NULL,
        document TEXT NOT NULL
    ) STRICT, WITHOUT ROWID",
    "CREATE INDEX keys_of_tenants ON keys (tenant, id)",
    "CREATE INDEX keys_of_owners ON keys (tenant, owner)",
    // Whose a secret is; what the document says of it, so that it can be asked for.
    "CREATE TABLE secrets (
        lookup BLOB PRIMARY KEY CHECK (length(lookup) = 16),
        key TEXT NOT NULL REFERENCES keys (id),
        pepper INTEGER NOT NULL CHECK (pepper BETWEEN 0 AND 15),
        ends_ms INTEGER,
        revoked INTEGER NOT NULL CHECK (revoked IN (0, 1))
    ) STRICT, WITHOUT ROWID",
    "CREATE INDEX secrets_of_keys ON secrets (key)",
    // Which keys carry limits that count beyond themselves.
    "CREATE TABLE shared (
        object TEXT NOT NULL,
        name TEXT NOT NULL,
        key TEXT NOT NULL REFERENCES keys (id),
        PRIMARY KEY (object, name, key)
    ) STRICT, WITHOUT ROWID",
    "CREATE INDEX shared_of_keys ON shared (key)",
    // Who is stopped: an owner, or with an empty one the tenant.
    "CREATE TABLE stops (
        tenant TEXT NOT NULL,
        owner TEXT NOT NULL,
        PRIMARY KEY (tenant, owner)
    ) STRICT, WITHOUT ROWID",
    // What replicas have not been told yet: a secret, or all of an owner or a tenant.
    "CREATE TABLE outbox (
        kind TEXT NOT NULL CHECK (kind IN ('lookup', 'owner', 'tenant')),
        tenant TEXT NOT NULL,
        id TEXT NOT NULL,
        epoch INTEGER NOT NULL,
        PRIMARY KEY (kind, tenant, id)
    ) STRICT, WITHOUT ROWID",
    // The buckets' states, and when to look whether one may be forgotten.
    "CREATE TABLE buckets (
        name TEXT PRIMARY KEY,
        state BLOB NOT NULL,
        look_ms INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID",
    "CREATE INDEX buckets_to_look_at ON buckets (look_ms)",
    "INSERT INTO ledger (one, incarnation, epoch, floor) VALUES (1, 1, 1, 1)",
];

const SECOND: &[&str] = &[
    // The limits of routes by their names, as they were last asked for, and when they last changed.
    "CREATE TABLE route_limits (
        name TEXT PRIMARY KEY,
        scope TEXT NOT NULL CHECK (scope IN ('key', 'owner', 'tenant', 'ip', 'global')),
        numbers TEXT NOT NULL,
        incarnation INTEGER NOT NULL CHECK (incarnation > 0),
        epoch INTEGER NOT NULL CHECK (epoch > 0)
    ) STRICT, WITHOUT ROWID",
];

const THIRD: &[&str] = &[
    // Since when; none of stops that are older than this column.
    "ALTER TABLE stops ADD COLUMN at_ms INTEGER",
];

const FOURTH: &[&str] = &[
    // What replicas have not been told is told in order.
    "CREATE INDEX outbox_in_order ON outbox (epoch, id)",
];

const FIFTH: &[&str] = &[
    // How many requests of a key, under a route and in an hour, came to what; empty names where no key is known.
    "CREATE TABLE usage (
        hour INTEGER NOT NULL,
        tenant TEXT NOT NULL,
        owner TEXT NOT NULL,
        key TEXT NOT NULL,
        route TEXT NOT NULL,
        code TEXT NOT NULL,
        count INTEGER NOT NULL CHECK (count > 0),
        PRIMARY KEY (hour, tenant, owner, key, route, code)
    ) STRICT, WITHOUT ROWID",
    "CREATE INDEX usage_of_tenants ON usage (tenant, hour)",
    // The highest batch of each holder that has come, so that none is counted twice.
    "CREATE TABLE usage_heard (
        holder BLOB PRIMARY KEY CHECK (length(holder) = 16),
        seq INTEGER NOT NULL CHECK (seq > 0),
        at_ms INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID",
    "CREATE INDEX usage_heard_in_order ON usage_heard (at_ms)",
];

const SIXTH: &[&str] = &[
    // When the deployment was made that said a route's limit last; none where deployments do not say.
    "CREATE TABLE deployments (
        name TEXT PRIMARY KEY,
        at_ms INTEGER NOT NULL CHECK (at_ms > 0)
    ) STRICT, WITHOUT ROWID",
];

const SEVENTH: &[&str] = &[
    // What the control plane keeps of a key beside its document, which gates depend on.
    "CREATE TABLE details (
        key TEXT PRIMARY KEY REFERENCES keys (id),
        document TEXT NOT NULL
    ) STRICT, WITHOUT ROWID",
    // Which requests that make a secret have been answered, by what their caller calls them, so that the same one again
    // makes no other. The secret is not kept, but what it was drawn with beside that name, which is digested here.
    "CREATE TABLE retries (
        caller TEXT NOT NULL,
        name TEXT NOT NULL,
        asked TEXT NOT NULL,
        salt TEXT NOT NULL,
        key TEXT NOT NULL REFERENCES keys (id),
        at_ms INTEGER NOT NULL,
        PRIMARY KEY (caller, name)
    ) STRICT, WITHOUT ROWID",
    "CREATE INDEX retries_in_order ON retries (at_ms)",
    // Who did what: a chain for each tenant, each line bound to the one before it.
    "CREATE TABLE audit (
        tenant TEXT NOT NULL,
        number INTEGER NOT NULL CHECK (number > 0),
        at_ms INTEGER NOT NULL,
        actor TEXT NOT NULL,
        operation TEXT NOT NULL,
        subject TEXT NOT NULL,
        line TEXT NOT NULL,
        PRIMARY KEY (tenant, number)
    ) STRICT, WITHOUT ROWID",
    // Where each chain stands.
    "CREATE TABLE chains (
        tenant TEXT PRIMARY KEY,
        number INTEGER NOT NULL CHECK (number > 0),
        hash TEXT NOT NULL CHECK (length(hash) = 64),
        at_ms INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID",
];

const EIGHTH: &[&str] = &[
    // What is said of tenants, owners, roles and templates. A tenant's own has an empty name.
    "CREATE TABLE documents (
        kind TEXT NOT NULL CHECK (kind IN ('tenant', 'owner', 'role', 'template')),
        tenant TEXT NOT NULL,
        name TEXT NOT NULL,
        document TEXT NOT NULL,
        PRIMARY KEY (kind, tenant, name)
    ) STRICT, WITHOUT ROWID",
    // Which keys have a role, and which were made by a template.
    "CREATE TABLE carried (
        kind TEXT NOT NULL CHECK (kind IN ('role', 'template')),
        tenant TEXT NOT NULL,
        name TEXT NOT NULL,
        key TEXT NOT NULL REFERENCES keys (id),
        PRIMARY KEY (kind, tenant, name, key)
    ) STRICT, WITHOUT ROWID",
    "CREATE INDEX carried_by_keys ON carried (key)",
    // About when each secret was last used: as gates say it now and then, and never at a request.
    "CREATE TABLE uses (
        key TEXT NOT NULL,
        lookup BLOB NOT NULL CHECK (length(lookup) = 16),
        at_ms INTEGER NOT NULL,
        PRIMARY KEY (key, lookup)
    ) STRICT, WITHOUT ROWID",
    // What origins answered requests of a key with, and how long they took, as usage is counted.
    "CREATE TABLE answered (
        hour INTEGER NOT NULL,
        tenant TEXT NOT NULL,
        owner TEXT NOT NULL,
        key TEXT NOT NULL,
        route TEXT NOT NULL,
        kind TEXT NOT NULL CHECK (kind IN ('status', 'took')),
        value TEXT NOT NULL,
        count INTEGER NOT NULL CHECK (count > 0),
        PRIMARY KEY (hour, tenant, owner, key, route, kind, value)
    ) STRICT, WITHOUT ROWID",
    "CREATE INDEX answered_of_tenants ON answered (tenant, hour)",
    // What the deployment has signed of each chain of the audit.
    "CREATE TABLE checkpoints (
        tenant TEXT NOT NULL,
        number INTEGER NOT NULL CHECK (number > 0),
        at_ms INTEGER NOT NULL,
        line TEXT NOT NULL,
        PRIMARY KEY (tenant, number)
    ) STRICT, WITHOUT ROWID",
];

const NINTH: &[&str] = &[
    // Which chains have entries after their last checkpoint.
    "CREATE TABLE unchecked (tenant TEXT PRIMARY KEY) STRICT, WITHOUT ROWID",
    "INSERT INTO unchecked (tenant) SELECT tenant FROM chains",
    // The public keys of those that signed checkpoints: who is retired must stay known to whoever verifies.
    "CREATE TABLE signers (
        number INTEGER PRIMARY KEY,
        kid TEXT NOT NULL UNIQUE,
        alg TEXT NOT NULL,
        x TEXT NOT NULL CHECK (length(x) = 64),
        at_ms INTEGER NOT NULL
    ) STRICT",
];

const ELEVENTH: &[&str] = &[
    // Whether a tenant's own key has stopped an owner. What a program of a version before stops is of the operators.
    "ALTER TABLE stops ADD COLUMN own INTEGER NOT NULL DEFAULT 0 CHECK (own IN (0, 1))",
];
