//! Whatever arrives: nothing panics, and what must hold of every input holds.

use tollgate_core::network::Address;
use tollgate_http::{
    address::{Trusted, client, country, forwarded_for},
    cors::preflight,
    credential::{Found, Sources, carries_key, find, query_without_key, redact},
    hygiene::{Hop, Inward, Outward, cache::forced, is_identity, reaches_client, reaches_origin},
    path::{canonical, target},
    rate::Style,
};
use tollgate_testkit::{Random, full};

use crate::made::{K, L, brand};

/// What inputs are made of: everything that means something somewhere, and noise.
const PIECES: [&[u8]; 64] = [
    b"Authorization",
    b"X-API-Key",
    b"x-my-key",
    b"Connection",
    b"X-Forwarded-For",
    b"Tollgate-Identity",
    b"tollgate_identity",
    b"Origin",
    b"Access-Control-Request-Method",
    b"Upgrade",
    b"TE",
    b"Cookie",
    b"Referer",
    b"Cache-Control",
    b"CF-IPCountry",
    b"Bearer ",
    b"bearer",
    b"Basic ",
    K.as_bytes(),
    L.as_bytes(),
    b"tg_live_",
    b"tg_",
    b"_live_",
    b"TG_LIVE_",
    b"tg_test_",
    b"%74g_live_",
    b"tg%5flive%5F",
    b"eyJhbGciOi",
    b"api_key",
    b"=",
    b"&",
    b"?",
    b"+",
    b"%",
    b"%2",
    b"%2f",
    b"%2e",
    b"%25",
    b"%00",
    b"%41",
    b"%c3%a9",
    b"%c0%af",
    b"/",
    b"//",
    b".",
    b"..",
    b";",
    b"#",
    b"\\",
    b"*",
    b",",
    b" ",
    b"\t",
    b"\r\n ",
    b"\0",
    b"\xff",
    b"\xc3\xa9",
    b"1.1.1.1",
    b"10.0.0.2",
    b"[::1]:80",
    b"unknown",
    b"http://h",
    b"max-age=60",
    b"public",
];

fn text(random: &mut Random) -> Vec<u8> {
    let mut text = vec![];
    for _ in 0..random.below(8) {
        if random.happens(900) {
            text.extend_from_slice(PIECES[random.place(PIECES.len())]);
        } else {
            text.push(random.byte());
        }
    }
    text
}

/// A field: one of those that matter with what belongs there, or anything.
fn field(random: &mut Random) -> (Vec<u8>, Vec<u8>) {
    if random.happens(600) {
        return (text(random), text(random));
    }
    let (name, before) =
        random.one_of(&[("Authorization", "Bearer "), ("X-API-Key", ""), ("x-my-key", "")]);
    let key = if random.happens(800) { K } else { L };
    let mut value = [before, key].concat().into_bytes();
    if random.happens(300) {
        value.extend(text(random));
    }
    (name.into(), value)
}

/// The tail of a key, which nobody but its holder may see.
fn leaks(text: &[u8]) -> bool {
    [K, L].iter().any(|key| text.windows(30).any(|part| part == &key.as_bytes()[12..42]))
}

fn rounds() -> u32 {
    if full() { 2_000_000 } else { 30_000 }
}

fn sources() -> Sources {
    Sources { header: Some("x-my-key".into()), query: Some("api_key".into()), forward: false }
}

fn request(random: &mut Random) -> Vec<(Vec<u8>, Vec<u8>)> {
    (0..random.below(5)).map(|_| field(random)).collect()
}

#[test]
fn whatever_arrives_presents_one_thing() {
    let (brand, sources, mut random) = (brand(), sources(), Random::new(0x4774));
    let mut keys = 0_u32;
    for _ in 0..rounds() {
        let pairs = request(&mut random);
        let fields = pairs.iter().map(|(name, value)| (name.as_slice(), value.as_slice()));
        let query = text(&mut random);
        let found = find(fields.clone(), Some(&query), &sources, None, &brand);
        assert!(!format!("{found:?}").contains("1PFom"));
        // Switched round, the same is found, whatever place it is taken from.
        let reversed: Vec<_> = fields.clone().collect();
        let other = find(reversed.into_iter().rev(), Some(&query), &sources, None, &brand);
        if let (Found::Key(one), Found::Key(other)) = (&found, &other) {
            keys += 1;
            assert!(one.text.starts_with(b"tg_live_") || one.text.starts_with(b"tg_test_"));
            assert_eq!(one.text, other.text);
        } else {
            assert_eq!(found, other);
        }
        let left = query_without_key(&query, &sources, &brand);
        assert!(!leaks(&left) && left.len() <= query.len());
        assert_eq!(query_without_key(&left, &sources, &brand), left);
        let shown = String::from_utf8_lossy(&query);
        assert!(!leaks(redact(&shown, &brand).as_bytes()), "{shown}");
    }
    assert!(keys > 5_000, "{keys} keys: the inputs say too little");
}

