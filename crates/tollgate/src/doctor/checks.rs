//! Everything that is looked for.

use tollgate_core::{limit::Refill, network::Block};
use tollgate_http::route::RouteLimit;
use tollgate_ledger::{Key, LimitSpec};

use super::{Check, Facts, Weight, mounts, routes};
use crate::{
    config::{KeyPlace, StorePlace},
    secrets::Exposure,
};

/// Above this a revoked key is good for longer than an operator expects, in milliseconds.
const STALENESS_MS: u64 = 60_000;

/// A block of public addresses that is shorter holds more than one provider's proxies.
const WIDE_V4: u8 = 12;
const WIDE_V6: u8 = 24;

/// For how long a pepper may mint keys before it is worth a note: about a year.
const PEPPER_AGE_MS: u64 = 366 * 86_400_000;

/// How many keys are named by one finding.
const NAMED_MAX: usize = 3;

/// Blocks that no stranger has an address in.
const OWN: [&str; 9] = [
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "::1/128",
    "fc00::/7",
    "fe80::/10",
];

const fn warning(
    code: &'static str,
    about: &'static str,
    advice: &'static str,
    find: fn(&Facts) -> Vec<String>,
) -> Check {
    Check { code, weight: Weight::Warning, about, advice, find }
}

/// The checks, in the order in which their findings are told.
pub(crate) const CHECKS: [Check; 19] = [
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
        proxy_keeps_back,
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
];

fn when(so: bool, what: &str) -> Vec<String> {
    if so { vec![what.to_owned()] } else { vec![] }
}

fn wide(blocks: &[Block], field: &str) -> Vec<String> {
    let own = |block: Block| {
        OWN.iter().filter_map(|own| Block::parse(own).ok()).any(|own| within(block, own))
    };
    let wide = |block: &&Block| {
        let shortest = match block {
            Block::V4 { .. } => WIDE_V4,
            Block::V6 { .. } => WIDE_V6,
        };
        block.length() < shortest && !own(**block)
    };
    blocks.iter().filter(wide).map(|block| format!("{field} has {block}")).collect()
}

/// Whether every address of `inner` is one of `outer`.
fn within(inner: Block, outer: Block) -> bool {
    let first = match inner {
        Block::V4 { first, .. } => std::net::IpAddr::from(first.to_be_bytes()),
        Block::V6 { first, .. } => std::net::IpAddr::from(first.to_be_bytes()),
    };
    let same_family = matches!(
        (inner, outer),
        (Block::V4 { .. }, Block::V4 { .. }) | (Block::V6 { .. }, Block::V6 { .. })
    );
    same_family
        && inner.length() >= outer.length()
        && outer.contains(tollgate_core::network::Address::new(first))
}

fn public_everything(facts: &Facts) -> Vec<String> {
    let all = facts.config.routes.iter().enumerate();
    let all = all.filter(|(_, route)| route.public && route.path == "/**");
    all.map(|(at, _)| format!("routes[{at}] is public and for /**")).collect()
}

fn route_shadowed(facts: &Facts) -> Vec<String> {
    let routes = &facts.config.routes;
    let shadowed = routes.iter().enumerate().filter_map(|(at, later)| {
        let mut earlier = routes.iter().take(at);
        let by = earlier.position(|earlier| routes::covers(earlier, later))?;
        Some(format!(
            "routes[{at}] ({}) comes after routes[{by}], which is for all of it",
            later.path
        ))
    });
    shadowed.collect()
}

fn decide_open(facts: &Facts) -> Vec<String> {
    match &facts.config.decide {
        Some(decide) if !decide.listen.ip().is_loopback() => {
            wide(&decide.trusted, "decide.trusted")
        }
        _ => vec![],
    }
}

fn proxy_keeps_back(facts: &Facts) -> Vec<String> {
    let header = facts.config.keys.header.as_deref();
    let mut found = vec![];
    for (name, text) in &facts.proxies {
        let lower = text.to_lowercase();
        let needs = |word: &str| !lower.contains(&word.to_lowercase());
        if lower.contains("ext_authz") && lower.contains("http_service") {
            let wanted = ["x-api-key"].into_iter().chain(header);
            found.extend(
                wanted
                    .filter(|word| needs(word))
                    .map(|word| format!("{name}: allowed_headers has no {word}")),
            );
        }
        if lower.contains("auth_request ") {
            let wanted = ["X-Original-URI", "X-Original-Method"].into_iter();
            found.extend(
                wanted
                    .filter(|word| needs(word))
                    .map(|word| format!("{name}: auth_request without {word}")),
            );
        }
    }
    found
}

