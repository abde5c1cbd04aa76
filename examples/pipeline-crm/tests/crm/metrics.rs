//! Figures, computed by hand beside the pipeline that they are of.

use serde_json::{Value, json};

use crate::site::{ANN, BEGIN_MS, BOB, Site, Who};

const HOUR_MS: i64 = 3_600_000;

async fn sale(site: &Site, who: Who, minor: i64, currency: &str) -> String {
    let amount = json!({"minor": minor, "currency": currency});
    let new = json!({"title": "T", "customer": "C", "amount": amount});
    site.post(who, "/opportunities", new).await.id()
}

/// Two open stages, then won and lost; six opportunities:
///
/// | | of | worth | visited | is | after |
/// |---|---|---|---|---|---|
/// | 1 | ann | 100 EUR | first, second, won | won | 1 h |
/// | 2 | ann | 250 EUR | first, won | won | 3 h |
/// | 3 | ann | 30 USD | first, lost | lost | 3 h |
/// | 4 | bob | 40 USD | first, second | open | |
/// | 5 | bob | 500 JPY | first | open | |
/// | 6 | bob | 999 EUR | first, won | won, archived | |
async fn furnished() -> (Site, [String; 4]) {
    let site = Site::new();
    let mut stages = vec![];
    for (name, kind) in [("First", "open"), ("Second", "open"), ("Won", "won"), ("Lost", "lost")] {
        stages.push(site.stage(ANN, name, kind).await);
    }
    let [first, second, won, lost]: [String; 4] = stages.try_into().unwrap();
    let mut ids = vec![];
    for (who, minor, currency) in [
        (ANN, 100, "EUR"),
        (ANN, 250, "EUR"),
        (ANN, 30, "USD"),
        (BOB, 40, "USD"),
        (BOB, 500, "JPY"),
        (BOB, 999, "EUR"),
    ] {
        ids.push(sale(&site, who, minor, currency).await);
    }
    for (at, stage) in [(0, &second), (3, &second), (5, &won)] {
        site.move_to(ANN, &ids[at], stage).await;
    }
    site.ask(ANN, "POST", &format!("/opportunities/{}/archive", ids[5]), &[], None).await;
    site.later(HOUR_MS);
    site.move_to(ANN, &ids[0], &won).await;
    site.later(2 * HOUR_MS);
    site.move_to(ANN, &ids[1], &won).await;
    site.move_to(ANN, &ids[2], &lost).await;
    (site, [first, second, won, lost])
}

#[tokio::test]
async fn the_overview_says_what_is_in_each_stage() {
    let (site, ids) = furnished().await;
    let sums = |sums: &[(i64, &str)]| -> Vec<Value> {
        sums.iter().map(|(minor, currency)| json!({"minor": minor, "currency": currency})).collect()
    };
    let expected: Vec<_> = [
        ("First", "open", 1, sums(&[(500, "JPY")])),
        ("Second", "open", 1, sums(&[(40, "USD")])),
        ("Won", "won", 2, sums(&[(350, "EUR")])),
        ("Lost", "lost", 1, sums(&[(30, "USD")])),
    ]
    .into_iter()
    .zip(&ids)
    .map(|((name, kind, count, amounts), id)| {
        json!({"stage": id, "name": name, "kind": kind, "count": count, "amounts": amounts})
    })
    .collect();
    assert_eq!(site.get(ANN, "/metrics/overview").await.body, json!({"stages": expected}));
    // Two currencies in one stage are two sums, and one count.
    sale(&site, BOB, 1, "EUR").await;
    let first = &site.get(ANN, "/metrics/overview").await.body["stages"][0];
    assert_eq!(first["count"], 2);
    assert_eq!(first["amounts"], json!(sums(&[(1, "EUR"), (500, "JPY")])));
    let empty = Site::new();
    assert_eq!(empty.get(ANN, "/metrics/overview").await.body, json!({"stages": []}));
}

#[tokio::test]
async fn the_conversion_says_what_became_of_those_that_were_in_a_stage() {
    let (site, [first, second, won, _]) = furnished().await;
    let row = |id: &str, name: &str, [reached, won, lost]: [i64; 3], won_permille: Value| {
        json!({"stage": id, "name": name, "reached": reached, "won": won, "lost": lost,
               "won_permille": won_permille})
    };
    let expected = [
        row(&first, "First", [5, 2, 1], json!(400)),
        row(&second, "Second", [2, 1, 0], json!(500)),
    ];
    assert_eq!(site.get(ANN, "/metrics/conversion").await.body, json!({"stages": expected}));
    // A stage that nobody was in has no share.
    let empty = site.stage(ANN, "Third", "open").await;
    let stages = &site.get(ANN, "/metrics/conversion").await.body["stages"];
    assert_eq!(stages[2], row(&empty, "Third", [0, 0, 0], Value::Null));
    // Those that are moved when a stage is removed come to the other one. The second has reached: 1, 3 by itself; with
    // the rest of the first: all five.
    site.ask(ANN, "DELETE", &format!("/stages/{first}?move_to={second}"), &[], None).await;
    let stages = &site.get(ANN, "/metrics/conversion").await.body["stages"];
    assert_eq!(stages[0], row(&second, "Second", [3, 1, 0], json!(333)));
    assert!(!stages.to_string().contains(&won));
}

#[tokio::test]
async fn the_performance_says_what_ended_in_a_period_and_by_whom() {
    let (site, [_, _, won, _]) = furnished().await;
    let table = async |from_ms: i64, to_ms: i64| {
        let path = format!("/metrics/performance?from_ms={from_ms}&to_ms={to_ms}");
        let body = site.get(ANN, &path).await.body;
        assert_eq!((&body["from_ms"], &body["to_ms"]), (&json!(from_ms), &json!(to_ms)));
        (body["amounts"].clone(), body["owners"].clone())
    };
    let ann = |won: i64, lost: i64, permille: i64, took_ms: Value| json!([{"owner": "ann", "won": won, "lost": lost, "won_permille": permille, "took_mean_ms": took_ms}]);
    let euros = |minor: i64| json!([{"minor": minor, "currency": "EUR"}]);
    let (one, three) = (BEGIN_MS + HOUR_MS, BEGIN_MS + 3 * HOUR_MS);
    for (from_ms, to_ms, amounts, owners) in [
        // 2 of 3 are 666 of a thousand; 1 h and 3 h are 2 h on average.
        (BEGIN_MS, three + 1, euros(350), ann(2, 1, 666, json!(2 * HOUR_MS))),
        // The first millisecond is in it, the last is not.
        (one, three, euros(100), ann(1, 0, 1000, json!(HOUR_MS))),
        (one + 1, three + 1, euros(250), ann(1, 1, 500, json!(3 * HOUR_MS))),
        (one + 1, three, json!([]), json!([])),
    ] {
        assert_eq!(table(from_ms, to_ms).await, (amounts, owners), "{from_ms} {to_ms}");
    }
    // Who won most comes first, and without a period it is the last 90 days.
    for _ in 0..3 {
        let id = sale(&site, BOB, 1, "EUR").await;
        site.move_to(BOB, &id, &won).await;
    }
    let usual = site.get(ANN, "/metrics/performance").await.body;
    let owners: Vec<_> =
        usual["owners"].as_array().unwrap().iter().map(|row| &row["owner"]).collect();
    assert_eq!(owners, ["bob", "ann"]);
    assert_eq!(usual["from_ms"], site.now_ms() + 1 - 90 * 24 * HOUR_MS);
    site.later(90 * 24 * HOUR_MS + 1);
    assert_eq!(site.get(ANN, "/metrics/performance").await.body["owners"], json!([]));
}
