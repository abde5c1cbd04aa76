//! Traefik: middlewares and services that forward what was refused, or take over when the gate is gone.

use super::{FAIL_OPEN, Told, tree::Node};

/// Whether a tree is a configuration of Traefik, of either kind, or objects of its own in Kubernetes.
pub(super) fn is(node: &Node) -> bool {
    node.everywhere().any(|(name, value)| match name {
        "forwardAuth" | "entryPoints" | "middlewares" | "routers" => true,
        "apiVersion" => value.value().is_some_and(|text| text.starts_with("traefik.")),
        _ => false,
    })
}

pub(super) fn look(node: &Node, told: &mut Told<'_>) {
    for errors in node.named("errors") {
        let query = errors.get("query").and_then(Node::value).unwrap_or_default();
        if query.contains("{url}") {
            let text = format!("errors with query {query} forwards what was not allowed");
            told.tell(FAIL_OPEN, text);
        }
    }
    for failover in node.named("failover") {
        let guards = |name: &str| {
            let service = failover.get(name).and_then(Node::value).unwrap_or_default();
            let servers = node.named(service).flat_map(|service| service.named("url"));
            servers.filter_map(Node::value).any(|url| told.gate.is_at(url))
        };
        if guards("service") && !guards("fallback") {
            let fallback = failover.get("fallback").and_then(Node::value).unwrap_or_default();
            told.tell(FAIL_OPEN, format!("failover goes to {fallback} when the gate is gone"));
        }
    }
}
