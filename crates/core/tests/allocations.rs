//! The core reads, proves, refuses and mints without asking for memory.
#![expect(unsafe_code, reason = "counting what is allocated means being the allocator")]
#![expect(
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is not as it should be"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use tollgate_core::key::{ApiKey, Brand, Draw, mint};
use tollgate_core::pepper::{Pepper, Peppers};

struct Counting;

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

// SAFETY: everything is handed to the system's allocator as it came; only a number changes.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Relaxed);
        // SAFETY: the caller's promises are those that the system's allocator asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The only test here: another one beside it would be counted too.
#[test]
fn no_key_makes_the_core_allocate() {
    let brand = Brand::new("tg", &["live"]).unwrap();
    let secret = b"not a secret, but no progression";
    let good = minted_text();
    let mistyped = good.replace("tg_live_1", "tg_live_2");
    let long = "a".repeat(65_536);

    let counted = count(|| {
        let ring = Peppers::new(&[Pepper { id: 3, secret }], 3).unwrap();
        let env = brand.envs().next().unwrap();
        let draw = Draw::new(b"nineteen bytes long").unwrap();
        let minted = mint(brand.prefix(), env, &ring, &draw);
        let key = ApiKey::parse(minted.as_str().as_bytes(), &brand).unwrap();
        assert!(ring.prove(&key).is_ok());
        let forged = ApiKey::parse(good.as_bytes(), &brand).unwrap();
        assert!(ring.prove(&forged).is_err());
        for text in ["", "tg_live_", &mistyped, &long] {
            assert!(ApiKey::parse(text.as_bytes(), &brand).is_err());
        }
    });
    assert_eq!(counted, 0);
    assert!(count(|| drop(std::hint::black_box(Box::new(1)))) > 0, "the counter counts");
}

/// A key of another ring.
fn minted_text() -> String {
    let secret = b"another secret that is none, too";
    let ring = Peppers::new(&[Pepper { id: 3, secret }], 3).unwrap();
    let brand = Brand::new("tg", &["live"]).unwrap();
    let env = brand.envs().next().unwrap();
    mint(brand.prefix(), env, &ring, &Draw::new(b"nineteen bytes long").unwrap()).as_str().into()
}

fn count(what: impl FnOnce()) -> usize {
    let before = ALLOCATIONS.load(Relaxed);
    what();
    ALLOCATIONS.load(Relaxed).wrapping_sub(before)
}
