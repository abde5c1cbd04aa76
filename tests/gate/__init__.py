"""The native gate under load, faults and revocations."""
