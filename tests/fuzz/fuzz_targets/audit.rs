//! `cargo +nightly fuzz run audit`
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| tollgate_fuzz_bodies::fuzz_audit(data));
