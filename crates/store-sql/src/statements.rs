//! Everything that is said to the tables.

pub mod lists;

/// The most parameters of one statement.
pub const PARAMETERS_MAX: usize = 100;

/// The longest statement, in bytes.
pub const STATEMENT_MAX: usize = 100_000;

macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $text:expr;)*) => {
        $($(#[$doc])* pub const $name: &str = $text;)*
        /// Every one of them.
        pub const ALL: &[&str] = &[$($name),*];
    };
}

/// The tenants after one of them, whether by their keys, by a stop or by what is said of them or of what they have:
/// each is found by the one before it, so that none of their keys are gone through. A Durable Object joins five at most.
macro_rules! tenants_after {
    () => {
        "WITH RECURSIVE page (name) AS (
            SELECT (SELECT min(n) FROM (
                SELECT min(tenant) n FROM keys WHERE tenant > ?1
                UNION ALL SELECT min(tenant) FROM stops WHERE tenant > ?1
                UNION ALL SELECT min(n) FROM (
                    SELECT min(tenant) n FROM documents WHERE kind = 'tenant' AND tenant > ?1
                    UNION ALL SELECT min(tenant) FROM documents WHERE kind = 'owner' AND tenant > ?1
                    UNION ALL SELECT min(tenant) FROM documents WHERE kind = 'role' AND tenant > ?1
                    UNION ALL SELECT min(tenant) FROM documents WHERE kind = 'template' AND tenant > ?1) page) page)
            UNION ALL SELECT (SELECT min(n) FROM (
                SELECT min(tenant) n FROM keys WHERE tenant > page.name
                UNION ALL SELECT min(tenant) FROM stops WHERE tenant > page.name
                UNION ALL SELECT min(n) FROM (
                    SELECT min(tenant) n FROM documents WHERE kind = 'tenant' AND tenant > page.name
                    UNION ALL SELECT min(tenant) FROM documents WHERE kind = 'owner' AND tenant > page.name
                    UNION ALL SELECT min(tenant) FROM documents WHERE kind = 'role' AND tenant > page.name
                    UNION ALL SELECT min(tenant) FROM documents WHERE kind = 'template' AND tenant > page.name) page) page)
            FROM page WHERE page.name IS NOT NULL LIMIT ?2)
            "
    };
}

/// The owners of a tenant after one of them, likewise.
macro_rules! owners_after {
    () => {
        "WITH RECURSIVE page (name) AS (
            SELECT (SELECT min(n) FROM (
                SELECT min(owner) n FROM keys WHERE tenant = ?1 AND owner > ?2
                UNION ALL SELECT min(name) FROM documents
                    WHERE kind = 'owner' AND tenant = ?1 AND name > ?2
                UNION ALL SELECT min(owner) FROM stops WHERE tenant = ?1 AND owner > ?2) page)
            UNION ALL SELECT (SELECT min(n) FROM (
                SELECT min(owner) n FROM keys WHERE tenant = ?1 AND owner > page.name
                UNION ALL SELECT min(name) FROM documents
                    WHERE kind = 'owner' AND tenant = ?1 AND name > page.name
                UNION ALL SELECT min(owner) FROM stops WHERE tenant = ?1 AND owner > page.name) page)
            FROM page WHERE page.name IS NOT NULL LIMIT ?3)
            "
    };
}

