//! The life of keys that sign: published before they sign, and for as long as what they signed is good.

use serde_json::Value;
use tollgate_identity::{SigningKey, jwk_point};

use crate::site::Site;

const FILE: &str = "tollgate.secrets.json";

fn states(site: &Site) -> Vec<(String, String)> {
    let listed = site.json(&["signing-keys", "list"]);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let keys = listed["signing_keys"].as_array().unwrap();
    keys.iter().map(|key| (text(&key["kid"]), text(&key["state"]))).collect()
}

fn are(site: &Site, expected: &[(&str, &str)]) {
    let expected: Vec<_> =
        expected.iter().map(|(kid, state)| ((*kid).into(), (*state).into())).collect();
    assert_eq!(states(site), expected);
}

/// Moves every instant of the file into the past.
fn later(site: &Site, by_ms: u64) {
    let mut document: Value = serde_json::from_str(&site.read(FILE)).unwrap();
    for key in document["signing"].as_array_mut().unwrap() {
        for field in ["from", "until"] {
            if let Some(ms) = key[field].as_u64() {
                key[field] = (ms - by_ms).into();
            }
        }
    }
    site.write(FILE, &document.to_string());
}

#[test]
fn a_new_key_is_published_for_one_cache_life_before_it_signs() {
    let site = Site::new("signing-life");
    are(&site, &[("k1", "signs")]);
    site.run(&["signing-keys", "retire", "k1"]).fails(3, "it is the only signing key");
    site.run(&["signing-keys", "retire", "k1", "--force"]).fails(3, "it is the only signing key");
    let rotated = site.json(&["signing-keys", "rotate"]);
    are(&site, &[("k1", "signs"), ("k2", "next")]);
    let listed = site.json(&["signing-keys", "list"]);
    let (old, new) = (&listed["signing_keys"][0], &listed["signing_keys"][1]);
    assert_eq!(&rotated["signing_key"], new);
    // Published until the last identity that it signs has ended, and a minute more.
    let overlap = old["until_ms"].as_u64().unwrap() - new["from_ms"].as_u64().unwrap();
    assert_eq!(overlap, 90_000);
    site.run(&["signing-keys", "rotate"]).fails(3, "the last rotation is not over");
    site.run(&["signing-keys", "retire", "k1"]).fails(3, "it signs now");
    later(&site, 299_000);
    are(&site, &[("k1", "signs"), ("k2", "next")]);
    later(&site, 1_000);
    are(&site, &[("k1", "published"), ("k2", "signs")]);
    site.run(&["signing-keys", "retire", "k1"])
        .fails(3, "identities that it signed may be good until");
    later(&site, 90_000);
    are(&site, &[("k1", "ended"), ("k2", "signs")]);
    site.done(&["signing-keys", "retire", "k1"]);
    are(&site, &[("k2", "signs")]);
    site.run(&["signing-keys", "retire", "k1"]).fails(3, "there is no such signing key");
}

#[test]
fn a_rotation_that_was_a_mistake_is_taken_back() {
    let site = Site::new("signing-back");
    site.done(&["signing-keys", "rotate"]);
    site.done(&["signing-keys", "retire", "k2"]);
    let listed = site.json(&["signing-keys", "list"]);
    assert_eq!(listed["signing_keys"][0]["until_ms"], Value::Null, "k1 signs on without an end");
}

#[test]
fn a_key_that_leaked_stops_signing_at_once() {
    let site = Site::new("signing-leak");
    site.done(&["signing-keys", "rotate", "--now"]);
    are(&site, &[("k1", "published"), ("k2", "signs")]);
    site.run(&["signing-keys", "retire", "k1"]).fails(3, "may be good until");
    site.done(&["signing-keys", "retire", "k1", "--force"]);
    are(&site, &[("k2", "signs")]);
    // What has ended makes room by itself, and no name is used twice.
    site.done(&["signing-keys", "rotate", "--now"]);
    later(&site, 90_000);
    site.done(&["signing-keys", "rotate", "--now"]);
    are(&site, &[("k3", "published"), ("k4", "signs")]);
}

#[test]
fn the_configured_algorithm_is_that_of_the_next_key() {
    let site = Site::new("signing-algorithm");
    let env = [("TOLLGATE_IDENTITY_ALGORITHM", "Ed25519")];
    let ran = site.run_with(&["signing-keys", "rotate", "--json"], "", &env);
    assert!(ran.out.contains("\"algorithm\": \"Ed25519\""), "{ran:?}");
    assert_eq!(site.json(&["signing-keys", "list"])["signing_keys"][0]["algorithm"], "EdDSA");
}

