//! `tollgate inspect`: what each kind of key is told, with and without what it can be looked up in.

use serde_json::{Value, json};

use crate::site::Site;

fn check(site: &Site, input: &str, code: i32, expected: Value) {
    let ran = site.run_with(&["inspect", "--json"], input, &[]);
    assert_eq!(ran.code, Some(code), "{ran:?}");
    let found: Value = serde_json::from_str(&ran.out).unwrap();
    for (field, expected) in expected.as_object().unwrap() {
        assert_eq!(&found[field], expected, "{field} of {found}");
    }
}

#[test]
fn a_key_is_explained_offline() {
    let site = Site::bare("offline");
    let key = "tg_live_1PFomxVvHxK9DoPCchyGyQ9uYxJ7rLoXE5C7u22zYyp52XJUH5";
    let good = json!({
        "prefix": "tg", "env": "live", "well_formed": true, "malformed": null, "version": 1, "pepper": 0,
        "accepted_here": null, "genuine": null, "lookup": null, "known": null, "key": null,
    });
    check(&site, key, 0, good.clone());
    check(&site, &format!("  {key}\n"), 0, good);
    check(
        &site,
        "acme2_test_1yp9GmdYC8D126WbFXIvLh0LLyUlxVk1q5KyjhWKAyD62juFwm",
        0,
        json!({ "prefix": "acme2", "env": "test", "pepper": 7 }),
    );
    let wrong = |input: &str, malformed: &str, prefix: Value| {
        check(
            &site,
            input,
            1,
            json!({ "well_formed": false, "malformed": malformed, "prefix": prefix }),
        );
    };
    wrong(&key.replace("PFom", "PFoM"), "wrong_check", json!("tg"));
    wrong(&key.replace("PFom", "PFo-"), "wrong_alphabet", json!("tg"));
    wrong(&key[..key.len() - 1], "wrong_length", json!("tg"));
    wrong("hello", "wrong_brand", Value::Null);
    wrong(&key[8..], "wrong_brand", Value::Null);
    site.run_with(&["inspect"], "\n", &[]).fails(2, "no key was given");
}

#[test]
fn peppers_and_store_tell_whose_a_key_is() {
    let site = Site::new("whose");
    let (id, secret) = site.key();
    check(&site, &secret, 0, json!({ "accepted_here": true, "genuine": true, "known": true }));
    let by_name = site.run(&["inspect", &secret, "--json"]);
    assert_eq!(by_name.code, Some(0), "{by_name:?}");
    assert!(by_name.err.contains("stays in the shell's history"), "{by_name:?}");
    assert!(by_name.out.contains(&id), "{by_name:?}");
    // Made by somebody else, for somebody else, and by us but forgotten.
    let forged = "tg_live_1PFomxVvHxK9DoPCchyGyQ9uYxJ7rLoXE5C7u22zYyp52XJUH5";
    check(&site, forged, 1, json!({ "accepted_here": true, "genuine": false, "known": null }));
    let other = "acme2_test_1yp9GmdYC8D126WbFXIvLh0LLyUlxVk1q5KyjhWKAyD62juFwm";
    check(&site, other, 1, json!({ "accepted_here": false, "genuine": null }));
    let lost = Site::new("whose-lost");
    lost.write("tollgate.secrets.json", &site.read("tollgate.secrets.json"));
    check(&lost, &secret, 1, json!({ "genuine": true, "known": false, "key": null }));
}
