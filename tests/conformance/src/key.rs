//! `key.*`, `pepper.*` and `mac.*`: docs/spec/key.md.

use serde_json::{Value, json};
use tollgate_core::{
    key::{self, ApiKey, Brand, Draw, Env, Prefix, mint},
    mac::{self, MacKey},
    pepper::{Pepper, PepperError, Peppers, danger},
};

use crate::{BadCase, input};

/// The result of `key.<op>`.
///
/// # Errors
///
/// When there is no such operation, or `input` is not of its shape.
pub fn key(op: &str, input: &Value) -> Result<Value, BadCase> {
    match op {
        "brand" => Ok(match brand(input)? {
            Ok(brand) => {
                let envs: Vec<_> = brand.envs().map(|env| env.to_string()).collect();
                json!({"prefix": brand.prefix().as_str(), "envs": envs})
            }
            Err(error) => refusal(error.code()),
        }),
        "check" => Ok(json!({"check": ascii(&key::check(&input::text(input, "text")?))})),
        "mint" => minted(input),
        "parse" => parsed(input),
        "prove" => proved(input),
        _ => Err(BadCase(format!("no operation key.{op}"))),
    }
}

/// The result of `pepper.<op>`.
///
/// # Errors
///
/// When there is no such operation, or `input` is not of its shape.
pub fn pepper(op: &str, input: &Value) -> Result<Value, BadCase> {
    match op {
        "ring" => Ok(match ring(input, Peppers::new)? {
            Ok(ring) => {
                let ids: Vec<_> = ring.ids().map(|id| id.get()).collect();
                json!({"ids": ids, "issuing": ring.issuing().get()})
            }
            Err(error) => refusal(error.code()),
        }),
        "derive" => {
            let key = mac::derive(&input::hex(input, "pepper")?, input::str(input, "label")?);
            Ok(json!({"key": input::to_hex(&key)}))
        }
        _ => Err(BadCase(format!("no operation pepper.{op}"))),
    }
}

/// The result of `mac.<op>`.
///
/// # Errors
///
/// When there is no such operation, or `input` is not of its shape.
pub fn mac(op: &str, input: &Value) -> Result<Value, BadCase> {
    match op {
        "hmac" => {
            let key = MacKey::new(&input::hex(input, "key")?);
            Ok(json!({"mac": input::to_hex(&key.mac(&input::hex(input, "message")?))}))
        }
        _ => Err(BadCase(format!("no operation mac.{op}"))),
    }
}

fn minted(input: &Value) -> Result<Value, BadCase> {
    let prefix = Prefix::new(input::str(input, "prefix")?);
    let env = Env::new(input::str(input, "env")?);
    let ring = working(ring(input, danger::published_peppers)?)?;
    let draw = Draw::new(&input::hex(input, "random")?);
    let (prefix, env) = match (prefix, env) {
        (Ok(prefix), Ok(env)) => (prefix, env),
        (Err(error), _) | (_, Err(error)) => return Ok(refusal(error.code())),
    };
    Ok(match draw {
        Ok(draw) => {
            let minted = mint(prefix, env, &ring, &draw);
            json!({"key": minted.as_str(), "lookup": minted.lookup().to_string()})
        }
        Err(error) => refusal(error.code()),
    })
}

fn parsed(input: &Value) -> Result<Value, BadCase> {
    let brand = working(brand(input)?)?;
    let text = input::text(input, "text")?;
    Ok(match ApiKey::parse(&text, &brand) {
        Ok(key) => json!({
            "prefix": key.prefix().as_str(), "env": key.env().as_str(), "pepper": key.pepper().get(),
        }),
        Err(error) => refusal(error.code()),
    })
}

fn proved(input: &Value) -> Result<Value, BadCase> {
    let brand = working(brand(input)?)?;
    let ring = working(ring(input, danger::published_peppers)?)?;
    let text = input::text(input, "text")?;
    let key = match ApiKey::parse(&text, &brand) {
        Ok(key) => key,
        Err(error) => return Ok(refusal(error.code())),
    };
    Ok(match ring.prove(&key) {
        Ok(genuine) => json!({
            "lookup": genuine.lookup().to_string(),
            "env": genuine.env().as_str(),
            "pepper": genuine.pepper().get(),
        }),
        Err(error) => refusal(error.code()),
    })
}

fn brand(input: &Value) -> Result<Result<Brand, key::BrandError>, BadCase> {
    let envs = input::field(input, "envs")?.as_array();
    let envs = envs.and_then(|envs| envs.iter().map(Value::as_str).collect::<Option<Vec<_>>>());
    let envs = envs.ok_or_else(|| BadCase("envs is no list of strings".into()))?;
    Ok(Brand::new(input::str(input, "prefix")?, &envs))
}

type Ring = Result<Peppers, PepperError>;

/// The ring that a case describes, as `build` makes it.
///
/// # Errors
///
/// When the case does not describe one.
pub fn ring(input: &Value, build: impl Fn(&[Pepper<'_>], u8) -> Ring) -> Result<Ring, BadCase> {
    let list = input::field(input, "peppers")?.as_array();
    let list = list.ok_or_else(|| BadCase("peppers is no list".into()))?;
    let secrets = list.iter().map(|pepper| {
        let id = u8::try_from(input::uint(pepper, "id")?);
        Ok((id.unwrap_or(u8::MAX), input::hex(pepper, "secret")?))
    });
    let secrets = secrets.collect::<Result<Vec<_>, BadCase>>()?;
    let peppers: Vec<_> = secrets.iter().map(|(id, secret)| Pepper { id: *id, secret }).collect();
    let issuing = u8::try_from(input::uint(input, "issuing")?).unwrap_or(u8::MAX);
    Ok(build(&peppers, issuing))
}

/// A part of a case that must be valid for the case to have a result.
pub(crate) fn working<T, E: core::fmt::Display>(made: Result<T, E>) -> Result<T, BadCase> {
    made.map_err(|error| BadCase(error.to_string()))
}

fn refusal(code: &str) -> Value {
    json!({"error": code})
}

fn ascii(bytes: &[u8]) -> &str {
    core::str::from_utf8(bytes).unwrap_or_default()
}
