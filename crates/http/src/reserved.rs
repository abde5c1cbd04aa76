//! The paths that the gate answers itself on every host, and that no origin ever sees.

/// Everything that is reserved stands here or below.
pub const ROOT: &str = "/.well-known/tollgate";

/// Where the public keys of signed identities are.
pub const JWKS: &str = "/.well-known/tollgate/jwks.json";

/// Whether the gate itself answers `path`, which is in its canonical form
/// ([`canonical`](crate::path::canonical)).
///
/// What is reserved and is nothing in particular is answered with *not found*; it is not forwarded either.
#[must_use]
pub fn is_reserved(path: &str) -> bool {
    path.strip_prefix(ROOT).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::path::canonical;

    fn check(path: &str, reserved: bool) {
        assert_eq!(
            canonical(path.as_bytes()).is_ok_and(|path| is_reserved(&path)),
            reserved,
            "{path}"
        );
    }

    #[test]
    fn the_reserved_folder_and_all_below_it_is_reserved_in_every_spelling() {
        check(ROOT, true);
        check(JWKS, true);
        check("/.well-known/tollgate/", true);
        check("/.well-known/tollgate/anything/else", true);
        check("/%2ewell-known/tollgate/jwks.json", true);
        check("/.well-known/%74ollgate", true);
    }

    #[test]
    fn its_neighbours_are_not_reserved() {
        check("/.well-known/tollgates", false);
        check("/.well-known/tollgate.json", false);
        check("/.well-known", false);
        check("/.well-known/", false);
        check("/a/.well-known/tollgate/jwks.json", false);
        check("/.Well-Known/tollgate/jwks.json", false);
        check("/.well-known/tollgate%20", false);
    }
}
