//! What a page costs, counted in steps of SQLite's machine: times would say what the machine beneath was doing.

use rusqlite::Connection;
use tollgate_control::{
    Page, Wanted,
    model::{Position, Value},
};
use tollgate_ledger::KeyState;
use tollgate_store_sql::{
    books,
    statements::lists::{FEW, ORDERS},
};

use crate::{
    File, all, copies,
    raw::{self, Raw},
};

/// The most steps of a page of fifty keys, wherever in whatever order: 51 places, and fifty keys that are read.
const STEPS_MAX: i64 = 25_000;

/// The same where a thousand are found and then ordered.
const STEPS_OF_FEW_MAX: i64 = 120_000;

fn cost(connection: &Connection, wanted: &Wanted<'_>) -> (i64, Page) {
    let transaction = connection.unchecked_transaction().unwrap();
    let mut sql = Raw::of(&transaction);
    let page = books::page(&mut sql, wanted).unwrap();
    (sql.steps, page)
}

/// The place of the key that was copied under a number.
fn place(wanted: &Wanted<'_>, number: u32) -> Position {
    use tollgate_control::model::SortBy;
    let id = format!("key_{:04x}{number:06}", number * 7_919 % 65_521);
    let value = match wanted.sort.by {
        SortBy::Id => Value::Text(String::new()),
        SortBy::Created => Value::Number(1_600_000_000_000 + u64::from(number)),
        SortBy::Name => Value::Text(format!("service {:05}", number * 31 % 99_991)),
        SortBy::Expires => Value::Number(1 << 53),
    };
    Position { value, id }
}

#[test]
fn a_page_costs_as_much_among_many_keys_as_among_few_wherever_it_begins() {
    let file = File::new();
    let mut raw = file.raw();
    raw::fill(&mut raw, &mut None, 0..100);
    let mut first = vec![];
    for (from, until) in [(1_000, 3_000), (3_000, 21_000)] {
        copies(&raw, from..until);
        let mut costs = vec![];
        for sort in crate::ORDERS {
            for tenant in [Some("acme"), None] {
                let begin = Wanted { tenant, ..all(sort) };
                let middle = place(&begin, 2_000);
                for wanted in [begin, Wanted { after: Some(&middle), ..begin }] {
                    let (steps, page) = cost(&raw, &wanted);
                    assert_eq!(page.keys.len(), 50, "{wanted:?}");
                    assert!(page.next.is_some(), "{wanted:?}");
                    assert!(steps < STEPS_MAX, "{steps} steps: {wanted:?}");
                    costs.push(steps);
                }
            }
        }
        if first.is_empty() {
            first = costs;
        } else {
            for (few, many) in first.iter().zip(&costs) {
                assert!(*many < few + few / 4, "{few} steps among few keys, {many} among many");
            }
        }
    }
}

#[test]
fn what_is_rare_is_found_without_going_through_the_rest() {
    let file = File::new();
    let mut raw = file.raw();
    raw::fill(&mut raw, &mut None, 0..1_200);
    copies(&raw, 10_000..30_000);
    for sort in crate::ORDERS {
        let few = [
            (Wanted { owner: Some("owner-3"), ..all(sort) }, 10),
            (Wanted { env: Some("test"), ..all(sort) }, 1),
            (Wanted { state: Some(KeyState::Disabled), ..all(sort) }, 1),
            (Wanted { state: Some(KeyState::Revoked), ..all(sort) }, 24),
            (
                Wanted {
                    expiring_before: Some(raw::NOW.0 + 86_400_000 + 100_000),
                    owner: Some("everybody"),
                    ..all(sort)
                },
                10,
            ),
            (Wanted { state: Some(KeyState::Disabled), owner: Some("nobody"), ..all(sort) }, 0),
        ];
        for (wanted, found) in few {
            let (steps, page) = cost(&raw, &wanted);
            assert_eq!((page.keys.len(), page.next), (found, None), "{wanted:?}");
            assert!(steps < STEPS_OF_FEW_MAX, "{steps} steps: {wanted:?}");
        }
        let (steps, page) = cost(&raw, &Wanted { owner: Some("everybody"), ..all(sort) });
        assert_eq!(page.keys.len(), 50);
        assert!(steps < STEPS_MAX * 2, "{steps} steps for what is everywhere: {sort:?}");
    }
}

/// Where more lies between two keys than is looked at for one page, the page says where it stopped.
#[test]
fn a_page_that_looked_long_enough_is_short_and_goes_on() {
    let file = File::new();
    let mut raw = file.raw();
    raw::fill(&mut raw, &mut None, 0..2);
    copies(&raw, 10_000..35_000);
    // More than are found at once, and all of them behind the others.
    let last =
        "UPDATE keys SET owner = 'late', document = json_set(document, '$.settings.owner', 'late')
        WHERE document ->> '$.created_ms' >= 1600000033900";
    raw.execute_batch(last).unwrap();
    let sort = crate::ORDERS[2];
    let (mut seen, mut pages, mut after) = (0, vec![], None);
    loop {
        let wanted = Wanted { owner: Some("late"), after: after.as_ref(), limit: 999, ..all(sort) };
        let (steps, page) = cost(&raw, &wanted);
        assert!(steps < 1_500_000, "{steps} steps");
        assert!(page.looked_at <= books::LOOKED_AT_ONCE);
        seen += page.keys.len();
        pages.push(page.keys.len());
        let Some(next) = page.next else { break };
        after = Some(next);
    }
    assert_eq!((seen, pages[0]), (1_102, 0), "{pages:?}");
}

#[test]
fn no_list_is_sorted_that_could_be_read_in_order() {
    let file = File::new();
    let raw = file.raw();
    for (page, end) in ORDERS.into_iter().chain(FEW) {
        for text in [page, end] {
            let mut plan = raw.prepare(&format!("EXPLAIN QUERY PLAN {text}")).unwrap();
            let nothing = vec![rusqlite::types::Null; plan.parameter_count()];
            let steps = plan
                .query_map(rusqlite::params_from_iter(nothing), |row| row.get::<_, String>(3))
                .unwrap()
                .map(Result::unwrap)
                .collect::<Vec<_>>();
            assert!(!steps.iter().any(|step| step.contains("TEMP B-TREE")), "{text}: {steps:?}");
        }
    }
}
