"""The shared rows, put to verifiers that are not ours: what they let pass is written down, row by row."""
