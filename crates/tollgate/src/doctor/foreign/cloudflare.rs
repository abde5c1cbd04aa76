//! wrangler: doors beside the route, routes whose failing is decided elsewhere, and what our own Worker needs.

mod worker;

use super::{LEAVES_OPEN, SIDE_DOOR, Told, tree::Node};

/// Whether a tree is a configuration of wrangler.
pub(super) fn is(node: &Node) -> bool {
    node.get("compatibility_date").is_some() || node.get("workers_dev").is_some()
}

pub(super) fn look(node: &Node, told: &mut Told<'_>) {
    worker::look(node, told);
    let environments = node.get("env").into_iter().flat_map(Node::entries);
    let environments: Vec<_> =
        environments.map(|(name, of)| (format!("env.{name}."), of)).collect();
    for field in ["workers_dev", "preview_urls"] {
        match node.get(field).and_then(Node::value) {
            Some("false") => {}
            Some(_) => told.tell(SIDE_DOOR, format!("{field} is not false")),
            None => told.tell(SIDE_DOOR, format!("{field} is not given, and may be on")),
        }
        for (place, environment) in &environments {
            if environment.get(field).is_some_and(|value| value.value() != Some("false")) {
                told.tell(SIDE_DOOR, format!("{place}{field} is not false"));
            }
        }
    }
    for (place, of) in
        environments.iter().map(|(place, of)| (place.as_str(), *of)).chain([("", node)])
    {
        let route = of.get("route").into_iter();
        let routes = of.get("routes").map(Node::items).unwrap_or_default();
        // What has a domain of its own has nothing behind it that could be reached.
        let open = route
            .chain(routes)
            .find(|route| !route.get("custom_domain").is_some_and(Node::is_true));
        if open.is_some() {
            told.tell(
                LEAVES_OPEN,
                format!("{place}routes: whether they fail open is set in Cloudflare's dashboard; it must be closed"),
            );
        }
    }
}
