"""What is shown of the verifier. Run with `python -m tests` in `sdk/python`, with its packages installed."""
