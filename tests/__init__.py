"""The tests, mirroring the apps: one file per use case."""
