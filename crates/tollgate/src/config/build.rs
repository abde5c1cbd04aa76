//! From values to the checked configuration.

use std::{cell::RefCell, net::SocketAddr, path::Path};

use tollgate_control::Origins;
use tollgate_core::{
    head::MaxStaleness,
    id::Id,
    key::{Brand, Env, Prefix},
    network::Block,
    scope::{REQUIRED_SCOPES_MAX, Scope},
};
use tollgate_gate::spelled;
use tollgate_identity::{Algorithm, Name};

use super::{
    Cache, Cloudflare, Config, Connections, Control, Cors, Decide, Dynamodb, Gate, Identity,
    KeyPlace, Keys, Logged, Origin, Problem, Profile, RateLimitFields, Route, Tls, Told, checks,
    document::Document,
    rules,
    table::{Bad, Read, Reader, Table},
};
use crate::remote::Place;

/// The configuration, unless something is among the problems.
pub(super) fn config(
    document: &Document,
    file: &Path,
    problems: &mut Vec<Problem>,
) -> Option<Config> {
    let folder = file.parent().unwrap_or(Path::new(""));
    let found = RefCell::new(vec![]);
    let reader = Reader { document, problems: &found };
    let table = |name| reader.table(name);
    let keys = keys(table("keys"));
    let store = table("store").text("path", |text| checks::store(text, folder));
    let secrets = table("secrets").text("path", |text| checks::path(text, folder));
    let identity = identity(table("identity"));
    let gate = gate(table("gate"));
    let origin = reader.given("origin").map(|table| origin(table, folder)).transpose();
    let connections = connections(table("connections"));
    let cache = cache(table("cache"));
    let decide = reader.given("decide").map(decide).transpose();
    let admin = reader.given("admin").map(|table| table.text("listen", listen)).transpose();
    let control = reader.given("control").map(control).transpose();
    let log = table("log").text("requests", logged);
    let tls = reader.given("tls").map(|table| tls(table, folder)).transpose();
    let cloudflare = cloudflare(table("cloudflare"), folder);
    let dynamodb = dynamodb(table("dynamodb"));
    let targets: Vec<_> = reader.targets().map(|of| target(of, folder)).collect();
    let routes: Vec<_> = reader.routes().map(route).collect();
    let rules = rules::all(reader, &routes);
    let config = || -> Read<Config> {
        Ok(Config {
            keys: keys?,
            store: store?,
            secrets: secrets?,
            identity: identity?,
            gate: gate?,
            origin: origin?,
            connections: connections?,
            cache: cache?,
            decide: decide?,
            admin: admin?,
            control: control?,
            log: log?,
            tls: tls?,
            cloudflare: cloudflare?,
            dynamodb: dynamodb?,
            targets: targets.into_iter().collect::<Read<_>>()?,
            routes: routes.into_iter().collect::<Read<_>>()?,
            rules: rules?,
        })
    };
    let config = config().ok();
    if let Some(config) = &config {
        together(config, reader);
    }
    problems.append(&mut found.borrow_mut());
    config
}

fn keys(table: Table<'_>) -> Read<Keys> {
    let prefix = table.text("prefix", |text| Prefix::new(text).ok());
    let envs = table.list("envs", |text| Env::new(text).ok().map(|_| text.to_owned()));
    let header = table.optional("header", checks::key_header);
    let query = table.optional("query", checks::parameter);
    let forward = table.flag("forward");
    let (prefix, envs) = (prefix?, envs?);
    let envs: Vec<_> = envs.iter().map(String::as_str).collect();
    let brand = Brand::new(prefix.as_str(), &envs);
    let brand = brand.map_err(|error| table.wrong("envs", error.to_string()))?;
    Ok(Keys { brand, prefix, header: header?, query: query?, forward: forward? })
}

fn identity(table: Table<'_>) -> Read<Identity> {
    let name = |text: &str| Name::new(text).ok().map(|_| text.into());
    let issuer = table.text("issuer", name);
    let audience = table.text("audience", name);
    let algorithm = table.text("algorithm", Algorithm::parse);
    Ok(Identity { issuer: issuer?, audience: audience?, algorithm: algorithm? })
}

