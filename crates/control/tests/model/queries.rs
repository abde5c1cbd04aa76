//! Lists: what may be asked, and where they go on.

use tollgate_control::{
    model::{
        CURSOR_BYTES_MAX, Details, KeyQuery, KeyView, ListQuery, Position, QUERY_BYTES_MAX, Sort,
        SortBy, Value,
    },
    problem::{Code, Problem},
};
use tollgate_core::{json::INTEGER_MAX, time::UnixMillis};
use tollgate_ledger::{Key, KeyState};

use crate::made::{NOW, STOPPED, details, key, lookup, told};

const BY_ID: Sort = Sort { by: SortBy::Id, descending: false };

fn read(query: &str) -> Result<KeyQuery, Problem> {
    KeyQuery::read(Some(query), "acme")
}

#[test]
fn what_may_be_asked_is_read() {
    assert_eq!(KeyQuery::read(None, "acme").unwrap(), read("").unwrap());
    let usual = read("").unwrap();
    assert_eq!((usual.limit, usual.after.is_none(), usual.sort), (50, true, BY_ID));
    let all = read(
        "text=a%20b+c&owner=bob%40x.org&env=live&state=revoked&scope=a%3Aread&label=team:b&expiring_before=5&\
         unused_since=6&sort=-name&limit=200",
    )
    .unwrap();
    assert_eq!(
        (all.text.as_deref(), all.owner.as_deref(), all.env.as_deref()),
        (Some("a b c"), Some("bob@x.org"), Some("live"))
    );
    assert_eq!((all.state, all.scope.as_deref()), (Some(KeyState::Revoked), Some("a:read")));
    assert_eq!(all.label, Some(("team".to_owned(), Some("b".to_owned()))));
    assert_eq!((all.expiring_before, all.unused_since, all.limit), (Some(5), Some(6), 200));
    assert!(all.sort.descending);
    for (query, tenant) in [("", "acme"), ("tenant=other", "other"), ("tenant=*", "*")] {
        assert_eq!(read(query).unwrap().tenant, tenant);
    }
    assert_eq!(read("label=team").unwrap().label, Some(("team".to_owned(), None)));
}

#[test]
fn whatever_else_is_asked_is_refused_with_the_parameter() {
    let long = format!("text={}", "a".repeat(QUERY_BYTES_MAX));
    let many = (0..40).map(|at| format!("p{at}=")).collect::<Vec<_>>().join("&");
    let name = format!("{}=1", "n".repeat(65));
    let rows: [(&str, &[&str]); 24] = [
        ("colour=red&tenant=a%20b", &["?colour unknown", "?tenant malformed"]),
        ("limit=1&limit=2", &["?limit duplicate"]),
        ("limit=1&l%69mit=2", &["?limit duplicate"]),
        ("limit=0", &["?limit out_of_range"]),
        ("limit=201", &["?limit out_of_range"]),
        ("limit=", &["?limit not_integer"]),
        ("limit=+5", &["?limit not_integer"]),
        ("limit=05", &["?limit not_integer"]),
        ("limit=99999999999999999999", &["?limit not_integer"]),
        ("limit=1.0&sort=age", &["?limit not_integer", "?sort malformed"]),
        ("state=Active", &["?state malformed"]),
        ("owner=a%20b", &["?owner malformed"]),
        ("owner=", &["?owner too_short"]),
        ("scope=a", &["?scope malformed"]),
        ("label=a:", &["?label malformed"]),
        ("label=A:b", &["?label malformed"]),
        ("text=", &["?text too_short"]),
        ("text=%00", &["?text malformed"]),
        ("text=%ff", &["?text malformed"]),
        ("text=%4", &["?text malformed"]),
        ("&", &["? malformed"]),
        (&name, &["? malformed"]),
        (&long, &["? too_long"]),
        ("text", &["?text too_short"]),
    ];
    for (query, expected) in rows {
        let problem = read(query).unwrap_err();
        let expected: Vec<String> = expected.iter().map(|&it| it.to_owned()).collect();
        assert_eq!((problem.code, told(&problem)), (Code::QueryInvalid, expected), "{query}");
    }
    let problem = read(&many).unwrap_err();
    assert_eq!((problem.errors.len(), told(&problem)[0].as_str()), (32, "? too_many"));
    assert!(problem.errors.iter().all(|finding| finding.fault.as_str() != "duplicate"));
    let problem = ListQuery::read(Some("sort=id"), "roles", "acme").unwrap_err();
    assert_eq!(told(&problem), ["?sort unknown"]);
}

