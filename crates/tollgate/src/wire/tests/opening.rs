//! Which version of HTTP a client is taken to speak, and that nothing of what it says is lost by listening.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, duplex},
    time::{Instant, sleep},
};

use super::{super::opened, LIMITS, frames::PREFACE};

/// Says `pieces`, with a moment between them, and tells what is heard: whether it is HTTP/2, and all of it.
async fn heard(pieces: &[&[u8]]) -> Option<(bool, Vec<u8>)> {
    let (mut client, stream) = duplex(1 << 10);
    let said: Vec<Vec<u8>> = pieces.iter().map(|piece| piece.to_vec()).collect();
    tokio::spawn(async move {
        for piece in said {
            client.write_all(&piece).await.unwrap();
            sleep(Duration::from_millis(1)).await;
        }
    });
    let mut opened = opened(stream, LIMITS).await?;
    let mut bytes = vec![];
    opened.stream.read_to_end(&mut bytes).await.unwrap();
    Some((opened.is_second, bytes))
}

#[tokio::test(start_paused = true)]
async fn only_the_whole_preface_is_http_2_and_nothing_said_is_lost() {
    let preface = [PREFACE, b"\0\0\0\x04"].concat();
    for (said, second) in [
        (&preface[..], true),
        (PREFACE, true),
        (&PREFACE[..23], false),
        (b"P", false),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\t", false),
        (b"PRI * HTTP/1.1\r\nHost: a\r\n\r\n", false),
        (b"POST / HTTP/1.1\r\nHost: a\r\n\r\n", false),
        (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", false),
        (b"pri * HTTP/2.0\r\n\r\nSM\r\n\r\n", false),
        (b"\r\nPRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", false),
    ] {
        let name = String::from_utf8_lossy(said);
        assert_eq!(heard(&[said]).await, Some((second, said.to_vec())), "{name:?}");
        for cut in 1..said.len() {
            let (start, end) = said.split_at(cut);
            let whole = heard(&[start, end]).await;
            assert_eq!(whole, Some((second, said.to_vec())), "{name:?} cut at {cut}");
        }
        let bytes: Vec<_> = said.chunks(1).collect();
        assert_eq!(heard(&bytes).await, Some((second, said.to_vec())), "{name:?} byte by byte");
    }
    assert_eq!(heard(&[]).await, None);
}

#[tokio::test(start_paused = true)]
async fn a_client_is_listened_to_no_longer_than_any_other_is_waited_for() {
    let (_client, stream) = duplex(1 << 10);
    let begun = Instant::now();
    assert!(opened(stream, LIMITS).await.is_none());
    assert_eq!(begun.elapsed().as_secs(), LIMITS.idle.as_secs());

    // One that began goes on as a client of HTTP/1 whose time for a head is over.
    let (mut client, stream) = duplex(1 << 10);
    client.write_all(b"PRI * ").await.unwrap();
    let begun = Instant::now();
    let opened = opened(stream, LIMITS).await.unwrap();
    assert_eq!(begun.elapsed().as_secs(), LIMITS.head.as_secs());
    assert!(!opened.is_second && opened.limits.head.is_zero());
}
