//! Terraform: authorizers of API Gateway with their tables and stages, and routes of Cloudflare.

use super::{FAIL_OPEN, SIDE_DOOR, TRACED, Told, aws};

/// One resource with what it sets, what is in an inner block under the names of both.
#[derive(Debug)]
pub(crate) struct Resource {
    kind: String,
    name: String,
    fields: Vec<(String, String)>,
}

impl Resource {
    fn get(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Whether a text is Terraform.
pub(super) fn is(text: &str) -> bool {
    text.lines().any(|line| line.starts_with("resource \"") || line.starts_with("terraform {"))
}

/// Reads the resources; none if braces do not match.
pub(super) fn read(text: &str) -> Option<Vec<Resource>> {
    let mut resources: Vec<Resource> = vec![];
    let mut blocks: Vec<String> = vec![];
    let mut resource = false;
    let mut ends: Option<String> = None;
    let plain = uncommented(text);
    for line in plain.lines() {
        let line = line.trim();
        if let Some(end) = &ends {
            ends = ends.clone().filter(|_| line != end);
            continue;
        }
        if blocks.is_empty() {
            resource = line.starts_with("resource ");
            if resource {
                let mut words = line.split('"');
                let (kind, name) = (words.nth(1)?.to_owned(), words.nth(1)?.to_owned());
                resources.push(Resource { kind, name, fields: vec![] });
            }
        }
        let named = line.split(|c: char| c.is_whitespace() || c == '=').next().unwrap_or_default();
        let block = line.split_once('{').filter(|(before, _)| !before.contains('='));
        // A block on one line has its fields there too.
        let inner = block.map_or(line, |(_, rest)| rest);
        let within = blocks.iter().skip(1).map(String::as_str);
        let own = block.map(|_| named).filter(|_| !blocks.is_empty());
        if let (true, Some((name, value))) = (resource, inner.split_once('=')) {
            let value = value.trim().trim_end_matches('}').trim().trim_matches('"').to_owned();
            let place: Vec<&str> = within.chain(own).chain([name.trim()]).collect();
            resources.last_mut()?.fields.push((place.join("."), value));
        }
        if let Some((_, end)) = line.split_once("<<") {
            ends = Some(end.trim_start_matches('-').trim().to_owned());
        }
        let mut quoted = false;
        for c in line.chars() {
            match c {
                '"' => quoted = !quoted,
                '{' | '[' | '(' if !quoted => blocks.push(named.to_owned()),
                '}' | ']' | ')' if !quoted => drop(blocks.pop()?),
                _ => {}
            }
        }
    }
    (blocks.is_empty() && ends.is_none()).then_some(resources)
}

/// The text without comments.
fn uncommented(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    let mut quoted = false;
    while let Some(c) = chars.next() {
        match (c, chars.peek()) {
            ('"', _) => quoted = !quoted,
            ('\n', _) => quoted = false,
            ('\\', _) if quoted => {
                plain.push(c);
                plain.extend(chars.next());
                continue;
            }
            ('#', _) | ('/', Some('/')) if !quoted => {
                while chars.next_if(|c| *c != '\n').is_some() {}
                continue;
            }
            ('/', Some('*')) if !quoted => {
                let mut last = ' ';
                for c in chars.by_ref() {
                    if last == '*' && c == '/' {
                        break;
                    }
                    last = c;
                }
                continue;
            }
            _ => {}
        }
        plain.push(c);
    }
    plain
}

pub(super) fn look(resources: &[Resource], told: &mut Told<'_>) {
    for resource in resources {
        let name = format!("{}.{}", resource.kind, resource.name);
        let own =
            |field: &str, own: &[&str]| resource.get(field).is_none_or(|kind| own.contains(&kind));
        let field = "authorizer_result_ttl_in_seconds";
        let ttl = resource.get(field);
        match resource.kind.as_str() {
            "aws_api_gateway_authorizer" if own("type", &["TOKEN", "REQUEST"]) => {
                aws::kept(told, &name, field, ttl, Some("300"));
            }
            "aws_apigatewayv2_authorizer" if own("authorizer_type", &["REQUEST"]) => {
                aws::kept(told, &name, field, ttl, None);
            }
            "aws_api_gateway_method_settings"
                if resource.get("settings.data_trace_enabled").is_some_and(|is| is != "false") =>
            {
                told.tell(TRACED, format!("{name}: data_trace_enabled is not false"));
            }
            "aws_lambda_function" => function(&name, resource, resources, told),
            "cloudflare_workers_route" | "cloudflare_worker_route" => route(&name, resource, told),
            "cloudflare_workers_script_subdomain" => {
                for field in ["enabled", "previews_enabled"] {
                    if resource.get(field).is_some_and(|value| value != "false") {
                        told.tell(SIDE_DOOR, format!("{name}: {field} is not false"));
                    }
                }
            }
            _ => {}
        }
    }
}

/// Our own authorizer, with its tables as far as they are in this file.
fn function(name: &str, resource: &Resource, resources: &[Resource], told: &mut Told<'_>) {
    let variables = "environment.variables.";
    let own = resource.fields.iter().filter_map(|(field, _)| field.strip_prefix(variables));
    if !aws::gate::is_ours(own) {
        return;
    }
    let value = |variable: &str| resource.get(&[variables, variable].concat());
    aws::gate::variables(name, value, told);
    let refers = |variable: &str| {
        let (table, _) = value(variable)?.strip_prefix("aws_dynamodb_table.")?.split_once('.')?;
        Some(table.to_owned())
    };
    let table = |wanted: &str| {
        let is = |table: &&Resource| table.kind == "aws_dynamodb_table" && table.name == wanted;
        let table = resources.iter().find(is)?;
        let set = |field: &str| table.get(field) == Some("true");
        Some(aws::gate::Table {
            protected: set("deletion_protection_enabled"),
            recoverable: set("point_in_time_recovery.enabled"),
            forgets: set("ttl.enabled"),
        })
    };
    aws::gate::tables(name, refers, table, told);
}

/// A route of Cloudflare without a Worker, or whose Worker is left out above its limit.
fn route(name: &str, resource: &Resource, told: &mut Told<'_>) {
    if resource.get("request_limit_fail_open").is_some_and(|value| value != "false") {
        told.tell(FAIL_OPEN, format!("{name}: request_limit_fail_open is not false"));
    }
    if resource
        .get("script")
        .or_else(|| resource.get("script_name"))
        .is_none_or(|script| script.is_empty() || script == "null")
    {
        told.tell(FAIL_OPEN, format!("{name}: no script, so its requests pass by every Worker"));
    }
}
