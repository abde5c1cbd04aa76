//! What crosses the gate, and what does not.

use tollgate_http::{
    credential::Sources,
    hygiene::{
        Hop, IDENTITY_FIELD, Inward, NOMINATED_MAX, Outward, TooManyOptions, is_fit_for_trailer,
        is_forwarding, is_identity, reaches_client, reaches_origin,
    },
    rate::Style,
};

use crate::made::{JWT, K, brand, fields};

/// How a request is crossed, and what it said of its connection.
#[derive(Clone, Copy, Default)]
struct Way<'a> {
    connection: &'a [(&'a str, &'a str)],
    trusted: bool,
    trailers: bool,
    websocket: bool,
}

fn check_in(way: Way<'_>, name: &str, value: &str, crosses: bool) {
    let (brand, sources) = (brand(), Sources::default());
    let hop = Hop::read(fields(way.connection)).unwrap();
    let Way { trusted, trailers, websocket, .. } = way;
    let inward =
        Inward { hop: &hop, sources: &sources, brand: &brand, trusted, trailers, websocket };
    let found = reaches_origin(name.as_bytes(), value.as_bytes(), &inward);
    assert_eq!(found, crosses, "to the origin: {name}: {value} {:?}", way.connection);
}

fn check_out(way: Way<'_>, private: bool, style: Style, name: &str, value: &str, crosses: bool) {
    let hop = Hop::read(fields(way.connection)).unwrap();
    let Way { trailers, websocket, .. } = way;
    let outward = Outward { hop: &hop, private, cors_answered: false, style, trailers, websocket };
    let found = reaches_client(name.as_bytes(), value.as_bytes(), &outward);
    assert_eq!(found, crosses, "to the client: {name}: {value} {:?}", way.connection);
}

/// Both ways, in every kind of crossing.
fn check_never(name: &str, value: &str) {
    for bits in 0..8_u8 {
        let (trusted, trailers, websocket) = (bits & 1 != 0, bits & 2 != 0, bits & 4 != 0);
        let way = Way { connection: &[], trusted, trailers, websocket };
        check_in(way, name, value, false);
        check_out(way, trusted, Style::Both, name, value, false);
    }
}

#[test]
fn every_spelling_of_the_identity_header_is_ours_alone() {
    for name in [
        "Tollgate-Identity",
        "tollgate-identity",
        "TOLLGATE-IDENTITY",
        "tollgate_identity",
        "Tollgate.Identity",
        "tollgate identity",
        "tollgate\tidentity",
        "tollgate+identity",
        "tollgate~identity",
        "tollgate[identity",
        "tollgate]identity",
        "tollgate--identity",
        "tollgate-_identity",
        "tollgateidentity",
        " tollgate-identity",
        "tollgate-identity ",
        "tollgate-identity:",
        "-tollgate-identity-",
        "_tollgate_identity",
        "tollgate\u{2013}identity",
        "tollgate-identity\0",
        "tollgate\u{ad}-identity",
        "t.o.l.l.gate-identity",
    ] {
        assert!(is_identity(name.as_bytes()), "{name}");
        check_never(name, "anything");
    }
    for name in [
        "tollgate",
        "identity",
        "tollgate-identity2",
        "x-tollgate-identity",
        "tollgate-1dentity",
        "",
    ] {
        assert!(!is_identity(name.as_bytes()), "{name}");
    }
}

#[test]
fn one_character_more_or_other_makes_no_difference_unless_it_is_a_letter_or_a_digit() {
    let name = IDENTITY_FIELD.as_bytes();
    for byte in 0..=u8::MAX {
        for at in 0..=name.len() {
            let mut inserted = name.to_vec();
            inserted.insert(at, byte);
            assert_eq!(is_identity(&inserted), !byte.is_ascii_alphanumeric(), "{inserted:?}");
            if at < name.len() {
                let mut replaced = name.to_vec();
                replaced[at] = byte;
                let same = byte.eq_ignore_ascii_case(&name[at])
                    || (name[at] == b'-' && !byte.is_ascii_alphanumeric());
                assert_eq!(is_identity(&replaced), same, "{replaced:?}");
            }
        }
    }
}

#[test]
fn a_name_that_is_none_does_not_cross() {
    for name in
        ["", "a b", "a:", " a", "a ", "a\0", "\u{e9}", "a(b)", "a\r\nb", "a/b", "a\"b", "{a}"]
    {
        check_never(name, "x");
    }
}

#[test]
fn what_belongs_to_one_connection_stays_there() {
    for name in [
        "Connection",
        "Proxy-Connection",
        "proxy-CONNECTION",
        "Keep-Alive",
        "Transfer-Encoding",
        "Proxy-Authorization",
        "Proxy-Authenticate",
        "Proxy-Authentication-Info",
        "HTTP2-Settings",
    ] {
        check_never(name, "x");
    }
    check_never("Upgrade", "h2c");
    check_never("Upgrade", "websocket, h2c");
    check_never("TE", "trailers, deflate");
    check_never("TE", "gzip");
}

