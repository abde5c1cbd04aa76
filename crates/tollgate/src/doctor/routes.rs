//! Which routes are never reached.

use crate::config::Route;

/// Whether every request that `later` is for is for `earlier` too.
pub(super) fn covers(earlier: &Route, later: &Route) -> bool {
    methods_cover(&earlier.methods, &later.methods) && path_covers(&earlier.path, &later.path)
}

fn methods_cover(earlier: &[String], later: &[String]) -> bool {
    let speaks_for = |method: &String| {
        earlier.iter().any(|of| of == method || (of == "GET" && method == "HEAD"))
    };
    earlier.is_empty() || (!later.is_empty() && later.iter().all(speaks_for))
}

fn path_covers(earlier: &str, later: &str) -> bool {
    let mut theirs = segments(later);
    for ours in segments(earlier) {
        if ours == "**" {
            return true;
        }
        match theirs.next() {
            None | Some("**") => return false,
            Some(theirs) if ours == "*" || ours == theirs => {}
            Some(_) => return false,
        }
    }
    theirs.next().is_none()
}

/// The segments; one slash at the end says nothing.
fn segments(path: &str) -> impl Iterator<Item = &str> {
    let path = path.strip_prefix('/').unwrap_or(path);
    let path = path.strip_suffix('/').unwrap_or(path);
    path.split('/').filter(move |_| !path.is_empty())
}

#[cfg(test)]
mod tests {
    use super::{methods_cover, path_covers};

    #[test]
    fn a_pattern_covers_another_if_it_matches_all_that_the_other_does() {
        for (earlier, later, covered) in [
            ("/**", "/a/b", true),
            ("/**", "/", true),
            ("/a/**", "/a", true),
            ("/a/**", "/a/*/b", true),
            ("/a/**", "/a/b/**", true),
            ("/a/*", "/a/b", true),
            ("/a/*", "/a/*", true),
            ("/a", "/a/", true),
            ("/a/b", "/a/*", false),
            ("/a/*", "/a/**", false),
            ("/a/*", "/a", false),
            ("/a/*", "/a/b/c", false),
            ("/a/**", "/ab", false),
            ("/a/**", "/**", false),
            ("/a", "/b", false),
        ] {
            assert_eq!(path_covers(earlier, later), covered, "{earlier} and {later}");
        }
    }

    #[test]
    fn methods_cover_others_if_all_of_them_are_named() {
        let list =
            |methods: &[&str]| methods.iter().map(|&method| method.to_owned()).collect::<Vec<_>>();
        for (earlier, later, covered) in [
            (&[][..], &[][..], true),
            (&[], &["GET"], true),
            (&["GET"], &["GET"], true),
            (&["GET"], &["HEAD"], true),
            (&["HEAD"], &["GET"], false),
            (&["GET"], &["GET", "POST"], false),
            (&["GET"], &[], false),
        ] {
            assert_eq!(
                methods_cover(&list(earlier), &list(later)),
                covered,
                "{earlier:?} and {later:?}"
            );
        }
    }
}
