//! A team's own Worker in Rust: which of its paths are open, and what it answers whom the gate lets pass.
//!
//! `worker.mjs` calls what is exported here, and `gate.mjs` what the gate exports from the same module.

use std::cell::RefCell;

// Nothing of it is called from here: being linked is what puts the gate's exports into the module.
use tollgate_worker_gate as _;

/// The most that the other side writes at once: a target, and two names.
const INPUT_MAX: usize = 128 * 1024;

/// Whether everybody may ask for this path. It is compared whole: a comparison of beginnings opens more than it says.
fn is_open(path: &str) -> bool {
    path == "/health"
}

/// What is answered to everybody.
const OPEN: &str = "well\n";

/// What the owner of a key is answered.
fn answer(owner: &str, tenant: &str, target: &str) -> String {
    format!("{owner} of {tenant} asked for {target}\n")
}

thread_local! {
    /// What the other side wrote, and what is written for it.
    static PAGE: RefCell<Vec<u8>> = const { RefCell::new(vec![]) };
}

/// Makes room for `len` bytes, and says where they go; null if that is too much.
#[expect(unsafe_code, reason = "an export has to keep its name")]
#[unsafe(no_mangle)]
pub extern "C" fn orders_room(len: usize) -> *mut u8 {
    PAGE.with_borrow_mut(|page| {
        if len > INPUT_MAX {
            return std::ptr::null_mut();
        }
        page.clear();
        page.resize(len, 0);
        page.as_mut_ptr()
    })
}

/// Where the answer begins.
#[expect(unsafe_code, reason = "an export has to keep its name")]
#[unsafe(no_mangle)]
pub extern "C" fn orders_written() -> *const u8 {
    PAGE.with_borrow(Vec::as_ptr)
}

/// Answers the path in the page if it is open: how long the answer is, 0 if the gate has to be asked.
#[expect(unsafe_code, reason = "an export has to keep its name")]
#[unsafe(no_mangle)]
pub extern "C" fn orders_open() -> usize {
    told(|path| is_open(path).then(|| OPEN.to_owned()))
}

/// Answers whom the gate let pass, of owner, tenant and target in the page, a line each: how long the answer is, 0 if
/// there is none.
#[expect(unsafe_code, reason = "an export has to keep its name")]
#[unsafe(no_mangle)]
pub extern "C" fn orders_answer() -> usize {
    told(|text| {
        let mut lines = text.lines();
        Some(answer(lines.next()?, lines.next()?, lines.next()?))
    })
}

/// Puts what `work` makes of the page in its place.
fn told(work: impl Fn(&str) -> Option<String>) -> usize {
    PAGE.with_borrow_mut(|page| {
        let made = std::str::from_utf8(page).ok().and_then(work);
        *page = made.unwrap_or_default().into_bytes();
        page.len()
    })
}
