//! Our own Worker: what it needs, and what may not stand in its file.

use super::super::{
    OPEN_SECRET, PLACED, SHARED_DOOR, Told, UNBOUND, UNREACHED, UNSEEN, tree::Node,
};

/// The classes of the objects, under the names of their bindings.
const OBJECTS: [&str; 3] = ["BUCKET", "RELAY", LEDGER];

/// The ledger, which may be another Worker's.
const LEDGER: &str = "LEDGER";

/// What the ledger needs where it is this Worker's own.
const WITNESS: &str = "WITNESS";

/// What is set with `wrangler secret put` and nowhere else.
const SECRETS: [&str; 2] = ["TOLLGATE_SECRETS", "TOLLGATE_ADMIN"];

/// What an environment says, over what stands above all of them.
struct Scope<'a> {
    place: String,
    own: &'a Node,
    top: &'a Node,
}

pub(super) fn look(node: &Node, told: &mut Told<'_>) {
    let environments = node.get("env").into_iter().flat_map(Node::entries);
    let scopes: Vec<_> = environments
        .map(|(name, own)| Scope { place: format!("env.{name}."), own, top: node })
        .chain([Scope { place: String::new(), own: node, top: node }])
        .collect();
    if !scopes.iter().any(Scope::is_ours) {
        return;
    }
    scopes.iter().for_each(|scope| scope.look(told));
}

impl<'a> Scope<'a> {
    fn settings(&self) -> Option<&'a Node> {
        self.own.at(&["vars", "TOLLGATE"])
    }

    fn is_ours(&self) -> bool {
        self.settings().is_some()
    }

    /// What wrangler hands down to environments that do not say it themselves.
    fn inherited(&self, name: &str) -> Option<&'a Node> {
        self.own.get(name).or_else(|| self.top.get(name))
    }

    fn look(&self, told: &mut Told<'_>) {
        let place = &self.place;
        for name in self.missing() {
            told.tell(UNBOUND, format!("{place}{name} is not there"));
        }
        for name in SECRETS {
            if self.own.at(&["vars", name]).is_some() {
                told.tell(OPEN_SECRET, format!("{place}vars.{name}"));
            }
        }
        if self.settings().is_some_and(|settings| settings.get("secrets").is_some()) {
            told.tell(OPEN_SECRET, format!("{place}vars.TOLLGATE.secrets"));
        }
        if self.own.at(&["placement", "mode"]).and_then(Node::value) == Some("smart") {
            told.tell(PLACED, format!("{place}placement.mode is smart"));
        }
        // What is the same for all is told once.
        let repeated = |name| !place.is_empty() && self.own.get(name).is_none();
        let observed = self.inherited("observability").and_then(|of| of.get("enabled"));
        if !observed.is_some_and(Node::is_true) && !repeated("observability") {
            told.tell(UNSEEN, format!("{place}observability.enabled is not true"));
        }
        if self.routes().is_empty() && !repeated("routes") {
            told.tell(UNREACHED, format!("{place}routes is not given"));
        }
        if let Some(what) = self.shared() {
            told.tell(SHARED_DOOR, format!("{place}vars.TOLLGATE.admin {what}"));
        }
    }

    /// What the gate works with and has not.
    fn missing(&self) -> Vec<String> {
        let mut missing = vec![];
        if !self.is_ours() {
            missing.push("vars.TOLLGATE".to_owned());
        }
        let bound = |list: Option<&Node>, field: &str, name: &str| {
            let items = list.map(Node::items).unwrap_or_default();
            items.iter().any(|item| item.get(field).and_then(Node::value) == Some(name))
        };
        if !bound(self.own.get("kv_namespaces"), "binding", "RECORDS") {
            missing.push("kv_namespaces with the binding RECORDS".to_owned());
        }
        let objects = self.own.at(&["durable_objects", "bindings"]);
        let items = objects.map(Node::items).unwrap_or_default();
        let elsewhere = items.iter().any(|item| {
            let is = |field| item.get(field).and_then(Node::value);
            is("name") == Some(LEDGER) && is("script_name").is_some()
        });
        let needed = OBJECTS.into_iter().chain((!elsewhere).then_some(WITNESS));
        for name in needed.filter(|name| !bound(objects, "name", name)) {
            missing.push(format!("durable_objects.bindings with the name {name}"));
        }
        missing
    }

    fn routes(&self) -> Vec<&'a Node> {
        let one = self.inherited("route").into_iter();
        one.chain(self.inherited("routes").map(Node::items).unwrap_or_default()).collect()
    }

    /// Why whoever calls meets the administration; none if nobody does.
    fn shared(&self) -> Option<&'static str> {
        let admin = self.settings()?.get("admin")?;
        let host = admin.get("host").and_then(Node::value);
        let path = admin.get("path").and_then(Node::value).filter(|path| *path != "/");
        match (host, path) {
            (_, Some(_)) => None,
            (None, None) => Some("names neither a host nor a path of its own"),
            (Some(host), None) => {
                let mut routes = self.routes().into_iter();
                let shared = routes.any(|route| is_on(route, host));
                shared.then_some("is on a host that callers use, without a path of its own")
            }
        }
    }
}

/// Whether callers come to `host` by a route. A custom domain of the administration's own name is its own.
fn is_on(route: &Node, host: &str) -> bool {
    if route.get("custom_domain").is_some_and(Node::is_true) {
        return false;
    }
    let pattern = route.value().or_else(|| route.get("pattern").and_then(Node::value));
    let pattern = pattern.unwrap_or_default();
    let pattern = pattern.split_once("://").map_or(pattern, |(_, rest)| rest);
    let name = pattern.split('/').next().unwrap_or_default();
    match name.strip_prefix('*') {
        Some(end) => host.ends_with(end),
        None => name == host,
    }
}
