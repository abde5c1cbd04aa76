//! Keys that are not ours get no further than this.

use tollgate_core::{
    key::ParseKeyError,
    pepper::{Pepper, Peppers},
};
use tollgate_engine::{Prover, Unproven};

use crate::book::{brand, genuine, ring, text};

#[test]
fn a_key_is_proved_or_refused_for_a_reason_that_only_logs_are_told() {
    let prover = Prover::new(brand(), ring());
    let good = text(1);
    assert_eq!(prover.prove(good.as_bytes()), Ok(genuine(1)));
    let forged = {
        let other = [Pepper { id: 3, secret: b"another secret that is none, too" }];
        Prover::new(brand(), Peppers::new(&other, 3).unwrap())
    };
    let unknown = {
        let other = [Pepper { id: 4, secret: b"another secret that is none, too" }];
        Prover::new(brand(), Peppers::new(&other, 4).unwrap())
    };
    for (prover, text, code) in [
        (&prover, "", "wrong_length"),
        (&prover, good.trim_start_matches('t'), "wrong_length"),
        (&prover, &good.replace("live", "test"), "wrong_brand"),
        (&forged, &good, "wrong_tag"),
        (&unknown, &good, "unknown_pepper"),
    ] {
        let unproven = prover.prove(text.as_bytes()).unwrap_err();
        assert_eq!(unproven.code(), code);
        assert_eq!(unproven.to_string(), code);
        let malformed = matches!(unproven, Unproven::Malformed(_));
        assert_eq!(malformed, code != "wrong_tag" && code != "unknown_pepper");
    }
    let _: fn(ParseKeyError) -> Unproven = Unproven::Malformed;
}
