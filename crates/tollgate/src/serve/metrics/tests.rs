//! That nothing is counted for nobody.

use super::*;

/// Every field is named, so that one that is added and not shown does not compile.
#[test]
fn everything_that_the_engine_counts_stands_on_the_page_once() {
    let denied =
        std::array::from_fn(|place| 2_001_u64.saturating_add(u64::try_from(place).unwrap_or(0)));
    let counts = Counts {
        allowed: 1_001,
        flagged: 1_002,
        denied,
        record_hits: 1_003,
        record_misses: 1_004,
        absence_hits: 1_005,
        records_outdated: 1_006,
        records_evicted: 1_007,
        purses_evicted: 1_008,
        head_errands: 1_009,
        replica_errands: 1_010,
        record_errands: 1_011,
        lease_errands: 1_012,
        lease_repeats: 1_013,
        leases_granted: 1_014,
        answers_late: 1_015,
        answers_ignored: 1_016,
        twins: 1_017,
        head_failures: 1_018,
        restarts: 1_019,
        freezes: 1_020,
        store_unreachable: 1_021,
        store_refused: 1_022,
        damaged_records: 1_023,
        damaged_heads: 1_024,
        damaged_buckets: 1_025,
        damaged_other: 1_026,
        parked: 1_027,
        records: 1_028,
        record_bytes: 1_029,
        absences: 1_030,
        purses: 1_031,
        usage_errands: 1_032,
        usage_repeats: 1_033,
    };
    let page = Metrics::default().render(&counts);
    for number in (1_001..=1_033).chain(denied) {
        let ends = format!(" {number}");
        let lines: Vec<_> = page.lines().filter(|line| line.ends_with(&ends)).collect();
        assert_eq!(lines.len(), 1, "{number}: {lines:?}");
    }
}
