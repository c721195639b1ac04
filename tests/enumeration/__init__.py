"""Does the time of an answer tell whether an address has an account? `python -m tests.enumeration`."""
