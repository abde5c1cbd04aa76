"""Many gates as Workers on the real workerd, under load, faults and revocations."""
