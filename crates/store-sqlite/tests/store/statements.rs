//! Everything that is said to the tables could be said to a Durable Object's SQL.

use rusqlite::limits::Limit;
use tollgate_store_sqlite::{
    listing::INDEXES,
    schema::{MIGRATIONS, VERSION},
    statements::{
        self, ALL, PARAMETERS_MAX, STATEMENT_MAX,
        lists::{FEW, ORDERS},
    },
};

use crate::made::Folder;

fn tables() -> (Folder, rusqlite::Connection) {
    let folder = Folder::new();
    drop(folder.store());
    let raw = rusqlite::Connection::open(folder.file("store.db")).unwrap();
    (folder, raw)
}

/// Every statement that is said to a store that has its tables.
fn all() -> impl Iterator<Item = &'static str> {
    let lists = ORDERS.into_iter().chain(FEW).flat_map(|(one, other)| [one, other]);
    ALL.iter().copied().chain(lists)
}

#[test]
fn every_statement_is_within_the_bounds_of_a_durable_object() {
    let (_folder, raw) = tables();
    // What workerd sets for each of them.
    for (limit, most) in [
        (Limit::SQLITE_LIMIT_SQL_LENGTH, 100_000),
        (Limit::SQLITE_LIMIT_COLUMN, 100),
        (Limit::SQLITE_LIMIT_EXPR_DEPTH, 100),
        (Limit::SQLITE_LIMIT_COMPOUND_SELECT, 5),
        (Limit::SQLITE_LIMIT_FUNCTION_ARG, 32),
        (Limit::SQLITE_LIMIT_VARIABLE_NUMBER, 100),
    ] {
        raw.set_limit(limit, most).unwrap();
    }
    for text in all() {
        let statement = raw.prepare(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert!(statement.parameter_count() <= PARAMETERS_MAX, "{text}");
        assert!(text.len() <= STATEMENT_MAX, "{text}");
    }
    assert_eq!((PARAMETERS_MAX, STATEMENT_MAX), (100, 100_000));
    for text in MIGRATIONS.iter().copied().flatten().copied().chain(INDEXES).chain(all()) {
        let first = text.split_whitespace().next().unwrap();
        assert!(
            ["CREATE", "ALTER", "INSERT", "SELECT", "UPDATE", "DELETE", "WITH"].contains(&first),
            "{text}"
        );
        assert!(text.len() <= STATEMENT_MAX && !text.contains("LIKE"), "{text}");
    }
    assert_eq!(i64::try_from(MIGRATIONS.len()), Ok(VERSION));
}

#[test]
fn no_question_goes_through_a_whole_table_but_those_that_must() {
    let (_folder, raw) = tables();
    // The head is read whole, the outbox from its front, in the order of its index; the others are asked by people, a
    // handful of times a day.
    let whole = [
        statements::ENTRIES,
        statements::OUTBOX,
        statements::PEPPERS,
        statements::OUTBOX_ALL,
        // What refers to a key that was not there would be looked for. It never is: SQLite counts those, and there are none.
        statements::KEY_KEPT,
    ];
    for text in all() {
        let mut plan = raw.prepare(&format!("EXPLAIN QUERY PLAN {text}")).unwrap();
        let parameters = vec![rusqlite::types::Null; plan.parameter_count()];
        let steps =
            plan.query_map(rusqlite::params_from_iter(parameters), |row| row.get::<_, String>(3));
        let steps: Vec<String> = steps.unwrap().map(Result::unwrap).collect();
        // A page was found by its index before it is gone through.
        let scans = |step: &String| {
            step.contains("SCAN") && !step.contains("CONSTANT") && step != "SCAN page"
        };
        let leaves = text == statements::ENTRIES_LEAVE;
        assert_eq!(
            steps.iter().any(scans) || leaves,
            whole.contains(&text) || leaves,
            "{text}: {steps:?}"
        );
    }
}

#[test]
fn what_was_counted_in_an_hour_is_read_in_the_order_in_which_it_is_kept() {
    let (_folder, raw) = tables();
    // The index of tenants knows no counts: by it each row would be looked for.
    for (text, by) in [
        (statements::USAGE, "usage USING PRIMARY KEY (hour=?)"),
        (statements::USAGE_OF_TENANT, "usage USING PRIMARY KEY (hour=? AND tenant=?)"),
        (statements::ANSWERED, "answered USING PRIMARY KEY (hour=?)"),
        (statements::ANSWERED_OF_TENANT, "answered USING PRIMARY KEY (hour=? AND tenant=?)"),
        (statements::USAGE_HOUR, "usage USING PRIMARY KEY (hour>? AND hour<?)"),
        (
            statements::USAGE_HOUR_OF_TENANT,
            "usage USING COVERING INDEX usage_of_tenants (tenant=? AND hour>? AND hour<?)",
        ),
        (
            statements::ANSWERED_HOUR_OF_TENANT,
            "answered USING COVERING INDEX answered_of_tenants (tenant=? AND hour>? AND hour<?)",
        ),
    ] {
        let mut plan = raw.prepare(&format!("EXPLAIN QUERY PLAN {text}")).unwrap();
        let given = vec![rusqlite::types::Null; plan.parameter_count()];
        let steps = plan.query_map(rusqlite::params_from_iter(given), |row| row.get(3));
        let steps: Vec<String> = steps.unwrap().map(Result::unwrap).collect();
        assert!(steps.contains(&format!("SEARCH {by}")), "{text}: {steps:?}");
    }
}
