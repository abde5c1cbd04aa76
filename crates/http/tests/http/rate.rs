//! What clients are told of limits.

use tollgate_core::{
    bucket::Wait,
    limit::{Limit, LimitScope, Numbers, Period},
    record::PACKED_MAX,
    time::UnixMillis,
};
use tollgate_http::{
    rate::{INTEGER_MAX, Style, fields, refused, retry_after_s},
    route::RouteLimit,
};
use tollgate_testkit::Random;

use crate::made::{quota, record, steady};

/// 2026-01-02T03:04:05.678Z
const NOW: UnixMillis = UnixMillis(1_767_323_045_678);

fn route() -> RouteLimit {
    let numbers = Numbers::steady(10, 1, 1_000).unwrap();
    RouteLimit { name: "export".into(), scope: LimitScope::Key, numbers }
}

fn lines(fields: &[(&'static str, String)]) -> Vec<String> {
    fields.iter().map(|(name, value)| format!("{name}: {value}")).collect()
}

fn check(limits: &[Limit<'_>], quotas: &[Limit<'_>], left: &[u32], expected: &[&str]) {
    let packed = &mut [0; PACKED_MAX];
    let record = record(limits, quotas, None, packed);
    assert_eq!(lines(&fields(&record, &[], left, Style::Standard, NOW)), expected);
}

#[test]
fn every_limit_and_quota_is_told_in_the_records_order() {
    check(
        &[steady("burst", 100, 100, 60_000)],
        &[quota("daily", 1_000, Period::Day)],
        &[50, 999],
        &[
            "ratelimit-policy: \"burst\";q=100;w=60, \"daily\";q=1000;w=86400",
            "ratelimit: \"burst\";r=50;t=30, \"daily\";r=999;t=75355",
        ],
    );
    check(
        &[],
        &[quota("monthly", 5, Period::Month), quota("all", 7, Period::Total)],
        &[5, 0],
        &[
            "ratelimit-policy: \"monthly\";q=5;w=2678400, \"all\";q=7",
            "ratelimit: \"monthly\";r=5;t=2580955, \"all\";r=0",
        ],
    );
    check(&[], &[], &[], &[]);
}

#[test]
fn windows_and_waits_are_rounded_up_and_fit_a_structured_field() {
    for (numbers, left, policy, state) in [
        ((1, 1, 1), 1, "q=1;w=1", "r=1;t=0"),
        ((1, 1, 1), 0, "q=1;w=1", "r=0;t=1"),
        ((10, 3, 1_000), 9, "q=10;w=4", "r=9;t=1"),
        ((10, 3, 1_000), 6, "q=10;w=4", "r=6;t=2"),
        ((10, 10, 1_000), 0, "q=10;w=1", "r=0;t=1"),
        ((11, 10, 1_000), 0, "q=11;w=2", "r=0;t=2"),
        // What is left is never more than there can be, and what is not known is nothing.
        ((5, 1, 1_000), 9, "q=5;w=5", "r=5;t=0"),
        // Longer than a structured field can say.
        (
            (4_294_967_295, 1, 2_147_483_648),
            0,
            "q=4294967295;w=999999999999999",
            "r=0;t=999999999999999",
        ),
    ] {
        let (burst, rate, period_ms) = numbers;
        let limit = steady("a", burst, rate, period_ms);
        let (policy, state) =
            (format!("ratelimit-policy: \"a\";{policy}"), format!("ratelimit: \"a\";{state}"));
        check(&[limit], &[], &[left], &[&policy, &state]);
        if left == 0 {
            check(&[limit], &[], &[], &[&policy, &state]);
        }
    }
}

#[test]
fn a_routes_limits_follow_and_bear_a_mark() {
    let packed = &mut [0; PACKED_MAX];
    let record = record(&[steady("a", 5, 1, 1_000)], &[quota("b", 9, Period::Total)], None, packed);
    assert_eq!(
        lines(&fields(&record, &[route()], &[1, 2, 3], Style::Standard, NOW)),
        [
            "ratelimit-policy: \"a\";q=5;w=5, \"b\";q=9, \"@export\";q=10;w=10",
            "ratelimit: \"a\";r=1;t=4, \"b\";r=2, \"@export\";r=3;t=7",
        ]
    );
}

#[test]
fn a_refusal_tells_the_one_that_refused_and_never_an_earlier_time_than_retry_after() {
    let packed = &mut [0; PACKED_MAX];
    let limits = [steady("a", 5, 1, 1_000), steady("b", 50, 1, 1_000)];
    let record = record(&limits, &[quota("c", 9, Period::Day)], None, packed);
    for (place, wait, state) in [
        (0, Wait::Later(1), "\"a\";r=1;t=1"),
        (0, Wait::Later(0), "\"a\";r=1;t=1"),
        (1, Wait::Later(1_000), "\"b\";r=2;t=1"),
        (1, Wait::Later(1_001), "\"b\";r=2;t=2"),
        (1, Wait::Never, "\"b\";r=2"),
        (2, Wait::Later(86_400_000), "\"c\";r=3;t=86400"),
        (3, Wait::Later(5), "\"@export\";r=4;t=1"),
        (2, Wait::Later(u64::MAX), "\"c\";r=3;t=999999999999999"),
    ] {
        let told =
            lines(&refused(&record, &[route()], place, wait, &[1, 2, 3, 4], Style::Standard));
        let policy = "\"a\";q=5;w=5, \"b\";q=50;w=50, \"c\";q=9;w=86400, \"@export\";q=10;w=10";
        assert_eq!(told, [format!("ratelimit-policy: {policy}"), format!("ratelimit: {state}")]);
    }
    assert!(refused(&record, &[], 9, Wait::Never, &[], Style::Both).is_empty());
    for (wait_ms, seconds) in [(0, 1), (1, 1), (999, 1), (1_000, 1), (1_001, 2), (60_000, 60)] {
        assert_eq!(retry_after_s(Wait::Later(wait_ms)), Some(seconds));
    }
    assert_eq!(retry_after_s(Wait::Never), None);
}

#[test]
fn the_older_fields_tell_the_tightest() {
    let packed = &mut [0; PACKED_MAX];
    let limits = [steady("a", 100, 1, 1_000), steady("b", 50, 1, 1_000)];
    let record = record(&limits, &[quota("c", 9, Period::Total)], None, packed);
    let legacy = |said: [&str; 3], prefix: &str| {
        ["limit", "remaining", "reset"]
            .into_iter()
            .zip(said)
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| format!("{prefix}ratelimit-{name}: {value}"))
            .collect::<Vec<_>>()
    };
    for (left, said) in [
        ([7, 8, 9], ["100", "7", "93"]),
        ([9, 8, 9], ["50", "8", "42"]),
        ([8, 8, 9], ["100", "8", "92"]),
        ([8, 8, 1], ["9", "1", ""]),
    ] {
        let told = lines(&fields(&record, &[], &left, Style::Legacy, NOW));
        assert_eq!(told, [legacy(said, ""), legacy(said, "x-")].concat());
        let both = lines(&fields(&record, &[], &left, Style::Both, NOW));
        let standard = lines(&fields(&record, &[], &left, Style::Standard, NOW));
        assert_eq!(both, [standard, told].concat());
        assert!(fields(&record, &[], &left, Style::Off, NOW).is_empty());
    }
    let told = lines(&refused(&record, &[], 1, Wait::Later(1_500), &[0, 3, 0], Style::Legacy));
    assert_eq!(told, [legacy(["50", "3", "2"], ""), legacy(["50", "3", "2"], "x-")].concat());
}

/// What `(name ";" parameter "=" integer)…` says, or a panic: the fields are structured fields.
fn parse(value: &str) -> Vec<(String, Vec<(char, u64)>)> {
    let item = |item: &str| {
        let mut parts = item.split(';');
        let name = parts.next().unwrap().strip_prefix('"').unwrap().strip_suffix('"').unwrap();
        assert!(name.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"\\".contains(&byte)));
        let parameters = parts.map(|part| {
            let (key, number) = part.split_once('=').unwrap();
            assert!(number.len() <= 15 && (number == "0" || !number.starts_with('0')));
            (key.parse().unwrap(), number.parse().unwrap())
        });
        (name.to_owned(), parameters.collect())
    };
    value.split(", ").map(item).collect()
}

