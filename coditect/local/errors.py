"""What can go wrong on a developer's machine, each told in one sentence that says what to do."""


class LocalError(Exception):
    """A start or stop that failed; its text is shown to the user as it is, without a traceback."""
