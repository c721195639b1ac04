"""Real clients against the real server while its parts fail: `python -m tests.faults`."""
