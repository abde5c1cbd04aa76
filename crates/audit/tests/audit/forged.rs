//! Checkpoints that nobody of ours signed, or not as that.

use tollgate_audit::{Chain, Keys, export};
use tollgate_core::{id::Id, key::Env, scope::Scope, time::UnixMillis};
use tollgate_identity::{
    Claims, Jwk, KeySet, LIFE_MAX_S, Name, Refusal, Request, Room, SigningKey, Statement,
    TOKEN_MAX, Verifier, jwks,
};

use crate::made::{START, key, known, made, report, wrong};

const NOW: UnixMillis = UnixMillis(START + 1_000_000_000);

/// What is signed in the line of a checkpoint.
fn said(line: &str) -> &str {
    let from = line.find(":{").unwrap() + 1;
    &line[from..line.find(",\"kid\":").unwrap()]
}

/// The line with another signature.
fn resigned(line: &str, signature: &[u8]) -> String {
    let from = line.find("\"signature\":\"").unwrap() + "\"signature\":\"".len();
    let digits: String = signature.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{}{digits}\"}}", &line[..from])
}

/// A token of ours, as bytes: what was signed, and the signature.
fn token(key: &SigningKey) -> (String, Vec<u8>) {
    let claims = Claims {
        issuer: Name::new("https://gate.example").unwrap(),
        audience: Name::new("orders").unwrap(),
        owner: Id::new("dev").unwrap(),
        key: Id::new("key_1").unwrap(),
        tenant: Id::new("acme").unwrap(),
        env: Env::new("live").unwrap(),
        scopes: [Scope::new("orders:read").unwrap()].into_iter(),
        plan: None,
        binding: None,
    };
    let mut room = [0; TOKEN_MAX];
    let text = key.sign(&claims, LIFE_MAX_S, NOW, &mut room).unwrap().text;
    let (said, signature) = text.rsplit_once('.').unwrap();
    // The signature is a checkpoint's in length, read by hand: three bytes for four symbols.
    let symbols = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let sextets = signature.bytes().map(|byte| symbols.iter().position(|&at| at == byte).unwrap());
    let bits: Vec<_> =
        sextets.flat_map(|six| (0..6).rev().map(move |bit| six >> bit & 1)).collect();
    let bytes = bits.as_chunks::<8>().0.iter();
    let bytes =
        bytes.map(|byte| byte.iter().fold(0, |sum, bit| sum << 1 | u8::try_from(*bit).unwrap()));
    (said.to_owned(), bytes.collect())
}

#[test]
fn a_checkpoint_that_is_not_signed_as_one_by_a_known_key_is_refused() {
    let export = made(40, 30);
    let keys = export.keys();
    let (ours, other) = (&export.key, key("k1", 2));
    let (_, identity) = token(ours);
    assert_eq!(identity.len(), 64);
    let signed = |key: &SigningKey, what, line| key.state(what, said(line).as_bytes()).unwrap();
    for (at, line) in export.lines.iter().enumerate() {
        let (right, wrong_word) = match &line[..7] {
            "{\"check" => (Statement::AuditCheckpoint, Statement::AuditExport),
            "{\"end\":" => (Statement::AuditExport, Statement::AuditCheckpoint),
            _ => continue,
        };
        assert_eq!(
            resigned(line, &signed(ours, right, line)),
            *line,
            "the test signs as the page says"
        );
        let mut bare = signed(ours, right, line);
        bare[63] ^= 1;
        for (what, forged, code) in [
            ("another key", resigned(line, &signed(&other, right, line)), "bad_signature"),
            ("another word", resigned(line, &signed(ours, wrong_word, line)), "bad_signature"),
            ("that of an identity", resigned(line, &identity), "bad_signature"),
            ("none", resigned(line, &[0; 64]), "bad_signature"),
            ("a bit", resigned(line, &bare), "bad_signature"),
            ("an unknown key", line.replace("\"kid\":\"k1\"", "\"kid\":\"k2\""), "unknown_key"),
        ] {
            let mut lines = export.lines.clone();
            lines[at] = forged;
            let found = report(&(lines.join("\n") + "\n"), &keys);
            assert_eq!(wrong(&found), (code, at as u64 + 1), "{what} of line {at}");
        }
    }
}

#[test]
fn a_good_checkpoint_of_something_else_is_refused() {
    let export = made(60, 31);
    let (keys, ours) = (export.keys(), &export.key);
    let (entry, lines) = (export.entries()[30], &export.lines);
    let read = tollgate_audit::Written::read(&lines[entry]).unwrap();
    let here = Chain { tenant: read.tenant, number: 31, hash: read.hash, at: read.at };
    let sign = |chain: Chain<'_>| chain.checkpoint(ours, NOW).unwrap();
    let later = || tollgate_audit::Written::read(&lines[export.entries()[31]]).unwrap();
    let before = Chain::new(read.tenant);
    for (what, line, code) in [
        ("this place", sign(here), "none"),
        ("another tenant", sign(Chain { tenant: Id::new("beta").ok(), ..here }), "other_chain"),
        ("the deployment", sign(Chain { tenant: None, ..here }), "other_chain"),
        ("an earlier place", sign(Chain { number: 30, ..here }), "doubled"),
        ("a later place", sign(Chain { number: 32, hash: later().hash, ..here }), "out_of_order"),
        ("other entries", sign(Chain { hash: read.previous, ..here }), "disagrees"),
        (
            "another time",
            Chain { at: UnixMillis(0), ..here }.checkpoint(ours, UnixMillis(START - 1)).unwrap(),
            "backwards",
        ),
        ("another export", export::end(&here, &here, ours, NOW).unwrap(), "other_beginning"),
        ("the export so far", export::end(&before, &here, ours, NOW).unwrap(), "after_end"),
    ] {
        let mut lines = lines.clone();
        // Its own checkpoint, if one was due just there, would be the second of this place.
        lines.retain(|line| !line.starts_with("{\"checkpoint\":"));
        lines.insert(32, line);
        let found = report(&(lines.join("\n") + "\n"), &keys);
        assert_eq!(wrong(&found).0, code, "{what}: {found:?}");
    }
}

