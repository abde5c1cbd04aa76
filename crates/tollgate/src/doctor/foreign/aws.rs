//! Templates of AWS, SAM's included, and OpenAPI documents for API Gateway: decisions that are kept there, and what weakens
//! our own authorizer.

pub(super) mod gate;

use super::{CACHE, LEAVES_OPEN, Told, tree::Node};

/// For how long API Gateway keeps a decision of a REST API, unless it is told otherwise.
const REST_TTL_S: &str = "300";

/// Whether a tree is one of these.
pub(super) fn is(node: &Node) -> bool {
    let resources = node.get("Resources").into_iter().flat_map(Node::entries);
    let mut types = resources.filter_map(|(_, resource)| resource.get("Type")?.value());
    node.get("AWSTemplateFormatVersion").is_some()
        || types.any(|text| text.starts_with("AWS::"))
        || node.get("openapi").or_else(|| node.get("swagger")).is_some()
}

pub(super) fn look(node: &Node, told: &mut Told<'_>) {
    for (name, resource) in node.get("Resources").into_iter().flat_map(Node::entries) {
        let kind = resource.get("Type").and_then(Node::value).unwrap_or_default();
        let Some(properties) = resource.get("Properties") else { continue };
        let ttl = properties.get("AuthorizerResultTtlInSeconds");
        let own = |field: &str| {
            let kind = properties.get(field).and_then(Node::value).unwrap_or("REQUEST");
            matches!(kind, "TOKEN" | "REQUEST")
        };
        let field = "AuthorizerResultTtlInSeconds";
        match kind {
            "AWS::ApiGateway::Authorizer" if own("Type") => {
                kept(told, name, field, value(ttl), Some(REST_TTL_S));
            }
            "AWS::ApiGatewayV2::Authorizer" if own("AuthorizerType") => {
                kept(told, name, field, value(ttl), None);
            }
            "AWS::Serverless::Api" => of_sam(told, properties, Some(REST_TTL_S)),
            "AWS::Serverless::HttpApi" => of_sam(told, properties, None),
            _ => {}
        }
    }
    for (name, otherwise) in [("Api", Some(REST_TTL_S)), ("HttpApi", None)] {
        if let Some(properties) = node.at(&["Globals", name]) {
            of_sam(told, properties, otherwise);
        }
    }
    for authorizer in node.named("x-amazon-apigateway-authorizer") {
        // Only HTTP APIs have a version of the format.
        let rest = authorizer.get("authorizerPayloadFormatVersion").is_none();
        let own = authorizer.get("type").and_then(Node::value);
        if own.is_some_and(|kind| matches!(kind, "token" | "request")) {
            let field = "authorizerResultTtlInSeconds";
            let ttl = value(authorizer.get(field));
            kept(told, "x-amazon-apigateway-authorizer", field, ttl, rest.then_some(REST_TTL_S));
        }
    }
    gate::of_template(node, told);
    gate::of_documents(node, told);
}

fn of_sam(told: &mut Told<'_>, properties: &Node, otherwise: Option<&str>) {
    let authorizers = properties.at(&["Auth", "Authorizers"]).into_iter().flat_map(Node::entries);
    for (name, authorizer) in authorizers.filter(|(_, one)| one.get("FunctionArn").is_some()) {
        let ttl = authorizer.at(&["Identity", "ReauthorizeEvery"]);
        kept(told, name, "ReauthorizeEvery", value(ttl), otherwise);
    }
}

/// The value, also of what is no single one.
fn value(node: Option<&Node>) -> Option<&str> {
    node.map(|node| node.value().unwrap_or("computed"))
}

/// Tells of a decision that is kept for `ttl` seconds, or `otherwise` if nothing is said.
pub(super) fn kept(
    told: &mut Told<'_>,
    name: &str,
    field: &str,
    ttl: Option<&str>,
    otherwise: Option<&str>,
) {
    match (ttl, otherwise) {
        (Some(ttl), _) => match ttl.parse() {
            Ok(0_u32) => {}
            Ok(_) => told.tell(CACHE, format!("{name}: {field} is {ttl}")),
            Err(_) => told.tell(
                LEAVES_OPEN,
                format!("{name}: {field} is {ttl}, which this file does not say"),
            ),
        },
        (None, Some(ttl)) => {
            told.tell(CACHE, format!("{name}: {field} is not given, which means {ttl}"));
        }
        (None, None) => {}
    }
}
