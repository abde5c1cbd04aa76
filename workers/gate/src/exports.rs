//! The module's exports, and the one place where its state is borrowed.

use std::cell::RefCell;

use crate::{Code, Host, Outside, Page};

#[link(wasm_import_module = "host")]
#[expect(unsafe_code, reason = "what the runtime gives has to be imported")]
unsafe extern "C" {
    /// Fills `len` bytes at `to` with randomness.
    safe fn random(to: *mut u8, len: usize);
    /// Writes `len` bytes at `from` to the log.
    safe fn log(from: *const u8, len: usize);
}

/// The runtime.
struct Runtime;

impl Outside for Runtime {
    fn random(&mut self, bytes: &mut [u8]) {
        random(bytes.as_mut_ptr(), bytes.len());
    }

    fn log(&mut self, line: &str) {
        log(line.as_ptr(), line.len());
    }
}

thread_local! {
    /// None before it was started: nothing passes then.
    static HOST: RefCell<Option<Host<Runtime>>> = const { RefCell::new(None) };
    /// The buffer until there is a gate.
    static PAGE: RefCell<Page> = const { RefCell::new(Page::EMPTY) };
}

/// Makes room for `len` bytes, and says where they go; 0 if that is too much.
#[expect(unsafe_code, reason = "an export has to keep its name")]
#[unsafe(no_mangle)]
pub(crate) extern "C" fn room(len: usize) -> *mut u8 {
    let held = HOST.with_borrow_mut(|host| host.as_mut().map(|host| host.page.room(len)));
    held.unwrap_or_else(|| PAGE.with_borrow_mut(|page| page.room(len)))
}

/// Where what was written begins.
#[expect(unsafe_code, reason = "an export has to keep its name")]
#[unsafe(no_mangle)]
pub(crate) extern "C" fn written() -> *const u8 {
    with_page(|page| page.output.as_ptr())
}

/// How long it is.
#[expect(unsafe_code, reason = "an export has to keep its name")]
#[unsafe(no_mangle)]
pub(crate) extern "C" fn written_len() -> usize {
    with_page(|page| page.output.len())
}

/// Starts a gate with the settings of `len` bytes; 0 if that went well, else the page says what is wrong.
#[expect(unsafe_code, reason = "an export has to keep its name")]
#[unsafe(no_mangle)]
pub(crate) extern "C" fn start(len: usize, now_ms: f64) -> u32 {
    PAGE.with_borrow_mut(|page| {
        let input = page.lend();
        let text = input.get(..len).unwrap_or_default();
        let started = match std::str::from_utf8(text) {
            Ok(text) => Host::new(Runtime, text, millis(now_ms)).map_err(|error| error.to_string()),
            Err(_) => Err(String::from("the settings are no text")),
        };
        match started {
            Ok(host) => {
                HOST.set(Some(host));
                0
            }
            Err(what) => {
                page.output.clear();
                page.push(&what);
                1
            }
        }
    })
}

/// What becomes of the request whose head has `len` bytes: a [`Code`].
#[expect(unsafe_code, reason = "an export has to keep its name")]
#[unsafe(no_mangle)]
pub(crate) extern "C" fn arrive(len: usize, ticket: u32, now_ms: f64) -> u32 {
    coded(|host| host.arrive(len, ticket, millis(now_ms)))
}

/// What became of a request that waits: a [`Code`].
#[expect(unsafe_code, reason = "an export has to keep its name")]
#[unsafe(no_mangle)]
pub(crate) extern "C" fn told(ticket: u32, now_ms: f64) -> u32 {
    coded(|host| host.told(ticket, millis(now_ms)))
}

/// What the client gets of an answer whose head has `len` bytes: a [`Code`].
#[expect(unsafe_code, reason = "an export has to keep its name")]
#[unsafe(no_mangle)]
pub(crate) extern "C" fn returned(len: usize) -> u32 {
    coded(|host| host.returned(len))
}

/// What the client gets where the origin gives no answer: a [`Code`].
#[expect(unsafe_code, reason = "an export has to keep its name")]
#[unsafe(no_mangle)]
pub(crate) extern "C" fn unreachable(len: usize) -> u32 {
    coded(|host| host.unreachable(len))
}

/// Whether the text of `len` bytes is a key that somebody of ours made: nothing is asked of any store.
#[expect(unsafe_code, reason = "an export has to keep its name")]
#[unsafe(no_mangle)]
pub(crate) extern "C" fn proves(len: usize) -> u32 {
    with(|host| host.proves(len)).map_or(0, u32::from)
}

/// How many errands wait to be run.
#[expect(unsafe_code, reason = "an export has to keep its name")]
#[unsafe(no_mangle)]
pub(crate) extern "C" fn pending() -> usize {
    with(|host| host.pending()).unwrap_or(0)
}

/// Writes them.
#[expect(unsafe_code, reason = "an export has to keep its name")]
#[unsafe(no_mangle)]
pub(crate) extern "C" fn errands() {
    with(Host::errands);
}

/// Takes in the answer of `len` bytes to an errand; `found` is 0 where a replica has nothing.
#[expect(unsafe_code, reason = "an export has to keep its name")]
#[unsafe(no_mangle)]
pub(crate) extern "C" fn deliver(id: f64, found: u32, len: usize, now_ms: f64) {
    with(|host| host.deliver(millis(id), found != 0, len, millis(now_ms)));
}

/// Takes in that there is no answer to an errand; `refused` is 1 where the store was reached.
#[expect(unsafe_code, reason = "an export has to keep its name")]
#[unsafe(no_mangle)]
pub(crate) extern "C" fn fail(id: f64, refused: u32, now_ms: f64) {
    with(|host| host.fail(millis(id), refused != 0, millis(now_ms)));
}

/// Does what is due, and says after how many milliseconds something will be; below 0 if nothing will.
#[expect(unsafe_code, reason = "an export has to keep its name")]
#[unsafe(no_mangle)]
pub(crate) extern "C" fn tick(now_ms: f64) -> f64 {
    let wait = with(|host| host.tick(millis(now_ms))).flatten();
    wait.map_or(-1.0, |wait| f64::from(u32::try_from(wait).unwrap_or(u32::MAX)))
}

fn coded(work: impl FnOnce(&mut Host<Runtime>) -> Code) -> u32 {
    match with(work).unwrap_or(Code::Nothing) {
        Code::Onward => 0,
        Code::Answered => 1,
        Code::Waiting => 2,
        Code::Nothing => 3,
    }
}

fn with<T>(work: impl FnOnce(&mut Host<Runtime>) -> T) -> Option<T> {
    HOST.with_borrow_mut(|host| host.as_mut().map(work))
}

fn with_page<T>(look: impl Fn(&Page) -> T) -> T {
    let held = HOST.with_borrow(|host| host.as_ref().map(|host| look(&host.page)));
    held.unwrap_or_else(|| PAGE.with_borrow(look))
}

/// A whole number that JavaScript holds; what is none is 0, the oldest time there is.
fn millis(number: f64) -> u64 {
    #[expect(clippy::as_conversions, reason = "it saturates, and every number has its meaning")]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "likewise")]
    let whole = number as u64;
    whole
}
