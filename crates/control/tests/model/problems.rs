//! Refusals: one table of codes, one shape of bodies, the language of the gate.

use serde_json::Value;
use tollgate_control::problem::{Code, Fault, Finding, Findings, PROBLEMS_MAX, Pointer, Problem};
use tollgate_core::{decision::Denial, stamp::Stamp};
use tollgate_http::{
    answer::{self, Answer, Context, Trouble},
    rate::Style,
};
use tollgate_ledger::{ChangeError, Conclusion, LedgerError, Settings};

use crate::golden;

#[test]
fn every_code_has_one_status_and_one_title_and_they_are_these() {
    let mut text = String::new();
    for &code in Code::ALL {
        let row = [code.status().to_string().as_str(), code.as_str(), code.title()].join(" | ");
        text.push_str(&row);
        text.push('\n');
    }
    text.push('\n');
    for fault in Fault::ALL {
        text.push_str(fault.as_str());
        text.push('\n');
    }
    golden::check("codes.txt", &text);
}

#[test]
fn no_two_codes_are_alike_and_each_reads_as_the_others_do() {
    for (at, code) in Code::ALL.iter().enumerate() {
        let name = code.as_str();
        assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{name}");
        assert!(Code::ALL.iter().skip(at + 1).all(|other| other.as_str() != name), "{name}");
        assert!((400..600).contains(&code.status()), "{name}");
        assert!(code.title().starts_with(|first: char| first.is_ascii_uppercase()), "{name}");
        assert!(!code.title().ends_with('.') && code.detail().ends_with('.'), "{name}");
    }
    for (at, fault) in Fault::ALL.iter().enumerate() {
        assert!(Fault::ALL.iter().skip(at + 1).all(|other| other.as_str() != fault.as_str()));
    }
}

fn context() -> Context<'static> {
    Context {
        realm: "tollgate",
        request_id: "req-1",
        head: false,
        required: &[],
        record: None,
        limits: &[],
        left: &[],
        style: Style::Standard,
    }
}

fn gates() -> Vec<Answer> {
    let denials =
        [Denial::RequestInvalid, Denial::KeyRevoked, Denial::KeyInvalid, Denial::Unavailable];
    let troubles = [
        Trouble::NotFound,
        Trouble::MethodNotAllowed,
        Trouble::HeadTooLarge,
        Trouble::RequestTimeout,
        Trouble::OriginUnreachable,
        Trouble::OriginTimeout,
    ];
    let denied = denials.into_iter().map(|denial| answer::denied(denial, &context()));
    denied.chain(troubles.into_iter().map(|trouble| answer::trouble(trouble, &context()))).collect()
}

#[test]
fn a_code_that_the_gate_has_too_has_the_same_status_title_and_members() {
    let mut both = vec![];
    for answer in gates() {
        let gate: Value = serde_json::from_str(&answer.body).unwrap();
        let Some(&code) = Code::ALL.iter().find(|code| gate["code"] == code.as_str()) else {
            continue;
        };
        both.push(code.as_str());
        assert_eq!(answer.status, code.status());
        let ours: Value = serde_json::from_str(&Problem::new(code).body("req-1")).unwrap();
        for member in ["type", "title", "status", "instance", "code"] {
            assert_eq!(ours[member], gate[member], "{member} of {}", code.as_str());
        }
    }
    assert_eq!(both, ["request_invalid", "unavailable", "not_found", "method_not_allowed"]);
    let unauthorized: Vec<&str> =
        Code::ALL.iter().filter(|code| code.status() == 401).map(|code| code.as_str()).collect();
    assert_eq!(unauthorized, [""; 0], "who is not proved is refused by the gate's own words");
}

#[test]
fn a_body_is_one_line_in_the_gates_order_with_its_findings() {
    let mut findings = Findings::new();
    findings.push(Finding::in_list("limits", 0, Fault::OutOfRange, "must be \"more\""));
    findings.push(Finding::parameter("sort", Fault::Malformed, "must be id"));
    findings.push(Finding::header("if-match", Fault::Required, "must be given"));
    let body = Problem::found(Code::BodyInvalid, findings).body("req-1");
    let expected = concat!(
        r#"{"type":"about:blank","title":"Body invalid","status":422,"detail":"The body has fields that are not what they should be.","#,
        r#""instance":"req-1","code":"body_invalid","errors":["#,
        r#"{"pointer":"/limits/0","code":"out_of_range","detail":"must be \"more\""},"#,
        r#"{"parameter":"sort","code":"malformed","detail":"must be id"},"#,
        r#"{"header":"if-match","code":"required","detail":"must be given"}]}"#,
        "\n"
    );
    assert_eq!(body, expected);
    let plain = Problem::with(Code::NotFound, "Look \"elsewhere\".").body("");
    assert_eq!(
        plain,
        "{\"type\":\"about:blank\",\"title\":\"Not found\",\"status\":404,\"detail\":\"Look \\\"elsewhere\\\".\",\"code\":\"not_found\"}\n"
    );
}

