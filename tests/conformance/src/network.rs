//! `net.*`: docs/spec/record.md.

use serde_json::{Value, json};
use tollgate_core::network::{Address, Block, Country, admits};

use crate::{BadCase, input, record::strings};

/// The result of `net.<op>`.
///
/// # Errors
///
/// When there is no such operation, or `input` is not of its shape.
pub fn apply(op: &str, input: &Value) -> Result<Value, BadCase> {
    match op {
        "address" => {
            let text = input::text(input, "text")?;
            let text = core::str::from_utf8(&text).unwrap_or_default();
            Ok(match Address::parse(text) {
                Ok(address) => json!({
                    "address": address.to_string(), "counted_as": address.counted().to_string(),
                }),
                Err(_) => json!({"error": "address_invalid"}),
            })
        }
        "block" => {
            let text = input::text(input, "text")?;
            Ok(match Block::parse(core::str::from_utf8(&text).unwrap_or_default()) {
                Ok(block @ Block::V4 { .. }) => json!({"family": 4, "length": block.length()}),
                Ok(block @ Block::V6 { .. }) => json!({"family": 6, "length": block.length()}),
                Err(_) => json!({"error": "block_invalid"}),
            })
        }
        "check" => {
            let (ips, countries) = (input::field(input, "ips")?, input::field(input, "countries")?);
            let (allow, deny) = (blocks(ips, "allow")?, blocks(ips, "deny")?);
            let from = admits(address(input)?, allow.into_iter(), deny.into_iter());
            let (allow, deny) = (codes(countries, "allow")?, codes(countries, "deny")?);
            let within = admits(country(input)?, allow.into_iter(), deny.into_iter());
            Ok(json!({"denied": match (from, within) {
                (false, _) => Some("ip_denied"),
                (true, false) => Some("country_denied"),
                (true, true) => None,
            }}))
        }
        _ => Err(BadCase(format!("no operation net.{op}"))),
    }
}

/// The address of a request, or null.
pub(crate) fn address(input: &Value) -> Result<Option<Address>, BadCase> {
    let address = input::field(input, "address")?.as_str().map(Address::parse);
    address.transpose().map_err(|_| BadCase("address is no address".into()))
}

/// The country of a request, or null.
pub(crate) fn country(input: &Value) -> Result<Option<Country>, BadCase> {
    Ok(input::field(input, "country")?.as_str().and_then(|code| Country::new(code.as_bytes())))
}

fn blocks(rules: &Value, name: &str) -> Result<Vec<Block>, BadCase> {
    let list = strings(input::field(rules, name)?).unwrap_or_default();
    let blocks = list.into_iter().map(Block::parse).collect::<Result<_, _>>();
    blocks.map_err(|_| BadCase(format!("{name} holds what is no block")))
}

fn codes(rules: &Value, name: &str) -> Result<Vec<Country>, BadCase> {
    let list = strings(input::field(rules, name)?).unwrap_or_default();
    let codes = list.into_iter().map(|code| Country::new(code.as_bytes())).collect::<Option<_>>();
    codes.ok_or_else(|| BadCase(format!("{name} holds what is no country")))
}
