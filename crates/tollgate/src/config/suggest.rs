//! What somebody may have meant.

/// The one of `names` that is a few slips away from `name`.
pub(crate) fn nearest<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let slips_max = (name.chars().count() / 3).clamp(1, 3);
    names
        .map(|near| (slips(name, near), near))
        .filter(|&(slips, _)| slips <= slips_max)
        .min_by_key(|&(slips, _)| slips)
        .map(|(_, near)| near)
}

/// How many characters must be added, removed or replaced to make `b` of `a`.
fn slips(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (above, x) in (1_usize..).zip(a.chars()) {
        let mut corner = row.first().copied().unwrap_or(0);
        let mut left = above;
        let mut next = vec![left];
        for (y, &up) in b.chars().zip(row.iter().skip(1)) {
            let replaced = corner.saturating_add(usize::from(x != y));
            left = replaced.min(up.saturating_add(1)).min(left.saturating_add(1));
            corner = up;
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_slip_is_recognised_and_another_word_is_not() {
        let names = ["listen", "realm", "trusted_hops", "max"];
        for (name, near) in [
            ("lisen", Some("listen")),
            ("lsiten", Some("listen")),
            ("trustedhops", Some("trusted_hops")),
            ("Realm", Some("realm")),
            ("port", None),
            ("maximum_age", None),
            ("", None),
        ] {
            assert_eq!(nearest(name, names.into_iter()), near, "{name}");
        }
    }
}
