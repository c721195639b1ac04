"""Recording events."""