fn gate(table: Table<'_>) -> Read<Gate> {
    let listen = table.text("listen", listen);
    let realm = table.text("realm", checks::realm);
    let max_staleness_ms = table.integer("max_staleness_ms");
    let store_deadline_ms = table.integer("store_deadline_ms");
    let trusted_hops = table.list("trusted_hops", |text| Block::parse(text).ok());
    let country_header = table.optional("country_header", checks::header);
    let rate_limit_fields = table.text("rate_limit_fields", |text| match text {
        "standard" => Some(RateLimitFields::Standard),
        "legacy" => Some(RateLimitFields::Legacy),
        "both" => Some(RateLimitFields::Both),
        "off" => Some(RateLimitFields::Off),
        _ => None,
    });
    let checking = table.flag("checking");
    let max_staleness_ms = max_staleness_ms?;
    Ok(Gate {
        listen: listen?,
        realm: realm?,
        max_staleness: MaxStaleness::new(max_staleness_ms).ok_or(Bad)?,
        max_staleness_ms,
        store_deadline_ms: store_deadline_ms?,
        trusted_hops: trusted_hops?,
        country_header: country_header?,
        rate_limit_fields: rate_limit_fields?,
        checking: checking?,
    })
}

fn logged(word: &str) -> Option<Logged> {
    match word {
        "off" => Some(Logged::Off),
        "refused" => Some(Logged::Refused),
        "all" => Some(Logged::All),
        _ => None,
    }
}

fn origin(table: Table<'_>, folder: &Path) -> Read<Origin> {
    let server = table.text("url", checks::server);
    let ca = table.optional("ca", |text| checks::path(text, folder));
    let host = table.text("host", |text| match text {
        "client" => Some(Told::Client),
        "origin" => Some(Told::Origin),
        _ => None,
    });
    let http2 = table.flag("http2");
    let connect_timeout = table.millis("connect_timeout_ms");
    let response_timeout = table.millis("response_timeout_ms");
    let idle_timeout = table.millis("idle_timeout_ms");
    let (server, ca) = (server?, ca?);
    if ca.is_some() && !server.tls {
        return Err(table.wrong("ca", "is for an https URL: this one is spoken to without TLS"));
    }
    Ok(Origin {
        server,
        ca,
        host: host?,
        http2: http2?,
        connect_timeout: connect_timeout?,
        response_timeout: response_timeout?,
        idle_timeout: idle_timeout?,
    })
}

fn connections(table: Table<'_>) -> Read<Connections> {
    let max = table.integer("max");
    let requests_max = table.integer("requests_max");
    let max_age = table.seconds("max_age_s");
    let head_timeout = table.millis("head_timeout_ms");
    let idle_timeout = table.millis("idle_timeout_ms");
    let head_bytes_max = table.integer("head_bytes_max");
    let fields_max = table.integer("fields_max");
    let drain = table.seconds("drain_s");
    Ok(Connections {
        max: max?,
        requests_max: requests_max?,
        max_age: max_age?,
        head_timeout: head_timeout?,
        idle_timeout: idle_timeout?,
        head_bytes_max: head_bytes_max?,
        fields_max: fields_max?,
        drain: drain?,
    })
}

fn cache(table: Table<'_>) -> Read<Cache> {
    let records_bytes = table.integer("records_bytes");
    let absences = table.integer("absences");
    let purses = table.integer("purses");
    Ok(Cache { records_bytes: records_bytes?, absences: absences?, purses: purses? })
}

fn decide(table: Table<'_>) -> Read<Decide> {
    let listen = table.text("listen", listen);
    let trusted = table.list("trusted", |text| Block::parse(text).ok());
    Ok(Decide { listen: listen?, trusted: trusted? })
}

fn control(table: Table<'_>) -> Read<Control> {
    let operators = table.text("operators", |text| Id::new(text).ok().map(|_| text.to_owned()));
    let listen = table.text("listen", listen);
    let page = |text: &str| Origins::new([text]).ok().and_then(|_| checks::web_origin(text));
    let origins = table.list("cors_origins", page)?;
    let Ok(origins) = Origins::new(origins.iter().map(String::as_str)) else {
        return Err(table.wrong("cors_origins", "has more than 64 origins"));
    };
    Ok(Control { listen: listen?, operators: operators?, origins })
}

fn tls(table: Table<'_>, folder: &Path) -> Read<Tls> {
    let certificate = table.text("certificate", |text| checks::path(text, folder));
    let key = table.text("key", |text| checks::path(text, folder));
    Ok(Tls { certificate: certificate?, key: key? })
}

fn cloudflare(table: Table<'_>, folder: &Path) -> Read<Cloudflare> {
    let url = table.optional("url", Place::parse);
    let admin_key = table.text("admin_key", |text| checks::path(text, folder));
    Ok(Cloudflare { url: url?, admin_key: admin_key? })
}

fn dynamodb(table: Table<'_>) -> Read<Dynamodb> {
    let name = |text: &str| checks::table_name(text).map(str::to_owned);
    let (ledger, buckets) = (table.text("ledger", name), table.text("buckets", name));
    Ok(Dynamodb { ledger: ledger?, buckets: buckets? })
}

