//! A ring of one published pepper.

use std::sync::LazyLock;

use tollgate_core::pepper::{Pepper, Peppers, danger};

static RING: LazyLock<Peppers> = LazyLock::new(|| {
    let secret: Vec<u8> = (0..32).collect();
    danger::published_peppers(&[Pepper { id: 0, secret: &secret }], 0).unwrap()
});

/// The ring.
pub(crate) fn ring() -> &'static Peppers {
    &RING
}