#[test]
fn a_key_that_waits_for_its_turn_when_all_leaks_never_signs() {
    let site = Site::new("signing-pending-leak");
    site.done(&["signing-keys", "rotate"]);
    are(&site, &[("k1", "signs"), ("k2", "next")]);
    site.done(&["signing-keys", "rotate", "--now"]);
    assert!(!states(&site).iter().any(|(_, state)| state == "next"), "{:?}", states(&site));
    let signs = states(&site).into_iter().find(|(_, state)| state == "signs").unwrap().0;
    site.done(&["signing-keys", "retire", "k1", "--force"]);
    later(&site, 600_000);
    are(&site, &[(signs.as_str(), "signs")]);
}

/// The 32 bytes of this many hexadecimal digits.
fn seed(text: &str) -> [u8; 32] {
    assert_eq!(text.len(), 64);
    std::array::from_fn(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap())
}

/// What `jwks` prints: the names of the keys in it, each of which is the public half of the file's, and nothing else is.
fn published(site: &Site) -> Vec<String> {
    let ran = site.run(&["signing-keys", "jwks"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    assert_eq!(ran.out.lines().count(), 1, "{}", ran.out);
    let document: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(document, site.json(&["signing-keys", "jwks"]));
    assert_eq!(document.as_object().unwrap().len(), 1, "{document}");
    let secrets: Value = serde_json::from_str(&site.read(FILE)).unwrap();
    let held = secrets["signing"].as_array().unwrap();
    let mut kids = vec![];
    for key in document["keys"].as_array().unwrap() {
        let members: Vec<_> = key.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(members, ["alg", "crv", "kid", "kty", "use", "x"], "a private member is `d`");
        assert_eq!(
            (&key["kty"], &key["crv"], &key["use"]),
            (&"OKP".into(), &"Ed25519".into(), &"sig".into())
        );
        let (kid, alg) = (key["kid"].as_str().unwrap(), key["alg"].as_str().unwrap());
        let held = held.iter().find(|held| held["kid"] == kid).unwrap();
        assert_eq!(held["alg"], alg);
        let signs = SigningKey::new(kid, alg, &seed(held["seed"].as_str().unwrap())).unwrap();
        assert_eq!(jwk_point(key["x"].as_str().unwrap()), Some(signs.public()));
        kids.push(kid.to_owned());
    }
    for secret in secrets["peppers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["secret"])
        .chain(held.iter().map(|one| &one["seed"]))
    {
        let secret = secret.as_str().unwrap();
        assert!(!ran.out.to_lowercase().contains(&secret.to_lowercase()), "a secret is printed");
        assert!(!ran.out.contains(&base64url(&seed(secret))), "a secret is printed");
    }
    kids
}

fn base64url(bytes: &[u8]) -> String {
    const SYMBOLS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let symbols = bytes.chunks(3).flat_map(|chunk| {
        let bits = chunk.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte))
            << (8 * (3 - chunk.len()));
        (0..=chunk.len()).map(move |at| {
            char::from(SYMBOLS[usize::try_from(bits >> (18 - 6 * at) & 63).unwrap()])
        })
    });
    symbols.collect()
}

#[test]
fn jwks_is_the_public_half_of_each_key_that_gates_publish_and_no_private_byte() {
    let site = Site::new("signing-jwks");
    assert_eq!(published(&site), ["k1"]);
    site.done(&["signing-keys", "rotate"]);
    assert_eq!(published(&site), ["k1", "k2"], "before it signs");
    later(&site, 300_000);
    assert_eq!(published(&site), ["k1", "k2"], "what the older one signed is good for a while");
    later(&site, 90_000);
    assert_eq!(published(&site), ["k2"]);
}

#[test]
fn jwks_of_secrets_that_cannot_be_used_prints_nothing() {
    let site = Site::new("signing-jwks-none");
    let text = site.read(FILE);
    for (what, broken) in [
        ("half of them", text[..text.len() / 2].to_owned()),
        ("a short seed", text.replace("\"seed\": \"", "\"seed\": \"00")),
    ] {
        site.write(FILE, &broken);
        let ran = site.run(&["signing-keys", "jwks"]);
        assert!(ran.code != Some(0) && ran.out.is_empty(), "{what}: {ran:?}");
    }
}
