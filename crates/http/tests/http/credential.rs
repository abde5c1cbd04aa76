//! Where a key may come from, and what everything else there means.

use tollgate_http::{
    answer::Invalid,
    credential::{Found, KeyFrom, Sources, SourcesError, find},
};

use crate::made::{JWT, K, L, brand, fields};

fn sources() -> Sources {
    Sources { header: Some("X-My-Key".into()), query: Some("api_key".into()), forward: false }
}

/// What was found, in a word; of a key also whether its text is `K`.
fn word(found: &Found<'_>) -> String {
    match found {
        Found::Missing => "missing".into(),
        Found::Ambiguous(_) => "ambiguous".into(),
        Found::Refused => "refused".into(),
        Found::Key(presented) => {
            let text = if *presented.text == *K.as_bytes() { "K" } else { "other" };
            format!("{text} from {:?}", presented.from)
        }
    }
}

fn check(given: &[(&str, &str)], query: Option<&str>, expected: &str) {
    check_with(given, query, &sources(), None, expected);
}

fn check_with(
    given: &[(&str, &str)],
    query: Option<&str>,
    sources: &Sources,
    key_from: Option<KeyFrom>,
    expected: &str,
) {
    let brand = brand();
    let found = find(fields(given), query.map(str::as_bytes), sources, key_from, &brand);
    assert_eq!(word(&found), expected, "{given:?} {query:?} {key_from:?}");
}

fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

#[test]
fn a_key_is_found_in_each_of_its_places_however_their_names_are_spelled() {
    let value = bearer(K);
    for name in ["Authorization", "authorization", "AUTHORIZATION", "aUTHORIZATION"] {
        check(&[(name, &value)], None, "K from Authorization");
    }
    for name in ["X-API-Key", "x-api-key", "X-Api-KEY"] {
        check(&[(name, K)], None, "K from XApiKey");
    }
    check(&[("x-my-key", K)], None, "K from Header");
    check(&[], Some(&format!("api_key={K}")), "K from Query");
    check(&[], Some(&format!("a=1&api_key={K}&b=2")), "K from Query");
    check(&[("Host", "a"), ("Accept", "*/*")], Some("a=1"), "missing");
    check(&[], None, "missing");
    check(&[], Some(""), "missing");
}

#[test]
fn the_scheme_has_any_case_and_exactly_one_blank() {
    for scheme in ["Bearer", "bearer", "BEARER", "bEaReR"] {
        check(&[("Authorization", &format!("{scheme} {K}"))], None, "K from Authorization");
    }
    for value in [
        "Bearer",
        "Bearer ",
        "bearer\t",
        &format!("Bearer  {K}"),
        &format!("Bearer\t{K}"),
        &format!("Bearer \t{K}"),
        &format!("Bearer=\"{K}\""),
        &format!("Bearer \"{K}\""),
        K,
    ] {
        check(&[("Authorization", value)], None, "refused");
    }
    for value in [
        "",
        " ",
        "Bear",
        "Bearers x",
        &format!("Bearer{K}"),
        "Basic dGdfbGl2ZV86",
        &format!("Basic {K}"),
        &format!("Token {K}"),
        "Negotiate",
    ] {
        check(&[("Authorization", value)], None, "missing");
    }
}

#[test]
fn blanks_and_tabs_around_a_value_say_nothing_and_inside_it_everything() {
    check(&[("Authorization", &format!(" \t Bearer {K} \t "))], None, "K from Authorization");
    check(&[("X-API-Key", &format!("\t{K} "))], None, "K from XApiKey");
    check(&[("X-My-Key", &format!(" {K}"))], None, "K from Header");
    check(&[("X-API-Key", &format!("\r\n {K}"))], None, "refused");
    check(&[("X-API-Key", &format!("\u{b}{K}"))], None, "refused");
    check(&[("X-API-Key", &format!("\u{a0}{K}"))], None, "refused");
    // Ours by how it begins; that it is no key is said by whoever reads it.
    check(&[("X-API-Key", &format!("{} {}", &K[..20], &K[20..]))], None, "other from XApiKey");
    check(&[("X-API-Key", &format!("{K}\r\n"))], None, "other from XApiKey");
    check(&[("X-API-Key", &format!("{K}\0"))], None, "other from XApiKey");
}

