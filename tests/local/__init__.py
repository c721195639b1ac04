"""The embedded runtime, tested with real processes."""