fn view(id: &str, change: impl FnOnce(&mut Key, &mut Details)) -> KeyView {
    let (mut key, mut details) = (key(), details());
    key.id = id.to_owned();
    change(&mut key, &mut details);
    KeyView::of(&key, Some(&details), STOPPED, &[(lookup(1), UnixMillis(NOW.0 - 5))], NOW)
}

#[test]
fn a_filter_admits_what_it_says() {
    let view = view("key_1", |key, details| {
        key.settings.expires = Some(1_000);
        key.settings.scopes = vec!["a:*".into(), "b:read".into()];
        details.description = Some("For INVOICES".into());
    });
    let since = |delta: i64| format!("unused_since={}", NOW.0.checked_add_signed(delta).unwrap());
    let rows = [
        (String::new(), true),
        ("text=KEY_".into(), true),
        ("text=bill".into(), true),
        ("text=invoi".into(), true),
        ("text=none".into(), false),
        ("owner=bob".into(), true),
        ("owner=bo".into(), false),
        ("env=test".into(), false),
        ("state=active".into(), true),
        ("state=disabled".into(), false),
        ("scope=a:write".into(), true),
        ("scope=b:read".into(), true),
        ("scope=b:write".into(), false),
        ("scope=b:*".into(), false),
        ("label=team".into(), true),
        ("label=team:billing".into(), true),
        ("label=team:other".into(), false),
        ("label=other".into(), false),
        ("expiring_before=1001".into(), true),
        ("expiring_before=1000".into(), false),
        (since(-4), true),
        (since(-5), false),
        ("owner=bob&state=revoked".into(), false),
    ];
    for (query, expected) in rows {
        assert_eq!(read(&query).unwrap().admits(&view), expected, "{query}");
    }
    let unused = KeyView { last_used: None, expires: None, ..view };
    for (query, expected) in [
        (format!("unused_since={}", unused.created + 1), true),
        (format!("unused_since={}", unused.created), false),
        ("expiring_before=9007199254740992".into(), false),
    ] {
        assert_eq!(read(&query).unwrap().admits(&unused), expected, "{query}");
    }
}

#[test]
fn pages_follow_each_other_in_every_order_and_miss_nothing() {
    let views: Vec<KeyView> = (0..9_u64)
        .map(|at| {
            view(&format!("key_{}", (at * 7) % 9), |key, _| {
                key.created_ms = 100 + at % 3;
                key.name = (at % 4 > 0).then(|| format!("n{}", at % 4));
                key.settings.expires = (at % 2 > 0).then_some(500 + at % 3);
            })
        })
        .collect();
    for sort in ["created", "-created", "name", "-name", "expires", "-expires", "id", "-id"] {
        let first = format!("sort={sort}&limit=2");
        let mut query = read(&first).unwrap();
        let mut ordered: Vec<Position> = views.iter().map(|view| query.position(view)).collect();
        ordered.sort_by(|one, other| query.compare(one, other));
        let mut seen = vec![];
        loop {
            let page: Vec<Position> = ordered
                .iter()
                .filter(|position| query.follows(position))
                .take(query.limit)
                .cloned()
                .collect();
            let Some(last) = page.last() else { break };
            let cursor = query.cursor(last);
            assert!(cursor.len() <= CURSOR_BYTES_MAX);
            query = read(&format!("{first}&cursor={cursor}")).unwrap();
            assert_eq!(query.after.as_ref(), Some(last));
            seen.extend(page);
        }
        assert_eq!(seen, ordered, "{sort}");
    }
    let ends = |query: &str, descending: &str| {
        let query = read(query).unwrap();
        let mut ids: Vec<Position> = views.iter().map(|view| query.position(view)).collect();
        ids.sort_by(|one, other| query.compare(one, other));
        assert_eq!(ids[0].value == Value::Number(INTEGER_MAX), !descending.is_empty());
    };
    ends("sort=expires", "");
    ends("sort=-expires", "-");
}

