//! The suite `core`: what every host shares.

use super::{bare_metal, counts, python, reference, rust, wasm};
use crate::{broken, setup::Need, size, step::Step, tidy};

/// Cheap steps first, so that a slip is heard of early.
pub(super) const STEPS: &[Step] = &[
    Step { name: "format", about: "rustfmt", needs: &[], run: rust::format },
    Step {
        name: "tidy",
        about: "layering, licences, documents, house rules",
        needs: &[],
        run: tidy::step,
    },
    Step {
        name: "lints",
        about: "clippy on every target, warnings are errors",
        needs: &[],
        run: rust::lints,
    },
    Step {
        name: "names",
        about: "pyflakes on every file of Python",
        needs: &[Need::Python],
        run: python::names,
    },
    Step {
        name: "native",
        about: "unit, property, simulation and conformance tests",
        needs: &[Need::DynamoDb],
        run: rust::native,
    },
    Step {
        name: "documents",
        about: "examples in the documentation, and what must not compile",
        needs: &[],
        run: rust::documents,
    },
    Step {
        name: "software",
        about: "core, identity and conformance again, with SHA instructions off",
        needs: &[],
        run: rust::software,
    },
    Step {
        name: "wasm",
        about: "conformance again, as WebAssembly on Node",
        needs: &[Need::Wasm, Need::Node],
        run: wasm::conformance,
    },
    Step {
        name: "bare-metal",
        about: "core and identity built with nothing but Rust's core library",
        needs: &[Need::RustSource],
        run: bare_metal::build,
    },
    Step {
        name: "reference",
        about: "the independent reference computes every vector itself",
        needs: &[Need::Python],
        run: reference::check,
    },
    Step {
        name: "mistakes",
        about: "wrong copies of the reference, each contradicted by a vector",
        needs: &[Need::Python],
        run: reference::mistakes,
    },
    Step {
        name: "random",
        about: "random cases, answered by the reference and by the core",
        needs: &[Need::Python],
        run: reference::random,
    },
    Step {
        name: "broken",
        about: "broken copies of the code, each of which must be caught",
        needs: &[],
        run: |with| broken::step(with, "core"),
    },
    Step {
        name: "counts",
        about: "instruction counts under callgrind against the budget",
        needs: &[Need::Valgrind],
        run: counts::compare,
    },
    Step {
        name: "size",
        about: "what ships to an edge runtime against the budget",
        needs: &[Need::Wasm],
        run: size::step,
    },
];