#[test]
fn what_is_no_key_is_refused_where_it_stands_alone() {
    for value in [
        "",
        "secret",
        "TG_live_x",
        "Tg_live_x",
        "tg_LIVE_x",
        "tg_prod_x",
        "tg_",
        "tg__live_x",
        "tg-live-x",
        "tg_live",
        "tgx_live_x",
        "%74g_live_x",
        "tg%5Flive_x",
        "\u{442}g_live_x",
        "\u{ff54}g_live_x",
        "\u{feff}tg_live_x",
        "\0tg_live_x",
        "Bearer tg_live_x",
    ] {
        check(&[("X-API-Key", value)], None, "refused");
        check(&[("X-My-Key", value)], None, "refused");
    }
    for value in ["secret", JWT, "TG_live_x", "%74g_live_x", "\0", "\u{442}g_live_x"] {
        check(&[("Authorization", &bearer(value))], None, "refused");
    }
    for query in
        ["api_key", "api_key=", "api_key=secret", "api_key=%00tg_live_x", "api_key=+tg_live_x"]
    {
        check(&[], Some(query), "refused");
    }
    // A short or a long one is ours, and whoever proves keys refuses it.
    for value in ["tg_live_", "tg_test_x", &K[..57], &format!("{K}0")] {
        check(&[("X-API-Key", value)], None, "other from XApiKey");
        check(&[("Authorization", &bearer(value))], None, "other from Authorization");
    }
}

#[test]
fn somebody_elses_token_beside_a_key_is_not_judged() {
    for foreign in [
        bearer(JWT),
        bearer("secret"),
        "Basic dXNlcjpwYXNz".into(),
        "Bearer".into(),
        String::new(),
        "Negotiate abc".into(),
    ] {
        check(&[("Authorization", &foreign), ("X-API-Key", K)], None, "K from XApiKey");
        check(&[("X-API-Key", K), ("Authorization", &foreign)], None, "K from XApiKey");
        check(&[("Authorization", &foreign), ("X-My-Key", K)], None, "K from Header");
        check(&[("Authorization", &foreign)], Some(&format!("api_key={K}")), "K from Query");
    }
    check(&[("Authorization", &bearer(K)), ("X-API-Key", "theirs")], None, "K from Authorization");
    check(&[("X-API-Key", K)], Some("api_key=theirs"), "K from XApiKey");
}

#[test]
fn two_values_of_ours_that_differ_are_ambiguous() {
    let (k, l) = (bearer(K), bearer(L));
    check(&[("Authorization", &k), ("X-API-Key", L)], None, "ambiguous");
    check(&[("X-API-Key", L), ("Authorization", &k)], None, "ambiguous");
    check(&[("Authorization", &k), ("X-My-Key", L)], None, "ambiguous");
    check(&[("X-API-Key", K), ("X-My-Key", "tg_live_short")], None, "ambiguous");
    check(&[("X-API-Key", K)], Some(&format!("api_key={L}")), "ambiguous");
    check(&[("X-API-Key", K)], Some(&format!("api_key={K}%00")), "ambiguous");
    check(&[], Some(&format!("api_key={K}&api_key={L}")), "ambiguous");
    check(&[("Authorization", &k), ("Authorization", &l)], None, "ambiguous");
    check(&[("X-API-Key", K), ("x-api-key", L)], None, "ambiguous");
}

#[test]
fn the_same_key_in_several_places_counts_once() {
    let k = bearer(K);
    check(&[("Authorization", &k), ("X-API-Key", K)], None, "K from Authorization");
    check(&[("X-API-Key", K), ("Authorization", &k)], None, "K from XApiKey");
    check(&[("X-API-Key", K), ("x-api-key", &format!(" {K}"))], None, "K from XApiKey");
    check(&[("Authorization", &k), ("Authorization", &k)], None, "K from Authorization");
    check(
        &[("Authorization", &k), ("X-API-Key", K), ("X-My-Key", K)],
        Some(&format!("api_key={K}&api_key={K}")),
        "K from Authorization",
    );
    check(&[("X-API-Key", K)], Some(&format!("api_key=%74g%5flive_{}", &K[8..])), "K from XApiKey");
}

#[test]
fn a_header_given_twice_with_different_values_is_ambiguous_whatever_they_are() {
    let k = bearer(K);
    check(&[("Authorization", &k), ("Authorization", "garbage")], None, "ambiguous");
    check(&[("Authorization", "garbage"), ("Authorization", &k)], None, "ambiguous");
    check(&[("Authorization", &k), ("Authorization", "")], None, "ambiguous");
    check(&[("Authorization", &k), ("Authorization", &format!("bearer {K}"))], None, "ambiguous");
    check(&[("Authorization", "a"), ("Authorization", "b"), ("X-API-Key", K)], None, "ambiguous");
    check(&[("X-API-Key", "a"), ("X-API-Key", K)], None, "ambiguous");
    check(&[("X-My-Key", K), ("X-My-Key", "a")], None, "ambiguous");
    check(&[], Some(&format!("api_key=a&api_key={K}")), "ambiguous");
    check(&[], Some(&format!("api_key={K}&api_key")), "ambiguous");
    // Equal, however often.
    let same = vec![("X-API-Key", K); 1_000];
    check(&same, None, "K from XApiKey");
}

