//! The module's exports, and the one place where its state is borrowed.

use core::{cell::UnsafeCell, mem::MaybeUninit, ops::Range};

use super::{Gate, reading};

/// Where a key is written.
const KEY: Range<usize> = 0..256;
/// Where a record or a head is written.
const TEXT: Range<usize> = 256..BUFFER;
const BUFFER: usize = 64 * 1024;

/// Everything that lasts between calls.
struct Module {
    buffer: [u8; BUFFER],
    /// Written when `started` becomes true. Not an `Option`: its empty form is not all zeros, and the
    /// module would carry every byte of it.
    gate: MaybeUninit<Gate>,
    started: bool,
}

impl Module {
    const EMPTY: Self = Self { buffer: [0; BUFFER], gate: MaybeUninit::zeroed(), started: false };

    fn parts(&mut self) -> (&mut [u8; BUFFER], Option<&mut Gate>) {
        #[expect(unsafe_code, reason = "see the field")]
        // SAFETY: `started` says that the gate was written.
        let gate = self.started.then(|| unsafe { self.gate.assume_init_mut() });
        (&mut self.buffer, gate)
    }
}

/// A value for a module that has one thread.
struct OneThread<T>(UnsafeCell<T>);

#[expect(unsafe_code, reason = "this target has no threads, so nothing is shared between any")]
// SAFETY: wasm32-unknown-unknown without the atomics feature has exactly one thread.
unsafe impl<T> Sync for OneThread<T> {}

static MODULE: OneThread<Module> = OneThread(UnsafeCell::new(Module::EMPTY));

/// Nothing in the core panics; should it ever, the module stops, and the entry starts a new one.
#[panic_handler]
fn stop(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}

/// Where the buffer lies.
#[expect(unsafe_code, reason = "an export has to keep its name")]
#[unsafe(no_mangle)]
pub(crate) extern "C" fn buffer() -> *mut u8 {
    with(|module| module.buffer.as_mut_ptr())
}

/// Takes the first `len` bytes of the buffer as the pepper 0; 1 if it is one.
#[expect(unsafe_code, reason = "an export has to keep its name")]
#[unsafe(no_mangle)]
pub(crate) extern "C" fn start(len: usize) -> u32 {
    with(|module| {
        let gate = Gate::new(module.buffer.get(..len).unwrap_or_default());
        module.buffer = [0; BUFFER];
        module.started = gate.is_some();
        if let Some(gate) = gate {
            module.gate.write(gate);
        }
        u32::from(module.started)
    })
}

/// Whether the key of `len` bytes is genuine; if so its lookup id replaces it.
#[expect(unsafe_code, reason = "an export has to keep its name")]
#[unsafe(no_mangle)]
pub(crate) extern "C" fn prove(len: usize) -> u32 {
    with(|module| {
        let (buffer, gate) = module.parts();
        let lookup = gate.and_then(|gate| gate.lookup(part(buffer, &KEY, len)));
        if let (Some(lookup), Some(place)) = (lookup, buffer.first_chunk_mut()) {
            *place = *lookup.as_bytes();
        }
        u32::from(lookup.is_some())
    })
}

/// Takes in the head of `len` bytes; 1 if it is one.
#[expect(unsafe_code, reason = "an export has to keep its name")]
#[unsafe(no_mangle)]
pub(crate) extern "C" fn head(len: usize, now_ms: u64) -> u32 {
    with(|module| {
        let (buffer, gate) = module.parts();
        let text = part(buffer, &TEXT, len);
        u32::from(gate.is_some_and(|gate| gate.head(text, reading(now_ms))))
    })
}

/// Takes in the record of `len` bytes, of the key of `key_len` bytes; 1 if it is.
#[expect(unsafe_code, reason = "an export has to keep its name")]
#[unsafe(no_mangle)]
pub(crate) extern "C" fn record(key_len: usize, len: usize) -> u32 {
    with(|module| {
        let (buffer, gate) = module.parts();
        let (key, text) = (part(buffer, &KEY, key_len), part(buffer, &TEXT, len));
        u32::from(gate.is_some_and(|gate| gate.record(key, text)))
    })
}

/// Decides a request that presents the key of `key_len` bytes: 1 if it passes, 2 if something must be
/// fetched first, else 0.
#[expect(unsafe_code, reason = "an export has to keep its name")]
#[unsafe(no_mangle)]
pub(crate) extern "C" fn decide(key_len: usize, now_ms: u64) -> u32 {
    with(|module| {
        let (buffer, gate) = module.parts();
        let key = part(buffer, &KEY, key_len);
        gate.map_or(0, |gate| gate.decide(key, reading(now_ms)))
    })
}

fn part<'b>(buffer: &'b [u8; BUFFER], place: &Range<usize>, len: usize) -> &'b [u8] {
    let place = buffer.get(place.clone()).unwrap_or_default();
    place.get(..len).unwrap_or_default()
}

fn with<T>(work: impl FnOnce(&mut Module) -> T) -> T {
    #[expect(unsafe_code, reason = "the one place where the module's state is borrowed")]
    // SAFETY: one thread, and no export calls another, so this is the only borrow.
    let module = unsafe { &mut *MODULE.0.get() };
    work(module)
}
