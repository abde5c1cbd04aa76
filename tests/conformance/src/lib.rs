//! Answers a conformance case: the operations of `docs/spec`, over the real code.
//!
//! One function, [`apply`], serves the vectors, the differential tests against the independent
//! reference, and the WebAssembly run.
