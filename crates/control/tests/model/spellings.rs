//! The bounds that callers are told are those that the ledger and the core hold to.

use serde_json::{Map, Value, json};
use tollgate_control::model::{KeyPut, KeyQuery, LIST_MAX, shape::Kind, tables};
use tollgate_core::{json::INTEGER_MAX, limit::Numbers};

use crate::made::{body, limit, whole, with};

#[test]
fn the_largest_number_is_the_largest_that_a_limit_takes() {
    for (number, good) in
        [(0, false), (1, true), (tables::NUMBER_MAX, true), (tables::NUMBER_MAX + 1, false)]
    {
        assert_eq!(Numbers::steady(number, 1, 1).is_ok(), good, "{number}");
        let spec = with(limit(), json!({ "burst": number, "period_ms": 1 }));
        assert_eq!(body::<KeyPut>(&with(whole(), json!({ "limits": [spec] }))).is_ok(), good);
    }
    for (instant, good) in [(0, false), (1, true), (INTEGER_MAX, true), (INTEGER_MAX + 1, false)] {
        let members = json!({ "not_before": null, "expires": instant });
        assert_eq!(body::<KeyPut>(&with(whole(), members)).is_ok(), good, "{instant}");
    }
}

#[test]
fn as_much_as_may_be_said_is_taken_and_no_more() {
    let numbered =
        |count: usize, text: fn(usize) -> String| -> Vec<String> { (0..count).map(text).collect() };
    let named = |count: usize| -> Vec<Value> {
        (0..count).map(|at| with(limit(), json!({ "name": format!("l{at}") }))).collect()
    };
    let entries = |count: usize, len: usize| -> Value {
        let text = json!("v".repeat(len));
        (0..count).map(|at| (format!("n{at:02}"), text.clone())).collect::<Map<_, _>>().into()
    };
    let rows: [(&str, Value, Value); 8] = [
        (
            "scopes",
            numbered(64, |at| format!("a:{at}")).into(),
            numbered(65, |at| format!("a:{at}")).into(),
        ),
        (
            "roles",
            numbered(tables::ROLES_MAX, |at| format!("r{at}")).into(),
            numbered(tables::ROLES_MAX + 1, |at| format!("r{at}")).into(),
        ),
        ("limits", named(8).into(), named(9).into()),
        (
            "ips_denied",
            numbered(32, |at| format!("10.0.{at}.0/24")).into(),
            numbered(33, |at| format!("10.0.{at}.0/24")).into(),
        ),
        ("countries_denied", numbered(64, country).into(), numbered(65, country).into()),
        (
            "metadata",
            entries(tables::METADATA_MAX, 125),
            longer(entries(tables::METADATA_MAX, 125)),
        ),
        ("labels", entries(tables::LABELS_MAX, 64), entries(tables::LABELS_MAX + 1, 64)),
        (
            "description",
            json!("é".repeat(tables::DESCRIPTION_MAX)),
            json!("é".repeat(tables::DESCRIPTION_MAX + 1)),
        ),
    ];
    for (field, most, more) in rows {
        let read = body::<KeyPut>(&with(whole(), json!({ field: most })));
        assert!(read.is_ok(), "{field}: {read:?}");
        assert!(body::<KeyPut>(&with(whole(), json!({ field: more }))).is_err(), "{field}");
    }
}

#[test]
fn a_page_is_as_long_as_its_list_may_be() {
    for (limit, good) in [(LIST_MAX, true), (LIST_MAX + 1, false)] {
        assert_eq!(KeyQuery::read(Some(&format!("limit={limit}")), "acme").is_ok(), good);
    }
    for shape in [
        &tables::KEY_PAGE,
        &tables::TENANT_PAGE,
        &tables::OWNER_PAGE,
        &tables::ROLE_PAGE,
        &tables::TEMPLATE_PAGE,
    ] {
        let mut lists: Vec<u64> = vec![];
        for field in shape.fields() {
            if let Kind::List { max, .. } = field.kind {
                lists.push(u64::try_from(max).unwrap());
            }
        }
        assert_eq!(lists, [LIST_MAX], "{}", shape.name);
    }
}

/// A map whose first value has one character more.
fn longer(mut map: Value) -> Value {
    map["n00"] = json!([map["n00"].as_str().unwrap(), "v"].concat());
    map
}

fn country(at: usize) -> String {
    let symbol = |at: usize| char::from(b'A' + u8::try_from(at).unwrap());
    [symbol(at / 20), symbol(at % 20)].iter().collect()
}