fn target((name, table): (&str, Table<'_>), folder: &Path) -> Read<(String, Profile)> {
    let url = table.text("url", Place::parse);
    let admin_key = table.text("admin_key", |text| checks::path(text, folder));
    let ca = table.optional("ca", |text| checks::path(text, folder));
    if !checks::is_target_name(name) {
        let what = "is no name for a target: 1 to 32 of a-z 0-9 _ -, and not local, cloudflare or dynamodb";
        return Err(table.misnamed(what));
    }
    Ok((name.to_owned(), Profile { url: url?, admin_key: admin_key?, ca: ca? }))
}

fn route(table: Table<'_>) -> Read<Route> {
    let methods = table.list("methods", checks::method);
    let path = table.text("path", checks::pattern);
    let scopes = table.list("scopes", |text| Scope::new(text).ok().map(|_| text.to_owned()));
    let cost = table.integer("cost");
    let limits = table.list("limits", spelled::limit);
    let public = table.flag("public");
    let key_from = table.optional("key_from", |text| match text {
        "authorization" => Some(KeyPlace::Authorization),
        "x-api-key" => Some(KeyPlace::XApiKey),
        "header" => Some(KeyPlace::Header),
        "query" => Some(KeyPlace::Query),
        _ => None,
    });
    let bind = table.flag("bind");
    let cache = table.flag("cache");
    let cors = cors(table);
    let scopes = scopes?;
    if scopes.len() > REQUIRED_SCOPES_MAX {
        return Err(table.wrong("scopes", format!("lists more than {REQUIRED_SCOPES_MAX}")));
    }
    let public = public?;
    if public && !scopes.is_empty() {
        return Err(table.wrong("scopes", "a public route needs no key, so it cannot need scopes"));
    }
    Ok(Route {
        methods: methods?,
        path: path?,
        scopes,
        cost: cost?,
        limits: limits?,
        public,
        key_from: key_from?,
        bind: bind?,
        cache: cache?,
        cors: cors?,
    })
}

fn cors(table: Table<'_>) -> Read<Cors> {
    let origins = table.list("cors_origins", checks::web_origin);
    let methods = table.list("cors_methods", checks::method);
    let headers = table.list("cors_headers", |text| checks::header(text).map(Into::into));
    let max_age_s = table.integer("cors_max_age_s");
    match table.text("cors", |text| Some(text.to_owned()))?.as_str() {
        "answer" => {
            let origins = origins?;
            if origins.is_empty() {
                return Err(table
                    .wrong("cors_origins", "a preflight is answered to somebody: list origins"));
            }
            Ok(Cors::Answer {
                origins,
                methods: methods?,
                headers: headers?,
                max_age_s: max_age_s?,
            })
        }
        word => {
            let set = ["cors_origins", "cors_methods", "cors_headers", "cors_max_age_s"];
            if let Some(name) = set.into_iter().find(|name| table.is_set(name)) {
                return Err(table.wrong(name, "means nothing unless `cors` is \"answer\""));
            }
            Ok(if word == "forward" { Cors::Forward } else { Cors::Refuse })
        }
    }
}

/// What single fields do not show.
fn together(config: &Config, reader: Reader<'_>) {
    let decide = config.decide.as_ref().map(|decide| ("decide", decide.listen));
    let mut served =
        [Some(config.gate.listen), decide.map(|(_, listen)| listen)].into_iter().flatten();
    if !config.gate.checking
        && let Some(listen) = served.find(|listen| !listen.ip().is_loopback())
    {
        let _: Bad = reader.table("gate").wrong(
            "checking",
            format!("every request would pass, and {listen} is not loopback: set it to true, or listen on 127.0.0.1"),
        );
    }
    let admin = config.admin.map(|listen| ("admin", listen));
    let mut taken = vec![("gate", config.gate.listen)];
    let control = config.control.as_ref().map(|control| ("control", control.listen));
    for (name, listen) in decide.into_iter().chain(admin).chain(control) {
        if let Some((other, _)) =
            taken.iter().find(|(_, taken)| *taken == listen && listen.port() != 0)
        {
            let what = format!("{listen} is that of {other}.listen: each listener has its own");
            let _: Bad = reader.table(name).wrong("listen", what);
        }
        taken.push((name, listen));
    }
    for (table, route) in reader.routes().zip(&config.routes) {
        let lacks = match route.key_from {
            Some(KeyPlace::Header) if config.keys.header.is_none() => "keys.header",
            Some(KeyPlace::Query) if config.keys.query.is_none() => "keys.query",
            _ => continue,
        };
        let _: Bad =
            table.wrong("key_from", format!("{lacks} is not set, so no key would be found"));
    }
}

fn listen(text: &str) -> Option<SocketAddr> {
    text.parse().ok()
}
