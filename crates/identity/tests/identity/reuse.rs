//! When a token is signed anew.

use tollgate_core::{lookup::LookupId, stamp::Stamp, time::UnixMillis};
use tollgate_identity::{Held, Kid, Name, Purpose};

#[test]
fn a_token_is_reused_for_its_purpose_while_more_than_half_of_its_life_is_left() {
    let purpose = Purpose {
        lookup: LookupId::new([7; 16]),
        as_of: Stamp { incarnation: 1, epoch: 42 },
        audience: Name::new("orders").unwrap(),
        kid: Kid::new("k1").unwrap(),
    };
    let held = Held { purpose, iat: 100, exp: 130 };
    for (now, expected) in [
        (99_999, false),
        (100_000, true),
        (114_999, true),
        (115_000, false),
        (130_000, false),
        (130_001, false),
        (0, false),
        (u64::MAX, false),
    ] {
        assert_eq!(held.reusable(&purpose, UnixMillis(now)), expected, "{now}");
    }
    // An odd life in milliseconds has its half between two of them.
    let short = Held { purpose, iat: 100, exp: 101 };
    assert!(short.reusable(&purpose, UnixMillis(100_499)));
    assert!(!short.reusable(&purpose, UnixMillis(100_500)));

    for other in [
        Purpose { lookup: LookupId::new([8; 16]), ..purpose },
        Purpose { as_of: Stamp { incarnation: 1, epoch: 43 }, ..purpose },
        Purpose { as_of: Stamp { incarnation: 1, epoch: 41 }, ..purpose },
        Purpose { as_of: Stamp { incarnation: 2, epoch: 42 }, ..purpose },
        Purpose { audience: Name::new("orders2").unwrap(), ..purpose },
        Purpose { kid: Kid::new("k2").unwrap(), ..purpose },
    ] {
        assert!(!held.reusable(&other, UnixMillis(100_000)));
        assert!(!Held { purpose: other, ..held }.reusable(&purpose, UnixMillis(100_000)));
    }
}
