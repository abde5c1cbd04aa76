//! What is said of each answer, and of none: against a deployment that says whatever the test wants.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops at what should not be")]

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use serde_json::{Value, json};
use tollgate_core::{stamp::Stamp, time::UnixMillis};
use tollgate_ledger::{Change, ChangeError, Ledger, LedgerError};

use super::{AdminKey, Place, Remote};

/// Long enough for an answer from this machine, and short enough to be waited for.
const PATIENCE: Duration = Duration::from_millis(300);

const KEY: &str = "tg_live_not_a_key_of_anybody";

/// Something that answers every request with the same bytes, or with none and the connection open.
struct Deployment {
    port: u16,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Deployment {
    fn that_answers(answer: Option<String>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let requests = Arc::new(Mutex::new(vec![]));
        let seen = Arc::clone(&requests);
        thread::spawn(move || {
            let mut open = vec![];
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                seen.lock().unwrap().push(request(&mut stream));
                match &answer {
                    Some(answer) => stream.write_all(answer.as_bytes()).unwrap(),
                    None => open.push(stream),
                }
            }
        });
        Self { port, requests }
    }

    fn remote(&self) -> Remote {
        let place = Place::parse(&format!("http://127.0.0.1:{}/admin", self.port)).unwrap();
        let remote = Remote::new(place, AdminKey::parse(KEY).unwrap()).unwrap();
        Remote { patience: PATIENCE, ..remote }
    }

    fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

/// A request as it came: its body is as long as it says.
fn request(stream: &mut TcpStream) -> String {
    let mut bytes = vec![];
    let mut part = [0; 4_096];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= length.unwrap().parse::<usize>().unwrap() {
                return text;
            }
        }
        let count = stream.read(&mut part).unwrap();
        bytes.extend(part.iter().take(count));
    }
}

fn answer(status: u16, body: &str) -> String {
    format!(
        "HTTP/1.1 {status} Told\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
}

fn revoked(answer: Option<String>) -> (LedgerError, usize) {
    let deployment = Deployment::that_answers(answer);
    let change = Change::Revoke { id: "key_1".to_owned() };
    let error = deployment.remote().change(&change, UnixMillis(1)).unwrap_err();
    (error, deployment.requests().len())
}

#[test]
fn a_change_without_an_answer_is_told_as_unknown_and_asked_for_once() {
    for told in [
        None,
        Some(String::new()),
        Some("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"stamp\"".to_owned()),
        Some(answer(200, "<html>welcome")),
        Some(answer(200, "{}")),
        Some(answer(500, "")),
        Some(answer(502, "{\"code\":\"bad_gateway\"}")),
        Some(answer(503, "{\"code\":\"unavailable\"}")),
        Some(answer(522, "error code: 522")),
    ] {
        let (error, times) = revoked(told.clone());
        assert!(matches!(error, LedgerError::Unknown { .. }), "{told:?}: {error:?}");
        assert!(error.to_string().contains("not known whether the change was made"), "{error}");
        assert_eq!(times, 1, "{told:?}");
    }
}

#[test]
fn what_was_not_made_is_not_told_as_unknown() {
    for (told, code) in [
        (answer(401, "{\"code\":\"key_invalid\"}"), "admin_denied"),
        (answer(403, "{\"code\":\"scope_missing\"}"), "admin_denied"),
        (answer(400, "{\"code\":\"request_invalid\"}"), "store_unreachable"),
        (answer(404, "<html>not found"), "store_unreachable"),
        (answer(301, ""), "store_unreachable"),
        (answer(503, "{\"code\":\"store_full\"}"), "store_full"),
        (answer(503, "{\"code\":\"store_older\"}"), "store_unreachable"),
    ] {
        let (error, times) = revoked(Some(told.clone()));
        assert_eq!((error.code(), times), (code, 1), "{told}: {error:?}");
    }
    // Nothing listens where nobody does: nothing was sent.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let place = Place::parse(&format!("http://127.0.0.1:{port}/")).unwrap();
    let mut remote = Remote::new(place, AdminKey::parse(KEY).unwrap()).unwrap();
    let change = Change::Revoke { id: "key_1".to_owned() };
    let error = remote.change(&change, UnixMillis(1)).unwrap_err();
    assert_eq!(error.code(), "store_unreachable", "{error:?}");
}

#[test]
fn a_refusal_of_the_ledger_is_the_same_refusal_here() {
    let found = Stamp { incarnation: 2, epoch: 9 };
    for (status, refused) in [
        (404, ChangeError::UnknownKey),
        (409, ChangeError::Revoked),
        (409, ChangeError::OtherVersion { found }),
        (422, ChangeError::GraceTooLong),
        (503, ChangeError::Exhausted),
    ] {
        let body = json!({ "code": refused.code(), "detail": "", "about": refused.about() });
        let (error, _) = revoked(Some(answer(status, &body.to_string())));
        let LedgerError::Refused(told) = error else { panic!("{refused}: {error:?}") };
        assert_eq!(told, refused);
    }
}

#[test]
fn the_key_is_sent_as_a_bearer_and_shown_nowhere() {
    let deployment = Deployment::that_answers(Some(answer(401, "{}")));
    let mut remote = deployment.remote();
    let error = remote.stamp().unwrap_err();
    assert_eq!(error.code(), "admin_denied");
    assert!(!format!("{error:?}").contains(KEY), "{error:?}");
    let requests = deployment.requests();
    let [request] = requests.as_slice() else { panic!("{requests:?}") };
    assert!(request.starts_with("POST /admin HTTP/1.1\r\n"), "{request}");
    assert!(request.contains(&format!("authorization: Bearer {KEY}\r\n")), "{request}");
    assert!(!format!("{remote:?} {:?}", AdminKey::parse(KEY)).contains(KEY));
}

#[test]
fn what_is_looked_at_is_read_and_nothing_else_taken_for_it() {
    let stamp = |body: Value| {
        let deployment = Deployment::that_answers(Some(answer(200, &body.to_string())));
        deployment.remote().stamp().map_err(|error| error.code())
    };
    assert_eq!(stamp(json!({ "stamp": [1, 41] })), Ok(Stamp { incarnation: 1, epoch: 41 }));
    for body in [json!({}), json!({ "stamp": [1] }), json!({ "stamp": "1.41" }), json!([])] {
        assert_eq!(stamp(body.clone()), Err("store_unreachable"), "{body}");
    }
}

#[test]
fn a_restore_is_asked_for_once_and_is_made_or_not_known() {
    let restored = |told: Option<String>| {
        let deployment = Deployment::that_answers(told);
        let done = deployment.remote().restore().map_err(|error| error.code());
        let requests = deployment.requests();
        let [request] = requests.as_slice() else { panic!("{requests:?}") };
        assert!(request.ends_with("\r\n\r\n{\"op\":\"restore\"}"), "{request}");
        done
    };
    let begun = Stamp { incarnation: 2, epoch: 41 };
    assert_eq!(restored(Some(answer(200, "{\"stamp\":[2,41]}"))), Ok(begun));
    for (told, code) in [
        (None, "change_unknown"),
        (Some(answer(200, "{}")), "change_unknown"),
        (Some(answer(503, "{\"code\":\"restore_not_noted\"}")), "change_unknown"),
        (Some(answer(403, "{\"code\":\"first_admin_only\"}")), "admin_denied"),
    ] {
        assert_eq!(restored(told.clone()), Err(code), "{told:?}");
    }
}
