//! An instant as people read it, without the machinery of formatting.

use tollgate_core::time::UnixMillis;

use crate::text::push_padded;

/// Appends an instant as RFC 3339 writes it, in UTC and whole seconds.
pub(super) fn push(to: &mut String, at: UnixMillis) {
    let seconds = at.0 / 1_000;
    let (year, month, day) = civil(seconds / 86_400);
    let of_day = seconds % 86_400;
    let parts = [
        ("", year, 4),
        ("-", month, 2),
        ("-", day, 2),
        ("T", of_day / 3_600, 2),
        (":", of_day / 60 % 60, 2),
        (":", of_day % 60, 2),
    ];
    for (before, number, width) in parts {
        to.push_str(before);
        push_padded(to, number, width);
    }
    to.push('Z');
}

/// Year, month and day of a day counted from 1970-01-01, in the proleptic Gregorian calendar.
#[expect(clippy::arithmetic_side_effects, reason = "days are below 2^38, so nothing can overflow")]
const fn civil(days: u64) -> (u64, u64, u64) {
    // Counted from 0000-03-01, where the 400-year cycle of the calendar starts.
    let day = days + 719_468;
    let in_cycle = day % 146_097;
    let year = (in_cycle - in_cycle / 1_460 + in_cycle / 36_524 - in_cycle / 146_096) / 365;
    let in_year = in_cycle - (365 * year + year / 4 - year / 100);
    let from_march = (5 * in_year + 2) / 153;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = day / 146_097 * 400 + year + if month <= 2 { 1 } else { 0 };
    (year, month, in_year - (153 * from_march + 2) / 5 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_written_as_rfc_3339_has_them() {
        for (at, written) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399_999, "2000-02-28T23:59:59Z"),
            (951_782_400_000, "2000-02-29T00:00:00Z"),
            (951_868_800_000, "2000-03-01T00:00:00Z"),
            (1_609_459_199_000, "2020-12-31T23:59:59Z"),
            (1_767_323_045_678, "2026-01-02T03:04:05Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00Z"),
        ] {
            let mut text = String::new();
            push(&mut text, UnixMillis(at));
            assert_eq!(text, written);
        }
    }
}