#[test]
fn what_connection_names_goes_no_further_whatever_its_case_and_however_often() {
    for connection in [
        &[("Connection", "x-custom")][..],
        &[("connection", "close, X-CUSTOM")],
        &[("CONNECTION", "keep-alive"), ("Connection", "\tX-Custom ,close")],
        &[("Connection", ",,x-custom,,")],
    ] {
        let way = Way { connection, ..Way::default() };
        check_in(way, "X-Custom", "1", false);
        check_in(way, "x-CUSTOM", "1", false);
        check_in(way, "X-Custom-2", "1", true);
        check_out(way, false, Style::Off, "X-Custom", "1", false);
        check_out(way, false, Style::Off, "X-Custom-2", "1", true);
    }
    check_in(
        Way { connection: &[("Proxy-Connection", "x-custom")], ..Way::default() },
        "X-Custom",
        "1",
        true,
    );
}

#[test]
fn no_connection_takes_away_what_a_request_means() {
    let connection =
        [("Connection", "host, content-length, content-type, tollgate-identity, upgrade, te")];
    let way = Way { connection: &connection, trusted: true, trailers: true, websocket: true };
    for (name, value) in [
        ("Host", "a"),
        ("Content-Length", "5"),
        ("Content-Type", "a/b"),
        ("Upgrade", "websocket"),
        ("TE", "trailers"),
    ] {
        check_in(way, name, value, true);
        check_out(way, true, Style::Both, name, value, true);
    }
    // What the client sends under our name goes because of its name; ours is put in afterwards.
    check_in(way, "Tollgate-Identity", "forged", false);
}

#[test]
fn no_connection_takes_away_what_a_trusted_hop_says() {
    let connection = [("Connection", "x-forwarded-proto, X-Real-IP, x-auth-user, x-auth-key, x-a")];
    let way = |trusted| Way { connection: &connection, trusted, ..Way::default() };
    for name in ["X-Forwarded-Proto", "x-real-ip", "X-Auth-User"] {
        check_in(way(true), name, "1", true);
        check_in(way(false), name, "1", false);
    }
    // What any caller may write is the connection's to take away.
    for name in ["X-Auth-Key", "X-A", "Connection", "X-Forwarded-For"] {
        check_in(way(true), name, "1", false);
    }
}

#[test]
fn a_connection_with_too_many_options_is_refused() {
    let options = vec!["a"; NOMINATED_MAX].join(",");
    let good = [("Connection", options.as_str())];
    assert!(Hop::read(fields(&good)).unwrap().nominates(b"A"));
    let one_more = [("Connection", options.as_str()), ("Connection", "b")];
    assert_eq!(Hop::read(fields(&one_more)).unwrap_err(), TooManyOptions);
    let commas = ",".repeat(100_000);
    let empty = [("Connection", commas.as_str())];
    assert!(!Hop::read(fields(&empty)).unwrap().nominates(b""));
}

#[test]
fn a_switch_and_trailers_cross_where_the_host_says_so() {
    let websocket = Way { websocket: true, ..Way::default() };
    for value in ["websocket", "WebSocket", " websocket "] {
        check_in(websocket, "Upgrade", value, true);
        check_in(Way::default(), "Upgrade", value, false);
        check_out(websocket, false, Style::Off, "Upgrade", value, true);
    }
    let trailers = Way { trailers: true, ..Way::default() };
    check_in(trailers, "TE", "trailers", true);
    check_in(Way::default(), "TE", "trailers", false);
    check_in(trailers, "Trailer", "X-Sum", true);
    check_out(Way::default(), false, Style::Off, "Trailer", "X-Sum", false);
}

#[test]
fn what_hops_say_is_passed_on_from_trusted_ones_only_and_in_no_spelling_from_others() {
    let trusted = Way { trusted: true, ..Way::default() };
    for name in [
        "X-Forwarded-Proto",
        "X-Forwarded-Host",
        "X-Forwarded-Port",
        "X-Forwarded-Prefix",
        "X-Forwarded-Uri",
        "X-Forwarded-User",
        "x_forwarded_host",
        "X-FORWARDED_PROTO",
        "X.Forwarded.Host",
        "XForwardedHost",
        "X-Original-URL",
        "X-Original-URI",
        "X_Original_Method",
        "X-Rewrite-URL",
        "X-Real-IP",
        "X_Real_IP",
        "X-Client-IP",
        "X-Cluster-Client-IP",
        "True-Client-IP",
        "CF-Connecting-IP",
        "CF-Connecting-IPv6",
        "CF_IPCountry",
        "Fastly-Client-IP",
        "X-Remote-User",
        "Remote-User",
        "X-Host",
        "X-Auth-User",
        "X-Auth-Request-Email",
        "x_auth_roles",
    ] {
        check_in(Way::default(), name, "1", false);
        check_in(trusted, name, "1", name.bytes().all(|byte| byte != b' '));
    }
    assert!(is_forwarding(b"x_forwarded.for") && !is_forwarding(b"x-forward"));
    // The gate writes these itself, from what it knows and what trusted hops said.
    for name in [
        "X-Forwarded-For",
        "x_forwarded_for",
        "XForwardedFor",
        "Forwarded",
        "forwarded",
        "X-Auth-Status",
        "X-Auth-Problem",
    ] {
        check_in(Way::default(), name, "1", false);
        check_in(trusted, name, "1", false);
    }
}

