//! The module's exports, and the one place where its state is borrowed.

use std::cell::RefCell;

use tollgate_core::time::UnixMillis;

use crate::{Look, Objects, Outside, Page, Refusal, Taken};

#[link(wasm_import_module = "host")]
#[expect(unsafe_code, reason = "what the runtime gives has to be imported")]
unsafe extern "C" {
    /// Writes `len` bytes at `from` to the log.
    safe fn log(from: *const u8, len: usize);
    /// Runs the statement of `len` bytes at `from`, and says how long the answer is.
    safe fn sql(from: *const u8, len: usize) -> usize;
    /// Puts that answer at `to`, where there is room for it.
    safe fn rows(to: *mut u8);
}

/// The runtime.
struct Runtime;

impl Outside for Runtime {
    fn log(&mut self, line: &str) {
        log(line.as_ptr(), line.len());
    }

    fn sql(&mut self, asked: &[u8]) -> Vec<u8> {
        let mut said = vec![0; sql(asked.as_ptr(), asked.len())];
        rows(said.as_mut_ptr());
        said
    }
}

/// What is here before the module was started, and after.
struct Held {
    objects: Option<Objects<Runtime>>,
    /// The buffer until there are objects.
    page: Page,
}

thread_local! {
    static HELD: RefCell<Held> = const { RefCell::new(Held { objects: None, page: Page::EMPTY }) };
}

