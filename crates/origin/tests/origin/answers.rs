//! What a client is told: the gate's own bodies, byte for byte, and nothing of what was presented.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tollgate_origin::{Identity, Problem, Reason, Verifier};

use crate::{
    data::{PATH, admit, bound, plain, rows, settings, sign, tally, verifier},
    servers::{Jwks, Kind},
};

type Field<'a> = (&'a [u8], &'a [u8]);

async fn put(verifier: &Verifier, fields: &[Field<'_>], method: &str) -> Result<Identity, Problem> {
    verifier.admit(fields.iter().copied(), method.as_bytes(), Some(PATH)).await
}

/// A refusal with this code, brought about as a client would.
async fn refused(code: &str, required: &Value, method: &str, id: Field<'_>) -> Problem {
    let name = &b"Tollgate-Identity"[..];
    let usual = verifier(settings());
    let fields = match code {
        "credential_missing" => vec![id],
        "key_invalid" => vec![id, (name, b"x")],
        "request_invalid" => vec![id, (name, plain()), (name, plain())],
        _ => vec![id, (name, plain())],
    };
    if code == "unavailable" {
        let server = Jwks::new(Kind::Status).await;
        let verifier = verifier(settings().jwks(&server.url));
        return put(&verifier, &fields, method).await.unwrap_err();
    }
    let judged = put(&usual, &fields, method).await;
    if code != "scope_missing" {
        return judged.unwrap_err();
    }
    let required: Vec<&str> =
        required.as_array().unwrap().iter().map(|scope| scope.as_str().unwrap()).collect();
    judged.unwrap().require_all(&required).unwrap_err()
}

#[tokio::test]
async fn each_refusal_is_told_as_the_gate_tells_it() {
    for row in rows("answers") {
        let (code, method) = (row["code"].as_str().unwrap(), row["method"].as_str().unwrap());
        let id = (&b"X-Request-Id"[..], row["request_id"].as_str().unwrap().as_bytes());
        let problem = refused(code, &row["required"], method, id).await;
        let fields: Vec<_> =
            problem.fields().iter().map(|(name, value)| json!([name, value])).collect();
        let found = json!({"status": problem.status(), "fields": fields, "body": problem.body()});
        assert_eq!(found, row["out"], "{code} {method}");
        assert_eq!(problem.code(), code);
        let response = problem.clone().into_response();
        assert_eq!(response.status().as_u16(), problem.status());
        let sent: Vec<_> = response
            .headers()
            .iter()
            .map(|(name, value)| json!([name.as_str(), value.to_str().unwrap()]))
            .collect();
        assert_eq!(Value::from(sent), row["out"]["fields"]);
    }
    assert!(rows("answers").len() >= 10);
    tally(rows("answers").len());
}

#[tokio::test]
async fn only_the_gates_own_name_of_a_request_is_repeated() {
    const ID: &[u8] = b"0123456789abcdef";
    let verifier = verifier(settings());
    let twice = [ID, ID].concat();
    let ended = [ID, b"\n"].concat();
    let cases: [&[&[u8]]; 8] = [
        &[b"0123456789abcdeg"],
        &[b"0123456789ABCDEF"],
        &[b"<script>"],
        &[b""],
        &[&twice],
        &[ID, ID],
        &[],
        &[&ended],
    ];
    for given in cases {
        let fields: Vec<Field<'_>> = given.iter().map(|id| (&b"x-request-id"[..], *id)).collect();
        let problem = put(&verifier, &fields, "GET").await.unwrap_err();
        let body: Value = serde_json::from_str(problem.body()).unwrap();
        let name =
            body["instance"].as_str().unwrap().strip_prefix("urn:tollgate:request:").unwrap();
        let made_up = name.len() == 16 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
        assert!(made_up && name.as_bytes() != ID, "{given:?}: {name}");
    }
}

#[tokio::test]
async fn another_realm_is_told() {
    let verifier = verifier(settings().realm("the orders"));
    let problem = put(&verifier, &[], "GET").await.unwrap_err();
    let told = ("www-authenticate", String::from("Bearer realm=\"the orders\""));
    assert_eq!(problem.fields()[0], told);
}

#[tokio::test]
async fn what_is_held_and_nothing_else_is_allowed() {
    let who = admit(&verifier(settings()), plain()).await.unwrap();
    assert!(who.allows("orders:read"));
    who.require_all(&["orders:read", "orders:write"]).unwrap();
    who.require_all(&[]).unwrap();
    for scope in ["orders:delete", "orders:*", "*:read", "*:*", "order:read"] {
        assert!(!who.allows(scope), "{scope}");
        let problem = who.require_all(&["orders:read", scope]).unwrap_err();
        assert_eq!((problem.status(), problem.reason()), (403, Reason::ScopeMissing), "{scope}");
    }
    let nobody = admit(&verifier(settings()), &sign(&[], None).unwrap()).await.unwrap();
    assert!(!nobody.allows("orders:read"));
    assert_eq!(nobody.require("orders:read").unwrap_err().status(), 403);
}

#[tokio::test]
async fn what_is_no_scope_is_a_mistake_of_the_program_and_stands_in_no_answer() {
    let all = admit(&verifier(settings()), &sign(&["*:*"], None).unwrap()).await.unwrap();
    for wrong in ["orders", "", "a:b:c", "a:b\"\r\nx: y", "A:b", "a:"] {
        assert!(!all.allows(wrong), "{wrong}");
        // Also behind one that is missing.
        for required in [&[wrong][..], &["orders:drop", wrong]] {
            let problem = all.require_all(required).unwrap_err();
            assert_eq!((problem.status(), problem.code()), (500, "internal"), "{wrong}");
            let fields = format!("{:?}{}", problem.fields(), problem.body());
            assert!(!fields.contains("x: y") && !fields.contains("drop"), "{fields}");
        }
    }
}

#[tokio::test]
async fn no_answer_and_no_error_holds_a_byte_of_a_token() {
    let told = Arc::<Mutex<Vec<Reason>>>::default();
    let note = Arc::clone(&told);
    let verifier = verifier(settings().on_refused(move |reason| note.lock().unwrap().push(reason)));
    let shorter = &plain()[..plain().len() - 1];
    let other = [&plain()[..plain().len() - 2], b"AA"].concat();
    let (longer, ended) = ([plain(), b"AAAAAAAAA"].concat(), [plain(), b"\n"].concat());
    let tokens = [shorter, &other[..], &longer, &ended, bound()];
    for token in tokens {
        let fields = [(&b"Tollgate-Identity"[..], token), (b"X-Request-Id", token)];
        let problem = put(&verifier, &fields, "PUT").await.unwrap_err();
        let mut text = format!("{problem} {problem:?} {verifier:?} {:?}", told.lock().unwrap());
        text.push_str(problem.body());
        for piece in token.chunks_exact(12) {
            let piece = std::str::from_utf8(piece).unwrap();
            assert!(!text.contains(piece), "{text}");
        }
    }
    assert_eq!(told.lock().unwrap().len(), tokens.len());
}

#[tokio::test]
async fn each_refusal_is_told_to_the_operator_with_its_reason() {
    let told = Arc::<Mutex<Vec<&str>>>::default();
    let note = Arc::clone(&told);
    let verifier =
        verifier(settings().on_refused(move |reason| note.lock().unwrap().push(reason.code())));
    let name = &b"Tollgate-Identity"[..];
    assert!(put(&verifier, &[], "GET").await.is_err());
    assert!(put(&verifier, &[(name, b"x")], "GET").await.is_err());
    assert!(put(&verifier, &[(b"Tollgate_Identity", plain())], "GET").await.is_err());
    let who = put(&verifier, &[(name, plain())], "GET").await.unwrap();
    who.require("orders:read").unwrap();
    assert!(who.require("orders:drop").is_err());
    let wanted = ["missing", "malformed", "ambiguous", "scope_missing"];
    assert_eq!(*told.lock().unwrap(), wanted);
}