#[test]
fn random_limits_come_out_as_structured_fields_that_are_true() {
    let mut random = Random::new(0x7a7e);
    for _ in 0..2_000 {
        let max = u64::from(u32::MAX);
        let mut number = |top: u64| {
            let bound = 1 << random.within(0, top);
            random.within(1, bound)
        };
        let (burst, rate, period_ms) = (number(31), number(31), number(31));
        let left = u32::try_from(number(31) - 1).unwrap();
        let packed = &mut [0; PACKED_MAX];
        let record = record(&[steady("a", burst, rate, period_ms.min(max))], &[], None, packed);
        let told = fields(&record, &[], &[left], Style::Standard, NOW);
        let (policy, state) = (parse(&told[0].1), parse(&told[1].1));
        let left = u64::from(left).min(burst);
        let seconds = |tokens: u64| {
            let exact =
                (u128::from(tokens) * u128::from(period_ms)).div_ceil(u128::from(rate) * 1_000);
            u64::try_from(exact).unwrap().min(INTEGER_MAX)
        };
        assert_eq!(policy[0].1, [('q', burst), ('w', seconds(burst))]);
        assert!(policy[0].1[1].1 > 0);
        assert_eq!(state[0].1, [('r', left), ('t', seconds(burst - left))]);
    }
}