/// Makes room for `len` bytes, and says where they go; 0 if that is too much.
#[expect(unsafe_code, reason = "an export has to keep its name")]
#[unsafe(no_mangle)]
pub(crate) extern "C" fn room(len: usize) -> *mut u8 {
    HELD.with_borrow_mut(|held| {
        let page = held.objects.as_mut().map_or(&mut held.page, |objects| &mut objects.page);
        page.room(len)
    })
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

/// Starts with what `len` bytes tell: 1 if that went well, else 0 and what is written says why not.
#[expect(unsafe_code, reason = "an export has to keep its name")]
#[unsafe(no_mangle)]
pub(crate) extern "C" fn start(len: usize) -> u32 {
    HELD.with_borrow_mut(|held| {
        let told = held.page.lend();
        match Objects::new(Runtime, told.get(..len).unwrap_or(&[])) {
            Ok(objects) => {
                held.objects = Some(objects);
                1
            }
            Err(refusal) => {
                held.page.output.clear();
                held.page.push(refusal);
                0
            }
        }
    })
}

/// Writes under which key the bucket is kept that a question is about, and by which object: 1 if it is about one.
#[expect(unsafe_code, reason = "an export has to keep its name")]
#[unsafe(no_mangle)]
pub(crate) extern "C" fn bucket_key(len: usize) -> u32 {
    done(|objects| objects.bucket_key(len))
}

/// One exchange with a bucket: 1 if there is an answer.
#[expect(unsafe_code, reason = "an export has to keep its name")]
#[unsafe(no_mangle)]
pub(crate) extern "C" fn exchange(len: usize, now_ms: f64) -> u32 {
    done(|objects| objects.exchange(len, millis(now_ms)))
}

/// Whether a bucket may be forgotten: 0 if so at once, above it the time before which it may not, -1 if never, and
/// -2 if its state is damaged.
#[expect(unsafe_code, reason = "an export has to keep its name")]
#[unsafe(no_mangle)]
pub(crate) extern "C" fn forget(len: usize, now_ms: f64) -> f64 {
    match with(|objects| objects.forget(len, millis(now_ms))) {
        Ok(Look::Forget) => 0.0,
        Ok(Look::At(at)) => number(at.0),
        Ok(Look::Never) => -1.0,
        Err(_) => -2.0,
    }
}

/// After how many milliseconds a new bucket is looked at.
#[expect(unsafe_code, reason = "an export has to keep its name")]
#[unsafe(no_mangle)]
pub(crate) extern "C" fn look_after_ms() -> f64 {
    with(|objects| Ok(objects.look_after_ms())).map_or(0.0, number)
}

/// Writes the question for what is newer than the copy of the head, or for all of it.
#[expect(unsafe_code, reason = "an export has to keep its name")]
#[unsafe(no_mangle)]
pub(crate) extern "C" fn head_question(all: u32) -> u32 {
    done(|objects| objects.head_question(all != 0))
}

/// Takes in an answer to it: 1 if it is the copy now, 2 if all must be asked for, 0 if it is of no use.
#[expect(unsafe_code, reason = "an export has to keep its name")]
#[unsafe(no_mangle)]
pub(crate) extern "C" fn head_taken(len: usize, sent_ms: f64, now_ms: f64) -> u32 {
    match with(|objects| objects.head_taken(len, millis(sent_ms), millis(now_ms))) {
        Ok(Taken::Kept) => 1,
        Ok(Taken::Gap) => 2,
        Ok(Taken::Late) | Err(_) => 0,
    }
}

/// How old the copy of the head is; below 0 if there is none.
#[expect(unsafe_code, reason = "an export has to keep its name")]
#[unsafe(no_mangle)]
pub(crate) extern "C" fn head_age_ms(now_ms: f64) -> f64 {
    let age_ms = with(|objects| Ok(objects.head_age_ms(millis(now_ms))));
    age_ms.ok().flatten().map_or(-1.0, number)
}

/// Answers a question for the head from the copy: 1 if there is one that may be told.
#[expect(unsafe_code, reason = "an export has to keep its name")]
#[unsafe(no_mangle)]
pub(crate) extern "C" fn head_told(len: usize, now_ms: f64) -> u32 {
    done(|objects| objects.head_told(len, millis(now_ms)))
}

/// Brings the ledger's tables from a version to the newest, which it says; 0 if that failed.
#[expect(unsafe_code, reason = "an export has to keep its name")]
#[unsafe(no_mangle)]
pub(crate) extern "C" fn ledger_open(version: f64) -> f64 {
    with(|objects| objects.ledger_open(millis(version).0)).map_or(0.0, number)
}

/// Answers a question to the ledger: 1 if there is an answer.
#[expect(unsafe_code, reason = "an export has to keep its name")]
#[unsafe(no_mangle)]
pub(crate) extern "C" fn ledger_ask(len: usize, deployed_ms: f64, now_ms: f64) -> u32 {
    done(|objects| objects.ledger_ask(len, millis(deployed_ms), millis(now_ms)))
}

/// Does what whoever may asks for, and gives the status of the answer; 0 if there is none.
#[expect(unsafe_code, reason = "an export has to keep its name")]
#[unsafe(no_mangle)]
pub(crate) extern "C" fn administer(len: usize, now_ms: f64) -> u32 {
    with(|objects| objects.administer(len, millis(now_ms))).unwrap_or(0)
}

/// Writes how far the ledger has come: 1 if that could be read.
#[expect(unsafe_code, reason = "an export has to keep its name")]
#[unsafe(no_mangle)]
pub(crate) extern "C" fn ledger_note() -> u32 {
    done(Objects::ledger_note)
}

/// Writes the higher one of two notes: 1 if both are notes.
#[expect(unsafe_code, reason = "an export has to keep its name")]
#[unsafe(no_mangle)]
pub(crate) extern "C" fn note(len: usize) -> u32 {
    done(|objects| objects.note(len))
}

/// Lets old entries leave the ledger's head: 1 if that went well.
#[expect(unsafe_code, reason = "an export has to keep its name")]
#[unsafe(no_mangle)]
pub(crate) extern "C" fn ledger_age(now_ms: f64) -> u32 {
    done(|objects| objects.ledger_age(millis(now_ms)))
}

/// Whether something is to be published since this was last asked.
#[expect(unsafe_code, reason = "an export has to keep its name")]
#[unsafe(no_mangle)]
pub(crate) extern "C" fn publishes() -> u32 {
    with(|objects| Ok(objects.take_publishes())).map_or(0, u32::from)
}

/// Writes what replicas are to be told next: 1 if that could be read.
#[expect(unsafe_code, reason = "an export has to keep its name")]
#[unsafe(no_mangle)]
pub(crate) extern "C" fn due(len: usize) -> u32 {
    done(|objects| objects.due(len))
}

/// Replicas have been told it: 1 if that is noted.
#[expect(unsafe_code, reason = "an export has to keep its name")]
#[unsafe(no_mangle)]
pub(crate) extern "C" fn told(len: usize) -> u32 {
    done(|objects| objects.told(len))
}

fn done(work: impl FnOnce(&mut Objects<Runtime>) -> Result<(), Refusal>) -> u32 {
    u32::from(with(work).is_ok())
}

fn with<T>(work: impl FnOnce(&mut Objects<Runtime>) -> Result<T, Refusal>) -> Result<T, Refusal> {
    HELD.with_borrow_mut(|held| held.objects.as_mut().map_or(Err("not_started"), work))
}

fn with_page<T>(look: impl FnOnce(&Page) -> T) -> T {
    HELD.with_borrow(|held| look(held.objects.as_ref().map_or(&held.page, |objects| &objects.page)))
}

/// A whole number that JavaScript holds; what is none is 0, the oldest time there is.
fn millis(number: f64) -> UnixMillis {
    #[expect(clippy::as_conversions, reason = "it saturates, and every number has its meaning")]
    let whole = number as u64;
    UnixMillis(whole)
}

/// As JavaScript holds it.
fn number(whole: u64) -> f64 {
    #[expect(clippy::as_conversions, reason = "times and ages are far below 2^53")]
    let number = whole as f64;
    number
}
