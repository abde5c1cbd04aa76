"""The control plane, as it is served."""
