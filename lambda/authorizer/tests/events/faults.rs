//! Stores that fail, events that cannot be read, time that runs out: never an allow.

use std::{
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tollgate_authorizer::{Answer, Failure, Kind};
use tollgate_lambda::Patience;

use super::world::{DAMAGED, FINE, REFUSES, SILENT, World, effect, event, limit};

#[tokio::test]
async fn a_store_that_fails_is_an_error_that_is_not_unauthorized_and_never_an_allow() {
    for kind in Kind::ALL {
        for mood in [REFUSES, SILENT, DAMAGED] {
            let mut world = World::new(&[]);
            let (key, _) = world.key(|_| {});
            world.set_mood(mood);
            assert_eq!(
                effect(&world.get(kind, "/a", &key).await),
                "Unavailable",
                "{kind:?} {mood}"
            );
            assert_eq!(effect(&world.get(kind, "/a", "nothing").await), "401");
            assert!(world.log.text().contains("\"unavailable\""));
            world.set_mood(FINE);
            let deadline = Instant::now() + Duration::from_secs(20);
            while effect(&world.get(kind, "/a", &key).await) != "Allow" {
                assert!(Instant::now() < deadline, "never comes back");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }
}

#[tokio::test]
async fn simple_answers_fail_as_well_where_it_is_ours() {
    let mut world = World::new(&[("TOLLGATE_AUTHORIZER_ANSWER", "simple")]);
    let (key, _) = world.key(|_| {});
    world.set_mood(REFUSES);
    assert_eq!(effect(&world.get(Kind::Http2, "/a", &key).await), "Unavailable");
}

#[tokio::test]
async fn an_invocation_ends_with_an_answer_before_its_time_does() {
    let mut world = World::new(&[]);
    let (key, _) = world.key(|_| {});
    world.set_mood(SILENT);
    let begun = Instant::now();
    let event = event(Kind::Request, "GET", "/a", &[("X-API-Key", &key)]).to_string();
    let answer = world.authorizer.answer(&event, Patience(50)).await;
    assert_eq!(answer, Answer::Failed(Failure::Unavailable));
    // The store's own deadline is a second, so it was the invocation's that ended it.
    assert!(begun.elapsed() < Duration::from_millis(900), "{:?}", begun.elapsed());
    let answer = world.authorizer.answer(&event, Patience(0)).await;
    assert_eq!(answer, Answer::Failed(Failure::Unavailable));
}

#[tokio::test]
async fn what_was_leased_is_spent_while_the_store_is_away_and_no_more() {
    let mut world = World::new(&[]);
    let (key, _) = world.key(|settings| settings.limits = vec![limit("burst", 2)]);
    assert_eq!(effect(&world.get(Kind::Request, "/a", &key).await), "Allow");
    world.set_mood(REFUSES);
    let mut admitted = 1;
    for _ in 0..20 {
        admitted += u32::from(effect(&world.get(Kind::Request, "/a", &key).await) == "Allow");
    }
    assert!(admitted <= 2, "{admitted}");
}

#[tokio::test]
async fn an_event_that_cannot_be_read_is_an_error_and_a_line_and_the_next_one_is_answered() {
    let mut world = World::new(&[]);
    let (key, _) = world.key(|_| {});
    for event in [json!(null), json!({}), json!({ "type": "TOKEN" }), json!([1]), json!("x")] {
        assert_eq!(effect(&world.ask(&event).await), "Malformed event");
    }
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let answer = world.authorizer.answer(&deep, Patience(1_000)).await;
    assert_eq!(answer, Answer::Failed(Failure::Malformed));
    assert_eq!(world.log.text().matches("event_malformed").count(), 6);
    assert_eq!(effect(&world.get(Kind::Http1, "/a", &key).await), "Allow");
}

#[tokio::test]
async fn no_answer_leaves_anything_running_behind() {
    let mut world = World::new(&[]);
    let (key, _) = world.key(|settings| settings.limits = vec![limit("burst", 1_000)]);
    for _ in 0..50 {
        assert_eq!(effect(&world.get(Kind::Request, "/a", &key).await), "Allow");
        let asked = world.calls();
        tokio::time::sleep(Duration::from_millis(2)).await;
        assert_eq!(world.calls(), asked, "something was asked after the answer");
    }
    assert_eq!(world.shared.reconnects.load(Ordering::Relaxed), 0);
    world.set_mood(SILENT);
    let (cold, _) = world.key(|_| {});
    let event = event(Kind::Request, "GET", "/a", &[("X-API-Key", &cold)]).to_string();
    let answer = world.authorizer.answer(&event, Patience(50)).await;
    assert_eq!(answer, Answer::Failed(Failure::Unavailable));
    // Who is given up hears of it when it would next run.
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert_eq!(world.shared.waiting.load(Ordering::Relaxed), 0, "still waits after the answer");
}

#[tokio::test]
async fn a_flood_of_forged_keys_has_few_lines_and_the_log_says_how_many_it_leaves_out() {
    const EVENTS: usize = 1_000;
    let mut world = World::new(&[]);
    let begun = Instant::now();
    for _ in 0..EVENTS {
        assert_eq!(effect(&world.get(Kind::Request, "/a", "nothing").await), "401");
    }
    let seconds = usize::try_from(begun.elapsed().as_secs()).unwrap() + 2;
    let lines = world.log.text().matches("\"refused\"").count();
    assert!((1..=10 * seconds).contains(&lines), "{lines} in {seconds} s");
    let left_out = |text: &str| -> usize {
        let lines = text.lines().filter(|line| line.contains("requests_left_out"));
        let told = lines.map(|line| serde_json::from_str::<Value>(line).unwrap());
        told.map(|line| usize::try_from(line["unproven"].as_u64().unwrap()).unwrap()).sum()
    };
    let (key, _) = world.key(|_| {});
    let deadline = Instant::now() + Duration::from_secs(20);
    // The next second begins with the word of it, whoever is answered.
    while lines + left_out(&world.log.text()) < EVENTS {
        assert!(Instant::now() < deadline, "{}", world.log.text());
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert_eq!(effect(&world.get(Kind::Request, "/a", &key).await), "Allow");
    }
    assert_eq!(lines + left_out(&world.log.text()), EVENTS);
}
