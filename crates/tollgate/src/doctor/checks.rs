//! Everything that is looked for.

use super::{
    Check, Facts, Weight, foreign,
    looks::{
        admin_not_on_loopback, burst_below_a_second, country_unknown, decide_open,
        envoy_needs_header, exposed, lacking, max_staleness_long, pepper_old, plain_http,
        public_everything, route_shadowed, store_on_network, when, wide,
    },
};
use crate::config::StorePlace;

const fn warning(
    code: &'static str,
    about: &'static str,
    advice: &'static str,
    find: fn(&Facts) -> Vec<String>,
) -> Check {
    Check { code, weight: Weight::Warning, about, advice, find }
}

/// The checks, in the order in which their findings are told.
pub(crate) const CHECKS: [Check; 44] = [
    warning(
        "checking_off",
        "gate.checking is false",
        "Every request passes. Set it to true unless you measure.",
        |facts| when(!facts.config.gate.checking, "gate.checking is false: every request passes"),
    ),
    warning(
        "public_everything",
        "a public route is for every path",
        "Name the paths that need no key.",
        public_everything,
    ),
    warning(
        "route_shadowed",
        "a route is never reached, because an earlier one is for all of its requests",
        "Put the narrower route first, or remove it.",
        route_shadowed,
    ),
    warning(
        "trusted_hop_too_wide",
        "a trusted hop is so wide a block that strangers are in it",
        "Whoever is in it chooses the address and the country that it is judged by. Name your proxies.",
        |facts| wide(&facts.config.gate.trusted_hops, "gate.trusted_hops"),
    ),
    warning(
        "decide_open",
        "the decision endpoint listens beyond loopback and answers strangers",
        "Strangers can try keys there without being seen by your proxy. Name your proxies in decide.trusted.",
        decide_open,
    ),
    warning(
        "decide_without_key_header",
        "a proxy's configuration asks for decisions without passing on what they need",
        "Envoy passes on only Authorization unless allowed_headers names the key's header; nginx needs X-Original-URI and X-Original-Method.",
        |facts| facts.remarked(foreign::KEEPS_BACK),
    ),
    warning(
        "admin_not_on_loopback",
        "the administration listener is reachable from other machines",
        "It asks for no credential. Listen on loopback, or on an address that only your monitoring reaches.",
        admin_not_on_loopback,
    ),
    warning(
        "plain_http",
        "keys arrive over plain HTTP from other machines",
        "Set [tls], or listen where only a proxy that ends TLS reaches you.",
        plain_http,
    ),
    warning(
        "query_keys",
        "keys are taken from the query",
        "Queries end up in logs, histories and Referer. Use a header.",
        |facts| when(facts.config.keys.query.is_some(), "keys.query is set"),
    ),
    warning(
        "forward_key",
        "the origin receives the key itself",
        "The origin has the signed identity; with the key it, and its logs, could act as the caller.",
        |facts| when(facts.config.keys.forward, "keys.forward is true"),
    ),
    warning(
        "max_staleness_long",
        "gate.max_staleness_ms is above a minute",
        "While the store cannot be read a revoked key passes for so long.",
        max_staleness_long,
    ),
    warning(
        "secrets_exposed",
        "the secrets' file can be read by others than its owner",
        "chmod 600, and replace the peppers if somebody else had access.",
        |facts| exposed(facts.secrets, "secrets.path"),
    ),
    warning(
        "tls_key_exposed",
        "the private key of [tls] can be read by others than its owner",
        "chmod 600, and replace the certificate if somebody else had access.",
        |facts| exposed(facts.tls_key, "tls.key"),
    ),
    warning(
        "store_on_network",
        "the store is on a network file system",
        "Locks and shared memory do not hold there: limits may be overshot and the file damaged. Use a local disk.",
        store_on_network,
    ),
    warning(
        "store_in_memory",
        "the store is in memory",
        "Keys, limits and revocations end with the process. Name a file.",
        |facts| when(facts.config.store == StorePlace::Memory, "store.path is memory"),
    ),
    warning(
        "burst_below_a_second",
        "a limit's burst is below one second of its rate",
        "Several gates, or one that is busy, then admit less than the rate. Make the burst at least the rate of a second.",
        burst_below_a_second,
    ),
    warning(
        "country_unknown",
        "keys have rules on countries, and no header names the country",
        "They are refused everywhere. Set gate.country_header and gate.trusted_hops.",
        country_unknown,
    ),
    Check {
        code: "envoy_needs_header",
        weight: Weight::Note,
        about: "a route takes keys from a header that Envoy does not pass on by itself",
        advice: "Put the header into allowed_headers of ext_authz; `tollgate doctor --proxy envoy.yaml` looks at it.",
        find: envoy_needs_header,
    },
    Check {
        code: "pepper_old",
        weight: Weight::Note,
        about: "keys have been minted under one pepper for more than a year",
        advice: "Rotate it: tollgate peppers add, then use.",
        find: pepper_old,
    },
    warning(
        "secrets_missing",
        "the secrets' file is not there",
        "`tollgate init` makes it. If keys were made before, put back the file that they were made with.",
        |facts| lacking(facts, "secrets_missing"),
    ),
    warning(
        "secrets_unusable",
        "the secrets cannot be read, or are not good",
        "No gate starts with them. Mend what is wrong, or put a copy back; `tollgate init` makes new ones where there is no file.",
        |facts| lacking(facts, "secrets_unusable"),
    ),
    warning(
        "tls_unusable",
        "the certificate or key of [tls] cannot be read, or is not one",
        "No gate starts with it. [tls] names a chain and its unencrypted key, both as PEM, readable by whoever runs the gate.",
        |facts| lacking(facts, "tls_unusable"),
    ),
    warning(
        "store_missing",
        "the store is not there",
        "`tollgate init` makes it. If keys were made before, put a copy back and run `tollgate store restore`.",
        |facts| lacking(facts, "store_missing"),
    ),
    warning(
        "store_unusable",
        "the store cannot be opened or read",
        "No gate starts with it. Look at its path and mode, or put a copy back and run `tollgate store restore`.",
        |facts| lacking(facts, "store_unusable"),
    ),
    Check {
        code: "no_keys",
        weight: Weight::Note,
        about: "the store has no key that is not revoked",
        advice: "`tollgate keys create --tenant acme --owner dev@acme.example --limit burst:key=100,50/1s` makes one.",
        find: |facts| lacking(facts, "no_keys"),
    },
    warning(
        "authorizer_cache",
        "what stands before the gate keeps its decisions",
        "A revoked key passes, and limits are not counted, for as long as a decision is kept. Keep none: TTL 0, proxy_cache off.",
        |facts| facts.remarked(foreign::CACHE),
    ),
    warning(
        "fail_open_route",
        "requests reach the origin when the gate cannot be asked, or has refused them",
        "Answer 503 there. Nothing may lead from an error to the origin.",
        |facts| facts.remarked(foreign::FAIL_OPEN),
    ),
    warning(
        "worker_side_door",
        "a Worker has addresses besides its routes",
        "Rules of the zone do not hold there. Set workers_dev and preview_urls to false.",
        |facts| facts.remarked(foreign::SIDE_DOOR),
    ),
    warning(
        "file_not_understood",
        "a file that was named with --proxy cannot be looked at",
        "Nothing is known about it. Name the file itself, whole and as its program reads it.",
        |facts| facts.remarked(foreign::NOT_UNDERSTOOD),
    ),
    Check {
        code: "file_leaves_open",
        weight: Weight::Note,
        about: "a file leaves to another place what was looked for in it",
        advice: "Look there too; a file can be named with --proxy.",
        find: |facts| facts.remarked(foreign::LEAVES_OPEN),
    },
    warning(
        "worker_admin_on_route",
        "the administration of a Worker shares a host with its callers, and has no path of its own",
        "Give admin in [vars.TOLLGATE] a host that no other route has, or a path that no caller asks for.",
        |facts| facts.remarked(foreign::SHARED_DOOR),
    ),
    warning(
        "worker_binding_missing",
        "a Worker lacks something that the gate works with",
        "It would answer 503 to everything. wrangler hands no binding and no variable down to an environment: say each again.",
        |facts| facts.remarked(foreign::UNBOUND),
    ),
    warning(
        "worker_secret_in_file",
        "a secret stands in the configuration of a Worker",
        "Whoever reads the file or the dashboard has it. Replace it, and set the new one with `wrangler secret put`.",
        |facts| facts.remarked(foreign::OPEN_SECRET),
    ),
    warning(
        "worker_placed_elsewhere",
        "a Worker is moved away from its callers",
        "Every request would travel first. Leave placement out: the gate decides where the caller is.",
        |facts| facts.remarked(foreign::PLACED),
    ),
    Check {
        code: "worker_not_observed",
        weight: Weight::Note,
        about: "nobody keeps what a Worker says",
        advice: "Set observability.enabled to true: refusals and failures are told in its log alone.",
        find: |facts| facts.remarked(foreign::UNSEEN),
    },
    Check {
        code: "worker_without_route",
        weight: Weight::Note,
        about: "a Worker has no route, so nobody reaches it",
        advice: "Add routes with the pattern and the zone.",
        find: |facts| facts.remarked(foreign::UNREACHED),
    },
    warning(
        "authorizer_whole_stage",
        "an authorizer answers for its whole stage",
        "One answer would be good for routes that demand more. Leave TOLLGATE_AUTHORIZER_POLICY out: an answer is then for one method and path.",
        |facts| facts.remarked(foreign::WHOLE_STAGE),
    ),
    warning(
        "authorizer_yes_kept",
        "an authorizer's yes is kept for every route",
        "Set authorizerResultTtlInSeconds to 0, or answer with policies: enableSimpleResponses false.",
        |facts| facts.remarked(foreign::YES_OR_NO),
    ),
    warning(
        "authorizer_secret_in_file",
        "a secret stands in the environment of an authorizer",
        "Whoever reads the template or the function has it. Replace it, and name a secret in TOLLGATE_SECRETS_ARN.",
        |facts| facts.remarked(foreign::OPEN_VARIABLE),
    ),
    warning(
        "table_unprotected",
        "a table of keys or limits can be lost by one mistake",
        "Without the ledger every key is worthless. Set deletion protection and point-in-time recovery.",
        |facts| facts.remarked(foreign::UNPROTECTED),
    ),
    warning(
        "ledger_forgets",
        "what is in the table of the ledger ends by itself",
        "Keys would end, and revocations with them. Only the table of buckets has a time to live.",
        |facts| facts.remarked(foreign::FORGETTING),
    ),
    warning(
        "api_traced",
        "an API writes whole requests to a log",
        "Keys and identities are in it. Switch data tracing off, and delete what was written.",
        |facts| facts.remarked(foreign::TRACED),
    ),
    warning(
        "route_without_authorizer",
        "a route of an API asks no authorizer",
        "Its requests reach the origin without a key. Name the authorizer in security, for each method.",
        |facts| facts.remarked(foreign::UNGUARDED),
    ),
    warning(
        "identity_not_written",
        "an integration does not put the identity in",
        "The origin would see the header that the client wrote. Map context.authorizer.identity onto Tollgate-Identity.",
        |facts| facts.remarked(foreign::UNWRITTEN),
    ),
];
