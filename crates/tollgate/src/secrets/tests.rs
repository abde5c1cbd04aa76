//! What the secrets' file holds, and which of its keys sign.

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
fn entries_are_those_of_the_keys_that_sign_and_are_published() {
    let secrets = two();
    for (now, signer, published) in
        [(0, "k1", &["k1", "k2"][..]), (301_000, "k2", &["k1", "k2"]), (391_000, "k2", &["k2"])]
    {
        let now = UnixMillis(now);
        assert_eq!(secrets.signer(now).unwrap().kid().as_str(), signer, "{now:?}");
        assert_eq!(secrets.signing(now).unwrap().kid, signer, "{now:?}");
        let kids: Vec<_> = secrets.published(now).map(|key| key.kid.as_str()).collect();
        assert_eq!(kids, published, "{now:?}");
    }
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
