//! One gate in one module: its buffer, its brand and its peppers.

use core::cell::UnsafeCell;

use tollgate_core::{
    key::{ApiKey, Brand},
    pepper::{Pepper, Peppers},
};

/// Bytes of the buffer that both sides write to.
const BUFFER: usize = 256;

/// What the module keeps between calls.
struct Gate {
    buffer: [u8; BUFFER],
    ready: Option<(Brand, Peppers)>,
}

/// A value for a module that has one thread.
struct OneThread<T>(UnsafeCell<T>);

#[expect(unsafe_code, reason = "this target has no threads, so nothing is shared between any")]
// SAFETY: wasm32-unknown-unknown without the atomics feature has exactly one thread.
unsafe impl<T> Sync for OneThread<T> {}

static GATE: OneThread<Gate> =
    OneThread(UnsafeCell::new(Gate { buffer: [0; BUFFER], ready: None }));

/// Nothing in the core panics; should it ever, the module stops, and the entry starts a new one.
#[panic_handler]
fn stop(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}

/// Where the buffer lies.
#[expect(unsafe_code, reason = "an export has to keep its name")]
#[unsafe(no_mangle)]
pub(crate) extern "C" fn buffer() -> *mut u8 {
    with(|gate| gate.buffer.as_mut_ptr())
}

/// Takes the first `len` bytes of the buffer as the pepper 0; 1 if it is one.
#[expect(unsafe_code, reason = "an export has to keep its name")]
#[unsafe(no_mangle)]
pub(crate) extern "C" fn start(len: usize) -> u32 {
    with(|gate| {
        let secret = gate.buffer.get(..len).unwrap_or_default();
        let peppers = Peppers::new(&[Pepper { id: 0, secret }], 0);
        let brand = Brand::new("tg", &["live", "test"]);
        gate.buffer = [0; BUFFER];
        gate.ready = brand.ok().zip(peppers.ok());
        u32::from(gate.ready.is_some())
    })
}

/// Whether the first `len` bytes of the buffer are a genuine key; if so its lookup id replaces them.
#[expect(unsafe_code, reason = "an export has to keep its name")]
#[unsafe(no_mangle)]
pub(crate) extern "C" fn prove(len: usize) -> u32 {
    with(|gate| {
        let Some((brand, peppers)) = &gate.ready else { return 0 };
        let text = gate.buffer.get(..len).unwrap_or_default();
        let Ok(key) = ApiKey::parse(text, brand) else { return 0 };
        let Ok(genuine) = peppers.prove(&key) else { return 0 };
        let lookup = *genuine.lookup().as_bytes();
        if let Some(place) = gate.buffer.first_chunk_mut() {
            *place = lookup;
        }
        1
    })
}

fn with<T>(work: impl FnOnce(&mut Gate) -> T) -> T {
    #[expect(unsafe_code, reason = "the one place where the module's state is borrowed")]
    // SAFETY: one thread, and no export calls another, so this is the only borrow.
    let gate = unsafe { &mut *GATE.0.get() };
    work(gate)
}
