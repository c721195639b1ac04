"""The embedded runtime of `make run` and `make test`: never imported in production, imports no app."""
