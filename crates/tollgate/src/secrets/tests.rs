//! Which key signs when, and what is published.

#![expect(clippy::unwrap_used, reason = "a test stops at what should not be")]

use tollgate_core::time::UnixMillis;

use super::Secrets;

/// Two keys: the second is published at 1,000 and signs from 301,000 on; the first ends at 391,000.
fn two() -> Secrets {
    let seed = |digit: char| format!("{}01", digit.to_string().repeat(62));
    let text = format!(
        r#"{{"peppers":[{{"id":3,"secret":"{}"}}],"issuing":3,"signing":[
            {{"kid":"k1","alg":"EdDSA","seed":"{}","from":1000,"until":391000}},
            {{"kid":"k2","alg":"Ed25519","seed":"{}","from":301000,"until":null}}]}}"#,
        seed('a'),
        seed('b'),
        seed('c')
    );
    Secrets::parse(&text).unwrap()
}

#[test]
fn every_instant_has_one_signer_and_its_published_keys() {
    let secrets = two();
    for (now, signer, published, next) in [
        // A clock that has stepped back finds a signer all the same.
        (0, "k1", &["k1", "k2"][..], Some(1_000)),
        (1_000, "k1", &["k1", "k2"], Some(301_000)),
        (300_999, "k1", &["k1", "k2"], Some(301_000)),
        (301_000, "k2", &["k1", "k2"], Some(391_000)),
        (390_999, "k2", &["k1", "k2"], Some(391_000)),
        (391_000, "k2", &["k2"], None),
        (u64::MAX, "k2", &["k2"], None),
    ] {
        let now = UnixMillis(now);
        assert_eq!(secrets.signer(now).unwrap().kid().as_str(), signer, "{now:?}");
        let kids: Vec<_> = secrets.published(now).map(|key| key.kid.as_str()).collect();
        assert_eq!(kids, published, "{now:?}");
        assert_eq!(secrets.next_change(now).map(|change| change.0), next, "{now:?}");
        let jwks = secrets.jwks(now).unwrap();
        assert_eq!(jwks.matches("\"kid\"").count(), published.len(), "{jwks}");
        let [private] = ["\"d\""].map(|field| jwks.contains(field));
        assert!(!private, "{jwks}");
    }
}

#[test]
fn a_key_that_signs_is_published_whatever_its_end() {
    let mut secrets = two();
    secrets.signing.truncate(1);
    let kids: Vec<_> = secrets.published(UnixMillis(500_000)).map(|key| key.kid.clone()).collect();
    assert_eq!(kids, ["k1"]);
    assert_eq!(secrets.signer(UnixMillis(500_000)).unwrap().kid().as_str(), "k1");
}

#[test]
fn nothing_of_a_secret_is_shown() {
    let shown = format!("{:?}", two());
    assert_eq!(
        shown,
        "Secrets(peppers [3], issuing 3, signing [k1 (EdDSA, from 1000), k2 (Ed25519, from 301000)])"
    );
}

#[test]
fn what_is_written_is_read_as_it_was() {
    let written = super::document::write(&two()).unwrap();
    let again = Secrets::parse(std::str::from_utf8(&written).unwrap()).unwrap();
    assert_eq!(*super::document::write(&again).unwrap(), *written);
}