#[test]
fn a_place_is_listed_once_and_the_list_has_an_end() {
    let mut findings = Findings::new();
    for at in 0..PROBLEMS_MAX {
        findings.push(Finding::in_list("x", at, Fault::Malformed, "a"));
        findings.push(Finding::in_list("x", at, Fault::Required, "b"));
    }
    assert_eq!((findings.list().len(), findings.more()), (PROBLEMS_MAX, false));
    assert!(findings.list().iter().all(|finding| finding.fault == Fault::Malformed));
    findings.push(Finding::in_list("x", PROBLEMS_MAX, Fault::Malformed, "a"));
    assert_eq!((findings.list().len(), findings.more()), (PROBLEMS_MAX, true));
}

#[test]
fn pointers_are_those_of_rfc_6901() {
    let mut pointer = Pointer::root();
    assert_eq!(pointer.as_str(), "");
    for (part, whole) in
        [("a/b", "/a~1b"), ("m~n", "/a~1b/m~0n"), ("", "/a~1b/m~0n/"), ("é\"", "/a~1b/m~0n//é\"")]
    {
        pointer.push(part);
        assert_eq!(pointer.as_str(), whole);
    }
    for whole in ["/a~1b/m~0n/", "/a~1b/m~0n", "/a~1b", "", ""] {
        pointer.pop();
        assert_eq!(pointer.as_str(), whole);
    }
}

fn refusals() -> Vec<ChangeError> {
    let wrong = Settings { owner: String::new(), ..Settings::of("acme", "bob", "live") };
    let (name, object) = ("tg_live_secret".to_owned(), "acme/tenant".to_owned());
    vec![
        wrong.check().unwrap_err().into(),
        ChangeError::UnknownKey,
        ChangeError::KeyExists,
        ChangeError::LookupTaken,
        ChangeError::UnknownSecret,
        ChangeError::Revoked,
        ChangeError::Fixed { field: "env" },
        ChangeError::KindChanged { name: name.clone() },
        ChangeError::OtherNumbers { name: name.clone(), object: object.clone() },
        ChangeError::IdentityTooLong { bytes: 3_000 },
        ChangeError::OtherVersion { found: Stamp { incarnation: 1, epoch: 2 } },
        ChangeError::UnknownLimit { name, object },
        ChangeError::TooManyCarriers,
        ChangeError::TooManySecrets,
        ChangeError::GraceTooLong,
        ChangeError::UnknownOwner,
        ChangeError::UnknownTenant,
        ChangeError::Clock,
        ChangeError::Exhausted,
    ]
}

#[test]
fn what_the_ledger_refuses_has_the_ledgers_code_and_repeats_no_name() {
    for refused in refusals() {
        let problem = Problem::from(&LedgerError::Refused(refused.clone()));
        // What the gate says of a key that asks is no word for the key that is asked about.
        let code = if refused == ChangeError::Revoked { "key_ended" } else { refused.code() };
        assert_eq!(problem.code.as_str(), code);
        assert!(!problem.detail.contains("tg_live_secret"), "{}", problem.detail);
        assert!(
            problem.detail.ends_with('.') && !problem.detail.ends_with(".."),
            "{}",
            problem.detail
        );
        assert!(
            problem.detail.starts_with(|first: char| first.is_uppercase()),
            "{}",
            problem.detail
        );
    }
    let problem = Problem::from(&refusals()[0]);
    assert_eq!(crate::made::told(&problem), ["/owner conflict"]);
}

#[test]
fn what_failed_inside_is_told_as_that_and_no_more() {
    for conclusion in Conclusion::ALL {
        let failed = LedgerError::Failed { conclusion, source: "disk sdb at /var".into() };
        let problem = Problem::from(&failed);
        assert_eq!((problem.code, problem.status()), (Code::Unavailable, 503));
        let body = problem.body("r");
        assert!(!body.contains("sdb") && !body.contains(conclusion.code()), "{body}");
    }
    let unknown = LedgerError::Unknown { source: "x".into() };
    assert_eq!(Problem::from(&unknown).code.as_str(), unknown.code());
}
