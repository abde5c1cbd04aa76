//! Opportunities: pages that do not shift, changes that do not overwrite each other, and what is kept of an end.

use serde_json::{Value, json};

use crate::site::{ANN, BEGIN_MS, BOB, Site, new};

fn titles(page: &Value) -> Vec<&str> {
    page["opportunities"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["title"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn pages_do_not_shift_while_others_are_made() {
    let (site, _) = Site::with_stages().await;
    for title in ["1", "2", "3", "4", "5"] {
        site.opportunity(ANN, title).await;
    }
    let mut found = vec![];
    let mut path = "/opportunities?limit=2".to_owned();
    loop {
        let page = site.get(ANN, &path).await.body;
        found.extend(titles(&page).into_iter().map(str::to_owned));
        // Meanwhile: a newer one.
        site.opportunity(BOB, "newer").await;
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/opportunities?limit=2&cursor={next}");
    }
    assert_eq!(found, ["5", "4", "3", "2", "1"]);
}

#[tokio::test]
async fn a_page_that_is_full_and_the_last_has_no_next() {
    let (site, _) = Site::with_stages().await;
    for title in ["1", "2"] {
        site.opportunity(ANN, title).await;
    }
    for (limit, left) in [(1, true), (2, false), (3, false)] {
        let page = site.get(ANN, &format!("/opportunities?limit={limit}")).await.body;
        assert_eq!(page["next"].is_string(), left, "{limit}");
    }
    // A cursor is good for as long as there is what it names, archived too.
    let first = site.get(ANN, "/opportunities?limit=1").await.body;
    let cursor = first["next"].as_str().unwrap();
    site.ask(ANN, "POST", &format!("/opportunities/{cursor}/archive"), &[], None).await;
    let rest = site.get(ANN, &format!("/opportunities?limit=1&cursor={cursor}")).await.body;
    assert_eq!(titles(&rest), ["1"]);
}

#[tokio::test]
async fn filters_find_what_they_say() {
    let (site, [talking, won, _]) = Site::with_stages().await;
    site.opportunity(ANN, "a").await;
    let b = site.opportunity(BOB, "b").await;
    site.move_to(BOB, &b, &won).await;
    let mut c = new("c");
    c["amount"] = json!({"minor": 5, "currency": "JPY"});
    site.post(ANN, "/opportunities", c).await;
    let d = site.opportunity(ANN, "d").await;
    site.ask(ANN, "POST", &format!("/opportunities/{d}/archive"), &[], None).await;
    for (query, found) in [
        (String::new(), vec!["c", "b", "a"]),
        (format!("stage={talking}"), vec!["c", "a"]),
        ("stage=stg_of_nobody".into(), vec![]),
        ("state=won".into(), vec!["b"]),
        ("state=lost".into(), vec![]),
        ("currency=JPY".into(), vec!["c"]),
        ("created_by=bob".into(), vec!["b"]),
        ("created_by=ann&state=open&currency=EUR".into(), vec!["a"]),
        ("archived=true".into(), vec!["d"]),
        ("created_by=a%25".into(), vec![]),
    ] {
        let page = site.get(ANN, &format!("/opportunities?{query}")).await.body;
        assert_eq!(titles(&page), found, "{query}");
    }
}

#[tokio::test]
async fn a_change_is_of_the_version_that_was_read() {
    let (site, _) = Site::with_stages().await;
    let path = format!("/opportunities/{}", site.opportunity(ANN, "A").await);
    for (fields, title, status, why) in [
        (vec![], "B", 428, "if_match_missing"),
        (vec![("if-match", "\"1\""), ("if-match", "\"1\"")], "B", 428, "if_match_missing"),
        (vec![("if-match", "\"2\"")], "B", 412, "changed"),
        (vec![("if-match", "1")], "B", 412, "changed"),
        (vec![("if-match", "*")], "B", 412, "changed"),
        (vec![("if-match", "\"1\"")], "B", 200, ""),
        // Somebody else has read the first version too.
        (vec![("if-match", "\"1\"")], "C", 412, "changed"),
        (vec![("if-match", "\"2\"")], "C", 200, ""),
    ] {
        let change = Some(json!({"title": title}));
        let answer = site.ask(ANN, "PATCH", &path, &fields, change).await;
        let found = (answer.status, if answer.status == 200 { "" } else { answer.why() });
        assert_eq!(found, (status, why), "{fields:?}");
    }
    let shown = site.get(ANN, &path).await;
    assert_eq!((&shown.body["title"], &shown.body["version"]), (&json!("C"), &json!(3)));
    assert_eq!(shown.fields["etag"], "\"3\"");
}

#[tokio::test]
async fn a_change_changes_what_it_names_and_nothing_else() {
    let (site, [_, won, _]) = Site::with_stages().await;
    let path = format!("/opportunities/{}", site.opportunity(ANN, "A").await);
    let mut held = site.get(ANN, &path).await.body;
    let amount = json!({"minor": 7, "currency": "USD"});
    for (version, change) in (1_i64..).zip([
        json!({"title": "B"}),
        json!({"customer": "Initech"}),
        json!({"amount": amount}),
        json!({"stage": won}),
    ]) {
        site.later(1000);
        let tag = format!("\"{version}\"");
        let done = site.ask(BOB, "PATCH", &path, &[("if-match", &tag)], Some(change.clone())).await;
        for (name, value) in change.as_object().unwrap() {
            held[name] = value.clone();
        }
        held["version"] = (version + 1).into();
        held["updated_ms"] = site.now_ms().into();
        if change.get("stage").is_some() {
            held["state"] = "won".into();
            held["closed_ms"] = site.now_ms().into();
        }
        assert_eq!(done.body, held, "{change}");
        assert_eq!(site.get(ANN, &path).await.body, held);
    }
    assert_eq!(held["created_by"], "ann");
    for (change, why) in [
        (json!({"title": null}), "title"),
        (json!({"amount": {"minor": 1}}), "amount"),
        (json!({"amount": {"currency": "EUR"}}), "amount"),
        (json!({"stage": "stg_of_nobody"}), "stage"),
        (json!({"archived_ms": 1}), "archived_ms"),
        (json!({"version": 1}), "version"),
        (json!({}), "."),
    ] {
        let answer = site.ask(ANN, "PATCH", &path, &[("if-match", "\"5\"")], Some(change)).await;
        assert_eq!((answer.status, answer.why()), (422, why), "{answer:?}");
    }
    assert_eq!(site.get(ANN, &path).await.body, held);
}

#[tokio::test]
async fn when_it_was_won_or_lost_is_kept_while_it_is() {
    let (site, [talking, won, lost]) = Site::with_stages().await;
    let paid = site.stage(ANN, "Paid", "won").await;
    let id = site.opportunity(ANN, "A").await;
    for (stage, closed_ms) in [
        (&won, Some(1000)),
        (&paid, Some(1000)),
        (&lost, Some(3000)),
        (&talking, None),
        (&talking, None),
        (&won, Some(6000)),
    ] {
        site.later(1000);
        site.move_to(ANN, &id, stage).await;
        let held = site.get(ANN, &format!("/opportunities/{id}")).await.body;
        let expected = closed_ms.map(|ms| BEGIN_MS + ms);
        assert_eq!(held["closed_ms"], json!(expected), "{held}");
    }
}

#[tokio::test]
async fn what_is_archived_is_kept_out_of_lists_and_is_not_changed() {
    let (site, _) = Site::with_stages().await;
    let path = format!("/opportunities/{}", site.opportunity(ANN, "A").await);
    let archive = format!("{path}/archive");
    let first = site.ask(ANN, "POST", &archive, &[], None).await;
    assert_eq!(first.body["archived_ms"], BEGIN_MS);
    site.later(1000);
    let again = site.ask(ANN, "POST", &archive, &[], None).await;
    assert_eq!(again.body, first.body);
    assert_eq!(site.get(ANN, &path).await.body, first.body);
    assert_eq!(titles(&site.get(ANN, "/opportunities").await.body), Vec::<&str>::new());
    let change = Some(json!({"title": "B"}));
    let answer = site.ask(ANN, "PATCH", &path, &[("if-match", "\"2\"")], change).await;
    assert_eq!((answer.status, answer.why()), (409, "archived"));
}

#[tokio::test]
async fn what_is_made_says_where_it_is_and_whose_key_made_it() {
    let (site, [talking, won, _]) = Site::with_stages().await;
    let made = site.post(BOB, "/opportunities", new("A")).await;
    assert_eq!(made.fields["location"], format!("/opportunities/{}", made.id()));
    assert_eq!(made.fields["etag"], "\"1\"");
    assert_eq!((&made.body["created_by"], &made.body["stage"]), (&json!("bob"), &json!(talking)));
    assert_eq!(made.body["closed_ms"], Value::Null);
    let mut at_once = new("B");
    at_once["stage"] = won.into();
    let made = site.post(BOB, "/opportunities", at_once).await;
    assert_eq!((&made.body["state"], &made.body["closed_ms"]), (&json!("won"), &json!(BEGIN_MS)));
    // Without an open stage there is nowhere to begin.
    let empty = Site::new();
    empty.stage(ANN, "Won", "won").await;
    let answer = empty.post(ANN, "/opportunities", new("A")).await;
    assert_eq!((answer.status, answer.why()), (409, "no_open_stage"));
}
