//! How long a connection may take, and how it ends.

use std::{convert::Infallible, time::Duration};

use bytes::Bytes;
use http_body_util::{Empty, Full};
use hyper::{Response, service::service_fn};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::{Instant, sleep},
};

use super::{
    super::{Violation::TooSlow, connection},
    LIMITS,
    server::{NEVER, Server, statuses},
    witness,
};

const NEXT: &str = "GET /next HTTP/1.1\r\nHost: a\r\n\r\n";
const SLOW: &str = "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n";

/// The time since `begun` is that, to the timer's resolution.
fn took(begun: Instant, expected: Duration) {
    let took = begun.elapsed();
    let late = took.checked_sub(expected);
    assert!(
        late.is_some_and(|late| late < Duration::from_millis(50)),
        "{took:?}, not {expected:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_head_that_drips_is_given_up_in_time() {
    for before in ["", NEXT] {
        let mut server = Server::start();
        server.client.write_all(before.as_bytes()).await.unwrap();
        // Waiting for a head does not count towards it.
        sleep(Duration::from_secs(20)).await;
        let begun = Instant::now();
        let drip = async {
            for byte in "GET / HTTP/1.1\r\nHost: a\r\nX: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy".bytes()
            {
                if server.client.write_all(&[byte]).await.is_err() {
                    break;
                }
                sleep(Duration::from_secs(1)).await;
            }
        };
        let _ = tokio::time::timeout(LIMITS.head + Duration::from_millis(20), drip).await;
        let mut text = vec![0; 4_096];
        let count = loop {
            let read = tokio::time::timeout(NEVER, server.client.read(&mut text)).await;
            let count = read.expect("the client is answered").unwrap();
            if statuses(&String::from_utf8_lossy(&text[..count])).contains(&"408") {
                break count;
            }
        };
        took(begun, LIMITS.head + Duration::from_millis(20));
        assert!(String::from_utf8_lossy(&text[..count]).contains("request_timeout"));
        assert_eq!(server.read().await.2, [TooSlow]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_silent_connection_is_closed_without_a_word() {
    let begun = Instant::now();
    let (text, seen, heard) = Server::start().read().await;
    took(begun, LIMITS.idle);
    assert_eq!((text.as_str(), seen.len(), heard.len()), ("", 0, 0));

    // Counted from when the answer had left, not from the request.
    let mut server = Server::start();
    server.client.write_all(SLOW.as_bytes()).await.unwrap();
    let begun = Instant::now();
    let (text, ..) = server.read().await;
    took(begun, LIMITS.idle + Duration::from_secs(3));
    assert_eq!(statuses(&text), ["200"]);
}

#[tokio::test(start_paused = true)]
async fn requests_that_come_now_and_then_keep_a_connection() {
    let mut server = Server::start();
    for _ in 0..20 {
        server.client.write_all(NEXT.as_bytes()).await.unwrap();
        sleep(LIMITS.idle - Duration::from_secs(1)).await;
    }
    let begun = Instant::now();
    let (text, ..) = server.read().await;
    took(begun, Duration::from_secs(1));
    assert_eq!(statuses(&text), ["200"; 20]);
}

#[tokio::test]
async fn an_answer_is_read_whole_by_a_client_that_is_still_sending() {
    for early in [true, false] {
        let door = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut client = TcpStream::connect(door.local_addr().unwrap()).await.unwrap();
        let (stream, _) = door.accept().await.unwrap();
        let answered = service_fn(|_| async {
            Ok::<_, Infallible>(Response::new(Full::new(Bytes::from(vec![b'a'; 100_000]))))
        });
        let served = tokio::spawn(connection(stream, answered, LIMITS, witness()));
        let head = if early {
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9000000\r\n\r\n"
        } else {
            "POST / HTTP/1.1\r\n\r\n"
        };
        client.write_all(head.as_bytes()).await.unwrap();
        // Sends everything before it reads anything, as simple clients do.
        let all = vec![0; 9_000_000];
        client.write_all(&all).await.unwrap();
        client.shutdown().await.unwrap();
        let mut text = vec![];
        client.read_to_end(&mut text).await.unwrap();
        let whole = if early { b"a".as_slice() } else { b"}\n" };
        assert!(text.ends_with(whole) && text.len() > if early { 100_000 } else { 200 });
        let _ = served.await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_asked_to_end_finishes_its_answer_and_takes_no_further_request() {
    let (mut client, stream) = tokio::io::duplex(65_536);
    let slow = service_fn(|_| async {
        sleep(Duration::from_secs(3)).await;
        Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new()))
    });
    let served = tokio::spawn(async move {
        let mut served = std::pin::pin!(connection(stream, slow, LIMITS, witness()));
        tokio::select! {
            _ = served.as_mut() => return,
            () = sleep(Duration::from_secs(1)) => {}
        }
        served.as_mut().graceful_shutdown();
        let _ = served.await;
    });
    client.write_all(format!("{NEXT}{NEXT}").as_bytes()).await.unwrap();
    let mut text = String::new();
    client.read_to_string(&mut text).await.unwrap();
    assert_eq!(statuses(&text), ["200"]);
    drop(client);
    served.await.unwrap();
}