#[test]
fn whatever_arrives_crosses_without_a_key_and_without_our_name() {
    let (brand, sources, mut random) = (brand(), sources(), Random::new(0xc055));
    let mut crossed = 0_u32;
    for _ in 0..rounds() {
        let pairs = request(&mut random);
        let fields = pairs.iter().map(|(name, value)| (name.as_slice(), value.as_slice()));
        let hop = Hop::read(fields.clone()).unwrap();
        let (trailers, websocket) = (random.happens(500), random.happens(500));
        let trusted = random.happens(500);
        let inward =
            Inward { hop: &hop, sources: &sources, brand: &brand, trusted, trailers, websocket };
        let (private, cors_answered, style) = (true, true, Style::Both);
        let outward = Outward { hop: &hop, private, cors_answered, style, trailers, websocket };
        for (name, value) in fields.clone() {
            if reaches_origin(name, value, &inward) {
                crossed += 1;
                assert!(!is_identity(name) && !leaks(value));
                assert!(!carries_key(name, value, &sources, &brand));
            }
            if reaches_client(name, value, &outward) {
                assert!(!is_identity(name) && !name.eq_ignore_ascii_case(b"connection"));
            }
        }
        let kept = forced(fields.clone().map(|(_, value)| value));
        assert!(kept.starts_with("private, ") && !kept.contains("public"));
        assert!(kept.bytes().all(|byte| matches!(byte, b' '..=b'~')), "{kept}");
        let _asked = preflight(b"OPTIONS", fields);
    }
    assert!(crossed > 5_000, "{crossed} fields cross: the inputs say too little");
}

#[test]
fn whatever_hops_say_there_is_an_address() {
    let mut random = Random::new(0xadd);
    let trusted = Trusted::new(&["10.0.0.0/8"]).unwrap();
    let peer = "10.0.0.1".parse().unwrap();
    for _ in 0..rounds() {
        let lines: Vec<_> = (0..random.below(4)).map(|_| text(&mut random)).collect();
        let fields = lines.iter().map(|line| (&b"X-Forwarded-For"[..], line.as_slice()));
        let address = client(peer, fields.clone(), &trusted);
        // Nobody is taken for a client that no line names.
        let named = |line: &[u8]| line.windows(3).any(|part| part == b"1.1" || part == b"::1");
        let hop = address == Address::new(peer) || trusted.contains(address);
        assert!(hop || lines.iter().any(|line| named(line)), "{address} {lines:?}");
        assert!(forwarded_for(peer, fields.clone(), &trusted).ends_with("10.0.0.1"));
        let countries = fields.map(|(_, value)| (&b"CF-IPCountry"[..], value));
        if let Some(found) = country(peer, countries, Some("CF-IPCountry"), &trusted) {
            assert!(lines.iter().all(|line| line.trim_ascii() == found.bytes()), "{lines:?}");
        }
    }
}

#[test]
fn whatever_is_a_path_has_one_spelling() {
    let (mut random, mut paths) = (Random::new(0x9a7a), 0_u32);
    for _ in 0..rounds() {
        let mut raw = vec![b'/'];
        raw.extend(text(&mut random));
        if let Ok(path) = canonical(&raw) {
            paths += 1;
            assert_eq!(canonical(path.as_bytes()).as_deref(), Ok(&*path));
            assert!(path.starts_with('/') && !path.contains("//") && !path.contains("/../"));
            let plain = |byte: u8| byte.is_ascii_graphic() && !b"\\#?;\"<>".contains(&byte);
            assert!(path.bytes().all(plain), "{path}");
        }
        let _target = target(b"GET", &raw, Some(b"h"));
    }
    assert!(paths > 5_000, "{paths} paths: the inputs say too little");
}

#[test]
fn what_is_the_same_path_to_an_origin_is_the_same_path_to_us() {
    let mut random = Random::new(0x9a7);
    const SAFE: &[u8] = b"abcXYZ019-._~:@!$&'()*,=";
    for _ in 0..20_000 {
        let segments = random.within(1, 4);
        let mut plain = String::new();
        for _ in 0..segments {
            plain.push('/');
            plain.push('s');
            for _ in 0..random.below(6) {
                plain.push(char::from(SAFE[random.place(SAFE.len())]));
            }
        }
        // The same with some of it escaped, in either case.
        let mut escaped = String::new();
        for byte in plain.bytes() {
            match random.below(3) {
                0 if byte != b'/' => escaped.push_str(&format!("%{byte:02x}")),
                1 if byte != b'/' => escaped.push_str(&format!("%{byte:02X}")),
                _ => escaped.push(char::from(byte)),
            }
        }
        assert_eq!(canonical(escaped.as_bytes()).as_deref(), Ok(plain.as_str()), "{escaped}");
    }
}
