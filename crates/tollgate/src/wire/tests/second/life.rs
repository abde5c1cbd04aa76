//! What a connection of HTTP/2 may ask of us, for how long, and how it ends.

use std::{sync::Arc, time::Duration};

use tokio::{
    io::{AsyncWriteExt, duplex},
    time::{Instant, sleep, timeout},
};

use super::{
    super::{
        super::h2::STREAMS_MAX,
        LIMITS,
        frames::{AWAY, ENDS_STREAM, HEADERS, PREFACE, RESET, STATUS_200, frame, get, reset},
        server::NEVER,
        witness,
    },
    Server, serve,
};

#[tokio::test(start_paused = true)]
async fn so_many_requests_are_open_at_once_and_no_more() {
    let mut server = Server::start().await;
    // Heard first: who knows the bound keeps to it.
    let most = (0..STREAMS_MAX).map(|place| 2 * place + 1);
    let last = 2 * STREAMS_MAX + 1;
    let many: Vec<_> = most.chain([last]).flat_map(|stream| get(stream, "/never")).collect();
    server.client.send(many).await;
    let first = server.first().await.unwrap();
    // REFUSED_STREAM: it was not looked at.
    let expected = (RESET, last, 7_u32.to_be_bytes().to_vec());
    assert_eq!((first.kind, first.stream, first.payload), expected);
    sleep(Duration::from_millis(1)).await;
    assert_eq!(server.seen().len(), usize::try_from(STREAMS_MAX).unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_client_that_only_gives_up_loses_its_connection() {
    for together in [true, false] {
        let mut server = Server::start().await;
        let mut sent = 0;
        for place in 0..10_000 {
            let stream = 2 * place + 1;
            let parts = [get(stream, "/never"), reset(stream)];
            let pieces = if together { vec![parts.concat()] } else { parts.to_vec() };
            for piece in pieces {
                let write = server.client.stream.write_all(&piece);
                if write.await.is_err() {
                    break;
                }
                // As much time as the server may want.
                sleep(Duration::from_millis(1)).await;
            }
            if server.done.is_finished() {
                break;
            }
            sent += 1;
        }
        assert!((30..=110).contains(&sent), "{together}: {sent}");
        assert!(server.seen().len() <= 110, "{together}: {}", server.seen().len());
        server.rest().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_gives_up_now_and_then_keeps_its_connection() {
    let mut server = Server::start().await;
    for place in 0..300 {
        let stream = 6 * place + 1;
        server.client.send(get(stream, "/x")).await;
        server.client.send(get(stream + 2, "/y")).await;
        while server.first().await.unwrap().flags & ENDS_STREAM == 0 {}
        while server.first().await.unwrap().flags & ENDS_STREAM == 0 {}
        server.client.send(get(stream + 4, "/never")).await;
        sleep(Duration::from_millis(1)).await;
        server.client.send(reset(stream + 4)).await;
        sleep(Duration::from_millis(1)).await;
    }
    server.client.send(get(9_001, "/last")).await;
    assert_eq!(server.first().await.unwrap().payload[0], STATUS_200);
    assert_eq!(server.seen().len(), 901);
}

/// The time since `begun` is that, to the timers' resolution.
fn took(begun: Instant, expected: Duration) {
    let late = begun.elapsed().checked_sub(expected);
    assert!(
        late.is_some_and(|late| late < Duration::from_millis(50)),
        "{:?}, not {expected:?}",
        begun.elapsed()
    );
}

#[tokio::test(start_paused = true)]
async fn a_connection_with_nothing_open_is_told_to_go_in_time() {
    let begun = Instant::now();
    let mut server = Server::start().await;
    let frames = server.rest().await;
    assert!(frames.iter().all(|frame| frame.kind == AWAY) && !frames.is_empty(), "{frames:?}");
    took(begun, LIMITS.idle);

    // Counted from the end of the last answer, and not while one is open.
    let mut server = Server::start().await;
    let begun = Instant::now();
    for stream in [1, 3, 5] {
        server.client.send(get(stream, "/slow")).await;
        assert_eq!(server.first().await.unwrap().kind, HEADERS);
        sleep(LIMITS.idle - Duration::from_secs(4)).await;
    }
    assert_eq!(server.seen().len(), 3);
    server.rest().await;
    took(begun, LIMITS.idle * 3 + Duration::from_secs(3 * 3 - 4 * 2));
    let mut server = Server::start().await;
    server.client.send(get(1, "/never")).await;
    let _ = timeout(LIMITS.idle * 3, server.client.next()).await.unwrap_err();
}

#[tokio::test(start_paused = true)]
async fn a_client_that_says_nothing_at_all_is_not_waited_for() {
    // Neither greets nor answers: the greeting alone, and an end that it never acknowledges.
    for greets in [true, false] {
        let (mut client, stream) = duplex(1 << 20);
        let (seen, heard) = (Arc::default(), witness());
        let begun = Instant::now();
        let done = serve(stream, &seen, &heard, NEVER);
        if greets {
            let mut bytes = PREFACE.to_vec();
            bytes.extend(frame(4, 0, 0, &[]));
            client.write_all(&bytes).await.unwrap();
        }
        timeout(NEVER, done).await.expect("it ends").unwrap();
        assert!(begun.elapsed() <= LIMITS.idle + LIMITS.head, "{:?}", begun.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_asked_to_end_finishes_its_answers_and_takes_no_further_request() {
    let mut server = Server::asked_to_end(Duration::from_secs(1)).await;
    server.client.send([get(1, "/slow"), get(3, "/slow")].concat()).await;
    let begun = Instant::now();
    let frames = server.rest().await;
    took(begun, Duration::from_secs(3));
    let kinds: Vec<_> = frames.iter().map(|frame| frame.kind).collect();
    assert_eq!(kinds, [AWAY, AWAY, HEADERS, HEADERS], "{frames:?}");
    // It says which requests it has taken.
    assert_eq!(frames[1].payload[..4], 3_u32.to_be_bytes());
    assert_eq!(server.seen().len(), 2);
    server.done.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_client_that_still_sends_gets_to_read_its_last_answer() {
    let mut server = Server::asked_to_end(Duration::from_secs(1)).await;
    server.client.send(get(1, "/slow")).await;
    // Everything up to the end of what it is sent.
    assert_eq!(server.rest().await.last().unwrap().kind, HEADERS);
    let begun = Instant::now();
    for _ in 0..10 {
        sleep(Duration::from_millis(100)).await;
        // On a real connection this would be answered by a reset, if nobody listened any more.
        server.client.send(frame(6, 0, 0, &[0; 8])).await;
        assert!(!server.done.is_finished());
    }
    server.done.await.unwrap();
    took(begun, Duration::from_secs(2));
}
