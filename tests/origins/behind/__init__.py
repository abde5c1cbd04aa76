"""Origins with each verifier behind the real gate, which signs and publishes its keys."""