fn admin_not_on_loopback(facts: &Facts) -> Vec<String> {
    let open = facts.config.admin.filter(|listen| !listen.ip().is_loopback());
    open.map(|listen| format!("admin.listen is {listen}")).into_iter().collect()
}

fn plain_http(facts: &Facts) -> Vec<String> {
    let listen = facts.config.gate.listen;
    let plain = facts.config.tls.is_none() && facts.config.origin.is_some();
    if plain && !listen.ip().is_loopback() {
        vec![format!("gate.listen is {listen}, without [tls]")]
    } else {
        vec![]
    }
}

fn max_staleness_long(facts: &Facts) -> Vec<String> {
    let ms = facts.config.gate.max_staleness_ms;
    if ms > STALENESS_MS { vec![format!("gate.max_staleness_ms is {ms}")] } else { vec![] }
}

fn exposed(exposure: Option<Exposure>, field: &str) -> Vec<String> {
    match exposure {
        Some(Exposure::Group) => vec![format!("the file of {field} can be read by its group")],
        Some(Exposure::Others) => vec![format!("the file of {field} can be read by others")],
        Some(Exposure::Owner) | None => vec![],
    }
}

fn store_on_network(facts: &Facts) -> Vec<String> {
    let kind = facts.store_on.as_deref().filter(|kind| mounts::is_network(kind));
    kind.map(|kind| format!("store.path is on {kind}")).into_iter().collect()
}

fn burst_below_a_second(facts: &Facts) -> Vec<String> {
    let below = |burst: u64, rate: u64, period_ms: u64| {
        u128::from(burst).saturating_mul(period_ms.into()) < u128::from(rate).saturating_mul(1_000)
    };
    let small = |spec: &LimitSpec| below(spec.burst, spec.rate, spec.period_ms);
    let of = |key: &Key| key.settings.limits.iter().any(small);
    let mut found = counted(facts, of, "a limit whose burst is below one second of its rate");
    for (at, route) in facts.config.routes.iter().enumerate() {
        let small = |own: &&RouteLimit| match own.numbers.refill() {
            Refill::Steady { rate, period_ms } => {
                below(own.numbers.burst().into(), rate.into(), period_ms.into())
            }
            Refill::Each(_) => false,
        };
        let own = route.limits.iter().filter(small);
        found.extend(own.map(|own| {
            format!("routes[{at}] has limit {} with a burst below one second of its rate", own.name)
        }));
    }
    found
}

fn country_unknown(facts: &Facts) -> Vec<String> {
    let ruled = |key: &Key| {
        !key.settings.countries_allowed.is_empty() || !key.settings.countries_denied.is_empty()
    };
    match facts.config.gate.country_header {
        None => counted(facts, ruled, "rules on countries"),
        Some(_) => vec![],
    }
}

/// One finding for all keys of which something holds, with the first of them by name.
fn counted(facts: &Facts, holds: impl Fn(&Key) -> bool, what: &str) -> Vec<String> {
    let ids: Vec<&str> =
        facts.keys.iter().filter(|key| holds(key)).map(|key| key.id.as_str()).collect();
    if ids.is_empty() {
        return vec![];
    }
    let named = ids.iter().take(NAMED_MAX).copied().collect::<Vec<_>>().join(", ");
    let more = if ids.len() > NAMED_MAX { ", …" } else { "" };
    vec![format!("{} of {} keys have {what}: {named}{more}", ids.len(), facts.keys.len())]
}

fn envoy_needs_header(facts: &Facts) -> Vec<String> {
    let wants = |place| matches!(place, Some(KeyPlace::XApiKey | KeyPlace::Header));
    let routes = facts.config.routes.iter().enumerate();
    let routes = routes.filter(|(_, route)| facts.config.decide.is_some() && wants(route.key_from));
    routes
        .map(|(at, _)| format!("routes[{at}].key_from is a header other than Authorization"))
        .collect()
}

fn pepper_old(facts: &Facts) -> Vec<String> {
    let secrets = facts.keys.iter().flat_map(|key| &key.secrets);
    let living: Vec<_> = secrets.filter(|secret| secret.lives(facts.now)).collect();
    // The pepper that issues is that of the youngest secret.
    let Some(pepper) = living.iter().max_by_key(|secret| secret.created_ms).map(|one| one.pepper)
    else {
        return vec![];
    };
    let under = living.iter().filter(|secret| secret.pepper == pepper);
    let first = under.map(|secret| secret.created_ms).min().unwrap_or(facts.now.0);
    let old = facts.now.0.saturating_sub(first) > PEPPER_AGE_MS;
    if old { vec![format!("pepper {pepper} has minted keys for more than a year")] } else { vec![] }
}