#[test]
fn a_comma_makes_a_list_which_some_host_may_have_joined() {
    let k = bearer(K);
    for value in [
        format!("{k},"),
        format!("{k}, {k}"),
        format!("{k},{}", bearer(L)),
        format!(",{k}"),
        format!("{}, {k}", bearer(JWT)),
        format!("Basic dXNlcg==, {k}"),
        format!("Digest username=\"{}\", x=\"y\"", "a".repeat(5_000)),
        "a,b".into(),
    ] {
        check(&[("Authorization", &value)], None, "ambiguous");
        check(&[("Authorization", &value), ("X-API-Key", K)], None, "ambiguous");
    }
    for value in [format!("{K},"), format!("{K}, {K}"), format!("a,{K}"), ",".into()] {
        check(&[("X-API-Key", &value)], None, "ambiguous");
        check(&[("X-My-Key", &value)], None, "ambiguous");
        check(&[("X-API-Key", &value), ("Authorization", &k)], None, "ambiguous");
    }
    check(&[], Some(&format!("api_key={K},{K}")), "other from Query");
}

#[test]
fn a_route_that_names_its_place_leaves_the_others_alone() {
    let (k, l) = (bearer(K), bearer(L));
    let all = [("Authorization", k.as_str()), ("X-API-Key", L), ("X-My-Key", "a,b")];
    let query = format!("api_key={L}");
    for (key_from, expected) in [
        (None, "ambiguous"),
        (Some(KeyFrom::Authorization), "K from Authorization"),
        (Some(KeyFrom::XApiKey), "other from XApiKey"),
        (Some(KeyFrom::Header), "ambiguous"),
        (Some(KeyFrom::Query), "other from Query"),
    ] {
        check_with(&all, Some(&query), &sources(), key_from, expected);
    }
    let digest = [("Authorization", "Digest a=\"b\", c=\"d\""), ("X-API-Key", K)];
    check_with(&digest, None, &sources(), Some(KeyFrom::XApiKey), "K from XApiKey");
    check_with(&[("Authorization", &l)], None, &sources(), Some(KeyFrom::XApiKey), "missing");
    check_with(&[("X-API-Key", K)], None, &sources(), Some(KeyFrom::Authorization), "missing");
    // A place that is not configured has nothing.
    let none = Sources::default();
    check_with(&[("X-My-Key", K)], None, &none, Some(KeyFrom::Header), "missing");
    check_with(&[], Some(&query), &none, Some(KeyFrom::Query), "missing");
}

#[test]
fn what_is_not_configured_is_ignored() {
    let none = Sources::default();
    let query = format!("api_key={K}");
    check_with(&[], Some(&query), &none, None, "missing");
    check_with(&[("X-API-Key", L)], Some(&query), &none, None, "other from XApiKey");
    check_with(&[("X-My-Key", K)], None, &none, None, "missing");
    check_with(&[("Cookie", K), ("Referer", K), ("X-Api_Key", K)], None, &none, None, "missing");
}

#[test]
fn a_parameter_is_recognised_in_every_spelling_of_its_name_and_read_once() {
    for query in [
        format!("%61pi_key={K}"),
        format!("api%5Fkey={K}"),
        format!("%61%70%69%5f%6b%65%79={K}"),
        format!("api_key=%74g_live_{}", &K[8..]),
        format!("&&api_key={K}&"),
        format!("x=%&api_key={K}"),
    ] {
        check(&[], Some(&query), "K from Query");
    }
    for query in [
        format!("API_KEY={K}"),
        format!("api_key[]={K}"),
        format!("api+key={K}"),
        format!("%2561pi_key={K}"),
        format!("x=api_key={K}"),
        format!("a=1;api_key={K}"),
        format!("?api_key={K}"),
    ] {
        check(&[], Some(&query), "missing");
    }
    // An escape is decoded once, a plus is a blank, and what is no escape is itself.
    check(&[], Some(&format!("api_key=%2574g_live_{}", &K[8..])), "refused");
    check(&[], Some(&format!("api_key={K}+")), "other from Query");
    check(&[], Some(&format!("api_key={K}%")), "other from Query");
    check(&[], Some(&format!("api_key={K}%zz")), "other from Query");
    check(&[], Some(&format!("api_key={K}=x")), "other from Query");
}

