//! Our own authorizer, in a template or in Terraform: its variables, its tables, and the routes that it guards.

use super::super::{
    FORGETTING, LEAVES_OPEN, OPEN_VARIABLE, TRACED, Told, UNGUARDED, UNPROTECTED, UNWRITTEN,
    WHOLE_STAGE, YES_OR_NO, tree::Node,
};

/// The path that anybody may ask for: the public keys.
const PUBLIC: &str = "/.well-known/tollgate/jwks.json";

/// The variables that name the tables, and whether what is in a table may end by itself.
const TABLES: [(&str, bool); 2] =
    [("TOLLGATE_BUCKETS_TABLE", true), ("TOLLGATE_LEDGER_TABLE", false)];

/// What is known of a table.
#[derive(Debug)]
pub(in super::super) struct Table {
    pub(in super::super) protected: bool,
    pub(in super::super) recoverable: bool,
    pub(in super::super) forgets: bool,
}

/// Whether the variables are those of our authorizer.
pub(in super::super) fn is_ours<'a>(mut variables: impl Iterator<Item = &'a str>) -> bool {
    variables.any(|name| name.starts_with("TOLLGATE_"))
}

/// Tells what is remarkable about the variables of the authorizer called `name`.
pub(in super::super) fn variables<'a>(
    name: &str,
    value: impl Fn(&str) -> Option<&'a str>,
    told: &mut Told<'_>,
) {
    if value("TOLLGATE_SECRETS").is_some() {
        told.tell(OPEN_VARIABLE, format!("{name}: TOLLGATE_SECRETS"));
    }
    if value("TOLLGATE_AUTHORIZER_POLICY") == Some("stage") {
        told.tell(WHOLE_STAGE, format!("{name}: TOLLGATE_AUTHORIZER_POLICY is stage"));
    }
}

/// Tells what is remarkable about the tables of the authorizer called `name`: what its variables refer to, and what is known
/// of that.
pub(in super::super) fn tables(
    name: &str,
    refers: impl Fn(&str) -> Option<String>,
    table: impl Fn(&str) -> Option<Table>,
    told: &mut Told<'_>,
) {
    for (variable, ends) in TABLES {
        let Some(referred) = refers(variable) else {
            told.tell(LEAVES_OPEN, format!("{name}: {variable} names no table of this file"));
            continue;
        };
        let Some(known) = table(&referred) else {
            told.tell(LEAVES_OPEN, format!("{name}: the table of {variable} is not in this file"));
            continue;
        };
        if !known.protected {
            told.tell(UNPROTECTED, format!("{referred}: may be deleted"));
        }
        if !known.recoverable {
            told.tell(UNPROTECTED, format!("{referred}: has no point in time to go back to"));
        }
        if known.forgets && !ends {
            told.tell(FORGETTING, format!("{referred}: has a time to live"));
        }
    }
}

/// Every function of a template that is ours, and stages that trace.
pub(super) fn of_template(node: &Node, told: &mut Told<'_>) {
    let resources: Vec<_> = node.get("Resources").into_iter().flat_map(Node::entries).collect();
    let properties =
        |wanted: &str| resources.iter().find(|(name, _)| *name == wanted)?.1.get("Properties");
    for (name, resource) in &resources {
        let settings = resource.at(&["Properties", "MethodSettings"]).map(Node::items);
        let traced = |one: &&Node| one.get("DataTraceEnabled").is_some_and(Node::is_true);
        if settings.unwrap_or_default().iter().any(|one| traced(&one)) {
            told.tell(TRACED, format!("{name}: DataTraceEnabled is true"));
        }
        let Some(of) = resource.at(&["Properties", "Environment", "Variables"]) else { continue };
        if !is_ours(of.entries().map(|(name, _)| name)) {
            continue;
        }
        variables(
            name,
            |variable| of.get(variable).map(|node| node.value().unwrap_or_default()),
            told,
        );
        let refers = |variable: &str| referred(of.get(variable)?);
        tables(name, refers, |name| properties(name).map(table), told);
    }
}

