//! An allocator that counts. A test that wants it is alone in its program, and says `#[global_allocator]`.
#![expect(unsafe_code, reason = "counting what is allocated means being the allocator")]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);
static HELD: AtomicUsize = AtomicUsize::new(0);

/// The system's allocator, counted.
#[derive(Clone, Copy, Debug)]
pub struct Counting;

// SAFETY: everything is handed to the system's allocator as it came; only numbers change.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Relaxed);
        HELD.fetch_add(cost(layout), Relaxed);
        // SAFETY: the caller's promises are those that the system's allocator asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        HELD.fetch_sub(cost(layout), Relaxed);
        // SAFETY: as above.
        unsafe { System.dealloc(at, layout) }
    }
}

/// What was asked for, with the 8 bytes that an allocator keeps beside it, rounded up to 16.
const fn cost(layout: Layout) -> usize {
    layout.size().saturating_add(8).next_multiple_of(16)
}

/// How often memory was asked for while `what` was done.
pub fn count(what: impl FnOnce()) -> usize {
    let before = asked();
    what();
    asked().wrapping_sub(before)
}

/// How often memory was asked for so far.
pub fn asked() -> usize {
    ALLOCATIONS.load(Relaxed)
}

/// How many bytes are held.
pub fn held() -> usize {
    HELD.load(Relaxed)
}
