//! What the checks find in the configuration, its files and the store's keys.

use tollgate_core::{limit::Refill, network::Block};
use tollgate_http::route::RouteLimit;
use tollgate_ledger::{Key, LimitSpec};

use super::{Facts, mounts, routes};
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

pub(super) fn when(so: bool, what: &str) -> Vec<String> {
    if so { vec![what.to_owned()] } else { vec![] }
}

/// What lacks under this name, with the field that says where it should be.
pub(super) fn lacking(facts: &Facts, code: &str) -> Vec<String> {
    let named = facts.lacks.iter().filter(|lack| lack.code == code);
    named.map(|lack| format!("{}: {}", lack.field, lack.what)).collect()
}

pub(super) fn wide(blocks: &[Block], field: &str) -> Vec<String> {
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

pub(super) fn public_everything(facts: &Facts) -> Vec<String> {
    let all = facts.config.routes.iter().enumerate();
    let all = all.filter(|(_, route)| route.public && route.path == "/**");
    all.map(|(at, _)| format!("routes[{at}] is public and for /**")).collect()
}

pub(super) fn route_shadowed(facts: &Facts) -> Vec<String> {
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

pub(super) fn decide_open(facts: &Facts) -> Vec<String> {
    match &facts.config.decide {
        Some(decide) if !decide.listen.ip().is_loopback() => {
            wide(&decide.trusted, "decide.trusted")
        }
        _ => vec![],
    }
}

pub(super) fn admin_not_on_loopback(facts: &Facts) -> Vec<String> {
    let open = facts.config.admin.filter(|listen| !listen.ip().is_loopback());
    open.map(|listen| format!("admin.listen is {listen}")).into_iter().collect()
}

pub(super) fn plain_http(facts: &Facts) -> Vec<String> {
    let listen = facts.config.gate.listen;
    let plain = facts.config.tls.is_none() && facts.config.origin.is_some();
    if plain && !listen.ip().is_loopback() {
        vec![format!("gate.listen is {listen}, without [tls]")]
    } else {
        vec![]
    }
}

pub(super) fn control_plain(facts: &Facts) -> Vec<String> {
    let control = facts.config.control.as_ref().filter(|_| facts.config.tls.is_none());
    let open = control.filter(|control| !control.listen.ip().is_loopback());
    let told = open.map(|control| format!("control.listen is {}, without [tls]", control.listen));
    told.into_iter().collect()
}

pub(super) fn admin_key_exposed(facts: &Facts) -> Vec<String> {
    let files = facts.admin_keys.iter();
    files.flat_map(|(field, exposure)| exposed(Some(*exposure), field)).collect()
}

pub(super) fn no_admin_key(facts: &Facts) -> Vec<String> {
    let Some(control) = &facts.config.control else { return vec![] };
    // A store that is not there, or cannot be read, is told of otherwise.
    let unread = facts.config.store == StorePlace::Memory || !facts.lacks.is_empty();
    let held = facts.keys.iter().any(|key| key.settings.tenant == control.operators);
    when(!unread && !held, &format!("tenant {} has no key", control.operators))
}

pub(super) fn control_cors_plain(facts: &Facts) -> Vec<String> {
    let named = facts.config.control.iter().flat_map(|control| control.origins.all());
    // What a machine serves itself does not come over a network.
    let local = |origin: &str| {
        let host = origin.trim_start_matches("http://");
        ["localhost", "127.0.0.1", "[::1]"].iter().any(|own| {
            host.strip_prefix(own).is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
        })
    };
    let plain = named.filter(|origin| origin.starts_with("http://") && !local(origin));
    plain.map(|origin| format!("control.cors_origins names {origin}")).collect()
}

pub(super) fn max_staleness_long(facts: &Facts) -> Vec<String> {
    let ms = facts.config.gate.max_staleness_ms;
    if ms > STALENESS_MS { vec![format!("gate.max_staleness_ms is {ms}")] } else { vec![] }
}

pub(super) fn exposed(exposure: Option<Exposure>, field: &str) -> Vec<String> {
    match exposure {
        Some(Exposure::Group) => vec![format!("the file of {field} can be read by its group")],
        Some(Exposure::Others) => vec![format!("the file of {field} can be read by others")],
        Some(Exposure::Owner) | None => vec![],
    }
}

pub(super) fn store_on_network(facts: &Facts) -> Vec<String> {
    let kind = facts.store_on.as_deref().filter(|kind| mounts::is_network(kind));
    kind.map(|kind| format!("store.path is on {kind}")).into_iter().collect()
}

pub(super) fn burst_below_a_second(facts: &Facts) -> Vec<String> {
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

pub(super) fn country_unknown(facts: &Facts) -> Vec<String> {
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

pub(super) fn envoy_needs_header(facts: &Facts) -> Vec<String> {
    let wants = |place| matches!(place, Some(KeyPlace::XApiKey | KeyPlace::Header));
    let routes = facts.config.routes.iter().enumerate();
    let routes = routes.filter(|(_, route)| facts.config.decide.is_some() && wants(route.key_from));
    routes
        .map(|(at, _)| format!("routes[{at}].key_from is a header other than Authorization"))
        .collect()
}

pub(super) fn pepper_old(facts: &Facts) -> Vec<String> {
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