#[test]
fn a_cursor_is_read_by_the_query_and_the_tenant_that_it_came_from_alone() {
    let position = Position { value: Value::Number(77), id: "key_1".to_owned() };
    let filters = "owner=bob&state=active&sort=created";
    let cursor = read(filters).unwrap().cursor(&position);
    let with = |query: &str, tenant: &str| {
        KeyQuery::read(Some(&format!("{query}&cursor={cursor}")), tenant)
    };
    assert_eq!(with(filters, "acme").unwrap().after, Some(position.clone()));
    assert_eq!(with(&format!("limit=7&{filters}"), "acme").unwrap().after, Some(position.clone()));
    for (query, tenant) in [
        (filters, "other"),
        ("owner=bob&state=active&sort=created&tenant=other", "acme"),
        ("owner=bob&state=active&sort=created&tenant=*", "acme"),
        ("owner=bob&state=active&sort=-created", "acme"),
        ("owner=bob&state=active&sort=expires", "acme"),
        ("owner=bob&state=disabled&sort=created", "acme"),
        ("owner=bo&state=active&sort=created", "acme"),
        ("env=bob&state=active&sort=created", "acme"),
        ("owner=bob&sort=created", "acme"),
        ("owner=bob&state=active&sort=created&text=x", "acme"),
        ("owner=bob&state=active&sort=created&env=live", "acme"),
        ("owner=bob&state=active&sort=created&label=x", "acme"),
        ("owner=bob&state=active&sort=created&scope=a:b", "acme"),
        ("owner=bob&state=active&sort=created&expiring_before=1", "acme"),
        ("owner=bob&state=active&sort=created&unused_since=1", "acme"),
    ] {
        let problem = with(query, tenant).unwrap_err();
        assert_eq!(
            (problem.code, told(&problem)),
            (Code::CursorInvalid, vec!["?cursor malformed".to_owned()]),
            "{query}"
        );
    }
    let list = ListQuery::read(Some("text=a"), "roles", "acme").unwrap();
    let next = list.cursor("roles", "reader");
    let again = |of: &str, tenant: &str| {
        ListQuery::read(Some(&format!("text=a&cursor={next}")), of, tenant)
    };
    assert_eq!(again("roles", "acme").unwrap().after.as_deref(), Some("reader"));
    assert!(again("templates", "acme").is_err() && again("roles", "other").is_err());
    assert!(read(&format!("cursor={next}")).is_err());
}

#[test]
fn a_cursor_that_was_changed_is_none() {
    let query = read("sort=created").unwrap();
    let cursor = query.cursor(&Position { value: Value::Number(77), id: "key_1".to_owned() });
    for at in 0..cursor.len() {
        let mut cut = cursor.clone();
        cut.truncate(at);
        assert!(read(&format!("sort=created&cursor={cut}")).is_err(), "{cut}");
        for symbol in ["0", "f", "n", "t", "-", "A", "%00"] {
            let mut changed = cursor.clone();
            changed.replace_range(at..=at, symbol);
            let found = read(&format!("sort=created&cursor={changed}"));
            assert!(changed == cursor || found.is_err(), "{changed}");
        }
    }
    let text =
        query.cursor(&Position { value: Value::Text("x".to_owned()), id: "key_1".to_owned() });
    assert!(
        read(&format!("sort=created&cursor={text}")).is_err(),
        "a name where an instant is due"
    );
}
