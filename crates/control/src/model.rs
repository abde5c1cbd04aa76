//! What a caller may say, and what is kept of it.