statements! {
    /// How far the ledger has come.
    LEDGER = "SELECT incarnation, epoch, floor FROM ledger WHERE one = 1";
    /// It has come further.
    LEDGER_MOVES = "UPDATE ledger SET incarnation = ?1, epoch = ?2, floor = ?3 WHERE one = 1";
    /// The head's entries in ascending order of epochs.
    ENTRIES = "SELECT epoch, tenant, kind, id, at_ms FROM entries ORDER BY epoch";
    /// An entry leaves.
    ENTRY_LEAVES = "DELETE FROM entries WHERE epoch = ?1";
    /// An entry is put in.
    ENTRY_COMES = "INSERT INTO entries (epoch, tenant, kind, id, at_ms) VALUES (?1, ?2, ?3, ?4, ?5)";
    /// All entries leave: a restore.
    ENTRIES_LEAVE = "DELETE FROM entries";
    /// The document of a key.
    KEY = "SELECT document FROM keys WHERE id = ?1";
    /// The document of the key of a secret.
    KEY_OF = "SELECT k.document FROM secrets s JOIN keys k ON k.id = s.key WHERE s.lookup = ?1";
    /// The same, and whether its owner or its tenant is stopped.
    EFFECTIVE = "SELECT k.document,
        EXISTS (SELECT 1 FROM stops t WHERE t.tenant = k.tenant AND t.owner = k.owner),
        EXISTS (SELECT 1 FROM stops t WHERE t.tenant = k.tenant AND t.owner = '')
        FROM secrets s JOIN keys k ON k.id = s.key WHERE s.lookup = ?1";
    /// Whether an owner and whether its tenant is stopped.
    STOPPED = "SELECT EXISTS (SELECT 1 FROM stops WHERE tenant = ?1 AND owner = ?2),
        EXISTS (SELECT 1 FROM stops WHERE tenant = ?1 AND owner = '')";
    /// The keys after an id.
    KEYS = "SELECT document FROM keys WHERE id > ?1 ORDER BY id LIMIT ?2";
    /// The keys of a tenant after an id.
    KEYS_OF_TENANT =
        "SELECT document FROM keys WHERE tenant = ?3 AND id > ?1 ORDER BY id LIMIT ?2";
    /// Whether a secret is anybody's.
    SECRET_TAKEN = "SELECT EXISTS (SELECT 1 FROM secrets WHERE lookup = ?1)";
    /// Whether an owner has a key, or something is said of it.
    OWNER_KNOWN = "SELECT EXISTS (SELECT 1 FROM keys WHERE tenant = ?1 AND owner = ?2)
        OR EXISTS (SELECT 1 FROM documents WHERE kind = 'owner' AND tenant = ?1 AND name = ?2)";
    /// Whether a tenant has a key, or something is said of it or of what it has.
    TENANT_KNOWN = "SELECT EXISTS (SELECT 1 FROM keys WHERE tenant = ?1)
        OR EXISTS (SELECT 1 FROM documents WHERE tenant = ?1
        AND kind IN ('tenant', 'owner', 'role', 'template'))";
    /// The document of another key that carries a limit.
    CARRIER = "SELECT k.document FROM shared s JOIN keys k ON k.id = s.key
        WHERE s.object = ?1 AND s.name = ?2 AND s.key <> ?3 LIMIT 1";
    /// The documents of the keys that carry a limit.
    CARRIERS = "SELECT k.document FROM shared s JOIN keys k ON k.id = s.key
        WHERE s.object = ?1 AND s.name = ?2 ORDER BY s.key LIMIT ?3";
    /// A key is kept.
    KEY_KEPT = "INSERT INTO keys (id, tenant, owner, document) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT (id) DO UPDATE SET owner = excluded.owner, document = excluded.document";
    /// A key's secrets are written anew.
    SECRETS_LEAVE = "DELETE FROM secrets WHERE key = ?1";
    /// A secret is kept.
    SECRET_KEPT =
        "INSERT INTO secrets (lookup, key, pepper, ends_ms, revoked) VALUES (?1, ?2, ?3, ?4, ?5)";
    /// What a key carries is written anew.
    SHARED_LEAVES = "DELETE FROM shared WHERE key = ?1";
    /// A key carries a limit that counts beyond it.
    SHARED_KEPT = "INSERT INTO shared (object, name, key) VALUES (?1, ?2, ?3)";
    /// The tenants after a name: their keys, whether and since when they are stopped, and how many of their owners are.
    TENANTS = concat!(tenants_after!(), "SELECT page.name, (SELECT count(*) FROM keys WHERE tenant = page.name),
        EXISTS (SELECT 1 FROM stops WHERE tenant = page.name AND owner = ''),
        (SELECT at_ms FROM stops WHERE tenant = page.name AND owner = ''),
        (SELECT count(*) FROM stops WHERE tenant = page.name AND owner > '')
        FROM page WHERE page.name IS NOT NULL");
    /// The same of a tenant's owners.
    OWNERS = concat!(owners_after!(), "SELECT page.name, (SELECT count(*) FROM keys WHERE tenant = ?1 AND owner = page.name),
        EXISTS (SELECT 1 FROM stops WHERE tenant = ?1 AND owner = page.name),
        (SELECT at_ms FROM stops WHERE tenant = ?1 AND owner = page.name), 0
        FROM page WHERE page.name IS NOT NULL");
    /// Somebody is stopped, and by operators; a second time changes nothing else.
    STOP = "INSERT INTO stops (tenant, owner, at_ms) VALUES (?1, ?2, ?3)
        ON CONFLICT (tenant, owner) DO UPDATE SET own = 0";
    /// It was not by operators.
    STOP_OWN = "UPDATE stops SET own = 1 WHERE tenant = ?1 AND owner = ?2";
    /// Somebody is resumed.
    RESUME = "DELETE FROM stops WHERE tenant = ?1 AND owner = ?2";
    /// Something is to be published as of an epoch.
    OUTBOX_PUT = "INSERT INTO outbox (kind, tenant, id, epoch) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT (kind, tenant, id) DO UPDATE SET epoch = excluded.epoch";
    /// Everything is to be published: a restore.
    OUTBOX_ALL = "INSERT INTO outbox (kind, tenant, id, epoch)
        SELECT DISTINCT 'tenant', tenant, '', ?1 FROM keys WHERE true
        ON CONFLICT (kind, tenant, id) DO UPDATE SET epoch = excluded.epoch";
    /// What is to be published, in order of epochs.
    OUTBOX = "SELECT kind, tenant, id, epoch FROM outbox ORDER BY epoch, id LIMIT ?1";
    /// It has been, as of an epoch.
    OUTBOX_DONE = "DELETE FROM outbox WHERE kind = ?1 AND tenant = ?2 AND id = ?3 AND epoch = ?4";
    /// The secrets of a tenant's keys after an id: all of each.
    SECRETS_OF_TENANT = "SELECT page.id, lower(hex(s.lookup)) FROM
        (SELECT id FROM keys WHERE tenant = ?1 AND id > ?2 ORDER BY id LIMIT ?3) page
        CROSS JOIN secrets s ON s.key = page.id ORDER BY page.id";
    /// The same of an owner's keys.
    SECRETS_OF_OWNER = "SELECT page.id, lower(hex(s.lookup)) FROM
        (SELECT id FROM keys WHERE tenant = ?1 AND owner = ?4 AND id > ?2 ORDER BY id LIMIT ?3) page
        CROSS JOIN secrets s ON s.key = page.id ORDER BY page.id";
    /// Secrets that are good at an instant, by pepper.
    PEPPERS = "SELECT pepper, count(*) FROM secrets
        WHERE revoked = 0 AND (ends_ms IS NULL OR ends_ms > ?1) GROUP BY pepper";
    /// A bucket's state.
    BUCKET = "SELECT state FROM buckets WHERE name = ?1";
    /// The same in hexadecimal digits.
    BUCKET_DIGITS = "SELECT lower(hex(state)) FROM buckets WHERE name = ?1";
    /// A bucket's state is kept; when to look at it is said once.
    BUCKET_KEPT = "INSERT INTO buckets (name, state, look_ms) VALUES (?1, ?2, ?3)
        ON CONFLICT (name) DO UPDATE SET state = excluded.state";
    /// The buckets to look at by an instant.
    BUCKETS_DUE =
        "SELECT name, state FROM buckets WHERE look_ms <= ?1 ORDER BY look_ms LIMIT ?2";
    /// When to look at a bucket again.
    BUCKET_LATER = "UPDATE buckets SET look_ms = ?2 WHERE name = ?1";
    /// A bucket is forgotten.
    BUCKET_FORGOTTEN = "DELETE FROM buckets WHERE name = ?1";
    /// The buckets after a name: a restore and a look for damaged ones go through all.
    BUCKETS = "SELECT name, state FROM buckets WHERE name > ?1 ORDER BY name LIMIT ?2";
    /// When a route's limit last changed, if it is what it was.
    ROUTE_LIMIT = "SELECT incarnation, epoch FROM route_limits
        WHERE name = ?1 AND scope = ?2 AND numbers = ?3";
    /// When the deployment was made that said a route's limit last.
    DEPLOYED = "SELECT at_ms FROM deployments WHERE name = ?1";
    /// A newer one has said it.
    DEPLOYED_KEPT = "INSERT INTO deployments (name, at_ms) VALUES (?1, ?2)
        ON CONFLICT (name) DO UPDATE SET at_ms = excluded.at_ms";
    /// A route's limit is another one.
    ROUTE_LIMIT_KEPT =
        "INSERT INTO route_limits (name, scope, numbers, incarnation, epoch) VALUES (?1, ?2, ?3, ?4, ?5)
        ON CONFLICT (name) DO UPDATE SET scope = excluded.scope, numbers = excluded.numbers,
        incarnation = excluded.incarnation, epoch = excluded.epoch";
    /// The highest batch of a holder that has come.
    USAGE_HEARD = "SELECT seq FROM usage_heard WHERE holder = ?1";
    /// A batch of a holder has come.
    USAGE_HEARD_KEPT = "INSERT INTO usage_heard (holder, seq, at_ms) VALUES (?1, ?2, ?3)
        ON CONFLICT (holder) DO UPDATE SET seq = excluded.seq, at_ms = excluded.at_ms";
    /// So many requests more.
    USAGE_ADDED = "INSERT INTO usage (hour, tenant, owner, key, route, code, count)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
        ON CONFLICT (hour, tenant, owner, key, route, code)
        DO UPDATE SET count = usage.count + excluded.count";
    /// The first hour from one on, and before another, of which something is kept.
    USAGE_HOUR = "SELECT min(hour) FROM usage WHERE hour >= ?1 AND hour < ?2";
    /// The same of a tenant.
    USAGE_HOUR_OF_TENANT = "SELECT min(hour) FROM usage WHERE hour >= ?1 AND hour < ?2 AND tenant = ?3";
    /// What was counted in an hour, added up but for what is told apart.
    USAGE = "SELECT tenant, CASE WHEN ?2 THEN owner ELSE '' END, CASE WHEN ?3 THEN key ELSE '' END,
        CASE WHEN ?4 THEN route ELSE '' END, CASE WHEN ?5 THEN code ELSE '' END, sum(count), count(*)
        FROM usage WHERE hour = ?1
        AND (?6 IS NULL OR owner = ?6) AND (?7 IS NULL OR key = ?7) AND (?8 IS NULL OR route = ?8)
        GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5 LIMIT ?9";
    /// The same of a tenant.
    USAGE_OF_TENANT = "SELECT tenant, CASE WHEN ?2 THEN owner ELSE '' END, CASE WHEN ?3 THEN key ELSE '' END,
        CASE WHEN ?4 THEN route ELSE '' END, CASE WHEN ?5 THEN code ELSE '' END, sum(count), count(*)
        FROM usage WHERE hour = ?1 AND tenant = ?10
        AND (?6 IS NULL OR owner = ?6) AND (?7 IS NULL OR key = ?7) AND (?8 IS NULL OR route = ?8)
        GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5 LIMIT ?9";
    /// Holders that were not heard since an instant are forgotten.
    USAGE_HEARD_LEAVES = "DELETE FROM usage_heard WHERE holder IN
        (SELECT holder FROM usage_heard WHERE at_ms < ?1 ORDER BY at_ms LIMIT ?2)";
    /// What was counted before an hour is forgotten.
    USAGE_LEAVES = "DELETE FROM usage WHERE (hour, tenant, owner, key, route, code) IN
        (SELECT hour, tenant, owner, key, route, code FROM usage WHERE hour < ?1
        ORDER BY hour LIMIT ?2)";
    /// So many answers of origins more.
    ANSWERED_ADDED = "INSERT INTO answered (hour, tenant, owner, key, route, kind, value, count)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
        ON CONFLICT (hour, tenant, owner, key, route, kind, value)
        DO UPDATE SET count = answered.count + excluded.count";
    /// The first hour from one on, and before another, of which something is known of answers.
    ANSWERED_HOUR = "SELECT min(hour) FROM answered WHERE hour >= ?1 AND hour < ?2";
    /// The same of a tenant.
    ANSWERED_HOUR_OF_TENANT = "SELECT min(hour) FROM answered WHERE hour >= ?1 AND hour < ?2 AND tenant = ?3";
    /// What origins answered in an hour, of one kind, added up likewise.
    ANSWERED = "SELECT tenant, CASE WHEN ?2 THEN owner ELSE '' END, CASE WHEN ?3 THEN key ELSE '' END,
        CASE WHEN ?4 THEN route ELSE '' END, CASE WHEN ?5 THEN value ELSE '' END, sum(count), count(*)
        FROM answered WHERE hour = ?1 AND kind = ?10
        AND (?6 IS NULL OR owner = ?6) AND (?7 IS NULL OR key = ?7) AND (?8 IS NULL OR route = ?8)
        GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5 LIMIT ?9";
    /// The same of a tenant.
    ANSWERED_OF_TENANT = "SELECT tenant, CASE WHEN ?2 THEN owner ELSE '' END, CASE WHEN ?3 THEN key ELSE '' END,
        CASE WHEN ?4 THEN route ELSE '' END, CASE WHEN ?5 THEN value ELSE '' END, sum(count), count(*)
        FROM answered WHERE hour = ?1 AND tenant = ?11 AND kind = ?10
        AND (?6 IS NULL OR owner = ?6) AND (?7 IS NULL OR key = ?7) AND (?8 IS NULL OR route = ?8)
        GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5 LIMIT ?9";
    /// What was answered before an hour is forgotten.
    ANSWERED_LEAVES = "DELETE FROM answered WHERE (hour, tenant, owner, key, route, kind, value) IN
        (SELECT hour, tenant, owner, key, route, kind, value FROM answered WHERE hour < ?1
        ORDER BY hour LIMIT ?2)";
    /// A secret that somebody has was used at an instant, unless it was used later.
    USED = "INSERT INTO uses (key, lookup, at_ms)
        SELECT s.key, s.lookup, ?2 FROM secrets s WHERE s.lookup = ?1
        ON CONFLICT (key, lookup) DO UPDATE SET at_ms = excluded.at_ms
        WHERE excluded.at_ms > uses.at_ms";
    /// When secrets were used that a key has no more is forgotten.
    USES_LEAVE = "DELETE FROM uses WHERE key = ?1
        AND lookup NOT IN (SELECT s.lookup FROM secrets s WHERE s.key = ?1)";
    /// A key as it is filed, whether its owner or its tenant is stopped, and when its secrets were last used.
    FILED = "SELECT k.document, d.document,
        EXISTS (SELECT 1 FROM stops t WHERE t.tenant = k.tenant AND t.owner = k.owner),
        EXISTS (SELECT 1 FROM stops t WHERE t.tenant = k.tenant AND t.owner = ''),
        (SELECT group_concat(lower(hex(u.lookup)) || ' ' || u.at_ms, ',') FROM uses u WHERE u.key = k.id)
        FROM keys k LEFT JOIN details d ON d.key = k.id WHERE k.id = ?1";
    /// The details of a key are kept.
    DETAILS_KEPT = "INSERT INTO details (key, document) VALUES (?1, ?2)
        ON CONFLICT (key) DO UPDATE SET document = excluded.document";
    /// A request that was answered.
    RETRY = "SELECT asked, salt, key FROM retries WHERE caller = ?1 AND name = ?2";
    /// How many there are of a caller, at most so many.
    RETRIES = "SELECT count(*) FROM (SELECT 1 FROM retries WHERE caller = ?1 LIMIT ?2) page";
    /// A request is answered.
    RETRY_KEPT = "INSERT INTO retries (caller, name, asked, salt, key, at_ms)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    /// One that was answered too long ago is forgotten.
    RETRY_LEAVES = "DELETE FROM retries WHERE caller = ?1 AND name = ?2 AND at_ms < ?3";
    /// Some that were answered too long ago are forgotten.
    RETRIES_LEAVE = "DELETE FROM retries WHERE (caller, name) IN
        (SELECT caller, name FROM retries WHERE at_ms < ?1 ORDER BY at_ms LIMIT ?2)";
    /// Where a chain of the audit stands.
    CHAIN = "SELECT number, hash, at_ms FROM chains WHERE tenant = ?1";
    /// It stands elsewhere.
    CHAIN_MOVES = "INSERT INTO chains (tenant, number, hash, at_ms) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT (tenant) DO UPDATE SET number = excluded.number, hash = excluded.hash,
        at_ms = excluded.at_ms";
    /// What was done is kept.
    AUDIT_KEPT = "INSERT INTO audit (tenant, number, at_ms, actor, operation, subject, line)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    /// The lines of a chain after a number, each with that of its checkpoint.
    AUDIT = "SELECT a.number, a.line, c.line FROM audit a
        LEFT JOIN checkpoints c ON c.tenant = a.tenant AND c.number = a.number
        WHERE a.tenant = ?1 AND a.number > ?2 ORDER BY a.number LIMIT ?3";
    /// The last line of a chain.
    AUDIT_LAST = "SELECT number, line FROM audit WHERE tenant = ?1 ORDER BY number DESC LIMIT 1";
    /// The last checkpoint of a chain.
    CHECKPOINT_LAST = "SELECT number, line FROM checkpoints WHERE tenant = ?1
        ORDER BY number DESC LIMIT 1";
    /// A checkpoint is kept.
    CHECKPOINT_KEPT = "INSERT INTO checkpoints (tenant, number, at_ms, line) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT DO NOTHING";
    /// The chains from a name on that have entries after their last checkpoint.
    UNCHECKED = "SELECT tenant FROM unchecked WHERE tenant >= ?1 ORDER BY tenant LIMIT ?2";
    /// One more has.
    UNCHECKED_COMES = "INSERT INTO unchecked (tenant) VALUES (?1) ON CONFLICT DO NOTHING";
    /// One has none after this number.
    UNCHECKED_LEAVES = "DELETE FROM unchecked WHERE tenant = ?1
        AND NOT EXISTS (SELECT 1 FROM audit WHERE tenant = ?1 AND number > ?2)";
    /// A key has signed a checkpoint.
    SIGNER_KEPT = "INSERT INTO signers (kid, alg, x, at_ms) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT DO NOTHING";
    /// The keys that did, the newest first.
    SIGNERS = "SELECT kid, alg, x FROM signers WHERE number > 0 ORDER BY number DESC LIMIT ?1";
    /// What is kept of a tenant, an owner, a role or a template.
    DOCUMENT = "SELECT document FROM documents WHERE kind = ?1 AND tenant = ?2 AND name = ?3";
    /// How many there are of a kind in a tenant, at most so many.
    DOCUMENTS_COUNTED = "SELECT count(*) FROM (SELECT 1 FROM documents
        WHERE kind = ?1 AND tenant = ?2 LIMIT ?3) page";
    /// Something else is.
    DOCUMENT_KEPT = "INSERT INTO documents (kind, tenant, name, document) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT (kind, tenant, name) DO UPDATE SET document = excluded.document";
    /// Nothing is any more.
    DOCUMENT_LEAVES = "DELETE FROM documents WHERE kind = ?1 AND tenant = ?2 AND name = ?3";
    /// What is known of a tenant: what is said of it, whether it is stopped, whether anything refers to it.
    TENANT_HELD = "SELECT ?1, (SELECT document FROM documents WHERE kind = 'tenant' AND tenant = ?1 AND name = ''),
        (SELECT own FROM stops WHERE tenant = ?1 AND owner = ''),
        EXISTS (SELECT 1 FROM documents
            WHERE tenant = ?1 AND kind IN ('owner', 'role', 'template'))
        OR EXISTS (SELECT 1 FROM stops WHERE tenant = ?1 AND owner > '')
        OR EXISTS (SELECT 1 FROM keys WHERE tenant = ?1
            AND iif(json_valid(document), document ->> '$.state', '') <> 'revoked')";
    /// The same of an owner.
    OWNER_HELD = "SELECT ?2, (SELECT document FROM documents WHERE kind = 'owner' AND tenant = ?1 AND name = ?2),
        (SELECT own FROM stops WHERE tenant = ?1 AND owner = ?2),
        EXISTS (SELECT 1 FROM keys WHERE tenant = ?1 AND owner = ?2
            AND iif(json_valid(document), document ->> '$.state', '') <> 'revoked')";
    /// The same of a role or a template.
    CARRIED_HELD = "SELECT ?3,
        (SELECT document FROM documents WHERE kind = ?1 AND tenant = ?2 AND name = ?3), NULL,
        EXISTS (SELECT 1 FROM carried WHERE kind = ?1 AND tenant = ?2 AND name = ?3)";
    /// The same of the tenants after one of them.
    TENANTS_HELD = concat!(tenants_after!(), "SELECT page.name, (SELECT document FROM documents WHERE kind = 'tenant' AND tenant = page.name AND name = ''),
        (SELECT own FROM stops WHERE tenant = page.name AND owner = ''),
        EXISTS (SELECT 1 FROM documents
            WHERE tenant = page.name AND kind IN ('owner', 'role', 'template'))
        OR EXISTS (SELECT 1 FROM stops WHERE tenant = page.name AND owner > '')
        OR EXISTS (SELECT 1 FROM keys WHERE tenant = page.name
            AND iif(json_valid(document), document ->> '$.state', '') <> 'revoked') FROM page WHERE page.name IS NOT NULL");
    /// The same of the owners of a tenant.
    OWNERS_HELD = concat!(owners_after!(), "SELECT page.name, (SELECT document FROM documents WHERE kind = 'owner' AND tenant = ?1 AND name = page.name),
        (SELECT own FROM stops WHERE tenant = ?1 AND owner = page.name),
        EXISTS (SELECT 1 FROM keys WHERE tenant = ?1 AND owner = page.name
            AND iif(json_valid(document), document ->> '$.state', '') <> 'revoked') FROM page WHERE page.name IS NOT NULL");
    /// The same of the roles or the templates of a tenant.
    CARRIEDS_HELD = "SELECT d.name, d.document, NULL, EXISTS (SELECT 1 FROM carried c
            WHERE c.kind = d.kind AND c.tenant = d.tenant AND c.name = d.name)
        FROM documents d WHERE d.kind = ?1 AND d.tenant = ?2 AND d.name > ?3
        ORDER BY d.name LIMIT ?4";
    /// The keys that carry a role or a template, as they are filed, but for when they were last used.
    FILED_CARRIERS = "SELECT k.document, d.document,
        EXISTS (SELECT 1 FROM stops t WHERE t.tenant = k.tenant AND t.owner = k.owner),
        EXISTS (SELECT 1 FROM stops t WHERE t.tenant = k.tenant AND t.owner = ''), NULL
        FROM carried c JOIN keys k ON k.id = c.key LEFT JOIN details d ON d.key = k.id
        WHERE c.kind = ?1 AND c.tenant = ?2 AND c.name = ?3 ORDER BY c.key LIMIT ?4";
    /// How many there are, at most so many.
    CARRIED = "SELECT count(*) FROM (SELECT 1 FROM carried
        WHERE kind = ?1 AND tenant = ?2 AND name = ?3 LIMIT ?4) page";
    /// What a key carries is written anew.
    CARRIED_LEAVES = "DELETE FROM carried WHERE key = ?1";
    /// A key carries a role or a template.
    CARRIED_KEPT = "INSERT INTO carried (kind, tenant, name, key) VALUES (?1, ?2, ?3, ?4)";
    /// How far the lists of keys have been filled.
    LISTING = "SELECT after, filled, made FROM listing WHERE one = 1";
    /// They are filled up to a key.
    LISTING_MOVES = "UPDATE listing SET after = ?1 WHERE one = 1";
    /// They are filled.
    LISTING_FILLED = "UPDATE listing SET filled = 1 WHERE one = 1";
    /// One more of their indexes is made.
    LISTING_MADE = "UPDATE listing SET made = made + 1 WHERE one = 1";
    /// The last of so many keys after an id; none if there are fewer.
    LISTED_LAST = "SELECT id FROM keys WHERE id > ?1 ORDER BY id LIMIT 1 OFFSET ?2 - 1";
}
