//! What held a secret holds nothing of it once it is dropped.
#![expect(unsafe_code, reason = "only memory itself can tell what is left in it")]
#![expect(
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is not as it should be"
)]

use core::mem::{ManuallyDrop, size_of};

use tollgate_core::{key::Draw, mac::MacKey};

#[test]
fn a_dropped_key_leaves_no_pad_state() {
    leaves_nothing::<MacKey, 64>(MacKey::new(b"a key that is wiped"));
}

#[test]
fn a_dropped_draw_leaves_no_random_byte() {
    leaves_nothing::<Draw, 19>(Draw::new(b"nineteen bytes long").unwrap());
}

/// Looks at the `N` bytes of a value without padding, before and after it is dropped.
fn leaves_nothing<T, const N: usize>(value: T) {
    assert_eq!(size_of::<T>(), N, "a value with padding cannot be read as bytes");
    let mut place = Box::new(ManuallyDrop::new(value));
    let bytes = core::ptr::from_mut(&mut *place).cast::<[u8; N]>();
    // SAFETY: the box outlives every use of `bytes`, its N bytes are integers without padding, and
    // the value is dropped once and not used as itself again.
    let (before, after) = unsafe {
        let before = bytes.read_volatile();
        ManuallyDrop::drop(&mut *bytes.cast::<ManuallyDrop<T>>());
        (before, bytes.read_volatile())
    };
    assert_ne!(before, [0; N]);
    assert_eq!(after, [0; N]);
}
