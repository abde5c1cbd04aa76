//! From routes to the rules that requests are matched against.

use std::collections::BTreeMap;

use tollgate_http::{
    cors::{self, Allowed},
    credential::KeyFrom,
    route::{Fault, RouteLimit, RuleSpec, Rules},
};

use super::{
    Cors, KeyPlace, Route,
    table::{Bad, Read, Reader, Table},
};

/// The rules of all routes, unless one of them cannot be used.
pub(super) fn all(reader: Reader<'_>, routes: &[Read<Route>]) -> Read<Rules> {
    let mut specs = vec![];
    for (table, route) in reader.routes().zip(routes) {
        let Ok(route) = route else { continue };
        // One by one, so that all that is wrong is said, each in its place.
        match Rules::new(vec![spec(route)]) {
            Ok(_) => specs.push(spec(route)),
            Err(error) => {
                let _: Bad = table.wrong(field(error.fault), error.fault.to_string());
            }
        }
    }
    same_everywhere(reader, routes);
    let whole = specs.len() == routes.len();
    Rules::new(specs).ok().filter(|_| whole).ok_or(Bad)
}

/// A limit of one name is one bucket wherever it stands, so it has one scope and the same numbers.
fn same_everywhere(reader: Reader<'_>, routes: &[Read<Route>]) {
    let mut known: BTreeMap<&str, (&RouteLimit, Table<'_>)> = BTreeMap::new();
    for (table, route) in reader.routes().zip(routes) {
        for own in route.iter().flat_map(|route| &route.limits) {
            let (first, there) = *known.entry(&own.name).or_insert((own, table));
            if own != first {
                let there = there.path_and_place("limits");
                let what = format!(
                    "{} is another limit than in {there}: give it another name, or the same scope and numbers",
                    own.name
                );
                let _: Bad = table.wrong("limits", what);
            }
        }
    }
}

/// The field that a fault is about.
const fn field(fault: Fault) -> &'static str {
    match fault {
        Fault::TooManyRules | Fault::WrongPath | Fault::WrongStar | Fault::Reserved => "path",
        Fault::WrongMethod => "methods",
        Fault::WrongScope => "scopes",
        Fault::WrongLimit => "limits",
        Fault::PublicDemands => "public",
        Fault::Cors(_) => "cors",
    }
}

fn spec(route: &Route) -> RuleSpec {
    let key_from = |place| match place {
        KeyPlace::Authorization => KeyFrom::Authorization,
        KeyPlace::XApiKey => KeyFrom::XApiKey,
        KeyPlace::Header => KeyFrom::Header,
        KeyPlace::Query => KeyFrom::Query,
    };
    RuleSpec {
        methods: boxed(&route.methods),
        path: route.path.as_str().into(),
        scopes: boxed(&route.scopes),
        cost: route.cost,
        limits: route.limits.clone(),
        public: route.public,
        key_from: route.key_from.map(key_from),
        bind: route.bind,
        cache: route.cache,
        cors: match &route.cors {
            Cors::Refuse => cors::Cors::Refuse,
            Cors::Forward => cors::Cors::Forward,
            Cors::Answer { origins, methods, headers, max_age_s } => {
                let (origins, methods, headers) = (boxed(origins), boxed(methods), boxed(headers));
                cors::Cors::Answer(Allowed {
                    origins: origins.into(),
                    methods: methods.into(),
                    headers: headers.into(),
                    max_age_s: *max_age_s,
                })
            }
        },
    }
}

fn boxed(texts: &[String]) -> Vec<Box<str>> {
    texts.iter().map(|text| text.as_str().into()).collect()
}
