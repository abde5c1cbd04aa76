//! The rows of the specification that are about verifying, and about scopes.

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Value, json};
use tollgate_origin::{Identity, Reading, Settings, UnixMillis, Verifier};
use tollgate_testkit::unhex;

use crate::data::{admit, read, seen, settings, sign, tally, verifier};

/// Why a row is not for a verifier.
fn not_ours(op: &str) -> Option<&'static str> {
    match op {
        "identity.sign" => Some("an origin signs nothing"),
        "identity.public" => Some("an origin holds no seed"),
        "identity.reusable" => Some("the gate says which token it sends again"),
        "identity.signature" => {
            Some("the rule of signatures is that of crates/identity, which plays them")
        }
        _ => None,
    }
}

/// The bytes meant by a text of a vector.
fn octets(text: &Value) -> Vec<u8> {
    if let Some(text) = text.as_str() {
        return text.as_bytes().to_vec();
    }
    if let Some(parts) = text.as_array() {
        return parts.iter().flat_map(octets).collect();
    }
    if let Some(hex) = text["hex"].as_str() {
        return unhex(hex);
    }
    let times = usize::try_from(text["times"].as_u64().unwrap()).unwrap();
    text["repeat"].as_str().unwrap().repeat(times).into_bytes()
}

fn text(given: &Value) -> String {
    String::from_utf8_lossy(&octets(given)).into_owned()
}

fn base64url(bytes: &[u8]) -> String {
    const SYMBOLS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let bits: String = bytes.iter().map(|byte| format!("{byte:08b}")).collect();
    let sextets = bits.as_bytes().chunks(6).map(|chunk| {
        let digits = format!("{:0<6}", std::str::from_utf8(chunk).unwrap());
        usize::from_str_radix(&digits, 2).unwrap()
    });
    sextets.map(|sextet| char::from(SYMBOLS[sextet])).collect()
}

/// The document of the keys of a row.
fn document(keys: &Value) -> String {
    let keys: Vec<Value> = keys
        .as_array()
        .unwrap()
        .iter()
        .map(|key| {
            let x = base64url(&unhex(key["x"].as_str().unwrap()));
            json!({"kty": "OKP", "crv": "Ed25519", "use": "sig", "kid": key["kid"], "alg": key["alg"], "x": x})
        })
        .collect();
    json!({ "keys": keys }).to_string()
}

/// The code of what is wrong with a document of keys.
fn wrong_with(document: &str) -> Option<String> {
    let made = Verifier::new(Settings::new("gate", "origin").jwks_document(document));
    made.err().map(|error| error.to_string().replace("jwks_document: ", ""))
}

async fn verify(given: &Value) -> Value {
    let document = document(&given["keys"]);
    if let Some(code) = wrong_with(&document) {
        return json!({ "error": code });
    }
    let at = &given["now_ms"];
    let at = at.as_u64().unwrap_or_else(|| at.as_str().unwrap().parse().unwrap());
    let mut settings = Settings::new(text(&given["iss"]), text(&given["aud"]))
        .jwks_document(document)
        .skew(Duration::from_millis(given["skew_ms"].as_u64().unwrap()))
        .clock(move || Reading { wall: UnixMillis(at), mono_ms: 0 });
    if given["require_binding"] == true {
        settings = settings.require_binding();
    }
    let verifier = match Verifier::new(settings) {
        Ok(verifier) => verifier,
        Err(error) if error.setting() == "skew" => return json!({"error": "bad_skew"}),
        Err(_) => return json!({"error": "bad_name"}),
    };
    let (token, method) = (octets(&given["token"]), octets(&given["method"]));
    let fields = [(&b"Tollgate-Identity"[..], &token[..])].into_iter();
    match verifier.admit(fields, &method, Some(&octets(&given["path"]))).await {
        Ok(identity) => seen(&identity),
        Err(problem) => json!({"error": problem.reason().code()}),
    }
}

/// Whether the document that a row expects is read, or refused for what the row says.
fn jwks(given: &Value, out: &Value) {
    let told = out["jwks"].as_str().map(str::to_owned);
    let wrong = wrong_with(&told.unwrap_or_else(|| document(&given["keys"])));
    assert_eq!(wrong.as_deref(), out["error"].as_str());
}

#[tokio::test]
async fn every_identity_row_is_answered_as_it_says() {
    let (mut accepted, mut refused) = (0, 0);
    let mut left_out = BTreeMap::<_, usize>::new();
    for row in read("vectors/identities.json")["rows"].as_array().unwrap() {
        let op = row["op"].as_str().unwrap();
        if let Some(why) = not_ours(op) {
            *left_out.entry(why).or_default() += 1;
            continue;
        }
        let (given, out) = (&row["in"], &row["out"]);
        if op == "identity.jwks" {
            jwks(given, out);
        } else {
            // A token with a comma is two of them for who reads the header, and malformed for who reads the token.
            let (found, commas) = (verify(given).await, octets(&given["token"]).contains(&b','));
            let wanted = if commas { json!({"error": "ambiguous"}) } else { out.clone() };
            assert_eq!(found, wanted, "{} ({})", row["id"], row["why"]);
        }
        let is_refused = out.get("error").is_some();
        refused += usize::from(is_refused);
        accepted += usize::from(!is_refused);
    }
    assert!(accepted >= 33 && refused >= 255, "{accepted} {refused}");
    println!("identities: {accepted} accepted, {refused} refused, not applicable: {left_out:?}");
    tally(accepted + refused);
}

/// The identity of a key that holds these scopes.
async fn holder(held: &[&str]) -> Option<Identity> {
    Some(admit(&verifier(settings()), &sign(held, None)?).await.unwrap())
}

fn list(scopes: &Value) -> Vec<&str> {
    scopes.as_array().unwrap().iter().map(|scope| scope.as_str().unwrap()).collect()
}

#[tokio::test]
async fn scopes_cover_what_the_rows_say() {
    let (mut judged, mut too_long) = (0, 0);
    for row in read("vectors/scopes.json")["rows"].as_array().unwrap() {
        let (given, out, why) = (&row["in"], &row["out"], &row["why"]);
        if row["op"] == "scope.parse" {
            // Who holds everything is allowed whatever is a scope.
            let allowed = holder(&["*:*"]).await.unwrap().allows(&text(&given["text"]));
            assert_eq!(allowed, out.get("error").is_none(), "{} ({why})", row["id"]);
        } else {
            let (held, required) = (list(&given["held"]), list(&given["required"]));
            let Some(holder) = holder(&held).await else {
                too_long += 1;
                continue;
            };
            let found = holder.require_all(&required).map_err(|problem| problem.status());
            let wanted = if out["missing"].is_null() { Ok(()) } else { Err(403) };
            assert_eq!(found, wanted, "{} ({why})", row["id"]);
            let each = required.iter().all(|scope| holder.allows(scope));
            assert_eq!(each, wanted.is_ok(), "{} ({why})", row["id"]);
        }
        judged += 1;
    }
    assert!(judged >= 70, "{judged}");
    println!("scopes: {judged} rows, {too_long} not applicable: no token has so many");
    tally(judged);
}
