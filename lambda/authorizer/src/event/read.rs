//! Reading events. What a kind has not is not looked for, and what is of another type than it should be is malformed.

use serde_json::{Map, Value};
use tollgate_lambda::Place;

use super::{Arn, EVENT_BYTES_MAX, Event, FIELD_BYTES_MAX, FIELDS_MAX, Kind, Malformed, Setting};

type Members = Map<String, Value>;

pub(super) fn event(text: &str, setting: &Setting) -> Result<Event, Malformed> {
    if text.len() > EVENT_BYTES_MAX {
        return Err(Malformed("size"));
    }
    let Ok(Value::Object(event)) = serde_json::from_str(text) else {
        return Err(Malformed("event"));
    };
    let of_type = text_at(&event, "type")?;
    match (of_type, text_at(&event, "version")?) {
        (Some("TOKEN"), None) => token(&event, setting),
        (Some("REQUEST"), None) => request(&event, Kind::Request, setting),
        (Some("REQUEST"), Some("1.0")) => request(&event, Kind::Http1, setting),
        (Some("REQUEST"), Some("2.0")) => second(&event, setting),
        _ => Err(Malformed("type")),
    }
}

fn token(event: &Members, setting: &Setting) -> Result<Event, Malformed> {
    let arn = Arn::read(needed(event, "methodArn")?)?;
    let mut fields = vec![];
    if let Some(value) = text_at(event, "authorizationToken")? {
        fields.push((setting.token_header.clone(), value.to_owned()));
    }
    let (method, path) = (arn.method().to_owned(), arn.path().to_owned());
    let event = Event {
        kind: Kind::Token,
        arn,
        method,
        path,
        query: None,
        fields,
        too_large: false,
        address: None,
        request: None,
    };
    Ok(event.bounded())
}

fn request(event: &Members, kind: Kind, setting: &Setting) -> Result<Event, Malformed> {
    let arn = Arn::read(needed(event, "methodArn")?)?;
    let context = context(event)?;
    let identity = members(context, "identity")?;
    let path = needed(event, "path")?;
    let stage = text_at(context, "stage")?.unwrap_or(arn.stage());
    // A REST API's path never has the stage.
    let path = without_prefix(path, context, Some(stage).filter(|_| kind == Kind::Http1), setting)?;
    let event = Event {
        kind,
        method: needed(event, "httpMethod")?.to_owned(),
        path: path.to_owned(),
        query: query(event)?,
        fields: fields(event)?,
        too_large: false,
        address: address(
            identity.map(|identity| text_at(identity, "sourceIp")).transpose()?.flatten(),
        ),
        request: text_at(context, "requestId")?.map(str::to_owned),
        arn,
    };
    Ok(event.bounded())
}

fn second(event: &Members, setting: &Setting) -> Result<Event, Malformed> {
    let arn = Arn::read(needed(event, "routeArn")?)?;
    let context = context(event)?;
    let http = members(context, "http")?.ok_or(Malformed("requestContext.http"))?;
    let path = needed(event, "rawPath")?;
    let stage = text_at(context, "stage")?.unwrap_or(arn.stage());
    let path = without_prefix(path, context, Some(stage), setting)?;
    let query = text_at(event, "rawQueryString")?.filter(|query| !query.is_empty());
    let event = Event {
        kind: Kind::Http2,
        method: needed(http, "method")?.to_owned(),
        path: path.to_owned(),
        query: query.map(str::to_owned),
        fields: single_fields(event)?,
        too_large: false,
        address: address(text_at(http, "sourceIp")?),
        request: text_at(context, "requestId")?.map(str::to_owned),
        arn,
    };
    Ok(event.bounded())
}

impl Event {
    /// The same without its fields, if these are too many or too long.
    fn bounded(mut self) -> Self {
        let bytes = self.fields.iter().map(|(name, value)| name.len().saturating_add(value.len()));
        let bytes = bytes.fold(0, usize::saturating_add);
        self.too_large = self.fields.len() > FIELDS_MAX || bytes > FIELD_BYTES_MAX;
        if self.too_large {
            self.fields = vec![];
        }
        self
    }
}

