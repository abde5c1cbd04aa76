//! The page that people read the operations on: one file, no script, nothing from elsewhere.

use std::sync::OnceLock;

use super::{example, id};
use crate::{
    Door, OPERATIONS, Operation, PATH,
    model::{
        shape::{Field, Kind, Need, Shape},
        tables::SHAPES,
    },
    routes::JSON,
};

const STYLE: &str = include_str!("style.css");

/// What a browser may do with the page: show it, in its own style. The hash is that of `style.css`.
pub(crate) const POLICY: &str = "default-src 'none'; style-src 'sha256-BWnMg+RmXjw0JKzzFnKa8szoHSBsmFLuVQz6Rvtr7w4='; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The page, as it is served.
pub(crate) fn page() -> &'static str {
    static PAGE: OnceLock<String> = OnceLock::new();
    PAGE.get_or_init(|| {
        let operations: String = OPERATIONS.iter().map(operation).collect();
        let shapes: String = SHAPES.iter().map(|shape| described(shape)).collect();
        let items: String = OPERATIONS.iter().map(item).collect();
        let version = env!("CARGO_PKG_VERSION");
        [
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n",
            "<meta name=\"viewport\" content=\"width=device-width\">\n",
            "<title>Tollgate management API</title>\n<style>",
            STYLE,
            "</style>\n</head>\n<body>\n<h1>Tollgate management API ",
            version,
            "</h1>\n<p>Whoever asks shows an admin key, as <code>Authorization: Bearer</code> or ",
            "<code>X-API-Key</code>; what it may do is said by its scopes. Every refusal is a ",
            "problem (RFC 9457) with a stable <code>code</code>. The same for programs: ",
            "<a href=\"openapi.json\">openapi.json</a>.</p>\n<nav>\n<ul>\n",
            &items,
            "</ul>\n</nav>\n<main>\n",
            &operations,
            "<h2>Bodies</h2>\n",
            &shapes,
            "</main>\n</body>\n</html>\n",
        ]
        .concat()
    })
}

fn item(operation: &Operation) -> String {
    let Operation { method, path, .. } = operation;
    format!("<li><a href=\"#{}\">{method} {path}</a></li>\n", id(operation))
}

fn operation(operation: &Operation) -> String {
    let Operation { method, path, about, .. } = operation;
    let mut text = format!("<h3 id=\"{}\"><code>{method} {path}</code></h3>\n", id(operation));
    text.push_str(&format!("<p>{} {}</p>\n", escaped(about), door(operation.door)));
    if let Some(of) = operation.alias_of {
        text.push_str(&format!("<p>Another path of <code>{method} {of}</code>.</p>\n"));
    }
    let names: Vec<&str> = operation.names().collect();
    let rows = PATH.iter().filter(|field| names.contains(&field.name));
    let mut rows: Vec<String> = rows.map(|field| row(field, "path")).collect();
    let query = operation.query.unwrap_or_default().iter();
    rows.extend(query.map(|field| row(field, "query")));
    if operation.matches.is_some() {
        rows.push(plain("If-Match", "header", "The version that is meant, as ETag told it, or *."));
    }
    if operation.retried {
        rows.push(plain(
            "Idempotency-Key",
            "header",
            "A name of the request: the same again makes nothing twice.",
        ));
    }
    table(&mut text, &rows);
    let answers = match operation.gives {
        Some(shape) => format!("{} {}", operation.status, link(shape)),
        None => operation.status.to_string(),
    };
    let texts = operation.texts.iter().map(|media| format!(", <code>{media}</code>"));
    let refusals = operation.refusals().map(|status| format!(" {status}"));
    let (texts, refusals): (String, String) = (texts.collect(), refusals.collect());
    text.push_str(&format!("<p>Answers: {answers}{texts}; refused:{refusals}.</p>\n"));
    if let Some(takes) = operation.body {
        text.push_str(&format!("<p>Body: {}.</p>\n", link(takes.shape)));
    }
    text.push_str(&format!("<pre>{}</pre>\n", escaped(&curl(operation))));
    text
}

fn door(door: Door) -> String {
    match door {
        Door::Scope(scope) => format!("Scope: <code>{scope}</code>."),
        Door::Either(scope, other) => {
            format!("Scope: <code>{other}</code>, or for a part of it <code>{scope}</code>.")
        }
        Door::Own => "No scope: it is about the key that asks.".to_owned(),
        Door::Open => "Open to everybody.".to_owned(),
    }
}

/// A line for a shell.
fn curl(operation: &Operation) -> String {
    let mut line = "curl -sS".to_owned();
    if operation.method != "GET" {
        line.push_str(&format!(" -X {}", operation.method));
    }
    if operation.door != Door::Open {
        line.push_str(" -H \"X-API-Key: $TOLLGATE_KEY\"");
    }
    if operation.matches == Some(Need::Required) {
        line.push_str(" -H 'If-Match: *'");
    }
    if let Some(takes) = operation.body {
        let example = example::of(takes.shape);
        line.push_str(&format!(" -H 'Content-Type: {JSON}' -d '{example}'"));
    }
    line.push_str(&format!(" \"$TOLLGATE_URL{}\"", operation.path));
    line
}

fn table(text: &mut String, rows: &[String]) {
    if rows.is_empty() {
        return;
    }
    text.push_str("<table>\n");
    rows.iter().for_each(|row| text.push_str(row));
    text.push_str("</table>\n");
}

fn row(field: &Field, place: &str) -> String {
    plain(field.name, place, field.about)
}

fn plain(name: &str, place: &str, about: &str) -> String {
    format!("<tr><td><code>{name}</code></td><td>{place}</td><td>{}</td></tr>\n", escaped(about))
}

fn described(shape: &Shape) -> String {
    let fields = shape.fields().filter(|field| !matches!(field.kind, Kind::Refused(_)));
    let rows: Vec<String> = fields.map(|field| row(field, &kind(&field.kind))).collect();
    let (name, about) = (shape.name, escaped(shape.about));
    let mut text = format!("<h3 id=\"{name}\">{name}</h3>\n<p>{about}</p>\n");
    table(&mut text, &rows);
    text
}

fn kind(kind: &Kind) -> String {
    match kind {
        Kind::Text { .. } | Kind::Raw { .. } | Kind::Spelled(_) => "text".to_owned(),
        Kind::Word(words) => escaped(&words.join(", ")),
        Kind::Flag => "true or false".to_owned(),
        Kind::Integer { .. } => "whole number".to_owned(),
        Kind::List { of, .. } => format!("list of {}", self::kind(of)),
        Kind::Map(_) => "names and texts".to_owned(),
        Kind::Object(shape) => link(shape),
        Kind::Any => "any JSON".to_owned(),
        Kind::Refused(_) => String::new(),
    }
}

fn link(shape: &Shape) -> String {
    format!("<a href=\"#{0}\">{0}</a>", shape.name)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