#[test]
fn a_huge_value_is_refused_for_how_it_begins() {
    let huge = "x".repeat(64 * 1024);
    check(&[("X-API-Key", &huge)], None, "refused");
    check(&[("Authorization", &bearer(&huge))], None, "refused");
    check(&[("Authorization", &huge)], None, "missing");
    check(&[], Some(&format!("api_key={huge}")), "refused");
    check(&[("X-API-Key", &format!("tg_live_{huge}"))], None, "other from XApiKey");
    check(&[], Some(&format!("api_key=tg_live_%41{huge}")), "other from Query");
    // So far in it is no list of two keys, and it is not read that far.
    check(&[("X-API-Key", &format!("tg_live_{huge},"))], None, "other from XApiKey");
    check(&[("X-API-Key", &format!("{huge},{K}"))], None, "refused");
    // Behind somebody else's token a key may have been joined to it, however long that is.
    check(&[("Authorization", &format!("{huge}, Bearer {K}"))], None, "ambiguous");
    let many: Vec<(&str, &str)> = vec![("Authorization", "a"); 10_000];
    check(&many, None, "missing");
}

#[test]
fn what_is_found_shows_no_byte_of_it() {
    let brand = brand();
    let given = [("X-API-Key", K)];
    let found = find(fields(&given), None, &sources(), None, &brand);
    assert_eq!(format!("{found:?}"), "Key(Presented(XApiKey))");
}

#[test]
fn a_place_that_means_something_else_is_refused_in_the_configuration() {
    for (header, expected) in [
        ("X-My-Key", Ok(())),
        ("Api-Token", Ok(())),
        ("", Err(SourcesError::WrongHeader)),
        ("a b", Err(SourcesError::WrongHeader)),
        ("a:", Err(SourcesError::WrongHeader)),
        ("\u{e9}", Err(SourcesError::WrongHeader)),
        ("x-api-KEY", Err(SourcesError::TakenHeader)),
        ("Authorization", Err(SourcesError::TakenHeader)),
        ("Host", Err(SourcesError::TakenHeader)),
        ("Cookie", Err(SourcesError::TakenHeader)),
        ("tollgate_identity", Err(SourcesError::TakenHeader)),
        ("X-Forwarded-For", Err(SourcesError::TakenHeader)),
    ] {
        let sources = Sources { header: Some(header.into()), ..Sources::default() };
        assert_eq!(sources.check(), expected, "{header}");
    }
    for (query, good) in
        [("api_key", true), ("k", true), ("", false), ("a b", false), ("\u{e9}", false)]
    {
        let sources = Sources { query: Some(query.into()), ..Sources::default() };
        assert_eq!(sources.check().is_ok(), good, "{query}");
    }
    let long = Sources { header: Some("x".repeat(65).into()), ..Sources::default() };
    assert_eq!(long.check(), Err(SourcesError::WrongHeader));
}

#[test]
fn what_cannot_be_told_apart_says_why_whoever_made_it() {
    let brand = brand();
    let forged = K.replace(&K[K.len() - 8..], "00000000");
    let (k, forged) = (K.to_owned(), forged);
    let check = |given: &[(&str, &str)], query: Option<&str>, why: Invalid| {
        let found = find(fields(given), query.map(str::as_bytes), &sources(), None, &brand);
        assert_eq!(found, Found::Ambiguous(why), "{given:?} {query:?}");
    };
    // The same for keys that somebody made as for those that nobody did.
    for other in [L, &forged] {
        for first in [&k, &forged] {
            if *first == *other {
                continue;
            }
            check(&[("x-api-key", first), ("x-my-key", other)], None, Invalid::TwoKeys);
            check(&[("x-api-key", first), ("x-api-key", other)], None, Invalid::Repeated);
            let query = format!("api_key={other}");
            check(&[("x-api-key", first)], Some(&query), Invalid::TwoKeys);
            let list = format!("{first},{other}");
            check(&[("x-api-key", &list)], None, Invalid::List);
            check(&[("authorization", &format!("Bearer {list}"))], None, Invalid::List);
            let twice = format!("api_key={first}&api_key={other}");
            check(&[], Some(&twice), Invalid::Repeated);
        }
    }
    // Of several reasons the same is told in any order.
    let list = format!("{k},{k}");
    check(&[("x-api-key", &list), ("x-api-key", &k)], None, Invalid::Repeated);
    check(&[("x-api-key", &k), ("x-api-key", &list)], None, Invalid::Repeated);
    let two = [("x-api-key", &*k), ("x-my-key", L), ("authorization", &*list)];
    check(&two, None, Invalid::List);
    check(&[two[2], two[1], two[0]], None, Invalid::List);
}