/// A test of the console names no address: whoever may not be anywhere but somewhere is refused then.
fn address(text: Option<&str>) -> Option<std::net::IpAddr> {
    text.and_then(|text| text.parse().ok())
}

/// The path without what stands before it; `stage` where this kind of API has it there.
fn without_prefix<'p>(
    path: &'p str,
    context: &Members,
    stage: Option<&str>,
    setting: &Setting,
) -> Result<&'p str, Malformed> {
    let place = Place {
        domain: text_at(context, "domainName")?,
        api: text_at(context, "apiId")?,
        stage,
        base_path: setting.base_path.as_deref(),
    };
    Ok(place.path(path))
}

/// The fields of a payload that tells duplicates apart. What stands in the one place only is not left out.
fn fields(event: &Members) -> Result<Vec<(String, String)>, Malformed> {
    let mut fields = vec![];
    for (name, values) in members(event, "multiValueHeaders")?.into_iter().flatten() {
        for value in list(values, "multiValueHeaders")? {
            fields.push((name.clone(), value.to_owned()));
        }
    }
    for (name, value) in single_fields(event)? {
        if !fields.iter().any(|(held, _)| held.eq_ignore_ascii_case(&name)) {
            fields.push((name, value));
        }
    }
    Ok(fields)
}

fn single_fields(event: &Members) -> Result<Vec<(String, String)>, Malformed> {
    let headers = members(event, "headers")?.into_iter().flatten();
    let field = |(name, value): (&String, &Value)| match value {
        Value::String(value) => Ok(Some((name.clone(), value.clone()))),
        Value::Null => Ok(None),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            Err(Malformed("headers"))
        }
    };
    headers.filter_map(|pair| field(pair).transpose()).collect()
}

/// The query, spelled anew: here it is decoded already.
fn query(event: &Members) -> Result<Option<String>, Malformed> {
    let mut query = String::new();
    let many = members(event, "multiValueQueryStringParameters")?;
    for (name, values) in many.into_iter().flatten() {
        for value in list(values, "multiValueQueryStringParameters")? {
            push_pair(&mut query, name, value);
        }
    }
    for (name, value) in members(event, "queryStringParameters")?.into_iter().flatten() {
        let value = value.as_str().ok_or(Malformed("queryStringParameters"))?;
        if many.is_none_or(|many| !many.contains_key(name)) {
            push_pair(&mut query, name, value);
        }
    }
    Ok(Some(query).filter(|query| !query.is_empty()))
}

fn push_pair(query: &mut String, name: &str, value: &str) {
    if !query.is_empty() {
        query.push('&');
    }
    push_escaped(query, name);
    query.push('=');
    push_escaped(query, value);
}

fn push_escaped(query: &mut String, text: &str) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            query.push(char::from(byte));
            continue;
        }
        query.push('%');
        for half in [byte >> 4, byte & 15] {
            let digit = DIGITS.get(usize::from(half)).copied().unwrap_or(b'0');
            query.push(char::from(digit));
        }
    }
}

fn context(event: &Members) -> Result<&Members, Malformed> {
    members(event, "requestContext")?.ok_or(Malformed("requestContext"))
}

fn needed<'e>(of: &'e Members, name: &'static str) -> Result<&'e str, Malformed> {
    text_at(of, name)?.ok_or(Malformed(name))
}

fn text_at<'e>(of: &'e Members, name: &'static str) -> Result<Option<&'e str>, Malformed> {
    match of.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Malformed(name)),
    }
}

fn members<'e>(of: &'e Members, name: &'static str) -> Result<Option<&'e Members>, Malformed> {
    match of.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(members)) => Ok(Some(members)),
        Some(_) => Err(Malformed(name)),
    }
}

fn list<'e>(values: &'e Value, name: &'static str) -> Result<Vec<&'e str>, Malformed> {
    let values = match values {
        Value::Null => return Ok(vec![]),
        Value::Array(values) => values,
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
            return Err(Malformed(name));
        }
    };
    values.iter().map(|value| value.as_str().ok_or(Malformed(name))).collect()
}
