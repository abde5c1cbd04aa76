"""What verifiers in origins are tested with, in whatever language they are written."""