#[test]
fn another_method_than_the_one_that_was_judged_reaches_no_origin() {
    for name in
        ["X-HTTP-Method-Override", "X_HTTP_Method_Override", "X-HTTP-Method", "x-method-override"]
    {
        check_in(Way::default(), name, "DELETE", false);
        check_in(Way { trusted: true, ..Way::default() }, name, "DELETE", false);
    }
}

#[test]
fn what_is_nobodys_business_crosses() {
    for (name, value) in [
        ("Host", "a.example"),
        ("Accept", "*/*"),
        ("Content-Length", "5"),
        ("User-Agent", "ELB-HealthChecker/2.0"),
        ("Cookie", "a=b"),
        ("Authorization", &format!("Bearer {JWT}")),
        ("X-API-Key", "theirs"),
        ("X-Auth-Token", "theirs"),
        ("X-Auth-Key", "theirs"),
        ("X-Request-Id", "1"),
        ("Expect", "100-continue"),
        ("traceparent", "00-1-2-00"),
        ("Origin", "https://a.example"),
        ("Via", "1.1 a"),
        ("X-Key-Id", "theirs"),
        ("X-Bytes", "\u{e9}"),
    ] {
        check_in(Way::default(), name, value, true);
    }
    for (name, value) in [
        ("Content-Type", "text/plain"),
        ("Set-Cookie", "a=b"),
        ("ETag", "\"1\""),
        ("Vary", "Accept"),
        ("WWW-Authenticate", "Basic"),
        ("Retry-After", "1"),
        ("Location", "/a"),
        ("Access-Control-Allow-Origin", "*"),
        ("RateLimit-Reset", "1"),
    ] {
        check_out(Way::default(), true, Style::Standard, name, value, true);
    }
}

#[test]
fn a_key_crosses_in_no_field() {
    for (name, value) in [
        ("Authorization", format!("Bearer {K}")),
        ("X-API-Key", K.to_owned()),
        ("Cookie", format!("k={K}")),
        ("Referer", format!("https://a.example/?api_key={K}")),
        ("Sec-WebSocket-Protocol", K.to_owned()),
    ] {
        check_in(Way { trusted: true, websocket: true, ..Way::default() }, name, &value, false);
    }
}

#[test]
fn an_answer_says_nothing_in_our_name_and_no_way_around_us() {
    for (name, value) in [
        ("Tollgate-Identity", "forged"),
        ("tollgate_identity", "forged"),
        ("X-Auth-Status", "200"),
        ("X-Auth-Problem", "{}"),
        ("X_Auth_Status", "200"),
        ("Alt-Svc", "h3=\"origin.example:443\""),
    ] {
        check_out(Way::default(), false, Style::Off, name, value, false);
    }
    for (style, name, crosses) in [
        (Style::Standard, "RateLimit", false),
        (Style::Standard, "ratelimit-policy", false),
        (Style::Standard, "X-RateLimit-Limit", true),
        (Style::Legacy, "X-RateLimit-Limit", false),
        (Style::Legacy, "RateLimit-Remaining", false),
        (Style::Legacy, "RateLimit", true),
        (Style::Both, "RateLimit", false),
        (Style::Both, "X-RateLimit-Reset", false),
        (Style::Off, "RateLimit", true),
        (Style::Off, "X-RateLimit-Reset", true),
    ] {
        check_out(Way::default(), false, style, name, "1", crosses);
    }
    let hop = Hop::read(fields(&[])).unwrap();
    let outward = |cors_answered| Outward {
        hop: &hop,
        private: false,
        cors_answered,
        style: Style::Off,
        trailers: false,
        websocket: false,
    };
    for name in ["Access-Control-Allow-Origin", "ACCESS-CONTROL-Allow-Credentials"] {
        assert!(reaches_client(name.as_bytes(), b"*", &outward(false)));
        assert!(!reaches_client(name.as_bytes(), b"*", &outward(true)));
    }
}

#[test]
fn nothing_after_the_body_frames_routes_or_proves() {
    for (name, fit) in [
        ("X-Checksum", true),
        ("grpc-status", true),
        ("Tollgate_Identity", false),
        ("X-Forwarded-For", false),
        ("X-Auth-Status", false),
        ("X-Auth-Problem", false),
        ("x-api-key-sum", true),
        ("a b", false),
    ] {
        assert_eq!(is_fit_for_trailer(name.as_bytes()), fit, "{name}");
    }
    let spellings = "Keep_Alive transfer_encoding Content.Length HOST Trailer T-E Upgrade AUTHORIZATION x_api_key \
        XApiKey x.api.key tollgate.identity TollgateIdentity X_Forwarded_For x_request_id \
        Transfer-Encoding Content-Length Host Authorization X-API-Key Cache-Control Set-Cookie Connection";
    for name in spellings.split_ascii_whitespace() {
        assert!(!is_fit_for_trailer(name.as_bytes()), "{name}");
    }
}
