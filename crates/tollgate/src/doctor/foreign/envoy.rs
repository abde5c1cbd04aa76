//! Envoy: filters that let through what they could not ask about, or do not ask about all.

use super::{FAIL_OPEN, KEEPS_BACK, Told, tree::Node};

/// Whether a tree is a configuration of Envoy, or a part of one.
pub(super) fn is(node: &Node) -> bool {
    node.everywhere().any(|(name, value)| {
        let typed = || value.value().is_some_and(|text| text.contains("envoy."));
        matches!(name, "static_resources" | "ext_authz" | "http_filters")
            || (matches!(name, "@type" | "name") && typed())
    })
}

pub(super) fn look(node: &Node, told: &mut Told<'_>) {
    if node.named("http_service").next().is_some() {
        for header in ["x-api-key"].into_iter().chain(told.header) {
            let mut lists = node.named("allowed_headers");
            if !lists.any(|list| allows(list, header)) {
                told.tell(KEEPS_BACK, format!("allowed_headers has no {header}"));
            }
        }
    }
    for allow in node.named("failure_mode_allow") {
        let value = allow.value().unwrap_or_default();
        if !["false", "no", "off", "n"].contains(&value) {
            told.tell(FAIL_OPEN, format!("failure_mode_allow is {value}"));
        }
    }
    for share in node.named("filter_enabled").filter_map(|enabled| enabled.get("default_value")) {
        let number = share.get("numerator").and_then(Node::value).unwrap_or("0");
        let whole = match share.get("denominator").and_then(Node::value) {
            None | Some("HUNDRED") => "100",
            Some("TEN_THOUSAND") => "10000",
            Some(_) => "1000000",
        };
        if number != whole {
            told.tell(FAIL_OPEN, format!("filter_enabled asks about {number} of {whole} requests"));
        }
    }
}

/// Whether a list of patterns lets `header` pass.
fn allows(list: &Node, header: &str) -> bool {
    let patterns = list.get("patterns").map(Node::items).unwrap_or_default();
    patterns.iter().flat_map(Node::entries).any(|(how, pattern)| {
        let text = pattern.get("regex").unwrap_or(pattern).value().unwrap_or_default();
        let text = text.to_ascii_lowercase();
        match how {
            "exact" => header == text,
            "prefix" => header.starts_with(&text),
            "suffix" => header.ends_with(&text),
            "contains" => header.contains(&text),
            // As far as can be told without running it.
            "safe_regex" => text == ".*" || text.contains(header),
            _ => false,
        }
    })
}
