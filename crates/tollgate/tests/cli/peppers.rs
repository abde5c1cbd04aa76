//! The peppers' life: added, told to everybody, used, retired.

use crate::site::Site;

#[test]
fn a_pepper_is_replaced_without_losing_a_key() {
    let site = Site::new("pepper-life");
    let (id, _) = site.key();
    site.run(&["peppers", "retire", "0"]).fails(3, "new keys are minted under pepper 0");
    site.run(&["peppers", "use", "1"]).fails(3, "there is no pepper 1");
    site.done(&["peppers", "add"]);
    site.run(&["peppers", "add", "--id", "1"]).fails(3, "there is a pepper 1");
    site.done(&["peppers", "use", "1"]);
    site.run(&["peppers", "retire", "0"]).fails(3, "1 living secrets were minted under pepper 0");
    let rotated = site.json(&["keys", "rotate", &id, "--grace", "0s"]);
    assert_eq!(rotated["key"]["secrets"][1]["pepper"], 1);
    site.done(&["peppers", "retire", "0"]);
    let listed = site.json(&["peppers", "list"]);
    assert_eq!(
        listed["peppers"],
        serde_json::json!([{ "id": 1, "issuing": true, "living_secrets": 1 }])
    );
}

#[test]
fn a_pepper_that_leaked_is_retired_by_force() {
    let site = Site::new("pepper-force");
    let (_, secret) = site.key();
    site.done(&["peppers", "add"]);
    site.run(&["peppers", "retire", "0", "--force"]).fails(3, "new keys are minted under pepper 0");
    site.done(&["peppers", "use", "1"]);
    let retired = site.json(&["peppers", "retire", "0", "--force"]);
    assert_eq!(retired["lost_secrets"], 1);
    let inspected = site.run_with(&["inspect"], &secret, &[]);
    assert_eq!(inspected.code, Some(1), "{inspected:?}");
    assert!(
        inspected.out.contains("forged, or made under a pepper that is not here"),
        "{inspected:?}"
    );
    // Its id is free only when nothing under it is.
    let added = site.json(&["peppers", "add"]);
    assert_eq!(added["id"], 2, "id 0 has living secrets");
    site.run(&["peppers", "add", "--id", "0"]).fails(3, "there is a pepper 0");
}

#[test]
fn sixteen_peppers_are_all() {
    let site = Site::new("pepper-sixteen");
    for id in 1..16 {
        assert_eq!(site.json(&["peppers", "add"])["id"], id);
    }
    site.run(&["peppers", "add"]).fails(3, "all sixteen ids are taken");
}
