//! What a caller is told who is refused: one table of codes, one shape of bodies.