fn table(properties: &Node) -> Table {
    let is = |names: &[&str]| properties.at(names).is_some_and(Node::is_true);
    let recovery = ["PointInTimeRecoverySpecification", "PointInTimeRecoveryEnabled"];
    Table {
        protected: is(&["DeletionProtectionEnabled"]),
        recoverable: is(&recovery),
        forgets: is(&["TimeToLiveSpecification", "Enabled"]),
    }
}

/// The resource that a value refers to.
fn referred(node: &Node) -> Option<String> {
    let reference = node.get("Ref").and_then(Node::value);
    reference.or_else(|| node.value()?.strip_prefix("!Ref ")).map(str::to_owned)
}

/// Every API that is described where one of its methods asks an authorizer of ours.
pub(super) fn of_documents(node: &Node, told: &mut Told<'_>) {
    let bodies = node.named("DefinitionBody").chain(node.named("Body"));
    for document in bodies.chain([node]) {
        let schemes = document.at(&["components", "securitySchemes"]);
        let schemes = schemes.or_else(|| document.get("securityDefinitions"));
        let schemes: Vec<_> = schemes.into_iter().flat_map(Node::entries).collect();
        let authorizers: Vec<_> = schemes
            .iter()
            .filter_map(|(_, scheme)| scheme.get("x-amazon-apigateway-authorizer"))
            .filter(|one| one.get("type").and_then(Node::value) != Some("jwt"))
            .collect();
        if authorizers.is_empty() {
            continue;
        }
        authorizers.iter().for_each(|one| yes_or_no(one, told));
        for (path, methods) in document.get("paths").into_iter().flat_map(Node::entries) {
            for (name, method) in methods.entries() {
                guarded(path, name, method, told);
            }
        }
    }
}

/// A kept yes is one for every route, unless the route is among what it is kept by.
fn yes_or_no(authorizer: &Node, told: &mut Told<'_>) {
    let simple = authorizer.get("enableSimpleResponses").is_some_and(Node::is_true);
    let ttl = authorizer.get("authorizerResultTtlInSeconds").and_then(Node::value);
    let sources = authorizer.get("identitySource").and_then(Node::value).unwrap_or_default();
    let routed = ["$context.routeKey", "$context.path"].iter().any(|one| sources.contains(one));
    if simple && ttl.is_some_and(|ttl| ttl != "0") && !routed {
        told.tell(YES_OR_NO, "enableSimpleResponses is true, and the identity source has no route");
    }
}

fn guarded(path: &str, name: &str, method: &Node, told: &mut Told<'_>) {
    let Some(integration) = method.get("x-amazon-apigateway-integration") else { return };
    let kind = integration.get("type").and_then(Node::value).unwrap_or_default();
    if path == PUBLIC || kind.eq_ignore_ascii_case("mock") {
        return;
    }
    let verb = if name == "x-amazon-apigateway-any-method" { "any" } else { name };
    if method.get("security").is_none_or(|needs| needs.items().is_empty()) {
        told.tell(UNGUARDED, format!("{verb} {path}: asks no authorizer"));
    } else if kind.eq_ignore_ascii_case("http_proxy") && !is_written(integration) {
        told.tell(UNWRITTEN, format!("{verb} {path}: does not put the identity in"));
    }
}

/// Whether an integration puts our identity in the place of whatever came under its name.
fn is_written(integration: &Node) -> bool {
    let parameters = integration.get("requestParameters").into_iter().flat_map(Node::entries);
    let mut mapped = parameters.filter(|(_, from)| {
        from.value()
            .is_some_and(|from| from.trim_start_matches('$') == "context.authorizer.identity")
    });
    mapped.any(|(name, _)| {
        let name = name.to_ascii_lowercase();
        ["integration.request.header.tollgate-identity", "overwrite:header.tollgate-identity"]
            .contains(&name.as_str())
    })
}
