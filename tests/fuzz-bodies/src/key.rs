//! The key parser.

use std::sync::LazyLock;

use tollgate_core::{
    key::{ApiKey, Brand, Draw, KEY_MIN, check, mint},
    pepper::{Pepper, Peppers, danger},
};

use crate::counted;

static BRAND: LazyLock<Brand> = LazyLock::new(|| Brand::new("tg", &["live", "test"]).unwrap());
static PEPPERS: LazyLock<Peppers> = LazyLock::new(|| {
    danger::published_peppers(&[Pepper { id: 0, secret: &counted() }], 0).unwrap()
});

/// Reads `data` as a key; then again with the check that fits it, and as the randomness of a new key.
pub fn fuzz_key(data: &[u8]) {
    read(data);
    if let Some((body, _)) = data.split_last_chunk::<6>() {
        let mut mended = body.to_vec();
        mended.extend(check(body));
        read(&mended);
    }
    if let Some(draw) = data.get(..19).and_then(|random| Draw::new(random).ok()) {
        let env = BRAND.envs().next().expect("the brand has envs");
        let minted = mint(BRAND.prefix(), env, &PEPPERS, &draw);
        let key =
            ApiKey::parse(minted.as_str().as_bytes(), &BRAND).expect("what is minted is read");
        let genuine = PEPPERS.prove(&key).expect("what is minted is genuine");
        assert_eq!(genuine.lookup(), minted.lookup());
    }
}

fn read(text: &[u8]) {
    let Ok(key) = ApiKey::parse(text, &BRAND) else { return };
    assert!(text.len() >= KEY_MIN && text.is_ascii());
    assert_eq!(
        text.split_last_chunk::<6>().map(|(body, _)| check(body)),
        text.last_chunk().copied()
    );
    assert_eq!(key.prefix().to_string(), "tg");
    assert!(BRAND.envs().any(|env| env == key.env()));
    // Debug shows prefix and env only, so no twelve symbols of the key in a row.
    let shown = format!("{key:?}");
    let secret = text.get(8..).unwrap_or_default();
    assert!(!secret.windows(12).any(|part| shown.as_bytes().windows(12).any(|seen| seen == part)));
    let _ = PEPPERS.prove(&key);
}