/// The other way round: a checkpoint's signature makes no identity, whatever it is put under.
#[test]
fn a_checkpoint_is_no_identity() {
    let export = made(40, 32);
    let ours = &export.key;
    let (token, _) = token(ours);
    let set = KeySet::new(&[Jwk { kid: "k1", alg: "EdDSA", x: ours.public() }]).unwrap();
    let verifier = Verifier::new(set, "https://gate.example", "orders").unwrap();
    let request = Request { method: b"GET", path: b"/" };
    let mut room = Room::new();
    for what in Statement::ALL {
        // Not even of the very text that a token has.
        let signature = ours.state(what, token.as_bytes()).unwrap();
        let mut symbols = String::new();
        for three in signature.chunks(3) {
            let bits = three.iter().fold(0_u32, |sum, &byte| sum << 8 | u32::from(byte));
            let bits = bits << (8 * (3 - three.len()));
            for at in 0..=three.len() {
                let six = usize::try_from(bits >> (18 - 6 * at) & 63).unwrap();
                let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
                symbols.push_str(&alphabet[six..=six]);
            }
        }
        let forged = format!("{token}.{symbols}");
        let refused = verifier.verify(forged.as_bytes(), request, NOW, &mut room).unwrap_err();
        assert_eq!(refused, Refusal::BadSignature);
        assert!(what.word().starts_with("tollgate-"), "a token begins with eyJ");
    }
}

#[test]
fn checkpoints_of_a_retired_key_hold_where_its_public_key_is_known() {
    let (old, new) = (key("k1", 1), key("k2", 2));
    let mut export = made(40, 33);
    let last = export.lines.len() - 1;
    let signature =
        new.state(Statement::AuditExport, said(&export.lines[last]).as_bytes()).unwrap();
    export.lines[last] = resigned(&export.lines[last], &signature).replace("\"k1\"", "\"k2\"");
    let text = export.text();
    assert_eq!(wrong(&report(&text, &known(&[&old, &new]))), ("none", 0));
    assert_eq!(wrong(&report(&text, &known(&[&new]))), ("unknown_key", 3));
    assert_eq!(wrong(&report(&text, &known(&[&old]))), ("unknown_key", last as u64 + 1));
    assert_eq!(wrong(&report(&text, &Keys::none())), ("unknown_key", 3));
    // As the published documents say them, one after the other.
    let mut keys = Keys::none();
    for key in [&old, &new, &new] {
        let kid = key.kid();
        let set = KeySet::new(&[Jwk { kid: kid.as_str(), alg: "EdDSA", x: key.public() }]).unwrap();
        keys.add_jwks(jwks(&set, &mut [0; 1024]).unwrap()).unwrap();
    }
    assert_eq!((keys.count(), wrong(&report(&text, &keys))), (2, ("none", 0)));
}

#[test]
fn only_good_keys_are_known() {
    let x = "A6EHv_POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg";
    let of = |fields: &str| format!("{{\"keys\":[{{{fields}}}]}}");
    let good =
        format!(r#""kty":"OKP","crv":"Ed25519","x":"{x}","kid":"k1","alg":"EdDSA","use":"sig""#);
    let two =
        format!("{good}}},{{{}", good.replace(x, "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"));
    let many = (0..65)
        .map(|at| good.replace("\"k1\"", &format!("\"k{at}\"")))
        .collect::<Vec<_>>()
        .join("},{");
    for (text, expected) in [
        (of(&good), Ok(1)),
        ("{\"keys\":[]}".to_owned(), Ok(0)),
        (String::new(), Err("bad_jwks")),
        ("{}".to_owned(), Err("bad_jwks")),
        (of(&good.replace("OKP", "EC")), Err("bad_jwks")),
        (of(&good.replace("25519", "448")), Err("bad_jwks")),
        (of(&good.replace("\"alg\"", "\"al\"")), Err("bad_jwks")),
        (of(&good.replace(x, &x[1..])), Err("bad_jwks")),
        (of(&good.replace(x, &"A".repeat(43))), Err("bad_key")),
        (of(&good.replace("EdDSA", "none")), Err("bad_alg")),
        (of(&good.replace("\"k1\"", "\"k 1\"")), Err("bad_kid")),
        (of(&two), Err("duplicate_kid")),
        (of(&many), Err("too_many_keys")),
    ] {
        let mut keys = Keys::none();
        let added = keys.add_jwks(&text).map(|()| keys.count()).map_err(|error| error.code());
        assert_eq!(added, expected, "{text}");
        assert_eq!(keys.count(), expected.unwrap_or(0), "nothing of what is refused is kept");
    }
}
